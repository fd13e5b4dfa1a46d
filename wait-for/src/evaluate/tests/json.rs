//! `jsonpath=`: what paths lead to, what is compared, and what is no path.

use super::*;

const OBJECT: &str = "{metadata: {name: x, labels: {example.com/team: web, app: 'a b'}}, \
    spec: {replicas: 3, empty: '', nothing: null, list: [], map: {}, off: false, zero: 0, \"it's\": quoted}, \
    status: {phase: Running, ready: '2', memory: 512Mi, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}], \
    conditions: [{type: Ready, status: 'True', n: 1}, {type: Synced, status: 'False', n: 2}], \
    containers: [{name: a, ready: true}, {name: b, ready: true}]}}";

/// The verdicts of these expressions on the object above, whatever kind it is.
fn expect(expected: &str, cases: &[(&str, &[&str])]) {
    for kind in [Kind::Deployment, Kind::Pod, Kind::ConfigMap, "widget.example.com".parse().unwrap()] {
        for (text, fragments) in cases {
            let verdict = verdict_of(&kind, &format!("jsonpath={text}"), &yaml(OBJECT), &[]);
            assert_eq!(complaint(&verdict, expected, fragments), None, "{kind} {text}");
        }
    }
}

#[test]
fn every_way_to_write_a_path_leads_there() {
    for path in [
        "{.status.phase}",
        "{$.status.phase}",
        "{status.phase}",
        ".status.phase",
        "status.phase",
        "$.status.phase",
        "{['status']['phase']}",
        "{.status[\"phase\"]}",
        "{[ 'status' ].phase}",
    ] {
        expect("met", &[(&format!("{path}=Running"), &["Running"]), (path, &["there is a value at"])]);
    }
}

#[test]
fn paths_go_through_lists_names_and_filters() {
    expect(
        "met",
        &[
            ("{.metadata.labels['example.com/team']}=web", &[]),
            ("{.metadata.labels.example\\.com/team}=web", &[]),
            ("{.metadata.labels.app}='a b'", &[]),
            ("{.metadata.labels.app}=a b", &[]),
            ("{.spec['it\\'s']}=quoted", &[]),
            ("{.spec[\"it's\"]}=quoted", &[]),
            ("{.status.podIPs[0].ip}=10.0.0.1", &[]),
            ("{.status.podIPs[-1].ip}=fd00::1", &[]),
            ("{.status.podIPs[*].ip}", &[]),
            ("{.status.containers[*].ready}=true", &[]),
            ("{.metadata.labels.*}!=x", &[]),
            ("{.status.conditions[?(@.type==\"Ready\")].status}=True", &[]),
            ("{.status.conditions[?(@.type=='Ready')].status}==True", &[]),
            ("{.status.conditions[?( @.type != \"Ready\" )].status}=False", &[]),
            ("{.status.conditions[?(@.n>1)].type}=Synced", &[]),
            ("{.status.conditions[?(@.n<=1)].type}=Ready", &[]),
            ("{.status.conditions[?(@.type=='Ready' && @.status=='True')].n}=1", &[]),
            ("{.status.conditions[?(@.type=='X' || @.n==2 && @.status=='False')].type}=Synced", &[]),
            ("{.status.conditions[?(@['type']=='Ready')].n}=1", &[]),
            ("{.status.conditions[?(@.n)].n}<3", &[]),
            ("{.status.containers[?(@.ready==true)].name}!=c", &[]),
        ],
    );
}

#[test]
fn an_element_that_lacks_the_rest_of_the_path_counts_as_empty() {
    let webhooks = |second: &str| {
        format!(
            "{{webhooks: [{{name: a, clientConfig: {{caBundle: QUFB}}}}, {{name: b, clientConfig: {{{second}}}}}]}}"
        )
    };
    let (lacking, whole) = (webhooks("url: u"), webhooks("caBundle: QUFC"));
    let nested = "{list: [{items: [{a: 1}]}, {items: []}, {}]}";
    let none = "{webhooks: []}";
    run(
        "w.example.com".parse::<Kind>().unwrap(),
        &[
            (
                &lacking,
                "jsonpath={.webhooks[*].clientConfig.caBundle}",
                "not-yet",
                &["1 of 2 are empty or not there"],
            ),
            (&whole, "jsonpath={.webhooks[*].clientConfig.caBundle}", "met", &[]),
            (
                &lacking,
                "jsonpath={.webhooks[*].clientConfig.caBundle}=QUFB",
                "not-yet",
                &["empty or not there"],
            ),
            (&lacking, "jsonpath={.webhooks[*].clientConfig.caBundle}!=other", "met", &[]),
            (&lacking, "jsonpath={.webhooks[?(@.clientConfig.caBundle)].name}=a", "met", &[]),
            (&lacking, "jsonpath={.webhooks[?(@.name==\"b\")].clientConfig.caBundle}", "not-yet", &[]),
            (nested, "jsonpath={.list[*].items[*].a}=1", "not-yet", &["empty or not there"]),
            (nested, "jsonpath={.list[*].items[*].a}", "not-yet", &["2 of 3"]),
            (none, "jsonpath={.webhooks[*].name}!=x", "not-yet", &["nothing at that path yet"]),
        ],
    );
}

