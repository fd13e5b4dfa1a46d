//! A line for every row of readiness.md 3.1 and 3.2, and what follows when rights are missing.

use super::*;

const DEPLOYMENT: &str = "{metadata: {name: api, uid: d, generation: 2, annotations: {deployment.kubernetes.io/revision: '2'}}, \
    spec: {replicas: 2, selector: {matchLabels: {app: api}}}, \
    status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 0, availableReplicas: 0}}";

const SETS: &str = "replicasets: [\
    {metadata: {name: api-old, uid: old, labels: {app: api, pod-template-hash: old}, annotations: {deployment.kubernetes.io/revision: '1'}, ownerReferences: [{kind: Deployment, uid: d, controller: true}]}}, \
    {metadata: {name: api-new, uid: new, labels: {app: api, pod-template-hash: new}, annotations: {deployment.kubernetes.io/revision: '2'}, ownerReferences: [{kind: Deployment, uid: d, controller: true}]}}]";

/// A pod of the Deployment `api`.
fn pod(name: &str, hash: &str, created: u32, status: &str) -> String {
    format!(
        "{{metadata: {{name: {name}, uid: u-{name}, creationTimestamp: '2026-01-01T00:00:{created:02}Z', \
         labels: {{app: api, pod-template-hash: {hash}}}, \
         ownerReferences: [{{kind: ReplicaSet, name: api-{hash}, uid: {hash}, controller: true}}]}}, status: {{{status}}}}}"
    )
}

fn waiting(reason: &str, message: &str) -> String {
    format!(
        "phase: Pending, containerStatuses: [{{name: web, state: {{waiting: {{reason: {reason}, message: '{message}'}}}}}}]"
    )
}

fn event(uid: &str, reason: &str, message: &str) -> String {
    format!(
        "{{type: Warning, reason: {reason}, message: '{message}', involvedObject: {{uid: {uid}}}, lastTimestamp: '2026-01-01T00:01:00Z'}}"
    )
}

const RUNNING: &str = "phase: Running, containerStatuses: [{name: web, started: true, state: {running: {}}}]";
const UNSTARTED: &str =
    "phase: Running, containerStatuses: [{name: web, started: false, state: {running: {}}}]";
const READY: &str =
    "phase: Running, conditions: [{type: Ready, status: 'True', lastTransitionTime: '2025-12-31T23:59:56Z'}]";

fn deployment_line(pods: &[String], events: &[String]) -> String {
    let world =
        World::new(&format!("{{{SETS}, pods: [{}], events: [{}]}}", pods.join(", "), events.join(", ")));
    world.line("deployment/api", &yaml(DEPLOYMENT))
}

