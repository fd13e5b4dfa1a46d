//! The accept loop of one port, with the faults of its network, and its end.

use std::future::{self, Future};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time;
use tracing::{info, warn};

use super::control::{Controlled, Controller};
use super::engine::Engine;
use super::listen::{self, Plug};
use super::peer::Peer;
use super::raw;
use crate::config::Drain;
use crate::plan::Port;
use crate::plan::what::Network;
use crate::record::Entry;
use crate::system_error::describe;

/// The pause after an accept that failed: out of file descriptors, it would fail again at once.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(50);
/// The pause after a port could not be taken back.
const AFTER_A_FAILED_LISTEN: Duration = Duration::from_millis(20);

/// A port and what is done with its connections.
pub(crate) struct Served<S> {
    pub(crate) port: Port,
    pub(crate) listener: TcpListener,
    pub(crate) serve: S,
}

/// What has become of the listening socket.
enum Socket {
    Listening(TcpListener),
    /// Its queue is full for good: the kernel drops every SYN.
    Plugged(TcpListener, Plug),
    Closed,
    /// Another process has taken the port meanwhile, which was said.
    Taken,
}

/// Serves a port until `stop`, then drains. Returns when the last request is answered or the grace is over.
pub(crate) async fn serve<S, F>(
    served: Served<S>,
    engine: Arc<Engine>,
    drain: Drain,
    stop: impl Future<Output = ()>,
) where
    S: Fn(TcpStream, SocketAddr, Controlled) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let connections = Controller::default();
    let port = served.port;
    let until_drained = async {
        stop.await;
        engine.state().start_draining();
        info!(port = port.name(), delay = ?drain.delay, "readiness fails");
        time::sleep(drain.delay).await;
    };
    tokio::select! {
        () = accept(served, &engine, &connections) => {}
        () = until_drained => {}
    }
    info!(port = port.name(), connections = connections.count(), grace = ?drain.grace, "no longer accepting");
    if !connections.stop(drain.grace).await {
        warn!(port = port.name(), "grace is over: the requests still under way are cut");
    }
}

/// Never returns, unless the listener is unknown to the system.
async fn accept<S, F>(served: Served<S>, engine: &Engine, connections: &Controller)
where
    S: Fn(TcpStream, SocketAddr, Controlled) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Served { port, listener, serve } = served;
    let Ok(address) = listener.local_addr() else { return };
    let mut socket = Socket::Listening(listener);
    let mut changes = engine.changes();
    let mut before = Network::Open;
    loop {
        changes.mark_unchanged();
        let (network, next) = engine.network(port);
        if network != before {
            info!(port = port.name(), network = network.word(), "network changes");
            engine.tape().record(|| Entry::Network { port, at: engine.uptime(), network });
            before = network;
        }
        socket = socket.become_(network, address);
        connections.set_network(network);
        let again = match &socket {
            // It could not be opened again.
            Socket::Closed | Socket::Taken if network != Network::Refuse => Some(AFTER_A_FAILED_LISTEN),
            _ => next,
        };
        let until_next = async {
            match again {
                Some(next) => time::sleep(next).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            () = accept_all(&socket, network, connections, &serve) => {}
            () = until_next => {}
            _ = changes.changed() => {}
        }
    }
}

/// Accepts for as long as it is polled.
async fn accept_all<S, F>(socket: &Socket, network: Network, connections: &Controller, serve: &S)
where
    S: Fn(TcpStream, SocketAddr, Controlled) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Socket::Listening(listener) = socket else { return future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) if network == Network::Reset => stream.reset(),
            Ok((stream, _)) if network == Network::Hang => {
                tokio::spawn(hang(stream, connections.watch()));
            }
            Ok((stream, address)) => {
                // Not worth refusing a connection for.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, address, connections.watch()));
            }
            Err(error) => {
                warn!(%error, "cannot accept");
                time::sleep(AFTER_A_FAILED_ACCEPT).await;
            }
        }
    }
}

/// Keeps a connection and says nothing, until the fault is over or the client leaves.
async fn hang(mut stream: TcpStream, mut control: Controlled) {
    tokio::select! {
        () = raw::until_gone(&mut stream) => {}
        _ = control.until(|control| control.network != Network::Hang) => {}
    }
}

// === impl Socket ===

impl Socket {
    /// Gives the socket the state that the fault needs.
    fn become_(self, network: Network, address: SocketAddr) -> Self {
        match (self, network) {
            (Self::Taken, Network::Refuse) => Self::Taken,
            (_, Network::Refuse) => Self::Closed,
            (Self::Listening(listener), Network::Blackhole) => match Plug::new(&listener) {
                Ok(plug) => Self::Plugged(listener, plug),
                Err(error) => {
                    warn!(%error, "cannot fill the queue of the port: connections are refused instead");
                    Self::Closed
                }
            },
            (Self::Plugged(listener, plug), Network::Blackhole) => Self::Plugged(listener, plug),
            (Self::Plugged(listener, plug), _) => {
                drop(plug);
                match listen::unplug(&listener) {
                    Ok(()) => Self::Listening(listener),
                    Err(error) => {
                        warn!(%error, "cannot open the queue of the port again");
                        Self::Closed
                    }
                }
            }
            (closed @ (Self::Closed | Self::Taken), _) => match listen::again(address) {
                Ok(listener) => {
                    if matches!(closed, Self::Taken) {
                        info!(%address, "listening again");
                    }
                    // The next round gives it the state that it needs.
                    Self::Listening(listener).become_(network, address)
                }
                Err(error) => {
                    if !matches!(closed, Self::Taken) {
                        let why = describe(&error);
                        warn!(%why, %address, "cannot listen again: trying until it can");
                    }
                    Self::Taken
                }
            },
            (listening, _) => listening,
        }
    }
}
