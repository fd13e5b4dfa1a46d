//! What to wait for: `KIND/NAME[@NAMESPACE][:CONDITION]` or `KIND/SELECTOR[@NAMESPACE][:CONDITION]`.

use std::fmt;
use std::str::FromStr;

use crate::evaluate::{Check, CheckError, pod};
use crate::kind::{Kind, UnknownKind};
use crate::name::{self, NameError};
use crate::place::Place;
use crate::selector::{Selector, SelectorError};

/// One object, or a selection of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The object of this name.
    Name(String),
    /// Every object with these labels.
    Selector(Selector),
}

/// An object or a selection, and what to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What kind of object.
    pub kind: Kind,
    /// Which of them.
    pub which: Which,
    /// Where; none given means the default one.
    pub namespace: Option<String>,
    /// What must hold.
    pub check: Check,
}

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// There is no `/`.
    #[error("expected KIND/NAME[@NAMESPACE][:CONDITION]; write, for example, deployment/{0}")]
    NoSlash(String),
    /// There is nothing before `/`.
    #[error("the kind before \"/\" is empty; write, for example, deployment{0}")]
    NoKind(String),
    /// There is nothing after `/`.
    #[error("the name after \"{0}/\" is empty; write {0}/NAME, or {0}/KEY=VALUE for a selection by label")]
    NoName(String),
    /// `@` is followed by nothing.
    #[error("the namespace after \"@\" is empty; leave the \"@\" out, or write @NAMESPACE")]
    NoNamespace,
    /// `:` is followed by nothing.
    #[error("the condition after \":\" is empty; leave the \":\" out for the default, or write :CONDITION")]
    NoCondition,
    /// `:CONDITION@NAMESPACE`
    #[error("the namespace goes before the condition; write {0}@{2}:{1}")]
    NamespaceLast(String, String, String),
    /// The kind is unknown.
    #[error(transparent)]
    Kind(#[from] UnknownKind),
    /// The name cannot be one.
    #[error("\"{0}\" is not a name: {1}")]
    Name(String, NameError),
    /// The namespace cannot be one.
    #[error("\"{0}\" is not a namespace: {1}")]
    Namespace(String, NameError),
    /// The selector is malformed.
    #[error("bad selector: {0}")]
    Selector(SelectorError),
    /// The condition is unknown for the kind, or malformed.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// `node/n1@shop`
    #[error("a {0} is in no namespace; leave out \"@{1}\"")]
    Global(Kind, String),
    /// `daemonset/app=cni:available-here`
    #[error("available-here is asked of one daemonset by its name; write daemonset/NAME:available-here")]
    HereUnnamed,
    /// `daemonset/cni:available-here`, and nobody knows where that is.
    #[error(
        "available-here needs the name of our node in NODE_NAME; add to the container's env: \
         {{name: NODE_NAME, valueFrom: {{fieldRef: {{fieldPath: spec.nodeName}}}}}}"
    )]
    NodeUnknown,
    /// `pod/NAME:ready=2`
    #[error(
        "pod/{0} is one pod and can never be {1}; leave the number out, or select pods by label: pod/KEY=VALUE:{1}"
    )]
    OnePod(String, String),
}

// === impl Target ===

impl Target {
    /// The object of this name; the default condition where none is given.
    ///
    /// # Errors
    /// Where a piece is malformed.
    pub fn named(
        kind: &str,
        name: &str,
        namespace: Option<&str>,
        condition: Option<&str>,
    ) -> Result<Self, TargetError> {
        name::subdomain(name).map_err(|error| TargetError::Name(name.to_owned(), error))?;
        let target = Self::new(kind, Which::Name(name.to_owned()), namespace, condition)?;
        match target.check {
            Check::Pod(pod::Condition::Ready(Some(count))) if count > 1 => {
                Err(TargetError::OnePod(name.to_owned(), target.check.to_string()))
            }
            _ => Ok(target),
        }
    }

    /// The objects with these labels, all of the kind where the selector is empty; the default condition where
    /// none is given.
    ///
    /// # Errors
    /// Where a piece is malformed.
    pub fn selected(
        kind: &str,
        selector: &str,
        namespace: Option<&str>,
        condition: Option<&str>,
    ) -> Result<Self, TargetError> {
        let selector = match selector.trim() {
            "" => Selector::everything(),
            text => text.parse().map_err(TargetError::Selector)?,
        };
        let target = Self::new(kind, Which::Selector(selector), namespace, condition)?;
        if target.check == Check::AvailableHere { Err(TargetError::HereUnnamed) } else { Ok(target) }
    }

