//! Which nodes a pod may run on, and the scheduler's words for why on none: `pkg/scheduler/framework/plugins`
//! (`nodeunschedulable`, `tainttoleration`, `nodeaffinity`, `noderesources`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::toleration::tolerates;
use crate::quantity::{Memory, Millicores};

/// Cordoned nodes have this taint too, but the field decides.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Why a pod cannot run on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    Unschedulable,
    Taint,
    Affinity,
    Cpu,
    Memory,
    Full,
}

/// What all pods of a node ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Thousandths of a core.
    pub(super) cpu: u64,
    /// Bytes.
    pub(super) memory: u64,
}

// === impl Misfit ===

impl Misfit {
    const fn words(self) -> &'static str {
        match self {
            Self::Unschedulable => "node(s) were unschedulable",
            Self::Taint => "node(s) had untolerated taint(s)",
            Self::Affinity => "node(s) didn't match Pod's node affinity/selector",
            Self::Cpu => "Insufficient cpu",
            Self::Memory => "Insufficient memory",
            Self::Full => "Too many pods",
        }
    }

    /// Whether room could be made by taking other pods away.
    const fn is_for_want_of_room(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory | Self::Full)
    }
}

/// The first filter that a node does not pass; `taken` is what its pods ask for already.
pub(super) fn misfit(node: &Value, pod: &Value, taken: Asked) -> Option<Misfit> {
    let tolerations = pod["spec"]["tolerations"].as_array().map_or(&[][..], Vec::as_slice);
    let cordoned = serde_json::json!({"key": UNSCHEDULABLE, "effect": "NoSchedule"});
    if node["spec"]["unschedulable"] == true && !tolerates(tolerations, &cordoned) {
        return Some(Misfit::Unschedulable);
    }
    let taints = node["spec"]["taints"].as_array().into_iter().flatten();
    let mut repelling = taints.filter(|taint| taint["effect"] != "PreferNoSchedule");
    if repelling.any(|taint| taint["key"] != UNSCHEDULABLE && !tolerates(tolerations, taint)) {
        return Some(Misfit::Taint);
    }
    if !is_wanted(node, pod) {
        return Some(Misfit::Affinity);
    }
    let (has, asks) = (allocatable(node), asked(pod));
    if asks.cpu > 0 && taken.cpu.saturating_add(asks.cpu) > has.cpu {
        return Some(Misfit::Cpu);
    }
    (asks.memory > 0 && taken.memory.saturating_add(asks.memory) > has.memory).then_some(Misfit::Memory)
}

/// `FitError`: how many nodes there are, and why none of them will do.
pub(super) fn refusal(misfits: &[Misfit]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for misfit in misfits {
        *counts.entry(misfit.words().to_owned()).or_default() += 1;
    }
    let mut reasons: Vec<String> = counts.iter().map(|(words, count)| format!("{count} {words}")).collect();
    reasons.sort();
    let all = misfits.len();
    let room = misfits.iter().filter(|misfit| misfit.is_for_want_of_room()).count();
    let mut preemption = Vec::new();
    if room > 0 {
        preemption.push(format!("{room} No preemption victims found for incoming pod"));
    }
    if all > room {
        preemption.push(format!("{} Preemption is not helpful for scheduling", all - room));
    }
    format!(
        "0/{all} nodes are available: {}. no new claims to deallocate, preemption: 0/{all} nodes are available: {}.",
        reasons.join(", "),
        preemption.join(", ")
    )
}

/// `nodeSelector`, and the terms of the required affinity: one of them has to hold.
fn is_wanted(node: &Value, pod: &Value) -> bool {
    let label = |key: &str| node["metadata"]["labels"][key].as_str();
    let selector = pod["spec"]["nodeSelector"].as_object().into_iter().flatten();
    let is_selected = selector.into_iter().all(|(key, value)| label(key) == value.as_str());
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let affinity = &pod["spec"]["affinity"]["nodeAffinity"][required];
    let Some(terms) = affinity["nodeSelectorTerms"].as_array() else { return is_selected };
    let field = |key: &str| node["metadata"]["name"].as_str().filter(|_| key == "metadata.name");
    is_selected
        && terms.iter().any(|term| {
            let list = |key: &str| term[key].as_array().map_or(&[][..], Vec::as_slice);
            let (labels, fields) = (list("matchExpressions"), list("matchFields"));
            // A term that says nothing matches nothing.
            !(labels.is_empty() && fields.is_empty())
                && labels.iter().all(|one| holds(one, label(text(&one["key"]))))
                && fields.iter().all(|one| holds(one, field(text(&one["key"]))))
        })
}

