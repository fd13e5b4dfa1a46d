//! The admin port's HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time;
use tracing::{debug, info, warn};

use super::auth::{self, Refused};
use super::faults::{self, Context};
use super::route::{Change, NoRoute, Route};
use super::{dashboard, events, view};
use crate::config::Token;
use crate::server::engine::Engine;
use crate::value;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
/// The version that Prometheus asks for.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// More than any plan needs.
const MAX_BODY: usize = 1 << 20;
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(60);
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// So long does the answer to a command to exit have.
const BEFORE_AN_EXIT: Duration = Duration::from_millis(50);

type Body = Either<Full<Bytes>, Channel<Bytes>>;

/// What all connections of the admin port share.
#[derive(Debug)]
struct Admin {
    engine: Arc<Engine>,
    token: Token,
    is_loopback: bool,
    has_starts: bool,
    /// Of an exit that names none.
    exit_code: u8,
    changes: AtomicU64,
}

/// Serves for ever.
pub(crate) async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    token: Token,
    has_starts: bool,
    exit_code: u8,
) -> Infallible {
    let is_loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let admin =
        Arc::new(Admin { engine, token, is_loopback, has_starts, exit_code, changes: AtomicU64::new(0) });
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let admin = Arc::clone(&admin);
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let admin = Arc::clone(&admin);
                        async move { Ok::<_, Infallible>(admin.answer(request).await) }
                    });
                    let mut builder = http1::Builder::new();
                    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
                    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
                        debug!(%error, "admin connection ended");
                    }
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept on the admin port");
                time::sleep(AFTER_A_FAILED_ACCEPT).await;
            }
        }
    }
}

// === impl Admin ===

impl Admin {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let route = match Route::of(request.method(), request.uri().path()) {
            Ok(route) => route,
            Err(NoRoute::NotFound) => {
                return error(StatusCode::NOT_FOUND, "no such path; GET / says what there is");
            }
            Err(NoRoute::Not(allowed)) => {
                let mut response = error(StatusCode::METHOD_NOT_ALLOWED, &format!("only {allowed}"));
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
                return response;
            }
        };
        if route.is_change()
            && let Err(refused) = self.allow(&request)
        {
            return refusal(refused);
        }
        let engine = &self.engine;
        match route {
            Route::Index if dashboard::is_wanted(request.headers()) => page(dashboard::PAGE),
            Route::Page(file) => page(file),
            Route::Index => text(TEXT, view::INDEX),
            Route::Metrics => text(METRICS, view::metrics(engine)),
            Route::State => json(StatusCode::OK, &view::state(engine)),
            Route::Faults => json(StatusCode::OK, &view::faults(engine)),
            Route::Events => {
                let limit = match events::limit(request.uri().query()) {
                    Ok(limit) => limit,
                    Err(message) => return error(StatusCode::UNPROCESSABLE_ENTITY, message),
                };
                let body = events::stream(engine.events(), limit, engine.endpoints().count());
                let mut response = Response::new(Either::Right(body));
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Route::Change(Change::Delete, None) if request.uri().query().is_some() => {
                self.take_away(request.uri().query().unwrap_or_default())
            }
            Route::Change(change, endpoint) => self.change(change, endpoint.as_deref(), request).await,
            Route::Exit => self.exit(request.uri().query()),
            Route::Reset => self.change(Change::Delete, None, request).await,
        }
    }

    fn allow(&self, request: &Request<Incoming>) -> Result<(), Refused> {
        let read;
        let token = match &self.token {
            Token::None => None,
            Token::Text(token) => Some(token.as_str()),
            // Read at each use: a Secret's file changes.
            Token::File(file) => {
                read = std::fs::read_to_string(file).map_err(|_| Refused::Unreadable)?;
                Some(read.trim())
            }
        };
        auth::allow(request.headers(), token, self.is_loopback)
    }

    /// Ends the process, a moment after the answer is on its way.
    fn exit(&self, query: Option<&str>) -> Response<Body> {
        let code = match query.map(|query| query.strip_prefix("code=").map(value::exit_code)) {
            None => self.exit_code,
            Some(Some(Ok(code))) => code,
            Some(_) => return error(StatusCode::UNPROCESSABLE_ENTITY, "code: expected /exit?code=0 to 255"),
        };
        let engine = Arc::clone(&self.engine);
        tokio::spawn(async move {
            time::sleep(BEFORE_AN_EXIT).await;
            engine.exit(code);
        });
        json(StatusCode::ACCEPTED, &json!({"exit_code": code}))
    }

    /// Takes one live fault away.
    fn take_away(&self, query: &str) -> Response<Body> {
        let name = match Route::name(query) {
            Ok(name) => name,
            Err(message) => return error(StatusCode::UNPROCESSABLE_ENTITY, message),
        };
        let engine = &self.engine;
        if !engine.live().iter().any(|put| put.spec.name == name) {
            return error(StatusCode::NOT_FOUND, &format!("no live fault is called {name:?}"));
        }
        engine.change_live(|live| live.retain(|put| put.spec.name != name));
        info!(fault = name, live = engine.live().len(), "live fault taken away");
        json(StatusCode::OK, &view::faults(engine))
    }

    async fn change(
        &self,
        change: Change,
        endpoint: Option<&str>,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
            return error(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 1 MiB, or was cut off");
        };
        let body = body.to_bytes();
        let Ok(body) = std::str::from_utf8(&body) else {
            return error(StatusCode::BAD_REQUEST, "the body is not UTF-8");
        };
        let engine = &self.engine;
        let context = Context {
            endpoints: engine.endpoints(),
            uptime: engine.uptime(),
            number: self.changes.load(Relaxed) + 1,
            has_starts: self.has_starts,
        };
        match faults::check(change, endpoint, body, context) {
            Ok(checked) => {
                self.changes.fetch_add(1, Relaxed);
                engine.change_live(|live| checked.apply(live));
                // The accept loops hear of it before the client does.
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                info!(endpoint = endpoint.unwrap_or("all"), live = engine.live().len(), "live faults change");
                json(StatusCode::OK, &view::faults(engine))
            }
            Err(problems) => {
                let is_no_yaml = problems.0.iter().any(|problem| problem.message.starts_with("not YAML"));
                let status =
                    if is_no_yaml { StatusCode::BAD_REQUEST } else { StatusCode::UNPROCESSABLE_ENTITY };
                let text = "the plan is wrong, nothing has changed";
                json(status, &json!({"error": text, "problems": problems.to_json()}))
            }
        }
    }
}

fn refusal(refused: Refused) -> Response<Body> {
    let status = match refused {
        Refused::NoToken | Refused::WrongToken => StatusCode::UNAUTHORIZED,
        Refused::NoneSet | Refused::CrossSite => StatusCode::FORBIDDEN,
        Refused::Unreadable => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = error(status, &refused.to_string());
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn error(status: StatusCode, message: &str) -> Response<Body> {
    json(status, &json!({"error": message}))
}

fn json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = text(JSON, format!("{value:#}\n"));
    *response.status_mut() = status;
    response
}

fn page((content_type, source): dashboard::File) -> Response<Body> {
    let mut response = text(content_type, source);
    response.headers_mut().extend(dashboard::headers());
    response
}

/// Nothing here is to be kept, or to be taken for something else.
fn text(content_type: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(text.into())));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
