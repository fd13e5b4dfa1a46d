//! What a call makes of what comes from the server: `http2_client.go` and `rpc_util.go` of grpc-go.

use super::super::http2::{Ended, Event, Field, REFUSED_STREAM, code_name, words};
use super::super::words::{integer, quote};
use super::status::{Code, Status, decode, http_text};
use wire::health::Health;

/// `defaultClientMaxReceiveMessageSize`.
const LONGEST_MESSAGE: u64 = 4 << 20;

/// A call under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    has_headers: bool,
    encoding: String,
    data: Vec<u8>,
    /// What the server said before it closed the connection.
    goodbye: Option<String>,
}

/// How a call ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// With the number of a health status.
    Answered(u64),
    /// Without one.
    Ended(Status),
    /// The server has not looked at it.
    Unprocessed(Status),
}

// === impl Call ===

impl Call {
    /// Takes what came; the end, if that is one.
    pub(super) fn take(&mut self, event: Result<Event, Ended>) -> Option<Done> {
        match event {
            Ok(Event::Headers { fields, ends }) => self.headers(&fields, ends),
            Ok(Event::Data { bytes, ends }) => {
                self.data.extend(bytes);
                if let Err(status) = self.message()
                    && status.code == Code::RESOURCE_EXHAUSTED
                {
                    return Some(Done::Ended(status));
                }
                let missing = "server closed the stream without sending trailers";
                ends.then(|| self.end(Status::new(Code::INTERNAL, missing)))
            }
            Ok(Event::Malformed(why)) => Some(self.fail(Status::new(Code::INTERNAL, words(&why)))),
            Ok(Event::Reset(code)) => {
                let message = format!("stream terminated by RST_STREAM with error code: {}", code_name(code));
                let status = Status::new(Code::of_http2(code), message);
                let is_unprocessed = code == REFUSED_STREAM;
                Some(if is_unprocessed { Done::Unprocessed(status) } else { self.fail(status) })
            }
            Ok(Event::GoAway { last_stream: 0, .. }) => {
                Some(Done::Unprocessed(Status::new(Code::UNAVAILABLE, "the connection is draining")))
            }
            Ok(Event::GoAway { code, debug, .. }) => {
                let quoted = quote(&debug);
                let said = if debug.is_empty() { String::new() } else { format!(", debug data: {quoted}") };
                self.goodbye = Some(format!("code: {}{said}", code_name(code)));
                None
            }
            Ok(Event::Settings | Event::Push | Event::Other) => None,
            Err(ended) => {
                let why = match ended {
                    Ended::Closed => "EOF".into(),
                    // grpc-go reads from the connection without Go's wrapping of errors.
                    Ended::Words(words) => words.rsplit(": read: ").next().unwrap_or_default().to_owned(),
                    Ended::Wrong(code) => format!("connection error: {}", code_name(code)),
                };
                let why = format!("error reading from server: {why}");
                let message = match &self.goodbye {
                    None => why,
                    Some(goodbye) => {
                        let why = quote(why.as_bytes());
                        format!(
                            "closing transport due to: connection error: desc = {why}, received prior goaway: {goodbye}"
                        )
                    }
                };
                Some(self.fail(Status::new(Code::UNAVAILABLE, message)))
            }
        }
    }

