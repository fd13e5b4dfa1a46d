//! Each rule complains when a manifest is broken.

use crate::file::File;
use crate::{Rule, access, arguments, probes, schema, security, story};

/// An example, what stands in it, what stands there instead, and words of the complaint.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn complains(rule: Rule, cases: &[Case]) {
    for (example, from, to, complaint) in cases {
        let file = File::at(&format!("examples/{example}.yaml"));
        assert!(rule(&file).is_empty(), "{example} is sound");
        let broken = file.text.replace(from, to);
        assert_ne!(broken, file.text, "{example} has {from:?}");
        let complaints = rule(&File::new(example, broken));
        assert!(complaints.iter().any(|one| one.contains(complaint)), "{from:?} to {to:?}: {complaints:?}");
    }
}

#[test]
fn of_fields_that_kubernetes_does_not_know() {
    let cases = [
        ("postgres-gate", "runAsNonRoot:", "runAsNotRoot:", "runAsNotRoot is unknown"),
        ("postgres-gate", "replicas: 1", "replicas: one", "Deployment/api: invalid type"),
    ];
    complains(schema::unknown_fields, &cases);
}

#[test]
fn of_arguments_that_the_gate_refuses() {
    let cases = [
        ("postgres-gate", ":available", ":availble", "availble"),
        ("migration-job-gate", "=10m", "=10", "--timeout"),
    ];
    complains(arguments::misunderstood_by_wait_for, &cases);
    let comment = ("postgres-gate", "shop --resource", "shop --ressource", "--ressource");
    complains(arguments::misunderstood_in_comments, &[comment]);
}

#[test]
fn of_variables_that_the_simulator_refuses_or_warns_of() {
    let cases = [
        ("kube-probesim", "\"20\"", "\"120\"", "FAILURE_RATE"),
        ("kube-probesim", "- name: LATENCY", "- name: LATENZ", "LATENZ"),
        ("kube-probesim", "\"50\"", "\"1000\"", "LATENCY every"),
    ];
    complains(arguments::misunderstood_by_probesim, &cases);
}

#[test]
fn of_roles_that_grant_too_little_or_too_much() {
    let cases = [
        ("postgres-gate", "[apps]", "[\"\"]", "api may not watch deployments.apps/postgres"),
        ("postgres-gate", "[list, watch]", "[get]", "may not list deployments.apps"),
        ("postgres-gate", "resourceNames: [postgres]", "resourceNames: [mysql]", "need not list"),
        ("postgres-gate", "    resourceNames: [postgres]\n", "", "need not list deployments.apps"),
        ("postgres-gate", "serviceAccountName: api", "serviceAccountName: default", "\"default\""),
        (
            "api-service-gate",
            "[endpointslices]",
            "[endpoints]",
            "may not list endpointslices.discovery.k8s.io",
        ),
        ("go-wait-for-k8s", "name: NAMESPACE", "name: NAMESPACES", "own namespace"),
    ];
    complains(access::unfit_roles, &cases);
}

#[test]
fn of_roles_that_nobody_should_copy() {
    let cases = [
        ("redis-pod-gate", "[list, watch]", "[get, delete]", "must not grant delete pods"),
        ("redis-pod-gate", "resources: [pods]", "resources: [secrets]", "must not grant list secrets"),
        ("postgres-gate", "[apps]", "[\"*\"]", "must not grant list deployments.*"),
        ("redis-pod-gate", "kind: RoleBinding", "kind: Binding", "bound to nobody"),
        ("redis-pod-gate", "kind: Role\nm", "kind: ClusterRole\nm", "all namespaces"),
    ];
    complains(access::careless_roles, &cases);
}

#[test]
fn of_containers_that_may_or_take_too_much() {
    let cases = [
        ("redis-pod-gate", "runAsUser: 65532", "runAsUser: 0", "/runAsUser is not"),
        (
            "redis-pod-gate",
            "readOnlyRootFilesystem: true",
            "privileged: true",
            "/readOnlyRootFilesystem is not",
        ),
        ("redis-pod-gate", "runAsUser: 999", "runAsUser: 0", "redis: /runAsUser"),
        ("redis-pod-gate", "drop: [ALL]", "add: [ALL]", "redis: /capabilities/drop is not"),
    ];
    complains(security::loose_containers, &cases);
    let unmeasured = ("redis-pod-gate", "cpu: 10m", "storage: 1Mi", "/requests/cpu is missing");
    complains(security::unmeasured_containers, &[unmeasured]);
}

#[test]
fn of_probes_that_go_astray() {
    let cases = [
        ("kube-probesim", "path: /startup", "path: /start", "startupProbe asks for \"/start\""),
        ("kube-probesim", "path: /liveness", "path: /readiness", "livenessProbe asks for"),
        ("kube-probesim", "containerPort: 8080", "containerPort: 80", "on port \"http\", not on 8080"),
        ("kube-probesim", "readinessProbe:", "noProbe:", "without a readinessProbe"),
    ];
    complains(probes::misdirected, &cases);
}

#[test]
fn of_stories_that_lack_a_part() {
    let absent = [
        ("go-wait-for-k8s", "    app: readiness-test", "    app: test", "no deployment/app=readiness-test"),
        ("redis-pod-gate", "name: redis-pod\n", "name: redis\n", "no pod/redis-pod"),
    ];
    complains(story::absent_targets, &absent);
    let idle = [
        ("redis-pod-gate", "targetPort: redis", "targetPort: rdis", "has port \"rdis\""),
        ("redis-pod-gate", "      app: worker\n  t", "      app: w\n  t", "do not match"),
    ];
    complains(story::idle_selectors, &idle);
    complains(story::untold, &[("redis-pod-gate", "# A worker", "#\n# A worker", "two lines")]);
}
