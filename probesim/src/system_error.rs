//! What the system says, as part of a sentence.

use std::io;

/// "connection refused" rather than "Connection refused (os error 111)".
pub(crate) fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_lowercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_and_the_capital_are_left_out() {
        assert_eq!(describe(&io::Error::from_raw_os_error(111)), "connection refused");
        assert_eq!(describe(&io::Error::other("")), "");
    }
}
