//! How a call ends, in grpc-go's words.

use std::fmt;

use hyper::StatusCode;

/// <https://grpc.io/docs/guides/status-codes/>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) u32);

/// A code and what there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) code: Code,
    pub(super) message: String,
}

// === impl Code ===

impl Code {
    pub(super) const OK: Self = Self(0);
    pub(super) const CANCELED: Self = Self(1);
    pub(super) const UNKNOWN: Self = Self(2);
    pub(super) const DEADLINE_EXCEEDED: Self = Self(4);
    pub(super) const PERMISSION_DENIED: Self = Self(7);
    pub(super) const RESOURCE_EXHAUSTED: Self = Self(8);
    pub(super) const UNIMPLEMENTED: Self = Self(12);
    pub(super) const INTERNAL: Self = Self(13);
    pub(super) const UNAVAILABLE: Self = Self(14);
    pub(super) const UNAUTHENTICATED: Self = Self(16);

    /// `HTTPStatusConvTab`.
    pub(super) const fn of_http(status: i32) -> Self {
        match status {
            400 => Self::INTERNAL,
            401 => Self::UNAUTHENTICATED,
            403 => Self::PERMISSION_DENIED,
            404 => Self::UNIMPLEMENTED,
            429 | 502..=504 => Self::UNAVAILABLE,
            _ => Self::UNKNOWN,
        }
    }

    /// `http2ErrConvTab`.
    pub(super) const fn of_http2(code: u32) -> Self {
        match code {
            3 | 11 => Self::RESOURCE_EXHAUSTED,
            7 => Self::UNAVAILABLE,
            8 => Self::CANCELED,
            12 => Self::PERMISSION_DENIED,
            0..=13 => Self::INTERNAL,
            _ => Self::UNKNOWN,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 17] = [
            "OK",
            "Canceled",
            "Unknown",
            "InvalidArgument",
            "DeadlineExceeded",
            "NotFound",
            "AlreadyExists",
            "PermissionDenied",
            "ResourceExhausted",
            "FailedPrecondition",
            "Aborted",
            "OutOfRange",
            "Unimplemented",
            "Internal",
            "Unavailable",
            "DataLoss",
            "Unauthenticated",
        ];
        match NAMES.get(self.0 as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "Code({})", self.0),
        }
    }
}

// === impl Status ===

impl Status {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The time is over.
    pub(super) fn late() -> Self {
        Self::new(Code::DEADLINE_EXCEEDED, "context deadline exceeded")
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpc error: code = {} desc = {}", self.code, self.message)
    }
}

/// Go's `http.StatusText`.
pub(super) fn http_text(status: i32) -> &'static str {
    match status {
        203 => "Non-Authoritative Information",
        413 => "Request Entity Too Large",
        414 => "Request URI Too Long",
        416 => "Requested Range Not Satisfiable",
        status => {
            let code = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
            code.and_then(|code| code.canonical_reason()).unwrap_or_default()
        }
    }
}

/// `decodeGrpcMessage`: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses>.
pub(super) fn decode(message: &str) -> String {
    let mut bytes = vec![];
    let mut rest = message.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_percent_encoded() {
        for (message, expected) in [
            ("unknown service", "unknown service"),
            ("a%20b%C3%A9", "a bé"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
        ] {
            assert_eq!(decode(message), expected);
        }
    }

    #[test]
    fn codes_have_names_or_numbers() {
        assert_eq!(Status::new(Code(5), "x").to_string(), "rpc error: code = NotFound desc = x");
        assert_eq!(Code(99).to_string(), "Code(99)");
        assert_eq!(http_text(404), "Not Found");
    }
}
