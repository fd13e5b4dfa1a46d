//! Which replicas are told.

use std::net::SocketAddr;

use crate::plan::Rate;

/// Sorts the addresses, so that the same ones are chosen every time, and keeps so many or such a share of them.
pub(super) fn choose(found: &mut Vec<SocketAddr>, count: Option<usize>, share: Option<Rate>) {
    found.sort_unstable();
    found.dedup();
    let of_share = share.map(|share| (share.fraction() * found.len() as f64).ceil() as usize);
    if let Some(keep) = count.or(of_share) {
        found.truncate(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_or_a_share_rounded_up_is_chosen_by_address() {
        let percent = |percent| Rate::from_percent(percent);
        for (count, share, expected) in [
            (None, None, &[1, 2, 3][..]),
            (Some(2), None, &[1, 2]),
            (Some(9), None, &[1, 2, 3]),
            (None, percent(34.0), &[1, 2]),
            (None, percent(1.0), &[1]),
            (None, percent(0.0), &[]),
            (None, percent(100.0), &[1, 2, 3]),
        ] {
            let address = |last: u8| SocketAddr::from(([10, 0, 0, last], 8081));
            let mut found = [3, 1, 2, 1].map(address).to_vec();
            choose(&mut found, count, share);
            assert_eq!(found, expected.iter().copied().map(address).collect::<Vec<_>>());
        }
    }
}
