//! A gate whose output or files are broken: it ends as it would have, with its exit code and its command.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use e2e::lab::{self, put};
use e2e::objects::{in_namespace, pod};
use e2e::patience::soon;
use e2e::scratch::Scratch;
use tokio::time::Instant;

/// The gate, on a network target that is met or one that never is.
fn gate(arguments: &[&str]) -> Command {
    let mut command = Command::new(e2e::binary::choose("WAIT_FOR_BIN", env!("CARGO_BIN_EXE_wait-for-shim")));
    command.args(arguments).env_clear().env("PATH", env!("PATH")).stdin(Stdio::null());
    command
}

/// Runs it in the time that a gate may take.
fn run(mut command: Command) -> ExitStatus {
    let mut child = command.spawn().expect("a gate");
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status;
        }
        if began.elapsed() > Duration::from_secs(30) {
            child.kill().expect("a child of ours");
            panic!("{command:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ways in which a stream cannot be written.
fn broken() -> Vec<(&'static str, Stdio)> {
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let (reader, closed) = std::io::pipe().expect("a pipe");
    drop(reader);
    let read_only = File::open("/dev/null").expect("/dev/null");
    vec![("full", full().into()), ("closed", closed.into()), ("read-only", read_only.into())]
}

#[test]
fn a_log_and_a_result_that_cannot_be_written_change_no_exit_code() {
    let never = "tcp://127.0.0.1:1#interval=100ms";
    for (arguments, code) in [
        (&["dns://127.0.0.1"][..], 0),
        (&["dns://127.0.0.1", "--verbose", "--output=json"], 0),
        (&[never, "--timeout=1s"], 3),
        (&[never, "--once"], 3),
        (&["pod/"], 2),
        (&["--timout"], 2),
        (&["pod/x", "--kubeconfig=/none"], 2),
        (&["dns://127.0.0.1", "--", "/none"], 127),
        (&["dns://127.0.0.1", "--", "sh", "-c", "exit 7"], 7),
        (&["--help"], 0),
        (&["--print=rbac", "pod/x"], 0),
    ] {
        for (how, stream) in broken() {
            let mut command = gate(arguments);
            command.stderr(stream).stdout(Stdio::null());
            assert_eq!(run(command).code(), Some(code), "stderr {how}: {arguments:?}");
        }
        for (how, stream) in broken() {
            let mut command = gate(arguments);
            command.stdout(stream).stderr(Stdio::null());
            assert_eq!(run(command).code(), Some(code), "stdout {how}: {arguments:?}");
        }
    }
}

#[test]
fn streams_that_are_not_there_at_all_change_no_exit_code() {
    for (rest, code) in [("dns://127.0.0.1", 0), ("pod/", 2), ("tcp://127.0.0.1:1 --timeout=300ms", 3)] {
        let shell = format!("exec \"$0\" {rest} <&- >&- 2>&-");
        let gate = gate(&[]);
        let mut command = Command::new("sh");
        command.args(["-c", &shell]).arg(gate.get_program()).env_clear();
        assert_eq!(run(command).code(), Some(code), "{rest}");
    }
}

#[test]
fn a_reader_that_has_stopped_does_not_keep_the_gate_past_its_time() {
    for is_stdout in [true, false] {
        let (_reader, writer) = std::io::pipe().expect("a pipe");
        fill(&writer);
        let mut command = gate(&["tcp://127.0.0.1:1", "--timeout=1s", "--verbose"]);
        if is_stdout {
            command.stdout(writer).stderr(Stdio::null());
        } else {
            command.stderr(writer).stdout(Stdio::null());
        }
        let began = Instant::now();
        assert_eq!(run(command).code(), Some(3));
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    }
}

/// Writes until nothing more fits.
fn fill(pipe: &std::io::PipeWriter) {
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(pipe));
    let mut again = OpenOptions::new().write(true).custom_flags(0o4000).open(path).expect("the same pipe");
    while std::io::Write::write(&mut again, &[b'x'; 4096]).is_ok() {}
}

#[test]
fn the_command_gets_its_arguments_byte_for_byte() {
    let odd = OsString::from_vec(b"caf\xe9 -timeout \n".to_vec());
    let mut command = gate(&["dns://127.0.0.1", "--", "printf", "%s|%s|%s"]);
    command.arg(&odd).args(["-timeout", "--"]).stderr(Stdio::null());
    let output = command.output().expect("a gate");
    let last = b"caf\xe9 -timeout \n|-timeout|--";
    assert!(output.stdout.ends_with(last), "{:?}", String::from_utf8_lossy(&output.stdout));
    let mut command = gate(&["dns://127.0.0.1"]);
    command.arg(OsString::from_vec(b"pod/\xff".to_vec()));
    let output = command.output().expect("a gate");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains(r#""pod/\xFF" is no UTF-8"#), "{said}");
}

#[test]
fn a_signal_that_comes_while_the_command_line_is_read_is_not_lost() {
    let files = Scratch::new();
    let path = files.path("config");
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    // Whoever has it open for both keeps it from having an end.
    let mut config = OpenOptions::new().read(true).write(true).open(&path).expect("a pipe");
    let mut command = gate(&["--timeout=20s", "--config"]);
    command.arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("a gate");
    let open = format!("/proc/{}/fd", child.id());
    let is_reading = || {
        let mut files = std::fs::read_dir(&open).expect("its files").filter_map(Result::ok);
        files.any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == path))
    };
    let began = Instant::now();
    while !is_reading() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not read its configuration");
        std::thread::yield_now();
    }
    // As process 1 it would be lost, and any other would be killed by it, were it not armed for.
    let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("an id"));
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).expect("a child of ours");
    std::io::Write::write_all(&mut config, b"targets: [\"tcp://127.0.0.1:1\"]\n").expect("room for it");
    drop(config);
    assert_eq!(child.wait().expect("a child of ours").code(), Some(143));
}

