//! Placeholder replaced below.
pub(super) fn describe(_: &std::io::Error) -> Option<String> {
    None
}
