//! `probesim check`: what an exec probe in an image without a shell can run.

mod grpc;
mod http;

use std::process::ExitCode;
use std::time::Duration;

use tokio::io;
use tokio::net::TcpStream;
use tokio::time;

use crate::value;

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
    /// GET a path: 200 to 399 is a success
    Http {
        /// HOST:PORT[/PATH]
        address: String,
        #[command(flatten)]
        common: Common,
    },
    /// Connect
    Tcp {
        /// HOST:PORT
        address: String,
        #[command(flatten)]
        common: Common,
    },
    /// Ask for health over gRPC: SERVING is a success
    Grpc {
        /// HOST:PORT
        address: String,
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
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the name has no address")]
    NoAddress,
    #[error("status {0}")]
    Status(u16),
    #[error("the answer is no HTTP")]
    NoHttp,
    #[error("the service is {0}")]
    NotServing(&'static str),
    #[error("the server does not answer the health protocol, or does not know the service")]
    NoHealth,
}

/// Something to look at, by its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `http://HOST:PORT[/PATH]`
    Http(String),
    /// `tcp://HOST:PORT`
    Tcp(String),
    /// `grpc://HOST:PORT[/SERVICE]`
    Grpc(String, String),
    /// `dns://NAME`
    Dns(String),
}

// === impl Target ===

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let expected =
            "expected http://HOST:PORT[/PATH], tcp://HOST:PORT, grpc://HOST:PORT[/SERVICE] or dns://NAME";
        let (scheme, rest) = url.split_once("://").ok_or(expected)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
        match scheme {
            "http" if has_port => Ok(Self::Http(rest.to_owned())),
            "tcp" if has_port && path.is_empty() => Ok(Self::Tcp(rest.to_owned())),
            "grpc" if has_port => Ok(Self::Grpc(authority.to_owned(), path.to_owned())),
            "dns" if !rest.is_empty() && path.is_empty() && !rest.contains(':') => {
                Ok(Self::Dns(rest.to_owned()))
            }
            _ => Err(expected),
        }
    }

    /// Looks at it once.
    pub(crate) async fn look(&self, timeout: Duration) -> Result<(), Failed> {
        let looking = async {
            match self {
                Self::Http(address) => http::check(address).await,
                Self::Tcp(address) => Ok(TcpStream::connect(address).await.map(drop)?),
                Self::Grpc(address, service) => grpc::check(address, service).await,
                Self::Dns(name) => {
                    let mut found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                    found.next().map(drop).ok_or(Failed::NoAddress)
                }
            }
        };
        time::timeout(timeout, looking).await.unwrap_or(Err(Failed::Timeout(timeout)))
    }
}

/// Checks once, and returns the exit code: 0 or 1. What is wrong goes to stdout, which the kubelet shows.
pub async fn run(arguments: Args) -> ExitCode {
    let (common, address) = match &arguments.kind {
        Kind::Http { address, common }
        | Kind::Tcp { address, common }
        | Kind::Grpc { address, common, .. } => (*common, address.clone()),
    };
    let target = match arguments.kind {
        Kind::Http { address, .. } => Target::Http(address),
        Kind::Tcp { address, .. } => Target::Tcp(address),
        Kind::Grpc { address, service, .. } => Target::Grpc(address, service),
    };
    match target.look(common.timeout).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{address}: {why}");
            ExitCode::FAILURE
        }
    }
}

/// For the tests of the server.
#[cfg(test)]
pub(crate) use grpc::check as grpc_for_tests;