    /// Checks that what the target needs to know of our own place is known.
    ///
    /// # Errors
    /// Where it asks for our node, and the environment does not tell it.
    pub fn check_place(&self, place: &Place) -> Result<(), TargetError> {
        if self.check == Check::AvailableHere && place.node.is_none() {
            return Err(TargetError::NodeUnknown);
        }
        Ok(())
    }

    /// The whole target as it may be written: with namespace and condition.
    #[must_use]
    pub fn full(&self) -> String {
        let namespace = self.namespace.as_deref();
        let (at, namespace) = namespace.map_or(("", ""), |namespace| ("@", namespace));
        format!("{self}{at}{namespace}:{}", self.check)
    }

    fn new(
        kind: &str,
        which: Which,
        namespace: Option<&str>,
        condition: Option<&str>,
    ) -> Result<Self, TargetError> {
        let kind: Kind = kind.parse()?;
        if let Some(namespace) = namespace {
            name::label(namespace).map_err(|error| TargetError::Namespace(namespace.to_owned(), error))?;
            if kind.is_global() {
                return Err(TargetError::Global(kind, namespace.to_owned()));
            }
        }
        let check = match condition {
            Some(condition) => Check::parse(&kind, condition)?,
            None => Check::default_of(&kind),
        };
        Ok(Self { kind, which, namespace: namespace.map(str::to_owned), check })
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        // Neither names nor labels hold ":" or "@"; conditions may hold anything.
        let (object, condition) = split_optional(text, ':');
        let Some((kind, object)) = object.split_once('/') else {
            // What cannot be a name is no example of one.
            let example = if name::subdomain(text).is_ok() { text } else { "NAME" };
            return Err(TargetError::NoSlash(example.to_owned()));
        };
        let (which, namespace) = split_optional(object, '@');
        let which = which.trim();
        if kind.is_empty() {
            return Err(TargetError::NoKind(text.to_owned()));
        }
        if which.is_empty() {
            return Err(TargetError::NoName(kind.to_owned()));
        }
        if namespace == Some("") {
            return Err(TargetError::NoNamespace);
        }
        if condition == Some("") {
            return Err(TargetError::NoCondition);
        }
        // A path's value may hold anything.
        let plain = condition.filter(|text| !text.to_ascii_lowercase().starts_with("jsonpath"));
        if let (None, Some((condition, at))) = (namespace, plain.and_then(|text| text.rsplit_once('@')))
            && name::label(at).is_ok()
        {
            let object = format!("{kind}/{object}");
            return Err(TargetError::NamespaceLast(object, condition.to_owned(), at.to_owned()));
        }
        if Selector::is_meant_by(which) {
            Self::selected(kind, which, namespace, condition)
        } else {
            Self::named(kind, which, namespace, condition)
        }
    }
}

/// The subject of a line of output: `deployment/postgres`, `pod/app=web`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.kind)?;
        match &self.which {
            Which::Name(name) => f.write_str(name),
            Which::Selector(selector) if selector.is_everything() => f.write_str("*"),
            Which::Selector(selector) => write!(f, "{selector}"),
        }
    }
}

