//! The part of a pod's spec that the prober and its surroundings read, with the API's field names and
//! defaults (`pkg/apis/core/v1/defaults.go`). Limits are in `validate.rs`.

use serde::{Deserialize, Deserializer};

use super::handler::{Handler, HttpGet, TcpSocket};
use super::kind::Kind;
use super::restart::RestartRule;

/// `pod.spec`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    /// Run one after another before the others; with `restartPolicy: Always` they are sidecars.
    #[serde(default)]
    pub init_containers: Vec<Container>,
    /// The containers proper.
    pub containers: Vec<Container>,
    /// What becomes of a container that ended.
    #[serde(default)]
    pub restart_policy: RestartPolicy,
    /// From SIGTERM to SIGKILL, unless a probe or a deletion says otherwise.
    #[serde(default = "default_grace")]
    pub termination_grace_period_seconds: i64,
    /// Conditions that others set and that Ready waits for.
    #[serde(default)]
    pub readiness_gates: Vec<ReadinessGate>,
    /// So long after its start the pod fails.
    #[serde(default)]
    pub active_deadline_seconds: Option<i64>,
}

/// A container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its name, unique in the pod.
    pub name: String,
    /// Its image.
    #[serde(default)]
    pub image: String,
    /// Its ports, for probes that name one.
    #[serde(default)]
    pub ports: Vec<ContainerPort>,
    /// Overrides the pod's.
    #[serde(default)]
    pub restart_policy: Option<RestartPolicy>,
    /// Exit codes that come before the policy.
    #[serde(default)]
    pub restart_policy_rules: Vec<RestartRule>,
    /// What runs after its start and before its end.
    #[serde(default)]
    pub lifecycle: Option<Lifecycle>,
    /// Holds the other probes back until it has succeeded once.
    #[serde(default)]
    pub startup_probe: Option<Probe>,
    /// Decides over Ready.
    #[serde(default)]
    pub readiness_probe: Option<Probe>,
    /// Decides over restarts.
    #[serde(default)]
    pub liveness_probe: Option<Probe>,
}

/// `ports[]` of a container.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPort {
    /// What a probe may call it.
    #[serde(default)]
    pub name: Option<String>,
    /// The number.
    pub container_port: u16,
}

/// `lifecycle` of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// Runs after the start, and belongs to it.
    #[serde(default)]
    pub post_start: Option<LifecycleHandler>,
    /// Runs before SIGTERM, within the grace period.
    #[serde(default)]
    pub pre_stop: Option<LifecycleHandler>,
}

/// `postStart` or `preStop`: one of its members.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LifecycleHandler {
    /// A command in the container.
    Exec(super::handler::Exec),
    /// A request.
    HttpGet(HttpGet),
    /// Kept by the API for old manifests; does nothing.
    TcpSocket(TcpSocket),
    /// A pause.
    Sleep {
        /// Its length.
        seconds: i64,
    },
}

/// `readinessGates[]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessGate {
    /// The type of the condition that has to be True.
    pub condition_type: String,
}

/// `restartPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum RestartPolicy {
    /// Whatever the exit code.
    #[default]
    Always,
    /// When the exit code is not 0.
    OnFailure,
    /// Not at all.
    Never,
}

/// `startupProbe`, `readinessProbe` or `livenessProbe`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Its handler: exactly one member is set in a valid probe.
    #[serde(flatten)]
    pub handlers: Handlers,
    /// Not before so many whole seconds after the container's start.
    #[serde(default)]
    pub initial_delay_seconds: i32,
    /// For one attempt, from connecting to the end of the body.
    #[serde(default = "one", deserialize_with = "zero_means::<_, 1>")]
    pub timeout_seconds: i32,
    /// Between ticks.
    #[serde(default = "ten", deserialize_with = "zero_means::<_, 10>")]
    pub period_seconds: i32,
    /// Successes in a row before the result turns to success.
    #[serde(default = "one", deserialize_with = "zero_means::<_, 1>")]
    pub success_threshold: i32,
    /// Failures in a row before the result turns to failure.
    #[serde(default = "three", deserialize_with = "zero_means::<_, 3>")]
    pub failure_threshold: i32,
    /// Overrides the pod's grace period when this probe has the container killed.
    #[serde(default)]
    pub termination_grace_period_seconds: Option<i64>,
}

/// The four members of which a probe has one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handlers {
    /// A command in the container.
    pub exec: Option<super::handler::Exec>,
    /// An HTTP request.
    pub http_get: Option<HttpGet>,
    /// A connection.
    pub tcp_socket: Option<TcpSocket>,
    /// A call of `grpc.health.v1.Health/Check`.
    pub grpc: Option<super::handler::Grpc>,
}

