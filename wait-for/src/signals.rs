//! SIGTERM and SIGINT, armed before anything else: as PID 1 a process has no default action for them,
//! and a pod that ignores SIGTERM lingers for its whole grace period.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The two signals that end a run.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Arms both.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn arm() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one and says its number.
    pub async fn recv(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 15,
            _ = self.interrupt.recv() => 2,
        }
    }

    /// The number of one that has come already.
    pub async fn pending(&mut self) -> Option<u8> {
        tokio::select! {
            biased;
            signal = self.recv() => Some(signal),
            // It gives way once, in which the runtime looks for what has come.
            () = tokio::task::yield_now() => None,
        }
    }
}
