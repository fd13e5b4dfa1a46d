//! The completions and man pages in the repository are those of the command lines as they are.

use e2e::generated::{files, root};

#[test]
fn completions_and_man_pages_are_up_to_date() {
    let stale: Vec<String> = files()
        .into_iter()
        .filter(|(path, text)| std::fs::read(root().join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(stale.is_empty(), "run `cargo run -p e2e --bin generate` and commit: {}", stale.join(", "));
}
