//! How everything stands, as rows that fit the terminal.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::line::{Columns, InColumns, Line, Tone};
use super::super::story::{ContainerStory, PodStory, ProbeStory, Standing, Story};
use super::super::time::Short;
use super::super::words;
use super::paint::{Paint, Row, Style};
use super::screen::Size;
use crate::kubelet::{Outcome, Role};

/// Everything that a frame shows.
pub(super) struct Frame<'a> {
    pub(super) story: &'a Story,
    pub(super) lines: &'a VecDeque<Line>,
    pub(super) columns: Columns,
    pub(super) size: Size,
    pub(super) style: Style,
    pub(super) limit: Option<Duration>,
}

/// How much is told of a pod, most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// A row for each probe.
    Probes,
    /// A row for each container, its probes beside each other.
    Containers,
    /// One row.
    Pod,
}

// === impl Frame ===

impl Frame<'_> {
    /// The rows with their widths; one row of the terminal is left for the cursor.
    pub(super) fn rows(&self) -> Vec<(usize, String)> {
        let height = self.size.rows.saturating_sub(1);
        let mut rows = vec![self.header()];
        let for_lines = self.lines.len().min(height / 3);
        rows.extend(self.pods(height.saturating_sub(for_lines + 2)));
        let left = height.saturating_sub(rows.len() + 1);
        if left > 0 && !self.lines.is_empty() {
            rows.push(Row::default().and(Paint::Dim, "─".repeat(self.size.columns)));
            let last = self.lines.len().saturating_sub(left);
            rows.extend(self.lines.iter().skip(last).map(|line| {
                let paint = match line.tone {
                    Tone::Plain => Paint::Plain,
                    Tone::Good => Paint::Good,
                    Tone::Warning => Paint::Warning,
                    Tone::Bad => Paint::Bad,
                };
                Row::default().and(paint, InColumns(line, self.columns).to_string())
            }));
        }
        rows.truncate(height.max(1));
        let render =
            |row: &Row| (row.width().min(self.size.columns), row.render(self.size.columns, self.style));
        rows.iter().map(render).collect()
    }

    fn header(&self) -> Row {
        let now = self.story.now();
        let limit = self.limit.map_or(String::new(), |limit| format!(" of {}", Short(limit)));
        let pods = || self.story.pods().iter().filter(|pod| pod.gone.is_none());
        let ready = pods().filter(|pod| pod.standing == Standing::Ready).count();
        let restarts: u32 =
            self.story.pods().iter().flat_map(|pod| &pod.containers).map(|one| one.restarts).sum();
        let all = pods().count();
        let paint = if ready == all { Paint::Good } else { Paint::Warning };
        Row::default()
            .and(Paint::Bold, "probesim lab")
            .and(Paint::Plain, format!("  {}{limit}  ", Short(now)))
            .and(paint, format!("{ready}/{all} pods Ready"))
            .and(Paint::Plain, format!("  restarts {restarts}"))
    }

    /// The pods that are there, in as much detail as there is room for.
    fn pods(&self, height: usize) -> Vec<Row> {
        let pods: Vec<&PodStory> = self.story.pods().iter().filter(|pod| pod.gone.is_none()).collect();
        for detail in [Detail::Probes, Detail::Containers] {
            let rows: Vec<Row> = pods.iter().flat_map(|pod| self.pod(pod, detail)).collect();
            if rows.len() <= height {
                return rows;
            }
        }
        let shown = if pods.len() > height { height.saturating_sub(1) } else { pods.len() };
        let mut rows: Vec<Row> = pods[..shown].iter().flat_map(|pod| self.pod(pod, Detail::Pod)).collect();
        if shown < pods.len() && height > 0 {
            rows.push(Row::default().and(Paint::Dim, format!("… and {} more pods", pods.len() - shown)));
        }
        rows
    }

    fn pod(&self, pod: &PodStory, detail: Detail) -> Vec<Row> {
        let (mark, paint) = mark(pod.standing);
        let since = Short(self.story.now().saturating_sub(pod.since));
        let mut row = Row::default()
            .and(paint, format!("{mark} "))
            .and(Paint::Bold, self.story.shown(&pod.name))
            .and(Paint::Plain, "  ")
            .and(paint, format!("{} {since}", pod.standing.name()));
        if let Some(workload) = &pod.workload {
            row = row.and(Paint::Dim, format!("  {workload}"));
        }
        if detail == Detail::Pod {
            for one in pod.containers.iter().filter(|one| one.role != Role::Init || pod.opened.is_none()) {
                row = row.and(Paint::Plain, format!("  {}: {}", one.name, self.state(one)));
            }
            return vec![row];
        }
        let mut rows = vec![row];
        for one in &pod.containers {
            let is_done = one.role == Role::Init && one.done.is_some() && pod.opened.is_some();
            if !is_done {
                rows.extend(self.container(one, detail));
            }
        }
        rows
    }

    fn container(&self, one: &ContainerStory, detail: Detail) -> Vec<Row> {
        let paint = mark(one.standing).1;
        let mut row = Row::default()
            .and(Paint::Plain, format!("    {}  ", one.name))
            .and(if paint == Paint::Good { Paint::Plain } else { paint }, self.state(one));
        if detail == Detail::Containers {
            for probe in &one.probes {
                let kind = probe.terms.kind.to_string().to_lowercase();
                row = strip(row.and(Paint::Dim, format!("  {kind} ")), probe, 10);
                row = row.and(Paint::Plain, format!(" {}", run(probe)));
            }
            return vec![row];
        }
        let mut rows = vec![row];
        for probe in &one.probes {
            let kind = probe.terms.kind.to_string().to_lowercase();
            let row = Row::default()
                .and(Paint::Dim, format!("      {kind:<10}"))
                .and(Paint::Plain, format!("{:<8}", run(probe)));
            let width = self.size.columns.saturating_sub(row.width() + 1);
            rows.push(strip(row, probe, width));
        }
        rows
    }

    /// `ready 12s, restarts 2`, `back-off, 8s left`.
    fn state(&self, one: &ContainerStory) -> String {
        let now = self.story.now();
        let since = Short(now.saturating_sub(one.since));
        let ended = one.ended.map(|(_, code)| words::exit_code(code)).unwrap_or_default();
        let state = match one.standing {
            Standing::BackOff => {
                let left = one.back_off_left(now).unwrap_or_default();
                format!("back-off, {} left; exited with {ended}", Short(left))
            }
            Standing::Failed | Standing::Done => format!("exited with {ended}"),
            Standing::Starting if one.role == Role::Init => format!("runs {since}"),
            Standing::Ready => format!("ready {since}"),
            Standing::NotReady => format!("not ready {since}"),
            other => format!("{} {since}", other.name()),
        };
        let restarts = if one.restarts > 0 { format!(", restarts {}", one.restarts) } else { String::new() };
        state + &restarts
    }
}

