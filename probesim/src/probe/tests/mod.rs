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
use tokio::net::TcpSocket;

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
        group: None,
        version: Version::V1_36_2,
    }
}

/// Makes an attempt on a pod on loopback.
async fn attempted(json: Value, timeout: Duration) -> Answer {
    attempt(&handler(json), timeout, &subject(None)).await
}

/// A port of loopback where nobody listens, and what keeps others from it.
fn closed_port() -> (u16, TcpSocket) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    (socket.local_addr().expect("its address").port(), socket)
}
