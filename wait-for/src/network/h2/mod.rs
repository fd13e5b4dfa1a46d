//! One unary call over HTTP/2, and no more: a connection that carries a single stream and is then closed.
//!
//! h2, which hyper uses, adds 338 kB to a program of 2.7 MB. A health check needs four frames sent and a
//! handful read, all of them bounded; the tests run it against hyper's own server.

mod exchange;
mod frame;
mod hpack;

pub(super) use exchange::{Answer, Bytes, Call, call};
