//! `grpc://`: the standard health check. <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>

use super::address::Address;
use super::deadline::Deadline;
use super::dial::dial;
use super::h2::{Answer, Bytes, Call, call};
use super::names::Names;
use super::secure::Secure;
use super::trust::Trust;
use crate::verdict::{Finding, Verdict};

const CHECK: &str = "/grpc.health.v1.Health/Check";
const USER_AGENT: &str = concat!("wait-for/", env!("CARGO_PKG_VERSION"));

/// Asks for the health of a service.
pub(super) async fn attempt(
    address: &Address,
    service: &str,
    trust: Option<&Trust>,
    names: &mut Names,
    secure: &mut Secure,
    deadline: &Deadline,
) -> Result<Verdict, Finding> {
    let tcp = dial(names, address, deadline).await?;
    let io: Box<dyn Bytes> = match trust {
        None => Box::new(tcp),
        Some(trust) => Box::new(secure.handshake(tcp, address, trust, Some(b"h2"), deadline).await?),
    };
    let request = Call {
        is_secure: trust.is_some(),
        authority: &address.to_string(),
        path: CHECK,
        user_agent: USER_AGENT,
        body: &question(service),
    };
    Ok(judge(&deadline.wait("answer", call(io, &request)).await??))
}

/// A `HealthCheckRequest` in its frame: not compressed, so many bytes, field 1 a string.
fn question(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        let mut length = service.len();
        while length >= 0x80 {
            message.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
            length >>= 7;
        }
        message.push(u8::try_from(length).unwrap_or_default());
        message.extend_from_slice(service.as_bytes());
    }
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    framed.append(&mut message);
    framed
}

fn judge(answer: &Answer) -> Verdict {
    let not_yet = |state: String, cause: Option<&str>| {
        Verdict::NotYet(Finding { state, cause: cause.map(str::to_owned) })
    };
    match (answer.status, answer.grpc_status) {
        (Some(status), _) if status != 200 => {
            not_yet(format!("HTTP {status}"), Some("something else than gRPC answers"))
        }
        (_, Some(0)) => match serving(&answer.body) {
            Some(1) => Verdict::Met(Finding::state("SERVING")),
            Some(0) => not_yet("UNKNOWN".into(), None),
            Some(2) => not_yet("NOT_SERVING".into(), None),
            Some(3) => not_yet("SERVICE_UNKNOWN".into(), None),
            Some(other) => not_yet(format!("health status {other}"), None),
            None => not_yet("the answer is no health status".into(), None),
        },
        (_, Some(code)) => {
            let cause = match code {
                5 => Some("the server does not know the service"),
                12 => Some("the server has no health service (grpc.health.v1.Health)"),
                _ => None,
            };
            not_yet(code_name(code), cause)
        }
        (_, None) => not_yet("the answer has no gRPC status".into(), None),
    }
}

/// The status in a framed `HealthCheckResponse`, which is field 1; fields that we do not know may come first.
fn serving(body: &[u8]) -> Option<u64> {
    let (head, message) = body.split_first_chunk::<5>()?;
    let [0, length @ ..] = *head else { return None };
    let mut message = message.get(..usize::try_from(u32::from_be_bytes(length)).ok()?)?;
    let mut status = 0;
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let length = match key & 7 {
            0 => {
                let value = varint(&mut message)?;
                status = if key >> 3 == 1 { value } else { status };
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)?).ok()?,
            5 => 4,
            _ => return None,
        };
        message = message.get(length..)?;
    }
    Some(status)
}

/// <https://protobuf.dev/programming-guides/encoding/#varints>
fn varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (next, rest) = from.split_first()?;
        *from = rest;
        value |= u64::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// <https://grpc.io/docs/guides/status-codes/>
fn code_name(code: u16) -> String {
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
    NAMES.get(usize::from(code)).map_or_else(|| format!("gRPC status {code}"), |name| format!("gRPC {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, grpc_status: Option<u16>, message: &[u8]) -> (bool, String) {
        let mut body = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
        body.extend_from_slice(message);
        let verdict = judge(&Answer { status: Some(status), grpc_status, body });
        (verdict.is_met(), verdict.finding().to_string())
    }

    #[test]
    fn a_question_is_framed_and_its_service_has_its_length_before_it() {
        assert_eq!(question(""), [0, 0, 0, 0, 0]);
        assert_eq!(question("ab"), *b"\0\0\0\0\x04\x0a\x02ab");
        let long = question(&"a".repeat(300));
        assert_eq!(long[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02]);
    }

    #[test]
    fn only_serving_is_met() {
        for (grpc_status, message, is_met, line) in [
            (Some(0), &[8, 1][..], true, "SERVING"),
            (Some(0), &[18, 1, 9, 8, 1], true, "SERVING"),
            (Some(0), &[], false, "UNKNOWN"),
            (Some(0), &[8, 2], false, "NOT_SERVING"),
            (Some(0), &[8, 3], false, "SERVICE_UNKNOWN"),
            (Some(0), &[8, 9], false, "health status 9"),
            (Some(0), &[8], false, "the answer is no health status"),
            (Some(0), &[10, 9], false, "the answer is no health status"),
            (Some(5), &[], false, "gRPC NOT_FOUND — the server does not know the service"),
            (
                Some(12),
                &[],
                false,
                "gRPC UNIMPLEMENTED — the server has no health service (grpc.health.v1.Health)",
            ),
            (Some(14), &[8, 1], false, "gRPC UNAVAILABLE"),
            (Some(99), &[], false, "gRPC status 99"),
            (None, &[8, 1], false, "the answer has no gRPC status"),
        ] {
            assert_eq!(judged(200, grpc_status, message), (is_met, line.to_owned()));
        }
        assert_eq!(judged(404, None, &[]).1, "HTTP 404 — something else than gRPC answers");
    }
}
