//! Decisions as server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time;

/// How often something is sent when nothing happens, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A body that never ends.
pub(super) fn stream(events: Receiver<Arc<str>>) -> Channel<Bytes> {
    let (sender, body) = Channel::new(16);
    tokio::spawn(send(events, sender));
    body
}

async fn send(mut events: Receiver<Arc<str>>, mut sender: Sender<Bytes>) {
    // At once, so that the client knows that it listens.
    let mut next = String::from(": listening\n\n");
    // An error means that the client left.
    while sender.send_data(Bytes::from(next)).await.is_ok() {
        next = match time::timeout(KEEP_ALIVE, events.recv()).await {
            Ok(Ok(event)) => format!("event: decision\ndata: {event}\n\n"),
            Ok(Err(RecvError::Lagged(missed))) => format!("event: missed\ndata: {missed}\n\n"),
            Ok(Err(RecvError::Closed)) => return,
            Err(_) => ": nothing\n\n".to_owned(),
        };
    }
}
