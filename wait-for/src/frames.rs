//! A watch as it arrives: one JSON document a line.
//!
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::answer;
use crate::connection::cut;
use crate::json_text;
use crate::kube_error::KubeError;

/// No event is longer: etcd takes objects up to 1.5 MB.
const LONGEST_LINE: usize = 16 << 20;

/// An open watch.
pub struct Frames {
    body: Incoming,
    lines: Lines,
}

/// What came next on a watch.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes; complete lines may be among them.
    Data,
    /// The end, as announced.
    End,
    /// Nothing, for as long as one was willing to wait.
    Silence,
}

impl Frames {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, lines: Lines::default() }
    }

    /// Waits for more, at most for `patience`.
    ///
    /// # Errors
    /// [`KubeError::Unreachable`] when the connection is cut.
    pub async fn more(&mut self, patience: Duration) -> Result<Arrival, KubeError> {
        let Ok(frame) = timeout(patience, self.body.frame()).await else { return Ok(Arrival::Silence) };
        let Some(frame) = frame else { return Ok(Arrival::End) };
        if let Ok(data) = frame.map_err(cut)?.into_data() {
            self.lines.push(&data)?;
        }
        Ok(Arrival::Data)
    }

    /// The next complete line.
    pub fn line(&mut self) -> Option<&[u8]> {
        self.lines.next()
    }
}

/// Bytes cut into lines, however they arrive.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Everything before it has been handed out.
    start: usize,
}

impl Lines {
    fn push(&mut self, data: &[u8]) -> Result<(), KubeError> {
        self.bytes.drain(..self.start);
        self.start = 0;
        if self.bytes.len() + data.len() > LONGEST_LINE {
            return Err(KubeError::Unreachable(format!("a watch event of more than {LONGEST_LINE} bytes")));
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    fn next(&mut self) -> Option<&[u8]> {
        let rest = &self.bytes[self.start..];
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        let from = self.start;
        self.start += length + 1;
        Some(&self.bytes[from..from + length])
    }
}

/// One line of a watch.
#[derive(Debug, Deserialize)]
pub struct Event<'a> {
    /// ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The object, not looked into yet.
    #[serde(borrow)]
    pub object: &'a RawValue,
}

impl<'a> Event<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// [`KubeError::NoAnswer`]: a server, or something between, that does not speak the protocol.
    pub fn parse(line: &'a [u8]) -> Result<Self, KubeError> {
        json_text::read(line).map_err(|_| {
            KubeError::NoAnswer(format!("{} instead of a watch's event", answer::describe(line)))
        })
    }

    /// The object's `metadata.resourceVersion`: where a watch can be resumed.
    #[must_use]
    pub fn resource_version(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Object {
            metadata: Meta,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Meta {
            resource_version: Option<String>,
        }
        serde_json::from_str::<Object>(self.object.get()).ok()?.metadata.resource_version
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_arrives_in_whatever_pieces_comes_out_in_the_same_lines(
            text in proptest::collection::vec(any::<u8>(), 0..200),
            sizes in proptest::collection::vec(1_usize..20, 1..20),
        ) {
            let mut lines = Lines::default();
            let (mut seen, mut rest, mut turn) = (Vec::new(), text.as_slice(), 0);
            while !rest.is_empty() {
                let (piece, later) = rest.split_at(sizes[turn % sizes.len()].min(rest.len()));
                lines.push(piece).unwrap();
                while let Some(line) = lines.next() {
                    let _ = Event::parse(line).map(|event| event.resource_version());
                    seen.push(line.to_vec());
                }
                (rest, turn) = (later, turn + 1);
            }
            let mut expected: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            expected.pop();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn lines_are_whole_however_the_bytes_arrive() {
        let text = "{\"a\":\"\u{e9}\"}\n{}\n";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                lines.push(piece).unwrap();
                while let Some(line) = lines.next() {
                    seen.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            assert_eq!(seen, ["{\"a\":\"\u{e9}\"}", "{}"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept_without_end() {
        let mut lines = Lines::default();
        let piece = vec![b'x'; LONGEST_LINE];
        lines.push(&piece).unwrap();
        assert!(matches!(lines.push(b"x"), Err(KubeError::Unreachable(_))));
    }

    #[test]
    fn an_event_is_read_without_looking_into_its_object() {
        let line = br#"{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"217"},"spec":{"containers":null},"status":{}}}"#;
        let event = Event::parse(line).unwrap();
        assert_eq!((event.kind, event.resource_version().as_deref()), ("BOOKMARK", Some("217")));
        assert!(Event::parse(b"<html>").is_err());
    }
}
