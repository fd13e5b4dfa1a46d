//! TLS in front of the simulated API server: a certificate authority of our own, and a proxy that ends TLS.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A certificate authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Certificate.
    pub certificate: String,
    /// Key.
    pub key: String,
}

/// A proxy that speaks TLS to clients; it stops when it is dropped.
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    acceptor: Arc<Mutex<TlsAcceptor>>,
    accept_loop: JoinHandle<()>,
}

// === impl Authority ===

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let mut params = CertificateParams::default();
        // Each has a name of its own: whoever knows another is told that this one is unknown.
        let name = format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"),
        )
    }

    /// Its certificate, as PEM.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.0.pem()
    }

    /// An identity for a server of this name, or for a client.
    ///
    /// # Panics
    /// When the name is none.
    #[must_use]
    pub fn sign(&self, name: &str) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

// === impl Front ===

impl Front {
    /// Passes on what comes over TLS; with `clients`, only from clients that this authority has signed.
    ///
    /// # Panics
    /// When the identity is not usable.
    pub async fn start(to: SocketAddr, identity: &Identity, clients: Option<&Authority>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let acceptor = Arc::new(Mutex::new(TlsAcceptor::from(Arc::new(config(identity, clients)))));
        let current = acceptor.clone();
        let accept_loop = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = current.lock().expect("a lock that nobody broke").clone();
                tokio::spawn(pass_on(stream, to, acceptor));
            }
        });
        Self { address, acceptor, accept_loop }
    }

    /// Shows another certificate from the next connection on.
    ///
    /// # Panics
    /// When the identity is not usable.
    pub fn rotate(&self, identity: &Identity) {
        let next = TlsAcceptor::from(Arc::new(config(identity, None)));
        *self.acceptor.lock().expect("a lock that nobody broke") = next;
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accept_loop.abort();
    }
}

/// A client that does not trust us leaves in the middle: that is what tests are about.
async fn pass_on(stream: TcpStream, to: SocketAddr, acceptor: TlsAcceptor) {
    let Ok(mut client) = acceptor.accept(stream).await else { return };
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

fn config(identity: &Identity, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions that the provider has");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate(&authority.certificate())).expect("a certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).expect("a key");
    builder.with_single_cert(vec![certificate(&identity.certificate)], key).expect("a key that fits")
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}
