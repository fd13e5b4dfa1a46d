//! Health over gRPC: HTTP/2 without TLS, as the kubelet speaks it.

use std::convert::Infallible;
use std::future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Either, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::{self, Instant};
use tracing::debug;

use crate::decide::Decision;
use crate::endpoint::Endpoint;
use crate::plan::what::Manner;
use crate::plan::whom::Asked;
use crate::server::control::Controlled;
use crate::server::engine::Engine;
use crate::server::peer::Resettable;
use crate::server::wait;
use wire::health::{self, Health};

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// More than any health request.
const MAX_BODY: usize = 1 << 16;
/// How often a watched service is looked at; each look is a request of its own to the plan.
const WATCH_PERIOD: Duration = Duration::from_secs(1);

/// Status codes: <https://grpc.io/docs/guides/status-codes/>.
const OK: u8 = 0;
const INVALID_ARGUMENT: u8 = 3;
const NOT_FOUND: u8 = 5;
const UNIMPLEMENTED: u8 = 12;

type Answer = Either<Unary, Watched>;

/// One message, if any, and the trailers.
struct Unary {
    message: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

/// What a watcher gets. hyper drops it when the stream ends, and that is how its task hears of it.
struct Watched {
    health: Channel<Bytes>,
    _alive: oneshot::Sender<Infallible>,
}

/// How a connection is to end because of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
}

/// What the streams of a connection share.
#[derive(Clone)]
struct Connection {
    engine: Arc<Engine>,
    address: IpAddr,
    end: watch::Sender<Option<End>>,
}

/// Serves one connection until either side ends it.
pub(crate) async fn serve(stream: TcpStream, engine: Arc<Engine>, address: IpAddr, mut control: Controlled) {
    let (io, is_reset) = Resettable::new(stream);
    let (end, mut ended) = watch::channel(None);
    let shared = Connection { engine, address, end };
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(io), service);
    let mut connection = Box::pin(connection);
    loop {
        let now = control.now();
        if now.is_cut() {
            is_reset.set();
            return;
        }
        if now.is_frozen() {
            control.changed().await;
            continue;
        }
        if now.is_stopping {
            connection.as_mut().graceful_shutdown();
        }
        tokio::select! {
            result = future::poll_fn(|context| connection.as_mut().poll(context)) => {
                if let Err(error) = result {
                    debug!(%error, "gRPC connection ended");
                }
                return;
            }
            Ok(end) = ended.wait_for(Option::is_some) => {
                if *end == Some(End::Reset) {
                    is_reset.set();
                }
                return;
            }
            () = control.changed() => {}
        }
    }
}

// === impl Connection ===

