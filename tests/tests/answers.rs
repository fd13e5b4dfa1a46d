//! Something answers that is not what was asked: only an answer opens the gate, or says that something is gone.

use e2e::gate::Gate;
use e2e::impostor::{Impostor, answer};
use e2e::lab::{self, asked, put};
use e2e::objects::{labelled, pod};
use serde_json::{Value, json};

fn gate(server: &Impostor, args: &str) -> Gate {
    e2e::gate!().kubeconfig(&server.kubeconfig(&json!({}))).args(args)
}

fn list(kind: &str, items: &Value) -> String {
    let metadata = json!({"resourceVersion": "7"});
    json!({"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": items}).to_string()
}

/// A ready pod that matches every question but this one's.
fn ready(name: &str, namespace: &str) -> Value {
    let mut pod = labelled(pod(name, true), "app", "other");
    pod["metadata"]["namespace"] = json!(namespace);
    pod
}

#[tokio::test]
async fn what_is_no_answer_opens_nothing_and_is_told() {
    let foreign = list("PodList", &json!([ready("db", "default")]));
    let elsewhere = list("PodList", &json!([ready("web", "bank")]));
    let service = list(
        "PodList",
        &json!([{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "default"}}]),
    );
    let status = r#"{"kind":"Status","apiVersion":"v1","status":"Success","code":200}"#;
    let cases = [
        (200, "{}", "answered with JSON without a kind instead of a list of pods"),
        (200, "", "answered with nothing instead"),
        (200, "<html><title>log in</title></html>", "answered with a web page instead"),
        (200, status, "answered with a Status of v1 instead"),
        (200, r#"{"kind":"PodList","apiVersion":"v1","metadata":{}}"#, "missing field `items`"),
        (200, &list("List", &json!([])), "answered with a List of v1 instead"),
        (200, &list("ServiceList", &json!([])), "answered with a ServiceList of v1 instead"),
        (200, &foreign, "answered with db of its pods instead of web"),
        (200, &elsewhere, "answered with web in namespace bank of its pods instead of web"),
        (200, &service, "answered with a Service of v1 instead of one of the pods"),
        (204, "", "answered with nothing instead"),
        (400, "<html>", "answered with HTTP 400 Bad Request with a web page"),
        (404, "<html>", "answered with HTTP 404 Not Found with a web page"),
        (302, "", "answered with a redirect (302): a login or maintenance page?"),
        (307, "<html>", "answered with a redirect (307)"),
    ];
    let mut running = Vec::new();
    for (code, body, said) in cases {
        for target in ["pod/web", "pod/web:deleted", "pod/web:exists"] {
            let body = body.to_owned();
            let server = Impostor::start(move |_, _| answer(code, body.clone())).await;
            let gate = gate(&server, &format!("{target} --timeout=5s")).start();
            running.push((server, gate, format!("{code} {target}"), said));
        }
    }
    for (server, gate, case, said) in running {
        let ended = gate.ended().await;
        assert_eq!(ended.code, Some(3), "{case}: {ended}");
        ended.saying(said);
        assert!(server.asked().len() < 12, "{case}: it is asked again, and not in a hurry");
    }
}

/// The words are an API server's for a group that it does not have, and a proxy's for everything.
#[tokio::test]
async fn a_custom_kind_is_gone_only_where_an_api_server_says_so() {
    let plain = "404 page not found\n";
    let groups = r#"{"kind":"APIGroupList","apiVersion":"v1","groups":[]}"#;
    let status = |name: &str| {
        let details = json!({"name": name, "kind": "widgets"});
        json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "details": details, "code": 404})
            .to_string()
    };
    let forbidden = r#"{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}"#;
    for (document, all, code) in [
        (plain.to_owned(), answer(404, plain), 3),
        (status("other"), answer(200, groups), 3),
        (status(""), answer(404, status("")), 3),
        (plain.to_owned(), answer(200, "{}"), 3),
        (plain.to_owned(), answer(200, groups), 0),
        (plain.to_owned(), answer(403, forbidden), 0),
    ] {
        let case = format!("{document} {all:?}");
        let server = Impostor::start(move |path, _| match path {
            "/apis" => all.clone(),
            _ => answer(404, document.clone()),
        })
        .await;
        for target in ["widgets.example.com/w:deleted", "widgets.v1.example.com/app=w:deleted"] {
            let ended = gate(&server, &format!("{target} --timeout=1s")).run().await;
            assert_eq!(ended.code, Some(code), "{case}: {ended}");
        }
    }
}

/// It is asked by name where it may not be listed.
#[tokio::test]
async fn that_another_object_is_not_found_proves_nothing() {
    for (name, code) in [("web", 0), ("db", 3)] {
        let server = Impostor::start(move |path, _| {
            let details = json!({"name": name, "kind": "pods"});
            let (code, reason) = if path.contains('?') { (403, "Forbidden") } else { (404, "NotFound") };
            let status = json!({"kind": "Status", "status": "Failure", "reason": reason, "details": details});
            answer(code, status.to_string())
        })
        .await;
        let ended = gate(&server, "pod/web:deleted --timeout=1s").run().await;
        assert_eq!(ended.code, Some(code), "{name}: {ended}");
    }
}

#[tokio::test]
async fn a_selection_of_others_is_no_selection() {
    for target in ["pod/app=web", "pod/app=web:deleted"] {
        let body = list("PodList", &json!([ready("web", "default")]));
        let server = Impostor::start(move |_, _| answer(200, body.clone())).await;
        let ended = gate(&server, &format!("{target} --timeout=1s")).run().await;
        ended.expect(3).saying("instead of those selected: does a proxy drop the query?");
    }
}

