//! Follows one target: connects what is watched with what is known of it, and tells of each change.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::SysError;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{sleep, timeout};

use crate::api::Api;
use crate::cluster::Cluster;
use crate::diagnose::beside::{self, Bedside};
use crate::diagnose::doctor::{Doctor, Seen};
use crate::diagnose::{Because, Diagnosis, FailFast, OwnPod};
use crate::discovery::Lookup;
use crate::doubt::Doubt;
use crate::endpoints::{self, Endpoints, Part};
use crate::evaluate::{Check, service};
use crate::kind::Kind;
use crate::kube_error::KubeError;
use crate::missing::Missing;
use crate::moment::Moment;
use crate::newer_than::NewerThan;
use crate::object::Metadata;
use crate::place::Place;
use crate::resource::{Resource, Scope};
use crate::target::{Target, Which};
use crate::tracker::Tracker;
use crate::verdict::Verdict;
use crate::watch::{Follower, Reread, Sink};

/// How often it is tried again to read Services, where that is optional and forbidden.
const OPTIONAL: Duration = Duration::from_secs(60);

/// News of a target.
#[derive(Debug)]
pub enum News {
    /// Another verdict, or another reason for the same.
    Verdict(Verdict),
    /// The same, with what a diagnosis found and how long that has been so.
    Explained(Verdict, Because, Duration),
    /// The API server cannot be asked just now.
    Trouble(String),
    /// It can be asked again.
    Recovered,
    /// It will never answer.
    Hopeless(KubeError, Resource),
}

/// News and the number of the target that it is of.
pub type Sender = UnboundedSender<(usize, News)>;

/// A target in its place in the cluster.
pub struct Follow {
    /// Which target of the run it is.
    pub index: usize,
    /// The target.
    pub target: Target,
    /// What the absence of its object means.
    pub missing: Missing,
    /// Where its objects are.
    pub scope: Scope,
    /// The API server.
    pub cluster: Rc<Cluster>,
    /// Time between looks where watching is forbidden.
    pub interval: Duration,
    /// Where we run ourselves.
    pub place: Place,
    /// How old its objects may be.
    pub newer_than: NewerThan,
    /// When to give up.
    pub fail_fast: FailFast,
    /// The pod that we run in, where we run in one.
    pub own_pod: Option<OwnPod>,
}

/// What is known of the target, whatever it is made of.
enum Facts {
    Objects(Tracker),
    Endpoints(Endpoints),
}

/// The facts, what was told of them, and who is told.
struct Shared {
    facts: Facts,
    doubt: Doubt,
    fail_fast: FailFast,
    /// The last verdict, before any diagnosis.
    verdict: Option<Verdict>,
    /// Whether that is hopeless by itself, doubted or not.
    is_hopeless: bool,
    /// The target's object, where it is one, for a diagnosis to look at.
    object: Option<Box<RawValue>>,
    /// A list is on its way, and has not shown the object yet.
    is_object_in_doubt: bool,
    diagnosis: Option<Diagnosis>,
    /// Told of every change of what a diagnosis depends on.
    changed: Rc<Notify>,
    told: Option<(Verdict, Option<Because>)>,
    is_troubled: bool,
    index: usize,
    news: Option<Sender>,
}

/// One watched resource of a target.
struct Source {
    shared: Rc<RefCell<Shared>>,
    part: Part,
    /// The target can be judged without it.
    is_optional: bool,
    is_fresh: bool,
}

