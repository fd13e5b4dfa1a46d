//! `--print init-container`: the block for a pod's spec that does there what this command line would do.

use std::collections::HashMap;
use std::fmt::Write;

use super::name;
use crate::config::Config;
use crate::environment::{PREFIX, is_setting};
use crate::evaluate::Check;
use crate::kind::Kind;
use crate::newer_than::NewerThan;
use crate::target::{Target, Which};

/// Flags that are of this machine, or of the printing.
const NOT_THERE: [&str; 5] = ["print", "print-name", "kubeconfig", "context", "termination-log"];
/// The same, as variables.
const VARIABLES_NOT_THERE: [&str; 5] = ["CONTEXT", "DISABLED", "KUBECONFIG", "NAME", "TERMINATION_LOG"];
/// Those of go_wait_for_k8s, which mean something where this one is set.
const LEGACY: [&str; 5] =
    ["RESOURCE_TYPE", "LABEL_SELECTOR", "NAMESPACE", "TIMEOUT_SECONDS", "INTERVAL_SECONDS"];

/// The initContainer that waits as `args` and `env` say, as YAML.
#[must_use]
pub fn init_container(config: &Config, args: &[String], env: &HashMap<String, String>) -> String {
    let mut text = "# For the spec of a pod (of a Deployment: spec.template.spec).\n\
                    # Not as a sidecar: with restartPolicy: Always it would hold nothing back.\n"
        .to_owned();
    if config.needs_cluster() {
        let _ = writeln!(
            text,
            "# The account and its Role: the same command with --print rbac.\nserviceAccountName: {}",
            name::name(config)
        );
    }
    let _ = write!(
        text,
        "initContainers:\n  - name: {}\n    image: wait-for:{}\n",
        name::container(config),
        env!("CARGO_PKG_VERSION")
    );
    let mut arguments = without(args, &NOT_THERE);
    if !config.command.is_empty() {
        arguments.push("--".to_owned());
        arguments.extend(config.command.iter().map(|word| word.to_string_lossy().into_owned()));
    }
    if !arguments.is_empty() {
        text.push_str("    args:\n");
    }
    for argument in arguments {
        // A JSON string is a YAML string.
        let _ = writeln!(text, "      - {}", serde_json::Value::from(argument));
    }
    write_env(&mut text, config, env);
    text.push_str(
        "    securityContext:
      runAsNonRoot: true
      runAsUser: 65532
      runAsGroup: 65532
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
      seccompProfile: { type: RuntimeDefault }
    resources:
      requests: { cpu: 10m, memory: 16Mi }
      limits: { memory: 32Mi }
",
    );
    text
}

/// What the targets need to know of the pod, and the settings that were said in variables here.
fn write_env(text: &mut String, config: &Config, env: &HashMap<String, String>) {
    let mut lines: Vec<String> = downward(config)
        .into_iter()
        .map(|(name, path)| format!("name: {name}, valueFrom: {{ fieldRef: {{ fieldPath: {path} }} }}"))
        .collect();
    let is_legacy = env.get("RESOURCE_TYPE").is_some_and(|kind| !kind.is_empty());
    let mut said: Vec<(&String, &String)> = env
        .iter()
        .filter(|(name, value)| {
            let setting = name.strip_prefix(PREFIX).filter(|rest| is_setting(rest));
            let is_there = setting.is_some_and(|rest| !VARIABLES_NOT_THERE.contains(&rest));
            !value.is_empty() && (is_there || (is_legacy && LEGACY.contains(&name.as_str())))
        })
        .collect();
    said.sort_unstable();
    lines
        .extend(said.iter().map(|(name, value)| {
            format!("name: {name}, value: {}", serde_json::Value::from(value.as_str()))
        }));
    if !lines.is_empty() {
        text.push_str("    env:\n");
    }
    for line in lines {
        let _ = writeln!(text, "      - {{ {line} }}");
    }
    if let Some(path) = &config.file {
        let _ = writeln!(text, "    # {path} has to be there: mount a ConfigMap that has it.");
    }
}