#[test]
fn comparisons_are_of_numbers_where_both_are() {
    expect(
        "met",
        &[
            (".spec.replicas=3", &[".spec.replicas = 3"]),
            (".spec.replicas>=3", &[]),
            (".spec.replicas > 2", &[]),
            (".spec.replicas<10", &[]),
            (".spec.replicas!=2", &[]),
            (".status.ready>=2", &[]),
            (".status.memory>=0.5Gi", &[]),
            (".spec.off=false", &[]),
            (".spec.zero=0", &[]),
            (".spec.empty=\"\"", &[]),
            (".spec.off", &[]),
            (".spec.zero", &[]),
        ],
    );
    expect(
        "not-yet",
        &[
            (".spec.replicas=4", &[".spec.replicas is 3", "= 4 is waited for"]),
            (".spec.replicas>3", &["> 3 is waited for"]),
            (".status.phase=running", &["is Running"]),
            (".status.phase>1", &["is Running", "that is no number"]),
            (".status.phase!=Running", &[]),
            ("{.status.podIPs[*].ip}=10.0.0.1", &["fd00::1"]),
            (".status.podIPs=x", &["a list"]),
            (".status=x", &["an object"]),
            ("{.status.conditions[*].n}>=2", &["is 1"]),
        ],
    );
}

#[test]
fn nothing_at_the_path_is_not_yet_whatever_is_asked() {
    expect(
        "not-yet",
        &[
            (".status.nope", &["no value at .status.nope"]),
            (".status.nope=1", &["no value at"]),
            (".status.nope!=1", &["no value at"]),
            (".status.nope<1", &["no value at"]),
            ("{.status.podIPs[2].ip}", &[]),
            ("{.status.podIPs[-3].ip}", &[]),
            ("{.status.phase.deeper}", &[]),
            ("{.status.phase[0]}", &[]),
            ("{.status[0]}", &[]),
            ("{.status.conditions[?(@.type=='Nope')].status}=True", &[]),
            ("{.spec[?(@.type=='Nope')]}", &[]),
            (".spec.empty", &["no value at .spec.empty — what is there is empty"]),
            (".spec.nothing", &["empty"]),
            (".spec.list", &["empty"]),
            (".spec.map", &["empty"]),
        ],
    );
}

#[test]
fn what_is_being_deleted_is_not_asked() {
    let object = yaml("{metadata: {name: x, deletionTimestamp: t}, status: {phase: Running}}");
    let verdict = verdict_of(Kind::Pod, "jsonpath={.status.phase}=Running", &object, &[]);
    assert_eq!(complaint(&verdict, "not-yet", &["being deleted"]), None);
}

#[test]
fn ended_pods_of_a_selection_can_be_asked() {
    let pods = [
        "{metadata: {name: a}, status: {phase: Succeeded}}",
        "{metadata: {name: b}, status: {phase: Running}}",
    ]
    .map(yaml);
    let condition = "jsonpath={.status.phase}=Succeeded";
    let verdict = verdict_of_all(Kind::Pod, condition, &pods);
    assert_eq!(complaint(&verdict, "not-yet", &["1/2 meet jsonpath=", "b: .status.phase is Running"]), None);
    assert_eq!(word(&verdict_of_all(Kind::Pod, condition, &pods[..1])), "met");
}

#[test]
fn an_expression_is_written_as_it_is_read() {
    for text in [
        "{.status.phase}=Running",
        ".status.phase",
        "{.a['b.c/d'][-1][*]}>=2Gi",
        "{.c[?(@.type==\"Ready\")].s}!='x'",
    ] {
        let check = Check::parse(&Kind::Pod, &format!("jsonpath={text}")).unwrap();
        assert_eq!(check.to_string(), format!("jsonpath={text}"));
        assert_eq!(Check::parse(&Kind::Pod, &check.to_string()), Ok(check));
    }
}

#[test]
fn a_bad_expression_says_where_and_what() {
    let cases = [
        ("", "at character 1: a path is expected"),
        ("{}", "at character 3: a path is expected"),
        ("=x", "at character 1: a path is expected"),
        ("{.status", "at character 9: \"}\" is expected"),
        ("{.status..phase}", "at character 11: \"..\" is not supported"),
        ("{.status.}", "at character 10: a field's name is expected"),
        ("{.a[}", "at character 5: a number, \"*\", a quoted name"),
        ("{.a[1}", "at character 6: \"]\" is expected"),
        ("{.a[1:2]}", "at character 6: \"]\" is expected"),
        ("{.a['b}", "at character 5: this quote has no end"),
        ("{.a[?(type=='x')]}", "at character 7: \"@\" is expected"),
        ("{.a[?(@.b==)]}", "at character 12: a quoted text, a number, true or false"),
        ("{.a[?(@.b==x)]}", "at character 12: a quoted text"),
        ("{.a[?(@.b=='x' & @.c)]}", "at character 16: \"&&\", \"||\" or \")\" is expected"),
        ("{.a[?(@.b=='x']}", "\")\" is expected"),
        ("{.a} {.b}", "at character 6: =, !=, <, <=, > or >= is expected"),
        ("{.a}=", "at character 6: a value is expected"),
        ("{.a}>", "a number is expected"),
        ("{.a}>x", "only numbers can be less or more"),
        ("{.é.a}x", "at character 7: =, !="),
        (".a\\", "a character is expected after"),
    ];
    for (text, expected) in cases {
        let error = Check::parse(&Kind::Pod, &format!("jsonpath={text}")).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let deep = format!("jsonpath={{.a{}", "[?(@.b".repeat(100_000));
    let error = Check::parse(&Kind::Pod, &deep).unwrap_err();
    assert!(
        matches!(error, crate::evaluate::CheckError::Json(_, error) if error.to_string().contains("too deeply"))
    );
    let error = Check::parse(&Kind::Pod, "jsonpath").unwrap_err().to_string();
    assert!(error.contains("write, for example, jsonpath={.status.phase}=Running"), "{error}");
}
