//! Requests, byte for byte, and what becomes of odd answers. Each text is one of Go 1.26's.

use super::server::{REQUEST, Server, Step, blackhole};
use super::*;
use crate::kubelet::{Doubt, Outcome};

const SHORT: Duration = Duration::from_millis(200);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LATE: &str = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

fn error(output: &str) -> Answer {
    Answer { outcome: Outcome::Error(Doubt::Failure), output: output.into() }
}

/// The failure of a request for `/x`.
fn failure(port: u16, why: &str) -> Answer {
    Answer::failure(format!("Get \"http://127.0.0.1:{port}/x\": {why}"))
}

#[tokio::test]
async fn the_request_is_that_of_the_kubelet_byte_for_byte() {
    let server = Server::answering(OK).await;
    let get = json!({"httpGet": {"port": server.port, "path": "/healthz?full=1", "httpHeaders": [
        {"name": "x-b", "value": "2"}, {"name": "X-A", "value": "1"}, {"name": "x-B", "value": "3"},
    ]}});
    assert_eq!(attempted(get, PATIENCE).await, Answer::success("ok".into()));
    let expected = format!(
        "GET /healthz?full=1 HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\
         X-A: 1\r\nX-B: 2\r\nX-B: 3\r\nConnection: close\r\n\r\n",
        server.port
    );
    assert_eq!(String::from_utf8_lossy(&server.received(1).await[0]), expected);
}

#[tokio::test]
async fn the_emulated_version_is_that_of_the_user_agent() {
    let server = Server::answering(OK).await;
    let version = "1.29".parse().expect("a version");
    let get = handler(json!({"httpGet": {"port": server.port}}));
    attempt(&get, PATIENCE, &Subject { version, ..subject(None) }).await;
    let request = server.received(1).await.remove(0);
    assert!(String::from_utf8_lossy(&request).contains("\r\nUser-Agent: kube-probe/1.29\r\n"));
}

#[tokio::test]
async fn an_ipv6_pod_stands_in_brackets() {
    let script = vec![REQUEST, Step::Write(OK.into())];
    let server = Server::listening("[::1]:0", script, None).await;
    let get = handler(json!({"httpGet": {"port": server.port, "path": "/x"}}));
    let pod = Subject { ip: "::1".parse().expect("an address"), ..subject(None) };
    assert_eq!(attempt(&get, PATIENCE, &pod).await, Answer::success("ok".into()));
    let request = String::from_utf8_lossy(&server.received(1).await[0]).into_owned();
    assert!(request.contains(&format!("Host: [::1]:{}\r\n", server.port)), "{request}");
    let (closed, _closed) = closed_port();
    let get = handler(json!({"httpGet": {"port": closed, "path": "/x"}}));
    let expected =
        format!("Get \"http://[::1]:{closed}/x\": dial tcp [::1]:{closed}: connect: connection refused");
    assert_eq!(attempt(&get, PATIENCE, &pod).await, Answer::failure(expected));
}

#[tokio::test]
async fn the_status_decides() {
    for (answer, expected) in [
        ("200 OK", Answer::success("body".into())),
        ("299 X", Answer::success("body".into())),
        ("204 No Content", Answer::success(String::new())),
        (
            "300 X",
            Answer {
                outcome: Outcome::Warning,
                output: "Probe terminated redirects, Response body: body".into(),
            },
        ),
        (
            "304 Not Modified",
            Answer {
                outcome: Outcome::Warning,
                output: "Probe terminated redirects, Response body: ".into(),
            },
        ),
        (
            "302 no location",
            Answer {
                outcome: Outcome::Warning,
                output: "Probe terminated redirects, Response body: body".into(),
            },
        ),
        ("101 Switching Protocols", Answer::failure("HTTP probe failed with statuscode: 101".into())),
        ("404 Not Found", Answer::failure("HTTP probe failed with statuscode: 404".into())),
        ("500 X", Answer::failure("HTTP probe failed with statuscode: 500".into())),
    ] {
        let server = Server::answering(&format!("HTTP/1.1 {answer}\r\nContent-Length: 4\r\n\r\nbody")).await;
        assert_eq!(server.probed("/x", PATIENCE).await, expected, "{answer}");
    }
}

