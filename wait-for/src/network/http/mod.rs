//! `http://` and `https://`: one request, and the redirects that it leads to.

mod ask;
mod exchange;
mod judge;
mod over_http1;
mod over_http2;
mod redirect;
mod status;
#[cfg(test)]
mod tests;
mod url;

pub use ask::Ask;
pub(super) use exchange::attempt;
pub use status::StatusSet;
pub use url::{Url, UrlError};
