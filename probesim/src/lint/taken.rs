//! Containers of one pod that listen on the same port: they share its network, so only one of them can.

use serde_json::Value;

use super::workload::{Site, Workload};
use super::{Finding, Severity};
use crate::load::Loaded;

/// A port on which a container listens.
struct Taken {
    number: u16,
    /// The field that says so.
    field: String,
    /// What to write for another one.
    instead: String,
    /// How the later of two containers takes it.
    loss: Loss,
}

/// What becomes of the container that comes second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    /// A server of ours goes on without its admin port, which nobody has asked for.
    Admin,
    /// The manifest says that it listens, and that may be wrong.
    Likely,
    /// It ends, and is started again and again.
    Certain,
}

pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    let mut before: Vec<(&str, Taken)> = vec![];
    for site in &workload.sites {
        let ports = match &site.simulator {
            Some(loaded) => of_simulator(workload, site, loaded),
            None => declared(workload, site),
        };
        for taken in &ports {
            let Some((other, first)) = before.iter().find(|(_, first)| first.number == taken.number) else {
                continue;
            };
            let loss = first.loss.min(taken.loss);
            let (severity, what) = match loss {
                Loss::Certain => (
                    Severity::Error,
                    "the one that starts later ends with \"address in use\", again and again",
                ),
                Loss::Likely => (Severity::Warning, "only one of them can listen there"),
                Loss::Admin => (
                    Severity::Warning,
                    "the one that starts later has no admin port, and in the lab it does not start",
                ),
            };
            let reason = format!(
                "container {other} listens at {} too, and the containers of a pod share its ports: {what}",
                taken.number
            );
            workload.remark(
                found,
                ("port-taken-twice", severity),
                &taken.field,
                reason,
                taken.instead.clone(),
            );
        }
        before.extend(ports.into_iter().map(|taken| (site.container.name.as_str(), taken)));
    }
}

/// Where the simulator listens with its settings.
fn of_simulator(workload: &Workload<'_>, site: &Site, loaded: &Loaded) -> Vec<Taken> {
    let config = &loaded.config;
    let admin = if config.admin.is_required { Loss::Certain } else { Loss::Admin };
    let others = [("GRPC_PORT", config.grpc), ("TCP_PORT", config.tcp)];
    let mut ports = vec![("PORT", config.listen.address().port(), Loss::Certain)];
    ports.extend(
        others.into_iter().filter_map(|(name, on)| Some((name, on?.address().port(), Loss::Certain))),
    );
    ports.push(("ADMIN_PORT", config.admin.address.port(), admin));
    let variables = workload.object.get(&format!("{}.env", site.path)).and_then(Value::as_array);
    let field = |name: &str| {
        let place = variables.and_then(|list| list.iter().position(|entry| entry["name"] == name));
        place.map_or_else(|| site.path.clone(), |place| format!("{}.env[{place}].value", site.path))
    };
    ports.retain(|(_, number, _)| *number != 0);
    let taken = |(name, number, loss): (&str, u16, Loss)| Taken {
        number,
        field: field(name),
        instead: format!("write another port in {name}"),
        loss,
    };
    ports.into_iter().map(taken).collect()
}

/// What other containers say of themselves.
fn declared(workload: &Workload<'_>, site: &Site) -> Vec<Taken> {
    let ports = site.container.ports.iter().enumerate();
    let taken = ports.filter_map(|(number, port)| {
        let path = format!("{}.ports[{number}]", site.path);
        let protocol = workload.object.get(&format!("{path}.protocol")).and_then(Value::as_str);
        if protocol.is_some_and(|protocol| protocol != "TCP") {
            return None;
        }
        let field = format!("{path}.containerPort");
        let instead = "have one of them listen at another port".to_owned();
        Some(Taken { number: port.container_port, field, instead, loss: Loss::Likely })
    });
    taken.collect()
}
