//! Compared with Go 1.26.

use super::*;

type Read = (&'static str, &'static str, &'static str, &'static str);

/// A text, and as what it is read: the whole, the request URI, the host, the host's name; or Go's words.
const TEXTS: [(&str, Result<Read, &str>); 37] = [
    ("/healthz?a=1&b=%zz", Ok(("/healthz?a=1&b=%zz", "/healthz?a=1&b=%zz", "", ""))),
    ("/a b?c d", Ok(("/a%20b?c d", "/a%20b?c d", "", ""))),
    ("/%2fx%41", Ok(("/%2fx%41", "/%2fx%41", "", ""))),
    ("//other/x", Ok(("//other/x", "/x", "other", "other"))),
    ("http://u:p%40w@other:1/y?z#f r", Ok(("http://u:p%40w@other:1/y?z#f%20r", "/y?z", "other:1", "other"))),
    ("foo:bar", Ok(("foo:bar", "bar", "", ""))),
    ("a:b/c", Ok(("a:b/c", "b/c", "", ""))),
    ("1:2", Err("parse \"1:2\": first path segment in URL cannot contain colon")),
    ("*", Ok(("*", "*", "", ""))),
    ("", Ok(("", "/", "", ""))),
    ("x", Ok(("x", "x", "", ""))),
    ("?", Ok(("?", "/?", "", ""))),
    ("/x?", Ok(("/x?", "/x?", "", ""))),
    ("/x?a?", Ok(("/x?a?", "/x?a?", "", ""))),
    ("///a", Ok(("///a", "///a", "", ""))),
    ("/%zz", Err("parse \"/%zz\": invalid URL escape \"%zz\"")),
    ("/\u{1}", Err("parse \"/\\x01\": net/url: invalid control character in URL")),
    ("http://a b/", Err("parse \"http://a b/\": invalid character \" \" in host name")),
    ("http://[::1]/", Ok(("http://[::1]/", "/", "[::1]", "::1"))),
    ("http://[::1%25eth0]:80/x", Ok(("http://[::1%25eth0]:80/x", "/x", "[::1%eth0]:80", "::1%eth0"))),
    ("http://[1.2.3.4]/", Err("parse \"http://[1.2.3.4]/\": invalid IP-literal")),
    ("http://[x]/", Err("parse \"http://[x]/\": invalid host: ParseAddr(\"x\"): unable to parse IP")),
    ("http://a:b/", Err("parse \"http://a:b/\": invalid port \":b\" after host")),
    ("http://a:1:2/", Err("parse \"http://a:1:2/\": invalid port \":1:2\" after host")),
    ("db://a:1:2/", Ok(("db://a:1:2/", "/", "a:1:2", "a:1"))),
    ("http://a:/", Ok(("http://a:/", "/", "a:", "a"))),
    ("http:", Ok(("http:", "/", "", ""))),
    ("http://", Ok(("http:", "/", "", ""))),
    ("mailto:x@y", Ok(("mailto:x@y", "x@y", "", ""))),
    ("/é'()*![]", Ok(("/%C3%A9%27%28%29%2A%21%5B%5D", "/%C3%A9%27%28%29%2A%21%5B%5D", "", ""))),
    ("/a#%41b c", Ok(("/a#Ab%20c", "/a", "", ""))),
    ("http://[::1", Err("parse \"http://[::1\": missing ']' in host")),
    ("/x#", Ok(("/x", "/x", "", ""))),
    ("http://us er@h/", Err("parse \"http://us er@h/\": net/url: invalid userinfo")),
    (":x", Err("parse \":x\": missing protocol scheme")),
    ("http://a@b@c/", Ok(("http://a%40b@c/", "/", "c", "c"))),
    ("HTTP://Host/P", Ok(("http://Host/P", "/P", "Host", "Host"))),
];

#[test]
fn texts_are_read_as_go_does() {
    for (text, expected) in TEXTS {
        let url = Url::parse(text);
        let read = url.as_ref().map(|url| (url.to_string(), url.request_uri(), &*url.host, url.hostname()));
        let read = read.as_ref().map(|(whole, uri, host, name)| (&**whole, &**uri, *host, *name));
        assert_eq!(read.map_err(|why| &***why), expected, "{text}");
    }
}

#[test]
fn references_are_resolved_as_go_does() {
    let base = Url::parse("http://u@h:80/a/b/c?q=1#fr").expect("a URL");
    for (reference, expected) in [
        ("d", "http://u@h:80/a/b/d"),
        ("/d", "http://u@h:80/d"),
        ("../d", "http://u@h:80/a/d"),
        ("../../../d", "http://u@h:80/d"),
        ("./", "http://u@h:80/a/b/"),
        (".", "http://u@h:80/a/b/"),
        ("..", "http://u@h:80/a/"),
        ("?x", "http://u@h:80/a/b/c?x"),
        ("#y", "http://u@h:80/a/b/c?q=1#y"),
        ("", "http://u@h:80/a/b/c?q=1#fr"),
        ("//o/p", "http://o/p"),
        ("http://z", "http://z"),
        ("https:d", "https:d"),
        ("mailto:x", "mailto:x"),
        ("d/../e/./f", "http://u@h:80/a/b/e/f"),
        ("g;x=1/../y", "http://u@h:80/a/b/y"),
        ("/./g", "http://u@h:80/g"),
        ("/../g", "http://u@h:80/g"),
        ("?", "http://u@h:80/a/b/c?"),
        ("%2e%2e/d", "http://u@h:80/a/b/%2e%2e/d"),
        ("//o", "http://o"),
        (".../x", "http://u@h:80/a/b/.../x"),
        ("a//b", "http://u@h:80/a/b/a//b"),
    ] {
        let url = base.resolve(&Url::parse(reference).expect(reference));
        assert_eq!(url.to_string(), expected, "{reference}");
    }
    let base = Url::parse("http://h:80").expect("a URL");
    for (reference, expected) in
        [("d", "http://h:80/d"), ("", "http://h:80"), ("../d", "http://h:80/d"), ("?x", "http://h:80?x")]
    {
        let url = base.resolve(&Url::parse(reference).expect(reference));
        assert_eq!(url.to_string(), expected, "{reference}");
    }
}

#[test]
fn a_password_is_not_shown_and_the_port_is_that_of_the_scheme() {
    let url = Url::parse("http://u:secret@h/x").expect("a URL");
    assert_eq!(url.without_password(), "http://u:***@h/x");
    for (text, port) in [
        ("http://h/", Some(80)),
        ("https://h", Some(443)),
        ("https://h:8443", Some(8443)),
        ("http://[::1]:8", Some(8)),
    ] {
        assert_eq!(Url::parse(text).expect(text).port(), port, "{text}");
    }
}
