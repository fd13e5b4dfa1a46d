//! Figures in words.

/// A length of time, with three digits at most.
pub(crate) fn time(seconds: f64) -> String {
    const UNITS: [(f64, f64, &str); 5] = [
        (1.0, 1e-3, "ms"),
        (600.0, 1.0, "s"),
        (7200.0, 60.0, "min"),
        (48.0 * 3600.0, 3600.0, "h"),
        (730.0 * 86_400.0, 86_400.0, "days"),
    ];
    const YEAR: f64 = 365.25 * 86_400.0;
    if seconds <= 0.0 {
        return "0 s".into();
    }
    // What rounds up to a unit's limit belongs to the next one.
    let found = UNITS
        .iter()
        .find(|(limit, unit, _)| digits(seconds / unit).parse::<f64>().unwrap_or(0.0) * unit < *limit);
    match found {
        Some((_, unit, name)) => format!("{} {name}", digits(seconds / unit)),
        None if seconds < 1e6 * YEAR => format!("{} years", digits(seconds / YEAR)),
        None => "more than a million years".into(),
    }
}

/// A share as a percentage.
pub(crate) fn share(share: f64) -> String {
    format!("{} %", digits(share * 100.0))
}

/// How often: `once`, `57.2 times`.
pub(crate) fn times(value: f64) -> String {
    let digits = digits(value);
    if digits == "1" { "once".into() } else { format!("{digits} times") }
}

/// Three significant digits; whole numbers stay whole.
pub(crate) fn digits(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !value.is_finite() {
        return "never".into();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-6..=9).contains(&magnitude) {
        return format!("{value:.1e}");
    }
    let places = usize::try_from(2 - magnitude).unwrap_or(0);
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `1 pod`, `2 pods`.
pub(crate) fn count(number: u32, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_reads_best() {
        for (seconds, expected) in [
            (0.0, "0 s"),
            (0.25, "250 ms"),
            (25.0, "25 s"),
            (90.0, "90 s"),
            (145.0, "145 s"),
            (599.99, "10 min"),
            (1548.0, "25.8 min"),
            (84_200.0, "23.4 h"),
            (86_400.0 * 40.0, "40 days"),
            (1e9, "31.7 years"),
            (1e15, "more than a million years"),
        ] {
            assert_eq!(time(seconds), expected);
        }
    }

    #[test]
    fn numbers_have_three_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (1.026, "1.03"),
            (12_345.6, "12346"),
            (0.012_5, "0.0125"),
            (0.5, "0.5"),
            (1.96e-10, "2.0e-10"),
            (f64::INFINITY, "never"),
        ] {
            assert_eq!(digits(value), expected);
        }
        assert_eq!(share(0.000_125), "0.0125 %");
        assert_eq!((count(1, "pod"), count(3, "pod")), ("1 pod".into(), "3 pods".into()));
    }
}
