//! What answers look like.
//!
//! | file | what it decides or does |
//! |---|---|
//! | `status` | what is said instead of an object |
//! | `view`, `table/` | how an object is shown, and the columns of `kubectl get` |
//! | `respond`, `stream` | the HTTP response, and the body of a watch |

pub(super) mod respond;
pub(in crate::lab) mod status;
pub(super) mod stream;
mod table;
pub(in crate::lab) mod view;
