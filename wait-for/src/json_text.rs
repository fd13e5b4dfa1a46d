//! JSON that arrives as bytes, read as text: read as both, every type would be in the program twice (some 40 kB).

use serde::Deserialize;
use serde::de::Error;

/// Reads a document.
///
/// # Errors
/// Where it is not UTF-8, or no such document.
pub fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, serde_json::Error> {
    serde_json::from_str(std::str::from_utf8(bytes).map_err(Error::custom)?)
}
