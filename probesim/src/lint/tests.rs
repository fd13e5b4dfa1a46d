//! Each rule with a manifest that it is about, and one that it has nothing to say of.

use std::path::Path;

use super::*;

/// A Deployment of one container, with these lines in its container, its pod and its spec.
fn deployment(container: &str, pod: &str, spec: &str) -> Value {
    let text = format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{{spec} template: {{metadata: \
         {{labels: {{app: web}}}}, spec: {{{pod} containers: [{{name: web, {container}}}]}}}}}}}}"
    );
    object(&text)
}

fn object(text: &str) -> Value {
    let objects = crate::manifest::parse_text(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    objects[0].value.clone()
}

fn rules(objects: &[Value]) -> Vec<(&'static str, String)> {
    let objects: Vec<_> =
        objects.iter().map(|value| Object::new(Path::new("web.yaml"), 1, value.clone())).collect();
    let found = check(&objects).unwrap_or_else(|why| panic!("{why}"));
    found.into_iter().map(|finding| (finding.rule, finding.field)).collect()
}

fn finding(objects: &[Value], rule: &str) -> Option<Finding> {
    let objects: Vec<_> =
        objects.iter().map(|value| Object::new(Path::new("web.yaml"), 1, value.clone())).collect();
    let found = check(&objects).unwrap_or_else(|why| panic!("{why}"));
    found.into_iter().find(|finding| finding.rule == rule)
}

const C: &str = "spec.template.spec.containers[0]";
const READY: &str = "readinessProbe: {httpGet: {path: /ready, port: 80}}";

/// The rule, a container that it is about with the field, and one that it is not about.
#[test]
fn rules_about_one_container() {
    for (rule, bad, field, good) in [
        (
            "timeout-longer-than-period",
            "readinessProbe: {grpc: {port: 1}, timeoutSeconds: 20}",
            "readinessProbe.timeoutSeconds",
            "readinessProbe: {grpc: {port: 1}, timeoutSeconds: 10}",
        ),
        (
            "delay-between-ticks",
            "readinessProbe: {grpc: {port: 1}, initialDelaySeconds: 5}",
            "readinessProbe.initialDelaySeconds",
            "startupProbe: {grpc: {port: 1}}, readinessProbe: {grpc: {port: 1}, initialDelaySeconds: 5}",
        ),
        (
            "frequent-command",
            "readinessProbe: {exec: {command: ['true']}, periodSeconds: 1}",
            "readinessProbe.periodSeconds",
            "readinessProbe: {exec: {command: ['true']}, periodSeconds: 5}",
        ),
        (
            "liveness-without-tolerance",
            "livenessProbe: {grpc: {port: 1}, failureThreshold: 1}",
            "livenessProbe.failureThreshold",
            "livenessProbe: {grpc: {port: 1}}, readinessProbe: {grpc: {port: 2}, failureThreshold: 1}",
        ),
        (
            "delay-instead-of-startup-probe",
            "livenessProbe: {grpc: {port: 1}, initialDelaySeconds: 60}",
            "livenessProbe.initialDelaySeconds",
            "livenessProbe: {grpc: {port: 1}, initialDelaySeconds: 60}, startupProbe: {grpc: {port: 1}}",
        ),
        (
            "no-startup-probe",
            "livenessProbe: {grpc: {port: 1}}",
            "livenessProbe",
            "livenessProbe: {grpc: {port: 1}}, startupProbe: {grpc: {port: 1}}",
        ),
        (
            "liveness-as-readiness",
            "livenessProbe: {httpGet: {port: 80}}, readinessProbe: {httpGet: {port: 80}}",
            "livenessProbe",
            "livenessProbe: {httpGet: {port: 80}, failureThreshold: 6}, readinessProbe: {httpGet: {port: 80}}",
        ),
        (
            "liveness-on-dependency",
            "livenessProbe: {httpGet: {path: /health/ready?x, port: 80}}",
            "livenessProbe.httpGet.path",
            "livenessProbe: {httpGet: {path: /already, port: 80}}",
        ),
        (
            "tcp-liveness",
            "livenessProbe: {tcpSocket: {port: 80}}",
            "livenessProbe.tcpSocket",
            "readinessProbe: {tcpSocket: {port: 80}}",
        ),
        (
            "unknown-port-name",
            "readinessProbe: {httpGet: {port: web}}",
            "readinessProbe.httpGet.port",
            "ports: [{name: web, containerPort: 80}], readinessProbe: {httpGet: {port: web}}",
        ),
        (
            "probe-of-another-host",
            "readinessProbe: {httpGet: {port: 80, host: example.com}}",
            "readinessProbe.httpGet.host",
            "readinessProbe: {httpGet: {port: 80, host: ''}}",
        ),
        (
            "pre-stop-uses-up-grace",
            "lifecycle: {preStop: {sleep: {seconds: 30}}}",
            "lifecycle.preStop.sleep.seconds",
            "lifecycle: {preStop: {sleep: {seconds: 20}}}",
        ),
        (
            "probe-grace-longer-than-pod",
            "livenessProbe: {grpc: {port: 1}, terminationGracePeriodSeconds: 60}",
            "livenessProbe.terminationGracePeriodSeconds",
            "livenessProbe: {grpc: {port: 1}, terminationGracePeriodSeconds: 10}",
        ),
        (
            "not-a-string",
            "env: [{name: A, value: 5}]",
            "env[0].value",
            "env: [{name: A, value: '5'}], args: [a]",
        ),
        ("not-a-string", "args: [--verbose, yes]", "args[1]", "args: [--verbose, 'yes']"),
    ] {
        let found = rules(&[deployment(bad, "", "")]);
        assert!(found.contains(&(rule, format!("{C}.{field}"))), "{rule}: {found:?}");
        let found = rules(&[deployment(good, "", "")]);
        assert!(found.iter().all(|(other, _)| *other != rule), "{rule}: {found:?}");
    }
}

/// The rule, settings that it is about with the place of the variable, and settings that it is not about.
#[test]
fn rules_about_the_simulator() {
    let probes = "livenessProbe: {httpGet: {path: /liveness, port: 8080}}, readinessProbe: {httpGet: {path: /readiness, \
                  port: 8080}}, startupProbe: {httpGet: {path: /startup, port: 8080}}";
    let liveness = "livenessProbe: {httpGet: {path: /liveness, port: 8080}}";
    let env = |variables: &str| format!("image: probesim:1, env: [{variables}]");
    for (rule, probes, bad, good) in [
        (
            "latency-reaches-timeout",
            probes,
            "{name: LATENCY, value: '1000'}",
            "{name: LATENCY, value: '999'}",
        ),
        (
            "restarts-by-chance",
            probes,
            "{name: FAILURE_RATE, value: '20'}",
            "{name: FAILURE_RATE, value: '1'}",
        ),
        (
            "hidden-by-restart",
            probes,
            "{name: DISCONNECT_AFTER, value: '30'}, {name: LIVENESS_FAIL_AFTER_TIME, value: '60'}",
            "{name: DISCONNECT_AFTER, value: '1'}, {name: LIVENESS_FAIL_AFTER_TIME, value: '60'}",
        ),
        (
            "startup-delay-exceeds-budget",
            probes,
            "{name: STARTUP_DELAY, value: 25s}",
            "{name: STARTUP_DELAY, value: 20s}",
        ),
        (
            "fault-without-probe",
            liveness,
            "{name: READINESS_FAIL_AFTER_TIME, value: '60'}",
            "{name: LIVENESS_FAIL_AFTER_TIME, value: '60'}",
        ),
        (
            "fault-without-probe",
            liveness,
            "{name: DISCONNECT_AFTER, value: '1'}",
            "{name: DISCONNECT_AFTER, value: '1'}, {name: PARTITION, value: refuse}",
        ),
        (
            "simulator-setting",
            probes,
            "{name: FAULTS, value: '{on: readiness, answer: stall}'}",
            "{name: FAULTS, value: '{on: readiness, answer: close}'}",
        ),
        ("nobody-listens", probes, "{name: PORT, value: '9090'}", "{name: PORT, value: '8080'}"),
    ] {
        let bad = format!("{}, {probes}", env(bad));
        let found = rules(&[deployment(&bad, "", "")]);
        let place = found.iter().find(|(other, _)| *other == rule);
        let is_right = place.is_some_and(|(_, field)| {
            field.starts_with(&format!("{C}.env[0]"))
                || (rule == "nobody-listens" && field.ends_with("httpGet.port"))
        });
        assert!(is_right, "{rule}: {found:?}");
        let good = format!("{}, {probes}", env(good));
        let found = rules(&[deployment(&good, "", "")]);
        assert!(found.iter().all(|(other, _)| *other != rule), "{rule}: {found:?}");
    }
}

#[test]
fn a_restart_by_chance_is_told_with_its_time() {
    let container = "image: probesim, env: [{name: FAILURE_RATE, value: '20'}], livenessProbe: {httpGet: {path: \
                     /liveness, port: 8080}}";
    let found = finding(&[deployment(container, "", "")], "restarts-by-chance").unwrap();
    let expected =
        "FAILURE_RATE: at 20% and failureThreshold 3 bad luck alone restarts the container every 25.8 min";
    assert_eq!((found.reason.as_str(), found.severity), (expected, Severity::Warning));
    assert!(found.instead.ends_with("write failureThreshold: 7 for liveness"), "{}", found.instead);
    let shown = found.to_string();
    assert!(
        shown.starts_with("web.yaml:1: warning: spec.template.") && shown.ends_with("[restarts-by-chance]"),
        "{shown}"
    );
}

/// The rule, lines of the spec with the field, lines that it is not about.
#[test]
fn rules_about_rollouts() {
    for (rule, bad, field, good) in [
        (
            "deadline-before-start",
            "progressDeadlineSeconds: 60, minReadySeconds: 30,",
            "spec.progressDeadlineSeconds",
            "progressDeadlineSeconds: 61, minReadySeconds: 30,",
        ),
        (
            "all-replicas-at-once",
            "replicas: 4, strategy: {rollingUpdate: {maxUnavailable: 100%}},",
            "spec.strategy.rollingUpdate.maxUnavailable",
            "replicas: 4, strategy: {rollingUpdate: {maxUnavailable: 99%}},",
        ),
        (
            "all-replicas-at-once",
            "strategy: {rollingUpdate: {maxUnavailable: 1}},",
            "spec.strategy.rollingUpdate.maxUnavailable",
            "strategy: {rollingUpdate: {maxUnavailable: 25%}},",
        ),
    ] {
        let startup = "startupProbe: {grpc: {port: 1}}";
        let found = rules(&[deployment(startup, "", bad)]);
        assert!(found.contains(&(rule, field.to_owned())), "{rule}: {found:?}");
        let found = rules(&[deployment(startup, "", good)]);
        assert!(found.iter().all(|(other, _)| *other != rule), "{rule}: {found:?}");
    }
}

#[test]
fn a_budget_must_leave_a_pod_to_evict() {
    let budget = |line: &str| {
        object(&format!(
            "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: web}}, spec: {{{line}, selector: \
             {{matchLabels: {{app: web}}}}}}}}"
        ))
    };
    for (replicas, line, is_found) in [
        (1, "minAvailable: 1", true),
        (3, "minAvailable: 100%", true),
        (3, "minAvailable: 2", false),
        (3, "maxUnavailable: 0", true),
        (3, "maxUnavailable: 10%", false),
    ] {
        let workload = deployment(READY, "", &format!("replicas: {replicas},"));
        let found = finding(&[workload, budget(line)], "budget-blocks-eviction");
        assert_eq!(found.is_some(), is_found, "{replicas} {line}: {found:?}");
    }
}

#[test]
fn a_service_needs_its_port_and_readiness() {
    let service = |port: &str| {
        object(&format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{selector: {{app: web}}, ports: [{{port: \
             80, targetPort: {port}}}]}}}}"
        ))
    };
    let named = "ports: [{name: http, containerPort: 80}]";
    let both = format!("{named}, {READY}");
    for (container, port, rule, is_found) in [
        (both.as_str(), "http", "unknown-target-port", false),
        (both.as_str(), "8080", "unknown-target-port", false),
        (both.as_str(), "web", "unknown-target-port", true),
        (both.as_str(), "http", "service-without-readiness", false),
        (named, "http", "service-without-readiness", true),
    ] {
        let found = finding(&[deployment(container, "", ""), service(port)], rule);
        assert_eq!(found.is_some(), is_found, "{container} {port}: {found:?}");
    }
    assert!(finding(&[deployment(named, "", "")], "service-without-readiness").is_none());
}

