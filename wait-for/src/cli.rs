//! The command line, as text: `config` makes sense of it.

use std::ffi::OsString;

use clap::Parser;

/// Hold a pod back until what it needs is ready.
///
/// Waits until every TARGET is in its condition, says in one line why not, and
/// opens within milliseconds.
#[derive(Debug, Default, Parser)]
#[command(name = "wait-for", version, next_line_help = true, verbatim_doc_comment, after_help = AFTER_HELP)]
pub struct Cli {
    /// KIND/NAME[@NAMESPACE][:CONDITION], by label KIND/SELECTOR[…][…],
    /// tcp://HOST:PORT, http[s]://…, grpc://HOST:PORT[/SERVICE] or dns://NAME
    #[arg(value_name = "TARGET", verbatim_doc_comment)]
    pub targets: Vec<String>,

    /// Namespace of targets that name none
    /// [env: WAIT_FOR_NAMESPACE] [default: the pod's own, or the context's]
    #[arg(short, long, value_name = "NAME", verbatim_doc_comment)]
    pub namespace: Option<String>,

    /// Give up after this time, with a unit: 90s, 5m; 0 is never
    /// [env: WAIT_FOR_TIMEOUT] [default: 0]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, verbatim_doc_comment)]
    pub timeout: Option<String>,

    /// When the time is over: fail, or continue as if the gate were open
    /// [env: WAIT_FOR_ON_TIMEOUT] [default: fail]
    #[arg(long, value_name = "fail|continue", verbatim_doc_comment)]
    pub on_timeout: Option<String>,

    /// A met condition must hold this long
    /// [env: WAIT_FOR_STABLE_FOR] [default: 0s]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, verbatim_doc_comment)]
    pub stable_for: Option<String>,

    /// When waiting is hopeless: certain, likely or off
    /// [env: WAIT_FOR_FAIL_FAST] [default: certain]
    #[arg(long, value_name = "certain|likely|off", verbatim_doc_comment)]
    pub fail_fast: Option<String>,

    /// Objects older than this time, or than our own pod (self), do not count
    /// [env: WAIT_FOR_NEWER_THAN]
    #[arg(long, value_name = "TIME|self", verbatim_doc_comment)]
    pub newer_than: Option<String>,

    /// What it means that an object does not exist: wait, fail or ok
    /// [env: WAIT_FOR_MISSING] [default: wait]
    #[arg(long, value_name = "wait|fail|ok", verbatim_doc_comment)]
    pub missing: Option<String>,

    /// Open when one target is met [env: WAIT_FOR_ANY=true]
    #[arg(long, overrides_with = "all")]
    pub any: bool,

    /// Open when all targets are met, which is the default
    #[arg(long, overrides_with = "any")]
    pub all: bool,

    /// Look once, print every verdict, exit 0 (met), 3 (not yet) or 1 (never)
    /// [env: WAIT_FOR_ONCE=true]
    #[arg(long, verbatim_doc_comment)]
    pub once: bool,

    /// Targets and settings as YAML [env: WAIT_FOR_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,

    /// text, or json: one object a line on stdout
    /// [env: WAIT_FOR_OUTPUT] [default: text]
    #[arg(long, value_name = "text|json", verbatim_doc_comment)]
    pub output: Option<String>,

    /// Log only what goes wrong; the result is printed all the same
    /// [env: WAIT_FOR_QUIET=true]
    #[arg(short, long, verbatim_doc_comment)]
    pub quiet: bool,

    /// Print the least rights for the targets, or the initContainer, and end
    #[arg(long, value_name = "rbac|init-container")]
    pub print: Option<String>,

    /// What is printed is called this [default: after the targets]
    #[arg(long, value_name = "NAME")]
    pub print_name: Option<String>,

    /// Time between looks where watching is forbidden
    /// [env: WAIT_FOR_INTERVAL] [default: 2s]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, verbatim_doc_comment)]
    pub interval: Option<String>,

