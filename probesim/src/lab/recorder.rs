//! Events as a component of Kubernetes writes them: counted, combined and limited at the client.
//!
//! Rules: client-go `tools/record/event.go` and `events_cache.go` with their defaults.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::api::answer::status::Status;
use super::store::Store;
use super::store::live::LiveStore;
use super::store::write::{self, Birth, Part, Place};
use super::timestamp;

/// This many messages of one reason about one object are told one by one; from there on they are combined.
const SIMILAR: usize = 10;
/// Without a similar event for so long, counting begins anew.
const SIMILAR_WITHIN: Duration = Duration::from_secs(600);
/// So many events of one type about one object may come at once …
const BURST: f64 = 25.0;
/// … and then one in so many seconds.
const REFILL_SECONDS: f64 = 300.0;
/// So much is remembered of each sort, as client-go's LRU caches do.
const REMEMBERED: usize = 4096;

/// Writes Events into the store; clones share what they remember.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    store: LiveStore,
    component: &'static str,
    host: Option<&'static str>,
    correlator: Arc<Mutex<Correlator>>,
}

/// An event before it is decided whether it is new.
#[derive(Clone, Copy, Debug)]
struct Report<'a> {
    about: &'a Value,
    field_path: Option<&'a str>,
    severity: &'a str,
    reason: &'a str,
    message: &'a str,
}

/// What has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// `metadata.name` of the Event.
    name: String,
    message: String,
    first: Duration,
    count: u64,
}

/// What is remembered of earlier events.
#[derive(Debug, Default)]
struct Correlator {
    similar: HashMap<String, Similar>,
    written: HashMap<String, Entry>,
    tokens: HashMap<String, Tokens>,
}

#[derive(Debug)]
struct Similar {
    messages: BTreeSet<String>,
    last: Duration,
}

#[derive(Debug)]
struct Tokens {
    left: f64,
    at: Duration,
}

// === impl Recorder ===

impl Recorder {
    /// Records for a component: `deployment-controller`, `kubelet`.
    pub(super) fn new(store: LiveStore, component: &'static str) -> Self {
        Self { store, component, host: None, correlator: Arc::default() }
    }

    /// Says on which node the component runs, as the kubelet does.
    pub(super) fn on_host(self, host: &'static str) -> Self {
        Self { host: Some(host), ..self }
    }

    /// Writes an Event about an object, or counts one more where it has been written already.
    pub(super) fn record(
        &self,
        about: &Value,
        field_path: Option<&str>,
        severity: &str,
        reason: &str,
        message: &str,
    ) {
        let report = Report { about, field_path, severity, reason, message };
        let written = self.store.write(|store, birth| self.write(store, birth, &report));
        if let Err(status) = written {
            tracing::warn!(reason = %status.message, event = report.reason, "an Event could not be written");
        }
    }

    fn write(&self, store: &mut Store, birth: &Birth, report: &Report<'_>) -> Result<(), Status> {
        let id = store.registry().of_object("v1", "Event").ok_or_else(Status::unknown_resource)?;
        let namespace = report.about["metadata"]["namespace"].as_str().unwrap_or("default");
        let now = self.store.now();
        let is_taken = |name: &str| store.get(id, namespace, name).is_some();
        let mut correlator = self.correlator.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = correlator.correlate(report, now, is_taken) else { return Ok(()) };
        drop(correlator);
        let place = Place { id, namespace, name: &entry.name };
        if store.get(id, namespace, &entry.name).is_none() {
            let event = self.event(report, &entry, now);
            return write::create(store, place, event, Part::Main, birth, false).map(drop);
        }
        let recount = |mut event: Value| {
            event["message"] = json!(entry.message);
            event["count"] = json!(entry.count);
            event["lastTimestamp"] = json!(timestamp::format(now.as_secs()));
            Ok(event)
        };
        write::modify(store, place, Part::Main, false, recount).map(drop)
    }

