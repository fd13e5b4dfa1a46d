//! Addresses of a name, as a program with glibc finds them: `/etc/hosts`, then the DNS with its search domains.
//!
//! By hand, because musl's resolver, which would be linked in, reads 256 bytes of the search list, keeps 48 addresses,
//! and gives up at the first domain that fails: the app in the next container may see what the gate would not. Both
//! files are read at each attempt. `localhost` is a name like any other, as for glibc: each pod has it in `/etc/hosts`.
//!
//! | file | holds |
//! |---|---|
//! | `numeric`, `hosts`, `resolv` | the grammar of addresses and of the two files |
//! | `search` | which of the names that a name may mean is the one |
//! | `servers` | which server answers, and both families of addresses |
//! | `exchange`, `packet` | a question and its answer on the wire |

mod exchange;
mod hosts;
mod numeric;
mod packet;
mod resolv;
mod search;
mod servers;
#[cfg(test)]
mod tests;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::numeric::numeric;
use self::resolv::Resolv;
use self::search::{Asking, Outcome, search};
use self::servers::Servers;
use super::deadline::Deadline;
use super::target::Record;
use crate::bounded_file::{SETTINGS, read};
use crate::connection::describe;
use crate::verdict::Finding;

const PORT: u16 = 53;
/// No name gets company sooner than this.
const SHORTEST: Duration = Duration::from_millis(50);

/// Where names are looked up.
#[derive(Debug)]
pub(super) struct Names {
    hosts: PathBuf,
    resolv: PathBuf,
    hostname: PathBuf,
    port: u16,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            hosts: "/etc/hosts".into(),
            resolv: "/etc/resolv.conf".into(),
            hostname: "/proc/sys/kernel/hostname".into(),
            port: PORT,
        }
    }
}

// === impl Names ===

impl Names {
    /// The addresses of a host; never none.
    pub(super) async fn lookup(&self, host: &str, deadline: &Deadline) -> Result<Vec<IpAddr>, Finding> {
        if let Some(ip) = host.parse().ok().or_else(|| numeric(host)) {
            return Ok(vec![ip]);
        }
        let known = hosts::addresses(&text(&self.hosts)?, host);
        if !known.is_empty() {
            return Ok(known);
        }
        match self.search(host, None, deadline).await? {
            Outcome::Found(records) => Ok(records.addresses),
            Outcome::Empty => Err(Finding::because(NO_SUCH_HOST, "the name is known, but has no address")),
            Outcome::NoName => Err(Finding::state(NO_SUCH_HOST)),
            Outcome::Failed(finding) => Err(finding),
        }
    }

    /// How many records of a type a name has in the DNS itself.
    pub(super) async fn count(
        &self,
        name: &str,
        record: Record,
        deadline: &Deadline,
    ) -> Result<usize, Finding> {
        match self.search(name, Some(record), deadline).await? {
            Outcome::Found(records) => Ok(records.count),
            Outcome::Empty => Ok(0),
            Outcome::NoName => Err(Finding::state(NO_SUCH_HOST)),
            Outcome::Failed(finding) => Err(finding),
        }
    }

    async fn search(
        &self,
        name: &str,
        record: Option<Record>,
        deadline: &Deadline,
    ) -> Result<Outcome, Finding> {
        let hostname = text(&self.hostname).unwrap_or_default();
        let resolv = Resolv::parse(&text(&self.resolv)?, &hostname, self.port);
        let names = resolv.candidates(name);
        let servers = Servers::new(&resolv, names.len(), deadline);
        let ask = |name: String| -> Asking<'_> {
            let servers = &servers;
            Box::pin(async move {
                match record {
                    None => servers.addresses(&name).await,
                    Some(record) => servers.records(&name, record).await,
                }
            })
        };
        let left = deadline.left();
        let share = left / u32::try_from(names.len()).unwrap_or(u32::MAX).max(1);
        let head_start = share.clamp(SHORTEST, resolv.timeout);
        let searching = search(names, &ask, head_start, (left / 2).min(resolv.timeout));
        deadline.wait("name lookup", searching).await
    }
}

/// What every resolver means by it.
const NO_SUCH_HOST: &str = "no such host";

/// The text of a file, or none where there is none: the C library does without it, too.
fn text(path: &Path) -> Result<String, Finding> {
    // Nothing else is read on the event loop.
    let bytes = match std::fs::metadata(path) {
        Ok(about) if !about.is_file() => Err(io::Error::other("it is not a file")),
        Ok(_) => read(path, SETTINGS),
        Err(error) => Err(error),
    };
    match bytes {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            Ok(String::new())
        }
        Err(error) => Err(Finding::because(
            "name lookup failed",
            format!("cannot read {}: {}", path.display(), describe(&error)),
        )),
    }
}
