//! Follows a resource: lists it, watches it, and starts over as often as it takes.

use std::time::Duration;

use rand::rngs::SysError;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use crate::answer;
use crate::api::Api;
use crate::backoff::Backoff;
use crate::discovery::{Lookup, look_up};
use crate::frames::{Arrival, Event, Frames};
use crate::kube_error::KubeError;
use crate::resource::Resource;
use crate::resume::{End, Ended, Pause, lifetime, patience};
use crate::retry::{Retry, words};

/// A reading that would end the wait for good is taken twice, this far apart.
const REREAD: Duration = Duration::from_secs(1);
/// Where watching or listing is forbidden, polling goes on for so long before it is tried again.
const DENIED: Duration = Duration::from_secs(60);

/// After so many pages of a list there is a pause before each: there may be no end to them.
const LONG_LIST: usize = 100;
const BETWEEN_PAGES: Duration = Duration::from_millis(5);
/// No list has more pages: half a million objects, or 2,000 of the largest.
const LONGEST_LIST: usize = 2000;

/// A kind that is not served may be installed at any time: it is asked for so often.
const UNSERVED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// What is told about a resource as it is followed.
pub trait Sink {
    /// A list begins: what it does not show is gone.
    fn begin(&mut self);
    /// An object as it is now.
    ///
    /// # Errors
    /// When it is not what the API says such an object is.
    fn object(&mut self, object: &RawValue) -> Result<(), serde_json::Error>;
    /// An object as it last was, before it was deleted or stopped matching.
    ///
    /// # Errors
    /// As for [`Sink::object`].
    fn gone(&mut self, object: &RawValue) -> Result<(), serde_json::Error>;
    /// The list is complete.
    fn listed(&mut self);
    /// Whether and where a custom kind is served.
    fn looked_up(&mut self, lookup: &Lookup);
    /// What was told so far can be judged. Answers whether it has to be read anew to be sure.
    fn settle(&mut self) -> Reread;
    /// The API server cannot be asked just now; `words` say why, and how it ends.
    fn trouble(&mut self, error: &KubeError, words: String);
    /// It can be asked again.
    fn recovered(&mut self);
}

/// Whether a reading has to be taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reread {
    /// No.
    No,
    /// From the server, not from the watch.
    Yes,
}

/// One resource being followed.
pub struct Follower {
    api: Api,
    resource: Resource,
    /// What says the same, where `resource` may not be read or is not served.
    instead: Option<Resource>,
    poll: Duration,
    retry: Retry,
    unserved: Backoff,
    watches: usize,
    bookmarks_seen: bool,
    list_denied: Option<Instant>,
    watch_denied: Option<Instant>,
}

/// How far a look has brought us.
enum Position {
    /// A list: it can be watched from this version on.
    Version(String),
    /// A single get, or a list whose watch is forbidden.
    Unwatched,
    /// The kind is not served.
    Unserved,
}

impl Follower {
    /// Follows `resource`; where it may not be watched, looks every `poll`.
    ///
    /// # Errors
    /// When the system has no randomness for the jitter.
    pub fn new(api: Api, resource: Resource, poll: Duration) -> Result<Self, SysError> {
        Ok(Self {
            api,
            resource,
            instead: None,
            poll,
            retry: Retry::new()?,
            unserved: Backoff::between(UNSERVED.0, UNSERVED.1),
            watches: 0,
            bookmarks_seen: false,
            list_denied: None,
            watch_denied: None,
        })
    }

    /// Follows `instead` where the resource is not served, or may not be read and `instead` may.
    #[must_use]
    pub fn or(mut self, instead: Option<Resource>) -> Self {
        self.instead = instead;
        self
    }

    /// The resource that is followed.
    #[must_use]
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Looks once.
    ///
    /// # Errors
    /// Whatever stood in the way.
    pub async fn look(&mut self, sink: &mut impl Sink) -> Result<(), KubeError> {
        self.read(sink).await?;
        sink.settle();
        Ok(())
    }

    /// Follows until that is hopeless, and says why it is.
    pub async fn follow(&mut self, sink: &mut impl Sink) -> KubeError {
        loop {
            let position = match self.read(sink).await {
                Ok(position) => position,
                Err(error) => match self.recover(error, sink).await {
                    Ok(()) => continue,
                    Err(hopeless) => return hopeless,
                },
            };
            self.retry.answered();
            sink.recovered();
            if sink.settle() == Reread::Yes {
                sleep(REREAD).await;
                continue;
            }
            match position {
                Position::Version(version) => {
                    if let Err(hopeless) = self.watch_from(version, sink).await {
                        return hopeless;
                    }
                }
                Position::Unwatched => sleep(self.poll).await,
                Position::Unserved => sleep(self.retry.delay(&mut self.unserved)).await,
            }
        }
    }

