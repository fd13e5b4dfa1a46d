//! TLS on a connection, with the words for what is wrong with a certificate, the server's or ours.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, ProtocolVersion, SignatureScheme};
use tokio::io::AsyncBufRead;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::Address;
use super::deadline::Deadline;
use super::trust::Trust;
use crate::certificate_words::{describe_alert, describe_certificate};
use crate::cluster::{Tls, TlsError};
use crate::connection::describe;
use crate::message::clean;
use crate::verdict::Finding;

/// How long a server has to refuse a client's certificate at the least: one way to it and back, and the work of
/// looking at it.
const PATIENCE: Duration = Duration::from_millis(50);

type Loaded = Result<Arc<ClientConfig>, Finding>;

/// The TLS settings of one target.
#[derive(Debug, Default)]
pub(super) struct Secure {
    /// Kept between attempts where no file is named: to read all roots of the system each second is work.
    config: Option<Arc<ClientConfig>>,
    /// Which reads its files off the loop: a volume that hangs holds one thread, and not one per attempt.
    tls: Option<Tls>,
}

/// Our certificate, if we have one, and whether the server asked for it.
#[derive(Debug)]
struct Asked {
    own: Arc<dyn ResolvesClientCert>,
    was_asked: AtomicBool,
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.was_asked.store(true, Ordering::Relaxed);
        self.own.resolve(hints, schemes)
    }

    fn has_certs(&self) -> bool {
        self.own.has_certs()
    }
}

// === impl Secure ===

impl Secure {
    /// Completes a handshake; `protocols` are those that are offered, if any.
    ///
    /// A server that asks for a client's certificate has not refused ours by the end of it.
    pub(super) async fn handshake(
        &mut self,
        tcp: TcpStream,
        address: &Address,
        trust: &Trust,
        protocols: &[&[u8]],
        deadline: &Deadline,
    ) -> Result<TlsStream<TcpStream>, Finding> {
        let mut config = ClientConfig::clone(&*self.config(trust, deadline).await?);
        let asked =
            Arc::new(Asked { own: config.client_auth_cert_resolver, was_asked: AtomicBool::new(false) });
        config.client_auth_cert_resolver = asked.clone();
        // A resumed session shows no certificate, and each attempt is to check one.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from(address.host.trim_end_matches('.').to_owned())
            .map_err(|_| Finding::state("the host is no name that a certificate can have"))?;
        let start = Instant::now();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, tcp);
        let secured = deadline.wait("TLS handshake", connecting).await?;
        let was_asked = asked.was_asked.load(Ordering::Relaxed);
        let mut stream = secured.map_err(|error| self.failed(&error, trust, was_asked))?;
        if was_asked && stream.get_ref().1.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            // The handshake took a round trip or more, and so twice its time is time for another.
            let patience = PATIENCE.max(start.elapsed() * 2).min(deadline.left());
            let settled = timeout(patience, settle(&mut stream)).await.unwrap_or(Ok(()));
            settled.map_err(|error| self.failed(&error, trust, was_asked))?;
        }
        Ok(stream)
    }

    async fn config(&mut self, trust: &Trust, deadline: &Deadline) -> Loaded {
        if let Some(config) = &self.config {
            return Ok(config.clone());
        }
        let tls = self.tls.get_or_insert_with(|| tls(trust));
        let loaded = deadline.wait("end of the certificate files", tls.client_config()).await?;
        let config = loaded.map_err(|error| unusable(&error))?;
        if !trust.has_files() {
            self.config = Some(config.clone());
        }
        Ok(config)
    }

    /// Why there is no connection; whoever trusts another server by the next attempt is asked again.
    fn failed(&mut self, error: &io::Error, trust: &Trust, was_asked: bool) -> Finding {
        self.config = None;
        let alert = match inner(error) {
            Some(Error::InvalidCertificate(error)) => {
                let words = describe_certificate(error);
                return match error {
                    CertificateError::UnknownIssuer | CertificateError::BadSignature => Finding::because(
                        "certificate not trusted",
                        format!("{words}; name a file with its CA as ca=FILE"),
                    ),
                    _ => Finding::state(format!("certificate {words}")),
                };
            }
            Some(Error::InvalidMessage(_)) => {
                return Finding::because("TLS handshake failed", "the server does not speak TLS");
            }
            Some(Error::AlertReceived(alert)) => Some(*alert),
            _ => None,
        };
        // A server may also hang up, and its alert be lost with that.
        if was_asked || alert == Some(AlertDescription::CertificateRequired) {
            return unwelcome(alert, trust);
        }
        let why = match inner(error) {
            Some(Error::AlertReceived(AlertDescription::UnrecognisedName)) => {
                "the server has no certificate for this host".to_owned()
            }
            Some(error) => clean(&error.to_string()),
            None => describe(error),
        };
        Finding::because("TLS handshake failed", why)
    }
}

/// Waits for a sign that the server has looked at our certificate, since with TLS 1.3 it does so after the handshake:
/// a session ticket or data if it takes it, an alert or the end if not. Nothing is taken from the stream.
async fn settle(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    poll_fn(|context| {
        let read = Pin::new(&mut *stream).poll_fill_buf(context).map_ok(<[u8]>::is_empty);
        match read {
            Poll::Ready(Ok(true)) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Ready(read) => Poll::Ready(read.map(drop)),
            Poll::Pending if stream.get_ref().1.tls13_tickets_received() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// What a failure later on says of our certificate, if it does.
pub(super) fn refused(error: &io::Error, trust: &Trust) -> Option<Finding> {
    use AlertDescription as A;
    let Some(Error::AlertReceived(alert)) = inner(error) else { return None };
    let is_about_it = matches!(
        alert,
        A::CertificateRequired
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::DecryptError
    );
    is_about_it.then(|| unwelcome(Some(*alert), trust))
}

/// The server has asked for a certificate, and is not content with what we have.
fn unwelcome(alert: Option<AlertDescription>, trust: &Trust) -> Finding {
    if trust.identity.is_none() {
        return Finding::state("the server wants a client certificate; give cert= and key=");
    }
    let why = alert.map_or_else(|| "it closes the connection".to_owned(), describe_alert);
    Finding::because("the server refuses our client certificate", why)
}

fn inner(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn tls(trust: &Trust) -> Tls {
    let mut tls = Tls { ca_file: trust.ca.clone(), insecure: trust.insecure, ..Tls::default() };
    if let Some(identity) = &trust.identity {
        tls.client_certificate_file = Some(identity.certificate.clone());
        tls.client_key_file = Some(identity.key.clone());
    }
    tls
}

fn unusable(error: &TlsError) -> Finding {
    match error {
        TlsError::Rustls(Error::InconsistentKeys(_)) => {
            Finding::state("the key of key= does not belong to the certificate of cert=")
        }
        error => Finding::state(clean(&error.to_string())),
    }
}
