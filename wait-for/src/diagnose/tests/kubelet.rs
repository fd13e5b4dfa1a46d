//! What a real kubelet and the real controllers wrote (Kubernetes 1.36.2), and what has to be said of it.

use super::*;

/// A pod `p` in the shape in which kubelets write it; `rest` is its status.
fn pod(spec: &str, rest: &str) -> String {
    format!(
        "{{metadata: {{name: p, uid: u, creationTimestamp: '2026-01-01T00:00:00Z', labels: {{app: x}}}}, \
         spec: {{{spec}}}, status: {{{rest}}}}}"
    )
}

/// An event of a container of that pod, so many seconds after its creation.
fn event(at: u32, path: &str, kind: &str, reason: &str, message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!(
        "{{type: {kind}, reason: {reason}, message: {message}, involvedObject: {{uid: u, fieldPath: '{path}'}}, \
         firstTimestamp: '2026-01-01T00:00:{at:02}Z', lastTimestamp: '2026-01-01T00:00:{at:02}Z'}}"
    )
}

fn warning(at: u32, path: &str, reason: &str, message: &str) -> String {
    event(at, path, "Warning", reason, message)
}

fn said(target: &str, pod: &str, events: &[String]) -> String {
    let world = World::new(&format!("{{events: [{}]}}", events.join(", ")));
    world.line(target, &yaml(pod))
}

const A: &str = "spec.containers{a}";
const HTTP_500: &str = "probe failed: HTTP probe failed with statuscode: 500";

/// Between two runs of container `a`: the last one began at 10 s, and ended at 20 s.
fn backing_off(exit: &str) -> String {
    format!(
        "phase: Running, containerStatuses: [{{name: a, restartCount: 3, state: {{waiting: {{reason: CrashLoopBackOff}}}}, \
         lastState: {{terminated: {{{exit}, startedAt: '2026-01-01T00:00:10Z', finishedAt: '2026-01-01T00:00:20Z'}}}}}}]"
    )
}

#[test]
fn who_ended_a_container_is_named() {
    let killing = |at, why: &str| event(at, A, "Normal", "Killing", why);
    let startup = "Container a failed startup probe, will be restarted";
    let liveness = "Container a failed liveness probe, will be restarted";
    let cases = [
        (
            backing_off("exitCode: 137, reason: Error"),
            vec![warning(19, A, "Unhealthy", &format!("Startup {HTTP_500}")), killing(19, startup)],
            "container a: CrashLoopBackOff: exit 137 Error, 3 restarts; startup probe failing (HTTP 500)",
        ),
        (
            backing_off("exitCode: 0, reason: Completed"),
            vec![warning(19, A, "Unhealthy", &format!("Liveness {HTTP_500}")), killing(19, liveness)],
            "container a: CrashLoopBackOff: exit 0 Completed, 3 restarts; liveness probe failing (HTTP 500)",
        ),
        (
            backing_off("exitCode: 0, reason: Completed"),
            vec![
                warning(12, A, "FailedPostStartHook", "PostStartHook failed"),
                killing(12, "FailedPostStartHook"),
            ],
            "container a: CrashLoopBackOff: exit 0 Completed, 3 restarts; its postStart hook fails (FailedPostStartHook)",
        ),
        // Killed by the one, ended by itself in the run after that.
        (
            backing_off("exitCode: 1, reason: Error"),
            vec![warning(5, A, "Unhealthy", &format!("Liveness {HTTP_500}")), killing(5, liveness)],
            "container a: CrashLoopBackOff: exit 1 Error, 3 restarts",
        ),
        // A probe that has failed once has killed nobody.
        (
            backing_off("exitCode: 137, reason: Error"),
            vec![warning(12, A, "Unhealthy", &format!("Liveness {HTTP_500}"))],
            "container a: CrashLoopBackOff: exit 137 Error, 3 restarts",
        ),
        (
            backing_off("exitCode: 137, reason: OOMKilled"),
            vec![killing(5, liveness)],
            "container a: CrashLoopBackOff: exit 137 OOMKilled, 3 restarts",
        ),
    ];
    for (status, events, expected) in cases {
        assert_eq!(said("pod/p", &pod("", &status), &events), format!("pod/p not ready — {expected}"));
    }
}

