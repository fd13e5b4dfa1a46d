//! TLS on a connection, with the words for what is wrong with a certificate.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, Error};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::Address;
use super::deadline::Deadline;
use super::trust::Trust;
use crate::cluster::Tls;
use crate::connection::describe;
use crate::verdict::Finding;

/// The TLS settings of one target, kept between attempts: to read all roots each second is work.
#[derive(Debug, Default)]
pub(super) struct Secure {
    config: Option<Arc<ClientConfig>>,
}

impl Secure {
    /// Completes a handshake; `alpn` is the protocol that is offered, if any.
    pub(super) async fn handshake(
        &mut self,
        tcp: TcpStream,
        address: &Address,
        trust: &Trust,
        alpn: Option<&[u8]>,
        deadline: &Deadline,
    ) -> Result<TlsStream<TcpStream>, Finding> {
        let config = match &self.config {
            Some(config) => config.clone(),
            None => self.config.insert(load(trust, alpn).await?).clone(),
        };
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| Finding::state("the host is no name that a certificate can have"))?;
        let connecting = TlsConnector::from(config).connect(name, tcp);
        let secured = deadline.wait("TLS handshake", connecting).await?;
        // The file may hold another certificate by the next attempt.
        secured.inspect_err(|_| self.config = None).map_err(|error| untrusted(&error, address))
    }
}

async fn load(trust: &Trust, alpn: Option<&[u8]>) -> Result<Arc<ClientConfig>, Finding> {
    let tls = Tls { ca_file: trust.ca.clone(), insecure: trust.insecure, ..Tls::default() };
    let config = tls.client_config().await.map_err(|error| Finding::state(error.to_string()))?;
    let mut config = Arc::unwrap_or_clone(config);
    config.alpn_protocols = alpn.map(<[u8]>::to_vec).into_iter().collect();
    // A resumed session shows no certificate, and each attempt is to check one.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn untrusted(error: &io::Error, address: &Address) -> Finding {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return Finding::because("TLS handshake failed", describe(error));
    };
    let why = match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "unknown issuer; name a file with its CA as ca=FILE".to_owned()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!("it is not for {}", address.url_host()),
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "it has expired".to_owned()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => "it is not valid yet".to_owned(),
        Error::InvalidCertificate(other) => other.to_string(),
        Error::InvalidMessage(_) => {
            return Finding::because("TLS handshake failed", "the server does not speak TLS");
        }
        other => return Finding::because("TLS handshake failed", other.to_string()),
    };
    Finding::state(format!("certificate not trusted: {why}"))
}
