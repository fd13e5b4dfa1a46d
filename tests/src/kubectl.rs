//! kubectl, as it is installed on this machine, against a server of this process.

use std::io::Write as _;
use std::sync::Once;

use probesim::lab::Server;
use tokio::process::Command;

use crate::process::{Ended, Process};
use crate::scratch::Scratch;

/// kubectl with a kubeconfig for a server, and a directory of its own where it runs.
#[derive(Debug)]
pub struct Kubectl {
    /// Its directory: manifests are read from there.
    pub files: Scratch,
}

impl Kubectl {
    /// `None`, and a line on the terminal that says so, where the machine has no kubectl.
    pub async fn find(server: &Server) -> Option<Self> {
        if Command::new("kubectl").args(["version", "--client"]).output().await.is_err() {
            static SAID: Once = Once::new();
            // Not `eprintln`, which the test harness keeps to itself. What cannot be said is not missed.
            SAID.call_once(|| {
                let why = "\n*** there is no kubectl on this machine: its tests are SKIPPED ***\n";
                let _ = std::io::stderr().write_all(why.as_bytes());
            });
            return None;
        }
        let files = Scratch::new();
        files.write("kubeconfig", server.kubeconfig());
        Some(Self { files })
    }

    /// Starts it with these arguments, at whose blanks the text is split.
    #[must_use]
    pub fn start(&self, args: &str) -> Process {
        let mut command = Command::new("kubectl");
        command
            .env("KUBECONFIG", self.files.path("kubeconfig"))
            .env("HOME", self.files.directory())
            // `edit`: container port 80 becomes 81.
            .env("KUBE_EDITOR", "sed -i /containerPort/s/80/81/")
            .current_dir(self.files.directory())
            .args(args.split_whitespace());
        Process::start(command)
    }

    /// Runs it to its end.
    pub async fn run(&self, args: &str) -> Ended {
        self.start(args).ended().await
    }

    /// Runs it to its end, which has to be a good one.
    ///
    /// # Panics
    /// When it fails.
    pub async fn does(&self, args: &str) -> Ended {
        self.run(args).await.expect(0)
    }
}
