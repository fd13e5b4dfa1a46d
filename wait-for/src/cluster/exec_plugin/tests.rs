use super::*;

const V1: &str = "client.authentication.k8s.io/v1";

fn plugin(script: &str) -> ExecPlugin {
    ExecPlugin {
        api_version: V1.into(),
        command: "sh".into(),
        args: Some(vec!["-c".into(), script.into()]),
        env: Some(vec![Variable { name: "WHO".into(), value: "gate".into() }]),
        install_hint: Some("install sh".into()),
        interactive_mode: None,
        provide_cluster_info: false,
        cluster: None,
        said: Arc::default(),
    }
}

const PRINTS: &str = r#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"for-'$WHO'","expirationTimestamp":"2100-01-01T00:00:00Z"}}'"#;

#[tokio::test]
async fn a_plugin_gets_its_environment_and_gives_a_token() {
    let script =
        format!(r#"case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 1;; esac; {PRINTS}"#);
    let granted = plugin(&script).run().await.unwrap();
    assert_eq!(granted.token, Some(Secret("for-gate".into())));
    assert!(granted.is_fresh());
}

#[tokio::test]
async fn a_plugin_that_fails_says_how() {
    for (script, part) in [
        ("exit 3", "ended with exit status: 3"),
        ("true", "no ExecCredential"),
        ("echo '{}'", "of kind \"\", not ExecCredential"),
        ("yes", "it prints more than 1024 kB"),
        ("yes >&2", "it prints more than 1024 kB"),
        (
            "echo one >&2; printf 'log \\033[2Jin first\\r\\n\\n' >&2; exit 3",
            "ended with exit status: 3: log [2Jin first",
        ),
    ] {
        let said = plugin(script).run().await.unwrap_err();
        assert!(said.contains(part), "{script}: {said}");
    }
    let missing = ExecPlugin { command: "/no/such/plugin".into(), ..plugin("") };
    assert_eq!(missing.run().await.unwrap_err(), "no such file or directory; install sh");
}

/// Its own end counts, not that of what it leaves behind, and that is ended too.
#[tokio::test]
async fn what_a_plugin_leaves_running_is_ended_with_it() {
    let script = format!("sleep 1000 & echo $! >&2; {PRINTS}");
    let mut command = plugin(&script);
    let path = std::env::temp_dir().join(format!("wait-for-plugin-{}", std::process::id()));
    command.args = Some(vec!["-c".into(), format!("exec 2>{}; {script}", path.display())]);
    assert!(command.run().await.is_ok());
    let left = std::fs::read_to_string(&path).unwrap();
    let is_gone = || match std::fs::read_to_string(format!("/proc/{}/stat", left.trim())) {
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    };
    for _ in 0..200 {
        if is_gone() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("process {left} still runs");
}

#[tokio::test]
async fn a_plugin_is_told_of_its_cluster_where_it_wants_to_be() {
    let ca = std::env::temp_dir().join(format!("wait-for-plugin-ca-{}", std::process::id()));
    std::fs::write(&ca, "PEM").unwrap();
    let info = ClusterInfo { fields: json!({"server": "https://api"}), ca_file: Some(ca) };
    let told = ExecPlugin { provide_cluster_info: true, ..plugin("") }.of(info.clone()).info().await.unwrap();
    let cluster = json!({"server": "https://api", "certificate-authority-data": "UEVN"});
    assert_eq!(told["spec"], json!({"interactive": false, "cluster": cluster}));
    let untold = plugin("").of(info).info().await.unwrap();
    assert_eq!(untold["spec"], json!({"interactive": false}));
}

#[test]
fn what_a_plugin_prints_is_held_against_what_was_asked_for() {
    let read = |version: &str, kind: &str, status: &str| {
        let text = format!(r#"{{"apiVersion":"{version}","kind":"{kind}","status":{status}}}"#);
        read_granted(text.as_bytes(), V1)
    };
    let granted = read(V1, "ExecCredential", r#"{"clientCertificateData":"C","clientKeyData":"K"}"#).unwrap();
    assert!(granted.token.is_none() && granted.is_fresh());
    let identity = granted.identity.unwrap();
    assert_eq!((&*identity.certificate, &*identity.key), (&b"C"[..], &b"K"[..]));
    let old = read(V1, "ExecCredential", r#"{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}"#);
    assert!(!old.unwrap().is_fresh(), "about to expire");
    for (version, kind, status, part) in [
        (
            "client.authentication.k8s.io/v1beta1",
            "ExecCredential",
            "{}",
            "v1beta1\", and the kubeconfig asks for",
        ),
        ("", "ExecCredential", "{}", "it answers in apiVersion \"\""),
        (V1, "TokenReview", "{}", "of kind \"TokenReview\""),
        (V1, "ExecCredential", "null", "no status"),
        (V1, "ExecCredential", "{}", "neither a token nor"),
        (V1, "ExecCredential", r#"{"token":""}"#, "neither a token nor"),
        (V1, "ExecCredential", r#"{"clientCertificateData":"C"}"#, "without clientKeyData"),
        (V1, "ExecCredential", r#"{"clientKeyData":"K","token":"t"}"#, "without clientCertificateData"),
    ] {
        let said = read(version, kind, status).unwrap_err();
        assert!(said.contains(part), "{version} {kind} {status}: {said}");
    }
}

#[test]
fn a_plugin_that_we_cannot_run_is_refused_at_once() {
    let with = |version: &str, mode: Option<&str>| {
        let mode = mode.map(str::to_owned);
        ExecPlugin { api_version: version.into(), interactive_mode: mode, ..plugin("") }.check()
    };
    for (version, mode, part) in [
        (V1, None, None),
        (V1, Some("Never"), None),
        ("client.authentication.k8s.io/v1beta1", Some("IfAvailable"), None),
        (V1, Some("Always"), Some("a gate has no terminal")),
        (V1, Some("Sometimes"), Some("write IfAvailable or Never")),
        ("client.authentication.k8s.io/v1alpha1", None, Some("is not supported; write")),
    ] {
        let said = with(version, mode);
        match part {
            None => assert_eq!(said, Ok(()), "{version} {mode:?}"),
            Some(part) => assert!(said.as_ref().unwrap_err().contains(part), "{version} {mode:?}: {said:?}"),
        }
    }
}
