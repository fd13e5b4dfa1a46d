//! "Did you mean": the known word that is closest to a misspelt one.

/// The closest candidate, where it is close enough to be a slip of the fingers.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= (candidate.len() / 3).max(1))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// ` (did you mean "deployment"?)`, or nothing.
pub(crate) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(" (did you mean \"{word}\"?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_word_and_strangers_find_none() {
        let words = ["available", "ready", "rolled-out"];
        assert_eq!(closest("avialable", words), Some("available"));
        assert_eq!(closest("RolledOut", words), Some("rolled-out"));
        assert_eq!(closest("raedy", words), Some("ready"));
        assert_eq!(closest("bound", words), None);
    }
}
