//! What is drawn together where there is more than can be told apart.

use super::super::story::{Band, Standing, Tick};
use crate::kubelet::Outcome;

/// A stretch of time in which something stood in one way, or in which that was the worst of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) standing: Standing,
    /// How often it stood like that within the stretch.
    pub(super) times: u32,
    /// For how long, in milliseconds.
    pub(super) lasted: u32,
}

/// Probes that are drawn as one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heap {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) made: u32,
    pub(super) failed: u32,
    /// Warnings and errors.
    pub(super) odd: u32,
    /// The first that was not as it should be.
    pub(super) example: Option<Tick>,
    /// The last column that it covers.
    column: u32,
}

/// The bands up to `end`, at most about `most` of them.
pub(super) fn stretches(bands: &[Band], end: u32, most: usize) -> Vec<Stretch> {
    let ends = bands.iter().skip(1).map(|band| band.from).chain([end]);
    let exact = bands.iter().zip(ends).filter(|(band, to)| *to > band.from).map(|(band, to)| Stretch {
        from: band.from,
        to,
        standing: band.standing,
        times: 1,
        lasted: to - band.from,
    });
    let exact: Vec<Stretch> = exact.collect();
    if exact.len() <= most { exact } else { merged(&exact, end, most) }
}

/// In each column of time the worst one counts; equal neighbours are one.
fn merged(exact: &[Stretch], end: u32, most: usize) -> Vec<Stretch> {
    let column = (end / u32::try_from(most).unwrap_or(u32::MAX)).max(1);
    let mut merged: Vec<Stretch> = Vec::new();
    let (mut from, mut rest) = (exact.first().map_or(0, |one| one.from), exact);
    while let Some(first) = rest.first() {
        let to = ((from / column + 1).saturating_mul(column)).min(end.max(from + 1));
        let begun = rest.iter().take_while(|one| one.from < to).count();
        let worst = rest[..begun].iter().map(|one| one.standing).max_by_key(|it| severity(*it));
        let standing = worst.unwrap_or(first.standing);
        let same = || rest[..begun].iter().filter(|one| one.standing == standing);
        let times = same().filter(|one| one.from >= from).count().try_into().unwrap_or(u32::MAX);
        let lasted = same().map(|one| one.to.min(to).saturating_sub(one.from.max(from))).sum();
        match merged.last_mut() {
            Some(last) if last.standing == standing => {
                last.to = to;
                last.times += times;
                last.lasted += lasted;
            }
            // What began in a column before goes on.
            _ => merged.push(Stretch { from, to, standing, times: times.max(1), lasted }),
        }
        let over = rest.iter().take_while(|one| one.to <= to).count();
        rest = &rest[over..];
        from = to;
    }
    merged
}

const fn severity(standing: Standing) -> u8 {
    match standing {
        Standing::Ready => 0,
        Standing::Done => 1,
        Standing::Waiting => 2,
        Standing::Starting => 3,
        Standing::Stopping => 4,
        Standing::NotReady => 5,
        Standing::BackOff => 6,
        Standing::Failed => 7,
    }
}

/// The probes in `columns` columns up to `end`. Columns with nothing but successes become one.
pub(super) fn heaps(ticks: &[Tick], end: u32, columns: u32) -> Vec<Heap> {
    let width = (end / columns.max(1)).max(1);
    let mut heaps: Vec<Heap> = Vec::new();
    for tick in ticks {
        let column = tick.at / width;
        let is_good = tick.outcome == Outcome::Success;
        let joins = |last: &Heap| {
            last.column == column || (is_good && last.failed + last.odd == 0 && column - last.column <= 2)
        };
        // A column that turns out not to be all good leaves the good ones before it alone.
        if let Some(last) = heaps.last_mut()
            && joins(last)
            && (is_good || last.failed + last.odd > 0 || last.from / width == column)
        {
            last.add(*tick, column);
        } else {
            heaps.push(Heap::of(*tick, column));
        }
    }
    heaps
}

// === impl Heap ===

impl Heap {
    fn of(tick: Tick, column: u32) -> Self {
        let mut new = Self { from: tick.at, to: tick.at, made: 0, failed: 0, odd: 0, example: None, column };
        new.add(tick, column);
        new
    }

    fn add(&mut self, tick: Tick, column: u32) {
        (self.to, self.column) = (tick.at, column);
        self.made += 1;
        match tick.outcome {
            Outcome::Success => return,
            Outcome::Failure => self.failed += 1,
            Outcome::Warning | Outcome::Error(_) => self.odd += 1,
        }
        self.example = self.example.or(Some(tick));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flapping(times: u32) -> Vec<Band> {
        let mut bands = vec![Band { from: 0, standing: Standing::Starting }];
        for time in 0..times {
            bands.push(Band { from: 1_000 + time * 100, standing: Standing::Ready });
            bands.push(Band { from: 1_090 + time * 100, standing: Standing::NotReady });
        }
        bands
    }

    #[test]
    fn few_bands_are_drawn_as_they_are() {
        let stretches = stretches(&flapping(1), 2_000, 10);
        let told: Vec<_> = stretches.iter().map(|it| (it.from, it.to, it.standing)).collect();
        assert_eq!(
            told,
            [
                (0, 1_000, Standing::Starting),
                (1_000, 1_090, Standing::Ready),
                (1_090, 2_000, Standing::NotReady)
            ]
        );
    }

    #[test]
    fn many_bands_become_the_worst_of_each_column() {
        let stretches = stretches(&flapping(100), 11_000, 22);
        assert_eq!(stretches.len(), 2, "{stretches:?}");
        assert_eq!((stretches[0].standing, stretches[0].to), (Standing::Starting, 1_000));
        let flaps = stretches[1];
        assert_eq!(
            (flaps.standing, flaps.times, flaps.lasted, flaps.to),
            (Standing::NotReady, 100, 1_000, 11_000)
        );
    }

    #[test]
    fn every_probe_is_in_one_heap_and_failures_stand_apart() {
        let tick = |number: u32| Tick {
            at: number * 10,
            took: 1,
            outcome: if number == 500 { Outcome::Failure } else { Outcome::Success },
            text: u16::MAX,
        };
        let ticks: Vec<Tick> = (0..1_000).map(tick).collect();
        let heaps = heaps(&ticks, 10_000, 100);
        assert_eq!(heaps.iter().map(|heap| heap.made).sum::<u32>(), 1_000);
        let told: Vec<_> = heaps.iter().map(|heap| (heap.from, heap.to, heap.failed)).collect();
        assert_eq!(told, [(0, 4_990, 0), (5_000, 5_090, 1), (5_100, 9_990, 0)]);
    }
}
