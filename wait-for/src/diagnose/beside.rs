//! Diagnoses beside the watch, for as long as the target is not met.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Diagnosis;
use super::doctor::{Doctor, Found, Seen};
use super::schedule::Schedule;

/// What a diagnosis is about.
pub trait Bedside {
    /// Whether there is something to explain: not while the target is met, nor before anything is known of it.
    fn is_ill(&self) -> bool;
    /// Whether it is about to be given up.
    fn is_dying(&self) -> bool;
    /// The object to explain; what is found of it is of this moment.
    fn seen(&self) -> Option<Seen>;
    /// What was found, nothing included.
    fn diagnosed(&self, diagnosis: Option<Diagnosis>);
}

/// Explains `bedside` whenever that is due; a doctor is called for when it is first. `changed` is told of every change of
/// the target.
pub async fn stay(bedside: &impl Bedside, changed: &Notify, call: impl Fn() -> Doctor) -> ! {
    let mut doctor: Option<Box<Doctor>> = None;
    let start = Instant::now();
    let mut schedule = Schedule::default();
    let mut deadline = None;
    loop {
        if bedside.is_ill() {
            schedule.wait(start.elapsed());
            if bedside.is_dying() {
                schedule.urge();
            }
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
        let found = tokio::select! {
            found = doctor.get_or_insert_with(|| Box::new(call())).round(|| bedside.seen()) => found,
            // What is met needs no explanation, and gets none.
            () = met(bedside, changed, &mut schedule) => continue,
        };
        let now = start.elapsed();
        deadline = None;
        match found {
            Some(Found { diagnosis, is_same, is_doubted, is_fleeting, deadline: at }) => {
                deadline = at;
                schedule.made(now, is_same, is_doubted, is_fleeting);
                bedside.diagnosed(diagnosis);
            }
            None => schedule.made(now, true, false, false),
        }
    }
}

/// Ends when the target is met; remembers other changes for the round after.
async fn met(bedside: &impl Bedside, changed: &Notify, schedule: &mut Schedule) {
    loop {
        changed.notified().await;
        schedule.change();
        if !bedside.is_ill() {
            return;
        }
    }
}

/// A single look has no time to lose.
pub const ONCE: Duration = Duration::from_secs(3);
