//! Where a redirect leads: `Client.do` of `net/http`, with the kubelet's `RedirectChecker`.

use super::super::words::quote;
use super::head::Head;
use super::request::Request;
use super::url::Url;

/// The length of the longest chain of requests.
const MOST_REQUESTS: usize = 10;

/// What follows an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is the last one.
    Stop,
    /// Another request.
    Go(Box<Request>),
    /// The failure, in Go's words.
    Fail(String),
}

/// The chain of requests so far.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    first: Request,
    length: usize,
    /// Until a redirect that stands for another method; such a request has no body to describe.
    keeps_body: bool,
}

// === impl Chain ===

impl Chain {
    pub(super) const fn new(first: Request) -> Self {
        Self { first, length: 1, keeps_body: true }
    }

    /// What follows the answer to the last request.
    pub(super) fn follow(&mut self, last: &Request, answer: &Head) -> Next {
        match answer.status {
            301..=303 => self.keeps_body = false,
            307 | 308 => {}
            _ => return Next::Stop,
        }
        let location = answer.headers.first("Location");
        if location.is_empty() {
            return Next::Stop;
        }
        let failed = |url: &str, why: &str| Next::Fail(format!("Get {}: {why}", quote(url.as_bytes())));
        let reference = match Url::parse(location) {
            Ok(reference) => reference,
            Err(why) => {
                let location = quote(location.as_bytes());
                let why = format!("failed to parse Location header {location}: {why}");
                return failed(&last.url.without_password(), &why);
            }
        };
        let url = last.url.resolve(&reference);
        if url.hostname() != self.first.url.hostname() {
            return Next::Stop;
        }
        if self.length >= MOST_REQUESTS {
            return failed(location, "stopped after 10 redirects");
        }
        self.length += 1;
        // A `Host` of the probe's own outlives a relative redirect only.
        let keeps_host = reference.scheme.is_empty() && last.host != last.url.host;
        let host = if keeps_host { last.host.clone() } else { String::new() };
        let mut headers = self.first.headers.clone();
        if !self.keeps_body {
            for name in ["Content-Encoding", "Content-Language", "Content-Location", "Content-Type"] {
                headers.remove(name);
            }
        }
        let is_downgrade = last.url.scheme == "https" && url.scheme == "http";
        if !is_downgrade && headers.first("Referer").is_empty() {
            headers.set("Referer", Url { user: None, ..last.url.clone() }.to_string());
        }
        Next::Go(Box::new(Request { url, headers, host }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::head::Framing;
    use super::super::headers::Headers;
    use super::*;
    use crate::kubelet::{HttpGet, Version};

    fn first(headers: &[(&str, &str)]) -> Request {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let get = json!({"port": 80, "path": "/a/b", "httpHeaders": headers});
        let get: HttpGet = serde_json::from_value(get).expect("an httpGet");
        Request::first(&get, "10.0.0.5", 80, Version::V1_36_2).expect("a request")
    }

    fn redirect(status: i32, location: &str) -> Head {
        let mut headers = Headers::default();
        headers.add("Location", location.into());
        Head { status, headers, framing: Framing::Empty }
    }

    #[test]
    fn the_same_host_name_is_followed_and_no_other() {
        for (status, location, expected) in [
            (302, "c", Some("http://10.0.0.5:80/a/c")),
            (301, "/c?d", Some("http://10.0.0.5:80/c?d")),
            (303, "//10.0.0.5:81/c", Some("http://10.0.0.5:81/c")),
            (307, "https://10.0.0.5/c", Some("https://10.0.0.5/c")),
            (308, "ftp://10.0.0.5/c", Some("ftp://10.0.0.5/c")),
            (302, "http://10.0.0.6/", None),
            (302, "http://localhost:80/", None),
            (302, "mailto:x", None),
            (302, "", None),
            (300, "/c", None),
            (304, "/c", None),
            (305, "/c", None),
            (200, "/c", None),
        ] {
            let first = first(&[]);
            let next = Chain::new(first.clone()).follow(&first, &redirect(status, location));
            let url = if let Next::Go(request) = &next { Some(request.url.to_string()) } else { None };
            assert_eq!(url.as_deref(), expected, "{status} {location}");
            assert!(expected.is_some() || next == Next::Stop, "{next:?}");
        }
    }

    #[test]
    fn headers_come_along_with_a_referer_and_the_host_only_for_a_relative_location() {
        let first = first(&[("Host", "shop"), ("X-A", "1"), ("Content-Type", "t"), ("Cookie", "c")]);
        let mut chain = Chain::new(first.clone());
        let Next::Go(second) = chain.follow(&first, &redirect(307, "/c")) else { panic!("no redirect") };
        assert_eq!(second.host, "shop");
        assert_eq!(second.headers.first("Referer"), "http://10.0.0.5:80/a/b");
        assert_eq!(second.headers.first("Content-Type"), "t");
        let Next::Go(third) = chain.follow(&second, &redirect(302, "http://10.0.0.5/d")) else { panic!() };
        assert_eq!((third.host.as_str(), third.headers.first("Content-Type")), ("", ""));
        assert_eq!(third.headers.first("Referer"), "http://10.0.0.5:80/c");
        assert_eq!(third.headers.first("Cookie"), "c");
    }

    #[test]
    fn a_secure_page_is_no_referer_of_an_insecure_one() {
        let mut first = first(&[]);
        first.url = Url::parse("https://u:p@10.0.0.5/a").expect("a URL");
        let Next::Go(next) = Chain::new(first.clone()).follow(&first, &redirect(302, "/b")) else { panic!() };
        assert_eq!(next.headers.first("Referer"), "https://10.0.0.5/a");
        let location = redirect(302, "http://10.0.0.5/b");
        let Next::Go(next) = Chain::new(first.clone()).follow(&first, &location) else { panic!() };
        assert_eq!(next.headers.all("Referer"), None);
    }

    #[test]
    fn ten_requests_are_made_and_no_more() {
        let mut last = first(&[]);
        let mut chain = Chain::new(last.clone());
        for _ in 1..10 {
            let Next::Go(next) = chain.follow(&last, &redirect(302, "/x")) else { panic!("no redirect") };
            last = *next;
        }
        let end = chain.follow(&last, &redirect(302, "/x"));
        assert_eq!(end, Next::Fail("Get \"/x\": stopped after 10 redirects".into()));
        let bad = Chain::new(last.clone()).follow(&last, &redirect(302, "/%zz"));
        let why = "Get \"http://10.0.0.5:80/x\": failed to parse Location header \"/%zz\": parse \"/%zz\": invalid URL escape \"%zz\"";
        assert_eq!(bad, Next::Fail(why.into()));
    }
}
