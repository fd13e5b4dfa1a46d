//! Users, RBAC and reviews.

use super::*;
use crate::lab::{Access, Rule, User};

async fn guarded() -> Server {
    let rules = vec![Rule::new(&["get", "list", "watch"], "", "configmaps", "default").named("a")];
    let mut access = Access::default();
    access.allow(
        "gate",
        User { name: "system:serviceaccount:default:gate".to_owned(), rules, ..User::default() },
    );
    let server = Server::start(Options { access, ..quick() }).await.unwrap();
    server.store().apply(config("a")).unwrap();
    server
}

async fn client(server: &Server, token: Option<&str>) -> Client {
    Client { token: token.map(str::to_owned), ..Client::connect(server).await }
}

#[tokio::test]
async fn a_named_rule_allows_lists_and_watches_of_that_name() {
    let server = guarded().await;
    let mut gate = client(&server, Some("gate")).await;
    let configs = "/api/v1/namespaces/default/configmaps";
    for (path, code) in [
        (format!("{configs}/a"), 200),
        (format!("{configs}?fieldSelector=metadata.name%3Da"), 200),
        (format!("{configs}/b"), 403),
        (configs.to_owned(), 403),
        ("/api/v1/configmaps?fieldSelector=metadata.name%3Da".to_owned(), 403),
        ("/api/v1/namespaces/default/pods".to_owned(), 403),
        ("/apis".to_owned(), 200),
    ] {
        assert_eq!(gate.get(&path).await.status, code, "{path}");
    }
    let mut watch = gate.watch(&format!("{configs}?watch=1&fieldSelector=metadata.name%3Da")).await;
    assert_eq!(watch.event().await, "ADDED a@2");
}

#[tokio::test]
async fn strangers_and_old_tokens_are_turned_away() {
    let server = guarded().await;
    let pods = "/api/v1/namespaces/wire/pods";
    let anonymous = client(&server, None).await.get(pods).await;
    assert_eq!(anonymous.status, 403);
    let (_, body) = include_str!("../fixtures/anonymous.http").split_once("\r\n\r\n").unwrap();
    assert_eq!(anonymous.value(), serde_json::from_str::<Value>(body).unwrap());
    assert_eq!(client(&server, None).await.get("/apis").await.status, 403);
    assert_eq!(client(&server, None).await.get("/version").await.status, 200);
    server.set_access(|access| access.revoke("gate"));
    server.set_access(|access| access.allow("new", User::default()));
    assert_eq!(client(&server, Some("gate")).await.get(pods).await.status, 401);
}

#[tokio::test]
async fn reviews_tell_what_the_asking_user_may_do() {
    let server = guarded().await;
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let mut gate = client(&server, Some("gate")).await;
    for (verb, name, allowed) in [("watch", "a", true), ("watch", "b", false), ("delete", "a", false)] {
        let attributes =
            json!({"namespace": "default", "verb": verb, "resource": "configmaps", "name": name});
        let review = json!({"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
                            "spec": {"resourceAttributes": attributes}});
        let answer = gate.write("POST", reviews, &review).await;
        assert_eq!(
            (answer.status, &answer.value()["status"]),
            (201, &json!({"allowed": allowed})),
            "{verb} {name}"
        );
    }
    let open = server_without_users().await;
    let mut anybody = Client::connect(&open).await;
    let answer =
        anybody.write("POST", reviews, &json!({"spec": {"resourceAttributes": {"verb": "get"}}})).await;
    assert_eq!(answer.value()["status"]["allowed"], true);
    let cbor = [("Content-Type", "application/cbor")];
    assert_eq!(anybody.ask("POST", reviews, &cbor, String::new()).await.status, 415);
}

async fn server_without_users() -> Server {
    server().await
}
