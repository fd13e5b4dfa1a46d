//! The simulated API server as other clients see it: kube-rs, which many controllers are built on, and kubectl.

use std::pin::pin;

use e2e::lab::{self, put};
use e2e::objects::{deployment, pod};
use e2e::patience::soon;
use e2e::process::{Ended, Process};
use e2e::scratch::Scratch;
use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Config, ResourceExt};
use nix::sys::signal::Signal;
use probesim::lab::{Matching, Reply, Rule, Server};
use serde_json::json;
use tokio::process::Command;

fn client(server: &Server) -> Client {
    let address = format!("http://{}", server.address()).parse().expect("an address");
    Client::try_from(Config::new(address)).expect("a client")
}

fn pods(server: &Server) -> Api<Pod> {
    Api::namespaced(client(server), "default")
}

// === kube-rs ===

#[tokio::test]
async fn kube_rs_lists_by_label_field_and_page() {
    let server = lab::start().await;
    for number in 0..5 {
        put(&server, pod(&format!("web-{number}"), true));
    }
    let pods = pods(&server);
    assert_eq!(pods.list(&ListParams::default()).await.expect("a list").items.len(), 5);
    let one = pods.list(&ListParams::default().fields("metadata.name=web-3")).await.expect("a list");
    assert_eq!(one.items[0].name_any(), "web-3");
    let two = pods.list(&ListParams::default().labels("app in (web-1, web-2)")).await.expect("a list");
    assert_eq!(two.items.len(), 2);
    let page = pods.list(&ListParams::default().limit(2)).await.expect("a list");
    let token = page.metadata.continue_.expect("a token");
    let next = pods.list(&ListParams::default().limit(9).continue_token(&token)).await.expect("a list");
    assert_eq!((page.items.len(), next.items.len()), (2, 3));
}

#[tokio::test]
async fn kube_rs_creates_patches_and_deletes() {
    let server = lab::start().await;
    let pods = pods(&server);
    let wanted: Pod = serde_json::from_value(pod("web", false)).expect("a pod");
    let made = pods.create(&PostParams::default(), &wanted).await.expect("it is made");
    assert!(made.uid().is_some() && made.resource_version().is_some());
    let again = pods.create(&PostParams::default(), &wanted).await;
    assert!(matches!(again, Err(kube::Error::Api(status)) if status.code == 409));
    let label = json!({"metadata": {"labels": {"stage": "two"}}});
    let patched =
        pods.patch("web", &PatchParams::default(), &Patch::Merge(label)).await.expect("it is there");
    assert_eq!(patched.labels()["stage"], "two");
    pods.delete("web", &kube::api::DeleteParams::default().grace_period(0)).await.expect("it is there");
    assert!(pods.get_opt("web").await.expect("an answer").is_none());
}

#[tokio::test]
async fn kube_rs_watches_from_a_version() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let pods = pods(&server);
    let version =
        pods.list(&ListParams::default()).await.expect("a list").metadata.resource_version.expect("one");
    put(&server, pod("web", true));
    server.store().delete("pods", "default", "web").expect("it is there");
    let mut events = pin!(pods.watch(&WatchParams::default(), &version).await.expect("a watch"));
    let mut next = async || soon("an event", events.try_next()).await.expect("no error").expect("an event");
    assert!(matches!(next().await, WatchEvent::Modified(pod) if pod.name_any() == "web"));
    assert!(matches!(next().await, WatchEvent::Deleted(_)));
}

