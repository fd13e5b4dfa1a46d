//! Connections.

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::server::blackhole;
use super::*;
use crate::kubelet::ContainerPort;

#[tokio::test]
async fn an_open_port_is_connected_to_and_closed_without_a_word() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let answer = attempted(json!({"tcpSocket": {"port": port}}), PATIENCE).await;
    assert_eq!(answer, Answer::success(String::new()));
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut read = vec![];
    // Its end is a FIN and no reset, which would be an error.
    assert_eq!(stream.read_to_end(&mut read).await.expect("an end"), 0);
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_fails_in_the_words_of_go() {
    let (port, _closed) = closed_port();
    let answer = attempted(json!({"tcpSocket": {"port": port}}), PATIENCE).await;
    assert_eq!(answer, Answer::failure(format!("dial tcp 127.0.0.1:{port}: connect: connection refused")));
    let answer = attempted(json!({"tcpSocket": {"port": port, "host": "::1"}}), PATIENCE).await;
    assert_eq!(answer.output, format!("dial tcp [::1]:{port}: connect: connection refused"));
    let (port, _queue) = blackhole().await;
    let answer = attempted(json!({"tcpSocket": {"port": port}}), Duration::from_millis(50)).await;
    assert_eq!(answer, Answer::failure(format!("dial tcp 127.0.0.1:{port}: i/o timeout")));
    let host = "no-such-host.invalid";
    let answer = attempted(json!({"tcpSocket": {"port": port, "host": host}}), PATIENCE).await;
    // A machine without any name server cannot know.
    let words = ["no such host", "server misbehaving"].map(|why| format!("dial tcp: lookup {host}: {why}"));
    assert!(words.contains(&answer.output), "{answer:?}");
}

#[tokio::test]
async fn a_port_is_found_by_name_or_the_probe_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let ports = [ContainerPort { name: Some("web".into()), container_port: port }];
    let subject = Subject { ports: &ports, ..subject(None) };
    let web = handler(json!({"tcpSocket": {"port": "web"}}));
    assert_eq!(attempt(&web, PATIENCE, &subject).await, Answer::success(String::new()));
    let other = handler(json!({"tcpSocket": {"port": "db"}}));
    let expected = Answer::unknown("strconv.Atoi: parsing \"db\": invalid syntax".into());
    assert_eq!(attempt(&other, PATIENCE, &subject).await, expected);
}

#[tokio::test]
async fn a_target_stands_for_the_pod_but_not_for_another_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let open = listener.local_addr().expect("its address").port();
    let (closed, _closed) = closed_port();
    let target = Target { host: "localhost".into(), port: Some(open) };
    let subject = subject(Some(&target));
    let own = handler(json!({"tcpSocket": {"port": closed}}));
    assert_eq!(attempt(&own, PATIENCE, &subject).await, Answer::success(String::new()));
    let other = handler(json!({"tcpSocket": {"port": closed, "host": "127.0.0.2"}}));
    let expected = format!("dial tcp 127.0.0.2:{closed}: connect: connection refused");
    assert_eq!(attempt(&other, PATIENCE, &subject).await.output, expected);
}

#[tokio::test]
async fn a_connection_that_is_reset_as_soon_as_it_is_made_was_made() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("an option");
        }
    });
    for _ in 0..50 {
        let answer = attempted(json!({"tcpSocket": {"port": port}}), PATIENCE).await;
        assert_eq!(answer, Answer::success(String::new()));
    }
    server.abort();
}