#[test]
fn every_reason_of_a_pod_has_its_line() {
    let one = |status: &str| vec![pod("api-1", "new", 1, status)];
    let failing = |kind: &str| {
        event("u-api-1", "Unhealthy", &format!("{kind} probe failed: HTTP probe failed with statuscode: 503"))
    };
    let cases: [(&str, Vec<String>, &str); 14] = [
        (
            "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/3 nodes are available: 3 Insufficient cpu. preemption: none'}]",
            vec![],
            "pod api-1: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.",
        ),
        (
            "phase: Pending, initContainerStatuses: [{name: db, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1}}}]",
            vec![],
            "pod api-1: init container db: CrashLoopBackOff: exit 1, 4 restarts",
        ),
        (
            &waiting("ImagePullBackOff", "Back-off: postgres:99: not found"),
            vec![],
            "pod api-1: container web ImagePullBackOff (registry: not found)",
        ),
        (
            &waiting("ImagePullBackOff", "Back-off pulling image"),
            vec![event("u-api-1", "Failed", "Failed to pull image \"x\": 401 Unauthorized")],
            "pod api-1: container web ImagePullBackOff (registry: unauthorized)",
        ),
        (
            &waiting("CreateContainerConfigError", "secret \"s\" not found"),
            vec![],
            "pod api-1: container web: CreateContainerConfigError: secret \"s\" not found",
        ),
        (
            "phase: Running, containerStatuses: [{name: web, restartCount: 7, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]",
            vec![],
            "pod api-1: container web: CrashLoopBackOff: exit 137 OOMKilled, 7 restarts",
        ),
        (
            &waiting("ContainerCreating", ""),
            vec![event(
                "u-api-1",
                "FailedMount",
                "MountVolume.SetUp failed for volume \"v\": secret \"s\" not found",
            )],
            "pod api-1: FailedMount: MountVolume.SetUp failed for volume \"v\": secret \"s\" not found",
        ),
        (
            &waiting("ContainerCreating", ""),
            vec![event("u-api-1", "FailedCreatePodSandBox", "plugin type=\"calico\" failed")],
            "pod api-1: FailedCreatePodSandBox: plugin type=\"calico\" failed",
        ),
        (
            &waiting("ContainerCreating", ""),
            vec![event("u-api-1", "Pulling", "Pulling image \"big:1\"").replace("Warning", "Normal")],
            "pod api-1: pulling image \"big:1\"",
        ),
        (RUNNING, vec![failing("Readiness")], "pod api-1: readiness probe failing (HTTP 503)"),
        (
            UNSTARTED,
            vec![failing("Startup"), failing("Readiness")],
            "pod api-1: startup probe failing (HTTP 503)",
        ),
        (
            "phase: Running, conditions: [{type: Ready, status: 'False', reason: ReadinessGatesNotReady, message: 'gate x'}], containerStatuses: [{name: web, ready: true}]",
            vec![],
            "pod api-1: readiness gate: gate x",
        ),
        (
            "phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: web, ready: true}]",
            vec![event("u-api-1", "NodeNotReady", "Node is not ready")],
            "pod api-1: NodeNotReady: Node is not ready",
        ),
        (
            RUNNING,
            vec![event("other", "Unhealthy", "Readiness probe failed: no")],
            "pod api-1: container web running, not ready: its readiness probe does not succeed",
        ),
    ];
    for (status, events, expected) in cases {
        let line = deployment_line(&one(status), &events);
        assert_eq!(line, format!("deployment/api 0/2 available — {expected}"), "{status}");
    }
}

#[test]
fn the_worst_pod_of_the_newest_revision_is_named_and_the_others_counted() {
    let bad = waiting("ImagePullBackOff", "not found");
    let creating = waiting("ContainerCreating", "");
    let pods = [
        pod("api-1", "old", 9, &waiting("InvalidImageName", "")),
        pod("api-2", "new", 1, &creating),
        pod("api-3", "new", 1, &bad),
        pod("api-4", "new", 1, &bad),
        pod("api-5", "new", 1, READY),
        pod("api-6", "new", 1, "phase: Failed, reason: Evicted"),
    ];
    assert_eq!(
        deployment_line(&pods, &[]),
        "deployment/api 0/2 available — pod api-3: container web ImagePullBackOff (registry: not found) (+2 more: 1 ContainerCreating)"
    );
    assert!(deployment_line(&pods[2..4], &[]).ends_with("(registry: not found) (+1 more)"));
}

#[test]
fn pods_that_cannot_be_made_are_explained_by_their_owner() {
    let quota = "Error creating: pods \"x\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10";
    assert_eq!(
        deployment_line(&[], &[event("new", "FailedCreate", quota)]),
        "deployment/api 0/2 available — no pods: exceeded quota: compute (pods 10/10); controller retries with backoff"
    );
    let set = yaml(
        "{metadata: {name: db, uid: s, generation: 1}, spec: {replicas: 3, selector: {matchLabels: {app: db}}}, \
         status: {observedGeneration: 1, replicas: 1, readyReplicas: 1, availableReplicas: 1, updateRevision: r}}",
    );
    let pod = format!(
        "{{metadata: {{name: db-0, uid: p, labels: {{app: db, controller-revision-hash: r}}}}, status: {{{READY}}}}}"
    );
    let world = World::new(&format!("{{pods: [{pod}], events: [{}]}}", event("s", "FailedCreate", quota)));
    assert_eq!(
        world.line("statefulset/db", &set),
        "statefulset/db 1/3 available — only 1 of 3 pods: exceeded quota: compute (pods 10/10); controller retries with backoff"
    );
}

