//! Addresses for pods: a part of 127.0.0.0/8, all of which Linux answers on loopback.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// The kubelet's port.
const KUBELET: u16 = 10250;
/// The second octets that labs take theirs from.
const SECOND: std::ops::Range<u8> = 16..250;
/// Hosts in one third octet, from 1.
const HOSTS: u32 = 254;
/// Third octets, from 1; 0 is the node's.
const NETS: u32 = 254;

/// The addresses of one lab; no other lab of this machine has them while this exists.
#[derive(Debug)]
pub(in crate::lab) struct Addresses {
    second: u8,
    next: AtomicU32,
    /// What keeps others from this network. Nothing is received over it.
    _claim: UdpSocket,
}

// === impl Addresses ===

impl Addresses {
    /// Takes the first free network, from one that `chance` names.
    ///
    /// # Errors
    /// When none is free, or the machine has no such addresses.
    pub(in crate::lab) fn claim(chance: u8) -> io::Result<Self> {
        let count = SECOND.end - SECOND.start;
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for step in 0..count {
            let second = SECOND.start + (chance % count + step) % count;
            match UdpSocket::bind((node(second), KUBELET)) {
                Ok(claim) => return Ok(Self { second, next: AtomicU32::new(0), _claim: claim }),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// The node's own.
    pub(super) fn node(&self) -> Ipv4Addr {
        node(self.second)
    }

    /// The next pod's; they come around again after some 64,000 pods.
    pub(super) fn next(&self) -> Ipv4Addr {
        pod(self.second, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

fn node(second: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, second, 0, 1)
}

#[expect(clippy::cast_possible_truncation, reason = "both are at most 254")]
fn pod(second: u8, number: u32) -> Ipv4Addr {
    let (net, host) = (number / HOSTS % NETS, number % HOSTS);
    Ipv4Addr::new(127, second, (net + 1) as u8, (host + 1) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_numbered_within_the_network() {
        for (number, expected) in [
            (0, "127.20.1.1"),
            (253, "127.20.1.254"),
            (254, "127.20.2.1"),
            (254 * 254 - 1, "127.20.254.254"),
            (254 * 254, "127.20.1.1"),
        ] {
            assert_eq!(pod(20, number).to_string(), expected);
        }
    }

    #[test]
    fn two_labs_have_different_networks() {
        let (one, two) = (Addresses::claim(7).unwrap(), Addresses::claim(7).unwrap());
        assert_ne!(one.node(), two.node());
        assert_ne!(one.next(), one.next());
    }
}
