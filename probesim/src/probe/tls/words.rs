//! Go's words for what goes wrong with TLS: `crypto/tls`.

use std::io;

use rustls::{AlertDescription, Error, PeerIncompatible};

use super::super::network_error;
use super::watched::Watched;

/// `alertText` of Go, by number: <https://www.rfc-editor.org/rfc/rfc8446#section-6>.
const ALERTS: [(u8, &str); 33] = [
    (10, "unexpected message"),
    (20, "bad record MAC"),
    (21, "decryption failed"),
    (22, "record overflow"),
    (30, "decompression failure"),
    (40, "handshake failure"),
    (42, "bad certificate"),
    (43, "unsupported certificate"),
    (44, "revoked certificate"),
    (45, "expired certificate"),
    (46, "unknown certificate"),
    (47, "illegal parameter"),
    (48, "unknown certificate authority"),
    (49, "access denied"),
    (50, "error decoding message"),
    (51, "error decrypting message"),
    (60, "export restriction"),
    (70, "protocol version not supported"),
    (71, "insufficient security level"),
    (80, "internal error"),
    (86, "inappropriate fallback"),
    (90, "user canceled"),
    (100, "no renegotiation"),
    (109, "missing extension"),
    (110, "unsupported extension"),
    (111, "certificate unobtainable"),
    (112, "unrecognized name"),
    (113, "bad certificate status response"),
    (114, "bad certificate hash value"),
    (115, "unknown PSK identity"),
    (116, "certificate required"),
    (120, "no application protocol"),
    (121, "encrypted client hello required"),
];

/// What is wrong with a handshake.
pub(super) fn handshake(watched: &Watched, error: &io::Error, addresses: &str) -> String {
    if let Some(words) = of_beginning(&watched.first) {
        return words.to_owned();
    }
    if matches!(watched.first.len(), 1..5) && !is_reset(error) {
        return "unexpected EOF".into();
    }
    match inner(error) {
        Some(Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)) => {
            let version = watched.first.get(9..11).map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]));
            format!("tls: server selected unsupported protocol version {version:x}")
        }
        Some(error) => of_error(error),
        None if super::is_plain_end(error) => "EOF".into(),
        None => format!("read tcp {addresses}: read: {}", network_error::describe(error)),
    }
}

/// What is wrong with a connection later on, if that is a matter of TLS.
pub(in super::super) fn describe(error: &io::Error) -> Option<String> {
    inner(error).map(of_error)
}

fn inner(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn is_reset(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}

fn of_error(error: &Error) -> String {
    match error {
        // The goodbye of TLS, which is an end like any other.
        Error::AlertReceived(AlertDescription::CloseNotify) => "EOF".into(),
        Error::AlertReceived(received) => alert(u8::from(*received)),
        error => format!("tls: {error}"),
    }
}

/// An alert of the other side.
pub(super) fn alert(number: u8) -> String {
    let known = ALERTS.iter().find(|(known, _)| *known == number);
    let words = known.map_or_else(|| format!("alert({number})"), |(_, words)| (*words).to_owned());
    format!("remote error: tls: {words}")
}

/// What the first bytes are that are no TLS.
fn of_beginning(first: &[u8]) -> Option<&'static str> {
    match first {
        [b'H', b'T', b'T', b'P', b'/', ..] => Some("http: server gave HTTP response to HTTPS client"),
        [0x80, _, _, _, _, ..] => Some("tls: unsupported SSLv2 handshake received"),
        // An alert or a handshake, of a version that there may be.
        [21 | 22, 0..0x10, _, _, _, ..] => None,
        [_, _, _, _, _, ..] => Some("tls: first record does not look like a TLS handshake"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_tls_is_known_by_its_first_bytes() {
        for (first, words) in [
            (&b"HTTP/1.1"[..], Some("http: server gave HTTP response to HTTPS client")),
            (b"SSH-2.0", Some("tls: first record does not look like a TLS handshake")),
            (b"\x16\x13\x01\x00\x02", Some("tls: first record does not look like a TLS handshake")),
            (b"\x80\x20\x01\x00\x02", Some("tls: unsupported SSLv2 handshake received")),
            (b"\x16\x03\x01\x00\x02", None),
            (b"\x15\x03\x03\x00\x02\x02\x28", None),
            (b"HT", None),
            (b"", None),
        ] {
            assert_eq!(of_beginning(first), words, "{first:?}");
        }
    }

    #[test]
    fn alerts_have_the_words_of_go() {
        for (alert, words) in [
            (AlertDescription::HandshakeFailure, "remote error: tls: handshake failure"),
            (AlertDescription::UnknownCA, "remote error: tls: unknown certificate authority"),
            (AlertDescription::Unknown(200), "remote error: tls: alert(200)"),
        ] {
            let error = io::Error::new(io::ErrorKind::InvalidData, Error::AlertReceived(alert));
            assert_eq!(describe(&error).as_deref(), Some(words));
        }
    }
}
