//! `/etc/resolv.conf`: which servers to ask, and which names a name may mean.
//! <https://man7.org/linux/man-pages/man5/resolv.conf.5.html>

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The servers that are asked; the C library asks no more.
const SERVERS: usize = 3;
const PORT: u16 = 53;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolv {
    /// In the order in which they are asked; never none.
    pub(super) servers: Vec<SocketAddr>,
    search: Vec<String>,
    ndots: usize,
}

// === impl Resolv ===

impl Resolv {
    /// Reads the file's text; what is not understood is left out, as the C library does.
    pub(super) fn parse(text: &str) -> Self {
        let mut resolv = Self { servers: Vec::new(), search: Vec::new(), ndots: 1 };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => resolv.servers.extend(words.next().and_then(server)),
                // The last of both lines counts.
                Some("search" | "domain") => resolv.search = words.map(str::to_owned).collect(),
                Some("options") => {
                    let ndots =
                        words.filter_map(|word| word.strip_prefix("ndots:")?.parse().ok()).next_back();
                    resolv.ndots = ndots.unwrap_or(resolv.ndots).min(15);
                }
                _ => {}
            }
        }
        resolv.servers.truncate(SERVERS);
        if resolv.servers.is_empty() {
            resolv.servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT));
        }
        resolv
    }

    /// The full names that a name may mean, the likeliest first.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let absolute = format!("{name}.");
        let searched =
            self.search.iter().map(|domain| domain.trim_end_matches('.')).filter(|domain| !domain.is_empty());
        let mut names: Vec<String> = searched.map(|domain| format!("{name}.{domain}.")).collect();
        let is_first = name.matches('.').count() >= self.ndots;
        names.insert(if is_first { 0 } else { names.len() }, absolute);
        names
    }
}

/// An address; a link's own one needs a socket that knows the link, and is left to the system.
fn server(text: &str) -> Option<SocketAddr> {
    text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, PORT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "# made by the kubelet\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\n\
                       nameserver 10.96.0.10\nnameserver fd00::a\noptions ndots:5 timeout:1\n";

    #[test]
    fn a_pods_file_is_read() {
        let resolv = Resolv::parse(POD);
        assert_eq!(resolv.servers, ["10.96.0.10:53".parse().unwrap(), "[fd00::a]:53".parse().unwrap()]);
        assert_eq!(
            resolv.candidates("db"),
            ["db.shop.svc.cluster.local.", "db.svc.cluster.local.", "db.cluster.local.", "db."]
        );
        assert_eq!(resolv.candidates("db.example.com.")[..], ["db.example.com."]);
    }

    #[test]
    fn a_name_with_dots_enough_is_meant_as_it_is() {
        let resolv = Resolv::parse("search shop.svc.\nsearch . example.com.\n");
        assert_eq!(resolv.candidates("a.b"), ["a.b.", "a.b.example.com."]);
        assert_eq!(resolv.candidates("a"), ["a.example.com.", "a."]);
    }

    #[test]
    fn without_a_server_it_is_this_host() {
        for text in ["", "nameserver\nnameserver db\nnameserver fe80::1%eth0\noptions ndots:x"] {
            assert_eq!(Resolv::parse(text).servers, ["127.0.0.1:53".parse().unwrap()]);
        }
    }
}
