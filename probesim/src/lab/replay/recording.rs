//! A recording of a namespace: the watch frames of a real cluster with their times, and what was done to it.

use std::fmt;

use serde_json::Value;

/// A recording, ready to be replayed: everything in the server's order, with times from its start.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The namespace it was made in.
    pub namespace: String,
    /// The version just before its first change.
    pub revision: u64,
    /// What happens, in order.
    pub moments: Vec<Moment>,
}

/// Something that happens at a moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Milliseconds from the start: 200 ms before the first step.
    pub at_ms: u64,
    /// What happens.
    pub what: What,
}

/// What happens at a moment.
#[derive(Clone, Debug)]
pub enum What {
    /// An object was added or changed.
    Put(Value),
    /// An object was removed; its last state.
    Remove(Value),
    /// Somebody did something to the cluster, in a few words.
    Step(String),
}

/// Why a text is not a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotARecording {
    /// The line, from 1; 0 when it is about the whole file.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// A frame with its time and version, before they are put in order.
struct Frame {
    t_ms: u64,
    revision: u64,
    what: What,
}

/// Recordings start this long before their first step.
const LEAD_IN_MS: u64 = 200;

// === impl Recording ===

impl Recording {
    /// Reads JSON lines.
    ///
    /// # Errors
    /// The first line that is not part of a recording, or a recording without a single object.
    pub fn parse(text: &str) -> Result<Self, NotARecording> {
        let (mut frames, mut steps) = (Vec::new(), Vec::new());
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let refused = |why: String| NotARecording { line: at + 1, why };
            let entry: Value = serde_json::from_str(line).map_err(|error| refused(not_json(&error)))?;
            let t_ms = entry["t_ms"].as_u64().ok_or_else(|| refused("it has no time (t_ms)".to_owned()))?;
            match step(&entry) {
                Some(text) => steps.push(Moment { at_ms: t_ms, what: What::Step(text) }),
                None => frames.extend(frame(t_ms, &entry).map_err(refused)?),
            }
        }
        let first = frames.first().map(|frame| frame.what.object()["metadata"]["namespace"].clone());
        let Some(Value::String(namespace)) = first else {
            return Err(NotARecording { line: 0, why: "it holds no object in a namespace".to_owned() });
        };
        let lowest = frames.iter().map(|frame| frame.revision).min().unwrap_or(1);
        let earliest = frames.iter().map(|frame| frame.t_ms).min().unwrap_or(0);
        let start = steps.first().map_or(earliest, |step| step.at_ms).saturating_sub(LEAD_IN_MS);
        let mut moments = in_order(frames);
        moments.extend(steps);
        for moment in &mut moments {
            moment.at_ms = moment.at_ms.saturating_sub(start);
        }
        // Stable: at the same moment changes stay in the server's order, and a step follows what it was late for.
        moments.sort_by_key(|moment| moment.at_ms);
        Ok(Self { namespace, revision: lowest.saturating_sub(1), moments })
    }

    /// How long it is, in milliseconds.
    #[must_use]
    pub fn length_ms(&self) -> u64 {
        self.moments.last().map_or(0, |last| last.at_ms)
    }
}

/// The server's order is that of the versions. Streams of different resources arrived a few milliseconds apart, so
/// what was overtaken by a newer change had happened by then.
fn in_order(mut frames: Vec<Frame>) -> Vec<Moment> {
    frames.sort_by_key(|frame| frame.revision);
    let mut latest = u64::MAX;
    let mut moments: Vec<Moment> = frames
        .into_iter()
        .rev()
        .map(|frame| {
            latest = latest.min(frame.t_ms);
            Moment { at_ms: latest, what: frame.what }
        })
        .collect();
    moments.reverse();
    moments
}

/// What was done to the cluster, if this line says so.
fn step(entry: &Value) -> Option<String> {
    let step = entry["step"].as_str()?;
    if let Some(args) = entry["args"].as_str() {
        return Some(format!("{step} {args}"));
    }
    let items =
        entry["manifest"]["items"].as_array().cloned().unwrap_or_else(|| vec![entry["manifest"].clone()]);
    let names = items.iter().filter_map(|item| {
        Some(format!("{}/{}", item["kind"].as_str()?.to_lowercase(), item["metadata"]["name"].as_str()?))
    });
    Some(std::iter::once(step.to_owned()).chain(names).collect::<Vec<_>>().join(" "))
}

