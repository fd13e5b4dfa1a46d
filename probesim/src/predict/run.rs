//! `probesim predict`: reads, predicts, prints.

use std::cell::Cell;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::args::{Args, Output, PerKind, ProbeArgs};
use super::chart::Chart;
use super::environment::load_all;
use super::findings::{self, Asked, AskedOutage};
use super::measure::{Effort, Watch};
use super::subject::{Given, Subject};
use super::sweep::Sweep;
use super::words::digits;
use super::world::{Assumed, Chances};
use super::{Faults, Latency, json as as_json, plot, svg, table, text};
use crate::kubelet::{Container, Handler, Invalid, Kind, Port, Probe, Settings as Kubelet, TcpSocket};
use crate::lint;
use crate::manifest::{self, Object};
use crate::say;
use crate::settings::Settings;
use crate::system_error::describe;

/// About a second's worth: the model makes some five million probes a second.
const PROBES: u64 = 4_000_000;

/// Reads, predicts, prints, and returns the exit code.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match predict(args) {
        Ok((out, code)) => {
            say::result(&format!("{}\n", out.trim_end()));
            code
        }
        Err(why) => {
            why.lines().for_each(|line| say::trouble(format_args!("{line}")));
            ExitCode::from(2)
        }
    }
}

fn predict(args: &Args) -> Result<(String, ExitCode), String> {
    if (args.lint || args.strict) && args.filename.is_empty() {
        return Err("--lint and --strict look at manifests: give them with -f".into());
    }
    let objects = manifest::read(&args.filename).map_err(|problem| problem.to_string())?;
    let findings = lint::check(&objects).map_err(|problem| problem.to_string())?;
    let is_bad = |finding: &lint::Finding| finding.severity != lint::Severity::Note;
    let code = if args.strict && findings.iter().any(is_bad) { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    let mut said = Said { out: String::new(), json: Map::new() };
    if !args.lint {
        let subjects = subjects(args, &objects)?;
        let watch = watch(args, subjects.len());
        match args.sweep.clone().or_else(|| (args.plot || args.svg.is_some()).then(Sweep::of_failure_rates)) {
            Some(sweep) => sweep_all(args, &watch, &subjects, &sweep, &mut said)?,
            None => report_all(args, &watch, &subjects, &mut said)?,
        }
    }
    if !args.filename.is_empty() {
        lint_all(args, &findings, &mut said);
    }
    Ok(match args.output {
        Output::Text => (said.out, code),
        Output::Json => (format!("{:#}\n", Value::Object(said.json)), code),
    })
}

/// What is to be printed, as text and as JSON.
struct Said {
    out: String,
    json: Map<String, Value>,
}

fn report_all(args: &Args, watch: &Watch, subjects: &[Subject], said: &mut Said) -> Result<(), String> {
    let asked = Asked {
        outage: args.outage.map(|length| AskedOutage { length, hangs: args.outage_hangs }),
        rollout: args.rollout,
    };
    let mut workloads = vec![];
    for subject in subjects {
        let report = findings::report(watch, subject, asked).map_err(|invalid| refused(subject, &invalid))?;
        workloads.push(as_json::report(&report));
        said.out += &text::report(&report);
        said.out.push('\n');
    }
    let (version, seed) = (args.kubernetes_version, args.seed);
    let probes = watch.attempts.get();
    let _ = writeln!(
        said.out,
        "Kubelet {version}, seed {seed}, {} million probes simulated; ± is their 95 % interval.",
        digits(probes as f64 / 1e6)
    );
    said.json.insert("simulatedProbes".into(), probes.into());
    said.json.insert("kubernetesVersion".into(), version.to_string().into());
    said.json.insert("seed".into(), seed.into());
    said.json.insert("workloads".into(), workloads.into());
    Ok(())
}

fn sweep_all(
    args: &Args,
    watch: &Watch,
    subjects: &[Subject],
    sweep: &Sweep,
    said: &mut Said,
) -> Result<(), String> {
    if args.svg.is_some() && subjects.len() > 1 {
        let titles: Vec<_> = subjects.iter().map(|subject| subject.title.as_str()).collect();
        return Err(format!(
            "--svg draws one workload, and there are {}: {}",
            titles.len(),
            titles.join(", ")
        ));
    }
    let mut workloads = vec![];
    for subject in subjects {
        let rows = sweep.rows(watch, subject).map_err(|invalid| refused(subject, &invalid))?;
        let _ = writeln!(said.out, "{}\n{}", subject.title, table::table(sweep, &rows));
        let chart = Chart::new(&subject.title, sweep, &rows);
        if args.plot {
            said.out += &plot::draw(&chart, has_unicode(|name| std::env::var(name).ok()));
        }
        if let Some(file) = &args.svg {
            let written = std::fs::write(file, svg::draw(&chart));
            written.map_err(|why| format!("--svg: cannot write {}: {}", file.display(), describe(&why)))?;
        }
        let mut of = table::json(sweep, &rows);
        of["workload"] = subject.title.as_str().into();
        workloads.push(of);
    }
    said.json.insert("seed".into(), args.seed.into());
    said.json.insert("sweeps".into(), workloads.into());
    Ok(())
}

fn lint_all(args: &Args, findings: &[lint::Finding], said: &mut Said) {
    let shown = || findings.iter().filter(|finding| args.lint || finding.severity != lint::Severity::Note);
    let count = shown().count();
    if count > 0 && !args.lint {
        let _ = writeln!(said.out, "\nFindings in the manifests (--lint prints the notes too):");
    }
    for finding in shown() {
        let _ = writeln!(said.out, "{finding}");
    }
    if findings.is_empty() && args.lint {
        said.out += "no findings\n";
    }
    said.json.insert("findings".into(), findings.iter().map(lint::Finding::to_json).collect());
}

/// Whether the terminal takes UTF-8: POSIX's order of the locale's variables.
fn has_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_uppercase();
        locale.contains("UTF-8") || locale.contains("UTF8")
    })
}

