//! What it came to, when all is over.

use std::time::Duration;

use super::story::{ContainerStory, PodStory, Story};
use super::time::Short;
use crate::kubelet::{Kind, Role};

const HEADINGS: [&str; 8] =
    ["POD", "READY AFTER", "NOT READY", "LONGEST", "RESTARTS", "KILLED", "BACK-OFF", "PROBES (FAILED)"];
/// More pods than this are told by their workload alone.
const MOST_PODS: usize = 40;

/// The whole of it, line by line.
pub(super) fn summary(story: &Story) -> Vec<String> {
    let count = story.pods().len();
    let noun = if count == 1 { "pod" } else { "pods" };
    let mut lines = vec![format!("after {}: {count} {noun}", Short(story.now()))];
    if count == 0 {
        return lines;
    }
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    for (number, group) in story.groups().iter().enumerate() {
        let pods: Vec<&PodStory> = story.pods().iter().filter(|pod| pod.group == number).collect();
        if pods.len() > 1 {
            let name = format!("{} ({} pods)", story.shown(&group.name), pods.len());
            rows.push(row(name, &pods, story.now()));
        }
        if pods.len() == 1 || count <= MOST_PODS {
            let indent = if pods.len() > 1 { "  " } else { "" };
            let name = |pod: &PodStory| format!("{indent}{}", story.shown(&pod.name));
            rows.extend(pods.iter().map(|pod| row(name(pod), &[pod], story.now())));
        }
    }
    lines.extend(align(&rows));
    lines.extend(story.pods().iter().take(MOST_PODS).filter_map(|pod| gate(story, pod)));
    lines
}

fn row(name: String, pods: &[&PodStory], now: Duration) -> [String; 8] {
    let containers = || pods.iter().flat_map(|pod| &pod.containers);
    let sum = |count: fn(&ContainerStory) -> u32| -> u32 { containers().map(count).sum() };
    let slowest = pods.iter().map(|pod| pod.took()).max_by_key(|took| took.unwrap_or(Duration::MAX));
    let shares = pods.iter().filter_map(|pod| pod.ready.share(now));
    let worst = shares.max_by(f64::total_cmp);
    let down: Duration = pods.iter().map(|pod| pod.ready.down(now)).sum();
    let longest = pods.iter().map(|pod| pod.ready.longest(now)).max().unwrap_or_default();
    let backed_off: Duration = containers().map(|one| one.backed_off(now)).sum();
    [
        name,
        slowest.flatten().map_or("never".into(), |took| Short(took).to_string()),
        match worst {
            Some(worst) if !down.is_zero() => format!("{worst:.1}%, {}", Short(down)),
            Some(_) => "0%".into(),
            None => "-".into(),
        },
        time(longest),
        sum(|one| one.restarts).to_string(),
        killed(sum(|one| one.killed_by_liveness), sum(|one| one.killed_by_startup)),
        time(backed_off),
        probes(pods),
    ]
}

fn time(time: Duration) -> String {
    if time.is_zero() { "-".into() } else { Short(time).to_string() }
}

fn killed(liveness: u32, startup: u32) -> String {
    let told = [(liveness, "liveness"), (startup, "startup")];
    let told: Vec<String> =
        told.iter().filter(|(count, _)| *count > 0).map(|(count, by)| format!("{count} {by}")).collect();
    if told.is_empty() { "-".into() } else { told.join(", ") }
}

fn probes(pods: &[&PodStory]) -> String {
    let told = Kind::ALL.into_iter().filter_map(|kind| {
        let probes = || pods.iter().flat_map(|pod| &pod.containers).filter_map(|one| one.probe(kind));
        probes().next()?;
        let (made, failed, errored) = probes()
            .fold((0, 0, 0), |sum, probe| (sum.0 + probe.made, sum.1 + probe.failed, sum.2 + probe.errored));
        let failed = if failed > 0 { format!(" ({failed})") } else { String::new() };
        let errored = if errored > 0 { format!(" [{errored} errored]") } else { String::new() };
        Some(format!("{} {made}{failed}{errored}", kind.to_string().to_lowercase()))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "-".into() } else { told.join(", ") }
}

/// How long init containers held the pod back.
fn gate(story: &Story, pod: &PodStory) -> Option<String> {
    if !pod.holds_back() {
        return None;
    }
    let each = pod.containers.iter().filter(|one| one.role != Role::Regular).map(|one| {
        one.held().map_or(format!("{} not done", one.name), |held| format!("{} {}", one.name, Short(held)))
    });
    let each = each.collect::<Vec<_>>().join(", ");
    let opened = pod.opened.map_or("not open".to_owned(), |at| {
        format!("open {} after it was added", Short(at.saturating_sub(pod.added)))
    });
    Some(format!("{}: init containers: {each}; {opened}", story.shown(&pod.name)))
}

/// Columns as wide as what is in them.
fn align(rows: &[[String; 8]]) -> impl Iterator<Item = String> + '_ {
    let widths: [usize; 8] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    rows.iter().map(move |row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    })
}
