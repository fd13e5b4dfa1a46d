//! `/etc/resolv.conf` as glibc reads it: which servers to ask, and which names a name may mean.
//! <https://man7.org/linux/man-pages/man5/resolv.conf.5.html>, `resolv/res_init.c` and `resolv/res_query.c` of glibc 2.41
//!
//! Honoured are `nameserver`, `search`, `domain`, and the options `ndots`, `timeout`, `attempts`, `use-vc`, `no-aaaa`
//! and `no-tld-query`. The others say how to share out questions (`rotate`), or spare broken routers that mix two of
//! them up (`single-request`): each question has a socket of its own here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use super::numeric::numeric;

/// `MAXNS`: no more servers are asked.
const SERVERS: usize = 3;
/// `RES_MAXNDOTS`, `RES_MAXRETRANS` and `RES_MAXRETRY`.
const MOST_DOTS: usize = 15;
const LONGEST_TIMEOUT: u64 = 30;
const MOST_ATTEMPTS: u32 = 5;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolv {
    /// In the order in which they are asked; never none.
    pub(super) servers: Vec<SocketAddr>,
    /// How long a server is given before the next one is asked, too.
    pub(super) timeout: Duration,
    /// How often each is asked.
    pub(super) attempts: u32,
    /// Questions are asked over TCP.
    pub(super) is_tcp: bool,
    /// Nobody asks for IPv6 addresses.
    pub(super) is_ipv4: bool,
    search: Vec<String>,
    ndots: usize,
    /// A name without dots is not asked for as it is.
    is_never_bare: bool,
}

// === impl Resolv ===

impl Resolv {
    /// Reads the file's text; what is not understood is left out. Without a domain to search, it is that of `hostname`.
    pub(super) fn parse(text: &str, hostname: &str, port: u16) -> Self {
        let mut resolv = Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(5),
            attempts: 2,
            is_tcp: false,
            is_ipv4: false,
            search: Vec::new(),
            ndots: 1,
            is_never_bare: false,
        };
        for line in text.lines() {
            // A line begins with its keyword: what comes after a blank is a comment, as is all that is unknown.
            let (keyword, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            let mut words = rest.split_ascii_whitespace();
            match keyword {
                "nameserver" => resolv.servers.extend(words.next().and_then(|word| server(word, port))),
                // The last of both lines counts.
                "domain" => resolv.search = words.next().map(str::to_owned).into_iter().collect(),
                "search" => resolv.search = words.map(str::to_owned).collect(),
                "options" => words.for_each(|word| resolv.option(word)),
                _ => {}
            }
        }
        if resolv.search.is_empty() {
            resolv.search.extend(hostname.trim().split_once('.').map(|(_, domain)| domain.to_owned()));
        }
        resolv.servers.truncate(SERVERS);
        if resolv.servers.is_empty() {
            resolv.servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
        }
        resolv
    }

    fn option(&mut self, word: &str) {
        match word.split_once(':') {
            Some(("ndots", number)) => self.ndots = number.parse().unwrap_or(self.ndots).min(MOST_DOTS),
            Some(("timeout", number)) => {
                let seconds = number.parse().unwrap_or(self.timeout.as_secs());
                self.timeout = Duration::from_secs(seconds.clamp(1, LONGEST_TIMEOUT));
            }
            Some(("attempts", number)) => {
                self.attempts = number.parse().unwrap_or(self.attempts).clamp(1, MOST_ATTEMPTS);
            }
            Some(_) => {}
            None => match word {
                "use-vc" => self.is_tcp = true,
                "no-aaaa" => self.is_ipv4 = true,
                "no-tld-query" => self.is_never_bare = true,
                _ => {}
            },
        }
    }

    /// The full names that a name may mean, the likeliest first: `__res_context_search`.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let absolute = format!("{name}.");
        let dots = name.matches('.').count();
        let mut names = Vec::new();
        if dots >= self.ndots {
            names.push(absolute.clone());
        }
        for domain in &self.search {
            // The root stands for the name as it is, in its place.
            let domain = domain.trim_matches('.');
            names.push(if domain.is_empty() { absolute.clone() } else { format!("{name}.{domain}.") });
        }
        if dots > 0 || self.search.is_empty() || !self.is_never_bare {
            names.push(absolute);
        }
        let mut seen = Vec::with_capacity(names.len());
        for name in names {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        seen
    }
}

