//! How old an object may be: a finished Job of the last release, of the same name, proves nothing about this one.

use std::str::FromStr;

use crate::moment::{Moment, MomentError};

/// `--newer-than`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewerThan {
    /// Any age will do.
    #[default]
    Whatever,
    /// Created after this time.
    Time(Moment),
    /// Created after the pod that waits.
    OwnPod,
}

impl FromStr for NewerThan {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        if text == "self" { Ok(Self::OwnPod) } else { text.parse().map(Self::Time) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_the_own_pod_is_a_limit() {
        assert_eq!("self".parse(), Ok(NewerThan::OwnPod));
        let time = "2026-01-31T12:00:00Z";
        assert_eq!(time.parse(), Ok(NewerThan::Time(time.parse().unwrap())));
        assert!("yesterday".parse::<NewerThan>().unwrap_err().to_string().contains("2026-01-31T12:00:00Z"));
    }
}
