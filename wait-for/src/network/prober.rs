//! One target's attempts: each on a new connection, and none longer than it may be.

use super::deadline::Deadline;
use super::dial::dial;
use super::names::Names;
use super::secure::Secure;
use super::target::{Protocol, Target};
use super::{dns, grpc, http};
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
        verdict.unwrap_or_else(Verdict::NotYet)
    }
}
