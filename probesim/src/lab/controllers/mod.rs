//! The controllers that a gate can see: pods from templates, statuses from pods.

use super::live::LiveStore;

/// Reconciles for ever.
#[allow(dead_code, reason = "the lab's command will run it")]
pub(super) async fn run(store: LiveStore) {
    let _ = store;
    std::future::pending::<()>().await;
}
