//! Which events a watcher sees, and when it is refused: a state machine over the store, without waiting.
//!
//! Rules: "Efficient detection of changes", "Watch bookmarks" and "Streaming lists" in the Kubernetes API concepts.

use std::sync::Arc;

use super::object::Object;
use super::options::{ListOptions, Version};
use super::selector::Selector;
use crate::lab::api::answer::status::Status;
use crate::lab::api::answer::view::View;
use crate::lab::schema::resources::{Resource, ResourceId};
use crate::lab::store::{Change, Store};

/// One watch: what it selects, and how far it has come.
#[derive(Debug)]
pub(in crate::lab) struct Watcher {
    id: ResourceId,
    namespace: String,
    selector: Selector,
    allows_bookmarks: bool,
    cursor: u64,
}

/// One event on its way to a client.
#[derive(Clone, Debug)]
pub(in crate::lab) enum Event {
    Added(Arc<Object>),
    Modified(Arc<Object>),
    Deleted(Arc<Object>),
    /// Nothing is missing up to this version; marks the end of the initial events where it says so.
    Bookmark {
        revision: u64,
        ends_initial_events: bool,
    },
    Error(Status),
}

/// Why a watch cannot begin.
#[derive(Debug, PartialEq)]
pub(in crate::lab) enum NoWatch {
    /// The store has not reached this version yet.
    NotYet(u64),
    /// An ERROR event says why; it is the only one.
    Refused(Box<Status>),
}

/// The history went over the watcher's head: the stream just ends.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::lab) struct Overrun;

// === impl Watcher ===

impl Watcher {
    /// Begins a watch and gives its initial events.
    pub(in crate::lab) fn begin(
        store: &Store,
        id: ResourceId,
        namespace: &str,
        options: &ListOptions,
    ) -> Result<(Self, Vec<Event>), NoWatch> {
        let sends_initial_events = match (options.send_initial_events, options.version) {
            (Some(asked), _) => asked,
            (None, version) => matches!(version, Version::Newest | Version::Any),
        };
        let asked = match options.version {
            Version::Newest | Version::Any => None,
            Version::NotOlderThan(revision) | Version::Exact(revision) => Some(revision),
        };
        if sends_initial_events && let Some(asked) = asked.filter(|asked| *asked > store.revision()) {
            return Err(NoWatch::NotYet(asked));
        }
        let cursor = asked.filter(|_| !sends_initial_events).unwrap_or(store.revision());
        if let Err(too_old) = store.changes_after(id, cursor) {
            let why = format!("too old resource version: {cursor} ({})", too_old.forgotten);
            return Err(NoWatch::Refused(Box::new(Status::expired(why))));
        }
        let watcher = Self {
            id,
            namespace: namespace.to_owned(),
            selector: options.selector.clone(),
            allows_bookmarks: options.allow_bookmarks,
            cursor,
        };
        let events = if sends_initial_events { watcher.initial(store) } else { Vec::new() };
        Ok((watcher, events))
    }

    /// Synthetic ADDED events in key order, and the bookmark that ends them.
    fn initial(&self, store: &Store) -> Vec<Event> {
        let matches = store.objects(self.id, &self.namespace).filter(|object| self.selector.matches(object));
        let mut events: Vec<_> = matches.cloned().map(Event::Added).collect();
        if self.allows_bookmarks {
            events.push(Event::Bookmark { revision: self.cursor, ends_initial_events: true });
        }
        events
    }

    /// The events since the last call, from at most `limit` changes; empty when it has caught up.
    pub(in crate::lab) fn catch_up(&mut self, store: &Store, limit: usize) -> Result<Vec<Event>, Overrun> {
        let mut events = Vec::new();
        let mut taken = 0;
        for change in store.changes_after(self.id, self.cursor).map_err(|_| Overrun)?.take(limit) {
            events.extend(self.event(store.resource(self.id), change));
            (self.cursor, taken) = (change.revision, taken + 1);
        }
        if taken < limit {
            self.cursor = self.cursor.max(store.revision());
        }
        Ok(events)
    }

    /// A bookmark at the version that the watcher has come to, if it wants bookmarks.
    pub(in crate::lab) fn bookmark(&self) -> Option<Event> {
        self.allows_bookmarks.then_some(Event::Bookmark { revision: self.cursor, ends_initial_events: false })
    }

