//! A probability.

use std::fmt;

/// A probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate(f64);

// === impl Rate ===

impl Rate {
    /// Every request.
    pub const ALWAYS: Self = Self(1.0);

    /// `None` unless 0 ≤ `percent` ≤ 100.
    #[must_use]
    pub fn from_percent(percent: f64) -> Option<Self> {
        (0.0..=100.0).contains(&percent).then_some(Self(percent / 100.0))
    }

    /// Whether a draw from [0, 1) falls within it: never at 0 %, always at 100 %.
    #[must_use]
    pub fn covers(self, draw: f64) -> bool {
        draw < self.0
    }

    /// 0 %: no request.
    #[must_use]
    pub fn is_never(self) -> bool {
        self.0 <= 0.0
    }

    /// 100 %: every request.
    #[must_use]
    pub fn is_always(self) -> bool {
        self.0 >= 1.0
    }

    /// This part of the probability; `part` is cut to [0, 1].
    #[must_use]
    pub fn scaled(self, part: f64) -> Self {
        Self(self.0 * part.clamp(0.0, 1.0))
    }

    /// As a number from 0 to 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}
