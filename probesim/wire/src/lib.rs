//! As much of HTTP/2 and of the gRPC health protocol as one request needs, for `probesim`'s probes and for the
//! network targets of `wait-for`: a connection that carries one stream and is then closed.
//!
//! | module | holds |
//! |---|---|
//! | [`exchange`] | the client's side of such a connection: bytes in, events out |
//! | [`frame`] | frames, settings and error codes: [RFC 9113](https://www.rfc-editor.org/rfc/rfc9113) |
//! | [`hpack`] | header lists: [RFC 7541](https://www.rfc-editor.org/rfc/rfc7541) |
//! | [`health`] | the messages of `grpc.health.v1` |
//!
//! Nothing here reads, writes or waits: whoever has a connection does, with the limits that it has. By hand, because
//! the h2 crate adds 338 kB to a program of 2.7 MB, and because the probes say what Go's client would, word for word.
//!
//! ```
//! use wire::exchange::{Event, Exchange};
//! use wire::frame::{self, PREFACE};
//!
//! let mut exchange = Exchange::new(frame::LONGEST, 1 << 20);
//! let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
//! let request = [field(":method", "GET"), field(":scheme", "https"), field(":path", "/"), field(":authority", "db")];
//! let sent = [PREFACE.to_vec(), frame::settings(&[]), exchange.headers(&request, true)].concat();
//! assert!(sent.starts_with(b"PRI"));
//!
//! // The server's settings, then ":status: 204" with the end of the stream.
//! exchange.take(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x05\x00\x00\x00\x01\x89");
//! assert_eq!(exchange.next_event(), Ok(Some(Event::Settings)));
//! assert_eq!(exchange.replies(), b"\x00\x00\x00\x04\x01\x00\x00\x00\x00", "they are acknowledged");
//! let fields = vec![field(":status", "204")];
//! assert_eq!(exchange.next_event(), Ok(Some(Event::Headers { fields, ends: true })));
//! ```

pub mod exchange;
pub mod frame;
pub mod health;
pub mod hpack;
mod huffman;
