//! StatefulSets.

use serde_json::{Value, json};

use super::world::{World, settle, template};
use crate::lab::controllers::meta;

fn stateful_set(replicas: i64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
           "spec": {"replicas": replicas, "serviceName": "db", "selector": {"matchLabels": {"app": "web"}},
                    "template": template()}})
}

fn new_image(set: &mut Value) {
    set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:2");
}

fn images(world: &World) -> Vec<String> {
    world.list("pods").iter().map(|pod| meta::text(pod, "/spec/containers/0/image").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn pods_come_one_after_another_and_go_in_reverse() {
    let world = World::new();
    world.create(stateful_set(3)).await;
    for expected in [&["db-0"][..], &["db-0", "db-1"], &["db-0", "db-1", "db-2"]] {
        assert_eq!(world.pods(), expected);
        world.say(expected.last().unwrap(), "Running", true);
        settle().await;
    }
    let pod = world.get("pods", "db-1");
    assert_eq!(meta::label(&pod, "statefulset.kubernetes.io/pod-name"), "db-1");
    assert_eq!(meta::label(&pod, "apps.kubernetes.io/pod-index"), "1");
    assert_eq!((&pod["spec"]["hostname"], &pod["spec"]["subdomain"]), (&json!("db-1"), &json!("db")));
    assert_eq!(world.told("StatefulSet", "db")[0], "Create Pod db-0 in StatefulSet db successful");
    world.write("pods", "db-2", crate::lab::store::write::Part::Main, |pod| {
        pod["metadata"]["finalizers"] = json!(["example.com/hold"]);
    });
    world.change("statefulsets", "db", |set| set["spec"]["replicas"] = json!(1)).await;
    assert_eq!(world.pods().len(), 3, "db-1 waits until db-2 is gone");
    world.change("pods", "db-2", |pod| pod["metadata"]["finalizers"] = json!([])).await;
    assert_eq!(world.pods(), ["db-0"]);
}

#[tokio::test(start_paused = true)]
async fn parallel_pods_come_at_once() {
    let world = World::new();
    let mut set = stateful_set(3);
    set["spec"]["podManagementPolicy"] = json!("Parallel");
    world.create(set).await;
    assert_eq!(world.pods(), ["db-0", "db-1", "db-2"]);
}

#[tokio::test(start_paused = true)]
async fn an_update_goes_from_the_highest_pod_to_the_partition() {
    let world = World::new();
    let mut set = stateful_set(3);
    set["spec"]["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}});
    world.create(set).await;
    for _ in 0..3 {
        world.make_all_ready().await;
    }
    world.change("statefulsets", "db", new_image).await;
    assert_eq!(images(&world), ["web:1", "web:1", "web:2"]);
    world.make_all_ready().await;
    assert_eq!(images(&world), ["web:1", "web:2", "web:2"]);
    world.make_all_ready().await;
    let status = world.get("statefulsets", "db")["status"].clone();
    assert_eq!((&status["currentReplicas"], &status["updatedReplicas"]), (&json!(1), &json!(2)));
    assert_ne!(status["currentRevision"], status["updateRevision"]);
    // Below the partition a pod comes back as it was.
    world.delete("pods", "db-0").await;
    assert_eq!(images(&world), ["web:1", "web:2", "web:2"]);
    world.make_all_ready().await;
    world
        .change("statefulsets", "db", |set| {
            set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(0);
        })
        .await;
    world.make_all_ready().await;
    let status = world.get("statefulsets", "db")["status"].clone();
    assert_eq!(status["currentRevision"], status["updateRevision"]);
    assert_eq!((&status["currentReplicas"], &status["updatedReplicas"]), (&json!(3), &json!(3)));
}

#[tokio::test(start_paused = true)]
async fn with_on_delete_the_user_replaces_the_pods() {
    let world = World::new();
    let mut set = stateful_set(1);
    set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    world.create(set).await;
    world.make_all_ready().await;
    world.change("statefulsets", "db", new_image).await;
    assert_eq!(images(&world), ["web:1"]);
    world.delete("pods", "db-0").await;
    assert_eq!(images(&world), ["web:2"]);
}

#[tokio::test(start_paused = true)]
async fn each_pod_has_its_claim() {
    let world = World::new();
    let mut set = stateful_set(1);
    set["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
    world.create(set).await;
    let pod = world.get("pods", "db-0");
    assert_eq!(pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"], "data-db-0");
    assert_eq!(world.get("persistentvolumeclaims", "data-db-0")["status"]["phase"], "Bound");
    world.delete("pods", "db-0").await;
    assert_eq!((world.pods().len(), world.list("persistentvolumeclaims").len()), (1, 1));
}
