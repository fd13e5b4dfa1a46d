//! `wait-for install DIR`: copies this program, for images that have none and use it as a wrapper.
//!
//! An initContainer installs it into a shared emptyDir; the app's container then starts as
//! `DIR/wait-for TARGET -- COMMAND`.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Copies this program to `dir/wait-for`, in one step for whoever looks on.
///
/// # Errors
/// When it cannot be read or written, with the path.
pub fn install(dir: &Path) -> io::Result<PathBuf> {
    let told =
        |path: &Path, error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let target = dir.join("wait-for");
    let draft = dir.join(format!(".wait-for-{}", std::process::id()));
    let this = std::env::current_exe()?;
    fs::copy(&this, &draft).map_err(|error| told(&draft, error))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).map_err(|error| told(&draft, error))?;
    fs::rename(&draft, &target).map_err(|error| told(&target, error))?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_can_be_run_and_nothing_else_is_left() {
        let dir = std::env::temp_dir().join(format!("wait-for-install-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = install(&dir).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(&dir).unwrap();
        let error = install(Path::new("/no/such/dir")).unwrap_err().to_string();
        assert!(error.contains("/no/such/dir"), "{error}");
    }
}
