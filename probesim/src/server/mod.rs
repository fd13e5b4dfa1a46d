//! `probesim serve`: the settings, a listener and the signals, put together.

mod accept;
mod connection;
pub(crate) mod control;
mod endpoints;
pub(crate) mod engine;
mod listen;
mod load;
pub(crate) mod peer;
mod process;
mod raw;
mod reload;
mod shutdown;
mod starts;
mod tcp;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_faults;
mod upstream;
pub(crate) mod wait;

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Level, info, warn};

use crate::cli::Serve;
use crate::config::{Config, Drain, ListenOn};
use crate::endpoint::Endpoint;
use crate::load::Loaded;
use crate::plan::what::Network;
use crate::plan::{Plan, Port, Sources};
use crate::record::{Recorder, Replay};
use crate::system_error::describe;
use crate::{admin, advice, bounded, grpc, reference, say};
use accept::Served;
use engine::{Engine, Setup};
use shutdown::Signals;

/// A setting is wrong: nothing was served.
const USAGE: u8 = 2;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
enum CannotStart {
    #[error("cannot catch SIGTERM and SIGINT: {0}")]
    Signals(io::Error),
    #[error("cannot draw a seed from the system: {0}; set one with --seed or SEED")]
    Seed(rand::rngs::SysError),
    #[error("cannot count the starts in STARTS_FILE: {0}")]
    Starts(io::Error),
    #[error("cannot write RECORD {0}")]
    Record(io::Error),
    #[error(transparent)]
    Listen(#[from] listen::CannotListen),
}

/// Serves until a signal, and returns the exit code.
pub async fn run(serve_as: Serve) -> ExitCode {
    // Before anything else: as PID 1 a signal that nobody caught is lost.
    let signals = Signals::arm().map_err(CannotStart::Signals);
    if serve_as.reference {
        say::result(&reference::markdown());
        return ExitCode::SUCCESS;
    }
    let loaded = match crate::load::load(serve_as.settings, |name| std::env::var_os(name), bounded::read) {
        Ok(loaded) => loaded,
        Err(bad) => {
            say::trouble(format_args!("cannot use these settings:\n{bad}"));
            return ExitCode::from(USAGE);
        }
    };
    if serve_as.check {
        say::result(&effective(&loaded));
        return ExitCode::SUCCESS;
    }
    log_to_stderr(loaded.config.log_level);
    let outcome = match signals {
        Ok(signals) => serve(loaded, signals).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        say::trouble(format_args!("{error}"));
        match error {
            CannotStart::Record(_) | CannotStart::Starts(_) => ExitCode::from(USAGE),
            CannotStart::Signals(_) | CannotStart::Seed(_) | CannotStart::Listen(_) => ExitCode::FAILURE,
        }
    })
}

/// The settings without what the plan already says.
pub(crate) fn without_partition(config: &Config) -> crate::config::Faults {
    let mut faults = config.faults.clone();
    if config.partition != Network::Open {
        faults.disconnect_after = None;
    }
    faults
}

/// The plan as it would be in force, for a reader.
fn effective(loaded: &Loaded) -> String {
    let Loaded { config, endpoints, dependencies, fixed, .. } = loaded;
    let follows = dependencies.are_followed();
    let sources = Sources { fixed, start: 1, follows, ..Sources::default() };
    let plan = Plan::build(&without_partition(config), sources, endpoints);
    let mut out = String::new();
    for endpoint in endpoints.all() {
        let _ = writeln!(out, "{}: {}", endpoints.name(endpoint), plan.of(endpoint));
    }
    for spec in fixed {
        let _ = writeln!(out, "fault {}: {}", spec.name, spec.source);
    }
    for advice in advice::on(&config.faults).into_iter().chain(advice::on_planned(fixed)) {
        let _ = writeln!(out, "note {}: {}", advice.setting, advice.effect);
    }
    out
}

async fn serve(loaded: Loaded, mut signals: Signals) -> Result<ExitCode, CannotStart> {
    let config = loaded.config;
    let seed = config.seed.or(loaded.replay.as_ref().map(|replay| replay.seed));
    let seed = seed.map_or_else(|| SysRng.try_next_u64(), Ok).map_err(CannotStart::Seed)?;
    let start = match &config.starts_file {
        Some(file) => starts::count(file).map_err(CannotStart::Starts)?,
        None => 1,
    };
    let setup = Setup {
        endpoints: loaded.endpoints,
        faults: without_partition(&config),
        dependencies: loaded.dependencies,
        fixed: loaded.fixed,
        start,
        limits: loaded.limits,
        replay: loaded.replay,
    };
    let engine = Arc::new(Engine::new(setup, seed, Instant::now()));
    if let Some(path) = &config.record {
        engine.tape().start(record(path, &engine).map_err(CannotStart::Record)?);
    }
    let listener = listen::bind(config.listen)?;
    let grpc = bind_more(config.grpc, "grpc", "--grpc-port or GRPC_PORT")?;
    let tcp = bind_more(config.tcp, "tcp", "--tcp-port or TCP_PORT")?;
    let admin = bind_admin(&config)?;
    announce(&config, &engine, &listener, seed);
    if let Some(listener) = admin {
        let (token, exit_code) = (config.admin.token.clone(), config.process.exit_code);
        tokio::spawn(admin::serve(listener, Arc::clone(&engine), token, exit_code));
    }

    for dependency in engine.dependencies().real() {
        tokio::spawn(upstream::watch(dependency));
    }
    let (stop, stopped) = watch::channel(false);
    let serving = async {
        let ports = (
            http(listener, &engine, config.drain, until(&stopped)),
            grpc.map(|listener| grpc_health(listener, &engine, config.drain, until(&stopped))),
            tcp.map(|listener| plain_tcp(listener, &engine, config.drain, until(&stopped))),
        );
        tokio::join!(ports.0, if_any(ports.1), if_any(ports.2));
        process::linger(config.process).await;
    };
    let signalled_twice = async {
        let signal = process::signal(config.process, &mut signals).await;
        info!(signal = signal.name(), "stopping");
        stop.send_replace(true);
        process::signal(config.process, &mut signals).await
    };
    let exit = tokio::select! {
        () = serving => ExitCode::SUCCESS,
        signal = signalled_twice => {
            warn!(signal = signal.name(), "stopped at once by a second signal");
            signal.exit_code()
        }
        code = process::crash(config.process, &engine) => ExitCode::from(code),
        never = reload::watch(&config, &engine) => match never {},
        never = load::follow(&engine) => match never {},
    };
    engine.tape().finish(engine.uptime());
    let state = engine.state();
    info!(requests = state.requests(), abandoned = state.abandoned(), uptime = ?engine.uptime(), "stopped");
    Ok(exit)
}

