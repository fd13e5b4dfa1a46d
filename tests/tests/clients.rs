//! The simulated API server as kube-rs sees it, which many controllers are built on.

use std::pin::pin;

use e2e::lab::{self, put};
use e2e::objects::{deployment, pod};
use e2e::patience::soon;
use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{
    Api, DeleteParams, EvictParams, ListParams, Patch, PatchParams, PostParams, Preconditions, WatchEvent,
    WatchParams,
};
use kube::core::PartialObjectMeta;
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Config, ResourceExt};
use probesim::lab::{Matching, Reply, Rule, Server};
use serde_json::json;

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
async fn kube_rs_applies_and_patches_strategically() {
    let server = lab::start().await;
    let deployments: Api<Deployment> = Api::namespaced(client(&server), "default");
    let applied = |image: &str, manager: &str| {
        let wanted = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
            "spec": {"selector": {"matchLabels": {"app": "api"}}, "template": {
                "metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "main", "image": image}]}}}});
        let (deployments, parameters) = (deployments.clone(), PatchParams::apply(manager).force());
        async move { deployments.patch("api", &parameters, &Patch::Apply(wanted)).await.expect("it is applied") }
    };
    let made = applied("one", "me").await;
    assert_eq!(made.metadata.generation, Some(1));
    let more = json!({"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "x"}]}}}});
    deployments.patch("api", &PatchParams::default(), &Patch::Strategic(more)).await.expect("it is there");
    let again = applied("two", "me").await;
    let containers = &again.spec.as_ref().expect("a spec").template.spec.as_ref().expect("a spec").containers;
    let mut images: Vec<_> = containers.iter().map(|one| one.image.as_deref().unwrap_or_default()).collect();
    images.sort_unstable();
    assert_eq!(images, ["two", "x"]);
    let managers: Vec<_> = again.managed_fields().iter().filter_map(|one| one.manager.as_deref()).collect();
    assert_eq!(managers, ["me"]);
    let nobody =
        deployments.patch("api", &PatchParams::default(), &Patch::Apply(json!({"metadata": {}}))).await;
    assert!(matches!(nobody, Err(kube::Error::Api(status)) if status.code == 422));
}

#[tokio::test]
async fn kube_rs_scales_and_evicts() {
    let server = lab::start().await;
    put(&server, deployment("api", 2, 1));
    put(&server, pod("web", true));
    let deployments: Api<Deployment> = Api::namespaced(client(&server), "default");
    let scale = deployments.get_scale("api").await.expect("a scale");
    assert_eq!(scale.spec.and_then(|spec| spec.replicas), Some(2));
    assert_eq!(scale.status.and_then(|status| status.selector).as_deref(), Some("app=api"));
    let four = Patch::Merge(json!({"spec": {"replicas": 4}}));
    let scaled = deployments.patch_scale("api", &PatchParams::default(), &four).await.expect("it is there");
    assert_eq!(scaled.spec.and_then(|spec| spec.replicas), Some(4));
    let now = deployments.get("api").await.expect("it is there");
    assert_eq!((now.metadata.generation, now.spec.and_then(|spec| spec.replicas)), (Some(2), Some(4)));
    let pods = pods(&server);
    pods.evict("web", &EvictParams::default()).await.expect("it is there");
    assert!(pods.get_opt("web").await.expect("an answer").is_none());
    let gone = pods.evict("web", &EvictParams::default()).await;
    assert!(matches!(gone, Err(kube::Error::Api(status)) if status.code == 404));
}

#[tokio::test]
async fn kube_rs_reads_and_follows_metadata_alone() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    let pods = pods(&server);
    assert_eq!(pods.get_metadata("web").await.expect("it is there").name_any(), "web");
    assert_eq!(pods.list_metadata(&ListParams::default()).await.expect("a list").items.len(), 1);
    let label = Patch::Merge(json!({"metadata": {"labels": {"stage": "two"}}}));
    let patched = pods.patch_metadata("web", &PatchParams::default(), &label).await.expect("it is there");
    assert_eq!(patched.labels()["stage"], "two");
    let partial: Api<PartialObjectMeta<Pod>> = Api::namespaced(client(&server), "default");
    let mut events = watcher(partial, watcher::Config::default()).boxed();
    loop {
        let event = soon("an event", events.next()).await.expect("an event").expect("no error");
        if matches!(event, Event::InitDone) {
            break;
        }
    }
    put(&server, pod("late", true));
    let next = soon("an event", events.next()).await.expect("an event").expect("no error");
    assert!(matches!(next, Event::Apply(partial) if partial.name_any() == "late"));
}

#[tokio::test]
async fn writes_based_on_an_old_state_are_refused() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    let pods = pods(&server);
    let old = pods.get("web").await.expect("it is there");
    put(&server, pod("web", false));
    let conflict = |result: Result<(), kube::Error>| {
        assert!(matches!(&result, Err(kube::Error::Api(status)) if status.code == 409), "{result:?}");
    };
    conflict(pods.replace("web", &PostParams::default(), &old).await.map(drop));
    let version = json!({"metadata": {"resourceVersion": old.resource_version(), "labels": {"a": "b"}}});
    conflict(pods.patch("web", &PatchParams::default(), &Patch::Merge(version)).await.map(drop));
    let preconditions = Preconditions { resource_version: old.resource_version(), uid: None };
    let parameters = DeleteParams::default().preconditions(preconditions);
    conflict(pods.delete("web", &parameters).await.map(drop));
    let dry = pods.delete("web", &DeleteParams::default().dry_run()).await;
    assert!(dry.is_ok() && pods.get_opt("web").await.expect("an answer").is_some());
    let all = pods.delete_collection(&DeleteParams::default().dry_run(), &ListParams::default()).await;
    assert!(all.is_ok() && pods.get_opt("web").await.expect("an answer").is_some());
}

#[tokio::test]
async fn pages_show_one_state_whatever_happens_between_them() {
    let server = lab::start().await;
    for number in 0..5 {
        put(&server, pod(&format!("web-{number}"), true));
    }
    let pods = pods(&server);
    let first = pods.list(&ListParams::default().limit(2)).await.expect("a page");
    server.store().delete("pods", "default", "web-3").expect("it is there");
    put(&server, pod("web-2a", true));
    let token = first.metadata.continue_.expect("a token");
    let rest = pods.list(&ListParams::default().limit(9).continue_token(&token)).await.expect("a page");
    let names: Vec<_> = rest.items.iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["web-2", "web-3", "web-4"]);
    server.store().forget_history();
    let late = pods.list(&ListParams::default().continue_token(&token)).await;
    assert!(matches!(late, Err(kube::Error::Api(status)) if status.code == 410));
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
