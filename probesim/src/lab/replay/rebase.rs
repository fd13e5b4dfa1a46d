//! Moves a recording in time, so that ages count from when it is replayed and not from when it was made.

use serde_json::Value;

use super::recording::{Moment, Recording, What};
use crate::lab::timestamp;

// === impl Recording ===

impl Recording {
    /// The same recording as if its moment `from_ms` were at `now`, in seconds since 1970: every time in its objects
    /// is moved, what lies between them stays.
    #[must_use]
    pub fn rebased(mut self, from_ms: u64, now: u64) -> Self {
        let Some(start) = self.start() else { return self };
        let (from, to) = (start + from_ms / 1000, now);
        for moment in &mut self.moments {
            if let What::Put(object) | What::Remove(object) = &mut moment.what {
                shift(object, from, to);
            }
        }
        self
    }

    /// What the cluster's clock said at 0 ms: no object knows of a time after its frame arrived.
    fn start(&self) -> Option<u64> {
        let begun = |moment: &Moment| match &moment.what {
            What::Put(object) => Some(latest(object)?.saturating_sub(moment.at_ms / 1000)),
            What::Remove(_) | What::Step(_) => None,
        };
        self.moments.iter().filter_map(begun).max()
    }
}

/// The latest time anywhere in a value, up to the frame's own present.
fn latest(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => time(text),
        Value::Array(list) => list.iter().filter_map(latest).max(),
        Value::Object(map) => map
            .iter()
            // A deletion is stamped with the end of its grace period, which is still to come.
            .filter(|(key, _)| *key != "deletionTimestamp")
            .filter_map(|(_, value)| latest(value))
            .max(),
        _ => None,
    }
}

fn shift(value: &mut Value, from: u64, to: u64) {
    match value {
        Value::String(text) => {
            if let Some(seconds) = time(text) {
                let moved = timestamp::format((seconds + to).saturating_sub(from));
                // The fraction of a second, if there is one, stays.
                text.replace_range(..19, &moved[..19]);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| shift(value, from, to)),
        Value::Object(map) => map.values_mut().for_each(|value| shift(value, from, to)),
        _ => {}
    }
}

/// A string that is a time and nothing else.
fn time(text: &str) -> Option<u64> {
    let is_shaped = matches!(text.len(), 20 | 27) && text.as_bytes()[10] == b'T';
    is_shaped.then(|| timestamp::parse(text)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_move_together_and_nothing_else_does() {
        let object = |ready: &str| {
            json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "n", "resourceVersion": "5",
                "creationTimestamp": "2026-11-21T02:00:00Z", "deletionTimestamp": "2026-11-21T09:00:00Z"},
                "status": {"at": ready, "precise": "2026-11-21T02:00:01.123456Z", "text": "2026-11-21 is a day"}})
        };
        let line = |t_ms: u64, object: &Value| json!({"t_ms": t_ms, "event": {"type": "MODIFIED", "object": object}});
        let text = [
            json!({"t_ms": 1200, "step": "apply", "manifest": {}}),
            line(2000, &object("2026-11-21T02:00:00Z")),
            line(6000, &object("2026-11-21T02:00:04Z")),
        ];
        let text = text.map(|line| line.to_string()).join("\n");
        let now = timestamp::parse("2030-01-01T00:00:00Z").unwrap();
        // The second frame is 5 s after the start and knows of 02:00:04: time 0 was 01:59:59 or later.
        let recording = Recording::parse(&text).unwrap().rebased(0, now);
        let What::Put(pod) = &recording.moments[2].what else { panic!("a change") };
        assert_eq!(pod["status"]["at"], "2030-01-01T00:00:04Z");
        assert_eq!(pod["status"]["precise"], "2030-01-01T00:00:01.123456Z");
        assert_eq!(pod["metadata"]["creationTimestamp"], "2030-01-01T00:00:00Z");
        assert_eq!(pod["metadata"]["deletionTimestamp"], "2030-01-01T07:00:00Z");
        assert_eq!(pod["status"]["text"], "2026-11-21 is a day");
    }
}
