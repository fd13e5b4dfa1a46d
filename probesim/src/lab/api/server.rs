//! The simulated API server: a listener on loopback, its connections, and the handle that tests hold.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use super::access::Access;
use super::fault::{Cut, Faults};
use super::handle;
use super::kubeconfig;
use super::requests::{Request, Requests};
use crate::lab::node::Books;
use crate::lab::replay::recording::Recording;
use crate::lab::store::Store;
use crate::lab::store::live::LiveStore;

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Namespace of the kubeconfig's context.
    pub namespace: String,
    /// The first change gets the version after this one.
    pub revision: u64,
    /// How many changes of each resource are remembered.
    pub history: usize,
    /// How often watches get a bookmark.
    pub bookmark_interval: Duration,
    /// How long a request for a future version waits before the 504.
    pub future_wait: Duration,
    /// Tokens and their rules; without any, everybody may do everything.
    pub access: Access,
}

/// A running server; it stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accept_loop: JoinHandle<()>,
}

/// What every connection sees.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: LiveStore,
    pub(super) faults: Faults,
    pub(super) requests: Requests,
    pub(super) access: Mutex<Access>,
    pub(super) options: Options,
    pub(super) address: SocketAddr,
    /// What containers wrote, where there are containers.
    pub(super) books: OnceLock<Books>,
}

/// A slow client gets this long for its request line and headers; idle connections are kept as long.
const HEADER_TIMEOUT: Duration = Duration::from_secs(600);
/// How long to wait before trying again to open the listener on a port that is not free yet.
const REOPEN_PAUSE: Duration = Duration::from_millis(10);

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            namespace: "default".to_owned(),
            revision: 1,
            history: 10_000,
            bookmark_interval: Duration::from_secs(60),
            future_wait: Duration::from_secs(3),
            access: Access::default(),
        }
    }
}

// === impl Options ===

impl Options {
    /// For a server that replays this recording: its namespace and its versions.
    #[must_use]
    pub fn for_recording(recording: &Recording) -> Self {
        // One version is left for the namespace itself.
        let revision = recording.revision.saturating_sub(2);
        Self { namespace: recording.namespace.clone(), revision, ..Self::default() }
    }
}

// === impl Server ===

impl Server {
    /// Binds the listener and serves from a task of its own.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            store: LiveStore::new(Store::new(options.revision, options.history)),
            faults: Faults::new(),
            requests: Requests::new(),
            access: Mutex::new(options.access.clone()),
            options,
            address,
            books: OnceLock::new(),
        });
        let accept_loop = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { address, shared, accept_loop })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A kubeconfig for it, without a token.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        kubeconfig::kubeconfig(self.address, &self.shared.options.namespace, None)
    }

    /// A kubeconfig for it, with a bearer token.
    #[must_use]
    pub fn kubeconfig_with_token(&self, token: &str) -> String {
        kubeconfig::kubeconfig(self.address, &self.shared.options.namespace, Some(token))
    }

    /// The objects, to be changed by hand.
    #[must_use]
    pub fn store(&self) -> &LiveStore {
        &self.shared.store
    }

    /// Answers requests for logs from now on.
    pub(in crate::lab) fn serve_logs(&self, books: &Books) {
        // Only a lab that runs manifests has them, and once.
        let _ = self.shared.books.set(books.clone());
    }

    /// The handle that makes it misbehave.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Changes who may do what.
    pub fn set_access(&self, change: impl FnOnce(&mut Access)) {
        change(&mut self.shared.access());
    }

    /// Every request so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.all()
    }

    /// How many requests there have been; also a mark for [`Server::wait_for_request_since`].
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.shared.requests.count()
    }

    /// How many watches are open.
    #[must_use]
    pub fn open_watches(&self) -> usize {
        self.shared.requests.open_watches()
    }

    /// The first request that satisfies the claim, now or once it comes.
    pub async fn wait_for_request(&self, is_it: impl Fn(&Request) -> bool) -> Request {
        self.shared.requests.wait_for(0, is_it).await
    }

    /// The same among the requests after a mark.
    pub async fn wait_for_request_since(&self, mark: u64, is_it: impl Fn(&Request) -> bool) -> Request {
        self.shared.requests.wait_for(mark, is_it).await
    }

    /// Waits until the number of open watches is as claimed.
    pub async fn wait_for_watches(&self, is_enough: impl Fn(usize) -> bool) {
        self.shared.requests.wait_for_watches(is_enough).await;
    }

    /// Becomes another server on the same port: the same objects, no history, other versions, connections cut.
    pub fn replace(&self, revision: u64) {
        self.shared.store.restart_at(revision);
        self.shared.faults.end_watches();
        self.shared.faults.cut(Cut::Finish);
    }

    /// Stops: closes the listener and every connection, and returns when they are closed.
    pub async fn stop(mut self) {
        self.accept_loop.abort();
        // It was aborted: there is nothing to learn from it.
        let _ = (&mut self.accept_loop).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accept_loop.abort();
    }
}

// === impl Shared ===

impl Shared {
    pub(super) fn access(&self) -> MutexGuard<'_, Access> {
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes connections; a fault may close the listener and open it again on the same port.
async fn accept(first: TcpListener, shared: Arc<Shared>) {
    let mut listener = Some(first);
    let mut connections = JoinSet::new();
    let mut network = shared.faults.subscribe();
    loop {
        if network.borrow_and_update().is_refusing {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(shared.address).await.ok();
            if listener.is_none() {
                sleep(REOPEN_PAUSE).await;
                continue;
            }
        }
        shared.faults.is_listening.send_replace(listener.is_some());
        tokio::select! {
            Some(stream) = next_connection(listener.as_ref()) => {
                connections.spawn(connection(stream, shared.clone()));
            }
            _ = network.changed() => {}
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn next_connection(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener {
        None => std::future::pending().await,
        Some(listener) => match listener.accept().await {
            Ok((stream, _)) => Some(stream),
            Err(_) => {
                // Out of file descriptors, most likely: the backlog keeps the others.
                sleep(REOPEN_PAUSE).await;
                None
            }
        },
    }
}

/// Serves one connection until it ends or is cut.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Without it small events wait for acknowledgements; a connection works either way.
    let _ = stream.set_nodelay(true);
    let mut network = shared.faults.subscribe();
    let cuts = network.borrow_and_update().cuts.0;
    let service = service_fn(move |request| handle::handle(shared.clone(), request));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let how = tokio::select! {
        _ = &mut connection => return,
        Ok(now) = network.wait_for(|network| network.cuts.0 != cuts) => now.cuts.1,
    };
    if how == Cut::Reset {
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}
