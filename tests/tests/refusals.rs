//! The API refuses: the gate waits a little for a cure, makes do with what it may, and names the missing rule.

use e2e::gate::Gate;
use e2e::impostor::{Impostor, answer};
use e2e::lab::{self, allow, count, put, watched};
use e2e::objects::{deployment, endpoint_slice, pod, service};
use e2e::scratch::Scratch;
use probesim::lab::{Cut, Rule, Server};
use serde_json::json;

fn gate(server: &Server, args: &str) -> Gate {
    e2e::gate!().kubeconfig(&server.kubeconfig_with_token("secret")).args(args)
}

#[tokio::test]
async fn a_role_that_never_comes_ends_the_wait_after_its_grace_with_the_missing_rule() {
    let server = lab::start().await;
    allow(&server, "secret", &[]);
    let (ended, log) = gate(&server, "deployment/api").termination_log().start().ended_with_log().await;
    let ended = ended.expect(4).between(29.5, 40.0).saying("still waiting after 30s");
    for part in
        ["forbidden", r#"apiGroups: ["apps"]"#, r#"resources: ["deployments"]"#, r#"resourceNames: ["api"]"#]
    {
        assert!(ended.results()[0].contains(part), "{part}: {ended}");
        assert!(log.as_ref().is_some_and(|log| log.contains(part)), "{part}: {log:?}");
    }
    assert!(server.request_count() < 60, "{} requests in 30 s", server.request_count());
}

#[tokio::test]
async fn a_token_that_is_never_accepted_ends_the_wait_after_its_grace() {
    let server = lab::start().await;
    allow(&server, "another", &[]);
    let ended = gate(&server, "pod/app=web").run().await;
    ended.expect(4).between(29.5, 40.0).saying("refused pod/app=web").saying("credentials not accepted");
}

#[tokio::test]
async fn a_selection_that_is_forbidden_asks_for_list_and_watch_of_all() {
    let server = lab::start().await;
    allow(&server, "secret", &[Rule::new(&["get", "list", "watch"], "", "pods", "default").named("web")]);
    let ended = gate(&server, "pod/app=web --once").run().await.expect(4).saying("verbs: [list, watch]");
    ended.not_saying("resourceNames");
}

#[tokio::test]
async fn a_single_look_that_is_refused_ends_at_once() {
    let server = lab::start().await;
    allow(&server, "secret", &[]);
    put(&server, pod("web", true));
    let ended = gate(&server, "pod/web --once").run().await;
    ended.expect(4).between(0.0, 3.0).saying(r#"resources: ["pods"]"#);
}

#[tokio::test]
async fn a_role_that_comes_late_opens_the_gate() {
    let server = lab::start().await;
    put(&server, deployment("api", 2, 2));
    allow(&server, "secret", &[]);
    let gate = gate(&server, "deployment/api --timeout=60s").start();
    gate.process.until_says("forbidden").await;
    allow(&server, "secret", &[Rule::new(&["get", "list", "watch"], "apps", "deployments", "default")]);
    gate.ended().await.expect(0).between(0.0, 8.0);
}

#[tokio::test]
async fn a_role_of_the_one_object_is_enough() {
    let server = lab::start().await;
    put(&server, deployment("api", 2, 1));
    let rule = Rule::new(&["get", "list", "watch"], "apps", "deployments", "default").named("api");
    allow(&server, "secret", &[rule]);
    let gate = gate(&server, "deployment/api --timeout=60s").start();
    watched(&server).await;
    put(&server, deployment("api", 2, 2));
    gate.ended().await.expect(0).not_saying("forbidden");
}

#[tokio::test]
async fn where_only_get_is_allowed_the_gate_polls_and_opens() {
    let server = lab::start().await;
    put(&server, deployment("api", 2, 1));
    allow(&server, "secret", &[Rule::new(&["get"], "apps", "deployments", "default")]);
    let gate = gate(&server, "deployment/api --timeout=60s --interval=200ms").start();
    lab::asked(&server, "get", 3).await;
    assert_eq!(
        (count(&server, "list"), count(&server, "watch")),
        (1, 0),
        "once it is known, it is not tried"
    );
    put(&server, deployment("api", 2, 2));
    gate.ended().await.expect(0).saying("listing and watching").saying("every 200ms");
}

#[tokio::test]
async fn where_only_list_is_allowed_the_gate_polls_and_opens() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    allow(&server, "secret", &[Rule::new(&["list"], "", "pods", "default")]);
    let gate = gate(&server, "pod/app=web --timeout=60s --interval=200ms").start();
    lab::asked(&server, "list", 4).await;
    assert_eq!(count(&server, "watch"), 1, "once it is known, it is not tried");
    put(&server, pod("web", true));
    gate.ended().await.expect(0).saying("watching pods").between(0.0, 8.0);
}

#[tokio::test]
async fn an_object_that_is_missing_is_polled_for_where_only_get_is_allowed() {
    let server = lab::start().await;
    allow(&server, "secret", &[Rule::new(&["get"], "", "pods", "default").named("web")]);
    let gate = gate(&server, "pod/web --timeout=60s --interval=100ms").start();
    gate.process.until_says("not found").await;
    put(&server, pod("web", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn a_service_opens_by_its_endpoints_where_services_may_not_be_read() {
    let server = lab::start().await;
    put(&server, service("api"));
    put(&server, endpoint_slice("api", false));
    let rule = Rule::new(&["list", "watch"], "discovery.k8s.io", "endpointslices", "default");
    allow(&server, "secret", &[rule]);
    let gate = gate(&server, "service/api --timeout=60s").start();
    watched(&server).await;
    put(&server, endpoint_slice("api", true));
    let ended = gate.ended().await.expect(0).between(0.0, 8.0);
    ended
        .saying("service/api may not be read: its EndpointSlices alone decide")
        .saying(r#"resources: ["services"]"#);
}

#[tokio::test]
async fn a_selection_of_services_is_not_judged_by_the_slices_of_those_that_have_some() {
    let server = lab::start().await;
    put(&server, service("api"));
    put(&server, service("idle"));
    put(&server, endpoint_slice("api", true));
    let slices = Rule::new(&["list", "watch"], "discovery.k8s.io", "endpointslices", "default");
    for verbs in [&[][..], &["get"]] {
        let services = Rule::new(verbs, "", "services", "default");
        allow(&server, "secret", &[slices.clone(), services]);
        let ended = gate(&server, "service/app=web --once").run().await.expect(4);
        ended.saying(r#"resources: ["services"], verbs: [list, watch]"#).not_saying("met service");
    }
}

#[tokio::test]
async fn a_token_that_is_rotated_in_its_file_is_used() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let rules = [Rule::new(&["get", "list", "watch"], "", "pods", "default")];
    allow(&server, "one", &rules);
    let files = Scratch::new();
    let token = files.write("token", "one\n");
    let mut kubeconfig: serde_json::Value = serde_json::from_str(&server.kubeconfig()).expect("JSON");
    kubeconfig["users"][0]["user"] = json!({"tokenFile": token});
    let gate = e2e::gate!().kubeconfig(&kubeconfig.to_string()).args("pod/web --timeout=60s").start();
    watched(&server).await;
    files.write("token", "two\n");
    allow(&server, "two", &rules);
    server.set_access(|access| access.revoke("one"));
    server.faults().cut(Cut::Reset);
    put(&server, pod("web", true));
    gate.ended().await.expect(0).between(0.0, 6.0).not_saying("credentials");
}

#[tokio::test]
async fn a_token_that_is_revoked_before_its_file_is_rotated_is_waited_for() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    allow(&server, "two", &[Rule::new(&["get", "list", "watch"], "", "pods", "default")]);
    let files = Scratch::new();
    let token = files.write("token", "one\n");
    let mut kubeconfig: serde_json::Value = serde_json::from_str(&server.kubeconfig()).expect("JSON");
    kubeconfig["users"][0]["user"] = json!({"tokenFile": token});
    let gate = e2e::gate!().kubeconfig(&kubeconfig.to_string()).args("pod/web --timeout=60s").start();
    gate.process.until_says("credentials not accepted").await;
    files.write("token", "two\n");
    gate.ended().await.expect(0).between(0.0, 8.0);
}

#[tokio::test]
async fn a_target_that_is_refused_does_not_hide_one_that_opens_any() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    allow(&server, "secret", &[Rule::new(&["get", "list", "watch"], "", "pods", "default")]);
    gate(&server, "deployment/api pod/web --any --timeout=60s").run().await.expect(0).between(0.0, 3.0);
}

/// A watch of what may be read ends as announced after 15 s: that is no end of the refusal beside it.
#[tokio::test]
async fn a_refusal_is_not_over_because_something_else_can_be_read() {
    let server = lab::start().await;
    put(&server, service("api"));
    allow(&server, "secret", &[Rule::new(&["get", "list", "watch"], "", "services", "default")]);
    let ended = gate(&server, "service/api --timeout=20s").run().await.expect(3);
    ended.saying("forbidden: add to a Role").saying("endpointslices").not_saying("answers again");
}

#[tokio::test]
async fn a_refusal_is_told_at_once_with_its_rule_and_its_end() {
    let server = lab::start().await;
    allow(&server, "secret", &[]);
    let ended = gate(&server, "deployment/api --timeout=3s").run().await.expect(3);
    let told = ended.log().into_iter().filter(|line| line.contains("giving up after 30s without it")).count();
    ended.saying(r#"forbidden: add to a Role for this account: apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["api"], verbs: [list, watch]; giving up after 30s without it"#);
    assert!((1..=3).contains(&told), "{told} times");
}

#[tokio::test]
async fn a_custom_resource_that_may_not_be_read_asks_for_the_rule_and_not_for_discovery() {
    let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "example.com/v1",
        "resources": [{"name": "widgets", "singularName": "widget", "namespaced": true, "kind": "Widget", "verbs": ["list"]}]});
    let group = json!({"kind": "APIGroup", "apiVersion": "v1", "name": "example.com",
        "versions": [{"groupVersion": "example.com/v1", "version": "v1"}],
        "preferredVersion": {"groupVersion": "example.com/v1", "version": "v1"}});
    let refused = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}"#;
    for (is_discovery_refused, rule) in [
        (false, r#"apiGroups: ["example.com"], resources: ["widgets"]"#),
        (true, "bind the ClusterRole system:discovery"),
    ] {
        let (list, group) = (list.to_string(), group.to_string());
        let server = Impostor::start(move |path, _| match path {
            "/apis/example.com" if !is_discovery_refused => answer(200, group.clone()),
            "/apis/example.com/v1" if !is_discovery_refused => answer(200, list.clone()),
            _ => answer(403, refused),
        })
        .await;
        for args in ["widget.example.com/w --once", "widget.example.com/w --timeout=1s"] {
            let ended = e2e::gate!().kubeconfig(&server.kubeconfig(&json!({}))).args(args).run().await;
            ended.saying(rule);
        }
    }
}
