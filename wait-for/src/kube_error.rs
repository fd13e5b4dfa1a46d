//! What went wrong with the API server, and what that means for a gate that waits.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, LOCATION, RETRY_AFTER};
use kube::core::Status;
use serde_json::value::RawValue;

use crate::answer;
use crate::json_text;
use crate::message::clean;

/// Why an exchange with the API server gave nothing to evaluate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeError {
    /// No connection, or one that was cut or fell silent.
    #[error("API server unreachable: {0}")]
    Unreachable(String),
    /// Something came that does not answer the question: from a proxy, or from another server than was meant.
    #[error("the API server answered with {0}")]
    NoAnswer(String),
    /// More came than is taken at once.
    #[error("the API server answered with more than {} MB", .0 >> 20)]
    TooLarge(usize),
    /// There are no credentials yet, and that is nobody's refusal.
    #[error("{0}")]
    Pending(String),
    /// 429 or 5xx: the server asks for patience, perhaps for a stated time.
    #[error("API server busy: {message}")]
    Busy {
        /// The server's words.
        message: String,
        /// Its `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// 410: the version or page asked for is no longer kept; list again.
    #[error("the API server no longer keeps that version: {0}")]
    Expired(String),
    /// 401: the credentials were not accepted.
    #[error("credentials not accepted: {0}")]
    Unauthorized(String),
    /// 403: a rule is missing.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// 404 for the object itself.
    #[error("not found")]
    NotFound,
    /// 404 for its kind: the group, version or resource is not served.
    #[error("kind not served yet (CRD not installed?)")]
    NotServed,
    /// The server's certificate is not trusted.
    #[error("API server not trusted: {0}")]
    Untrusted(String),
    /// 4xx that no waiting can cure, such as a selector that the server does not understand.
    #[error("API server rejected the request: {0}")]
    Rejected(String),
}

impl KubeError {
    /// Whether we were refused: our credentials, our rights, or our trust in the server.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Unauthorized(_) | Self::Forbidden(_) | Self::Untrusted(_))
    }

    /// How long the server asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Busy { retry_after, .. } = self { *retry_after } else { None }
    }

    /// The error behind an HTTP answer that is not a success.
    #[must_use]
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        if status.is_redirection() {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
            return Self::NoAnswer(redirected(status, to.unwrap_or_default()));
        }
        // Whatever else it looks like, other JSON is not by the API server.
        let is_status = answer::expect(body, "Status").is_ok();
        let parsed: Option<Status> = json_text::read(body).ok().filter(|_| is_status);
        let retry_after = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs);
        match parsed {
            Some(parsed) => Self::classify(status.as_u16(), &parsed, retry_after),
            None => Self::classify_text(status, body, retry_after),
        }
    }

    /// An answer without a Status: by the API server where it is 404, 429 or 5xx, else by something before it, of
    /// which nothing follows for the question.
    fn classify_text(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Self {
        let is_page = body.trim_ascii().starts_with(b"<");
        let text = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).trim().to_owned();
        let message = match (is_page, text.as_str()) {
            (true, _) => format!("HTTP {status} with a web page"),
            (_, "") => format!("HTTP {status}"),
            _ => text,
        };
        match status.as_u16() {
            401 | 403 | 408 | 410 | 429 | 500.. => {
                Self::classify(status.as_u16(), &Status { message, ..Status::default() }, retry_after)
            }
            // Where nothing at all is served, the API server says so in plain text.
            404 if message.starts_with("404 page not found") => Self::NotServed,
            _ if is_page => Self::NoAnswer(message),
            code => Self::NoAnswer(format!("HTTP {code} without a reason of its own ({})", clean(&message))),
        }
    }

    /// The error behind an ERROR event of a watch, whose object is a Status.
    #[must_use]
    pub fn from_event(object: &RawValue) -> Self {
        let is_status = answer::expect(object.get().as_bytes(), "Status").is_ok();
        match serde_json::from_str::<Status>(object.get()) {
            Ok(status) if is_status => Self::classify(status.code, &status, None),
            _ => Self::NoAnswer("an ERROR event that is no Status".into()),
        }
    }

    /// Status codes and reasons: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>
    fn classify(code: u16, status: &Status, retry_after: Option<Duration>) -> Self {
        let message = clean(&status.message);
        let details = status.details.as_ref();
        let retry_after = retry_after.or_else(|| {
            details.map(|d| u64::from(d.retry_after_seconds)).filter(|s| *s > 0).map(Duration::from_secs)
        });
        if status.reason == "Expired" || status.reason == "Gone" {
            return Self::Expired(message);
        }
        match code {
            401 => Self::Unauthorized(message),
            403 => Self::Forbidden(message),
            404 if status.reason == "NotFound" && details.is_some_and(|d| !d.name.is_empty()) => {
                Self::NotFound
            }
            404 => Self::NotServed,
            410 => Self::Expired(message),
            // A Status without a code: whoever wrote it is not the API server.
            0..=399 => Self::NoAnswer(format!("an error that is none ({message})")),
            408 | 429 | 500.. => Self::Busy { message, retry_after },
            _ => Self::Rejected(message),
        }
    }
}

