//! The log on stderr: seconds since the start, level, message.

use std::fmt;

use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use tokio::time::Instant;

use crate::config::Volume;
use crate::output::{Above, Output};
use crate::say::Log;

struct SinceStart(Instant);

impl FormatTime for SinceStart {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{:+8.3}s", self.0.elapsed().as_secs_f64())
    }
}

/// Starts the log. Where the states of targets go elsewhere, to a program or in place on a terminal,
/// only what goes wrong is left for it.
pub fn init(start: Instant, volume: Volume, output: &Output) {
    let level = match (volume, output) {
        (Volume::Verbose, _) => Level::DEBUG,
        (Volume::Normal, Output::Text) => Level::INFO,
        (Volume::Normal | Volume::Quiet, _) => Level::WARN,
    };
    let writer = match output {
        Output::Live(_) => BoxMakeWriter::new(|| Above),
        Output::Text | Output::Json => BoxMakeWriter::new(|| Log),
    };
    let log = tracing_subscriber::fmt()
        .with_timer(SinceStart(start))
        .with_max_level(level)
        .with_target(false)
        .with_ansi(false)
        .with_writer(writer)
        // It would complain on stderr of what cannot be written there, and panic.
        .log_internal_errors(false)
        .finish();
    // Only a second start could fail, and there is none.
    let _ = tracing::subscriber::set_global_default(log);
}
