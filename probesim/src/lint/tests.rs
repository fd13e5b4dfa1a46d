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

/// A Deployment `ring` with this gate, and its Service.
fn ring(init: &str, service: &str) -> [Value; 2] {
    let deployment = object(&format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: ring, namespace: shop}}, spec: {{template: {{metadata: \
         {{labels: {{app: ring}}}}, spec: {{initContainers: [{{name: w, {init}}}], containers: [{{name: c}}]}}}}}}}}"
    ));
    let service = object(&format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: ring, namespace: shop}}, spec: {{selector: {{app: ring}}{service}}}}}"
    ));
    [deployment, service]
}

#[test]
fn a_gate_must_not_wait_for_a_host_that_is_its_own_pod() {
    let (headless, virtual_ip) = (", clusterIP: None", "");
    let published = ", clusterIP: None, publishNotReadyAddresses: true";
    let own = Some("waits-for-itself");
    for (target, service, expected) in [
        ("dns://ring", headless, own),
        ("dns://ring.shop.svc.cluster.local.", headless, own),
        ("dns://ring-0.ring", headless, own),
        ("dns://_gossip._tcp.ring.shop.svc#type=SRV", headless, own),
        ("dns://ring", virtual_ip, None),
        ("dns://ring.other", headless, None),
        ("dns://ring.example.com", headless, None),
        ("tcp://ring:7933", headless, own),
        ("tcp://ring.shop:7933", virtual_ip, own),
        ("http://ring.shop.svc/health", virtual_ip, own),
        ("https://ring/health#insecure=true", virtual_ip, own),
        ("grpc://ring:90/orders", virtual_ip, own),
        ("tcp://10.0.0.1:80", virtual_ip, None),
        ("dns://ring", published, Some("published-before-ready")),
        ("tcp://ring:7933", published, Some("published-before-ready")),
        ("dns://ring.other", published, None),
    ] {
        let found = rules(&ring(&format!("image: 'wait-for:1', args: ['{target}']"), service));
        let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
        let expected: Vec<_> = expected.into_iter().collect();
        let found: Vec<_> = rules.into_iter().filter(|rule| *rule != "service-without-readiness").collect();
        assert_eq!(found, expected, "{target}{service}");
    }
    let note =
        finding(&ring("image: 'wait-for:1', args: ['dns://ring']", published), "published-before-ready");
    assert_eq!(note.map(|note| note.severity), Some(Severity::Note));
}

#[test]
fn a_gate_that_is_a_sidecar_holds_nothing_back() {
    for (init, is_found) in [
        ("image: 'x/wait-for:1', restartPolicy: Always", true),
        ("image: go-wait-for-k8s, restartPolicy: Always", true),
        ("image: tools, command: [/opt/wait-for, dns://db], restartPolicy: Always", true),
        ("image: tools, command: [/opt/wait-for, dns://db, --, serve], restartPolicy: Always", false),
        ("image: 'x/wait-for:1'", false),
        ("image: tools, command: [/opt/serve], restartPolicy: Always", false),
    ] {
        let found = finding(&ring(init, ""), "gate-as-sidecar");
        assert_eq!(found.is_some(), is_found, "{init}");
        let field = "spec.template.spec.initContainers[0].restartPolicy";
        assert!(found.is_none_or(|found| (found.severity, &*found.field) == (Severity::Error, field)));
    }
}

#[test]
fn a_sidecar_that_is_to_be_waited_for_has_a_startup_probe() {
    let probe = |kind: &str| format!("image: x, restartPolicy: Always, {kind}: {{tcpSocket: {{port: 1}}}}");
    for (init, is_found) in [
        (probe("readinessProbe"), true),
        (probe("livenessProbe"), true),
        (probe("startupProbe"), false),
        (probe("readinessProbe") + ", startupProbe: {tcpSocket: {port: 1}}", false),
        (probe("readinessProbe") + ", lifecycle: {postStart: {exec: {command: [wait]}}}", false),
        ("image: x, restartPolicy: Always".to_owned(), false),
    ] {
        let found = finding(&ring(&init, ""), "sidecar-without-startup-probe");
        assert_eq!(found.map(|it| it.severity), is_found.then_some(Severity::Warning), "{init}");
    }
    assert!(finding(&[deployment(READY, "", "")], "sidecar-without-startup-probe").is_none());
}

