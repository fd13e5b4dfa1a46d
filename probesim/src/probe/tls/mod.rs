//! TLS as the kubelet speaks it: no certificate is checked, HTTP/2 is offered, a name is sent where there is one.

mod p256;
mod provider;
mod watched;
mod words;

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use self::watched::Watched;
use super::connection::{Connection, addresses};

pub(super) use self::words::describe;

/// `TLSHandshakeTimeout` of apimachinery's `SetTransportDefaults`.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);
const HTTP2: &[u8] = b"h2";

/// Completes a handshake; whether the server has chosen HTTP/2. Fails with Go's words.
pub(super) async fn secure(stream: TcpStream, host: &str) -> Result<(Connection, bool), String> {
    let addresses = addresses(&stream);
    let connecting = TlsConnector::from(config()?).connect(name(host), Watched::new(stream));
    match timeout(LONGEST_HANDSHAKE, connecting.into_fallible()).await {
        Err(_) => Err("net/http: TLS handshake timeout".into()),
        Ok(Err((error, mut watched))) => {
            if error.kind() == io::ErrorKind::BrokenPipe
                && let Some(alert) = watched.last_alert().await
            {
                return Err(words::alert(alert));
            }
            watched.see_header().await;
            Err(words::handshake(&watched, &error, &addresses))
        }
        Ok(Ok(stream)) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
            Ok((Connection { stream: Box::new(stream), addresses }, is_http2))
        }
    }
}

/// The name to send. For an address none is sent, nor for what cannot be a name: any address will do then.
fn name(host: &str) -> ServerName<'static> {
    let host = host.strip_suffix('.').unwrap_or(host).to_owned();
    ServerName::try_from(host).unwrap_or(ServerName::IpAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into()))
}

/// Made once: it is the same for all probes.
fn config() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(provider::provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| format!("tls: {error}"))?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(provider::AnyServer))
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// Whether it is an end that lacks the goodbye of TLS.
pub(super) fn is_plain_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}
