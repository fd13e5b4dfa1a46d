//! The run: starts what follows each target, hears its news, and ends when the outcome is decided.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use crate::aim::Aim;
use crate::cluster::Cluster;
use crate::config::{Config, Wanted};
use crate::diagnose::OwnPod;
use crate::diagnose::ward::Ward;
use crate::follow::{Follow, News, crowd};
use crate::kube_error::KubeError;
use crate::network;
use crate::outcome::{OnTimeout, Outcome, decide};
use crate::output::{Chorus, Opening, Output, Pace, Voice, closing};
use crate::resource::{Resource, Scope};
use crate::row::Row;
use crate::signals::Signals;
use crate::termination_log::LastWords;
use crate::verdict::{Finding, Verdict};

/// A gate that waits says why at least so often.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// A single look ends by then, whatever the API server does.
const ONCE: Duration = Duration::from_secs(30);
/// So much news is heard at once before its end is judged: of thousands of targets it comes in floods.
const BATCH: usize = 1000;
/// No more reasons fit into a termination log, nor does anybody read them.
const REASONS: usize = 50;
/// How often a terminal shows that time passes.
const TICK: Duration = Duration::from_millis(500);

/// A run over the targets of one configuration.
pub struct Gate {
    config: Config,
    start: Instant,
    rows: Vec<Row>,
    output: Output,
    pace: Pace,
    troubles: Chorus,
    recoveries: Chorus,
    last_words: LastWords,
}

impl Gate {
    /// A gate whose time runs from `start`.
    #[must_use]
    pub fn new(config: Config, output: Output, start: Instant) -> Self {
        let rows = config.wanted.iter().map(row).collect();
        let last_words = LastWords::new(config.termination_log.clone());
        Self {
            config,
            start,
            rows,
            output,
            pace: Pace::default(),
            troubles: Chorus::default(),
            recoveries: Chorus::default(),
            last_words,
        }
    }

    /// Waits until the outcome is decided, by a target, the clock or a signal.
    pub async fn run(mut self, cluster: Option<Cluster>, signals: &mut Signals) -> Outcome {
        self.open(cluster.as_ref());
        let (sender, mut news) = mpsc::unbounded_channel();
        let local = LocalSet::new();
        let mut followers = JoinSet::new();
        let follows = cluster.map(|cluster| self.follows(Rc::new(cluster))).unwrap_or_default();
        let (singles, crowds) = crowd::gather(follows);
        for crowd in crowds {
            let (sender, once) = (sender.clone(), self.config.once);
            followers.spawn_local_on(
                async move {
                    if once {
                        crowd.look(sender).await;
                    } else if let Err(error) = crowd.run(sender).await {
                        tracing::error!("no randomness: {error}");
                    }
                },
                &local,
            );
        }
        for follow in singles {
            let (sender, once) = (sender.clone(), self.config.once);
            followers.spawn_local_on(
                async move {
                    if once {
                        let index = follow.index;
                        let _ = sender.send((index, follow.look().await));
                    } else if let Err(error) = follow.run(sender).await {
                        tracing::error!("no randomness: {error}");
                    }
                },
                &local,
            );
        }
        for follow in self.network() {
            let (sender, once) = (sender.clone(), self.config.once);
            followers.spawn_local_on(
                async move {
                    if once {
                        let index = follow.index;
                        let _ = sender.send((index, News::Verdict(follow.look().await)));
                    } else if let Err(error) = follow.run(sender).await {
                        tracing::error!("no randomness: {error}");
                    }
                },
                &local,
            );
        }
        let outcome = match local.run_until(self.listen(&mut news, signals)).await {
            Outcome::TimedOut if self.config.on_timeout == OnTimeout::Continue => Outcome::Waived,
            outcome => outcome,
        };
        self.close(outcome);
        outcome
    }

