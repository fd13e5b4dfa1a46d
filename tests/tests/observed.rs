//! The lab beside a real kubelet: the pods of `kubelet-runs*.json` run as processes, their probes are answered as
//! they were then, and the API shows the same transitions in the same order.
//!
//! A container here runs as soon as it is asked for, where containerd took about a second. So ticks fall up to a
//! second later, counted from the start; what a server answers for a time is answered half a second longer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::process::Process;
use e2e::scratch::Scratch;
use futures_util::TryStreamExt;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::{Api, DeleteParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, ResourceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::{Instant, sleep, sleep_until};

/// What is compared of each run, in seconds after its containers run.
const COMPARED: f64 = 38.0;
/// What lasted less may or may not have been sent.
const TRANSIENT: f64 = 0.25;
/// Later starts, relists, and waking from a back-off.
const SLACK: f64 = 2.5;
/// A back-off of 10 s ends up to 6 s late.
const BACK_OFF_SLACK: f64 = 7.0;

/// What the API shows of a pod at a moment.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    at: f64,
    state: State,
}

#[derive(Clone, Debug, PartialEq)]
struct State {
    is_ready: bool,
    is_deleting: bool,
    /// By name: ready, started, restarts, state, reason.
    containers: Vec<(String, bool, bool, i64, String, String)>,
}

