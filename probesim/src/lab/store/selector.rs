//! Label and field selectors, with the grammar and the complaints of apimachinery (`labels.Parse`, `fields.ParseSelector`).

use super::object::Object;

/// What a list or watch selects: all its terms must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::lab) struct Selector {
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LabelTerm {
    key: String,
    test: LabelTest,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum LabelTest {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
    Above(i64),
    Below(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FieldTerm {
    field: String,
    value: String,
    equal: bool,
}

// === impl Selector ===

impl Selector {
    /// Parses both parts; the message is that of the 400.
    pub(in crate::lab) fn parse(labels: &str, fields: &str) -> Result<Self, String> {
        Ok(Self { labels: Parser::new(labels).parse()?, fields: parse_fields(fields)? })
    }

    pub(in crate::lab) fn by_name(name: &str) -> Self {
        let term = FieldTerm { field: "metadata.name".to_owned(), value: name.to_owned(), equal: true };
        Self { labels: Vec::new(), fields: vec![term] }
    }

    /// Every object matches the empty selector.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// The fields that are named, to be checked against the kind.
    pub(super) fn field_names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|term| term.field.as_str())
    }

    /// The one name that can match, if the selector pins it: RBAC's `resourceNames` apply to it.
    pub(in crate::lab) fn pinned_name(&self) -> Option<&str> {
        let pins = |term: &&FieldTerm| term.equal && term.field == "metadata.name";
        self.fields.iter().find(pins).map(|term| term.value.as_str())
    }

    pub(in crate::lab) fn matches(&self, object: &Object) -> bool {
        self.labels.iter().all(|term| term.matches(object))
            && self.fields.iter().all(|term| term.matches(object))
    }
}

impl LabelTerm {
    fn matches(&self, object: &Object) -> bool {
        let value = object.labels.iter().find(|(key, _)| *key == self.key).map(|(_, value)| value.as_str());
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.test {
            LabelTest::In(values) => value.is_some_and(|v| values.iter().any(|one| one == v)),
            LabelTest::NotIn(values) => value.is_none_or(|v| values.iter().all(|one| one != v)),
            LabelTest::Exists => value.is_some(),
            LabelTest::Missing => value.is_none(),
            LabelTest::Above(bound) => number().is_some_and(|n| n > *bound),
            LabelTest::Below(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

impl FieldTerm {
    fn matches(&self, object: &Object) -> bool {
        let value = match self.field.as_str() {
            "metadata.name" => object.name.as_str(),
            "metadata.namespace" => object.namespace.as_str(),
            other => object.fields.iter().find(|(field, _)| *field == other).map_or("", |(_, v)| v.as_str()),
        };
        (value == self.value) == self.equal
    }
}

/// Terms between commas; a backslash escapes a comma, an equals sign or itself.
fn parse_fields(text: &str) -> Result<Vec<FieldTerm>, String> {
    let mut terms = Vec::new();
    for part in split_unescaped(text) {
        if part.is_empty() {
            continue;
        }
        let (at, width, equal) =
            operator(part).ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{part}'"))?;
        let value = unescape(&part[at + width..]);
        terms.push(FieldTerm { field: part[..at].to_owned(), value, equal });
    }
    Ok(terms)
}

fn operator(part: &str) -> Option<(usize, usize, bool)> {
    let at = part.find(['=', '!'])?;
    let rest = &part[at..];
    if rest.starts_with("!=") {
        Some((at, 2, false))
    } else if rest.starts_with("==") {
        Some((at, 2, true))
    } else {
        rest.starts_with('=').then_some((at, 1, true))
    }
}

fn split_unescaped(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == ',' && !escaped {
            parts.push(&text[start..at]);
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn unescape(value: &str) -> String {
    let (mut plain, mut escaped) = (String::with_capacity(value.len()), false);
    for c in value.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            plain.push(c);
            escaped = false;
        }
    }
    plain
}

/// Recursive descent over [`tokens`], as `labels.Parser`.
struct Parser {
    tokens: Vec<String>,
    at: usize,
}

// === impl Parser ===

impl Parser {
    fn new(text: &str) -> Self {
        Self { tokens: tokens(text), at: 0 }
    }

    fn parse(mut self) -> Result<Vec<LabelTerm>, String> {
        let mut terms = Vec::new();
        loop {
            let token = self.peek();
            if token.is_empty() {
                return Ok(terms);
            }
            if token != "!" && !is_identifier(token) {
                return Err(format!("found '{token}', expected: !, identifier, or 'end of string'"));
            }
            terms.push(self.term().map_err(|e| format!("unable to parse requirement: {e}"))?);
            match self.next().as_str() {
                "" => return Ok(terms),
                "," if self.peek() == "!" || is_identifier(self.peek()) => {}
                "," => return Err(format!("found '{}', expected: identifier after ','", self.peek())),
                other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
            }
        }
    }

    fn term(&mut self) -> Result<LabelTerm, String> {
        let is_missing = self.peek() == "!";
        if is_missing {
            self.next();
        }
        let key = self.next();
        if !is_identifier(&key) {
            return Err(format!("found '{key}', expected: identifier"));
        }
        if is_missing {
            return Ok(LabelTerm { key, test: LabelTest::Missing });
        }
        if matches!(self.peek(), "" | ",") {
            return Ok(LabelTerm { key, test: LabelTest::Exists });
        }
        let test = match self.next().as_str() {
            "in" => LabelTest::In(self.values()?),
            "notin" => LabelTest::NotIn(self.values()?),
            "=" | "==" => LabelTest::In(vec![self.exact()?]),
            "!=" => LabelTest::NotIn(vec![self.exact()?]),
            ">" => LabelTest::Above(self.number()?),
            "<" => LabelTest::Below(self.number()?),
            other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        Ok(LabelTerm { key, test })
    }

    /// One value, which may be empty: `app=` asks for an empty one.
    fn exact(&mut self) -> Result<String, String> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            token if is_identifier(token) => Ok(self.next()),
            token => Err(format!("found '{token}', expected: identifier")),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let text = self.exact()?;
        text.parse().map_err(|_| format!("for 'Gt', 'Lt' operators, the value must be an integer: '{text}'"))
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let open = self.next();
        if open != "(" {
            return Err(format!("found '{open}' expected: '('"));
        }
        let mut values = Vec::new();
        loop {
            match self.peek() {
                "," | ")" => values.push(String::new()),
                token if is_identifier(token) => values.push(self.next()),
                token => return Err(format!("found '{token}', expected: ',', or identifier")),
            }
            match self.next().as_str() {
                "," => {}
                ")" => return Ok(values),
                token => return Err(format!("found '{token}', expected: ',' or ')'")),
            }
        }
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let token = self.peek().to_owned();
        self.at += 1;
        token
    }
}

fn is_identifier(token: &str) -> bool {
    token.chars().next().is_some_and(|c| !is_special(c))
}

fn is_special(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

/// Identifiers, operators and punctuation; runs of operator characters are one token if that is an operator.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let width = if is_special(c) {
            if ["==", "!="].iter().any(|op| rest.starts_with(op)) { 2 } else { 1 }
        } else {
            rest.find(|c: char| is_special(c) || c.is_whitespace()).unwrap_or(rest.len())
        };
        tokens.push(rest[..width].to_owned());
        rest = rest[width..].trim_start();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::schema::resources::Registry;
    use serde_json::json;

    fn object(labels: &serde_json::Value) -> Object {
        let registry = Registry::built_in();
        let value = json!({"metadata": {"name": "p1", "namespace": "shop", "labels": labels},
                           "status": {"phase": "Running"}});
        Object::new(registry.get(registry.named("pods").unwrap()), value, 1)
    }

    #[test]
    fn label_selectors_select() {
        let web = object(&json!({"app": "web", "tier": "front", "size": "7"}));
        for (selector, expected) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app = web , tier != back", true),
            ("app!=web", false),
            ("other!=web", true),
            ("app in (web, api)", true),
            ("app in (api)", false),
            ("app notin (api),tier", true),
            ("missing notin (a)", true),
            ("app", true),
            ("!app", false),
            ("!missing", true),
            ("size>5,size<8", true),
            ("size>7", false),
            ("empty=", false),
            ("in=web", false),
        ] {
            assert_eq!(Selector::parse(selector, "").unwrap().matches(&web), expected, "{selector}");
        }
    }

    #[test]
    fn field_selectors_select() {
        let pod = object(&json!({}));
        for (selector, expected) in [
            ("metadata.name=p1", true),
            ("metadata.name==p1,metadata.namespace=shop", true),
            ("metadata.name!=p1", false),
            ("status.phase=Running", true),
            ("status.phase!=Running", false),
            (r"metadata.name=p\,1", false),
            ("spec.nodeName=", true),
        ] {
            assert_eq!(Selector::parse("", selector).unwrap().matches(&pod), expected, "{selector}");
        }
    }

    #[test]
    fn bad_selectors_are_refused_in_the_words_of_the_api_server() {
        for (labels, fields, message) in [
            ("==", "", "found '==', expected: !, identifier, or 'end of string'"),
            ("a,", "", "found '', expected: identifier after ','"),
            ("a b", "", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a in b", "", "unable to parse requirement: found 'b' expected: '('"),
            ("a=b c", "", "found 'c', expected: ',' or 'end of string'"),
            ("", "name", "invalid selector: 'name'; can't understand 'name'"),
        ] {
            assert_eq!(Selector::parse(labels, fields), Err(message.to_owned()), "{labels} {fields}");
        }
    }

    #[test]
    fn a_selector_may_pin_a_name() {
        assert_eq!(Selector::parse("", "metadata.name=p1").unwrap().pinned_name(), Some("p1"));
        assert_eq!(Selector::parse("", "metadata.name!=p1").unwrap().pinned_name(), None);
    }
}
