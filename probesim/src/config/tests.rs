//! What the settings come to.

use super::*;

fn config(variables: &[(&str, &str)]) -> Result<Config, BadEnvironment> {
    config_with(Settings::default(), variables)
}

fn config_with(flags: Settings, variables: &[(&str, &str)]) -> Result<Config, BadEnvironment> {
    let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
    Config::new(flags, |name| find(name).map(|(_, value)| OsString::from(value)))
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_empty_environment_gives_the_defaults() {
    let defaults = config(&[]).unwrap();
    assert_eq!(defaults.listen, ListenOn::AllAddresses(8080));
    assert_eq!(defaults.faults, Faults::default());
    assert_eq!(defaults.seed, None);
    assert_eq!(defaults.drain, Drain { delay: secs(3), grace: secs(10) });
}

#[test]
fn every_variable_has_its_meaning() {
    let read = config(&[
        ("PORT", "9000"),
        ("LISTEN", "127.0.0.1"),
        ("FAILURE_RATE", "20"),
        ("LATENCY", "50"),
        ("LIVENESS_FAIL_AFTER_TIME", "60"),
        ("READINESS_FAIL_AFTER_TIME", "120"),
        ("DISCONNECT_AFTER", "30"),
        ("RECONNECT_AFTER", "5"),
        ("FAIL_DEPENDENCY", "T"),
        ("FAIL_COUNT", "-3"),
        ("RECOVERY_PERIOD", "7"),
        ("STARTUP_DELAY", "5s"),
        ("SEED", "42"),
        ("DRAIN_DELAY", "500ms"),
        ("GRACE", "2s"),
        ("CONFIG", "/etc/probesim.yaml"),
        ("FAULTS", "[]"),
        ("PARTITION", "blackhole"),
        ("STARTS_FILE", "/state/starts"),
        ("GRPC_PORT", "9002"),
        ("GRPC_SERVICES", "a,b"),
        ("TCP_PORT", "9003"),
        ("EXIT_AFTER", "1m"),
        ("EXIT_CODE", "42"),
        ("IGNORE_SIGTERM", "true"),
        ("EXIT_DELAY", "7s"),
        ("ADMIN_PORT", "9001"),
        ("ADMIN_LISTEN", "::"),
        ("ADMIN_TOKEN_FILE", "/token"),
        ("MEMORY_LOAD", "64Mi"),
        ("CPU_LOAD", "50%"),
        ("LOAD_FOR", "1m"),
        ("MEMORY_LOAD_LIMIT", "2Gi"),
        ("CPU_LOAD_LIMIT", "2"),
        ("RECORD", "/state/record"),
        ("REPLAY", "/record"),
        ("LOG_LEVEL", "debug"),
    ]);
    let expected = Config {
        listen: ListenOn::One(SocketAddr::from(([127, 0, 0, 1], 9000))),
        faults: Faults {
            failure_rate: Rate::from_percent(20.0).unwrap(),
            latency: Duration::from_millis(50),
            liveness_fail_after: Some(secs(60)),
            readiness_fail_after: Some(secs(120)),
            disconnect_after: Some(secs(1800)),
            reconnect_after: Some(secs(300)),
            fail_dependency: true,
            fail_count: -3,
            recovery_period: 7,
            startup_delay: secs(5),
        },
        seed: Some(42),
        drain: Drain { delay: Duration::from_millis(500), grace: secs(2) },
        partition: Network::Blackhole,
        file: Some("/etc/probesim.yaml".into()),
        more_faults: Some("[]".into()),
        starts_file: Some("/state/starts".into()),
        grpc: Some(ListenOn::One(SocketAddr::from(([127, 0, 0, 1], 9002)))),
        grpc_services: vec!["a".into(), "b".into()],
        tcp: Some(ListenOn::One(SocketAddr::from(([127, 0, 0, 1], 9003)))),
        process: Process {
            exit_after: Some(secs(60)),
            exit_code: 42,
            ignores_sigterm: true,
            exit_delay: secs(7),
        },
        admin: Admin {
            address: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 9001)),
            is_required: true,
            token: Token::File("/token".into()),
        },
        load: ProcessLoad {
            memory: Memory::parse("64Mi"),
            processor: Millicores::parse("500m"),
            length: Some(secs(60)),
            memory_limit: Memory::parse("2Gi"),
            processor_limit: Millicores::parse("2000m"),
        },
        record: Some("/state/record".into()),
        replay: Some("/record".into()),
        log_level: Level::DEBUG,
    };
    assert_eq!(read, Ok(expected));
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let empty = config(&[("PORT", ""), ("FAILURE_RATE", ""), ("RECONNECT_AFTER", "")]);
    assert_eq!(empty, config(&[]));
}

