//! How a setting's value is spelt, for flags and variables alike. What is refused comes with what to write
//! instead.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tracing::Level;

use crate::duration::{self, MILLISECOND, MINUTE, SECOND, is_decimal};
use crate::plan::Rate;
use crate::plan::what::Network;
use crate::quantity::{Memory, Millicores};

/// Why a value is refused, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}; write {instead}")]
pub struct BadValue {
    expected: &'static str,
    instead: String,
}

/// Where to listen: an address, with a port of its own or with that of `PORT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Only the address.
    Ip(IpAddr),
    /// Address and port.
    Socket(SocketAddr),
}

/// Names, none of them empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

/// A share of requests: `20`, `20%`, `0.5%`.
///
/// A fraction needs its percent sign: `0.2` alone may well be meant as 20 %.
///
/// # Errors
/// Anything else, or a share outside 0 to 100 %.
pub fn rate(text: &str) -> Result<Rate, BadValue> {
    let parse = |text: &str| {
        let percent: f64 = match text.strip_suffix('%') {
            Some(number) if is_decimal(number) => number.parse().ok()?,
            Some(_) => return None,
            None => f64::from(text.parse::<u32>().ok()?),
        };
        Rate::from_percent(percent)
    };
    let tidy = tidy(text);
    let too_much = is_decimal(tidy.trim_end_matches('%')) && !tidy.contains('.');
    let candidates = [tidy.clone(), format!("{tidy}%")];
    let example = if too_much { "100 for all requests" } else { "for example 20, or 0.5% for a fraction" };
    read(text, parse, "a percentage from 0 to 100", candidates, example)
}

/// A latency; a bare number is milliseconds.
///
/// # Errors
/// Anything that is not a time, and what is negative.
pub fn milliseconds(text: &str) -> Result<Duration, BadValue> {
    let expected = "a time of 0 or more: whole milliseconds, or a number with a unit";
    span(text, Some(MILLISECOND), "ms", expected, "for example 200 or 1.5s")
}

/// A moment of the uptime; a bare number is seconds, and as in kube-probesim nothing above 0 means never.
///
/// # Errors
/// Anything that is not a time.
pub fn seconds_or_off(text: &str) -> Result<Duration, BadValue> {
    let expected = "a time: whole seconds, or a number with a unit";
    moment(text, SECOND, "s", expected, "for example 60 or 2m, or 0 for never")
}

/// A moment of the uptime; a bare number is minutes, and as in kube-probesim nothing above 0 means never.
///
/// # Errors
/// Anything that is not a time.
pub fn minutes_or_off(text: &str) -> Result<Duration, BadValue> {
    let expected = "a time: whole minutes, or a number with a unit";
    moment(text, MINUTE, "m", expected, "for example 30 or 90s, or 0 for never")
}

/// A length of time; a bare number is minutes.
///
/// # Errors
/// Anything that is not a time, and what is negative.
pub fn minutes(text: &str) -> Result<Duration, BadValue> {
    let expected = "a time of 0 or more: whole minutes, or a number with a unit";
    span(text, Some(MINUTE), "m", expected, "for example 5 or 90s")
}

/// A length of time that must name its unit; only 0 needs none.
///
/// # Errors
/// Anything that is not a time, and what is negative.
pub fn with_unit(text: &str) -> Result<Duration, BadValue> {
    span(text, None, "s", "a time of 0 or more, with a unit", "for example 500ms, 10s or 2m")
}

/// Go's `strconv.ParseBool`, as kube-probesim had it.
///
/// # Errors
/// Any other word.
pub fn boolean(text: &str) -> Result<bool, BadValue> {
    let parse = |text: &str| match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    };
    let lower = tidy(text).to_lowercase();
    let synonym = match lower.as_str() {
        "yes" | "y" | "on" => "true",
        "no" | "n" | "off" => "false",
        other => other,
    };
    read(text, parse, "true or false", [synonym.to_owned()], "true or false")
}

/// A number of requests.
///
/// # Errors
/// Anything but a whole number of 0 or more.
pub fn count(text: &str) -> Result<u64, BadValue> {
    read(text, parsed::<u64>, "a whole number of requests, 0 or more", [tidy(text)], "for example 3")
}

/// A number of requests that may be negative.
///
/// # Errors
/// Anything but a whole number.
pub fn signed_count(text: &str) -> Result<i64, BadValue> {
    read(text, parsed::<i64>, "a whole number of requests", [tidy(text)], "for example 3")
}

/// A seed.
///
/// # Errors
/// Anything but a whole number of 64 bits.
pub fn seed(text: &str) -> Result<u64, BadValue> {
    let expected = "a whole number from 0 to 18446744073709551615";
    read(text, parsed::<u64>, expected, [tidy(text)], "for example 42")
}

/// A TCP port; 0 lets the system choose.
///
/// # Errors
/// Anything but a number from 0 to 65535.
pub fn port(text: &str) -> Result<u16, BadValue> {
    let digits = tidy(text).trim_start_matches(':').to_owned();
    read(text, parsed::<u16>, "a port number from 0 to 65535", [digits], "for example 8080")
}

/// An address to listen on, with or without a port.
///
/// # Errors
/// Host names, and anything else that is not an IP address.
pub fn listen(text: &str) -> Result<Listen, BadValue> {
    let parse = |text: &str| {
        let socket = text.parse().map(Listen::Socket);
        socket.or_else(|_| text.parse().map(Listen::Ip)).ok()
    };
    let tidy = tidy(text);
    let candidates = [tidy.replacen("localhost", "127.0.0.1", 1), format!("[::]{tidy}"), tidy];
    let expected = "an IP address, with or without a port";
    read(text, parse, expected, candidates, "for example 127.0.0.1, 0.0.0.0:8080 or [::]:8080")
}

