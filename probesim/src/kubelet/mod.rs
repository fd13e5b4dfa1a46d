//! The kubelet's prober, and as much of the kubelet as decides what its probes come to, for one pod.
//!
//! Pure: no clock, no I/O, no randomness but what is passed in. The same model runs in real time, where its
//! user makes the probes that it asks for, and in virtual time, where a function answers them.
//!
//! | file | rules | in Kubernetes |
//! |---|---|---|
//! | `worker` | one probe's ticks, gates, thresholds | `pkg/kubelet/prober/worker.go` |
//! | `ticker` | at most one tick waits | Go's `time.Ticker` |
//! | `attempt` | errors are tried again and thrown away | `pkg/kubelet/prober/prober.go` |
//! | `results` | the caches, and who hears of a change | `pkg/kubelet/prober/results/results_manager.go` |
//! | `prober` | the workers of a pod, and one attempt after another | `…/prober_manager.go`, `…/prober.go` |
//! | `trigger` | `ready`, `started`, the extra readiness probes | `pkg/kubelet/prober/prober_manager.go` |
//! | `sync` | SyncPods one after another, relists, the work queue | `pkg/kubelet/pod_workers.go`, `pkg/kubelet/pleg/generic.go` |
//! | `actions`, `init` | what to kill and to start | `pkg/kubelet/kuberuntime/kuberuntime_manager.go`, `…_container.go` |
//! | `backoff` | when a restart has to wait | the same, over client-go's `flowcontrol.Backoff` |
//! | `restart`, `reset` | restart rules | `pkg/api/v1/pod/util.go`, `…/kuberuntime_manager.go` |
//! | `hook` | postStart | `pkg/kubelet/kuberuntime/kuberuntime_container.go` |
//! | `kill` | grace periods, preStop, turns | `pkg/kubelet/kuberuntime/kuberuntime_container.go` |
//! | `terminate` | the end of a pod | `pkg/kubelet/kubelet.go` |
//! | `publish`, `status`, `conditions` | what the API gets to see | `pkg/kubelet/status`, `pkg/kubelet/kubelet_pods.go` |
//! | `events`, `describe` | what `kubectl describe` shows | the same places |
//! | `spec`, `handler`, `validate` | fields, defaults, limits | `pkg/apis/core` |
//! | `settings` | versions, latencies, races | feature gates |
//!
//! As of Kubernetes 1.36.2; `Settings::of` knows other versions. Where the outcome of a race matters, `settings` has a switch.

mod actions;
mod ask;
mod attempt;
mod backoff;
mod conditions;
mod describe;
mod events;
mod handler;
mod hook;
mod init;
mod kill;
mod kind;
mod pod;
mod prober;
mod publish;
mod reset;
mod restart;
mod results;
mod role;
mod runtime;
mod settings;
mod spec;
mod status;
mod sync;
mod terminate;
#[cfg(test)]
mod tests;
mod ticker;
mod time;
mod trigger;
mod validate;
mod virtual_time;
mod worker;

pub use ask::{Ask, Attempt, AttemptId, Change};
pub use attempt::{Doubt, Outcome};
pub use conditions::{Condition, Conditions, Reason};
pub use describe::Identity;
pub use events::{Event, LATE};
pub use handler::{Exec, Grpc, Handler, HttpGet, HttpHeader, Port, TcpSocket};
pub use kill::Cause;
pub use kind::Kind;
pub use pod::Pod;
pub use restart::{ExitCodes, Operator, RestartAction, RestartRule};
pub use role::Role;
pub use runtime::{Exited, Instance, Running};
pub use settings::{NotAVersion, Race, Requeue, RestartRules, Settings, Version};
pub use spec::{
    Container, ContainerPort, Handlers, Lifecycle, LifecycleHandler, PodSpec, Probe, ReadinessGate,
    RestartPolicy,
};
pub use status::{ContainerStatus, Phase, PodStatus, State, Waiting};
pub use time::Time;
pub use validate::{Invalid, validate};
pub use virtual_time::{Note, Start, VirtualTime, World};
