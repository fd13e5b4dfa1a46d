//! Whose requests a planned fault applies to. Every condition that is given must hold.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::{HeaderName, USER_AGENT};

use super::Rate;

/// What the kubelet's User-Agent begins with, unless the probe's httpHeaders replace it.
const KUBE_PROBE: &[u8] = b"kube-probe/";

/// Whom a fault applies to; by default everybody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whom {
    /// The kubelet, or all others.
    pub callers: Option<Caller>,
    /// Headers that must be there; with a value, that must be one of theirs.
    pub headers: Vec<(HeaderName, Option<String>)>,
    /// The path.
    pub path: Option<PathPattern>,
    /// A share of the client addresses, always the same ones.
    pub share: Option<Rate>,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A kubelet, by its User-Agent.
    Probe,
    /// Anybody else.
    Other,
}

/// A path, exact or by its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPattern {
    /// This path.
    Exact(String),
    /// All paths that begin so.
    Prefix(String),
}

/// What is known of a request when it is decided.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The headers, if the protocol has any.
    pub headers: Option<&'a HeaderMap>,
    /// The path, or what stands for it.
    pub path: &'a str,
    /// The client's address.
    pub address: Option<IpAddr>,
}

// === impl Whom ===

impl Whom {
    /// Whether the fault is meant for this request. `stream` tells the faults' shares apart.
    #[must_use]
    pub fn covers(&self, asked: Asked<'_>, seed: u64, stream: u64) -> bool {
        self.callers.is_none_or(|caller| caller == asked.caller())
            && self.path.as_ref().is_none_or(|pattern| pattern.covers(asked.path))
            && self.headers.iter().all(|(name, value)| asked.has_header(name, value.as_deref()))
            && self.share.is_none_or(|share| share.covers(lot(asked.address, seed, stream)))
    }
}

// === impl Caller ===

impl Caller {
    /// Its name in a plan and in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Probe => "probes",
            Self::Other => "others",
        }
    }
}

// === impl PathPattern ===

impl PathPattern {
    /// `/exact` or `/begin*`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        text.starts_with('/').then(|| match text.strip_suffix('*') {
            Some(beginning) => Self::Prefix(beginning.to_owned()),
            None => Self::Exact(text.to_owned()),
        })
    }

    fn covers(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Prefix(beginning) => path.starts_with(beginning.as_str()),
        }
    }
}

// === impl Asked ===

impl Asked<'_> {
    /// Who asks.
    #[must_use]
    pub fn caller(&self) -> Caller {
        let agent = self.headers.and_then(|headers| headers.get(USER_AGENT));
        let is_probe = agent.is_some_and(|agent| agent.as_bytes().starts_with(KUBE_PROBE));
        if is_probe { Caller::Probe } else { Caller::Other }
    }

    fn has_header(&self, name: &HeaderName, value: Option<&str>) -> bool {
        let mut values = self.headers.into_iter().flat_map(|headers| headers.get_all(name));
        values.any(|found| value.is_none_or(|value| found.as_bytes() == value.as_bytes()))
    }
}

/// A number in [0, 1) for a client address, the same every time.
fn lot(address: Option<IpAddr>, seed: u64, stream: u64) -> f64 {
    let octets = match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(address)) => address.octets(),
        None => [0; 16],
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&stream.to_le_bytes());
    bytes[16..].copy_from_slice(&octets);
    crate::rng::unit(crate::rng::mix(crate::rng::fnv1a(&bytes)))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use hyper::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let entry = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut map = HeaderMap::new();
        for (name, value) in pairs.iter().map(entry) {
            map.append(name, value);
        }
        map
    }

    fn asked<'a>(headers: &'a HeaderMap, path: &'a str) -> Asked<'a> {
        Asked { headers: Some(headers), path, address: None }
    }

    #[test]
    fn probes_are_known_by_their_user_agent() {
        for (agent, expected) in [
            ("kube-probe/1.36", Caller::Probe),
            ("kube-probe/", Caller::Probe),
            ("curl/8 kube-probe/1.36", Caller::Other),
            ("", Caller::Other),
        ] {
            assert_eq!(asked(&headers(&[("user-agent", agent)]), "/").caller(), expected, "{agent}");
        }
        assert_eq!(asked(&HeaderMap::new(), "/").caller(), Caller::Other);
        assert_eq!(Asked { headers: None, path: "", address: None }.caller(), Caller::Other);
    }

    #[test]
    fn every_condition_must_hold() {
        let whom = Whom {
            callers: Some(Caller::Other),
            headers: vec![
                (HeaderName::from_static("x-canary"), None),
                (HeaderName::from_static("x-user"), Some("ann".into())),
            ],
            path: PathPattern::new("/orders/*"),
            share: None,
        };
        let right = headers(&[("x-canary", ""), ("x-user", "bob"), ("x-user", "ann")]);
        let wrong = headers(&[("x-canary", "1"), ("x-user", "bob")]);
        assert!(whom.covers(asked(&right, "/orders/7"), 1, 1));
        assert!(!whom.covers(asked(&wrong, "/orders/7"), 1, 1));
        assert!(!whom.covers(asked(&right, "/orders"), 1, 1));
        assert!(!whom.covers(asked(&HeaderMap::new(), "/orders/7"), 1, 1));
    }

    #[test]
    fn a_share_takes_that_many_addresses_and_always_the_same() {
        let whom = Whom { share: Rate::from_percent(30.0), ..Whom::default() };
        let covered = |stream| {
            let hit = |n: u32| {
                let address = Some(IpAddr::from(Ipv4Addr::from(0x0a00_0000 + n)));
                whom.covers(Asked { headers: None, path: "/", address }, 42, stream)
            };
            (0..10_000).filter(|n| hit(*n)).collect::<Vec<u32>>()
        };
        assert!((2_800..3_200).contains(&covered(1).len()), "{}", covered(1).len());
        assert_eq!(covered(1), covered(1));
        assert_ne!(covered(1), covered(2));
    }
}
