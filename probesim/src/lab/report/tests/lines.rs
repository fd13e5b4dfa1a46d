//! What is printed.

use std::sync::Arc;

use super::*;
use crate::kubelet::Role;
use crate::lab::happening::{Fact, Member};
use crate::lab::report::plain::Plain;
use crate::lab::report::summary::summary;

fn lines(happenings: &[Happening], is_verbose: bool) -> Vec<String> {
    let mut story = Story::new(false);
    let mut plain = Plain::new(is_verbose);
    let mut lines = Vec::new();
    for happening in happenings {
        story.learn(happening);
        lines.extend(plain.line(&story, happening));
    }
    lines
}

fn at(second: u64, fact: Fact) -> Happening {
    Happening { at: Duration::from_secs(second), fact }
}

#[test]
fn a_troubled_pod_is_told_by_what_matters() {
    let happenings = pod(("shop/web-0", Some("statefulset/web")), &shop(), &troubled(), (0.0, 60.0));
    let refused = "Get \"http://127.0.0.5:80/\": dial tcp: connection refused";
    let deadline = "Get \"http://127.0.0.5:80/\": context deadline exceeded";
    let expected = format!(
        "    0.000s  web-0  added for statefulset/web; init container gate: simulator, app: simulator
    0.100s  web-0  gate  started
    2.600s  web-0  gate  done after 2.5s
    2.600s  web-0        init containers done, 2.6s after it was added
    2.700s  web-0  app   started
    3.002s  web-0  app startup  failed: {refused} (10 in a row have it killed)
    4.002s  web-0  app startup  failed: {refused} (2 in a row, 10 have it killed)
    5.002s  web-0  app startup  succeeded for the first time
    5.002s  web-0  app          started up: the other probes begin
    5.004s  web-0  app readiness  succeeded for the first time
    5.004s  web-0                 Ready, 5s after it was added
   10.002s  web-0  app liveness   succeeded for the first time
   21.004s  web-0  app readiness  failed: HTTP probe failed with statuscode: 503 (2 in a row make it not ready)
   23.004s  web-0  app readiness  failed: HTTP probe failed with statuscode: 503 (2 in a row: not ready)
   23.004s  web-0                 not Ready: app is not ready
   23.006s  web-0  app readiness  failed: HTTP probe failed with statuscode: 503 (3 in a row)
   25.006s  web-0  app readiness  succeeded again
   25.006s  web-0                 Ready again, after 2s
   31.000s  web-0  app liveness   failed: {deadline} (3 in a row have it killed)
   36.000s  web-0  app liveness   failed: {deadline} (2 in a row, 3 have it killed)
   41.000s  web-0  app liveness   failed: {deadline} (3 in a row: it is killed)
   41.000s  web-0  app            killed for its liveness probe: SIGTERM, and SIGKILL 30s later
   41.400s  web-0  app            exited with 143, SIGTERM
   41.500s  web-0  app            restarted, restart count 1
   41.500s  web-0                 not Ready: app is not ready
   42.002s  web-0  app startup    succeeded again
   42.002s  web-0  app            started up: the other probes begin
   42.004s  web-0                 Ready again, after 0.504s
   46.000s  web-0  app liveness   failed: {deadline} (3 in a row have it killed)
   50.002s  web-0  app liveness   succeeded again
   50.010s  web-0  app readiness  errored 3 times, which counts neither way: unexpected EOF
   54.006s  web-0  app readiness  succeeded, with a warning: Probe terminated redirects"
    );
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(lines(&happenings, false), expected);
}

#[test]
fn a_crash_loop_is_told_by_its_ends_and_back_offs() {
    let happenings = pod(("shop/crash", None), &web(), &crashing(), (0.0, 17.0));
    let expected = "    0.000s  crash  added; app: simulator
    0.100s  crash  app  started
    0.102s  crash  app readiness  succeeded for the first time
    0.102s  crash                 Ready, 0.102s after it was added
    3.100s  crash  app            exited with 1
    3.100s  crash                 not Ready: app is not ready
    3.200s  crash  app            restarted, restart count 1
    3.202s  crash                 Ready again, after 0.102s
    6.200s  crash  app            exited with 1
    6.200s  crash                 not Ready: app is not ready
    6.200s  crash  app            back-off: the next start is 10s after its end
   16.300s  crash  app            restarted, restart count 2
   16.302s  crash                 Ready again, after 10.1s";
    assert_eq!(lines(&happenings, false), expected.lines().collect::<Vec<_>>());
}

