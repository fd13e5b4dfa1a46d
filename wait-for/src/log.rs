//! The log on stderr: seconds since the start, level, message.

use std::fmt;

use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use tokio::time::Instant;

struct SinceStart(Instant);

impl FormatTime for SinceStart {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{:+8.3}s", self.0.elapsed().as_secs_f64())
    }
}

/// Starts the log.
pub fn init(start: Instant, verbose: bool) {
    let level = if verbose { Level::DEBUG } else { Level::INFO };
    let subscriber = tracing_subscriber::fmt()
        .with_timer(SinceStart(start))
        .with_max_level(level)
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .finish();
    // Only a second start could fail, and there is none.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
