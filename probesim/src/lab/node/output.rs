//! What containers write: remembered, and told to views or kept in files.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::books::{Books, Line, Name};
use super::teller::Teller;
use crate::kubelet::Instance;
use crate::lab::happening::Fact;
use crate::lab::store::live::LiveStore;
use crate::say;
use crate::system_error::describe;

/// Where the lines of all containers go; clones share it.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Logs {
    books: Books,
    files: Option<Arc<Files>>,
    /// The clock of what is stamped.
    store: LiveStore,
    teller: Teller,
    loss: Loss,
}

/// Whether something could not be written, which is said once.
#[derive(Clone, Debug, Default)]
pub(in crate::lab) struct Loss(Arc<AtomicBool>);

/// `--logs`.
#[derive(Debug)]
struct Files {
    directory: PathBuf,
    /// Pods of this namespace are called by their names alone.
    namespace: String,
    open: Mutex<HashMap<Name, Arc<File>>>,
}

/// Where one instance writes to.
#[derive(Clone, Debug)]
pub(super) struct Output {
    logs: Logs,
    name: Name,
    file: Option<Arc<File>>,
}

// === impl Logs ===

impl Logs {
    /// Lines go to files in `directory`, or to the views.
    pub(in crate::lab) fn new(
        directory: Option<&Path>,
        namespace: &str,
        store: LiveStore,
        teller: Teller,
    ) -> Self {
        let files = directory.map(|directory| {
            let (directory, namespace) = (directory.to_owned(), namespace.to_owned());
            Arc::new(Files { directory, namespace, open: Mutex::default() })
        });
        Self { books: Books::new(), files, store, teller, loss: Loss::default() }
    }

    /// What is remembered.
    pub(in crate::lab) fn books(&self) -> &Books {
        &self.books
    }

    /// Whether a line could not be written to its file, from now to the end.
    pub(in crate::lab) fn loss(&self) -> Loss {
        self.loss.clone()
    }

    fn lost(&self, why: &io::Error) {
        let Some(files) = &self.files else { return };
        if !self.loss.0.swap(true, Ordering::Relaxed) {
            let (directory, why) = (files.directory.display(), describe(why));
            say::trouble(format_args!(
                "cannot write all that containers print to {directory}: {why} (see --logs)"
            ));
        }
    }

    /// An instance of a container begins to write.
    pub(super) fn begin(
        &self,
        pod: &Arc<str>,
        container: &Arc<str>,
        instance: Instance,
    ) -> io::Result<Output> {
        let name = (pod.clone(), container.clone());
        let file = self.files.as_ref().map(|files| files.open(&name)).transpose()?;
        self.books.begin(&name, instance.restart_count());
        Ok(Output { logs: self.clone(), name, file })
    }

    /// The instance that writes, or wrote last, will write no more.
    pub(super) fn end(&self, pod: &Arc<str>, container: &Arc<str>) {
        self.books.end(&(pod.clone(), container.clone()));
    }
}

// === impl Loss ===

impl Loss {
    pub(in crate::lab) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

// === impl Files ===

impl Files {
    /// The file of a container: empty for its first instance, the same for all others.
    fn open(&self, name: &Name) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(name) {
            return Ok(file.clone());
        }
        let path = self.directory.join(file_name(&self.namespace, &name.0, &name.1));
        let file = Arc::new(File::create(path)?);
        open.insert(name.clone(), file.clone());
        Ok(file)
    }
}

// === impl Output ===

impl Output {
    /// Takes one line, without its end.
    pub(super) fn line(&self, line: &str) {
        let text: Arc<str> = line.into();
        self.logs.books.add(&self.name, Line { at: self.logs.store.now(), text: text.clone() });
        let (pod, container) = self.name.clone();
        match &self.file {
            // A full disk must not stop the container.
            Some(file) => {
                if let Err(why) = (&**file).write_all(format!("{text}\n").as_bytes()) {
                    self.logs.lost(&why);
                }
            }
            None => self.logs.teller.tell(Fact::Output { pod, container, line: text }),
        }
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
}