fn stuck(revision: &str, status: &str) -> (World, Value) {
    let set = yaml(
        "{metadata: {name: web, uid: s, generation: 3}, spec: {replicas: 2, selector: {matchLabels: {app: web}}}, \
         status: {observedGeneration: 3, replicas: 2, readyReplicas: 1, currentRevision: web-a, updateRevision: web-c}}",
    );
    let pod = |name: &str, revision: &str, status: &str| {
        format!(
            "{{metadata: {{name: {name}, uid: {name}, labels: {{app: web, controller-revision-hash: {revision}}}}}, status: {{{status}}}}}"
        )
    };
    let pods = [pod("web-1", "web-c", READY), pod("web-0", revision, status)];
    (World::new(&format!("{{pods: [{}]}}", pods.join(", "))), set)
}

#[test]
fn a_broken_pod_of_an_older_revision_blocks_a_statefulset() {
    let (world, set) = stuck("web-b", &waiting("ImagePullBackOff", "not found"));
    let line = world.line("statefulset/web:rolled-out", &set);
    assert_eq!(
        line,
        "statefulset/web 0/2 rolled out — pod web-0 of old revision web-b is broken and blocks the rollout \
         (container web ImagePullBackOff (registry: not found)); run: kubectl delete pod web-0 (k8s #67250)"
    );
    let (world, set) = stuck("web-a", RUNNING);
    assert!(!world.line("statefulset/web:rolled-out", &set).contains("delete"), "it may still get ready");
    let (world, set) = stuck("web-b", RUNNING);
    assert_eq!(
        world.line("statefulset/web", &set),
        "statefulset/web 1/2 available — pod web-0 of withdrawn revision web-b is not ready (container web running, not \
         ready: its readiness probe does not succeed); \
         nothing replaces it until you run: kubectl delete pod web-0"
    );
    let (world, set) = stuck("web-c", &waiting("ImagePullBackOff", "not found"));
    assert!(!world.line("statefulset/web:rolled-out", &set).contains("delete"));
}

#[test]
fn minimum_ready_seconds_are_counted() {
    let text = DEPLOYMENT
        .replace("replicas: 2, selector", "minReadySeconds: 10, replicas: 1, selector")
        .replace("readyReplicas: 0", "readyReplicas: 1");
    let world = World::new(&format!("{{{SETS}, pods: [{}]}}", pod("api-1", "new", 1, READY)));
    assert_eq!(
        world.line("deployment/api", &yaml(&text)),
        "deployment/api 0/1 available — pod api-1: ready 4s of minReadySeconds 10"
    );
}