#[test]
fn a_gate_must_not_need_the_pod_that_it_holds_back() {
    let gate = |name: &str, target: &str| {
        object(&format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{template: {{metadata: {{labels: \
             {{app: {name}}}}}, spec: {{initContainers: [{{name: w, image: 'x/wait-for:1', args: ['{target}']}}], \
             containers: [{{name: c}}]}}}}}}}}"
        ))
    };
    let service = |name: &str, more: &str| {
        object(&format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{selector: {{app: {name}}}{more}}}}}"
        ))
    };
    let expect = |objects: &[Value], rule: &str, is_found: bool| {
        let found = finding(objects, rule);
        assert_eq!(found.is_some(), is_found, "{rule}: {found:?}");
    };
    expect(&[gate("a", "deployment/a")], "waits-for-itself", true);
    expect(&[gate("a", "deploy/a:exists")], "waits-for-itself", false);
    expect(&[gate("a", "deploy/a@other")], "waits-for-itself", false);
    expect(&[gate("a", "pod/app=a")], "waits-for-itself", true);
    expect(&[gate("a", "service/a"), service("a", "")], "waits-for-itself", true);
    let published = service("a", ", publishNotReadyAddresses: true");
    expect(&[gate("a", "service/a"), published], "waits-for-itself", false);
    let circle = [gate("a", "svc/b"), service("b", ""), gate("b", "deploy/c"), gate("c", "pod/app=a")];
    expect(&circle, "waits-in-a-circle", true);
    let reason = finding(&circle, "waits-in-a-circle").unwrap().reason;
    assert!(
        reason.contains("waits for deployment/b, which waits for deployment/c, which waits for deployment/a"),
        "{reason}"
    );
    expect(&circle[..3], "waits-in-a-circle", false);
}

#[test]
fn a_sound_manifest_has_no_findings() {
    let container = "ports: [{name: http, containerPort: 80}], startupProbe: {httpGet: {path: /live, port: http}}, \
                     readinessProbe: {httpGet: {path: /ready, port: http}}, livenessProbe: {httpGet: {path: /live, port: \
                     http}}";
    assert_eq!(rules(&[deployment(container, "", "replicas: 3,")]), []);
}