#[tokio::test]
async fn answers_on_the_way_are_passed_over() {
    let server =
        Server::answering(&format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n{OK}"))
            .await;
    assert_eq!(server.probed("/x", PATIENCE).await, Answer::success("ok".into()));
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_told_in_the_words_of_go() {
    let (port, _closed) = closed_port();
    let get = json!({"httpGet": {"port": port, "path": "/x"}});
    let refused = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    assert_eq!(attempted(get, PATIENCE).await, failure(port, &refused));
    let (port, _queue) = blackhole().await;
    let get = json!({"httpGet": {"port": port, "path": "/x"}});
    assert_eq!(attempted(get, SHORT).await, failure(port, LATE));
}

#[tokio::test]
async fn a_head_that_is_none_is_told_in_the_words_of_go() {
    let broken = "net/http: HTTP/1.x transport connection broken: ";
    for (answer, why) in [
        ("", "EOF".to_owned()),
        ("garbage", format!("{broken}malformed HTTP response \"garbage\"")),
        ("HTTP/1.1 2x0 OK\r\n", format!("{broken}malformed HTTP status code \"2x0\"")),
        ("HTTP/x 200 OK\r\n", format!("{broken}malformed HTTP version \"HTTP/x\"")),
        ("HTTP/1.1 200 OK\r\nA: b\r\n", format!("{broken}unexpected EOF")),
        ("HTTP/1.1 200 OK\r\nab\r\n\r\n", format!("{broken}malformed MIME header: missing colon: \"ab\"")),
        (
            "HTTP/1.1 200 OK\r\n a: b\r\n\r\n",
            format!("{broken}malformed MIME header initial line: \" a: b\""),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", format!("{broken}bad Content-Length \"-1\"")),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            format!(
                "{broken}http: message cannot contain multiple Content-Length headers; got [\"1\" \"2\"]"
            ),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            format!("{broken}unsupported transfer encoding: \"gzip\""),
        ),
    ] {
        let server = Server::answering(answer).await;
        assert_eq!(server.probed("/x", PATIENCE).await, failure(server.port, &why), "{answer}");
    }
}

#[tokio::test]
async fn odd_heads_that_go_takes_are_taken() {
    for answer in [
        "HTTP/1.0 200 OK\r\n\r\nok",
        "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        "HTTP/1.1 200 OK\r\nX: folded\r\n over\r\n\tlines\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length:  2 \r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9\r\n\r\n1;x=y\r\no\r\n1 \r\nk\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nok",
    ] {
        let server = Server::answering(answer).await;
        assert_eq!(server.probed("/x", PATIENCE).await, Answer::success("ok".into()), "{answer}");
    }
}

#[tokio::test]
async fn a_reset_is_told_with_both_addresses() {
    let server = Server::following(vec![REQUEST, Step::Reset]).await;
    let answer = server.probed("/x", PATIENCE).await;
    let begin = format!("Get \"http://127.0.0.1:{}/x\": read tcp 127.0.0.1:", server.port);
    let end = format!("->127.0.0.1:{}: read: connection reset by peer", server.port);
    assert_eq!(answer.outcome, Outcome::Failure);
    assert!(answer.output.starts_with(&begin) && answer.output.ends_with(&end), "{answer:?}");
}

#[tokio::test]
async fn silence_before_the_end_of_the_head_is_a_failure() {
    for head in ["", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let server = Server::following(vec![REQUEST, Step::Write(head.into()), Step::Stall]).await;
        assert_eq!(server.probed("/x", SHORT).await, failure(server.port, LATE), "{head}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_as_it_should_is_an_error_whatever_the_status() {
    let late = "context deadline exceeded (Client.Timeout or context cancellation while reading body)";
    let length = "200 OK\r\nContent-Length: 9\r\n\r\nbody";
    let chunked = "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (answer, end, why) in [
        (length.to_owned(), None, "unexpected EOF"),
        (length.to_owned(), Some(Step::Stall), late),
        (length.replace("200", "500"), Some(Step::Stall), late),
        ("200 OK\r\n\r\nbody".to_owned(), Some(Step::Stall), late),
        (format!("{chunked}4\r\nbo"), None, "unexpected EOF"),
        (format!("{chunked}4\r\nbody"), Some(Step::Stall), late),
        (format!("{chunked}4\r\nbodyxx"), None, "malformed chunked encoding"),
        (format!("{chunked}x\r\n"), None, "invalid byte in chunk length"),
        (format!("{chunked}4\nbody"), None, "chunked line ends with bare LF"),
        (format!("{chunked}0\r\n"), None, "http: unexpected EOF reading trailer"),
    ] {
        let script = [REQUEST, Step::Write(format!("HTTP/1.1 {answer}"))].into_iter().chain(end).collect();
        let server = Server::following(script).await;
        assert_eq!(server.probed("/x", SHORT).await, error(why), "{answer}");
    }
}

#[tokio::test]
async fn ten_kibibytes_of_a_body_are_enough() {
    let body = "z".repeat(10_240);
    for framing in ["", "Content-Length: 99999\r\n"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{framing}\r\n{body}");
        let server = Server::following(vec![REQUEST, Step::Write(answer), Step::Stall]).await;
        assert_eq!(server.probed("/x", PATIENCE).await, Answer::success(body.clone()));
    }
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3000\r\n{body}");
    let server = Server::following(vec![REQUEST, Step::Write(answer), Step::Stall]).await;
    assert_eq!(server.probed("/x", PATIENCE).await, Answer::success(body));
}

#[tokio::test]
async fn a_head_has_ten_mebibytes_at_most() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(10 << 20));
    let server = Server::answering(&long).await;
    let why = "net/http: HTTP/1.x transport connection broken: \
               net/http: server response headers exceeded 10485760 bytes; aborted";
    assert_eq!(server.probed("/x", PATIENCE).await, failure(server.port, why));
}

