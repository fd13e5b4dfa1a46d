//! IPv4 addresses as `inet_aton` reads them, and with it every C library: `127.1`, `0x7f000001`.
//! <https://man7.org/linux/man-pages/man3/inet.3.html>

use std::net::{IpAddr, Ipv4Addr};

/// The address, where the text is one and no name.
pub(super) fn numeric(text: &str) -> Option<IpAddr> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last().filter(|(_, first)| first.len() < 4)?;
    let mut bytes = [0_u8; 4];
    for (byte, part) in bytes.iter_mut().zip(first) {
        *byte = u8::try_from(*part).ok()?;
    }
    // The last part is all that is left.
    let room = 8 * (4 - u32::try_from(first.len()).ok()?);
    let fits = u64::from(*last) < 1 << room;
    fits.then(|| Ipv4Addr::from_bits(u32::from_be_bytes(bytes) | last).into())
}

/// Decimal, octal after `0`, or hexadecimal after `0x`.
fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let is_plain = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    is_plain.then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_be_short() {
        for (text, expected) in [
            ("10.0.0.5", "10.0.0.5"),
            ("127.1", "127.0.0.1"),
            ("10.1.258", "10.1.1.2"),
            ("0x7f000001", "127.0.0.1"),
            ("010.0.0.1", "8.0.0.1"),
            ("0", "0.0.0.0"),
            ("4294967295", "255.255.255.255"),
        ] {
            assert_eq!(numeric(text), Some(expected.parse().unwrap()), "{text}");
        }
        for text in
            ["", "db", "1.2.3.4.5", "256.1", "1.256.1.1", "08", "0x", "1..2", "4294967296", "+1", "1.2.3.256"]
        {
            assert_eq!(numeric(text), None, "{text}");
        }
    }
}
