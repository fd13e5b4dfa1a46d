//! Deployments and DaemonSets.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::world::{NAMESPACE, World, deployment, settle, template};
use crate::lab::controllers::meta;

fn image(name: &str) -> impl FnOnce(&mut Value) {
    let image = json!(name);
    move |object| object["spec"]["template"]["spec"]["containers"][0]["image"] = image
}

#[tokio::test(start_paused = true)]
async fn a_rollout_is_complete_when_its_pods_are_ready() {
    let world = World::new();
    world.create(deployment(2)).await;
    assert_eq!(world.pods().len(), 2);
    assert_eq!(world.reason("deployments", "web", "Available"), "MinimumReplicasUnavailable");
    world.make_all_ready().await;
    let web = world.get("deployments", "web");
    assert_eq!(world.reason("deployments", "web", "Progressing"), "NewReplicaSetAvailable");
    assert_eq!(
        (
            &web["status"]["observedGeneration"],
            &web["status"]["availableReplicas"],
            web["status"].get("unavailableReplicas")
        ),
        (&json!(1), &json!(2), None)
    );
    assert_eq!(web["metadata"]["generation"], 1, "writing a status is no new generation");
    let set = &world.list("replicasets")[0];
    let name = meta::name(set);
    assert_eq!(world.told("Deployment", "web"), [format!("Scaled up replica set {name} from 0 to 2")]);
    let created: Vec<String> = world.pods().iter().map(|pod| format!("Created pod: {pod}")).collect();
    let mut told = world.told("ReplicaSet", name);
    told.sort();
    assert_eq!(told, created);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_rollout_is_told_a_second_after_its_deadline() {
    let world = World::new();
    let mut web = deployment(1);
    web["spec"]["progressDeadlineSeconds"] = json!(12);
    world.create(web).await;
    sleep(Duration::from_millis(12_900)).await;
    assert_eq!(world.reason("deployments", "web", "Progressing"), "ReplicaSetUpdated");
    sleep(Duration::from_millis(200)).await;
    assert_eq!(world.reason("deployments", "web", "Progressing"), "ProgressDeadlineExceeded");
    world.make_all_ready().await;
    assert_eq!(world.reason("deployments", "web", "Progressing"), "NewReplicaSetAvailable");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_scaled_up_and_down() {
    let world = World::new();
    world.create(deployment(1)).await;
    world.make_all_ready().await;
    world.change("deployments", "web", |web| web["spec"]["replicas"] = json!(3)).await;
    assert_eq!(world.pods().len(), 3);
    world.say(&world.pods()[1], "Pending", false);
    world.make_all_ready().await;
    world.change("deployments", "web", |web| web["spec"]["replicas"] = json!(0)).await;
    assert!(world.pods().is_empty());
    let web = world.get("deployments", "web");
    assert_eq!((web["status"].get("replicas"), &web["status"]["observedGeneration"]), (None, &json!(3)));
    assert_eq!(world.list("replicasets").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_template_never_leaves_fewer_ready_pods_than_allowed() {
    let world = World::new();
    world.create(deployment(4)).await;
    world.make_all_ready().await;
    world.change("deployments", "web", image("web:2")).await;
    for _ in 0..20 {
        assert!(
            world.ready_pods() >= 3 && world.pods().len() <= 5,
            "{} of {}",
            world.ready_pods(),
            world.pods().len()
        );
        let pods = world.list("pods");
        let Some(next) = pods.iter().find(|pod| meta::condition(pod, "Ready").is_none()) else { break };
        world.say(meta::name(next), "Running", true);
        settle().await;
    }
    let web = world.get("deployments", "web");
    assert_eq!(world.reason("deployments", "web", "Progressing"), "NewReplicaSetAvailable");
    assert_eq!((&web["status"]["updatedReplicas"], &web["status"]["replicas"]), (&json!(4), &json!(4)));
    assert_eq!(meta::annotation(&web, "deployment.kubernetes.io/revision"), Some("2"));
    assert!(world.list("pods").iter().all(|pod| pod["spec"]["containers"][0]["image"] == "web:2"));
    // Back to the first template: its ReplicaSet is used again, under a new number.
    world.change("deployments", "web", image("web:1")).await;
    world.make_all_ready().await;
    let web = world.get("deployments", "web");
    assert_eq!(meta::annotation(&web, "deployment.kubernetes.io/revision"), Some("3"));
    assert_eq!(world.list("replicasets").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn recreate_ends_the_old_pods_first() {
    let world = World::new();
    let mut web = deployment(2);
    web["spec"]["strategy"] = json!({"type": "Recreate"});
    world.create(web).await;
    world.make_all_ready().await;
    for pod in world.pods() {
        world.write("pods", &pod, crate::lab::store::write::Part::Main, |pod| {
            pod["metadata"]["finalizers"] = json!(["example.com/hold"]);
        });
    }
    let old = world.pods();
    world.change("deployments", "web", image("web:2")).await;
    assert_eq!(world.pods(), old, "the old ones are going");
    for pod in &old {
        world.change("pods", pod, |pod| pod["metadata"]["finalizers"] = json!([])).await;
    }
    assert_eq!(world.pods().len(), 2);
    assert!(world.list("pods").iter().all(|pod| pod["spec"]["containers"][0]["image"] == "web:2"));
}

#[tokio::test(start_paused = true)]
async fn pods_are_available_after_their_min_ready_seconds() {
    let world = World::new();
    let mut web = deployment(1);
    web["spec"]["minReadySeconds"] = json!(5);
    world.create(web).await;
    world.make_all_ready().await;
    sleep(Duration::from_millis(4500)).await;
    assert_eq!(world.reason("deployments", "web", "Available"), "MinimumReplicasUnavailable");
    sleep(Duration::from_millis(600)).await;
    assert_eq!(world.reason("deployments", "web", "Available"), "MinimumReplicasAvailable");
}

#[tokio::test(start_paused = true)]
async fn a_paused_deployment_keeps_its_template() {
    let world = World::new();
    world.create(deployment(1)).await;
    world.make_all_ready().await;
    world.change("deployments", "web", |web| web["spec"]["paused"] = json!(true)).await;
    world.change("deployments", "web", image("web:2")).await;
    assert_eq!(world.list("replicasets").len(), 1);
    assert_eq!(world.reason("deployments", "web", "Progressing"), "DeploymentPaused");
    world.change("deployments", "web", |web| web["spec"]["paused"] = json!(false)).await;
    assert_eq!(world.list("replicasets").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn deleted_and_failed_pods_are_replaced() {
    let world = World::new();
    world.create(deployment(2)).await;
    world.make_all_ready().await;
    let pods = world.pods();
    world.delete("pods", &pods[0]).await;
    world.say(&pods[1], "Failed", false);
    settle().await;
    let now = world.pods();
    assert_eq!(now.len(), 3, "the failed one stays for its user to see");
    assert!(!now.contains(&pods[0]) && now.contains(&pods[1]));
}

#[tokio::test(start_paused = true)]
async fn old_templates_are_forgotten_beyond_the_limit() {
    let world = World::new();
    let mut web = deployment(1);
    web["spec"]["revisionHistoryLimit"] = json!(1);
    world.create(web).await;
    world.make_all_ready().await;
    for version in 2..5 {
        world.change("deployments", "web", image(&format!("web:{version}"))).await;
        world.make_all_ready().await;
        settle().await;
    }
    assert_eq!(world.list("replicasets").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_set_has_one_pod_and_replaces_it() {
    let world = World::new();
    let agent = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
                       "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template()}});
    world.create(agent).await;
    world.make_all_ready().await;
    let status = world.get("daemonsets", "agent")["status"].clone();
    assert_eq!(
        status,
        json!({"currentNumberScheduled": 1, "numberMisscheduled": 0, "desiredNumberScheduled": 1, "numberReady": 1,
               "observedGeneration": 1, "updatedNumberScheduled": 1, "numberAvailable": 1})
    );
    let old = world.pods();
    world.change("daemonsets", "agent", image("web:2")).await;
    let new = world.pods();
    assert!(old.len() == 1 && new.len() == 1 && old != new, "{old:?} {new:?}");
    let status = &world.get("daemonsets", "agent")["status"];
    assert_eq!((&status["numberReady"], &status["observedGeneration"]), (&json!(0), &json!(2)));
    assert_eq!(world.store.list("controllerrevisions", NAMESPACE).len(), 2);
}
