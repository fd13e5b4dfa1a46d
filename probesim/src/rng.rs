//! Random draws that anybody can repeat: each one is a function of (seed, stream, sequence number) alone.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// The draws of one seed. ChaCha8 is a portable generator: every machine and version gives the same numbers.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    seed: u64,
    key: [u8; 32],
}

// === impl Draws ===

impl Draws {
    /// The key is the seed as 8 little-endian bytes followed by zeros.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self { seed, key }
    }

    /// The seed they come from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The draw of request `sequence` of `stream`, uniform in [0, 1).
    ///
    /// Each request owns one block of its stream and uses the first 64 bits of it; what is drawn from the
    /// rest, one day, moves nothing that is drawn now.
    #[must_use]
    pub fn at(&self, stream: u64, sequence: u64) -> f64 {
        unit(self.block(stream, sequence).next_u64())
    }

    /// The second draw of the same request.
    #[must_use]
    pub fn second_at(&self, stream: u64, sequence: u64) -> f64 {
        let mut rng = self.block(stream, sequence);
        rng.next_u64();
        unit(rng.next_u64())
    }

    fn block(&self, stream: u64, sequence: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::from_seed(self.key);
        rng.set_stream(stream);
        rng.set_block_pos(sequence);
        rng
    }
}

/// The stream of draws that belongs to a name: FNV-1a, 64 bits.
#[must_use]
pub fn fnv1a(name: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    name.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Spreads the bits of a hash: the finaliser of SplitMix64.
pub(crate) fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// The upper 53 bits as a fraction: every such fraction is exact in an `f64`.
pub(crate) fn unit(bits: u64) -> f64 {
    const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
    (bits >> 11) as f64 * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_do_not_depend_on_their_order() {
        let draws = Draws::new(7);
        let forwards: Vec<f64> = (0..100).map(|n| draws.at(0, n)).collect();
        let mut backwards: Vec<f64> = (0..100).rev().map(|n| draws.at(0, n)).collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
    }

    #[test]
    fn streams_and_seeds_differ() {
        assert_ne!(Draws::new(7).at(0, 0), Draws::new(7).at(1, 0));
        assert_ne!(Draws::new(7).at(0, 0), Draws::new(8).at(0, 0));
    }

    /// Found with another implementation of ChaCha8: a change here breaks what users wrote down.
    #[test]
    fn draws_are_the_same_on_every_machine() {
        for (seed, stream, sequence, upper_53_bits) in [
            (0, 0, 0, 7_538_303_010_471_392_u64),
            (42, 0, 0, 3_136_797_389_566_453),
            (42, 0, 1, 4_203_756_084_755_732),
            (42, 1, 1, 1_440_100_597_855_281),
            (u64::MAX, 3, 1 << 32, 3_171_007_916_914_200),
        ] {
            let expected = upper_53_bits as f64 / (1_u64 << 53) as f64;
            assert_eq!(Draws::new(seed).at(stream, sequence), expected, "({seed}, {stream}, {sequence})");
        }
    }

    #[test]
    fn names_have_the_published_hashes() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_unit_draw_is_never_one() {
        assert_eq!(unit(0), 0.0);
        assert_eq!(unit(u64::MAX), 1.0 - f64::EPSILON / 2.0);
    }
}
