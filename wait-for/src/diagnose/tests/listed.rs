//! The shared cases that are explained by related objects.

use super::*;

#[test]
fn the_listed_cases_with_related_objects_are_explained() {
    let list = yaml(include_str!("../../../fixtures/readiness-cases.yaml"));
    let names = ["deploy-available-vacuous-maxunavailable", "sts-stuck-ordered-ready"];
    let mut seen = 0;
    for case in list.as_array().unwrap() {
        let Some(name) = case["name"].as_str().filter(|name| names.contains(name)) else { continue };
        let mut object = case["object"].clone();
        object["spec"]["selector"] = yaml("{matchLabels: {app: x}}");
        let mut world = World::default();
        for (plural, items) in case["related"].as_object().unwrap() {
            for item in items.as_array().unwrap() {
                let mut item = item.clone();
                item["metadata"]["labels"]["app"] = "x".into();
                world.objects.push((plural.clone(), item));
            }
        }
        let kind = object["kind"].as_str().unwrap().to_lowercase();
        let target = format!(
            "{kind}/{}:{}",
            object["metadata"]["name"].as_str().unwrap(),
            case["condition"].as_str().unwrap()
        );
        let line = world.line(&target, &object);
        for fragment in case["explain"].as_array().unwrap() {
            assert!(line.contains(fragment.as_str().unwrap()), "{name}: {fragment} in {line}");
        }
        seen += 1;
    }
    assert_eq!(seen, names.len());
}
