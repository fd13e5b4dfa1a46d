//! What is wrong with a server's certificate, or with ours, in words for whoever has to mend it.

use k8s_openapi::jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use crate::message::clean;

/// The names of a certificate that are repeated.
const NAMES: usize = 3;

/// Why a server's certificate is not trusted, after "certificate": `expired on 2026-11-01 12:00 UTC`.
pub(crate) fn describe_certificate(error: &CertificateError) -> String {
    use CertificateError as E;
    match error {
        E::UnknownIssuer => {
            "signed by an unknown issuer: by itself, or by a CA that is not trusted here".into()
        }
        E::ExpiredContext { not_after, .. } => format!("expired on {}", date(*not_after)),
        E::Expired => "expired".into(),
        E::NotValidYetContext { not_before, .. } => format!("not valid before {}", date(*not_before)),
        E::NotValidYet => "not valid yet".into(),
        E::NotValidForNameContext { expected, presented } => {
            format!("not for {}; it is for {}", clean(&expected.to_str()), names(presented))
        }
        E::NotValidForName => "for another name".into(),
        E::BadEncoding => "malformed".into(),
        E::BadSignature => "signed by another CA of the same name, or altered".into(),
        E::Revoked => "revoked".into(),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "not made for servers: its extended key usage lacks serverAuth".into()
        }
        // What webpki says of one that may sign others.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "made for a CA (basicConstraints CA:TRUE) and not for a server".into()
        }
        other => clean(&other.to_string()),
    }
}

/// The alert with which a server refuses a client's certificate: <https://www.rfc-editor.org/rfc/rfc8446#section-6.2>
pub(crate) fn describe_alert(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let (name, meaning) = match alert {
        A::UnknownCA => ("unknown_ca", "it does not trust the CA that signed it"),
        A::CertificateExpired => ("certificate_expired", "it has expired, or is not valid yet"),
        A::CertificateRevoked => ("certificate_revoked", "it was revoked"),
        A::CertificateUnknown => ("certificate_unknown", "it does not say what is wrong with it"),
        A::BadCertificate => ("bad_certificate", "it cannot verify it"),
        A::UnsupportedCertificate => ("unsupported_certificate", "it takes none of this kind"),
        A::AccessDenied => ("access_denied", "it is not allowed in"),
        A::HandshakeFailure => ("handshake_failure", "it does not say why"),
        A::CertificateRequired => ("certificate_required", "it wants another"),
        A::DecryptError => ("decrypt_error", "the key does not belong to it"),
        other => return format!("alert {}", u8::from(other)),
    };
    format!("{name}: {meaning}")
}

/// To the minute: a clock that is off, or a certificate that was made just now, shows only there.
fn date(time: UnixTime) -> String {
    let time = i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(
        || "a day beyond the calendar".into(),
        |time| {
            let text = time.to_string();
            let day = text.get(..10).unwrap_or_default();
            format!("{day} {} UTC", text.get(11..16).unwrap_or_default())
        },
    )
}

/// `a, b, c and 2 more`, from `DnsName("a")` and `IpAddress(10.0.0.1)`.
fn names(presented: &[String]) -> String {
    let plain = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        clean(inner.trim_matches('"'))
    };
    let shown: Vec<String> = presented.iter().take(NAMES).map(plain).collect();
    match presented.len().saturating_sub(NAMES) {
        _ if presented.is_empty() => "no name: it has no subjectAltName".into(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::ServerName;

    use super::*;

    #[test]
    fn dates_are_said_as_dates_and_names_as_names() {
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let presented = |names: &[&str]| CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("db").unwrap(),
            presented: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        for (error, words) in [
            (
                CertificateError::ExpiredContext { time: time(0), not_after: time(1_793_534_400) },
                "expired on 2026-11-01 12:00 UTC",
            ),
            (
                CertificateError::NotValidYetContext { time: time(0), not_before: time(1_793_491_199) },
                "not valid before 2026-10-31 23:59 UTC",
            ),
            (
                CertificateError::ExpiredContext { time: time(0), not_after: time(u64::MAX) },
                "expired on a day beyond the calendar",
            ),
            (presented(&[]), "not for db; it is for no name: it has no subjectAltName"),
            (
                presented(&["DnsName(\"api\\u{1b}\")", "IpAddress(10.0.0.1)"]),
                "not for db; it is for api\\u{1b}, 10.0.0.1",
            ),
            (presented(&["DnsName(\"a\")"; 5]), "not for db; it is for a, a, a and 2 more"),
        ] {
            assert_eq!(describe_certificate(&error), words);
        }
    }

    #[test]
    fn alerts_have_their_name_in_the_standard() {
        assert!(describe_alert(AlertDescription::UnknownCA).starts_with("unknown_ca: "));
        assert_eq!(describe_alert(AlertDescription::Unknown(200)), "alert 200");
    }
}
