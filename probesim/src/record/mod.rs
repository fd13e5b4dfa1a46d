//! What a run decided, as JSON lines: written while it serves, and given again by a later run.

mod line;
mod recorder;
mod replay;
mod tape;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(crate) use recorder::Recorder;
pub(crate) use replay::{Replay, read};
pub(crate) use tape::Tape;

use crate::decide::Decision;
use crate::endpoint::Endpoint;
use crate::plan::Port;
use crate::plan::what::Network;
use crate::plan::whom::Caller;

/// What is recorded.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A request was decided.
    Decided { endpoint: Endpoint, sequence: u64, caller: Caller, at: Duration, decision: Decision },
    /// A port changed.
    Network { port: Port, at: Duration, network: Network },
}
