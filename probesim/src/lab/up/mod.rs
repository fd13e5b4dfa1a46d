//! `probesim lab -f`: the objects of manifests in a simulated API, their pods as processes of this machine.

mod apply;
mod args;
mod check;
mod scratch;
mod tell;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::api::answer::status::Status;
use super::api::server::{Options, Server};
use super::controllers;
use super::node::{self, Addresses, Choice, Groups, Logs, Node, Teller};
use super::report;
use super::run::Signals;
use super::store::follow::Follower;
use super::store::live;
use super::timestamp;
use crate::manifest::{self, Object, Problem};
use crate::say;
use crate::system_error::describe;

pub(super) use args::Args;
use scratch::Scratch;

/// What processes have to end in when the lab ends.
const LAST_GRACE: Duration = Duration::from_secs(3);
/// What the last lines and views have after that.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What the command shares with a replay.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    pub(super) listen: SocketAddr,
    pub(super) kubeconfig_out: Option<&'a Path>,
    pub(super) report: &'a report::Args,
}

/// Why the lab cannot begin.
#[derive(Debug)]
pub(super) enum Trouble {
    Manifests(Vec<Problem>),
    Unused(Vec<String>),
    Apply(Status),
    Itself(io::Error),
    Addresses(io::Error),
    Scratch(io::Error),
    Logs(PathBuf, io::Error),
    Listen(SocketAddr, io::Error),
    Kubeconfig(PathBuf, io::Error),
}

/// Runs the lab until it is told to stop, its time is over, or its report ends. The exit code is the report's.
pub(super) async fn run(
    args: &Args,
    shared: &Shared<'_>,
    signals: &mut Signals,
) -> Result<ExitCode, Trouble> {
    let objects = manifest::read(&args.manifests).map_err(|problem| Trouble::Manifests(vec![problem]))?;
    let choice = choice(args)?;
    let problems = check::problems(&objects, &args.namespace, &choice);
    if !problems.is_empty() {
        return Err(Trouble::Manifests(problems));
    }
    let named = check::named(&objects);
    let unused = choice.unused_targets(&named);
    if !unused.is_empty() {
        return Err(Trouble::Unused(unused));
    }
    if let Some(directory) = &args.logs {
        std::fs::create_dir_all(directory).map_err(|error| Trouble::Logs(directory.clone(), error))?;
    }
    let scratch = Scratch::new().map_err(Trouble::Scratch)?;
    let seed = args.seed.unwrap_or_else(|| u64::from_le_bytes(first_bytes(live::random_bytes())));
    let [chance, ..] = seed.to_le_bytes();
    let addresses = Addresses::claim(chance).map_err(Trouble::Addresses)?;
    let options = Options { listen: shared.listen, namespace: args.namespace.clone(), ..Options::default() };
    let server = Server::start(options).await.map_err(|error| Trouble::Listen(shared.listen, error))?;
    announce(args, shared, &server)?;
    for omission in check::omissions(&objects)
        .into_iter()
        .chain(choice.unused_runs(&named))
        .chain(choice.unused_failing(&named))
    {
        say::line(format_args!("warning: {omission}"));
    }
    let path = directories();
    for program in args.runs.iter().filter_map(|run| run.missing(&path)) {
        say::line(format_args!(
            "warning: --run: there is no {program} in PATH; write a name that is, or a path"
        ));
    }
    let (views, happenings) = unbounded_channel();
    let teller = Teller::new(Instant::now(), views);
    let mut report = report::spawn(shared.report, happenings);
    let groups = Groups::guarded(&choice.simulator, scratch.path()).map_err(Trouble::Itself)?;
    kill_on_panic(&groups);
    let node = Node {
        store: server.store().clone(),
        choice,
        version: args.kubernetes_version,
        seed,
        groups: groups.clone(),
        logs: Logs::new(args.logs.as_deref(), &args.namespace, server.store().clone(), teller.clone()),
        addresses,
        directory: scratch.path().to_owned(),
        api: server.address(),
        inherited: inherited(),
        teller,
    };
    server.serve_logs(node.logs.books());
    let loss = node.logs.loss();
    let mut tasks = begin(node, &objects, &args.namespace)?;
    let ended = tokio::select! {
        () = signals.stopped() => None,
        () = lasts(shared.report.duration()) => None,
        code = &mut report => Some(code),
    };
    // From here on nobody restarts anything.
    tasks.shutdown().await;
    end(&groups, signals).await;
    let code = match ended {
        Some(code) => code.ok(),
        None => timeout(LAST_WORDS, report).await.ok().and_then(Result::ok),
    };
    server.stop().await;
    let code = code.unwrap_or(ExitCode::FAILURE);
    Ok(if code == ExitCode::SUCCESS && loss.is_there() { ExitCode::from(report::NOT_WRITTEN) } else { code })
}

