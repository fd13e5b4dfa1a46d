//! In the example of the simulator each fault has its moment before the container is restarted.

use std::time::Duration;

use crate::arguments;
use crate::container;
use crate::file::File;

#[test]
fn every_fault_of_the_example_can_be_seen_before_the_restart() {
    let complaints = hidden_faults(&File::at("examples/kube-probesim.yaml"));
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn a_fault_that_comes_too_late_is_noticed() {
    let example = File::at("examples/kube-probesim.yaml");
    let seed = [("\"2\"", "\"30\""), ("\"240\"", "\"120\""), ("\"300\"", "\"60\"")];
    let text = seed.iter().fold(example.text, |text, (ours, theirs)| text.replace(ours, theirs));
    assert_eq!(
        hidden_faults(&File::new("kube-probesim as it was", text)),
        ["readiness has failed for good before the partition ends", "liveness fails before readiness does"]
    );
}

fn hidden_faults(file: &File) -> Vec<&'static str> {
    let [container] = container::of(file, "probesim")[..] else { panic!("one simulator in {}", file.path) };
    let faults = arguments::simulator(&container).expect("settings").faults;
    let time_to_act = |probe: &str, threshold: u64| {
        let number = |field: &str, default: u64| container.value[probe][field].as_u64().unwrap_or(default);
        Duration::from_secs(number("periodSeconds", 10) * number("failureThreshold", threshold))
    };
    let partition = faults.disconnect_after.expect("DISCONNECT_AFTER");
    let length = faults.reconnect_after.expect("RECONNECT_AFTER");
    let readiness = faults.readiness_fail_after.expect("READINESS_FAIL_AFTER_TIME");
    let liveness = faults.liveness_fail_after.expect("LIVENESS_FAIL_AFTER_TIME");
    let unready = time_to_act("readinessProbe", 3);
    let rules = [
        (faults.startup_delay < time_to_act("startupProbe", 3), "the startup probe ends the container first"),
        (faults.startup_delay < partition, "the partition begins before the start is over"),
        (unready < length, "the partition is over before the pod is not ready"),
        (partition + length < readiness, "readiness has failed for good before the partition ends"),
        (readiness + unready < liveness, "liveness fails before readiness does"),
        (!faults.failure_rate.is_never() && !faults.latency.is_zero(), "there is no chance or no latency"),
    ];
    rules.into_iter().filter_map(|(holds, complaint)| (!holds).then_some(complaint)).collect()
}
