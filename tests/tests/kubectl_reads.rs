//! The simulated API server as kubectl sees it: what is read, waited for and described.

use e2e::kubectl::Kubectl;
use e2e::lab::{self, put};
use e2e::objects::{deployment, job, pod, replicaset, service, statefulset};
use nix::sys::signal::Signal;
use serde_json::json;

#[tokio::test]
async fn kubectl_gets_a_table_json_and_names() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    put(&server, pod("web", true));
    put(&server, deployment("api", 2, 1));
    kubectl.run("get pods").await.expect(0).saying("web").saying("Running");
    kubectl.run("get deploy,po").await.expect(0).saying("deployment.apps/api").saying("pod/web");
    kubectl.run("get pod web -o jsonpath={.status.phase}").await.expect(0).saying("Running");
    kubectl.run("get pods -A -l app=web -o name").await.expect(0).saying("pod/web");
    kubectl.run("get pod nowhere").await.expect(1).saying("pods \"nowhere\" not found");
    kubectl.run("get widgets").await.expect(1).saying("the server doesn't have a resource type");
}

#[tokio::test]
async fn kubectl_get_watches_until_it_is_stopped() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    put(&server, pod("web", false));
    let watching = kubectl.start("get pods -w -o name");
    watching.until_says("pod/web").await;
    lab::watched(&server).await;
    put(&server, pod("late", true));
    watching.until_says("pod/late").await;
    watching.signal(Signal::SIGTERM);
    watching.ended().await;
}

#[tokio::test]
async fn kubectl_waits_for_a_condition() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    put(&server, deployment("api", 2, 1));
    let waiting = kubectl.start("wait deployment/api --for=condition=Available --timeout=30s");
    lab::watched(&server).await;
    put(&server, deployment("api", 2, 2));
    waiting.ended().await.expect(0).saying("condition met");
    let ended = kubectl.run("wait deployment/api --for=condition=Nope --timeout=1s").await;
    ended.expect(1).saying("timed out");
}

#[tokio::test]
async fn kubectl_waits_for_a_field() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    put(&server, deployment("api", 2, 1));
    let waiting = kubectl.start("wait deployment/api --for=jsonpath={.status.readyReplicas}=2 --timeout=30s");
    lab::watched(&server).await;
    put(&server, deployment("api", 2, 2));
    waiting.ended().await.expect(0).saying("condition met");
}

#[tokio::test]
async fn kubectl_waits_for_a_deletion() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    put(&server, pod("web", true));
    let waiting = kubectl.start("wait pod/web --for=delete --timeout=30s");
    lab::watched(&server).await;
    server.store().delete("pods", "default", "web").expect("it is there");
    waiting.ended().await.expect(0);
}

#[tokio::test]
async fn kubectl_waits_for_a_creation() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    let waiting = kubectl.start("wait pod/web --for=create --timeout=30s");
    lab::asked(&server, "get", 1).await;
    put(&server, pod("web", true));
    waiting.ended().await.expect(0).saying("condition met");
}

#[tokio::test]
async fn kubectl_shows_more_columns_when_it_is_asked_to() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    let mut running = pod("web", true);
    running["spec"]["nodeName"] = json!("lab");
    running["status"]["podIPs"] = json!([{"ip": "127.1.0.1"}]);
    put(&server, running);
    put(&server, deployment("api", 2, 1));
    kubectl.does("get pods -o wide").await.saying("NOMINATED NODE").saying("127.1.0.1").saying("lab");
    kubectl.does("get deploy -o wide").await.saying("SELECTOR").saying("app=api");
    kubectl.does("get all").await.saying("pod/web").saying("deployment.apps/api");
    let columns = "get pods -o custom-columns=NAME:.metadata.name,PHASE:.status.phase";
    kubectl.does(columns).await.saying("web    Running");
}

#[tokio::test]
async fn kubectl_describes_with_events() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    let mut broken = pod("web", false);
    broken["metadata"]["uid"] = json!("u1");
    put(&server, broken);
    for object in [
        deployment("api", 2, 1),
        replicaset("old", 1, 1),
        statefulset("db", 1, 1),
        job("migrate", true),
        service("api"),
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "lab"}, "status": {}}),
    ] {
        put(&server, object);
    }
    put(
        &server,
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.1", "namespace": "default"},
               "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default", "apiVersion": "v1", "uid": "u1"},
               "type": "Warning", "reason": "Unhealthy", "message": "Readiness probe failed: refused",
               "source": {"component": "kubelet"}, "count": 3, "firstTimestamp": "2026-01-01T00:00:00Z",
               "lastTimestamp": "2026-01-01T00:01:00Z"}),
    );
    kubectl.does("describe pod web").await.saying("Readiness probe failed: refused").saying("(x3 over");
    kubectl.does("events --for pod/web").await.saying("Unhealthy");
    for (what, said) in [
        ("deployment api", "2 desired"),
        ("rs old", "1 current / 1 desired"),
        ("statefulset db", "1 desired"),
        ("job migrate", "Completions:"),
        ("service api", "10.0.0.1"),
        ("node lab", "Taints:"),
    ] {
        kubectl.does(&format!("describe {what}")).await.saying(said);
    }
}

#[tokio::test]
async fn kubectl_explains_and_asks_what_it_may() {
    let server = lab::start().await;
    let Some(kubectl) = Kubectl::find(&server).await else { return };
    put(&server, pod("web", true));
    kubectl
        .does("explain deploy.spec.template.spec.containers.livenessProbe")
        .await
        .saying("failureThreshold");
    kubectl.does("auth can-i list pods").await.saying("yes");
    kubectl.does("api-resources").await.saying("deployments");
    kubectl.run("exec web -- true").await.expect(1).saying("the lab does not serve pods/exec");
    kubectl.run("top pod").await.expect(1).saying("Metrics API not available");
}
