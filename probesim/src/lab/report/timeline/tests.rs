//! What the picture holds.

use std::sync::Arc;
use std::time::Duration;

use super::super::tests::{minute, story};
use super::*;
use crate::kubelet::{Kind, Outcome, Role};
use crate::lab::happening::{Fact, Happening, Member, Watched};

fn svg(happenings: &[Happening], seconds: u64) -> String {
    draw(&story(happenings, seconds), &[], Format::Svg)
}

/// Whether every element is closed, in order; hand-written XML needs no more than this to be well-formed, as long as
/// all text is escaped.
fn check_balance(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag ends");
        assert!(!text.contains('&') || text.split('&').skip(1).all(|entity| entity.contains(';')), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && !tag.starts_with(['?', '!']) {
            open.push(tag.split_whitespace().next().unwrap_or_default());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn added(pod: &Arc<str>) -> Happening {
    let probe = Watched { kind: Kind::Readiness, successes: 1, failures: 3 };
    let member =
        Member { name: "app".into(), role: Role::Regular, runs: "simulator".into(), probes: vec![probe] };
    let fact = Fact::PodAdded { pod: Arc::clone(pod), workload: None, containers: vec![member] };
    Happening { at: Duration::ZERO, fact }
}

fn probed(pod: &Arc<str>, at: Duration, outcome: Outcome, output: &str) -> Happening {
    let fact = Fact::Probed {
        pod: Arc::clone(pod),
        container: "app".into(),
        kind: Kind::Readiness,
        attempt: 1,
        outcome,
        output: output.into(),
        took: Duration::from_millis(3),
    };
    Happening { at, fact }
}

#[test]
fn everything_has_a_title_with_its_text_and_times() {
    let svg = svg(&minute(), 60);
    check_balance(&svg);
    for title in [
        "web-0 starting for 5s, from 0.000s to 5.004s",
        "web-0 not Ready for 2s, from 23.004s to 25.006s",
        "app back-off for 10.1s, from 8.200s to 18.300s",
        "db-0 terminating for 0.400s, from 41.000s to 41.400s",
        "app killed for its liveness probe, grace period 30s at 41.000s",
        "app restarted, restart count 3 at 41.400s",
        "gate exited with 0 at 2.600s",
        "readiness failed at 21.004s, after 0.002s: HTTP probe failed with statuscode: 503",
        "readiness errored at 50.006s, after 0.002s: unexpected EOF",
        "readiness succeeded with a warning at 54.006s, after 0.002s: Probe terminated redirects",
        "liveness failed at 31.000s, after 1.000s: Get &quot;http://127.0.0.5:80/&quot;: context deadline exceeded",
    ] {
        assert!(svg.contains(&format!("<title>{title}</title>")), "{title}");
    }
}

#[test]
fn text_of_strangers_is_escaped() {
    let pod: Arc<str> = "shop/web-0".into();
    let output = "<html>&\u{1}\"]]>";
    let happenings = [added(&pod), probed(&pod, Duration::from_secs(1), Outcome::Failure, output)];
    let svg = svg(&happenings, 2);
    check_balance(&svg);
    assert!(svg.contains(": &lt;html&gt;&amp;\u{fffd}&quot;]]&gt;</title>"), "{svg}");
}

#[test]
fn hours_of_many_probes_stay_small() {
    let pods: Vec<Arc<str>> = (0..120).map(|number| format!("shop/web-{number}").into()).collect();
    let mut happenings: Vec<Happening> = pods.iter().map(added).collect();
    for second in 0..7_200 {
        for (number, pod) in pods.iter().enumerate() {
            let is_bad = (second / 7 + number) % 5 == 0;
            let outcome = if is_bad { Outcome::Failure } else { Outcome::Success };
            happenings.push(probed(pod, Duration::from_secs(second as u64), outcome, "connection refused"));
        }
    }
    let svg = svg(&happenings, 7_200);
    check_balance(&svg);
    assert!(svg.len() < 4_000_000, "{}", svg.len());
    assert!(svg.contains("20 more pods are not drawn"));
    assert!(svg.contains("bars: the higher, the more of them failed"));
}

#[test]
fn an_empty_lab_can_be_drawn() {
    check_balance(&svg(&[], 0));
}

#[test]
fn the_page_is_the_picture_with_the_summary() {
    let story = story(&minute(), 60);
    let page = draw(&story, &[], Format::Html);
    assert!(page.contains("<svg class=\"lab\"") && page.contains("POD    READY AFTER"), "{page:.300}");
    assert!(!page.contains("src=") && !page.contains("@import"), "nothing is loaded");
}
