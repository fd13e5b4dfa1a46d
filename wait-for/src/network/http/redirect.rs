//! Which redirects are followed: those to the same host, as the kubelet does.
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/probe/http/http.go> (`RedirectChecker`)

use hyper::Method;

use super::ask::Ask;
use super::url::Url;

/// What follows from the head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is the answer.
    Stay,
    /// Ask again, there.
    Follow(Hop),
    /// It points to a host that nobody asked about; the answer stands, with a warning.
    Elsewhere(String),
}

/// One request of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    /// Where it is sent.
    pub(super) url: Url,
    /// How.
    pub(super) method: Method,
    /// The server named another host, so that a `Host` of our own no longer fits.
    pub(super) is_host_ours: bool,
    /// The way leads out of TLS: headers of ours may be secret.
    pub(super) is_private: bool,
}

// === impl Hop ===

impl Hop {
    /// The first request of an attempt.
    pub(super) fn first(ask: &Ask) -> Self {
        Self { url: ask.url.clone(), method: ask.method.clone(), is_host_ours: true, is_private: true }
    }

    /// What an answer to this request leads to.
    pub(super) fn next(&self, ask: &Ask, code: u16, location: Option<&str>) -> Next {
        // Whoever asks for a redirect's code by name wants the redirect itself.
        let is_wanted = !ask.status.is_default() && ask.status.contains(code);
        let (true, false, Some(location)) =
            // An empty Location is none, as for Go's client.
            (
                matches!(code, 301 | 302 | 303 | 307 | 308),
                is_wanted,
                location.filter(|location| !location.is_empty()),
            )
        else {
            return Next::Stay;
        };
        let Some((url, names_host)) = self.url.join(location) else { return Next::Stay };
        if !url.address.host.eq_ignore_ascii_case(&ask.url.address.host) {
            return Next::Elsewhere(url.address.url_host());
        }
        let keeps_method = matches!(code, 307 | 308) || self.method == Method::HEAD;
        Next::Follow(Self {
            method: if keeps_method { self.method.clone() } else { Method::GET },
            is_host_ours: self.is_host_ours && !names_host,
            is_private: self.is_private && (url.is_secure || !self.url.is_secure),
            url,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::options::Options;

    fn ask(is_secure: bool, fragment: &str) -> Ask {
        Ask::parse(is_secure, "api:8080/a", &mut Options::parse(fragment).unwrap()).unwrap()
    }

    fn next(fragment: &str, code: u16, location: &str) -> Next {
        let ask = ask(false, fragment);
        Hop::first(&ask).next(&ask, code, Some(location))
    }

    fn path(next: Next) -> String {
        match next {
            Next::Follow(hop) => format!("{} {}", hop.method, hop.url),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_same_host_is_followed_whatever_its_port_and_scheme() {
        for code in [301, 302, 303, 307, 308] {
            assert_eq!(path(next("", code, "/b")), "GET http://api:8080/b", "{code}");
        }
        assert_eq!(path(next("", 302, "https://API/b")), "GET https://API/b");
        assert_eq!(next("", 302, "http://other:8080/b"), Next::Elsewhere("other".into()));
        for code in [200, 300, 304, 404] {
            assert_eq!(next("", code, "/b"), Next::Stay, "{code}");
        }
        assert_eq!(next("", 302, "mailto://bob"), Next::Stay);
    }

    #[test]
    fn a_redirect_that_is_asked_for_is_the_answer() {
        assert_eq!(next("status=302", 302, "/b"), Next::Stay);
        assert_eq!(path(next("status=200", 302, "/b")), "GET http://api:8080/b");
        assert_eq!(path(next("status=200-399", 302, "/b")), "GET http://api:8080/b");
    }

    #[test]
    fn methods_change_as_browsers_have_it() {
        assert_eq!(path(next("method=POST", 302, "/b")), "GET http://api:8080/b");
        assert_eq!(path(next("method=POST", 307, "/b")), "POST http://api:8080/b");
        assert_eq!(path(next("method=HEAD", 303, "/b")), "HEAD http://api:8080/b");
    }

    #[test]
    fn headers_of_ours_stay_where_they_belong() {
        let ask = ask(true, "");
        let hop = |location| match Hop::first(&ask).next(&ask, 302, Some(location)) {
            Next::Follow(hop) => (hop.is_host_ours, hop.is_private),
            other => panic!("{other:?}"),
        };
        assert_eq!(hop("/b"), (true, true));
        assert_eq!(hop("https://api:9443/b"), (false, true));
        assert_eq!(hop("http://api:8080/b"), (false, false));
    }
}
