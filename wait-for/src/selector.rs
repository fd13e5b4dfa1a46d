//! Label selectors: `app=web,tier!=cache,zone in (a,b),!legacy`.
//!
//! The syntax is that of the API server's `labelSelector`; it is checked here so that a slip is a usage error and
//! not a 400 in the middle of a watch.
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>

use std::fmt;
use std::str::FromStr;

/// A label selector that is known to be well formed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector(String);

/// Why a text is no label selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing, or nothing between two commas.
    #[error(
        "a requirement is empty; write KEY=VALUE, KEY!=VALUE, KEY in (A,B), KEY notin (A,B), KEY or !KEY"
    )]
    Empty,
    /// A `(` without its `)`, or the other way round.
    #[error("\"{0}\": parentheses do not match; write KEY in (A,B)")]
    Parentheses(String),
    /// Parentheses after anything but `in` and `notin`.
    #[error("\"{0}\": expected KEY in (A,B) or KEY notin (A,B)")]
    Set(String),
    /// What stands before the operator is no label key.
    #[error(
        "\"{0}\" is not a label key: up to 63 letters, digits, \"-\", \"_\" and \".\", beginning and ending with \
         a letter or digit, after an optional DNS name and \"/\""
    )]
    Key(String),
    /// What stands after the operator is no label value.
    #[error(
        "\"{0}\" is not a label value: up to 63 letters, digits, \"-\", \"_\" and \".\", beginning and ending \
         with a letter or digit"
    )]
    Value(String),
}

// === impl Selector ===

impl Selector {
    /// The selector that selects everything: what an empty `labelSelector` means.
    #[must_use]
    pub const fn everything() -> Self {
        Self(String::new())
    }

    /// Whether there is no requirement.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of the `labelSelector` parameter.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an object with such labels is selected, as the API server decides it.
    #[must_use]
    pub fn selects<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        // The text is in its normal form: it was made by `requirement`.
        split_outside_parentheses(&self.0).is_ok_and(|pieces| {
            pieces.into_iter().all(|piece| piece.is_empty() || is_fulfilled(piece, &label))
        })
    }

    /// Whether a text can only be meant as a selector, not as a name.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        text.contains(['=', ',', '!', '(']) || text.contains(" in ") || text.contains(" notin ")
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let mut normal = String::with_capacity(text.len());
        for piece in split_outside_parentheses(text)? {
            if !normal.is_empty() {
                normal.push(',');
            }
            requirement(piece.trim(), &mut normal)?;
        }
        Ok(Self(normal))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn split_outside_parentheses(text: &str) -> Result<Vec<&str>, SelectorError> {
    let mut pieces = Vec::new();
    let (mut start, mut is_inside) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '(' | ')' if is_inside == (c == '(') => return Err(SelectorError::Parentheses(text.to_owned())),
            '(' | ')' => is_inside = c == '(',
            ',' if !is_inside => {
                pieces.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if is_inside {
        return Err(SelectorError::Parentheses(text.to_owned()));
    }
    pieces.push(&text[start..]);
    Ok(pieces)
}

/// Checks one requirement and writes it in its normal form.
fn requirement(text: &str, into: &mut String) -> Result<(), SelectorError> {
    if text.is_empty() {
        return Err(SelectorError::Empty);
    }
    if let Some((rest, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        return set_requirement(text, rest.trim_end(), values, into);
    }
    let (key, operator, value) = if let Some((key, value)) = text.split_once("!=") {
        (key, "!=", value)
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key, "=", value)
    } else if let Some(key) = text.strip_prefix('!') {
        into.push('!');
        (key, "", "")
    } else {
        (text, "", "")
    };
    into.push_str(label_key(key.trim())?);
    into.push_str(operator);
    into.push_str(label_value(value.trim())?);
    Ok(())
}

/// `KEY in (A,B)` and `KEY notin (A,B)`.
fn set_requirement(text: &str, rest: &str, values: &str, into: &mut String) -> Result<(), SelectorError> {
    let Some((key, operator)) = rest.split_once(char::is_whitespace) else {
        return Err(SelectorError::Set(text.to_owned()));
    };
    let operator = operator.trim();
    if !matches!(operator, "in" | "notin") {
        return Err(SelectorError::Set(text.to_owned()));
    }
    if values.trim().is_empty() {
        return Err(SelectorError::Empty);
    }
    into.push_str(label_key(key)?);
    into.push(' ');
    into.push_str(operator);
    into.push_str(" (");
    for (position, value) in values.split(',').enumerate() {
        if position > 0 {
            into.push(',');
        }
        into.push_str(label_value(value.trim())?);
    }
    into.push(')');
    Ok(())
}

/// One requirement in its normal form. What is unlike is also unlike a label that is not there.
fn is_fulfilled<'a>(requirement: &str, label: impl Fn(&str) -> Option<&'a str>) -> bool {
    if let Some((rest, values)) = requirement.strip_suffix(')').and_then(|text| text.split_once(" (")) {
        let Some((key, operator)) = rest.split_once(' ') else { return false };
        let is_in = label(key).is_some_and(|have| values.split(',').any(|value| value == have));
        return is_in == (operator == "in");
    }
    if let Some((key, value)) = requirement.split_once("!=") {
        label(key) != Some(value)
    } else if let Some((key, value)) = requirement.split_once('=') {
        label(key) == Some(value)
    } else if let Some(key) = requirement.strip_prefix('!') {
        label(key).is_none()
    } else {
        label(requirement).is_some()
    }
}

