//! What planned faults do to the process itself: memory, processor time, pauses.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::spec::Spec;
use super::what::What;
use super::{Injection, Plan};
use crate::quantity::{Memory, Millicores};

/// How often a load that grows is looked at.
const STEP: Duration = Duration::from_millis(100);

/// What a fault does to the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Holds so much memory.
    Memory(Memory),
    /// Takes so much processor time.
    Processor(Millicores),
    /// Stops the thread that serves, once each time it begins.
    Stall(Duration),
}

/// What the process holds and takes besides its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// In bytes.
    pub memory: u64,
    /// In thousandths of a core.
    pub millicores: u32,
}

/// What faults may ask of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether the starts of the container are counted.
    pub counts_starts: bool,
    /// The most memory.
    pub memory: Memory,
    /// The most processor time.
    pub processor: Millicores,
}

// === impl Plan ===

impl Plan {
    /// What the process is to hold at this uptime, what it comes to once it has grown, and when that may change.
    /// The first fault of each kind whose moment is now counts.
    #[must_use]
    pub fn held(&self, uptime: Duration) -> (Held, Held, Option<Duration>) {
        let (mut now, mut goal) = (Held::default(), Held::default());
        let mut next = self.process.iter().filter_map(|fault| fault.next_edge(uptime)).min();
        for fault in &self.process {
            let (Some(since), What::Load(load)) = (fault.since(uptime), &fault.what) else { continue };
            let part =
                fault.timing.ramp.map_or(1.0, |ramp| since.as_secs_f64() / ramp.as_secs_f64()).min(1.0);
            match load {
                Load::Memory(memory) if goal.memory == 0 => {
                    goal.memory = memory.bytes();
                    now.memory = (goal.memory as f64 * part) as u64;
                }
                Load::Processor(share) if goal.millicores == 0 => {
                    goal.millicores = share.number();
                    now.millicores = (f64::from(goal.millicores) * part) as u32;
                }
                Load::Memory(_) | Load::Processor(_) | Load::Stall(_) => {}
            }
        }
        if now != goal {
            next = Some(next.map_or(uptime + STEP, |next| next.min(uptime + STEP)));
        }
        (now, goal, next)
    }

    /// The pauses whose moment is now.
    pub(crate) fn stalls(&self, uptime: Duration) -> impl Iterator<Item = (&Arc<Injection>, Duration)> {
        self.process.iter().filter_map(move |fault| match fault.what {
            What::Load(Load::Stall(time)) if fault.is_open(uptime) => Some((fault, time)),
            _ => None,
        })
    }
}

// === impl Load ===

impl Load {
    /// For metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::Processor(_) => "cpu",
            Self::Stall(_) => "stall",
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(memory) => write!(f, "memory {memory}"),
            Self::Processor(share) => write!(f, "cpu {share}"),
            Self::Stall(time) => write!(f, "stall {time:?}"),
        }
    }
}

// === impl Limits ===

impl Limits {
    /// Whether a fault is within them.
    ///
    /// # Errors
    /// The key that is not, and what to do.
    pub fn check(&self, spec: &Spec) -> Result<(), (&'static str, String)> {
        let name = &spec.name;
        if spec.timing.starts.is_some() && !self.counts_starts {
            let message = format!("fault {name:?} has `starts`: set STARTS_FILE to a file in an emptyDir");
            return Err(("starts", message));
        }
        let above = |value: &dyn fmt::Display, limit: &dyn fmt::Display, setting| {
            format!("fault {name:?}: {value} is above the limit; write at most {limit}, or raise {setting}")
        };
        match spec.what {
            What::Load(Load::Memory(memory)) if memory > self.memory => {
                Err(("memory", above(&memory, &self.memory, "MEMORY_LOAD_LIMIT")))
            }
            What::Load(Load::Processor(share)) if share > self.processor => {
                Err(("cpu", above(&share, &self.processor, "CPU_LOAD_LIMIT")))
            }
            _ => Ok(()),
        }
    }
}

impl Default for Limits {
    /// No starts, and what cannot take a node down.
    fn default() -> Self {
        Self { counts_starts: false, memory: Memory::GIBIBYTE, processor: Millicores::CORE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Faults;
    use crate::endpoint::Endpoints;
    use crate::plan::{Sources, spec};
    use crate::yaml::Node;

    fn plan(text: &str) -> Plan {
        let endpoints = Endpoints::default();
        let fixed = spec::read_all(&Node::parse(text).unwrap(), "", "fault-", &endpoints).unwrap();
        let sources = Sources { fixed: &fixed, ..Sources::default() };
        Plan::build(&Faults::default(), sources, &endpoints)
    }

    fn millis(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn memory_grows_over_its_ramp_and_goes_with_its_window() {
        let plan = plan(
            "[{on: process, memory: 100Mi, after: 1s, for: 3s, ramp: 2s}, {on: process, cpu: 500m, after: 2s}]",
        );
        for (at, memory, millicores, next) in [
            (0, 0, 0, Some(1_000)),
            (1_000, 0, 0, Some(1_100)),
            (1_950, 47, 0, Some(2_000)),
            (2_000, 50, 500, Some(2_100)),
            (3_000, 100, 500, Some(4_000)),
            (4_000, 0, 500, None),
        ] {
            let (now, _, again) = plan.held(millis(at));
            let held = Held { memory: (now.memory >> 20) << 20, ..now };
            assert_eq!(held, Held { memory: memory << 20, millicores }, "{at}");
            assert_eq!(again, next.map(millis), "{at}");
        }
    }

    #[test]
    fn the_first_load_of_a_kind_counts() {
        let plan =
            plan("[{on: process, cpu: 10%, until: 1s}, {on: process, cpu: 0.2}, {on: process, memory: 1Mi}]");
        assert_eq!(plan.held(Duration::ZERO).0, Held { memory: 1 << 20, millicores: 100 });
        assert_eq!(plan.held(millis(1_000)).0, Held { memory: 1 << 20, millicores: 200 });
    }

    #[test]
    fn a_stall_is_there_while_its_window_is_open() {
        let plan = plan("{on: process, stall: 300ms, after: 1s, flap: {period: 10s, duty: 10%}}");
        for (at, count) in [(0, 0), (1_000, 1), (1_999, 1), (2_000, 0), (11_000, 1)] {
            assert_eq!(plan.stalls(millis(at)).count(), count, "{at}");
        }
    }

    #[test]
    fn what_is_above_a_limit_says_the_limit_and_its_setting() {
        let limits = Limits { memory: Memory::parse("256Mi").unwrap(), ..Limits::default() };
        for (text, expected) in [
            ("{on: process, memory: 256Mi}", None),
            ("{on: process, cpu: 1}", None),
            (
                "{on: process, memory: 257Mi}",
                Some("257Mi is above the limit; write at most 256Mi, or raise MEMORY_LOAD_LIMIT"),
            ),
            (
                "{on: process, cpu: 1001m}",
                Some("1001m is above the limit; write at most 1000m, or raise CPU_LOAD_LIMIT"),
            ),
            ("{on: startup, starts: 2}", Some("has `starts`: set STARTS_FILE")),
        ] {
            let specs = spec::read_all(&Node::parse(text).unwrap(), "", "", &Endpoints::default()).unwrap();
            let refused = limits.check(&specs[0]).err().map(|(_, message)| message);
            assert_eq!(refused.is_some(), expected.is_some(), "{text}");
            assert!(refused.unwrap_or_default().contains(expected.unwrap_or_default()), "{text}");
        }
    }
}
