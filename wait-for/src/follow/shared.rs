//! What the watches of a target and its diagnosis share: the facts, and what was told of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::{News, Sender};
use crate::diagnose::beside::Bedside;
use crate::diagnose::doctor::Seen;
use crate::diagnose::{Because, Diagnosis, FailFast};
use crate::discovery::Lookup;
use crate::doubt::Doubt;
use crate::endpoints::{Endpoints, Part};
use crate::evaluate::Check;
use crate::kube_error::KubeError;
use crate::resource::Resource;
use crate::target::{Target, Which};
use crate::tracker::Tracker;
use crate::verdict::Verdict;
use crate::watch::{Reread, Sink};

/// What is known of the target, whatever it is made of.
pub(super) enum Facts {
    Objects(Tracker),
    Endpoints(Endpoints),
}

/// The facts, what was told of them, and who is told.
pub(super) struct Shared {
    pub(super) facts: Facts,
    pub(super) doubt: Doubt,
    pub(super) fail_fast: FailFast,
    /// The last verdict, before any diagnosis.
    pub(super) verdict: Option<Verdict>,
    /// Whether that is hopeless by itself, doubted or not.
    pub(super) is_hopeless: bool,
    /// The target's object, where it is one, for a diagnosis to look at.
    pub(super) object: Option<Box<RawValue>>,
    /// A list is on its way, and has not shown the object yet.
    pub(super) is_object_in_doubt: bool,
    pub(super) diagnosis: Option<Diagnosis>,
    /// Told of every change of what a diagnosis depends on.
    pub(super) changed: Rc<Notify>,
    pub(super) told: Option<(Verdict, Option<Because>)>,
    pub(super) is_troubled: bool,
    pub(super) index: usize,
    pub(super) news: Option<Sender>,
}

/// One watched resource of a target.
pub(super) struct Source {
    pub(super) shared: Rc<RefCell<Shared>>,
    pub(super) part: Part,
    /// The target can be judged without it: the rule that would let it be read.
    pub(super) optional: Option<String>,
    pub(super) is_fresh: bool,
}

impl Facts {
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Objects(tracker) => tracker.verdict(),
            Self::Endpoints(endpoints) => endpoints.verdict(),
        }
    }

    /// Which of several objects there is to explain.
    fn worst(&self) -> Option<(Option<Box<str>>, Box<str>)> {
        match self {
            Self::Objects(tracker) => tracker.worst(),
            Self::Endpoints(endpoints) => endpoints.worst(),
        }
    }

    fn target(&self) -> &Target {
        match self {
            Self::Objects(tracker) => tracker.target(),
            Self::Endpoints(endpoints) => endpoints.target(),
        }
    }
}

impl Shared {
    fn tell(&self, news: News) {
        if let Some(sender) = &self.news {
            let _ = sender.send((self.index, news));
        }
    }

    /// Judges the facts and tells what is new.
    fn judge(&mut self, is_fresh: bool) -> Reread {
        let Some(verdict) = self.facts.verdict() else { return Reread::No };
        if let Facts::Objects(tracker) = &mut self.facts
            && let Some(why) = tracker.take_break()
        {
            self.tell(News::Broken(why));
        }
        self.is_hopeless = verdict.is_failed();
        let (verdict, reread) = self.doubt.weigh(self.fail_fast.temper(verdict), is_fresh);
        if self.verdict.as_ref() != Some(&verdict) {
            if verdict.is_met() {
                self.diagnosis = None;
            }
            self.verdict = Some(verdict);
            self.changed.notify_one();
        }
        self.tell_verdict();
        reread
    }

    /// Tells the verdict with what is known of its reasons, where either is new.
    fn tell_verdict(&mut self) {
        let Some(verdict) = self.verdict.clone() else { return };
        let (verdict, because) = match &self.diagnosis {
            Some(diagnosis) => diagnosis.apply(verdict, self.is_hopeless),
            None => (verdict, None),
        };
        let news = (verdict, because);
        if self.told.as_ref() == Some(&news) {
            return;
        }
        self.told = Some(news.clone());
        self.tell(match news {
            (verdict, Some(because)) => {
                let age = self.diagnosis.as_ref().map_or(Duration::ZERO, |found| found.since.elapsed());
                News::Explained(verdict, because, age)
            }
            (verdict, None) => News::Verdict(verdict),
        });
    }

