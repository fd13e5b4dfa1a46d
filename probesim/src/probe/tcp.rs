//! `tcpSocket`: `pkg/probe/tcp/tcp.go`.

use std::time::Duration;

use tokio::time::Instant;

use super::dial::dial;
use super::{Answer, Subject};
use crate::kubelet::TcpSocket;

/// Connects, and closes at once.
pub(super) async fn attempt(socket: &TcpSocket, timeout: Duration, subject: &Subject<'_>) -> Answer {
    let (host, port) = match subject.place(socket.host.as_deref(), &socket.port) {
        Ok(place) => place,
        Err(why) => return Answer::unknown(why),
    };
    match dial(&host, port, Some(Instant::now() + timeout)).await {
        Ok(_) => Answer::success(String::new()),
        Err(why) => Answer::failure(why),
    }
}
