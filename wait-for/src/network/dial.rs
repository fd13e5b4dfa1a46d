//! A new TCP connection: what every attempt but a DNS one begins with.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use super::address::Address;
use super::deadline::Deadline;
use super::names::Names;
use super::race::{Attempt, race};
use crate::connection::describe;
use crate::verdict::Finding;

/// An address that is silent so long gets company. <https://www.rfc-editor.org/rfc/rfc8305#section-8>
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to one of a host's addresses. No proxy is asked, whatever the environment says.
pub(super) async fn dial(
    names: &Names,
    address: &Address,
    deadline: &Deadline,
) -> Result<TcpStream, Finding> {
    let found = names.lookup(&address.host, deadline).await?;
    let nothing = format!("connection to {}", several(&found, address.port));
    let stream = deadline.wait(&nothing, connect(&found, address.port)).await?;
    let stream = stream.map_err(|error| {
        Finding::state(format!("{} ({})", describe(&error), several(&found, address.port)))
    })?;
    // Small requests must not wait for Nagle's algorithm; where that cannot be said, they are only slower.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The first address that takes a connection; what went wrong, where none does.
async fn connect(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let attempts = addresses
        .iter()
        .map(|ip| -> Attempt<'_, _, _> { Box::pin(TcpStream::connect(SocketAddr::new(*ip, port))) });
    race(attempts.collect(), HEAD_START).await.map_err(|errors| {
        // That there is no way to an address of the other family says the least.
        let told = errors.into_iter().min_by_key(is_no_way);
        told.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    })
}

fn is_no_way(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkUnreachable};
    matches!(error.kind(), AddrNotAvailable | HostUnreachable | NetworkUnreachable)
}

/// `10.0.0.5:5432 and 2 more`. Resolvers shuffle addresses: the same state must read the same.
fn several(addresses: &[IpAddr], port: u16) -> String {
    let first = addresses.iter().min().map(|&ip| SocketAddr::new(ip, port).to_string()).unwrap_or_default();
    match addresses.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn dialled(host: &str, port: u16) -> Result<SocketAddr, String> {
        let address = Address { host: host.into(), port };
        let deadline = Deadline::after(Duration::from_secs(5));
        let stream = dial(&Names::default(), &address, &deadline).await;
        stream.map(|stream| stream.peer_addr().unwrap()).map_err(|found| found.to_string())
    }

    #[tokio::test]
    async fn an_open_port_is_reached_by_address_and_by_name() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(dialled("127.0.0.1", address.port()).await, Ok(address));
        // "localhost" may be ::1 first, where nobody listens.
        assert_eq!(dialled("localhost", address.port()).await, Ok(address));
    }

    #[tokio::test]
    async fn a_closed_port_says_which_address_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let found = dialled("127.0.0.1", address.port()).await.unwrap_err();
        assert_eq!(found, format!("connection refused ({address})"));
    }

    #[tokio::test]
    async fn addresses_that_all_refuse_are_told_in_one_order() {
        let (a, b) = ("10.0.0.9".parse().unwrap(), "10.0.0.5".parse().unwrap());
        assert_eq!(several(&[a, b], 80), "10.0.0.5:80 and 1 more");
        assert_eq!(several(&[b, a], 80), several(&[a, b], 80));
        assert_eq!(several(&["::1".parse().unwrap()], 80), "[::1]:80");
    }

    #[test]
    fn an_address_of_the_other_family_does_not_hide_what_is_wrong() {
        let kinds = [io::ErrorKind::NetworkUnreachable, io::ErrorKind::ConnectionRefused];
        let told = kinds.into_iter().map(io::Error::from).min_by_key(is_no_way).unwrap();
        assert_eq!(told.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn a_dead_address_does_not_keep_a_live_one_waiting() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // Nobody listens on this one of the loopback addresses.
        let found = connect(&["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()], port).await;
        assert!(found.is_ok(), "{found:?}");
    }
}
