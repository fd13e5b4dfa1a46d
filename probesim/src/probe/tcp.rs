//! `tcpSocket`: `pkg/probe/tcp/tcp.go`.

use std::time::Duration;

use tokio::time::Instant;

use super::dial::dial;
use super::{Answer, Subject};
use crate::kubelet::TcpSocket;

/// How the words for a connection end that was reset right after it was made.
const RESET: &str = ": connection reset by peer";

/// Connects, and closes at once.
pub(super) async fn attempt(socket: &TcpSocket, timeout: Duration, subject: &Subject<'_>) -> Answer {
    let (host, port) = match subject.place(socket.host.as_deref(), &socket.port) {
        Ok(place) => place,
        Err(why) => return Answer::unknown(why),
    };
    match dial(&host, port, Some(Instant::now() + timeout)).await {
        Ok(_) => Answer::success(String::new()),
        // There was a connection: one that is refused has other words. Go has it before it is reset.
        Err(why) if why.ends_with(RESET) => Answer::success(String::new()),
        Err(why) => Answer::failure(why),
    }
}
