//! The keys of a fault.

/// A key of a fault: its name, its values, what it means.
pub type Key = (&'static str, &'static str, &'static str);

/// Every key of a fault. The reader refuses all others, and the reference is made of these.
pub const KEYS: &[Key] = &[
    (
        "on",
        "liveness, readiness, startup, dependency, dependency/NAME, http (all other paths), grpc, grpc/SERVICE, tcp, all; network, network/grpc, network/tcp; process; or a list",
        "what the fault is for; required. `network` is a whole port, `process` the process itself",
    ),
    ("name", "text", "its name in logs, metrics and `/state`; part of what its random draws come from"),
    ("ttl", "time", "live faults: it is gone after this time (default 10m, `0` until reset)"),
    ("rate", "20, 20%, 0.5%", "hits this share of the requests (default 100%)"),
    ("ramp", "time", "the rate, the memory or the processor time grows from 0 over this time"),
    ("after", "time", "from this moment on: of the uptime, of the phase, or since a live fault was put"),
    ("for", "time", "for this long"),
    ("until", "time", "before this moment; instead of `for`"),
    ("pass", "requests", "lets so many pass first"),
    ("fail", "requests", "then so many fail, and all others pass; without it all fail"),
    ("repeat", "true, false", "begins anew after `pass` and `fail`"),
    ("flap", "{period: time, duty: 50%}", "on for the first part of each period"),
    (
        "bursts",
        "{gap: requests, length: requests}",
        "in runs of this mean length (at most 1000), with gaps of this mean length between them",
    ),
    ("starts", "number", "only in so many first starts of the container; needs STARTS_FILE"),
    ("callers", "probes, others", "only the kubelet's requests (User-Agent kube-probe/), or only the others"),
    ("header", "NAME, or {NAME: VALUE}", "only requests with this header"),
    ("path", "/exact or /begin*", "only requests for this path"),
    ("share", "20, 20%", "only this share of the client addresses, always the same ones"),
    (
        "status",
        "200 to 599",
        "the HTTP status (default 500; 200 for a slow or broken body); gRPC: 200 to 399 is SERVING",
    ),
    ("body", "text", "the body"),
    ("headers", "{NAME: VALUE}", "more headers"),
    ("retry_after", "seconds, or a time", "the Retry-After header"),
    (
        "latency",
        "time, {uniform: [from, to]}, {normal: {mean: time, deviation: time}}, {p50: time, p99: time, …}",
        "waits before the answer; alone, it answers as it would",
    ),
    ("latency_on", "all, successes, failures", "which answers a `latency` alone is for (default all)"),
    (
        "answer",
        "whole, never, slow-headers, trickle, stall, truncate, cut, malformed, garbage, close, reset, half-close; of a port: refuse, reset, hang, blackhole",
        "how it answers (default whole)",
    ),
    ("over", "time", "how long slow-headers and trickle take (default 10s)"),
    ("memory", "64Mi, 1.5Gi, 500M", "the process: holds so much memory; at most MEMORY_LOAD_LIMIT"),
    ("cpu", "50%, 500m, 0.5", "the process: takes so much of a core; at most CPU_LOAD_LIMIT"),
    (
        "stall",
        "time",
        "the process: the serving thread stops for this long, as for a garbage collection, each time the fault begins; at most 30s",
    ),
];

/// The keys that say what is answered.
pub(super) const ANSWER_KEYS: &[&str] = &["status", "body", "headers", "retry_after", "answer", "over"];

/// The keys of faults of the process.
pub(super) const PROCESS_KEYS: &[&str] = &["memory", "cpu", "stall"];
/// The keys that make no sense for a whole port or the process.
pub(super) const REQUEST_KEYS: &[&str] = &[
    "rate",
    "pass",
    "fail",
    "repeat",
    "bursts",
    "callers",
    "header",
    "path",
    "share",
    "status",
    "body",
    "headers",
    "retry_after",
    "latency",
    "latency_on",
    "over",
];
