//! A simulated API server in this process, whose objects are changed by hand.

use probesim::lab::{Options, Rule, Server, User};
use serde_json::Value;
use tokio::time::timeout;

use crate::patience::{LIMIT, soon};

/// A server with nothing in it; everybody may do everything.
///
/// # Panics
/// When no port is free.
pub async fn start() -> Server {
    Server::start(Options::default()).await.expect("a free port")
}

/// Creates or replaces an object.
///
/// # Panics
/// When the server does not take it.
#[track_caller]
pub fn put(server: &Server, object: Value) {
    server.store().apply(object).expect("an object that the server takes");
}

/// Waits until a watch is open.
///
/// # Panics
/// When none is in a long time.
pub async fn watched(server: &Server) {
    soon("an open watch", server.wait_for_watches(|open| open > 0)).await;
}

/// Waits until so many requests of this verb have come.
///
/// # Panics
/// When they do not in a long time.
pub async fn asked(server: &Server, verb: &str, times: usize) {
    let mut mark = 0;
    for _ in 0..times {
        let next = server.wait_for_request_since(mark, |request| request.verb == verb);
        let Ok(request) = timeout(LIMIT, next).await else {
            panic!("no {times} requests to {verb}: {:#?}", server.requests());
        };
        mark = request.number + 1;
    }
}

/// How many requests of this verb there were.
#[must_use]
pub fn count(server: &Server, verb: &str) -> usize {
    server.requests().iter().filter(|request| request.verb == verb).count()
}

/// Lets this token do what these rules say, and everybody else nothing.
pub fn allow(server: &Server, token: &str, rules: &[Rule]) {
    let name = "system:serviceaccount:default:wait-for".to_owned();
    server.set_access(|access| access.allow(token, User { name, rules: rules.to_vec(), ..User::default() }));
}
