//! Pods, beyond the shared list.

use super::*;

fn pod(spec: &str, status: &str) -> String {
    format!("{{metadata: {{name: p}}, spec: {{{spec}}}, status: {{{status}}}}}")
}

fn running(rest: &str) -> String {
    pod("", &format!("phase: Running, conditions: [{{type: Ready, status: 'True'{rest}}}]"))
}

#[test]
fn readiness_needs_the_phase_and_the_condition_of_this_generation() {
    let behind = "{metadata: {name: p, generation: 3}, status: {phase: Running, observedGeneration: 3, \
                  conditions: [{type: Ready, status: 'True', observedGeneration: 2}]}}";
    let behind_by_status = "{metadata: {name: p, generation: 3}, status: {phase: Running, observedGeneration: 2, \
                            conditions: [{type: Ready, status: 'True'}]}}";
    let old_cluster = "{metadata: {name: p, generation: 3}, status: {phase: Running, \
                       conditions: [{type: Ready, status: 'True'}]}}";
    let deleting = "{metadata: {name: p, deletionTimestamp: t}, status: {phase: Running, \
                    conditions: [{type: Ready, status: 'True'}, {type: Initialized, status: 'True'}]}}";
    let pending = pod("", "phase: Pending, conditions: [{type: Ready, status: 'True'}]");
    run(
        Kind::Pod,
        &[
            (&running(""), "ready", "met", &["ready"]),
            (&running(""), "ready=1", "met", &[]),
            (&running(""), "running", "met", &[]),
            (&running(""), "condition=Ready", "met", &[]),
            (&running(""), "condition=Ready=False", "not-yet", &["Ready=True"]),
            (&running(""), "scheduled", "not-yet", &["not scheduled"]),
            (behind, "ready", "not-yet", &["generation 3", "saw 2"]),
            (behind_by_status, "ready", "not-yet", &["generation 3"]),
            (old_cluster, "ready", "met", &[]),
            (deleting, "ready", "not-yet", &["being deleted"]),
            (deleting, "running", "not-yet", &["being deleted"]),
            (deleting, "initialized", "not-yet", &["being deleted"]),
            (deleting, "condition=Ready", "not-yet", &["being deleted"]),
            (deleting, "succeeded", "not-yet", &["being deleted"]),
            (&pending, "ready", "not-yet", &[]),
            ("{metadata: {name: p}}", "ready", "not-yet", &["no status yet"]),
            ("null", "ready", "not-yet", &["not found"]),
        ],
    );
}

#[test]
fn init_containers_that_run_again_make_a_pod_uninitialized() {
    let again = |state: &str| {
        pod(
            "initContainers: [{name: gate}, {name: side, restartPolicy: Always}]",
            &format!(
                "phase: Running, conditions: [{{type: Initialized, status: 'True'}}, {{type: Ready, status: 'False'}}], \
                 initContainerStatuses: [{{name: gate, state: {state}}}, {{name: side, started: true, state: {{running: {{}}}}}}], \
                 containerStatuses: [{{name: app, state: {{waiting: {{reason: PodInitializing}}}}}}]"
            ),
        )
    };
    let (runs, waits, done) = (
        again("{running: {startedAt: t}}"),
        again("{waiting: {reason: RestartingAllContainers}}"),
        again("{terminated: {exitCode: 0}}"),
    );
    run(
        Kind::Pod,
        &[
            (&runs, "initialized", "not-yet", &["init 1/2: gate running"]),
            (&runs, "condition=Initialized", "not-yet", &["init 1/2: gate running"]),
            (&runs, "ready", "not-yet", &["init 1/2: gate running"]),
            (&waits, "initialized", "not-yet", &["gate"]),
            (&done, "initialized", "met", &[]),
            (&done, "condition=Initialized", "met", &[]),
        ],
    );
}

