//! Keys of ConfigMaps and Secrets.

use super::*;

#[test]
fn a_key_needs_a_value() {
    let cases: &[Case<'_>] = &[
        ("{data: {tls.crt: LS0t}}", "has-key=tls.crt", "met", &["has key tls.crt"]),
        ("{binaryData: {tls.crt: LS0t}}", "has-key=tls.crt", "met", &[]),
        ("{data: {tls.crt: ''}}", "has-key=tls.crt", "not-yet", &["key tls.crt is empty"]),
        ("{data: {tls.crt: null}}", "has-key=tls.crt", "not-yet", &["key tls.crt is empty"]),
        (
            "{data: {ca.crt: LS0t, a: b}}",
            "has-key=tls.crt",
            "not-yet",
            &["no key tls.crt", "its keys are a, ca.crt"],
        ),
        ("{data: {TLS.crt: LS0t}}", "has-key=tls.crt", "not-yet", &["no key"]),
        ("{data: null}", "has-key=x", "not-yet", &["it has no keys yet"]),
        ("{}", "has-key=x", "not-yet", &["it has no keys yet"]),
        ("{metadata: {deletionTimestamp: t}, data: {x: y}}", "has-key=x", "not-yet", &["being deleted"]),
        ("{}", "exists", "met", &[]),
    ];
    run(Kind::ConfigMap, cases);
    run(Kind::Secret, cases);
}

#[test]
fn what_a_secret_holds_is_never_said() {
    let secret =
        yaml("{metadata: {name: creds}, data: {password: aHVudGVyMg==, empty: '', list: [aHVudGVyMg==]}}");
    for condition in [
        "has-key=password",
        "has-key=other",
        "jsonpath={.data.password}",
        "jsonpath={.data.password}=x",
        "jsonpath={.data.password}!=x",
        "jsonpath={.data.password}=aHVudGVyMg==",
        "jsonpath={.data.password}>1",
        "jsonpath={.data.*}=x",
        "exists",
        "deleted",
        "condition=Ready",
    ] {
        let verdict = verdict_of(Kind::Secret, condition, &secret, &[]);
        assert!(!format!("{verdict:?}").contains("aHVudGVyMg"), "{condition}: {verdict:?}");
    }
    // Nor is it kept: only a Look is.
    let check = Check::parse(&Kind::Secret, "has-key=password").unwrap();
    let looks = looks(&Kind::Secret, &check, &[secret]);
    assert!(!format!("{looks:?}").contains("aHVudGVyMg"), "{looks:?}");
}
