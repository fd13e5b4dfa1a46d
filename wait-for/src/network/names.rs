//! Addresses of a name, as the system finds them: `/etc/hosts`, then the DNS with its search domains.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;

use tokio::net::lookup_host;

use super::deadline::Deadline;
use crate::connection::describe;
use crate::verdict::Finding;

type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The lookups of one target, one at a time: a resolver that hangs holds one thread, and not one per attempt.
#[derive(Default)]
pub(super) struct Names {
    pending: Option<Lookup>,
}

impl Names {
    /// The addresses of a host, which is the same at each call; never none.
    pub(super) async fn lookup(&mut self, host: &str, deadline: &Deadline) -> Result<Vec<IpAddr>, Finding> {
        let pending = self.pending.get_or_insert_with(|| Box::pin(look_up(host.to_owned())));
        // What is still under way at the deadline may answer the next attempt.
        let found = deadline.wait("name lookup", pending).await?;
        self.pending = None;
        match found {
            Ok(addresses) if addresses.is_empty() => Err(no_such_host()),
            Ok(addresses) => Ok(addresses),
            Err(error) => Err(failed(&error)),
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

async fn look_up(host: String) -> io::Result<Vec<IpAddr>> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in lookup_host((host.as_str(), 0)).await? {
        // The system may tell an address once for each kind of socket.
        if !found.contains(&address.ip()) {
            found.push(address.ip());
        }
    }
    Ok(found)
}

/// What every resolver means by it.
pub(super) fn no_such_host() -> Finding {
    Finding::state("no such host")
}

/// The system's words, which differ between C libraries.
fn failed(error: &io::Error) -> Finding {
    let text = describe(error);
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let is_unknown = ["does not resolve", "not known", "no usable address", "No address associated"]
        .iter()
        .any(|words| text.contains(words));
    match text {
        _ if is_unknown => no_such_host(),
        "Try again" => Finding::because("name lookup failed", "the DNS gives no answer for now"),
        text => Finding::because("name lookup failed", text),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn this_host_has_an_address() {
        let mut names = Names::default();
        let deadline = Deadline::after(Duration::from_secs(10));
        let found = names.lookup("localhost", &deadline).await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
        assert!(names.pending.is_none());
    }

    #[test]
    fn the_words_of_all_c_libraries_mean_the_same() {
        for (words, expected) in [
            ("failed to lookup address information: Name does not resolve", "no such host"),
            ("failed to lookup address information: Name or service not known", "no such host"),
            ("failed to lookup address information: No address associated with hostname", "no such host"),
            (
                "failed to lookup address information: Try again",
                "name lookup failed — the DNS gives no answer for now",
            ),
            (
                "failed to lookup address information: Temporary failure in name resolution",
                "name lookup failed — Temporary failure in name resolution",
            ),
        ] {
            assert_eq!(failed(&io::Error::other(words)).to_string(), expected);
        }
    }
}
