//! What a pod's probes will come to: by formula where there is one, by simulation in any case.
//!
//! Pure but for `run`. `closed` holds the formulas, `simulate` runs the kubelet's model in virtual time, `world` is
//! what both assume of the servers, `simulator` the simulator itself as such a server, `estimate` turns samples
//! into figures that say how sure they are.

mod aim;
mod args;
mod chart;
mod closed;
mod environment;
mod estimate;
mod faults;
mod field;
mod findings;
mod json;
mod latency;
mod measure;
mod of_container;
mod of_pods;
mod plot;
mod run;
mod simulate;
mod simulator;
mod subject;
mod svg;
mod sweep;
mod table;
mod text;
pub(crate) mod words;
mod world;

pub(crate) use aim::port_number;
pub use args::Args;
pub use closed::{
    Readiness, chance_of_detection, chance_of_run, chance_of_startup_kill, chance_of_trip, chance_of_unready,
    detection, flips_per_day, probes_to_run, readiness, recovery, restarts_per_day, startup_budget,
};
pub(crate) use environment::{Place, is_simulator};
pub use estimate::{Estimate, Rate, Share};
pub use faults::Faults;
pub use latency::{Latency, NotALatency};
pub use run::run;
pub use simulate::{Observed, Outages, Plan, Prediction, Rollouts, Span};
pub use subject::{Given, Subject};
pub use world::{Assumed, Chances};
