//! Whole diagnoses: objects in, the line out.

mod kubelet;
mod lines;
mod listed;
mod recordings;
mod rounds;

use std::time::Duration;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::explain::{Explanation, explain};
use super::fail_fast::{FailFast, Row};
use super::patient::Patient;
use super::related::{Answer, Namespace, Need};
use super::rights::Right;
use super::{Because, Diagnosis};
use crate::evaluate::look;
use crate::row::Row as Line;
use crate::standing::Terms;
use crate::target::Target;
use crate::verdict::Verdict;

/// Objects of a namespace by their plural names, and what may be read of them.
#[derive(Default)]
struct World {
    objects: Vec<(String, Value)>,
    refused: Vec<Right>,
}

/// What a round has come to, and what was read for it.
struct Round {
    explanation: Option<Explanation>,
    needs: Vec<Right>,
}

const NOW: i64 = 1_767_225_600; // 2026-01-01T00:00:00Z

impl World {
    fn new(text: &str) -> Self {
        let world = yaml(text);
        let objects = world.as_object().into_iter().flatten().flat_map(|(plural, items)| {
            items.as_array().unwrap().iter().map(move |item| (plural.clone(), item.clone()))
        });
        Self { objects: objects.collect(), refused: Vec::new() }
    }

    fn without(mut self, refused: &[Right]) -> Self {
        self.refused = refused.to_vec();
        self
    }

    /// As the API server would answer.
    fn answer(&self, need: &Need) -> Option<Vec<u8>> {
        let list = |plural: &str, is_it: &dyn Fn(&Value) -> bool| {
            let items: Vec<&Value> = self
                .objects
                .iter()
                .filter(|(of, object)| of == plural && is_it(object))
                .map(|(_, object)| object)
                .collect();
            Some(serde_json::to_vec(&serde_json::json!({"metadata": {}, "items": items})).unwrap())
        };
        match need {
            Need::Pods(selector) => list("pods", &|pod| matches(pod, selector)),
            Need::ReplicaSets(selector) => list("replicasets", &|set| matches(set, selector)),
            Need::Events(uid) => list("events", &|event| event["involvedObject"]["uid"] == **uid),
            Need::Namespace => None,
        }
    }

    fn round(&self, target: &Target, object: &Value, now: i64) -> Round {
        let object = (!object.is_null()).then(|| raw(object));
        let (patient, mut related) = Patient::new(target, object.as_deref()).unwrap();
        let mut needs = Vec::new();
        while let Some(need) = related.need(&patient) {
            needs.push(need.right());
            assert!(needs.len() < 6, "no end of reading: {needs:?}");
            match self.answer(&need).filter(|_| !self.refused.contains(&need.right())) {
                Some(body) => related.put(&need, &patient, &body).unwrap(),
                None if need == Need::Namespace => related.namespace = Answer::Got(Namespace::Absent),
                None => related.refuse(&need),
            }
        }
        Round { explanation: explain(&patient, &related, now), needs }
    }

    /// The line about a target, as the report would print it a moment after the first round.
    fn line(&self, target: &str, object: &Value) -> String {
        let target: Target = target.parse().unwrap();
        let explanation = self.round(&target, object, NOW).explanation;
        line(&target, object, explanation)
    }
}

fn matches(object: &Value, selector: &str) -> bool {
    selector.split(',').all(|term| {
        let (key, value) = term.split_once('=').unwrap();
        object["metadata"]["labels"][key] == value
    })
}

fn line(target: &Target, object: &Value, explanation: Option<Explanation>) -> String {
    let verdict = match object {
        Value::Null => crate::evaluate::missing(&target.kind, &target.check),
        object => look(target, &raw(object)).unwrap().verdict,
    };
    let mut row = Line::new(target.to_string(), Terms::default());
    match explanation.map(|explanation| diagnosis(explanation).apply(verdict.clone(), false)) {
        Some((verdict, Some(because))) => {
            row.learn_why(verdict, because, Duration::ZERO, Duration::ZERO);
        }
        _ => drop(row.learn(verdict, Duration::ZERO)),
    }
    row.line(Duration::ZERO)
}

fn diagnosis(explanation: Explanation) -> Diagnosis {
    Diagnosis { explanation, since: tokio::time::Instant::now(), is_hopeless: false }
}

fn yaml(text: &str) -> Value {
    crate::yaml::to_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}
