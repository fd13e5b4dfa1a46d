//! Answers that several targets have a use for: read once for all that ask within a moment.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// What is older is no news.
const FRESH: Duration = Duration::from_secs(1);
/// So many answers are kept, and none that is larger: this is for namespaces and the pods of one application.
const COUNT: usize = 8;
const LARGEST: usize = 256 << 10;

/// The last answers, by what was asked.
#[derive(Debug, Default)]
pub(super) struct Kept {
    answers: VecDeque<Answer>,
}

#[derive(Debug)]
struct Answer {
    to: String,
    /// None where there is no such object.
    body: Option<Bytes>,
    at: Instant,
}

impl Kept {
    /// What was answered just now.
    pub(super) fn get(&self, asked: &str) -> Option<Option<Bytes>> {
        let answer = self.answers.iter().find(|answer| answer.to == asked)?;
        (answer.at.elapsed() < FRESH).then(|| answer.body.clone())
    }

    pub(super) fn put(&mut self, asked: String, body: Option<Bytes>) {
        self.answers.retain(|answer| answer.to != asked && answer.at.elapsed() < FRESH);
        if body.as_ref().is_some_and(|body| body.len() > LARGEST) {
            return;
        }
        self.answers.truncate(COUNT - 1);
        self.answers.push_front(Answer { to: asked, body, at: Instant::now() });
    }

    /// Nobody waits for any of it.
    pub(super) fn clear(&mut self) {
        self.answers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_a_moment_and_not_when_it_is_large() {
        let mut kept = Kept::default();
        kept.put("/a".into(), Some(Bytes::from_static(b"{}")));
        kept.put("/none".into(), None);
        kept.put("/large".into(), Some(Bytes::from(vec![b' '; LARGEST + 1])));
        assert_eq!(kept.get("/a"), Some(Some(Bytes::from_static(b"{}"))));
        assert_eq!(kept.get("/none"), Some(None));
        assert_eq!(kept.get("/large"), None);
        for number in 0..COUNT {
            kept.put(format!("/{number}"), None);
        }
        assert_eq!(kept.get("/a"), None, "others were asked since");
        tokio::time::advance(FRESH).await;
        assert_eq!(kept.get("/0"), None);
    }
}
