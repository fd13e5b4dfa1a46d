//! One attempt, as the kubelet makes it: a new connection for each request, no proxy, HTTP/2 where the server of an
//! `https://` chooses it, the body read up to 10 KiB.
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/probe/http/http.go>

use hyper::header::{ACCEPT, HOST, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use tokio::net::TcpStream;

use super::ask::Ask;
use super::judge::judge;
use super::redirect::{Hop, Next};
use super::url::escaped;
use super::{over_http1, over_http2};
use crate::message::clean;
use crate::network::deadline::Deadline;
use crate::network::dial::dial;
use crate::network::h2::{NoAnswer, Stream};
use crate::network::names::Names;
use crate::network::secure::{Secure, refused};
use crate::verdict::{Finding, Verdict};

/// Requests of one attempt: Go's client, and with it the kubelet, makes no more.
const REQUESTS: usize = 10;
/// What is read of a body.
const BODY: usize = 10 << 10;
/// As Go's client offers them.
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];
const HTTP2: &[u8] = b"h2";

/// An answer whose body was not read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Body,
}

enum Body {
    Plain(over_http1::Body),
    Stream(Box<Stream>),
}

/// What an attempt works with.
struct Attempt<'a> {
    ask: &'a Ask,
    names: &'a Names,
    secure: &'a mut Secure,
    deadline: &'a Deadline,
}

/// Asks, follows, and judges the last answer.
pub(in crate::network) async fn attempt(
    ask: &Ask,
    names: &Names,
    secure: &mut Secure,
    deadline: &Deadline,
) -> Result<Verdict, Finding> {
    let mut attempt = Attempt { ask, names, secure, deadline };
    let mut hop = Hop::first(ask);
    for _ in 0..REQUESTS {
        let answer = attempt.send(&hop).await?;
        let location = answer.headers.get(LOCATION).map(|value| escaped(value.as_bytes()));
        let elsewhere = match hop.next(ask, answer.status, location.as_deref()) {
            Next::Follow(next) => {
                hop = next;
                continue;
            }
            Next::Elsewhere(host) => Some(clean(&host)),
            Next::Stay => None,
        };
        let body = deadline.wait("end of the answer", attempt.read(answer.body)).await??;
        return Ok(judge(ask, answer.status, &answer.headers, &body, elsewhere.as_deref()));
    }
    Err(Finding::state(format!("stopped after {REQUESTS} redirects")))
}

// === impl Attempt ===

impl Attempt<'_> {
    async fn send(&mut self, hop: &Hop) -> Result<Answer, Finding> {
        let tcp = self.dial(hop).await?;
        if !hop.url.is_secure {
            let sent =
                self.deadline.wait("answer", over_http1::exchange(tcp, hop, headers(self.ask, hop))).await?;
            return match sent {
                Ok(answer) => Ok(plain(answer)),
                Err(error) => {
                    let found = over_http1::cut(&error, None);
                    let is_other = over_http1::is_no_http1(&error) && self.speaks_http2_alone(hop).await;
                    Err(if is_other { only_http2() } else { found })
                }
            };
        }
        match self.send_securely(tcp, hop, &PROTOCOLS).await {
            Ok(answer) => Ok(answer),
            Err(NoAnswer::WantsHttp1) => {
                let tcp = self.dial(hop).await?;
                self.send_securely(tcp, hop, &PROTOCOLS[1..]).await.map_err(NoAnswer::finding)
            }
            Err(none) => Err(none.finding()),
        }
    }

    async fn send_securely(
        &mut self,
        tcp: TcpStream,
        hop: &Hop,
        protocols: &[&[u8]],
    ) -> Result<Answer, NoAnswer> {
        let (trust, deadline) = (&self.ask.trust, self.deadline);
        let handshake = self.secure.handshake(tcp, &hop.url.address, trust, protocols, deadline);
        let tls = handshake.await.map_err(NoAnswer::Because)?;
        let headers = headers(self.ask, hop);
        if tls.get_ref().1.alpn_protocol() == Some(HTTP2) {
            let sent = deadline.wait("answer", over_http2::exchange(Box::new(tls), hop, &headers));
            let sent = sent.await.map_err(NoAnswer::Because)?;
            let (status, headers, stream) = sent.map_err(|none| self.cut(none))?;
            return Ok(Answer { status, headers, body: Body::Stream(Box::new(stream)) });
        }
        let sent = deadline.wait("answer", over_http1::exchange(tls, hop, headers));
        let sent = sent.await.map_err(NoAnswer::Because)?;
        sent.map(plain).map_err(|error| NoAnswer::Because(over_http1::cut(&error, Some(trust))))
    }

    /// What comes first of the body; the rest is left unread.
    async fn read(&self, body: Body) -> Result<Vec<u8>, Finding> {
        match body {
            Body::Plain(body) => {
                body.read(BODY).await.map_err(|error| over_http1::cut(&error, Some(&self.ask.trust)))
            }
            Body::Stream(mut stream) => match stream.rest(BODY).await {
                Ok(rest) => Ok(rest.body),
                Err(NoAnswer::Cut(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    Err(Finding::state("the answer ended too soon"))
                }
                Err(none) => Err(self.cut(none).finding()),
            },
        }
    }

    async fn dial(&mut self, hop: &Hop) -> Result<TcpStream, Finding> {
        dial(self.names, &hop.url.address, self.deadline).await
    }

    /// Whether the server of an `http://` would get on with a client that begins with HTTP/2: only its first bytes
    /// tell, and hyper has them.
    async fn speaks_http2_alone(&mut self, hop: &Hop) -> bool {
        let Ok(tcp) = self.dial(hop).await else { return false };
        matches!(self.deadline.wait("answer", Stream::greet(Box::new(tcp))).await, Ok(Ok(())))
    }

    /// A connection may have ended because of our certificate.
    fn cut(&self, none: NoAnswer) -> NoAnswer {
        match none {
            NoAnswer::Cut(error) => match refused(&error, &self.ask.trust) {
                Some(finding) => NoAnswer::Because(finding),
                None => NoAnswer::Cut(error),
            },
            none => none,
        }
    }
}

fn plain((status, headers, body): (u16, HeaderMap, over_http1::Body)) -> Answer {
    Answer { status, headers, body: Body::Plain(body) }
}

fn only_http2() -> Finding {
    Finding::because("the server speaks HTTP/2 alone", "http:// speaks HTTP/1.1; ask for grpc:// or tcp://")
}

/// The headers of a request but for those that the protocol needs.
fn headers(ask: &Ask, hop: &Hop) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("wait-for/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    let given =
        ask.request_headers.iter().filter(|(name, _)| hop.is_private && (name != HOST || hop.is_host_ours));
    for (name, _) in given.clone() {
        headers.remove(name);
    }
    for (name, value) in given {
        headers.append(name, value.clone());
    }
    headers
}
