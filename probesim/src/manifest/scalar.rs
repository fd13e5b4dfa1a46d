//! What an unquoted word of YAML means to Kubernetes.
//!
//! kubectl and client-go read YAML with sigs.k8s.io/yaml, whose parser is go-yaml 2 (`goyaml.v2/resolve.go`):
//! YAML 1.1 with a few exceptions. So `yes` and `off` are booleans, `0755` is octal and `1_000` is a number,
//! while a date stays a string.

use serde_json::{Number, Value};

/// The value of a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// A number as Go's `strconv` reads it with base 0, else as `yamlStyleFloat`.
pub(super) fn number(text: &str) -> Option<Number> {
    let first = text.chars().next()?;
    if !(first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| is_float(&plain).then(|| float(plain.parse().ok()?))?)
}

/// A number without a fraction is an integer once kubectl has written it as JSON: `5.0`, `1e1`.
fn float(number: f64) -> Option<Number> {
    let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
    if is_whole { Some(Number::from(number as i64)) } else { Number::from_f64(number) }
}

fn integer(text: &str) -> Option<Number> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` takes a sign of its own.
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    if is_negative {
        i64::from_str_radix(&format!("-{digits}"), radix).ok().map(Number::from)
    } else {
        u64::from_str_radix(digits, radix).ok().map(Number::from)
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        !digits.is_empty() && are_digits(digits)
    };
    are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(is_exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_mean_what_kubectl_takes_them_for() {
        for (text, expected) in [
            ("~", json!(null)),
            ("yes", json!(true)),
            ("On", json!(true)),
            ("no", json!(false)),
            ("n", json!(false)),
            ("yEs", json!("yEs")),
            ("0", json!(0)),
            ("-5", json!(-5)),
            ("+5", json!(5)),
            ("0755", json!(493)),
            ("0o755", json!(493)),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("1_000", json!(1000)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("5.", json!(5)),
            ("5.0", json!(5)),
            ("1e3", json!(1000)),
            ("089", json!(89)),
            ("1.2.3", json!("1.2.3")),
            ("10s", json!("10s")),
            ("100m", json!("100m")),
            ("50%", json!("50%")),
            ("2026-01-02", json!("2026-01-02")),
            ("-", json!("-")),
            (".", json!(".")),
            ("--5", json!("--5")),
            ("0x", json!("0x")),
            ("web", json!("web")),
        ] {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}
