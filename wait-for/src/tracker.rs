//! What is known of a target's objects: a verdict each, never the objects themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error;
use serde_json::value::RawValue;

use crate::evaluate::{Check, Look, look, missing, selection};
use crate::missing::Missing;
use crate::target::{Target, Which};
use crate::verdict::{Finding, Verdict};

/// The objects of one target.
#[derive(Debug)]
pub struct Tracker {
    target: Target,
    missing: Missing,
    objects: BTreeMap<String, Kept>,
    round: u64,
    is_listed: bool,
    /// The objects that the first list showed: `deleted` waits for these, not for their successors.
    first: Option<BTreeSet<Box<str>>>,
}

#[derive(Debug)]
struct Kept {
    look: Look,
    round: u64,
}

impl Tracker {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(target: Target, missing: Missing) -> Self {
        Self { target, missing, objects: BTreeMap::new(), round: 0, is_listed: false, first: None }
    }

    /// A list begins: what it does not show is gone.
    pub fn begin(&mut self) {
        self.round += 1;
    }

    /// An object as it is now.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn object(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        let look = self.look(object)?;
        self.objects.insert(key(&look), Kept { look, round: self.round });
        Ok(())
    }

    /// An object that was deleted, or that matches no longer.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn gone(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        let look = self.look(object)?;
        self.objects.remove(&key(&look));
        Ok(())
    }

    /// An object without a name could never be told from another, nor go again.
    fn look(&self, object: &RawValue) -> Result<Look, serde_json::Error> {
        let look = look(self.target.kind, &self.target.check, object)?;
        if look.name.is_empty() { Err(serde_json::Error::custom("it has no name")) } else { Ok(look) }
    }

    /// The list is complete.
    pub fn listed(&mut self) {
        let round = self.round;
        self.objects.retain(|_, kept| kept.round == round);
        self.is_listed = true;
        self.first.get_or_insert_with(|| self.objects.values().map(|kept| kept.look.uid.clone()).collect());
    }

    /// The target that the objects are of.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Of several objects the one that there is most to say about: its namespace and name.
    #[must_use]
    pub fn worst(&self) -> Option<(Option<Box<str>>, Box<str>)> {
        worst(self.objects.values().map(|kept| &kept.look))
    }

    /// What follows from all that; nothing before the first list is complete.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let first = self.first.as_ref().filter(|_| self.is_listed)?;
        let Target { kind, which, check, .. } = &self.target;
        let looks = self.objects.values().map(|kept| &kept.look);
        if *check == Check::Deleted {
            let mut remaining = looks.filter(|look| first.contains(&look.uid));
            return Some(match remaining.next() {
                None => Verdict::Met(Finding::state("deleted")),
                Some(look) => look.verdict.clone(),
            });
        }
        let verdict = match (which, self.objects.values().next()) {
            (Which::Selector(_), _) => selection::combine(*kind, check, looks),
            (Which::Name(_), None) => missing(*kind, check),
            (Which::Name(_), Some(kept)) => kept.look.verdict.clone(),
        };
        Some(if self.objects.is_empty() { self.missing.judge(verdict) } else { verdict })
    }
}

/// A hopeless one where there is one, as a selection's own finding has it.
pub(crate) fn worst<'a>(
    looks: impl Iterator<Item = &'a Look> + Clone,
) -> Option<(Option<Box<str>>, Box<str>)> {
    let counted = looks.filter(|look| look.counts);
    let failed = counted.clone().find(|look| look.verdict.is_failed());
    let worst = failed.or_else(|| counted.clone().find(|look| !look.verdict.is_met()))?;
    Some((worst.namespace.clone(), worst.name.clone()))
}

fn key(look: &Look) -> String {
    format!("{}/{}", look.namespace.as_deref().unwrap_or_default(), look.name)
}

#[cfg(test)]
mod tests {
    use serde_json::{json, value::to_raw_value};

    use super::*;

    fn pod(name: &str, uid: &str, ready: &str) -> Box<RawValue> {
        let object = json!({
            "metadata": {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": "1"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
        });
        to_raw_value(&object).unwrap()
    }

    fn tracker(target: &str) -> Tracker {
        Tracker::new(target.parse().unwrap(), Missing::Wait)
    }

    fn list(tracker: &mut Tracker, objects: &[Box<RawValue>]) {
        tracker.begin();
        for object in objects {
            tracker.object(object).unwrap();
        }
        tracker.listed();
    }

    fn is_met(tracker: &Tracker) -> bool {
        tracker.verdict().expect("the list is complete").is_met()
    }

    #[test]
    fn an_object_without_a_name_is_none() {
        let mut tracker = tracker("pod/web");
        assert!(tracker.object(&RawValue::from_string("{}".into()).unwrap()).is_err());
        assert!(tracker.object(&pod("web", "1", "True")).is_ok());
    }

    #[test]
    fn nothing_is_said_before_the_list_is_complete() {
        let mut tracker = tracker("pod/a");
        tracker.begin();
        tracker.object(&pod("a", "1", "True")).unwrap();
        assert_eq!(tracker.verdict(), None);
        tracker.listed();
        assert!(is_met(&tracker));
    }

    #[test]
    fn what_a_later_list_does_not_show_is_gone() {
        let mut tracker = tracker("pod/app=web");
        list(&mut tracker, &[pod("a", "1", "True"), pod("b", "2", "False")]);
        assert!(!is_met(&tracker));
        list(&mut tracker, &[pod("a", "1", "True")]);
        assert!(is_met(&tracker));
        list(&mut tracker, &[]);
        assert!(!is_met(&tracker), "no pod at all is not ready");
    }

    #[test]
    fn a_selection_follows_pods_that_come_and_go() {
        let mut tracker = tracker("pod/app=web");
        list(&mut tracker, &[pod("a", "1", "True")]);
        tracker.object(&pod("b", "2", "False")).unwrap();
        assert!(!is_met(&tracker));
        tracker.gone(&pod("b", "2", "False")).unwrap();
        assert!(is_met(&tracker));
    }

    #[test]
    fn deleted_means_the_object_that_was_there_at_first() {
        let mut tracker = tracker("pod/a:deleted");
        list(&mut tracker, &[pod("a", "1", "True")]);
        assert!(!is_met(&tracker));
        tracker.object(&pod("a", "2", "True")).unwrap();
        assert!(is_met(&tracker), "another uid is another object");
    }

    #[test]
    fn what_was_never_there_is_deleted_at_once() {
        let mut tracker = tracker("pod/a:deleted");
        list(&mut tracker, &[]);
        assert!(is_met(&tracker));
    }
}
