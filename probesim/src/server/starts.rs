//! Counts the starts of the container in a file that outlives it.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::system_error::describe;

/// Adds this start; returns its number, from 1.
///
/// # Errors
/// The file cannot be read or written, or holds something else than a number.
pub(crate) fn count(file: &Path) -> io::Result<u64> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {}", file.display(), describe(&error)));
    let before = match std::fs::read_to_string(file) {
        Ok(text) => text.trim().parse::<u64>().map_err(|_| {
            named(io::Error::new(ErrorKind::InvalidData, format!("expected a number, not {:?}", text.trim())))
        })?,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(named(error)),
    };
    // Renamed into place: a container that is killed while it writes leaves the old count or the new one.
    let beside = file.with_extension("new");
    let number = before.saturating_add(1);
    std::fs::write(&beside, format!("{number}\n"))
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(named)?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_is_counted_and_nonsense_is_refused() {
        let directory = std::env::temp_dir().join(format!("probesim-starts-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("starts");
        assert_eq!([(); 3].map(|()| count(&file).unwrap()), [1, 2, 3]);
        std::fs::write(&file, "many").unwrap();
        assert!(count(&file).unwrap_err().to_string().contains("expected a number, not \"many\""));
        assert!(count(&directory.join("no/such")).unwrap_err().to_string().contains("no/such"));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
