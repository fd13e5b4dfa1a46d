//! The hosts of network targets, and the Services that they may mean.
//!
//! Names: "DNS for Services and Pods" in the Kubernetes documentation.

/// `dns://`: a name that resolves.
pub(super) const NAME: &str = "a name";
/// A server that answers.
pub(super) const SERVER: &str = "a server";

/// What a network target looks for, and its host.
pub(super) fn host(target: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = target.split_once("://")?;
    let kind = match scheme {
        "dns" => NAME,
        "tcp" | "http" | "https" | "grpc" | "grpcs" => SERVER,
        _ => return None,
    };
    // An address in brackets is no name, and ends up empty here.
    let host = rest.split(['/', ':', '#', '?', '[']).next().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    (!host.is_empty()).then_some((kind, host))
}

/// The Services that a host may be: their names, their namespaces, and whether the host is one of a pod behind it.
/// `NAME`, `NAME.NAMESPACE`, `NAME.NAMESPACE.svc` and longer; for pods one more before it.
pub(super) fn services<'h>(host: &'h str, own: &'h str) -> Vec<(&'h str, &'h str, bool)> {
    // Names of SRV records begin with those of the port and the protocol.
    let labels: Vec<&str> = host.split('.').skip_while(|label| label.starts_with('_')).collect();
    let service = |labels: &[&'h str], is_of_pod| match *labels {
        [name] => Some((name, own, is_of_pod)),
        [name, namespace] | [name, namespace, "svc", ..] => Some((name, namespace, is_of_pod)),
        _ => None,
    };
    let of_pod = labels.split_first().and_then(|(_, rest)| service(rest, true));
    service(&labels, false).into_iter().chain(of_pod).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_targets_have_hosts() {
        for (target, expected) in [
            ("dns://ring", Some((NAME, "ring"))),
            ("dns://ring.shop.svc.cluster.local.", Some((NAME, "ring.shop.svc.cluster.local"))),
            ("tcp://ring:7933", Some((SERVER, "ring"))),
            ("https://ring/health#insecure=true", Some((SERVER, "ring"))),
            ("grpc://ring.shop:9090/orders", Some((SERVER, "ring.shop"))),
            ("tcp://[::1]:80", None),
            ("service/ring", None),
            ("--on=x://y", None),
        ] {
            assert_eq!(host(target), expected, "{target}");
        }
    }

    #[test]
    fn a_host_may_be_a_service_or_a_pod_behind_one() {
        for (host, expected) in [
            ("ring", &[("ring", "shop", false)][..]),
            ("ring.other", &[("ring", "other", false), ("other", "shop", true)]),
            ("_gossip._tcp.ring", &[("ring", "shop", false)]),
            ("ring.other.svc", &[("ring", "other", false), ("other", "svc", true)]),
            ("ring-0.ring.shop.svc.cluster.local", &[("ring", "shop", true)]),
            ("www.example.com", &[("example", "com", true)]),
        ] {
            assert_eq!(services(host, "shop"), expected, "{host}");
        }
    }
}