#[test]
fn a_pod_that_is_never_restarted_tells_what_ended_it_too() {
    let ended = |phase: &str, exit: &str| {
        pod(
            "",
            &format!(
                "phase: {phase}, containerStatuses: [{{name: a, state: {{terminated: {{{exit}, \
                 startedAt: '2026-01-01T00:00:01Z', finishedAt: '2026-01-01T00:00:09Z'}}}}}}]"
            ),
        )
    };
    let events = [
        warning(7, A, "Unhealthy", &format!("Liveness {HTTP_500}")),
        event(8, A, "Normal", "Killing", "Stopping container a"),
    ];
    assert_eq!(
        said("pod/p", &ended("Failed", "exitCode: 137, reason: Error"), &events),
        "pod/p phase Failed — container a: exit 137 Error; liveness probe failing (HTTP 500)"
    );
    assert_eq!(
        said("pod/p", &ended("Succeeded", "exitCode: 0, reason: Completed"), &events),
        "pod/p phase Succeeded — completed (all its containers have ended); liveness probe failing (HTTP 500)"
    );
    assert_eq!(
        said("pod/p", &ended("Succeeded", "exitCode: 0, reason: Completed"), &events[..1]),
        "pod/p phase Succeeded — completed (all its containers have ended)"
    );
}

#[test]
fn an_init_container_that_ended_a_pod_is_called_one_and_named_once() {
    let status = "phase: Failed, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 5, reason: Error}}}]";
    assert_eq!(said("pod/p", &pod("", status), &[]), "pod/p phase Failed — init container i: exit 5 Error");
    let sidecar = "phase: Failed, initContainerStatuses: [{name: s, state: {terminated: {exitCode: 137, reason: Error}}}], \
        containerStatuses: [{name: a, state: {terminated: {exitCode: 3, reason: Error}}}]";
    let spec = "initContainers: [{name: s, restartPolicy: Always}]";
    assert_eq!(said("pod/p", &pod(spec, sidecar), &[]), "pod/p phase Failed — container a: exit 3 Error");
}

#[test]
fn which_container_is_said_where_there_are_several() {
    let running = |name: &str, rest: &str| format!("{{name: {name}, {rest}, state: {{running: {{}}}}}}");
    let two = format!(
        "phase: Running, containerStatuses: [{}, {}]",
        running("log", "started: true, ready: true"),
        running("web", "started: true, ready: false")
    );
    let timeout = "Readiness probe failed: Get \"http://10.0.0.1/\": context deadline exceeded";
    let events = [
        warning(5, "spec.containers{web}", "Unhealthy", timeout),
        warning(6, "spec.containers{log}", "Unhealthy", &format!("Readiness {HTTP_500}")),
        warning(
            7,
            "spec.containers{web}",
            "Unhealthy",
            "(combined from similar events): Readiness probe failed: other",
        ),
    ];
    assert_eq!(
        said("pod/p", &pod("", &two), &events),
        "pod/p not ready — container web: readiness probe failing (timeout)"
    );
    let spec = "initContainers: [{name: side, restartPolicy: Always}]";
    let side = |rest: &str, initialized: &str| {
        let side = running("side", rest);
        let app = running("app", "started: true, ready: true");
        pod(
            spec,
            &format!(
                "phase: Running, conditions: [{{type: Initialized, status: '{initialized}'}}], \
                 initContainerStatuses: [{side}], containerStatuses: [{app}]"
            ),
        )
    };
    let path = "spec.initContainers{side}";
    let unready = [warning(5, path, "Unhealthy", &format!("Readiness {HTTP_500}"))];
    assert_eq!(
        said("pod/p", &side("started: true, ready: false", "True"), &unready),
        "pod/p not ready — sidecar side: readiness probe failing (HTTP 500)"
    );
    let starting = [warning(5, path, "Unhealthy", &format!("Startup {HTTP_500}"))];
    assert_eq!(
        said("pod/p", &side("started: false, ready: false", "False"), &starting),
        "pod/p not ready — sidecar side: startup probe failing (HTTP 500)"
    );
}

#[test]
fn init_containers_that_run_again_are_what_a_restarted_pod_waits_for() {
    let status = "phase: Pending, conditions: [{type: Initialized, status: 'True'}], \
        initContainerStatuses: [{name: gate, restartCount: 1, state: {running: {}}}, \
        {name: last, state: {waiting: {reason: PodInitializing}}}], \
        containerStatuses: [{name: a, state: {waiting: {reason: PodInitializing}}}]";
    assert_eq!(said("pod/p", &pod("", status), &[]), "pod/p not ready — init 1/2: gate running");
}

#[test]
fn a_readiness_gate_tells_its_own_reason() {
    let gated = |condition: &str| {
        pod(
            "readinessGates: [{conditionType: example.com/lb}]",
            &format!(
                "phase: Running, conditions: [{{type: Ready, status: 'False', reason: ReadinessGatesNotReady, message: \
                 'the status of pod readiness gate \"example.com/lb\" is not \"True\", but False'}}{condition}], \
                 containerStatuses: [{{name: a, ready: true, state: {{running: {{}}}}}}]"
            ),
        )
    };
    let own = |rest: &str| gated(&format!(", {{type: example.com/lb, {rest}}}"));
    let cases = [
        (
            own("status: 'False', reason: Draining, message: not in the pool"),
            "example.com/lb: Draining: not in the pool",
        ),
        (own("status: 'False'"), "example.com/lb is False"),
        (gated(""), "example.com/lb: nobody has set that condition yet"),
    ];
    for (pod, expected) in cases {
        assert_eq!(said("pod/p", &pod, &[]), format!("pod/p not ready — readiness gate {expected}"));
    }
    assert_eq!(
        said("pod/p", &own("status: 'True'"), &[]),
        "pod/p not ready — its readiness gates are True, Ready is not yet"
    );
}