#[test]
fn files_that_never_end_are_refused_and_never_waited_for() {
    let files = Scratch::new();
    let fifo = files.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let fifo = fifo.to_string_lossy();
    for path in [&*fifo, "/dev/zero", "/"] {
        let output = gate(&["dns://127.0.0.1", "--config", path]).output().expect("a gate");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(path), "{path}: {said}");
        // A termination log is written as far as it can be.
        assert_eq!(run(gate(&["dns://127.0.0.1", "--termination-log", path])).code(), Some(0), "{path}");
    }
}

#[tokio::test]
async fn every_usage_error_is_in_the_termination_log() {
    for (args, says) in [
        ("pod/", "the name after"),
        ("--timout 5s pod/x", "did you mean --timeout"),
        ("--config /none pod/x", "/none"),
        ("pod/x --kubeconfig /none", "/none"),
        ("install", "wait-for install DIR"),
    ] {
        let (ended, log) = e2e::gate!().args(args).termination_log().start().ended_with_log().await;
        ended.expect(2).saying(says);
        assert!(log.as_ref().is_some_and(|log| log.contains(says)), "{args}: {log:?}");
    }
}

#[tokio::test]
async fn nobody_in_the_cluster_can_write_a_line_of_the_result() {
    let evil = "no\r\nmet pod/web ready\u{1b}[2K\u{2028}met pod/web\u{202e}";
    let server = lab::start().await;
    let mut web = in_namespace(pod("web", false), "default");
    web["status"]["conditions"][0]["reason"] = "Evil".into();
    web["status"]["conditions"][0]["message"] = evil.into();
    web["status"]["phase"] = evil.into();
    put(&server, web);
    for args in ["--once", "--once --output=json", "--timeout=1s", "--timeout=1s --output=json"] {
        let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/web").args(args);
        let ended = soon("the end", gate.run()).await.expect(3);
        let is_forged = |line: &&str| {
            line.starts_with("met")
                || line.contains(|c: char| c.is_control() || "\u{2028}\u{202e}".contains(c))
        };
        assert_eq!(ended.results().iter().find(|line| is_forged(line)), None, "{ended}");
        let ends = ended.results().iter().filter(|line| line.contains("\"close\"")).count();
        assert!(ends < 2, "{ended}");
    }
}
