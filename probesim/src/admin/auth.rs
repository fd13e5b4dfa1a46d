//! Who may change something.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN, USER_AGENT};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("changes need a bearer token: send Authorization: Bearer TOKEN")]
    NoToken,
    #[error("this is not the token")]
    WrongToken,
    #[error("changes from another machine need a token: set ADMIN_TOKEN_FILE or ADMIN_TOKEN")]
    NoneSet,
    #[error("the token cannot be read; look at ADMIN_TOKEN_FILE")]
    Unreadable,
    #[error(
        "changes by a page of another site, or under a name other than localhost, are refused without a token"
    )]
    CrossSite,
}

/// Whether a change is allowed. `token` is the one to compare with; without one, only a server on loopback is
/// open, and not to pages of other sites in a browser on the same machine.
///
/// Browsers send `Origin` with everything but GET and HEAD (<https://fetch.spec.whatwg.org/#origin-header>), and
/// call themselves Mozilla; one that does not say whose page asks is refused. curl and `ctl` do neither.
///
/// # Errors
/// Why not.
pub(super) fn allow(headers: &HeaderMap, token: Option<&str>, is_loopback: bool) -> Result<(), Refused> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(token) = token {
        let given = value(AUTHORIZATION).and_then(|value| value.split_once(' '));
        let (_, given) =
            given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).ok_or(Refused::NoToken)?;
        let is_right = !token.is_empty() && is_equal(token.as_bytes(), given.trim().as_bytes());
        return if is_right { Ok(()) } else { Err(Refused::WrongToken) };
    }
    if !is_loopback {
        return Err(Refused::NoneSet);
    }
    let host = value(HOST).unwrap_or_default();
    let is_of_page = match headers.get(ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(|origin| origin.split("://").nth(1) == Some(host)),
        None => value(USER_AGENT).is_none_or(|agent| !agent.starts_with("Mozilla/")),
    };
    let is_foreign =
        !is_of_page || matches!(value(SEC_FETCH_SITE), Some("cross-site" | "same-site")) || !is_local(host);
    if is_foreign { Err(Refused::CrossSite) } else { Ok(()) }
}

/// A name of any other machine here would be one that was made to point to this one (DNS rebinding).
fn is_local(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    name.is_empty() || name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// Takes as long for a wrong text as for the right one of its length.
fn is_equal(right: &[u8], given: &[u8]) -> bool {
    let fold = |differs, n: usize| {
        let wrong = right[n % right.len()] ^ given[n];
        std::hint::black_box(differs | wrong)
    };
    let differs = (0..given.len()).fold(0, fold);
    differs == 0 && right.len() == given.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_opens_from_anywhere_and_nothing_else_does() {
        for (authorization, expected) in [
            (Some("Bearer secret"), Ok(())),
            (Some("bearer secret"), Ok(())),
            (Some("Bearer secreT"), Err(Refused::WrongToken)),
            (Some("Bearer secre"), Err(Refused::WrongToken)),
            (Some("Bearer secretsecret"), Err(Refused::WrongToken)),
            (Some("Bearer "), Err(Refused::WrongToken)),
            (Some("Basic secret"), Err(Refused::NoToken)),
            (Some("secret"), Err(Refused::NoToken)),
            (None, Err(Refused::NoToken)),
        ] {
            let headers =
                authorization.map_or_else(HeaderMap::new, |value| headers(&[("authorization", value)]));
            for is_loopback in [true, false] {
                assert_eq!(allow(&headers, Some("secret"), is_loopback), expected, "{authorization:?}");
            }
        }
        let empty = headers(&[("authorization", "Bearer ")]);
        assert_eq!(allow(&empty, Some(""), true), Err(Refused::WrongToken), "an empty file opens nothing");
    }

    #[test]
    fn without_a_token_only_loopback_is_open_and_only_to_its_own_pages() {
        assert_eq!(allow(&headers(&[("host", "10.0.0.1:8081")]), None, false), Err(Refused::NoneSet));
        for (pairs, is_open) in [
            (&[("host", "127.0.0.1:8081")][..], true),
            (&[("host", "localhost:8081")], true),
            (&[("host", "[::1]:8081")], true),
            (&[], true),
            (&[("host", "localhost:8081"), ("origin", "http://localhost:8081")], true),
            (&[("host", "localhost:8081"), ("origin", "http://evil.example")], false),
            (&[("host", "localhost:8081"), ("origin", "null")], false),
            (&[("host", "localhost:8081"), ("origin", "http://localhost:8080")], false),
            (&[("host", "localhost:8081"), ("origin", "http://127.0.0.1:8081")], false),
            (&[("host", "localhost:8081"), ("origin", "")], false),
            (&[("host", "localhost:8081"), ("user-agent", "Mozilla/5.0 (X11; Linux)")], false),
            (&[("host", "localhost:8081"), ("user-agent", "curl/8.5.0")], true),
            (&[("host", "evil.example:8081"), ("origin", "http://evil.example:8081")], false),
            (&[("host", "127.0.0.1.evil.example:8081")], false),
            (&[("host", "localhost:8081"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "localhost:8081"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "evil.example:8081")], false),
        ] {
            assert_eq!(allow(&headers(pairs), None, true).is_ok(), is_open, "{pairs:?}");
        }
    }
}
