//! What the lab is expected to show: `deployment/web:ready <= 30s`, read from the command line and judged at the end.

mod judge;
mod metric;
mod scope;
#[cfg(test)]
mod tests;

use std::str::FromStr;

pub(super) use self::judge::{Judged, judge};
use self::metric::{Metric, Unit, Value};
use self::scope::Scope;

/// One expectation.
#[derive(Clone, Debug)]
pub(super) struct Expectation {
    /// As it was given.
    text: String,
    scope: Scope,
    metric: Metric,
    operator: Operator,
    value: Value,
}

/// How the measured value has to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
}

/// Why a text is no expectation, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadExpectation {
    #[error("\"{0}\" has no comparison; write for example \"{0} <= {1}\"")]
    NoOperator(String, &'static str),
    #[error("\"{0}\" compares with \"{1}\"; write one of <= < >= > == !=")]
    BadOperator(String, String),
    #[error("\"{text}\": there is no metric \"{metric}\"; write one of {}", Metric::NAMES)]
    NoMetric { text: String, metric: String },
    #[error("\"{text}\": \"{value}\" is no value of {metric}; write {instead}")]
    BadValue { text: String, value: String, metric: &'static str, instead: &'static str },
    #[error("\"{text}\": {metric} may be compared with \"never\" by == and != only")]
    NeverOrdered { text: String, metric: &'static str },
    #[error(
        "\"{text}\": \"{scope}\" is no scope; write a pod, KIND/NAME of a workload, or either with /CONTAINER"
    )]
    BadScope { text: String, scope: String },
}

// === impl Expectation ===

impl FromStr for Expectation {
    type Err = BadExpectation;

    fn from_str(text: &str) -> Result<Self, BadExpectation> {
        let text = text.trim();
        let (subject, operator, value) = split(text)?;
        let (scope, metric) = match subject.rsplit_once(':') {
            Some((scope, metric)) => (Some(scope.trim()), metric.trim()),
            None => (None, subject),
        };
        let metric = Metric::of(metric)
            .ok_or_else(|| BadExpectation::NoMetric { text: text.into(), metric: metric.into() })?;
        let scope = match scope {
            Some(scope) => Scope::of(scope)
                .ok_or_else(|| BadExpectation::BadScope { text: text.into(), scope: scope.into() })?,
            None => Scope::all(),
        };
        let Some(value) = metric.read(value) else {
            let (metric, instead) = (metric.name(), metric.example());
            return Err(BadExpectation::BadValue { text: text.into(), value: value.into(), metric, instead });
        };
        if value == Value::Never && !matches!(operator, Operator::Equal | Operator::NotEqual) {
            return Err(BadExpectation::NeverOrdered { text: text.into(), metric: metric.name() });
        }
        Ok(Self { text: text.to_owned(), scope, metric, operator, value })
    }
}

impl Expectation {
    /// In which unit the value is measured.
    const fn unit(&self) -> Unit {
        self.value.unit()
    }
}

// === impl Operator ===

impl Operator {
    fn holds(self, measured: f64, value: f64) -> bool {
        match self {
            Self::LessOrEqual => measured <= value,
            Self::Less => measured < value,
            Self::GreaterOrEqual => measured >= value,
            Self::Greater => measured > value,
            Self::Equal => measured.total_cmp(&value).is_eq(),
            Self::NotEqual => measured.total_cmp(&value).is_ne(),
        }
    }
}

/// What is compared, how, and with what.
fn split(text: &str) -> Result<(&str, Operator, &str), BadExpectation> {
    let is_sign = |c: char| matches!(c, '<' | '>' | '=' | '!');
    let Some(start) = text.find(is_sign) else {
        let metric = Metric::of(text.rsplit(':').next().unwrap_or_default().trim());
        let example = metric.map_or("30s", Metric::simple_example);
        return Err(BadExpectation::NoOperator(text.into(), example));
    };
    let signs = &text[start..];
    let signs = &signs[..signs.find(|c| !is_sign(c)).unwrap_or(signs.len())];
    let operator = match signs {
        "<=" => Operator::LessOrEqual,
        "<" => Operator::Less,
        ">=" => Operator::GreaterOrEqual,
        ">" => Operator::Greater,
        "==" => Operator::Equal,
        "!=" => Operator::NotEqual,
        other => return Err(BadExpectation::BadOperator(text.into(), other.into())),
    };
    Ok((text[..start].trim(), operator, text[start + signs.len()..].trim()))
}
