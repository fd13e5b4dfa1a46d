//! Services and what stands behind them.

use serde_json::{Value, json};

use super::world::{World, deployment, settle};
use crate::lab::controllers::meta;

fn service(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec})
}

fn behind() -> Value {
    json!({"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]})
}

/// `ready` of every endpoint, of every slice.
fn ready(world: &World) -> Vec<Value> {
    let slices = world.list("endpointslices");
    let endpoints = slices.iter().filter_map(|slice| slice["endpoints"].as_array()).flatten();
    endpoints.map(|endpoint| endpoint["conditions"]["ready"].clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn endpoints_follow_the_readiness_of_pods() {
    let world = World::new();
    world.create(service(behind())).await;
    let empty = &world.list("endpointslices")[0];
    assert_eq!((&empty["endpoints"], &empty["ports"]), (&Value::Null, &Value::Null));
    assert_eq!(meta::label(empty, "kubernetes.io/service-name"), "web");
    world.create(deployment(2)).await;
    let pods = world.pods();
    world.say(&pods[0], "Running", false);
    settle().await;
    assert_eq!(ready(&world), [false]);
    world.make_all_ready().await;
    assert_eq!(ready(&world), [true, true]);
    let slice = &world.list("endpointslices")[0];
    assert_eq!(slice["ports"], json!([{"name": "", "protocol": "TCP", "port": 8080}]));
    world.say(&pods[1], "Running", false);
    settle().await;
    assert_eq!(ready(&world), [true, false]);
    world.change("deployments", "web", |web| web["spec"]["replicas"] = json!(0)).await;
    let slice = &world.list("endpointslices")[0];
    assert!(
        slice.get("endpoints").is_some_and(Value::is_null)
            && slice["metadata"]["generation"].as_u64() > Some(1)
    );
}

#[tokio::test(start_paused = true)]
async fn services_without_a_selector_or_outside_have_no_slices() {
    let world = World::new();
    world.create(deployment(1)).await;
    world.make_all_ready().await;
    let external =
        service(json!({"type": "ExternalName", "externalName": "example.com", "selector": {"app": "web"}}));
    world.create(external).await;
    let mut manual = service(json!({"ports": [{"port": 80}]}));
    manual["metadata"]["name"] = json!("manual");
    world.create(manual).await;
    assert!(world.list("endpointslices").is_empty());
    assert_eq!(world.get("services", "web")["spec"].get("clusterIP"), None);
}

#[tokio::test(start_paused = true)]
async fn each_service_keeps_its_address_and_its_slice() {
    let world = World::new();
    world.create(service(behind())).await;
    let address = world.get("services", "web")["spec"]["clusterIP"].clone();
    world
        .change("services", "web", |web| {
            web["spec"] = behind();
            web["metadata"]["labels"] = json!({"team": "a"});
        })
        .await;
    assert_eq!(world.get("services", "web")["spec"]["clusterIP"], address);
    assert_eq!(meta::label(&world.list("endpointslices")[0], "team"), "a");
    let name = meta::name(&world.list("endpointslices")[0]).to_owned();
    world.delete("endpointslices", &name).await;
    assert_eq!(world.list("endpointslices").len(), 1, "it is made again");
    world.delete("services", "web").await;
    assert!(world.list("endpointslices").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_stays_pending() {
    let world = World::new();
    let mut spec = behind();
    spec["type"] = json!("LoadBalancer");
    world.create(service(spec)).await;
    assert_eq!(world.get("services", "web")["status"], json!({"loadBalancer": {}}));
}
