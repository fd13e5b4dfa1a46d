//! The time of the kubelet's model beside the wall clock's.

use std::time::Duration;

use tokio::time::Instant;

use crate::kubelet::Time;
use crate::lab::timestamp;

/// The model's origin lies on a whole second of the wall clock, as the model needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Instant,
    /// The wall clock's whole seconds when it began.
    seconds: u64,
    /// And what was above them.
    above: Duration,
}

// === impl Clock ===

impl Clock {
    /// Begins now, at `wall` since 1970.
    pub(super) fn start(wall: Duration) -> Self {
        let above = Duration::from_nanos(wall.subsec_nanos().into());
        Self { began: Instant::now(), seconds: wall.as_secs(), above }
    }

    /// The model's time.
    pub(super) fn now(&self) -> Time {
        Time::ORIGIN + self.above + self.began.elapsed()
    }

    /// When the model's time comes to `time`.
    pub(super) fn instant(&self, time: Time) -> Instant {
        self.began + time.since(Time::ORIGIN).saturating_sub(self.above)
    }

    /// As the API writes it.
    pub(super) fn text(&self, time: Time) -> String {
        timestamp::format(self.seconds + time.since(Time::ORIGIN).as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_seconds_of_the_model_are_the_wall_clocks() {
        let clock = Clock::start(Duration::from_millis(1_795_226_721_700));
        assert_eq!(
            (clock.now(), clock.text(clock.now())),
            (Time::from_millis(700), "2026-11-21T02:05:21Z".into())
        );
        tokio::time::advance(Duration::from_millis(300)).await;
        assert_eq!(
            (clock.now(), clock.text(clock.now())),
            (Time::from_millis(1000), "2026-11-21T02:05:22Z".into())
        );
        assert_eq!(clock.instant(Time::from_millis(1500)), Instant::now() + Duration::from_millis(500));
    }
}
