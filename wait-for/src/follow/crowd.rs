//! Many named targets of one kind in one place: one list and one watch of the whole collection serve them all.
//!
//! Followed one by one, thousands of targets would be as many connections. A rule with `resourceNames` does not reach
//! that far, and a collection may hold far more than is asked for: then each target is followed by itself all the same.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use rand::rngs::SysError;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::shared::{Shared, Source};
use super::{Follow, News, Sender};
use crate::api::Api;
use crate::diagnose::beside;
use crate::discovery::{Lookup, look_up};
use crate::endpoints::Part;
use crate::evaluate::Check;
use crate::kube_error::KubeError;
use crate::newer_than::NewerThan;
use crate::resource::Resource;
use crate::selector::Selector;
use crate::target::Which;
use crate::watch::{Reread, Sink};

/// From so many targets on, one watch of all is cheaper for both sides than one for each.
pub const LEAST: usize = 100;
/// A collection that holds so many times more objects than there are targets is not read for their sake.
const TIMES: u64 = 10;

/// Targets that one watch can serve; as many as [`LEAST`] at least.
pub struct Crowd {
    members: Vec<Rc<Follow>>,
}

/// How the members are followed.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Together,
    OneByOne,
}

/// Parts those that are many of one kind in one place from those that are followed one by one.
#[must_use]
pub fn gather(follows: Vec<Follow>) -> (Vec<Follow>, Vec<Crowd>) {
    let mut groups: BTreeMap<Option<(String, String, bool)>, Vec<Follow>> = BTreeMap::new();
    for follow in follows {
        groups.entry(place(&follow)).or_default().push(follow);
    }
    let (mut singles, mut crowds) = (Vec::new(), Vec::new());
    for (place, members) in groups {
        if place.is_some() && members.len() >= LEAST {
            crowds.push(Crowd { members: members.into_iter().map(Rc::new).collect() });
        } else {
            singles.extend(members);
        }
    }
    (singles, crowds)
}

/// What targets must have in common to be followed together: kind, place, and whether slices are needed as well.
fn place(follow: &Follow) -> Option<(String, String, bool)> {
    let target = &follow.target;
    let is_named = matches!(target.which, Which::Name(_)) && target.check != Check::AvailableHere;
    is_named.then(|| (target.kind.to_string(), follow.scope.to_string(), follow.slices().is_some()))
}

