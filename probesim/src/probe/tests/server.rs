//! A server that follows a script, byte by byte, and remembers what it was sent.

use std::sync::{Arc, Mutex};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A step of a script. At the end of it the connection is closed.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Waits until a text was received.
    Read(&'static [u8]),
    /// Sends, with `PORT` replaced by the server's.
    Write(String),
    /// Sends.
    Bytes(Vec<u8>),
    /// Does nothing any more.
    Stall,
    /// Closes with a reset, when what was sent has arrived.
    Reset,
}

/// The end of a request of HTTP/1.1.
pub(super) const REQUEST: Step = Step::Read(b"\r\n\r\n");

/// A server that stops when it is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
    accepting: JoinHandle<()>,
}

// === impl Server ===

impl Server {
    /// Answers every request of HTTP/1.1 so, and closes.
    pub(super) async fn answering(answer: &str) -> Self {
        Self::following(vec![REQUEST, Step::Write(answer.into())]).await
    }

    /// Follows the script on every connection.
    pub(super) async fn following(script: Vec<Step>) -> Self {
        Self::listening("127.0.0.1:0", script, None).await
    }

    /// The same behind TLS.
    pub(super) async fn securely(script: Vec<Step>, acceptor: TlsAcceptor) -> Self {
        Self::listening("127.0.0.1:0", script, Some(acceptor)).await
    }

    pub(super) async fn listening(address: &str, script: Vec<Step>, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let received = Arc::new(Mutex::new(vec![]));
        let shared = Arc::clone(&received);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, shared, acceptor) = (script.clone(), Arc::clone(&shared), acceptor.clone());
                tokio::spawn(async move {
                    if script.iter().any(|step| matches!(step, Step::Reset)) {
                        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a socket");
                    }
                    let text = match acceptor {
                        None => follow(stream, script, port).await,
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => follow(stream, script, port).await,
                            Err(_) => vec![],
                        },
                    };
                    shared.lock().expect("no panic").push(text);
                });
            }
        });
        Self { port, received, accepting }
    }

    /// What was received so far, one text for each connection that has ended.
    pub(super) async fn received(&self, connections: usize) -> Vec<Vec<u8>> {
        for _ in 0..500 {
            let received = self.received.lock().expect("no panic").clone();
            if received.len() >= connections {
                return received;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("fewer than {connections} connections have ended");
    }

    /// Probes it.
    pub(super) async fn probed(&self, path: &str, timeout: Duration) -> Answer {
        attempted(json!({"httpGet": {"port": self.port, "path": path}}), timeout).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn follow(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Vec<Step>, port: u16) -> Vec<u8> {
    let mut received = vec![];
    for step in script {
        let done = match step {
            Step::Read(end) => read(&mut stream, &mut received, end).await,
            Step::Write(text) => stream.write_all(text.replace("PORT", &port.to_string()).as_bytes()).await,
            Step::Bytes(bytes) => stream.write_all(&bytes).await,
            Step::Stall => std::future::pending().await,
            Step::Reset => {
                sleep(Duration::from_millis(50)).await;
                return received;
            }
        };
        if done.is_err() {
            return received;
        }
    }
    let _ = stream.shutdown().await;
    // Closing with something unread would be a reset.
    let _ = stream.read_to_end(&mut received).await;
    received
}

async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    received: &mut Vec<u8>,
    end: &[u8],
) -> std::io::Result<()> {
    while !received.windows(end.len()).any(|window| window == end) {
        if stream.read_buf(received).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// A connection that was taken from it, for what a listener has to be for.
#[expect(dead_code, reason = "keeps the queue full")]
pub(super) struct Queued(pub(super) TcpListener, pub(super) Vec<TcpStream>);

/// A port whose queue is full, so that connecting hangs.
pub(super) async fn blackhole() -> (u16, Queued) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("its address");
    let mut queue = vec![];
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await
    {
        queue.push(stream);
    }
    (address.port(), Queued(listener, queue))
}
