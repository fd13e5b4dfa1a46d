//! The names that Kubernetes allows (RFC 1123), and what is wrong with the others.
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>

/// What is wrong with a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is none.
    #[error("it is empty")]
    Empty,
    /// It is longer than this.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// Upper case never occurs.
    #[error("upper-case \"{0}\" is not allowed; write \"{1}\"")]
    UpperCase(char, String),
    /// A character that never occurs.
    #[error("\"{0}\" is not allowed; use lower-case letters, digits, {1}")]
    Character(char, &'static str),
    /// A part begins or ends with `-`, or there is nothing between two dots.
    #[error("each part must begin and end with a letter or digit")]
    Ends,
}

/// The name of most objects: labels with dots between them.
///
/// # Errors
/// Where it is no RFC 1123 subdomain.
pub fn subdomain(name: &str) -> Result<(), NameError> {
    check(name, 253, "\"-\" and \".\"", true)
}

/// The name of a namespace.
///
/// # Errors
/// Where it is no RFC 1123 label.
pub fn label(name: &str) -> Result<(), NameError> {
    check(name, 63, "\"-\"", false)
}

fn check(name: &str, limit: usize, marks: &'static str, may_have_dots: bool) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    let is_allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || (may_have_dots && c == '.');
    match name.chars().find(|&c| !is_allowed(c)) {
        Some(c) if c.is_ascii_uppercase() => {
            let lower = name.to_ascii_lowercase();
            // What else is wrong with it is said in the place of advice that would be wrong, too.
            check(&lower, limit, marks, may_have_dots)?;
            return Err(NameError::UpperCase(c, lower));
        }
        Some(c) => return Err(NameError::Character(c, marks)),
        None => {}
    }
    if name.len() > limit {
        return Err(NameError::TooLong(limit));
    }
    let is_part_valid = |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-');
    if name.split('.').all(is_part_valid) { Ok(()) } else { Err(NameError::Ends) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_subdomains_and_namespaces_are_labels() {
        for name in ["a", "web-1", "1", "foo.bar-2.baz", &"a".repeat(253)] {
            assert_eq!(subdomain(name), Ok(()), "{name}");
        }
        assert_eq!(label("kube-system"), Ok(()));
        assert_eq!(label("a.b"), Err(NameError::Character('.', "\"-\"")));
        assert_eq!(label(&"a".repeat(64)), Err(NameError::TooLong(63)));
    }

    #[test]
    fn a_bad_name_says_what_is_wrong() {
        let cases = [
            ("", "it is empty"),
            ("Postgres", "upper-case \"P\" is not allowed; write \"postgres\""),
            ("My_db", "\"_\" is not allowed; use lower-case letters, digits, \"-\" and \".\""),
            ("a_b", "\"_\" is not allowed; use lower-case letters, digits, \"-\" and \".\""),
            ("-a", "each part must begin and end with a letter or digit"),
            ("a..b", "each part must begin and end with a letter or digit"),
            ("a-", "each part must begin and end with a letter or digit"),
        ];
        for (name, message) in cases {
            assert_eq!(subdomain(name).unwrap_err().to_string(), message);
        }
    }
}
