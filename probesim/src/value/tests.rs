//! What can be written, and what to write instead.

use super::*;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What the refusal tells the user to write.
fn instead<T: std::fmt::Debug>(read: impl Fn(&str) -> Result<T, BadValue>, text: &str) -> String {
    read(text).expect_err(text).instead
}

#[test]
fn a_rate_is_a_percentage() {
    for (text, percent) in
        [("0", 0.0), ("20", 20.0), ("+5", 5.0), ("20%", 20.0), ("0.5%", 0.5), ("100", 100.0), ("100%", 100.0)]
    {
        assert_eq!(rate(text), Ok(Rate::from_percent(percent).unwrap()), "{text}");
    }
    for text in [
        "",
        "many",
        "-1",
        "-0",
        "101",
        "100.1%",
        "1.5",
        "0.2",
        "NaN",
        "inf%",
        "1e1%",
        "20 %",
        " 20",
        "%",
        "99999999999",
    ] {
        assert!(rate(text).is_err(), "{text}");
    }
    assert_eq!(instead(rate, " 20"), "20");
    assert_eq!(instead(rate, "20 %"), "20%");
    assert_eq!(instead(rate, "1.5"), "1.5%");
    assert_eq!(instead(rate, "101"), "100 for all requests");
    assert_eq!(instead(rate, "many"), "for example 20, or 0.5% for a fraction");
}

#[test]
fn a_bare_time_has_the_unit_of_its_setting() {
    assert_eq!(milliseconds("250"), Ok(ms(250)));
    assert_eq!(seconds_or_off("250"), Ok(ms(250_000)));
    assert_eq!(minutes_or_off("2"), Ok(ms(120_000)));
    assert_eq!(minutes("2"), Ok(ms(120_000)));
    assert_eq!(milliseconds("0"), Ok(ms(0)));
    assert_eq!(with_unit("0"), Ok(ms(0)));
    assert_eq!(instead(with_unit, "10"), "10s");
}

#[test]
fn a_time_with_a_unit_is_read_as_go_does() {
    for (text, expected) in [
        ("50ms", ms(50)),
        ("1.5s", ms(1_500)),
        (".5s", ms(500)),
        ("1.s", ms(1_000)),
        ("2m", ms(120_000)),
        ("1h30m", ms(5_400_000)),
        ("0s", ms(0)),
        ("250us", Duration::from_micros(250)),
        ("250µs", Duration::from_micros(250)),
        ("7ns", Duration::from_nanos(7)),
        ("0.0000000019s", Duration::from_nanos(1)),
    ] {
        assert_eq!(milliseconds(text), Ok(expected), "{text}");
        assert_eq!(seconds_or_off(text), Ok(expected), "{text}");
        assert_eq!(minutes_or_off(text), Ok(expected), "{text}");
        assert_eq!(with_unit(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_not_a_time_is_refused() {
    for text in [
        "",
        " ",
        "soon",
        "s",
        "1.5",
        "1..5s",
        ".s",
        "1x",
        "1s2",
        "-1s",
        "1e3ms",
        "50 ms",
        "５s",
        "1d",
        "99999999999999999999",
        "99999999999999999999s",
        "600000h600000h6000000h",
    ] {
        assert!(milliseconds(text).is_err(), "{text}");
        assert!(seconds_or_off(text).is_err(), "{text}");
        assert!(with_unit(text).is_err(), "{text}");
    }
    assert_eq!(instead(milliseconds, "50 ms"), "50ms");
    assert_eq!(instead(milliseconds, "50MS"), "50ms");
    assert_eq!(instead(milliseconds, "1.5"), "1.5ms");
    assert_eq!(instead(milliseconds, "-5"), "for example 200 or 1.5s");
}

#[test]
fn negative_moments_mean_never_and_negative_lengths_are_refused() {
    assert_eq!(seconds_or_off("-1"), Ok(ms(0)));
    assert_eq!(minutes_or_off("-30"), Ok(ms(0)));
    assert!(minutes("-1").is_err());
    assert!(milliseconds("-1").is_err());
}

#[test]
fn booleans_are_those_of_go() {
    for text in ["1", "t", "T", "true", "TRUE", "True"] {
        assert_eq!(boolean(text), Ok(true), "{text}");
    }
    for text in ["0", "f", "F", "false", "FALSE", "False"] {
        assert_eq!(boolean(text), Ok(false), "{text}");
    }
    for (text, expected) in [
        ("yes", "true"),
        ("on", "true"),
        ("No", "false"),
        (" true", "true"),
        ("tRUE", "true"),
        ("perhaps", "true or false"),
    ] {
        assert_eq!(instead(boolean, text), expected, "{text}");
    }
}

#[test]
fn counts_are_whole() {
    assert_eq!(count("3"), Ok(3));
    assert_eq!(signed_count("-2"), Ok(-2));
    for text in ["-2", "1.5", "three", "18446744073709551616"] {
        assert!(count(text).is_err(), "{text}");
    }
    assert_eq!(instead(count, "3 "), "3");
    assert_eq!(instead(signed_count, "- 2"), "-2");
}

#[test]
fn seeds_and_ports_have_their_ranges() {
    assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
    assert!(seed("-1").is_err());
    assert_eq!(port("65535"), Ok(65535));
    assert!(port("65536").is_err());
    assert_eq!(instead(port, ":8080"), "8080");
    assert_eq!(instead(port, "99999"), "for example 8080");
    assert_eq!(instead(port, "http"), "for example 8080");
}

#[test]
fn a_listening_address_may_bring_its_port() {
    assert_eq!(listen("::"), Ok(Listen::Ip(IpAddr::from([0_u16; 8]))));
    assert_eq!(listen("127.0.0.1:0"), Ok(Listen::Socket(SocketAddr::from(([127, 0, 0, 1], 0)))));
    assert_eq!(instead(listen, ":8080"), "[::]:8080");
    assert_eq!(instead(listen, "localhost:8080"), "127.0.0.1:8080");
    assert_eq!(instead(listen, "example.com"), "for example 127.0.0.1, 0.0.0.0:8080 or [::]:8080");
}

#[test]
fn log_levels_are_read_in_any_case() {
    assert_eq!(log_level("INFO"), Ok(Level::INFO));
    assert_eq!(instead(log_level, "warning"), "warn");
    assert_eq!(instead(log_level, "loud"), "error, warn, info or debug");
}
