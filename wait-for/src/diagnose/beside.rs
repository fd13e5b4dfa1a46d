//! Diagnoses beside the watch, for as long as the target is not met.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Diagnosis;
use super::doctor::{Doctor, Found, Seen};
use super::schedule::Schedule;

/// What a diagnosis is about.
pub trait Bedside {
    /// The object to explain; nothing while the target is met, or before anything is known of it.
    fn seen(&self) -> Option<Seen>;
    /// What was found, nothing included.
    fn diagnosed(&self, diagnosis: Option<Diagnosis>);
}

/// Explains `bedside` whenever that is due. `changed` is told of every change of the target.
pub async fn stay(bedside: &impl Bedside, changed: &Notify, mut doctor: Doctor) -> ! {
    let start = Instant::now();
    let mut schedule = Schedule::default();
    let mut deadline = None;
    loop {
        if bedside.seen().is_some() {
            schedule.wait(start.elapsed());
        } else {
            schedule.rest();
            deadline = None;
        }
        let due = schedule.due().map(|due| start + due);
        let due = due.map(|due| deadline.map_or(due, |deadline: Instant| due.min(deadline)));
        tokio::select! {
            () = changed.notified() => {
                schedule.change();
                continue;
            }
            () = sleep_until(due.unwrap_or(start)), if due.is_some() => {}
        }
        let Some(seen) = bedside.seen() else { continue };
        let found = tokio::select! {
            found = doctor.round(seen) => found,
            // What is met needs no explanation, and gets none.
            () = met(bedside, changed, &mut schedule) => continue,
        };
        let now = start.elapsed();
        deadline = None;
        match found {
            Some(Found { diagnosis, is_same, is_doubted, deadline: at }) => {
                deadline = at;
                schedule.made(now, is_same, is_doubted);
                bedside.diagnosed(diagnosis);
            }
            None => schedule.made(now, true, false),
        }
    }
}

/// Ends when the target is met; remembers other changes for the round after.
async fn met(bedside: &impl Bedside, changed: &Notify, schedule: &mut Schedule) {
    loop {
        changed.notified().await;
        schedule.change();
        if bedside.seen().is_none() {
            return;
        }
    }
}

/// A single look has no time to lose.
pub const ONCE: Duration = Duration::from_secs(3);
