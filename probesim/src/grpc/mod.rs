//! The gRPC health protocol, version 1: <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>.

pub(crate) mod server;
#[cfg(test)]
mod tests;
