//! Faults of the simulator that its probes do not see, or see otherwise than one may think.

use std::time::Duration;

use super::workload::{Site, Workload};
use super::{Finding, Severity};
use crate::advice;
use crate::config::Faults;
use crate::endpoint::{Endpoint, Endpoints};
use crate::kubelet::{Handler, Kind, Port, Probe};
use crate::load::Loaded;
use crate::predict::words::time;
use crate::predict::{detection, port_number, restarts_per_day, startup_budget};

/// Restarts further apart than this are no accident waiting to happen.
const RARE: f64 = 7.0 * 86_400.0;

pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    for site in &workload.sites {
        let Some(loaded) = &site.simulator else { continue };
        let view = View { workload, site, loaded };
        view.ports(found);
        let faults = &loaded.config.faults;
        for (kind, probe) in view.endpoints() {
            view.say(found, Severity::Error, "LATENCY", "latency-reaches-timeout", late(faults, kind, probe));
        }
        if let Some(probe) = view.probe(Endpoint::Liveness) {
            let said = restarts_by_chance(faults, probe);
            view.say(found, Severity::Warning, "FAILURE_RATE", "restarts-by-chance", said);
            for (setting, moment) in [
                ("READINESS_FAIL_AFTER_TIME", faults.readiness_fail_after),
                ("DISCONNECT_AFTER", faults.disconnect_after),
            ] {
                let said = moment.and_then(|moment| hidden_by_restart(faults, probe, moment));
                view.say(found, Severity::Warning, setting, "hidden-by-restart", said);
            }
        }
        if let Some((kind, probe)) = view.killer_of_starts() {
            let said = starts_too_slowly(faults.startup_delay, kind, probe);
            let severity = said.as_ref().map_or(Severity::Note, |(severity, _)| *severity);
            view.say(
                found,
                severity,
                "STARTUP_DELAY",
                "startup-delay-exceeds-budget",
                said.map(|(_, said)| said),
            );
        }
        for (setting, endpoint, is_set) in [
            ("LIVENESS_FAIL_AFTER_TIME", Endpoint::Liveness, faults.liveness_fail_after.is_some()),
            ("READINESS_FAIL_AFTER_TIME", Endpoint::Readiness, faults.readiness_fail_after.is_some()),
            ("STARTUP_DELAY", Endpoint::Startup, !faults.startup_delay.is_zero()),
            // Readiness fails with the dependency, and in a partition that is an HTTP 500.
            ("FAIL_DEPENDENCY", Endpoint::Readiness, faults.fail_dependency),
            ("DISCONNECT_AFTER", Endpoint::Readiness, view.is_partition_of_readiness()),
        ] {
            let said = (is_set && view.probe(endpoint).is_none()).then(|| nobody_looks(endpoint));
            view.say(found, Severity::Warning, setting, "fault-without-probe", said);
        }
        let advice = advice::whatever_the_probes(faults).into_iter().chain(advice::on_planned(&loaded.fixed));
        for advice in advice {
            let field = view.variable(&advice.setting);
            let instead = "see `probesim --reference`".to_owned();
            workload.remark(found, ("simulator-setting", Severity::Warning), &field, advice.effect, instead);
        }
    }
}

/// A container of the simulator.
struct View<'a> {
    workload: &'a Workload<'a>,
    site: &'a Site,
    loaded: &'a Loaded,
}

// === impl View ===

