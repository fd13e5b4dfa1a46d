//! As much of HTTP/2 and of the gRPC health protocol as a probe needs.

pub mod health;
pub mod hpack;
mod huffman;