    /// Kubeconfig to use [env: WAIT_FOR_KUBECONFIG, KUBECONFIG]
    /// [default: ~/.kube/config, else the pod's account]
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub kubeconfig: Option<String>,

    /// Context of the kubeconfig
    /// [env: WAIT_FOR_CONTEXT] [default: its current one]
    #[arg(long, value_name = "NAME", verbatim_doc_comment)]
    pub context: Option<String>,

    /// File for the last reason, if it exists
    /// [env: WAIT_FOR_TERMINATION_LOG] [default: /dev/termination-log]
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub termination_log: Option<String>,

    /// Log requests and what ended a watch too [env: WAIT_FOR_VERBOSE=true]
    #[arg(short, long)]
    pub verbose: bool,

    /// Kind of the one target that is spelt out
    #[arg(long, value_name = "KIND", help_heading = "One target, spelt out")]
    pub resource: Option<String>,

    /// Its name
    #[arg(long, value_name = "NAME", help_heading = "One target, spelt out")]
    pub name: Option<String>,

    /// Labels, instead of a name
    #[arg(short = 'l', long, value_name = "SELECTOR", help_heading = "One target, spelt out")]
    pub selector: Option<String>,

    /// Its condition
    #[arg(long, value_name = "CONDITION", help_heading = "One target, spelt out")]
    pub condition: Option<String>,

    /// A kind; with it, no --namespace is all, a bare --timeout is minutes
    /// [env: RESOURCE_TYPE]
    #[arg(long, value_name = "KIND", help_heading = "As go_wait_for_k8s", verbatim_doc_comment)]
    pub resource_type: Option<String>,

    /// Labels; none means all objects of the kind [env: LABEL_SELECTOR]
    #[arg(long, value_name = "SELECTOR", help_heading = "As go_wait_for_k8s")]
    pub label_selector: Option<String>,

    /// What to become when the gate is open; its exit code is then its own
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const AFTER_HELP: &str = "\
Kinds and conditions (the first is the default):
  deployment, statefulset             available[=N] ready rolled-out
  daemonset                           available ready rolled-out available-here
  replicaset, replicationcontroller   available[=N] ready
  job                                 complete succeeded failed finished started
  pod         ready[=N] scheduled initialized running succeeded failed finished
  service     has-endpoints[=N][:PORT] has-address
  persistentvolumeclaim     bound        node, widget.example.com   ready
  customresourcedefinition  established  apiservice                 available
  namespace                 active
These have more than their default, which is exists:
  cronjob  has-succeeded    persistentvolume         available bound
  ingress  has-address      poddisruptionbudget      healthy disruptions-allowed
  configmap, secret  has-key=KEY    horizontalpodautoscaler  active
Any kind:
  exists  deleted  condition=TYPE[=STATUS]  jsonpath={PATH}[=VALUE]
                                            also with != < <= > >=

On the network, with options as in tcp://db:5432#timeout=2s&interval=5s:
  tcp, grpc    tls ca cert key insecure
  http, https  status method header request-header body ca cert key insecure
  dns          type at-least

Exit codes:
  0 met   1 a target can never be met   2 usage   3 the time ran out
  4 the API refused us (401, 403)   143 SIGTERM   130 SIGINT
  after --, the command's own

WAIT_FOR_DISABLED=REASON opens the gate at once, whatever else is said.

Examples:
  wait-for deployment/postgres
  wait-for job/migrate@db:complete pod/app=web,tier!=cache:ready=2 --timeout 5m
  wait-for service/db tcp://db:5432 https://auth/ready#status=200
  wait-for --resource deployment --name postgres --condition available
  wait-for service/db -- ./server --port 8080  become the server once it is open
  wait-for --print rbac deployment/postgres    the account and Role it needs
  wait-for --print init-container deployment/postgres
  wait-for install /shared                     copy wait-for to /shared/wait-for";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_fits_a_terminal() {
        for help in [Cli::command().render_help(), Cli::command().render_long_help()] {
            let text = help.to_string();
            let wide = text.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None);
            assert!(text.contains("wait-for install /shared"));
        }
    }
}
