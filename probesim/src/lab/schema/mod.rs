//! The types of the API's objects: their fields, how lists of them merge, and their numbers in protobuf.
//!
//! `schema.txt` restates the struct tags and markers of Kubernetes' `k8s.io/api` at release 1.36. A line that begins
//! a type is its name, `!` if it is applied as a whole, and the `apiVersion` if it is an object. A field is its
//! number (with `?` if its zero value means absent), its name (`-` if its own fields take its place), its type
//! (`[]` a list, `{}` a map), and its rules: `patch[:KEY]` merges in a strategic merge patch, `apply:KEYS` in a
//! server-side apply, `both:KEY` in both, `set` holds each value once, `atomic` is applied as a whole.
//!
//! | file | what it decides or does |
//! |---|---|
//! | `schema.txt` | the types |
//! | `resources` | which resources there are, built in and custom |
//! | `conform` | whether an object has the fields of its type |
//! | `protobuf` | reads an object that was sent in protobuf |

pub(super) mod conform;
pub(super) mod protobuf;
pub(super) mod resources;

use std::sync::LazyLock;

use self::resources::Resource;

/// A type with fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Its name in Go.
    pub(super) name: &'static str,
    /// Whether applying it replaces it.
    pub(super) is_atomic: bool,
    /// Whether it is an object of its own, with `kind` and `apiVersion`.
    pub(super) is_object: bool,
    lines: &'static str,
}

/// One field of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) number: u64,
    /// Whether a zero is a value, and not absence.
    pub(super) keeps_zero: bool,
    /// Empty if the fields of its type stand in its place.
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) of: Of,
    rules: &'static str,
}

/// How often a field holds its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    List,
    Map,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Text,
    Integer,
    Boolean,
    /// Base64 in JSON.
    Bytes,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    /// Any JSON.
    Anything,
    /// A type with fields.
    Part(&'static str),
}

static TYPES: LazyLock<Vec<Type>> = LazyLock::new(|| types(include_str!("schema.txt")).collect());

// === impl Type ===

impl Type {
    /// The type of the objects of a resource; `None` for custom resources and kinds that the table leaves out.
    pub(super) fn of_resource(resource: &Resource) -> Option<Self> {
        Self::of_object(&resource.group_version(), &resource.kind)
    }

    /// The type of objects with this `apiVersion` and `kind`.
    pub(super) fn of_object(api_version: &str, kind: &str) -> Option<Self> {
        let is_it = |found: &Self| found.is_object && found.api_version() == api_version;
        let qualified = || {
            let group = api_version.split(['.', '/']).next().unwrap_or_default();
            Self::named(&format!("{group}.{kind}"))
        };
        Self::named(kind).filter(is_it).or_else(|| qualified().filter(is_it))
    }

    /// What is known of every object: its metadata.
    pub(super) fn any_object() -> Option<Self> {
        Self::named("AnyObject")
    }

    /// The type of this name in Go.
    pub(super) fn named(name: &str) -> Option<Self> {
        TYPES.iter().find(|one| one.name == name).copied()
    }

    fn api_version(&self) -> &'static str {
        let (line, _) = self.lines.split_once('\n').unwrap_or((self.lines, ""));
        line.split_once(' ').map_or("", |(_, version)| version)
    }

    /// Its fields, those of inlined types not counted.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> + use<> {
        self.lines.lines().skip(1).filter_map(field)
    }

    /// The field of this name in JSON, inlined ones too.
    pub(super) fn field(&self, name: &str) -> Option<Field> {
        self.fields().find_map(|field| match field.part() {
            Some(inlined) if field.name.is_empty() => inlined.field(name),
            _ => (field.name == name).then_some(field),
        })
    }
}

// === impl Field ===

impl Field {
    /// The type of its value, or of the values in its list or map.
    pub(super) fn part(&self) -> Option<Type> {
        match self.of {
            Of::Part(name) => Type::named(name),
            _ => None,
        }
    }

