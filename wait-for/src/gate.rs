//! The run: starts what follows each target, hears its news, and ends when the outcome is decided.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use crate::cluster::Cluster;
use crate::config::{Config, OnTimeout};
use crate::diagnose::{FailFast, OwnPod};
use crate::follow::{Follow, News};
use crate::kube_error::KubeError;
use crate::outcome::{Outcome, decide};
use crate::output::{Opening, Output, closing};
use crate::resource::{Resource, Scope};
use crate::row::Row;
use crate::signals::Signals;
use crate::target::Target;
use crate::termination_log;
use crate::verdict::Finding;

/// A gate that waits says why at least so often.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// A single look ends by then, whatever the API server does.
const ONCE: Duration = Duration::from_secs(30);
/// How often a terminal shows that time passes.
const TICK: Duration = Duration::from_millis(500);

/// A run over the targets of one configuration.
pub struct Gate {
    config: Config,
    start: Instant,
    rows: Vec<Row>,
    output: Output,
}

impl Gate {
    /// A gate whose time runs from `start`.
    #[must_use]
    pub fn new(config: Config, output: Output, start: Instant) -> Self {
        let rows =
            config.wanted.iter().map(|wanted| Row::new(row_name(&wanted.target), wanted.terms)).collect();
        Self { config, start, rows, output }
    }

    /// Waits until the outcome is decided, by a target, the clock or a signal.
    pub async fn run(mut self, cluster: Cluster, signals: &mut Signals) -> Outcome {
        self.open(&cluster);
        let (sender, mut news) = mpsc::unbounded_channel();
        let local = LocalSet::new();
        let mut followers = JoinSet::new();
        for follow in self.follows(Rc::new(cluster)) {
            let (index, sender, once) = (follow.index, sender.clone(), self.config.once);
            followers.spawn_local_on(
                async move {
                    if once {
                        let said = match follow.look().await {
                            Ok(said) => said,
                            Err((error, resource)) => News::Hopeless(error, resource),
                        };
                        let _ = sender.send((index, said));
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
        loop {
            let now = self.start.elapsed();
            let turn = self.rows.iter().filter_map(|row| row.standing.turns_at(now)).chain(deadline).min();
            tokio::select! {
                biased;
                signal = signals.recv() => return Outcome::Signalled(signal),
                Some((index, said)) = news.recv() => {
                    self.hear(index, said);
                    unheard = unheard.saturating_sub(1);
                }
                () = sleep_until(self.start + turn.unwrap_or_default()), if turn.is_some() => {}
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
        let wanted = self.config.wanted.iter().enumerate();
        wanted
            .map(|(index, wanted)| {
                let scope = match (&wanted.target.namespace, &self.config.scope) {
                    (Some(namespace), _) => Scope::Namespace(namespace.clone()),
                    (None, Some(scope)) => scope.clone(),
                    (None, None) => Scope::Namespace(cluster.namespace.clone()),
                };
                Follow {
                    index,
                    target: wanted.target.clone(),
                    missing: wanted.missing,
                    scope,
                    cluster: cluster.clone(),
                    interval: self.config.interval,
                    place: self.config.place.or_namespace(&cluster.namespace),
                    newer_than: None,
                    fail_fast: FailFast::default(),
                    own_pod: own_pod.clone(),
                }
            })
            .collect()
    }

    fn open(&mut self, cluster: &Cluster) {
        let scope = self.config.scope.clone().unwrap_or_else(|| Scope::Namespace(cluster.namespace.clone()));
        let opening = Opening {
            targets: self.config.wanted.iter().map(|wanted| wanted.target.full()).collect(),
            scope: scope.to_string(),
            server: cluster.server.to_string(),
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
            News::Trouble(what) => row.suffer(what, now),
            News::Recovered => {
                if let Some(lasted) = row.recover(now) {
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
            self.output.change(&self.rows, index, now);
            termination_log::write(&self.config.termination_log, &self.reasons(now));
        }
    }

    /// Why the gate is closed: a line for each target that is not met.
    fn reasons(&self, now: Duration) -> Vec<String> {
        self.rows.iter().filter(|row| !row.is_open(now)).map(|row| row.line(now)).collect()
    }

    fn close(&mut self, outcome: Outcome) {
        let now = self.start.elapsed();
        self.output.close(&self.rows, outcome, self.config.once, now);
        let mut last = Vec::new();
        if outcome.code() != 0 {
            last.push(closing(outcome, now));
            last.extend(self.reasons(now));
        }
        termination_log::write(&self.config.termination_log, &last);
    }
}

/// `deployment/api`, or `deployment/api@shop` where the target names its namespace.
fn row_name(target: &Target) -> String {
    match &target.namespace {
        Some(namespace) => format!("{target}@{namespace}"),
        None => target.to_string(),
    }
}

/// What an error that ends the wait makes of a target.
fn lose_hope(row: &mut Row, error: KubeError, resource: &Resource, now: Duration) {
    row.trouble = None;
    match error {
        KubeError::Rejected(_) => row.misuse(Finding::state(error.to_string()), now),
        KubeError::Forbidden(_) => row.refuse(format!("{error}; {}", resource.missing_rule()), now),
        KubeError::Unauthorized(_) | KubeError::Untrusted(_) => row.refuse(error.to_string(), now),
        // Only a single look ends with these: nothing was learnt.
        KubeError::Unreachable(_)
        | KubeError::Busy { .. }
        | KubeError::Expired(_)
        | KubeError::NotFound
        | KubeError::NotServed => {
            row.suffer(error.to_string(), now);
        }
    }
}
