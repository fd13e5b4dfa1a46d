//! What the settings come to, with defaults. Nothing is checked again after this.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tracing::Level;

use crate::plan::Rate;
use crate::plan::what::Network;
use crate::quantity::{Memory, Millicores};
use crate::settings::{BadEnvironment, Settings};
use crate::value::Listen;

const DEFAULT_PORT: u16 = 8080;
const DEFAULT_ADMIN_PORT: u16 = 8081;
/// An endpoint leaves a Service about a second after readiness fails or the deletion is seen; this leaves a
/// margin.
const DEFAULT_DRAIN_DELAY: Duration = Duration::from_secs(3);
/// With the drain delay, well within Kubernetes's default `terminationGracePeriodSeconds` of 30.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// Everything that `probesim serve` needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen.
    pub listen: ListenOn,
    /// What is to fail.
    pub faults: Faults,
    /// The seed, if one was given.
    pub seed: Option<u64>,
    /// How to stop.
    pub drain: Drain,
    /// What a partition is; `Open` is kube-probesim's HTTP 500.
    pub partition: Network,
    /// The file of faults.
    pub file: Option<PathBuf>,
    /// Faults as YAML, besides those of the file.
    pub more_faults: Option<String>,
    /// Where the starts of the container are counted.
    pub starts_file: Option<PathBuf>,
    /// The port of gRPC health, if there is one.
    pub grpc: Option<ListenOn>,
    /// The gRPC services with a health of their own.
    pub grpc_services: Vec<String>,
    /// The port of plain TCP, if there is one.
    pub tcp: Option<ListenOn>,
    /// How the process misbehaves.
    pub process: Process,
    /// Metrics, state and control.
    pub admin: Admin,
    /// How the process is loaded.
    pub load: ProcessLoad,
    /// Where decisions are written to.
    pub record: Option<PathBuf>,
    /// Where they come from.
    pub replay: Option<PathBuf>,
    /// The least important level that is logged.
    pub log_level: Level,
}

/// How the process misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// It ends at this uptime.
    pub exit_after: Option<Duration>,
    /// With this code.
    pub exit_code: u8,
    /// It takes no notice of SIGTERM.
    pub ignores_sigterm: bool,
    /// It exits so much later than it could.
    pub exit_delay: Duration,
}

/// How the process is loaded, and how much it may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessLoad {
    /// It holds so much memory.
    pub memory: Option<Memory>,
    /// It takes so much processor time.
    pub processor: Option<Millicores>,
    /// For so long; `None` is to the end.
    pub length: Option<Duration>,
    /// The most memory, if somebody said.
    pub memory_limit: Option<Memory>,
    /// The most processor time, if somebody said.
    pub processor_limit: Option<Millicores>,
}

/// Where and for whom the admin port is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Where to listen.
    pub address: SocketAddr,
    /// Whether somebody asked for this port: then it is an error if it is taken.
    pub is_required: bool,
    /// The token that changes need.
    pub token: Token,
}

/// A bearer token.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// There is none.
    None,
    /// This.
    Text(String),
    /// What this file holds.
    File(PathBuf),
}

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenOn {
    /// This port of every address, IPv6 and IPv4.
    AllAddresses(u16),
    /// One address and port.
    One(SocketAddr),
}

/// How to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// Readiness fails for this long while connections are still accepted.
    pub delay: Duration,
    /// The longest wait for requests under way after that.
    pub grace: Duration,
}

/// kube-probesim's settings, and the start-up delay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// `FAILURE_RATE`
    pub failure_rate: Rate,
    /// `LATENCY`
    pub latency: Duration,
    /// `LIVENESS_FAIL_AFTER_TIME`, unless it is off.
    pub liveness_fail_after: Option<Duration>,
    /// `READINESS_FAIL_AFTER_TIME`, unless it is off.
    pub readiness_fail_after: Option<Duration>,
    /// `DISCONNECT_AFTER`, unless it is off.
    pub disconnect_after: Option<Duration>,
    /// `RECONNECT_AFTER`, if it is set; 0 means no partition.
    pub reconnect_after: Option<Duration>,
    /// `FAIL_DEPENDENCY`
    pub fail_dependency: bool,
    /// `FAIL_COUNT`
    pub fail_count: i64,
    /// `RECOVERY_PERIOD`
    pub recovery_period: u64,
    /// `STARTUP_DELAY`
    pub startup_delay: Duration,
}

