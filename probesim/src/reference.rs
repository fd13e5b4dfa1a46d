//! The reference of settings, file and faults, made of their definitions.

use std::fmt::Write;

use clap::CommandFactory;

use crate::load;
use crate::plan::spec;

/// Only to ask clap about the settings.
#[derive(Debug, clap::Parser)]
struct Holder {
    #[command(flatten)]
    settings: crate::settings::Settings,
}

/// As Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Reference of `probesim serve`\n\nMade by `probesim serve --reference`; a test compares.\n\n## Settings\n\n\
         Each is a flag, a variable, and a key under `settings` in the file, which win in this order.\n\n\
         | flag | | |\n|---|---|---|\n",
    );
    for argument in Holder::command().get_arguments() {
        let (Some(long), Some(help)) = (argument.get_long(), argument.get_help()) else { continue };
        let values: Vec<&str> =
            argument.get_value_names().unwrap_or_default().iter().map(clap::builder::Str::as_str).collect();
        let _ = writeln!(out, "| `--{long}` | {} | {} |", values.join(" "), cell(&help.to_string()));
    }
    let tables = [
        ("The file", "Unknown keys are refused.", load::KEYS),
        ("A fault", "All conditions must hold.", spec::KEYS),
    ];
    for (title, text, keys) in tables {
        let _ = write!(out, "\n## {title}\n\n{text}\n\n| key | values | |\n|---|---|---|\n");
        for (key, values, meaning) in keys {
            let _ = writeln!(out, "| `{key}` | {} | {} |", cell(values), cell(meaning));
        }
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_the_definitions_say() {
        let document = include_str!("../../probesim/REFERENCE.md");
        assert!(document == markdown(), "run `probesim serve --reference > probesim/REFERENCE.md`");
    }
}
