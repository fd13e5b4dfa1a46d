//! What thousands of targets suffer from at once, such as an API server that is away, is said of some of them.

use std::collections::BTreeMap;

/// So many targets are named with the same words.
const VOICES: usize = 10;

/// How often each thing was said.
#[derive(Debug, Default)]
pub struct Chorus {
    said: BTreeMap<String, usize>,
}

/// What to do with a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Voice {
    /// Print it.
    Solo,
    /// Say that there are more like it.
    Refrain,
    /// Nothing: that was said.
    Silent,
}

impl Chorus {
    /// One more target of which `what` is to be said.
    pub fn join(&mut self, what: &str) -> Voice {
        let count = self.said.entry(what.to_owned()).or_default();
        *count += 1;
        match *count {
            ..=VOICES => Voice::Solo,
            count if count == VOICES + 1 => Voice::Refrain,
            _ => Voice::Silent,
        }
    }

    /// It is over: should it come back, it is news again.
    pub fn end(&mut self) {
        self.said.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_are_named_and_then_it_is_said_once_that_there_are_more() {
        let mut chorus = Chorus::default();
        let voices: Vec<Voice> = (0..1000).map(|_| chorus.join("unreachable")).collect();
        assert!(voices[..10].iter().all(|voice| *voice == Voice::Solo));
        assert_eq!(voices[10], Voice::Refrain);
        assert!(voices[11..].iter().all(|voice| *voice == Voice::Silent));
        assert_eq!(chorus.join("forbidden"), Voice::Solo, "another trouble is another");
        chorus.end();
        assert_eq!(chorus.join("unreachable"), Voice::Solo);
    }
}
