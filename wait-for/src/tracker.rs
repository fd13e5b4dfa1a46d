//! What is known of a target's objects: a verdict each, never the objects themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error;
use serde_json::value::RawValue;

use crate::discovery::Lookup;
use crate::evaluate::{Check, Look, counted, daemonset, look, missing, not_served, selection};
use crate::kind::Kind;
use crate::missing::Missing;
use crate::moment::Moment;
use crate::place::Place;
use crate::target::{Target, Which};
use crate::verdict::{Finding, Verdict};

/// The objects of one target.
#[derive(Debug)]
pub struct Tracker {
    target: Target,
    missing: Missing,
    place: Place,
    newer_than: Option<Moment>,
    lookup: Option<Lookup>,
    objects: BTreeMap<String, Kept>,
    round: u64,
    is_listed: bool,
    /// The objects that the first list showed: `deleted` waits for these, not for their successors.
    first: Option<BTreeSet<Box<str>>>,
    /// What has been restarted or replaced since that was asked last.
    broken: Option<String>,
    /// What the one object of a target that has a name was, when it went.
    last: Option<Finding>,
}

#[derive(Debug)]
struct Kept {
    look: Look,
    round: u64,
    /// It is not there any more, but it has ended before, and that remains so until it has a successor.
    is_gone: bool,
}

impl Tracker {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(target: Target, missing: Missing, place: Place, newer_than: Option<Moment>) -> Self {
        Self {
            target,
            missing,
            place,
            newer_than,
            lookup: None,
            objects: BTreeMap::new(),
            round: 0,
            is_listed: false,
            first: None,
            broken: None,
            last: None,
        }
    }

    /// Whether and where the kind, which is custom, is served.
    pub fn looked_up(&mut self, lookup: &Lookup) {
        if let Lookup::Absent(_) = lookup {
            self.objects.clear();
        }
        self.lookup = Some(lookup.clone());
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
        let key = key(&look);
        if let Some(before) = self.objects.get(&key) {
            self.broken = what_broke(&before.look, &look).or(self.broken.take());
        }
        self.last = None;
        self.objects.insert(key, Kept { look, round: self.round, is_gone: false });
        Ok(())
    }

    /// An object that was deleted, or that matches no longer.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn gone(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        let look = self.look(object)?;
        let key = key(&look);
        let before = self.objects.remove(&key).filter(|before| before.look.uid == look.uid);
        let ended = match before {
            // What has ended for good may say so with its last word only.
            _ if look.is_final => Some(look),
            Some(before) if before.look.is_final => Some(before.look),
            _ => {
                self.last = Some(look.verdict.finding().clone());
                None
            }
        };
        if let Some(look) = ended {
            self.objects.insert(key, Kept { look, round: self.round, is_gone: false }.gone());
        }
        Ok(())
    }

    /// An object without a name could never be told from another, nor go again. One that is too old does not count.
    fn look(&self, object: &RawValue) -> Result<Look, serde_json::Error> {
        let look = look(&self.target, object)?;
        match self.target.check {
            _ if look.name.is_empty() => Err(serde_json::Error::custom("it has no name")),
            Check::Deleted => Ok(look),
            _ => Ok(look.newer_than(self.newer_than)),
        }
    }

    /// What has been restarted or replaced since this was asked last: a condition has not held meanwhile.
    pub fn take_break(&mut self) -> Option<String> {
        self.broken.take()
    }

    /// The list is complete.
    pub fn listed(&mut self) {
        let round = self.round;
        let (seen, unseen): (_, BTreeMap<_, _>) =
            std::mem::take(&mut self.objects).into_iter().partition(|(_, kept)| kept.round == round);
        self.objects = seen;
        for (key, kept) in unseen {
            if kept.look.is_final {
                self.objects.insert(key, kept.gone());
            } else {
                self.last = Some(kept.look.verdict.finding().clone());
            }
        }
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
        let Target { kind, which, check, namespace } = &self.target;
        match &self.lookup {
            Some(Lookup::Absent(hint)) => return Some(not_served(check, hint.as_deref())),
            Some(Lookup::Found(served)) if !served.is_namespaced && namespace.is_some() => {
                let cause = "leave out @NAMESPACE";
                return Some(Verdict::Misused(Finding::because(format!("{kind} is in no namespace"), cause)));
            }
            _ => {}
        }
        let first = self.first.as_ref().filter(|_| self.is_listed)?;
        let is_own = |look: &Look| {
            matches!((kind, which), (Kind::Pod, Which::Selector(_)))
                && self.place.is_own_pod(&look.name, look.namespace.as_deref())
        };
        let looks: Vec<&Look> =
            self.objects.values().map(|kept| &kept.look).filter(|look| !is_own(look)).collect();
        if *check == Check::AvailableHere {
            return Some(daemonset::here(&looks));
        }
        if *check == Check::Deleted {
            return Some(match looks.iter().find(|look| first.contains(&look.uid)) {
                None => Verdict::Met(Finding::state("deleted")),
                Some(look) => look.verdict.clone(),
            });
        }
        let verdict = match (which, looks.first()) {
            (Which::Name(_), None) => self.absent(),
            (Which::Name(_), Some(look)) => look.verdict.clone(),
            (Which::Selector(_), first) => match selection::combine(kind, check, &looks) {
                Verdict::NotYet(finding) if first.is_none() && !self.objects.is_empty() => {
                    let cause = "only the pod that waits matches, and it is left out";
                    Verdict::NotYet(Finding::because(finding.state, cause))
                }
                verdict => verdict,
            },
        };
        Some(if self.objects.is_empty() { self.missing.judge(verdict) } else { verdict })
    }
}

