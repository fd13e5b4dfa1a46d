//! Reads the file's faults again when it changes.

use std::convert::Infallible;
use std::fs::Metadata;
use std::future;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use tokio::time;
use tracing::{info, warn};

use super::engine::Engine;
use crate::bounded;
use crate::config::Config;
use crate::load;
use crate::plan::spec::Spec;
use crate::system_error::describe;
use crate::yaml::Node;

/// How often it is looked at. A ConfigMap takes up to a minute to arrive anyway:
/// <https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically>.
const PERIOD: Duration = Duration::from_secs(1);

/// A file that has not come by then hangs, as those of a lost server do, which is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// What tells one state of a file from another. A ConfigMap's file is behind a symbolic link that is swapped, so
/// the inode changes, and the time may even go back; the time of the last change of the inode cannot be set.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

/// What a look at the file brings.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Look {
    /// It is as it was.
    Same,
    /// It has another text, or cannot be read.
    New(Stamp, Result<String, String>),
    /// There is none.
    Gone(String),
}

/// Watches the file, if there is one, for ever.
pub(crate) async fn watch(config: &Config, engine: &Engine) -> Infallible {
    let Some(path) = &config.file else { return future::pending().await };
    // The faults of the settings stay; those of the file begin after them.
    let settings: Vec<Spec> = engine.fixed().into_iter().filter(|spec| !spec.is_of_file).collect();
    let mut seen = None;
    // What is in force, or was refused.
    let mut known: Option<Result<String, String>> = None;
    loop {
        let problems = match look(path, seen).await {
            Look::Same => vec![],
            Look::Gone(why) if known == Some(Err(why.clone())) => vec![],
            Look::Gone(why) => {
                seen = None;
                known = Some(Err(why.clone()));
                vec![why]
            }
            Look::New(stamp, text) => {
                seen = Some(stamp);
                let is_first = known.is_none();
                let is_known = known.as_ref() == Some(&text);
                known = Some(text.clone());
                match text {
                    // The server has begun with it.
                    _ if is_first || is_known => vec![],
                    Err(why) => vec![why],
                    Ok(text) => reload(&text, path, &settings, engine).err().unwrap_or_default(),
                }
            }
        };
        for problem in problems {
            warn!(file = %path.display(), %problem, "not reloaded: the old plan stays");
        }
        time::sleep(PERIOD).await;
    }
}

fn reload(text: &str, path: &Path, settings: &[Spec], engine: &Engine) -> Result<(), Vec<String>> {
    // It is being written: an editor empties it first. Faults that are to end are an empty list.
    if text.trim().is_empty() {
        return Err(vec!["it is empty; write `faults: []` for none".to_owned()]);
    }
    let faults = faults(text, engine)?;
    info!(file = %path.display(), faults = faults.len(), "reloaded");
    engine.reload(settings.iter().cloned().chain(faults).collect());
    Ok(())
}

/// Looks at the file from a thread of its own: a volume that hangs holds nobody up.
async fn look(path: &Path, seen: Option<Stamp>) -> Look {
    let (name, path) = (path, path.to_owned());
    let mut looking = tokio::task::spawn_blocking(move || match std::fs::metadata(&path) {
        Err(why) => Look::Gone(describe(&why)),
        Ok(metadata) => match stamp(&metadata) {
            now if seen == Some(now) => Look::Same,
            now => Look::New(now, bounded::read(&path).map_err(|why| describe(&why))),
        },
    });
    let looked = match time::timeout(PATIENCE, &mut looking).await {
        Ok(looked) => looked,
        Err(_) => {
            warn!(file = %name.display(), "not reloaded: no answer within {PATIENCE:?}; waiting for it");
            looking.await
        }
    };
    // It would have panicked, and there is nothing in it that can.
    looked.unwrap_or(Look::Same)
}

fn faults(text: &str, engine: &Engine) -> Result<Vec<Spec>, Vec<String>> {
    let node = Node::parse(text).map_err(|problems| vec![problems.to_string()])?;
    let specs = load::file_faults(&node, engine.endpoints())?;
    let limits = engine.limits();
    let wrong: Vec<_> =
        specs.iter().filter_map(|spec| limits.check(spec).err()).map(|(_, why)| why).collect();
    if wrong.is_empty() { Ok(specs) } else { Err(wrong) }
}

fn stamp(metadata: &Metadata) -> Stamp {
    let (modified, changed) =
        ((metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec()));
    (metadata.dev(), metadata.ino(), metadata.size(), modified, changed)
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

    #[tokio::test]
    async fn a_file_that_was_rewritten_with_an_old_time_is_seen_and_one_that_is_gone_is_missed() {
        let path = std::env::temp_dir().join(format!("probesim-reload-{}", std::process::id()));
        std::fs::write(&path, "faults: []").expect("a file");
        let Look::New(first, Ok(text)) = look(&path, None).await else { panic!("nothing new") };
        assert_eq!((text.as_str(), look(&path, Some(first)).await), ("faults: []", Look::Same));
        let written = std::fs::metadata(&path).and_then(|it| it.modified()).expect("a time");
        std::fs::write(&path, "faults: [ ]").expect("a file");
        std::fs::File::options()
            .write(true)
            .open(&path)
            .and_then(|it| it.set_modified(written))
            .expect("a file");
        assert!(matches!(look(&path, Some(first)).await, Look::New(_, Ok(text)) if text == "faults: [ ]"));
        std::fs::remove_file(&path).expect("a file");
        assert_eq!(look(&path, Some(first)).await, Look::Gone("no such file or directory".into()));
    }

    #[test]
    fn an_empty_file_is_one_that_is_being_written() {
        let engine = Engine::new(Setup::default(), 1, Instant::now());
        let problems = reload(" \n", Path::new("plan.yaml"), &[], &engine).expect_err("refused");
        assert_eq!(problems, ["it is empty; write `faults: []` for none"]);
        assert_eq!(reload("faults: []", Path::new("plan.yaml"), &[], &engine), Ok(()));
    }
}
