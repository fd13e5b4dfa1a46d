//! `grpc://`: the standard health check. <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>

use percent_encoding::percent_decode_str;
use wire::health::{self, Health};
use wire::hpack::Field;

use super::address::Address;
use super::deadline::Deadline;
use super::dial::dial;
use super::h2::{Bytes, NoAnswer, Rest, Stream, last};
use super::names::Names;
use super::secure::{Secure, refused};
use super::trust::Trust;
use crate::message::clean;
use crate::verdict::{Finding, Verdict};

const CHECK: &str = "/grpc.health.v1.Health/Check";
/// More than any health status.
const LONGEST_ANSWER: usize = 10 << 10;
const USER_AGENT: &str = concat!("wait-for/", env!("CARGO_PKG_VERSION"));

/// Asks for the health of a service.
pub(super) async fn attempt(
    address: &Address,
    service: &str,
    trust: Option<&Trust>,
    names: &Names,
    secure: &mut Secure,
    deadline: &Deadline,
) -> Result<Verdict, Finding> {
    let tcp = dial(names, address, deadline).await?;
    let io: Box<dyn Bytes> = match trust {
        None => Box::new(tcp),
        Some(trust) => Box::new(secure.handshake(tcp, address, trust, &[b"h2"], deadline).await?),
    };
    let answer = deadline.wait("answer", call(io, address, service, trust.is_some())).await?;
    match answer {
        Ok((head, rest)) => Ok(judge(&head, &rest)),
        Err(NoAnswer::Cut(error)) => Err(trust
            .and_then(|trust| refused(&error, trust))
            .unwrap_or_else(|| NoAnswer::Cut(error).finding())),
        Err(none) => Err(none.finding()),
    }
}

/// Calls the health service.
async fn call(
    io: Box<dyn Bytes>,
    address: &Address,
    service: &str,
    is_secure: bool,
) -> Result<(Vec<Field>, Rest), NoAnswer> {
    let authority = address.to_string();
    let fields = [
        (":method", "POST"),
        (":scheme", if is_secure { "https" } else { "http" }),
        (":path", CHECK),
        (":authority", &authority),
        ("content-type", "application/grpc"),
        ("user-agent", USER_AGENT),
        ("te", "trailers"),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut stream = Stream::open(io, &fields, Some(&health::request(service))).await?;
    let head = stream.head().await?;
    let rest = stream.rest(LONGEST_ANSWER).await?;
    Ok((head, rest))
}

fn judge(head: &[Field], rest: &Rest) -> Verdict {
    let not_yet = |state: String, cause: Option<&str>| {
        Verdict::NotYet(Finding { state, cause: cause.map(str::to_owned) })
    };
    let status = last(head, ":status").filter(|status| *status != "200").map(clean);
    // A server that has nothing else to say puts it into the head.
    let trailers = if rest.trailers.is_empty() { head } else { &rest.trailers };
    let code = last(trailers, "grpc-status").and_then(|code| code.parse::<u32>().ok());
    match (status, code) {
        (Some(status), _) => not_yet(format!("HTTP {status}"), Some("something else than gRPC answers")),
        (_, Some(0)) => match Health::parse(&rest.body).ok() {
            Some(1) => Verdict::Met(Finding::state("SERVING")),
            Some(0) => not_yet("UNKNOWN".into(), None),
            Some(2) => not_yet("NOT_SERVING".into(), None),
            Some(3) => not_yet("SERVICE_UNKNOWN".into(), None),
            Some(other) => not_yet(format!("health status {other}"), None),
            None => not_yet("the answer is no health status".into(), None),
        },
        (_, Some(code)) => {
            let said = last(trailers, "grpc-message")
                .map(|said| clean(&percent_decode_str(said).decode_utf8_lossy()));
            let cause = match code {
                5 => Some("the server does not know the service"),
                12 => Some("the server has no health service (grpc.health.v1.Health)"),
                _ => said.as_deref().filter(|said| !said.is_empty()),
            };
            not_yet(code_name(code), cause)
        }
        (_, None) => not_yet("the answer has no gRPC status".into(), None),
    }
}

/// <https://grpc.io/docs/guides/status-codes/>
fn code_name(code: u32) -> String {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    let known = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    known.map_or_else(|| format!("gRPC status {code}"), |name| format!("gRPC {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: &str, trailers: &[(&str, &str)], message: &[u8]) -> (bool, String) {
        let fields = |fields: &[(&str, &str)]| {
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        let mut body = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
        body.extend_from_slice(message);
        let verdict = judge(&fields(&[(":status", status)]), &Rest { body, trailers: fields(trailers) });
        (verdict.is_met(), verdict.finding().to_string())
    }

    #[test]
    fn only_serving_is_met() {
        for (code, message, is_met, line) in [
            (Some("0"), &[8, 1][..], true, "SERVING"),
            (Some("0"), &[18, 1, 9, 8, 1], true, "SERVING"),
            (Some("0"), &[], false, "UNKNOWN"),
            (Some("0"), &[8, 2], false, "NOT_SERVING"),
            (Some("0"), &[8, 3], false, "SERVICE_UNKNOWN"),
            (Some("0"), &[8, 9], false, "health status 9"),
            (Some("0"), &[8], false, "the answer is no health status"),
            (Some("0"), &[10, 9], false, "the answer is no health status"),
            (Some("5"), &[], false, "gRPC NOT_FOUND — the server does not know the service"),
            (
                Some("12"),
                &[],
                false,
                "gRPC UNIMPLEMENTED — the server has no health service (grpc.health.v1.Health)",
            ),
            (Some("14"), &[8, 1], false, "gRPC UNAVAILABLE"),
            (Some("99"), &[], false, "gRPC status 99"),
            (None, &[8, 1], false, "the answer has no gRPC status"),
        ] {
            let trailers = code.map(|code| ("grpc-status", code));
            assert_eq!(judged("200", trailers.as_slice(), message), (is_met, line.to_owned()));
        }
        assert_eq!(judged("404", &[], &[]).1, "HTTP 404 — something else than gRPC answers");
    }

    #[test]
    fn what_the_server_says_is_printed_in_one_line() {
        let trailers = [("grpc-status", "14"), ("grpc-message", "no%20db%0Amet%1b[31m")];
        assert_eq!(judged("200", &trailers, &[]).1, "gRPC UNAVAILABLE — no db met [31m");
    }
}