#[test]
fn a_service_is_explained_by_the_pods_that_it_selects() {
    let target = "service/db:exists".replace(":exists", "");
    let service = yaml("{metadata: {name: db, uid: s}, spec: {selector: {app: api}}}");
    let events =
        event("u-api-1", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503");
    let world = World::new(&format!("{{pods: [{}], events: [{events}]}}", pod("api-1", "new", 1, RUNNING)));
    let line = world.line(&target, &service);
    assert!(line.ends_with(" — pod api-1: readiness probe failing (HTTP 503); see deployment/api"), "{line}");
    assert!(World::default().line(&target, &service).ends_with("its selector matches no pod"));
    let selectorless = yaml("{metadata: {name: db, uid: s}, spec: {}}");
    assert!(world.round(&target.parse().unwrap(), &selectorless, NOW).needs.is_empty());
}

#[test]
fn what_is_not_there_may_lack_its_namespace() {
    let line = World::default().line("job/migrate", &Value::Null);
    assert_eq!(line, "job/migrate not found — its namespace does not exist");
}

#[test]
fn each_missing_right_costs_only_what_it_would_have_shown() {
    let pods = [pod("api-1", "old", 1, RUNNING), pod("api-2", "new", 2, &waiting("ContainerCreating", ""))];
    let events = event("u-api-2", "FailedMount", "no such volume");
    let line = |refused: &[Right]| {
        let world = World::new(&format!("{{{SETS}, pods: [{}], events: [{events}]}}", pods.join(", ")));
        world.without(refused).line("deployment/api", &yaml(DEPLOYMENT))
    };
    assert!(line(&[]).ends_with("pod api-2: FailedMount: no such volume"));
    assert!(line(&[Right::ReplicaSets]).ends_with("pod api-2: FailedMount: no such volume"), "by its hash");
    assert!(line(&[Right::Events]).ends_with("pod api-2: container web: ContainerCreating"));
    let blind = line(&[Right::Pods, Right::ReplicaSets, Right::Events]);
    assert_eq!(blind, "deployment/api 0/2 available — 0 of 2 pods ready");
}

#[test]
fn no_more_is_read_than_is_needed() {
    let target: Target = "deployment/api".parse().unwrap();
    let needs = |status: &str| {
        let world = World::new(&format!("{{{SETS}, pods: [{}]}}", pod("api-1", "new", 1, status)));
        world.round(&target, &yaml(DEPLOYMENT), NOW).needs
    };
    assert_eq!(needs(&waiting("CreateContainerConfigError", "x")), [Right::Pods, Right::ReplicaSets]);
    assert_eq!(needs(RUNNING), [Right::Pods, Right::ReplicaSets, Right::Events]);
    let stale = yaml(&DEPLOYMENT.replace("generation: 2, ann", "generation: 3, ann"));
    assert!(World::default().round(&target, &stale, NOW).needs.is_empty(), "an old status explains nothing");
}

fn row(target: &str, pods: &[String]) -> Option<Row> {
    let world = World::new(&format!("{{{SETS}, pods: [{}]}}", pods.join(", ")));
    world.round(&target.parse().unwrap(), &yaml(DEPLOYMENT), NOW).explanation?.row
}

#[test]
fn a_policy_hears_of_what_every_new_pod_has_in_common() {
    let new = |name: &str, status: &str| pod(name, "new", 1, status);
    let invalid = waiting("InvalidImageName", "");
    let refused = waiting("ErrImagePull", "not found");
    let crash = |restarts: u32| {
        format!(
            "phase: Running, containerStatuses: [{{name: a, restartCount: {restarts}, state: {{waiting: {{reason: CrashLoopBackOff}}}}}}]"
        )
    };
    let available = |pods: &[String]| row("deployment/api", pods);
    assert_eq!(available(&[new("a", &invalid), new("b", &invalid)]), Some(Row::InvalidImage));
    assert_eq!(available(&[new("a", &invalid), new("b", RUNNING)]), None, "one may get ready");
    assert_eq!(available(&[new("a", &invalid), new("b", &refused)]), None);
    assert_eq!(available(&[new("a", &crash(9)), new("b", &crash(4))]), Some(Row::Crash(4)));
    assert_eq!(available(&[new("a", &refused)]), Some(Row::ImageRefused));
    let no_root =
        waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root");
    assert_eq!(available(&[new("a", &no_root)]), Some(Row::RunAsNonRoot));
    assert_eq!(available(&[new("a", &waiting("ErrImageNeverPull", "x"))]), Some(Row::ImageUnusable));
    assert_eq!(available(&[new("a", &waiting("ErrImagePull", "i/o timeout"))]), None, "that passes");

    let beside_old = [new("a", &invalid), pod("b", "old", 0, RUNNING)];
    assert_eq!(available(&beside_old), None, "the old one may get ready");
    assert_eq!(row("deployment/api:rolled-out", &beside_old), Some(Row::InvalidImage));
    assert_eq!(row("deployment/api:condition=Available", &beside_old[..1]), None);
}

#[test]
fn a_policy_hears_of_rollouts_that_are_overdue_or_blocked() {
    let overdue = DEPLOYMENT.replace(
        "availableReplicas: 0}",
        "availableReplicas: 0, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]}",
    );
    let row = |target: &str| {
        let round = World::default().round(&target.parse().unwrap(), &yaml(&overdue), NOW);
        round.explanation.and_then(|explanation| explanation.row)
    };
    assert_eq!(row("deployment/api:available"), Some(Row::DeadlinePassed));
    assert_eq!(row("deployment/api:rolled-out"), None, "the object's own verdict says so");
    let (world, set) = stuck("web-b", &waiting("ImagePullBackOff", "not found"));
    let round = world.round(&"statefulset/web:rolled-out".parse().unwrap(), &set, NOW);
    assert_eq!(round.explanation.unwrap().row, Some(Row::BlockedByOldPod));
    let (world, set) = stuck("web-b", RUNNING);
    let round = world.round(&"statefulset/web".parse().unwrap(), &set, NOW);
    assert_eq!(round.explanation.unwrap().row, Some(Row::Withdrawn));
}

#[test]
fn a_hopeless_diagnosis_fails_the_target_and_nothing_else_does() {
    let explanation = Explanation { cause: "why".into(), ..Explanation::default() };
    let not_yet =
        || look(&"deployment/api".parse::<Target>().unwrap(), &raw(&yaml(DEPLOYMENT))).unwrap().verdict;
    let (verdict, because) = diagnosis(explanation.clone()).apply(not_yet(), false);
    assert_eq!((verdict, because), (not_yet(), Some(Because { cause: "why".into(), hint: None })));
    let hopeless = Diagnosis { is_hopeless: true, ..diagnosis(explanation) };
    assert!(hopeless.apply(not_yet(), false).0.is_failed());
    let met = Verdict::Met(crate::verdict::Finding::state("met"));
    assert_eq!(hopeless.apply(met.clone(), false), (met, None));
    assert_eq!(FailFast::default(), FailFast::Certain);
}

#[test]
fn words_from_the_cluster_are_cleaned() {
    let pods =
        [pod("api-1", "new", 1, &waiting("CreateContainerConfigError", "see https://bob:hunter2@x/y"))];
    let line = deployment_line(&pods, &[]);
    assert!(line.contains("https://***@x/y") && !line.contains("hunter2"), "{line}");
    let mount = event("u-api-1", "FailedMount", "redis://:hunter2@db and more");
    let line = deployment_line(&[pod("api-1", "new", 1, &waiting("ContainerCreating", ""))], &[mount]);
    assert!(line.contains("redis://***@db") && !line.contains("hunter2"), "{line}");
}

#[test]
fn a_diagnosis_is_of_the_finding_for_which_it_was_made() {
    use crate::diagnose::is_current;
    use crate::verdict::Finding;
    let which = |target: &str| target.parse::<Target>().unwrap().which;
    let (name, selector) = (which("deployment/web"), which("pod/app=web"));
    let cases = [
        (&name, ("0/2 available", "0 of 2 pods ready"), ("0/2 available", "0 of 2 pods ready"), true),
        (&name, ("0/2 available", "0 of 2 pods ready"), ("1/2 available", "1 of 2 pods ready"), false),
        (&name, ("not ready", "its node may be lost"), ("not ready", "container a: PodInitializing"), false),
        (&selector, ("0/3 ready", "web-0: x (+2 more)"), ("1/3 ready", "web-0: x (+1 more)"), true),
        (&selector, ("0/3 ready", "web-0: x (+2 more)"), ("1/3 ready", "web-1: x (+1 more)"), false),
    ];
    for (which, examined, now, expected) in cases {
        let finding = |(state, cause)| Finding::because(state, cause);
        assert_eq!(is_current(which, &finding(examined), &finding(now)), expected, "{examined:?} {now:?}");
    }
}
