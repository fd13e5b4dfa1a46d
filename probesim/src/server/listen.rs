//! The listening socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};

use crate::config::ListenOn;

/// Connections that wait to be accepted; the kernel caps it at `net.core.somaxconn`, by default this.
const BACKLOG: u32 = 4096;

/// Why there is no listener, and which setting to change.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {why}; choose another with {settings}")]
pub(crate) struct CannotListen {
    address: SocketAddr,
    why: io::Error,
    settings: &'static str,
}

/// Binds and listens. All addresses are one IPv6 socket that takes IPv4 too, or IPv4 alone where there is no
/// IPv6.
pub(crate) fn bind(on: ListenOn) -> Result<TcpListener, CannotListen> {
    let address = on.address();
    let refused = |settings| move |why| CannotListen { address, why, settings };
    let port = match on {
        ListenOn::One(_) => return listen(address).map_err(refused("--listen or LISTEN, --port or PORT")),
        ListenOn::AllAddresses(port) => port,
    };
    let all = listen(address).or_else(|why| match why.kind() {
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(why),
        _ => listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).map_err(|_| why),
    });
    all.map_err(refused("--port or PORT"))
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
