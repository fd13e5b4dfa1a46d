//! Real rollouts, replayed to the real gate: it ends with the right code, at the right moment, whatever the
//! connection goes through meanwhile.

use std::sync::Arc;

use e2e::process::Ended;
use e2e::replay::Replay;
use probesim::lab::Cut;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What a gate makes of a recording.
#[derive(Clone, Copy)]
struct Case {
    recording: &'static str,
    /// The second of the recording at which the gate starts.
    from: f64,
    args: &'static str,
    code: i32,
    /// The second of the recording at which that is true. `NEVER`: the time runs out.
    moment: f64,
    says: &'static str,
    speed: f64,
}

const NEVER: f64 = f64::INFINITY;
/// Of gates whose time runs out, in real seconds.
const TIMEOUT: f64 = 4.0;

const fn opens(recording: &'static str, from: f64, args: &'static str, moment: f64) -> Case {
    Case { recording, from, args, code: 0, moment, says: "open after", speed: 2.0 }
}

const fn fails(
    recording: &'static str,
    from: f64,
    args: &'static str,
    moment: f64,
    says: &'static str,
) -> Case {
    Case { recording, from, args, code: 1, moment, says, speed: 2.0 }
}

const fn holds(recording: &'static str, from: f64, args: &'static str, says: &'static str) -> Case {
    Case { recording, from, args, code: 3, moment: NEVER, says, speed: 2.0 }
}

const CASES: [Case; 33] = [
    opens("dep-ok", 0.0, "deployment/postgres", 6.34),
    opens("dep-ok", 0.0, "deployment/app=postgres:rolled-out", 6.34),
    fails("dep-badimage", 5.0, "deployment/postgres:rolled-out", 12.65, "ProgressDeadlineExceeded"),
    holds("dep-badimage", 0.0, "deployment/postgres:available", "0/2"),
    holds("dep-crash", 2.6, "deployment/postgres", "0/2"),
    opens("dep-noconfig", 9.0, "deployment/web", 15.81),
    opens("dep-quota", 0.0, "deployment/web:available=1", 1.88),
    holds("dep-quota", 0.0, "deployment/web", "1/3"),
    // For 40 ms the old status stands under the new generation: slow enough to be seen.
    Case { speed: 1.0, ..opens("dep-rollout", 8.445, "deployment/web:rolled-out", 16.8) },
    opens("dep-rollout", 8.46, "deployment/web:available", 8.48),
    opens("dep-rollout-stuck", 12.0, "deployment/web:available", 12.0),
    fails("dep-rollout-stuck", 14.0, "deployment/web:rolled-out", 21.3, "ProgressDeadlineExceeded"),
    opens("ds-ok", 0.0, "daemonset/agent", 5.29),
    holds("ds-badimage", 0.0, "daemonset/agent", "0/1"),
    opens("job-ok", 0.0, "job/migrate", 8.22),
    fails("job-fail", 6.0, "job/migrate", 12.94, "BackoffLimitExceeded"),
    fails("pod-fail", 0.9, "pod/once:succeeded", 4.97, "exit"),
    opens("pod-finalizer", 4.5, "pod/stuck:deleted", 8.39),
    opens("pod-flap", 5.2, "pod/flap", 9.13),
    opens("pod-liveness", 24.0, "pod/live", 31.22),
    opens("pod-ok", 0.0, "pod/redis-pod", 4.68),
    opens("pod-ok", 0.0, "pod/app=redis-pod", 4.68),
    opens("pod-succeed", 0.0, "pod/once:succeeded", 4.28),
    holds("pvc", 0.0, "deployment/web", "0/1"),
    holds("rs-crash", 4.2, "replicaset/cache", "0/2"),
    opens("rs-ok", 0.0, "replicaset/cache", 5.19),
    holds("sts-crash", 3.0, "statefulset/db", "/2"),
    opens("sts-ok", 0.0, "statefulset/db", 9.85),
    opens("svc", 0.0, "service/api", 5.48),
    opens("svc", 0.0, "service/api:has-endpoints=2", 6.49),
    opens("svc", 0.0, "service/api-headless", 5.48),
    opens("svc-odd", 0.0, "service/manual", 0.0),
    holds("svc-odd", 0.0, "service/lb:has-address", "address"),
];

/// What the connection goes through while the gate waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    Clear,
    /// Cut, now with a reset and now in the middle of a frame.
    Cuts,
    /// For two fifths of the wait nobody listens.
    Outage,
    /// Watches end, and where they ended is no longer remembered.
    Forgotten,
}

