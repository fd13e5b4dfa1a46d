//! The file whose text `kubectl describe pod` shows when the container has ended.
//!
//! <https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/>

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// kubelet shows no more of it.
const LIMIT: usize = 4096;

/// Writes `lines` in place of what the file holds; a file that is not there is not made.
pub fn write(path: &Path, lines: &[String]) {
    let mut text = lines.join("\n");
    if text.len() > LIMIT {
        let mut end = LIMIT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    let written = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::debug!(path = %path.display(), %error, "cannot write the termination log"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_replaced_and_a_missing_one_is_not_made() {
        let path = std::env::temp_dir().join(format!("wait-for-termination-{}", std::process::id()));
        write(&path, &["one".into()]);
        assert!(!path.exists());
        std::fs::write(&path, "something longer than that").unwrap();
        write(&path, &["one".into(), "two".into()]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo");
        write(&path, &["é".repeat(LIMIT)]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 4096);
        std::fs::remove_file(&path).unwrap();
    }
}
