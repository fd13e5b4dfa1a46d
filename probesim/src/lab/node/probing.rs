//! Makes one attempt of a probe, or runs a hook, beside the container.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::stand_in::{Kind, Program, StandIn};
use crate::kubelet::{ContainerPort, Handler, Outcome, Version};
use crate::probe::{self, Answer, Subject, Target};

/// What is attempted.
#[derive(Debug)]
pub(super) struct What {
    pub(super) handler: Handler,
    pub(super) timeout: Duration,
    pub(super) ip: IpAddr,
    pub(super) ports: Vec<ContainerPort>,
    pub(super) target: Option<Target>,
    pub(super) environment: Arc<Vec<(String, String)>>,
    pub(super) directory: Option<PathBuf>,
    pub(super) group: Option<i32>,
    pub(super) version: Version,
}

/// Makes the attempt, and says what it came to and how long it took.
pub(super) async fn attempt(what: What, done: Box<dyn FnOnce(Answer, Duration) + Send>) {
    let began = Instant::now();
    let answer = probe::attempt(&what.handler, what.timeout, &what.subject()).await;
    done(answer, began.elapsed());
}

/// Runs a hook that is a request or a command, and says how it went.
pub(super) async fn hook(what: What, called: String, done: Box<dyn FnOnce(Result<(), String>) + Send>) {
    let (kind, detail, failed) = match &what.handler {
        Handler::Exec(exec) => {
            let command = exec.command.join(" ");
            ("Exec", command, probe::hook(exec, &what.subject()).await)
        }
        Handler::HttpGet(get) => {
            let answer = probe::attempt(&what.handler, what.timeout, &what.subject()).await;
            let failed = format!("error: {}, message: \"\"", answer.output);
            ("Http", get.path.clone(), is_hook_well(&answer).then_some(()).ok_or(failed))
        }
        Handler::TcpSocket(_) | Handler::Grpc(_) => {
            ("Unknown", String::new(), Err("error: invalid handler".to_owned()))
        }
    };
    let shown = if kind == "Exec" { format!("[{detail}]") } else { detail };
    done(failed.map_err(|why| format!("{kind} lifecycle hook ({shown}) for {called} failed - {why}")));
}

// === impl What ===

impl What {
    fn subject(&self) -> Subject<'_> {
        Subject {
            ip: self.ip,
            ports: &self.ports,
            target: self.target.as_ref(),
            environment: &self.environment,
            directory: self.directory.as_deref(),
            group: self.group,
            version: self.version,
        }
    }
}

/// A command of one of our own images means the program that runs here, and the pod's loopback means the pod.
pub(super) fn at_home(handler: Handler, stand_in: Option<&StandIn>, ip: Ipv4Addr) -> Handler {
    let Handler::Exec(mut exec) = handler else { return handler };
    if let Some(StandIn::Process(Program { kind: kind @ (Kind::Simulator | Kind::Gate), entrypoint, .. })) =
        stand_in
        && let Some(own) = entrypoint.first()
        && let Some(first) = exec.command.first()
        && (is_of_image(*kind, first) || is_same_program(own, first))
    {
        exec.command[0].clone_from(own);
        for word in &mut exec.command[1..] {
            for local in ["127.0.0.1:", "localhost:", "[::1]:"] {
                if let Some(rest) = word.strip_prefix(local) {
                    *word = format!("{ip}:{rest}");
                }
            }
        }
    }
    Handler::Exec(exec)
}

/// Whether the program is the one that the image holds, whatever the file is called that runs here.
fn is_of_image(kind: Kind, command: &str) -> bool {
    let name = Path::new(command).file_name().unwrap_or_default();
    kind.programs().iter().any(|program| *program == name)
}

/// `/usr/bin/probesim` of the image is the `probesim-0.1` of this machine.
fn is_same_program(own: &str, command: &str) -> bool {
    let name = |path: &str| Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    match (name(own), name(command)) {
        (Some(own), Some(command)) => {
            own.starts_with(&command) || (command == "kube-probesim" && own.starts_with("probesim"))
        }
        _ => false,
    }
}

/// Whether a hook that is a request or a command went well: of a request, any answer is good (`runHTTPHandler`,
/// `pkg/kubelet/lifecycle/handlers.go`).
fn is_hook_well(answer: &Answer) -> bool {
    let is_answered = answer.output.starts_with("HTTP probe failed with statuscode");
    matches!(answer.outcome, Outcome::Success | Outcome::Warning) || is_answered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubelet::Exec;

    fn command(words: &[&str], kind: Kind) -> Vec<String> {
        run_by("/opt/probesim", words, kind)
    }

    fn run_by(own: &str, words: &[&str], kind: Kind) -> Vec<String> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let program = Program { kind, entrypoint: vec![own.into()], arguments: vec![] };
        let handler = Handler::Exec(Exec { command: words });
        match at_home(handler, Some(&StandIn::Process(program)), Ipv4Addr::new(127, 20, 1, 1)) {
            Handler::Exec(exec) => exec.command,
            _ => panic!("a command stays a command"),
        }
    }

    #[test]
    fn a_check_in_the_image_is_made_by_this_program_of_the_pods_address() {
        for (words, kind, expected) in [
            (
                &["/probesim", "check", "http", "127.0.0.1:8080/livez"][..],
                Kind::Simulator,
                &["/opt/probesim", "check", "http", "127.20.1.1:8080/livez"][..],
            ),
            (&["test", "-f", "localhost:1"], Kind::Simulator, &["test", "-f", "localhost:1"]),
            (&["/probesim", "check"], Kind::Other, &["/probesim", "check"]),
        ] {
            assert_eq!(command(words, kind), expected);
        }
    }

    #[test]
    fn our_own_program_is_known_whatever_its_file_is_called() {
        let check = ["/probesim", "check", "http", "[::1]:80/"];
        let expected = ["/tmp/sim", "check", "http", "127.20.1.1:80/"];
        assert_eq!(run_by("/tmp/sim", &check, Kind::Simulator), expected);
        assert_eq!(run_by("/tmp/gate", &["/wait-for", "x"], Kind::Gate), ["/tmp/gate", "x"]);
    }
}