#[test]
fn containers_of_a_pod_share_its_ports() {
    let pod = |first: &str, second: &str| {
        let text = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [{{name: a, {first}}}, {{name: b, {second}}}]}}}}"
        );
        finding(&[object(&text)], "port-taken-twice")
    };
    let simulator = |variables: &str| {
        let variables = variables.split_whitespace().filter_map(|it| it.split_once('='));
        let variables: Vec<_> =
            variables.map(|(name, value)| format!("{{name: {name}, value: '{value}'}}")).collect();
        format!("image: probesim, env: [{}]", variables.join(", "))
    };
    let app = |port: &str| format!("image: app, ports: [{{containerPort: {port}}}]");
    let (error, warning) = (Some(Severity::Error), Some(Severity::Warning));
    for (first, second, expected, field) in [
        (simulator(""), simulator("ADMIN_PORT=9001"), error, "spec.containers[1]"),
        (simulator(""), simulator("PORT=9000"), warning, "spec.containers[1]"),
        (
            simulator("ADMIN_PORT=9"),
            simulator("PORT=9000 ADMIN_PORT=9"),
            error,
            "spec.containers[1].env[1].value",
        ),
        (simulator(""), simulator("PORT=9000 ADMIN_PORT=9001"), None, ""),
        (
            simulator("GRPC_PORT=7"),
            simulator("PORT=9000 ADMIN_PORT=9 TCP_PORT=7"),
            error,
            "spec.containers[1].env[2].value",
        ),
        (app("8080"), simulator(""), warning, "spec.containers[1]"),
        (app("80"), app("80"), warning, "spec.containers[1].ports[0].containerPort"),
        (app("80"), app("80, protocol: UDP"), None, ""),
        (app("80"), app("81"), None, ""),
    ] {
        let found = pod(&first, &second);
        assert_eq!(found.as_ref().map(|it| it.severity), expected, "{first} and {second}: {found:?}");
        assert!(found.is_none_or(|found| found.field == field), "{first} and {second}");
    }
}

#[test]
fn a_slow_start_is_ended_by_the_probe_that_ends_starts() {
    let container = |probes: &str| {
        let env = "image: probesim, env: [{name: STARTUP_DELAY, value: 25s}]";
        finding(&[deployment(&format!("{env}, {probes}"), "", "")], "startup-delay-exceeds-budget")
    };
    let asks = |kind: &str, more: &str| {
        format!("{kind}: {{httpGet: {{path: /startup, port: 8080}}, periodSeconds: 2{more}}}")
    };
    for (probes, is_found) in [
        (asks("startupProbe", ""), true),
        (asks("startupProbe", ", initialDelaySeconds: 25"), false),
        (asks("livenessProbe", ""), true),
        (asks("livenessProbe", ", initialDelaySeconds: 30"), false),
        (asks("livenessProbe", "") + ", startupProbe: {grpc: {port: 1}}", false),
        (asks("readinessProbe", ""), false),
    ] {
        assert_eq!(container(&probes).is_some(), is_found, "{probes}");
    }
}

#[test]
fn a_sound_manifest_has_no_findings() {
    let container = "ports: [{name: http, containerPort: 80}], startupProbe: {httpGet: {path: /live, port: http}}, \
                     readinessProbe: {httpGet: {path: /ready, port: http}}, livenessProbe: {httpGet: {path: /live, port: \
                     http}}";
    assert_eq!(rules(&[deployment(container, "", "replicas: 3,")]), []);
}
