//! Services and their EndpointSlices, beyond the shared list.

use super::*;

const DB: &str =
    "{metadata: {name: db}, spec: {clusterIP: 10.0.0.1, selector: {a: b}, ports: [{name: pg, port: 5432}]}}";
const PG: &str = "ports: [{name: pg, port: 5432}]";

/// A slice of `db`.
fn slice(rest: &str) -> Value {
    yaml(&format!("{{metadata: {{name: s, labels: {{kubernetes.io/service-name: db}}}}, {rest}}}"))
}

fn endpoint(address: &str, conditions: &str, uid: &str) -> String {
    format!("{{addresses: [{address}], conditions: {{{conditions}}}, targetRef: {{uid: {uid}}}}}")
}

/// The verdict on `db` over slices, given without their metadata.
fn check(service: &str, condition: &str, slices: &[&str], expected: &str, fragments: &[&str]) {
    let slices: Vec<Value> = slices.iter().map(|rest| slice(rest)).collect();
    let verdict = verdict_of(Kind::Service, condition, &yaml(service), &slices);
    assert_eq!(complaint(&verdict, expected, fragments), None, "{condition} of {service}");
}

#[test]
fn endpoints_of_both_address_families_count_once() {
    let [v4, v6] = ["10.1.0.5", "'fd00::5'"]
        .map(|address| format!("endpoints: [{}], {PG}", endpoint(address, "", "u1")));
    check(DB, "has-endpoints", &[&v4, &v6], "met", &["1 ready endpoint"]);
    check(DB, "has-endpoints=2", &[&v4, &v6], "not-yet", &["1/2 ready", "no other endpoint"]);
    let other = format!("endpoints: [{}], {PG}", endpoint("10.1.0.6", "", "u2"));
    check(DB, "has-endpoints=2", &[&v4, &v6, &other], "met", &["2/2"]);
}

#[test]
fn endpoints_without_a_pod_are_told_apart_by_address() {
    let two = format!("endpoints: [{{addresses: [192.0.2.1, 192.0.2.9]}}, {{addresses: [192.0.2.2]}}], {PG}");
    check(DB, "has-endpoints=2", &[&two], "met", &[]);
    check(DB, "has-endpoints=3", &[&two], "not-yet", &["2/3"]);
    let none = format!("endpoints: [{{addresses: []}}, {{addresses: null}}], {PG}");
    check(DB, "has-endpoints", &[&none], "not-yet", &["0 ready"]);
}

#[test]
fn only_ready_serving_and_staying_endpoints_count() {
    let cases = [
        ("", "met", ""),
        ("ready: true, serving: true, terminating: false", "met", ""),
        ("ready: null, serving: null, terminating: null", "met", ""),
        ("ready: false", "not-yet", "1 endpoint, none ready"),
        // publishNotReadyAddresses forces ready.
        ("ready: true, serving: false", "not-yet", "1 endpoint, none ready"),
        ("ready: true, serving: true, terminating: true", "not-yet", "1 endpoint, all terminating"),
    ];
    for (conditions, expected, fragment) in cases {
        let slice = format!("endpoints: [{}], {PG}", endpoint("10.1.0.5", conditions, "u1"));
        check(DB, "has-endpoints", &[&slice], expected, &[fragment]);
    }
    let mixed = [("", "a"), ("ready: false", "b"), ("terminating: true", "c")]
        .map(|(conditions, uid)| endpoint("10.1.0.5", conditions, uid));
    let slice = format!("endpoints: [{}], {PG}", mixed.join(", "));
    check(DB, "has-endpoints=2", &[&slice], "not-yet", &["1/2", "1 not ready, 1 terminating"]);
}

#[test]
fn ports_must_lead_somewhere() {
    let two = "{metadata: {name: db}, spec: {selector: {a: b}, ports: [{name: pg, port: 1, targetPort: postgres}, \
               {name: metrics, port: 2, targetPort: 9090}]}}";
    let only_pg = format!("endpoints: [{}], {PG}", endpoint("10.1.0.5", "", "u1"));
    check(two, "has-endpoints", &[&only_pg], "met", &[]);
    check(two, "has-endpoints:pg", &[&only_pg], "met", &[]);
    check(two, "has-endpoints=1:pg", &[&only_pg], "met", &[]);
    check(two, "has-endpoints:metrics", &[&only_pg], "not-yet", &["do not offer"]);
    check(two, "has-endpoints:http", &[&only_pg], "not-yet", &["no port named \"http\"", "pg, metrics"]);
    let unresolved = format!("endpoints: [{}], ports: null", endpoint("10.1.0.5", "", "u1"));
    check(
        two,
        "has-endpoints:pg",
        &[&unresolved],
        "not-yet",
        &["no container declares port name \"postgres\""],
    );
    // A pod template that moved on: one slice for each set of ports.
    check(two, "has-endpoints=1:pg", &[&unresolved, &only_pg], "met", &[]);
    let unnamed = "{metadata: {name: db}, spec: {selector: {a: b}, ports: [{port: 5432}]}}";
    let nameless = format!("endpoints: [{}], ports: [{{port: 5432}}]", endpoint("10.1.0.5", "", "u1"));
    let null_name =
        format!("endpoints: [{}], ports: [{{name: null, port: 5432}}]", endpoint("10.1.0.5", "", "u1"));
    check(unnamed, "has-endpoints", &[&nameless], "met", &[]);
    check(unnamed, "has-endpoints", &[&null_name], "met", &[]);
}

