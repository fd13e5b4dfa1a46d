//! Words from the cluster are untrusted: anybody who can write an object can write them.

use std::borrow::Cow;

/// No message is worth more than this of a line of 300 bytes.
const LIMIT: usize = 200;

/// Nobody reads more of a message than its beginning and its end.
const BOUND: usize = 4096;

/// Makes a message from the cluster safe to print: one line, no control characters, no credentials, not long.
#[must_use]
pub fn clean(message: &str) -> String {
    cut(tidy(message), LIMIT)
}

/// As [`clean`], however long it is: what wraps an error comes first, and its cause last.
#[must_use]
pub fn clean_whole(message: &str) -> String {
    tidy(message)
}

/// One line without control characters and credentials.
fn tidy(message: &str) -> String {
    let mut words = String::with_capacity(message.len().min(LIMIT));
    let (start, end) = bounded(message);
    for part in [start, end] {
        let between = |c: char| c.is_whitespace() || is_unprintable(c);
        for word in part.split(between).filter(|word| !word.is_empty()) {
            if !words.is_empty() {
                words.push(' ');
            }
            redact(word, &mut words);
        }
    }
    hide_hub_token(&mut words);
    words
}

/// A message, or its first and its last words where it is too long to be gone through.
fn bounded(message: &str) -> (&str, &str) {
    if message.len() <= 2 * BOUND {
        return (message, "");
    }
    // Half a word could be a half of a credential that is not known for one.
    let start = message.get(..boundary(message, BOUND)).and_then(|start| start.rsplit_once(' '));
    let end = message.get(boundary(message, message.len() - BOUND)..).and_then(|end| end.split_once(' '));
    (start.map_or("", |(start, _)| start), end.map_or("", |(_, end)| end))
}

