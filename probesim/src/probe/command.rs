//! The command of an `exec`: its variables, and where the runtime finds its program.

use std::path::{Path, PathBuf};

use super::words::quote;

/// Replaces `$(NAME)`; `$$` stands for `$`, and what has no value stays as it is.
/// `third_party/forked/golang/expansion` of Kubernetes.
pub(super) fn expand(text: &str, environment: &[(String, String)]) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
            continue;
        }
        let reference = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let Some((name, after)) = reference else {
            expanded.push('$');
            continue;
        };
        // The last of several variables of one name counts.
        match environment.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => expanded.push_str(value),
            None => expanded.extend(["$(", name, ")"]),
        }
        rest = after;
    }
    expanded + rest
}

/// Whether a file can be executed, or Go's words for why not; the text is what the file is called in them.
pub(super) type Look<'a> = &'a dyn Fn(&Path, &str) -> Result<(), String>;

/// Go's `exec.LookPath`, with which the runtime finds a program.
pub(super) fn look_path(
    program: &str,
    directory: &Path,
    path: &str,
    look: Look<'_>,
) -> Result<PathBuf, String> {
    let failed = |why: &str| format!("exec: {}: {why}", quote(program.as_bytes()));
    if program.contains('/') {
        let file = directory.join(program);
        return look(&file, program).map(|()| file).map_err(|why| failed(&why));
    }
    let is_name = !matches!(program, "" | "." | "..");
    let mut files =
        path.split(':').map(|part| Path::new(part).join(program)).filter(|file| file.is_absolute());
    let found = if is_name { files.find(|file| look(file, program).is_ok()) } else { None };
    found.ok_or_else(|| failed("executable file not found in $PATH"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_where_they_have_a_value() {
        let environment = [("A", "old"), ("PORT", "80"), ("A", "b"), ("EMPTY", "")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (text, expanded) in [
            ("plain", "plain"),
            ("$(PORT)", "80"),
            ("http://x:$(PORT)/$(A)$(EMPTY)", "http://x:80/b"),
            ("$(NONE)", "$(NONE)"),
            ("$$(PORT)", "$(PORT)"),
            ("$$$(PORT)", "$80"),
            ("$PORT $ $(PORT", "$PORT $ $(PORT"),
            ("$", "$"),
            ("$()", "$()"),
        ] {
            assert_eq!(expand(text, &environment), expanded, "{text}");
        }
    }

    #[test]
    fn a_program_is_found_in_the_path_or_named_with_a_slash() {
        let look = |file: &Path, called: &str| match file.to_str() {
            Some("/usr/bin/cat" | "/work/./run.sh" | "/bin/sh") => Ok(()),
            Some("/etc") => Err("is a directory".to_owned()),
            _ => Err(format!("stat {called}: no such file or directory")),
        };
        let found = |program| {
            let found = look_path(program, Path::new("/work"), "/bin::relative:/usr/bin", &look);
            found.map(|path| path.display().to_string())
        };
        assert_eq!(found("cat"), Ok("/usr/bin/cat".into()));
        assert_eq!(found("/bin/sh"), Ok("/bin/sh".into()));
        assert_eq!(found("./run.sh"), Ok("/work/./run.sh".into()));
        for (program, why) in [
            ("nosuch", "exec: \"nosuch\": executable file not found in $PATH"),
            ("", "exec: \"\": executable file not found in $PATH"),
            ("/etc", "exec: \"/etc\": is a directory"),
            ("bin/run", "exec: \"bin/run\": stat bin/run: no such file or directory"),
            ("/no/such", "exec: \"/no/such\": stat /no/such: no such file or directory"),
        ] {
            assert_eq!(found(program), Err(why.into()));
        }
    }
}
