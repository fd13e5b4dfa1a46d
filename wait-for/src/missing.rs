//! What it means that a target's object does not exist.

use crate::verdict::Verdict;

/// `--missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// It may still be created.
    #[default]
    Wait,
    /// It had to be there: waiting is hopeless.
    Fail,
    /// What is not there need not be waited for.
    Ok,
}

impl Missing {
    /// The words of the flag.
    pub const WORDS: [(&'static str, Self); 3] =
        [("wait", Self::Wait), ("fail", Self::Fail), ("ok", Self::Ok)];

    /// What an absence comes to, where `absent` is what the condition itself makes of it.
    #[must_use]
    pub fn judge(self, absent: Verdict) -> Verdict {
        match (self, absent) {
            (Self::Fail, Verdict::NotYet(finding)) => Verdict::Failed(finding),
            (Self::Ok, Verdict::NotYet(finding)) => Verdict::Met(finding),
            (_, other) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Finding;

    fn finding() -> Finding {
        Finding::state("not found")
    }

    #[test]
    fn an_absence_is_waited_out_fails_or_is_fine() {
        let absent = || Verdict::NotYet(finding());
        assert_eq!(Missing::Wait.judge(absent()), absent());
        assert_eq!(Missing::Fail.judge(absent()), Verdict::Failed(finding()));
        assert_eq!(Missing::Ok.judge(absent()), Verdict::Met(finding()));
    }

    #[test]
    fn deleted_is_met_by_an_absence_whatever_else_is_said() {
        assert_eq!(Missing::Fail.judge(Verdict::Met(finding())), Verdict::Met(finding()));
    }
}
