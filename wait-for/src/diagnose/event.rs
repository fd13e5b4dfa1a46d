//! Events: what controllers and the kubelet say about an object, for about an hour.
//! <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/>

use serde::Deserialize;

use crate::object::null_is_default;

/// What client-go puts before the message of an event that stands for several.
const SIMILAR: &str = "(combined from similar events): ";

/// An Event of the core group, as far as it matters; its message is untrusted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) reason: Box<str>,
    #[serde(deserialize_with = "null_is_default")]
    pub(super) message: String,
    r#type: Box<str>,
    involved_object: Involved,
    series: Option<Series>,
    last_timestamp: Option<Box<str>>,
    event_time: Option<Box<str>>,
    first_timestamp: Option<Box<str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Involved {
    uid: Box<str>,
    /// `spec.containers{web}` where it is about one container.
    field_path: Box<str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    last_observed_time: Option<Box<str>>,
}

impl Event {
    /// When it was first seen.
    pub(super) fn first(&self) -> Option<&str> {
        self.first_timestamp.as_deref().or(self.event_time.as_deref()).or(self.last_timestamp.as_deref())
    }

    /// Whether it is about this container, as far as it says: a kubelet that has too much to say about a pod puts other
    /// containers' news under the first one's name.
    pub(super) fn is_about(&self, container: &str, is_alone: bool) -> bool {
        let path = &*self.involved_object.field_path;
        let named = path.split_once('{').map(|(_, name)| name.trim_end_matches('}'));
        is_alone || (named.is_none_or(|named| named == container) && !self.message.starts_with(SIMILAR))
    }

    /// Its message without what says that there were others like it.
    pub(super) fn said(&self) -> &str {
        self.message.strip_prefix(SIMILAR).unwrap_or(&self.message)
    }

    /// When it was last seen. Times in one form and zone compare as text.
    pub(super) fn time(&self) -> &str {
        let series = self.series.as_ref().and_then(|series| series.last_observed_time.as_deref());
        series
            .or(self.last_timestamp.as_deref())
            .or(self.event_time.as_deref())
            .or(self.first_timestamp.as_deref())
            .unwrap_or_default()
            .trim_end_matches('Z')
    }

    pub(super) fn is_warning(&self) -> bool {
        &*self.r#type == "Warning"
    }
}

/// The newest event of the object with this uid that answers to `is_it`. What is older than the object is of a
/// predecessor.
pub(super) fn newest<'a>(
    events: &'a [Event],
    uid: &str,
    created: Option<&str>,
    is_it: impl Fn(&Event) -> bool,
) -> Option<&'a Event> {
    let created = created.unwrap_or_default().trim_end_matches('Z');
    events
        .iter()
        .filter(|event| &*event.involved_object.uid == uid && event.time() >= created && is_it(event))
        .max_by_key(|event| event.time())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        serde_json::from_value(crate::yaml::to_json(text).unwrap()).unwrap()
    }

    fn found<'a>(events: &'a [Event], created: &str) -> Option<&'a str> {
        newest(events, "u", Some(created), Event::is_warning).map(|event| &*event.message)
    }

    #[test]
    fn the_newest_event_goes_by_its_last_sighting() {
        let events = [
            event(
                "{type: Warning, message: old, involvedObject: {uid: u}, lastTimestamp: '2026-01-01T00:00:05Z'}",
            ),
            event(
                "{type: Warning, message: series, involvedObject: {uid: u}, eventTime: '2026-01-01T00:00:01.000000Z', \
                 series: {count: 3, lastObservedTime: '2026-01-01T00:00:09.500000Z'}}",
            ),
            event(
                "{type: Warning, message: single, involvedObject: {uid: u}, firstTimestamp: null, lastTimestamp: null, \
                 eventTime: '2026-01-01T00:00:07.000000Z'}",
            ),
            event(
                "{type: Normal, message: normal, involvedObject: {uid: u}, lastTimestamp: '2026-01-01T00:01:00Z'}",
            ),
        ];
        assert_eq!(found(&events, "2026-01-01T00:00:00Z"), Some("series"));
        assert_eq!(found(&events[..1], "2026-01-01T00:00:00Z"), Some("old"));
        assert_eq!(found(&events[2..], "2026-01-01T00:00:00Z"), Some("single"));
    }

    #[test]
    fn events_of_a_predecessor_are_ignored() {
        let events = [
            event(
                "{type: Warning, message: a, involvedObject: {uid: u}, lastTimestamp: '2026-01-01T00:00:05Z'}",
            ),
            event(
                "{type: Warning, message: b, involvedObject: {uid: v}, lastTimestamp: '2026-01-01T00:00:09Z'}",
            ),
        ];
        assert_eq!(found(&events, "2026-01-01T00:00:06Z"), None);
        assert_eq!(found(&events, "2026-01-01T00:00:05Z"), Some("a"));
    }
}
