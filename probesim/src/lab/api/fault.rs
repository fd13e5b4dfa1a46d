//! Making the server misbehave: refused, cut and silent connections, wrong answers, ended watches.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::access::{self, Attributes};
use super::answer::status::Status;
use crate::lab::schema::resources::Resource;

/// The handle by which tests make a server misbehave.
#[derive(Debug)]
pub struct Faults {
    network: watch::Sender<Network>,
    /// Whether the listener is open, as the accept loop reports it.
    pub(super) is_listening: watch::Sender<bool>,
    rules: Mutex<Vec<Rule>>,
}

/// What connections and watches look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    pub(super) is_refusing: bool,
    pub(super) is_silent: bool,
    /// How many times connections were cut, and how the last time.
    pub(super) cuts: (u64, Cut),
    /// How many times the watches were ended.
    pub(super) ends: u64,
    /// What was put into open watches by hand, in order.
    pub(super) injected: Vec<Bytes>,
}

/// How a connection is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// With an RST, as a crashed peer or a firewall does.
    #[default]
    Reset,
    /// With a FIN in the middle of whatever was being sent.
    Finish,
}

/// Which requests a wrong answer is for; an empty part matches all.
#[derive(Clone, Debug, Default)]
pub struct Matching {
    verb: Option<String>,
    resource: Option<String>,
    name: Option<String>,
}

/// What is answered instead of the truth.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This Status, as an HTTP error.
    Status(Status),
    /// This Status, as the only event of a watch that was answered with 200.
    Event(Status),
    /// 403, in the words of RBAC for the very request.
    Forbidden,
    /// The `429` of priority and fairness: plain text, with `Retry-After` in seconds if given.
    Throttled(Option<u64>),
    /// The truth, late.
    Late(Duration),
}

#[derive(Debug)]
struct Rule {
    matching: Matching,
    reply: Reply,
    left: Option<u32>,
}

// === impl Matching ===

impl Matching {
    /// Every request on a resource.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Only this verb: `get`, `list`, `watch`, `create`, …
    #[must_use]
    pub fn verb(mut self, verb: &str) -> Self {
        self.verb = Some(verb.to_owned());
        self
    }

    /// Only this resource, by its plural.
    #[must_use]
    pub fn resource(mut self, plural: &str) -> Self {
        self.resource = Some(plural.to_owned());
        self
    }

    /// Only the object of this name, also where a field selector names it.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    fn matches(&self, wanted: &Attributes<'_>) -> bool {
        let fits = |part: &Option<String>, value: &str| part.as_deref().is_none_or(|part| part == value);
        fits(&self.verb, wanted.verb) && fits(&self.resource, wanted.plural) && fits(&self.name, wanted.name)
    }
}

// === impl Reply ===

impl Reply {
    /// 410 with reason `Expired`, as an HTTP error.
    #[must_use]
    pub fn expired() -> Self {
        Self::Status(Status::expired("The resourceVersion for the provided list is too old."))
    }

    /// 401.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::Status(Status::unauthorized())
    }

    /// 500 with reason `InternalError`.
    #[must_use]
    pub fn internal_error() -> Self {
        let message = "Internal error occurred: the lab was told to fail";
        Self::Status(Status::failure(500, "InternalError", message))
    }

    /// 503 with reason `ServiceUnavailable`.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::Status(Status::failure(
            503,
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
        ))
    }

    /// 429 as a Status with reason `TooManyRequests`.
    #[must_use]
    pub fn too_many_requests(retry_after: u64) -> Self {
        let message = "the server has received too many requests and has asked us to try again later";
        Self::Status(Status::failure(429, "TooManyRequests", message).with_retry_after(retry_after))
    }

    /// The ERROR event of a watch from a forgotten version.
    #[must_use]
    pub fn expired_event() -> Self {
        Self::Event(Status::expired("too old resource version: 1 (2)"))
    }

    /// The 403 for one request.
    pub(super) fn forbidden(resource: &Resource, wanted: &Attributes<'_>) -> Status {
        access::some_forbidden(resource, wanted)
    }
}

// === impl Faults ===

impl Faults {
    pub(super) fn new() -> Self {
        Self {
            network: watch::Sender::new(Network::default()),
            is_listening: watch::Sender::new(true),
            rules: Mutex::new(Vec::new()),
        }
    }

    /// Refuses new connections; returns when the listener is closed. Open ones go on.
    pub async fn refuse(&self) {
        self.network.send_modify(|network| network.is_refusing = true);
        self.listener_is(false).await;
    }

    /// Takes connections again, on the same port.
    pub async fn listen_again(&self) {
        self.network.send_modify(|network| network.is_refusing = false);
        self.listener_is(true).await;
    }

    /// Cuts every open connection.
    pub fn cut(&self, how: Cut) {
        self.network.send_modify(|network| network.cuts = (network.cuts.0 + 1, how));
    }

    /// Goes silent: connections are taken and kept, nothing is answered, open watches send nothing.
    pub fn silence(&self) {
        self.network.send_modify(|network| network.is_silent = true);
    }

    /// Ends the silence; what has waited is sent.
    pub fn speak(&self) {
        self.network.send_modify(|network| network.is_silent = false);
    }

    /// Ends every open watch at once, cleanly.
    pub fn end_watches(&self) {
        self.network.send_modify(|network| network.ends += 1);
    }

    /// Sends these bytes into every open watch: half a frame, an unknown event, a bookmark twice.
    pub fn inject(&self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.network.send_modify(|network| network.injected.push(bytes));
    }

    /// Answers matching requests with `reply`, `times` times or until [`Faults::clear`].
    pub fn answer(&self, matching: Matching, reply: Reply, times: Option<u32>) {
        self.rules().push(Rule { matching, reply, left: times });
    }

    /// Answers truly again.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// Undoes every lasting fault.
    pub async fn restore(&self) {
        self.clear();
        self.speak();
        self.listen_again().await;
    }

    /// The wrong answer for this request, if there is one; it is used up.
    pub(super) fn reply(&self, wanted: &Attributes<'_>) -> Option<Reply> {
        let mut rules = self.rules();
        let at = rules.iter().position(|rule| rule.matching.matches(wanted) && rule.left != Some(0))?;
        let rule = &mut rules[at];
        rule.left = rule.left.map(|left| left - 1);
        Some(rule.reply.clone())
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Network> {
        self.network.subscribe()
    }

    /// Waits until the server may speak.
    pub(super) async fn until_heard(&self) {
        let mut network = self.network.subscribe();
        let _ = network.wait_for(|network| !network.is_silent).await;
    }

    async fn listener_is(&self, open: bool) {
        let mut is_listening = self.is_listening.subscribe();
        let _ = is_listening.wait_for(|is| *is == open).await;
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_is_for_matching_requests_and_used_up() {
        let faults = Faults::new();
        let watch = Attributes { verb: "watch", plural: "pods", name: "p", ..Attributes::default() };
        let list = Attributes { verb: "list", ..watch.clone() };
        faults.answer(Matching::any().verb("watch").resource("pods"), Reply::unavailable(), Some(2));
        assert!(faults.reply(&list).is_none());
        assert!(faults.reply(&watch).is_some() && faults.reply(&watch).is_some());
        assert!(faults.reply(&watch).is_none());
        faults.answer(Matching::any().name("p"), Reply::Forbidden, None);
        assert!(matches!(faults.reply(&list), Some(Reply::Forbidden)));
        faults.clear();
        assert!(faults.reply(&list).is_none());
    }
}
