//! Header fields as Go keeps them: by their canonical names, each with its values in order.

use std::collections::BTreeMap;

/// Fields, sorted by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers(BTreeMap<String, Vec<String>>);

// === impl Headers ===

impl Headers {
    /// Adds a value.
    pub(super) fn add(&mut self, name: &str, value: String) {
        self.0.entry(canonical(name)).or_default().push(value);
    }

    /// Replaces all values.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.remove(name);
        self.add(name, value);
    }

    /// Removes all values.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The values under a canonical name, if there is one.
    pub(super) fn all(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// The first value, or nothing.
    pub(super) fn first(&self, name: &str) -> &str {
        self.all(name).map_or("", |values| &values[0])
    }

    /// Whether one of the values is a list that has the word: `httpguts.HeaderValuesContainsToken`.
    pub(super) fn has_word(&self, name: &str, word: &str) -> bool {
        let values = self.all(name).unwrap_or_default();
        values.iter().flat_map(|value| value.split(',')).any(|part| trim(part).eq_ignore_ascii_case(word))
    }

    /// Each field.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), &values[..]))
    }

    /// `validateHeaders`: what may not be sent, in Go's words.
    pub(super) fn check(&self) -> Result<(), String> {
        use super::super::words::quote;
        // Tabs are part of a value.
        let is_wrong = |value: &String| value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
        for (name, values) in self.iter() {
            let quoted = quote(name.as_bytes());
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(format!("net/http: invalid header field name {quoted}"));
            }
            if values.iter().any(is_wrong) {
                return Err(format!("net/http: invalid header field value for {quoted}"));
            }
        }
        Ok(())
    }
}

/// `textproto.CanonicalMIMEHeaderKey`: capitals after hyphens; what is no token stays as it is.
pub(super) fn canonical(name: &str) -> String {
    if !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut is_start = true;
    let canonical = name.chars().map(|c| {
        let c = if is_start { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        is_start = c == '-';
        c
    });
    canonical.collect()
}

/// Whether a name may have it: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `textproto.TrimString`.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_canonical() {
        for (name, expected) in [
            ("x-api-key", "X-Api-Key"),
            ("ETAG", "Etag"),
            ("aBC-dEF--g", "Abc-Def--G"),
            ("x_y", "X_y"),
            ("a b", "a b"),
            ("é", "é"),
            ("", ""),
        ] {
            assert_eq!(canonical(name), expected);
        }
    }

    #[test]
    fn fields_are_sorted_and_repeats_kept_in_order() {
        let mut headers = Headers::default();
        for (name, value) in [("x-b", "1"), ("accept", "*/*"), ("X-B", "0"), ("x-a", "")] {
            headers.add(name, value.into());
        }
        let fields: Vec<_> =
            headers.iter().map(|(name, values)| format!("{name}={}", values.join("|"))).collect();
        assert_eq!(fields, ["Accept=*/*", "X-A=", "X-B=1|0"]);
        assert_eq!((headers.first("X-B"), headers.first("X-C")), ("1", ""));
    }

    #[test]
    fn what_may_not_be_sent_is_refused_in_the_words_of_go() {
        for (name, value, expected) in [
            ("x-a", "b\tc é", Ok(())),
            ("a b", "", Err("net/http: invalid header field name \"a b\"")),
            ("", "", Err("net/http: invalid header field name \"\"")),
            ("x-a", "b\r\nX: y", Err("net/http: invalid header field value for \"X-A\"")),
        ] {
            let mut headers = Headers::default();
            headers.add(name, value.into());
            assert_eq!(headers.check(), expected.map_err(str::to_owned));
        }
    }
}
