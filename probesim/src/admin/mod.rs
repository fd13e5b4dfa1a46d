//! The admin port: metrics, state, control, events and a page for people, out of reach of the faults of the main port.

mod auth;
mod dashboard;
mod events;
mod faults;
mod http;
mod route;
#[cfg(test)]
mod tests;
mod view;
mod words;

pub(crate) use http::serve;
