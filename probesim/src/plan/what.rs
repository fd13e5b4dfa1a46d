//! What a planned fault does to a request, or to a whole port.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};

use super::process::Load;
use super::{Latency, Outcomes};

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Makes the answer wait; which one it is, other faults decide.
    Wait(Latency, Outcomes),
    /// Answers, or does not.
    Answer(Answer),
    /// Takes the port away.
    Network(Network),
    /// Loads the process.
    Load(Load),
}

/// A planned answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// How it is given.
    pub manner: Manner,
    /// The HTTP status.
    pub status: u16,
    /// The body; `None` is the endpoint's own.
    pub body: Option<Bytes>,
    /// More headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The wait before it.
    pub latency: Option<Latency>,
    /// How long a slow answer takes.
    pub over: Duration,
}

/// How an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should be.
    Whole,
    /// Not at all, with the connection kept open.
    Never,
    /// The head byte by byte.
    SlowHeaders,
    /// The body byte by byte.
    Trickle,
    /// The head and half the body, then nothing more.
    Stall,
    /// The head and half the body, then the end of the connection.
    Truncate,
    /// The head and half the body, then a reset.
    Cut,
    /// The head, then a body that cannot be decoded.
    Malformed,
    /// Bytes that are no HTTP.
    Garbage,
    /// The connection is closed without an answer.
    Close,
    /// The connection is reset (RST) without an answer.
    Reset,
    /// The sending side is closed without an answer, the other stays open.
    HalfClose,
}

/// What has become of a listening port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// It works.
    #[default]
    Open,
    /// Nobody listens: connections are refused.
    Refuse,
    /// Connections are accepted and reset.
    Reset,
    /// Connections are accepted and never answered.
    Hang,
    /// Nothing comes through: connecting times out.
    Blackhole,
}

// === impl What ===

impl What {
    /// For metrics: one word for what was injected.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Wait(..) => "latency",
            Self::Answer(answer) => answer.manner.word(),
            Self::Network(network) => network.word(),
            Self::Load(load) => load.word(),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(answer) if answer.manner.has_status() => {
                write!(f, "{} {}", self.word(), answer.status)
            }
            Self::Load(load) => write!(f, "{load}"),
            Self::Wait(..) | Self::Answer(_) | Self::Network(_) => f.write_str(self.word()),
        }
    }
}

// === impl Manner ===

impl Manner {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Whole,
        Self::Never,
        Self::SlowHeaders,
        Self::Trickle,
        Self::Stall,
        Self::Truncate,
        Self::Cut,
        Self::Malformed,
        Self::Garbage,
        Self::Close,
        Self::Reset,
        Self::HalfClose,
    ];

    /// Its name in a plan.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Never => "never",
            Self::SlowHeaders => "slow-headers",
            Self::Trickle => "trickle",
            Self::Stall => "stall",
            Self::Truncate => "truncate",
            Self::Cut => "cut",
            Self::Malformed => "malformed",
            Self::Garbage => "garbage",
            Self::Close => "close",
            Self::Reset => "reset",
            Self::HalfClose => "half-close",
        }
    }

    /// Whether the client gets a status at all.
    #[must_use]
    pub fn has_status(self) -> bool {
        !matches!(self, Self::Never | Self::Garbage | Self::Close | Self::Reset | Self::HalfClose)
    }

    /// Whether it takes a time of its own.
    #[must_use]
    pub fn is_slow(self) -> bool {
        matches!(self, Self::SlowHeaders | Self::Trickle)
    }
}

// === impl Network ===

impl Network {
    /// All faults, in the order of the documentation.
    pub const FAULTS: [Self; 4] = [Self::Refuse, Self::Reset, Self::Hang, Self::Blackhole];

    /// Its name in a plan.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refuse => "refuse",
            Self::Reset => "reset",
            Self::Hang => "hang",
            Self::Blackhole => "blackhole",
        }
    }
}