#[tokio::test]
async fn the_one_that_was_named_is_found_among_others() {
    let body = list("PodList", &json!([ready("db", "default"), ready("web", "default")]));
    let server = Impostor::start(move |_, _| answer(200, body.clone())).await;
    gate(&server, "pod/web --timeout=5s").run().await.expect(0);
    gate(&server, "pod/web:deleted --timeout=1s").run().await.expect(3);
}

#[tokio::test]
async fn an_answer_after_others_opens_the_gate() {
    let good = list("PodList", &json!([ready("web", "default")]));
    let server = Impostor::start(move |_, before| match before {
        0 => (302, "Location: https://bob:pw@login.example.com/x?token=y\r\n".into(), "<html>".into()),
        1 => answer(200, "{}"),
        2 => answer(200, list("PodList", &json!([ready("db", "default")]))),
        _ => answer(200, good.clone()),
    })
    .await;
    let ended = gate(&server, "pod/web --timeout=30s").run().await.expect(0).between(0.0, 5.0);
    ended.saying("redirect to login.example.com (302)").saying("the API server answers again");
}

#[tokio::test]
async fn a_watch_that_tells_of_something_else_opens_nothing() {
    let event = |kind: &str, object: Value| json!({"type": kind, "object": object}).to_string() + "\n";
    let other = |key: &str, value: &str| {
        let mut pod = ready("web", "default");
        pod["kind"] = json!("Pod");
        pod["apiVersion"] = json!("v1");
        match key {
            "kind" => pod["kind"] = json!(value),
            key => pod["metadata"][key] = json!(value),
        }
        pod
    };
    for (key, value) in [("kind", "Service"), ("kind", ""), ("name", "db"), ("namespace", "bank")] {
        for (target, kind) in [("pod/web", "MODIFIED"), ("pod/web:deleted", "DELETED")] {
            let server = lab::start().await;
            put(&server, pod("web", false));
            let args = format!("{target} --timeout=2s");
            let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args(&args).start();
            lab::watched(&server).await;
            server.faults().inject(event(kind, other(key, value)));
            let ended = gate.ended().await;
            assert_eq!(ended.code, Some(3), "{kind} with {key} {value:?}: {ended}");
            assert!(
                lab::count(&server, "list") > 1,
                "it is looked at again after {kind} with {key} {value:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_bookmark_of_another_kind_is_no_place_to_go_on_from() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/web --timeout=60s").start();
    lab::watched(&server).await;
    let bookmark = json!({"kind": "Service", "apiVersion": "v1", "metadata": {"resourceVersion": "999999"}});
    server.faults().inject(json!({"type": "BOOKMARK", "object": bookmark}).to_string() + "\n");
    asked(&server, "list", 2).await;
    put(&server, pod("web", true));
    gate.ended().await.expect(0).between(0.0, 6.0);
}

#[tokio::test]
async fn a_list_without_a_version_is_asked_for_again_instead_of_watched() {
    let server = Impostor::start(|path, before| {
        assert!(!path.contains("watch="), "{path}");
        let metadata = if before % 2 == 0 { json!({}) } else { json!({"resourceVersion": ""}) };
        let mut web = ready("web", "default");
        web["status"]["conditions"][0]["status"] = json!(if before < 3 { "False" } else { "True" });
        answer(
            200,
            json!({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": [web]}).to_string(),
        )
    })
    .await;
    gate(&server, "pod/web --interval=100ms --timeout=30s").run().await.expect(0).between(0.0, 6.0);
    assert!(server.asked().iter().all(|head| !head.contains("watch=")), "{:?}", server.asked());
}

#[tokio::test]
async fn a_list_without_an_end_is_noticed_and_not_hurried_through() {
    let page = |token: String| {
        let metadata = json!({"resourceVersion": "7", "continue": token});
        answer(
            200,
            json!({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": []}).to_string(),
        )
    };
    let same = Impostor::start(move |_, _| page("again".into())).await;
    let ended = gate(&same, "pod/web:deleted --timeout=1s").run().await.expect(3);
    ended.saying("a list whose next page is the same one again");
    let endless = Impostor::start(move |_, before| page(before.to_string())).await;
    let ended = gate(&endless, "pod/web:deleted --timeout=2s").run().await.expect(3).between(1.9, 3.0);
    ended.saying("a list of 100 pages so far, and it goes on");
    let pages = endless.asked().len();
    assert!((101..=600).contains(&pages), "{pages} pages in 2 s");
}

#[tokio::test]
async fn large_objects_come_in_small_pages_and_without_what_nobody_looks_at() {
    let server = lab::start().await;
    for number in 0..60 {
        let data = json!({"blob": "x".repeat(300_000)});
        let metadata =
            json!({"name": format!("c{number}"), "namespace": "default", "labels": {"app": "web"}});
        put(&server, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}));
    }
    let run = async |target: &str| {
        let args = format!("{target} --timeout=30s");
        e2e::gate!().kubeconfig(&server.kubeconfig()).args(&args).run().await.expect(0);
        lab::count(&server, "list")
    };
    assert_eq!(run("configmap/app=web:exists").await, 1, "metadata are small");
    assert!(run("configmap/app=web:has-key=blob").await > 4, "all of it comes in pages");
}
