//! Recordings of real clusters.

macro_rules! recording {
    ($name:literal) => {
        include_str!(concat!("../../../../../tests/fixtures/recordings/", $name, ".jsonl"))
    };
}

pub(in crate::lab::controllers) const DEP_OK: &str = recording!("dep-ok");
pub(in crate::lab::controllers) const DEP_BADIMAGE: &str = recording!("dep-badimage");
pub(in crate::lab::controllers) const DEP_CRASH: &str = recording!("dep-crash");
pub(in crate::lab::controllers) const DEP_ROLLOUT: &str = recording!("dep-rollout");
pub(in crate::lab::controllers) const DEP_ROLLOUT_STUCK: &str = recording!("dep-rollout-stuck");
pub(in crate::lab::controllers) const RS_OK: &str = recording!("rs-ok");
pub(in crate::lab::controllers) const STS_OK: &str = recording!("sts-ok");
pub(in crate::lab::controllers) const STS_CRASH: &str = recording!("sts-crash");
pub(in crate::lab::controllers) const DS_OK: &str = recording!("ds-ok");
pub(in crate::lab::controllers) const JOB_OK: &str = recording!("job-ok");
pub(in crate::lab::controllers) const JOB_FAIL: &str = recording!("job-fail");
pub(in crate::lab::controllers) const SVC: &str = recording!("svc");
