//! The settings of `probesim serve` as users give them: flags, and variables of the same names.

use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing::Level;

use crate::plan::Rate;
use crate::plan::what::Network;
use crate::quantity::{Memory, Millicores};
use crate::value::{self, BadValue, Listen, Names};

/// The settings as they were given; `None` where nobody gave one.
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
pub struct Settings {
    /// Port to listen on; 0 lets the system choose [env: PORT] [default: 8080]
    #[arg(long, value_name = "PORT", value_parser = value::port, allow_negative_numbers = true)]
    pub port: Option<u16>,

    /// Address to listen on; its port, if it has one, wins over --port [env: LISTEN] [default: all, IPv6 and
    /// IPv4]
    #[arg(long, value_name = "IP[:PORT]", value_parser = value::listen)]
    pub listen: Option<Listen>,

    /// Liveness and readiness: fail this share of the requests at random, at once (20, 20%, 0.5%) [env:
    /// FAILURE_RATE]
    #[arg(long, value_name = "PERCENT", value_parser = value::rate, allow_negative_numbers = true)]
    pub failure_rate: Option<Rate>,

    /// Liveness and readiness: wait before an answer that is not a random failure; bare: milliseconds [env:
    /// LATENCY]
    #[arg(long, value_name = "TIME", value_parser = value::milliseconds, allow_negative_numbers = true)]
    pub latency: Option<Duration>,

    /// Liveness: fail from this uptime on; bare: seconds, 0: never [env: LIVENESS_FAIL_AFTER_TIME]
    #[arg(long, value_name = "TIME", value_parser = value::seconds_or_off, allow_negative_numbers = true)]
    pub liveness_fail_after_time: Option<Duration>,

    /// Readiness: fail from this uptime on; bare: seconds, 0: never [env: READINESS_FAIL_AFTER_TIME]
    #[arg(long, value_name = "TIME", value_parser = value::seconds_or_off, allow_negative_numbers = true)]
    pub readiness_fail_after_time: Option<Duration>,

    /// Readiness: a simulated network partition from this uptime on; bare: minutes, 0: never [env:
    /// DISCONNECT_AFTER]
    #[arg(long, value_name = "TIME", value_parser = value::minutes_or_off, allow_negative_numbers = true)]
    pub disconnect_after: Option<Duration>,

    /// How long the partition lasts; bare: minutes, 0: no partition [env: RECONNECT_AFTER] [default: until
    /// restart]
    #[arg(long, value_name = "TIME", value_parser = value::minutes, allow_negative_numbers = true)]
    pub reconnect_after: Option<Duration>,

    /// Fail /dependency, and with it readiness [env: FAIL_DEPENDENCY]
    #[arg(long, value_name = "BOOL", value_parser = value::boolean, num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub fail_dependency: Option<bool>,

    /// Liveness and readiness, each by its own count: pass this many requests before --recovery-period of
    /// them fail; a negative count shortens that period [env: FAIL_COUNT] [default: 0]
    #[arg(long, value_name = "REQUESTS", value_parser = value::signed_count, allow_negative_numbers = true)]
    pub fail_count: Option<i64>,

    /// Fail this many requests after --fail-count, then pass for ever [env: RECOVERY_PERIOD] [default: 0]
    #[arg(long, value_name = "REQUESTS", value_parser = value::count, allow_negative_numbers = true)]
    pub recovery_period: Option<u64>,

    /// Startup: fail until this uptime, with a unit [env: STARTUP_DELAY] [default: 0]
    #[arg(long, value_name = "TIME", value_parser = value::with_unit, allow_negative_numbers = true)]
    pub startup_delay: Option<Duration>,

    /// The same seed gives the same failures, request by request [env: SEED] [default: random, logged at
    /// start]
    #[arg(long, value_name = "NUMBER", value_parser = value::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// After SIGTERM or SIGINT: readiness fails, all else is served as before, for this long, with a unit
    /// [env: DRAIN_DELAY] [default: 3s]
    #[arg(long, value_name = "TIME", value_parser = value::with_unit, allow_negative_numbers = true)]
    pub drain_delay: Option<Duration>,