    /// Remembers the one object of a target that has a name.
    fn keep(&mut self, object: Option<&RawValue>) {
        self.is_object_in_doubt = false;
        let is_kept = matches!(self.facts.target().which, Which::Name(_));
        if is_kept && self.object.as_deref().map(RawValue::get) != object.map(RawValue::get) {
            self.object = object.map(ToOwned::to_owned);
            self.changed.notify_one();
        }
    }
}

impl Bedside for RefCell<Shared> {
    fn seen(&self) -> Option<Seen> {
        let shared = self.borrow();
        let target = shared.facts.target();
        let is_open = matches!(shared.verdict, Some(Verdict::NotYet(_) | Verdict::Failed(_)));
        if !is_open || target.check == Check::Deleted {
            return None;
        }
        match (&target.which, &shared.object) {
            (Which::Selector(_), _) => {
                shared.facts.worst().map(|(namespace, name)| Seen::Named(namespace, name))
            }
            (Which::Name(_), Some(object)) => Some(Seen::Object(object.clone())),
            (Which::Name(_), None) => Some(Seen::Absent),
        }
    }

    fn diagnosed(&self, diagnosis: Option<Diagnosis>) {
        let mut shared = self.borrow_mut();
        shared.diagnosis = diagnosis;
        shared.tell_verdict();
    }
}

impl Source {
    pub(super) fn new(shared: &Rc<RefCell<Shared>>, part: Part, optional: Option<String>) -> Self {
        Self { shared: shared.clone(), part, optional, is_fresh: false }
    }
}

impl Sink for Source {
    fn begin(&mut self) {
        let shared = &mut *self.shared.borrow_mut();
        shared.is_object_in_doubt |= self.part == Part::Services;
        match &mut shared.facts {
            Facts::Objects(tracker) => tracker.begin(),
            Facts::Endpoints(endpoints) => endpoints.begin(self.part),
        }
    }

    fn object(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        let shared = &mut *self.shared.borrow_mut();
        if self.part == Part::Services {
            shared.keep(Some(object));
        }
        match &mut shared.facts {
            Facts::Objects(tracker) => tracker.object(object),
            Facts::Endpoints(endpoints) => endpoints.object(self.part, object),
        }
    }

    fn gone(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        let shared = &mut *self.shared.borrow_mut();
        if self.part == Part::Services {
            shared.keep(None);
        }
        match &mut shared.facts {
            Facts::Objects(tracker) => tracker.gone(object),
            Facts::Endpoints(endpoints) => endpoints.gone(self.part, object),
        }
    }

    fn listed(&mut self) {
        // What is hopeless about a Service is in the Service: its slices do not confirm it.
        self.is_fresh = self.part == Part::Services;
        let shared = &mut *self.shared.borrow_mut();
        if self.is_fresh && shared.is_object_in_doubt {
            shared.keep(None);
        }
        match &mut shared.facts {
            Facts::Objects(tracker) => tracker.listed(),
            Facts::Endpoints(endpoints) => endpoints.listed(self.part),
        }
    }

    fn looked_up(&mut self, lookup: &Lookup) {
        // Services are built in.
        if let Facts::Objects(tracker) = &mut self.shared.borrow_mut().facts {
            tracker.looked_up(lookup);
        }
        self.is_fresh = true;
    }

    fn settle(&mut self) -> Reread {
        let is_fresh = std::mem::take(&mut self.is_fresh);
        self.shared.borrow_mut().judge(is_fresh)
    }

    fn trouble(&mut self, error: &KubeError) {
        let mut shared = self.shared.borrow_mut();
        if let (Some(rule), KubeError::Forbidden(_), Facts::Endpoints(endpoints)) =
            (&self.optional, error, &mut shared.facts)
        {
            if endpoints.forbid_services() {
                let target = endpoints.target();
                tracing::warn!("{target} may not be read: its EndpointSlices alone decide; {rule}");
            }
            shared.judge(false);
            return;
        }
        shared.is_troubled = true;
        shared.tell(News::Trouble(error.to_string()));
    }

    fn refused(&mut self, error: &KubeError, resource: &Resource, patience: Duration) {
        match error {
            KubeError::Forbidden(words) if self.optional.is_none() => {
                let mut shared = self.shared.borrow_mut();
                shared.is_troubled = true;
                let refusal = resource.refusal(words);
                let patience = patience.as_secs();
                shared.tell(News::Trouble(format!(
                    "{refusal}; giving up unless that changes within {patience}s"
                )));
            }
            _ => self.trouble(error),
        }
    }

    fn recovered(&mut self) {
        let mut shared = self.shared.borrow_mut();
        if std::mem::take(&mut shared.is_troubled) {
            shared.tell(News::Recovered);
        }
    }
}
