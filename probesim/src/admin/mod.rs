//! The admin port: metrics, state, control and events, out of reach of the faults of the main port.

mod auth;
mod events;
mod faults;
mod http;
mod route;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use http::serve;