impl Crowd {
    /// Follows them all until it is dropped; comes back only when that is hopeless.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub async fn run(self, news: Sender) -> Result<(), SysError> {
        if self.plan().await == Plan::Together {
            let (error, resource) = self.run_together(&news).await?;
            // A right that was taken back may have been more than is needed.
            if !matches!(error, KubeError::Forbidden(_)) {
                for member in &self.members {
                    let _ = news.send((member.index, News::Hopeless(error.clone(), resource.clone())));
                }
                return Ok(());
            }
        }
        let mut singles = JoinSet::new();
        for member in self.members {
            let news = news.clone();
            singles.spawn_local(async move { member.run(news).await });
        }
        while let Some(ended) = singles.join_next().await {
            ended.unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// Looks at them all once, and tells of each.
    pub async fn look(self, news: Sender) {
        if self.plan().await == Plan::OneByOne {
            let mut singles = JoinSet::new();
            for member in self.members {
                let news = news.clone();
                singles.spawn_local(async move { news.send((member.index, member.look().await)) });
            }
            while singles.join_next().await.is_some() {}
            return;
        }
        let shared = self.shared(None).await;
        let seen = match shared {
            Ok(shared) => self.look_together(&shared).await.map(|()| shared),
            Err(refused) => Err(refused),
        };
        let until = Instant::now() + beside::ONCE;
        for (at, member) in self.members.iter().enumerate() {
            let said = match &seen {
                Ok(shared) => member.conclude(&shared[at], until).await,
                Err((error, resource)) => News::Hopeless(error.clone(), resource.clone()),
            };
            let _ = news.send((member.index, said));
        }
    }

    /// Together where the whole may be read and is not much more than the parts. What stands in the way otherwise is
    /// met again by whoever follows.
    async fn plan(&self) -> Plan {
        let Some(first) = self.members.first() else { return Plan::OneByOne };
        let mut api = Api::new(first.cluster.clone());
        for (_, mut resource) in self.resources() {
            if let Some(custom) = resource.sought() {
                match look_up(&mut api, custom).await {
                    Ok(Lookup::Found(served)) => resource.find(served),
                    _ => continue,
                }
            }
            let is_too_much = match api.count(&resource).await {
                Ok(count) => count > self.members.len() as u64 * TIMES,
                Err(error) => matches!(error, KubeError::Forbidden(_)),
            };
            if is_too_much {
                return Plan::OneByOne;
            }
        }
        Plan::Together
    }

    /// The collections that the members' objects are in.
    fn resources(&self) -> Vec<(Part, Resource)> {
        let Some(first) = self.members.first() else { return Vec::new() };
        let everything = Which::Selector(Selector::everything());
        let objects = Resource::new(&first.target.kind, first.scope.clone(), everything.clone());
        let is_slim = |member: &Rc<Follow>| matches!(member.target.check, Check::Exists | Check::Deleted);
        let objects = if self.members.iter().all(is_slim) { objects.only_metadata() } else { objects };
        let mut resources = vec![(Part::Services, objects)];
        if first.slices().is_some() {
            let slices = Resource::slices_of(first.scope.clone(), &everything);
            resources.extend(slices.map(|slices| (Part::Slices, slices)));
        }
        resources
    }

    /// What is known of each member, which is nothing yet.
    async fn shared(&self, news: Option<&Sender>) -> Result<Vec<Rc<RefCell<Shared>>>, (KubeError, Resource)> {
        let (mut all, mut own) = (Vec::new(), None);
        for member in &self.members {
            let tell = |said: News| {
                if let Some(news) = news {
                    let _ = news.send((member.index, said));
                }
            };
            let limit = match (member.newer_than, own) {
                // Which is the same for all of them.
                (NewerThan::OwnPod, Some(limit)) => limit,
                _ => member.age_limit(news.is_some().then_some(&tell as &dyn Fn(News))).await?,
            };
            if member.newer_than == NewerThan::OwnPod {
                own = Some(limit);
            }
            let shared = member.shared(news.cloned(), limit);
            shared.borrow_mut().is_object_kept = false;
            all.push(shared);
        }
        Ok(all)
    }

    async fn run_together(&self, news: &Sender) -> Result<(KubeError, Resource), SysError> {
        let shared = match self.shared(Some(news)).await {
            Ok(shared) => shared,
            Err(refused) => return Ok(refused),
        };
        let mut bedsides = JoinSet::new();
        for (member, shared) in self.members.iter().zip(&shared) {
            let (shared, member) = (shared.clone(), member.clone());
            bedsides.spawn_local(async move {
                let changed = shared.borrow().changed.clone();
                beside::stay(&*shared, &changed, || member.doctor()).await;
            });
        }
        let mut watches = JoinSet::new();
        for (part, resource) in self.resources() {
            let mut follower = self.members[0].follower(resource.clone())?;
            let mut source = Crowded::new(&self.members, &shared, part);
            watches.spawn_local(async move { (follower.follow(&mut source).await, resource) });
        }
        loop {
            if let Some(Ok(end)) = watches.join_next().await {
                return Ok(end);
            }
        }
    }

    async fn look_together(&self, shared: &[Rc<RefCell<Shared>>]) -> Result<(), (KubeError, Resource)> {
        for (part, resource) in self.resources() {
            let mut source = Crowded::new(&self.members, shared, part);
            let follower = self.members[0].follower(resource.clone());
            let looked = match follower {
                Ok(mut follower) => follower.look(&mut source).await,
                Err(error) => Err(KubeError::Unreachable(error.to_string())),
            };
            looked.map_err(|error| (error, resource))?;
        }
        Ok(())
    }
}

/// Hands on what is told of a collection to the members that it concerns.
struct Crowded {
    sources: Vec<Source>,
    /// By the name of the object, or of the Service that a slice belongs to.
    by_name: HashMap<Box<str>, Vec<usize>>,
    part: Part,
    /// Those that have something to judge.
    stirred: Vec<usize>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    metadata: crate::object::Metadata,
}

impl Crowded {
    fn new(members: &[Rc<Follow>], shared: &[Rc<RefCell<Shared>>], part: Part) -> Self {
        let mut by_name: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (at, member) in members.iter().enumerate() {
            if let Which::Name(name) = &member.target.which {
                by_name.entry(name.as_str().into()).or_default().push(at);
            }
        }
        let sources = shared.iter().map(|shared| Source::new(shared, part, None)).collect();
        Self { sources, by_name, part, stirred: Vec::new() }
    }

    /// Those whom the object concerns, who will have something to judge.
    fn concerned(&mut self, object: &RawValue) -> Result<Vec<usize>, serde_json::Error> {
        let Named { metadata } = serde_json::from_str(object.get())?;
        let name = match self.part {
            Part::Services => &metadata.name,
            Part::Slices => &metadata.labels.service_name,
        };
        let concerned = self.by_name.get(name).cloned().unwrap_or_default();
        self.stirred.extend(&concerned);
        Ok(concerned)
    }

    fn all(&mut self, tell: impl Fn(&mut Source)) {
        self.sources.iter_mut().for_each(tell);
    }
}

impl Sink for Crowded {
    fn begin(&mut self) {
        self.all(Sink::begin);
    }

    fn object(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        for at in self.concerned(object)? {
            self.sources[at].object(object)?;
        }
        Ok(())
    }

    fn gone(&mut self, object: &RawValue) -> Result<(), serde_json::Error> {
        for at in self.concerned(object)? {
            self.sources[at].gone(object)?;
        }
        Ok(())
    }

    fn listed(&mut self) {
        self.all(Sink::listed);
        self.stirred = (0..self.sources.len()).collect();
    }

    fn looked_up(&mut self, lookup: &Lookup) {
        self.all(|source| source.looked_up(lookup));
        self.stirred = (0..self.sources.len()).collect();
    }

    fn settle(&mut self) -> Reread {
        let mut reread = Reread::No;
        for at in std::mem::take(&mut self.stirred) {
            if self.sources[at].settle() == Reread::Yes {
                reread = Reread::Yes;
            }
        }
        reread
    }

    fn trouble(&mut self, error: &KubeError, words: String) {
        self.all(|source| source.trouble(error, words.clone()));
    }

    fn recovered(&mut self) {
        self.all(Sink::recovered);
    }
}
