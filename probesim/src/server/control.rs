//! What every connection of a port is told: that its network has a fault, or that the server stops.

use std::future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time;

use crate::plan::what::Network;

/// What holds for all connections of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Control {
    pub(crate) network: Network,
    pub(crate) is_stopping: bool,
}

/// Tells the connections, and knows when all of them are gone.
#[derive(Debug, Default)]
pub(crate) struct Controller {
    sender: watch::Sender<Control>,
}

/// A connection's end of it. As long as it lives, the connection counts as open.
#[derive(Clone, Debug)]
pub(crate) struct Controlled {
    receiver: watch::Receiver<Control>,
}

// === impl Controller ===

impl Controller {
    pub(crate) fn watch(&self) -> Controlled {
        Controlled { receiver: self.sender.subscribe() }
    }

    pub(crate) fn set_network(&self, network: Network) {
        self.sender.send_if_modified(|control| std::mem::replace(&mut control.network, network) != network);
    }

    /// How many connections are open.
    pub(crate) fn count(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Tells all to finish what they do; whether they did so in time.
    pub(crate) async fn stop(&self, grace: Duration) -> bool {
        // A network fault must not hold up the end.
        self.sender.send_replace(Control { network: Network::Open, is_stopping: true });
        time::timeout(grace, self.sender.closed()).await.is_ok()
    }
}

// === impl Controlled ===

impl Controlled {
    /// What holds now. The next [`Controlled::changed`] waits for a change after this.
    pub(crate) fn now(&mut self) -> Control {
        *self.receiver.borrow_and_update()
    }

    pub(crate) async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            // Nobody is left to say anything.
            future::pending::<()>().await;
        }
    }

    /// Waits until this holds.
    pub(crate) async fn until(&mut self, is_true: impl Fn(Control) -> bool) -> Control {
        loop {
            let control = self.now();
            if is_true(control) {
                return control;
            }
            self.changed().await;
        }
    }
}

// === impl Control ===

impl Control {
    /// Whether connections are to end with a RST: the process that had them is as good as dead.
    pub(crate) fn is_cut(self) -> bool {
        matches!(self.network, Network::Refuse | Network::Reset)
    }

    /// Whether nothing is to be read or written.
    pub(crate) fn is_frozen(self) -> bool {
        matches!(self.network, Network::Hang | Network::Blackhole)
    }
}
