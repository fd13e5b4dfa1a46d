//! `probesim`: serves probes that fail on plan, and a lab that shows what Kubernetes makes of them.

use std::process::ExitCode;

fn main() -> ExitCode {
    probesim::main()
}
