//! Creates, updates, patches and deletes over HTTP.

use super::*;

const CONFIGS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test]
async fn an_object_is_created_once_changed_and_deleted() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let made = client.write("POST", CONFIGS, &config("cm1")).await;
    assert_eq!((made.status, made.value()["metadata"]["resourceVersion"].as_str()), (201, Some("2")));
    let again = client.write("POST", CONFIGS, &config("cm1")).await;
    assert_eq!((again.status, again.value()["reason"].as_str()), (409, Some("AlreadyExists")));
    let path = format!("{CONFIGS}/cm1");
    let mut old = config("cm1");
    old["metadata"]["resourceVersion"] = json!("1");
    assert_eq!(client.write("PUT", &path, &old).await.value()["reason"], "Conflict");
    let merge = [("Content-Type", "application/merge-patch+json")];
    let patched = client.ask("PATCH", &path, &merge, r#"{"data":{"k":"v"}}"#.to_owned()).await;
    assert_eq!(patched.value()["data"]["k"], "v");
    let uid = made.value()["metadata"]["uid"].clone();
    let deleted = client.write("DELETE", &path, &json!({"preconditions": {"uid": uid}})).await;
    assert_eq!((deleted.status, deleted.value()["details"]["uid"].clone()), (200, uid));
    assert_eq!(client.get(&path).await.status, 404);
}

