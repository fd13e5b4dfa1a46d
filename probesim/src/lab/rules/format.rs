//! What texts may look like: names, keys, labels, ports, addresses, quantities.
//!
//! Rules and words: `k8s.io/apimachinery/pkg/util/validation` and `pkg/api/validate/content`.

use serde_json::Value;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                     and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
                     '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
                         start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                           start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
                           for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
                         character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                         '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const RFC_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
                        character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
                        validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
                          'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for \
                      validation is '[-A-Za-z0-9]+')";
const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex \
                       used for validation is '[0-9]+%')";
const IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const ENV_NAME: &str =
    "a valid environment variable name must consist only of printable ASCII characters other than '='";

/// What a name of `metadata.name` may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Subdomain,
    Label,
    Rfc1035,
    /// What may stand between two slashes of a URL.
    PathSegment,
}

// === impl Name ===

impl Name {
    /// What is wrong with a name, or with a prefix of one.
    pub(super) fn check(self, text: &str, is_prefix: bool) -> Vec<String> {
        // A prefix may end in a dash: something follows.
        let masked = match text.strip_suffix('-') {
            Some(rest) if is_prefix && !rest.is_empty() => format!("{rest}a"),
            _ => text.to_owned(),
        };
        match self {
            Self::Subdomain => subdomain(&masked),
            Self::Label => label(&masked),
            Self::Rfc1035 => bounded(&masked, 63, RFC_1035, |text| {
                is_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())
            }),
            Self::PathSegment => path_segment(text, is_prefix),
        }
    }
}

fn path_segment(text: &str, is_prefix: bool) -> Vec<String> {
    let mut found = Vec::new();
    if !is_prefix && (text == "." || text == "..") {
        return vec![format!("may not be '{text}'")];
    }
    for illegal in ["/", "%"] {
        if text.contains(illegal) {
            found.push(format!("may not contain '{illegal}'"));
        }
    }
    found
}

fn characters(most: usize) -> String {
    format!("must be no more than {most} characters")
}

fn bytes(most: usize) -> String {
    format!("must be no more than {most} bytes")
}

fn bounded(text: &str, most: usize, words: &str, is_right: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    if text.len() > most {
        found.push(characters(most));
    }
    if !is_right(text) {
        found.push(words.to_owned());
    }
    found
}

fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

pub(super) fn label(text: &str) -> Vec<String> {
    let words = if text.contains('.') { "must not contain dots" } else { LABEL };
    bounded(text, 63, words, is_label)
}

pub(super) fn subdomain(text: &str) -> Vec<String> {
    bounded(text, 253, SUBDOMAIN, |text| text.split('.').all(is_label))
}

fn is_qualified(text: &str) -> bool {
    let ends = |one: Option<char>| one.is_some_and(|one| one.is_ascii_alphanumeric());
    ends(text.chars().next())
        && ends(text.chars().last())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The key of a label, an annotation or a finalizer: `name` or `prefix/name`.
pub(super) fn qualified(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                found.push("prefix part must be non-empty".to_owned());
            } else {
                found.extend(subdomain(prefix).into_iter().map(|why| format!("prefix part {why}")));
            }
            *name
        }
        _ => {
            let words = QUALIFIED.strip_suffix(')').unwrap_or(QUALIFIED);
            return vec![format!(
                "a qualified name {words} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        found.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        found.push(format!("name part {}", bytes(63)));
    }
    if !is_qualified(name) {
        found.push(format!("name part {QUALIFIED}"));
    }
    found
}

pub(super) fn label_value(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.len() > 63 {
        found.push(bytes(63));
    }
    if !text.is_empty() && !is_qualified(text) {
        found.push(LABEL_VALUE.to_owned());
    }
    found
}

/// The name of a container's port, and of a port that a probe asks.
pub(super) fn port_name(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.len() > 15 {
        found.push(characters(15));
    }
    if !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        found.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        found.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        found.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        found.push("must not begin or end with a hyphen".to_owned());
    }
    found
}

pub(super) fn between(number: i64, from: i64, to: i64) -> Option<String> {
    (number < from || number > to).then(|| format!("must be between {from} and {to}, inclusive"))
}

