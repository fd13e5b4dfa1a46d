//! Looks at a real dependency again and again.

use tokio::time;
use tracing::info;

use crate::dependency::Dependency;

/// Never returns. Between two looks the last result holds.
pub(crate) async fn watch(dependency: Dependency) {
    let Some(target) = &dependency.target else { return };
    loop {
        let looked = target.look(dependency.timeout).await;
        if dependency.set_down(looked.is_err()) {
            let why = looked.as_ref().err().map(ToString::to_string);
            info!(dependency = dependency.name, is_up = looked.is_ok(), why, "dependency changes");
        }
        time::sleep(dependency.period).await;
    }
}
