//! Follows one target: connects what is watched with what is known of it, and tells of each change.

pub mod crowd;
mod shared;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::SysError;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep, timeout_at};

use self::shared::{Facts, Shared, Source};
use crate::api::Api;
use crate::cluster::Cluster;
use crate::diagnose::beside::{self, Bedside};
use crate::diagnose::doctor::Doctor;
use crate::diagnose::ward::Ward;
use crate::diagnose::{Because, FailFast, OwnPod};
use crate::doubt::Doubt;
use crate::endpoints::{self, Endpoints, Part};
use crate::evaluate::{Check, service};
use crate::kube_error::KubeError;
use crate::missing::Missing;
use crate::moment::Moment;
use crate::newer_than::{self, NewerThan};
use crate::place::Place;
use crate::resource::{Resource, Scope};
use crate::target::{Target, Which};
use crate::tracker::Tracker;
use crate::verdict::Verdict;
use crate::watch::{Follower, Sink};

/// How often it is tried again to read Services, where that is optional and forbidden.
const OPTIONAL: Duration = Duration::from_secs(60);

/// News of a target.
#[derive(Debug)]
pub enum News {
    /// Another verdict, or another reason for the same.
    Verdict(Verdict),
    /// The same, with what a diagnosis found and how long that has been so.
    Explained(Verdict, Because, Duration),
    /// What holds has not held all the time, because of this.
    Broken(String),
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
    /// Where its diagnoses are made.
    pub ward: Rc<Ward>,
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

impl Follow {
    /// Follows the target until it is dropped; comes back only when that is hopeless.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub async fn run(&self, news: Sender) -> Result<(), SysError> {
        let tell = |said: News| {
            let _ = news.send((self.index, said));
        };
        let limit = match self.age_limit(Some(&tell)).await {
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
            never = beside::stay(&*shared, &changed, || self.doctor()) => never,
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
                let mut follower = self.follower(primary)?;
                let mut source = Source::new(shared, Part::Services, None);
                let error = follower.follow(&mut source).await;
                // Of a custom kind it is known by now where it is served.
                Ok((error, follower.resource().clone()))
            }
            Some(slices) => {
                let mut follower = self.follower(slices.clone())?.or(self.endpoints());
                let mut source = Source::new(shared, Part::Slices, None);
                tokio::select! {
                    end = self.follow_services(shared, primary) => end,
                    error = follower.follow(&mut source) => Ok((error, slices)),
                }
            }
        }
    }

    /// Looks once, and explains what is not met.
    pub async fn look(&self) -> News {
        let shared = match self.read_once().await {
            Ok(shared) => shared,
            Err((error, resource)) => return News::Hopeless(error, resource),
        };
        self.conclude(&shared, Instant::now() + beside::ONCE).await
    }

    async fn read_once(&self) -> Result<Rc<RefCell<Shared>>, (KubeError, Resource)> {
        let shared = self.shared(None, self.age_limit(None).await?);
        for (part, resource) in [(Part::Services, Some(self.resource())), (Part::Slices, self.slices())] {
            let Some(resource) = resource else { continue };
            let is_optional = part == Part::Services && self.can_do_without_services();
            let optional = is_optional.then(|| resource.missing_rule());
            let mut source = Source::new(&shared, part, optional);
            let mut follower = self
                .follower(resource.clone())
                .map_err(|error| (KubeError::Unreachable(error.to_string()), resource.clone()))?
                .or(if part == Part::Slices { self.endpoints() } else { None });
            if let Err(error) = follower.look(&mut source).await {
                source.trouble(&error, error.to_string());
                if !(is_optional && matches!(error, KubeError::Forbidden(_))) {
                    return Err((error, follower.resource().clone()));
                }
            }
        }
        Ok(shared)
    }

    /// What a single look has come to, explained if there is time for it.
    async fn conclude(&self, shared: &RefCell<Shared>, until: Instant) -> News {
        let verdict = shared.borrow().facts.verdict().map(|verdict| self.fail_fast.temper(verdict));
        let Some(verdict) = verdict else {
            return News::Hopeless(KubeError::Unreachable("nothing was read".into()), self.resource());
        };
        shared.borrow_mut().verdict = Some(verdict.clone());
        let mut doctor = self.doctor();
        let diagnosis = match Instant::now() < until {
            true => timeout_at(until, doctor.only_round(|| shared.seen())).await.ok().flatten(),
            false => None,
        };
        match diagnosis.map(|diagnosis| (diagnosis.apply(verdict.clone(), false), diagnosis.since)) {
            Some(((verdict, Some(because)), since)) => News::Explained(verdict, because, since.elapsed()),
            _ => News::Verdict(verdict),
        }
    }

    /// When the objects that count were created at the earliest; for that of the pod that waits, the API server is asked
    /// until it answers, or once where nobody is told.
    async fn age_limit(&self, tell: Option<&dyn Fn(News)>) -> Result<Option<Moment>, (KubeError, Resource)> {
        let (name, namespace) = match (self.newer_than, &self.place) {
            (NewerThan::Whatever, _) => return Ok(None),
            (NewerThan::Time(moment), _) => return Ok(Some(moment)),
            (NewerThan::OwnPod, Place { pod: Some(name), namespace: Some(namespace), .. }) => {
                (name, namespace)
            }
            (NewerThan::OwnPod, _) => return Ok(None),
        };
        let resource = Resource::own_pod(name.clone(), namespace.clone());
        let mut api = Api::new(self.cluster.clone());
        newer_than::own_pod(&mut api, &resource, self.interval, tell).await.map_err(|error| (error, resource))
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
            is_object_kept: true,
            object: None,
            is_object_in_doubt: false,
            diagnosis: None,
            examined: None,
            is_left: false,
            changed: Rc::default(),
            told: None,
            trouble: [None, None],
            index: self.index,
            news,
        };
        Rc::new(RefCell::new(shared))
    }

    fn resource(&self) -> Resource {
        let resource = || Resource::new(&self.target.kind, self.scope.clone(), self.target.which.clone());
        match (&self.target.check, &self.place.node) {
            (Check::AvailableHere, Some(node)) => Resource::pods_on(node.clone(), self.scope.clone()),
            (Check::Exists | Check::Deleted, _) => resource().only_metadata(),
            _ => resource(),
        }
    }

    /// The EndpointSlices that a Service target needs as well.
    fn slices(&self) -> Option<Resource> {
        if !matches!(endpoints::condition(&self.target)?, service::Condition::HasEndpoints { .. }) {
            return None;
        }
        Resource::slices_of(self.scope.clone(), &self.target.which)
    }

    /// What stands in for EndpointSlices where they may not be read, or are not served.
    fn endpoints(&self) -> Option<Resource> {
        Some(Resource::endpoints(self.scope.clone(), self.target.which.clone()))
    }

    fn follower(&self, resource: Resource) -> Result<Follower, SysError> {
        Follower::new(Api::new(self.cluster.clone()), resource, self.interval)
    }

    /// Follows the Services themselves; comes back only where the verdict cannot do without them.
    async fn follow_services(
        &self,
        shared: &Rc<RefCell<Shared>>,
        services: Resource,
    ) -> Result<(KubeError, Resource), SysError> {
        let optional = self.can_do_without_services().then(|| services.missing_rule());
        loop {
            let mut source = Source::new(shared, Part::Services, optional.clone());
            let error = self.follower(services.clone())?.follow(&mut source).await;
            if optional.is_none() {
                return Ok((error, services));
            }
            source.trouble(&error, error.to_string());
            sleep(OPTIONAL).await;
        }
    }

    /// Whether slices alone can decide: those of a Service that has a name can. Of a selection, a Service without
    /// slices would not even be known.
    fn can_do_without_services(&self) -> bool {
        self.slices().is_some() && matches!(self.target.which, Which::Name(_))
    }

    fn doctor(&self) -> Doctor {
        let Self { target, scope, ward, fail_fast, own_pod, .. } = self;
        Doctor::new(ward.clone(), target.clone(), scope.clone(), *fail_fast, own_pod.clone())
    }
}