impl Connection {
    async fn answer(self, request: Request<Incoming>) -> Response<Answer> {
        let method = match request.uri().path() {
            "/grpc.health.v1.Health/Check" => Self::check,
            "/grpc.health.v1.Health/Watch" => Self::watch,
            _ => return refuse(UNIMPLEMENTED, "unknown method"),
        };
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
            return refuse(INVALID_ARGUMENT, "the request is cut off or too long");
        };
        match health::service(&body.to_bytes()) {
            Ok(service) => method(self, service, head.headers).await,
            Err(why) => refuse(INVALID_ARGUMENT, &why.to_string()),
        }
    }

    fn check(
        self,
        service: String,
        headers: HeaderMap,
    ) -> Pin<Box<dyn Future<Output = Response<Answer>> + Send>> {
        Box::pin(async move {
            let Some(endpoint) = self.endpoint(&service) else { return refuse(NOT_FOUND, "unknown service") };
            let decision = self.decide(endpoint, &service, &headers).await;
            self.reply(&decision).await
        })
    }

    fn watch(
        self,
        service: String,
        headers: HeaderMap,
    ) -> Pin<Box<dyn Future<Output = Response<Answer>> + Send>> {
        Box::pin(async move {
            let (sender, health) = Channel::new(4);
            let (alive, gone) = oneshot::channel();
            tokio::spawn(async move {
                tokio::select! {
                    () = self.tell(service, headers, sender) => {}
                    _ = gone => {}
                }
            });
            response(Either::Right(Watched { health, _alive: alive }))
        })
    }

    /// Tells a watcher the status at first and whenever it is another one, until the watcher leaves.
    async fn tell(self, service: String, headers: HeaderMap, mut sender: Sender<Bytes>) {
        let mut told = None;
        let mut changes = self.engine.changes();
        loop {
            let serving = match self.endpoint(&service) {
                Some(endpoint) => {
                    let decision = self.decide(endpoint, &service, &headers).await;
                    self.afflict(&decision).await;
                    serving(&decision)
                }
                None => Health::ServiceUnknown,
            };
            if told != Some(serving) && sender.send_data(serving.frame().into()).await.is_err() {
                return;
            }
            told = Some(serving);
            tokio::select! {
                () = time::sleep(WATCH_PERIOD) => {}
                _ = changes.changed() => {}
            }
        }
    }

    fn endpoint(&self, service: &str) -> Option<Endpoint> {
        if service.is_empty() {
            return Some(Endpoint::Grpc);
        }
        self.engine.endpoints().named(&format!("grpc/{service}"))
    }

    /// Decides, and waits as decided. hyper drops this when the client cancels.
    async fn decide(&self, endpoint: Endpoint, service: &str, headers: &HeaderMap) -> Decision {
        let asked = Asked { headers: Some(headers), path: service, address: Some(self.address) };
        let decision = self.engine.arrive(endpoint, asked);
        if !decision.delay.is_zero() {
            let waiting = self.engine.state().wait();
            wait::until(Instant::now() + decision.delay).await;
            waiting.finish();
            self.engine.served(endpoint, decision.delay, decision.delay);
        }
        decision
    }

    async fn reply(&self, decision: &Decision) -> Response<Answer> {
        self.afflict(decision).await;
        let frame = Bytes::from(serving(decision).frame());
        let message = match decision.answer().map(|answer| answer.manner) {
            // Shorter than its frame says.
            Some(Manner::Truncate | Manner::Malformed) => frame.slice(..frame.len() - 1),
            _ => frame,
        };
        response(Either::Left(Unary { message: Some(message), trailers: Some(status(OK, "")) }))
    }

    /// Does what is to be done to a stream or its connection before an answer; may never return.
    async fn afflict(&self, decision: &Decision) {
        let Some(answer) = decision.answer() else { return };
        let end = match answer.manner {
            Manner::Whole | Manner::Truncate | Manner::Malformed => return,
            Manner::SlowHeaders | Manner::Trickle => return time::sleep(answer.over).await,
            Manner::Never | Manner::Stall => None,
            Manner::Close | Manner::HalfClose | Manner::Garbage => Some(End::Close),
            Manner::Reset | Manner::Cut => Some(End::Reset),
        };
        if end.is_some() {
            self.end.send_replace(end);
        }
        let _waiting = self.engine.state().wait();
        future::pending::<()>().await;
    }
}

fn serving(decision: &Decision) -> Health {
    if decision.status < 400 { Health::Serving } else { Health::NotServing }
}

fn response(body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    response
}

/// A response of headers alone.
fn refuse(code: u8, why: &str) -> Response<Answer> {
    let mut response = response(Either::Left(Unary { message: None, trailers: None }));
    response.headers_mut().extend(status(code, why));
    response
}

fn status(code: u8, message: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(code)));
    if let (false, Ok(message)) = (message.is_empty(), HeaderValue::from_str(message)) {
        headers.insert(GRPC_MESSAGE, message);
    }
    headers
}

// === impl Watched ===

impl Body for Watched {
    type Data = Bytes;
    type Error = <Channel<Bytes> as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.health).poll_frame(context)
    }
}

// === impl Unary ===

impl Body for Unary {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let message = self.message.take().map(Frame::data);
        let frame = message.or_else(|| self.trailers.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.message.is_none() && self.trailers.is_none()
    }
}
