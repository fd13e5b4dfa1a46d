//! The listening socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpSocket};

use crate::config::ListenOn;
use crate::system_error::describe;

/// Connections that wait to be accepted; the kernel caps it at `net.core.somaxconn`, by default this.
const BACKLOG: u32 = 4096;

/// Why there is no listener, and which setting to change.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {words}; choose another with {settings}", words = describe(why))]
pub(crate) struct CannotListen {
    address: SocketAddr,
    why: io::Error,
    settings: &'static str,
}

/// Binds and listens. All addresses are one IPv6 socket that takes IPv4 too, or IPv4 alone where there is no
/// IPv6.
pub(crate) fn bind(on: ListenOn) -> Result<TcpListener, CannotListen> {
    bind_for(on, "--listen or LISTEN, --port or PORT", "--port or PORT")
}

/// As [`bind`], for a port of other settings.
pub(crate) fn bind_for(
    on: ListenOn,
    settings_of_one: &'static str,
    settings: &'static str,
) -> Result<TcpListener, CannotListen> {
    let address = on.address();
    let refused = |settings| move |why| CannotListen { address, why, settings };
    let port = match on {
        ListenOn::One(_) => return listen(address).map_err(refused(settings_of_one)),
        ListenOn::AllAddresses(port) => port,
    };
    let all = listen(address).or_else(|why| match why.kind() {
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(why),
        _ => listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).map_err(|_| why),
    });
    all.map_err(refused(settings))
}

/// Binds and listens for the admin port.
pub(crate) fn bind_admin(address: SocketAddr) -> Result<TcpListener, CannotListen> {
    let settings = "--admin-port or ADMIN_PORT, --admin-listen or ADMIN_LISTEN";
    listen(address).map_err(|why| CannotListen { address, why, settings })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
    // As every server does: else a restart has to wait for the old connections' TIME_WAIT.
    socket.set_reuseaddr(true)?;
    if address.is_ipv6() {
        // The system's default (net.ipv6.bindv6only) may be to leave IPv4 out.
        SockRef::from(&socket).set_only_v6(false)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Listens again on an address that was given up.
pub(crate) fn again(address: SocketAddr) -> io::Result<TcpListener> {
    listen(address)
}

/// The one connection that nobody accepts. With it the shortest queue is full, and Linux drops every further
/// SYN (`tcp_conn_request` in net/ipv4/tcp_input.c), so that clients time out as behind a broken network. No
/// privileges are needed.
#[derive(Debug)]
pub(crate) struct Plug {
    _client: Socket,
}

// === impl Plug ===

impl Plug {
    /// Fills the queue of a listener.
    pub(crate) fn new(listener: &TcpListener) -> io::Result<Self> {
        SockRef::from(listener).listen(0)?;
        let address = reachable(listener.local_addr()?);
        let client = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        client.set_nonblocking(true)?;
        match client.connect(&address.into()) {
            // Over loopback a connection is there at once, unless somebody else's has filled the queue.
            Err(error) if error.raw_os_error() != Some(EINPROGRESS) => Err(error),
            _ => Ok(Self { _client: client }),
        }
    }
}

/// `EINPROGRESS` of Linux: std has no name for it.
const EINPROGRESS: i32 = 115;

/// Gives a listener its queue back.
pub(crate) fn unplug(listener: &TcpListener) -> io::Result<()> {
    SockRef::from(listener).listen(i32::try_from(BACKLOG).unwrap_or(i32::MAX))
}

/// An address at which this machine reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named_with_the_setting_to_change() {
        let first = bind(ListenOn::AllAddresses(0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let text = bind(ListenOn::AllAddresses(port)).unwrap_err().to_string();
        assert!(text.contains(&format!(":{port}: ")) && text.contains("--port or PORT"), "{text}");
        assert!(text.to_lowercase().contains("in use"), "{text}");
    }

    #[tokio::test]
    async fn all_addresses_take_ipv4() {
        let listener = bind(ListenOn::AllAddresses(0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (client, accepted) =
            tokio::join!(tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)), listener.accept());
        client.unwrap();
        accepted.unwrap();
    }
}
