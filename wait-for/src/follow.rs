//! Follows one target: connects what is watched with what is known of it, and tells of each change.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::SysError;
use serde_json::value::RawValue;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use crate::api::Api;
use crate::cluster::Cluster;
use crate::discovery::Lookup;
use crate::doubt::Doubt;
use crate::endpoints::{self, Endpoints, Part};
use crate::evaluate::{Check, service};
use crate::kube_error::KubeError;
use crate::missing::Missing;
use crate::moment::Moment;
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
    /// What is older proves nothing.
    pub newer_than: Option<Moment>,
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
    told: Option<Verdict>,
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
        let shared = self.shared(Some(news.clone()));
        let primary = self.resource();
        let error = match self.slices() {
            None => {
                let mut follower = self.follower(primary.clone())?;
                let mut source = Source::new(&shared, Part::Services, false);
                (follower.follow(&mut source).await, primary)
            }
            Some(slices) => {
                let services = self.follow_optional(&shared, primary);
                let mut follower = self.follower(slices.clone())?.or(self.endpoints());
                let mut source = Source::new(&shared, Part::Slices, false);
                tokio::select! {
                    never = services => return never,
                    error = follower.follow(&mut source) => (error, slices),
                }
            }
        };
        // The gate has gone when nobody listens: then there is nothing to tell.
        let _ = news.send((self.index, News::Hopeless(error.0, error.1)));
        Ok(())
    }

    /// Looks once.
    ///
    /// # Errors
    /// What stood in the way, and of which resource.
    pub async fn look(self) -> Result<Verdict, (KubeError, Resource)> {
        let shared = self.shared(None);
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
        let verdict = shared.borrow().facts.verdict();
        verdict.ok_or_else(|| (KubeError::Unreachable("nothing was read".into()), self.resource()))
    }

    fn shared(&self, news: Option<Sender>) -> Rc<RefCell<Shared>> {
        let facts = match endpoints::condition(&self.target) {
            Some(condition) => Facts::Endpoints(Endpoints::new(
                self.target.clone(),
                self.missing,
                condition,
                self.newer_than,
            )),
            None => Facts::Objects(Tracker::new(
                self.target.clone(),
                self.missing,
                self.place.clone(),
                self.newer_than,
            )),
        };
        let shared = Shared {
            facts,
            doubt: Doubt::default(),
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
    async fn follow_optional(
        &self,
        shared: &Rc<RefCell<Shared>>,
        resource: Resource,
    ) -> Result<(), SysError> {
        loop {
            let mut source = Source::new(shared, Part::Services, true);
            let error = self.follower(resource.clone())?.follow(&mut source).await;
            source.trouble(&error);
            sleep(OPTIONAL).await;
        }
    }
}

impl Facts {
    fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Objects(tracker) => tracker.verdict(),
            Self::Endpoints(endpoints) => endpoints.verdict(),
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
        let (verdict, reread) = self.doubt.weigh(verdict, is_fresh);
        if self.told.as_ref() != Some(&verdict) {
            self.told = Some(verdict.clone());
            self.tell(News::Verdict(verdict));
        }
        reread
    }
}

impl Source {
    fn new(shared: &Rc<RefCell<Shared>>, part: Part, is_optional: bool) -> Self {
        Self { shared: shared.clone(), part, is_optional, is_fresh: false }
    }
}

impl Sink for Source {
    fn begin(&mut self) {
        match &mut self.shared.borrow_mut().facts {
            Facts::Objects(tracker) => tracker.begin(),
            Facts::Endpoints(endpoints) => endpoints.begin(self.part),
        }
    }

    fn object(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        match &mut self.shared.borrow_mut().facts {
            Facts::Objects(tracker) => tracker.object(object),
            Facts::Endpoints(endpoints) => endpoints.object(self.part, object),
        }
    }

    fn gone(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        match &mut self.shared.borrow_mut().facts {
            Facts::Objects(tracker) => tracker.gone(object),
            Facts::Endpoints(endpoints) => endpoints.gone(self.part, object),
        }
    }

    fn listed(&mut self) {
        // What is hopeless about a Service is in the Service: its slices do not confirm it.
        self.is_fresh = self.part == Part::Services;
        match &mut self.shared.borrow_mut().facts {
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