impl View<'_> {
    /// Where a variable is set; the container if that is elsewhere.
    fn variable(&self, name: &str) -> String {
        let path = format!("{}.env", self.site.path);
        let list = self.workload.object.get(&path).and_then(serde_json::Value::as_array);
        let name = if name.starts_with("fault ") { "FAULTS" } else { name };
        let place = list.and_then(|list| list.iter().position(|entry| entry["name"] == name));
        place.map_or_else(|| self.site.path.clone(), |place| format!("{path}[{place}].value"))
    }

    fn say(
        &self,
        found: &mut Vec<Finding>,
        severity: Severity,
        setting: &str,
        rule: &'static str,
        said: Option<(String, String)>,
    ) {
        if let Some((reason, instead)) = said {
            let field = self.variable(setting);
            let reason = format!("{setting}: {reason}");
            self.workload.remark(found, (rule, severity), &field, reason, instead);
        }
    }

    /// The probes that reach /liveness and /readiness, where the settings act.
    fn endpoints(&self) -> impl Iterator<Item = (Kind, &Probe)> {
        Kind::ALL.into_iter().filter_map(|kind| {
            let probe = self.site.container.probe(kind)?;
            matches!(endpoint(probe, &self.loaded.endpoints)?, Endpoint::Liveness | Endpoint::Readiness)
                .then_some((kind, probe))
        })
    }

    /// The probe that reaches this endpoint, if one does. /liveness has consequences only for a liveness probe.
    fn probe(&self, of: Endpoint) -> Option<&Probe> {
        let kinds: &[Kind] = match of {
            Endpoint::Liveness => &[Kind::Liveness],
            Endpoint::Readiness => &[Kind::Readiness, Kind::Liveness],
            _ => &Kind::ALL,
        };
        let probes = kinds.iter().filter_map(|kind| self.site.container.probe(*kind));
        probes.into_iter().find(|probe| endpoint(probe, &self.loaded.endpoints) == Some(of))
    }

    /// The probe that ends a start that takes too long. Readiness ends nothing, and liveness waits for a startup probe.
    fn killer_of_starts(&self) -> Option<(Kind, &Probe)> {
        let kinds = [Kind::Startup, Kind::Liveness];
        let first = kinds.into_iter().find_map(|kind| Some((kind, self.site.container.probe(kind)?)));
        first.filter(|(_, probe)| endpoint(probe, &self.loaded.endpoints) == Some(Endpoint::Startup))
    }

    fn is_partition_of_readiness(&self) -> bool {
        let faults = &self.loaded.config.faults;
        faults.disconnect_after.is_some() && self.loaded.config.partition == crate::plan::what::Network::Open
    }

    /// Ports where these settings let nobody listen.
    fn ports(&self, found: &mut Vec<Finding>) {
        for kind in Kind::ALL {
            let Some(probe) = self.site.container.probe(kind) else { continue };
            let (field, number) = match probe.handler() {
                Some(Handler::HttpGet(get)) => ("httpGet", self.number(&get.port, get.host.as_deref())),
                Some(Handler::TcpSocket(tcp)) => ("tcpSocket", self.number(&tcp.port, tcp.host.as_deref())),
                Some(Handler::Grpc(grpc)) => ("grpc", Some(grpc.port)),
                Some(Handler::Exec(_)) | None => continue,
            };
            let Some(number) = number.filter(|number| !self.listens(*number)) else { continue };
            let path = format!("{}.{}.{field}.port", self.site.path, kind.field());
            let reason = format!("nobody listens at {number} with these settings: every probe fails");
            let instead = match field {
                "grpc" => format!("write GRPC_PORT={number} in env"),
                _ => format!("write {}, the server's port", self.loaded.config.listen.address().port()),
            };
            self.workload.remark(found, ("nobody-listens", Severity::Error), &path, reason, instead);
        }
    }

    fn number(&self, port: &Port, host: Option<&str>) -> Option<i32> {
        if host.is_some_and(|host| !host.is_empty()) { None } else { port_number(port, &self.site.container) }
    }

    fn listens(&self, number: i32) -> bool {
        let config = &self.loaded.config;
        let admin = (!config.admin.address.ip().is_loopback()).then(|| config.admin.address.port());
        let ports = [Some(config.listen), config.grpc, config.tcp].map(|it| it.map(|it| it.address().port()));
        ports.into_iter().chain([admin]).flatten().any(|port| i32::from(port) == number)
    }
}

/// What an HTTP probe asks.
fn endpoint(probe: &Probe, endpoints: &Endpoints) -> Option<Endpoint> {
    let Some(Handler::HttpGet(get)) = probe.handler() else { return None };
    Some(endpoints.at(get.path.split(['?', '#']).next().unwrap_or_default()))
}

