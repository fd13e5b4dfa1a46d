//! The gate as a process: `gate!()` makes one, then its kubeconfig, arguments and environment are given.

use std::path::PathBuf;

use tokio::process::Command;

use crate::process::{Ended, Process};
use crate::scratch::Scratch;

/// A gate to be started, with an empty environment.
#[derive(Debug)]
pub struct Gate {
    command: Command,
    files: Scratch,
}

/// A gate that runs.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub process: Process,
    /// Its files, which have to stay as long as it does.
    pub files: Scratch,
}

// === impl Gate ===

impl Gate {
    /// The gate of this binary.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        let mut command = Command::new(program);
        let files = Scratch::new();
        // No home: the kubeconfig of whoever runs the tests is none of its business.
        command.env_clear().env("HOME", files.directory());
        Self { command, files }
    }

    /// The kubeconfig, by its text.
    #[must_use]
    pub fn kubeconfig(mut self, text: &str) -> Self {
        let path = self.files.write("kubeconfig", text);
        self.command.env("KUBECONFIG", path);
        self
    }

    /// Arguments, as a shell without quotes would split them.
    #[must_use]
    pub fn args(mut self, line: &str) -> Self {
        self.command.args(line.split_whitespace());
        self
    }

    /// One argument as it is.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// A variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The termination log, which exists as it does in a container.
    #[must_use]
    pub fn termination_log(mut self) -> Self {
        let path = self.files.write("termination-log", "");
        self.command.env("WAIT_FOR_TERMINATION_LOG", path);
        self
    }

    /// Starts it.
    #[must_use]
    pub fn start(self) -> Running {
        Running { process: Process::start(self.command), files: self.files }
    }

    /// Runs it to its end.
    pub async fn run(self) -> Ended {
        self.start().ended().await
    }
}

// === impl Running ===

impl Running {
    /// Its end.
    pub async fn ended(self) -> Ended {
        self.process.ended().await
    }

    /// Its end, and what it left in the termination log.
    pub async fn ended_with_log(self) -> (Ended, Option<String>) {
        let Self { process, files } = self;
        let ended = process.ended().await;
        (ended, files.read("termination-log"))
    }
}
