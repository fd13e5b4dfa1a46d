//! Whether an answer counts.

use hyper::header::HeaderMap;

use super::ask::Ask;
use crate::verdict::{Finding, Verdict};

/// Judges an answer; `elsewhere` is the host of a redirect that was not followed.
pub(super) fn judge(
    ask: &Ask,
    code: u16,
    headers: &HeaderMap,
    body: &[u8],
    elsewhere: Option<&str>,
) -> Verdict {
    let state = format!("HTTP {code}");
    let warning = elsewhere.map(|host| format!("redirects to {host}, another host, and is not followed"));
    if !ask.status.contains(code) {
        let wanted = (!ask.status.is_default()).then(|| format!("wanted is {}", ask.status));
        return Verdict::NotYet(Finding { state, cause: warning.or(wanted) });
    }
    if let Some(lacking) = ask.headers.iter().find_map(|(name, value)| lacks(headers, name, value.as_deref()))
    {
        return Verdict::NotYet(Finding::because(state, lacking));
    }
    if let Some(text) = &ask.body
        && !contains(body, text.as_bytes())
    {
        return Verdict::NotYet(Finding::because(state, "the body has not the text of body="));
    }
    Verdict::Met(Finding { state, cause: warning })
}

/// What is wrong with a header of the answer; values may be secret.
fn lacks(headers: &HeaderMap, name: &hyper::header::HeaderName, value: Option<&str>) -> Option<String> {
    let mut given = headers.get_all(name).iter().peekable();
    if given.peek().is_none() {
        return Some(format!("no header {name}"));
    }
    let is_wanted = value.is_none_or(|value| given.any(|given| given.as_bytes() == value.as_bytes()));
    (!is_wanted).then(|| format!("header {name} has another value"))
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::options::Options;

    fn judged(fragment: &str, code: u16, body: &str, elsewhere: Option<&str>) -> (bool, String) {
        let ask = Ask::parse(false, "api", &mut Options::parse(fragment).unwrap()).unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-state", "warm".parse().unwrap());
        headers.append("x-state", "hot".parse().unwrap());
        let verdict = judge(&ask, code, &headers, body.as_bytes(), elsewhere);
        (verdict.is_met(), verdict.finding().to_string())
    }

    #[test]
    fn the_status_decides_and_then_headers_and_body() {
        for (fragment, code, is_met, line) in [
            ("", 200, true, "HTTP 200"),
            ("", 304, true, "HTTP 304"),
            ("", 503, false, "HTTP 503"),
            ("", 101, false, "HTTP 101"),
            ("status=204", 200, false, "HTTP 200 — wanted is 204"),
            ("status=503", 503, true, "HTTP 503"),
            ("header=X-State:hot", 200, true, "HTTP 200"),
            ("header=X-State", 200, true, "HTTP 200"),
            ("header=X-State:cold", 200, false, "HTTP 200 — header x-state has another value"),
            ("header=ETag", 200, false, "HTTP 200 — no header etag"),
            ("body=ready", 200, true, "HTTP 200"),
            ("body=READY", 200, false, "HTTP 200 — the body has not the text of body="),
            ("body=ready", 500, false, "HTTP 500"),
        ] {
            assert_eq!(judged(fragment, code, "I am ready.", None), (is_met, line.to_owned()), "{fragment}");
        }
    }

    #[test]
    fn another_hosts_redirect_is_success_with_a_warning() {
        let line = "HTTP 302 — redirects to login, another host, and is not followed";
        assert_eq!(judged("", 302, "", Some("login")), (true, line.into()));
        assert_eq!(judged("status=200", 302, "", Some("login")), (false, line.into()));
    }
}