fn split_optional(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_written_in_one_form_that_reads_back() {
        let cases = [
            ("deployment/postgres", "deployment/postgres", "deployment/postgres:available"),
            ("deploy/postgres", "deployment/postgres", "deployment/postgres:available"),
            ("job/migrate@db:complete", "job/migrate", "job/migrate@db:complete"),
            ("service/api:has-endpoints=2", "service/api", "service/api:has-endpoints=2"),
            ("svc/api:has-endpoints=1:http", "service/api", "service/api:has-endpoints=1:http"),
            ("pod/app=web,tier!=cache:ready", "pod/app=web,tier!=cache", "pod/app=web,tier!=cache:ready"),
            ("pod/app in (a, b)@shop:ready=2", "pod/app in (a,b)", "pod/app in (a,b)@shop:ready=2"),
            (
                "deployment/app=postgres:rolled-out",
                "deployment/app=postgres",
                "deployment/app=postgres:rolled-out",
            ),
            (
                "po/app.kubernetes.io/name=web@a",
                "pod/app.kubernetes.io/name=web",
                "pod/app.kubernetes.io/name=web@a:ready",
            ),
            ("pod/a.b-c.d:condition=Ready=False", "pod/a.b-c.d", "pod/a.b-c.d:condition=Ready=False"),
            ("pod/redis:ready=1", "pod/redis", "pod/redis:ready=1"),
            ("no/n1", "node/n1", "node/n1:ready"),
            ("secret/tls@a:has-key=tls.crt", "secret/tls", "secret/tls@a:has-key=tls.crt"),
            ("ds/cni:available-here", "daemonset/cni", "daemonset/cni:available-here"),
            ("Widget.example.com/main@db", "widget.example.com/main", "widget.example.com/main@db:ready"),
            (
                "configmap/x:jsonpath={.data.url}=http://a@b",
                "configmap/x",
                "configmap/x:jsonpath={.data.url}=http://a@b",
            ),
            (
                "pod/x@ns:jsonpath={.metadata.labels['a.b/c:d@e']}",
                "pod/x",
                "pod/x@ns:jsonpath={.metadata.labels['a.b/c:d@e']}",
            ),
            ("rs/app,!old", "replicaset/app,!old", "replicaset/app,!old:available"),
        ];
        for (text, subject, full) in cases {
            let target: Target = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(target.to_string(), subject);
            assert_eq!(target.full(), full);
            assert_eq!(full.parse(), Ok(target));
        }
    }

    #[test]
    fn the_spelt_out_form_means_the_same() {
        let spelt = Target::named("deployment", "postgres", Some("app"), Some("available"));
        assert_eq!(spelt, "deployment/postgres@app:available".parse());
        let selected = Target::selected("pods", "app=web", None, None);
        assert_eq!(selected, "pod/app=web".parse());
        let everything = Target::selected("pod", "", None, None).unwrap();
        assert_eq!(everything.to_string(), "pod/*");
        assert_eq!(everything.which, Which::Selector(Selector::everything()));
    }

    #[test]
    fn our_own_node_has_to_be_known_where_it_is_asked_for() {
        let target: Target = "ds/cni:available-here".parse().unwrap();
        let error = target.check_place(&Place::default()).unwrap_err().to_string();
        assert!(
            error.contains("{name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}"),
            "{error}"
        );
        let place = Place { node: Some("n1".into()), ..Place::default() };
        assert_eq!(target.check_place(&place), Ok(()));
        assert_eq!("pod/x".parse::<Target>().unwrap().check_place(&Place::default()), Ok(()));
    }

    #[test]
    fn a_bad_target_names_the_piece_and_what_to_write() {
        let cases = [
            (
                "postgres",
                "expected KIND/NAME[@NAMESPACE][:CONDITION]; write, for example, deployment/postgres",
            ),
            ("", "expected KIND/NAME[@NAMESPACE][:CONDITION]; write, for example, deployment/NAME"),
            ("@", "write, for example, deployment/NAME"),
            ("/postgres", "the kind before \"/\" is empty; write, for example, deployment/postgres"),
            ("deployment/", "the name after \"deployment/\" is empty"),
            ("deployment/:ready", "the name after \"deployment/\" is empty"),
            ("deployment/@ns", "the name after \"deployment/\" is empty"),
            ("deployment/x@", "the namespace after \"@\" is empty"),
            ("deployment/x@:ready", "the namespace after \"@\" is empty"),
            ("deployment/x:", "the condition after \":\" is empty"),
            ("deployment/x:ready@ns", "the namespace goes before the condition; write deployment/x@ns:ready"),
            (
                "deploymnt/x",
                "unknown kind \"deploymnt\" (did you mean \"deployment\"?); known are: deployment,",
            ),
            (
                "deployment/Postgres",
                "\"Postgres\" is not a name: upper-case \"P\" is not allowed; write \"postgres\"",
            ),
            ("deployment/a/b", "\"a/b\" is not a name: \"/\" is not allowed"),
            ("deployment/x@a.b", "\"a.b\" is not a namespace: \".\" is not allowed"),
            ("deployment/x@a@b", "\"a@b\" is not a namespace"),
            ("pod/app=", "pod/app="),
            ("pod/app=web,", "bad selector: a requirement is empty"),
            ("pod/app in (a", "bad selector: \"app in (a\": parentheses do not match"),
            ("deployment/x:raedy", "did you mean \"ready\"?"),
            ("deployment/x:condition=a.b/Ready@ns", "write deployment/x@ns:condition=a.b/Ready"),
            ("node/n1@shop", "a node is in no namespace; leave out \"@shop\""),
            ("pod/x:jsonpath={.a", "bad jsonpath \"{.a\": at character 4: \"}\" is expected"),
            ("daemonset/app=cni:available-here", "write daemonset/NAME:available-here"),
            ("widget/x", "a custom resource is written with its group, such as widgets.example.com"),
            ("widget.apps/x", "unknown kind \"widget.apps\""),
            ("pod/web-0:ready=2", "pod/web-0 is one pod and can never be ready=2"),
        ];
        for (text, expected) in cases {
            match text.parse::<Target>() {
                Ok(target) => assert_eq!(target.to_string(), expected),
                Err(error) => assert!(error.to_string().contains(expected), "{text}: {error}"),
            }
        }
    }
}
