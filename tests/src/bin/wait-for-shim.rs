//! `wait-for`, built as part of this package.

use std::process::ExitCode;

fn main() -> ExitCode {
    wait_for::main()
}
