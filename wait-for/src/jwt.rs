//! When a token that tells of itself ends. Nothing is verified: that is for the server, which has refused it already.
//!
//! RFC 7519 §4.1.4; service account tokens are of this form.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;

use crate::duration::Short;
use crate::json_text;

#[derive(Deserialize)]
struct Claims {
    exp: f64,
}

/// That a token has expired, as part of a sentence; nothing where it has not, or does not say when it ends.
#[must_use]
pub fn expired(token: &str, now: SystemTime) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let Claims { exp } = json_text::read(&payload).ok()?;
    let end = Timestamp::from_second(exp as i64).ok()?;
    let ago = now.duration_since(SystemTime::from(end)).ok()?;
    // In whole minutes, so that it is not another text every second.
    let minutes = Duration::from_secs(ago.as_secs() / 60 * 60);
    let ago = if minutes.is_zero() { String::new() } else { format!(" ({} ago)", Short(minutes)) };
    Some(format!("the token expired at {end}{ago}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_has_ended_says_when() {
        let now = SystemTime::from("2026-11-28T12:00:00Z".parse::<Timestamp>().unwrap());
        for (payload, said) in [
            (r#"{"exp":1795867020}"#, Some("the token expired at 2026-11-28T11:57:00Z (3m ago)")),
            (r#"{"exp":1795867190,"iss":"k"}"#, Some("the token expired at 2026-11-28T11:59:50Z")),
            (r#"{"exp":1795867201}"#, None),
            (r#"{"exp":"soon"}"#, None),
            (r#"{"exp":1e300}"#, None),
            (r#"{"iss":"k"}"#, None),
            ("", None),
        ] {
            let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
            assert_eq!(expired(&token, now).as_deref(), said, "{payload}");
        }
        for token in ["", "secret", "a.b", "a.%%.c"] {
            assert_eq!(expired(token, now), None, "{token}");
        }
    }
}
