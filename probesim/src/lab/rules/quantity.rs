//! Quantities such as `500m` and `1Gi`, exact to the billionth (`k8s.io/apimachinery/pkg/api/resource`).

const FORM: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX: &str = "unable to parse quantity's suffix";
const NANO: i128 = 1_000_000_000;

/// In billionths; what is beyond all machines is cut.
pub(in crate::lab) fn parse(text: &str) -> Result<i128, &'static str> {
    let (is_negative, plain) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(plain.len());
    let (number, suffix) = plain.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = !(fraction.contains('.') || whole.is_empty() && fraction.is_empty());
    if !is_number || !suffix.chars().all(|c| "eEinumkKMGTP+-0123456789".contains(c)) {
        return Err(FORM);
    }
    let digits = |text: &str| {
        text.bytes()
            .fold(0_i128, |sum, digit| sum.saturating_mul(10).saturating_add(i128::from(digit - b'0')))
    };
    let fraction = fraction.get(..9).unwrap_or(fraction);
    let places = u32::try_from(fraction.len()).unwrap_or(9);
    let billionths =
        digits(whole).saturating_mul(NANO).saturating_add(digits(fraction) * 10_i128.pow(9 - places));
    let scaled = scale(billionths, suffix)?;
    Ok(if is_negative { -scaled } else { scaled })
}

fn scale(value: i128, suffix: &str) -> Result<i128, &'static str> {
    let (by, is_division) = match suffix {
        "" => (1, false),
        "n" => (NANO, true),
        "u" => (1_000_000, true),
        "m" => (1_000, true),
        "k" => (1_000, false),
        "M" => (1_000_000, false),
        "G" => (NANO, false),
        "T" => (10_i128.pow(12), false),
        "P" => (10_i128.pow(15), false),
        "E" => (10_i128.pow(18), false),
        "Ki" => (1 << 10, false),
        "Mi" => (1 << 20, false),
        "Gi" => (1 << 30, false),
        "Ti" => (1 << 40, false),
        "Pi" => (1 << 50, false),
        "Ei" => (1 << 60, false),
        other => {
            let exponent = other.strip_prefix(['e', 'E']).and_then(|digits| digits.parse::<i32>().ok());
            let exponent = exponent.filter(|exponent| exponent.abs() < 30).ok_or(SUFFIX)?;
            (10_i128.pow(exponent.unsigned_abs()), exponent < 0)
        }
    };
    Ok(if is_division { value / by } else { value.saturating_mul(by) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_exactly_or_refused_in_gos_words() {
        for (text, value) in [
            ("1", Ok(NANO)),
            ("-1", Ok(-NANO)),
            ("500m", Ok(NANO / 2)),
            (".5", Ok(NANO / 2)),
            ("1Ki", Ok(1024 * NANO)),
            ("1e3", Ok(1000 * NANO)),
            ("2E-3", Ok(NANO / 500)),
            ("two", Err(FORM)),
            ("", Err(FORM)),
            ("1.2.3", Err(FORM)),
            ("1KiB", Err(FORM)),
            ("1mm", Err(SUFFIX)),
        ] {
            assert_eq!(parse(text), value, "{text}");
        }
    }
}