impl Follow {
    /// Follows the target until it is dropped; comes back only when that is hopeless.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub async fn run(self, news: Sender) -> Result<(), SysError> {
        let tell = |error: &KubeError| {
            let _ = news.send((self.index, News::Trouble(error.to_string())));
        };
        let limit = match self.age_limit(tell).await {
            Ok(limit) => limit,
            Err((error, resource)) => {
                let _ = news.send((self.index, News::Hopeless(error, resource)));
                return Ok(());
            }
        };
        let shared = self.shared(Some(news.clone()), limit);
        let changed = shared.borrow().changed.clone();
        let (error, resource) = tokio::select! {
            error = self.watch(&shared) => error?,
            never = beside::stay(&*shared, &changed, self.doctor()) => never,
        };
        // The gate has gone when nobody listens: then there is nothing to tell.
        let _ = news.send((self.index, News::Hopeless(error, resource)));
        Ok(())
    }

    /// Watches what the verdict is made of, until that is hopeless.
    async fn watch(&self, shared: &Rc<RefCell<Shared>>) -> Result<(KubeError, Resource), SysError> {
        let primary = self.resource();
        match self.slices() {
            None => {
                let mut follower = self.follower(primary.clone())?;
                let mut source = Source::new(shared, Part::Services, false);
                Ok((follower.follow(&mut source).await, primary))
            }
            Some(slices) => {
                let services = self.follow_optional(shared, primary);
                let mut follower = self.follower(slices.clone())?.or(self.endpoints());
                let mut source = Source::new(shared, Part::Slices, false);
                tokio::select! {
                    never = services => Err(never),
                    error = follower.follow(&mut source) => Ok((error, slices)),
                }
            }
        }
    }

    /// Looks once, and explains what is not met.
    ///
    /// # Errors
    /// What stood in the way, and of which resource.
    pub async fn look(self) -> Result<News, (KubeError, Resource)> {
        let shared = self.shared(None, self.age_limit(|_| {}).await?);
        for (part, resource) in [(Part::Services, Some(self.resource())), (Part::Slices, self.slices())] {
            let Some(resource) = resource else { continue };
            let is_optional = part == Part::Services && self.slices().is_some();
            let mut source = Source::new(&shared, part, is_optional);
            let mut follower = self
                .follower(resource.clone())
                .map_err(|error| (KubeError::Unreachable(error.to_string()), resource.clone()))?
                .or(if part == Part::Slices { self.endpoints() } else { None });
            if let Err(error) = follower.look(&mut source).await {
                source.trouble(&error);
                if !(is_optional && matches!(error, KubeError::Forbidden(_))) {
                    return Err((error, resource));
                }
            }
        }
        let verdict = shared.borrow().facts.verdict().map(|verdict| self.fail_fast.temper(verdict));
        let verdict =
            verdict.ok_or_else(|| (KubeError::Unreachable("nothing was read".into()), self.resource()))?;
        shared.borrow_mut().verdict = Some(verdict.clone());
        let diagnosis = match shared.seen() {
            Some(seen) => {
                let mut doctor = self.doctor();
                timeout(beside::ONCE, doctor.only_round(seen)).await.ok().flatten()
            }
            None => None,
        };
        Ok(match diagnosis.map(|diagnosis| (diagnosis.apply(verdict.clone(), false), diagnosis.since)) {
            Some(((verdict, Some(because)), since)) => News::Explained(verdict, because, since.elapsed()),
            _ => News::Verdict(verdict),
        })
    }

    /// When the objects that count were created at the earliest; for that of the pod that waits, the API
    /// server is asked until it answers.
    async fn age_limit(&self, tell: impl Fn(&KubeError)) -> Result<Option<Moment>, (KubeError, Resource)> {
        let (name, namespace) = match (self.newer_than, &self.place) {
            (NewerThan::Whatever, _) => return Ok(None),
            (NewerThan::Time(moment), _) => return Ok(Some(moment)),
            (NewerThan::OwnPod, Place { pod: Some(name), namespace: Some(namespace), .. }) => {
                (name, namespace)
            }
            (NewerThan::OwnPod, _) => return Ok(None),
        };
        let resource =
            Resource::new(&Kind::Pod, Scope::Namespace(namespace.clone()), Which::Name(name.clone()));
        let mut api = Api::new(self.cluster.clone());
        loop {
            match api.get(&resource, name).await {
                Ok(body) => return Ok(created(&body)),
                Err(error @ (KubeError::Unreachable(_) | KubeError::Busy { .. } | KubeError::Expired(_))) => {
                    tell(&error);
                    sleep(self.interval).await;
                }
                Err(error) => return Err((error, resource)),
            }
        }
    }

    fn shared(&self, news: Option<Sender>, newer_than: Option<Moment>) -> Rc<RefCell<Shared>> {
        let facts = match endpoints::condition(&self.target) {
            Some(condition) => {
                Facts::Endpoints(Endpoints::new(self.target.clone(), self.missing, condition, newer_than))
            }
            None => Facts::Objects(Tracker::new(
                self.target.clone(),
                self.missing,
                self.place.clone(),
                newer_than,
            )),
        };
        let shared = Shared {
            facts,
            doubt: Doubt::default(),
            fail_fast: self.fail_fast,
            verdict: None,
            is_hopeless: false,
            object: None,
            is_object_in_doubt: false,
            diagnosis: None,
            changed: Rc::default(),
            told: None,
            is_troubled: false,
            index: self.index,
            news,
        };
        Rc::new(RefCell::new(shared))
    }

    fn resource(&self) -> Resource {
        match (&self.target.check, &self.place.node) {
            (Check::AvailableHere, Some(node)) => Resource::pods_on(node.clone(), self.scope.clone()),
            _ => Resource::new(&self.target.kind, self.scope.clone(), self.target.which.clone()),
        }
    }

    /// The EndpointSlices that a Service target needs as well.
    fn slices(&self) -> Option<Resource> {
        if !matches!(endpoints::condition(&self.target)?, service::Condition::HasEndpoints { .. }) {
            return None;
        }
        let label = match &self.target.which {
            Which::Name(name) => format!("kubernetes.io/service-name={name}"),
            Which::Selector(_) => "kubernetes.io/service-name".to_owned(),
        };
        let selector = label.parse().ok()?;
        Some(Resource::endpoint_slices(self.scope.clone(), selector))
    }

    /// What stands in for EndpointSlices where they may not be read, or are not served.
    fn endpoints(&self) -> Option<Resource> {
        Some(Resource::endpoints(self.scope.clone(), self.target.which.clone()))
    }

    fn follower(&self, resource: Resource) -> Result<Follower, SysError> {
        Follower::new(Api::new(self.cluster.clone()), resource, self.interval)
    }

    /// Follows what the verdict can do without, for ever.
    async fn follow_optional(&self, shared: &Rc<RefCell<Shared>>, resource: Resource) -> SysError {
        loop {
            let mut source = Source::new(shared, Part::Services, true);
            let error = match self.follower(resource.clone()) {
                Ok(mut follower) => follower.follow(&mut source).await,
                Err(error) => return error,
            };
            source.trouble(&error);
            sleep(OPTIONAL).await;
        }
    }

    fn doctor(&self) -> Doctor {
        let Self { target, scope, cluster, fail_fast, own_pod, .. } = self;
        Doctor::new(cluster.clone(), target.clone(), scope.clone(), *fail_fast, own_pod.clone())
    }
}

impl Facts {
    fn verdict(&self) -> Option<Verdict> {
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
    fn new(shared: &Rc<RefCell<Shared>>, part: Part, is_optional: bool) -> Self {
        Self { shared: shared.clone(), part, is_optional, is_fresh: false }
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
        if self.is_optional && matches!(error, KubeError::Forbidden(_)) {
            if let Facts::Endpoints(endpoints) = &mut shared.facts {
                endpoints.forbid_services();
            }
            shared.judge(false);
            return;
        }
        shared.is_troubled = true;
        shared.tell(News::Trouble(error.to_string()));
    }

    fn recovered(&mut self) {
        let mut shared = self.shared.borrow_mut();
        if std::mem::take(&mut shared.is_troubled) {
            shared.tell(News::Recovered);
        }
    }
}

/// When the object was created, where it says so.
fn created(object: &[u8]) -> Option<Moment> {
    #[derive(serde::Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    let object: Object = serde_json::from_slice(object).ok()?;
    object.metadata.creation_timestamp?.parse().ok()
}