#[test]
fn a_container_that_waits_for_its_sandbox_says_so() {
    let creating = |condition: &str| {
        pod(
            "",
            &format!(
                "phase: Pending, conditions: [{{type: PodReadyToStartContainers, status: 'False'{condition}}}], \
                 containerStatuses: [{{name: a, state: {{waiting: {{reason: ContainerCreating}}}}}}]"
            ),
        )
    };
    let start = "pod/p not ready — container a: ContainerCreating, no pod sandbox yet";
    assert_eq!(said("pod/p", &creating(""), &[]), format!("{start} (its volumes or network are not ready)"));
    assert_eq!(
        said("pod/p", &creating(", message: 'failed to set up the network'"), &[]),
        format!("{start} (failed to set up the network)")
    );
    let healed = [
        warning(2, "", "FailedMount", "configmap \"x\" not found"),
        event(5, A, "Normal", "Pulling", "Pulling image \"big\""),
    ];
    assert_eq!(said("pod/p", &creating(""), &healed), "pod/p not ready — pulling image \"big\"");
}

#[test]
fn the_cause_of_what_cannot_run_is_kept() {
    let waiting = |reason: &str, message: &str| {
        let message = serde_json::Value::from(message);
        pod(
            "",
            &format!(
                "phase: Running, containerStatuses: [{{name: a, state: {{waiting: {{reason: {reason}, message: {message}}}}}}}]"
            ),
        )
    };
    let runtime = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
        failed: unable to start container process: exec: \"/no/such\": stat /no/such: no such file or directory: unknown";
    assert_eq!(
        said("pod/p", &waiting("RunContainerError", runtime), &[]),
        "pod/p not ready — container a: RunContainerError: exec: \"/no/such\": stat /no/such: no such file or directory"
    );
    let hook = "Exec lifecycle hook ([sh -c exit 3]) for Container \"a\" in Pod \"p_ns(uid)\" failed - error: command 'sh -c \
        exit 3' exited with 3: , message: \"\"";
    assert_eq!(
        said("pod/p", &waiting("PostStartHookError", hook), &[]),
        "pod/p not ready — container a: PostStartHookError: hook [sh -c exit 3] failed: exited with 3"
    );
    let long = format!("starts here {} and ends so", "x".repeat(400));
    let line = said("pod/p", &waiting("CreateContainerError", &long), &[]);
    assert!(line.contains("starts here") && line.ends_with("and ends so"), "{line}");
}

#[test]
fn pods_that_are_going_away_are_what_a_controller_waits_for() {
    let leaving = |conditions: &str, rest: &str| {
        format!(
            "{{metadata: {{name: db-0, uid: u, labels: {{app: x, controller-revision-hash: r}}, \
             deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30{rest}}}, spec: {{nodeName: n1}}, \
             status: {{phase: Running, conditions: [{conditions}], containerStatuses: [{{name: a, ready: true}}]}}}}"
        )
    };
    let set = "{metadata: {name: db, uid: s, generation: 1}, spec: {replicas: 1, selector: {matchLabels: {app: x}}}, \
        status: {observedGeneration: 1, replicas: 1, currentRevision: r, updateRevision: r}}";
    let lost = "{type: Ready, status: 'False'}";
    let line = |pod: &str| {
        let event = warning(58, "", "NodeNotReady", "Node is not ready");
        World::new(&format!("{{pods: [{pod}], events: [{event}]}}")).line("statefulset/db", &yaml(set))
    };
    assert_eq!(
        line(&leaving(lost, "")),
        "statefulset/db 0/1 available — pod db-0: terminating on node n1, which is not ready (NodeNotReady: Node is not ready)"
    );
    let back = "{type: Ready, status: 'False', reason: ContainersNotReady}";
    assert_eq!(line(&leaving(back, "")), "statefulset/db 0/1 available — pod db-0: terminating");
    assert_eq!(
        line(&leaving(back, ", finalizers: [example.com/a]")),
        "statefulset/db 0/1 available — pod db-0: terminating, held by example.com/a"
    );
    let world = World::new(&format!("{{pods: [{}]}}", leaving(back, "")));
    let target: Target = "statefulset/db".parse().unwrap();
    let since = world.round(&target, &yaml(set), NOW).explanation.unwrap().since;
    assert_eq!(since, Some(NOW), "it was asked to go when its grace began");

    let service = yaml("{metadata: {name: plain, uid: s}, spec: {selector: {app: x}}}");
    let line = world.line("service/plain", &service);
    assert!(
        line.ends_with("— its selector matches only pods that are going away; pod db-0: terminating"),
        "{line}"
    );
    let ended = World::new(&format!("{{pods: [{}]}}", pod("", "phase: Succeeded")));
    let line = ended.line("service/plain", &service);
    assert!(line.ends_with("its selector matches only pods that have ended, such as p"), "{line}");
}