/// A port by number or by name.
pub(super) fn port(value: &Value) -> Vec<String> {
    match value {
        Value::String(name) => port_name(name),
        other => between(other.as_i64().unwrap_or(0), 1, 65_535).into_iter().collect(),
    }
}

/// A number, or a percentage.
pub(super) fn percent(text: &str) -> Vec<String> {
    let is_right = text
        .strip_suffix('%')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if is_right { Vec::new() } else { vec![PERCENT.to_owned()] }
}

/// The number before `%`; `None` for what is none.
pub(super) fn percentage(value: &Value) -> Option<i64> {
    value.as_str()?.strip_suffix('%')?.parse().ok()
}

pub(super) fn config_key(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.len() > 253 {
        found.push(characters(253));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        found.push(CONFIG_KEY.to_owned());
    } else if text == "." {
        found.push("must not be '.'".to_owned());
    } else if text == ".." {
        found.push("must not be '..'".to_owned());
    } else if text.starts_with("..") {
        found.push("must not start with '..'".to_owned());
    }
    found
}

pub(super) fn env_name(text: &str) -> Vec<String> {
    let is_right = text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'=');
    if is_right { Vec::new() } else { vec![ENV_NAME.to_owned()] }
}

pub(super) fn header(text: &str) -> Vec<String> {
    let is_right = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_right { Vec::new() } else { vec![HEADER.to_owned()] }
}

pub(super) fn ip(text: &str) -> Vec<String> {
    if text.parse::<std::net::IpAddr>().is_ok() { Vec::new() } else { vec![IP.to_owned()] }
}

/// Relative, and without a way out: what a `subPath` is.
pub(super) fn inner_path(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.starts_with('/') {
        found.push("must be a relative path".to_owned());
    }
    if text.split('/').any(|part| part == "..") {
        found.push("must not contain '..'".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_checked_by_their_kind() {
        for (kind, text, is_prefix, wrong) in [
            (Name::Subdomain, "a.b-c", false, 0),
            (Name::Subdomain, "a..b", false, 1),
            (Name::Subdomain, "-a", false, 1),
            (Name::Subdomain, "a-", false, 1),
            (Name::Subdomain, "a-", true, 0),
            (Name::Label, "1a", false, 0),
            (Name::Label, "a.b", false, 1),
            (Name::Rfc1035, "1a", false, 1),
            (Name::PathSegment, "system:a b", false, 0),
            (Name::PathSegment, "a/b%", false, 2),
            (Name::PathSegment, "..", false, 1),
        ] {
            assert_eq!(kind.check(text, is_prefix).len(), wrong, "{kind:?} {text}");
        }
        assert_eq!(Name::Subdomain.check(&"a".repeat(254), false), ["must be no more than 253 characters"]);
        assert_eq!(label("a.b"), ["must not contain dots"]);
    }

    #[test]
    fn keys_values_and_ports_have_their_own_rules() {
        assert!(qualified("example.com/A_b.c").is_empty());
        assert_eq!(qualified("/a"), ["prefix part must be non-empty"]);
        assert_eq!(qualified("a/").len(), 2);
        assert!(qualified("a/b/c")[0].starts_with("a qualified name must consist of"));
        assert!(qualified("a/b/c")[0].ends_with("and '/' (e.g. 'example.com/MyName')"));
        assert!(label_value("").is_empty() && !label_value("-a").is_empty());
        assert_eq!(port(&json!(0)), ["must be between 1 and 65535, inclusive"]);
        assert_eq!(port(&json!("80")), ["must contain at least one letter (a-z)"]);
        assert_eq!(
            port_name("a--b-"),
            ["must not contain consecutive hyphens", "must not begin or end with a hyphen"]
        );
        assert!(percent("5%").is_empty() && !percent("5").is_empty() && !percent("x%").is_empty());
        assert_eq!(config_key(".."), ["must not be '..'"]);
        assert!(env_name("a.b-c").is_empty() && !env_name("a=b").is_empty());
        assert!(!ip("1.2.3").is_empty() && ip("::1").is_empty());
    }
}
