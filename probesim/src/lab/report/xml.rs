//! Text in XML 1.0.

/// Safe in text and in quoted attributes; what XML has no way to say becomes U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Unescaped, a parser would make them spaces in attributes.
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_text_the_xml_is_well_formed() {
        assert_eq!(
            escape("a<b>&\"c\"'\n\t\r\0\u{b}\u{ffff}é✓"),
            "a&lt;b&gt;&amp;&quot;c&quot;'&#10;&#9;&#13;\u{fffd}\u{fffd}\u{fffd}é✓"
        );
    }
}