#[test]
fn zero_and_less_switch_a_moment_off_but_an_explicit_zero_reconnect_stays() {
    for off in ["0", "-1", "0s"] {
        let faults = config(&[
            ("LIVENESS_FAIL_AFTER_TIME", off),
            ("READINESS_FAIL_AFTER_TIME", off),
            ("DISCONNECT_AFTER", off),
        ]);
        assert_eq!(faults.unwrap().faults, Faults::default(), "{off}");
    }
    assert_eq!(config(&[("RECONNECT_AFTER", "0")]).unwrap().faults.reconnect_after, Some(Duration::ZERO));
}

#[test]
fn a_flag_wins_over_its_variable() {
    let flags = Settings { latency: Some(secs(1)), ..Settings::default() };
    let both = config_with(flags, &[("LATENCY", "50"), ("FAIL_COUNT", "2")]).unwrap();
    assert_eq!((both.faults.latency, both.faults.fail_count), (secs(1), 2));
}

#[test]
fn a_port_in_the_address_wins_over_the_port() {
    let listen = |variables: &[_]| config(variables).unwrap().listen.address().to_string();
    assert_eq!(listen(&[("LISTEN", "::1"), ("PORT", "9000")]), "[::1]:9000");
    assert_eq!(listen(&[("LISTEN", "[::1]:80"), ("PORT", "9000")]), "[::1]:80");
    assert_eq!(listen(&[("PORT", "9000")]), "[::]:9000");
}

#[test]
fn every_bad_variable_is_named_at_once_with_what_to_write() {
    let text = config(&[
        ("FAILURE_RATE", "101"),
        ("LATENCY", "-5"),
        ("FAIL_DEPENDENCY", "yes"),
        ("PORT", "99999"),
        ("RECOVERY_PERIOD", "2"),
    ])
    .unwrap_err()
    .to_string();
    let expected = "\
PORT=\"99999\": expected a port number from 0 to 65535; write for example 8080
FAILURE_RATE=\"101\": expected a percentage from 0 to 100; write 100 for all requests
LATENCY=\"-5\": expected a time of 0 or more: whole milliseconds, or a number with a unit; write for example 200 or 1.5s
FAIL_DEPENDENCY=\"yes\": expected true or false; write true";
    assert_eq!(text, expected);
}

#[test]
fn every_variable_is_named_when_it_is_wrong() {
    for name in [
        "PORT",
        "LISTEN",
        "FAILURE_RATE",
        "LATENCY",
        "LIVENESS_FAIL_AFTER_TIME",
        "READINESS_FAIL_AFTER_TIME",
        "DISCONNECT_AFTER",
        "RECONNECT_AFTER",
        "FAIL_DEPENDENCY",
        "FAIL_COUNT",
        "RECOVERY_PERIOD",
        "STARTUP_DELAY",
        "SEED",
        "DRAIN_DELAY",
        "GRACE",
        "PARTITION",
        "GRPC_PORT",
        "TCP_PORT",
        "EXIT_AFTER",
        "EXIT_CODE",
        "IGNORE_SIGTERM",
        "EXIT_DELAY",
        "ADMIN_PORT",
        "ADMIN_LISTEN",
        "LOG_LEVEL",
    ] {
        let text = config(&[(name, "?")]).expect_err(name).to_string();
        assert!(text.starts_with(&format!("{name}=\"?\": expected ")), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_refused_not_ignored() {
    use std::os::unix::ffi::OsStringExt;

    let lookup = |name: &str| (name == "LATENCY").then(|| OsString::from_vec(vec![b'5', 0xff]));
    let error = Config::new(Settings::default(), lookup).unwrap_err();
    assert!(error.to_string().starts_with("LATENCY="), "{error}");
}