    /// `operateHeaders`.
    fn headers(&mut self, fields: &[Field], ends: bool) -> Option<Done> {
        if self.has_headers && !ends {
            let message = "a HEADERS frame cannot appear in the middle of a stream";
            return Some(self.fail(Status::new(Code::INTERNAL, message)));
        }
        let last = |name: &str| {
            fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        if let Some(encoding) = last("grpc-encoding") {
            self.encoding = encoding.to_owned();
        }
        let code = match last("grpc-status").map(|code| integer::<i32>("ParseInt", code)) {
            None => Code::UNKNOWN,
            Some(Ok(code)) => Code(code as u32),
            Some(Err(why)) => {
                let message = format!("transport: malformed grpc-status: {why}");
                return Some(self.fail(Status::new(Code::UNKNOWN, message)));
            }
        };
        let content_type = last("content-type");
        if !self.has_headers && !content_type.is_some_and(is_grpc) {
            return not_grpc(last(":status"), content_type, ends).map(|status| self.fail(status));
        }
        self.has_headers = true;
        ends.then(|| self.end(Status::new(code, decode(last("grpc-message").unwrap_or_default()))))
    }

    /// The stream has broken off: what came before it counts first, and only a whole message is not missed.
    fn fail(&self, status: Status) -> Done {
        match self.message() {
            Err(wrong) if !self.is_short() => Done::Ended(wrong),
            _ => Done::Ended(status),
        }
    }

    /// The stream has ended with this status, which counts after the message.
    fn end(&self, status: Status) -> Done {
        match self.message() {
            Err(wrong) => Done::Ended(wrong),
            Ok(_) if status.code != Code::OK => Done::Ended(status),
            Ok(Some(number)) => Done::Answered(number),
            Ok(None) => Done::Ended(Status::new(
                Code::INTERNAL,
                "cardinality violation: received no response message from non-server-streaming RPC",
            )),
        }
    }

    /// Whether a message has begun that has not ended.
    fn is_short(&self) -> bool {
        match self.data.split_first_chunk::<5>() {
            Some(([_, length @ ..], rest)) => (rest.len() as u64) < u64::from(u32::from_be_bytes(*length)),
            None => true,
        }
    }

    /// The one message.
    fn message(&self) -> Result<Option<u64>, Status> {
        let internal = |message: String| Err(Status::new(Code::INTERNAL, message));
        // What is too short to be the beginning of one is none.
        let Some(([flag, length @ ..], rest)) = self.data.split_first_chunk::<5>() else { return Ok(None) };
        let length = u64::from(u32::from_be_bytes(*length));
        if length > LONGEST_MESSAGE {
            let message = format!("grpc: received message larger than max ({length} vs. {LONGEST_MESSAGE})");
            return Err(Status::new(Code::RESOURCE_EXHAUSTED, message));
        }
        match (rest.len() as u64).cmp(&length) {
            std::cmp::Ordering::Less => return internal("unexpected EOF".into()),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => {
                return internal(
                    "cardinality violation: expected <EOF> for non server-streaming RPCs, but received another message"
                        .into(),
                );
            }
        }
        let encoding = quote(self.encoding.as_bytes());
        match flag {
            0 => Health::parse(&self.data).map(Some).or_else(|_| {
                internal("grpc: failed to unmarshal the received message: proto: cannot parse invalid wire-format data".into())
            }),
            1 if matches!(self.encoding.as_str(), "" | "identity") => {
                internal("grpc: compressed flag set with identity or empty encoding".into())
            }
            1 => internal(format!("grpc: Decompressor is not installed for grpc-encoding {encoding}")),
            flag => internal(format!("grpc: received unexpected payload format {flag}")),
        }
    }
}

/// `grpcutil.ContentSubtype`.
fn is_grpc(content_type: &str) -> bool {
    let rest = content_type.strip_prefix("application/grpc");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

/// What somebody answers who does not speak gRPC; nothing where another answer follows.
fn not_grpc(status: Option<&str>, content_type: Option<&str>, ends: bool) -> Option<Status> {
    let about_type = match content_type {
        None => "malformed header: missing HTTP content-type".to_owned(),
        Some(other) => format!("transport: received unexpected content-type {}", quote(other.as_bytes())),
    };
    let Some(text) = status.filter(|status| !status.is_empty()) else {
        let message = format!("malformed header: missing HTTP status; {about_type}");
        return Some(Status::new(Code::INTERNAL, message));
    };
    let number = match integer::<i32>("Atoi", text) {
        Ok(number) => number,
        Err(why) => {
            return Some(Status::new(Code::INTERNAL, format!("transport: malformed http-status: {why}")));
        }
    };
    if (100..200).contains(&number) {
        let message = format!(
            "protocol error: informational header with status code {number} must not have END_STREAM set"
        );
        return ends.then(|| Status::new(Code::INTERNAL, message));
    }
    let text = http_text(number);
    let message =
        format!("unexpected HTTP status code received from server: {number} ({text}); {about_type}");
    Some(Status::new(Code::of_http(number), message))
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
