//! `wait-for`: an initContainer that holds a pod back until its dependencies are ready.

use std::process::ExitCode;

fn main() -> ExitCode {
    wait_for::main()
}
