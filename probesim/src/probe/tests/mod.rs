//! Attempts over loopback, and with real processes.

mod exec;
mod grpc;
mod http;
mod https;
mod server;
mod tcp;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Subject, Target, attempt};
use crate::kubelet::{Handler, Handlers, Probe, Version};

/// Longer than anything here takes that is not meant to last.
const PATIENCE: Duration = Duration::from_secs(20);

/// A handler as a manifest has it.
fn handler(json: Value) -> Handler {
    let handlers: Handlers = serde_json::from_value(json).expect("a handler");
    Probe { handlers, ..serde_json::from_str::<Probe>("{}").expect("a probe") }
        .handler()
        .expect("one handler")
}

/// A pod on loopback.
fn subject(target: Option<&Target>) -> Subject<'_> {
    Subject {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports: &[],
        target,
        environment: &[],
        directory: None,
        version: Version::V1_36_2,
    }
}

/// Makes an attempt on a pod on loopback.
async fn attempted(json: Value, timeout: Duration) -> Answer {
    attempt(&handler(json), timeout, &subject(None)).await
}

/// A port of loopback where nobody listens.
async fn closed_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("its address").port()
}
