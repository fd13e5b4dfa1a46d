//! Names looked up with files of our own, and a DNS server in this process, over UDP and TCP.

use std::time::Duration;

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype, ToName};
use domain::rdata::{A, Aaaa, Cname, Srv};
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
    let name: Name<Vec<u8>> = question.qname().to_name();
    let (text, rtype) = (question.qname().to_string(), question.qtype());
    let start = |rcode| MessageBuilder::new_vec().start_answer(&message, rcode).unwrap();
    let has_edns = message.header_counts().arcount() > 0;
    let mut answer = start(Rcode::NOERROR);
    match (text.as_str(), rtype) {
        ("silent" | "db.silent.example", _) | ("half.shop.svc", Rtype::AAAA) => return None,
        ("muffled", _) if has_edns => return None,
        ("old", _) if has_edns => answer = start(Rcode::FORMERR),
        ("broken" | "db.broken.example", _) | ("wrong.shop.svc", Rtype::AAAA) => {
            answer = start(Rcode::SERVFAIL);
        }
        ("missing.shop.svc", Rtype::AAAA) => answer = start(Rcode::NXDOMAIN),
        (
            "db.shop.svc" | "half.shop.svc" | "wrong.shop.svc" | "missing.shop.svc" | "old" | "muffled",
            Rtype::A,
        ) => {
            answer.push((&name, 5, A::from_octets(10, 0, 0, 5))).unwrap();
            answer.push((&name, 5, A::from_octets(10, 0, 0, 6))).unwrap();
        }
        ("six" | "two", Rtype::AAAA) => {
            answer.push((&name, 5, Aaaa::new("fd00::5".parse().unwrap()))).unwrap();
        }
        ("two", Rtype::A) => answer.push((&name, 5, A::from_octets(10, 0, 0, 7))).unwrap(),
        ("alias", Rtype::A) => {
            let target: Name<Vec<u8>> = "other.".parse().unwrap();
            answer.push((&name, 5, Cname::new(&target))).unwrap();
            answer.push((&target, 5, A::from_octets(10, 0, 0, 8))).unwrap();
        }
        ("db.shop.svc" | "six" | "two" | "alias" | "old" | "muffled" | "empty", _) => {}
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

/// Starts the server on a free port of an address.
async fn serve(ip: &str, port: u16) -> u16 {
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind((ip, port)).await.unwrap();
        // Somebody else may have the port on the other protocol.
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let port = udp.local_addr().unwrap().port();
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
    port
}

/// Files of a test's own, which go with it.
struct Site {
    names: Names,
    directory: PathBuf,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Site {
    fn new(test: &str, port: u16, resolv: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("wait-for-names-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let names = Names {
            hosts: file("hosts", "127.0.0.1 localhost\n10.9.9.9 local known.shop.svc\nfd00::9 local\n"),
            resolv: file("resolv.conf", resolv),
            hostname: file("hostname", "web-0\n"),
            port,
        };
        Self { names, directory }
    }

    async fn counted(&self, name: &str, record: Record) -> Result<usize, String> {
        let deadline = Deadline::after(Duration::from_secs(5));
        self.names.count(name, record, &deadline).await.map_err(|found| found.to_string())
    }

    async fn found(&self, name: &str) -> Result<Vec<String>, String> {
        let deadline = Deadline::after(Duration::from_secs(1));
        let found = self.names.lookup(name, &deadline).await.map_err(|found| found.to_string())?;
        Ok(found.iter().map(IpAddr::to_string).collect())
    }
}

#[tokio::test]
async fn records_of_a_type_are_counted_where_the_name_leads() {
    let site = Site::new("count", serve("127.0.0.1", 0).await, "search shop.svc\nnameserver 127.0.0.1\n");
    for (name, record, expected) in [
        ("db", Record::A, Ok(2)),
        ("db.shop.svc.", Record::A, Ok(2)),
        ("db", Record::Aaaa, Ok(0)),
        ("six", Record::Aaaa, Ok(1)),
        ("six", Record::A, Ok(0)),
        ("_pg._tcp.db", Record::Srv, Ok(3)),
        ("many", Record::A, Ok(usize::from(MANY))),
        ("alias", Record::A, Ok(1)),
        ("nobody", Record::A, Err("no such host".to_owned())),
        ("db.", Record::A, Err("no such host".to_owned())),
        ("local", Record::A, Err("no such host".to_owned())),
    ] {
        assert_eq!(site.counted(name, record).await, expected, "{name} {record}");
    }
}

#[tokio::test]
async fn addresses_are_found_as_programs_find_them() {
    let site = Site::new("found", serve("127.0.0.1", 0).await, "search shop.svc\nnameserver 127.0.0.1\n");
    let both = ["10.0.0.5", "10.0.0.6"];
    for (name, expected) in [
        ("local", &["10.9.9.9", "fd00::9"][..]),
        ("known.shop.svc", &["10.9.9.9"]),
        ("127.1", &["127.0.0.1"]),
        ("fd00::1", &["fd00::1"]),
        ("db", &both),
        ("two", &["fd00::5", "10.0.0.7"]),
        ("six", &["fd00::5"]),
        ("alias", &["10.0.0.8"]),
        ("missing", &both),
        ("wrong", &both),
        ("half", &both),
        ("old", &both),
        ("muffled", &both),
    ] {
        assert_eq!(
            site.found(name).await.as_deref(),
            Ok(&expected.iter().map(|ip| (*ip).to_owned()).collect::<Vec<_>>()[..]),
            "{name}"
        );
    }
    assert_eq!(site.found("many").await.map(|found| found.len()), Ok(usize::from(MANY)));
    assert_eq!(site.found("nobody").await, Err("no such host".into()));
    assert_eq!(site.found("empty").await, Err("no such host — the name is known, but has no address".into()));
}

#[tokio::test]
async fn a_domain_that_fails_or_is_silent_does_not_hide_the_next() {
    let port = serve("127.0.0.1", 0).await;
    for domain in ["broken.example", "silent.example"] {
        let resolv = format!("search {domain} shop.svc\nnameserver 127.0.0.1\n");
        let site = Site::new(domain, port, &resolv);
        assert_eq!(site.found("db").await, Ok(vec!["10.0.0.5".into(), "10.0.0.6".into()]), "{domain}");
        assert_eq!(site.counted("db", Record::A).await, Ok(2), "{domain}");
    }
    let site = Site::new("fails", port, "search broken.example\nnameserver 127.0.0.1\n");
    let expected = format!("name lookup failed — SERVFAIL from 127.0.0.1:{port} for db.broken.example");
    assert_eq!(site.found("db").await, Err(expected));
}

#[tokio::test]
async fn a_server_that_is_gone_or_silent_leaves_time_for_the_next() {
    let port = serve("127.0.0.1", 0).await;
    // Bound, and never read.
    let _silent = UdpSocket::bind(("127.0.0.3", port)).await.unwrap();
    for gone in ["127.0.0.2", "127.0.0.3"] {
        let resolv =
            format!("search a.example b.example shop.svc\nnameserver {gone}\nnameserver 127.0.0.1\n");
        let site = Site::new(gone, port, &resolv);
        assert_eq!(site.found("db").await.map(|found| found.len()), Ok(2), "{gone}");
    }
    let site = Site::new("gone", port, "nameserver 127.0.0.2\nnameserver 127.0.0.1");
    let expected = format!(
        "name lookup failed — connection refused from 127.0.0.2:{port}, SERVFAIL from 127.0.0.1:{port} for broken"
    );
    assert_eq!(site.found("broken.").await, Err(expected));
}

#[tokio::test]
async fn a_silent_server_is_given_up_at_the_deadline() {
    let port = serve("127.0.0.1", 0).await;
    let site = Site::new("silent", port, "nameserver 127.0.0.1");
    let (start, deadline) = (Instant::now(), Deadline::after(Duration::from_millis(200)));
    let found = site.names.count("silent.", Record::A, &deadline).await.unwrap_err();
    assert_eq!(found.to_string(), format!("name lookup failed — no answer from 127.0.0.1:{port} for silent"));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_files_are_read_anew_and_nothing_that_is_no_file() {
    let port = serve("127.0.0.1", 0).await;
    let mut site = Site::new("anew", port, "nameserver 127.0.0.2");
    assert!(site.found("two").await.unwrap_err().starts_with("name lookup failed — connection refused"));
    std::fs::write(&site.names.resolv, "nameserver 127.0.0.1").unwrap();
    assert_eq!(site.found("two").await.map(|found| found.len()), Ok(2));
    site.names.hosts = "/no/such/file".into();
    assert_eq!(site.found("two").await.map(|found| found.len()), Ok(2));
    site.names.resolv = "/dev/zero".into();
    let expected = "name lookup failed — cannot read /dev/zero: it is not a file";
    assert_eq!(site.found("two").await, Err(expected.into()));
}