#[test]
fn a_lost_node_is_named() {
    let status = "phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: a, ready: true}]";
    let events = [warning(58, "", "NodeNotReady", "Node is not ready")];
    assert_eq!(
        said("pod/p", &pod("nodeName: n1", status), &events),
        "pod/p not ready — NodeNotReady: Node is not ready (node n1)"
    );
}

#[test]
fn a_job_between_two_pods_says_so() {
    let job = yaml(
        "{metadata: {name: j, uid: j}, spec: {completions: 1, backoffLimit: 6}, \
         status: {startTime: '2026-01-01T00:00:00Z', ready: 0}}",
    );
    assert_eq!(
        World::default().line("job/j", &job),
        "job/j 0/1 complete — 0 active, 0 failed: its last pod failed or was deleted, the next one comes after a back-off"
    );
    let failed = "{metadata: {name: j-x, uid: u, labels: {batch.kubernetes.io/job-name: j}}, \
        status: {phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 4, reason: Error}}}]}}";
    assert_eq!(
        World::new(&format!("{{pods: [{failed}]}}")).line("job/j", &job),
        "job/j 0/1 complete — pod j-x: container a: exit 4 Error; the next pod comes after a back-off"
    );
}

#[test]
fn a_rollout_that_is_overdue_says_so_once() {
    let deployment = yaml(
        "{metadata: {name: web, uid: d, generation: 1}, spec: {replicas: 1, selector: {matchLabels: {app: x}}}, \
         status: {observedGeneration: 1, replicas: 1, conditions: [{type: Progressing, status: 'False', \
         reason: ProgressDeadlineExceeded, message: 'ReplicaSet \"web-1\" has timed out progressing.'}]}}",
    );
    let blind = World::default().without(&[Right::Pods]);
    assert_eq!(
        blind.line("deployment/web", &deployment),
        "deployment/web 0/1 available — ProgressDeadlineExceeded: ReplicaSet \"web-1\" has timed out progressing."
    );
}

#[test]
fn what_is_known_of_a_pod_outlives_it() {
    use crate::evaluate::pod_reason::last_words;
    let words = |text: &str| last_words(&serde_json::from_value(yaml(text)).unwrap());
    let taint = "{metadata: {name: p, deletionTimestamp: t}, status: {conditions: [{type: DisruptionTarget, status: 'True', \
        reason: DeletionByTaintManager, message: 'Taint manager: deleting due to NoExecute taint'}]}}";
    let by_taint = "deleted (DeletionByTaintManager: Taint manager: deleting due to NoExecute taint)";
    assert_eq!(words(taint).as_deref(), Some(by_taint));
    assert_eq!(words("{metadata: {name: p, deletionTimestamp: t}}").as_deref(), Some("deleted"));
    assert_eq!(words("{metadata: {name: p}}"), None);
}

#[test]
fn an_age_begins_when_the_state_did() {
    use crate::evaluate::pod_reason::why;
    let since = |text: &str| {
        let pod = serde_json::from_value(yaml(&pod("", text))).unwrap();
        why(&pod).since.map(String::from)
    };
    let at = |second: u32| format!("'2026-01-01T00:00:{second:02}Z'");
    let ready = |second| format!("{{type: Ready, status: 'False', lastTransitionTime: {}}}", at(second));
    let running =
        |second| format!("{{name: a, started: true, state: {{running: {{startedAt: {}}}}}}}", at(second));
    let probing = |unready, started| {
        since(&format!(
            "phase: Running, conditions: [{}], containerStatuses: [{}]",
            ready(unready),
            running(started)
        ))
    };
    let told = |second| Some(at(second).trim_matches('\'').to_owned());
    assert_eq!(probing(1, 4), told(4), "it has run since");
    assert_eq!(probing(9, 4), told(9), "it was ready in between");
    let waiting = format!(
        "phase: Pending, conditions: [{{type: Initialized, status: 'True', lastTransitionTime: {}}}], \
         containerStatuses: [{{name: a, state: {{waiting: {{reason: CreateContainerConfigError}}}}}}]",
        at(2)
    );
    assert_eq!(since(&waiting), told(2));
    assert_eq!(since(&backing_off("exitCode: 1")), told(20));
}
