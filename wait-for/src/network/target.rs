//! What to reach: `tcp://`, `http://`, `https://`, `grpc://`, `dns://`, with options in the fragment.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::address::{Address, AddressError, is_host};
use super::http::Ask;
use super::options::{OptionError, Options};
use super::trust::Trust;
use crate::message::clean;
use crate::suggest::{closest, did_you_mean};

/// The kubelet's own time limit of one probe:
/// <https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#configure-probes>
const TIMEOUT: Duration = Duration::from_secs(1);
/// From the start of one attempt to the start of the next.
const INTERVAL: Duration = Duration::from_secs(1);
/// A service name longer than this fits no frame that every server takes.
const LONGEST_SERVICE: usize = 1024;

/// More records than an answer of 64 KiB holds.
const MOST_RECORDS: usize = 4096;

const INSTEAD_OF_USER: &str =
    ", and write #request-header=Authorization:VALUE, with $(VARIABLE) from a Secret for the value";

const SCHEMES: [&str; 5] = ["tcp", "http", "https", "grpc", "dns"];

/// Something that must answer on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What must answer, and how.
    pub protocol: Protocol,
    /// The limit of one attempt, with name lookup, connection, TLS and redirects.
    pub timeout: Duration,
    /// The time between the starts of two attempts.
    pub interval: Duration,
}

/// What is spoken with the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The port takes a connection, and completes a TLS handshake where there is trust to check.
    Tcp(Address, Option<Trust>),
    /// An HTTP server gives the answer that is asked for.
    Http(Box<Ask>),
    /// The gRPC health service says SERVING of a service, or of the whole server where it is empty.
    Grpc(Address, String, Option<Trust>),
    /// A name resolves.
    Dns(Query),
}

/// A question about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The name; absolute where it ends with a dot.
    pub name: String,
    /// The records to ask the DNS for; none asks the system for addresses, as programs do.
    pub record: Option<Record>,
    /// How many there must be.
    pub at_least: usize,
}

/// A type of DNS record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// A server's name and port.
    Srv,
}

/// Why a text is no network target; nothing that may be secret is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// There is no such protocol.
    #[error("unknown protocol \"{0}\"{1}; known are: tcp, http, https, grpc, dns{2}")]
    Scheme(String, String, String),
    /// The protocol is not told from what follows by `://`.
    #[error("\"{0}\" has no \"://\" after its protocol; write {1}")]
    Slashes(String, String),
    /// There is no protocol.
    #[error("\"{0}\" has no protocol; write {1}")]
    NoScheme(String, String),
    /// The host or the port.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An option.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The path or the query.
    #[error("the path or query has a character that no URL has; percent-encode it, such as %20 for a space")]
    Path,
    /// Something follows the port.
    #[error("tcp:// has no path; write tcp://{0}")]
    TcpPath(String),
    /// Something follows the service.
    #[error(
        "the service after the port is no gRPC service name; write grpc://{0}/SERVICE, such as /my.v1.Shop"
    )]
    Service(String),
    /// It is no DNS name.
    #[error("{0:?} is no DNS name; write dns://NAME, such as dns://db.shop.svc.cluster.local")]
    Name(String),
    /// Something follows the name.
    #[error("dns:// has no port and no path; write dns://{0}")]
    NamePath(String),
}

// === impl Target ===

