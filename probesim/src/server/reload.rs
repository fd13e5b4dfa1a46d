//! Reads the file's faults again when it changes.

use std::convert::Infallible;
use std::future;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio::time;
use tracing::{info, warn};

use super::engine::Engine;
use crate::config::Config;
use crate::load;
use crate::plan::spec::Spec;
use crate::yaml::Node;

/// How often it is looked at. A ConfigMap takes up to a minute to arrive anyway:
/// <https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically>.
const PERIOD: Duration = Duration::from_secs(1);

/// What tells one state of a file from another. A ConfigMap's file is behind a symbolic link that is swapped, so
/// the inode changes, and the time may even go back.
type Stamp = (u64, u64, Option<SystemTime>);

/// Watches the file, if there is one, for ever.
pub(crate) async fn watch(config: &Config, engine: &Engine) -> Infallible {
    let Some(path) = &config.file else { return future::pending().await };
    // The faults of the settings stay; those of the file begin after them.
    let settings: Vec<Spec> = engine.fixed().into_iter().filter(|spec| !spec.is_of_file).collect();
    let mut seen = stamp(path);
    let mut text = std::fs::read_to_string(path).ok();
    loop {
        time::sleep(PERIOD).await;
        let now = stamp(path);
        if now.is_none() || now == seen {
            continue;
        }
        seen = now;
        let Ok(new) = std::fs::read_to_string(path) else { continue };
        if text.as_ref() == Some(&new) {
            continue;
        }
        match faults(&new, engine) {
            Ok(faults) => {
                info!(file = %path.display(), faults = faults.len(), "reloaded");
                engine.reload(settings.iter().cloned().chain(faults).collect());
            }
            Err(problems) => {
                for problem in problems {
                    warn!(file = %path.display(), %problem, "not reloaded: the old plan stays");
                }
            }
        }
        text = Some(new);
    }
}

fn faults(text: &str, engine: &Engine) -> Result<Vec<Spec>, Vec<String>> {
    let node = Node::parse(text).map_err(|problems| vec![problems.to_string()])?;
    let specs = load::file_faults(&node, engine.endpoints())?;
    let limits = engine.limits();
    let wrong: Vec<_> =
        specs.iter().filter_map(|spec| limits.check(spec).err()).map(|(_, why)| why).collect();
    if wrong.is_empty() { Ok(specs) } else { Err(wrong) }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.modified().ok()))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::super::engine::Setup;
    use super::*;

    #[test]
    fn a_broken_file_is_refused_with_its_lines() {
        let engine = Engine::new(Setup::default(), 1, Instant::now());
        assert_eq!(faults("faults: {on: liveness}", &engine).unwrap().len(), 1);
        assert!(faults("", &engine).unwrap().is_empty());
        for (text, expected) in [
            ("faults: [", "line "),
            ("faults:\n- {on: liveness, rte: 1}", "line 2: faults[0].rte: unknown"),
            ("faults: {on: startup, starts: 1}", "fault \"fault-1\" has `starts`"),
            ("faults: {on: process, memory: 2Gi}", "fault \"fault-1\": 2Gi is above the limit"),
        ] {
            let problems = faults(text, &engine).unwrap_err();
            assert!(problems[0].starts_with(expected), "{problems:?}");
        }
    }
}
