//! A fault as the user writes it.

mod keys;
mod latency;
#[cfg(test)]
mod tests;
mod timing;
mod what;
mod whom;

use std::collections::HashMap;
use std::time::Duration;

use hyper::header::HeaderName;
use serde_json::Value;

use super::what::What;
use super::when::{Phase, Timing};
use super::whom::Whom;
use super::{PROCESS, Port};
use crate::endpoint::{Endpoint, Endpoints};
use crate::value;
use crate::yaml::{Content, Fields, Node, Problems, Reader};
pub use keys::{KEYS, Key};

/// A fault as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Its name in logs, metrics and the draws.
    pub name: String,
    /// What it is for.
    pub on: Vec<Target>,
    /// When.
    pub timing: Timing,
    /// Whom.
    pub whom: Whom,
    /// What.
    pub what: What,
    /// How long it lives, if it says so.
    pub ttl: Option<Duration>,
    /// Whether the file has it, and a reload replaces it.
    pub is_of_file: bool,
    /// What was written.
    pub source: Value,
}

/// What a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every endpoint.
    All,
    /// One endpoint.
    Endpoint(Endpoint),
    /// A whole port.
    Port(Port),
    /// The process itself.
    Process,
}

/// What a fault can be for: each kind has keys of its own.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Request,
    Port,
    Process,
}

/// Reads a list of faults, or one. Those without a name get `prefix` and their number.
///
/// # Errors
/// All that is wrong.
pub fn read_all(node: &Node, path: &str, prefix: &str, endpoints: &Endpoints) -> Result<Vec<Spec>, Problems> {
    let mut reader = Reader::default();
    let specs = specs(&mut reader, node, path, prefix, endpoints, None);
    reader.finish(specs)
}

/// As [`read_all`], within a document whose problems are collected elsewhere.
pub fn specs(
    reader: &mut Reader,
    node: &Node,
    path: &str,
    prefix: &str,
    endpoints: &Endpoints,
    phase: Option<Phase>,
) -> Vec<Spec> {
    let mut names = HashMap::new();
    let is_list = matches!(node.content, Content::List(_));
    let mut read = vec![];
    for (n, item) in reader.items(node).iter().enumerate() {
        let path = if is_list { format!("{path}[{n}]") } else { path.to_owned() };
        let Some(spec) = spec(reader, item, &path, &format!("{prefix}{}", n + 1), endpoints, phase) else {
            continue;
        };
        if let Some(line) = names.insert(spec.name.clone(), item.line) {
            let message = format!("the fault of line {line} is called {:?} already", spec.name);
            reader.refuse(item.line, &format!("{path}.name"), message);
        }
        read.push(spec);
    }
    read
}

fn spec(
    reader: &mut Reader,
    node: &Node,
    path: &str,
    default_name: &str,
    endpoints: &Endpoints,
    phase: Option<Phase>,
) -> Option<Spec> {
    let known: Vec<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
    let fields = reader.fields(node, path, &known);
    let on = targets(reader, &fields, endpoints);
    let kind = |target: &Target| match target {
        Target::All | Target::Endpoint(_) => Kind::Request,
        Target::Port(_) => Kind::Port,
        Target::Process => Kind::Process,
    };
    let first = on.first().map_or(Kind::Request, kind);
    if on.iter().any(|target| kind(target) != first) {
        let message = "endpoints, ports and the process need a fault each";
        reader.refuse(fields.line_of("on"), &fields.path_of("on"), message);
    }
    let what = match first {
        Kind::Request => what::what(reader, &fields),
        Kind::Port => what::network(reader, &fields),
        Kind::Process => what::load(reader, &fields),
    };
    let source = node.to_json();
    Some(Spec {
        name: reader.read(&fields, "name", value::text).unwrap_or_else(|| default_name.to_owned()),
        timing: timing::timing(reader, &fields, phase),
        whom: whom::whom(reader, &fields),
        ttl: reader.read(&fields, "ttl", value::with_unit),
        what: what?,
        on,
        is_of_file: false,
        source,
    })
}

fn targets(reader: &mut Reader, fields: &Fields<'_>, endpoints: &Endpoints) -> Vec<Target> {
    let path = fields.path_of("on");
    let Some(node) = fields.get("on") else {
        reader.refuse(fields.line, &path, "missing: which endpoint, or all");
        return vec![];
    };
    let target = |name: &str| target(name, endpoints);
    reader.items(node).iter().filter_map(|item| reader.scalar(item, &path, target)).collect()
}

/// The endpoint or port of this name.
///
/// # Errors
/// There is none; which there are.
pub fn target(name: &str, endpoints: &Endpoints) -> Result<Target, String> {
    match name {
        "all" => Ok(Target::All),
        PROCESS => Ok(Target::Process),
        "network" => Ok(Target::Port(Port::Http)),
        "network/grpc" => Ok(Target::Port(Port::Grpc)),
        "network/tcp" => Ok(Target::Port(Port::Tcp)),
        name => endpoints.named(name).map(Target::Endpoint).ok_or_else(|| {
            let names: Vec<&str> = endpoints.all().map(|endpoint| endpoints.name(endpoint)).collect();
            let names = names.join(", ");
            format!(
                "no such endpoint; expected one of {names}, all, network, network/grpc, network/tcp, process"
            )
        }),
    }
}

/// A time of more than 0.
fn positive(text: &str) -> Result<Duration, String> {
    let time = value::with_unit(text).map_err(|why| why.to_string())?;
    if time.is_zero() { Err("expected a time of more than 0".into()) } else { Ok(time) }
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    HeaderName::try_from(text).map_err(|_| format!("{text:?} is no name of a header"))
}
