//! What is started for a container: its words and its environment.

use std::path::PathBuf;

use serde_json::Value;

use super::environment::{self, Find, set, value_of};
use super::expand::expand;
use super::groups::{Farewell, Stop};
use super::process::Invocation;
use super::stand_in::{Kind, Program};

/// What the container's pod and its node give it.
#[derive(Debug)]
pub(super) struct Given<'a> {
    /// What it has of the lab's own environment.
    pub(super) inherited: &'a [(String, String)],
    /// The pod as the API has it, with its address.
    pub(super) pod: &'a Value,
    /// A kubeconfig for the lab's API.
    pub(super) kubeconfig: &'a str,
    /// Where it may leave its last words.
    pub(super) termination_log: &'a str,
}

/// The environment of a container.
///
/// # Errors
/// What is missing for it.
pub(super) fn environment(
    container: &Value,
    kind: Option<Kind>,
    given: &Given<'_>,
    find: Find<'_>,
) -> Result<Vec<(String, String)>, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = environment::environment(container, given.pod, find)?;
    let pod_ip = text(&given.pod["status"]["podIP"]);
    let hostname = match given.pod["spec"]["hostname"].as_str() {
        Some(hostname) => hostname.to_owned(),
        None => text(&given.pod["metadata"]["name"]),
    };
    let mut all = given.inherited.to_vec();
    set(&mut all, "HOSTNAME", hostname);
    set(&mut all, "KUBECONFIG", given.kubeconfig.to_owned());
    match kind {
        // In a pod all addresses are the pod's. Here they are every pod's, and those of the machine.
        Some(Kind::Simulator) => {
            set(&mut all, "LISTEN", pod_ip.clone());
            set(&mut all, "ADMIN_LISTEN", pod_ip.clone());
        }
        Some(Kind::Gate) => set(&mut all, "WAIT_FOR_TERMINATION_LOG", given.termination_log.to_owned()),
        Some(Kind::Other) | None => {}
    }
    set(&mut all, "POD_IP", pod_ip);
    for (name, value) in own {
        set(&mut all, &name, value);
    }
    Ok(all)
}

/// The process of a container: `$(VARIABLE)`s of the manifest's words are the container's.
pub(super) fn invocation(
    program: &Program,
    container: &Value,
    environment: Vec<(String, String)>,
    stop: Stop,
) -> Invocation {
    let arguments = program.arguments.iter().map(|word| expand(word, |name| value_of(&environment, name)));
    Invocation {
        words: program.entrypoint.iter().cloned().chain(arguments).collect(),
        directory: container["workingDir"].as_str().map(PathBuf::from),
        // A simulator would drain first, for seconds.
        stop,
        farewell: if program.kind == Kind::Simulator { Farewell::Killed } else { Farewell::Asked },
        environment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(container: Value, kind: Kind) -> String {
        let pod = json!({"metadata": {"name": "p"}, "status": {"podIP": "127.20.1.1"}});
        let inherited = [("PATH".to_owned(), "/bin".to_owned()), ("HOME".to_owned(), "/root".to_owned())];
        let given = Given { inherited: &inherited, pod: &pod, kubeconfig: "/k", termination_log: "/t" };
        let all = environment(&container, Some(kind), &given, &|_, _| None).unwrap();
        all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_manifest_has_the_last_word() {
        let other = "PATH=/bin HOME=/root HOSTNAME=p KUBECONFIG=/k POD_IP=127.20.1.1";
        assert_eq!(made(json!({}), Kind::Other), other);
        assert_eq!(
            made(
                json!({"env": [{"name": "LISTEN", "value": "127.0.0.1"}, {"name": "HOME", "value": "/"}]}),
                Kind::Simulator
            ),
            "PATH=/bin HOME=/ HOSTNAME=p KUBECONFIG=/k LISTEN=127.0.0.1 ADMIN_LISTEN=127.20.1.1 POD_IP=127.20.1.1"
        );
        assert!(made(json!({}), Kind::Gate).contains("WAIT_FOR_TERMINATION_LOG=/t"));
    }

    #[test]
    fn the_manifests_words_are_expanded_and_the_labs_are_not() {
        let program = Program {
            kind: Kind::Other,
            entrypoint: vec!["./$(A)".into()],
            arguments: vec!["--a=$(A)".into(), "$(B)".into()],
        };
        let invocation = invocation(
            &program,
            &json!({"workingDir": "/srv"}),
            vec![("A".into(), "1".into())],
            Stop::of(&Value::Null, &Value::Null, false),
        );
        assert_eq!(invocation.words, ["./$(A)", "--a=1", "$(B)"]);
        assert_eq!(invocation.directory, Some("/srv".into()));
    }
}
