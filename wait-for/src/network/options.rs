//! The options of a network target: the URL's fragment, `#key=value&key=value`, percent-encoded.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::duration::{self, DurationError};
use crate::suggest::{closest, did_you_mean};

/// Nothing is answered sooner than this, and whoever writes less means something else.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);
/// Nobody waits longer for an attempt, or for the next.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// No attempt follows another sooner: a gate must not become its target's load.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Options that were not asked for yet.
#[derive(Debug)]
pub(super) struct Options(Vec<(String, String)>);

/// Why options make no sense; values that may be secret are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// The target has no such option.
    #[error("unknown option \"{key}\"{hint}; known here are: {known}")]
    Unknown {
        /// What was written.
        key: String,
        /// What may have been meant.
        hint: String,
        /// What there is.
        known: String,
    },
    /// The option has one value only.
    #[error("{0}= is given twice; leave one of them out")]
    Twice(&'static str),
    /// There is no `=`.
    #[error("\"{0}\" has no value; write {0}=VALUE")]
    NoValue(String),
    /// `%` that two hexadecimal digits do not follow, or bytes that are no text.
    #[error("the value of {0}= is not percent-encoded text; write %25 for %, %26 for &, %23 for #")]
    Encoding(String),
    /// A duration is malformed.
    #[error("{0}: {1}")]
    Duration(&'static str, String),
    /// Any other value that makes no sense, with what to write.
    #[error("{0}={1}: write {2}")]
    Value(&'static str, String, &'static str),
    /// The value is not repeated.
    #[error("{0}: write {1}")]
    Hidden(&'static str, &'static str),
    /// Options that contradict each other, or need another.
    #[error("{0}")]
    Together(&'static str),
}

// === impl Options ===

impl Options {
    /// Takes a fragment apart.
    pub(super) fn parse(fragment: &str) -> Result<Self, OptionError> {
        let pairs = fragment.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').ok_or_else(|| OptionError::NoValue(key_only(pair)))?;
            let value = decode(value).ok_or_else(|| OptionError::Encoding(key_only(key)))?;
            Ok((key.to_owned(), value))
        };
        pairs.map(pair).collect::<Result<_, _>>().map(Self)
    }

    /// The value of an option that is given once at most.
    pub(super) fn take(&mut self, key: &'static str) -> Result<Option<String>, OptionError> {
        let mut values = self.take_all(key);
        let value = values.pop();
        if values.is_empty() { Ok(value) } else { Err(OptionError::Twice(key)) }
    }

    /// The values of an option that may be given more than once.
    pub(super) fn take_all(&mut self, key: &str) -> Vec<String> {
        self.0.extract_if(.., |(given, _)| given == key).map(|(_, value)| value).collect()
    }

    /// A time that is not zero.
    pub(super) fn duration(&mut self, key: &'static str, default: Duration) -> Result<Duration, OptionError> {
        let Some(text) = self.take(key)? else { return Ok(default) };
        let time = match duration::parse(&text) {
            Ok(time) => time,
            // What is none of ours to wait for is told by our own bounds.
            Err(DurationError::TooShort(_)) => Duration::ZERO,
            Err(DurationError::TooLong(_)) => Duration::MAX,
            Err(error) => return Err(OptionError::Duration(key, error.to_string())),
        };
        if time < SHORTEST_TIMEOUT {
            return Err(OptionError::Value(key, text, "a time of 1ms or more, such as 1s"));
        }
        if time > LONGEST {
            return Err(OptionError::Value(key, text, "24h or less"));
        }
        Ok(time)
    }

    /// The time between attempts.
    pub(super) fn interval(&mut self, default: Duration) -> Result<Duration, OptionError> {
        let interval = self.duration("interval", default)?;
        if interval < SHORTEST_INTERVAL {
            let text = duration::Short(interval).to_string();
            return Err(OptionError::Value("interval", text, "100ms or more"));
        }
        Ok(interval)
    }

    /// A switch that is off where it is not given.
    pub(super) fn switch(&mut self, key: &'static str) -> Result<bool, OptionError> {
        match self.take(key)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(OptionError::Value(key, other.to_owned(), "true or false")),
        }
    }

    /// Nothing may be left over.
    pub(super) fn finish(self, known: &[&str]) -> Result<(), OptionError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((key, _)) => Err(OptionError::Unknown {
                hint: did_you_mean(closest(&key, known.iter().copied())),
                known: known.join(", "),
                key: key_only(&key),
            }),
        }
    }
}

