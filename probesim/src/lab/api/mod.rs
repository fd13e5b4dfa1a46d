//! The API server over HTTP: from a connection to an answer.
//!
//! | file | what it decides or does |
//! |---|---|
//! | `server`, `kubeconfig` | takes connections; what a client needs to make one |
//! | `route`, `body` | what a request asks for, and what it carries |
//! | `access`, `accounts` | who asks, and what they may do |
//! | `handle/` | who answers: reads, writes, subresources, logs, reviews, discovery |
//! | `answer/` | how it is answered: status, view, table, response, stream |
//! | `fault`, `requests` | for tests: misbehaves on demand, and remembers what was asked |

pub(super) mod access;
pub(super) mod accounts;
pub(super) mod answer;
mod body;
pub(super) mod fault;
mod handle;
pub(super) mod kubeconfig;
pub(super) mod requests;
pub(super) mod route;
pub(super) mod server;
#[cfg(test)]
mod tests;

pub(in crate::lab) use handle::go_error;
