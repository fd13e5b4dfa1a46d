//! Strategic merge patches: what is documented, and what kubectl sends.

use super::*;
use serde_json::json;

fn patched(of: &str, target: &Value, patch: &Value) -> Result<Value, u16> {
    apply(target.clone(), patch.clone(), Type::named(of)).map_err(|status| status.code)
}

fn check(of: &str, cases: &[(Value, Value, Value)]) {
    for (target, patch, expected) in cases {
        assert_eq!(patched(of, target, patch).as_ref(), Ok(expected), "{of}: {patch}");
    }
}

/// The examples of "Update API Objects in Place Using kubectl patch" and of the contributors' guide.
#[test]
fn documented_examples() {
    check(
        "PodSpec",
        &[
            (
                json!({"containers": [{"name": "patch-demo-ctr", "image": "nginx"}], "tolerations": [{"key": "dedicated"}]}),
                json!({"containers": [{"name": "patch-demo-ctr-2", "image": "redis"}], "tolerations": [{"key": "disktype"}]}),
                json!({"containers": [{"name": "patch-demo-ctr-2", "image": "redis"}, {"name": "patch-demo-ctr", "image": "nginx"}], "tolerations": [{"key": "disktype"}]}),
            ),
            (
                json!({"containers": [{"name": "nginx", "image": "nginx-1.0"}]}),
                json!({"containers": [{"name": "nginx", "image": "nginx-1.1"}, {"name": "log-tailer", "image": "log-tailer-1.0"}]}),
                json!({"containers": [{"name": "nginx", "image": "nginx-1.1"}, {"name": "log-tailer", "image": "log-tailer-1.0"}]}),
            ),
            (
                json!({"containers": [{"name": "nginx", "image": "nginx-1.0"}]}),
                json!({"containers": [{"$patch": "replace"}, {"name": "log-tailer", "image": "log-tailer-1.0"}]}),
                json!({"containers": [{"name": "log-tailer", "image": "log-tailer-1.0"}]}),
            ),
            (
                json!({"containers": [{"name": "nginx", "image": "nginx-1.0"}, {"name": "log-tailer"}]}),
                json!({"containers": [{"name": "log-tailer", "$patch": "delete"}]}),
                json!({"containers": [{"name": "nginx", "image": "nginx-1.0"}]}),
            ),
        ],
    );
    check(
        "DeploymentSpec",
        &[
            (
                json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}),
                json!({"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}),
                json!({"strategy": {"type": "Recreate"}}),
            ),
            (
                json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}),
                json!({"strategy": {"$patch": "replace", "type": "Recreate"}}),
                json!({"strategy": {"type": "Recreate"}}),
            ),
            (
                json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}),
                json!({"strategy": {"type": "Recreate", "rollingUpdate": null}}),
                json!({"strategy": {"type": "Recreate"}}),
            ),
        ],
    );
    check(
        "AnyObject",
        &[
            (
                json!({"metadata": {"finalizers": ["a", "b", "c"]}}),
                json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["b"], "$setElementOrder/finalizers": ["c", "a"]}}),
                json!({"metadata": {"finalizers": ["c", "a"]}}),
            ),
            (
                json!({"metadata": {"finalizers": ["a"]}}),
                json!({"metadata": {"finalizers": ["a", "b"]}}),
                json!({"metadata": {"finalizers": ["a", "b"]}}),
            ),
            (
                json!({"metadata": {"ownerReferences": [{"uid": "u", "controller": true}]}}),
                json!({"metadata": {"ownerReferences": [{"uid": "u", "$patch": "delete"}], "labels": {"a": "b"}}}),
                json!({"metadata": {"ownerReferences": [], "labels": {"a": "b"}}}),
            ),
        ],
    );
}

/// What `kubectl apply` and `kubectl set` send.
#[test]
fn lists_take_the_order_that_the_patch_asks_for() {
    let items = |names: &[&str]| -> Value { names.iter().map(|name| json!({"name": name})).collect() };
    let containers = |names: &[&str]| json!({"containers": items(names)});
    for (before, patch, expected) in [
        (
            &["a", "b"][..],
            json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
            &["b", "a"][..],
        ),
        (
            &["a", "b"],
            json!({"$setElementOrder/containers": [{"name": "a"}, {"name": "c"}, {"name": "b"}], "containers": [{"name": "c"}]}),
            &["a", "c", "b"],
        ),
        // The server's own item keeps its place as far as it can.
        (
            &["a", "injected", "b"],
            json!({"$setElementOrder/containers": [{"name": "a"}, {"name": "b"}]}),
            &["a", "injected", "b"],
        ),
        (
            &["a", "b"],
            json!({"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a", "$patch": "delete"}]}),
            &["b"],
        ),
        (&[], json!({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "a"}]}), &["a"]),
    ] {
        assert_eq!(patched("PodSpec", &containers(before), &patch), Ok(containers(expected)), "{patch}");
    }
}

#[test]
fn every_list_of_a_container_has_its_key() {
    check(
        "Container",
        &[
            (
                json!({"ports": [{"containerPort": 80, "name": "a"}], "env": [{"name": "A", "value": "1"}]}),
                json!({"ports": [{"containerPort": 80, "name": "b"}], "env": [{"name": "A", "value": "2"}]}),
                json!({"ports": [{"containerPort": 80, "name": "b"}], "env": [{"name": "A", "value": "2"}]}),
            ),
            (
                json!({"volumeMounts": [{"mountPath": "/a", "name": "x"}], "args": ["a"]}),
                json!({"volumeMounts": [{"mountPath": "/a", "name": "y"}], "args": ["b"]}),
                json!({"volumeMounts": [{"mountPath": "/a", "name": "y"}], "args": ["b"]}),
            ),
            (
                json!({"env": [{"name": "A", "value": "1"}]}),
                json!({"env": [{"name": "A", "$patch": "delete"}]}),
                json!({"env": []}),
            ),
        ],
    );
}

#[test]
fn a_patch_that_makes_no_sense_is_refused() {
    for patch in [
        json!({"containers": [{"image": "nameless"}]}),
        json!({"$patch": "melt"}),
        json!({"$retainKeys": "name"}),
        json!({"$setElementOrder/containers": {}}),
    ] {
        let target = json!({"containers": [{"name": "a"}]});
        assert_eq!(patched("PodSpec", &target, &patch), Err(400), "{patch}");
    }
}

#[test]
fn what_is_new_keeps_no_directives() {
    let patch = json!({"$patch": "merge", "spec": {"$retainKeys": ["a"], "a": [{"$patch": "delete", "name": "x"}, {"name": "y"}], "b": null}});
    assert_eq!(patched("AnyObject", &json!({}), &patch), Ok(json!({"spec": {"a": [{"name": "y"}]}})));
}
