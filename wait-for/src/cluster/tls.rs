//! Which servers are trusted, and the certificate that we present.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use tokio::task::spawn_blocking;

use super::once::{Once, Outcome};
use crate::bounded_file;
use crate::connection::describe;

/// Files that have not been read by then are on a volume that hangs.
const READING: Duration = Duration::from_secs(5);

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
    /// What was read and made of all that.
    pub kept: Kept,
}

/// What was read and made of the settings last: connections share it as long as the files are the same.
#[derive(Default)]
pub struct Kept {
    material: Once<Arc<Material>>,
    made: Mutex<Option<Made>>,
}

/// A certificate chain and its key, both as PEM.
#[derive(PartialEq, Eq)]
pub struct Identity {
    /// The chain.
    pub certificate: Vec<u8>,
    /// The key.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(identity)")
    }
}

/// The PEM texts, each with the name of where it came from.
#[derive(Default, PartialEq, Eq)]
struct Material {
    ca: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
    /// What the system trusts, where no authority is given.
    system: Vec<CertificateDer<'static>>,
}

type Pem = (Vec<u8>, String);

/// What a configuration was made of, and the configuration.
type Made = (Arc<Material>, Option<Arc<Identity>>, Arc<ClientConfig>);

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
    #[error("cannot read {0}")]
    Read(String),
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
    pub async fn client_config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        self.client_config_as(None).await
    }

    /// The same with the certificate of a credential plugin, where there is one.
    ///
    /// # Errors
    /// As for [`Tls::client_config`].
    pub async fn client_config_as(
        &self,
        identity: Option<&Arc<Identity>>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        let material = self.material().await?;
        let last = self.kept.made.lock().ok().and_then(|made| made.clone());
        if let Some((of, shown, config)) = last
            && (of == material && shown.as_ref() == identity)
        {
            return Ok(config);
        }
        let config = self.make(&material, identity)?;
        if let Ok(mut made) = self.kept.made.lock() {
            *made = Some((material, identity.cloned(), config.clone()));
        }
        Ok(config)
    }

    fn make(
        &self,
        material: &Material,
        identity: Option<&Arc<Identity>>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let builder = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        } else {
            builder.with_root_certificates(material.roots()?)
        };
        let plugin = "the credential plugin's answer";
        let pair = match (identity, &material.certificate, &material.key) {
            (Some(identity), ..) => Some((&identity.certificate, plugin, &identity.key, plugin)),
            (None, Some((certificate, from)), Some((key, key_from))) => {
                Some((certificate, from.as_str(), key, key_from.as_str()))
            }
            (None, ..) => None,
        };
        let config = match pair {
            Some((certificate, from, key, key_from)) => {
                let chain = certificates(certificate, from)?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|error| TlsError::Pem(key_from.to_owned(), "key", error.to_string()))?;
                builder.with_client_auth_cert(chain, key)?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(Arc::new(config))
    }

    /// Reads the files, off the event loop.
    async fn material(&self) -> Result<Arc<Material>, TlsError> {
        let pem = |data: &Option<Vec<u8>>, file: &Option<PathBuf>, entry| (data.clone(), file.clone(), entry);
        let sources = [
            pem(&self.ca, &self.ca_file, "certificate-authority"),
            pem(&self.client_certificate, &self.client_certificate_file, "client-certificate"),
            pem(&self.client_key, &self.client_key_file, "client-key"),
        ];
        let insecure = self.insecure;
        let read = self.kept.material.join(READING, || spawn_blocking(move || load(sources, insecure))).await;
        match read {
            Outcome::Done(material) => material.map_err(TlsError::Read),
            Outcome::Pending(_) => {
                let files = [&self.ca_file, &self.client_certificate_file, &self.client_key_file];
                let files: Vec<String> =
                    files.into_iter().flatten().map(|path| path.display().to_string()).collect();
                let (files, limit) = (files.join(", "), READING.as_secs());
                Err(TlsError::Read(format!("{files}: its volume does not answer within {limit}s")))
            }
        }
    }
}

type Source = (Option<Vec<u8>>, Option<PathBuf>, &'static str);

fn load([ca, certificate, key]: [Source; 3], is_insecure: bool) -> Result<Arc<Material>, String> {
    let (ca, certificate, key) = (pem(ca)?, pem(certificate)?, pem(key)?);
    let system =
        if ca.is_some() || is_insecure { Vec::new() } else { rustls_native_certs::load_native_certs().certs };
    Ok(Arc::new(Material { ca, certificate, key, system }))
}

/// PEM text and the name of where it came from.
fn pem((data, file, entry): Source) -> Result<Option<Pem>, String> {
    match (data, file) {
        (Some(data), _) => Ok(Some((data, format!("{entry}-data")))),
        (None, Some(path)) => {
            let from = path.display().to_string();
            match bounded_file::read(&path, bounded_file::SETTINGS) {
                Ok(text) => Ok(Some((text, from))),
                Err(error) => Err(format!("{from}: {}", describe(&error))),
            }
        }
        (None, None) => Ok(None),
    }
}

impl Material {
    /// The given authority; without one, those that the system trusts.
    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        match &self.ca {
            Some((text, from)) => {
                for certificate in certificates(text, from)? {
                    roots.add(certificate)?;
                }
            }
            None => {
                roots.add_parsable_certificates(self.system.iter().cloned());
            }
        }
        Ok(roots)
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
