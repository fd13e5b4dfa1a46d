//! Which servers are trusted, and the certificate that we present.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::connection::describe;

/// What a kubeconfig or a service account says about TLS. Files are read at each connection, since
/// certificates rotate; data wins over a file, as in client-go.
#[derive(Default)]
pub struct Tls {
    /// PEM certificates that sign the server's.
    pub ca: Option<Vec<u8>>,
    /// A file with such certificates.
    pub ca_file: Option<PathBuf>,
    /// Take any certificate.
    pub insecure: bool,
    /// The name to look for in the server's certificate, instead of the URL's host.
    pub server_name: Option<String>,
    /// Our PEM certificate chain.
    pub client_certificate: Option<Vec<u8>>,
    /// A file with it.
    pub client_certificate_file: Option<PathBuf>,
    /// The key of our certificate.
    pub client_key: Option<Vec<u8>>,
    /// A file with it.
    pub client_key_file: Option<PathBuf>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("ca_file", &self.ca_file)
            .field("insecure", &self.insecure)
            .finish_non_exhaustive()
    }
}

/// Why no TLS session can be set up; each names the file or the entry.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("cannot read {0}: {why}", why = describe(.1))]
    Read(String, #[source] std::io::Error),
    /// PEM text without what was expected in it.
    #[error("{0} has no usable {1}: {2}")]
    Pem(String, &'static str, String),
    /// rustls does not take the certificates.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

impl Tls {
    /// What rustls needs to connect.
    ///
    /// # Errors
    /// When a file or an entry has no usable certificate or key.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let builder = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        } else {
            builder.with_root_certificates(self.roots()?)
        };
        let certificate = pem(&self.client_certificate, &self.client_certificate_file, "client-certificate")?;
        let key = pem(&self.client_key, &self.client_key_file, "client-key")?;
        let config = match (certificate, key) {
            (Some((certificate, from)), Some((key, key_from))) => {
                let chain = certificates(&certificate, &from)?;
                let key = PrivateKeyDer::from_pem_slice(&key)
                    .map_err(|error| TlsError::Pem(key_from, "key", error.to_string()))?;
                builder.with_client_auth_cert(chain, key)?
            }
            _ => builder.with_no_client_auth(),
        };
        Ok(Arc::new(config))
    }

    /// The given CA; without one, those that the system trusts.
    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        match pem(&self.ca, &self.ca_file, "certificate-authority")? {
            Some((text, from)) => {
                for certificate in certificates(&text, &from)? {
                    roots.add(certificate)?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        Ok(roots)
    }
}

/// PEM text and the name of where it came from.
fn pem(
    data: &Option<Vec<u8>>,
    file: &Option<PathBuf>,
    entry: &str,
) -> Result<Option<(Vec<u8>, String)>, TlsError> {
    match (data, file) {
        (Some(data), _) => Ok(Some((data.clone(), format!("{entry}-data")))),
        (None, Some(path)) => {
            let from = path.display().to_string();
            match std::fs::read(path) {
                Ok(text) => Ok(Some((text, from))),
                Err(error) => Err(TlsError::Read(from, error)),
            }
        }
        (None, None) => Ok(None),
    }
}

fn certificates(text: &[u8], from: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Pem(from.to_owned(), "certificate", error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Pem(from.to_owned(), "certificate", "no BEGIN CERTIFICATE in it".into()));
    }
    Ok(chain)
}

/// `insecure-skip-tls-verify`: any certificate will do, but the handshake is still checked.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
