//! A recording, replayed to a gate by a simulated API server in this process.

use std::sync::Arc;

use probesim::lab::{self, Clock, Options, Recording, Server};
use tokio::task::JoinHandle;

/// A replay that runs; it stops when it is dropped.
#[derive(Debug)]
pub struct Replay {
    /// The API server, to be made to misbehave.
    pub server: Arc<Server>,
    clock: Clock,
    speed: f64,
    player: JoinHandle<()>,
}

impl Replay {
    /// Replays a recording of `fixtures/recordings` from second `from` on: all that came before has happened.
    ///
    /// # Panics
    /// When there is no such recording.
    pub async fn start(name: &str, from: f64, speed: f64) -> Self {
        let path = format!("{}/fixtures/recordings/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let recording = Recording::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let server = Server::start(Options::for_recording(&recording)).await.expect("a free port");
        lab::prepare(server.store(), &recording, from);
        let (server, clock) = (Arc::new(server), Clock::start(from, speed));
        let store = server.store().clone();
        let player = tokio::spawn(async move { lab::play(&store, &recording, clock, |_, _| {}).await });
        Self { server, clock, speed, player }
    }

    /// The time of the recording, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    /// Waits until the recording has come to this second.
    pub async fn until(&self, seconds: f64) {
        self.clock.until(seconds).await;
    }

    /// What a stretch of the recording takes in real seconds.
    #[must_use]
    pub fn real(&self, seconds: f64) -> f64 {
        seconds / self.speed
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.player.abort();
    }
}
