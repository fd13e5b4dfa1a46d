//! One target's attempts: each on a new connection, and none longer than it may be.

use super::deadline::Deadline;
use super::dial::dial;
use super::names::Names;
use super::secure::Secure;
use super::target::{Protocol, Target};
use super::{dns, grpc, http};
use crate::message::clean;
use crate::verdict::{Finding, Verdict};

/// A target, and what is kept from one attempt to the next.
#[derive(Debug)]
pub struct Prober {
    target: Target,
    names: Names,
    secure: Secure,
}

impl Prober {
    /// A prober that has tried nothing yet.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target, names: Names::default(), secure: Secure::default() }
    }

    /// One attempt. Whatever goes wrong may go better the next time: nothing here is hopeless.
    pub async fn attempt(&mut self) -> Verdict {
        let Self { target, names, secure } = self;
        let deadline = Deadline::after(target.timeout);
        let verdict = match &target.protocol {
            Protocol::Tcp(address, trust) => {
                let found = async {
                    let tcp = dial(names, address, &deadline).await?;
                    if let Some(trust) = trust {
                        secure.handshake(tcp, address, trust, &[], &deadline).await?;
                    }
                    Ok(Verdict::Met(Finding::state("open")))
                };
                found.await
            }
            Protocol::Http(ask) => http::attempt(ask, names, secure, &deadline).await,
            Protocol::Grpc(address, service, trust) => {
                grpc::attempt(address, service, trust.as_ref(), names, secure, &deadline).await
            }
            Protocol::Dns(query) => dns::attempt(query, names, &deadline).await,
        };
        tidy(verdict.unwrap_or_else(Verdict::NotYet))
    }
}

/// Whatever a peer has said, what is printed is one line of it: the last door that it goes through.
fn tidy(verdict: Verdict) -> Verdict {
    let tidied =
        |Finding { state, cause }| Finding { state: clean(&state), cause: cause.map(|cause| clean(&cause)) };
    match verdict {
        Verdict::Met(finding) => Verdict::Met(tidied(finding)),
        Verdict::NotYet(finding) => Verdict::NotYet(tidied(finding)),
        Verdict::Failed(finding) => Verdict::Failed(tidied(finding)),
        Verdict::Misused(finding) => Verdict::Misused(tidied(finding)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_peer_can_forge_a_second_line() {
        let said = Verdict::NotYet(Finding::because("HTTP 200\r\nmet x", "\u{1b}[2J a\u{202e}b"));
        assert_eq!(tidy(said), Verdict::NotYet(Finding::because("HTTP 200 met x", "[2J a b")));
    }
}
