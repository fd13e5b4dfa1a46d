use serde_json::{Value, json};

use super::*;
use crate::kind::Kind;

fn resource(kind: &str, which: Which) -> Resource {
    let mut resource = Resource::new(&kind.parse::<Kind>().unwrap(), Scope::Namespace("shop".into()), which);
    if resource.sought().is_some() {
        resource.find(Served {
            group: "example.com".into(),
            version: "v1".into(),
            plural: "widgets".into(),
            kind: "Widget".into(),
            is_namespaced: true,
        });
    }
    resource
}

fn web() -> Resource {
    resource("pod", Which::Name("web".into()))
}

fn selected() -> Resource {
    resource("pod", Which::Selector("app=web".parse().unwrap()))
}

fn words(error: KubeError) -> String {
    error.to_string()
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

#[test]
fn a_page_says_where_the_next_one_is_and_an_empty_one_may_be_null() {
    let text = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"abc"},"items":[{"a":1}]}"#;
    let first = page(&web(), text.as_bytes()).unwrap();
    assert_eq!((first.version.as_deref(), first.next.as_deref()), (Some("7"), Some("abc")));
    assert_eq!(first.items[0].get(), r#"{"a":1}"#);
    for version in ["7", "", "0"] {
        let text = format!(
            r#"{{"kind":"PodList","metadata":{{"resourceVersion":"{version}","continue":""}},"items":null}}"#
        );
        let empty = page(&web(), text.as_bytes()).unwrap();
        assert!(empty.items.is_empty() && empty.next.is_none());
        assert_eq!(empty.version.is_some(), version == "7", "nothing can be watched from {version:?} on");
    }
}

/// They go into the address of the next question, which has its limit.
#[test]
fn what_nobody_could_ask_with_is_not_asked_with() {
    let text = |version: &str, token: &str| {
        format!(
            r#"{{"kind":"PodList","metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[]}}"#
        )
    };
    let long = "9".repeat(100_000);
    assert_eq!(page(&web(), text(&long, "").as_bytes()).unwrap().version, None);
    let error = page(&web(), text("7", &long).as_bytes()).unwrap_err();
    assert!(words(error).contains("a token of 100000 bytes for the next page"));
}

#[test]
fn what_is_no_such_list_is_no_answer_and_said() {
    for (body, part) in [
        ("", "answered with nothing instead of a list of pods"),
        ("{}", "answered with JSON without a kind instead of a list of pods"),
        ("[]", "answered with JSON that is no object of it instead"),
        ("null", "answered with JSON that is no object of it instead"),
        ("ok", "answered with what is no JSON instead"),
        (" <html>log in</html>", "answered with a web page instead"),
        (r#"{"kind":"Status","apiVersion":"v1","status":"Success","code":200}"#, "a Status of v1 instead"),
        (
            r#"{"kind":"Status","status":"Failure","message":"no\u001b[31m","code":500}"#,
            "a Status (no [31m) instead",
        ),
        (r#"{"kind":"Pod","apiVersion":"v1","items":[]}"#, "a Pod of v1 instead"),
        (
            r#"{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#,
            "a List of v1",
        ),
        (
            r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"1"},"rows":[]}"#,
            "a Table",
        ),
        (
            r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#,
            "a ServiceList",
        ),
        (
            r#"{"kind":"PodList","apiVersion":"v2","metadata":{"resourceVersion":"1"},"items":[]}"#,
            "a PodList of v2",
        ),
        (
            r#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[]}"#,
            "a PartialObjectMetadataList",
        ),
        (
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"}}"#,
            "missing field `items`",
        ),
        (r#"{"kind":"PodList","apiVersion":"v1","items":{}}"#, "what does not fit: invalid type: map"),
    ] {
        let error = words(page(&web(), body.as_bytes()).unwrap_err());
        assert!(error.contains(part), "{body}: {error}");
    }
}

#[test]
fn metadata_alone_is_an_answer_where_nothing_else_was_asked_for() {
    let list = br#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"1"},"items":[]}"#;
    assert!(page(&web().only_metadata(), list).is_ok());
    let whole = br#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#;
    assert!(page(&web().only_metadata(), whole).is_ok(), "an older server sends all of it");
    let metadata = json!({"name": "web", "namespace": "shop"});
    let object =
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    assert!(event(&web().only_metadata(), &raw(&object)).is_ok());
    assert!(event(&web(), &raw(&object)).is_err());
}

#[test]
fn the_lists_of_a_custom_kind_may_have_another_name() {
    let widgets = resource("widgets.example.com", Which::Name("w".into()));
    for (kind, version, is_answer) in [
        ("WidgetList", "example.com/v1", true),
        ("ListOfWidgetsList", "example.com/v1", true),
        ("WidgetList", "example.com/v2", false),
        ("List", "example.com/v1", false),
        ("Widget", "example.com/v1", false),
        ("PodList", "v1", false),
    ] {
        let text = format!(r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{{}},"items":[]}}"#);
        assert_eq!(page(&widgets, text.as_bytes()).is_ok(), is_answer, "{kind} of {version}");
    }
}

