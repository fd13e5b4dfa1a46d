//! Tells views what happens.

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::lab::happening::{Fact, Happening};

/// Stamps facts with the lab's time and sends them; the views end when the last clone is dropped.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Teller {
    began: Instant,
    views: UnboundedSender<Happening>,
}

// === impl Teller ===

impl Teller {
    pub(in crate::lab) fn new(began: Instant, views: UnboundedSender<Happening>) -> Self {
        Self { began, views }
    }

    pub(in crate::lab) fn tell(&self, fact: Fact) {
        // A view that has ended wants to know nothing more.
        let _ = self.views.send(Happening { at: self.began.elapsed(), fact });
    }
}
