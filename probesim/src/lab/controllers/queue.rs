//! What has to be looked at: now, each once, in the order of its first reason; and later.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::cache::Kind;
use super::meta;

/// What kind of look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Task {
    /// By the controller of its kind.
    Sync,
    /// By the garbage collector.
    Collect,
}

/// An object to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) task: Task,
    pub(super) kind: Kind,
    pub(super) namespace: String,
    pub(super) name: String,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: VecDeque<Key>,
    is_ready: HashSet<Key>,
    timers: BTreeMap<Key, Duration>,
}

// === impl Key ===

impl Key {
    pub(super) fn new(task: Task, kind: Kind, namespace: &str, name: &str) -> Self {
        Self { task, kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    pub(super) fn of(task: Task, kind: Kind, object: &Value) -> Self {
        Self::new(task, kind, meta::namespace(object), meta::name(object))
    }
}

// === impl Queue ===

impl Queue {
    pub(super) fn push(&mut self, key: Key) {
        if self.is_ready.insert(key.clone()) {
            self.ready.push_back(key);
        }
    }

    /// Looks at it at this moment, or earlier when that was planned already.
    pub(super) fn push_at(&mut self, key: Key, at: Duration) {
        let planned = self.timers.entry(key).or_insert(at);
        *planned = at.min(*planned);
    }

    /// Makes ready whose time has come.
    pub(super) fn wake(&mut self, now: Duration) {
        let due: Vec<Key> =
            self.timers.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        for key in due {
            self.timers.remove(&key);
            self.push(key);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Key> {
        let key = self.ready.pop_front()?;
        self.is_ready.remove(&key);
        Some(key)
    }

    /// The moment of the next timer.
    pub(super) fn next_timer(&self) -> Option<Duration> {
        self.timers.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new(Task::Sync, Kind::Pod, "n", name)
    }

    #[test]
    fn each_object_waits_once_and_the_earliest_timer_counts() {
        let mut queue = Queue::default();
        queue.push(key("a"));
        queue.push(key("b"));
        queue.push(key("a"));
        queue.push_at(key("c"), Duration::from_secs(5));
        queue.push_at(key("c"), Duration::from_secs(3));
        queue.push_at(key("c"), Duration::from_secs(9));
        assert_eq!(queue.next_timer(), Some(Duration::from_secs(3)));
        queue.wake(Duration::from_secs(2));
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some(key("a")), Some(key("b")), None]);
        queue.wake(Duration::from_secs(3));
        assert_eq!((queue.pop(), queue.next_timer()), (Some(key("c")), None));
    }
}