/// Where somebody wants us to go. Nobody follows: what we know ourselves by is for the API server only.
fn redirected(status: StatusCode, to: &str) -> String {
    let host = to.parse::<hyper::Uri>().ok().and_then(|to| Some(to.host()?.to_owned()));
    let to = host.map(|host| format!(" to {}", clean(&host))).unwrap_or_default();
    format!("a redirect{to} ({}): a login or maintenance page?", status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, body: &str) -> KubeError {
        KubeError::from_response(StatusCode::from_u16(code).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn an_object_that_is_missing_is_told_from_a_kind_that_is_not_served() {
        // Bodies as recorded from a v1.36 API server.
        let object = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \"nope\" not found","reason":"NotFound","details":{"name":"nope","kind":"pods"},"code":404}"#;
        let resource = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}"#;
        assert_eq!(answer(404, object), KubeError::NotFound);
        assert_eq!(answer(404, resource), KubeError::NotServed);
        assert_eq!(answer(404, "404 page not found\n"), KubeError::NotServed);
    }

    #[test]
    fn refusals_keep_the_servers_words() {
        let body = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"limited\" cannot list","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#;
        assert_eq!(
            answer(403, body),
            KubeError::Forbidden("pods is forbidden: User \"limited\" cannot list".into())
        );
        let body = r#"{"kind":"Status","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
        assert_eq!(answer(401, body), KubeError::Unauthorized("Unauthorized".into()));
    }

    #[test]
    fn retry_after_comes_from_the_header_or_the_details() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "3".parse().unwrap());
        let from_header = KubeError::from_response(
            StatusCode::TOO_MANY_REQUESTS,
            &headers,
            b"Too many requests, please try again later.\n",
        );
        assert_eq!(
            from_header,
            KubeError::Busy {
                message: "Too many requests, please try again later.".into(),
                retry_after: Some(Duration::from_secs(3)),
            }
        );
        let too_large = r#"{"kind":"Status","metadata":{},"status":"Failure","message":"Timeout: Too large resource version: 9, current: 2","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504}"#;
        assert!(matches!(
            answer(504, too_large),
            KubeError::Busy { retry_after: Some(after), .. } if after == Duration::from_secs(1)
        ));
    }

    #[test]
    fn forgotten_history_is_expired_under_both_its_names() {
        for reason in ["Expired", "Gone"] {
            let body = format!(
                r#"{{"kind":"Status","status":"Failure","message":"too old resource version: 214 (231)","reason":"{reason}","code":410}}"#
            );
            assert!(matches!(answer(410, &body), KubeError::Expired(_)));
            let event = RawValue::from_string(body).unwrap();
            assert!(matches!(KubeError::from_event(&event), KubeError::Expired(_)));
        }
    }

    #[test]
    fn an_error_event_that_says_nothing_is_no_reason_to_give_up() {
        for event in ["{}", "[]", r#"{"kind":"Pod","code":403}"#, r#"{"kind":"Status","status":"Failure"}"#] {
            let event = RawValue::from_string(event.into()).unwrap();
            assert!(matches!(KubeError::from_event(&event), KubeError::NoAnswer(_)), "{event}");
        }
    }

    #[test]
    fn a_bad_selector_is_rejected_and_an_overloaded_server_is_busy() {
        for code in [400, 405, 422] {
            let status =
                format!(r#"{{"kind":"Status","message":"bad","reason":"BadRequest","code":{code}}}"#);
            assert_eq!(answer(code, &status), KubeError::Rejected("bad".into()));
        }
        for code in [429, 500, 502, 503, 504] {
            assert!(matches!(answer(code, "x"), KubeError::Busy { .. }), "{code}");
        }
    }

    #[test]
    fn what_stands_before_the_api_server_rejects_nothing_for_good() {
        for (code, body, said) in [
            (400, "<html>Bad Request</html>", "HTTP 400 Bad Request with a web page"),
            (400, "bad", "HTTP 400 without a reason of its own (bad)"),
            (404, "<html>", "HTTP 404 Not Found with a web page"),
            (
                404,
                r#"{"error":"no route"}"#,
                r#"HTTP 404 without a reason of its own ({"error":"no route"})"#,
            ),
            (405, "", "HTTP 405 without a reason of its own (HTTP 405 Method Not Allowed)"),
            (413, "", "HTTP 413 without a reason of its own (HTTP 413 Payload Too Large)"),
            (
                418,
                r#"{"kind":"Pod","code":400}"#,
                r#"HTTP 418 without a reason of its own ({"kind":"Pod","code":400})"#,
            ),
        ] {
            assert_eq!(answer(code, body), KubeError::NoAnswer(said.into()), "{code} {body}");
        }
        assert_eq!(
            answer(401, "<html>"),
            KubeError::Unauthorized("HTTP 401 Unauthorized with a web page".into())
        );
    }

    #[test]
    fn a_redirect_is_said_with_its_host_alone_and_is_no_rejection() {
        let to = |to: &str| {
            let headers = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
            KubeError::from_response(StatusCode::FOUND, &headers, b"").to_string()
        };
        let said = "the API server answered with a redirect to login.example.com (302): a login or maintenance page?";
        assert_eq!(to("https://bob:pw@login.example.com/?token=x"), said);
        assert_eq!(
            to("/login"),
            "the API server answered with a redirect (302): a login or maintenance page?"
        );
        assert!(matches!(answer(307, ""), KubeError::NoAnswer(_)));
    }
}