/// Begins the record, with the plan as it is now.
fn record(path: &Path, engine: &Engine) -> io::Result<Recorder> {
    let (plan, endpoints) = (engine.plan(), engine.endpoints());
    let scripts: serde_json::Map<_, _> = endpoints
        .all()
        .map(|endpoint| (endpoints.name(endpoint).to_owned(), plan.of(endpoint).to_string().into()))
        .collect();
    let faults: Vec<_> = engine.fixed().into_iter().map(|spec| spec.source).collect();
    let plan = json!({"endpoints": scripts, "faults": faults});
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {}", path.display(), describe(&error)));
    Recorder::begin(path, engine.seed(), &plan, endpoints.clone()).map_err(named)
}

/// Until the server is to stop.
fn until(stopped: &watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
    let mut stopped = stopped.clone();
    async move {
        // An error means that the sender is gone, and with it the server.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

async fn if_any(future: Option<impl Future<Output = ()>>) {
    if let Some(future) = future {
        future.await;
    }
}

async fn http(listener: TcpListener, engine: &Arc<Engine>, drain: Drain, stop: impl Future<Output = ()>) {
    let shared = Arc::clone(engine);
    let serve = move |stream, address: SocketAddr, control| {
        connection::serve(stream, Arc::clone(&shared), Some(address.ip()), control)
    };
    accept::serve(Served { port: Port::Http, listener, serve }, Arc::clone(engine), drain, stop).await;
}

async fn grpc_health(
    listener: TcpListener,
    engine: &Arc<Engine>,
    drain: Drain,
    stop: impl Future<Output = ()>,
) {
    let shared = Arc::clone(engine);
    let serve = move |stream, address: SocketAddr, control| {
        grpc::server::serve(stream, Arc::clone(&shared), address.ip(), control)
    };
    accept::serve(Served { port: Port::Grpc, listener, serve }, Arc::clone(engine), drain, stop).await;
}

async fn plain_tcp(
    listener: TcpListener,
    engine: &Arc<Engine>,
    drain: Drain,
    stop: impl Future<Output = ()>,
) {
    let shared = Arc::clone(engine);
    let serve = move |stream, address: SocketAddr, control| {
        tcp::serve(stream, Arc::clone(&shared), address.ip(), control)
    };
    accept::serve(Served { port: Port::Tcp, listener, serve }, Arc::clone(engine), drain, stop).await;
}

/// Binds a further port, if it is asked for.
fn bind_more(
    on: Option<ListenOn>,
    name: &'static str,
    settings: &'static str,
) -> Result<Option<TcpListener>, CannotStart> {
    let Some(on) = on else { return Ok(None) };
    let listener = listen::bind_for(on, settings, settings)?;
    info!(port = name, at = %listener.local_addr().unwrap_or_else(|_| on.address()), "also listening");
    Ok(Some(listener))
}

/// The admin port. One that nobody asked for is no reason not to start.
fn bind_admin(config: &Config) -> Result<Option<TcpListener>, CannotStart> {
    match listen::bind_admin(config.admin.address) {
        Ok(listener) => {
            info!(port = "admin", at = %listener.local_addr().unwrap_or(config.admin.address), "also listening");
            Ok(Some(listener))
        }
        Err(error) if config.admin.is_required => Err(error.into()),
        Err(error) => {
            warn!(%error, "no admin port");
            Ok(None)
        }
    }
}

fn log_to_stderr(level: Level) {
    let format = tracing_subscriber::fmt().with_ansi(false).with_target(false);
    // A second subscriber is refused, which happens only to a program that has its own.
    let _ = format.with_max_level(level).with_writer(|| say::Log).try_init();
}

/// The state at start, in one line, and what is surprising about it.
fn announce(config: &Config, engine: &Engine, listener: &TcpListener, seed: u64) {
    let plan = engine.plan();
    info!(
        version = env!("CARGO_PKG_VERSION"),
        addr = %listener.local_addr().unwrap_or_else(|_| config.listen.address()),
        seed,
        liveness = %plan.of(Endpoint::Liveness),
        readiness = %plan.of(Endpoint::Readiness),
        startup = %plan.of(Endpoint::Startup),
        dependency = %plan.of(Endpoint::Dependency),
        drain_delay = ?config.drain.delay,
        grace = ?config.drain.grace,
        "listening"
    );
    if let Some(path) = &config.replay {
        info!(file = %path.display(), decisions = engine.tape().replay().map_or(0, Replay::count), "replaying: the plan answers past its end");
    }
    for advice in advice::on(&config.faults).into_iter().chain(advice::on_planned(&engine.fixed())) {
        warn!(setting = advice.setting, effect = %advice.effect, "check this setting");
    }
}