const fn mark(standing: Standing) -> (char, Paint) {
    match standing {
        Standing::Ready => ('✓', Paint::Good),
        Standing::Done => ('✓', Paint::Dim),
        Standing::Waiting | Standing::Starting => ('…', Paint::Warning),
        Standing::NotReady | Standing::BackOff | Standing::Failed => ('✗', Paint::Bad),
        Standing::Stopping => ('…', Paint::Dim),
    }
}

/// The current run and how long it has to be.
fn run(probe: &ProbeStory) -> String {
    match probe.run {
        None => "-".to_owned(),
        Some((is_success, run)) => {
            let mark = if is_success { '✓' } else { '✗' };
            let needed = probe.threshold(is_success);
            if run < needed { format!("{mark} {run}/{needed}") } else { format!("{mark} {run}") }
        }
    }
}

/// The last outcomes, the newest at the right.
fn strip(mut row: Row, probe: &ProbeStory, width: usize) -> Row {
    let newest = probe.recent.iter().skip(probe.recent.len().saturating_sub(width));
    let mut piece = (Paint::Plain, String::new());
    for outcome in newest {
        let (paint, mark) = match outcome {
            Outcome::Success => (Paint::Good, '✓'),
            Outcome::Warning => (Paint::Warning, '!'),
            Outcome::Failure => (Paint::Bad, '✗'),
            Outcome::Error(_) => (Paint::Warning, '?'),
        };
        if piece.0 != paint && !piece.1.is_empty() {
            row = row.and(piece.0, std::mem::take(&mut piece.1));
        }
        piece.0 = paint;
        piece.1.push(mark);
    }
    row.and(piece.0, piece.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::tests::{minute, story};

    fn frame(columns: usize, rows: usize) -> Vec<String> {
        let happenings: Vec<_> = minute().into_iter().filter(|it| it.at <= Duration::from_secs(24)).collect();
        let line = |second, text: &str| Line {
            at: Duration::from_secs(second),
            who: "web-0".into(),
            part: "app".into(),
            text: text.into(),
            tone: Tone::Plain,
        };
        let frame = Frame {
            story: &story(&happenings, 24),
            lines: &VecDeque::from([line(1, "one"), line(2, "two"), line(3, "three")]),
            columns: Columns::default(),
            size: Size { columns, rows },
            style: Style { has_colour: false, is_utf8: true },
            limit: Some(Duration::from_secs(60)),
        };
        frame.rows().into_iter().map(|(_, row)| row).collect()
    }

    #[test]
    fn with_room_every_probe_has_a_row() {
        let expected = "probesim lab  24s of 1m  1/3 pods Ready  restarts 2
✗ web-0  not Ready 0.996s  statefulset/web
    app  not ready 0.996s
      startup   ✓ 1     ✗✗✓
      readiness ✗ 3     ✓✓✓✓✓✓✓✓✗✗✗
      liveness  ✓ 3     ✓✓✓
✓ db-0  Ready 22.8s  statefulset/db
    app  ready 22.8s
      readiness ✓ 13    ✓✓✓✓✓✓✓✓✓✓✓✓✓
✗ crash  not Ready 2.7s
    app  back-off, 17.3s left; exited with 1, restarts 2
      readiness ✓ 9     ✓✓✓✓✓✓✓✓✓
────────────────────────────────────────────────────────────
    1.000s  web-0  app  one
    2.000s  web-0  app  two
    3.000s  web-0  app  three";
        assert_eq!(frame(60, 24), expected.lines().collect::<Vec<_>>());
    }

    #[test]
    fn with_less_room_there_is_less_detail() {
        let rows = frame(30, 13);
        assert_eq!(rows[2], "    app  not ready 0.996s  sta", "{rows:#?}");
        assert_eq!(rows.len(), 11);
        let rows = frame(70, 8);
        assert_eq!(rows[1], "✗ web-0  not Ready 0.996s  statefulset/web  app: not ready 0.996s");
        assert_eq!(
            rows[4..],
            [&"─".repeat(70), "    2.000s  web-0  app  two", "    3.000s  web-0  app  three"]
        );
        let rows = frame(70, 5);
        assert_eq!(rows[1..3], ["… and 3 more pods", &"─".repeat(70)]);
    }

    #[test]
    fn no_frame_is_larger_than_its_terminal() {
        for rows in 0..30 {
            for columns in [0, 1, 20, 80, 200] {
                let frame = frame(columns, rows);
                assert!(frame.len() <= rows.saturating_sub(1).max(1), "{columns}x{rows}: {}", frame.len());
                assert!(frame.iter().all(|row| row.chars().count() <= columns), "{columns}x{rows}");
            }
        }
    }
}
