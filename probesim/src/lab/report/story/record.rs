//! What the timeline is drawn from: small records, as many as fit.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::time::millis;
use super::Standing;
use crate::kubelet::{Cause, Outcome};

/// Probes, changes and marks together; about 20 MB.
const MOST_RECORDS: usize = 1_000_000;
/// Different things that handlers said.
const MOST_TEXTS: usize = 4_000;
/// Of each, so many bytes.
const LONGEST_TEXT: usize = 300;

/// An attempt of a probe.
#[derive(Clone, Copy, Debug)]
pub(in crate::lab::report) struct Tick {
    /// Milliseconds since the lab began; when it was over.
    pub(in crate::lab::report) at: u32,
    /// Milliseconds.
    pub(in crate::lab::report) took: u32,
    /// What it came to.
    pub(in crate::lab::report) outcome: Outcome,
    /// What was said, for `Records::text`.
    pub(in crate::lab::report) text: u16,
}

/// From when on something stood like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::report) struct Band {
    /// Milliseconds since the lab began.
    pub(in crate::lab::report) from: u32,
    /// How.
    pub(in crate::lab::report) standing: Standing,
}

/// Something that happened to a container at one moment.
#[derive(Clone, Copy, Debug)]
pub(in crate::lab::report) struct Mark {
    /// Milliseconds since the lab began.
    pub(in crate::lab::report) at: u32,
    /// What.
    pub(in crate::lab::report) what: Struck,
}

/// What happened to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::report) enum Struck {
    /// Started, for the how-manieth time after the first.
    Started(u32),
    /// Told to stop, with this grace period in seconds.
    Stopped(Cause, u32),
    /// Ended with this code.
    Exited(i32),
}

/// Whether there is room, and what was said.
#[derive(Debug)]
pub(in crate::lab::report) struct Records {
    room: usize,
    full_at: Option<Duration>,
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u16>,
}

// === impl Records ===

impl Records {
    /// None are kept where nothing will be drawn.
    pub(super) fn new(are_kept: bool) -> Self {
        Self {
            room: if are_kept { MOST_RECORDS } else { 0 },
            full_at: None,
            texts: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// Keeps a record, if there is room.
    pub(super) fn keep<T>(&mut self, list: &mut Vec<T>, record: T, at: Duration) {
        if self.room > 0 {
            self.room -= 1;
            list.push(record);
        } else {
            self.full_at = self.full_at.or(Some(at));
        }
    }

    /// Keeps a change, unless it is none.
    pub(super) fn turn(&mut self, bands: &mut Vec<Band>, standing: Standing, at: Duration) {
        if bands.last().is_none_or(|last| last.standing != standing) {
            self.keep(bands, Band { from: millis(at), standing }, at);
        }
    }

    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> u16 {
        let text = text.trim_end();
        let end = (0..=LONGEST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        let text = &text[..end.unwrap_or(0)];
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        if self.room == 0 || text.is_empty() || self.texts.len() == MOST_TEXTS {
            return u16::MAX;
        }
        let number = u16::try_from(self.texts.len()).unwrap_or(u16::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    /// The text of a number; nothing where nothing was said or kept.
    pub(in crate::lab::report) fn text(&self, number: u16) -> &str {
        self.texts.get(usize::from(number)).map_or("", |text| text)
    }

    /// Since when records are missing.
    pub(in crate::lab::report) const fn full_at(&self) -> Option<Duration> {
        self.full_at
    }
}
