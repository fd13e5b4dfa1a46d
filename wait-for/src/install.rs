//! `wait-for install DIR`: copies this program, for images that have none and use it as a wrapper.
//!
//! An initContainer installs it into a shared emptyDir; the app's container then starts as
//! `DIR/wait-for TARGET -- COMMAND`.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::connection::describe;

/// Copies this program to `dir/wait-for`, in one step for whoever looks on.
///
/// # Errors
/// When it cannot be read or written, with the directory.
pub fn install(dir: &Path) -> Result<PathBuf, String> {
    let told = |error: io::Error| {
        let hint = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => "; name a directory that is there",
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "; name one that can be written, such as the mount of an emptyDir"
            }
            _ => "",
        };
        format!("cannot install in {}: {}{hint}", dir.display(), describe(&error))
    };
    let target = dir.join("wait-for");
    let draft = dir.join(format!(".wait-for-{}", std::process::id()));
    let put = || {
        fs::copy(std::env::current_exe()?, &draft)?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755))?;
        fs::rename(&draft, &target)
    };
    put().map_err(|error| {
        // Where the disk is full, a part of it is there.
        let _ = fs::remove_file(&draft);
        told(error)
    })?;
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
        assert_eq!(
            install(Path::new("/no/such/dir")).unwrap_err(),
            "cannot install in /no/such/dir: no such file or directory; name a directory that is there"
        );
        assert!(install(Path::new("/dev/null")).unwrap_err().contains("null: not a directory; name"));
    }
}