    /// The key by which a strategic merge patch merges its list; `""` for plain values, which are united.
    pub(super) fn patch_key(&self) -> Option<&'static str> {
        let key = self.rule("both").or_else(|| self.rule("patch"))?;
        Some(key.strip_prefix(':').unwrap_or_default())
    }

    /// The keys by which server-side apply merges its list; none for plain values, which are united.
    pub(super) fn apply_keys(&self) -> Option<Vec<&'static str>> {
        if self.rule("set").is_some() {
            return Some(Vec::new());
        }
        let keys = self.rule("both").or_else(|| self.rule("apply"))?;
        Some(keys.trim_start_matches(':').split(',').collect())
    }

    /// Whether applying it replaces it, whatever its type says.
    pub(super) fn is_atomic(&self) -> bool {
        self.rule("atomic").is_some()
            || self.shape == Shape::One && self.part().is_some_and(|part| part.is_atomic)
    }

    fn rule(&self, name: &str) -> Option<&'static str> {
        let rest = |word: &'static str| {
            word.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        self.rules.split(' ').find_map(rest)
    }
}

fn types(text: &'static str) -> impl Iterator<Item = Type> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let begins_next = |(at, _): &(usize, &str)| !rest[at + 1..].starts_with(' ');
        let end = rest.match_indices('\n').find(begins_next).map_or(rest.len(), |(at, _)| at + 1);
        let (lines, after) = rest.split_at(end);
        rest = after;
        let head = lines.lines().next()?;
        let (name, version) = head.split_once(' ').unwrap_or((head, ""));
        let is_atomic = name.ends_with('!');
        Some(Type { name: name.trim_end_matches('!'), is_atomic, is_object: !version.is_empty(), lines })
    })
}

fn field(line: &'static str) -> Option<Field> {
    let mut words = line.trim_start().splitn(4, ' ');
    let (number, name, of) = (words.next()?, words.next()?, words.next()?);
    let (shape, of) = match (of.strip_prefix("[]"), of.strip_prefix("{}")) {
        (Some(of), _) => (Shape::List, of),
        (_, Some(of)) => (Shape::Map, of),
        (None, None) => (Shape::One, of),
    };
    let of = match of {
        "s" => Of::Text,
        "i" => Of::Integer,
        "b" => Of::Boolean,
        "y" => Of::Bytes,
        "q" => Of::Quantity,
        "x" => Of::IntOrString,
        "t" => Of::Time,
        "u" => Of::MicroTime,
        "r" => Of::Anything,
        part => Of::Part(part),
    };
    Some(Field {
        number: number.trim_end_matches('?').parse().ok()?,
        keeps_zero: !number.ends_with('?'),
        name: if name == "-" { "" } else { name },
        shape,
        of,
        rules: words.next().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::schema::resources::Registry;

    #[test]
    fn every_part_of_the_table_is_in_it() {
        assert!(TYPES.len() > 250);
        for one in TYPES.iter() {
            let lines = one.lines.lines().count() - 1;
            assert_eq!(one.fields().count(), lines, "every field of {} is read", one.name);
            for field in one.fields() {
                assert!(
                    !matches!(field.of, Of::Part(_)) || field.part().is_some(),
                    "{}.{}",
                    one.name,
                    field.name
                );
            }
        }
    }

    #[test]
    fn objects_are_found_by_their_version_and_kind() {
        let registry = Registry::built_in();
        let of = |word: &str| Type::of_resource(registry.get(registry.named(word).unwrap())).map(|t| t.name);
        assert_eq!(of("deployments"), Some("Deployment"));
        assert_eq!(of("events"), Some("Event"));
        assert_eq!(of("events.events.k8s.io"), Some("events.Event"));
        assert_eq!(of("customresourcedefinitions"), None);
        assert_eq!(Type::of_object("v1", "Container"), None);
    }

    #[test]
    fn fields_know_how_their_lists_merge() {
        let field = |of: &str, name: &str| Type::named(of).unwrap().field(name).unwrap();
        let ports = field("Container", "ports");
        assert_eq!(
            (ports.patch_key(), ports.apply_keys()),
            (Some("containerPort"), Some(vec!["containerPort", "protocol"]))
        );
        let finalizers = field("ObjectMeta", "finalizers");
        assert_eq!((finalizers.patch_key(), finalizers.apply_keys()), (Some(""), Some(Vec::new())));
        let tolerations = field("PodSpec", "tolerations");
        assert_eq!((tolerations.patch_key(), tolerations.apply_keys()), (None, None));
        assert!(
            field("DeploymentSpec", "selector").is_atomic() && field("ServiceSpec", "selector").is_atomic()
        );
        assert_eq!(field("Probe", "httpGet").of, Of::Part("HTTPGetAction"), "inlined fields are fields");
    }
}
