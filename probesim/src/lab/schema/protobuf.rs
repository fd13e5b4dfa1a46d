//! Reading `application/vnd.kubernetes.protobuf`: kubectl sends it when it makes an object itself (`create
//! deployment`, `auth can-i`). Answers are JSON, which every client takes.
//!
//! Format: "Kubernetes Protobuf encoding" in the API concepts; numbers are those of `schema`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::lab::schema::{Field, Of, Shape, Type};
use crate::lab::timestamp;

/// Why a body cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::lab) enum Unreadable {
    /// It is not protobuf in Kubernetes' envelope.
    Malformed,
    /// Its kind is not in the table.
    UnknownKind(String),
}

/// One field on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

const MAGIC: &[u8] = b"k8s\0";

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the object provided is unrecognized (must be of type Protobuf)"),
            Self::UnknownKind(kind) => write!(f, "{kind} is not served as protobuf, send it as JSON"),
        }
    }
}

/// The object in an envelope, as JSON.
pub(in crate::lab) fn decode(body: &[u8]) -> Result<Value, Unreadable> {
    let envelope = body.strip_prefix(MAGIC).ok_or(Unreadable::Malformed)?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for (number, wire) in fields(envelope)? {
        match (number, wire) {
            (1, Wire::Bytes(bytes)) => {
                for (number, wire) in fields(bytes)? {
                    match (number, wire) {
                        (1, Wire::Bytes(bytes)) => api_version = text(bytes)?,
                        (2, Wire::Bytes(bytes)) => kind = text(bytes)?,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let unknown = || Unreadable::UnknownKind(format!("{kind} of {api_version}"));
    let of = Type::of_object(&api_version, &kind)
        .or_else(|| Type::named(&kind).filter(|_| kind == "DeleteOptions"))
        .ok_or_else(unknown)?;
    let mut object = Map::new();
    object.insert("kind".to_owned(), json!(kind));
    object.insert("apiVersion".to_owned(), json!(api_version));
    message(raw, of, &mut object)?;
    Ok(Value::Object(object))
}

fn message(bytes: &[u8], of: Type, into: &mut Map<String, Value>) -> Result<(), Unreadable> {
    for (number, wire) in fields(bytes)? {
        // A field of a newer version is dropped, as the API server does.
        let Some(field) = of.fields().find(|field| field.number == number) else { continue };
        match (field.shape, field.part(), wire) {
            (_, Some(part), Wire::Bytes(bytes)) if field.name.is_empty() => message(bytes, part, into)?,
            (Shape::One, _, wire) => {
                let value = value(field, wire)?;
                if !value.is_null() {
                    into.insert(field.name.to_owned(), value);
                }
            }
            (Shape::List, _, wire) => {
                let list = into.entry(field.name).or_insert_with(|| json!([]));
                list.as_array_mut().ok_or(Unreadable::Malformed)?.push(value(field, wire)?);
            }
            (Shape::Map, _, Wire::Bytes(bytes)) => {
                let (mut key, mut entry) = (String::new(), Value::Null);
                for (number, wire) in fields(bytes)? {
                    match (number, wire) {
                        (1, Wire::Bytes(bytes)) => key = text(bytes)?,
                        (2, wire) => entry = value(field, wire)?,
                        _ => {}
                    }
                }
                let map = into.entry(field.name).or_insert_with(|| json!({}));
                map.as_object_mut().ok_or(Unreadable::Malformed)?.insert(key, entry);
            }
            (Shape::Map, _, Wire::Number(_)) => return Err(Unreadable::Malformed),
        }
    }
    Ok(())
}

fn value(field: Field, wire: Wire<'_>) -> Result<Value, Unreadable> {
    Ok(match (field.of, wire) {
        (Of::Text, Wire::Bytes(bytes)) => json!(text(bytes)?),
        (Of::Bytes, Wire::Bytes(bytes)) => json!(STANDARD.encode(bytes)),
        (Of::Integer, Wire::Number(number)) => json!(number.cast_signed()),
        (Of::Boolean, Wire::Number(number)) => json!(number != 0),
        (Of::Quantity, Wire::Bytes(bytes)) => json!(inner_text(bytes, 1)?),
        (Of::IntOrString, Wire::Bytes(bytes)) => {
            if inner_number(bytes, 1)? == 0 {
                json!(inner_number(bytes, 2)?)
            } else {
                json!(inner_text(bytes, 3)?)
            }
        }
        (Of::Anything, Wire::Bytes(bytes)) => {
            serde_json::from_str(&inner_text(bytes, 1)?).map_err(|_| Unreadable::Malformed)?
        }
        // A time that is not set is an empty message.
        (Of::Time | Of::MicroTime, Wire::Bytes([])) => Value::Null,
        (Of::Time | Of::MicroTime, Wire::Bytes(bytes)) => {
            let seconds = u64::try_from(inner_number(bytes, 1)?).map_err(|_| Unreadable::Malformed)?;
            json!(timestamp::format(seconds))
        }
        (Of::Part(_), Wire::Bytes(bytes)) => {
            let mut map = Map::new();
            if let Some(part) = field.part() {
                message(bytes, part, &mut map)?;
            }
            Value::Object(map)
        }
        _ => return Err(Unreadable::Malformed),
    })
}

fn inner_text(bytes: &[u8], wanted: u64) -> Result<String, Unreadable> {
    for (number, wire) in fields(bytes)? {
        if let (true, Wire::Bytes(bytes)) = (number == wanted, wire) {
            return text(bytes);
        }
    }
    Ok(String::new())
}

fn inner_number(bytes: &[u8], wanted: u64) -> Result<i64, Unreadable> {
    for (number, wire) in fields(bytes)? {
        if let (true, Wire::Number(value)) = (number == wanted, wire) {
            return Ok(value.cast_signed());
        }
    }
    Ok(0)
}

fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable::Malformed)
}

/// Splits a message into its fields.
fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Wire<'_>)>, Unreadable> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let wire = match key & 7 {
            0 => Wire::Number(varint(&mut bytes)?),
            1 => Wire::Bytes(take(&mut bytes, 8)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).map_err(|_| Unreadable::Malformed)?;
                Wire::Bytes(take(&mut bytes, length)?)
            }
            5 => Wire::Bytes(take(&mut bytes, 4)?),
            _ => return Err(Unreadable::Malformed),
        };
        found.push((key >> 3, wire));
    }
    Ok(found)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Unreadable> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Unreadable::Malformed)?;
    *bytes = rest;
    Ok(taken)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take(bytes, 1)? else { return Err(Unreadable::Malformed) };
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Unreadable::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes; short ones only.
    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 128);
        [&[number << 3 | 2, length], content].concat()
    }

    fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [bytes(1, api_version.as_bytes()), bytes(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), bytes(1, &meta), bytes(2, raw)].concat()
    }

    #[test]
    fn fields_maps_and_lists_are_read_by_their_numbers() {
        let metadata = bytes(
            1,
            &[bytes(1, b"c"), bytes(8, b""), bytes(11, &[bytes(1, b"k"), bytes(2, b"v")].concat())].concat(),
        );
        let data = bytes(2, &[bytes(1, b"a"), bytes(2, b"b")].concat());
        assert_eq!(
            decode(&envelope("v1", "ConfigMap", &[metadata, data].concat())),
            Ok(
                json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", "labels": {"k": "v"}}, "data": {"a": "b"}})
            )
        );
    }

    #[test]
    fn numbers_ports_and_secrets_are_read_as_json_has_them() {
        let port = bytes(1, &[&[3 << 3, 80][..], &bytes(4, &[1 << 3, 0, 2 << 3, 0x90, 0x3f])].concat());
        let service = decode(&envelope("v1", "Service", &bytes(2, &port))).unwrap();
        assert_eq!(service["spec"], json!({"ports": [{"port": 80, "targetPort": 8080}]}));
        let data = bytes(2, &[bytes(1, b"a"), bytes(2, b"b")].concat());
        assert_eq!(decode(&envelope("v1", "Secret", &data)).unwrap()["data"], json!({"a": "Yg=="}));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(decode(b"{}"), Err(Unreadable::Malformed));
        assert_eq!(decode(b"k8s\0\x0a\x7f"), Err(Unreadable::Malformed));
        let widget = envelope("example.com/v1", "Widget", b"");
        assert_eq!(decode(&widget), Err(Unreadable::UnknownKind("Widget of example.com/v1".to_owned())));
    }
}
