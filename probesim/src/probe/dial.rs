//! A connection as Go's dialer makes it, with the words of its errors.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::network_error::{describe, describe_lookup};

/// `SO_LINGER` of `probe.ProbeDialer`.
const LINGER: Duration = Duration::from_secs(1);
/// When the addresses of the other family are tried too: `net.Dialer.FallbackDelay`.
const FALLBACK_DELAY: Duration = Duration::from_millis(300);
/// No address gets less while there is more: `partialDeadline` of Go's `net`.
const SANE_MINIMUM: Duration = Duration::from_secs(2);

/// Why there is no connection, in Go's words.
type Words = String;

/// Connects to one of the host's addresses. Without a deadline it is for the caller to stop waiting.
pub(crate) async fn dial(host: &str, port: u16, deadline: Option<Instant>) -> Result<TcpStream, Words> {
    let addresses = look_up(host, port, deadline).await?;
    let is_ipv4 = addresses[0].is_ipv4();
    let (first, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == is_ipv4);
    if other.is_empty() {
        return each(&first, deadline).await;
    }
    let first = each(&first, deadline);
    tokio::pin!(first);
    match timeout(FALLBACK_DELAY, first.as_mut()).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(failed)) => each(&other, deadline).await.map_err(|_| failed),
        Err(_) => race(first, each(&other, deadline)).await,
    }
}

/// The first connection of the two; where there is none, what the first says.
async fn race(
    mut first: impl Future<Output = Result<TcpStream, Words>> + Unpin,
    other: impl Future<Output = Result<TcpStream, Words>>,
) -> Result<TcpStream, Words> {
    tokio::pin!(other);
    tokio::select! {
        result = &mut first => match result {
            Ok(stream) => Ok(stream),
            Err(failed) => other.await.map_err(|_| failed),
        },
        result = &mut other => match result {
            Ok(stream) => Ok(stream),
            Err(_) => first.await,
        },
    }
}

async fn look_up(host: &str, port: u16, deadline: Option<Instant>) -> Result<Vec<SocketAddr>, Words> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let failed = |why: &str| format!("dial tcp: lookup {host}: {why}");
    let looking = timeout(left(deadline), lookup_host((host, port)));
    let found = looking.await.map_err(|_| failed("i/o timeout"))?;
    let found: Vec<_> = found.map_err(|error| failed(describe_lookup(&error)))?.collect();
    if found.is_empty() { Err(failed("no such host")) } else { Ok(found) }
}

/// One after another, each with its share of the time; the first error is the one that counts.
async fn each(addresses: &[SocketAddr], deadline: Option<Instant>) -> Result<TcpStream, Words> {
    let mut failed = None;
    for (n, address) in addresses.iter().enumerate() {
        let share = share(left(deadline), addresses.len() - n);
        let failure = match timeout(share, connect(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => format!("dial tcp {address}: connect: {}", describe(&error)),
            Err(_) => format!("dial tcp {address}: i/o timeout"),
        };
        failed.get_or_insert(failure);
    }
    Err(failed.unwrap_or_else(|| "dial tcp: no such host".into()))
}

fn left(deadline: Option<Instant>) -> Duration {
    deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
}

/// `partialDeadline`: what one address may take of the time that is left.
fn share(left: Duration, addresses: usize) -> Duration {
    if left == Duration::MAX {
        return left;
    }
    let even = left / u32::try_from(addresses).unwrap_or(u32::MAX);
    if even < SANE_MINIMUM { left.min(SANE_MINIMUM) } else { even }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    SockRef::from(&socket).set_linger(Some(LINGER))?;
    let stream = socket.connect(address).await?;
    // Go sets it on every connection, and does not mind that one is gone already.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn dialled(host: &str, port: u16, limit: Duration) -> Result<SocketAddr, Words> {
        dial(host, port, Some(Instant::now() + limit)).await.map(|stream| stream.peer_addr().expect("a peer"))
    }

    #[tokio::test]
    async fn an_open_port_is_reached_by_address_and_by_name() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let second = Duration::from_secs(5);
        assert_eq!(dialled("127.0.0.1", address.port(), second).await, Ok(address));
        // "localhost" may be ::1 first, where nobody listens.
        assert_eq!(dialled("localhost", address.port(), second).await, Ok(address));
    }

    #[test]
    fn addresses_share_the_time() {
        let seconds = Duration::from_secs;
        for (left, addresses, expected) in [(10, 1, 10), (10, 2, 5), (3, 2, 2), (1, 2, 1), (0, 1, 0)] {
            assert_eq!(share(seconds(left), addresses), seconds(expected), "{left} s for {addresses}");
        }
    }
}
