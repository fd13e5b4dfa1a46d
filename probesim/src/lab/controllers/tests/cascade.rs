//! What goes when its owner goes.

use serde_json::json;

use super::world::{World, deployment, settle};

#[tokio::test(start_paused = true)]
async fn a_deleted_deployment_takes_everything_along() {
    let world = World::new();
    world.create(deployment(2)).await;
    world.create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": {}})).await;
    world.make_all_ready().await;
    world.delete("deployments", "web").await;
    assert!(world.list("replicasets").is_empty());
    assert_eq!(world.pods(), ["bare"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_of_the_same_name_gets_its_own_pods() {
    let world = World::new();
    world.create(deployment(1)).await;
    let old = world.pods();
    world.store.request_delete("deployments", "n", "web").unwrap();
    world.create(deployment(1)).await;
    settle().await;
    let new = world.pods();
    assert!(new.len() == 1 && new != old, "{old:?} {new:?}");
    assert_eq!(world.list("replicasets").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn owners_of_unknown_kinds_are_left_in_peace() {
    let world = World::new();
    let owner = json!({"apiVersion": "example.com/v1", "kind": "Widget", "name": "w", "uid": "1"});
    world
        .create(json!({"apiVersion": "v1", "kind": "Pod", "spec": {},
                        "metadata": {"name": "p", "ownerReferences": [owner]}}))
        .await;
    assert_eq!(world.pods(), ["p"]);
}
