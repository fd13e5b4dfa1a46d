//! `probesim lab`: runs manifests, or replays a recording, until it is told to stop.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::api::server::{Options, Server};
use super::replay::recording::Recording;
use super::replay::{self, Clock};
use super::report;
use super::store::live;
use super::up;
use crate::say;
use crate::system_error::describe;

/// Kubernetes without a cluster: runs manifests as processes of this machine under a faithful kubelet, or replays a
/// recorded rollout, to kubectl, to wait-for, to any client
///
/// It serves plain HTTP and asks nobody who they are: whoever reaches the address may read and change everything in
/// it. It listens on loopback unless told otherwise.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(group(clap::ArgGroup::new("what").args(["manifests", "replay"]).required(true)))]
pub struct Args {
    #[command(flatten)]
    up: up::Args,

    /// Recording to replay instead: watch frames and steps as JSON lines
    #[arg(long, value_name = "RECORDING")]
    replay: Option<PathBuf>,

    /// How many times faster than it was recorded
    #[arg(long, value_name = "X", default_value = "1", value_parser = parse_speed, conflicts_with = "manifests")]
    speed: f64,

    /// Begin at this second of the recording
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = parse_from, conflicts_with = "manifests")]
    from: f64,

    /// Keep the times in the objects as they were recorded, instead of moving them to now
    #[arg(long, conflicts_with = "manifests")]
    keep_times: bool,

    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Write a kubeconfig for this server to a file
    #[arg(long, value_name = "FILE")]
    kubeconfig_out: Option<PathBuf>,

    #[command(flatten)]
    report: report::Args,
}

/// What tells the lab to end, from before it begins.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// Why the lab cannot begin.
enum Trouble {
    Signals(io::Error),
    Read(PathBuf, io::Error),
    Recording(PathBuf, super::replay::recording::NotARecording),
    Listen(SocketAddr, io::Error),
    Kubeconfig(PathBuf, io::Error),
    Up(up::Trouble),
}

/// Runs the lab until SIGTERM, SIGINT or SIGHUP.
pub async fn run(args: Args) -> ExitCode {
    match begin(&args).await {
        Ok(code) => code,
        Err(trouble) => {
            say::trouble(format_args!("{trouble}"));
            ExitCode::from(2)
        }
    }
}

async fn begin(args: &Args) -> Result<ExitCode, Trouble> {
    let mut signals = Signals::new().map_err(Trouble::Signals)?;
    if let Some(path) = &args.replay {
        return serve(args, path, &mut signals).await.map(|()| ExitCode::SUCCESS);
    }
    let shared = up::Shared {
        listen: args.listen,
        kubeconfig_out: args.kubeconfig_out.as_deref(),
        report: &args.report,
    };
    up::run(&args.up, &shared, &mut signals).await.map_err(Trouble::Up)
}

async fn serve(args: &Args, path: &Path, signals: &mut Signals) -> Result<(), Trouble> {
    let mut recording = read(path)?;
    if !args.keep_times {
        recording = recording.rebased(milliseconds(args.from), live::now());
    }
    let options = Options { listen: args.listen, ..Options::for_recording(&recording) };
    let server = Server::start(options).await.map_err(|error| Trouble::Listen(args.listen, error))?;
    replay::prepare(server.store(), &recording, args.from);
    if !server.address().ip().is_loopback() {
        say::line(format_args!(
            "warning: {} is not loopback, and anybody may change what is served",
            server.address()
        ));
    }
    announce(args, &server, &recording)?;
    tokio::select! {
        () = replay_and_serve(&server, &recording, Clock::start(args.from, args.speed)) => {}
        () = signals.stopped() => {}
    }
    server.stop().await;
    Ok(())
}

async fn replay_and_serve(server: &Server, recording: &Recording, clock: Clock) {
    replay::play(server.store(), recording, clock, |at, line| say::line(format_args!("{at:7.2}s  {line}")))
        .await;
    say::line(format_args!(
        "{:7.2}s  end of the recording; its last state stays until Ctrl-C",
        clock.seconds()
    ));
    std::future::pending::<()>().await;
}

fn read(path: &Path) -> Result<Recording, Trouble> {
    let text = std::fs::read_to_string(path).map_err(|error| Trouble::Read(path.to_owned(), error))?;
    Recording::parse(&text).map_err(|error| Trouble::Recording(path.to_owned(), error))
}

/// One line that says where it listens and how to use it.
fn announce(args: &Args, server: &Server, recording: &Recording) -> Result<(), Trouble> {
    let address = server.address();
    let Some(path) = &args.kubeconfig_out else {
        say::line(format_args!(
            "listening on http://{address}, namespace {0}: kubectl --server http://{address} -n {0} get pods -w",
            recording.namespace
        ));
        return Ok(());
    };
    std::fs::write(path, server.kubeconfig()).map_err(|error| Trouble::Kubeconfig(path.clone(), error))?;
    say::line(format_args!(
        "listening on http://{address}, namespace {}: KUBECONFIG={} kubectl get pods -w",
        recording.namespace,
        path.display()
    ));
    Ok(())
}

fn parse_speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a number above 0, such as 1 or 10".to_owned()),
    }
}

fn parse_from(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(from) if (0.0..1e9).contains(&from) => Ok(from),
        _ => Err("a number of seconds, such as 8.5".to_owned()),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it was parsed as 0 or more, and below 1e9"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}

// === impl Signals ===

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next of them.
    pub(super) async fn stopped(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

// === impl Trouble ===

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signals(error) => write!(f, "cannot listen for signals: {}", describe(error)),
            Self::Read(path, error) => {
                write!(f, "cannot read the recording {}: {}", path.display(), describe(error))
            }
            Self::Recording(path, error) => write!(f, "{} is not a recording: {error}", path.display()),
            Self::Listen(address, error) => {
                write!(f, "cannot listen on {address}: {} (choose another with --listen)", describe(error))
            }
            Self::Kubeconfig(path, error) => {
                let (path, why) = (path.display(), describe(error));
                write!(f, "cannot write the kubeconfig {path}: {why} (see --kubeconfig-out)")
            }
            Self::Up(trouble) => trouble.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_above_zero_and_beginnings_not_below() {
        assert_eq!(parse_speed("2.5"), Ok(2.5));
        for bad in ["0", "-1", "inf", "NaN", "fast", ""] {
            assert!(parse_speed(bad).is_err(), "{bad}");
        }
        assert_eq!((parse_from("8.46"), parse_from("0")), (Ok(8.46), Ok(0.0)));
        assert!(parse_from("-1").is_err() && parse_from("NaN").is_err());
    }
}
