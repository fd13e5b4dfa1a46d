//! Whatever a user or a server writes, the parsers answer: with a value that means the same when it is
//! written out and read again, or with an error.

use proptest::prelude::*;
use wait_for::selector::Selector;
use wait_for::target::Target;
use wait_for::{duration, yaml};

/// Text that is likely to get far into the grammar of targets.
fn target_like() -> impl Strategy<Value = String> {
    let kind = prop_oneof!["deployment", "deploy", "pod", "sts", "job", "svc", "services", "[a-z.]{0,12}"];
    let name = prop_oneof![
        "[a-z0-9.-]{0,12}",
        "[a-z]{1,4}=[a-z]{0,4}(,[a-z]{1,4}!=[a-z]{1,4})?",
        "[a-z]{1,3} (not)?in \\([a-z, ]{0,8}\\)",
        ".{0,10}"
    ];
    let namespace = prop_oneof!["", "@[a-z0-9-]{0,8}", "@.{0,4}"];
    let condition = prop_oneof![
        "",
        ":(ready|available|complete|exists|deleted|has-endpoints|rolled-out)(=[0-9]{1,3})?",
        ":condition=[A-Za-z/.]{0,10}(=[A-Za-z]{0,6})?",
        ":jsonpath=[{}.\\[\\]a-z0-9@?()='\"*]{0,20}([<>=!]{1,2}[a-z0-9]{0,4})?",
        ":.{0,12}",
    ];
    (kind, name, namespace, condition).prop_map(|(kind, name, at, colon)| format!("{kind}/{name}{at}{colon}"))
}

proptest! {
    #[test]
    fn a_target_that_is_understood_reads_back_as_itself(text in target_like()) {
        if let Ok(target) = text.parse::<Target>() {
            let written = target.full();
            prop_assert_eq!(written.parse::<Target>(), Ok(target), "{} was written as {}", text, written);
        }
    }

    #[test]
    fn any_text_is_a_target_or_an_error_that_says_something(text in ".{0,40}") {
        if let Err(error) = text.parse::<Target>() {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn a_selector_that_is_understood_reads_back_as_itself(text in "[a-z0-9/._!=, ()-]{0,40}") {
        if let Ok(selector) = text.parse::<Selector>() {
            prop_assert_eq!(selector.to_string().parse::<Selector>(), Ok(selector));
        }
    }

    #[test]
    fn any_text_is_a_duration_or_an_error(text in "[0-9.a-zµ+-]{0,24}") {
        let _ = duration::parse(&text);
    }

    #[test]
    fn any_text_is_yaml_or_an_error(text in "[a-z0-9:\\[\\]{}&*!|>'\"%@`#, \n-]{0,80}") {
        let _ = yaml::to_json(&text);
    }
}
