//! Compared with Go 1.26.

use serde_json::{Value, json};

use super::*;

fn request(get: Value) -> Result<Request, String> {
    let get: HttpGet = serde_json::from_value(get).expect("an httpGet");
    Request::first(&get, "10.0.0.5", 8080, Version::V1_36_2)
}

fn bytes(get: Value) -> String {
    String::from_utf8(request(get).expect("a request").bytes()).expect("text")
}

fn with(headers: &[(&str, &str)]) -> String {
    let headers: Vec<_> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    bytes(json!({"port": 8080, "path": "/healthz?full=1", "httpHeaders": headers}))
}

#[test]
fn the_bytes_are_those_of_the_kubelet() {
    assert_eq!(
        with(&[]),
        "GET /healthz?full=1 HTTP/1.1\r\nHost: 10.0.0.5:8080\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    );
    let headers =
        [("x-b", "2"), ("X-a", " 1 "), ("host", "shop.example"), ("X-B", "1"), ("Content-Length", "7")];
    assert_eq!(
        with(&headers),
        "GET /healthz?full=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\
         X-A: 1\r\nX-B: 2\r\nX-B: 1\r\nConnection: close\r\n\r\n"
    );
}

#[test]
fn some_headers_are_replaced_or_left_out() {
    for (headers, has, has_not) in [
        (&[("User-Agent", "me")][..], "User-Agent: me\r\n", "kube-probe"),
        (&[("user-agent", "")], "8080\r\nAccept: */*\r\n", "User-Agent"),
        (&[("accept", "text/plain")], "Accept: text/plain\r\n", "*/*"),
        (&[("accept", "a"), ("accept", "b")], "Accept: a\r\nAccept: b\r\n", "*/*"),
        (&[("Accept", "")], "1.36\r\nConnection", "Accept"),
        (&[("Host", "")], "Host: 10.0.0.5:8080\r\n", "Host: \r\n"),
        (&[("Host", "a/b")], "Host: \r\n", "a/b"),
        (&[("Host", "[fe80::1%25eth0]:80")], "Host: [fe80::1]:80\r\n", "eth0"),
        (
            &[("Connection", "keep-alive, CLOSE")],
            "Connection: keep-alive, CLOSE\r\n\r\n",
            "Connection: close",
        ),
        (&[("Connection", "keep-alive")], "Connection: keep-alive\r\nConnection: close\r\n\r\n", "x"),
        (&[("Connection", "enclose")], "Connection: enclose\r\nConnection: close\r\n\r\n", "x"),
        (
            &[("Connection", "upgrade"), ("Upgrade", "x")],
            "Connection: upgrade\r\nUpgrade: x\r\n\r\n",
            "close",
        ),
        (&[("Trailer", "a"), ("Transfer-Encoding", "chunked")], "Accept: */*\r\nConnection", "Tra"),
    ] {
        let bytes = with(headers);
        assert!(bytes.contains(has), "{headers:?}: {bytes}");
        assert!(has_not == "x" || !bytes.contains(has_not), "{headers:?}: {bytes}");
    }
}

#[test]
fn the_path_is_read_as_a_url_and_else_sent_as_it_is() {
    for (path, uri, url) in [
        ("/", "/", "http://10.0.0.5:8080/"),
        ("", "/", "http://10.0.0.5:8080"),
        ("healthz", "/healthz", "http://10.0.0.5:8080/healthz"),
        ("/a b?c=d e", "/a%20b?c=d e", "http://10.0.0.5:8080/a%20b?c=d e"),
        ("/%zz?x", "/%25zz%3Fx", "http://10.0.0.5:8080/%25zz%3Fx"),
        ("/a\tb", "/a%09b", "http://10.0.0.5:8080/a%09b"),
        ("//other/x", "/x", "http://10.0.0.5:8080/x"),
        ("https://other/x#part", "/x", "http://10.0.0.5:8080/x#part"),
        ("/x?", "/x?", "http://10.0.0.5:8080/x?"),
        ("1:2", "/1:2", "http://10.0.0.5:8080/1:2"),
        ("*", "/*", "http://10.0.0.5:8080/*"),
    ] {
        let request = request(json!({"port": 8080, "path": path})).expect(path);
        assert_eq!(
            (request.url.request_uri().as_str(), request.url.to_string().as_str()),
            (uri, url),
            "{path}"
        );
    }
}

#[test]
fn a_user_in_the_path_is_sent_as_authorization() {
    let sent = bytes(json!({"port": 8080, "path": "//u:p%40@x/y"}));
    assert!(
        sent.contains("\r\nAccept: */*\r\nAuthorization: Basic dTpwQA==\r\nConnection: close\r\n"),
        "{sent}"
    );
}

#[test]
fn a_host_that_cannot_be_one_is_refused_in_the_words_of_go() {
    let get: HttpGet = serde_json::from_value(json!({"port": 1, "path": "/"})).expect("an httpGet");
    let refused = Request::first(&get, "a b", 80, Version::V1_36_2);
    assert_eq!(refused, Err("parse \"http://a%20b:80/\": invalid URL escape \"%20\"".to_owned()));
    let ipv6 = Request::first(&get, "::1", 80, Version::V1_36_2).expect("a request");
    assert_eq!((ipv6.authority().as_str(), ipv6.url.hostname()), ("[::1]:80", "::1"));
}
