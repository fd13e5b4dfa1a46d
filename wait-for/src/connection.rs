//! One connection to the API server: TCP, TLS, HTTP/1.1, with a limit on every wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::certificate_words::{describe_alert, describe_certificate};
use crate::cluster::{Cluster, Identity};
use crate::kube_error::KubeError;

/// The name lookup, the TCP connection and the TLS handshake together.
const CONNECT: Duration = Duration::from_secs(5);
/// From the request to the head of the answer; the API server itself gives up on a cache after 3 s.
const RESPONSE: Duration = Duration::from_secs(15);
/// A peer that acknowledges nothing for so long is gone (kernel timer, so it costs no request).
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// An open connection; it ends when this is dropped.
pub struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    driver: AbortHandle,
    used: bool,
    identity: Option<Arc<Identity>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Connects to the cluster's server, showing the certificate of a credential plugin where there is one.
    ///
    /// # Errors
    /// [`KubeError::Unreachable`] or [`KubeError::Untrusted`].
    pub async fn open(cluster: &Cluster, identity: Option<Arc<Identity>>) -> Result<Self, KubeError> {
        // Reading files has a limit of its own.
        let config = match cluster.server.scheme_str() {
            Some("https") => Some(
                cluster
                    .tls
                    .client_config_as(identity.as_ref())
                    .await
                    .map_err(|error| KubeError::Untrusted(error.to_string()))?,
            ),
            _ => None,
        };
        let mut connection = timeout(CONNECT, connect(cluster, config))
            .await
            .unwrap_or_else(|_| Err(unreachable(format!("no connection within {} s", CONNECT.as_secs()))))?;
        connection.identity = identity;
        Ok(connection)
    }

    /// Whether another request can be sent on it, by whom this certificate was given to.
    #[must_use]
    pub fn is_open(&self, identity: Option<&Arc<Identity>>) -> bool {
        !self.sender.is_closed() && self.identity.as_ref() == identity
    }

    /// Whether it has carried a request before: then a failure may only mean that it had grown stale.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.used
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// [`KubeError::Unreachable`] when none comes in time.
    pub async fn send(&mut self, request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, KubeError> {
        let exchange = async {
            self.sender.ready().await.map_err(cut)?;
            self.used = true;
            self.sender.send_request(request).await.map_err(cut)
        };
        timeout(RESPONSE, exchange)
            .await
            .unwrap_or_else(|_| Err(unreachable(format!("no answer within {} s", RESPONSE.as_secs()))))
    }
}

async fn connect(cluster: &Cluster, config: Option<Arc<ClientConfig>>) -> Result<Connection, KubeError> {
    let host = cluster.server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = cluster.server.port_u16().unwrap_or(if config.is_some() { 443 } else { 80 });
    let tcp = TcpStream::connect((host, port)).await.map_err(|error| unreachable(describe(&error)))?;
    tune(&tcp).map_err(|error| unreachable(describe(&error)))?;
    let Some(config) = config else { return handshake(tcp).await };
    let name = cluster.tls.server_name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| KubeError::Untrusted(format!("{name:?} is no name that a certificate can have")))?;
    let tls = TlsConnector::from(config).connect(name, tcp).await.map_err(|error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(why)) => {
                KubeError::Untrusted(format!("its certificate is {}", describe_certificate(why)))
            }
            Some(rustls::Error::AlertReceived(alert)) => {
                KubeError::Untrusted(format!("it ends the TLS handshake with {}", describe_alert(*alert)))
            }
            _ => unreachable(describe(&error)),
        }
    })?;
    handshake(tls).await
}

/// Small requests must not wait for Nagle's algorithm, and a dead peer must be noticed.
fn tune(tcp: &TcpStream) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(tcp);
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(15))
        .with_interval(Duration::from_secs(5))
        .with_retries(3);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))
}

async fn handshake<T>(stream: T) -> Result<Connection, KubeError>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, driver) = speak_http(stream).await.map_err(cut)?;
    Ok(Connection { sender, driver, used: false, identity: None })
}

/// Starts HTTP/1.1 on a stream: what sends requests, and the task that moves their bytes.
pub(crate) async fn speak_http<T>(stream: T) -> hyper::Result<(SendRequest<Empty<Bytes>>, AbortHandle)>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(async move {
        // Whoever waits for an answer on it is told the error; there is nobody else to tell.
        let _ = connection.await;
    });
    Ok((sender, driver.abort_handle()))
}

fn unreachable(why: String) -> KubeError {
    KubeError::Unreachable(why)
}

/// The words of an HTTP error and of what caused it.
pub(crate) fn cut(error: hyper::Error) -> KubeError {
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    unreachable(format!("{error}{cause}"))
}

/// "connection refused" rather than "Connection refused (os error 111)".
pub(crate) fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_read_as_part_of_a_sentence() {
        let refused = std::io::Error::from_raw_os_error(111);
        assert_eq!(describe(&refused), "connection refused");
    }
}