#[test]
fn a_deleted_pod_is_told_to_its_end() {
    let script = Script { deleted: Some(4.0), ..well() };
    let happenings = pod(("default/db-0", None), &web(), &script, (0.0, 9.0));
    let told = lines(&happenings, false);
    assert_eq!(
        told[told.len() - 3..],
        [
            "    4.000s  db-0  app            stopped with its pod: SIGTERM, and SIGKILL 30s later",
            "    4.400s  db-0  app            exited with 143, SIGTERM",
            "    4.400s  db-0                 gone",
        ]
    );
}

#[test]
fn events_objects_and_output_have_their_lines() {
    let (web, other): (Arc<str>, Arc<str>) = ("shop/web-0".into(), "ops/web-0".into());
    let event = |reason: &str| Fact::Event {
        about: "deployment/web".into(),
        severity: "Normal",
        reason: reason.into(),
        message: "Scaled up replica set web-7 from 0 to 1".into(),
    };
    let member = Member { name: "app".into(), role: Role::Regular, runs: "./app".into(), probes: Vec::new() };
    let added = |pod: &Arc<str>| {
        let (pod, containers) = (Arc::clone(pod), vec![member.clone()]);
        Fact::PodAdded { pod, workload: None, containers }
    };
    let output = Fact::Output {
        pod: Arc::clone(&web),
        container: "app".into(),
        line: "\x1b[32mINFO\x1b[0m listening\ton :80\r".into(),
    };
    let happenings = [
        at(0, Fact::Object { line: "deployment/web new, 0/1 available".into() }),
        at(1, event("ScalingReplicaSet")),
        at(1, event("Scheduled")),
        at(2, added(&web)),
        at(2, added(&other)),
        at(3, output),
    ];
    let expected = "    0.000s  deployment/web  new, 0/1 available
    1.000s  deployment/web  ScalingReplicaSet: Scaled up replica set web-7 from 0 to 1
    2.000s  web-0  added; app: ./app
    2.000s  ops/web-0  added; app: ./app
    3.000s  web-0  app  | INFO listening on :80";
    assert_eq!(lines(&happenings, false), expected.lines().collect::<Vec<_>>());
    assert_eq!(lines(&happenings, true).len(), 6, "every Event");
}

#[test]
fn verbose_shows_every_probe() {
    let happenings = pod(("shop/web-0", None), &web(), &well(), (0.0, 9.0));
    let probes = happenings.iter().filter(|one| matches!(one.fact, Fact::Probed { .. })).count();
    let told = lines(&happenings, true);
    assert_eq!(told.iter().filter(|line| line.contains("succeeded")).count(), probes);
    assert!(told.iter().any(|line| line.ends_with("succeeded [0.002s]")), "{told:#?}");
}

#[test]
fn the_summary_has_a_row_for_each_pod_and_each_workload_with_several() {
    let minute = summary(&story(&minute(), 60));
    let expected = "after 1m: 3 pods
POD    READY AFTER  NOT READY     LONGEST  RESTARTS  KILLED      BACK-OFF  PROBES (FAILED)
web-0  5s           4.6%, 2.5s    2s       1         1 liveness  -         startup 4 (2), readiness 30 (3) [1 errored], liveness 10 (4)
db-0   0.102s       0%            -        0         -           -         readiness 22
crash  0.102s       79.3%, 45.9s  20.1s    3         -           45.8s     readiness 12
web-0: init containers: gate 2.5s; open 2.6s after it was added";
    assert_eq!(minute, expected.lines().collect::<Vec<_>>());

    let two = ["shop/web-0", "shop/web-1"];
    let two = together(two.map(|name| pod((name, Some("deployment/web")), &web(), &well(), (0.0, 5.0))));
    let expected = "after 5s: 2 pods
POD                      READY AFTER  NOT READY  LONGEST  RESTARTS  KILLED  BACK-OFF  PROBES (FAILED)
deployment/web (2 pods)  0.102s       0%         -        0         -       -         readiness 8
  web-0                  0.102s       0%         -        0         -       -         readiness 4
  web-1                  0.102s       0%         -        0         -       -         readiness 4";
    assert_eq!(summary(&story(&two, 5)), expected.lines().collect::<Vec<_>>());
    assert_eq!(summary(&story(&[], 5)), ["after 5s: 0 pods"]);
}
