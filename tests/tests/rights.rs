//! What `--print rbac` prints is enough for the gate, and nothing of it can be left out.

use e2e::lab::{self, allow, put, watched};
use e2e::objects::{deployment, endpoint_slice, in_namespace, labelled, pod, service};
use probesim::lab::{Rule, Server};
use serde_json::Value;

const TARGETS: &str = "deployment/api pod/app=web service/api node/n1 deployment/db@other";

/// The rules that are printed, one for each verb.
async fn printed() -> Vec<Rule> {
    let ended =
        e2e::gate!().args(&format!("--print rbac --namespace default {TARGETS}")).run().await.expect(0);
    let text = ended.results().join("\n");
    let mut rules = Vec::new();
    for document in text.split("---\n").filter(|text| !text.trim().is_empty()) {
        let object = wait_for::yaml::to_json(document).unwrap();
        if !matches!(object["kind"].as_str(), Some("Role" | "ClusterRole")) {
            continue;
        }
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        for rule in object["rules"].as_array().unwrap() {
            for verb in texts(&rule["verbs"]) {
                let (group, resource) = (texts(&rule["apiGroups"]), texts(&rule["resources"]));
                let mut one = Rule::new(&[verb], group[0], resource[0], namespace);
                for name in texts(&rule["resourceNames"]) {
                    one = one.named(name);
                }
                rules.push(one);
            }
        }
    }
    rules
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

async fn cluster(rules: &[Rule]) -> Server {
    let server = lab::start().await;
    let namespaced = |object| in_namespace(object, "default");
    put(&server, namespaced(deployment("api", 1, 1)));
    put(&server, in_namespace(deployment("db", 1, 1), "other"));
    put(&server, namespaced(labelled(pod("web", true), "app", "web")));
    put(&server, namespaced(service("api")));
    put(&server, namespaced(endpoint_slice("api", true)));
    put(
        &server,
        serde_json::json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
    );
    allow(&server, "token", rules);
    server
}

#[tokio::test]
async fn the_printed_rights_are_enough() {
    let server = cluster(&printed().await).await;
    let gate = e2e::gate!().kubeconfig(&server.kubeconfig_with_token("token"));
    let ended = gate.args(&format!("--namespace default --timeout=10s {TARGETS}")).run().await;
    ended.expect(0).not_saying("forbidden");
}

#[tokio::test]
async fn without_any_one_of_them_something_is_forbidden() {
    let all = printed().await;
    assert_eq!(all.len(), 12, "six rules, two verbs each: {all:?}");
    for index in 0..all.len() {
        let mut rules = all.clone();
        let missing = rules.remove(index);
        let server = cluster(&rules).await;
        // One target that is never met keeps the gate where its watches are opened.
        let gate = e2e::gate!().kubeconfig(&server.kubeconfig_with_token("token"));
        let args = format!("--namespace default --timeout=5s --stable-for=1h {TARGETS}");
        let gate = gate.args(&args).start();
        watched(&server).await;
        let forbidden = server.wait_for_request(|request| request.status == Some(403));
        let seen = tokio::time::timeout(std::time::Duration::from_secs(5), forbidden).await;
        assert!(seen.is_ok(), "nothing missed {missing:?}");
        drop(gate);
    }
}

/// A pod whose gate acts as this account.
fn gated(account: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {account}}}\nspec:\n  serviceAccountName: {account}\n  \
         initContainers: [{{name: gate, image: 'wait-for:1', args: ['configmap/ready:exists']}}]\n  containers: \
         [{{name: app, image: app, command: [sleep, '60']}}]\n---\n"
    )
}

/// A Role that lets this account do so much with the ConfigMap, and its binding.
fn role(account: &str, verbs: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {account}}}\nrules: [{{apiGroups: \
         [''], resources: [configmaps], resourceNames: [ready], verbs: [{verbs}]}}]\n---\napiVersion: \
         rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {account}}}\nroleRef: {{apiGroup: \
         rbac.authorization.k8s.io, kind: Role, name: {account}}}\nsubjects: [{{kind: ServiceAccount, name: {account}, \
         namespace: default}}]\n---\n"
    )
}

#[tokio::test]
async fn the_lab_asks_the_roles_of_its_manifests_and_accounts_without_one_may_do_everything() {
    let manifest = [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ready}\n---\n".to_owned(),
        gated("enough") + &role("enough", "get, list, watch"),
        gated("short") + &role("short", "update"),
        gated("unbound"),
    ];
    let lab = e2e::cluster!().manifest(&manifest.concat()).args("--run app=").start().await;
    lab.process.until_says("User \"system:serviceaccount:default:short\" cannot").await;
    for name in ["enough", "unbound"] {
        lab.until_ready(name, true).await;
    }
    let short = lab.get("/api/v1/namespaces/default/pods/short").await.expect("a pod");
    assert!(!e2e::cluster::is_ready(&short), "{short}");
}
