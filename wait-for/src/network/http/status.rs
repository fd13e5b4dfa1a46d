//! Sets of HTTP status codes: `200`, `200-299`, `200,204,300-399`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Status codes that count as success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet(Vec<RangeInclusive<u16>>);

// === impl StatusSet ===

impl StatusSet {
    /// Whether the code is one of them.
    #[must_use]
    pub fn contains(&self, code: u16) -> bool {
        self.0.iter().any(|range| range.contains(&code))
    }

    /// Whether it is what the kubelet counts as success.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What the kubelet counts as success:
/// <https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes>
impl Default for StatusSet {
    fn default() -> Self {
        Self(vec![200..=399])
    }
}

impl FromStr for StatusSet {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (code(first)?, code(last)?);
            (first <= last).then_some(first..=last)
        };
        text.split(',').map(range).collect::<Option<_>>().map(Self).ok_or(())
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{first}")?,
                (first, last) => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}

fn code(text: &str) -> Option<u16> {
    let text = text.trim();
    let is_plain = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|code| is_plain && (100..=599).contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_lists_of_codes_and_ranges() {
        for (text, inside, outside) in [
            ("200", &[200][..], &[201, 199][..]),
            ("200-204", &[200, 202, 204], &[205]),
            ("200,204,300-399", &[200, 204, 300, 399], &[201, 400]),
            ("503", &[503], &[200]),
        ] {
            let set: StatusSet = text.parse().unwrap();
            assert!(inside.iter().all(|&code| set.contains(code)), "{text}");
            assert!(!outside.iter().any(|&code| set.contains(code)), "{text}");
            assert_eq!(set.to_string(), text);
        }
        assert_eq!("200, 204".parse::<StatusSet>().unwrap().to_string(), "200,204");
    }

    #[test]
    fn without_a_set_it_is_the_kubelets() {
        let set = StatusSet::default();
        assert!(set.is_default() && set.contains(200) && set.contains(399));
        assert!(!set.contains(199) && !set.contains(400) && !set.contains(101));
        assert!("200-399".parse::<StatusSet>().unwrap().is_default());
    }

    #[test]
    fn anything_else_is_no_set() {
        for text in ["", "ok", "2xx", "200,", "20", "2000", "299-200", "200-", "-200", "99", "600", "+200"] {
            assert_eq!(text.parse::<StatusSet>(), Err(()), "{text}");
        }
    }
}
