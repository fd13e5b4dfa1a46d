//! Loads the process as its plan says: memory, processor time, pauses.

mod memory;
mod processor;

use std::convert::Infallible;
use std::future;
use std::sync::Arc;
use std::thread;

use tokio::time;
use tracing::{info, warn};

use super::engine::Engine;
use crate::plan::Injection;
use crate::plan::process::Held;
use memory::Ballast;
use processor::Burners;

/// Follows the plan for ever.
pub(super) async fn follow(engine: &Engine) -> Infallible {
    let mut changes = engine.changes();
    let (mut ballast, mut burners) = (Ballast::default(), Burners::default());
    let mut before = Held::default();
    let mut stalled: Vec<Arc<Injection>> = vec![];
    loop {
        changes.mark_unchanged();
        let (plan, uptime) = (engine.plan(), engine.uptime());
        let (now, goal, _) = plan.held(uptime);
        if goal != before {
            info!(memory_bytes = goal.memory, cpu_millicores = goal.millicores, "load changes");
            before = goal;
        }
        ballast.hold(now.memory);
        burners.take(now.millicores);
        let open: Vec<_> = plan.stalls(uptime).map(|(fault, time)| (Arc::clone(fault), time)).collect();
        for (fault, time) in &open {
            if !stalled.iter().any(|earlier| Arc::ptr_eq(earlier, fault)) {
                warn!(fault = fault.name, ?time, "the serving thread stalls");
                fault.count_hit();
                // The very thing: nothing else runs on this thread meanwhile.
                thread::sleep(*time);
            }
        }
        stalled = open.into_iter().map(|(fault, _)| fault).collect();
        let uptime = engine.uptime();
        let (.., next) = plan.held(uptime);
        let until_next = async {
            match next {
                Some(next) => time::sleep(next.saturating_sub(uptime)).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            () = until_next => {}
            _ = changes.changed() => {}
        }
    }
}