/// Makes a text safe to print on one line, and changes nothing else of it.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(is_unprintable) {
        Cow::Owned(text.replace(is_unprintable, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// As [`printable`], of a text that nobody else needs.
#[must_use]
pub fn made_printable(text: String) -> String {
    if text.contains(is_unprintable) { text.replace(is_unprintable, " ") } else { text }
}

/// Control characters, and those that reorder or hide what a terminal shows, or end its lines.
/// <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Writes `scheme://user:pass@host` as `scheme://***@host`, and `user:pass@host` as `***@host`.
fn redact(word: &str, into: &mut String) {
    let (scheme, rest) = match word.find("://") {
        Some(at) => word.split_at(at + 3),
        None => ("", word),
    };
    // The authority ends where the path starts, but an unescaped "/" in a password must not save it.
    let secret_ends = rest
        .rmatch_indices('@')
        .map(|(at, _)| at)
        .find(|&at| !is_digest(&rest[at..]) && (!scheme.is_empty() || rest[..at].contains(':')));
    into.push_str(scheme);
    match secret_ends {
        Some(at) => {
            // Keep an opening quote, so that the text stays readable.
            if scheme.is_empty() && rest.starts_with(['"', '\'', '(']) {
                into.push_str(&rest[..1]);
            }
            into.push_str("***");
            into.push_str(&rest[at..]);
        }
        None => into.push_str(rest),
    }
}

/// `image:tag@sha256:…` is no credential.
fn is_digest(from_at: &str) -> bool {
    from_at.starts_with("@sha256:") || from_at.starts_with("@sha512:")
}

/// Docker Hub puts the account and its token in "pull rate limit as USER: TOKEN".
fn hide_hub_token(words: &mut String) {
    const BEFORE: &str = "pull rate limit as ";
    if let Some(at) = words.find(BEFORE) {
        let start = at + BEFORE.len();
        let end = words[start..].find(". ").map_or(words.len(), |length| start + length);
        words.replace_range(start..end, "***");
    }
}

/// Cuts a text that is longer than so many bytes at its end, between characters.
#[must_use]
pub fn shorten(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(boundary(&text, limit.saturating_sub('…'.len_utf8())));
        text.push('…');
    }
    text
}

/// Cuts the middle out of a text that is longer than so many bytes, between words where there are some: what it is
/// about stands first, and the cause last, behind all that had to do with it on the way.
#[must_use]
pub fn cut(text: String, limit: usize) -> String {
    const GAP: &str = " … ";
    if text.len() <= limit {
        return text;
    }
    let room = limit.saturating_sub(GAP.len());
    let head = text.get(..boundary(&text, room * 2 / 5)).unwrap_or_default();
    let head =
        head.rsplit_once(' ').filter(|(head, rest)| rest.len() < head.len()).map_or(head, |(head, _)| head);
    let mut at = text.len().saturating_sub(room - head.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    let tail = text.get(at..).unwrap_or_default();
    let tail =
        tail.split_once(' ').filter(|(rest, tail)| rest.len() < tail.len()).map_or(tail, |(_, tail)| tail);
    format!("{}{GAP}{tail}", head.trim_end())
}

/// The last place before or at `at` where a character ends.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_cut_keeps_its_start_and_its_end() {
        assert_eq!(cut("short".into(), 5), "short");
        assert_eq!(cut("one two three four five six seven".into(), 20), "one … six seven");
        for limit in 6..40 {
            let cut = cut("é".repeat(50), limit);
            assert!(cut.len() <= limit && cut.contains('…'), "{limit}: {cut}");
        }
    }

    #[test]
    fn control_and_reordering_characters_become_single_spaces() {
        assert_eq!(clean("a\n\tb\x1b[31m  c\u{202e}d"), "a b [31m c d");
    }

    #[test]
    fn a_printable_text_is_one_line_that_shows_all_of_itself() {
        assert!(matches!(printable("pod/x 0/2 ready — façade"), Cow::Borrowed(_)));
        for c in
            ['\n', '\r', '\x1b', '\x7f', '\u{85}', '\u{9b}', '\u{2028}', '\u{202e}', '\u{2067}', '\u{e0041}']
        {
            assert_eq!(printable(&format!("a{c}met pod/b")), "a met pod/b", "{c:?}");
            assert_eq!(made_printable(format!("a{c}b")), "a b", "{c:?}");
        }
    }

    #[test]
    fn credentials_in_urls_are_hidden() {
        let cases = [
            ("pull https://bob:hunter2@registry.io/a failed", "pull https://***@registry.io/a failed"),
            ("\"bob:hunter2@registry.io\"", "\"***@registry.io\""),
            ("redis://:pa/ss@db", "redis://***@db"),
            ("registry.io/a:1@sha256:abc not found", "registry.io/a:1@sha256:abc not found"),
            ("https://bob:pw@registry.io/a@sha256:abc", "https://***@registry.io/a@sha256:abc"),
            ("mail bob@example.com", "mail bob@example.com"),
        ];
        for (message, expected) in cases {
            assert_eq!(clean(message), expected);
        }
    }

    #[test]
    fn docker_hub_accounts_are_hidden() {
        let message =
            "toomanyrequests: You have reached your pull rate limit as bob: dckr_jti_x. You may upgrade";
        assert_eq!(
            clean(message),
            "toomanyrequests: You have reached your pull rate limit as ***. You may upgrade"
        );
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        for message in ["é".repeat(500), format!("a{}", "é".repeat(500)), "word ".repeat(500)] {
            let cleaned = clean(&message);
            assert!(cleaned.len() <= LIMIT, "{}", cleaned.len());
            assert!(cleaned.contains('…'), "{cleaned}");
            assert!(shorten(message, LIMIT).ends_with('…'));
        }
    }

    #[test]
    fn the_cause_at_the_end_of_a_long_message_is_kept() {
        let message = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc \
                       create failed: unable to start container process: error during container init: exec: \
                       \"serve\": executable file not found in $PATH: unknown";
        assert_eq!(
            clean(message),
            "failed to create containerd task: failed to create shim task: OCI runtime … to start container process: error during \
             container init: exec: \"serve\": executable file not found in $PATH: unknown"
        );
    }

    #[test]
    fn a_message_without_end_is_not_gone_through() {
        let message = format!("first bob:hunter2@host {}last word", "mail bob:hunter2@x ".repeat(100_000));
        let cleaned = clean(&message);
        assert!(cleaned.starts_with("first ***@host") && cleaned.ends_with("last word"), "{cleaned}");
        assert!(!clean(&format!("{}bob:hunter2@x", "y".repeat(20_000))).contains("hunter2"));
    }

    #[test]
    fn a_short_message_is_left_alone() {
        assert_eq!(clean("secret \"db-creds\" not found"), "secret \"db-creds\" not found");
    }
}