/// Puts the objects into the API, and has the controllers and the node work on them.
fn begin(node: Node, objects: &[Object], namespace: &str) -> Result<JoinSet<()>, Trouble> {
    let (store, teller) = (node.store.clone(), node.teller.clone());
    let pods = Follower::of(&store, "pods");
    let now = timestamp::format(store.now().as_secs());
    for name in apply::namespaces(objects, namespace) {
        store.apply(apply::namespace(name)).map_err(Trouble::Apply)?;
    }
    store.apply(node::object(&node.addresses, &now)).map_err(Trouble::Apply)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(tell::run(Follower::of_all(&store), teller));
    tasks.spawn(controllers::run(store.clone()));
    let (nodes, evictable) = (Follower::of(&store, "nodes"), Follower::of(&store, "pods"));
    tasks.spawn(node::evict(store.clone(), nodes, evictable));
    for object in apply::in_order(objects) {
        apply::apply(&store, object, namespace).map_err(Trouble::Apply)?;
    }
    tasks.spawn(node::run(node, pods));
    Ok(tasks)
}

/// Ends all processes: the lab is over, and with it all grace periods.
async fn end(groups: &Groups, signals: &mut Signals) {
    groups.terminate();
    tokio::select! {
        () = groups.emptied() => return,
        () = sleep(LAST_GRACE) => {}
        () = signals.stopped() => {}
    }
    groups.kill();
    let _ = timeout(LAST_WORDS, groups.emptied()).await;
}

/// A panic ends the process without a word to anybody; its children must not stay.
fn kill_on_panic(groups: &Groups) {
    let (groups, report) = (groups.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        groups.kill();
        report(info);
    }));
}

async fn lasts(time: Option<Duration>) {
    match time {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
}

fn choice(args: &Args) -> Result<Choice, Trouble> {
    let simulator = std::env::current_exe().map_err(Trouble::Itself)?;
    let gate = gate(&simulator);
    let (runs, targets, failing) = (args.runs.clone(), args.targets.clone(), args.image_fails.clone());
    Ok(Choice { runs, targets, failing, simulator, gate })
}

/// `wait-for` beside this program, or in `PATH`.
fn gate(simulator: &Path) -> Option<PathBuf> {
    let directories = simulator.parent().map(Path::to_owned).into_iter().chain(directories());
    directories.map(|directory| directory.join("wait-for")).find(|program| program.is_file())
}

/// Those of `PATH`.
fn directories() -> Vec<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect()
}

/// What processes need of our environment to find programs and files.
fn inherited() -> Vec<(String, String)> {
    let known = ["PATH", "HOME"].into_iter();
    known.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
}

/// One line that says where the API listens and how to use it, and the file that does.
fn announce(args: &Args, shared: &Shared<'_>, server: &Server) -> Result<(), Trouble> {
    let (address, namespace) = (server.address(), &args.namespace);
    let client = match shared.kubeconfig_out {
        None => format!("kubectl --server http://{address} -n {namespace}"),
        Some(path) => {
            std::fs::write(path, server.kubeconfig())
                .map_err(|error| Trouble::Kubeconfig(path.to_owned(), error))?;
            format!("KUBECONFIG={} kubectl", path.display())
        }
    };
    say::line(format_args!("listening on http://{address}, namespace {namespace}: {client} get pods -w"));
    if !address.ip().is_loopback() {
        say::line(format_args!("warning: {address} is not loopback, and anybody may change what runs here"));
    }
    Ok(())
}

fn first_bytes([a, b, c, d, e, f, g, h, ..]: [u8; 16]) -> [u8; 8] {
    [a, b, c, d, e, f, g, h]
}

// === impl Trouble ===

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifests(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Unused(lines) => f.write_str(&lines.join("\n")),
            Self::Apply(status) => f.write_str(&status.message),
            Self::Itself(error) => {
                write!(f, "cannot run this program again for its simulators: {}", describe(error))
            }
            Self::Addresses(error) => {
                let why = describe(error);
                write!(f, "no addresses for pods in 127.16.0.0 to 127.249.255.255: {why} (end other labs)")
            }
            Self::Scratch(error) => {
                write!(
                    f,
                    "cannot make a directory in {}: {} (see TMPDIR)",
                    std::env::temp_dir().display(),
                    describe(error)
                )
            }
            Self::Logs(path, error) => {
                write!(f, "cannot make {}: {} (see --logs)", path.display(), describe(error))
            }
            Self::Listen(address, error) => {
                write!(f, "cannot listen on {address}: {} (choose another with --listen)", describe(error))
            }
            Self::Kubeconfig(path, error) => {
                let (path, why) = (path.display(), describe(error));
                write!(f, "cannot write the kubeconfig {path}: {why} (see --kubeconfig-out)")
            }
        }
    }
}
