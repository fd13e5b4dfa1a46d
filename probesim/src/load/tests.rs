//! Settings and faults from all their sources.

use std::time::Duration;

use super::*;
use crate::plan::what::{Network, What};
use crate::plan::when::Phase;

fn with_file(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, String> {
    let lookup = |name: &str| match name {
        "CONFIG" => Some(OsString::from("plan.yaml")),
        name => variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)),
    };
    let read = |path: &Path| match path.to_str() {
        Some("plan.yaml") => Ok(text.to_owned()),
        Some("/sys/fs/cgroup/memory.max") => Ok("134217728\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    load(Settings::default(), lookup, read).map_err(|bad| bad.to_string())
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn settings_of_the_file_yield_to_the_environment() {
    let text = "settings: {LATENCY: 50, SEED: 7}";
    let config = with_file(text, &[("LATENCY", "70")]).unwrap().config;
    assert_eq!((config.faults.latency.as_millis(), config.seed), (70, Some(7)));
}

#[test]
fn faults_come_from_the_setting_and_the_file() {
    let loaded = with_file("faults: [{on: readiness}]", &[("FAULTS", "{on: liveness, rate: 5}")]).unwrap();
    let names: Vec<_> = loaded.fixed.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(names, ["setting-1", "fault-1"]);
}

#[test]
fn phases_follow_each_other() {
    let text = "
scenario:
  repeat: true
  phases:
    - for: 30s
    - {name: outage, for: 10s, faults: [{on: readiness, after: 2s}]}
    - {for: 20s, faults: {on: liveness}}";
    let loaded = with_file(text, &[]).unwrap();
    let phase = |n: usize| (loaded.fixed[n].name.as_str(), loaded.fixed[n].timing.phase.unwrap());
    let cycle = Some(secs(60));
    assert_eq!(phase(0), ("outage-1", Phase { from: secs(30), until: Some(secs(40)), cycle }));
    assert_eq!(phase(1), ("phase-3-1", Phase { from: secs(40), until: Some(secs(60)), cycle }));
}

#[test]
fn all_that_is_wrong_is_said_at_once_with_file_and_line() {
    let text = "\
settings:
  PORT: x
  NONE: 1
faults:
  - {on: nowhere}
scenario:
  repeat: true
  phases:
    - faults: [{on: liveness, rte: 5}]
unknown: 1
";
    let bad = with_file(text, &[("LATENCY", "-5"), ("FAULTS", "{on: all, rate: x}")]).unwrap_err();
    for (line, beginning) in bad.lines().zip([
        "LATENCY=",
        "plan.yaml: line 2: settings.PORT=\"x\"",
        "plan.yaml: line 3: settings.NONE: no such variable",
        "FAULTS: line 1: faults.rate",
        "plan.yaml: line 5: faults[0].on: \"nowhere\"",
        "plan.yaml: line 9: scenario.phases[0].for: missing",
        "plan.yaml: line 9: scenario.phases[0].faults[0].rte: unknown",
        "plan.yaml: line 10: unknown: unknown; expected one of settings, faults, dependencies",
    ]) {
        assert!(line.starts_with(beginning), "{beginning}\n{bad}");
    }
    assert_eq!(bad.lines().count(), 8, "{bad}");
}

#[test]
fn a_fault_of_the_first_starts_needs_their_file() {
    let bad = with_file("faults: {on: startup, starts: 2}", &[]).unwrap_err();
    assert!(bad.contains("set STARTS_FILE"), "{bad}");
}

#[test]
fn a_real_partition_replaces_the_500() {
    let variables = [("DISCONNECT_AFTER", "1"), ("RECONNECT_AFTER", "2"), ("PARTITION", "blackhole")];
    let loaded = with_file("", &variables).unwrap();
    let [spec] = &loaded.fixed[..] else { panic!("{:?}", loaded.fixed) };
    assert_eq!(spec.what, What::Network(Network::Blackhole));
    assert_eq!((spec.timing.after, spec.timing.until), (secs(60), Some(secs(180))));
}

#[test]
fn loads_come_from_settings_too_and_have_limits() {
    let loaded = with_file("", &[("MEMORY_LOAD", "64Mi"), ("CPU_LOAD", "50%"), ("LOAD_FOR", "1m")]).unwrap();
    let [memory, processor] = &loaded.fixed[..] else { panic!("{:?}", loaded.fixed) };
    assert_eq!((memory.what.to_string(), memory.timing.until), ("memory 64Mi".into(), Some(secs(60))));
    assert_eq!((processor.what.to_string(), processor.timing.until), ("cpu 500m".into(), Some(secs(60))));
    for (variables, expected) in [
        (&[("MEMORY_LOAD", "129Mi")][..], Err("write at most 128Mi, or raise MEMORY_LOAD_LIMIT")),
        (&[("MEMORY_LOAD", "129Mi"), ("MEMORY_LOAD_LIMIT", "1Gi")], Ok(())),
        (&[("CPU_LOAD", "2")], Err("write at most 1000m, or raise CPU_LOAD_LIMIT")),
        (&[("FAULTS", "{on: process, cpu: 1500m}")], Err("fault \"setting-1\": 1500m is above the limit")),
    ] {
        match (with_file("", variables), expected) {
            (Ok(_), Ok(())) => {}
            (Err(bad), Err(expected)) => assert!(bad.contains(expected), "{bad}"),
            (got, _) => panic!("{variables:?}: {:?}", got.map(|loaded| loaded.fixed)),
        }
    }
}