impl Weather {
    /// Lasts until the moment, then lets the sun shine.
    async fn befall(self, replay: &Replay, from: f64, moment: f64) {
        let at = |share: f64| replay.until(from + (moment - from) * share);
        let faults = replay.server.faults();
        match self {
            Self::Clear => {}
            Self::Cuts => {
                for (share, how) in
                    [(0.2, Cut::Reset), (0.4, Cut::Finish), (0.6, Cut::Reset), (0.8, Cut::Finish)]
                {
                    at(share).await;
                    faults.cut(how);
                }
            }
            Self::Outage => {
                at(0.3).await;
                faults.refuse().await;
                faults.cut(Cut::Reset);
                at(0.7).await;
                faults.listen_again().await;
            }
            Self::Forgotten => {
                for share in [0.2, 0.4, 0.6, 0.8] {
                    at(share).await;
                    let store = replay.server.store();
                    // Something happened elsewhere, so that the gate's version is older than what is kept.
                    store.advance_to(store.revision() + 1);
                    store.forget_history();
                    faults.end_watches();
                }
            }
        }
    }

    /// How late a gate may be, in real seconds: it may be pausing when the condition comes true.
    fn patience(self) -> f64 {
        match self {
            Self::Clear => 2.0,
            Self::Cuts | Self::Outage | Self::Forgotten => 4.0,
        }
    }
}

/// Runs one case; what is wrong with it, if something is.
async fn play(case: Case, weather: Weather) -> Result<(), String> {
    let replay = Replay::start(case.recording, case.from, case.speed).await;
    let timeout = if case.moment == NEVER { format!("--timeout={TIMEOUT}s") } else { "--timeout=60s".into() };
    let gate = e2e::gate!().kubeconfig(&replay.server.kubeconfig()).args(case.args).arg(&timeout).start();
    let end = if case.moment == NEVER { case.from + TIMEOUT * case.speed } else { case.moment };
    let (ended, at) = tokio::join!(
        async {
            let ended = gate.ended().await;
            (ended, replay.seconds())
        },
        weather.befall(&replay, case.from, end),
    )
    .0;
    let wrong = judge(&case, weather, &replay, &ended, at);
    wrong.map_or(Ok(()), |wrong| {
        Err(format!("{} {} in {weather:?}: {wrong}, at {at:.2}; {ended}", case.recording, case.args))
    })
}

fn judge(case: &Case, weather: Weather, replay: &Replay, ended: &Ended, at: f64) -> Option<String> {
    if ended.code != Some(case.code) {
        return Some(format!("exit code {:?} instead of {}", ended.code, case.code));
    }
    if !ended.lines.iter().any(|line| line.text.contains(case.says)) {
        return Some(format!("nothing of {:?}", case.says));
    }
    if case.moment == NEVER {
        let after = ended.after.as_secs_f64();
        let is_right = (TIMEOUT - 0.1..TIMEOUT + 2.0).contains(&after);
        return (!is_right).then(|| "the timeout is off".to_owned());
    }
    if at < case.moment - 0.05 {
        return Some(format!("before its moment {}", case.moment));
    }
    // A failure is read twice, a second apart.
    let reread = if case.code == 1 { 1.0 } else { 0.0 };
    let late = replay.real(at - case.moment) - reread;
    (late > weather.patience()).then(|| format!("{late:.2} s after its moment {}", case.moment))
}

/// Every case in this weather, some at a time: they wait more than they work.
async fn play_all(weather: Weather) {
    let places = Arc::new(Semaphore::new(9));
    let mut runs = JoinSet::new();
    for case in CASES {
        let places = places.clone();
        runs.spawn(async move {
            let _place = places.acquire().await;
            play(case, weather).await
        });
    }
    let wrong: Vec<String> = runs.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[tokio::test]
async fn every_recording_ends_the_gate_at_its_moment() {
    play_all(Weather::Clear).await;
}

#[tokio::test]
async fn every_recording_ends_the_gate_at_its_moment_through_cut_connections() {
    play_all(Weather::Cuts).await;
}

#[tokio::test]
async fn every_recording_ends_the_gate_at_its_moment_through_an_outage() {
    play_all(Weather::Outage).await;
}

#[tokio::test]
async fn every_recording_ends_the_gate_at_its_moment_when_history_is_forgotten() {
    play_all(Weather::Forgotten).await;
}

#[test]
fn every_recording_is_played() {
    let directory = format!("{}/fixtures/recordings", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(directory).expect("recordings");
    for name in files.map(|file| file.expect("a file").file_name().into_string().expect("a name")) {
        let name = name.trim_end_matches(".jsonl");
        assert!(CASES.iter().any(|case| case.recording == name), "{name}");
    }
}
