//! `GET …/pods/NAME/log`: what `kubectl logs` shows (`PodLogOptions`, and `validateContainerLogStatus` in
//! `pkg/kubelet/kubelet_pods.go`).

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::call::Call;
use crate::lab::api::answer::respond::Answer;
use crate::lab::api::answer::status::Status;
use crate::lab::api::route::Query;
use crate::lab::node::{Books, Line, Page};
use crate::lab::timestamp;

/// Chunks that wait for a slow reader.
const AHEAD: usize = 16;

/// How lines are chosen and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LogOptions {
    /// Only the last so many of those that are there.
    tail: Option<usize>,
    /// Only those that came after this, since 1970.
    since: Option<Duration>,
    /// Not more than so many bytes.
    limit: Option<usize>,
    has_timestamps: bool,
}

// === impl Call ===

impl Call<'_> {
    /// Answers with the lines of a container, and with those that come if they are followed.
    pub(super) fn log(&self) -> Result<Answer, Status> {
        if self.verb != "get" {
            return Err(Status::method_not_allowed());
        }
        let namespace = &self.target.namespace;
        let pod = {
            let store = self.shared.store.lock();
            let found = store.get(self.id, namespace, &self.name).map(|object| object.value());
            found.ok_or_else(|| Status::not_found(&self.resource, &self.name))?
        };
        let container = container(&pod, self.query.get("container")).map_err(Status::bad_request)?;
        let instance = instance(&pod, container, self.query.flag("previous")).map_err(Status::bad_request)?;
        let options = LogOptions::parse(self.query, self.shared.store.now()).map_err(Status::bad_request)?;
        let key = format!("{namespace}/{}", self.name);
        let books = self.shared.books.get();
        let Some((books, page)) =
            books.and_then(|books| Some((books, books.read(&key, container, instance, 0)?)))
        else {
            return Err(Status::bad_request(format!(
                "the lab has no output of container {container:?} in pod {:?}: it did not start it",
                self.name
            )));
        };
        let first = options.show(&page, options.tail);
        if !self.query.flag("follow")
            || page.is_last
            || options.limit.is_some_and(|limit| first.len() >= limit)
        {
            return Ok(Answer::Text(200, first));
        }
        let (sender, lines) = channel(AHEAD);
        let followed =
            Followed { books: books.clone(), key, container: container.to_owned(), instance, options };
        tokio::spawn(followed.send(first, page.next, sender));
        Ok(Answer::Lines(Lines(lines)))
    }
}

/// The text of a log as it grows.
#[derive(Debug)]
pub(in crate::lab::api) struct Lines(pub(in crate::lab::api) Receiver<Bytes>);

/// A log that is followed.
struct Followed {
    books: Books,
    key: String,
    container: String,
    instance: u32,
    options: LogOptions,
}

// === impl Followed ===

impl Followed {
    /// Sends what is there and what comes, until the instance ends or nobody reads any more.
    async fn send(self, first: String, mut next: u64, sender: Sender<Bytes>) {
        let mut left = self.options.limit;
        let mut text = first;
        let mut written = self.books.subscribe();
        let mut is_last = false;
        loop {
            if let Some(left) = &mut left {
                *left = left.saturating_sub(text.len());
            }
            if !text.is_empty() && sender.send(Bytes::from(std::mem::take(&mut text))).await.is_err() {
                return;
            }
            if is_last || left == Some(0) {
                return;
            }
            let Some(page) = self.books.read(&self.key, &self.container, self.instance, next) else { return };
            if page.lines.is_empty() && !page.is_last {
                tokio::select! {
                    changed = written.changed() => if changed.is_err() { return },
                    () = sender.closed() => return,
                }
                continue;
            }
            (next, is_last) = (page.next, page.is_last);
            text = LogOptions { limit: left, ..self.options }.show(&page, None);
        }
    }
}

// === impl LogOptions ===

impl LogOptions {
    fn parse(query: &Query, now: Duration) -> Result<Self, String> {
        let number = |name: &str| match query.get(name) {
            "" => Ok(None),
            text => text.parse::<usize>().map(Some).map_err(|_| format!("invalid {name}: {text:?}")),
        };
        let since = match (number("sinceSeconds")?, query.get("sinceTime")) {
            (Some(seconds), _) => Some(now.saturating_sub(Duration::from_secs(seconds as u64))),
            (None, "") => None,
            (None, text) => {
                let seconds = timestamp::parse(text).ok_or_else(|| format!("invalid sinceTime: {text:?}"))?;
                Some(Duration::from_secs(seconds))
            }
        };
        Ok(Self {
            tail: number("tailLines")?,
            since,
            limit: number("limitBytes")?,
            has_timestamps: query.flag("timestamps"),
        })
    }

