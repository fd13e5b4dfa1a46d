//! What the system says of a running process.

use std::io;
use std::path::Path;
use std::time::Duration;

/// A file's size in bytes.
///
/// # Errors
/// There is no such file.
pub fn size(path: &Path) -> io::Result<u64> {
    Ok(std::fs::metadata(path)
        .map_err(|error| {
            io::Error::other(format!("{}: {error}; run deploy/build-static.sh first", path.display()))
        })?
        .len())
}

/// A field of `/proc/PID/status`, in KiB: `VmHWM` is the peak of resident memory, `VmRSS` its present state.
///
/// # Errors
/// There is no such process.
pub fn memory(pid: u32, field: &str) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no {field} in /proc/{pid}/status")))
}

/// Processor time so far, user and system, from `/proc/PID/stat`; its tick is 10 ms.
///
/// # Errors
/// There is no such process.
pub fn processor_time(pid: u32) -> io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The command's name may hold anything, in brackets: what counts begins after the last one.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

/// How many file descriptors a process has open.
///
/// # Errors
/// There is no such process.
pub fn descriptors(pid: u32) -> io::Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// The load average of the last minute.
///
/// # Errors
/// The system does not say.
pub fn load_average() -> io::Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}

/// The middle of some values.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2]
}
