//! Names as the whole program sees them, with files of a mount namespace of its own: needs root, and says so.

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::binary::choose;

/// The code and the data of an answer to a name and a type; silence where there is none.
type Answer = fn(&str, u16) -> Option<(u8, Vec<u8>)>;

/// Where the DNS is, for one test each: its port cannot be chosen.
fn server(address: &str, answer: Answer) -> Option<SocketAddr> {
    let socket = UdpSocket::bind((address, 53)).ok()?;
    let bound = socket.local_addr().ok()?;
    std::thread::spawn(move || {
        let mut packet = [0; 2048];
        while let Ok((length, peer)) = socket.recv_from(&mut packet) {
            let (mut at, mut labels) = (12, Vec::new());
            while packet[at] > 0 {
                let end = at + 1 + usize::from(packet[at]);
                labels.push(String::from_utf8_lossy(&packet[at + 1..end]).into_owned());
                at = end;
            }
            let kind = u16::from_be_bytes([packet[at + 1], packet[at + 2]]);
            assert!(at + 5 <= length);
            if let Some((rcode, data)) = answer(&labels.join("."), kind) {
                let mut reply = packet[..2].to_vec();
                reply.extend([0x81, 0x80 | rcode, 0, 1, 0, u8::from(!data.is_empty()), 0, 0, 0, 0]);
                reply.extend_from_slice(&packet[12..at + 5]);
                if !data.is_empty() {
                    reply.extend([0xc0, 0x0c]);
                    reply.extend(kind.to_be_bytes());
                    reply.extend([0, 1, 0, 0, 0, 5, 0, u8::try_from(data.len()).expect("a length")]);
                    reply.extend(data);
                }
                let _ = socket.send_to(&reply, peer);
            }
        }
    });
    Some(bound)
}

/// What the program says of a target, its `/etc/resolv.conf` replaced.
fn once(directory: &Path, resolv: &str, target: &str) -> String {
    let conf = directory.join("resolv.conf");
    std::fs::write(&conf, resolv).expect("a file");
    let script = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .arg(&conf)
        .arg(choose("WAIT_FOR_BIN", env!("CARGO_BIN_EXE_wait-for-shim")))
        .args([target, "--once"])
        .stderr(Stdio::null())
        .output()
        .expect("unshare");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn all_targets_see_names_as_glibc_does() {
    // A, and AAAA that fails, as some servers have it; SRV; and a domain that is silent.
    let answer = |name: &str, kind: u16| match (name, kind) {
        ("db.shop.example", 1) => Some((0, vec![127, 0, 0, 1])),
        ("db.shop.example", 33) => Some((0, b"\0\0\0\0\x15\x38\x02db\0".to_vec())),
        ("db.shop.example", _) => Some((2, vec![])),
        ("six.shop.example", 28) => Some((0, vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
        ("six.shop.example", _) => Some((3, vec![])),
        (name, _) if name.ends_with("silent.example") => None,
        _ => Some((3, vec![])),
    };
    let may_mount =
        Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success());
    let Some(_) = server("127.0.0.153", answer).filter(|_| may_mount) else {
        eprintln!("no right to port 53 or to a mount namespace: this test proves nothing here");
        return;
    };
    let directory = std::env::temp_dir().join(format!("wait-for-e2e-names-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let domains: Vec<String> =
        (0..12).map(|team| format!("team-{team:02}.europe-west.corp.example")).collect();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    for search in [domains.join(" "), "silent.example".to_owned()] {
        let resolv = format!("search {search} shop.example\nnameserver 127.0.0.153\noptions ndots:5\n");
        for (target, expected) in [
            ("dns://db", "met dns://db 1 address"),
            ("dns://db#type=A", "met dns://db 1 A record"),
            ("dns://db#type=SRV", "met dns://db 1 SRV record"),
            ("dns://six", "met dns://six 1 address"),
            (&format!("tcp://db:{port}"), &format!("met tcp://db:{port} open")),
        ] {
            assert_eq!(once(&directory, &resolv, target), expected, "search {search}");
        }
    }
    let silent = once(&directory, "nameserver 127.0.0.153\n", "dns://silent.example.");
    let expected = "name lookup failed — no answer from 127.0.0.153:53 for silent.example";
    assert_eq!(silent, format!("not-yet dns://silent.example. {expected}"));
    let _ = std::fs::remove_dir_all(&directory);
}
