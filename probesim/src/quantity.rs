//! Amounts of memory and processor time, as Kubernetes writes them:
//! <https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#resource-units-in-kubernetes>.

use std::fmt;

use crate::duration::is_decimal;

const UNITS: [(&str, u64); 6] =
    [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)];

/// An amount of memory, above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Memory(u64);

/// A share of processor time in thousandths of a core, above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millicores(u32);

// === impl Memory ===

impl Memory {
    /// `1Gi`
    pub const GIBIBYTE: Self = Self(1 << 30);

    /// `64Mi`, `1.5Gi`, `500M`, or a number of bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = UNITS
            .iter()
            .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))
            .unwrap_or((text, 1));
        let is_number = is_decimal(number) && (unit > 1 || !number.contains('.'));
        let bytes = is_number.then(|| number.parse::<f64>().ok())?? * unit as f64;
        // Above 2^53 bytes a float is not exact, and no machine has so much.
        (1.0..9e15).contains(&bytes).then_some(Self(bytes as u64))
    }

    /// So many bytes; `None` for 0.
    #[must_use]
    pub fn from_bytes(bytes: u64) -> Option<Self> {
        (bytes > 0).then_some(Self(bytes))
    }

    /// In bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS[..3].iter().find(|(_, unit)| self.0.is_multiple_of(*unit)) {
            Some((suffix, unit)) => write!(f, "{}{suffix}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

// === impl Millicores ===

impl Millicores {
    /// One core.
    pub const CORE: Self = Self(1_000);

    /// `50%` of one core, `500m`, or a number of cores.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = match (text.strip_suffix('%'), text.strip_suffix('m')) {
            (Some(percent), _) => (percent, 10.0),
            (None, Some(millis)) => (millis, 1.0),
            (None, None) => (text, 1_000.0),
        };
        let millicores = is_decimal(number).then(|| number.parse::<f64>().ok())?? * unit;
        (1.0..=1e9).contains(&millicores).then_some(Self(millicores.round() as u32))
    }

    /// In thousandths of a core.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Millicores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}m", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_kubernetes_does() {
        for (text, bytes, shown) in [
            ("64Mi", 64 << 20, "64Mi"),
            ("1.5Gi", 3 << 29, "1536Mi"),
            ("500M", 500_000_000, "500000000"),
            ("1k", 1_000, "1000"),
            ("4096", 4_096, "4Ki"),
        ] {
            let memory = Memory::parse(text).expect(text);
            assert_eq!((memory.bytes(), memory.to_string().as_str()), (bytes, shown), "{text}");
        }
        for text in ["", "0", "0Mi", "-1Mi", "Mi", "1.5", "64 Mi", "64MB", "64mi", "1e3", "99999999999Gi"] {
            assert_eq!(Memory::parse(text), None, "{text}");
        }
    }

    #[test]
    fn processor_time_is_a_share_of_one_core_millicores_or_cores() {
        for (text, millicores) in [("50%", 500), ("12.5%", 125), ("250m", 250), ("0.1", 100), ("2", 2_000)] {
            assert_eq!(Millicores::parse(text).expect(text).number(), millicores, "{text}");
        }
        for text in ["", "0", "0%", "-5%", "%", "m", "50 %", "half", "0.0001"] {
            assert_eq!(Millicores::parse(text), None, "{text}");
        }
    }
}
