//! What a container may do, and how much it may take.

use serde_json::{Value, json};

use crate::container::{self, Container};
use crate::file::File;

/// The user of our images, in the Dockerfiles too.
pub(crate) const USER: u64 = 65532;

/// The containers that Pod Security's `restricted` would refuse, and ours that have more than they need:
/// <https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted>
pub(crate) fn loose_containers(file: &File) -> Vec<String> {
    container::all(file).iter().flat_map(loose).collect()
}

/// Our containers without requests or without a limit on memory.
pub(crate) fn unmeasured_containers(file: &File) -> Vec<String> {
    let needed = ["/resources/requests/cpu", "/resources/requests/memory", "/resources/limits/memory"];
    let ours = container::all(file).into_iter().filter(Container::is_ours);
    ours.flat_map(|container| {
        let missing = needed.iter().filter(move |field| container.value.pointer(field).is_none());
        missing.map(move |field| format!("{}: {field} is missing", container.name())).collect::<Vec<_>>()
    })
    .collect()
}

/// All of it stands in the container, so that one can copy the container alone.
fn loose(container: &Container<'_>) -> Vec<String> {
    let mut wanted = vec![
        ("/runAsNonRoot", json!(true)),
        ("/allowPrivilegeEscalation", json!(false)),
        ("/capabilities/drop", json!(["ALL"])),
        ("/seccompProfile/type", json!("RuntimeDefault")),
    ];
    if container.is_ours() {
        wanted.extend([
            ("/runAsUser", json!(USER)),
            ("/runAsGroup", json!(USER)),
            ("/readOnlyRootFilesystem", json!(true)),
        ]);
    }
    let context = &container.value["securityContext"];
    let is_root = context["runAsUser"].as_u64().is_none_or(|user| user == 0);
    let root = is_root.then(|| format!("{}: /runAsUser is not a number above 0", container.name()));
    let differing = wanted.into_iter().filter(|(field, value)| context.pointer(field) != Some(value));
    let said = |(field, value): (&str, Value)| format!("{}: {field} is not {value}", container.name());
    root.into_iter().chain(differing.map(said)).collect()
}
