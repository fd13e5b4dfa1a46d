//! The simulator as a process: `simulator!()` makes one, then its environment is given.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::process::Command;

use crate::http::{self, Answer};
use crate::process::{Ended, Process};

/// A simulator to be started on a free port, with an empty environment.
#[derive(Debug)]
pub struct Simulator(Command);

/// A simulator that serves.
#[derive(Debug)]
pub struct Serving {
    /// The process.
    pub process: Process,
    /// Where it listens, on loopback.
    pub address: SocketAddr,
}

// === impl Simulator ===

impl Simulator {
    /// The simulator of this binary.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        let mut command = Command::new(program);
        command.env_clear().env("PORT", "0");
        Self(command)
    }

    /// A variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Variables, as in `A=1 B=2`.
    #[must_use]
    pub fn envs(self, text: &str) -> Self {
        let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.fold(self, |simulator, (name, value)| simulator.env(name, value))
    }

    /// Arguments, as a shell without quotes would split them.
    #[must_use]
    pub fn args(mut self, line: &str) -> Self {
        self.0.args(line.split_whitespace());
        self
    }

    /// Starts it, and waits until it says where it listens.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(self) -> Serving {
        let process = Process::start(self.0);
        let line = process.until_says("addr=").await.text;
        let said = line.split("addr=").nth(1).and_then(|rest| rest.split_whitespace().next());
        let port = said.and_then(|address| address.parse::<SocketAddr>().ok()).map(|address| address.port());
        let port = port.unwrap_or_else(|| panic!("no address in {line:?}"));
        Serving { process, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    /// Runs it to its end.
    pub async fn run(self) -> Ended {
        Process::start(self.0).ended().await
    }
}

// === impl Serving ===

impl Serving {
    /// The answer to a GET.
    pub async fn get(&self, path: &str) -> Answer {
        http::get(self.address, path).await
    }

    /// Status and body of the answer to a GET.
    pub async fn ask(&self, path: &str) -> (u16, String) {
        let answer = self.get(path).await;
        (answer.status, answer.body)
    }
}
