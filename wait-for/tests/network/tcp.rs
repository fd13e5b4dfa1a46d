//! `tcp://`

use tokio::time::{Duration, Instant};

use crate::attempted;
use crate::servers::{closed_port, says_nothing};

#[tokio::test]
async fn an_open_port_is_met() {
    let address = says_nothing().await;
    assert_eq!(attempted(&format!("tcp://{address}")).await, "met: open");
    assert_eq!(attempted(&format!("tcp://localhost:{}", address.port())).await, "met: open");
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let address = closed_port().await;
    let expected = format!("not yet: connection refused ({address})");
    assert_eq!(attempted(&format!("tcp://{address}")).await, expected);
}

#[tokio::test]
async fn a_name_that_cannot_be_resolved_is_said_and_bounded() {
    // The top-level domain "invalid" never exists: RFC 6761. Without a DNS server in reach it takes longer.
    let start = Instant::now();
    let found = attempted("tcp://db.invalid.:5432#timeout=2s").await;
    let known = ["no such host", "name lookup failed", "no name lookup within 2s"];
    assert!(known.iter().any(|words| found.starts_with(&format!("not yet: {words}"))), "{found}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_cut_off() {
    let address = says_nothing().await;
    let start = Instant::now();
    let found = attempted(&format!("tcp://{address}#tls=true&insecure=true&timeout=200ms")).await;
    assert_eq!(found, "not yet: no TLS handshake within 200ms");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