#[test]
fn a_headless_service_without_ports_needs_none() {
    let headless = "{metadata: {name: db}, spec: {clusterIP: None, selector: {a: b}}}";
    let portless = format!("endpoints: [{}], ports: []", endpoint("10.1.0.5", "", "u1"));
    check(headless, "has-endpoints", &[&portless], "met", &[]);
    let with_port = "{metadata: {name: db}, spec: {clusterIP: None, selector: {a: b}, ports: [{name: pg}]}}";
    check(with_port, "has-endpoints", &[&portless], "not-yet", &["port"]);
}

#[test]
fn an_empty_service_says_what_is_missing() {
    check(DB, "has-endpoints", &[], "not-yet", &["0 ready endpoints", "no EndpointSlice yet"]);
    check(DB, "has-endpoints", &["endpoints: null, ports: []"], "not-yet", &["selector matches no pod"]);
    let bare = "{metadata: {name: db}, spec: {ports: [{port: 1}]}}";
    check(bare, "has-endpoints", &[], "not-yet", &["has no selector"]);
    let deleting = "{metadata: {name: db, deletionTimestamp: t}, spec: {ports: [{name: pg}]}}";
    let slice = format!("endpoints: [{}], {PG}", endpoint("10.1.0.5", "", "u1"));
    check(deleting, "has-endpoints", &[&slice], "not-yet", &["being deleted"]);
}

#[test]
fn slices_of_another_service_do_not_count() {
    let other = "{metadata: {name: web}, spec: {selector: {a: b}, ports: [{name: pg}]}}";
    let slice = format!("endpoints: [{}], {PG}", endpoint("10.1.0.5", "", "u1"));
    check(other, "has-endpoints", &[&slice], "not-yet", &["no EndpointSlice yet"]);
}

#[test]
fn questions_that_a_type_cannot_answer_are_mistakes() {
    let external = "{metadata: {name: db}, spec: {type: ExternalName, externalName: db.example.com}}";
    check(
        external,
        "has-endpoints",
        &[],
        "misused",
        &["ExternalName db.example.com", "use exists, or a TCP check"],
    );
    check(external, "has-address", &[], "misused", &["ExternalName", "exists"]);
    check(external, "exists", &[], "met", &[]);
    check(DB, "has-address", &[], "misused", &["ClusterIP", "has-endpoints"]);
    let node_port = "{metadata: {name: db}, spec: {type: NodePort}}";
    check(node_port, "has-address", &[], "misused", &["NodePort"]);
}

#[test]
fn a_load_balancer_needs_any_address() {
    let cases = [
        ("{}", "not-yet"),
        ("{loadBalancer: null}", "not-yet"),
        ("{loadBalancer: {ingress: []}}", "not-yet"),
        ("{loadBalancer: {ingress: [{}]}}", "not-yet"),
        ("{loadBalancer: {ingress: [{}, {hostname: lb.example.com}]}}", "met"),
        ("{loadBalancer: {ingress: [{ip: 192.0.2.1}]}}", "met"),
    ];
    for (status, expected) in cases {
        let object = format!("{{metadata: {{name: db}}, spec: {{type: LoadBalancer}}, status: {status}}}");
        check(&object, "has-address", &[], expected, &["address"]);
    }
}

#[test]
fn slices_alone_decide_where_the_service_may_not_be_read() {
    let evaluate = |text: &str, rest: &str| {
        let Ok(Check::Service(condition)) = Check::parse(&Kind::Service, text) else { panic!("{text}") };
        let slice = Slice::read(&raw(&slice(rest))).unwrap();
        service::evaluate(None, std::iter::once(&slice), &condition)
    };
    let ready = endpoint("10.1.0.5", "", "u1");
    let with_port = format!("endpoints: [{ready}], {PG}");
    let without_port = format!("endpoints: [{ready}], ports: []");
    assert!(evaluate("has-endpoints", &with_port).is_met());
    assert!(evaluate("has-endpoints:pg", &with_port).is_met());
    assert_eq!(word(&evaluate("has-endpoints:http", &with_port)), "not-yet");
    assert_eq!(word(&evaluate("has-endpoints", &without_port)), "not-yet");
    assert_eq!(word(&evaluate("has-address", &with_port)), "not-yet");
    let headless = yaml(&format!(
        "{{metadata: {{labels: {{kubernetes.io/service-name: db, service.kubernetes.io/headless: ''}}}}, {without_port}}}"
    ));
    let slice = Slice::read(&raw(&headless)).unwrap();
    let condition = service::Condition::HasEndpoints { at_least: None, port: None };
    assert!(service::evaluate(None, std::iter::once(&slice), &condition).is_met());
}
