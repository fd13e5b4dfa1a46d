//! Questions to a DNS server in this process, over UDP and TCP.

use std::time::Duration;

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype};
use domain::rdata::{A, Aaaa, Srv};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::Instant;

use super::*;

/// Too many addresses for a packet.
const MANY: u8 = 200;

/// What the server says to a question; nothing where it is silent.
fn reply(packet: &[u8], is_tcp: bool) -> Option<Vec<u8>> {
    let message = Message::from_octets(packet).unwrap();
    let question = message.sole_question().unwrap();
    let name: Name<Vec<u8>> = question.qname().to_string().parse().unwrap();
    let (text, rtype) = (question.qname().to_string(), question.qtype());
    let start = |rcode| MessageBuilder::new_vec().start_answer(&message, rcode).unwrap();
    let mut answer = start(Rcode::NOERROR);
    match (text.as_str(), rtype) {
        ("silent", _) => return None,
        ("broken", _) => answer = start(Rcode::SERVFAIL),
        ("db.shop.svc", Rtype::A) => {
            answer.push((&name, 5, A::from_octets(10, 0, 0, 5))).unwrap();
            answer.push((&name, 5, A::from_octets(10, 0, 0, 6))).unwrap();
        }
        ("six", Rtype::AAAA) => answer.push((&name, 5, Aaaa::new("fd00::5".parse().unwrap()))).unwrap(),
        ("db.shop.svc" | "six", _) => {}
        ("_pg._tcp.db", Rtype::SRV) => {
            for port in 5432..5435 {
                answer.push((&name, 5, Srv::new(0, 0, port, &name))).unwrap();
            }
        }
        ("many", Rtype::A) if is_tcp => {
            (0..MANY).for_each(|last| answer.push((&name, 5, A::from_octets(10, 0, 0, last))).unwrap());
        }
        ("many", Rtype::A) => answer.header_mut().set_tc(true),
        _ => answer = start(Rcode::NXDOMAIN),
    }
    Some(answer.finish())
}

/// Starts the server, and makes it the one to ask, with `shop.svc` to search.
async fn resolv() -> Resolv {
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        // Somebody else may have the port on the other protocol.
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let mut resolv = Resolv::parse("search shop.svc");
    resolv.servers = vec![udp.local_addr().unwrap()];
    tokio::spawn(async move {
        let mut packet = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut packet).await {
            if let Some(answer) = reply(&packet[..length], false) {
                // Somebody guesses at questions: the identity is wrong.
                let mut stray = answer.clone();
                stray[0] ^= 0xff;
                udp.send_to(&stray, from).await.unwrap();
                udp.send_to(&answer, from).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut packet = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut packet).await.unwrap();
            let answer = reply(&packet, true).unwrap();
            stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    resolv
}

async fn counted(resolv: &Resolv, name: &str, record: Record) -> Result<usize, String> {
    let deadline = Deadline::after(Duration::from_secs(5));
    count(resolv, name, record, &deadline).await.map_err(|found| found.to_string())
}

#[tokio::test]
async fn records_of_a_type_are_counted_where_the_name_leads() {
    let resolv = resolv().await;
    for (name, record, expected) in [
        ("db", Record::A, Ok(2)),
        ("db.shop.svc.", Record::A, Ok(2)),
        ("db", Record::Aaaa, Ok(0)),
        ("six", Record::Aaaa, Ok(1)),
        ("six", Record::A, Ok(0)),
        ("_pg._tcp.db", Record::Srv, Ok(3)),
        ("many", Record::A, Ok(usize::from(MANY))),
        ("nobody", Record::A, Err("no such host".to_owned())),
        ("db.", Record::A, Err("no such host".to_owned())),
    ] {
        assert_eq!(counted(&resolv, name, record).await, expected, "{name} {record}");
    }
}

#[tokio::test]
async fn a_server_that_fails_is_named() {
    let resolv = resolv().await;
    let expected = format!("name lookup failed — SERVFAIL from {}", resolv.servers[0]);
    assert_eq!(counted(&resolv, "broken", Record::A).await, Err(expected));
}

#[tokio::test]
async fn a_server_that_is_gone_leaves_time_for_the_next() {
    let mut resolv = resolv().await;
    let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    resolv.servers.insert(0, gone);
    assert_eq!(counted(&resolv, "db", Record::A).await, Ok(2));
    resolv.servers.truncate(1);
    let expected = format!("name lookup failed — connection refused from {gone}");
    assert_eq!(counted(&resolv, "db.shop.svc.", Record::A).await, Err(expected));
}

#[tokio::test]
async fn a_silent_server_is_given_up_at_the_deadline() {
    let resolv = resolv().await;
    let (start, deadline) = (Instant::now(), Deadline::after(Duration::from_millis(200)));
    let found = count(&resolv, "silent.", Record::A, &deadline).await.unwrap_err();
    assert_eq!(found.to_string(), format!("name lookup failed — no answer from {}", resolv.servers[0]));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_count_is_told_in_words() {
    for (count, at_least, is_met, line) in [
        (1, 1, true, "1 address"),
        (3, 2, true, "3 addresses"),
        (0, 1, false, "no addresses"),
        (0, 2, false, "0/2 addresses"),
        (1, 2, false, "1/2 addresses"),
    ] {
        let verdict = judge(count, at_least, ("address", "addresses"));
        assert_eq!((verdict.is_met(), verdict.finding().to_string()), (is_met, line.to_owned()));
    }
}
