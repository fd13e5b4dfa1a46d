//! TLS with servers in this process: certificates that are not right, and servers that ask for ours.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{Prober, Target};

type Ca = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Ca {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ca::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key.
struct Pair(rcgen::Certificate, KeyPair);

fn signed(ca: &Ca, change: impl Fn(&mut CertificateParams)) -> Pair {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Pair(params.signed_by(&key, ca).unwrap(), key)
}

/// Files of a test's own, which go with it.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Directory {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wait-for-tls-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

/// Serves on a port of its own; the tickets that tell a client of its welcome may be left out.
async fn serve(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    clients: Option<&Ca>,
    version: &'static SupportedProtocolVersion,
    tickets: usize,
) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[version]).unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config =
        builder.with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into())).unwrap();
    config.send_tls13_tickets = tickets;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.read_to_end(&mut vec![]).await;
                }
            });
        }
    });
    port
}

async fn tried(target: &str) -> (bool, String) {
    let verdict = Prober::new(target.parse::<Target>().unwrap()).attempt().await;
    (verdict.is_met(), verdict.finding().to_string())
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_shown_one_or_named() {
    const WANTS: &str = "the server wants a client certificate; give cert= and key=";
    let (ca, stranger) = (authority("a"), authority("b"));
    let directory = Directory::new("clients");
    let file = |name: &str, Pair(certificate, key): &Pair| {
        let certificate = directory.write(&format!("{name}.pem"), &certificate.pem());
        let key = directory.write(&format!("{name}.key"), &key.serialize_pem());
        format!("&cert={certificate}&key={key}")
    };
    let ours = file("ours", &signed(&ca, |_| {}));
    let others = file("others", &signed(&stranger, |_| {}));
    let expired = file("expired", &signed(&ca, |params| params.not_after = date_time_ymd(2020, 1, 1)));
    let authority = directory.write("ca.pem", &ca.pem());
    let Pair(certificate, key) = signed(&ca, |_| {});
    for (version, tickets) in [(&version::TLS13, 2), (&version::TLS13, 0), (&version::TLS12, 0)] {
        let port = serve(vec![certificate.der().clone()], &key, Some(&ca), version, tickets).await;
        let target = |protocol: &str, identity: &str| {
            let tls = if protocol == "https" { "" } else { "tls=true&" };
            format!("{protocol}://localhost:{port}#{tls}timeout=5s&ca={authority}{identity}")
        };
        assert_eq!(tried(&target("tcp", &ours)).await, (true, "open".into()), "{version:?}");
        for protocol in ["tcp", "https", "grpc"] {
            assert_eq!(tried(&target(protocol, "")).await, (false, WANTS.into()), "{protocol} {version:?}");
            for (identity, alert) in [(&others, "unknown_ca"), (&expired, "certificate_expired")] {
                let (is_met, line) = tried(&target(protocol, identity)).await;
                let expected = format!("the server refuses our client certificate — {alert}: ");
                assert!(!is_met && line.starts_with(&expected), "{protocol} {version:?}: {line}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_servers_certificate_is_said_in_words() {
    let ca = authority("a");
    let directory = Directory::new("servers");
    let authority = directory.write("ca.pem", &ca.pem());
    for (name, pair, expected) in [
        (
            "expired",
            signed(&ca, |params| params.not_after = date_time_ymd(2020, 11, 1)),
            "certificate expired on 2020-11-01 00:00 UTC",
        ),
        (
            "early",
            signed(&ca, |params| {
                params.not_before = date_time_ymd(2090, 11, 1);
                params.not_after = date_time_ymd(2091, 11, 1);
            }),
            "certificate not valid before 2090-11-01 00:00 UTC",
        ),
        (
            "other",
            signed(&ca, |params| {
                params.subject_alt_names = vec![rcgen::SanType::DnsName("db".try_into().unwrap())];
            }),
            "certificate not for localhost; it is for db",
        ),
        (
            "unknown",
            signed(&self::authority("b"), |_| {}),
            "certificate not trusted — signed by an unknown issuer: by itself, or by a CA that is not trusted here; \
             name a file with its CA as ca=FILE",
        ),
        (
            "namesake",
            signed(&self::authority("a"), |_| {}),
            "certificate not trusted — signed by another CA of the same name, or altered; name a file with its CA as \
             ca=FILE",
        ),
        (
            "client",
            signed(&ca, |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            "certificate not made for servers: its extended key usage lacks serverAuth",
        ),
        (
            "authority",
            signed(&ca, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
            "certificate made for a CA (basicConstraints CA:TRUE) and not for a server",
        ),
    ] {
        let port = serve(vec![pair.0.der().clone()], &pair.1, None, &version::TLS13, 2).await;
        let target = format!("tcp://localhost:{port}#tls=true&timeout=5s&ca={authority}");
        assert_eq!(tried(&target).await, (false, expected.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn files_are_read_anew_at_each_attempt() {
    let ca = authority("a");
    let directory = Directory::new("anew");
    let path = directory.write("ca.pem", &authority("b").pem());
    let Pair(certificate, key) = signed(&ca, |_| {});
    let port = serve(vec![certificate.der().clone()], &key, None, &version::TLS13, 2).await;
    let target = format!("tcp://localhost:{port}#tls=true&timeout=5s&ca={path}");
    let mut prober = Prober::new(target.parse::<Target>().unwrap());
    assert!(!prober.attempt().await.is_met());
    directory.write("ca.pem", &ca.pem());
    assert!(prober.attempt().await.is_met());
    directory.write("ca.pem", "nonsense");
    assert!(prober.attempt().await.finding().to_string().contains("no usable certificate"));
}
