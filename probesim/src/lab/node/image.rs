//! Image references, and which of them a word on the command line means.

/// The last component of an image's path, without tag and digest: `wait-for` of `ghcr.io/shop/wait-for:1.0`.
pub(in crate::lab) fn short_name(image: &str) -> &str {
    let repository = split(image).0;
    repository.rsplit('/').next().unwrap_or(repository)
}

/// How well `word` names `image`: by its whole reference, by its repository, or by the end of its path.
/// `None`: not at all. A word with a tag or a digest means no other.
pub(in crate::lab) fn likeness(word: &str, image: &str) -> Option<usize> {
    let ((wanted, wanted_tag), (repository, tag)) = (split(word), split(image));
    if wanted.is_empty() || (!wanted_tag.is_empty() && wanted_tag != tag) {
        return None;
    }
    let is_named = repository == wanted
        || repository.strip_suffix(wanted).is_some_and(|registry| registry.ends_with('/'));
    is_named.then_some(word.len())
}

/// The repository, and what follows it: `:tag`, `@digest`, both or nothing. A colon before the last slash
/// belongs to the registry's port.
fn split(image: &str) -> (&str, &str) {
    let name = image.rfind('/').map_or(0, |slash| slash + 1);
    let end = image[name..].find([':', '@']).map_or(image.len(), |at| name + at);
    image.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_name_has_neither_registry_nor_tag() {
        for (image, name) in [
            ("probesim", "probesim"),
            ("probesim:0.1.0", "probesim"),
            ("ghcr.io/shop/kube-probesim:1", "kube-probesim"),
            ("localhost:5000/wait-for", "wait-for"),
            ("localhost:5000/a/wait-for:1@sha256:00ff", "wait-for"),
            ("busybox@sha256:00ff", "busybox"),
            ("", ""),
        ] {
            assert_eq!(short_name(image), name, "{image}");
        }
    }

    #[test]
    fn a_word_names_an_image_with_or_without_registry_and_tag() {
        for (word, image, is_named) in [
            ("api", "api", true),
            ("api", "api:2", true),
            ("api", "ghcr.io/shop/api:2", true),
            ("shop/api", "ghcr.io/shop/api:2", true),
            ("ghcr.io/shop/api", "ghcr.io/shop/api:2", true),
            ("ghcr.io/shop/api:2", "ghcr.io/shop/api:2", true),
            ("api:2", "ghcr.io/shop/api:2", true),
            ("api:3", "ghcr.io/shop/api:2", false),
            ("api", "ghcr.io/shop/web-api:2", false),
            ("api", "api/web", false),
            ("", "api", false),
        ] {
            assert_eq!(likeness(word, image).is_some(), is_named, "{word} {image}");
        }
    }

    #[test]
    fn the_longer_word_is_the_better_one() {
        assert!(likeness("shop/api", "ghcr.io/shop/api:2") > likeness("api", "ghcr.io/shop/api:2"));
        assert!(likeness("api:2", "api:2") > likeness("api", "api:2"));
    }
}