/// An address without a port.
///
/// # Errors
/// Anything that is not an IP address.
pub fn ip(text: &str) -> Result<IpAddr, BadValue> {
    let candidates = [tidy(text).replacen("localhost", "127.0.0.1", 1)];
    read(text, parsed::<IpAddr>, "an IP address", candidates, "for example 127.0.0.1, 0.0.0.0 or ::")
}

/// What a partition is to be; `Open` stands for kube-probesim's HTTP 500.
///
/// # Errors
/// Any other word.
pub fn partition(text: &str) -> Result<Network, BadValue> {
    let parse = |text: &str| match text {
        "http" => Some(Network::Open),
        word => Network::FAULTS.into_iter().find(|network| network.word() == word),
    };
    let words = "http, refuse, reset, hang or blackhole";
    read(text, parse, "a kind of partition", [tidy(text).to_lowercase()], words)
}

/// The name of a file.
///
/// # Errors
/// None.
pub fn path(text: &str) -> Result<PathBuf, BadValue> {
    Ok(PathBuf::from(text))
}

/// A length of time above 0, with a unit.
///
/// # Errors
/// Anything else.
pub fn positive(text: &str) -> Result<Duration, BadValue> {
    let parse = |text: &str| duration::parse(text).filter(|time| !time.is_zero());
    let tidy = tidy(text).to_lowercase();
    read(
        text,
        parse,
        "a time of more than 0, with a unit",
        [tidy.clone(), format!("{tidy}s")],
        "for example 10s",
    )
}

/// An amount of memory above 0.
///
/// # Errors
/// Anything else.
pub fn memory(text: &str) -> Result<Memory, BadValue> {
    let tidy = tidy(text);
    let candidates =
        [tidy.clone(), tidy.trim_end_matches(['B', 'b']).to_owned(), tidy.replacen("mi", "Mi", 1)];
    read(text, Memory::parse, "an amount of memory above 0", candidates, "for example 64Mi or 1.5Gi")
}

/// A share of processor time above 0.
///
/// # Errors
/// Anything else.
pub fn processor(text: &str) -> Result<Millicores, BadValue> {
    read(text, Millicores::parse, "a share of a core above 0", [tidy(text)], "for example 50%, 500m or 0.5")
}

/// An exit code.
///
/// # Errors
/// Anything but a number from 0 to 255.
pub fn exit_code(text: &str) -> Result<u8, BadValue> {
    read(text, parsed::<u8>, "an exit code from 0 to 255", [tidy(text)], "for example 1")
}

/// Names with commas between them.
///
/// # Errors
/// An empty name, one that is there twice, or white space.
pub fn names(text: &str) -> Result<Names, BadValue> {
    let parse = |text: &str| {
        let names: Vec<String> = text.split(',').map(str::to_owned).collect();
        let is_name = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
        let is_new = |n: usize| !names[..n].contains(&names[n]);
        (names.iter().all(is_name) && (0..names.len()).all(is_new)).then_some(Names(names))
    };
    read(text, parse, "different names with commas between them", [tidy(text)], "for example orders,payments")
}

/// Any text.
///
/// # Errors
/// None.
pub fn text(text: &str) -> Result<String, BadValue> {
    Ok(text.to_owned())
}

/// A log level.
///
/// # Errors
/// Any other word.
pub fn log_level(text: &str) -> Result<Level, BadValue> {
    let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
        "error" => Some(Level::ERROR),
        "warn" => Some(Level::WARN),
        "info" => Some(Level::INFO),
        "debug" => Some(Level::DEBUG),
        _ => None,
    };
    let tidy = tidy(text).to_lowercase();
    let synonym = match tidy.as_str() {
        "warning" => "warn",
        "trace" => "debug",
        other => other,
    };
    let expected = "a log level";
    read(text, parse, expected, [synonym.to_owned()], "error, warn, info or debug")
}

/// Parses, or names the first candidate that would parse, else the example.
fn read<T, const N: usize>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    expected: &'static str,
    candidates: [String; N],
    example: &str,
) -> Result<T, BadValue> {
    parse(text).ok_or_else(|| {
        let instead = candidates.into_iter().find(|candidate| parse(candidate).is_some());
        BadValue { expected, instead: instead.unwrap_or_else(|| example.to_owned()) }
    })
}

/// A time of 0 or more. `bare` is the unit of a number without one; only 0 needs none when there is no such
/// unit.
fn span(
    text: &str,
    bare: Option<u64>,
    suffix: &str,
    expected: &'static str,
    example: &str,
) -> Result<Duration, BadValue> {
    let parse = |text: &str| match (text.parse::<u64>(), bare) {
        (Ok(number), Some(unit)) => number.checked_mul(unit).map(Duration::from_nanos),
        (Ok(0), None) => Some(Duration::ZERO),
        (Ok(_), None) => None,
        (Err(_), _) => duration::parse(text),
    };
    let tidy = tidy(text).to_lowercase();
    read(text, parse, expected, [tidy.clone(), format!("{tidy}{suffix}")], example)
}

/// A [`span`] for which a negative number means never, like 0.
fn moment(
    text: &str,
    bare: u64,
    suffix: &str,
    expected: &'static str,
    example: &str,
) -> Result<Duration, BadValue> {
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Ok(Duration::ZERO),
        _ => span(text, Some(bare), suffix, expected, example),
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The value without white space and a leading plus: what was most likely meant.
fn tidy(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    text.strip_prefix('+').unwrap_or(&text).to_owned()
}
