//! A rule of a Role, as it is printed and as an error advises it.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-example>

use std::fmt;

/// What the gate does with what it waits for.
pub const FOLLOW: &[&str] = &["list", "watch"];
/// What it does with what only helps to explain.
pub const LIST: &[&str] = &["list"];
/// What it does with one object whose name is known.
pub const GET: &[&str] = &["get"];

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// Empty for the core group.
    pub group: String,
    /// Plural names.
    pub resources: Vec<String>,
    /// The names that it is for; none is all.
    pub names: Vec<String>,
    /// What is allowed.
    pub verbs: &'static [&'static str],
}

impl Rule {
    /// A rule for all objects of one resource.
    #[must_use]
    pub fn new(group: &str, resource: &str, verbs: &'static [&'static str]) -> Self {
        Self { group: group.to_owned(), resources: vec![resource.to_owned()], names: Vec::new(), verbs }
    }

    /// Only for the object of this name, where there is one.
    #[must_use]
    pub fn named(mut self, name: Option<&str>) -> Self {
        self.names.extend(name.map(ToOwned::to_owned));
        self
    }

    /// Its lines in a list of rules, without what stands before them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("- apiGroups: [\"{}\"]", self.group),
            format!("  resources: {}", quoted(&self.resources)),
        ];
        if !self.names.is_empty() {
            lines.push(format!("  resourceNames: {}", quoted(&self.names)));
        }
        lines.push(format!("  verbs: [{}]", self.verbs.join(", ")));
        lines
    }
}

fn quoted(names: &[String]) -> String {
    format!("[\"{}\"]", names.join("\", \""))
}

/// On one line.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_start_matches(['-', ' '])).collect();
        f.write_str(&lines.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_the_same_in_a_role_and_in_a_sentence() {
        let rule = Rule::new("apps", "deployments", FOLLOW).named(Some("api"));
        let text = r#"apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["api"], verbs: [list, watch]"#;
        assert_eq!(rule.to_string(), text);
        let read = crate::yaml::to_json(&rule.lines().join("\n")).unwrap();
        assert_eq!(
            read,
            serde_json::json!([{"apiGroups": ["apps"], "resources": ["deployments"],
            "resourceNames": ["api"], "verbs": ["list", "watch"]}])
        );
        let all = Rule::new("", "pods", LIST).named(None);
        assert_eq!(all.to_string(), r#"apiGroups: [""], resources: ["pods"], verbs: [list]"#);
    }
}
