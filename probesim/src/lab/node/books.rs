//! The last lines that containers wrote, as `kubectl logs` asks for them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// So many lines of each instance of a container are remembered.
const REMEMBERED: usize = 1000;

/// The lines of all containers; clones share them.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Books {
    books: Arc<Mutex<HashMap<Name, Vec<Book>>>>,
    /// Changes with every line.
    written: watch::Sender<u64>,
}

/// A container: `namespace/pod`, and its name.
pub(super) type Name = (Arc<str>, Arc<str>);

/// What one instance has written.
#[derive(Debug)]
struct Book {
    instance: u32,
    lines: VecDeque<Line>,
    /// How many there have been.
    count: u64,
    is_over: bool,
}

/// A line, and when it came, since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Line {
    pub(in crate::lab) at: Duration,
    pub(in crate::lab) text: Arc<str>,
}

/// A part of what an instance has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Page {
    pub(in crate::lab) lines: Vec<Line>,
    /// Where the next page begins.
    pub(in crate::lab) next: u64,
    /// Nothing more will come.
    pub(in crate::lab) is_last: bool,
}

// === impl Books ===

impl Books {
    pub(super) fn new() -> Self {
        Self { books: Arc::default(), written: watch::Sender::new(0) }
    }

    /// An instance begins to write; it and the one before are remembered.
    pub(super) fn begin(&self, name: &Name, instance: u32) {
        let mut books = self.lock();
        let books = books.entry(name.clone()).or_default();
        if books.len() > 1 {
            books.remove(0);
        }
        books.push(Book { instance, lines: VecDeque::new(), count: 0, is_over: false });
    }

    /// The instance that began last wrote a line.
    pub(super) fn add(&self, name: &Name, line: Line) {
        if let Some(book) = self.lock().get_mut(name).and_then(|books| books.last_mut()) {
            if book.lines.len() == REMEMBERED {
                book.lines.pop_front();
            }
            book.lines.push_back(line);
            book.count += 1;
        }
        self.announce();
    }

    /// The instance that began last will write no more.
    pub(super) fn end(&self, name: &Name) {
        if let Some(book) = self.lock().get_mut(name).and_then(|books| books.last_mut()) {
            book.is_over = true;
        }
        self.announce();
    }

    /// The pod is gone, and with it its lines.
    pub(super) fn forget(&self, pod: &str) {
        self.lock().retain(|(known, _), _| &**known != pod);
        self.announce();
    }

    /// What an instance has written after its first `from` lines. `None`: nothing is known of it.
    pub(in crate::lab) fn read(&self, pod: &str, container: &str, instance: u32, from: u64) -> Option<Page> {
        let books = self.lock();
        let books = books.get(&(Arc::from(pod), Arc::from(container)))?;
        let book = books.iter().find(|book| book.instance == instance)?;
        let forgotten = book.count - book.lines.len() as u64;
        let skip = usize::try_from(from.saturating_sub(forgotten)).unwrap_or(usize::MAX);
        let lines = book.lines.iter().skip(skip).cloned().collect();
        Some(Page { lines, next: book.count, is_last: book.is_over })
    }

    /// Changes with every line of any container.
    pub(in crate::lab) fn subscribe(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    fn announce(&self) {
        self.written.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Vec<Book>>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_an_instance_and_of_the_one_before_are_remembered() {
        let books = Books::new();
        let name: Name = ("n/p".into(), "c".into());
        let write = |text: &str| books.add(&name, Line { at: Duration::ZERO, text: text.into() });
        let read = |instance: u32, from: u64| {
            let page = books.read("n/p", "c", instance, from)?;
            let lines: Vec<_> = page.lines.iter().map(|line| line.text.to_string()).collect();
            Some((lines, page.next, page.is_last))
        };
        books.begin(&name, 0);
        write("lost");
        books.begin(&name, 1);
        for number in 0..=REMEMBERED {
            write(&number.to_string());
        }
        books.end(&name);
        books.begin(&name, 2);
        write("again");
        assert_eq!(read(0, 0), None);
        let (before, next, is_last) = read(1, 0).unwrap();
        assert_eq!((before.len(), before[0].as_str(), next, is_last), (REMEMBERED, "1", 1001, true));
        assert_eq!(read(1, 1000).unwrap().0, ["1000"]);
        assert_eq!(read(2, 0), Some((vec!["again".to_owned()], 1, false)));
        assert_eq!(read(2, 1), Some((vec![], 1, false)));
        books.forget("n/p");
        assert_eq!(read(2, 0), None);
    }
}
