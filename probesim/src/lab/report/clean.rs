//! Text of strangers, made fit for a terminal, a line and a file.

/// One line of at most `longest` characters, without what a terminal would act upon: colours are dropped, ends of
/// lines and other control characters are written as Rust writes them.
pub(super) fn clean(text: &str, longest: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(longest));
    let mut length = 0;
    let mut rest = text.trim_end().chars().peekable();
    while let Some(c) = rest.next() {
        if length == longest {
            clean.push('…');
            break;
        }
        match c {
            '\x1b' if rest.peek() == Some(&'[') => {
                rest.next();
                while rest.next().is_some_and(|c| !('\x40'..='\x7e').contains(&c)) {}
            }
            '\t' => clean.push(' '),
            c if c.is_control() => clean.extend(c.escape_default()),
            c => clean.push(c),
        }
        length += 1;
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_act_upon() {
        for (text, expected) in [
            ("as it is — ✓\n", "as it is — ✓"),
            ("\x1b[1;31mred\x1b[0m\tend", "red end"),
            ("two\nlines\r", "two\\nlines"),
            ("bell\x07 title\x1b]0;x", "bell\\u{7} title\\u{1b}]0;x"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("12345678901", "1234567890…"),
            ("\x1b[", ""),
        ] {
            assert_eq!(clean(text, 10 + text.len() * usize::from(text.len() != 11)), expected);
        }
    }
}