#[test]
fn a_container_that_nothing_starts_again_is_the_end_of_readiness() {
    let two = |policy: &str, a: &str, exit: i64| {
        pod(
            &format!("{policy}containers: [{{name: a{a}}}, {{name: b}}]"),
            &format!(
                "phase: Running, conditions: [{{type: Ready, status: 'False'}}], containerStatuses: [\
                 {{name: a, state: {{terminated: {{exitCode: {exit}, reason: Error}}}}}}, {{name: b, ready: true}}]"
            ),
        )
    };
    let never = |exit| two("restartPolicy: Never, ", "", exit);
    let on_failure = |exit| two("restartPolicy: OnFailure, ", "", exit);
    let own = |policy: &str| two("restartPolicy: Never, ", &format!(", restartPolicy: {policy}"), 4);
    let rules = two("restartPolicy: Never, ", ", restartPolicyRules: [{action: Restart}]", 4);
    let always = two("", "", 4);
    run(
        Kind::Pod,
        &[
            (&never(4), "ready", "failed", &["container a: exit 4 Error", "restartPolicy"]),
            (&never(4), "condition=Ready", "failed", &["container a: exit 4 Error"]),
            (&never(0), "ready", "failed", &["container a: exit 0"]),
            (&never(4), "succeeded", "failed", &["container a: exit 4 Error"]),
            (&never(0), "succeeded", "not-yet", &[]),
            (&never(4), "failed", "not-yet", &[]),
            (&never(4), "running", "met", &[]),
            (&on_failure(0), "ready", "failed", &["container a: exit 0"]),
            (&on_failure(4), "ready", "not-yet", &[]),
            (&own("Always"), "ready", "not-yet", &[]),
            (&own("Never"), "ready", "failed", &[]),
            (&rules, "ready", "not-yet", &[]),
            (&always, "ready", "not-yet", &[]),
        ],
    );
}

#[test]
fn an_ended_pod_is_final_unless_a_statefulset_brings_it_back() {
    let ended =
        |phase: &str| pod("", &format!("phase: {phase}, conditions: [{{type: Ready, status: 'False'}}]"));
    let exited = pod(
        "",
        "phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, \
         {name: b, state: {terminated: {exitCode: 5, reason: Error}}}]",
    );
    let owned = |phase: &str| {
        format!(
            "{{metadata: {{name: db-0, ownerReferences: [{{kind: StatefulSet, controller: true}}]}}, \
             status: {{phase: {phase}, reason: Evicted}}}}"
        )
    };
    let not_controller = "{metadata: {name: p, ownerReferences: [{kind: StatefulSet}, {kind: Job, controller: true}]}, \
                          status: {phase: Failed}}";
    let deleting =
        |phase: &str| format!("{{metadata: {{name: p, deletionTimestamp: t}}, status: {{phase: {phase}}}}}");
    run(
        Kind::Pod,
        &[
            (&ended("Succeeded"), "ready", "failed", &["Succeeded"]),
            (&ended("Succeeded"), "running", "failed", &["Succeeded"]),
            (&ended("Succeeded"), "condition=Ready", "failed", &["Succeeded"]),
            (&ended("Succeeded"), "succeeded", "met", &[]),
            (&ended("Succeeded"), "finished", "met", &[]),
            (&ended("Succeeded"), "failed", "failed", &["Succeeded"]),
            (&ended("Failed"), "failed", "met", &[]),
            (&ended("Failed"), "finished", "met", &[]),
            (&ended("Failed"), "succeeded", "failed", &["phase Failed"]),
            (&exited, "ready", "failed", &["container b", "exit 5 Error"]),
            (&owned("Succeeded"), "ready", "not-yet", &["StatefulSet"]),
            (&owned("Failed"), "succeeded", "not-yet", &["Evicted", "StatefulSet"]),
            (&owned("Failed"), "failed", "met", &[]),
            (not_controller, "ready", "failed", &[]),
            (&deleting("Succeeded"), "succeeded", "met", &[]),
            (&deleting("Failed"), "finished", "met", &[]),
            (&deleting("Failed"), "succeeded", "failed", &[]),
            (&deleting("Failed"), "ready", "not-yet", &["being deleted"]),
        ],
    );
}

#[test]
fn an_unparsable_image_is_hopeless_where_the_container_must_start() {
    let invalid = "state: {waiting: {reason: InvalidImageName, message: bad}}";
    let app = pod("", &format!("phase: Pending, containerStatuses: [{{name: a}}, {{name: b, {invalid}}}]"));
    let init = pod("", &format!("phase: Pending, initContainerStatuses: [{{name: i, {invalid}}}]"));
    let deleting = format!(
        "{{metadata: {{name: p, deletionTimestamp: t}}, status: {{containerStatuses: [{{name: a, {invalid}}}]}}}}"
    );
    run(
        Kind::Pod,
        &[
            (&app, "ready", "failed", &["container b", "InvalidImageName", "bad"]),
            (&app, "running", "failed", &["InvalidImageName"]),
            (&app, "succeeded", "failed", &["InvalidImageName"]),
            (&app, "finished", "not-yet", &["InvalidImageName"]),
            (&app, "initialized", "not-yet", &[]),
            (&init, "initialized", "failed", &["init container i", "InvalidImageName"]),
            (&init, "ready", "failed", &["init container i"]),
            (&deleting, "ready", "not-yet", &["being deleted"]),
        ],
    );
}