/// One requirement of a node selector term.
fn holds(requirement: &Value, found: Option<&str>) -> bool {
    let values = || requirement["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let number = |text: &str| text.parse::<i64>().ok();
    let compared = || found.and_then(number).zip(values().next().and_then(number));
    match text(&requirement["operator"]) {
        "In" => found.is_some_and(|found| values().any(|value| value == found)),
        "NotIn" => found.is_none_or(|found| values().all(|value| value != found)),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => compared().is_some_and(|(found, bound)| found > bound),
        "Lt" => compared().is_some_and(|(found, bound)| found < bound),
        _ => false,
    }
}

/// What a pod asks for: its containers and sidecars together, or the largest init container.
pub(super) fn asked(pod: &Value) -> Asked {
    let of = |container: &Value| amounts(&container["resources"]["requests"]);
    let list = |key: &str| pod["spec"][key].as_array().into_iter().flatten();
    let sum = |all: &mut Asked, one: Asked| {
        *all = Asked { cpu: all.cpu.saturating_add(one.cpu), memory: all.memory.saturating_add(one.memory) };
    };
    let (mut all, mut largest) = (Asked::default(), Asked::default());
    for container in list("initContainers") {
        if container["restartPolicy"] == "Always" {
            sum(&mut all, of(container));
        } else {
            let one = of(container);
            largest = Asked { cpu: largest.cpu.max(one.cpu), memory: largest.memory.max(one.memory) };
        }
    }
    list("containers").for_each(|container| sum(&mut all, of(container)));
    Asked { cpu: all.cpu.max(largest.cpu), memory: all.memory.max(largest.memory) }
}

fn allocatable(node: &Value) -> Asked {
    let has = amounts(&node["status"]["allocatable"]);
    let or_all = |amount: u64| if amount == 0 { u64::MAX } else { amount };
    Asked { cpu: or_all(has.cpu), memory: or_all(has.memory) }
}

fn amounts(list: &Value) -> Asked {
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    Asked {
        cpu: Millicores::parse(&shown(&list["cpu"])).map_or(0, |cpu| cpu.number().into()),
        memory: Memory::parse(&shown(&list["memory"])).map_or(0, Memory::bytes),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(spec: Value) -> Value {
        json!({"metadata": {"name": "lab", "labels": {"zone": "a", "gen": "7"}}, "spec": spec,
               "status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}})
    }

    #[test]
    fn each_filter_has_a_reason_of_its_own() {
        let plain = json!({});
        let tainted = json!({"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]});
        let soft = json!({"taints": [{"key": "k", "effect": "PreferNoSchedule"}]});
        let cordoned =
            json!({"unschedulable": true, "taints": [{"key": UNSCHEDULABLE, "effect": "NoSchedule"}]});
        let term = |one: Value| {
            json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                {"nodeSelectorTerms": [one]}}}})
        };
        let expression = |operator: &str, values: Value| {
            term(json!({"matchExpressions": [{"key": "gen", "operator": operator, "values": values}]}))
        };
        let asks = |cpu: &str| json!({"containers": [{"resources": {"requests": {"cpu": cpu}}}]});
        let daemon = json!({"tolerations": [{"key": UNSCHEDULABLE, "operator": "Exists"}]});
        for (of, pod, expected) in [
            (&plain, json!({}), None),
            (&cordoned, json!({}), Some(Misfit::Unschedulable)),
            (&cordoned, daemon, None),
            (&tainted, json!({}), Some(Misfit::Taint)),
            (&tainted, json!({"tolerations": [{"key": "k", "value": "v"}]}), None),
            (&soft, json!({}), None),
            (&plain, json!({"nodeSelector": {"zone": "a"}}), None),
            (&plain, json!({"nodeSelector": {"zone": "b"}}), Some(Misfit::Affinity)),
            (&plain, expression("Gt", json!(["6"])), None),
            (&plain, expression("Lt", json!(["6"])), Some(Misfit::Affinity)),
            (&plain, expression("NotIn", json!(["7"])), Some(Misfit::Affinity)),
            (&plain, expression("Exists", json!([])), None),
            (&plain, term(json!({})), Some(Misfit::Affinity)),
            (
                &plain,
                term(json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["lab"]}]})),
                None,
            ),
            (&plain, asks("3500m"), None),
            (&plain, asks("4001m"), Some(Misfit::Cpu)),
        ] {
            let pod = json!({"spec": pod});
            assert_eq!(misfit(&node(of.clone()), &pod, Asked::default()), expected, "{of} {pod}");
        }
        let taken = Asked { cpu: 1000, memory: 0 };
        assert_eq!(misfit(&node(plain), &json!({"spec": asks("3500m")}), taken), Some(Misfit::Cpu));
    }

    #[test]
    fn the_scheduler_says_how_many_nodes_there_are_and_why_none_will_do() {
        assert_eq!(
            refusal(&[Misfit::Taint]),
            "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: \
             0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        );
        assert_eq!(
            refusal(&[Misfit::Unschedulable, Misfit::Cpu, Misfit::Unschedulable]),
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new claims to deallocate, \
             preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not \
             helpful for scheduling."
        );
    }
}
