//! The signals that stop the server.

use std::io;
use std::process::ExitCode;

use tokio::signal::unix::{self, SignalKind};

/// SIGTERM and SIGINT, caught from the moment of [`Signals::arm`].
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caught {
    Terminate,
    Interrupt,
}

// === impl Signals ===

impl Signals {
    pub(crate) fn arm() -> io::Result<Self> {
        let terminate = unix::signal(SignalKind::terminate())?;
        let interrupt = unix::signal(SignalKind::interrupt())?;
        Ok(Self { terminate, interrupt })
    }

    /// Waits for the next one. Those that come while nobody waits are kept, several of a kind as one.
    pub(crate) async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.terminate.recv() => Caught::Terminate,
            _ = self.interrupt.recv() => Caught::Interrupt,
        }
    }
}

// === impl Caught ===

impl Caught {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }

    /// What a shell reports for a process that the signal ended: 128 and its number.
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Terminate => ExitCode::from(143),
            Self::Interrupt => ExitCode::from(130),
        }
    }
}
