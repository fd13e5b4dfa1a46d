//! `$(VARIABLE)` in values, commands and arguments: `third_party/forked/golang/expansion/expand.go`.

/// Longer than any word that a process may be given (`MAX_ARG_STRLEN`): variables that double each other end here, and
/// what is made of them cannot be started, as in a cluster.
const MOST: usize = 256 * 1024;

/// Replaces each `$(NAME)` that `find` knows; `$$` is a dollar sign, and what is not known stays as it is.
pub(super) fn expand<'a>(text: &str, find: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let reference = rest.strip_prefix('(').and_then(|inside| inside.split_once(')'));
        let Some((name, after)) = reference else {
            out.push('$');
            continue;
        };
        match find(name) {
            Some(value) if out.len() + value.len() > MOST => {
                out.extend(value.chars().take(MOST.saturating_sub(out.len())));
                return out;
            }
            Some(value) => out.push_str(value),
            None => out.push_str(&format!("$({name})")),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_double_each_other_end_somewhere() {
        let mut value = "0123456789abcdef".to_owned();
        for _ in 0..64 {
            value = expand("$(A)$(A)", |_| Some(&value));
        }
        assert_eq!(value.len(), MOST);
    }

    #[test]
    fn references_are_replaced_and_everything_else_stays() {
        let find = |name: &str| match name {
            "A" => Some("1"),
            "EMPTY" => Some(""),
            _ => None,
        };
        for (text, expected) in [
            ("$(A)", "1"),
            ("x$(A)y$(A)", "x1y1"),
            ("$(EMPTY)", ""),
            ("$(NOPE)", "$(NOPE)"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$1"),
            ("$A ${A} $", "$A ${A} $"),
            ("$(A", "$(A"),
            ("é$(A)é", "é1é"),
        ] {
            assert_eq!(expand(text, find), expected, "{text}");
        }
    }
}
