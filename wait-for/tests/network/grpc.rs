//! `grpc://`, against hyper's HTTP/2 server.

use std::convert::Infallible;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use tokio::io::AsyncReadExt;

use crate::attempted;
use crate::servers::{Body, closed_port, http, http2, http2_tls, says, says_nothing, serve, text};
use crate::tls::identity;

/// A framed message, and a status in the trailers.
fn answered(message: &'static [u8], grpc_status: &'static str) -> Response<Body> {
    let mut framed = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
    framed.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-message", "".parse().unwrap());
    trailers.insert("grpc-status", grpc_status.parse().unwrap());
    let body = Full::new(Bytes::from(framed)).with_trailers(async { Some(Ok::<_, Infallible>(trailers)) });
    // Headers that a proxy might add, so that there is something to skip.
    let response = Response::builder()
        .header("content-type", "application/grpc")
        .header("x-request-id", "7f1c-…é".as_bytes())
        .header("date", "Sat, 21 Nov 2026 04:25:01 GMT");
    response.body(body.boxed()).unwrap()
}

/// A status and nothing else, as servers answer what they cannot do.
fn refused(grpc_status: &'static str) -> Response<Body> {
    let response = Response::builder().header("content-type", "application/grpc");
    response.header("grpc-status", grpc_status).header("grpc-message", "no").body(text("")).unwrap()
}

fn serving(request: Request<Incoming>) -> Response<Body> {
    let header = |name: &str| request.headers().get(name).map(|value| value.as_bytes().to_vec());
    assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
    assert_eq!(request.method(), "POST");
    assert_eq!(header("te").as_deref(), Some(&b"trailers"[..]));
    assert_eq!(header("content-type").as_deref(), Some(&b"application/grpc"[..]));
    answered(&[8, 1], "0")
}

#[tokio::test]
async fn serving_is_met_and_all_else_is_not_yet() {
    type Answer = fn(Request<Incoming>) -> Response<Body>;
    let answers: [(Answer, &str); 7] = [
        (serving, "met: SERVING"),
        (|_| answered(&[8, 2], "0"), "not yet: NOT_SERVING"),
        (|_| answered(&[], "0"), "not yet: UNKNOWN"),
        (|_| refused("5"), "not yet: gRPC NOT_FOUND — the server does not know the service"),
        (
            |_| refused("12"),
            "not yet: gRPC UNIMPLEMENTED — the server has no health service (grpc.health.v1.Health)",
        ),
        (|_| answered(&[8, 1], "14"), "not yet: gRPC UNAVAILABLE"),
        (
            |_| Response::builder().status(404).body(text("")).unwrap(),
            "not yet: HTTP 404 — something else than gRPC answers",
        ),
    ];
    for (answer, expected) in answers {
        let address = http2(answer).await;
        assert_eq!(attempted(&format!("grpc://{address}")).await, expected);
    }
}

#[tokio::test]
async fn every_status_is_read_from_the_code_that_the_server_writes() {
    // Two digits, three digits, and both of a literal's lengths.
    let address = http2(|_| Response::builder().status(503).body(text("")).unwrap()).await;
    let found = attempted(&format!("grpc://{address}")).await;
    assert_eq!(found, "not yet: HTTP 503 — something else than gRPC answers");
    let address = http2(|_| refused("16")).await;
    assert_eq!(attempted(&format!("grpc://{address}")).await, "not yet: gRPC UNAUTHENTICATED — no");
}

#[tokio::test]
async fn a_service_is_asked_for_by_name() {
    // hyper tells a body's length where the client says it, and ours does not: the raw bytes are looked at.
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let address = serve(move |mut stream| {
        let sender = sender.clone();
        async move {
            let mut bytes = vec![0; 4096];
            let length = stream.read(&mut bytes).await.unwrap_or(0);
            let _ = sender.send(bytes[..length].to_vec());
        }
    })
    .await;
    attempted(&format!("grpc://{address}/my.v1.Shop")).await;
    let sent = seen.recv().await.unwrap();
    assert!(sent.ends_with(b"\0\0\0\0\x0c\x0a\x0amy.v1.Shop"), "{sent:?}");
}

#[tokio::test]
async fn headers_that_fill_many_frames_are_read() {
    let answer = |_: Request<Incoming>| {
        let mut response = answered(&[8, 1], "0");
        for number in 0..40 {
            let name = hyper::header::HeaderName::try_from(format!("x-large-{number}")).unwrap();
            response.headers_mut().insert(name, "~".repeat(500).parse().unwrap());
        }
        response
    };
    let address = http2(answer).await;
    assert_eq!(attempted(&format!("grpc://{address}")).await, "met: SERVING");
}

#[tokio::test]
async fn it_is_asked_over_tls_where_that_is_said() {
    let identity = identity("localhost", "grpc");
    let port = http2_tls(identity.config.clone(), serving).await.port();
    let target = format!("grpc://localhost:{port}#tls=true&ca={}", identity.file.display());
    assert_eq!(attempted(&target).await, "met: SERVING");
    let found = attempted(&format!("grpc://localhost:{port}#tls=true")).await;
    assert!(found.starts_with("not yet: certificate not trusted"), "{found}");
}

#[tokio::test]
async fn servers_of_other_protocols_are_said() {
    let closed = closed_port().await;
    let found = attempted(&format!("grpc://{closed}")).await;
    assert_eq!(found, format!("not yet: connection refused ({closed})"));
    let plain = http(|_| Response::new(text("ok"))).await;
    let found = attempted(&format!("grpc://{plain}")).await;
    let known = ["the server does not speak HTTP/2", "connection closed without an answer"];
    assert!(known.iter().any(|words| found == format!("not yet: {words}")), "{found}");
    let mail = says(b"220 mail.example.com ESMTP ready\r\n").await;
    assert_eq!(attempted(&format!("grpc://{mail}")).await, "not yet: the server does not speak HTTP/2");
    let silent = says_nothing().await;
    let found = attempted(&format!("grpc://{silent}#timeout=200ms")).await;
    assert_eq!(found, "not yet: no answer within 200ms");
}
