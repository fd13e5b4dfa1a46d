//! Requests over TLS, with HTTP/1.1 and HTTP/2.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::{REQUEST, Server, Step};
use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Nobody has signed its certificate, and it is for another name.
fn acceptor(versions: &[&'static rustls::SupportedProtocolVersion], alpn: &[&[u8]]) -> TlsAcceptor {
    with(ring::default_provider(), versions, alpn)
}

fn with(
    provider: rustls::crypto::CryptoProvider,
    versions: &[&'static rustls::SupportedProtocolVersion],
    alpn: &[&[u8]],
) -> TlsAcceptor {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["elsewhere.invalid".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a certificate");
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Arc::new(config).into()
}

fn https(port: u16, host: &str) -> Value {
    json!({"httpGet": {"port": port, "host": host, "path": "/x", "scheme": "HTTPS"}})
}

#[tokio::test]
async fn any_certificate_will_do() {
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let script = vec![REQUEST, Step::Write(OK.into())];
        let server = Server::securely(script, acceptor(versions, &[b"http/1.1"])).await;
        for host in ["127.0.0.1", "localhost"] {
            let answer = attempted(https(server.port, host), PATIENCE).await;
            assert_eq!(answer, Answer::success("ok".into()));
        }
        let request = String::from_utf8(server.received(1).await.remove(0)).expect("text");
        let expected = format!("GET /x HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", server.port);
        assert!(request.starts_with(&expected), "{request}");
    }
}

#[tokio::test]
async fn each_group_and_each_cipher_suite_will_do() {
    let all = ring::default_provider();
    let groups = [ring::kx_group::X25519, ring::kx_group::SECP256R1]
        .map(|group| (vec![group], all.cipher_suites.clone()));
    let aes = all.cipher_suites.iter().filter(|suite| format!("{:?}", suite.suite()).contains("AES"));
    let suites = aes
        .filter(|suite| !format!("{:?}", suite.suite()).contains("RSA"))
        .map(|suite| (all.kx_groups.clone(), vec![*suite]));
    for (kx_groups, cipher_suites) in groups.into_iter().chain(suites) {
        let name = format!("{kx_groups:?} {cipher_suites:?}");
        let provider = rustls::crypto::CryptoProvider { kx_groups, cipher_suites, ..all.clone() };
        let versions: Vec<_> = rustls::ALL_VERSIONS
            .iter()
            .filter(|version| provider.cipher_suites.iter().any(|suite| suite.version() == **version))
            .copied()
            .collect();
        let script = vec![REQUEST, Step::Write(OK.into())];
        let server = Server::securely(script, with(provider, &versions, &[])).await;
        let answer = attempted(https(server.port, "127.0.0.1"), PATIENCE).await;
        assert_eq!(answer, Answer::success("ok".into()), "{name}");
    }
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_offers_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let acceptor = acceptor(rustls::ALL_VERSIONS, &[b"h2", b"http/1.1"]);
    let seen = Arc::new(Mutex::new(vec![]));
    let shared = Arc::clone(&seen);
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let stream = acceptor.accept(stream).await.expect("TLS");
            let shared = Arc::clone(&shared);
            let service = service_fn(move |request: Request<Incoming>| {
                shared.lock().expect("no panic").push(format!("{request:?}"));
                let status = if request.uri().path() == "/x" { 200 } else { 500 };
                let body = Full::new(Bytes::from_static(b"over http/2"));
                let response = Response::builder().status(status).body(body).expect("a response");
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(
                http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    assert_eq!(attempted(https(port, "localhost"), PATIENCE).await, Answer::success("over http/2".into()));
    let request = seen.lock().expect("no panic").remove(0);
    for part in [
        &*format!("https://localhost:{port}/x"),
        "HTTP/2.0",
        "\"user-agent\": \"kube-probe/1.36\"",
        "\"accept\": \"*/*\"",
    ] {
        assert!(request.contains(part), "{part} is not in {request}");
    }
    assert!(!request.contains("accept-encoding") && !request.contains("connection"), "{request}");
    let other = json!({"httpGet": {"port": port, "path": "/y", "scheme": "HTTPS"}});
    let expected = Answer::failure("HTTP probe failed with statuscode: 500".into());
    assert_eq!(attempted(other, PATIENCE).await, expected);
    serving.abort();
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_told_in_the_words_of_go() {
    let alert = vec![21, 3, 1, 0, 2, 2, 40];
    for (script, why) in [
        (vec![Step::Write(OK.into())], "http: server gave HTTP response to HTTPS client"),
        (vec![Step::Write("SSH-2.0-x\r\n".into())], "tls: first record does not look like a TLS handshake"),
        (vec![Step::Write("HT".into())], "unexpected EOF"),
        (vec![Step::Bytes(alert)], "remote error: tls: handshake failure"),
        (vec![], "EOF"),
    ] {
        let server = Server::following(script).await;
        let answer = attempted(https(server.port, "127.0.0.1"), PATIENCE).await;
        assert_eq!(answer, Answer::failure(format!("Get \"https://127.0.0.1:{}/x\": {why}", server.port)));
    }
    let server = Server::following(vec![Step::Stall]).await;
    let answer = attempted(https(server.port, "127.0.0.1"), Duration::from_millis(200)).await;
    assert!(
        answer.output.ends_with("context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    );
}