#[tokio::test]
async fn the_lab_shows_what_a_real_kubelet_did() {
    let runs = runs();
    assert_eq!(runs.len(), 12);
    let server = Server::start(&runs).await;
    let scratch = Scratch::new();
    let (manifest, kubeconfig) =
        (scratch.write("pods.yaml", manifest(&runs, server.address)), scratch.path("kubeconfig"));
    let mut command = Command::new(e2e::binary::choose("PROBESIM_BIN", env!("CARGO_BIN_EXE_probesim-shim")));
    command.args(["lab", "--run", "busybox=", "--for", "70s", "-f"]).arg(&manifest);
    command.arg("--kubeconfig-out").arg(&kubeconfig).env_clear().env("PATH", env!("PATH"));
    let lab = Process::start(command);
    lab.until_says("listening on").await;

    let pods: Api<Pod> = Api::namespaced(client(&kubeconfig).await, "default");
    let rows = soon_or_later(record(&pods, &runs)).await;
    let mut wrong = String::new();
    for (name, run) in &runs {
        compare(name, observed(run), rows.get(name).cloned().unwrap_or_default(), run, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

async fn soon_or_later<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(70), future).await.expect("the runs to end")
}

/// Name and run.
fn runs() -> Vec<(String, Value)> {
    let texts = [
        include_str!("../../probesim/src/kubelet/fixtures/kubelet-runs.json"),
        include_str!("../../probesim/src/kubelet/fixtures/kubelet-runs-2.json"),
    ];
    let files = texts.map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    let runs = files.iter().flat_map(|file| file["runs"].as_object().expect("runs"));
    runs.map(|(name, run)| (name.clone(), run.clone())).collect()
}

fn manifest(runs: &[(String, Value)], server: SocketAddr) -> String {
    let pods = runs.iter().map(|(name, run)| {
        let mut pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": run["spec"]});
        for container in pod["spec"]["containers"].as_array_mut().expect("containers") {
            for kind in ["startupProbe", "readinessProbe", "livenessProbe"] {
                if container[kind]["httpGet"].is_object() {
                    container[kind]["httpGet"]["port"] = json!(server.port());
                }
            }
        }
        pod
    });
    json!({"apiVersion": "v1", "kind": "List", "items": pods.collect::<Vec<_>>()}).to_string()
}

async fn client(kubeconfig: &std::path::Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    Client::try_from(config.expect("a configuration")).expect("a client")
}

// === the lab's side ===

/// Watches the pods for as long as is compared, and deletes the one that was deleted.
async fn record(pods: &Api<Pod>, runs: &[(String, Value)]) -> HashMap<String, Vec<Row>> {
    let began = Instant::now();
    let mut rows: HashMap<String, Vec<Row>> = HashMap::new();
    let mut zeros: HashMap<String, f64> = HashMap::new();
    let deletions: HashMap<&str, f64> =
        runs.iter().filter_map(|(name, run)| Some((name.as_str(), run["deleted_at"].as_f64()?))).collect();
    let mut events = Box::pin(pods.watch(&WatchParams::default().timeout(290), "0").await.expect("a watch"));
    let end = sleep(Duration::from_secs_f64(COMPARED + 3.0));
    tokio::pin!(end);
    loop {
        let event = tokio::select! {
            () = &mut end => break,
            event = events.try_next() => event.expect("no error").expect("an event"),
        };
        let (WatchEvent::Added(pod) | WatchEvent::Modified(pod)) = event else { continue };
        let (name, at, state) = (pod.name_any(), began.elapsed().as_secs_f64(), state(&pod));
        let is_up = state.containers.iter().all(|it| it.4 == "running") && !state.containers.is_empty();
        if is_up && !zeros.contains_key(&name) {
            zeros.insert(name.clone(), at);
            if let Some(after) = deletions.get(name.as_str()) {
                let (pods, name, when) =
                    (pods.clone(), name.clone(), began + Duration::from_secs_f64(at + after));
                tokio::spawn(async move {
                    sleep_until(when).await;
                    pods.delete(&name, &DeleteParams::default()).await.expect("it is there");
                });
            }
        }
        rows.entry(name).or_default().push(Row { at, state });
    }
    for (name, rows) in &mut rows {
        let zero = zeros.get(name).copied().unwrap_or_default();
        rows.iter_mut().for_each(|row| row.at -= zero);
    }
    rows
}

fn state(pod: &Pod) -> State {
    let status = pod.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let mut containers: Vec<_> = status.container_statuses.iter().flatten().map(container).collect();
    containers.sort();
    State {
        is_ready: conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True"),
        is_deleting: pod.metadata.deletion_timestamp.is_some(),
        containers,
    }
}

fn container(status: &ContainerStatus) -> (String, bool, bool, i64, String, String) {
    let state = status.state.clone().unwrap_or_default();
    let (word, reason) = match (state.waiting, state.terminated) {
        (Some(waiting), _) => ("waiting", waiting.reason),
        (_, Some(terminated)) => ("terminated", terminated.reason),
        _ => ("running", None),
    };
    (
        status.name.clone(),
        status.ready,
        status.started == Some(true),
        i64::from(status.restart_count),
        word.to_owned(),
        reason.unwrap_or_default(),
    )
}

// === the kubelet's side ===

fn observed(run: &Value) -> Vec<Row> {
    let rows = run["status"].as_array().expect("status").iter().filter(|row| row[1] != "deleted");
    rows.map(|row| {
        let fields = row.as_array().expect("a row");
        let (is_ready, is_deleting, mut containers) = if let Some(containers) = row[2].as_object() {
            let all = containers.iter().map(|(name, it)| observed_container(name, it)).collect::<Vec<_>>();
            (row[1] == "True", row[3] == true, all)
        } else {
            (row[1] == true, false, vec![observed_container("main", &Value::from(fields[1..].to_vec()))])
        };
        containers.sort();
        Row { at: row[0].as_f64().expect("a time"), state: State { is_ready, is_deleting, containers } }
    })
    .collect()
}

fn observed_container(name: &str, it: &Value) -> (String, bool, bool, i64, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (name.to_owned(), it[0] == true, it[1] == true, it[2].as_i64().unwrap_or(0), text(&it[3]), text(&it[4]))
}

// === comparing ===

fn compare(name: &str, expected: Vec<Row>, got: Vec<Row>, run: &Value, wrong: &mut String) {
    let (expected, got) = (lasting(expected), lasting(got));
    let period = longest_period(run);
    let mut compared = 0;
    for (index, row) in expected.iter().enumerate() {
        let waited =
            index > 0 && expected[index - 1].state.containers.iter().any(|it| it.5 == "CrashLoopBackOff");
        let tolerance = period + SLACK + if waited { BACK_OFF_SLACK } else { 0.0 };
        if row.at + tolerance > COMPARED {
            break;
        }
        let agrees =
            got.get(index).is_some_and(|it| it.state == row.state && (it.at - row.at).abs() <= tolerance);
        if !agrees {
            *wrong +=
                &format!("{name}, change {index}:\n  kubelet {row:?}\n  lab     {:?}\n", got.get(index));
            return;
        }
        compared += 1;
    }
    if compared == 0 {
        *wrong += &format!("{name}: nothing to compare\n");
    }
    println!("{name}: {compared} changes alike");
}

fn longest_period(run: &Value) -> f64 {
    let containers = run["spec"]["containers"].as_array().expect("containers").iter();
    let periods = containers.flat_map(|container| {
        ["startupProbe", "readinessProbe", "livenessProbe"]
            .map(|kind| container[kind]["periodSeconds"].as_f64())
    });
    periods.flatten().fold(0.0, f64::max)
}

/// From the moment at which all containers run: without repeats, and without what was replaced at once.
fn lasting(rows: Vec<Row>) -> Vec<Row> {
    let mut lasting: Vec<Row> = Vec::new();
    for row in rows.into_iter().filter(|row| row.at > -TRANSIENT / 2.0) {
        while lasting.last().is_some_and(|last| row.at - last.at < TRANSIENT && last.state != row.state) {
            lasting.pop();
        }
        if lasting.last().is_none_or(|last| last.state != row.state) {
            lasting.push(row);
        }
    }
    lasting
}

// === the server that the probes ask ===

/// Answers `/RUN/KEY` as the run says.
struct Server {
    address: SocketAddr,
}

struct Answers {
    runs: HashMap<String, Value>,
    /// When the first probe of a run came.
    first: Mutex<HashMap<String, Instant>>,
}

impl Server {
    async fn start(runs: &[(String, Value)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let runs = runs.iter().map(|(name, run)| (name.clone(), run["responses"].clone())).collect();
        let answers = Arc::new(Answers { runs, first: Mutex::default() });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, answers.clone()));
            }
        });
        Self { address }
    }
}

async fn answer(mut stream: TcpStream, answers: Arc<Answers>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
            continue;
        }
        return;
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let (run, key) = path.split_once('/').unwrap_or_default();
    let text = match answers.mode(run, key) {
        'F' => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        'R' => {
            "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        }
        'B' => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        'T' => "",
        _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    };
    // A prober that has gone away is none of this server's business.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.read(&mut [0; 1]).await;
}

impl Answers {
    fn mode(&self, run: &str, key: &str) -> char {
        let now = Instant::now();
        let mut first = self.first.lock().expect("no panic elsewhere");
        let after = now.duration_since(*first.entry(run.to_owned()).or_insert(now)).as_secs_f64();
        let segments = self.runs[run][key].as_array().into_iter().flatten();
        let mut modes = segments.filter(|segment| {
            let (from, to) = (segment[0].as_f64().unwrap_or(0.0), segment[1].as_f64().unwrap_or(0.0));
            (from..to + 0.5).contains(&after)
        });
        modes.find_map(|segment| segment[2].as_str()?.chars().next()).unwrap_or('S')
    }
}