/// The change of a line; bookmarks are none.
fn frame(t_ms: u64, entry: &Value) -> Result<Option<Frame>, String> {
    let event = &entry["event"];
    let kind = event["type"].as_str().ok_or("it is neither a frame (event) nor a step")?;
    let object = event["object"].clone();
    let what = match kind {
        "ADDED" | "MODIFIED" => What::Put(object),
        "DELETED" => What::Remove(object),
        "BOOKMARK" => return Ok(None),
        other => return Err(format!("it has an event of unknown type {other:?}")),
    };
    let version = what.object()["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
    let revision = version.ok_or("its object has no resourceVersion")?;
    Ok(Some(Frame { t_ms, revision, what }))
}

fn not_json(error: &serde_json::Error) -> String {
    format!("it is not JSON (column {})", error.column())
}

// === impl What ===

impl What {
    fn object(&self) -> &Value {
        match self {
            Self::Put(object) | Self::Remove(object) => object,
            Self::Step(_) => &Value::Null,
        }
    }
}

// === impl NotARecording ===

impl fmt::Display for NotARecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.why),
            line => write!(f, "line {line}: {}", self.why),
        }
    }
}

impl std::error::Error for NotARecording {}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(t_ms: u64, kind: &str, name: &str, version: &str) -> String {
        format!(
            r#"{{"t_ms":{t_ms},"resource":"pods","event":{{"type":"{kind}","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{name}","namespace":"n","resourceVersion":"{version}"}}}}}}}}"#
        )
    }

    fn told(recording: &Recording) -> Vec<(u64, String)> {
        let tell = |moment: &Moment| match &moment.what {
            What::Step(text) => (moment.at_ms, text.clone()),
            what => (moment.at_ms, what.object()["metadata"]["name"].as_str().unwrap().to_owned()),
        };
        recording.moments.iter().map(tell).collect()
    }

    #[test]
    fn time_starts_shortly_before_the_first_step() {
        let text = [
            line(100, "BOOKMARK", "", "7"),
            line(500, "ADDED", "early", "10"),
            r#"{"t_ms":1000,"step":"apply","manifest":{"items":[{"kind":"Pod","metadata":{"name":"a"}}]}}"#
                .to_owned(),
            line(1100, "ADDED", "late", "11"),
            r#"{"t_ms":1200,"step":"sleep","args":"4"}"#.to_owned(),
        ];
        let recording = Recording::parse(&text.join("\n")).unwrap();
        assert_eq!((recording.namespace.as_str(), recording.revision), ("n", 9));
        let expected = [(0, "early"), (200, "apply pod/a"), (300, "late"), (400, "sleep 4")];
        assert_eq!(told(&recording), expected.map(|(at, name)| (at, name.to_owned())));
        assert_eq!(recording.length_ms(), 400);
    }

    #[test]
    fn versions_are_the_servers_order() {
        let text = [
            r#"{"t_ms":200,"step":"apply","manifest":{}}"#.to_owned(),
            line(300, "ADDED", "third", "13"),
            line(305, "ADDED", "second", "12"),
            line(310, "ADDED", "fourth", "14"),
            line(320, "DELETED", "first", "11"),
        ];
        let recording = Recording::parse(&text.join("\n")).unwrap();
        let expected = [(200, "apply"), (300, "first"), (300, "second"), (300, "third"), (310, "fourth")];
        assert_eq!(told(&recording), expected.map(|(at, name)| (at, name.to_owned())));
    }

    #[test]
    fn a_broken_line_is_named() {
        for (text, expected) in [
            ("\n{\"t_ms\": 1", "line 2: it is not JSON (column 10)"),
            ("{}", "line 1: it has no time (t_ms)"),
            (r#"{"t_ms":1}"#, "line 1: it is neither a frame (event) nor a step"),
            (&line(1, "NEW", "a", "1"), r#"line 1: it has an event of unknown type "NEW""#),
            (&line(1, "ADDED", "a", "x"), "line 1: its object has no resourceVersion"),
            ("", "it holds no object in a namespace"),
        ] {
            assert_eq!(Recording::parse(text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
