//! Commands.

use std::path::Path;

use super::*;
use crate::kubelet::{Doubt, Outcome};

async fn run(command: &[&str], timeout: Duration) -> Answer {
    attempted(json!({"exec": {"command": command}}), timeout).await
}

#[tokio::test]
async fn the_exit_code_decides_and_stdout_comes_before_stderr() {
    let script = "echo late >&2; echo out; exit";
    assert_eq!(
        run(&["sh", "-c", &format!("{script} 0")], PATIENCE).await,
        Answer::success("out\nlate\n".into())
    );
    assert_eq!(
        run(&["sh", "-c", &format!("{script} 3")], PATIENCE).await,
        Answer::failure("out\nlate\n".into())
    );
    assert_eq!(run(&["false"], PATIENCE).await, Answer::failure(String::new()));
    assert_eq!(run(&["sh", "-c", "kill -9 $$$$"], PATIENCE).await, Answer::failure(String::new()));
    assert_eq!(run(&["sh", "-c", "nosuch 2>/dev/null"], PATIENCE).await.outcome, Outcome::Failure);
}

#[tokio::test]
async fn there_is_no_shell_and_variables_are_those_of_the_container() {
    let environment = [("NAME".to_owned(), "value".to_owned())];
    let subject = Subject { environment: &environment, directory: Some(Path::new("/")), ..subject(None) };
    let command = handler(json!({"exec": {"command": ["echo", "$(NAME)", "$(OTHER)", "$NAME", "*;"]}}));
    let answer = attempt(&command, PATIENCE, &subject).await;
    assert_eq!(answer, Answer::success("value $(OTHER) $NAME *;\n".into()));
    let command = handler(json!({"exec": {"command": ["sh", "-c", "echo $NAME; pwd"]}}));
    assert_eq!(attempt(&command, PATIENCE, &subject).await, Answer::success("value\n/\n".into()));
}

#[tokio::test]
async fn ten_kibibytes_of_output_are_kept() {
    let answer = run(&["sh", "-c", "head -c 9000 /dev/zero; head -c 90000 /dev/zero >&2"], PATIENCE).await;
    assert_eq!((answer.outcome, answer.output.len()), (Outcome::Success, 10_240));
}

#[tokio::test]
async fn a_command_that_lasts_is_killed_at_its_timeout() {
    let answer = run(&["sleep", "60"], Duration::from_millis(200)).await;
    let expected = "command timed out: \"sleep 60\" timed out after 200ms";
    assert_eq!(answer, Answer::failure(expected.into()));
}

#[tokio::test]
async fn an_attempt_lasts_until_the_children_let_go_of_the_output() {
    let began = tokio::time::Instant::now();
    let timeout = Duration::from_millis(100);
    let passes = run(&["sh", "-c", "sleep 0.5 & exit 0"], timeout).await;
    assert_eq!((passes.outcome, began.elapsed() >= timeout * 5), (Outcome::Success, true));
    let began = tokio::time::Instant::now();
    let fails = run(&["sh", "-c", "sleep 0.5; :"], timeout).await;
    assert_eq!((fails.outcome, began.elapsed() >= timeout * 5), (Outcome::Failure, true));
    let redirected = run(&["sh", "-c", "sleep 5 > /dev/null 2>&1 & exit 0"], PATIENCE).await;
    assert_eq!(redirected.outcome, Outcome::Success);
}

#[tokio::test]
async fn what_a_given_up_command_has_left_behind_ends_with_the_attempt() {
    let directory = std::env::temp_dir().join(format!("probesim-exec-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let subject = Subject { directory: Some(&directory), ..subject(None) };
    let script = "sleep 60 & echo $! > child; exit 0";
    let command = handler(json!({"exec": {"command": ["sh", "-c", script]}}));
    let given_up = tokio::time::timeout(Duration::from_millis(500), attempt(&command, PATIENCE, &subject));
    assert!(given_up.await.is_err());
    let child = std::fs::read_to_string(directory.join("child")).expect("a process id");
    let stat = format!("/proc/{}/stat", child.trim());
    let is_gone = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    for _ in 0..200 {
        if is_gone() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(is_gone(), "{stat} is still there");
    let _ = std::fs::remove_dir_all(directory);
}

#[tokio::test]
async fn a_command_that_cannot_be_started_is_an_error_of_the_runtime() {
    for (command, why) in [
        (&["no-such-program"][..], "exec: \"no-such-program\": executable file not found in $PATH"),
        (&["/no/such"], "exec: \"/no/such\": stat /no/such: no such file or directory"),
        (&["/"], "exec: \"/\": is a directory"),
        (&["/etc/passwd"], "exec: \"/etc/passwd\": permission denied"),
    ] {
        let answer = run(command, PATIENCE).await;
        assert_eq!(answer.outcome, Outcome::Error(Doubt::Unknown));
        let (begin, end) = answer.output.split_at(answer.output.find("OCI").expect("the runtime's words"));
        assert!(
            begin.starts_with("rpc error: code = Unknown desc = failed to exec in container: "),
            "{begin}"
        );
        let expected = "OCI runtime exec failed: exec failed: unable to start container process:";
        assert_eq!(end, format!("{expected} {why}: unknown"));
    }
}
