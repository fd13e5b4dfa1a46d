//! What a pod's probes will come to: by formula where there is one, by simulation in any case.
//!
//! Pure. `closed` holds the formulas, `simulate` runs the kubelet's model in virtual time, `faults` is what
//! both assume of the server, `estimate` turns samples into a mean with its confidence interval.

mod closed;
mod estimate;
mod faults;
mod simulate;

pub use closed::{
    Readiness, chance_of_run, detection, probes_to_run, readiness, recovery, restarts_per_day, startup_budget,
};
pub use estimate::Estimate;
pub use faults::{Faults, Latency};
pub use simulate::{Plan, Prediction, simulate};