/// Variables of the downward API.
fn downward(config: &Config) -> Vec<(&'static str, &'static str)> {
    let has = |is: fn(&Target) -> bool| config.objects().any(is);
    let is_here = has(|target| target.check == Check::AvailableHere);
    // A selection of pods leaves out the one that waits.
    let is_pod = has(|target| target.kind == Kind::Pod && matches!(target.which, Which::Selector(_)))
        || config.wanted.iter().any(|wanted| wanted.newer_than == NewerThan::OwnPod);
    let mut variables = Vec::new();
    if is_here {
        variables.push(("NODE_NAME", "spec.nodeName"));
    }
    if is_pod {
        variables.extend([("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace")]);
    }
    variables
}

/// The arguments without some flags and their values.
fn without(args: &[String], flags: &[&str]) -> Vec<String> {
    let mut is_value = false;
    let keep = |arg: &&String| {
        if std::mem::take(&mut is_value) {
            return false;
        }
        // go_wait_for_k8s has one dash.
        let Some(rest) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else { return true };
        let (name, value) = rest.split_once('=').map_or((rest, None), |(name, value)| (name, Some(value)));
        let goes = flags.contains(&name);
        is_value = goes && value.is_none();
        !goes
    };
    args.iter().filter(keep).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::rbac::tests::config;
    use super::*;

    fn block(line: &str, env: &[(&str, &str)]) -> String {
        let args: Vec<String> = line.split(' ').map(ToOwned::to_owned).collect();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let text = init_container(&config(line), &args, &env);
        let read = crate::yaml::to_json(&text).unwrap();
        assert!(
            read["initContainers"][0].get("serviceAccountName").is_none(),
            "the API refuses that: {text}"
        );
        text
    }

    #[test]
    fn what_is_of_this_machine_is_no_argument_of_the_container() {
        let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for line in [
            "--print rbac pod/x --timeout 5s",
            "pod/x --print=rbac --kubeconfig a -kubeconfig=b --timeout 5s --context c",
            "pod/x --timeout 5s --print-name y --termination-log /tmp/x",
        ] {
            assert_eq!(without(&args(line), &NOT_THERE), args("pod/x --timeout 5s"), "{line}");
        }
    }

    #[test]
    fn the_pod_is_told_what_the_targets_need_to_know_of_it() {
        let here = block("daemonset/cni:available-here", &[]);
        assert!(
            here.contains("name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } }"),
            "{here}"
        );
        let own = block("job/migrate --newer-than self", &[]);
        assert!(own.contains("name: POD_NAME, ") && own.contains("name: POD_NAMESPACE, "), "{own}");
        assert!(!block("tcp://db:5432", &[]).contains("env:"));
    }

    #[test]
    fn settings_in_variables_are_carried_over_and_those_of_this_machine_are_not() {
        let env = [
            ("WAIT_FOR_TIMEOUT", "5m"),
            ("WAIT_FOR_KUBECONFIG", "/home/me"),
            ("WAIT_FOR_DISABLED", "x"),
            ("WAIT_FOR_SERVICE_HOST", "10.0.0.1"),
            ("NAMESPACE", "shop"),
        ];
        let text = block("tcp://db:5432", &env);
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("name:")).collect();
        assert_eq!(lines[1..], ["      - { name: WAIT_FOR_TIMEOUT, value: \"5m\" }"], "{text}");
    }

    #[test]
    fn arguments_are_quoted_and_the_name_is_that_of_the_role() {
        let text = block("deployment/postgres --timeout=5m -- app -v", &[]);
        for part in [
            "serviceAccountName: wait-for-deployment-postgres\n",
            "  - name: wait-for-deployment-postgres\n",
            "      - \"deployment/postgres\"\n",
            "      - \"--timeout=5m\"\n      - \"--\"\n      - \"app\"\n",
            "it would hold nothing back",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!block("tcp://db:5432", &[]).contains("serviceAccountName"));
    }
}
