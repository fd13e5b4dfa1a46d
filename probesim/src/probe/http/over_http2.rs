//! A request over HTTP/2, which only HTTPS offers: `http2.Transport` of Go.

use super::super::connection::Connection;
use super::super::http2::{
    Ended, Event, Exchange, Field, PREFACE, PROTOCOL_ERROR, REFUSED_STREAM, WINDOW_UPDATE, code_name, frame,
    settings, words as fault,
};
use super::super::words::quote;
use super::body::{Slurped, too_early};
use super::head::{Framing, Head};
use super::headers::{Headers, trim};
use super::reader::Broken;
use super::request::Request;

/// `SETTINGS_ENABLE_PUSH`, `…_INITIAL_WINDOW_SIZE`, `…_MAX_FRAME_SIZE`, `…_MAX_HEADER_LIST_SIZE`.
const OWN_SETTINGS: [(u16, u32); 4] = [(2, 0), (4, 4 << 20), (5, 1 << 14), (6, LONGEST_LIST)];
/// `transportDefaultMaxHeaderListSize`
const LONGEST_LIST: u32 = 10 << 20;
/// How much Go lets a server send on a connection.
const WINDOW: u32 = 1 << 30;
/// What belongs to a connection and not to a request, or is sent in another way.
const EXCLUDED: [&str; 7] = [
    "Connection",
    "Proxy-Connection",
    "Transfer-Encoding",
    "Upgrade",
    "Keep-Alive",
    "Content-Length",
    "Host",
];

/// The answer's body.
pub(super) struct Stream {
    exchange: Exchange,
    /// What the head has promised.
    left: Option<u64>,
    has_ended: bool,
    /// What the server said before it closes the connection.
    goodbye: Option<Event>,
}

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// In Go's words.
    Because(String),
    /// The server has not looked at the request, and wants it on another connection: `shouldRetryRequest`.
    Refused,
}

/// Sends a request, and reads the head of the answer.
pub(super) async fn exchange(request: &Request, connection: Connection) -> Result<(Head, Stream), NoAnswer> {
    let mut exchange = Exchange::new(connection, LONGEST_LIST as usize);
    let beginning =
        [PREFACE.to_vec(), settings(&OWN_SETTINGS), frame(WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes())];
    // Where this fails, reading tells why.
    let _ = exchange.send(&beginning.concat()).await;
    let fields = fields(request).map_err(|why| format!("http2: {why}"))?;
    let headers = exchange.headers(&fields, true);
    let _ = exchange.send(&headers).await;
    let mut is_greeted = false;
    let mut goodbye = None;
    loop {
        let event = exchange.next().await.map_err(|ended| words(ended, goodbye.take()))?;
        if !is_greeted && event != Event::Settings {
            return Err(words(Ended::Wrong(PROTOCOL_ERROR), None).into());
        }
        is_greeted = true;
        match event {
            Event::Headers { fields, ends } => {
                if let Some(head) = head(fields, ends).map_err(|why| stream_error(PROTOCOL_ERROR, &why))? {
                    let left = if let Framing::Length(length) = head.framing { Some(length) } else { None };
                    return Ok((head, Stream { exchange, left, has_ended: ends, goodbye }));
                }
            }
            Event::Malformed(why) => return Err(stream_error(PROTOCOL_ERROR, &fault(&why)).into()),
            Event::Reset(PROTOCOL_ERROR | REFUSED_STREAM) => return Err(NoAnswer::Refused),
            Event::Reset(code) => return Err(reset(code).into()),
            Event::Data { .. } => {
                return Err(format!("stream error: stream ID 1; {}", code_name(PROTOCOL_ERROR)).into());
            }
            Event::GoAway { last_stream: 0, code: 0, .. } => return Err(NoAnswer::Refused),
            Event::GoAway { last_stream: 0, code, .. } => {
                let code = code_name(code);
                return Err(format!("http2: Transport received GOAWAY from server ErrCode:{code}").into());
            }
            Event::GoAway { .. } => goodbye = Some(event),
            Event::Push => return Err(words(Ended::Wrong(PROTOCOL_ERROR), None).into()),
            Event::Settings | Event::Other => {}
        }
    }
}

impl From<String> for NoAnswer {
    fn from(why: String) -> Self {
        Self::Because(why)
    }
}

// === impl Stream ===

