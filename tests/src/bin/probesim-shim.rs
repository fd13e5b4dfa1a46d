//! `probesim`, built as part of this package.

use std::process::ExitCode;

fn main() -> ExitCode {
    probesim::main()
}
