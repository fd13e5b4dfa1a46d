//! `probesim ctl`: the admin port's control from the command line, for one replica or for many.

mod client;
mod select;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net;
use tokio::time;

use crate::plan::Rate;
use crate::value;
use client::{Answer, Request};

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

    /// Admin port of the server, or of all behind a name: HOST:PORT
    #[arg(long, global = true, value_name = "HOST:PORT", default_value = "127.0.0.1:8081")]
    to: String,

    /// Tell only so many of the replicas, the first by address
    #[arg(long, global = true, value_name = "N", conflicts_with = "share")]
    count: Option<usize>,

    /// Tell only this share of the replicas, rounded up
    #[arg(long, global = true, value_name = "PERCENT", value_parser = value::rate)]
    share: Option<Rate>,

    /// One after the other, with this pause between them, and no further after a failure
    #[arg(long, global = true, value_name = "PAUSE", value_parser = value::with_unit)]
    rolling: Option<Duration>,

    /// The longest time for one replica, with a unit
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
            eprintln!("probesim: {why}");
            return ExitCode::from(2);
        }
    };
    let mut found: Vec<SocketAddr> = match net::lookup_host(&arguments.to).await {
        Ok(found) => found.collect(),
        Err(why) => {
            eprintln!("probesim: cannot find {}: {why}", arguments.to);
            return ExitCode::FAILURE;
        }
    };
    select::choose(&mut found, arguments.count, arguments.share);
    if found.is_empty() {
        eprintln!("probesim: {} has no address to tell", arguments.to);
        return ExitCode::FAILURE;
    }
    let failed = match arguments.rolling {
        Some(pause) => one_by_one(&arguments, &request, &found, pause).await,
        None => all_at_once(&arguments, &request, &found).await,
    };
    if failed == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("probesim: {failed} of {} failed", found.len());
    ExitCode::FAILURE
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
    answers.iter().filter(|(n, answer)| !report(arguments, found[*n], answer)).count()
}

async fn one_by_one(arguments: &Args, request: &Request, found: &[SocketAddr], pause: Duration) -> usize {
    for (n, address) in found.iter().copied().enumerate() {
        if n > 0 {
            time::sleep(pause).await;
        }
        if !report(arguments, address, &client::tell(address, request, arguments.timeout).await) {
            for skipped in &found[n + 1..] {
                println!("{skipped} skipped");
            }
            return found.len() - n;
        }
    }
    0
}

/// Whether it worked.
fn report(arguments: &Args, address: SocketAddr, answer: &Result<Answer, client::Failed>) -> bool {
    match answer {
        Ok(answer) if answer.status < 300 => {
            match arguments.what {
                What::State => println!("{address} {}", answer.in_one_line()),
                _ => println!("{address} ok"),
            }
            true
        }
        Ok(answer) => {
            println!("{address} failed: {} {}", answer.status, answer.in_one_line());
            false
        }
        Err(why) => {
            println!("{address} failed: {why}");
            false
        }
    }
}
