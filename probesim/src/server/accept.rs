//! The accept loop, and its end: drain, stop accepting, finish what is under way.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::time;
use tracing::{debug, info, warn};

use super::connection;
use super::endpoints::Engine;
use crate::config::Drain;

/// The pause after an accept that failed: out of file descriptors, it would fail again at once.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// Serves until `stop`, then drains. Returns when the last request is answered or the grace is over.
pub(crate) async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    drain: Drain,
    stop: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    let until_drained = async {
        stop.await;
        engine.state().start_draining();
        info!(delay = ?drain.delay, "readiness fails");
        time::sleep(drain.delay).await;
    };
    tokio::select! {
        never = accept(&listener, &engine, &connections) => match never {},
        () = until_drained => {}
    }
    drop(listener);
    info!(connections = connections.count(), grace = ?drain.grace, "no longer accepting");
    if time::timeout(drain.grace, connections.shutdown()).await.is_err() {
        warn!("grace is over: the requests still under way are cut");
    }
}

async fn accept(listener: &TcpListener, engine: &Arc<Engine>, connections: &GracefulShutdown) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Not worth refusing a connection for.
                let _ = stream.set_nodelay(true);
                let connection = connections.watch(connection::serve(stream, Arc::clone(engine)));
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        debug!(%error, "connection ended");
                    }
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept");
                time::sleep(AFTER_A_FAILED_ACCEPT).await;
            }
        }
    }
}
