//! Certificates: `https://`, and `tls=true` elsewhere.

use std::path::PathBuf;
use std::sync::Arc;

use hyper::Response;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use wait_for::network::Prober;

use crate::servers::{http, https, text};
use crate::{attempted, line};

/// A server's settings, and a file with the certificate that it shows; the file goes with this.
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) file: PathBuf,
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A new certificate for a name, signed by itself.
pub(crate) fn identity(name: &str, test: &str) -> Identity {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let file = std::env::temp_dir().join(format!("wait-for-{}-{test}.crt", std::process::id()));
    std::fs::write(&file, cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Identity { config: Arc::new(config), file }
}

#[tokio::test]
async fn a_certificate_is_checked_unless_told_not_to() {
    let identity = identity("localhost", "checked");
    let address = https(identity.config.clone(), |_| Response::new(text("ok"))).await;
    let (port, ca) = (address.port(), identity.file.display());
    for (target, expected) in [
        (format!("https://localhost:{port}/#ca={ca}"), "met: HTTP 200"),
        (format!("https://localhost:{port}/#insecure=true"), "met: HTTP 200"),
        (
            format!("https://localhost:{port}/"),
            "not yet: certificate not trusted — signed by an unknown issuer: by itself, or by a CA that is not trusted \
             here; name a file with its CA as ca=FILE",
        ),
        (
            format!("https://127.0.0.1:{port}/#ca={ca}"),
            "not yet: certificate not for 127.0.0.1; it is for localhost",
        ),
        (format!("tcp://localhost:{port}#tls=true&ca={ca}"), "met: open"),
        (
            format!("tcp://localhost:{port}#tls=true"),
            "not yet: certificate not trusted — signed by an unknown issuer: by itself, or by a CA that is not trusted \
             here; name a file with its CA as ca=FILE",
        ),
        (format!("http://localhost:{port}/"), "not yet: the answer is not HTTP/1.1"),
    ] {
        let found = attempted(&target).await;
        assert!(found.starts_with(expected), "{target}: {found}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_not_trusted() {
    let address = http(|_| Response::new(text("ok"))).await;
    let found = attempted(&format!("https://{address}/#insecure=true")).await;
    assert_eq!(found, "not yet: TLS handshake failed — the server does not speak TLS");
}

#[tokio::test]
async fn a_ca_file_may_come_later() {
    let identity = identity("localhost", "later");
    let address = https(identity.config.clone(), |_| Response::new(text("ok"))).await;
    let file = identity.file.with_extension("later");
    let target = format!("https://localhost:{}/#ca={}", address.port(), file.display());
    let mut prober = Prober::new(target.parse().unwrap());
    let found = line(&prober.attempt().await);
    assert!(found.starts_with(&format!("not yet: cannot read {}: ", file.display())), "{found}");
    std::fs::copy(&identity.file, &file).unwrap();
    assert_eq!(line(&prober.attempt().await), "met: HTTP 200");
    std::fs::remove_file(&file).unwrap();
}
