//! A thread that writes to stdout, so that a slow or stopped reader never stops the lab.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::say;

/// Pieces of text that wait to be written; what comes beyond is dropped.
const MOST_WAITING: usize = 4096;
/// How long the end of the run waits for what is still to be written.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// How often the end of the run looks for room.
const POLL: Duration = Duration::from_millis(20);

/// Takes text and returns at once.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` once nobody reads any more.
    sender: Option<SyncSender<String>>,
    /// Whether all of it could be.
    written: oneshot::Receiver<Result<(), ()>>,
    dropped: u64,
}

// === impl Writer ===

impl Writer {
    /// Writes to `out` from a thread of its own.
    pub(super) fn to(out: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::sync_channel(MOST_WAITING);
        let (done, written) = oneshot::channel();
        let thread = std::thread::Builder::new().name("stdout".into());
        let spawned = thread.spawn(move || {
            // A closed pipe ends printing, and nothing else; a full disk is said when it is met.
            let written = write_all(&receiver, out).or_else(|why| say::lost("the report", &why));
            drop(receiver);
            let _ = done.send(written);
        });
        if let Err(error) = spawned {
            say::trouble(format_args!("nothing will be shown: cannot start a thread: {error}"));
            return Self { sender: None, written, dropped: 0 };
        }
        Self { sender: Some(sender), written, dropped: 0 }
    }

    /// Writes a line, or drops it where too many wait. How many were dropped is told when there is room again.
    pub(super) fn line(&mut self, line: String) {
        if self.dropped > 0 {
            let note = format!("… {} lines left out: they came faster than they were read\n", self.dropped);
            if !self.try_send(note) {
                self.dropped += 1;
                return;
            }
            self.dropped = 0;
        }
        if !self.try_send(line + "\n") {
            self.dropped += 1;
        }
    }

    /// Draws a frame, or leaves it out: another one follows. Returns whether it was taken.
    pub(super) fn frame(&mut self, text: String) -> bool {
        self.try_send(text)
    }

    /// Writes what must not be left out, and waits until all is written, but not for ever. Fails where it could not be,
    /// which has been said; a reader who went away or hangs is no failure.
    pub(super) async fn finish(mut self, closing: String) -> Result<(), ()> {
        let all_written = async {
            while !self.try_send(closing.clone()) {
                tokio::time::sleep(POLL).await;
            }
            self.sender = None;
            // Without a thread there is nobody to answer.
            (&mut self.written).await.unwrap_or(Ok(()))
        };
        tokio::time::timeout(LAST_WAIT, all_written).await.unwrap_or(Ok(()))
    }

    fn try_send(&mut self, text: String) -> bool {
        let Some(sender) = &self.sender else { return true };
        match sender.try_send(text) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(TrySendError::Disconnected(_)) => {
                self.sender = None;
                true
            }
        }
    }
}

/// Flushes whenever nothing more waits.
fn write_all(texts: &Receiver<String>, mut out: impl Write) -> io::Result<()> {
    while let Ok(text) = texts.recv() {
        out.write_all(text.as_bytes())?;
        for text in texts.try_iter() {
            out.write_all(text.as_bytes())?;
        }
        out.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::super::tests::Buffer;
    use super::*;

    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Tells when something is about to be written.
    struct Telling {
        began: mpsc::Sender<()>,
        out: Buffer,
    }

    impl Write for Telling {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.began.send(());
            self.out.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_reader_that_hangs_costs_lines_and_holds_nobody_up() {
        let written = Buffer::default();
        let (began, begins) = mpsc::channel();
        let mut writer;
        {
            let _hangs = written.0.lock().expect("not poisoned");
            writer = Writer::to(Telling { began, out: written.clone() });
            writer.line("0".into());
            // Until it hangs it may make room for a note at any time.
            begins.recv().expect("the thread writes");
            for number in 1..2 * MOST_WAITING {
                writer.line(number.to_string());
            }
            assert_eq!(writer.dropped, MOST_WAITING as u64 - 1);
        }
        assert_eq!(writer.finish("the end\n".into()).await, Ok(()));
        let text = written.text();
        assert!(text.starts_with("0\n1\n2\n"), "{text:.20}");
        assert!(text.ends_with("\nthe end\n") && text.lines().count() <= MOST_WAITING + 2);
    }

    #[tokio::test]
    async fn a_closed_stdout_ends_printing_quietly() {
        let mut writer = Writer::to(Refusing(ErrorKind::BrokenPipe));
        for number in 0..3 * MOST_WAITING {
            writer.line(number.to_string());
        }
        assert_eq!(writer.finish(String::new()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_full_disk_is_a_failure() {
        let mut writer = Writer::to(Refusing(ErrorKind::StorageFull));
        writer.line("1".into());
        assert_eq!(writer.finish(String::new()).await, Err(()));
    }
}