// === impl Config ===

impl Config {
    /// Completes the flags with the variables that `lookup` finds, and those with the defaults.
    ///
    /// # Errors
    /// All variables that are wrong, also those that a flag overrides.
    pub fn new(flags: Settings, lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, BadEnvironment> {
        let variables = Settings::from_environment(lookup)?;
        Ok(Self::from(flags.or(variables)))
    }
}

impl From<Settings> for Config {
    fn from(settings: Settings) -> Self {
        let port = settings.port.unwrap_or(DEFAULT_PORT);
        let listen = match settings.listen {
            None => ListenOn::AllAddresses(port),
            Some(Listen::Ip(address)) => ListenOn::One(SocketAddr::new(address, port)),
            Some(Listen::Socket(address)) => ListenOn::One(address),
        };
        let other_port = |port: u16| match listen {
            ListenOn::AllAddresses(_) => ListenOn::AllAddresses(port),
            ListenOn::One(address) => ListenOn::One(SocketAddr::new(address.ip(), port)),
        };
        let (grpc, tcp) = (settings.grpc_port.map(other_port), settings.tcp_port.map(other_port));
        let unless_off = |time: Option<Duration>| time.filter(|time| !time.is_zero());
        let faults = Faults {
            failure_rate: settings.failure_rate.unwrap_or_default(),
            latency: settings.latency.unwrap_or_default(),
            liveness_fail_after: unless_off(settings.liveness_fail_after_time),
            readiness_fail_after: unless_off(settings.readiness_fail_after_time),
            disconnect_after: unless_off(settings.disconnect_after),
            reconnect_after: settings.reconnect_after,
            fail_dependency: settings.fail_dependency.unwrap_or_default(),
            fail_count: settings.fail_count.unwrap_or_default(),
            recovery_period: settings.recovery_period.unwrap_or_default(),
            startup_delay: settings.startup_delay.unwrap_or_default(),
        };
        let drain = Drain {
            delay: settings.drain_delay.unwrap_or(DEFAULT_DRAIN_DELAY),
            grace: settings.grace.unwrap_or(DEFAULT_GRACE),
        };
        let ip = settings.admin_listen.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let admin = Admin {
            address: SocketAddr::new(ip, settings.admin_port.unwrap_or(DEFAULT_ADMIN_PORT)),
            is_required: settings.admin_port.is_some() || settings.admin_listen.is_some(),
            token: match (settings.admin_token, settings.admin_token_file) {
                (Some(token), _) => Token::Text(token),
                (None, Some(file)) => Token::File(file),
                (None, None) => Token::None,
            },
        };
        Self {
            listen,
            faults,
            seed: settings.seed,
            drain,
            partition: settings.partition.unwrap_or_default(),
            file: settings.config,
            more_faults: settings.faults,
            starts_file: settings.starts_file,
            grpc,
            grpc_services: settings.grpc_services.unwrap_or_default().0,
            tcp,
            process: Process {
                exit_after: settings.exit_after,
                exit_code: settings.exit_code.unwrap_or(1),
                ignores_sigterm: settings.ignore_sigterm.unwrap_or_default(),
                exit_delay: settings.exit_delay.unwrap_or_default(),
            },
            admin,
            load: ProcessLoad {
                memory: settings.memory_load,
                processor: settings.cpu_load,
                length: settings.load_for,
                memory_limit: settings.memory_load_limit,
                processor_limit: settings.cpu_load_limit,
            },
            record: settings.record,
            replay: settings.replay,
            log_level: settings.log_level.unwrap_or(Level::INFO),
        }
    }
}

/// Without the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Text(_) => "Text",
            Self::File(_) => "File",
        })
    }
}

// === impl ListenOn ===

impl ListenOn {
    /// The address to try first.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        match self {
            Self::AllAddresses(port) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
            Self::One(address) => address,
        }
    }
}