#[test]
fn the_first_reason_in_the_order_of_priority_is_given() {
    let unschedulable = pod(
        "",
        "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/3 nodes \
         are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found.'}]",
    );
    let gated = pod(
        "schedulingGates: [{name: example.com/quota}]",
        "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]",
    );
    let inits = "initContainers: [{name: first}, {name: proxy, restartPolicy: Always}, {name: last}]";
    let init = |statuses: &str| {
        pod(
            inits,
            &format!(
                "phase: Pending, initContainerStatuses: [{statuses}], \
                 containerStatuses: [{{name: app, state: {{waiting: {{reason: PodInitializing}}}}}}]"
            ),
        )
    };
    let done = "{name: first, ready: true, state: {terminated: {exitCode: 0, reason: Completed}}}";
    let queued = "{name: last, state: {waiting: {reason: PodInitializing}}}";
    let running_first = init(&format!("{{name: first, state: {{running: {{}}}}}}, {queued}"));
    let sidecar_starting =
        init(&format!("{done}, {{name: proxy, started: false, state: {{running: {{}}}}}}, {queued}"));
    let sidecar_up =
        init(&format!("{done}, {{name: proxy, started: true, state: {{running: {{}}}}}}, {queued}"));
    let init_exit =
        init("{name: first, restartCount: 1, state: {terminated: {exitCode: 2, message: no db}}}");
    let app = |status: &str| {
        pod(
            "",
            &format!(
                "phase: Running, containerStatuses: [{{name: ok, ready: true}}, {{name: app, {status}}}]"
            ),
        )
    };
    let pull = app(
        "state: {waiting: {reason: ImagePullBackOff, message: 'pull from https://u:p@r.io/x: not found'}}",
    );
    let odd =
        app("state: {waiting: {reason: ImagePullBackOff, message: 'pull from https://u:p@r.io/x: odd'}}");
    let crash = app("restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, \
         lastState: {terminated: {exitCode: 1, message: 'no such table'}}");
    let creating = app("state: {waiting: {reason: ContainerCreating}}");
    let unstarted = app("started: false, state: {running: {}}");
    let unready = app("started: true, restartCount: 3, state: {running: {}}");
    let ending = app("started: false, state: {terminated: {exitCode: 0}}");
    let lost = pod(
        "",
        "phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: a, ready: true}]",
    );
    run(
        Kind::Pod,
        &[
            (&unschedulable, "ready", "not-yet", &["Unschedulable", "3 Insufficient cpu"]),
            (&unschedulable, "scheduled", "not-yet", &["Unschedulable"]),
            (&gated, "ready", "not-yet", &["SchedulingGated", "example.com/quota"]),
            (&running_first, "ready", "not-yet", &["init 1/2: first running"]),
            (&sidecar_starting, "ready", "not-yet", &["init 2/3: proxy startup probe"]),
            (&sidecar_up, "ready", "not-yet", &["init 3/3: last not started"]),
            (&init_exit, "ready", "not-yet", &["init container first: exit 2, 1 restart: no db"]),
            (&pull, "ready", "not-yet", &["container app ImagePullBackOff (registry: not found)"]),
            (&odd, "ready", "not-yet", &["container app: ImagePullBackOff", "https://***@r.io/x: odd"]),
            (
                &crash,
                "ready",
                "not-yet",
                &["container app: CrashLoopBackOff: exit 1, 1 restart: no such table"],
            ),
            (&creating, "ready", "not-yet", &["container app: ContainerCreating"]),
            (&unstarted, "ready", "not-yet", &["container app", "startup probe"]),
            (&unready, "ready", "not-yet", &["container app", "readiness probe", "3 restarts"]),
            (&unready, "succeeded", "not-yet", &["not succeeded", "phase Running"]),
            (&crash, "finished", "not-yet", &["CrashLoopBackOff"]),
            (&creating, "exists", "met", &[]),
            (&ending, "ready", "not-yet", &["container app has ended"]),
            (&lost, "ready", "not-yet", &["node may be lost"]),
        ],
    );
    let message = verdict_of(Kind::Pod, "ready", &yaml(&unschedulable), &[]);
    assert!(!message.finding().to_string().contains("preemption"), "{}", message.finding());
}
