//! Recorded pods, fed to these controllers: their statuses must go the way of a real cluster's.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::recordings;
use super::world::{NAMESPACE, World, settle};
use crate::lab::controllers::meta;
use crate::lab::store::write::Part;

/// Holds a pod until its recording says that it is gone.
const HOLD: &str = "example.com/node";

/// A frame of a recording.
struct Frame {
    at: Duration,
    gone: bool,
    object: Value,
}

/// Plays a recording's users and node.
struct Player {
    world: World,
    /// Our pod for each recorded one.
    pods: HashMap<String, String>,
}

fn frames(text: &str) -> Vec<Frame> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let frames = lines.filter(|line| line["event"]["type"].as_str().is_some_and(|kind| kind != "BOOKMARK"));
    let mut frames: Vec<Frame> = frames
        .map(|line| Frame {
            at: Duration::from_millis(line["t_ms"].as_u64().unwrap()),
            gone: line["event"]["type"] == "DELETED",
            object: line["event"]["object"].clone(),
        })
        .collect();
    // The server's order; frames of different resources arrive side by side.
    let version =
        |frame: &Frame| meta::text(&frame.object, "/metadata/resourceVersion").parse::<u64>().unwrap();
    frames.sort_by_key(version);
    let mut at = Duration::ZERO;
    for frame in &mut frames {
        at = at.max(frame.at);
        frame.at = at;
    }
    frames
}

/// The time since 1970 at which the recording began: no object is younger than its frame.
fn beginning(frames: &[Frame]) -> Duration {
    let created = |frame: &Frame| meta::time(&frame.object, "/metadata/creationTimestamp").unwrap();
    frames.iter().map(|frame| created(frame) - frame.at).max().unwrap()
}

// === impl Player ===

impl Player {
    async fn play(&mut self, frames: &[Frame]) {
        let start = Instant::now();
        for frame in frames {
            sleep_until(start + frame.at).await;
            let object = &frame.object;
            match meta::text(object, "/kind") {
                "Pod" => self.pod(frame).await,
                "ReplicaSet" if meta::controller(object).is_some() => {}
                "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "Service" => {
                    self.user(object).await;
                }
                _ => {}
            }
            settle().await;
        }
        sleep(Duration::from_secs(2)).await;
    }

    /// What the user wrote: the object when it is new, its spec when that has changed.
    async fn user(&self, object: &Value) {
        let (kind, name) = (meta::text(object, "/kind").to_lowercase(), meta::name(object));
        let Some(ours) = self.world.store.get(&kind, NAMESPACE, name) else {
            let mut new = object.clone();
            new["metadata"] = json!({"name": name, "labels": object["metadata"]["labels"]});
            // These are the server's to give: ours gives its own.
            for key in ["clusterIP", "clusterIPs", "selector", "template"] {
                let is_job = kind == "job" && matches!(key, "selector" | "template");
                if key.starts_with("cluster") && object["spec"]["clusterIP"] != "None"
                    || is_job && key == "selector"
                {
                    new["spec"].as_object_mut().unwrap().shift_remove(key);
                }
            }
            if kind == "job" {
                new["spec"]["template"]["metadata"] = json!({});
            }
            return self.world.create(new).await;
        };
        let generation = |object: &Value| meta::count(object, "/metadata/generation");
        if generation(object) > generation(&ours) {
            let spec = object["spec"].clone();
            self.world.change(&kind, name, |ours| ours["spec"] = spec).await;
        }
    }

    async fn pod(&mut self, frame: &Frame) {
        let recorded = meta::name(&frame.object).to_owned();
        let ours = self.counterpart(&frame.object).await;
        if frame.gone {
            self.world.change("pods", &ours, |pod| pod["metadata"]["finalizers"] = json!([])).await;
            return;
        }
        let node = frame.object["spec"]["nodeName"].clone();
        self.world.write("pods", &ours, Part::Main, |pod| {
            pod["spec"]["nodeName"] = node;
            let held = pod["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
            if !held.contains(&json!(HOLD)) {
                pod["metadata"]["finalizers"] = Value::from([held, vec![json!(HOLD)]].concat());
            }
        });
        let status = frame.object["status"].clone();
        self.world.write("pods", &ours, Part::Status, |pod| pod["status"] = status);
        self.pods.insert(recorded, ours);
    }

    /// Our pod for a recorded one; when a recorded one is deleted, ours that is deleted takes its part.
    async fn counterpart(&mut self, recorded: &Value) -> String {
        let name = meta::name(recorded);
        if !self.pods.contains_key(name) {
            let new = self.new_pod(recorded).await;
            self.pods.insert(name.to_owned(), new);
        }
        let ours = self.pods[name].clone();
        let is_deleting = |name: &str| meta::is_deleting(&self.world.get("pods", name));
        if meta::is_deleting(recorded) && !is_deleting(&ours) {
            let family = meta::text(recorded, "/metadata/generateName");
            let pods = self.pods.iter();
            let other = pods.clone().find(|(theirs, ours)| theirs.starts_with(family) && is_deleting(ours));
            let (theirs, swapped) =
                other.map(|(a, b)| (a.clone(), b.clone())).expect("one of ours is deleted too");
            self.pods.insert(theirs, ours);
            self.pods.insert(name.to_owned(), swapped);
        }
        self.pods[name].clone()
    }

    /// A pod of ours that has no counterpart yet; it may come a little later than the recorded one.
    async fn new_pod(&self, recorded: &Value) -> String {
        for _ in 0..3000 {
            let pods = self.world.pods();
            if let Some(new) = pods.into_iter().find(|pod| !self.pods.values().any(|known| known == pod)) {
                return new;
            }
            settle().await;
        }
        panic!("no pod for {}", meta::name(recorded));
    }
}