impl Tracker {
    /// What it means that the one object is not there; what became of it, where it was there before.
    fn absent(&self) -> Verdict {
        let absent = missing(&self.target.kind, &self.target.check);
        match (absent, &self.last) {
            (Verdict::NotYet(finding), Some(last)) => {
                Verdict::NotYet(Finding::because(finding.state, format!("deleted; last seen {last}")))
            }
            (absent, _) => absent,
        }
    }
}

impl Kept {
    /// Its object has gone, what it has come to has not.
    fn gone(mut self) -> Self {
        if !std::mem::replace(&mut self.is_gone, true) {
            let state = format!("{}, and deleted since", self.look.verdict.finding().state);
            self.look.verdict = Verdict::Met(Finding::state(state));
        }
        self
    }
}

/// Why a condition that holds before and after has not held in between.
fn what_broke(before: &Look, after: &Look) -> Option<String> {
    let is_met = |look: &Look| look.counts && look.verdict.is_met();
    if !is_met(before) || !is_met(after) {
        return None;
    }
    match after.restarts - before.restarts {
        _ if before.uid != after.uid => Some(format!("{} was replaced by another of its name", after.name)),
        1.. => Some(format!("{} was restarted, {} in all", after.name, counted(after.restarts, "restart"))),
        _ => None,
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
        Tracker::new(target.parse().unwrap(), Missing::Wait, Place::default(), None)
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

    #[test]
    fn our_own_pod_is_left_out_of_selections_and_only_of_those() {
        let place = Place { pod: Some("a".into()), namespace: Some("shop".into()), node: None };
        let here = |target: &str| Tracker::new(target.parse().unwrap(), Missing::Wait, place.clone(), None);
        let mut tracker = here("pod/app=web");
        list(&mut tracker, &[pod("a", "1", "False"), pod("b", "2", "True")]);
        assert!(is_met(&tracker));
        list(&mut tracker, &[pod("a", "1", "True")]);
        let finding = tracker.verdict().unwrap().finding().to_string();
        assert_eq!(finding, "0/0 ready — only the pod that waits matches, and it is left out");
        let mut tracker = here("pod/app=web:deleted");
        list(&mut tracker, &[pod("a", "1", "True")]);
        assert!(is_met(&tracker));
        let mut tracker = here("pod/a");
        list(&mut tracker, &[pod("a", "1", "True")]);
        assert!(is_met(&tracker));
    }

    fn job(name: &str, created: &str, condition: &str) -> Box<RawValue> {
        let object = json!({
            "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": created},
            "status": {"conditions": [{"type": condition, "status": "True"}]},
        });
        to_raw_value(&object).unwrap()
    }

    #[test]
    fn what_a_previous_release_has_left_proves_nothing() {
        let limit = "2026-01-01T12:00:00Z".parse().ok();
        let newer =
            |target: &str| Tracker::new(target.parse().unwrap(), Missing::Wait, Place::default(), limit);
        for condition in ["Complete", "Failed"] {
            let mut tracker = newer("job/a");
            list(&mut tracker, &[job("a", "2026-01-01T11:59:59Z", condition)]);
            let Some(Verdict::NotYet(finding)) = tracker.verdict() else { panic!("{condition}") };
            assert_eq!(
                finding.to_string(),
                "created 2026-01-01T11:59:59Z — one that is newer than 2026-01-01T12:00:00Z is waited for"
            );
        }
        let mut tracker = newer("job/a");
        list(&mut tracker, &[job("a", "2026-01-01T12:00:00Z", "Complete")]);
        assert!(is_met(&tracker));
        let mut tracker = newer("job/app=x");
        list(
            &mut tracker,
            &[job("old", "2025-01-01T12:00:00Z", "Failed"), job("a", "2026-01-02T12:00:00Z", "Complete")],
        );
        assert!(is_met(&tracker));
        let mut tracker = newer("job/app=x");
        list(&mut tracker, &[job("old", "2025-01-01T12:00:00Z", "Complete")]);
        assert!(!is_met(&tracker));
        let mut tracker = newer("job/a:deleted");
        list(&mut tracker, &[job("a", "2025-01-01T12:00:00Z", "Complete")]);
        assert_eq!(tracker.verdict().unwrap().finding().state, "still there");
    }

    fn ended_job(uid: &str, condition: Option<&str>) -> Box<RawValue> {
        let conditions: Vec<_> =
            condition.iter().map(|condition| json!({"type": condition, "status": "True"})).collect();
        let object = json!({
            "metadata": {"name": "a", "namespace": "shop", "uid": uid},
            "spec": {"completions": 1},
            "status": {"conditions": conditions},
        });
        to_raw_value(&object).unwrap()
    }

    #[test]
    fn that_a_job_has_ended_remains_so_when_it_is_deleted() {
        for (target, condition) in [
            ("job/a", "Complete"),
            ("job/a:succeeded", "SuccessCriteriaMet"),
            ("job/a:failed", "Failed"),
            ("job/a:finished", "Failed"),
            ("job/a:condition=Complete", "Complete"),
            ("job/app=x:complete", "Complete"),
        ] {
            let (running, ended) = (ended_job("1", None), ended_job("1", Some(condition)));
            let mut by_event = tracker(target);
            list(&mut by_event, std::slice::from_ref(&ended));
            by_event.gone(&ended).unwrap();
            assert!(is_met(&by_event), "{target}: seen, then deleted");
            list(&mut by_event, &[]);
            assert!(is_met(&by_event), "{target}: and not listed again");
            let mut by_list = tracker(target);
            list(&mut by_list, std::slice::from_ref(&ended));
            list(&mut by_list, &[]);
            assert!(is_met(&by_list), "{target}: seen, then not listed");
            let mut with_its_last_word = tracker(target);
            list(&mut with_its_last_word, std::slice::from_ref(&running));
            with_its_last_word.gone(&ended).unwrap();
            assert!(is_met(&with_its_last_word), "{target}: in the event of its deletion");
            by_event.object(&ended_job("2", None)).unwrap();
            assert!(!is_met(&by_event), "{target}: a successor is another Job");
            by_event.gone(&ended_job("2", None)).unwrap();
            assert!(!is_met(&by_event), "{target}: and takes the fact with it");
        }
    }

    #[test]
    fn what_has_not_ended_well_is_no_fact_that_opens_a_gate() {
        let mut failed = tracker("job/a:complete");
        list(&mut failed, &[ended_job("1", Some("Failed"))]);
        failed.gone(&ended_job("1", Some("Failed"))).unwrap();
        let finding = failed.verdict().unwrap().finding().to_string();
        assert!(finding.starts_with("not found — deleted; last seen failed"), "{finding}");
        let mut ready = tracker("pod/a");
        list(&mut ready, &[pod("a", "1", "True")]);
        ready.gone(&pod("a", "1", "True")).unwrap();
        assert!(!is_met(&ready), "a pod that has gone is ready no more");
        let mut old = Tracker::new(
            "job/a".parse().unwrap(),
            Missing::Wait,
            Place::default(),
            "2026-01-01T12:00:00Z".parse().ok(),
        );
        list(&mut old, &[ended_job("1", Some("Complete"))]);
        old.gone(&ended_job("1", Some("Complete"))).unwrap();
        assert!(!is_met(&old), "one that does not count never did");
    }

    #[test]
    fn an_ended_pod_stays_ended_until_it_has_a_successor() {
        let ended = |uid: &str, phase: &str| {
            let object = json!({
                "metadata": {"name": "a", "namespace": "shop", "uid": uid}, "status": {"phase": phase},
            });
            to_raw_value(&object).unwrap()
        };
        for (target, phase) in
            [("pod/a:succeeded", "Succeeded"), ("pod/a:failed", "Failed"), ("pod/a:finished", "Succeeded")]
        {
            let mut tracker = tracker(target);
            list(&mut tracker, &[ended("1", "Running")]);
            tracker.gone(&ended("1", phase)).unwrap();
            assert!(is_met(&tracker), "{target}");
            list(&mut tracker, &[ended("2", "Running")]);
            assert!(!is_met(&tracker), "{target}");
        }
    }

    #[test]
    fn a_restart_or_a_successor_is_a_break_and_nothing_else_is() {
        let pod = |uid: &str, restarts: i64| {
            let object = json!({
                "metadata": {"name": "a", "namespace": "shop", "uid": uid},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                    "containerStatuses": [{"name": "c", "restartCount": restarts}]},
            });
            to_raw_value(&object).unwrap()
        };
        for target in ["pod/a", "pod/app=x", "pod/a:running", "pod/a:condition=Ready"] {
            let mut tracker = tracker(target);
            list(&mut tracker, &[pod("1", 0)]);
            tracker.object(&pod("1", 0)).unwrap();
            assert_eq!(tracker.take_break(), None, "{target}");
            tracker.object(&pod("1", 2)).unwrap();
            assert_eq!(
                tracker.take_break().as_deref(),
                Some("a was restarted, 2 restarts in all"),
                "{target}"
            );
            assert_eq!(tracker.take_break(), None, "{target}");
            list(&mut tracker, &[pod("2", 0)]);
            assert_eq!(
                tracker.take_break().as_deref(),
                Some("a was replaced by another of its name"),
                "{target}"
            );
        }
        let mut exists = tracker("pod/a:exists");
        list(&mut exists, &[pod("1", 0)]);
        exists.object(&pod("1", 2)).unwrap();
        assert_eq!(exists.take_break(), None, "what is there is there");
    }

    fn daemon(name: &str, owner: &str, ready: &str) -> Box<RawValue> {
        let object = json!({
            "metadata": {"name": name, "namespace": "shop", "uid": name,
                "ownerReferences": [{"kind": "DaemonSet", "name": owner, "controller": true}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
        });
        to_raw_value(&object).unwrap()
    }

    #[test]
    fn a_daemonset_is_available_here_when_its_own_pod_here_is_ready() {
        let mut tracker = tracker("ds/cni:available-here");
        list(&mut tracker, &[daemon("logs-1", "logs", "True"), pod("a", "1", "True")]);
        assert_eq!(tracker.verdict().unwrap().finding().state, "no pod on this node");
        tracker.object(&daemon("cni-1", "cni", "False")).unwrap();
        let finding = tracker.verdict().unwrap().finding().to_string();
        assert!(finding.starts_with("not ready here — pod cni-1: "), "{finding}");
        tracker.object(&daemon("cni-2", "cni", "True")).unwrap();
        assert!(is_met(&tracker), "while one replaces another");
    }

    #[test]
    fn a_kind_is_waited_for_until_it_is_served_and_deleted_with_it() {
        let absent = Lookup::Absent(None);
        let found = |is_namespaced| {
            Lookup::Found(crate::resource::Served {
                group: "example.com".into(),
                version: "v1".into(),
                plural: "widgets".into(),
                is_namespaced,
            })
        };
        let mut tracker = tracker("widget.example.com/a@shop");
        tracker.looked_up(&absent);
        assert_eq!(tracker.verdict().unwrap().finding().state, "kind not served yet (CRD not installed?)");
        tracker.looked_up(&found(true));
        assert_eq!(tracker.verdict(), None);
        list(&mut tracker, &[pod("a", "1", "True")]);
        assert!(is_met(&tracker));
        tracker.looked_up(&absent);
        assert!(!is_met(&tracker));
        tracker.looked_up(&found(false));
        assert!(matches!(tracker.verdict(), Some(Verdict::Misused(_))));
        let mut tracker = self::tracker("widget.example.com/a:deleted");
        list(&mut tracker, &[pod("a", "1", "True")]);
        assert!(!is_met(&tracker));
        tracker.looked_up(&absent);
        assert!(is_met(&tracker));
    }
}
