//! The run: starts what follows each target, hears its news, and ends when the outcome is decided.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use crate::cluster::Cluster;
use crate::config::Config;
use crate::diagnose::{FailFast, OwnPod};
use crate::duration::Short;
use crate::follow::{Follow, News};
use crate::kube_error::KubeError;
use crate::outcome::{Known, Outcome, decide};
use crate::report::{self, Row};
use crate::resource::{Resource, Scope};
use crate::signals::Signals;
use crate::target::Target;
use crate::termination_log;
use crate::verdict::Finding;

/// A gate that waits says why at least so often.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// A single look ends by then, whatever the API server does.
const ONCE: Duration = Duration::from_secs(30);

/// A run over the targets of one configuration.
pub struct Gate {
    config: Config,
    start: Instant,
    rows: Vec<Row>,
}

impl Gate {
    /// A gate whose time runs from `start`.
    #[must_use]
    pub fn new(config: Config, start: Instant) -> Self {
        let rows = config.targets.iter().map(|target| Row::new(row_name(target))).collect();
        Self { config, start, rows }
    }

    /// Waits until the outcome is decided, by a target, the clock or a signal.
    pub async fn run(mut self, cluster: Cluster, signals: &mut Signals) -> Outcome {
        self.announce(&cluster);
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
        let outcome = local.run_until(self.listen(&mut news, signals)).await;
        self.close(outcome);
        outcome
    }

    async fn listen(
        &mut self,
        news: &mut mpsc::UnboundedReceiver<(usize, News)>,
        signals: &mut Signals,
    ) -> Outcome {
        let limit = self.config.timeout.or(self.config.once.then_some(ONCE));
        let deadline = limit.map(|limit| self.start + limit);
        let mut heartbeat = interval_at(self.start + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unheard = self.rows.len();
        loop {
            tokio::select! {
                biased;
                signal = signals.recv() => return Outcome::Signalled(signal),
                Some((index, said)) = news.recv() => {
                    self.hear(index, said);
                    unheard = unheard.saturating_sub(1);
                    let known: Vec<Known> = self.rows.iter().map(|row| row.known.clone()).collect();
                    match decide(&known, self.config.quorum) {
                        Some(outcome) if !self.config.once || unheard == 0 => return outcome,
                        None if self.config.once && unheard == 0 => return Outcome::TimedOut,
                        _ => {}
                    }
                }
                () = sleep_until(deadline.unwrap_or(self.start)), if deadline.is_some() => return Outcome::TimedOut,
                _ = heartbeat.tick() => self.beat(),
            }
        }
    }

    fn follows(&self, cluster: Rc<Cluster>) -> Vec<Follow> {
        let own_pod = OwnPod::find(|name| std::env::var(name).ok(), &cluster.namespace);
        let targets = self.config.targets.iter().enumerate();
        targets
            .map(|(index, target)| {
                let scope = match (&target.namespace, &self.config.scope) {
                    (Some(namespace), _) => Scope::Namespace(namespace.clone()),
                    (None, Some(scope)) => scope.clone(),
                    (None, None) => Scope::Namespace(cluster.namespace.clone()),
                };
                Follow {
                    index,
                    target: target.clone(),
                    scope,
                    cluster: cluster.clone(),
                    interval: self.config.interval,
                    fail_fast: FailFast::default(),
                    own_pod: own_pod.clone(),
                }
            })
            .collect()
    }

    /// The first line: what is waited for, where, and for how long.
    fn announce(&self, cluster: &Cluster) {
        let targets: Vec<String> = self.config.targets.iter().map(Target::full).collect();
        let scope = self.config.scope.clone().unwrap_or_else(|| Scope::Namespace(cluster.namespace.clone()));
        let timeout = self.config.timeout.map_or("none".to_owned(), |limit| Short(limit).to_string());
        tracing::info!(
            "wait-for {}: {} in {scope} at {}; timeout {timeout}",
            env!("CARGO_PKG_VERSION"),
            targets.join(", "),
            cluster.server,
        );
    }

    fn hear(&mut self, index: usize, said: News) {
        let now = self.start.elapsed();
        let is_quiet = self.config.once;
        let row = &mut self.rows[index];
        let is_worth_a_line = match said {
            News::Verdict(verdict) => row.learn(verdict),
            News::Explained(verdict, because, age) => row.learn_why(verdict, because, age, now),
            News::Trouble(what) => row.suffer(what, now),
            News::Recovered => {
                if let Some(lasted) = row.recover(now) {
                    tracing::info!("{}: the API server answers again, after {}", row.name, Short(lasted));
                }
                false
            }
            News::Hopeless(error, resource) => {
                lose_hope(row, error, &resource, now);
                false
            }
        };
        if is_worth_a_line && !is_quiet {
            tracing::info!("{}", row.line(now));
            let reasons = self.reasons();
            termination_log::write(&self.config.termination_log, &reasons);
        }
    }

    fn beat(&self) {
        let now = self.start.elapsed();
        for row in self.rows.iter().filter(|row| !row.is_open()) {
            tracing::info!("still waiting after {}: {}", Short(now), row.line(now));
        }
    }

    /// Why the gate is closed: a line for each target that is not met.
    fn reasons(&self) -> Vec<String> {
        let now = self.start.elapsed();
        self.rows.iter().filter(|row| !row.is_open()).map(|row| row.line(now)).collect()
    }

    fn close(&self, outcome: Outcome) {
        let now = self.start.elapsed();
        report::print(&self.rows.iter().map(|row| row.result(now)).collect::<Vec<_>>());
        let closing = report::closing(outcome, now);
        let mut last = Vec::new();
        if outcome == Outcome::Met {
            tracing::info!("{closing}");
        } else if self.config.once && outcome == Outcome::TimedOut {
            last = self.reasons();
        } else {
            tracing::error!("{closing}");
            last = self.reasons();
            last.insert(0, closing);
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
        KubeError::Rejected(_) => row.misuse(Finding::state(error.to_string())),
        KubeError::Forbidden(_) => row.refuse(format!("{error}; {}", resource.missing_rule())),
        KubeError::Unauthorized(_) | KubeError::Untrusted(_) => row.refuse(error.to_string()),
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