impl Stream {
    /// Reads the body up to a limit.
    pub(super) async fn read(&mut self, limit: usize) -> Slurped {
        let mut body = vec![];
        while body.len() < limit && !self.has_ended {
            match self.exchange.next().await {
                Ok(Event::Data { bytes, ends }) => {
                    if let Some(left) = self.left.filter(|&left| left < bytes.len() as u64) {
                        body.extend_from_slice(&bytes[..usize::try_from(left).unwrap_or_default()]);
                        let more =
                            "net/http: server replied with more than declared Content-Length; truncated";
                        return if body.len() < limit { Err(Broken::Words(more.into())) } else { Ok(body) };
                    }
                    self.left = self.left.map(|left| left - bytes.len() as u64);
                    self.has_ended = ends;
                    body.extend(bytes);
                }
                Ok(Event::Headers { ends: true, .. }) => self.has_ended = true,
                Ok(Event::Headers { ends: false, .. } | Event::Push) => {
                    return Err(Broken::Words(words(Ended::Wrong(PROTOCOL_ERROR), None)));
                }
                Ok(Event::Malformed(why)) => {
                    return Err(Broken::Words(stream_error(PROTOCOL_ERROR, &fault(&why))));
                }
                Ok(Event::Reset(code)) => return Err(Broken::Words(reset(code))),
                Ok(goodbye @ Event::GoAway { .. }) => self.goodbye = Some(goodbye),
                Ok(Event::Settings | Event::Other) => {}
                Err(ended) => return Err(Broken::Words(words(ended, self.goodbye.take()))),
            }
        }
        if body.len() < limit && self.left.is_some_and(|left| left > 0) {
            return Err(too_early(Broken::End));
        }
        body.truncate(limit);
        Ok(body)
    }
}

/// `EncodeHeaders`.
fn fields(request: &Request) -> Result<Vec<Field>, String> {
    check(&request.headers)?;
    let uri = request.url.request_uri();
    if !uri.starts_with('/') && uri != "*" {
        return Err(format!("invalid request :path {}", quote(uri.as_bytes())));
    }
    let authority = request.authority();
    if authority.is_empty() {
        return Err("invalid Host header".into());
    }
    let pseudo = [(":authority", authority), (":method", "GET".into()), (":path", uri)];
    let mut fields: Vec<Field> = pseudo.map(|(name, value)| (name.to_owned(), value)).into();
    fields.push((":scheme".into(), request.url.scheme.clone()));
    for (name, value) in request.fields() {
        let field = |value: &str| (name.to_ascii_lowercase(), value.to_owned());
        match name.as_str() {
            "Cookie" => fields.extend(value.split(';').map(|part| field(part.trim_start_matches(' ')))),
            name if EXCLUDED.contains(&name) => {}
            _ => fields.push(field(&value)),
        }
    }
    Ok(fields)
}

/// `checkConnHeaders`.
fn check(headers: &Headers) -> Result<(), String> {
    for (name, allowed) in [
        ("Upgrade", &["", "chunked"][..]),
        ("Transfer-Encoding", &["", "chunked"]),
        ("Connection", &["", "close", "keep-alive"]),
    ] {
        let Some(values) = headers.all(name) else { continue };
        let is_allowed = allowed.iter().any(|allowed| values[0].eq_ignore_ascii_case(allowed));
        if !is_allowed || (values.len() > 1 && name != "Upgrade") {
            let values: Vec<_> = values.iter().map(|value| quote(value.as_bytes())).collect();
            return Err(format!("invalid {name} request header: [{}]", values.join(" ")));
        }
    }
    Ok(())
}

/// `handleResponse`: nothing where another head follows.
fn head(fields: Vec<Field>, ends: bool) -> Result<Option<Head>, String> {
    let mut headers = Headers::default();
    let mut status = String::new();
    for (name, value) in fields {
        match name.as_str() {
            ":status" => status = value,
            name => headers.add(name, value),
        }
    }
    let status: i32 = match status.parse() {
        Ok(status) => status,
        Err(_) if status.is_empty() => {
            return Err("malformed response from server: missing status pseudo header".into());
        }
        Err(_) => {
            return Err("malformed response from server: malformed non-numeric status pseudo header".into());
        }
    };
    if (100..200).contains(&status) {
        return if ends { Err("1xx informational response with END_STREAM flag".into()) } else { Ok(None) };
    }
    let length = match headers.all("Content-Length") {
        Some([length]) if length.bytes().all(|byte| byte.is_ascii_digit()) => trim(length).parse().ok(),
        _ => None,
    };
    let framing = match length {
        Some(length) => Framing::Length(length),
        None if ends => Framing::Empty,
        None => Framing::Close,
    };
    Ok(Some(Head { status, headers, framing }))
}

fn reset(code: u32) -> String {
    stream_error(code, "received from peer")
}

fn stream_error(code: u32, cause: &str) -> String {
    format!("stream error: stream ID 1; {}; {cause}", code_name(code))
}

/// Why a connection has ended; the server may have said goodbye.
fn words(ended: Ended, goodbye: Option<Event>) -> String {
    match (ended, goodbye) {
        (Ended::Closed, Some(Event::GoAway { last_stream, code, debug })) => format!(
            "http2: server sent GOAWAY and closed the connection; LastStreamID={last_stream}, ErrCode={}, debug={}",
            code_name(code),
            quote(&debug)
        ),
        (Ended::Closed, _) => "unexpected EOF".into(),
        (Ended::Words(words), _) => words,
        (Ended::Wrong(code), _) => format!("connection error: {}", code_name(code)),
    }
}