    async fn listen(
        &mut self,
        news: &mut mpsc::UnboundedReceiver<(usize, News)>,
        signals: &mut Signals,
    ) -> Outcome {
        let deadline = self.config.timeout.or(self.config.once.then_some(ONCE));
        let mut heartbeat = interval_at(self.start + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick = interval_at(self.start + TICK, TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unheard = self.rows.len();
        let mut batch = Vec::new();
        loop {
            let now = self.start.elapsed();
            let turns = self.rows.iter().filter_map(|row| row.standing.turns_at(now)).chain(deadline);
            let turn = turns.chain(self.pace.next()).chain(self.last_words.due()).min();
            tokio::select! {
                biased;
                signal = signals.recv() => return Outcome::Signalled(signal),
                heard = news.recv_many(&mut batch, BATCH) => {
                    unheard = unheard.saturating_sub(heard);
                    batch.drain(..).for_each(|(index, said)| self.hear(index, said));
                }
                () = sleep_until(self.start + turn.unwrap_or_default()), if turn.is_some() => self.turn(),
                _ = heartbeat.tick() => self.output.beat(&self.rows, self.start.elapsed()),
                _ = tick.tick(), if self.output.is_live() => self.output.tick(&self.rows, self.start.elapsed()),
            }
            let now = self.start.elapsed();
            let ends: Vec<Option<Outcome>> = self.rows.iter().map(|row| row.standing.end(now)).collect();
            match decide(&ends, self.config.quorum) {
                // A single look hears every target out.
                _ if self.config.once && unheard > 0 => {}
                Some(outcome) => return outcome,
                None if self.config.once => return Outcome::TimedOut,
                None => {}
            }
            if deadline.is_some_and(|deadline| now >= deadline) {
                return Outcome::TimedOut;
            }
        }
    }

    fn follows(&self, cluster: Rc<Cluster>) -> Vec<Follow> {
        let own_pod = OwnPod::find(|name| std::env::var(name).ok(), &cluster.namespace);
        let ward = Rc::new(Ward::new(cluster.clone()));
        let wanted = self.config.wanted.iter().enumerate();
        wanted
            .filter_map(|(index, wanted)| Some((index, wanted, wanted.aim.object()?)))
            .map(|(index, wanted, target)| {
                let scope = match (&target.namespace, &self.config.scope) {
                    (Some(namespace), _) => Scope::Namespace(namespace.clone()),
                    (None, Some(scope)) => scope.clone(),
                    (None, None) => Scope::Namespace(cluster.namespace.clone()),
                };
                Follow {
                    index,
                    target: target.clone(),
                    missing: wanted.missing,
                    scope,
                    cluster: cluster.clone(),
                    ward: ward.clone(),
                    interval: self.config.interval,
                    place: self.config.place.or_namespace(&cluster.namespace),
                    newer_than: wanted.newer_than,
                    fail_fast: wanted.fail_fast,
                    own_pod: own_pod.clone(),
                }
            })
            .collect()
    }

    fn network(&self) -> Vec<network::Follow> {
        let wanted = self.config.wanted.iter().enumerate();
        wanted
            .filter_map(|(index, wanted)| match &wanted.aim {
                Aim::Object(_) => None,
                Aim::Network(target) => Some(network::Follow { index, target: target.clone() }),
            })
            .collect()
    }

    fn open(&mut self, cluster: Option<&Cluster>) {
        let place = cluster.map(|cluster| {
            let scope = self.config.scope.clone();
            let scope = scope.unwrap_or_else(|| Scope::Namespace(cluster.namespace.clone()));
            (scope.to_string(), cluster.server.to_string())
        });
        let opening = Opening {
            targets: self.config.wanted.iter().map(|wanted| wanted.aim.full()).collect(),
            place,
            timeout: self.config.timeout,
            rows: &self.rows,
        };
        self.output.open(&opening, self.start.elapsed());
    }

    fn hear(&mut self, index: usize, said: News) {
        let now = self.start.elapsed();
        let row = &mut self.rows[index];
        let is_worth_a_line = match said {
            News::Verdict(verdict) => row.learn(verdict, now),
            News::Explained(verdict, because, age) => row.learn_why(verdict, because, age, now),
            News::Broken(why) => row.start_anew(why, now),
            News::Trouble(what) => {
                self.recoveries.end();
                row.suffer(what.clone(), now) && self.is_heard(Sort::Trouble, &what)
            }
            News::Recovered => {
                self.troubles.end();
                if let Some(lasted) = row.recover(now)
                    && self.is_heard(Sort::Recovery, "the API server answers again")
                {
                    self.output.recover(&self.rows, index, lasted, now);
                }
                false
            }
            News::Hopeless(error, resource) => {
                lose_hope(row, error, &resource, now);
                false
            }
        };
        if is_worth_a_line && !self.config.once {
            self.say(index, now);
            self.last_words.expire();
        }
    }

    /// Whether a line that thousands of targets may have in common is for this one to say.
    fn is_heard(&mut self, sort: Sort, what: &str) -> bool {
        if !self.output.is_for_people() {
            return true;
        }
        let chorus = match sort {
            Sort::Trouble => &mut self.troubles,
            Sort::Recovery => &mut self.recoveries,
        };
        match chorus.join(what) {
            Voice::Solo => true,
            Voice::Refrain => {
                self.output.refrain(what);
                false
            }
            Voice::Silent => false,
        }
    }

    /// A line about a target, unless it is too soon for another.
    fn say(&mut self, index: usize, now: Duration) {
        let row = &self.rows[index];
        if self.pace.allows(index, &row.sort(now), &row.gist(now), now) {
            self.output.change(&self.rows, index, now);
        }
    }

    /// What time alone brings about.
    fn turn(&mut self) {
        let now = self.start.elapsed();
        while let Some(index) = self.pace.take_due(now) {
            self.say(index, now);
        }
        for index in 0..self.rows.len() {
            if self.rows[index].turns_waived(now) {
                self.output.waive(&self.rows, index, now);
                self.last_words.expire();
            }
        }
        if self.last_words.due().is_some_and(|due| due <= now) {
            let (reasons, more) = self.reasons(now);
            self.last_words.write(&reasons, more, now);
        }
    }

    /// Why the gate is closed: a line for each target that is not met, and how many more there are.
    fn reasons(&self, now: Duration) -> (Vec<String>, usize) {
        let mut closed = self.rows.iter().filter(|row| !row.is_open(now));
        let lines = closed.by_ref().take(REASONS).map(|row| row.line(now)).collect();
        (lines, closed.count())
    }

    fn close(&mut self, outcome: Outcome) {
        let now = self.start.elapsed();
        self.output.close(&self.rows, outcome, self.config.once, now);
        let (mut last, mut more) = (Vec::new(), 0);
        if outcome.code() != 0 {
            last.push(closing(outcome, now));
            let reasons = self.reasons(now);
            last.extend(reasons.0);
            more = reasons.1;
        }
        self.last_words.write(&last, more, now);
    }
}

/// What many targets may have in common.
#[derive(Clone, Copy)]
enum Sort {
    Trouble,
    Recovery,
}

/// A target's line before its first news.
fn row(wanted: &Wanted) -> Row {
    let mut row = Row::new(wanted.aim.to_string(), wanted.terms);
    if let Aim::Network(_) = wanted.aim {
        row.learn(Verdict::NotYet(Finding::state("no answer yet")), Duration::ZERO);
    }
    row
}

/// What an error that ends the wait makes of a target.
fn lose_hope(row: &mut Row, error: KubeError, resource: &Resource, now: Duration) {
    row.trouble = None;
    match error {
        KubeError::Rejected(_) => row.misuse(Finding::state(error.to_string()), now),
        KubeError::Forbidden(words) => row.refuse(resource.refusal(&words), now),
        KubeError::Unauthorized(_) | KubeError::Untrusted(_) => row.refuse(error.to_string(), now),
        // Only a single look ends with these: nothing was learnt.
        KubeError::Unreachable(_)
        | KubeError::NoAnswer(_)
        | KubeError::TooLarge(_)
        | KubeError::Pending(_)
        | KubeError::Busy { .. }
        | KubeError::Expired(_)
        | KubeError::NotFound(_)
        | KubeError::NotServed => {
            row.suffer(error.to_string(), now);
        }
    }
}
