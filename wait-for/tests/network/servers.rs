//! Servers in this process, each on a port of its own.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A body that may have trailers.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// A port where nobody listens.
pub(crate) async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Takes connections on a port that the system chooses, and does this with each.
pub(crate) async fn serve<F>(each: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(each(stream));
        }
    });
    address
}

/// An HTTP/1.1 server.
pub(crate) async fn http(answer: fn(Request<Incoming>) -> Response<Body>) -> SocketAddr {
    serve(move |stream| http1(stream, answer)).await
}

/// An HTTP/1.1 server behind TLS.
pub(crate) async fn https(
    config: Arc<ServerConfig>,
    answer: fn(Request<Incoming>) -> Response<Body>,
) -> SocketAddr {
    let mut config = ServerConfig::clone(&config);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    serve(move |stream| {
        let acceptor = TlsAcceptor::from(config.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                http1(stream, answer).await;
            }
        }
    })
    .await
}

/// An HTTP/2 server, in clear text.
pub(crate) async fn http2(answer: fn(Request<Incoming>) -> Response<Body>) -> SocketAddr {
    serve(move |stream| h2(stream, answer)).await
}

/// An HTTP/2 server behind TLS.
pub(crate) async fn http2_tls(
    config: Arc<ServerConfig>,
    answer: fn(Request<Incoming>) -> Response<Body>,
) -> SocketAddr {
    serve(move |stream| {
        let acceptor = TlsAcceptor::from(config.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                h2(stream, answer).await;
            }
        }
    })
    .await
}

/// A server that says the same to everybody and hangs up.
pub(crate) async fn says(bytes: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| async move {
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        // What the client has sent must not turn the end into a reset.
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await
}

/// A server that takes connections and says nothing.
pub(crate) async fn says_nothing() -> SocketAddr {
    serve(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await
}

/// A body without trailers.
pub(crate) fn text(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}

async fn http1<T>(stream: T, answer: fn(Request<Incoming>) -> Response<Body>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| async move { Ok::<_, Infallible>(answer(request)) });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn h2<T>(stream: T, answer: fn(Request<Incoming>) -> Response<Body>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| async move { Ok::<_, Infallible>(answer(request)) });
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