    /// How a change looks through the selector: what starts to match is ADDED, what stops is DELETED.
    fn event(&self, resource: &Resource, change: &Change) -> Option<Event> {
        let sees = |object: &&Arc<Object>| {
            (self.namespace.is_empty() || object.namespace == self.namespace) && self.selector.matches(object)
        };
        let now = (!change.is_delete).then_some(&change.object).filter(sees);
        let before = change.previous.as_ref().filter(sees);
        match (before, now) {
            (None, None) => None,
            (None, Some(now)) => Some(Event::Added(now.clone())),
            (Some(_), Some(now)) => Some(Event::Modified(now.clone())),
            (Some(_), None) if change.is_delete => Some(Event::Deleted(change.object.clone())),
            (Some(before), None) => {
                Some(Event::Deleted(Arc::new(before.restamped(resource, change.revision))))
            }
        }
    }
}

// === impl Event ===

impl Event {
    /// Appends the event as one line of JSON.
    pub(in crate::lab) fn write(&self, resource: &Resource, view: &mut View, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"type":""#);
        out.extend_from_slice(self.kind().as_bytes());
        out.extend_from_slice(br#"","object":"#);
        match self {
            Self::Added(object) | Self::Modified(object) | Self::Deleted(object) => {
                view.write(resource, object, out);
            }
            Self::Bookmark { revision, ends_initial_events } => {
                out.extend_from_slice(bookmark(resource, *revision, *ends_initial_events).as_bytes());
            }
            Self::Error(status) => out.extend_from_slice(status.to_value().to_string().as_bytes()),
        }
        out.extend_from_slice(b"}\n");
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Added(_) => "ADDED",
            Self::Modified(_) => "MODIFIED",
            Self::Deleted(_) => "DELETED",
            Self::Bookmark { .. } => "BOOKMARK",
            Self::Error(_) => "ERROR",
        }
    }
}

