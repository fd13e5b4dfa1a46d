//! A child process: what it says, line by line as it comes, and how it ends.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// No process of a test runs longer.
const LIMIT: Duration = Duration::from_secs(75);
/// A gate says something at least every 30 s.
const SILENCE: Duration = Duration::from_secs(40);

/// A process that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    said: watch::Receiver<Vec<Line>>,
    readers: JoinSet<()>,
    began: Instant,
}

/// A line that it wrote.
#[derive(Clone, Debug)]
pub struct Line {
    /// To stdout, not to stderr.
    pub is_result: bool,
    /// Without its end.
    pub text: String,
    /// When it came, since the start of the process.
    pub after: Duration,
}

/// A process that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; `None` when a signal killed it.
    pub code: Option<i32>,
    /// How long it ran.
    pub after: Duration,
    /// All it said.
    pub lines: Vec<Line>,
}

// === impl Process ===

impl Process {
    /// Starts a command with an environment of its own: only what the command itself says.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Self {
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let (say, said) = watch::channel(Vec::new());
        let mut readers = JoinSet::new();
        readers.spawn(read(child.stdout.take(), true, began, say.clone()));
        readers.spawn(read(child.stderr.take(), false, began, say));
        Self { child, said, readers, began }
    }

    /// The first line with `text` in it, now or once it comes.
    ///
    /// # Panics
    /// When it ends without, or does not say so in a long time.
    pub async fn until_says(&self, text: &str) -> Line {
        let mut said = self.said.clone();
        let is_it = |line: &&Line| line.text.contains(text);
        let found = timeout(SILENCE, said.wait_for(|lines| lines.iter().any(|line| is_it(&line)))).await;
        if let Ok(Ok(lines)) = found
            && let Some(line) = lines.iter().find(is_it)
        {
            return line.clone();
        }
        panic!("it never said {text:?}:\n{}", Lines(&self.said.borrow()))
    }

    /// What it has said so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.said.borrow().clone()
    }

    /// Its end.
    ///
    /// # Panics
    /// When it does not end in a long time.
    pub async fn ended(mut self) -> Ended {
        let Ok(status) = timeout(LIMIT, self.child.wait()).await else {
            panic!("it did not end within {LIMIT:?}:\n{}", Lines(&self.said.borrow()));
        };
        let after = self.began.elapsed();
        while self.readers.join_next().await.is_some() {}
        let code = status.expect("a child that can be waited for").code();
        Ended { code, after, lines: self.said.borrow().clone() }
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id()), signal).expect("a process that runs");
    }

    /// Its number.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.child.id().and_then(|id| i32::try_from(id).ok()).expect("a process that runs")
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// When the system does not tell.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }
}

async fn read<R: AsyncRead + Unpin>(
    stream: Option<R>,
    is_result: bool,
    began: Instant,
    say: watch::Sender<Vec<Line>>,
) {
    let Some(stream) = stream else { return };
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(text)) = lines.next_line().await {
        say.send_modify(|said| said.push(Line { is_result, text, after: began.elapsed() }));
    }
}

// === impl Ended ===

impl Ended {
    /// Claims that it ended with this code.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code; {self}");
        self
    }

    /// Claims that a line has this text in it, whatever the case of its letters.
    ///
    /// # Panics
    /// When none has.
    #[track_caller]
    pub fn saying(self, text: &str) -> Self {
        let wanted = text.to_lowercase();
        let is_said = self.lines.iter().any(|line| line.text.to_lowercase().contains(&wanted));
        assert!(is_said, "nothing of {text:?}; {self}");
        self
    }

    /// Claims that no line has this text in it.
    ///
    /// # Panics
    /// When one has.
    #[track_caller]
    pub fn not_saying(self, text: &str) -> Self {
        let is_said = self.lines.iter().any(|line| line.text.contains(text));
        assert!(!is_said, "{text:?} was not to be said; {self}");
        self
    }

    /// Claims that it ended between these moments, in seconds since its start.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn between(self, earliest: f64, latest: f64) -> Self {
        let after = self.after.as_secs_f64();
        assert!((earliest..=latest).contains(&after), "not after {earliest} s to {latest} s; {self}");
        self
    }

    /// The lines of stdout.
    #[must_use]
    pub fn results(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| line.is_result).map(|line| line.text.as_str()).collect()
    }

    /// The lines of stderr.
    #[must_use]
    pub fn log(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| !line.is_result).map(|line| line.text.as_str()).collect()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ended with {:?} after {:.2?}:\n{}", self.code, self.after, Lines(&self.lines))
    }
}

/// All that was said, as a failed test shows it.
struct Lines<'a>(&'a [Line]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| {
            let stream = if line.is_result { "out" } else { "err" };
            writeln!(f, "  {:6.2}s {stream} {}", line.after.as_secs_f64(), line.text)
        })
    }
}