impl Target {
    /// Whether a text is meant as one.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        // Neither kinds nor names hold a colon; conditions may hold anything, but a slash comes before them.
        text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains('/')) || slip(text).is_some()
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        if let Some(error) = slip(text) {
            return Err(error);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let scheme = scheme.to_ascii_lowercase();
        if has_user(rest) {
            let is_http = matches!(scheme.as_str(), "http" | "https");
            return Err(AddressError::User(if is_http { INSTEAD_OF_USER } else { "" }).into());
        }
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        if !SCHEMES.contains(&scheme.as_str()) {
            let known = did_you_mean(closest(&scheme, SCHEMES));
            let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
            let port = Address::parse(authority, None)
                .map(|address| format!("; for its port, write tcp://{address}"));
            let port = if known.is_empty() { port.unwrap_or_default() } else { String::new() };
            return Err(TargetError::Scheme(clean(&scheme), known, port));
        }
        let mut options = Options::parse(fragment)?;
        let timeout = options.duration("timeout", TIMEOUT)?;
        let interval = options.interval(INTERVAL)?;
        let (protocol, own, trust): (_, &[&str], &[&str]) = match scheme.as_str() {
            "tcp" => (tcp(rest, &mut options)?, &["tls"], &Trust::OPTIONS),
            "grpc" => (grpc(rest, &mut options)?, &["tls"], &Trust::OPTIONS),
            "dns" => (dns(rest, &mut options)?, &["type", "at-least"], &[]),
            scheme => {
                let is_secure = scheme == "https";
                let ask = Ask::parse(is_secure, rest, &mut options)?;
                let own = &["status", "method", "request-header", "header", "body"];
                (Protocol::Http(Box::new(ask)), own, if is_secure { &Trust::OPTIONS } else { &[] })
            }
        };
        options.finish(&[&["timeout", "interval"], own, trust].concat())?;
        Ok(Self { protocol, timeout, interval })
    }
}

/// As it may be printed: without options, and without a query, which may be secret.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.protocol {
            Protocol::Tcp(address, _) => write!(f, "tcp://{address}"),
            Protocol::Http(ask) => write!(f, "{}", ask.url),
            Protocol::Grpc(address, service, _) => {
                let slash = if service.is_empty() { "" } else { "/" };
                write!(f, "grpc://{address}{slash}{service}")
            }
            Protocol::Dns(query) => write!(f, "dns://{}", query.name),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Srv => "SRV",
        })
    }
}

/// What was meant by a text that has no `://` where a target has it, and that is no object either: `http//api`,
/// `https:/api`, `tcp:db:5432`, `db:5432`.
fn slip(text: &str) -> Option<TargetError> {
    let end = text.find([':', '/']).filter(|end| !text[*end..].starts_with("://"))?;
    let (start, rest) = text.split_at(end);
    let host = rest.trim_start_matches([':', '/']);
    let scheme = closest(start, SCHEMES);
    // A kind may be called as it likes, so that with one slash it may be an object; and a word that is only like a
    // protocol may be another.
    let is_meant =
        rest.starts_with("//") || (rest.starts_with(':') && (SCHEMES.contains(&start) || ends_in_port(text)));
    if let Some(scheme) = scheme.filter(|_| is_meant && !host.is_empty()) {
        let written = redacted(&format!("{scheme}://{host}"));
        return Some(TargetError::Slashes(clean(start) + &rest[..rest.len() - host.len()] + "…", written));
    }
    let authority = &text[..text.find('/').unwrap_or(text.len())];
    Address::parse(authority, None).ok()?;
    let scheme = if authority.len() < text.len() { "http" } else { "tcp" };
    Some(TargetError::NoScheme(redacted(text), redacted(&format!("{scheme}://{text}"))))
}

fn ends_in_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

/// A text that was meant as a network target, without anything in it that may be secret.
#[must_use]
pub fn redacted(text: &str) -> String {
    // Without a protocol, nothing stands before the host.
    let (scheme, rest) = text.split_at(text.find("://").map_or(0, |at| at + 3));
    if has_user(rest) || (scheme.is_empty() && rest.contains('@')) {
        return format!("{scheme}***@…");
    }
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, _)| (rest, "#…"));
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?…"));
    format!("{scheme}{rest}{query}{fragment}")
}

/// Whether there is a user before the host. A password may hold any character, even those that end a host.
fn has_user(rest: &str) -> bool {
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    rest.contains('@') && Address::parse(authority, Some(1)).is_err()
}

fn tcp(rest: &str, options: &mut Options) -> Result<Protocol, TargetError> {
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let address = Address::parse(authority, None)?;
    if !matches!(path, "" | "/") {
        return Err(TargetError::TcpPath(address.to_string()));
    }
    Ok(Protocol::Tcp(address, Trust::take_optional(options)?))
}

