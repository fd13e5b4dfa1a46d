//! Attempts at servers in this process that speak HTTP/2, with and without TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::network::{Prober, Target};

#[derive(Clone)]
struct Spawn;

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Spawn {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

/// A directory of a test's own with the server's certificate, which goes with it.
struct Site {
    address: SocketAddr,
    directory: PathBuf,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = Response::builder().header("x-method", request.method().as_str());
    let response = match request.uri().path() {
        "/login" => response.status(302).header("location", "/ready"),
        "/away" => response.status(302).header("location", "https://other/"),
        "/ready" if request.headers().get("x-token").is_none_or(|token| token != "t") => response.status(401),
        "/ready" => response.header("x-state", "warm"),
        _ => response.status(503),
    };
    let body = [&b"I am ready."[..], &vec![b'x'; 300_000]].concat();
    Ok(response.body(Full::new(body.into())).unwrap())
}

async fn serve(
    test: &str,
    protocol: &'static [u8],
    serve: impl Fn(TlsAcceptor, TcpStream) + Send + 'static,
) -> Site {
    let directory = std::env::temp_dir().join(format!("wait-for-http-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(directory.join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config =
        builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(acceptor.clone(), stream);
        }
    });
    Site { address, directory }
}

async fn tried(target: &str) -> (bool, String) {
    let target: Target = target.parse().unwrap();
    let verdict = Prober::new(target).attempt().await;
    (verdict.is_met(), verdict.finding().to_string())
}

#[tokio::test]
async fn a_server_with_http2_alone_is_asked_over_it() {
    let site = serve("h2", b"h2", |acceptor, stream| {
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await.unwrap();
            http2::Builder::new(Spawn).serve_connection(TokioIo::new(stream), service_fn(answer)).await
        });
    })
    .await;
    let (port, ca) = (site.address.port(), site.directory.join("ca.pem"));
    for (path, options, is_met, line) in [
        ("ready", "&request-header=X-Token:t", true, "HTTP 200"),
        ("ready", "", false, "HTTP 401"),
        ("login", "&request-header=X-Token:t&header=X-State:warm&body=ready", true, "HTTP 200"),
        (
            "ready",
            "&request-header=X-Token:t&body=READY",
            false,
            "HTTP 200 — the body has not the text of body=",
        ),
        ("ready", "&request-header=X-Token:t&method=HEAD&header=X-Method:HEAD", true, "HTTP 200"),
        ("ready", "&request-header=X-Token:t&method=POST&header=X-Method:POST", true, "HTTP 200"),
        ("away", "", true, "HTTP 302 — redirects to other, another host, and is not followed"),
        ("", "", false, "HTTP 503"),
    ] {
        let target = format!("https://localhost:{port}/{path}#timeout=5s&ca={}{options}", ca.display());
        assert_eq!(tried(&target).await, (is_met, line.to_owned()), "{path}{options}");
    }
}

#[tokio::test]
async fn a_server_that_wants_http1_after_all_gets_it() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let site = serve("required", b"h2", move |acceptor, stream| {
        let is_first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            if is_first {
                let mut said = wire::frame::settings(&[]);
                said.extend(wire::frame::frame(3, 0, 1, &wire::frame::HTTP_1_1_REQUIRED.to_be_bytes()));
                stream.write_all(&said).await.unwrap();
            }
            let _ = stream.read_to_end(&mut vec![]).await;
        });
    })
    .await;
    let (port, ca) = (site.address.port(), site.directory.join("ca.pem"));
    let (is_met, line) = tried(&format!("https://localhost:{port}/#timeout=5s&ca={}", ca.display())).await;
    // It has no other protocol in the second handshake, which offers HTTP/1.1 alone.
    assert!(!is_met && line.contains("NoApplicationProtocol"), "{line}");
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_server_with_http2_alone_and_without_tls_is_named() {
    let site = serve("h2c", b"h2", |_, stream| {
        tokio::spawn(http2::Builder::new(Spawn).serve_connection(TokioIo::new(stream), service_fn(answer)));
    })
    .await;
    let (is_met, line) = tried(&format!("http://{}/#timeout=5s", site.address)).await;
    assert!(!is_met && line.starts_with("the server speaks HTTP/2 alone"), "{line}");
}
