//! Small files that somebody else writes: regular ones, up to a limit, without waiting for anybody.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

/// Far more than a plan has, and enough for a record of millions of decisions.
const LONGEST: u64 = 256 << 20;

/// The text of a file.
///
/// # Errors
/// Also where it is a pipe, a device or a directory, which may have no end or let one wait for it.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    // Without O_NONBLOCK a pipe is not even opened before somebody writes.
    let flags = OFlag::O_NONBLOCK.bits();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let too_long = || io::Error::other(format!("longer than {LONGEST} bytes"));
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if metadata.len() > LONGEST {
        return Err(too_long());
    }
    // It may grow while it is read.
    let mut text = String::new();
    if file.take(LONGEST + 1).read_to_string(&mut text)? as u64 > LONGEST {
        return Err(too_long());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read() {
        let directory = std::env::temp_dir().join(format!("probesim-bounded-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let (pipe, large, plan) = (directory.join("pipe"), directory.join("large"), directory.join("plan"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        // Nothing of it is on the disk.
        File::create(&large).and_then(|file| file.set_len(LONGEST + 1)).expect("a file");
        std::fs::write(&plan, "faults: []").expect("a file");
        for (path, expected) in [
            (pipe.as_path(), "not a regular file"),
            (Path::new("/dev/zero"), "not a regular file"),
            (&directory, "not a regular file"),
            (&large, "longer than 268435456 bytes"),
        ] {
            assert_eq!(read(path).expect_err("no text").to_string(), expected, "{}", path.display());
        }
        assert_eq!(read(&plan).expect("its text"), "faults: []");
        let _ = std::fs::remove_dir_all(directory);
    }
}