    /// After the drain delay: requests under way get this long to finish, with a unit [env: GRACE] [default:
    /// 10s]
    #[arg(long, value_name = "TIME", value_parser = value::with_unit, allow_negative_numbers = true)]
    pub grace: Option<Duration>,

    /// Faults, a scenario and settings as YAML; its faults are read again when it changes [env: CONFIG]
    #[arg(long, value_name = "FILE", value_parser = value::path)]
    pub config: Option<PathBuf>,

    /// More faults, as in the file: a YAML list, such as `[{on: readiness, rate: 20%}]` [env: FAULTS]
    #[arg(long, value_name = "YAML", value_parser = value::text)]
    pub faults: Option<String>,

    /// What DISCONNECT_AFTER does: http (a 500 of readiness), or for the whole port refuse, reset, hang or
    /// blackhole [env: PARTITION] [default: http]
    #[arg(long, value_name = "WORD", value_parser = value::partition)]
    pub partition: Option<Network>,

    /// Counts the starts of the container in this file, for faults with `starts`; in an emptyDir it outlives
    /// the container [env: STARTS_FILE]
    #[arg(long, value_name = "FILE", value_parser = value::path)]
    pub starts_file: Option<PathBuf>,

    /// Port of metrics, state and control; 0 lets the system choose [env: ADMIN_PORT] [default: 8081, or none
    /// if that is taken]
    #[arg(long, value_name = "PORT", value_parser = value::port, allow_negative_numbers = true)]
    pub admin_port: Option<u16>,

    /// Address of the admin port; on any but loopback, changes need a token [env: ADMIN_LISTEN] [default:
    /// 127.0.0.1]
    #[arg(long, value_name = "IP", value_parser = value::ip)]
    pub admin_listen: Option<IpAddr>,

    /// The bearer token for changes; better in the environment, or in a file [env: ADMIN_TOKEN]
    #[arg(long, value_name = "TOKEN", value_parser = value::text)]
    pub admin_token: Option<String>,

    /// A file with the bearer token, read at each use [env: ADMIN_TOKEN_FILE]
    #[arg(long, value_name = "FILE", value_parser = value::path)]
    pub admin_token_file: Option<PathBuf>,

    /// Port of gRPC health (grpc.health.v1, plain HTTP/2); 0 lets the system choose [env: GRPC_PORT] [default:
    /// none]
    #[arg(long, value_name = "PORT", value_parser = value::port, allow_negative_numbers = true)]
    pub grpc_port: Option<u16>,

    /// The gRPC services that have a health of their own, besides the server's: names with commas [env:
    /// GRPC_SERVICES]
    #[arg(long, value_name = "NAMES", value_parser = value::names)]
    pub grpc_services: Option<Names>,

    /// Port that accepts plain TCP; 0 lets the system choose [env: TCP_PORT] [default: none]
    #[arg(long, value_name = "PORT", value_parser = value::port, allow_negative_numbers = true)]
    pub tcp_port: Option<u16>,

    /// Process: end at this uptime, at once, as a crash does, with a unit [env: EXIT_AFTER] [default: never]
    #[arg(long, value_name = "TIME", value_parser = value::positive, allow_negative_numbers = true)]
    pub exit_after: Option<Duration>,

    /// Process: the exit code of --exit-after, and of a POST to /exit that names none [env: EXIT_CODE] [default:
    /// 1]
    #[arg(long, value_name = "CODE", value_parser = value::exit_code, allow_negative_numbers = true)]
    pub exit_code: Option<u8>,

    /// Process: take no notice of SIGTERM, so that only SIGKILL at the end of the grace period ends it [env:
    /// IGNORE_SIGTERM]
    #[arg(long, value_name = "BOOL", value_parser = value::boolean, num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub ignore_sigterm: Option<bool>,

    /// Process: exit so much later than the drain is over, with a unit [env: EXIT_DELAY] [default: 0]
    #[arg(long, value_name = "TIME", value_parser = value::with_unit, allow_negative_numbers = true)]
    pub exit_delay: Option<Duration>,