/// A status without what differs from run to run: times, names, messages that hold names.
fn coarse(object: &Value) -> String {
    let mut status = object["status"].clone();
    if object["kind"] == "EndpointSlice" {
        let endpoints = object["endpoints"].as_array().into_iter().flatten();
        let conditions: Vec<&Value> = endpoints.map(|endpoint| &endpoint["conditions"]).collect();
        return json!([conditions, object["ports"], object["metadata"]["generation"]]).to_string();
    }
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        *condition = json!([condition["type"], condition["status"], condition["reason"]]);
    }
    let Some(map) = status.as_object_mut() else { return String::new() };
    if map.contains_key("currentRevision") {
        let is_same = map["currentRevision"] == map["updateRevision"];
        map.insert("currentRevision".to_owned(), json!(is_same));
        map.insert("updateRevision".to_owned(), json!(is_same));
    }
    for key in ["startTime", "completionTime"] {
        if let Some(time) = map.get_mut(key) {
            *time = json!("some time");
        }
    }
    for uids in map.get_mut("uncountedTerminatedPods").and_then(Value::as_object_mut).into_iter().flatten() {
        *uids.1 = json!(uids.1.as_array().map(Vec::len));
    }
    map.sort_keys();
    format!("generation {} {status}", object["metadata"]["generation"])
}

fn distinct(objects: impl Iterator<Item = Value>) -> Vec<String> {
    let mut all: Vec<String> = objects.map(|object| coarse(&object)).collect();
    all.dedup();
    all
}

async fn played(frames: &[Frame]) -> World {
    let world = World::at(beginning(frames));
    let mut player = Player { world, pods: HashMap::new() };
    player.play(frames).await;
    player.world
}

/// Of a kind: what was recorded, and what came out here.
async fn both(text: &str, kind: &str) -> (Vec<String>, Vec<String>) {
    let frames = frames(text);
    let world = played(&frames).await;
    let recorded =
        frames.iter().filter(|frame| frame.object["kind"] == kind).map(|frame| frame.object.clone());
    let store = world.store.lock();
    let id = store.registry().named(kind).unwrap();
    let changes = store.changes_after(id, 1).unwrap().filter(|change| !change.is_delete);
    let ours: Vec<Value> = changes.map(|change| change.object.value()).collect();
    (distinct(recorded), distinct(ours.into_iter()))
}

