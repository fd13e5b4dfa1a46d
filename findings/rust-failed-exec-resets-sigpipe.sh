#!/bin/sh
# Guess:    Rust's runtime ignores SIGPIPE at start, so a write to a pipe without a reader is an error, `BrokenPipe`, for the
#           whole life of a program; an `exec` that fails (no such program) leaves the program as it was.
# Instead:  after a failed `std::os::unix::process::CommandExt::exec` SIGPIPE has its default action in the calling process.
#           A wrapper that cannot run its command and says so on a closed pipe ends by signal 13 (141 in a shell), not with
#           its own exit code. The page of `exec` warns of a "broken state" and names signal handling among its examples;
#           `spawn`, which fails in a child, changes nothing.
# Seen:     rustc 1.95.0 (59807616e 2026-04-14), Linux, x86_64-unknown-linux-gnu
#             at start: SIGPIPE ignored
#             after spawn: SIGPIPE ignored
#             after exec: SIGPIPE default
#             writes after a failed spawn: ended by exit status: 127
#             writes after a failed exec: ended by signal: 13 (SIGPIPE)
# Needs:    rustc, Linux (/proc). Exits 0 while this holds, 1 once it changes, 77 where it cannot run.
set -eu

command -v rustc >/dev/null || { echo "skipped: needs rustc"; exit 77; }
[ -r /proc/self/status ] || { echo "skipped: needs /proc"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/wrapper.rs" <<'RUST'
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{exit, Command};

const SIGPIPE: u32 = 13;

/// Whether the kernel drops SIGPIPE for this process.
fn sigpipe() -> &'static str {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    if mask >> (SIGPIPE - 1) & 1 == 1 { "ignored" } else { "default" }
}

/// Tries to run a program that does not exist, in a child or in place of this process.
fn fail_to(how: &str) {
    let mut command = Command::new("/nonexistent/program");
    let error = if how == "exec" { command.exec() } else { command.spawn().unwrap_err() };
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

fn main() {
    if let Some(how) = std::env::args().nth(1) {
        fail_to(&how);
        let (reader, mut writer) = std::io::pipe().unwrap();
        drop(reader);
        let _ = writeln!(writer, "cannot run the command");
        exit(127);
    }
    println!("at start: SIGPIPE {}", sigpipe());
    for how in ["spawn", "exec"] {
        // A process each: what a failed `exec` leaves behind stays.
        let status = Command::new(std::env::current_exe().unwrap()).arg(how).status().unwrap();
        eprintln!("writes after a failed {how}: ended by {status}");
    }
    for how in ["spawn", "exec"] {
        fail_to(how);
        println!("after {how}: SIGPIPE {}", sigpipe());
    }
}
RUST

rustc --version
rustc --edition 2021 -o "$dir/wrapper" "$dir/wrapper.rs"
"$dir/wrapper" >"$dir/stdout" 2>"$dir/stderr"
cat "$dir/stdout" "$dir/stderr" | tee "$dir/seen"

cat >"$dir/expected" <<'TEXT'
at start: SIGPIPE ignored
after spawn: SIGPIPE ignored
after exec: SIGPIPE default
writes after a failed spawn: ended by exit status: 127
writes after a failed exec: ended by signal: 13 (SIGPIPE)
TEXT
cmp -s "$dir/expected" "$dir/seen" || { echo "changed: expected"; cat "$dir/expected"; exit 1; }
