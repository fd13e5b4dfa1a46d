//! The two messages of the health protocol, and gRPC's frame around them. Protocol Buffers by hand: one string and
//! one number.

/// What a service says of itself: `HealthCheckResponse.ServingStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Serving = 1,
    /// It does not, for now.
    NotServing = 2,
    /// Only `Watch` says so.
    ServiceUnknown = 3,
}

/// A request that cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no HealthCheckRequest")]
pub struct Malformed;

// === impl Health ===

impl Health {
    /// As a framed `HealthCheckResponse`.
    #[must_use]
    pub fn frame(self) -> Vec<u8> {
        framed(&[0x08, self as u8])
    }

    /// From a framed `HealthCheckResponse`; the number, if it is none of ours.
    ///
    /// # Errors
    /// Where it is something else, or more than one message.
    pub fn parse(frame: &[u8]) -> Result<u64, Malformed> {
        let mut status = 0;
        for field in fields(unframed(frame)?) {
            if let (1, Value::Number(number)) = field? {
                status = number;
            }
        }
        Ok(status)
    }
}

/// A framed `HealthCheckRequest`.
#[must_use]
pub fn request(service: &str) -> Vec<u8> {
    let mut message = vec![];
    if !service.is_empty() {
        message.push(0x0a);
        let mut length = service.len();
        while length >= 0x80 {
            message.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend_from_slice(service.as_bytes());
    }
    framed(&message)
}

/// The service that a framed `HealthCheckRequest` asks for.
///
/// # Errors
/// Where it is something else.
pub fn service(frame: &[u8]) -> Result<String, Malformed> {
    let mut service = String::new();
    for field in fields(unframed(frame)?) {
        if let (1, Value::Bytes(bytes)) = field? {
            service = String::from_utf8(bytes.to_vec()).map_err(|_| Malformed)?;
        }
    }
    Ok(service)
}

/// A message after its flag (not compressed) and its length.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[0], &length[..], message].concat()
}

fn unframed(frame: &[u8]) -> Result<&[u8], Malformed> {
    let [0, a, b, c, d, message @ ..] = frame else { return Err(Malformed) };
    let length = u32::from_be_bytes([*a, *b, *c, *d]);
    if u64::from(length) == message.len() as u64 { Ok(message) } else { Err(Malformed) }
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

/// The fields of a message: <https://protobuf.dev/programming-guides/encoding/>.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u64, Value<'_>), Malformed>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field.ok_or(Malformed))
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        0 => Value::Number(varint(rest)?),
        1 => take(rest, 8).map(|_| Value::Other)?,
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Value::Bytes(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| Value::Other)?,
        _ => return None,
    };
    Some((tag >> 3, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take(rest, 1)? else { return None };
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_name_their_service() {
        let long = "s".repeat(300);
        for name in ["", "orders", "grpc.health.v1.Health", &long] {
            assert_eq!(service(&request(name)), Ok(name.to_owned()));
        }
        // As grpc-go sends them.
        assert_eq!(service(b"\0\0\0\0\0"), Ok(String::new()));
        assert_eq!(service(b"\0\0\0\0\x04\x0a\x02db"), Ok("db".to_owned()));
        assert_eq!(
            service(b"\0\0\0\0\x0f\x10\x96\x01\x1d....\x21........\x0a\x00"),
            Err(Malformed),
            "length"
        );
        assert_eq!(service(b"\0\0\0\0\x13\x10\x96\x01\x1d....\x21........\x0a\x00"), Ok(String::new()));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for frame in [
            &b""[..],
            b"\0\0\0\0",
            b"\x01\0\0\0\0",
            b"\0\0\0\0\x01",
            b"\0\0\0\0\x03\x0a\x05a",
            b"\0\0\0\0\x03\x0a\x01\xff",
            b"\0\0\0\0\x01\x0b",
            b"\0\0\0\0\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ] {
            assert_eq!(service(frame), Err(Malformed), "{frame:?}");
        }
    }

    #[test]
    fn answers_are_one_number() {
        assert_eq!(&Health::Serving.frame()[..], b"\0\0\0\0\x02\x08\x01");
        for serving in [Health::Serving, Health::NotServing, Health::ServiceUnknown] {
            assert_eq!(Health::parse(&serving.frame()), Ok(serving as u64));
        }
        assert_eq!(Health::parse(b"\0\0\0\0\0"), Ok(0), "UNKNOWN");
    }
}
