//! Times with units, as Go writes them.

use std::time::Duration;

// Units, in nanoseconds.
const MICROSECOND: u64 = 1_000;
pub(crate) const MILLISECOND: u64 = 1_000 * MICROSECOND;
pub(crate) const SECOND: u64 = 1_000 * MILLISECOND;
pub(crate) const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Go's `time.ParseDuration` without a sign: decimal numbers, each with a unit, such as `1h30m` or `1.5s`.
/// Refuses what overflows 64 bits of nanoseconds (584 years), and bare numbers.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut nanos = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        nanos = nanos.checked_add(decimal_times(number, nanoseconds(unit)?)?)?;
        rest = tail;
    }
    (!text.is_empty()).then(|| Duration::from_nanos(nanos))
}

fn nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

/// `number`, such as `1`, `.5` or `2.25`, times `unit`, in whole nanoseconds.
fn decimal_times(number: &str, unit: u64) -> Option<u64> {
    if !is_decimal(number) {
        return None;
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanos = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.bytes() {
        // A place below one nanosecond adds nothing.
        place /= 10;
        nanos = nanos.checked_add(place * u64::from(digit - b'0'))?;
    }
    Some(nanos)
}

/// Digits with at most one point among or beside them.
pub(crate) fn is_decimal(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && (digits == text.len() || (digits + 1 == text.len() && text.contains('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units_add_up() {
        for (text, nanos) in [
            ("7ns", 7),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("50ms", 50_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("2.5m", 150_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1m1s1ms", 61_001_000_000),
            ("0s", 0),
            ("0.0000000019s", 1),
            ("18446744073709551615ns", u64::MAX),
        ] {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_overflows_is_none() {
        for text in [
            "",
            " ",
            "5",
            "s",
            ".s",
            ".",
            "1..5s",
            "1.2.3s",
            "1x",
            "1d",
            "1s2",
            "-1s",
            "+1s",
            "1e3ms",
            "50 ms",
            "５s",
            "1S",
            "18446744073709551616ns",
            "99999999999s",
            "5000000h200000h",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
