//! `probesim ctl`: the admin port's control from the command line, for one replica or for many.

mod client;
mod replica;
mod select;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net;
use tokio::time;

use crate::plan::Rate;
use crate::say;
use crate::system_error::describe;
use crate::value;
use client::{Answer, Request};
use replica::Replicas;

const NOTES: &str = "\
All addresses of a name are told, so a headless Service reaches every replica. One line a replica goes to stdout.
The token is in ADMIN_TOKEN or in the file that ADMIN_TOKEN_FILE names.

Exit codes: 0 every replica did it; 1 at least one did not, or there is none; 2 usage.";

/// What to tell whom.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    #[command(subcommand)]
    what: What,

    /// Admin port of the server, or of all behind a name: HOST:PORT; several with commas, or given again
    #[arg(
        long,
        global = true,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8081",
        value_delimiter = ','
    )]
    to: Vec<Replicas>,

    /// Tell only so many of the replicas, the first by address
    #[arg(long, global = true, value_name = "N", conflicts_with = "share")]
    count: Option<usize>,

    /// Tell only this share of the replicas, rounded up
    #[arg(long, global = true, value_name = "PERCENT", value_parser = value::rate)]
    share: Option<Rate>,

    /// One after the other, with this pause between them, and no further after a failure
    #[arg(long, global = true, value_name = "PAUSE", value_parser = value::with_unit)]
    rolling: Option<Duration>,

    /// The longest time to find a name, and for one replica, with a unit
    #[arg(long, global = true, value_name = "TIME", value_parser = value::positive, default_value = "5s")]
    timeout: Duration,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// Replace the live faults, or those of one endpoint
    Put(Faults),
    /// Add to the live faults
    Patch(Faults),
    /// Take the live faults away, or those of one endpoint
    Delete {
        /// The endpoint; all, if there is none
        endpoint: Option<String>,
    },
    /// Take all live faults away
    Reset,
    /// Print the state of each replica as JSON
    State,
    /// End the process, as a crash does
    Exit {
        /// The exit code
        #[arg(value_parser = value::exit_code)]
        code: Option<u8>,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct Faults {
    /// A fault or a list of them, as YAML or JSON, or @FILE
    faults: String,

    /// The endpoint, if the faults do not say
    #[arg(long, value_name = "ENDPOINT")]
    on: Option<String>,
}

/// Does it, reports, and returns the exit code.
pub async fn run(arguments: Args) -> ExitCode {
    let request = match request(&arguments.what) {
        Ok(request) => request,
        Err(why) => {
            say::trouble(format_args!("{why}"));
            return ExitCode::from(2);
        }
    };
    let mut found = vec![];
    for name in &arguments.to {
        match find(name, arguments.timeout).await {
            Ok(addresses) => found.extend(addresses),
            Err(why) => {
                // Half of what was asked for is not what was asked for.
                say::trouble(format_args!("cannot find {name}: {why}; nobody was told"));
                return ExitCode::FAILURE;
            }
        }
    }
    select::choose(&mut found, arguments.count, arguments.share);
    if found.is_empty() {
        say::trouble(format_args!("no replica to tell"));
        return ExitCode::FAILURE;
    }
    let failed = match arguments.rolling {
        Some(pause) => one_by_one(&arguments, &request, &found, pause).await,
        None => all_at_once(&arguments, &request, &found).await,
    };
    if failed == 0 {
        return ExitCode::SUCCESS;
    }
    say::trouble(format_args!("{failed} of {} failed", found.len()));
    ExitCode::FAILURE
}

/// All addresses of a name.
async fn find(name: &Replicas, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
    match time::timeout(timeout, net::lookup_host((name.host.as_str(), name.port))).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(why)) => Err(describe(&why)),
        Err(_) => Err(format!("no answer within {timeout:?}")),
    }
}

fn request(what: &What) -> Result<Request, String> {
    let path = |endpoint: &Option<String>| match endpoint {
        Some(endpoint) => format!("/faults/{endpoint}"),
        None => "/faults".to_owned(),
    };
    let (method, path, body) = match what {
        What::Put(faults) => ("PUT", path(&faults.on), text(&faults.faults)?),
        What::Patch(faults) => ("PATCH", path(&faults.on), text(&faults.faults)?),
        What::Delete { endpoint } => ("DELETE", path(endpoint), String::new()),
        What::Reset => ("POST", "/reset".into(), String::new()),
        What::State => ("GET", "/state".into(), String::new()),
        What::Exit { code: None } => ("POST", "/exit".into(), String::new()),
        What::Exit { code: Some(code) } => ("POST", format!("/exit?code={code}"), String::new()),
    };
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("{path:?} is no endpoint"));
    }
    Ok(Request { method, path, body, token: token()? })
}

fn text(faults: &str) -> Result<String, String> {
    match faults.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(|why| format!("cannot read {file}: {why}")),
        None => Ok(faults.to_owned()),
    }
}

fn token() -> Result<Option<String>, String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(token) = set("ADMIN_TOKEN") {
        return Ok(Some(token.to_string_lossy().into_owned()));
    }
    let Some(file) = set("ADMIN_TOKEN_FILE").map(PathBuf::from) else { return Ok(None) };
    let text = std::fs::read_to_string(&file)
        .map_err(|why| format!("ADMIN_TOKEN_FILE: cannot read {}: {why}", file.display()))?;
    Ok(Some(text.trim().to_owned()))
}

async fn all_at_once(arguments: &Args, request: &Request, found: &[SocketAddr]) -> usize {
    let mut told = tokio::task::JoinSet::new();
    for (n, address) in found.iter().copied().enumerate() {
        let (request, timeout) = (request.clone(), arguments.timeout);
        told.spawn(async move { (n, client::tell(address, &request, timeout).await) });
    }
    let mut answers = told.join_all().await;
    answers.sort_by_key(|(n, _)| *n);
    let width = width(found);
    answers.iter().filter(|(n, answer)| !report(arguments, found[*n], width, answer)).count()
}

async fn one_by_one(arguments: &Args, request: &Request, found: &[SocketAddr], pause: Duration) -> usize {
    for (n, address) in found.iter().copied().enumerate() {
        if n > 0 {
            time::sleep(pause).await;
        }
        let answer = client::tell(address, request, arguments.timeout).await;
        if !report(arguments, address, width(found), &answer) {
            for skipped in &found[n + 1..] {
                say::result(&format!("{} skipped\n", column(*skipped, width(found))));
            }
            return found.len() - n;
        }
    }
    0
}

/// The longest address.
fn width(found: &[SocketAddr]) -> usize {
    found.iter().map(|address| address.to_string().len()).max().unwrap_or_default()
}

fn column(address: SocketAddr, width: usize) -> String {
    format!("{:width$}", address.to_string())
}

/// Prints a replica's line of the table; whether it worked.
fn report(
    arguments: &Args,
    address: SocketAddr,
    width: usize,
    answer: &Result<Answer, client::Failed>,
) -> bool {
    let name = column(address, width);
    match answer {
        Ok(answer) if answer.status < 300 => {
            match arguments.what {
                What::State => say::result(&format!("{address} {}\n", answer.in_one_line())),
                _ => say::result(&format!("{name} ok{}\n", answer.live_faults())),
            }
            true
        }
        Ok(answer) => {
            say::result(&format!("{name} failed: {} {}\n", answer.status, answer.in_one_line()));
            false
        }
        Err(why) => {
            say::result(&format!("{name} failed: {why}\n"));
            false
        }
    }
}
