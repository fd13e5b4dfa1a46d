//! What went wrong with the API server, and what that means for a gate that waits.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, RETRY_AFTER};
use kube::core::Status;
use serde_json::value::RawValue;

/// Why an exchange with the API server gave nothing to evaluate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeError {
    /// No connection, or one that was cut or fell silent.
    #[error("API server unreachable: {0}")]
    Unreachable(String),
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
    /// The error behind an HTTP answer that is not a success.
    #[must_use]
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let parsed: Option<Status> = serde_json::from_slice(body).ok();
        let retry_after = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs);
        match parsed {
            Some(parsed) => Self::classify(status.as_u16(), &parsed, retry_after),
            None => {
                let text = String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned();
                let message = if text.is_empty() { format!("HTTP {status}") } else { text };
                Self::classify(status.as_u16(), &Status { message, ..Status::default() }, retry_after)
            }
        }
    }

    /// The error behind an ERROR event of a watch, whose object is a Status.
    #[must_use]
    pub fn from_event(object: &RawValue) -> Self {
        match serde_json::from_str::<Status>(object.get()) {
            Ok(status) => Self::classify(status.code, &status, None),
            Err(_) => Self::Unreachable("the watch sent an ERROR event that is no Status".into()),
        }
    }

    /// Status codes and reasons: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>
    fn classify(code: u16, status: &Status, retry_after: Option<Duration>) -> Self {
        let message = status.message.clone();
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
            0..300 => Self::Unreachable(format!("it sent an error that is none: {message:?}")),
            408 | 429 | 500.. => Self::Busy { message, retry_after },
            _ => Self::Rejected(message),
        }
    }
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
        let event = RawValue::from_string("{}".into()).unwrap();
        assert!(matches!(KubeError::from_event(&event), KubeError::Unreachable(_)));
    }

    #[test]
    fn a_bad_selector_is_rejected_and_an_overloaded_server_is_busy() {
        assert!(matches!(answer(400, "bad"), KubeError::Rejected(_)));
        assert!(matches!(answer(422, ""), KubeError::Rejected(_)));
        for code in [429, 500, 502, 503, 504] {
            assert!(matches!(answer(code, "x"), KubeError::Busy { .. }), "{code}");
        }
    }
}