    fn show(&self, page: &Page, tail: Option<usize>) -> String {
        let is_wanted = |line: &&Line| self.since.is_none_or(|since| line.at >= since);
        let lines: Vec<&Line> = page.lines.iter().filter(is_wanted).collect();
        let skip = tail.map_or(0, |tail| lines.len().saturating_sub(tail));
        let mut text = String::new();
        for line in &lines[skip..] {
            if self.has_timestamps {
                let seconds = timestamp::format(line.at.as_secs());
                text += &format!("{}.{:09}Z ", seconds.trim_end_matches('Z'), line.at.subsec_nanos());
            }
            text += &line.text;
            text.push('\n');
        }
        if let Some(limit) = self.limit
            && limit < text.len()
        {
            let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or(0));
        }
        text
    }
}

/// The container that is asked for, or the only one.
fn container<'a>(pod: &'a Value, asked: &str) -> Result<&'a str, String> {
    let list = |key: &str| pod["spec"][key].as_array().into_iter().flatten();
    let names: Vec<&str> =
        list("containers").chain(list("initContainers")).filter_map(|one| one["name"].as_str()).collect();
    let pod = pod["metadata"]["name"].as_str().unwrap_or_default();
    match names.iter().find(|name| **name == asked) {
        Some(name) => Ok(name),
        None if !asked.is_empty() => Err(format!("container {asked} is not valid for pod {pod}")),
        None if names.len() == 1 => Ok(names[0]),
        None => Err(format!(
            "a container name must be specified for pod {pod}, choose one of: [{}]",
            names.join(" ")
        )),
    }
}

/// Which of the container's instances is meant.
fn instance(pod: &Value, container: &str, is_previous: bool) -> Result<u32, String> {
    let list = |key: &str| pod["status"][key].as_array().into_iter().flatten();
    let mut statuses = list("containerStatuses").chain(list("initContainerStatuses"));
    let status = statuses.find(|status| status["name"] == container).unwrap_or(&Value::Null);
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let last = &status["lastState"]["terminated"]["containerID"];
    let id = match (is_previous, &status["state"]["waiting"]) {
        (true, _) if last.is_null() => {
            return Err(format!("previous terminated container {container:?} in pod {name:?} not found"));
        }
        (true, _) => last,
        (false, Value::Null) => &status["containerID"],
        (false, _) => last,
    };
    // The last part of an ID is the number of restarts.
    let number = id.as_str().and_then(|id| id.rsplit('/').next()?.parse().ok());
    number.ok_or_else(|| {
        let reason = status["state"]["waiting"]["reason"].as_str().unwrap_or("ContainerCreating");
        format!("container {container:?} in pod {name:?} is waiting to start: {reason}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_container_has_to_be_named_among_several() {
        let pod = |names: &[&str]| {
            let containers: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"metadata": {"name": "p"}, "spec": {"containers": containers}})
        };
        for (names, asked, expected) in [
            (&["a"][..], "", Ok("a")),
            (&["a", "b"], "b", Ok("b")),
            (&["a", "b"], "", Err("a container name must be specified for pod p, choose one of: [a b]")),
            (&["a"], "c", Err("container c is not valid for pod p")),
        ] {
            assert_eq!(container(&pod(names), asked), expected.map_err(str::to_owned));
        }
    }

    #[test]
    fn the_instance_follows_from_the_status() {
        let last = json!({"terminated": {"containerID": "lab://u/c/1"}});
        for (status, is_previous, expected) in [
            (
                json!({"state": {"running": {}}, "containerID": "lab://u/c/2", "lastState": last}),
                false,
                Ok(2),
            ),
            (json!({"state": {"running": {}}, "containerID": "lab://u/c/2", "lastState": last}), true, Ok(1)),
            (json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": last}), false, Ok(1)),
            (
                json!({"state": {"waiting": {"reason": "PodInitializing"}}, "lastState": {}}),
                false,
                Err("container \"c\" in pod \"p\" is waiting to start: PodInitializing"),
            ),
            (
                json!({"lastState": {}}),
                true,
                Err("previous terminated container \"c\" in pod \"p\" not found"),
            ),
        ] {
            let mut status = status;
            status["name"] = json!("c");
            let pod = json!({"metadata": {"name": "p"}, "status": {"containerStatuses": [status]}});
            assert_eq!(instance(&pod, "c", is_previous), expected.map_err(str::to_owned));
        }
    }

    #[test]
    fn lines_are_chosen_and_stamped_as_asked() {
        let line = |seconds: u64, text: &str| Line { at: Duration::new(seconds, 5_000), text: text.into() };
        let page = Page { lines: vec![line(100, "one"), line(200, "two")], next: 2, is_last: false };
        for (query, expected) in [
            ("", "one\ntwo\n"),
            ("tailLines=1", "two\n"),
            ("tailLines=0", ""),
            ("sinceSeconds=60", "two\n"),
            ("sinceTime=1970-01-01T00:02:00Z", "two\n"),
            ("limitBytes=5", "one\nt"),
            ("tailLines=1&timestamps=true", "1970-01-01T00:03:20.000005000Z two\n"),
        ] {
            let options = LogOptions::parse(&Query::parse(query), Duration::from_secs(210)).unwrap();
            assert_eq!(options.show(&page, options.tail), expected, "{query}");
        }
        assert!(LogOptions::parse(&Query::parse("tailLines=x"), Duration::ZERO).is_err());
    }
}