#[test]
fn an_item_is_held_against_kind_name_namespace_and_labels() {
    let ours = json!({"name": "web", "namespace": "shop", "labels": {"app": "web"}});
    let other = |name: &str, value: &str| {
        let mut metadata = ours.clone();
        metadata[name] = json!(value);
        json!({"metadata": metadata})
    };
    let item = json!({"metadata": ours});
    assert_eq!(stranger(&web(), &raw(&item)).unwrap(), None, "a typed list has no kinds in it");
    assert_eq!(stranger(&web(), &raw(&other("name", "db"))).unwrap().as_deref(), Some("db"));
    assert_eq!(stranger(&selected(), &raw(&other("name", "db"))).unwrap(), None);
    let elsewhere = stranger(&web(), &raw(&other("namespace", "bank"))).unwrap();
    assert_eq!(elsewhere.as_deref(), Some("web in namespace bank"));
    let nowhere = stranger(&web(), &raw(&json!({"metadata": {"name": "web"}}))).unwrap();
    assert_eq!(nowhere.as_deref(), Some("web, which is in no namespace"));
    let unlabelled = json!({"metadata": {"name": "web", "namespace": "shop", "labels": null}});
    assert_eq!(stranger(&selected(), &raw(&unlabelled)).unwrap().as_deref(), Some("web"));
    let kinded = |kind: &str, version: &str| {
        stranger(&web(), &raw(&json!({"kind": kind, "apiVersion": version, "metadata": ours})))
    };
    assert_eq!(kinded("Pod", "v1").unwrap(), None);
    assert!(kinded("Service", "v1").is_err());
    assert!(kinded("Pod", "example.com/v1").is_err());
    for broken in [json!({}), json!([]), json!(3), json!({"metadata": {}}), json!({"metadata": {"name": ""}})]
    {
        assert!(stranger(&web(), &raw(&broken)).is_err(), "{broken}");
    }
}

#[test]
fn the_pods_of_a_node_are_held_against_it() {
    let pods = Resource::pods_on("n1".into(), Scope::AllNamespaces);
    let on =
        |node: &str| raw(&json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {"nodeName": node}}));
    assert_eq!(stranger(&pods, &on("n1")).unwrap(), None);
    assert_eq!(stranger(&pods, &on("n2")).unwrap().as_deref(), Some("a"));
}

#[test]
fn an_event_says_what_it_is_of_and_one_that_goes_may_have_lost_its_labels() {
    let pod = |kind: &str, name: &str, app: &str| {
        let metadata = json!({"name": name, "namespace": "shop", "labels": {"app": app}});
        raw(&json!({"kind": kind, "apiVersion": "v1", "metadata": metadata}))
    };
    assert!(event(&web(), &pod("Pod", "web", "web")).is_ok());
    assert!(event(&selected(), &pod("Pod", "web", "db")).is_err());
    assert!(gone(&selected(), &pod("Pod", "web", "db")).is_ok());
    for check in [event, gone] {
        assert!(check(&web(), &pod("Service", "web", "web")).is_err());
        assert!(check(&web(), &pod("", "web", "web")).is_err());
        let error = words(check(&web(), &pod("Pod", "db", "web")).unwrap_err());
        assert_eq!(
            error,
            "the API server answered with db of its pods instead of web: does a proxy drop the query?"
        );
    }
    let bookmark =
        |kind: &str| raw(&json!({"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "9"}}));
    assert!(super::kind(&web(), &bookmark("Pod")).is_ok());
    assert!(super::kind(&web(), &bookmark("Service")).is_err());
}

#[test]
fn an_object_is_the_one_that_was_asked_for() {
    let body = br#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"shop"}}"#;
    assert!(object(&web(), body).is_ok());
    for other in [
        "{}",
        "<html>",
        r#"{"kind":"Status","status":"Success"}"#,
        r#"{"kind":"Pod","metadata":{"name":"db","namespace":"shop"}}"#,
    ] {
        assert!(object(&web(), other.as_bytes()).is_err(), "{other}");
    }
}
