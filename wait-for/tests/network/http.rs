//! `http://`

use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::attempted;
use crate::servers::{Body, http, says, says_nothing, text};

/// A server whose paths are what they do.
fn answer(request: Request<Incoming>) -> Response<Body> {
    let response = Response::builder();
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let path = request.uri().path();
    let built = match (path.split('/').nth(1).unwrap_or(""), path.rsplit('/').next().unwrap_or("")) {
        ("status", code) => response.status(code.parse::<u16>().unwrap()).body(text("")),
        ("to", code) => {
            let location = request.uri().query().unwrap_or("");
            response.status(code.parse::<u16>().unwrap()).header("location", location).body(text(""))
        }
        ("request", _) => {
            let names = ["host", "user-agent", "accept", "connection", "x-key"];
            let seen: Vec<&str> = names.iter().map(|name| header(name)).collect();
            response.body(text(format!("{} {}", request.method(), seen.join("|"))))
        }
        ("large", _) => response.body(text("x".repeat(10_240) + "needle")),
        ("warm", _) => response.header("x-state", "warm").body(text("state: ready\n")),
        _ => response.status(404).body(text("")),
    };
    built.unwrap()
}

#[tokio::test]
async fn the_status_decides() {
    let address = http(answer).await;
    for (rest, expected) in [
        ("/status/200", "met: HTTP 200"),
        ("/status/304", "met: HTTP 304"),
        ("/status/503", "not yet: HTTP 503"),
        ("/status/404", "not yet: HTTP 404"),
        ("/status/503#status=500-599", "met: HTTP 503"),
        ("/status/200#status=204", "not yet: HTTP 200 — wanted is 204"),
        ("", "not yet: HTTP 404"),
        ("/warm#method=HEAD&header=X-State:warm", "met: HTTP 200"),
        ("/warm#header=X-State:hot", "not yet: HTTP 200 — header x-state has another value"),
        ("/warm#body=state:%20ready", "met: HTTP 200"),
        ("/warm#body=cold", "not yet: HTTP 200 — the body has not the text of body="),
        ("/large#body=needle", "not yet: HTTP 200 — the body has not the text of body="),
    ] {
        assert_eq!(attempted(&format!("http://{address}{rest}")).await, expected, "{rest}");
    }
}

#[tokio::test]
async fn a_request_is_like_the_kubelets_and_headers_can_be_given() {
    let address = http(answer).await;
    for (options, request) in [
        (String::new(), format!("GET {address}|wait-for/{}|*/*|close|", env!("CARGO_PKG_VERSION"))),
        (
            "&method=POST&request-header=Host:shop&request-header=User-Agent:me&request-header=X-Key:a%26b"
                .into(),
            "POST shop|me|*/*|close|a&b".into(),
        ),
    ] {
        let body = request.replace('&', "%26");
        let found = attempted(&format!("http://{address}/request#body={body}{options}")).await;
        assert_eq!(found, "met: HTTP 200", "{request}");
    }
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_host_only() {
    let address = http(answer).await;
    let other = http(answer).await;
    for (rest, expected) in [
        ("/to/302?/status/204".to_owned(), "met: HTTP 204"),
        ("/to/308?../status/503".to_owned(), "not yet: HTTP 503"),
        (format!("/to/301?http://{other}/status/204"), "met: HTTP 204"),
        ("/to/302?/to/302".to_owned(), "met: HTTP 302"),
        ("/to/302?/to/302?/status/200".to_owned(), "met: HTTP 200"),
        ("/to/302#status=302".to_owned(), "met: HTTP 302"),
        (
            "/to/302?http://elsewhere.invalid/".to_owned(),
            "met: HTTP 302 — redirects to elsewhere.invalid, another host, and is not followed",
        ),
        (
            "/to/302?http://elsewhere.invalid/#status=200".to_owned(),
            "not yet: HTTP 302 — redirects to elsewhere.invalid, another host, and is not followed",
        ),
    ] {
        let expected = expected.to_owned();
        assert_eq!(attempted(&format!("http://{address}{rest}")).await, expected, "{rest}");
    }
}

#[tokio::test]
async fn redirects_without_end_are_stopped() {
    let address =
        http(|_| Response::builder().status(302).header("location", "/again").body(text("")).unwrap()).await;
    assert_eq!(attempted(&format!("http://{address}/")).await, "not yet: stopped after 10 redirects");
}

#[tokio::test]
async fn answers_that_are_none_are_said() {
    for (bytes, expected) in [
        (&b""[..], "not yet: connection closed without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "not yet: the answer ended too soon"),
        (b"220 mail ready\r\n", "not yet: the answer is not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "met: HTTP 200"),
    ] {
        let address = says(bytes).await;
        let found = attempted(&format!("http://{address}/")).await;
        assert!(found.starts_with(expected), "{found}");
    }
    let address = says_nothing().await;
    let found = attempted(&format!("http://{address}/#timeout=200ms")).await;
    assert_eq!(found, "not yet: no answer within 200ms");
}

#[tokio::test]
async fn an_endless_body_is_enough_once_ten_kib_have_come() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
    let never_ends = |length: usize| async move {
        crate::servers::serve(move |mut stream| async move {
            use tokio::io::AsyncWriteExt;
            let _ = stream.write_all((HEAD.to_owned() + &"x".repeat(length)).as_bytes()).await;
            std::future::pending::<()>().await;
        })
        .await
    };
    let address = never_ends(10_240).await;
    assert_eq!(attempted(&format!("http://{address}/")).await, "met: HTTP 200");
    let address = never_ends(10_239).await;
    let found = attempted(&format!("http://{address}/#timeout=200ms")).await;
    assert_eq!(found, "not yet: no end of the answer within 200ms");
}
