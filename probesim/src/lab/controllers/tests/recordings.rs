//! Recordings of real clusters.

pub(in crate::lab::controllers) const DEP_OK: &str =
    include_str!("../../../../../tests/fixtures/recordings/dep-ok.jsonl");
pub(in crate::lab::controllers) const STS_OK: &str =
    include_str!("../../../../../tests/fixtures/recordings/sts-ok.jsonl");
pub(in crate::lab::controllers) const DS_OK: &str =
    include_str!("../../../../../tests/fixtures/recordings/ds-ok.jsonl");
pub(in crate::lab::controllers) const JOB_OK: &str =
    include_str!("../../../../../tests/fixtures/recordings/job-ok.jsonl");
pub(in crate::lab::controllers) const SVC: &str =
    include_str!("../../../../../tests/fixtures/recordings/svc.jsonl");
