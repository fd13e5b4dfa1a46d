//! Drives the store with a recording, in real time or faster.
//!
//! | file | what it decides or does |
//! |---|---|
//! | `recording` | reads a recording |
//! | `rebase` | moves it to now |

mod rebase;
pub(super) mod recording;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use self::recording::{Moment, Recording, What};
use super::narrate::narrate;
use super::store::live::LiveStore;

/// The time of a recording that is being replayed.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    from: f64,
    speed: f64,
}

// === impl Clock ===

impl Clock {
    /// Recording time is at `from` seconds now, and runs `speed` times as fast as it was.
    #[must_use]
    pub fn start(from: f64, speed: f64) -> Self {
        Self { start: Instant::now(), from, speed }
    }

    /// The recording's time, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.from + self.start.elapsed().as_secs_f64() * self.speed
    }

    /// Waits until the recording has come to this time.
    pub async fn until(&self, seconds: f64) {
        let ahead = (seconds - self.from).max(0.0) / self.speed;
        sleep_until(self.start + Duration::from_secs_f64(ahead)).await;
    }
}

/// Puts into the store what is there when time starts: the namespace, and every change up to `from` seconds.
pub fn prepare(store: &LiveStore, recording: &Recording, from: f64) {
    store.advance_to(recording.revision.saturating_sub(1));
    put(store, namespace(&recording.namespace));
    store.advance_to(recording.revision);
    for moment in recording.moments.iter().take_while(|moment| seconds(moment) <= from) {
        carry_out(store, moment);
    }
}

/// Replays what follows [`prepare`] to its end; `tell` gets each step and each change worth a line.
pub async fn play(store: &LiveStore, recording: &Recording, clock: Clock, mut tell: impl FnMut(f64, String)) {
    for moment in recording.moments.iter().skip_while(|moment| seconds(moment) <= clock.from) {
        clock.until(seconds(moment)).await;
        if let Some(line) = carry_out(store, moment) {
            tell(seconds(moment), line);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a recording is not millennia long")]
fn seconds(moment: &Moment) -> f64 {
    moment.at_ms as f64 / 1000.0
}

fn carry_out(store: &LiveStore, moment: &Moment) -> Option<String> {
    match &moment.what {
        What::Step(text) => Some(format!("$ {text}")),
        What::Put(object) => {
            let before = current(store, object);
            put(store, object.clone());
            narrate(before.as_ref(), Some(object))
        }
        What::Remove(object) => {
            if let Err(status) = store.remove_recorded(object.clone()) {
                tracing::warn!(reason = %status.message, "the recording removes what this server does not serve");
            }
            narrate(Some(object), None)
        }
    }
}

fn put(store: &LiveStore, object: Value) {
    if let Err(status) = store.put_recorded(object) {
        tracing::warn!(reason = %status.message, "the recording holds what this server does not serve");
    }
}

/// The object as it is before a change, by its kind.
fn current(store: &LiveStore, object: &Value) -> Option<Value> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    store.get(&text(&object["kind"]), &text(&metadata["namespace"]), &text(&metadata["name"]))
}

/// The namespace of a recording is not part of it: this is what a cluster would have.
fn namespace(name: &str) -> Value {
    json!({
        "kind": "Namespace", "apiVersion": "v1",
        "metadata": {"name": name, "uid": super::store::live::uuid(super::store::live::random_bytes()),
                     "creationTimestamp": super::timestamp::format(super::store::live::now()),
                     "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::store::Store;

    fn line(t_ms: u64, kind: &str, version: u64) -> String {
        format!(
            r#"{{"t_ms":{t_ms},"resource":"pods","event":{{"type":"{kind}","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"p","namespace":"n","resourceVersion":"{version}"}}}}}}}}"#
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_recording_is_replayed_at_its_speed_and_under_its_versions() {
        let step = r#"{"t_ms":1000,"step":"apply","manifest":{}}"#;
        let text =
            [line(100, "ADDED", 50), step.to_owned(), line(2800, "MODIFIED", 60), line(4800, "DELETED", 70)];
        let recording = Recording::parse(&text.join("\n")).unwrap();
        let store = LiveStore::new(Store::new(recording.revision.saturating_sub(1), 100));
        prepare(&store, &recording, 0.0);
        assert_eq!(store.revision(), 50);
        assert!(store.get("pods", "n", "p").is_some() && store.get("ns", "", "n").is_some());

        let clock = Clock::start(0.0, 2.0);
        let mut told = Vec::new();
        let begun = Instant::now();
        play(&store, &recording, clock, |at, line| told.push((at, line))).await;
        assert_eq!(told, [(0.2, "$ apply".to_owned()), (4.0, "pod/p gone".to_owned())]);
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
        assert_eq!((store.revision(), store.get("pods", "n", "p")), (70, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_replay_may_begin_later() {
        let step = r#"{"t_ms":200,"step":"apply","manifest":{}}"#;
        let text = [step.to_owned(), line(1000, "ADDED", 50), line(2000, "DELETED", 60)].join("\n");
        let recording = Recording::parse(&text).unwrap();
        let store = LiveStore::new(Store::new(1, 100));
        prepare(&store, &recording, 1.5);
        assert_eq!(store.revision(), 50);
        let clock = Clock::start(1.5, 1.0);
        let mut told = Vec::new();
        play(&store, &recording, clock, |at, _| told.push(at)).await;
        assert_eq!((told, clock.seconds()), (vec![2.0], 2.0));
    }
}