// === impl Container ===

impl Container {
    /// The probe of `kind`.
    #[must_use]
    pub const fn probe(&self, kind: Kind) -> Option<&Probe> {
        match kind {
            Kind::Startup => self.startup_probe.as_ref(),
            Kind::Readiness => self.readiness_probe.as_ref(),
            Kind::Liveness => self.liveness_probe.as_ref(),
        }
    }

    /// The hook after its start.
    #[must_use]
    pub fn post_start(&self) -> Option<&LifecycleHandler> {
        self.lifecycle.as_ref()?.post_start.as_ref()
    }

    /// Whether it would be a sidecar among the init containers.
    #[must_use]
    pub fn is_restartable_init(&self) -> bool {
        self.restart_policy == Some(RestartPolicy::Always)
    }
}

// === impl RestartPolicy ===

impl RestartPolicy {
    /// Whether a container that ended with `exit_code` is started again.
    #[must_use]
    pub const fn restarts_after(self, exit_code: i32) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => exit_code != 0,
            Self::Never => false,
        }
    }
}

// === impl Probe ===

impl Probe {
    /// A probe with every default.
    #[must_use]
    pub fn new(handler: Handler) -> Self {
        Self {
            handlers: handler.into(),
            initial_delay_seconds: 0,
            timeout_seconds: 1,
            period_seconds: 10,
            success_threshold: 1,
            failure_threshold: 3,
            termination_grace_period_seconds: None,
        }
    }

    /// What it does. `None` in a spec that `validate` refuses.
    #[must_use]
    pub fn handler(&self) -> Option<Handler> {
        let Handlers { exec, http_get, tcp_socket, grpc } = self.handlers.clone();
        exec.map(Handler::Exec)
            .or(http_get.map(Handler::HttpGet))
            .or(tcp_socket.map(Handler::TcpSocket))
            .or(grpc.map(Handler::Grpc))
    }
}

impl From<Handler> for Handlers {
    fn from(handler: Handler) -> Self {
        let mut handlers = Self::default();
        match handler {
            Handler::Exec(exec) => handlers.exec = Some(exec),
            Handler::HttpGet(get) => handlers.http_get = Some(get),
            Handler::TcpSocket(socket) => handlers.tcp_socket = Some(socket),
            Handler::Grpc(grpc) => handlers.grpc = Some(grpc),
        }
        handlers
    }
}

const fn default_grace() -> i64 {
    30
}

const fn one() -> i32 {
    1
}

const fn three() -> i32 {
    3
}

const fn ten() -> i32 {
    10
}

/// `SetDefaults_Probe`: zero, like nothing, stands for the default.
fn zero_means<'de, D: Deserializer<'de>, const DEFAULT: i32>(deserializer: D) -> Result<i32, D::Error> {
    let given = Option::<i32>::deserialize(deserializer)?.unwrap_or(0);
    Ok(if given == 0 { DEFAULT } else { given })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn probe(json: serde_json::Value) -> Probe {
        serde_json::from_value(json).expect("a probe")
    }

    #[test]
    fn a_probe_without_numbers_has_the_defaults() {
        let probe = probe(json!({"httpGet": {"port": 80}}));
        assert_eq!(
            (
                probe.initial_delay_seconds,
                probe.timeout_seconds,
                probe.period_seconds,
                probe.success_threshold,
                probe.failure_threshold,
                probe.termination_grace_period_seconds
            ),
            (0, 1, 10, 1, 3, None)
        );
    }

    #[test]
    fn zero_stands_for_the_default() {
        let probe = probe(json!({"tcpSocket": {"port": "web"}, "periodSeconds": 0, "failureThreshold": 0,
                                 "timeoutSeconds": 0, "successThreshold": null}));
        assert_eq!((probe.period_seconds, probe.failure_threshold), (10, 3));
        assert_eq!((probe.timeout_seconds, probe.success_threshold), (1, 1));
    }

    #[test]
    fn a_manifest_keeps_fields_that_the_prober_does_not_read() {
        let spec: PodSpec = serde_json::from_value(json!({
            "nodeName": "n1",
            "containers": [{"name": "c", "image": "i", "livenessProbe": {"exec": {"command": ["true"]}}}],
        }))
        .expect("a pod");
        assert_eq!(spec.termination_grace_period_seconds, 30);
        assert_eq!(spec.restart_policy, RestartPolicy::Always);
        assert!(spec.containers[0].probe(Kind::Liveness).is_some());
    }
}