fn grpc(rest: &str, options: &mut Options) -> Result<Protocol, TargetError> {
    let (authority, service) = rest.split_once('/').unwrap_or((rest, ""));
    let address = Address::parse(authority, None)?;
    let is_allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '%');
    if service.len() > LONGEST_SERVICE || !service.chars().all(is_allowed) {
        return Err(TargetError::Service(address.to_string()));
    }
    Ok(Protocol::Grpc(address, service.to_owned(), Trust::take_optional(options)?))
}

fn dns(rest: &str, options: &mut Options) -> Result<Protocol, TargetError> {
    let name = rest.strip_suffix('/').unwrap_or(rest);
    let end = name.find([':', '/', '?']).unwrap_or(name.len());
    if end < name.len() && is_host(&name[..end]) {
        return Err(TargetError::NamePath(name[..end].to_owned()));
    }
    let labels = name.strip_suffix('.').unwrap_or(name);
    if !is_host(name) || labels.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(TargetError::Name(name.to_owned()));
    }
    let record = match options.take("type")?.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None => None,
        Some("A") => Some(Record::A),
        Some("AAAA") => Some(Record::Aaaa),
        Some("SRV") => Some(Record::Srv),
        Some(other) => return Err(OptionError::Value("type", other.to_owned(), "A, AAAA or SRV").into()),
    };
    let at_least = match options.take("at-least")? {
        None => 1,
        Some(text) => match text.parse() {
            Ok(count) if (1..=MOST_RECORDS).contains(&count) => count,
            _ => return Err(OptionError::Value("at-least", text, "a number from 1 to 4096").into()),
        },
    };
    Ok(Protocol::Dns(Query { name: name.to_owned(), record, at_least }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn address(host: &str, port: u16) -> Address {
        Address { host: host.into(), port }
    }

    #[test]
    fn targets_are_printed_in_one_form() {
        for (text, printed) in [
            ("tcp://db:5432", "tcp://db:5432"),
            ("TCP://[::1]:5432/", "tcp://[::1]:5432"),
            ("http://api", "http://api/"),
            ("https://api:8443/ready?key=hunter2#body=hunter2", "https://api:8443/ready?…"),
            ("grpc://api:9090", "grpc://api:9090"),
            ("grpc://api:9090/my.v1.Shop#tls=true", "grpc://api:9090/my.v1.Shop"),
            ("dns://_pg._tcp.db.shop.svc#type=SRV&at-least=2", "dns://_pg._tcp.db.shop.svc"),
            ("dns://db.", "dns://db."),
        ] {
            assert_eq!(target(text).to_string(), printed);
        }
    }

    #[test]
    fn defaults_are_the_kubelets() {
        let second = Duration::from_secs(1);
        let plain = target("tcp://db:5432");
        assert_eq!((plain.timeout, plain.interval), (second, second));
        assert_eq!(plain.protocol, Protocol::Tcp(address("db", 5432), None));
        let other = target("tcp://db:5432#timeout=250ms&interval=5s&tls=true");
        assert_eq!((other.timeout, other.interval), (second / 4, second * 5));
        assert_eq!(other.protocol, Protocol::Tcp(address("db", 5432), Some(Trust::default())));
    }

    #[test]
    fn names_and_services_are_what_they_say() {
        assert_eq!(
            target("dns://db.shop#type=aaaa&at-least=3").protocol,
            Protocol::Dns(Query { name: "db.shop".into(), record: Some(Record::Aaaa), at_least: 3 })
        );
        assert_eq!(
            target("dns://db").protocol,
            Protocol::Dns(Query { name: "db".into(), record: None, at_least: 1 })
        );
        assert_eq!(
            target("grpc://api:9090/a.b/c").protocol,
            Protocol::Grpc(address("api", 9090), "a.b/c".into(), None)
        );
    }

    #[test]
    fn a_mistake_says_what_to_write() {
        for (text, part) in [
            (
                "tpc://db:5432",
                "unknown protocol \"tpc\" (did you mean \"tcp\"?); known are: tcp, http, https,",
            ),
            ("postgres://db:5432/x", "unknown protocol \"postgres\"; known are"),
            ("postgres://db:5432/x", "dns; for its port, write tcp://db:5432"),
            ("htp://a", "unknown protocol \"htp\" (did you mean \"http\"?)"),
            ("http//a", "\"http//…\" has no \"://\" after its protocol; write http://a"),
            ("htp//a/b", "write http://a/b"),
            ("https:/x", "\"https:/…\" has no \"://\" after its protocol; write https://x"),
            ("tcp:db:5432", "write tcp://db:5432"),
            ("tpc:db:5432", "write tcp://db:5432"),
            ("dns:db", "write dns://db"),
            ("http:api?token=hunter2#body=hunter2", "write http://api?…"),
            ("http//bob:hunter2@api", "write http://***@…"),
            ("db:5432", "\"db:5432\" has no protocol; write tcp://db:5432"),
            (
                "localhost:8080/ready?hunter2",
                "\"localhost:8080/ready?…\" has no protocol; write http://localhost:8080/ready?…",
            ),
            ("dns://db#at-least=5000", "at-least=5000: write a number from 1 to 4096"),
            ("tcp://db", "the port is missing; write db:PORT"),
            ("tcp://db:5432/x", "tcp:// has no path; write tcp://db:5432"),
            ("tcp://db:5432#status=200", "unknown option \"status\"; known here are: timeout, interval, tls"),
            ("http://api#statsu=200", "did you mean \"status\"?"),
            ("http://api#ca=/x", "unknown option \"ca\"; known here are: timeout, interval, status,"),
            (
                "https://api/#tls=true",
                "unknown option \"tls\"; known here are: timeout, interval, status, method, request-header, header, body, ca, insecure, cert, key",
            ),
            ("http://api/a b", "percent-encode it"),
            ("grpc://api", "the port is missing; write api:PORT"),
            ("grpc://api:1/a?b", "is no gRPC service name"),
            ("dns://db:53", "dns:// has no port and no path; write dns://db"),
            ("dns://db/x", "dns:// has no port and no path; write dns://db"),
            ("dns://", "\"\" is no DNS name"),
            ("dns://a..b", "\"a..b\" is no DNS name"),
            ("dns://db#type=MX", "type=MX: write A, AAAA or SRV"),
            ("dns://db#at-least=0", "at-least=0: write a number from 1 to 4096"),
            ("dns://db#at-least=some", "at-least=some: write a number from 1 to 4096"),
            ("http://bob:hunter2@api/", "leave it out, and write #request-header=Authorization:VALUE"),
            ("http://bob:hunter2#hunter2@api/", "a user or password in a URL"),
            ("tcp://bob:hunter2@db:1", "a user or password in a URL ends up in logs; leave it out"),
            ("dns://bob:hunter2@db", "a user or password in a URL ends up in logs; leave it out"),
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_network_target_is_told_from_a_condition_with_a_url_in_it() {
        assert!(Target::is_meant_by("tcp://db:5432") && Target::is_meant_by("x://"));
        for text in [
            "service/api:jsonpath={.spec.url}=http://x",
            "deployment/x",
            "postgres",
            "ds:ready",
            "pod/http:ready",
            "http/api:ready",
            "deployment/x:8080",
            "tcproutes/x",
            "",
            ":",
        ] {
            assert!(!Target::is_meant_by(text), "{text}");
        }
    }

    #[test]
    fn what_was_written_is_repeated_without_its_secrets() {
        for (text, safe) in [
            ("tcp://db", "tcp://db"),
            ("db:5432", "db:5432"),
            ("http//bob:hunter2@api", "***@…"),
            ("http://bob:hunter2@api/x?hunter2#body=hunter2", "http://***@…"),
            ("http://bob:hunter2#hunter2@api", "http://***@…"),
            ("https://api:x/a@b?hunter2", "https://***@…"),
            ("http://api/a@b?hunter2#body=hunter2", "http://api/a@b?…#…"),
        ] {
            assert_eq!(redacted(text), safe);
        }
    }
}
