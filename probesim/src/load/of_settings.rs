//! Faults that the settings ask for, and what they allow.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::config::Config;
use crate::plan::Port;
use crate::plan::process::{Limits, Load};
use crate::plan::spec::{Spec, Target};
use crate::plan::what::{Network, What};
use crate::plan::when::Timing;
use crate::quantity::Memory;

/// Where the kernel says how much memory a container may have, in version 2 and 1 of control groups; for one
/// without a limit, `max` or a number beyond all machines.
const LIMIT_FILES: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// All of them.
pub(super) fn faults(config: &Config) -> impl Iterator<Item = Spec> {
    [partition(config), memory(config), processor(config)].into_iter().flatten()
}

/// What faults may ask of the process.
pub(super) fn limits(config: &Config, read: impl Fn(&Path) -> io::Result<String>) -> Limits {
    let default = Limits::default();
    let container = LIMIT_FILES.iter().find_map(|file| read(Path::new(file)).ok()?.trim().parse().ok());
    let container = container.and_then(Memory::from_bytes).unwrap_or(default.memory);
    Limits {
        counts_starts: config.starts_file.is_some(),
        memory: config.load.memory_limit.unwrap_or(default.memory.min(container)),
        processor: config.load.processor_limit.unwrap_or(default.processor),
    }
}

/// kube-probesim's partition as a fault of the network, if it is to be one.
fn partition(config: &Config) -> Option<Spec> {
    let after = config.faults.disconnect_after.filter(|_| config.partition != Network::Open)?;
    let until = config.faults.reconnect_after.map(|length| after.saturating_add(length));
    let source = json!({"on": "network", "name": "partition", "answer": config.partition.word(),
        "after": format!("{after:?}"), "until": until.map(|until| format!("{until:?}"))});
    let timing = Timing { after, until, ..Timing::default() };
    let what = What::Network(config.partition);
    (until != Some(after)).then(|| spec("partition", Target::Port(Port::Http), timing, what, source))
}

fn memory(config: &Config) -> Option<Spec> {
    let memory = config.load.memory?;
    Some(load(config, "memory-load", "memory", &memory.to_string(), Load::Memory(memory)))
}

fn processor(config: &Config) -> Option<Spec> {
    let share = config.load.processor?;
    Some(load(config, "cpu-load", "cpu", &share.to_string(), Load::Processor(share)))
}

fn load(config: &Config, name: &str, key: &str, value: &str, load: Load) -> Spec {
    let until = config.load.length;
    let source = json!({"on": "process", "name": name, key: value,
        "for": until.map(|until: Duration| format!("{until:?}"))});
    spec(name, Target::Process, Timing { until, ..Timing::default() }, What::Load(load), source)
}

fn spec(name: &str, on: Target, timing: Timing, what: What, source: Value) -> Spec {
    let on = vec![on];
    Spec {
        name: name.to_owned(),
        on,
        timing,
        whom: Default::default(),
        what,
        ttl: None,
        is_of_file: false,
        source,
    }
}
