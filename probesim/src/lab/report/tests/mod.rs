//! Pods in virtual time, and what is told of them.

mod bridge;
mod lines;
mod objects;
mod spawned;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use self::bridge::{Script, healthy, lives, pod, together};
use super::story::Story;
use crate::kubelet::{Doubt, Kind, Outcome};
use crate::lab::happening::Happening;

/// A pod with a readiness probe every two seconds.
pub(super) fn web() -> Value {
    let probe = json!({"httpGet": {"port": 80}, "periodSeconds": 2});
    json!({"containers": [{"name": "app", "readinessProbe": probe}]})
}

/// A pod with all probes and a gate before it.
pub(super) fn shop() -> Value {
    let probe = |period: u32, failures: u32| json!({"httpGet": {"port": 80}, "periodSeconds": period, "failureThreshold": failures});
    json!({
        "initContainers": [{"name": "gate"}],
        "containers": [{
            "name": "app", "startupProbe": probe(1, 10), "readinessProbe": probe(2, 2), "livenessProbe": probe(5, 3),
        }],
    })
}

/// A pod that comes up, loses its readiness for a while, and hangs until it is killed.
pub(super) fn troubled() -> Script {
    Script {
        probe: |_, kind, second| match (kind, second) {
            (Kind::Startup, ..=4.0) => {
                (Outcome::Failure, "Get \"http://127.0.0.5:80/\": dial tcp: connection refused")
            }
            (Kind::Readiness, 20.0..=25.0) => (Outcome::Failure, "HTTP probe failed with statuscode: 503"),
            (Kind::Liveness, 30.0..=45.0) => {
                (Outcome::Failure, "Get \"http://127.0.0.5:80/\": context deadline exceeded")
            }
            (Kind::Readiness, 50.0..=51.0) => (Outcome::Error(Doubt::Failure), "unexpected EOF"),
            (Kind::Readiness, 54.0..=55.0) => (Outcome::Warning, "Probe terminated redirects"),
            _ => (Outcome::Success, ""),
        },
        exit: |container, _| (container == "gate").then_some((2.5, 0)),
        deleted: None,
    }
}

/// A pod whose container ends again and again.
pub(super) fn crashing() -> Script {
    Script { probe: healthy, exit: |_, _| Some((3.0, 1)), deleted: None }
}

/// A pod without trouble.
pub(super) fn well() -> Script {
    Script { probe: healthy, exit: lives, deleted: None }
}

/// All of these together, for a minute.
pub(super) fn minute() -> Vec<Happening> {
    together([
        pod(("shop/web-0", Some("statefulset/web")), &shop(), &troubled(), (0.0, 60.0)),
        pod(
            ("shop/db-0", Some("statefulset/db")),
            &web(),
            &Script { deleted: Some(40.0), ..well() },
            (1.0, 60.0),
        ),
        pod(("shop/crash", None), &web(), &crashing(), (2.0, 60.0)),
    ])
}

/// What is known after all that.
pub(super) fn story(happenings: &[Happening], seconds: u64) -> Story {
    let mut story = Story::new(true);
    for happening in happenings {
        story.learn(happening);
    }
    story.advance(Duration::from_secs(seconds));
    story
}

/// Keeps what is written, as long as nobody holds it.
#[derive(Clone, Default)]
pub(super) struct Buffer(pub(super) Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
