//! A verdict that would end the wait for good is only believed when it has been read twice.
//!
//! An initContainer that fails is restarted with a back-off of up to five minutes, so a wrong `failed`
//! costs far more than the second that it takes to be sure.

use crate::verdict::Verdict;
use crate::watch::Reread;

/// Whether a hopeless verdict waits for its second reading.
#[derive(Debug, Default)]
pub struct Doubt {
    is_raised: bool,
}

impl Doubt {
    /// What may be told of `verdict`, and whether it has to be read anew. `is_fresh`: it comes from a
    /// list or a get, not from a watch.
    pub fn weigh(&mut self, verdict: Verdict, is_fresh: bool) -> (Verdict, Reread) {
        let hopeless = match verdict {
            Verdict::Failed(_) | Verdict::Misused(_) => verdict,
            Verdict::Met(_) | Verdict::NotYet(_) => {
                self.is_raised = false;
                return (verdict, Reread::No);
            }
        };
        if self.is_raised && is_fresh {
            return (hopeless, Reread::No);
        }
        self.is_raised = true;
        match hopeless {
            Verdict::Failed(finding) | Verdict::Misused(finding) => (Verdict::NotYet(finding), Reread::Yes),
            Verdict::Met(_) | Verdict::NotYet(_) => (hopeless, Reread::No),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Finding;

    const FRESH: bool = true;
    const WATCHED: bool = false;

    fn failed() -> Verdict {
        Verdict::Failed(Finding::state("failed"))
    }

    fn pending() -> Verdict {
        Verdict::NotYet(Finding::state("failed"))
    }

    #[test]
    fn a_failure_is_believed_at_its_second_reading() {
        let mut doubt = Doubt::default();
        assert_eq!(doubt.weigh(failed(), WATCHED), (pending(), Reread::Yes));
        assert_eq!(doubt.weigh(failed(), FRESH), (failed(), Reread::No));
    }

    #[test]
    fn a_first_list_is_read_again_too_and_a_watch_is_no_second_reading() {
        let mut doubt = Doubt::default();
        assert_eq!(doubt.weigh(failed(), FRESH), (pending(), Reread::Yes));
        assert_eq!(doubt.weigh(failed(), WATCHED), (pending(), Reread::Yes));
    }

    #[test]
    fn a_failure_that_was_a_passing_state_is_forgotten() {
        let mut doubt = Doubt::default();
        doubt.weigh(failed(), WATCHED);
        assert_eq!(doubt.weigh(pending(), FRESH), (pending(), Reread::No));
        assert_eq!(doubt.weigh(failed(), FRESH), (pending(), Reread::Yes));
    }
}