/// What is fit to be repeated of a key: a value that lost its key may be long, or secret.
fn key_only(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').take(40).collect()
}

fn decode(text: &str) -> Option<String> {
    let is_complete = text
        .split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.bytes().take(2).all(|digit| digit.is_ascii_hexdigit()));
    let text = percent_decode_str(text).decode_utf8().ok()?;
    is_complete.then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(fragment: &str) -> Options {
        Options::parse(fragment).unwrap()
    }

    #[test]
    fn values_are_percent_decoded_and_may_repeat_where_that_makes_sense() {
        let mut options = options("header=A:b%26c&body=100%25%20%C3%A9&header=D:e=f&a+b=c+d&");
        assert_eq!(options.take_all("header"), ["A:b&c", "D:e=f"]);
        assert_eq!(options.take("body").unwrap().as_deref(), Some("100% é"));
        assert_eq!(options.take("a+b").unwrap().as_deref(), Some("c+d"));
        assert_eq!(options.take("absent"), Ok(None));
        assert_eq!(options.finish(&[]), Ok(()));
    }

    #[test]
    fn times_and_switches_have_defaults() {
        let second = Duration::from_secs(1);
        assert_eq!(options("timeout=250ms").duration("timeout", second), Ok(Duration::from_millis(250)));
        assert_eq!(options("").duration("timeout", second), Ok(second));
        assert_eq!(options("interval=100ms").interval(second), Ok(Duration::from_millis(100)));
        assert_eq!(options("tls=true").switch("tls"), Ok(true));
        assert_eq!(options("tls=false").switch("tls"), Ok(false));
        assert_eq!(options("").switch("tls"), Ok(false));
    }

    #[test]
    fn a_mistake_names_the_key_and_what_to_write() {
        let timeout =
            |fragment| options(fragment).duration("timeout", Duration::ZERO).unwrap_err().to_string();
        assert_eq!(
            timeout("timeout=5"),
            "timeout: \"5\" has no unit: write 5s for seconds or 5m for minutes"
        );
        assert_eq!(timeout("timeout=0"), "timeout=0: write a time of 1ms or more, such as 1s");
        for (fragment, instead) in [
            ("timeout=0.1ns", "a time of 1ms"),
            ("timeout=999999ns", "a time of 1ms"),
            ("timeout=25h", "24h or less"),
            ("timeout=999999999999h", "24h or less"),
        ] {
            assert!(timeout(fragment).contains(instead), "{fragment}");
        }
        assert_eq!(timeout("timeout=1s&timeout=2s"), "timeout= is given twice; leave one of them out");
        let interval = options("interval=1ms").interval(Duration::ZERO).unwrap_err().to_string();
        assert_eq!(interval, "interval=1ms: write 100ms or more");
        assert_eq!(options("tls=yes").switch("tls").unwrap_err().to_string(), "tls=yes: write true or false");
        assert_eq!(
            options("timout=5s").finish(&["timeout", "interval"]).unwrap_err().to_string(),
            "unknown option \"timout\" (did you mean \"timeout\"?); known here are: timeout, interval"
        );
        let parse = |fragment| Options::parse(fragment).unwrap_err().to_string();
        assert_eq!(parse("insecure"), "\"insecure\" has no value; write insecure=VALUE");
        for encoding in ["body=100%", "body=%zz", "body=%4", "body=%ff", "body=%+1"] {
            assert!(parse(encoding).starts_with("the value of body= is not percent-encoded"), "{encoding}");
        }
    }
}
