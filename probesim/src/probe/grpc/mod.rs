//! `grpc`: `pkg/probe/grpc/grpc.go` over grpc-go.

mod call;
mod status;

use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;

use tokio::time::{self, Instant, sleep, timeout_at};

use self::call::{Call, Done};
use self::status::{Code, Status};
use super::connection::Connection;
use super::dial::dial;
use super::http2::{self, Event, Exchange, Field, PREFACE, SETTINGS, frame, last_data};
use super::target::join;
use super::words::{duration, quote};
use super::{Answer, Subject};
use crate::kubelet::Grpc;
use wire::health::{self, Health};

/// As of Kubernetes 1.36.2, and as of 1.38.
const GRPC_GO: [&str; 2] = ["grpc-go/1.81.1", "grpc-go/1.84.0"];
const METHOD: &str = "/grpc.health.v1.Health/Check";
/// `defaultClientMaxHeaderListSize`.
const LONGEST_LIST: usize = 16 << 20;
/// `backoff.DefaultConfig`: the first pause, by what it grows, and how far it is off, up to two minutes.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const GROWTH: f64 = 1.6;
const JITTER: f64 = 0.2;
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// More than a goodbye takes.
const GOODBYE: Duration = Duration::from_millis(100);
/// `minConnectTimeout`.
const LONGEST_CONNECTING: Duration = Duration::from_secs(20);

/// Asks for the health of a service.
pub(super) async fn attempt(grpc: &Grpc, timeout: Duration, subject: &Subject<'_>) -> Answer {
    let own = subject.target.map_or_else(|| subject.ip.to_string(), |target| target.host.clone());
    let port = subject.target.and_then(|target| target.port).or(u16::try_from(grpc.port).ok()).unwrap_or(0);
    let address = join(&own, port);
    let deadline = Instant::now() + timeout;
    let fails_fast = subject.version.grpc_fails_fast();
    let agent = format!("kube-probe/1.{} {}", subject.version.minor(), GRPC_GO[usize::from(fails_fast)]);
    let question = health::request(grpc.service.as_deref().unwrap_or_default());
    let mut is_first = true;
    loop {
        let connecting = async {
            if fails_fast { connect(&own, port, deadline).await } else { Ok(connected(&own, port).await) }
        };
        let exchange = match timeout_at(deadline, connecting).await {
            Ok(Ok(exchange)) => Some(exchange),
            // kubernetes#142457: who refuses is not asked again.
            Ok(Err(why)) => return Answer::failure(unavailable(&why)),
            Err(_) if fails_fast => {
                let timeout = duration(timeout);
                return Answer::failure(format!("timeout: health rpc did not complete within {timeout}"));
            }
            Err(_) => None,
        };
        let Some(exchange) = exchange else {
            let (address, timeout) = (quote(address.as_bytes()), duration(timeout));
            return Answer::failure(format!(
                "timeout: failed to connect service {address} within {timeout}: context deadline exceeded"
            ));
        };
        let done = finish(exchange, &address, &agent, deadline, &question).await;
        match done {
            // What the server has not looked at is asked once more.
            Done::Unprocessed(_) if is_first => is_first = false,
            Done::Unprocessed(status) | Done::Ended(status) => return failure(&status, timeout),
            Done::Answered(number) => return judge(number),
        }
    }
}

/// grpc-go's words for a call for which there is no connection.
fn unavailable(why: &str) -> String {
    format!(
        "error: health rpc probe failed: rpc error: code = Unavailable desc = connection error: desc = \
         \"transport: Error while dialing: {why}\""
    )
}

/// Asks once, and does not wait for a server that is not there.
pub(crate) async fn ask(host: &str, port: u16, service: &str, agent: &str, timeout: Duration) -> Answer {
    let deadline = Instant::now() + timeout;
    let exchange = match connect(host, port, deadline).await {
        Ok(exchange) => exchange,
        Err(why) => return Answer::failure(why),
    };
    match finish(exchange, &join(host, port), agent, deadline, &health::request(service)).await {
        Done::Unprocessed(status) | Done::Ended(status) => failure(&status, timeout),
        Done::Answered(number) => judge(number),
    }
}

/// Calls, and says goodbye.
async fn finish(
    mut exchange: Exchange,
    address: &str,
    agent: &str,
    deadline: Instant,
    question: &[u8],
) -> Done {
    let called = timeout_at(deadline, call(&mut exchange, address, agent, deadline, question)).await;
    // So short a frame does not wait for anybody, and whoever has gone misses nothing.
    let goodbye = http2::goodbye(called.is_err(), "client transport shutdown");
    let _ = time::timeout(GOODBYE, exchange.send(&goodbye)).await;
    called.unwrap_or_else(|_| Done::Ended(Status::late()))
}