#[tokio::test]
async fn a_redirect_is_followed_on_a_new_connection_and_no_further_than_the_host() {
    let elsewhere =
        "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 5\r\n\r\nthere";
    let server = Server::answering(elsewhere).await;
    let expected = "Probe terminated redirects, Response body: there";
    let answer = server.probed("/x", PATIENCE).await;
    assert_eq!(answer, Answer { outcome: Outcome::Warning, output: expected.into() });

    let server = Server::answering("HTTP/1.1 302 Found\r\nLocation: y\r\nContent-Length: 0\r\n\r\n").await;
    let answer = server.probed("/x", PATIENCE).await;
    assert_eq!(answer, Answer::failure("Get \"y\": stopped after 10 redirects".into()));
    let requests = server.received(10).await;
    assert_eq!(requests.len(), 10);
    let port = server.port;
    let second = format!(
        "GET /y HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\
         Referer: http://127.0.0.1:{port}/x\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(String::from_utf8_lossy(&requests[1]), second);
}

#[tokio::test]
async fn the_time_is_for_all_redirects_together() {
    let redirect = "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 100\r\n\r\n";
    let server = Server::following(vec![REQUEST, Step::Write(redirect.into()), Step::Stall]).await;
    let answer = server.probed("/x", SHORT).await;
    let expected = format!("Get \"http://127.0.0.1:{}/y\": {LATE}", server.port);
    assert_eq!(answer, Answer::failure(expected));
}

#[tokio::test]
async fn a_probe_that_cannot_be_made_is_an_error() {
    let web = attempted(json!({"httpGet": {"port": "web"}}), PATIENCE).await;
    assert_eq!(web, Answer::unknown("strconv.Atoi: parsing \"web\": invalid syntax".into()));
    let host = attempted(json!({"httpGet": {"port": 80, "host": "a b"}}), PATIENCE).await;
    assert_eq!(host, Answer::unknown("parse \"http://a%20b:80/\": invalid URL escape \"%20\"".into()));
    let headers = json!([{"name": "X-A", "value": "b\r\nc"}]);
    let header = attempted(json!({"httpGet": {"port": 80, "httpHeaders": headers}}), PATIENCE).await;
    let why = "Get \"http://127.0.0.1:80/\": net/http: invalid header field value for \"X-A\"";
    assert_eq!(header, Answer::failure(why.into()));
}

/// Go takes heads of up to 10 MiB, and the kubelet waits for them no longer than for anything else.
#[tokio::test]
async fn a_long_head_is_read_in_time_and_whole() {
    let head = |lines: String| format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok");
    let names: String =
        (0..100_000).map(|number| format!("X-{}: 1\r\n", (number * 7919) % 100_000)).collect();
    for lines in [
        names,
        "X: 1\r\n".repeat(20_000),
        format!("X: {}\r\n", "a".repeat(1 << 20)),
        format!("X: 1\r\n{}2\r\n", " ".repeat(1 << 20)),
        "X: 1\r\n".to_owned() + &" 2\r\n".repeat(20_000),
    ] {
        let server = Server::answering(&head(lines)).await;
        // Some of these took minutes while every line moved all that came after it.
        assert_eq!(server.probed("/x", Duration::from_secs(10)).await, Answer::success("ok".into()));
    }
    let server = Server::answering(&head(format!("X: {}\r\n", "a".repeat(11 << 20)))).await;
    let expected = "net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded \
                    10485760 bytes; aborted";
    assert_eq!(server.probed("/x", PATIENCE).await, failure(server.port, expected));
}