/// An address; a link's own one has the link after a `%`.
fn server(text: &str, port: u16) -> Option<SocketAddr> {
    if let Some(ip) = numeric(text).or_else(|| text.parse::<IpAddr>().ok()) {
        return Some(SocketAddr::new(ip, port));
    }
    // Only such an address is given to the system, which knows the links and asks nobody.
    let (ip, _) = text.split_once('%').filter(|(ip, link)| ip.contains(':') && !link.is_empty())?;
    ip.parse::<IpAddr>().ok()?;
    (text, port).to_socket_addrs().ok()?.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "# made by the kubelet\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\n\
                       nameserver 10.96.0.10\nnameserver fd00::a\noptions ndots:5 timeout:1\n";

    fn parse(text: &str) -> Resolv {
        Resolv::parse(text, "web-0\n", 53)
    }

    #[test]
    fn a_pods_file_is_read() {
        let resolv = parse(POD);
        assert_eq!(resolv.servers, ["10.96.0.10:53".parse().unwrap(), "[fd00::a]:53".parse().unwrap()]);
        assert_eq!(
            resolv.candidates("db"),
            ["db.shop.svc.cluster.local.", "db.svc.cluster.local.", "db.cluster.local.", "db."]
        );
        assert_eq!(resolv.candidates("db.example.com.")[..], ["db.example.com."]);
        assert_eq!(resolv.timeout, Duration::from_secs(1));
    }

    #[test]
    fn a_search_list_has_no_limit() {
        let domains: Vec<String> = (0..40).map(|number| format!("team-{number:02}.corp.example")).collect();
        let resolv = parse(&format!("search {}\noptions ndots:5", domains.join(" ")));
        let candidates = resolv.candidates("db");
        assert_eq!((candidates.len(), &candidates[39][..]), (41, "db.team-39.corp.example."));
    }

    #[test]
    fn names_are_tried_in_the_order_of_glibc() {
        for (text, name, expected) in [
            ("search shop.svc.\nsearch . example.com.", "a.b", &["a.b.", "a.b.example.com."][..]),
            ("search shop.svc.\nsearch . example.com.", "a", &["a.", "a.example.com."]),
            ("search x\ndomain example.com ignored", "a", &["a.example.com.", "a."]),
            ("search x y\noptions ndots:3", "a.b.c", &["a.b.c.x.", "a.b.c.y.", "a.b.c."]),
            ("search x\noptions ndots:0", "a", &["a.", "a.x."]),
            ("search x\noptions no-tld-query", "a", &["a.x."]),
            ("options no-tld-query", "a", &["a."]),
            ("", "a", &["a."]),
            (" search x\n; search y\n#search z\nsearchq w", "a", &["a."]),
            ("search\tx\t y", "a", &["a.x.", "a.y.", "a."]),
        ] {
            assert_eq!(parse(text).candidates(name), expected, "{text}");
        }
        let named = Resolv::parse("", "web-0.web.shop.svc\n", 53);
        assert_eq!(named.candidates("db"), ["db.web.shop.svc.", "db."], "the host's own domain");
    }

    #[test]
    fn options_have_the_limits_of_glibc() {
        let resolv =
            parse("options ndots:99 timeout:99 attempts:99\noptions use-vc no-aaaa rotate x:y timeout:");
        assert_eq!((resolv.ndots, resolv.timeout.as_secs(), resolv.attempts), (15, 30, 5));
        assert!(resolv.is_tcp && resolv.is_ipv4);
        let resolv = parse("options timeout:0 attempts:0 ndots:-1");
        assert_eq!((resolv.ndots, resolv.timeout.as_secs(), resolv.attempts), (1, 1, 1));
    }

    #[test]
    fn three_servers_are_asked_and_without_one_it_is_this_host() {
        for text in ["", "nameserver\nnameserver db\nnameserver fe80::1%no-such-link\noptions ndots:x"] {
            assert_eq!(parse(text).servers, ["127.0.0.1:53".parse().unwrap()]);
        }
        let many =
            parse("nameserver 1.1.1.1 # one\nnameserver 127.2\nnameserver fe80::1%lo\nnameserver 9.9.9.9");
        assert_eq!(many.servers[..2], ["1.1.1.1:53".parse().unwrap(), "127.0.0.2:53".parse().unwrap()]);
        assert_eq!(many.servers[2].to_string(), "[fe80::1%1]:53");
    }
}
