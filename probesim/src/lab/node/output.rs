//! What containers write: told to views or kept in files, and the last lines of each remembered.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::teller::Teller;
use crate::lab::happening::Fact;

/// So many lines of each instance of a container are remembered.
const REMEMBERED: usize = 1000;

/// The lines of all containers; clones share them.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Logs {
    books: Arc<Mutex<HashMap<Name, Book>>>,
    /// Changes with every line.
    written: watch::Sender<u64>,
    /// `--logs`.
    directory: Option<Arc<Path>>,
    /// Pods of this namespace are called by their names alone.
    namespace: Arc<str>,
    teller: Teller,
}

/// A container: `namespace/pod`, and its name.
type Name = (Arc<str>, Arc<str>);

/// What one container has written.
#[derive(Debug, Default)]
struct Book {
    current: Lines,
    previous: Option<Lines>,
    file: Option<Arc<File>>,
}

/// The last lines of an instance.
#[derive(Clone, Debug, Default)]
struct Lines {
    lines: VecDeque<Arc<str>>,
    /// How many there have been.
    count: u64,
    is_over: bool,
}

/// Where one instance writes to.
#[derive(Clone, Debug)]
pub(super) struct Output {
    logs: Logs,
    name: Name,
}

// === impl Logs ===

impl Logs {
    pub(in crate::lab) fn new(directory: Option<PathBuf>, namespace: &str, teller: Teller) -> Self {
        Self {
            books: Arc::default(),
            written: watch::Sender::new(0),
            directory: directory.map(Arc::from),
            namespace: namespace.into(),
            teller,
        }
    }

    /// An instance of a container begins to write.
    pub(super) fn begin(&self, pod: &Arc<str>, container: &Arc<str>) -> std::io::Result<Output> {
        let name = (pod.clone(), container.clone());
        let mut books = self.lock();
        let book = books.entry(name.clone()).or_default();
        if book.file.is_none()
            && let Some(directory) = &self.directory
        {
            let path = directory.join(file_name(&self.namespace, pod, container));
            book.file = Some(Arc::new(File::create(path)?));
        }
        if book.current.count > 0 || book.current.is_over {
            book.previous = Some(std::mem::take(&mut book.current));
        }
        drop(books);
        Ok(Output { logs: self.clone(), name })
    }

    /// The instance that writes, or wrote last, will write no more.
    pub(super) fn end(&self, pod: &Arc<str>, container: &Arc<str>) {
        if let Some(book) = self.lock().get_mut(&(pod.clone(), container.clone())) {
            book.current.is_over = true;
        }
        self.announce();
    }

    /// What an instance has written after its first `from` lines, how many lines there have been, and whether
    /// it has ended. `None`: there is no such instance.
    pub(in crate::lab) fn read(
        &self,
        pod: &str,
        container: &str,
        is_previous: bool,
        from: u64,
    ) -> Option<(Vec<Arc<str>>, u64, bool)> {
        let books = self.lock();
        let book = books.get(&(Arc::from(pod), Arc::from(container)))?;
        let lines = if is_previous { book.previous.as_ref()? } else { &book.current };
        let forgotten = lines.count - lines.lines.len() as u64;
        let skip = usize::try_from(from.saturating_sub(forgotten)).unwrap_or(usize::MAX);
        Some((lines.lines.iter().skip(skip).cloned().collect(), lines.count, lines.is_over))
    }

    /// Changes with every line of any container.
    pub(in crate::lab) fn subscribe(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// The pod is gone, and with it its lines.
    pub(super) fn forget(&self, pod: &Arc<str>) {
        self.lock().retain(|(known, _), _| known != pod);
        self.announce();
    }

    fn announce(&self) {
        self.written.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Output ===

impl Output {
    /// Takes one line, without its end.
    pub(super) fn line(&self, line: &str) {
        let line: Arc<str> = line.into();
        let file = self.logs.lock().get_mut(&self.name).and_then(|book| {
            book.current.push(line.clone());
            book.file.clone()
        });
        self.logs.announce();
        let (pod, container) = self.name.clone();
        match file {
            // A full disk must not stop the container.
            Some(file) => drop(writeln!(&*file, "{line}")),
            None if self.logs.directory.is_some() => {}
            None => self.logs.teller.tell(Fact::Output { pod, container, line }),
        }
    }
}

// === impl Lines ===

impl Lines {
    fn push(&mut self, line: Arc<str>) {
        if self.lines.len() == REMEMBERED {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        self.count += 1;
    }
}

/// `POD-CONTAINER.log`; pods of other namespaces begin with theirs.
fn file_name(namespace: &str, pod: &str, container: &str) -> String {
    let own = pod.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('/'));
    format!("{}-{container}.log", own.unwrap_or(pod).replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_the_pod_and_the_container() {
        assert_eq!(file_name("shop", "shop/web-0", "main"), "web-0-main.log");
        assert_eq!(file_name("shop", "shopping/web-0", "main"), "shopping-web-0-main.log");
    }

    #[test]
    fn the_last_lines_of_an_instance_and_of_the_one_before_are_remembered() {
        let (views, mut told) = tokio::sync::mpsc::unbounded_channel();
        let logs = Logs::new(None, "n", Teller::new(tokio::time::Instant::now(), views));
        let (pod, container): (Arc<str>, Arc<str>) = ("n/p".into(), "c".into());
        let first = logs.begin(&pod, &container).unwrap();
        for number in 0..=REMEMBERED {
            first.line(&number.to_string());
        }
        logs.end(&pod, &container);
        assert!(matches!(told.try_recv().unwrap().fact, Fact::Output { line, .. } if &*line == "0"));
        logs.begin(&pod, &container).unwrap().line("again");
        let lines = |is_previous: bool| -> Vec<String> {
            let (lines, ..) = logs.read(&pod, &container, is_previous, 0).unwrap();
            lines.iter().map(|line| line.to_string()).collect()
        };
        assert_eq!(lines(false), ["again"]);
        let before = lines(true);
        assert_eq!((before.len(), before[0].as_str()), (REMEMBERED, "1"));
        logs.forget(&pod);
        assert!(logs.read(&pod, &container, false, 0).is_none());
    }
}
