//! What kubelets and runtimes say, without the frame around the cause.
//!
//! Each layer wraps the error of the layer below it: `A: B: C`. What a reader needs is at the end, which is what a line
//! that is too long loses.

use crate::message::clean_whole;

/// Layers that add nothing to what follows them: of containerd, CRI-O, runc, crun, and of kubelets.
const FRAMES: [&str; 13] = [
    "Failed to create pod sandbox: ",
    "failed to create containerd task: ",
    "failed to create task for container: ",
    "failed to create shim task: ",
    "failed to start container: ",
    "failed to exec in container: ",
    "container create failed: ",
    "OCI runtime create failed: ",
    "OCI runtime exec failed: ",
    "exec failed: ",
    "runc create failed: ",
    "unable to start container process: ",
    "error during container init: ",
];
/// Layers that quote something of no use to anybody, up to the end of it.
const QUOTING: [(&str, &str); 5] = [
    ("failed to setup network for sandbox \"", "\": "),
    ("failed to start exec \"", "\": "),
    ("Get \"", "\": "),
    ("Head \"", "\": "),
    ("rpc error: code = ", " desc = "),
];
const SIMILAR: &str = "(combined from similar events): ";

/// The cause in a message of a kubelet or a runtime; safe to print, and whole.
#[must_use]
pub fn cause(message: &str) -> String {
    let message = clean_whole(message);
    let mut text = message.strip_prefix(SIMILAR).unwrap_or(&message).to_owned();
    if let Some(hook) = hook(&text) {
        return hook;
    }
    let inner = FRAMES.iter().filter_map(|frame| text.rfind(frame).map(|at| at + frame.len())).max();
    if let Some(at) = inner.filter(|at| *at < text.len()) {
        text.drain(..at);
    }
    for (start, end) in QUOTING {
        while let Some(from) = text.find(start) {
            let Some(length) = text[from..].find(end) else { break };
            text.drain(from..from + length + end.len());
        }
    }
    let known = text.strip_suffix(": unknown").map(str::len);
    text.truncate(known.unwrap_or(text.len()));
    text
}

/// `hook [/bin/warm-up] failed: exited with 3: no database` of a kubelet's sentence about a lifecycle hook
/// (pkg/kubelet/lifecycle/handlers.go).
fn hook(text: &str) -> Option<String> {
    let (kind, rest) = text.split_once(" lifecycle hook (")?;
    let (what, rest) = rest.split_once(") for Container \"")?;
    let (_, rest) = rest.split_once(" failed - error: ")?;
    let (error, output) = rest.split_once(", message: ").unwrap_or((rest, ""));
    // `command 'sh -c exit 3' exited with 3: `
    let error = match error.rfind("' exited with ") {
        Some(at) if error.starts_with("command '") => &error[at + 2..],
        _ => error,
    };
    let error = cause(error);
    let output = output.trim_matches('"').trim();
    let output = output.strip_suffix("\\n").unwrap_or(output);
    let parts = [error.trim_end_matches([':', ' ']), output];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let kind = if kind == "Exec" { String::new() } else { format!("{kind} ") };
    Some(format!("hook {kind}{what} failed: {}", parts.join(": ")))
}

/// Why a pod has no node, without what preemption could not do, which is long and nobody's cause.
#[must_use]
pub fn scheduling(message: &str) -> String {
    let message = message.split("preemption:").next().unwrap_or_default();
    let message = message.replace(" no new claims to deallocate,", "");
    clean_whole(message.trim().trim_end_matches(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_kept_and_the_frame_is_cut() {
        let hex = "c517706a57f0875ea9c1c4673080574c521303866acccc6a200764e3a29c87bf";
        let exec = format!(
            "rpc error: code = Unknown desc = failed to exec in container: failed to start exec \"{hex}\": OCI runtime \
             exec failed: exec failed: unable to start container process: exec: \"nosuch\": executable file not \
             found in $PATH: unknown"
        );
        let sandbox = format!(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \
             \"{hex}\": plugin type=\"calico\" failed (add): connection is unauthorized"
        );
        let cases = [
            (
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                 failed: unable to start container process: exec: \"/no/such\": stat /no/such: no such file or \
                 directory: unknown",
                "exec: \"/no/such\": stat /no/such: no such file or directory",
            ),
            (
                "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create \
                 failed: unable to start container process: error during container init: error mounting \"/a\" to \
                 rootfs at \"/b\": not a directory: unknown",
                "error mounting \"/a\" to rootfs at \"/b\": not a directory",
            ),
            (&*exec, "exec: \"nosuch\": executable file not found in $PATH"),
            (&*sandbox, "plugin type=\"calico\" failed (add): connection is unauthorized"),
            (
                "MountVolume.MountDevice failed for volume \"v\" : rpc error: code = Internal desc = no such disk",
                "MountVolume.MountDevice failed for volume \"v\" : no such disk",
            ),
            (
                "(combined from similar events): Get \"http://10.0.0.1:80/\": dial tcp 10.0.0.1:80: i/o timeout",
                "dial tcp 10.0.0.1:80: i/o timeout",
            ),
            ("secret \"db\" not found", "secret \"db\" not found"),
            ("runc create failed: ", "runc create failed:"),
        ];
        for (message, expected) in cases {
            assert_eq!(cause(message), expected, "{message}");
        }
    }

    #[test]
    fn a_hook_is_told_by_what_it_ran_and_how_that_ended() {
        let cases = [
            (
                "Exec lifecycle hook ([sh -c exit 3]) for Container \"a\" in Pod \"p_ns(uid)\" failed - error: command \
                 'sh -c exit 3' exited with 3: , message: \"\"",
                "hook [sh -c exit 3] failed: exited with 3",
            ),
            (
                "Exec lifecycle hook ([/warm]) for Container \"a\" in Pod \"p_ns(uid)\" failed - error: command '/warm' \
                 exited with 1: , message: \"no database\\n\"",
                "hook [/warm] failed: exited with 1: no database",
            ),
            (
                "Exec lifecycle hook ([/no/such]) for Container \"a\" in Pod \"p_ns(uid)\" failed - error: rpc error: \
                 code = Unknown desc = failed to exec in container: failed to start exec \"c5\": OCI runtime exec \
                 failed: exec failed: unable to start container process: exec: \"/no/such\": stat /no/such: no such \
                 file or directory: unknown, message: \"\"",
                "hook [/no/such] failed: exec: \"/no/such\": stat /no/such: no such file or directory",
            ),
            (
                "HTTP lifecycle hook (/warm) for Container \"a\" in Pod \"p_ns(uid)\" failed - error: Get \
                 \"http://10.0.0.1:80//warm\": dial tcp 10.0.0.1:80: connect: connection refused, message: \"\"",
                "hook HTTP /warm failed: dial tcp 10.0.0.1:80: connect: connection refused",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(cause(message), expected, "{message}");
        }
    }

    #[test]
    fn a_pod_without_a_node_is_told_by_what_the_nodes_lack() {
        let cases = [
            (
                "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/1 \
                 nodes are available: 1 Preemption is not helpful for scheduling.",
                "0/1 nodes are available: 1 node(s) had untolerated taint(s).",
            ),
            (
                "0/3 nodes are available: 3 Insufficient cpu. preemption: none",
                "0/3 nodes are available: 3 Insufficient cpu.",
            ),
            (
                "pod has unbound immediate PersistentVolumeClaims",
                "pod has unbound immediate PersistentVolumeClaims",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(scheduling(message), expected);
        }
    }
}