    fn event(&self, report: &Report<'_>, entry: &Entry, now: Duration) -> Value {
        let Report { about, field_path, severity, reason, .. } = report;
        let mut involved = json!({"kind": about["kind"]});
        for key in ["namespace", "name", "uid"] {
            if about["metadata"][key].is_string() {
                involved[key] = about["metadata"][key].clone();
            }
        }
        involved["apiVersion"] = about["apiVersion"].clone();
        involved["resourceVersion"] = about["metadata"]["resourceVersion"].clone();
        if let Some(path) = field_path {
            involved["fieldPath"] = json!(path);
        }
        let mut source = json!({"component": self.component});
        if let Some(host) = self.host {
            source["host"] = json!(host);
        }
        json!({
            "kind": "Event", "apiVersion": "v1",
            "metadata": {"name": entry.name},
            "involvedObject": involved,
            "reason": reason, "message": entry.message, "source": source,
            "firstTimestamp": timestamp::format(entry.first.as_secs()),
            "lastTimestamp": timestamp::format(now.as_secs()),
            "count": entry.count, "type": severity, "eventTime": null,
            "reportingComponent": self.component, "reportingInstance": self.host.unwrap_or_default(),
        })
    }
}

// === impl Report ===

impl Report<'_> {
    /// What is counted together: the object. Source and component are the recorder's own.
    fn object_key(&self) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &self.about["metadata"];
        let parts = [&self.about["kind"], &metadata["namespace"], &metadata["name"], &metadata["uid"]];
        parts.map(text).join("\n")
    }
}

// === impl Correlator ===

impl Correlator {
    /// What to write for an event; nothing when there have been too many about the object.
    ///
    /// A new Event is named after its object and the moment, or the next one where that name is taken.
    fn correlate(
        &mut self,
        report: &Report<'_>,
        now: Duration,
        is_taken: impl Fn(&str) -> bool,
    ) -> Option<Entry> {
        let object = report.object_key();
        let group = [&object, report.severity, report.reason].join("\n");
        let (message, key) = if self.is_combined(&group, report.message, now) {
            (format!("(combined from similar events): {}", report.message), group)
        } else {
            let path = report.field_path.unwrap_or_default();
            (report.message.to_owned(), [&group, path, report.message].join("\n"))
        };
        let name = || {
            let name = report.about["metadata"]["name"].as_str().unwrap_or_default();
            let mut names = (now.as_nanos()..).map(|nanos| format!("{name}.{nanos:x}"));
            names.find(|name| !is_taken(name)).unwrap_or_default()
        };
        let entry = self.count(key, message, now, name);
        // A kubelet of 1.36 has a budget for Normal and another for Warning: many failures cost no Killing.
        self.take_token([&object, report.severity].join("\n"), now).then_some(entry)
    }

    /// `EventAggregator.EventAggregate`
    fn is_combined(&mut self, group: &str, message: &str, now: Duration) -> bool {
        make_room(&mut self.similar);
        let fresh = || Similar { messages: BTreeSet::new(), last: now };
        let similar = self.similar.entry(group.to_owned()).or_insert_with(fresh);
        if now.saturating_sub(similar.last) > SIMILAR_WITHIN {
            *similar = fresh();
        }
        similar.last = now;
        similar.messages.insert(message.to_owned());
        let is_combined = similar.messages.len() >= SIMILAR;
        if is_combined {
            // The set does not grow past the limit; which one goes does not matter.
            similar.messages.pop_first();
        }
        is_combined
    }

    /// `eventLogger.eventObserve`
    fn count(&mut self, key: String, message: String, now: Duration, name: impl FnOnce() -> String) -> Entry {
        make_room(&mut self.written);
        let fresh = || Entry { name: name(), message: String::new(), first: now, count: 0 };
        let entry = self.written.entry(key).or_insert_with(fresh);
        entry.count += 1;
        entry.message = message;
        entry.clone()
    }

    /// `EventSourceObjectSpamFilter.Filter`
    fn take_token(&mut self, key: String, now: Duration) -> bool {
        make_room(&mut self.tokens);
        let tokens = self.tokens.entry(key).or_insert(Tokens { left: BURST, at: now });
        let refilled = now.saturating_sub(tokens.at).as_secs_f64() / REFILL_SECONDS;
        tokens.left = (tokens.left + refilled).min(BURST);
        tokens.at = now;
        let is_left = tokens.left >= 1.0;
        if is_left {
            tokens.left -= 1.0;
        }
        is_left
    }
}

