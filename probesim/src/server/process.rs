//! How the process ends when it is to misbehave.

use tokio::time;
use tracing::{info, warn};

use super::engine::Engine;
use super::shutdown::{Caught, Signals};
use crate::config::Process;

/// Waits until the process is to end at once, by its plan or on command; returns the exit code.
pub(crate) async fn crash(process: Process, engine: &Engine) -> u8 {
    let planned = async {
        match process.exit_after {
            Some(uptime) => time::sleep(uptime.saturating_sub(engine.uptime())).await,
            None => std::future::pending().await,
        }
    };
    let code = tokio::select! {
        () = planned => process.exit_code,
        code = engine.exited() => code,
    };
    warn!(code, "the process ends, as it was told to");
    code
}

/// The next signal that is not ignored.
pub(crate) async fn signal(process: Process, signals: &mut Signals) -> Caught {
    loop {
        match signals.next().await {
            Caught::Terminate if process.ignores_sigterm => {
                warn!(signal = Caught::Terminate.name(), "ignored, as it was told to");
            }
            signal => return signal,
        }
    }
}

/// Stays for a while although all is done.
pub(crate) async fn linger(process: Process) {
    if !process.exit_delay.is_zero() {
        info!(delay = ?process.exit_delay, "all is done; the exit waits");
        time::sleep(process.exit_delay).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::super::engine::Setup;
    use super::*;

    fn process(exit_after: Option<Duration>) -> Process {
        Process { exit_after, exit_code: 42, ignores_sigterm: false, exit_delay: Duration::from_secs(5) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_planned_exit_comes_at_its_uptime() {
        let engine = Engine::new(Setup::default(), 1, Instant::now());
        assert_eq!(crash(process(Some(Duration::from_secs(60))), &engine).await, 42);
        assert_eq!(engine.uptime().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn an_exit_on_command_has_the_code_of_the_command() {
        let engine = Engine::new(Setup::default(), 1, Instant::now());
        engine.exit(7);
        assert_eq!(crash(process(None), &engine).await, 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_exit_waits() {
        let begun = Instant::now();
        linger(process(None)).await;
        assert_eq!(begun.elapsed().as_secs(), 5);
    }
}
