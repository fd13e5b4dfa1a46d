//! A question and its answer on the wire: over UDP, and over TCP where the answer does not fit.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::packet::{self, Answer};
use crate::network::target::Record;

/// Asks one server.
pub(super) async fn ask(server: SocketAddr, question: &[u8], record: Record) -> io::Result<Answer> {
    match over_udp(server, question, record).await? {
        Answer::Truncated => over_tcp(server, question, record).await,
        answer => Ok(answer),
    }
}

async fn over_udp(server: SocketAddr, question: &[u8], record: Record) -> io::Result<Answer> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // Only this server's packets come through then, and it can refuse.
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut packet = vec![0; 4096];
    loop {
        let length = socket.recv(&mut packet).await?;
        if let Some(answer) = packet::answer(&packet[..length], question, record) {
            return Ok(answer);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7766#section-8>
async fn over_tcp(server: SocketAddr, question: &[u8], record: Record) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], question].concat()).await?;
    let mut packet = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut packet).await?;
    packet::answer(&packet, question, record).ok_or_else(|| io::Error::other("the answer is not DNS"))
}