fn label_key(key: &str) -> Result<&str, SelectorError> {
    let (is_prefix_valid, name) = match key.split_once('/') {
        Some((prefix, name)) => (crate::name::subdomain(prefix).is_ok(), name),
        None => (true, key),
    };
    if is_prefix_valid && !name.is_empty() && is_label_text(name) {
        Ok(key)
    } else {
        Err(SelectorError::Key(key.to_owned()))
    }
}

fn label_value(value: &str) -> Result<&str, SelectorError> {
    if is_label_text(value) { Ok(value) } else { Err(SelectorError::Value(value.to_owned())) }
}

/// Empty counts as valid.
fn is_label_text(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_selected_as_by_the_api_server() {
        let labels = [("app", "web"), ("tier", "front"), ("empty", "")];
        let label = |key: &str| labels.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        for (text, is_selected) in [
            ("app=web", true),
            ("app==db", false),
            ("app!=db", true),
            ("app!=web", false),
            ("none!=db", true),
            ("none=", false),
            ("empty=", true),
            ("app", true),
            ("none", false),
            ("!none", true),
            ("!app", false),
            ("tier in (front, back)", true),
            ("tier in (back)", false),
            ("none in (front)", false),
            ("tier notin (back)", true),
            ("tier notin (front,back)", false),
            ("none notin (front)", true),
            ("empty in (a,)", true),
            ("app=web,tier in (front,back),!none", true),
            ("app=web,tier=back", false),
        ] {
            let selector: Selector = text.parse().unwrap();
            assert_eq!(selector.selects(label), is_selected, "{text}");
        }
        assert!(Selector::everything().selects(|_| None));
    }

    #[test]
    fn selectors_are_written_in_one_form_that_reads_back() {
        let cases = [
            ("app=web", "app=web"),
            ("app==web", "app=web"),
            (" app = web , tier != cache ", "app=web,tier!=cache"),
            ("app in (a, b)", "app in (a,b)"),
            ("app   notin( a,b ),x", "app notin (a,b),x"),
            ("app,!legacy", "app,!legacy"),
            ("app.kubernetes.io/name=web", "app.kubernetes.io/name=web"),
            ("app=", "app="),
            ("app in (,a)", "app in (,a)"),
            ("in=in", "in=in"),
        ];
        for (text, normal) in cases {
            let selector: Selector = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(selector.to_string(), normal);
            assert_eq!(normal.parse(), Ok(selector));
        }
    }

    #[test]
    fn slips_name_the_piece_that_is_wrong() {
        let cases = [
            ("", SelectorError::Empty),
            ("a=b,", SelectorError::Empty),
            (",a=b", SelectorError::Empty),
            ("a in ()", SelectorError::Empty),
            ("a in (b", SelectorError::Parentheses("a in (b".into())),
            ("a in b)", SelectorError::Parentheses("a in b)".into())),
            ("a in ((b))", SelectorError::Parentheses("a in ((b))".into())),
            ("a of (b)", SelectorError::Set("a of (b)".into())),
            ("in(b)", SelectorError::Set("in(b)".into())),
            ("=b", SelectorError::Key(String::new())),
            ("-a=b", SelectorError::Key("-a".into())),
            ("a b=c", SelectorError::Key("a b".into())),
            ("Bad_Prefix/a=b", SelectorError::Key("Bad_Prefix/a".into())),
            ("a=b=c", SelectorError::Value("b=c".into())),
            ("a=b c", SelectorError::Value("b c".into())),
            ("a=@", SelectorError::Value("@".into())),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Selector>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_name_is_not_taken_for_a_selector() {
        for text in ["app=web", "app!=web", "a,b", "app in (a)", "app notin (a)", "!app", "app in(a)"] {
            assert!(Selector::is_meant_by(text), "{text}");
        }
        for text in ["postgres", "in", "a.notin.b", "web-1"] {
            assert!(!Selector::is_meant_by(text), "{text}");
        }
    }
}