/// `streaming`: the state at first comes as a watch, too.
async fn follow(config: watcher::Config, is_streaming: bool) {
    let server = lab::start().await;
    put(&server, pod("one", true));
    put(&server, pod("two", true));
    let mut events = watcher(pods(&server), config).boxed();
    let mut next = async || soon("an event", events.next()).await.expect("an event").expect("no error");
    assert!(matches!(next().await, Event::Init));
    let mut seen = Vec::new();
    loop {
        match next().await {
            Event::InitApply(pod) => seen.push(pod.name_any()),
            Event::InitDone => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, ["one", "two"]);
    assert_eq!(lab::count(&server, "list"), usize::from(!is_streaming));
    put(&server, pod("three", false));
    assert!(matches!(next().await, Event::Apply(pod) if pod.name_any() == "three"));
    server.store().delete("pods", "default", "one").expect("it is there");
    assert!(matches!(next().await, Event::Delete(pod) if pod.name_any() == "one"));
}

#[tokio::test]
async fn the_watcher_of_kube_rs_lists_and_follows() {
    follow(watcher::Config::default(), false).await;
}

#[tokio::test]
async fn the_watcher_of_kube_rs_streams_its_list_and_follows() {
    follow(watcher::Config::default().streaming_lists(), true).await;
}

#[tokio::test]
async fn the_watcher_of_kube_rs_starts_over_when_history_is_forgotten() {
    let server = lab::start().await;
    put(&server, pod("one", true));
    let config = watcher::Config::default();
    let mut events = watcher(pods(&server), config).boxed();
    let mut until_listed = async || loop {
        if let Some(Ok(Event::InitDone)) = soon("a list", events.next()).await {
            return;
        }
    };
    until_listed().await;
    server.faults().answer(Matching::any().verb("watch"), Reply::expired_event(), Some(1));
    until_listed().await;
}

#[tokio::test]
async fn await_condition_of_kube_rs_ends_when_it_is_true() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let running = await_condition(pods(&server), "web", conditions::is_pod_running());
    assert!(soon("a running pod", running).await.expect("no error").is_some());
    let deployments: Api<Deployment> = Api::namespaced(client(&server), "default");
    let completed = tokio::spawn(await_condition(deployments, "api", conditions::is_deployment_completed()));
    lab::watched(&server).await;
    put(&server, deployment("api", 2, 1));
    put(&server, deployment("api", 2, 2));
    assert!(soon("a deployment", completed).await.expect("no panic").expect("no error").is_some());
}

#[tokio::test]
async fn kube_rs_asks_what_it_may_and_is_refused_the_rest() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    lab::allow(&server, "secret", &[Rule::new(&["list"], "", "pods", "default")]);
    let mut config = Config::new(format!("http://{}", server.address()).parse().expect("an address"));
    config.auth_info.token = Some("secret".to_owned().into());
    let client = Client::try_from(config).expect("a client");
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    assert_eq!(pods.list(&ListParams::default()).await.expect("it may list").items.len(), 1);
    let refused = pods.get("web").await;
    assert!(matches!(&refused, Err(kube::Error::Api(status)) if status.code == 403), "{refused:?}");
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client);
    for (verb, expected) in [("list", true), ("get", false)] {
        let asked = json!({"spec": {"resourceAttributes": {"namespace": "default", "verb": verb, "resource": "pods"}}});
        let asked = serde_json::from_value(asked).expect("a review");
        let answer = reviews.create(&PostParams::default(), &asked).await.expect("an answer");
        assert_eq!(answer.status.map(|status| status.allowed), Some(expected), "{verb}");
    }
}

// === kubectl ===

/// kubectl with a kubeconfig for a server.
struct Kubectl {
    files: Scratch,
}

impl Kubectl {
    /// `None`, and a line that says so, where the machine has no kubectl.
    async fn find(server: &Server) -> Option<Self> {
        let is_there = Command::new("kubectl").args(["version", "--client"]).output().await.is_ok();
        if !is_there {
            println!("skipped: there is no kubectl on this machine");
            return None;
        }
        let files = Scratch::new();
        files.write("kubeconfig", server.kubeconfig());
        Some(Self { files })
    }

    fn start(&self, args: &str) -> Process {
        let mut command = Command::new("kubectl");
        command
            .env("KUBECONFIG", self.files.path("kubeconfig"))
            .env("HOME", self.files.directory())
            .args(args.split_whitespace());
        Process::start(command)
    }

    async fn run(&self, args: &str) -> Ended {
        self.start(args).ended().await
    }
}

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
