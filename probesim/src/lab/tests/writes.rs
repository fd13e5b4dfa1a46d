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
    for (method, path, kind, code) in [
        ("PATCH", object.as_str(), "application/json", 415),
        ("PATCH", &object, "application/json-patch+json", 400),
        ("PATCH", &object, "application/merge-patch+json", 400),
        ("PATCH", &object, "application/apply-patch+yaml", 400),
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
    assert!(client.get(widgets).await.names().is_empty());
    let made = client.write("POST", widgets, &json!({"metadata": {"name": "w"}, "spec": {}})).await;
    assert_eq!((made.status, &made.value()["kind"]), (201, &json!("Widget")));
}