#[tokio::test]
async fn the_status_is_a_subresource() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    client.write("POST", deployments, &json!({"metadata": {"name": "d"}, "spec": {"replicas": 1}})).await;
    let strategic = [("Content-Type", "application/strategic-merge-patch+json")];
    let condition = |status: &str| {
        format!(r#"{{"status":{{"conditions":[{{"type":"Available","status":"{status}"}}]}}}}"#)
    };
    let path = format!("{deployments}/d/status");
    client.ask("PATCH", &path, &strategic, condition("False")).await;
    let changed = client.ask("PATCH", &path, &strategic, condition("True")).await.value();
    assert_eq!(changed["status"]["conditions"], json!([{"type": "Available", "status": "True"}]));
    assert_eq!(changed["metadata"]["generation"], 1);
    let spec = client
        .ask("PATCH", &format!("{deployments}/d"), &strategic, r#"{"spec":{"replicas":2}}"#.to_owned())
        .await;
    assert_eq!(
        (&spec.value()["metadata"]["generation"], &spec.value()["status"]),
        (&json!(2), &changed["status"])
    );
}

#[tokio::test]
async fn what_is_not_supported_is_refused() {
    let server = server().await;
    server.store().apply(config("a")).unwrap();
    let mut client = Client::connect(&server).await;
    let object = format!("{CONFIGS}/a");
    let applied = format!("{object}?fieldManager=me");
    for (method, path, kind, code) in [
        ("PATCH", object.as_str(), "application/json", 415),
        ("PATCH", &object, "application/json-patch+json", 400),
        ("PATCH", &object, "application/merge-patch+json", 400),
        ("PATCH", &applied, "application/apply-patch+yaml", 400),
        ("PATCH", &object, "application/apply-patch+yaml", 422),
        ("POST", CONFIGS, "application/cbor", 415),
        ("POST", CONFIGS, "application/vnd.kubernetes.protobuf", 400),
        ("POST", CONFIGS, "application/json", 400),
        ("POST", &object, "application/json", 405),
        ("PUT", CONFIGS, "application/json", 405),
        ("DELETE", "/api/v1/namespaces", "application/json", 405),
        ("GET", "/api/v1/namespaces/default/pods/a/log", "", 404),
        ("GET", "/api/v1/namespaces/default/nodes", "", 404),
        ("POST", "/api/v1/pods", "application/json", 404),
        ("POST", "/version", "application/json", 405),
    ] {
        let answer = client.ask(method, path, &[("Content-Type", kind)], "[".to_owned()).await;
        assert_eq!(answer.status, code, "{method} {path} {kind}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_collection_is_deleted_by_selector() {
    let server = server().await;
    for name in ["a", "b"] {
        server.store().apply(config(name)).unwrap();
    }
    let mut client = Client::connect(&server).await;
    let deleted = client.write("DELETE", &format!("{CONFIGS}?labelSelector=app%3Da"), &json!({})).await;
    assert_eq!((deleted.status, deleted.names()), (200, vec!["a".to_owned()]));
    assert_eq!(client.get(CONFIGS).await.names(), ["b"]);
}

#[tokio::test]
async fn a_custom_resource_is_there_once_its_definition_is() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let widgets = "/apis/example.com/v1/namespaces/default/widgets";
    assert_eq!(client.get(widgets).await.body, "404 page not found\n");
    let definition = json!({"metadata": {"name": "widgets.example.com"}, "spec": {"group": "example.com",
        "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [{"name": "v1", "served": true}]}});
    let made =
        client.write("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.value()["status"]["conditions"][1], json!({"type": "Established", "status": "True"}));
    assert!(client.get(widgets).await.names().is_empty());
    let made = client.write("POST", widgets, &json!({"metadata": {"name": "w"}, "spec": {}})).await;
    assert_eq!((made.status, &made.value()["kind"]), (201, &json!("Widget")));
}

#[tokio::test]
async fn an_answer_that_cannot_be_given_is_not_acceptable() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let protobuf = [("Accept", "application/vnd.kubernetes.protobuf")];
    let answer = client.ask("GET", CONFIGS, &protobuf, String::new()).await;
    assert_eq!((answer.status, &answer.value()["reason"]), (406, &json!("NotAcceptable")));
}

#[tokio::test]
async fn bodies_may_be_yaml_or_protobuf() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let yaml = "metadata: {name: y}\ndata: {k: '1'}\n".to_owned();
    let made = client.ask("POST", CONFIGS, &[("Content-Type", "application/yaml")], yaml).await;
    assert_eq!((made.status, &made.value()["data"]["k"]), (201, &json!("1")));
    // `ConfigMap` of `v1` whose metadata has a name.
    let protobuf =
        "k8s\0\u{a}\u{f}\u{a}\u{2}v1\u{12}\u{9}ConfigMap\u{12}\u{5}\u{a}\u{3}\u{a}\u{1}p".to_owned();
    let kind = [("Content-Type", "application/vnd.kubernetes.protobuf")];
    let made = client.ask("POST", CONFIGS, &kind, protobuf).await;
    assert_eq!((made.status, &made.value()["metadata"]["name"]), (201, &json!("p")));
}

#[tokio::test]
async fn unknown_fields_are_ignored_warned_of_or_refused() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let mut object = config("a");
    object["dta"] = json!({});
    let refused = client.write("POST", &format!("{CONFIGS}?fieldValidation=Strict"), &object).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.value()["message"],
        r#"ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta""#
    );
    let warned = client.write("POST", CONFIGS, &object).await;
    assert_eq!((warned.status, warned.header("warning")), (201, r#"299 - "unknown field \"dta\"""#));
    assert!(warned.value().get("dta").is_none());
    let ignored = client.write("PUT", &format!("{CONFIGS}/a?fieldValidation=Ignore"), &object).await;
    assert_eq!((ignored.status, ignored.header("warning")), (200, ""));
    assert_eq!(client.write("POST", &format!("{CONFIGS}?fieldValidation=Maybe"), &object).await.status, 422);
    assert_eq!(client.write("POST", &format!("{CONFIGS}?dryRun=Some"), &object).await.status, 422);
}

#[tokio::test]
async fn a_namespace_that_ends_takes_nothing_new() {
    let server = server().await;
    let held = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "held", "namespace": "default", "finalizers": ["example.com/hold"]}});
    server.store().apply(held).unwrap();
    server
        .store()
        .apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}))
        .unwrap();
    let mut client = Client::connect(&server).await;
    let ending = client.write("DELETE", "/api/v1/namespaces/default", &json!({})).await;
    assert_eq!(ending.value()["status"]["phase"], "Terminating");
    let refused = client.write("POST", CONFIGS, &config("late")).await;
    assert_eq!(
        (refused.status, &refused.value()["details"]["causes"][0]["reason"]),
        (403, &json!("NamespaceTerminating"))
    );
    let merge = [("Content-Type", "application/merge-patch+json")];
    let free = r#"{"metadata":{"finalizers":null}}"#.to_owned();
    client.ask("PATCH", &format!("{CONFIGS}/held"), &merge, free).await;
    assert_eq!(client.get("/api/v1/namespaces/default").await.status, 404);
}
