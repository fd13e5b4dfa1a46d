//! What all diagnoses of a run share: one connection, what may be read, and a queue in front of it.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use tokio::sync::{Mutex, MutexGuard};

use super::reader::Reader;
use crate::cluster::Cluster;

/// Where targets wait for their diagnosis; one is looked into at a time, in the order in which they came.
pub struct Ward {
    reader: Mutex<Reader>,
    waiting: Cell<usize>,
}

/// The use of the reader, until it is dropped.
pub(super) struct Turn<'a> {
    reader: MutexGuard<'a, Reader>,
    waiting: &'a Cell<usize>,
}

/// One more that waits, for as long as it does.
struct Waiting<'a>(&'a Cell<usize>);

impl Ward {
    /// A ward whose patients are in `cluster`; it connects when the first of them is looked into.
    #[must_use]
    pub fn new(cluster: Rc<Cluster>) -> Self {
        Self { reader: Mutex::new(Reader::new(cluster)), waiting: Cell::new(0) }
    }

    /// Waits for the reader.
    pub(super) async fn turn(&self) -> Turn<'_> {
        let waiting = Waiting::new(&self.waiting);
        let reader = self.reader.lock().await;
        drop(waiting);
        Turn { reader, waiting: &self.waiting }
    }
}

impl<'a> Waiting<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Deref for Turn<'_> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.waiting.get() == 0 {
            // It is not needed for a while.
            self.reader.rest();
        }
    }
}