fn bookmark(resource: &Resource, revision: u64, ends_initial_events: bool) -> String {
    let annotations =
        if ends_initial_events { r#","annotations":{"k8s.io/initial-events-end":"true"}"# } else { "" };
    format!(
        r#"{{"kind":"{}","apiVersion":"{}","metadata":{{"resourceVersion":"{revision}"{annotations}}}}}"#,
        resource.kind,
        resource.group_version()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::api::route::Query;
    use serde_json::json;

    struct Scene {
        store: Store,
        id: ResourceId,
    }

    impl Scene {
        fn new() -> Self {
            let store = Store::new(100, 3);
            let id = store.registry().named("configmaps").unwrap();
            Self { store, id }
        }

        fn put(&mut self, name: &str, app: &str) {
            let value = json!({"metadata": {"name": name, "namespace": "n", "labels": {"app": app}}});
            self.store.put(self.id, value, None);
        }

        fn begin(&self, query: &str) -> Result<(Watcher, Vec<String>), NoWatch> {
            let resource = self.store.resource(self.id);
            let options = ListOptions::parse(resource, &Query::parse(query), true).unwrap();
            let (watcher, events) = Watcher::begin(&self.store, self.id, "n", &options)?;
            Ok((watcher, events.iter().map(describe).collect()))
        }

        fn catch_up(&self, watcher: &mut Watcher) -> Vec<String> {
            watcher.catch_up(&self.store, 100).unwrap().iter().map(describe).collect()
        }
    }

    fn describe(event: &Event) -> String {
        match event {
            Event::Added(o) => format!("+{}@{}", o.name, o.resource_version),
            Event::Modified(o) => format!("~{}@{}", o.name, o.resource_version),
            Event::Deleted(o) => format!("-{}@{}", o.name, o.resource_version),
            Event::Bookmark { revision, ends_initial_events } => {
                format!("={revision}{}", if *ends_initial_events { "!" } else { "" })
            }
            Event::Error(status) => format!("E{}", status.code),
        }
    }

    #[test]
    fn the_version_decides_on_initial_events() {
        let mut scene = Scene::new();
        scene.put("b", "x");
        scene.put("a", "x");
        let streaming = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1";
        for (query, expected) in [
            ("", vec!["+a@102", "+b@101"]),
            ("resourceVersion=0", vec!["+a@102", "+b@101"]),
            ("allowWatchBookmarks=true", vec!["+a@102", "+b@101", "=102!"]),
            (streaming, vec!["+a@102", "+b@101", "=102!"]),
            (&format!("{streaming}&resourceVersion=101"), vec!["+a@102", "+b@101", "=102!"]),
            (&format!("{streaming}&labelSelector=none"), vec!["=102!"]),
            ("resourceVersion=101", vec![]),
            ("sendInitialEvents=false&resourceVersionMatch=NotOlderThan", vec![]),
        ] {
            assert_eq!(scene.begin(query).unwrap().1, expected, "{query}");
        }
        let future = format!("{streaming}&resourceVersion=500");
        assert_eq!(scene.begin(&future).unwrap_err(), NoWatch::NotYet(500));
    }

    #[test]
    fn a_watch_resumes_after_its_version() {
        let mut scene = Scene::new();
        scene.put("a", "x");
        scene.put("b", "x");
        let (mut watcher, _) = scene.begin("resourceVersion=101").unwrap();
        assert_eq!(scene.catch_up(&mut watcher), ["+b@102"]);
        assert!(scene.catch_up(&mut watcher).is_empty());
        scene.put("b", "y");
        scene.store.remove(scene.id, "n", "a", None, None);
        assert_eq!(scene.catch_up(&mut watcher), ["~b@103", "-a@104"]);
    }

    #[test]
    fn a_future_version_is_silent_until_it_is_reached() {
        let mut scene = Scene::new();
        let (mut watcher, initial) = scene.begin("resourceVersion=102").unwrap();
        assert!(initial.is_empty());
        for name in ["a", "b"] {
            scene.put(name, "x");
            assert!(scene.catch_up(&mut watcher).is_empty());
        }
        scene.put("c", "x");
        assert_eq!(scene.catch_up(&mut watcher), ["+c@103"]);
    }

    #[test]
    fn a_selector_turns_changes_into_arrivals_and_departures() {
        let mut scene = Scene::new();
        scene.put("a", "x");
        let (mut watcher, _) = scene.begin("resourceVersion=101&labelSelector=app%3Dy").unwrap();
        scene.put("a", "y");
        scene.put("a", "z");
        let events = watcher.catch_up(&scene.store, 100).unwrap();
        assert_eq!(events.iter().map(describe).collect::<Vec<_>>(), ["+a@102", "-a@103"]);
        let Event::Deleted(last) = &events[1] else { panic!("a departure is a delete") };
        assert_eq!(last.labels, [("app".to_owned(), "y".to_owned())]);
        scene.store.remove(scene.id, "n", "a", None, None);
        assert!(scene.catch_up(&mut watcher).is_empty());
    }

    #[test]
    fn a_forgotten_version_is_expired_and_a_slow_watcher_overrun() {
        let mut scene = Scene::new();
        let (mut slow, _) = scene.begin("resourceVersion=100").unwrap();
        for _ in 0..5 {
            scene.put("a", "x");
        }
        assert_eq!(slow.catch_up(&scene.store, 100).unwrap_err(), Overrun);
        let NoWatch::Refused(status) = scene.begin("resourceVersion=101").unwrap_err() else {
            panic!("refused")
        };
        assert_eq!(status.message, "too old resource version: 101 (102)");
        assert!(scene.begin("resourceVersion=102").is_ok());
    }

    #[test]
    fn events_are_lines_as_recorded() {
        let scene = Scene::new();
        let resource = scene.store.resource(scene.id);
        let line = |event: Event| {
            let mut out = Vec::new();
            event.write(resource, &mut View::Whole, &mut out);
            String::from_utf8(out).unwrap()
        };
        let recorded = include_str!("../api/fixtures/watch-gone.http").split_once("\r\n\r\n").unwrap().1;
        let expired = Status::expired("too old resource version: 1 (3172)");
        assert_eq!(line(Event::Error(expired)).trim_end(), recorded.trim_end());
        assert_eq!(
            line(Event::Bookmark { revision: 211, ends_initial_events: true }),
            r#"{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"211","annotations":{"k8s.io/initial-events-end":"true"}}}}"#.to_owned() + "\n"
        );
    }
}
