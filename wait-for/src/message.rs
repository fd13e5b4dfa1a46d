//! Words from the cluster are untrusted: anybody who can write an object can write them.

/// No message is worth more than this of a line of 300 bytes.
const LIMIT: usize = 200;

/// No message that is cut in its middle is looked at beyond this: Events have 1024 bytes, conditions up to 32768.
const WHOLE: usize = 4096;

/// Makes a message from the cluster safe to print: one line, no control characters, no credentials, not long.
#[must_use]
pub fn clean(message: &str) -> String {
    shorten(tidy(message, LIMIT), LIMIT)
}

/// As [`clean`], with its end: what wraps an error comes first, and its cause last.
#[must_use]
pub fn clean_whole(message: &str) -> String {
    tidy(message, WHOLE)
}

/// One line without control characters and credentials; what is longer than the limit is left out after it.
fn tidy(message: &str, limit: usize) -> String {
    let mut words = String::with_capacity(message.len().min(limit));
    // Redaction only shortens.
    for word in
        message.split(|c: char| c.is_whitespace() || is_unprintable(c)).filter(|word| !word.is_empty())
    {
        if words.len() > limit {
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        redact(word, &mut words);
    }
    hide_hub_token(&mut words);
    words
}

/// Control characters, and those that reorder or hide what a terminal shows.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
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

/// Cuts a text that is longer than so many bytes, between characters.
#[must_use]
pub fn shorten(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let mut end = limit - '…'.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Cuts a text that is longer than so many bytes in its middle: who says it comes first, why comes last.
#[must_use]
pub fn abridge(text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let room = limit.saturating_sub('…'.len_utf8());
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let head = (0..=room * 2 / 5).rev().find(is_boundary).unwrap_or_default();
    let tail = (text.len() - (room - head)..text.len()).find(is_boundary).unwrap_or(text.len());
    format!("{}…{}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abridged_text_keeps_its_start_and_its_end() {
        assert_eq!(abridge("short".into(), 5), "short");
        assert_eq!(abridge("0123456789abcdefghijklmnopqrstuvwxyz".into(), 13), "0123…uvwxyz");
        for limit in 3..40 {
            let cut = abridge("é".repeat(50), limit);
            assert!(cut.len() <= limit && cut.contains('…'), "{limit}: {cut}");
        }
    }

    #[test]
    fn control_and_reordering_characters_become_single_spaces() {
        assert_eq!(clean("a\n\tb\x1b[31m  c\u{202e}d"), "a b [31m c d");
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
            assert!(cleaned.ends_with('…'));
        }
    }

    #[test]
    fn a_short_message_is_left_alone() {
        assert_eq!(clean("secret \"db-creds\" not found"), "secret \"db-creds\" not found");
    }
}
