//! Jobs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::world::{World, settle};
use crate::lab::controllers::meta;

fn job(spec: Value) -> Value {
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"}, "spec": {
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "m:1"}]}}}});
    job["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    job
}

fn running(world: &World) -> Vec<String> {
    let pods = world.list("pods").into_iter().filter(|pod| !crate::lab::controllers::pod::is_terminal(pod));
    pods.map(|pod| meta::name(&pod).to_owned()).collect()
}

/// The last of a Job's conditions.
fn ending(world: &World) -> (String, String) {
    let job = world.get("jobs", "migrate");
    let last = job["status"]["conditions"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    (meta::text(&last, "/type").to_owned(), meta::text(&last, "/reason").to_owned())
}

fn ends_as(kind: &str, reason: &str) -> (String, String) {
    (kind.to_owned(), reason.to_owned())
}

const BATCH: Duration = Duration::from_millis(1100);

#[tokio::test(start_paused = true)]
async fn a_job_is_complete_when_enough_pods_have_succeeded() {
    let world = World::new();
    world.create(job(json!({"completions": 3, "parallelism": 2}))).await;
    assert_eq!(running(&world).len(), 2);
    for left in [2, 1, 0] {
        world.say(&running(&world)[0], "Succeeded", false);
        sleep(BATCH).await;
        assert_eq!(running(&world).len(), left);
    }
    assert_eq!(ending(&world), ends_as("Complete", "CompletionsReached"));
    let status = world.get("jobs", "migrate")["status"].clone();
    assert_eq!((&status["succeeded"], status.get("active")), (&json!(3), None));
    assert!(status["completionTime"].is_string() && status["startTime"].is_string());
    assert!(
        world.list("pods").iter().all(|pod| pod["metadata"]["finalizers"] == json!([])),
        "all are counted"
    );
    assert!(world.told("Job", "migrate").contains(&"Job completed".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn failed_pods_are_replaced_ever_later_until_the_limit() {
    let world = World::new();
    world.create(job(json!({"backoffLimit": 2}))).await;
    for wait in [10, 20] {
        world.say(&running(&world)[0], "Failed", false);
        sleep(Duration::from_millis(wait * 1000 - 1500)).await;
        assert!(running(&world).is_empty(), "not before {wait} s");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(running(&world).len(), 1, "after {wait} s");
    }
    world.say(&running(&world)[0], "Failed", false);
    sleep(BATCH).await;
    assert_eq!(ending(&world), ends_as("Failed", "BackoffLimitExceeded"));
    assert_eq!(world.get("jobs", "migrate")["status"]["failed"], 3);
    sleep(Duration::from_secs(60)).await;
    assert!(running(&world).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_past_its_deadline_fails_and_ends_its_pods() {
    let world = World::new();
    world.create(job(json!({"activeDeadlineSeconds": 5}))).await;
    world.say(&running(&world)[0], "Running", true);
    sleep(Duration::from_millis(4900)).await;
    assert_eq!(running(&world).len(), 1);
    sleep(BATCH * 2).await;
    assert_eq!(ending(&world), ends_as("Failed", "DeadlineExceeded"));
    assert!(running(&world).is_empty());
}

#[tokio::test(start_paused = true)]
async fn restarts_in_place_count_against_the_limit() {
    let world = World::new();
    let mut job = job(json!({"backoffLimit": 2}));
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("OnFailure");
    world.create(job).await;
    let pod = running(&world).remove(0);
    world.say(&pod, "Running", true);
    for (restarts, reason) in [(1, ""), (2, "BackoffLimitExceeded")] {
        world.write("pods", &pod, crate::lab::store::write::Part::Status, |pod| {
            pod["status"]["containerStatuses"] = json!([{"restartCount": restarts}]);
        });
        sleep(BATCH * 3).await;
        assert_eq!(ending(&world).1, reason, "{restarts} restarts");
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspended_job_has_no_pods_until_it_is_resumed() {
    let world = World::new();
    world.create(job(json!({"suspend": true}))).await;
    assert!(world.pods().is_empty());
    assert_eq!(ending(&world), ends_as("Suspended", "JobSuspended"));
    world.change("jobs", "migrate", |job| job["spec"]["suspend"] = json!(false)).await;
    assert_eq!((world.pods().len(), ending(&world)), (1, ends_as("Suspended", "JobResumed")));
    world.change("jobs", "migrate", |job| job["spec"]["suspend"] = json!(true)).await;
    assert!(world.pods().is_empty());
    let status = world.get("jobs", "migrate")["status"].clone();
    assert_eq!((status.get("failed"), status.get("startTime")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn indexed_pods_know_their_index() {
    let world = World::new();
    world.create(job(json!({"completionMode": "Indexed", "completions": 2, "parallelism": 2}))).await;
    let pods = world.list("pods");
    let index = |at: usize| meta::label(&pods[at], "batch.kubernetes.io/job-completion-index").to_owned();
    assert_eq!([index(0), index(1)], ["0", "1"]);
    assert!(meta::name(&pods[1]).starts_with("migrate-1-"));
    assert_eq!(pods[0]["spec"]["containers"][0]["env"][0]["name"], "JOB_COMPLETION_INDEX");
    for pod in &pods {
        world.say(meta::name(pod), "Succeeded", false);
    }
    sleep(BATCH).await;
    let status = world.get("jobs", "migrate")["status"].clone();
    assert_eq!((&status["completedIndexes"], &status["succeeded"]), (&json!("0,1"), &json!(2)));
    assert_eq!(ending(&world).0, "Complete");
}

#[tokio::test(start_paused = true)]
async fn a_finished_job_goes_after_its_time_to_live() {
    let world = World::new();
    world.create(job(json!({"ttlSecondsAfterFinished": 3}))).await;
    world.say(&running(&world)[0], "Succeeded", false);
    sleep(BATCH).await;
    assert_eq!(ending(&world).0, "Complete");
    sleep(Duration::from_secs(4)).await;
    assert!(world.list("jobs").is_empty() && world.pods().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_deleted_job_takes_its_pods_along() {
    let world = World::new();
    world.create(job(json!({"parallelism": 2}))).await;
    world.delete("jobs", "migrate").await;
    settle().await;
    assert!(world.pods().is_empty());
}
