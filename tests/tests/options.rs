//! What a gate can be told besides its targets.

use e2e::gate::Gate;
use e2e::lab::{self, put, watched};
use e2e::objects::{deployment, job, pod};
use probesim::lab::Server;
use serde_json::Value;

fn gate(server: &Server, args: &str) -> Gate {
    e2e::gate!().kubeconfig(&server.kubeconfig()).args(args)
}

#[tokio::test]
async fn a_condition_that_comes_and_goes_does_not_open_a_gate_that_wants_it_to_hold() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    let gate = gate(&server, "pod/web --stable-for=2s").start();
    watched(&server).await;
    put(&server, pod("web", false));
    gate.process.until_says("pod/web not ready").await;
    put(&server, pod("web", true));
    gate.ended().await.expect(0).saying("held for").between(2.0, 8.0);
}

#[tokio::test]
async fn the_absence_of_an_object_is_waited_out_or_hopeless_or_fine() {
    let server = lab::start().await;
    gate(&server, "pod/nope --missing=ok").run().await.expect(0).saying("met pod/nope not found");
    gate(&server, "pod/nope --missing=fail").run().await.expect(1).saying("failed pod/nope not found");
    gate(&server, "pod/nope --missing=wait --timeout=1s").run().await.expect(3);
}

#[tokio::test]
async fn a_gate_can_be_told_to_open_when_the_time_is_over() {
    let server = lab::start().await;
    let ended = gate(&server, "pod/nope --timeout=1s --on-timeout=continue -- echo started").run().await;
    ended.expect(0).saying("going on all the same").saying("started");
}

#[tokio::test]
async fn after_two_dashes_the_gate_becomes_the_command_with_its_own_exit_code() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    let ended = gate(&server, "pod/web -- sh -c").arg("echo $MARK; exit 7").env("MARK", "kept").run().await;
    ended.expect(7).saying("kept");
    gate(&server, "pod/web -- /no/such/program").run().await.expect(127).saying("/no/such/program");
    gate(&server, "pod/nope --timeout=1s -- echo started").run().await.expect(3).not_saying("started");
}

#[tokio::test]
async fn a_disabled_gate_is_open_whatever_else_is_said() {
    let server = lab::start().await;
    let disabled = |args: &str| gate(&server, args).env("WAIT_FOR_DISABLED", "incident 7");
    disabled("pod/nope").run().await.expect(0).saying("incident 7");
    disabled("pod/nope -- echo started").run().await.expect(0).saying("started");
}

#[tokio::test]
async fn a_program_reads_one_object_a_line_and_the_summary_last() {
    let server = lab::start().await;
    put(&server, deployment("api", 2, 1));
    let ended = gate(&server, "deployment/api --output=json --timeout=1s").run().await.expect(3);
    let lines: Vec<Value> = ended.results().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events, ["open", "change", "close"], "{ended}");
    assert_eq!(lines[1]["state"], "1/2 available");
    assert_eq!((&lines[2]["outcome"], &lines[2]["exit_code"]), (&"timed-out".into(), &3.into()));
    assert_eq!(lines[2]["targets"][0]["verdict"], "not-yet");
    assert!(ended.log().is_empty(), "{ended}");
}

#[tokio::test]
async fn a_quiet_gate_prints_the_result_alone() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    let ended = gate(&server, "pod/web --quiet").run().await.expect(0);
    assert_eq!(ended.results(), ["met pod/web ready"]);
    assert!(ended.log().is_empty(), "{ended}");
}

#[tokio::test]
async fn targets_in_a_file_may_have_terms_of_their_own() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    let files = e2e::scratch::Scratch::new();
    let good = files.write("gate.yaml", "targets:\n- pod/web\n- target: pod/nope\n  timeout: 1s\n");
    let ended = gate(&server, "--config").arg(&good.to_string_lossy()).run().await;
    ended.expect(3).between(1.0, 5.0).saying("met pod/web").saying("timed-out pod/nope");
    let bad = files.write("bad.yaml", "timout: 1s\ntargets:\n- pod/web:redy\n");
    let ended = gate(&server, "--config").arg(&bad.to_string_lossy()).run().await;
    ended.expect(2).saying("bad.yaml:1: unknown key \"timout\"");
}

#[tokio::test]
async fn a_job_of_the_last_release_proves_nothing_about_this_one() {
    let server = lab::start().await;
    put(&server, job("migrate", true));
    let old = "job/migrate --once --newer-than=2100-01-01T00:00:00Z";
    gate(&server, old).run().await.expect(3);
    gate(&server, "job/migrate --once --newer-than=2020-01-01T00:00:00Z").run().await.expect(0);
    let mut own = pod("own", false);
    own["metadata"]["creationTimestamp"] = "2100-01-01T00:00:00Z".into();
    put(&server, own);
    let own = gate(&server, "job/migrate --timeout=1s --newer-than=self").env("POD_NAME", "own");
    own.run().await.expect(3);
}

#[tokio::test]
async fn a_gate_that_never_gives_up_waits_for_a_failed_job() {
    let server = lab::start().await;
    let mut failed = job("migrate", false);
    failed["status"]["conditions"] =
        serde_json::json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]);
    put(&server, failed);
    gate(&server, "job/migrate --timeout=3s").run().await.expect(1);
    let off = gate(&server, "job/migrate --timeout=3s --fail-fast=off").run().await;
    off.expect(3).saying("BackoffLimitExceeded");
}

#[tokio::test]
async fn the_program_installs_itself_for_images_that_have_none() {
    let files = e2e::scratch::Scratch::new();
    e2e::gate!().args("install").arg(&files.directory().to_string_lossy()).run().await.expect(0);
    let copy = files.path("wait-for");
    let help = std::process::Command::new(copy).arg("--version").output().unwrap();
    assert!(help.status.success());
}

#[tokio::test]
async fn one_target_of_the_file_is_waived_and_the_others_still_count() {
    let server = lab::start().await;
    let files = e2e::scratch::Scratch::new();
    let text = "targets:\n- deployment/api\n- target: pod/optional\n  timeout: 1s\n  onTimeout: continue\n";
    let config = files.write("gate.yaml", text).to_string_lossy().into_owned();
    for format in ["text", "json"] {
        put(&server, deployment("api", 2, 1));
        let gate = gate(&server, "--timeout=30s --config").arg(&config).arg("--output").arg(format).start();
        gate.process.until_says("waived").await;
        put(&server, deployment("api", 2, 2));
        let ended = gate.ended().await.expect(0).between(1.0, 10.0);
        let results = ended.results().join("\n");
        if format == "text" {
            assert!(
                ended
                    .log()
                    .iter()
                    .any(|line| line.contains("waived after 1s, as its onTimeout says: pod/optional"))
            );
            assert!(
                results.contains("met deployment/api") && results.contains("waived pod/optional"),
                "{ended}"
            );
        } else {
            assert!(results.contains(r#""target":"pod/optional","verdict":"waived""#), "{ended}");
            assert!(results.contains(r#""outcome":"met","exit_code":0"#), "{ended}");
        }
    }
}