    /// Finds out where a custom kind is served; answers whether it is.
    async fn find(&mut self, sink: &mut impl Sink) -> Result<bool, KubeError> {
        let Some(custom) = self.resource.sought() else { return Ok(true) };
        let lookup = look_up(&mut self.api, custom).await?;
        sink.looked_up(&lookup);
        match lookup {
            Lookup::Found(served) => self.resource.find(served),
            Lookup::Absent(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Reads the present state, of a custom kind once it is known where it is served.
    async fn read(&mut self, sink: &mut impl Sink) -> Result<Position, KubeError> {
        if !self.find(sink).await? {
            return Ok(Position::Unserved);
        }
        match self.read_objects(sink).await {
            // Its definition was deleted, which discovery knows; or it is so new that serving lags behind.
            Err(KubeError::NotServed) if self.resource.is_custom() => {
                self.resource.lose();
                if self.find(sink).await? { Err(KubeError::NotServed) } else { Ok(Position::Unserved) }
            }
            Err(error @ (KubeError::Forbidden(_) | KubeError::NotServed)) => {
                self.read_instead(sink).await.ok_or(error)
            }
            read => {
                self.unserved.reset();
                read
            }
        }
    }

    /// Reads what says the same, and stays with it where that goes well.
    async fn read_instead(&mut self, sink: &mut impl Sink) -> Option<Position> {
        let instead = self.instead.take()?;
        let first = std::mem::replace(&mut self.resource, instead);
        match self.read_objects(sink).await {
            Ok(position) => {
                tracing::warn!(
                    "{first} may not be read: {} have to do; {}",
                    self.resource,
                    first.missing_rule()
                );
                self.instead = Some(first);
                Some(position)
            }
            Err(error) => {
                tracing::debug!(resource = %self.resource, %error, "cannot be read instead");
                self.instead = Some(std::mem::replace(&mut self.resource, first));
                None
            }
        }
    }

    /// Reads the objects: a list, or a get where only that is allowed.
    async fn read_objects(&mut self, sink: &mut impl Sink) -> Result<Position, KubeError> {
        if !is_recent(self.list_denied) {
            match self.list(sink).await {
                Ok(_) if is_recent(self.watch_denied) => return Ok(Position::Unwatched),
                // Some aggregated APIs have no versions: they cannot be watched, only asked again.
                Ok(version) => return Ok(version.map_or(Position::Unwatched, Position::Version)),
                Err(denied @ KubeError::Forbidden(_)) if self.resource.name().is_some() => {
                    self.get(sink).await.map_err(|error| match error {
                        // Listing is what we would rather do: ask for that.
                        KubeError::Forbidden(_) => denied,
                        other => other,
                    })?;
                    self.note_polling("listing and watching", &mut |this| &mut this.list_denied);
                    return Ok(Position::Unwatched);
                }
                Err(error) => return Err(error),
            }
        }
        self.get(sink).await.map(|()| Position::Unwatched)
    }

    /// Reads all pages; answers from which version on the collection can be watched, if it can.
    async fn list(&mut self, sink: &mut impl Sink) -> Result<Option<String>, KubeError> {
        sink.begin();
        let (mut next, mut any, mut stranger) = (None::<String>, false, None);
        for number in 0..LONGEST_LIST {
            if number == LONG_LIST {
                let so_far = format!("a list of {LONG_LIST} pages so far, and it goes on");
                self.tell(&KubeError::NoAnswer(so_far), sink);
            }
            if number >= LONG_LIST {
                sleep(BETWEEN_PAGES).await;
            }
            let body = self.api.list(&self.resource, next.clone()).await?;
            let page = answer::page(&self.resource, &body)?;
            for object in page.items {
                match answer::stranger(&self.resource, object)? {
                    None => {
                        sink.object(object).map_err(unreadable)?;
                        any = true;
                    }
                    other => stranger = other,
                }
            }
            if page.next.is_none() {
                self.check_selection(any, stranger)?;
                sink.listed();
                return Ok(page.version);
            }
            if page.next == next {
                return Err(KubeError::NoAnswer("a list whose next page is the same one again".into()));
            }
            next = page.next;
        }
        Err(KubeError::NoAnswer(format!("a list without an end: {LONGEST_LIST} pages, and there is another")))
    }

    /// A list with other objects in it is by somebody who does not know what was asked for. The one object that was
    /// named can be in it all the same, but that it is missing proves nothing, nor that a selection is complete.
    fn check_selection(&self, has_ours: bool, stranger: Option<String>) -> Result<(), KubeError> {
        match stranger {
            Some(stranger) if !(has_ours && self.resource.name().is_some()) => {
                Err(answer::foreign(&self.resource, &stranger))
            }
            _ => Ok(()),
        }
    }

    async fn get(&mut self, sink: &mut impl Sink) -> Result<(), KubeError> {
        let name = self.resource.name().unwrap_or_default().to_owned();
        sink.begin();
        match self.api.get(&self.resource, &name).await {
            Ok(body) => {
                let object = answer::object(&self.resource, &body)?;
                sink.object(object).map_err(unreadable)?;
            }
            Err(KubeError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        sink.listed();
        Ok(())
    }

    /// Watches from `version` on, over as many watches as end well.
    async fn watch_from(&mut self, mut version: String, sink: &mut impl Sink) -> Result<(), KubeError> {
        loop {
            let opened = Instant::now();
            let mut spoke = false;
            let end = match self.watch(&mut version, &mut spoke, sink).await {
                Ok(Some(end)) => end,
                // A reading to take again.
                Ok(None) => {
                    self.api.disconnect();
                    sleep(REREAD).await;
                    return Ok(());
                }
                Err(error) => End::Failed(error),
            };
            if end != End::Clean {
                self.api.disconnect();
            }
            if let End::Failed(KubeError::Forbidden(_)) = end {
                self.note_polling("watching", &mut |this| &mut this.watch_denied);
                sleep(self.poll).await;
                return Ok(());
            }
            let ended = Ended { end, lived: opened.elapsed(), spoke };
            let next = ended.next();
            tracing::debug!(resource = %self.resource, ?ended, relist = next.relist, "watch ended");
            match next.pause {
                None => self.retry.calm(),
                Some(Pause(asked)) => {
                    if let End::Failed(error) = &ended.end {
                        self.check_hopeless(error)?;
                        self.tell(error, sink);
                    }
                    self.retry.pause(asked).await;
                }
            }
            if next.relist {
                return Ok(());
            }
        }
    }

    /// One watch, up to its end; `None` when what it said has to be read anew.
    async fn watch(
        &mut self,
        version: &mut String,
        spoke: &mut bool,
        sink: &mut impl Sink,
    ) -> Result<Option<End>, KubeError> {
        let lifetime = lifetime(self.watches);
        let mut frames = self.api.watch(&self.resource, version, lifetime).await?;
        self.watches += 1;
        sink.recovered();
        loop {
            match frames.more(patience(lifetime, self.bookmarks_seen)).await? {
                Arrival::End => return Ok(Some(End::Clean)),
                Arrival::Silence => return Ok(Some(End::Silent)),
                Arrival::Data => {
                    *spoke |= self.take_events(&mut frames, version, sink)?;
                    if sink.settle() == Reread::Yes {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Hands on what has arrived; answers whether there was a whole event in it.
    fn take_events(
        &mut self,
        frames: &mut Frames,
        version: &mut String,
        sink: &mut impl Sink,
    ) -> Result<bool, KubeError> {
        let mut any = false;
        while let Some(line) = frames.line() {
            let event = Event::parse(line)?;
            match event.kind {
                "ADDED" | "MODIFIED" => {
                    answer::event(&self.resource, event.object)?;
                    sink.object(event.object).map_err(unreadable)?;
                }
                "DELETED" => {
                    answer::gone(&self.resource, event.object)?;
                    sink.gone(event.object).map_err(unreadable)?;
                }
                "BOOKMARK" => {
                    answer::kind(&self.resource, event.object)?;
                    self.bookmarks_seen = true;
                }
                "ERROR" => return Err(KubeError::from_event(event.object)),
                other => {
                    tracing::debug!(event = other, "unknown event type, passed over");
                    continue;
                }
            }
            if let Some(newer) = event.resource_version().filter(|version| answer::is_version(version)) {
                *version = newer;
            }
            any = true;
        }
        Ok(any)
    }

    /// Tells of the trouble and waits a little; an error when waiting does not help.
    async fn recover(&mut self, error: KubeError, sink: &mut impl Sink) -> Result<(), KubeError> {
        self.api.disconnect();
        self.check_hopeless(&error)?;
        self.tell(&error, sink);
        self.retry.pause(error.retry_after()).await;
        Ok(())
    }

    fn tell(&self, error: &KubeError, sink: &mut impl Sink) {
        sink.trouble(error, words(error, &self.resource.missing_rule()));
    }

    fn check_hopeless(&mut self, error: &KubeError) -> Result<(), KubeError> {
        if self.retry.is_hopeless(error) { Err(error.clone()) } else { Ok(()) }
    }

    /// Remembers that something is forbidden; says so the first time.
    fn note_polling(&mut self, what: &str, denied: &mut dyn FnMut(&mut Self) -> &mut Option<Instant>) {
        if denied(self).replace(Instant::now()).is_none() {
            tracing::warn!(
                "{what} {} is forbidden: asking every {:?} instead; {}",
                self.resource,
                self.poll,
                self.resource.missing_rule()
            );
        }
    }
}

fn is_recent(denied: Option<Instant>) -> bool {
    denied.is_some_and(|since| since.elapsed() < DENIED)
}

fn unreadable(error: serde_json::Error) -> KubeError {
    KubeError::NoAnswer(format!("what is no such object: {error}"))
}
