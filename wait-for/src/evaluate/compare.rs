//! Comparing a value of an object with what is written in a target.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use super::jsonpath::Cursor;

/// `=`, `!=`, `<`, `<=`, `>`, `>=`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// The suffixes of quantities, and what they stand for.
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
const SUFFIXES: [(&str, f64); 16] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("", 1.0),
];

// === impl Op ===

impl Op {
    /// The operator at the cursor; `==` is `=`.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Option<Self> {
        let ops = [
            ("==", Self::Equal),
            ("=", Self::Equal),
            ("!=", Self::NotEqual),
            ("<=", Self::AtMost),
            ("<", Self::Less),
            (">=", Self::AtLeast),
            (">", Self::Greater),
        ];
        ops.into_iter().find(|(token, _)| cursor.take(token)).map(|(_, op)| op)
    }

    /// Whether only numbers can be compared so.
    pub(super) const fn needs_numbers(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Whether it holds between a value of an object and a text.
    ///
    /// A JSON number is compared as one, and so is whatever is asked to be less or more. A text is equal to the same
    /// text only: `"1e3"` may be a name, and is not `1000`.
    pub(super) fn holds(self, value: &Value, text: &str) -> bool {
        let is_number = value.is_number() || self.needs_numbers();
        let order = plain(value).and_then(|shown| {
            let order = is_number.then(|| order(&shown, text)).flatten();
            order.or_else(|| (shown == text).then_some(Ordering::Equal))
        });
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::AtLeast => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        })
    }
}

/// A single value as it is written; nothing for lists and objects.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// The order of two numbers.
fn order(left: &str, right: &str) -> Option<Ordering> {
    match (left.parse::<i64>(), right.parse::<i64>()) {
        // Large ones too, which a fraction would round.
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

/// A number or a quantity, such as `3`, `1.5`, `500m`, `2Gi`.
pub(super) fn number(text: &str) -> Option<f64> {
    let (digits, factor) =
        SUFFIXES.into_iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)))?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    Some(digits.parse::<f64>().ok().filter(|_| is_number)? * factor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_quantities_have_an_order() {
        let cases = [
            (json!(3), "= 3, = 3.0, <= 3, >= 3, < 4, > 2, != 4"),
            (json!(10), "> 9, >= 9"),
            (json!(-1), "< 0"),
            (json!(1000), "= 1e3, = 1k"),
            (json!(9_007_199_254_740_993_i64), "= 9007199254740993, != 9007199254740992, > 9007199254740992"),
            (json!("10"), "> 9, = 10, >= 10.0"),
            (json!("500m"), "< 1, = 500m, <= 0.5"),
            (json!("2Gi"), "> 1G, >= 2048Mi, <= 2048Mi"),
            (json!(true), "= true, != false"),
            (json!(null), "= null, != 0"),
            (json!("a"), "= a, != b"),
            (json!(""), "!= 0"),
            (json!([1]), "!= 1"),
        ];
        for (value, tests) in cases {
            for test in tests.split(", ") {
                let (op, text) = test.split_once(' ').unwrap();
                let op = Op::parse(&mut Cursor::new(op)).unwrap();
                assert!(op.holds(&value, text), "{value} {test}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_neither_less_nor_more() {
        for (value, test) in [
            (json!("a"), "< b"),
            (json!("a"), "> 1"),
            (json!(""), "< 1"),
            (json!("inf"), "> 1"),
            (json!("nan"), "< 1"),
            (json!([1]), "< 2"),
            (json!({}), "= {}"),
            (json!(true), "> 0"),
        ] {
            let (op, text) = test.split_once(' ').unwrap();
            let op = Op::parse(&mut Cursor::new(op)).unwrap();
            assert!(!op.holds(&value, text), "{value} {test}");
        }
    }

    #[test]
    fn names_that_look_like_numbers_are_not_equal_by_value() {
        for (value, text) in [("1e3", "1000"), ("0e1", "0e2"), ("1.0", "1"), ("1k", "1000")] {
            assert!(!Op::Equal.holds(&json!(value), text), "{value} {text}");
        }
    }
}