    /// Process: hold so much memory, such as 64Mi [env: MEMORY_LOAD] [default: none]
    #[arg(long, value_name = "SIZE", value_parser = value::memory)]
    pub memory_load: Option<Memory>,

    /// Process: take so much of a core, 50%, 500m or 0.5 [env: CPU_LOAD] [default: none]
    #[arg(long, value_name = "SHARE", value_parser = value::processor)]
    pub cpu_load: Option<Millicores>,

    /// Process: how long --memory-load and --cpu-load last, with a unit [env: LOAD_FOR] [default: to the end]
    #[arg(long, value_name = "TIME", value_parser = value::positive, allow_negative_numbers = true)]
    pub load_for: Option<Duration>,

    /// The most memory that any fault may hold [env: MEMORY_LOAD_LIMIT] [default: 1Gi, or the container's memory
    /// limit if that is lower]
    #[arg(long, value_name = "SIZE", value_parser = value::memory)]
    pub memory_load_limit: Option<Memory>,

    /// The most processor time that any fault may take [env: CPU_LOAD_LIMIT] [default: 1000m, one core]
    #[arg(long, value_name = "SHARE", value_parser = value::processor)]
    pub cpu_load_limit: Option<Millicores>,

    /// Write every decision to this file, as JSON lines; one of an earlier run is kept as FILE.old [env: RECORD]
    #[arg(long, value_name = "FILE", value_parser = value::path)]
    pub record: Option<PathBuf>,

    /// Answer as this record says, request by request; past its end, by plan and with its seed [env: REPLAY]
    #[arg(long, value_name = "FILE", value_parser = value::path)]
    pub replay: Option<PathBuf>,

    /// error, warn, info, or debug, which shows each decision [env: LOG_LEVEL] [default: info]
    #[arg(long, value_name = "LEVEL", value_parser = value::log_level)]
    pub log_level: Option<Level>,
}

/// Every variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEnvironment(pub Vec<String>);

/// Reads variables and collects what is wrong with them.
struct Environment<L> {
    lookup: L,
    errors: Vec<String>,
}

// === impl Settings ===

