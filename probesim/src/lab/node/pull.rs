//! An image that cannot be had: the kubelet's words, and when it tries again (`pkg/kubelet/images/image_manager.go`).

use std::time::Duration;

use crate::kubelet::Time;

/// The first back-off, doubled by each failure, and the longest.
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);

/// What has become of the pulls of one container's image.
#[derive(Debug, Default)]
pub(super) struct Pulls {
    back_off: Option<(Duration, Time)>,
    /// What the last try came to: a reason and a message. The status shows it with the next one.
    pub(super) outcome: Option<(&'static str, String)>,
}

/// An Event: its type, reason and message.
pub(super) type Told = (&'static str, &'static str, String);

// === impl Pulls ===

impl Pulls {
    /// Tries once; what there is to tell of it. `why` stands for the runtime's words.
    pub(super) fn attempt(&mut self, image: &str, policy: &str, why: Option<&str>, now: Time) -> Vec<Told> {
        let failed = |reason: &str| ("Warning", "Failed", format!("Error: {reason}"));
        if let Some(why) = malformed(image) {
            self.outcome = Some(("InvalidImageName", why.clone()));
            return vec![("Warning", "InspectFailed", why), failed("InvalidImageName")];
        }
        if policy == "Never" {
            let why = format!("Container image \"{image}\" is not present with pull policy of Never");
            self.outcome = Some(("ErrImageNeverPull", why.clone()));
            return vec![("Warning", "ErrImageNeverPull", why), failed("ErrImageNeverPull")];
        }
        let why = why.map_or_else(|| not_found(image), str::to_owned);
        if self.back_off.is_some_and(|(_, until)| now < until) {
            let back_off = format!("Back-off pulling image \"{image}\"");
            self.outcome = Some(("ImagePullBackOff", format!("{back_off}: ErrImagePull: {why}")));
            return vec![("Normal", "BackOff", back_off), failed("ImagePullBackOff")];
        }
        let delay = self.back_off.map_or(FIRST, |(delay, _)| (delay * 2).min(LONGEST));
        self.back_off = Some((delay, now + delay));
        self.outcome = Some(("ErrImagePull", why.clone()));
        vec![
            ("Normal", "Pulling", format!("Pulling image \"{image}\"")),
            ("Warning", "Failed", format!("Failed to pull image \"{image}\": {why}")),
            failed("ErrImagePull"),
        ]
    }
}

/// containerd's words for what no registry has.
fn not_found(image: &str) -> String {
    let has_registry = image.split_once('/').is_some_and(|(first, _)| is_registry(first));
    let full = match (has_registry, image.contains('/')) {
        (true, _) => image.to_owned(),
        (false, true) => format!("docker.io/{image}"),
        (false, false) => format!("docker.io/library/{image}"),
    };
    let name = full.rfind('/').map_or(&*full, |slash| &full[slash..]);
    let full = if name.contains([':', '@']) { full } else { format!("{full}:latest") };
    format!(
        "failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
    )
}

/// What is wrong with a reference whose name has capitals.
fn malformed(image: &str) -> Option<String> {
    let (registry, path) = match image.split_once('/') {
        Some((first, rest)) if is_registry(first) => (Some(first), rest),
        _ => (None, image),
    };
    let path = path.split(['@', ':']).next().unwrap_or_default();
    let is_wrong = path.chars().any(char::is_uppercase);
    let full =
        if registry.is_none() && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
    is_wrong.then(|| {
        format!(
            "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": invalid reference \
             format: repository name ({full}) must be lowercase"
        )
    })
}

fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    #[test]
    fn pulls_wait_ever_longer_and_what_comes_between_is_a_back_off() {
        let mut pulls = Pulls::default();
        let mut seen = Vec::new();
        for second in [0, 1, 9, 10, 29, 30, 69, 70] {
            let told = pulls.attempt("nope:1", "IfNotPresent", None, at(second));
            let reason = pulls.outcome.as_ref().map_or("", |(reason, _)| reason);
            seen.push((second, told.len(), reason));
        }
        let (pull, back_off) = ("ErrImagePull", "ImagePullBackOff");
        assert_eq!(
            seen,
            [
                (0, 3, pull),
                (1, 2, back_off),
                (9, 2, back_off),
                (10, 3, pull),
                (29, 2, back_off),
                (30, 3, pull),
                (69, 2, back_off),
                (70, 3, pull)
            ]
        );
    }

    #[test]
    fn the_words_are_those_of_containerd_and_the_kubelet() {
        let first = |image: &str, policy: &str| {
            let mut pulls = Pulls::default();
            let told = pulls.attempt(image, policy, None, at(0));
            let (reason, message) = pulls.outcome.expect("an outcome");
            (told[0].1, reason, message)
        };
        let (reason, status, why) = first("nope", "Always");
        assert_eq!((reason, status), ("Pulling", "ErrImagePull"));
        let full = "docker.io/library/nope:latest";
        let words = "failed to pull and unpack image";
        assert_eq!(
            why,
            format!("{words} \"{full}\": failed to resolve reference \"{full}\": {full}: not found")
        );
        assert!(first("127.0.0.1:9/nope:1", "Always").2.contains("\"127.0.0.1:9/nope:1\""));
        let (reason, status, why) = first("UPPER:1", "Always");
        assert_eq!((reason, status), ("InspectFailed", "InvalidImageName"));
        assert!(why.ends_with("repository name (library/UPPER) must be lowercase"), "{why}");
        assert_eq!(first("nope:2", "Never").1, "ErrImageNeverPull");
    }
}