/// A latency of the timeout is too late (`pkg/probe/http/http.go`: one deadline from connecting to the body).
fn late(faults: &Faults, kind: Kind, probe: &Probe) -> Option<(String, String)> {
    let timeout = Duration::from_secs(u64::from(probe.timeout_seconds.unsigned_abs()));
    (faults.latency >= timeout).then(|| {
        let reason = format!(
            "every {} probe fails, because it gives up after timeoutSeconds: {}",
            kind.to_string().to_lowercase(),
            probe.timeout_seconds
        );
        (reason, format!("write less than {}, or a longer timeoutSeconds", timeout.as_millis()))
    })
}

/// Runs of failures come by chance: (1 − p^F) / (p^F · (1 − p)) probes apart.
fn restarts_by_chance(faults: &Faults, probe: &Probe) -> Option<(String, String)> {
    let rate = faults.failure_rate.fraction();
    let every = 86_400.0 / restarts_per_day(probe, rate);
    (rate < 1.0 && every < RARE).then(|| {
        let reason = format!(
            "at {} and failureThreshold {} bad luck alone restarts the container every {}",
            faults.failure_rate,
            probe.failure_threshold,
            time(every)
        );
        let enough = (probe.failure_threshold..=20).find(|threshold| {
            let probe = Probe { failure_threshold: *threshold, ..probe.clone() };
            86_400.0 / restarts_per_day(&probe, rate) >= RARE
        });
        let instead = enough.map_or_else(
            || "write a lower rate".to_owned(),
            |it| format!("if that is not what you want to see, write failureThreshold: {it} for liveness"),
        );
        (reason, instead)
    })
}

/// The uptime begins anew with a restart.
fn hidden_by_restart(faults: &Faults, liveness: &Probe, moment: Duration) -> Option<(String, String)> {
    let (_, worst) = detection(liveness, Duration::ZERO);
    let restart = faults.liveness_fail_after?.saturating_add(worst);
    (restart <= moment).then(|| {
        let reason = format!(
            "not reached: LIVENESS_FAIL_AFTER_TIME has the container restarted by {}, and the uptime begins anew",
            time(restart.as_secs_f64())
        );
        (reason, format!("write a moment before {}", time(restart.as_secs_f64())))
    })
}

/// The budget ends with the F-th probe, which is due between (F-1)·P and F·P after the start.
fn starts_too_slowly(delay: Duration, kind: Kind, startup: &Probe) -> Option<(Severity, (String, String))> {
    let (least, most) = startup_budget(startup);
    // The first probe is the first tick after it.
    let first = Duration::from_secs(u64::from(startup.initial_delay_seconds.unsigned_abs()));
    let (least, most) = (first + least, first + most);
    let (severity, how) = match delay {
        delay if delay > most => (Severity::Error, "every start is killed, again and again"),
        delay if delay > least => (Severity::Warning, "some starts are killed, by where the ticks fall"),
        _ => return None,
    };
    let reason = format!(
        "{how}: the {} probe waits for {} to {} and no longer",
        kind.to_string().to_lowercase(),
        time(least.as_secs_f64()),
        time(most.as_secs_f64())
    );
    let periods = delay
        .saturating_sub(first)
        .as_secs()
        .div_ceil(u64::from(startup.period_seconds.unsigned_abs().max(1)))
        + 1;
    Some((severity, (reason, format!("write failureThreshold: {periods} or more"))))
}

fn nobody_looks(endpoint: Endpoint) -> (String, String) {
    let (path, field) = match endpoint {
        Endpoint::Liveness => ("/liveness", "livenessProbe"),
        Endpoint::Readiness => ("/readiness", "readinessProbe"),
        _ => ("/startup", "startupProbe"),
    };
    let reason = format!("no probe asks {path}, so Kubernetes never sees it");
    (reason, format!("write a {field} with httpGet.path: {path}"))
}