/// Forgets everything when too much is remembered: counts then begin at 1 again, as after a restart.
fn make_room<T>(map: &mut HashMap<String, T>) {
    if map.len() >= REMEMBERED {
        map.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Value {
        json!({"kind": "Pod", "apiVersion": "v1",
               "metadata": {"name": name, "namespace": "n", "uid": "u1", "resourceVersion": "7"}})
    }

    fn report<'a>(about: &'a Value, message: &'a str) -> Report<'a> {
        Report { about, field_path: None, severity: "Warning", reason: "Unhealthy", message }
    }

    fn told(correlator: &mut Correlator, report: &Report<'_>, now: Duration) -> Option<Entry> {
        correlator.correlate(report, now, |_| false)
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_795_226_349 + seconds)
    }

    #[test]
    fn the_same_event_again_is_counted() {
        let (mut correlator, pod) = (Correlator::default(), pod("p"));
        let first = told(&mut correlator, &report(&pod, "no"), at(0)).unwrap();
        assert_eq!((first.count, first.name.as_str()), (1, "p.18e9ecda57910200"));
        let second = told(&mut correlator, &report(&pod, "no"), at(5)).unwrap();
        assert_eq!(second, Entry { count: 2, ..first.clone() });
        let other_path = Report { field_path: Some("spec.containers{b}"), ..report(&pod, "no") };
        assert_eq!(told(&mut correlator, &other_path, at(6)).unwrap().count, 1);
    }

    #[test]
    fn the_tenth_similar_event_is_combined_until_ten_minutes_are_quiet() {
        let (mut correlator, pod) = (Correlator::default(), pod("p"));
        let mut seen = Vec::new();
        for n in 0..12 {
            seen.push(told(&mut correlator, &report(&pod, &format!("m{n}")), at(n)).unwrap());
        }
        assert_eq!((seen[8].message.as_str(), seen[8].count), ("m8", 1));
        assert_eq!((seen[9].message.as_str(), seen[9].count), ("(combined from similar events): m9", 1));
        assert_eq!((seen[11].count, &seen[11].name), (3, &seen[9].name));
        assert_eq!(told(&mut correlator, &report(&pod, "m99"), at(700)).unwrap().message, "m99");
    }

    #[test]
    fn too_many_events_about_one_object_are_dropped() {
        let (mut correlator, one, other) = (Correlator::default(), pod("p"), pod("q"));
        let mut written = (0..40).filter(|_| told(&mut correlator, &report(&one, "no"), at(0)).is_some());
        assert_eq!(written.by_ref().count(), 25);
        let killing = Report { severity: "Normal", reason: "Killing", ..report(&one, "no") };
        assert!(told(&mut correlator, &killing, at(0)).is_some(), "warnings cost no Normal event");
        assert!(told(&mut correlator, &report(&other, "no"), at(0)).is_some());
        assert!(told(&mut correlator, &report(&one, "no"), at(299)).is_none());
        let late = told(&mut correlator, &report(&one, "no"), at(301)).unwrap();
        assert_eq!(late.count, 42, "what was dropped is counted");
    }

    #[tokio::test(start_paused = true)]
    async fn events_are_written_as_kubectl_describe_reads_them() {
        let store = LiveStore::new(Store::new(1, 10));
        let recorder = Recorder::new(store.clone(), "kubelet").on_host("lab");
        let pod = pod("p");
        recorder.record(
            &pod,
            Some("spec.containers{main}"),
            "Warning",
            "Unhealthy",
            "Readiness probe failed: ",
        );
        tokio::time::advance(Duration::from_secs(3)).await;
        recorder.record(
            &pod,
            Some("spec.containers{main}"),
            "Warning",
            "Unhealthy",
            "Readiness probe failed: ",
        );
        let events = store.list("events", "n");
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(
            event["involvedObject"],
            json!({"kind": "Pod", "namespace": "n", "name": "p", "uid": "u1", "apiVersion": "v1",
                   "resourceVersion": "7", "fieldPath": "spec.containers{main}"})
        );
        assert_eq!(event["source"], json!({"component": "kubelet", "host": "lab"}));
        assert_eq!((&event["count"], &event["type"]), (&json!(2), &json!("Warning")));
        let time = |key: &str| timestamp::parse(event[key].as_str().unwrap()).unwrap();
        assert_eq!(time("lastTimestamp") - time("firstTimestamp"), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn different_events_of_one_moment_are_all_written() {
        let store = LiveStore::new(Store::new(1, 10));
        let recorder = Recorder::new(store.clone(), "scheduler");
        recorder.record(&pod("p"), None, "Normal", "Scheduled", "a");
        recorder.record(&pod("p"), None, "Normal", "Pulled", "b");
        Recorder::new(store.clone(), "kubelet").record(&pod("p"), None, "Normal", "Created", "c");
        assert_eq!(store.list("events", "n").len(), 3);
    }
}