/// Who was told what, with names cut to what they begin with.
fn told<'a>(events: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let word = |word: &str| word.split_once('-').map_or(word, |(first, _)| first).to_owned();
    let mut told: Vec<String> = events
        .filter(|event| event["involvedObject"]["kind"] != "Pod")
        .map(|event| {
            let message: Vec<String> = meta::text(event, "/message").split(' ').map(word).collect();
            json!([
                event["involvedObject"]["kind"],
                event["source"],
                event["type"],
                event["reason"],
                event["count"],
                message.join(" ")
            ])
            .to_string()
        })
        .collect();
    told.sort();
    told
}

async fn same(text: &str, kind: &str) {
    let (recorded, ours) = both(text, kind).await;
    assert!(!recorded.is_empty());
    assert_eq!(ours, recorded, "\nours:\n{}\nrecorded:\n{}", ours.join("\n"), recorded.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_becomes_ready() {
    same(recordings::DEP_OK, "Deployment").await;
}

#[tokio::test(start_paused = true)]
async fn its_replica_set() {
    same(recordings::DEP_OK, "ReplicaSet").await;
}

#[tokio::test(start_paused = true)]
async fn a_bare_replica_set() {
    same(recordings::RS_OK, "ReplicaSet").await;
}

#[tokio::test(start_paused = true)]
async fn a_rollout() {
    // The real controller's cache had the new ReplicaSet's pod one look earlier; in the stuck rollout below, later.
    let (recorded, ours) = both(recordings::DEP_ROLLOUT, "Deployment").await;
    assert_eq!((&ours[..8], &ours[10..]), (&recorded[..8], &recorded[9..]));
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_is_stuck() {
    same(recordings::DEP_ROLLOUT_STUCK, "Deployment").await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_never_becomes_ready() {
    same(recordings::DEP_BADIMAGE, "Deployment").await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_whose_containers_crash() {
    same(recordings::DEP_CRASH, "Deployment").await;
}

#[tokio::test(start_paused = true)]
async fn a_stateful_set() {
    same(recordings::STS_OK, "StatefulSet").await;
}

#[tokio::test(start_paused = true)]
async fn a_stateful_set_whose_containers_crash() {
    same(recordings::STS_CRASH, "StatefulSet").await;
}

#[tokio::test(start_paused = true)]
async fn a_daemon_set() {
    same(recordings::DS_OK, "DaemonSet").await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_completes() {
    same(recordings::JOB_OK, "Job").await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails() {
    same(recordings::JOB_FAIL, "Job").await;
}

#[tokio::test(start_paused = true)]
async fn the_deployment_behind_services() {
    same(recordings::SVC, "Deployment").await;
}

#[tokio::test(start_paused = true)]
async fn the_slices_of_services() {
    same(recordings::SVC, "EndpointSlice").await;
}

#[tokio::test(start_paused = true)]
async fn the_events_about_workloads() {
    for text in [
        recordings::DEP_OK,
        recordings::DEP_ROLLOUT,
        recordings::RS_OK,
        recordings::STS_OK,
        recordings::DS_OK,
        recordings::JOB_OK,
        recordings::JOB_FAIL,
        recordings::SVC,
    ] {
        let frames = frames(text);
        let world = played(&frames).await;
        // The last state of each Event.
        let recorded = frames.iter().filter(|frame| frame.object["kind"] == "Event");
        let recorded: HashMap<&str, &Value> =
            recorded.map(|frame| (meta::name(&frame.object), &frame.object)).collect();
        assert_eq!(told(world.list("events").iter()), told(recorded.into_values()));
    }
}
