//! go_wait_for_k8s's argument lists and environment, as its README and its users write them.

use e2e::gate::Gate;
use e2e::lab::{self, put, watched};
use e2e::objects::{daemonset, deployment, in_namespace, job, labelled, pod, replicaset, statefulset};
use probesim::lab::Server;
use serde_json::{Value, json};

/// Its kubeconfig comes by flag or variable; each test says which.
fn gate(server: &Server, args: &str) -> Gate {
    e2e::gate!().kubeconfig(&server.kubeconfig()).args(args)
}

async fn lab_with(objects: impl IntoIterator<Item = Value>) -> Server {
    let server = lab::start().await;
    for namespace in ["production", "shop"] {
        put(&server, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}));
    }
    objects.into_iter().for_each(|object| put(&server, object));
    server
}

#[tokio::test]
async fn the_init_container_of_its_readme_waits_for_every_deployment_of_the_selection() {
    let test = |name, available| labelled(deployment(name, 2, available), "app", "readiness-test");
    let server = lab_with([test("one", 2), test("two", 0), deployment("another", 2, 0)]).await;
    let args = "--label-selector=app=readiness-test --resource-type=deployment";
    let gate = gate(&server, args).env("NAMESPACE", "default").start();
    let first = gate.process.until_says("wait-for 0.").await.text;
    assert!(first.contains("timeout none") && first.contains(r#"namespace "default""#), "{first}");
    watched(&server).await;
    put(&server, test("two", 2));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn its_first_example_waits_for_pods_with_single_dashes() {
    let server = lab_with([pod("myapp", false)]).await;
    let args = "-namespace=default -label-selector=app=myapp -resource-type=pod";
    let gate = gate(&server, args).start();
    watched(&server).await;
    put(&server, pod("myapp", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn its_second_example_means_ten_minutes() {
    let frontend = in_namespace(labelled(deployment("web", 1, 1), "tier", "frontend"), "production");
    let server = lab_with([frontend]).await;
    let args = "-namespace=production -label-selector=tier=frontend -resource-type=deployment -timeout=10 -interval=10";
    let ended = gate(&server, args).run().await.expect(0);
    assert!(ended.log()[0].contains("timeout 10m"), "{ended}");
}

#[tokio::test]
async fn a_flag_and_its_value_may_be_two_arguments() {
    let server = lab_with([pod("myapp", true)]).await;
    let args = "-namespace default -label-selector app=myapp -resource-type pod -timeout 1";
    let ended = gate(&server, args).run().await.expect(0);
    assert!(ended.log()[0].contains("timeout 1m"), "{ended}");
}

#[tokio::test]
async fn its_environment_alone_is_enough_and_seconds_are_seconds() {
    let server = lab_with([pod("myapp", false)]).await;
    let ended = gate(&server, "")
        .env("NAMESPACE", "default")
        .env("LABEL_SELECTOR", "app=myapp")
        .env("RESOURCE_TYPE", "pod")
        .env("TIMEOUT_SECONDS", "1")
        .env("INTERVAL_SECONDS", "1")
        .run()
        .await;
    let ended = ended.expect(3).between(1.0, 3.5);
    assert!(ended.log()[0].contains("timeout 1s"), "{ended}");
}

#[tokio::test]
async fn without_a_namespace_all_are_meant() {
    let web = |available| in_namespace(labelled(deployment("web", 1, available), "app", "x"), "shop");
    let server = lab_with([labelled(deployment("api", 1, 1), "app", "x"), web(0)]).await;
    let gate = gate(&server, "-label-selector=app=x -resource-type=deployment").start();
    gate.process.until_says("all namespaces").await;
    watched(&server).await;
    assert!(server.requests().iter().all(|request| request.path == "/apis/apps/v1/deployments"));
    put(&server, web(1));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn without_a_selector_all_objects_of_the_kind_are_meant() {
    let server = lab_with([pod("one", true), pod("two", false)]).await;
    gate(&server, "-namespace=default -resource-type=pod --once").run().await.expect(3);
    put(&server, pod("two", true));
    gate(&server, "-namespace=default -resource-type=pod --once").run().await.expect(0);
}

#[tokio::test]
async fn a_selection_that_matches_nothing_yet_is_waited_for() {
    let server = lab_with([]).await;
    let gate =
        gate(&server, "-namespace=default -label-selector=app=readiness-test -resource-type=job").start();
    watched(&server).await;
    put(&server, labelled(job("test", true), "app", "readiness-test"));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn its_kubeconfig_flag_is_one_file() {
    let server = lab_with([pod("myapp", true)]).await;
    let files = e2e::scratch::Scratch::new();
    let path = files.write("config", server.kubeconfig());
    let args = format!(
        "-kubeconfig={} -namespace=default -label-selector=app=myapp -resource-type=pod",
        path.display()
    );
    e2e::gate!().args(&args).run().await.expect(0);
}

/// What its success manifests come to on a cluster; the condition of each was not true before.
#[tokio::test]
async fn every_kind_of_its_success_manifests_opens_when_it_becomes_ready() {
    let kinds: [(&str, Value, Value); 6] = [
        ("deployment", deployment("test", 2, 0), deployment("test", 2, 2)),
        ("job", job("test", false), job("test", true)),
        ("daemonset", daemonset("test", 1, 0), daemonset("test", 1, 1)),
        ("replicaset", replicaset("test", 2, 1), replicaset("test", 2, 2)),
        ("statefulset", statefulset("test", 2, 1), statefulset("test", 2, 2)),
        ("pod", pod("test", false), pod("test", true)),
    ];
    for (kind, before, after) in kinds {
        let server = lab_with([labelled(before, "app", "readiness-test")]).await;
        let args = format!("-namespace=default -label-selector=app=readiness-test -resource-type={kind}");
        let gate = gate(&server, &args).start();
        watched(&server).await;
        put(&server, labelled(after, "app", "readiness-test"));
        gate.ended().await.expect(0).saying(&format!("met {kind}/app=readiness-test"));
    }
}

/// It counted a Deployment as ready whose status was of an older generation.
#[tokio::test]
async fn its_gaps_are_not_kept() {
    let mut stale = labelled(deployment("test", 2, 2), "app", "readiness-test");
    stale["metadata"]["generation"] = json!(2);
    let mut created = labelled(daemonset("test", 0, 0), "app", "readiness-test");
    created["status"] = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0,
                               "numberReady": 0});
    let server = lab_with([stale, created]).await;
    for kind in ["deployment", "daemonset"] {
        let args =
            format!("-namespace=default -label-selector=app=readiness-test -resource-type={kind} --once");
        gate(&server, &args).run().await.expect(3);
    }
}

#[tokio::test]
async fn a_kind_that_it_does_not_know_ends_with_2() {
    let server = lab_with([]).await;
    gate(&server, "-resource-type=podd").run().await.expect(2).saying("pod");
    gate(&server, "-label-selector=app=x").run().await.expect(2).saying("--resource-type");
    gate(&server, "-resource-type=pod -timeout=soon").run().await.expect(2).saying("timeout");
}

#[tokio::test]
async fn help_with_a_single_dash_ends_with_0() {
    e2e::gate!().args("-help").run().await.expect(0);
}