fn subjects(args: &Args, objects: &[Object]) -> Result<Vec<Subject>, String> {
    let given = Given { assumed: assumed(args)?, replicas: args.replicas };
    if args.filename.is_empty() {
        if !args.probe.are_given()
            && given.assumed.is_none()
            && !args.plot
            && args.sweep.is_none()
            && args.outage.is_none()
        {
            let message = "nothing to predict: give -f MANIFEST, or the numbers of a probe such as --period 10s \
                           --threshold 3 --failure-rate 5%";
            return Err(message.into());
        }
        return Ok(vec![of_numbers(&args.probe, &given)]);
    }
    let subjects = Subject::all(objects, &given).map_err(|problem| problem.to_string())?;
    if subjects.is_empty() {
        return Err("no workload in these manifests: give one that makes pods, such as a Deployment".into());
    }
    Ok(subjects)
}

/// What the options say of the servers.
fn assumed(args: &Args) -> Result<Option<Assumed>, String> {
    if args.config.is_some() || args.faults.is_some() {
        let settings =
            Settings { config: args.config.clone(), faults: args.faults.clone(), ..Settings::default() };
        let loaded = load_all(settings, &|_| None, &|path| std::fs::read_to_string(path));
        return loaded.map(|loaded| Some(Assumed::Planned(Arc::new(loaded)))).map_err(|bad| bad.to_string());
    }
    if args.failure_rate.is_empty() && args.latency.is_empty() && args.startup_time.is_none() {
        return Ok(None);
    }
    let faults = Kind::ALL.map(|kind| Faults {
        failure: PerKind::of(&args.failure_rate, kind).unwrap_or_default(),
        latency: PerKind::of(&args.latency, kind).unwrap_or(Latency::NONE),
    });
    let startup = args.startup_time.clone().unwrap_or(Latency::NONE);
    Ok(Some(Assumed::Chance(Chances { faults, startup })))
}

/// A container whose liveness and readiness are probed with these numbers.
fn of_numbers(args: &ProbeArgs, given: &Given) -> Subject {
    let mut probe = Probe::new(Handler::TcpSocket(TcpSocket { port: Port::Number(8080), host: None }));
    let set = |field: &mut i32, value: Option<i32>| *field = value.unwrap_or(*field);
    set(&mut probe.period_seconds, args.period);
    set(&mut probe.failure_threshold, args.threshold);
    set(&mut probe.timeout_seconds, args.timeout);
    let mut readiness = probe.clone();
    set(&mut readiness.success_threshold, args.success_threshold);
    let container = Container {
        name: "app".into(),
        liveness_probe: Some(probe),
        readiness_probe: Some(readiness),
        ..Container::default()
    };
    Subject {
        title: "a pod with a liveness and a readiness probe".into(),
        place: String::new(),
        replicas: given.replicas.unwrap_or(1),
        spec: crate::kubelet::PodSpec {
            init_containers: vec![],
            containers: vec![container],
            restart_policy: Default::default(),
            termination_grace_period_seconds: 30,
            readiness_gates: vec![],
            active_deadline_seconds: None,
        },
        assumed: vec![given.assumed.clone().unwrap_or(Assumed::Chance(Chances::NONE))],
        deadline: Duration::from_secs(600),
        min_ready: Duration::ZERO,
        notes: vec![],
    }
}

fn watch(args: &Args, subjects: usize) -> Watch {
    let probes = PROBES / (subjects.max(1) as u64);
    Watch {
        settings: Kubelet::of(args.kubernetes_version),
        seed: args.seed,
        effort: Effort { probes, sample: args.sample, samples: args.samples },
        attempts: Cell::new(0),
    }
}

fn refused(subject: &Subject, invalid: &[Invalid]) -> String {
    let lines: Vec<_> = invalid.iter().map(|it| format!("{}: {it}", subject.title)).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_of_the_locale_that_is_set_counts() {
        let of = |set: &'static [(&str, &str)]| {
            has_unicode(|name| set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(of(&[("LANG", "en_US.UTF-8")]) && of(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!of(&[]) && !of(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
    }
}
