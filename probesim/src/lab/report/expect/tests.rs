//! What may be expected, and what comes of it.

use super::super::tests::{minute, story};
use super::*;

fn verdict(text: &str) -> Judged {
    let expectation: Expectation = text.parse().unwrap_or_else(|error| panic!("{error}"));
    judge(&[expectation], &story(&minute(), 60)).remove(0)
}

#[test]
fn each_metric_is_measured_in_its_scope() {
    for (text, is_met, found) in [
        ("ready <= 5.004s", true, "5.004s (web-0)"),
        ("ready < 5.004s", false, "5.004s (web-0)"),
        ("ready > 1s", false, "0.102s (db-0)"),
        ("crash:ready == never", false, "0.102s (crash)"),
        ("crash:ready != never", true, "0.102s (crash)"),
        ("web-0/gate:ready < 1m", false, "never Ready within 60.000s (web-0/gate)"),
        ("web-0/gate:ready == never", true, "never Ready within 60.000s (web-0/gate)"),
        ("statefulset/web:notReady <= 5%", true, "4.557% (web-0)"),
        ("sts/web:notReady <= 2s", false, "2.506s (web-0)"),
        ("db-0:notReady == 0", true, "0.000s (db-0)"),
        ("notReady <= 50%", false, "79.288% (crash)"),
        ("crash:longestNotReady > 20s", true, "20.102s (crash)"),
        ("statefulset/db:available == 100%", true, "100% (statefulset/db)"),
        ("available >= 90%", false, "20.712% (crash)"),
        ("web-0/app:available >= 90%", false, "available is of pods and workloads, not of containers"),
        ("shop/web-0:restarts == 1", true, "1"),
        ("restarts==4", true, "4"),
        ("pod/crash:killed == 0", true, "0"),
        ("killed > 0", true, "1"),
        ("crash/app:exits == 4", true, "4"),
        ("web-0:exits == 0", true, "0"),
        ("web-0:unhealthy <= 9", false, "10"),
        ("db-0:Probes >= 22", true, "22"),
        ("crash:backoff <= 1m", true, "45.800s (crash)"),
        ("web-0:opened <= 3s", true, "2.600s (web-0)"),
        ("statefulset/web/gate:opened <= 2s", false, "2.600s (web-0/gate)"),
        ("crash:opened < 1s", false, "there is no init container"),
        (
            "deployment/web:ready < 1m",
            false,
            "nothing has this name; there were statefulset/web, web-0, statefulset/db, db-0, crash",
        ),
    ] {
        let expected = Judged { expected: text.into(), is_met, found: found.into() };
        assert_eq!(verdict(text), expected);
    }
}

#[test]
fn without_a_pod_nothing_is_met() {
    let expectation = "restarts == 0".parse().expect("good");
    let verdict = judge(&[expectation], &story(&[], 10)).remove(0);
    assert_eq!((verdict.is_met, verdict.found.as_str()), (false, "there was no pod"));
}

#[test]
fn a_wrong_expectation_says_what_to_write() {
    for (text, expected) in [
        ("ready", "\"ready\" has no comparison; write for example \"ready <= 30s\""),
        ("a:restarts 0", "\"a:restarts 0\" has no comparison; write for example \"a:restarts 0 <= 30s\""),
        ("restarts = 0", "\"restarts = 0\" compares with \"=\"; write one of <= < >= > == !="),
        (
            "rediness < 3s",
            "\"rediness < 3s\": there is no metric \"rediness\"; write one of ready, notReady, longestNotReady, \
             available, restarts, killed, exits, unhealthy, probes, backoff, opened",
        ),
        (
            "ready < 30",
            "\"ready < 30\": \"30\" is no value of ready; write a time with its unit, such as 30s, or never",
        ),
        (
            "notReady <= 101%",
            "\"notReady <= 101%\": \"101%\" is no value of notReady; write a share such as 1%, or a time such as 30s",
        ),
        (
            "available > 99",
            "\"available > 99\": \"99\" is no value of available; write a share, such as 99.5%",
        ),
        (
            "restarts == 1.5",
            "\"restarts == 1.5\": \"1.5\" is no value of restarts; write a whole number, such as 0",
        ),
        ("ready < never", "\"ready < never\": ready may be compared with \"never\" by == and != only"),
        ("Web!:ready < 1s", "\"Web!:ready < 1s\" compares with \"!\"; write one of <= < >= > == !="),
        (
            "a/b/c/d:ready < 1s",
            "\"a/b/c/d:ready < 1s\": \"a/b/c/d\" is no scope; write a pod, KIND/NAME of a workload, or either with /CONTAINER",
        ),
        (
            ":ready < 1s",
            "\":ready < 1s\": \"\" is no scope; write a pod, KIND/NAME of a workload, or either with /CONTAINER",
        ),
    ] {
        assert_eq!(text.parse::<Expectation>().expect_err(text).to_string(), expected);
    }
}
