//! `probesim check`: what an exec probe in an image without a shell can run.

mod address;
mod http;
#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::time::Duration;

use tokio::io;
use tokio::net::TcpStream;
use tokio::time;

use self::address::Address;
use self::http::{Header, Place};
use crate::kubelet::Outcome;
use crate::system_error::describe;
use crate::{probe, say, value};

/// The kubelet's own prefix, so that faults for probes hit an exec probe too.
const USER_AGENT: &str = concat!("kube-probe/probesim-", env!("CARGO_PKG_VERSION"));
/// Below the kubelet's default `timeoutSeconds` of 1, which ends the probe without a word.
const DEFAULT_TIMEOUT: &str = "900ms";

/// What to check.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Kind {
    /// GET a path as a kubelet does: 200 to 399 is a success, also after redirects on the same host; of https no
    /// certificate is checked
    Http {
        /// [http://|https://]HOST:PORT[/PATH]
        address: Place,
        /// Send this along; may be repeated
        #[arg(long = "header", value_name = "NAME: VALUE")]
        headers: Vec<Header>,
        #[command(flatten)]
        common: Common,
    },
    /// Connect
    Tcp {
        /// HOST:PORT
        address: Address,
        #[command(flatten)]
        common: Common,
    },
    /// Ask for health over gRPC: SERVING is a success
    Grpc {
        /// HOST:PORT
        address: Address,
        /// The service to ask for; by default the server as a whole
        #[arg(long, default_value = "")]
        service: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct Common {
    /// The longest time for all of it, with a unit
    #[arg(long, value_name = "TIME", value_parser = value::with_unit, default_value = DEFAULT_TIMEOUT)]
    timeout: Duration,
}

/// Why a check fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("{}", describe(.0))]
    Io(#[from] io::Error),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the name has no address")]
    NoAddress,
    #[error("{0}")]
    Words(String),
}

/// Something to look at, by its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `http://HOST:PORT[/PATH]`, or https
    Http(Place),
    /// `tcp://HOST:PORT`
    Tcp(Address),
    /// `grpc://HOST:PORT[/SERVICE]`
    Grpc(Address, String),
    /// `dns://NAME`
    Dns(String),
}

// === impl Target ===

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let expected = "expected http://HOST:PORT[/PATH] or https://…, tcp://HOST:PORT, grpc://HOST:PORT[/SERVICE] or dns://NAME";
        let (scheme, rest) = url.split_once("://").ok_or(expected)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        match scheme {
            "http" | "https" => url.parse().map(Self::Http).map_err(|_| expected),
            "tcp" if path.is_empty() => authority.parse().map(Self::Tcp).map_err(|_| expected),
            "grpc" => authority.parse().map(|to| Self::Grpc(to, path.to_owned())).map_err(|_| expected),
            "dns" if !rest.is_empty() && path.is_empty() && !rest.contains(':') => {
                Ok(Self::Dns(rest.to_owned()))
            }
            _ => Err(expected),
        }
    }

    /// Looks at it once.
    pub(crate) async fn look(&self, timeout: Duration) -> Result<(), Failed> {
        match self {
            // It keeps the time itself, and has the kubelet's words for its end.
            Self::Http(place) => http::check(place, &[], timeout).await.map(drop),
            Self::Grpc(Address { host, port }, service) => {
                let asking = async { Ok(probe::ask(host, *port, service, USER_AGENT, timeout).await) };
                let answer = within(timeout, asking).await?;
                let is_serving = answer.outcome == Outcome::Success;
                if is_serving { Ok(()) } else { Err(Failed::Words(answer.output)) }
            }
            Self::Tcp(address) => within(timeout, connect(address)).await.map(drop),
            Self::Dns(name) => {
                let looking = async { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.next()) };
                within(timeout, looking).await?.map(drop).ok_or(Failed::NoAddress)
            }
        }
    }
}

async fn within<T>(timeout: Duration, looking: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    time::timeout(timeout, looking).await.unwrap_or(Err(Failed::Timeout(timeout)))
}

/// Checks once, and returns the exit code: 0 or 1. What is wrong goes to stdout, which the kubelet shows.
pub async fn run(arguments: Args) -> ExitCode {
    let (answer, address) = match arguments.kind {
        Kind::Http { address, headers, common } => {
            (http::check(&address, &headers, common.timeout).await, address.to_string())
        }
        Kind::Tcp { address, common } => {
            let name = address.to_string();
            (Target::Tcp(address).look(common.timeout).await.map(|()| None), name)
        }
        Kind::Grpc { address, service, common } => {
            let name = address.to_string();
            (Target::Grpc(address, service).look(common.timeout).await.map(|()| None), name)
        }
    };
    match answer {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(remark)) => {
            say::result(&format!("{address}: a success with a warning: {remark}\n"));
            ExitCode::SUCCESS
        }
        Err(why) => {
            say::result(&format!("{address}: {why}\n"));
            ExitCode::FAILURE
        }
    }
}

async fn connect(address: &Address) -> Result<TcpStream, Failed> {
    probe::dial(&address.host, address.port, None).await.map_err(Failed::Words)
}