impl Settings {
    /// Reads the variables that `lookup` finds.
    ///
    /// # Errors
    /// All variables that are wrong.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, BadEnvironment> {
        let (settings, errors) = Self::read(lookup);
        if errors.is_empty() { Ok(settings) } else { Err(BadEnvironment(errors)) }
    }

    /// As [`Settings::from_environment`]: what is right, and what is wrong with the others.
    pub fn read(lookup: impl Fn(&str) -> Option<OsString>) -> (Self, Vec<String>) {
        let mut env = Environment { lookup, errors: vec![] };
        let settings = Self {
            port: env.read("PORT", value::port),
            listen: env.read("LISTEN", value::listen),
            failure_rate: env.read("FAILURE_RATE", value::rate),
            latency: env.read("LATENCY", value::milliseconds),
            liveness_fail_after_time: env.read("LIVENESS_FAIL_AFTER_TIME", value::seconds_or_off),
            readiness_fail_after_time: env.read("READINESS_FAIL_AFTER_TIME", value::seconds_or_off),
            disconnect_after: env.read("DISCONNECT_AFTER", value::minutes_or_off),
            reconnect_after: env.read("RECONNECT_AFTER", value::minutes),
            fail_dependency: env.read("FAIL_DEPENDENCY", value::boolean),
            fail_count: env.read("FAIL_COUNT", value::signed_count),
            recovery_period: env.read("RECOVERY_PERIOD", value::count),
            startup_delay: env.read("STARTUP_DELAY", value::with_unit),
            seed: env.read("SEED", value::seed),
            drain_delay: env.read("DRAIN_DELAY", value::with_unit),
            grace: env.read("GRACE", value::with_unit),
            config: env.read("CONFIG", value::path),
            faults: env.read("FAULTS", value::text),
            partition: env.read("PARTITION", value::partition),
            starts_file: env.read("STARTS_FILE", value::path),
            admin_port: env.read("ADMIN_PORT", value::port),
            admin_listen: env.read("ADMIN_LISTEN", value::ip),
            admin_token: env.read("ADMIN_TOKEN", value::text),
            admin_token_file: env.read("ADMIN_TOKEN_FILE", value::path),
            grpc_port: env.read("GRPC_PORT", value::port),
            grpc_services: env.read("GRPC_SERVICES", value::names),
            tcp_port: env.read("TCP_PORT", value::port),
            exit_after: env.read("EXIT_AFTER", value::positive),
            exit_code: env.read("EXIT_CODE", value::exit_code),
            ignore_sigterm: env.read("IGNORE_SIGTERM", value::boolean),
            exit_delay: env.read("EXIT_DELAY", value::with_unit),
            memory_load: env.read("MEMORY_LOAD", value::memory),
            cpu_load: env.read("CPU_LOAD", value::processor),
            load_for: env.read("LOAD_FOR", value::positive),
            memory_load_limit: env.read("MEMORY_LOAD_LIMIT", value::memory),
            cpu_load_limit: env.read("CPU_LOAD_LIMIT", value::processor),
            record: env.read("RECORD", value::path),
            replay: env.read("REPLAY", value::path),
            log_level: env.read("LOG_LEVEL", value::log_level),
        };
        (settings, env.errors)
    }

    /// These settings, and those of `other` where there is none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            port: self.port.or(other.port),
            listen: self.listen.or(other.listen),
            failure_rate: self.failure_rate.or(other.failure_rate),
            latency: self.latency.or(other.latency),
            liveness_fail_after_time: self.liveness_fail_after_time.or(other.liveness_fail_after_time),
            readiness_fail_after_time: self.readiness_fail_after_time.or(other.readiness_fail_after_time),
            disconnect_after: self.disconnect_after.or(other.disconnect_after),
            reconnect_after: self.reconnect_after.or(other.reconnect_after),
            fail_dependency: self.fail_dependency.or(other.fail_dependency),
            fail_count: self.fail_count.or(other.fail_count),
            recovery_period: self.recovery_period.or(other.recovery_period),
            startup_delay: self.startup_delay.or(other.startup_delay),
            seed: self.seed.or(other.seed),
            drain_delay: self.drain_delay.or(other.drain_delay),
            grace: self.grace.or(other.grace),
            config: self.config.or(other.config),
            faults: self.faults.or(other.faults),
            partition: self.partition.or(other.partition),
            starts_file: self.starts_file.or(other.starts_file),
            admin_port: self.admin_port.or(other.admin_port),
            admin_listen: self.admin_listen.or(other.admin_listen),
            admin_token: self.admin_token.or(other.admin_token),
            admin_token_file: self.admin_token_file.or(other.admin_token_file),
            grpc_port: self.grpc_port.or(other.grpc_port),
            grpc_services: self.grpc_services.or(other.grpc_services),
            tcp_port: self.tcp_port.or(other.tcp_port),
            exit_after: self.exit_after.or(other.exit_after),
            exit_code: self.exit_code.or(other.exit_code),
            ignore_sigterm: self.ignore_sigterm.or(other.ignore_sigterm),
            exit_delay: self.exit_delay.or(other.exit_delay),
            memory_load: self.memory_load.or(other.memory_load),
            cpu_load: self.cpu_load.or(other.cpu_load),
            load_for: self.load_for.or(other.load_for),
            memory_load_limit: self.memory_load_limit.or(other.memory_load_limit),
            cpu_load_limit: self.cpu_load_limit.or(other.cpu_load_limit),
            record: self.record.or(other.record),
            replay: self.replay.or(other.replay),
            log_level: self.log_level.or(other.log_level),
        }
    }
}

// === impl Environment ===

impl<L: Fn(&str) -> Option<OsString>> Environment<L> {
    /// The variable's value, if it has one: an empty variable counts as unset.
    fn read<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, BadValue>) -> Option<T> {
        let raw = (self.lookup)(name).filter(|raw| !raw.is_empty())?;
        let text = raw.to_string_lossy();
        match parse(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.errors.push(format!("{name}={text:?}: {why}"));
                None
            }
        }
    }
}

// === impl BadEnvironment ===

impl std::error::Error for BadEnvironment {}

/// One line for each variable.
impl fmt::Display for BadEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}