/// Connects, again and again; never fails.
async fn connected(host: &str, port: u16) -> Exchange {
    let mut tries = 0;
    loop {
        let limit = Instant::now() + LONGEST_CONNECTING;
        if let Ok(Ok(exchange)) = timeout_at(limit, connect(host, port, limit)).await {
            return exchange;
        }
        let mut chance = [u8::MAX / 2];
        // Without a random source the pauses are all alike.
        let _ = SysRng.try_fill_bytes(&mut chance);
        sleep(pause(tries, f64::from(chance[0]) / f64::from(u8::MAX))).await;
        tries += 1;
    }
}

/// `backoff.Exponential`; the chance is from 0 to 1.
fn pause(tries: i32, chance: f64) -> Duration {
    if tries == 0 {
        return FIRST_PAUSE;
    }
    let pause = FIRST_PAUSE.as_secs_f64() * GROWTH.powi(tries);
    let pause = pause.min(LONGEST_PAUSE.as_secs_f64());
    Duration::from_secs_f64(pause * (1.0 + JITTER * (chance * 2.0 - 1.0)))
}

/// A connection counts when the server has sent its settings.
async fn connect(host: &str, port: u16, deadline: Instant) -> Result<Exchange, String> {
    let no_grpc = || "the server does not speak gRPC".to_owned();
    let stream = dial(host, port, Some(deadline)).await?;
    let mut exchange = Exchange::new(Connection::new(stream), LONGEST_LIST);
    exchange.send(PREFACE).await.map_err(|_| no_grpc())?;
    exchange.send(&frame(SETTINGS, 0, 0, &[])).await.map_err(|_| no_grpc())?;
    if exchange.next().await == Ok(Event::Settings) { Ok(exchange) } else { Err(no_grpc()) }
}

async fn call(
    exchange: &mut Exchange,
    address: &str,
    agent: &str,
    deadline: Instant,
    question: &[u8],
) -> Done {
    let left = deadline.saturating_duration_since(Instant::now());
    let frames = [exchange.headers(&fields(address, agent, left), false), last_data(question)].concat();
    // Where this fails, reading tells why.
    let _ = exchange.send(&frames).await;
    let mut call = Call::default();
    loop {
        if let Some(done) = call.take(exchange.next().await) {
            return done;
        }
    }
}

/// `createHeaderFields`.
fn fields(address: &str, agent: &str, left: Duration) -> Vec<Field> {
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", METHOD),
        (":authority", address),
        ("content-type", "application/grpc"),
        ("user-agent", agent),
        ("te", "trailers"),
        ("grpc-timeout", &encode(left)),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// `grpcutil.EncodeDuration`: at most eight digits, rounded up.
fn encode(time: Duration) -> String {
    let nanos = time.as_nanos();
    let units = [("n", 1), ("u", 1_000), ("m", 1_000_000), ("S", 1_000_000_000), ("M", 60_000_000_000)];
    let fitting = units.into_iter().find(|(_, unit)| nanos.div_ceil(*unit) < 100_000_000);
    let (name, unit) = fitting.unwrap_or(("H", 3_600_000_000_000));
    format!("{}{name}", nanos.div_ceil(unit))
}

fn failure(status: &Status, timeout: Duration) -> Answer {
    Answer::failure(match status.code {
        Code::UNIMPLEMENTED => format!(
            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {}",
            status.message
        ),
        Code::DEADLINE_EXCEEDED => {
            format!("timeout: health rpc did not complete within {}", duration(timeout))
        }
        _ => format!("error: health rpc probe failed: {status}"),
    })
}

fn judge(number: u64) -> Answer {
    let name = match number {
        number if number == Health::Serving as u64 => return Answer::success("service healthy".into()),
        0 => "UNKNOWN".into(),
        number if number == Health::NotServing as u64 => "NOT_SERVING".into(),
        number if number == Health::ServiceUnknown as u64 => "SERVICE_UNKNOWN".into(),
        // An enumeration is a number of 32 bits.
        number => (number as i32).to_string(),
    };
    Answer::failure(format!("service unhealthy (responded with \"{name}\")"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_has_eight_digits_at_most() {
        for (nanos, text) in [
            (0, "0n"),
            (99_999_999, "99999999n"),
            (100_000_000, "100000u"),
            (999_888_777, "999889u"),
            (100_000_000_000, "100000m"),
            (99_999_999_000_001, "100000S"),
        ] {
            assert_eq!(encode(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn pauses_grow_and_differ() {
        let seconds = |tries, chance| pause(tries, chance).as_secs_f64();
        assert_eq!((seconds(0, 0.0), seconds(0, 1.0)), (1.0, 1.0));
        assert!((seconds(1, 0.0) - 1.28).abs() < 1e-6 && (seconds(1, 1.0) - 1.92).abs() < 1e-6);
        assert!((seconds(50, 0.5) - 120.0).abs() < 1e-6);
    }
}
