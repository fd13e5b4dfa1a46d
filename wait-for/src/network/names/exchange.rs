//! A question and its answer on the wire: over UDP, and over TCP where the answer does not fit.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::packet::{Answer, Question, Records};

/// Asks one server; a question that gets no answer in `patience` is asked once more, `attempts` times in all.
pub(super) async fn ask(
    server: SocketAddr,
    question: &Question,
    is_tcp: bool,
    attempts: u32,
    patience: Duration,
) -> io::Result<Answer> {
    if is_tcp {
        return over_tcp(server, question).await;
    }
    match over_udp(server, question, attempts, patience).await? {
        // Where only UDP gets through, what has come by it is better than nothing.
        Answer::Truncated(records) => match over_tcp(server, question).await {
            Err(_) if records != Records::default() => Ok(Answer::Records(records)),
            answer => answer,
        },
        answer => Ok(answer),
    }
}

async fn over_udp(
    server: SocketAddr,
    question: &Question,
    attempts: u32,
    patience: Duration,
) -> io::Result<Answer> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // Only this server's packets come through then, and it can refuse.
    socket.connect(server).await?;
    socket.send(&packet(question, true)?).await?;
    let (mut left, mut is_plain) = (attempts.saturating_sub(1), false);
    loop {
        let patience = if left > 0 { patience } else { Duration::MAX };
        match timeout(patience, receive(&socket, question)).await {
            // A server that does not know EDNS, and one before which something swallows it, are asked without.
            Ok(Ok(Answer::Failed("FORMERR" | "NOTIMP"))) if !is_plain => {}
            Ok(answer) => return answer,
            Err(_) => left = left.saturating_sub(1),
        }
        is_plain = true;
        socket.send(&packet(question, false)?).await?;
    }
}

async fn receive(socket: &UdpSocket, question: &Question) -> io::Result<Answer> {
    let mut packet = vec![0; 4096];
    loop {
        let length = socket.recv(&mut packet).await?;
        if let Some(answer) = question.answer(packet.get(..length).unwrap_or_default()) {
            return Ok(answer);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7766#section-8>
async fn over_tcp(server: SocketAddr, question: &Question) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    let packet = packet(question, false)?;
    let length = u16::try_from(packet.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], &packet].concat()).await?;
    let mut packet = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut packet).await?;
    match question.answer(&packet) {
        Some(Answer::Truncated(records)) => Ok(Answer::Records(records)),
        Some(answer) => Ok(answer),
        None => Err(io::Error::other("the answer is not DNS")),
    }
}

fn packet(question: &Question, has_edns: bool) -> io::Result<Vec<u8>> {
    question.packet(has_edns).ok_or_else(|| io::Error::other("the name fits no packet"))
}
