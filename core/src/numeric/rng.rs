//! Counter-based random numbers: a pure function of (seed, tick, entity, purpose), so that there is no generator state
//! to save, no order of calls to keep, and any thread may ask for any number.
//!
//! The function is Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2,
//! 3", SC 2011. Key = seed; counter = (tick, entity, purpose, 0). It is checked against the authors' known answers.
//! Not for secrets.

use super::units::{Metres, Tick};

/// What a random number is for: two purposes never share a number. The values are part of the saved and replayed
/// behaviour: they are never reused or renumbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Purpose {
    /// Heights of the terrain's noise lattice (entity = lattice point).
    Terrain = 1,
    /// Where a character appears inside its team's area.
    SpawnPlacement = 2,
    // 3 to 6 were named once, without a use: they stay reserved.
    /// Whether a hit is critical (entity = row of the target, and the attacker's slot mixed in).
    Critical = 8,
    /// Decisions of bots and scripted scenes, outside the simulated state.
    Scripted = 7,
    // 8 and 9 are kept for others.
    /// Where characters that nobody plays wander (entity = character slot).
    Npc = 10,
    /// Where debris flies (entity = what broke and the number of the piece).
    Debris = 11,
}

/// Four independent random words for one (seed, tick, entity, purpose).
#[must_use]
pub const fn random_u32x4(seed: u64, tick: Tick, entity: u32, purpose: Purpose) -> [u32; 4] {
    philox4x32_10([tick.0, entity, purpose as u32, 0], [seed as u32, (seed >> 32) as u32])
}

/// One random word: the first of [`random_u32x4`].
#[must_use]
pub const fn random_u32(seed: u64, tick: Tick, entity: u32, purpose: Purpose) -> u32 {
    random_u32x4(seed, tick, entity, purpose)[0]
}

/// Maps a random word to `0..bound` by multiply and shift; 0 for a bound of 0. A value's probability is off by at most
/// 2^-32.
#[must_use]
pub const fn below(word: u32, bound: u32) -> u32 {
    ((word as u64 * bound as u64) >> 32) as u32
}

/// Maps a random word to `low..=high`; the order of the limits does not matter.
#[must_use]
pub const fn between(word: u32, low: i32, high: i32) -> i32 {
    let (low, high) = if low <= high { (low, high) } else { (high, low) };
    let span = (high as i64 - low as i64) as u64 + 1;
    (low as i64 + ((word as u64 * span) >> 32) as i64) as i32
}

/// Maps a random word to a length between two limits, both included.
#[must_use]
pub const fn between_metres(word: u32, low: Metres, high: Metres) -> Metres {
    Metres(between(word, low.0, high.0))
}

/// True with a probability of `numerator / denominator`; never for a denominator of 0.
#[must_use]
pub const fn chance(word: u32, numerator: u32, denominator: u32) -> bool {
    (word as u64 * denominator as u64) < ((numerator as u64) << 32) && denominator != 0
}

/// The raw function: ten rounds over a counter of four words with a key of two.
#[must_use]
pub const fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let ([mut c0, mut c1, mut c2, mut c3], [mut k0, mut k1]) = (counter, key);
    let mut round = 0;
    while round < 10 {
        let first = MULTIPLIERS[0] * c0 as u64;
        let second = MULTIPLIERS[1] * c2 as u64;
        (c0, c1, c2, c3) =
            ((second >> 32) as u32 ^ c1 ^ k0, second as u32, (first >> 32) as u32 ^ c3 ^ k1, first as u32);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
        round += 1;
    }
    [c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `kat_vectors` of the authors' library Random123.
    #[test]
    fn philox_gives_the_published_answers() {
        let zeros = philox4x32_10([0; 4], [0; 2]);
        assert_eq!(zeros, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = philox4x32_10([u32::MAX; 4], [u32::MAX; 2]);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi =
            philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
        assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn words_spread_evenly_over_buckets() {
        // Chi square with 255 degrees of freedom: mean 255, standard deviation 22.6.
        for (name, number) in [
            ("entities", (|i| random_u32(7, Tick(3), i, Purpose::Scripted)) as fn(u32) -> u32),
            ("ticks", |i| random_u32(7, Tick(i), 3, Purpose::Scripted)),
            ("seeds", |i| random_u32(u64::from(i) << 32, Tick(0), 0, Purpose::Scripted)),
        ] {
            for shift in [0, 12, 24] {
                let mut buckets = [0i64; 256];
                for i in 0..65536 {
                    buckets[(number(i) >> shift & 255) as usize] += 1;
                }
                let chi: i64 = buckets.iter().map(|n| (n - 256) * (n - 256)).sum::<i64>() / 256;
                assert!((160..380).contains(&chi), "{name}, bits from {shift}: chi square {chi}");
            }
        }
    }

    #[test]
    fn one_input_bit_flips_half_of_the_output() {
        for bit in 0..160 {
            let mut flipped = 0;
            for i in 0..256u32 {
                let at = |extra: [u32; 5]| {
                    let seed = u64::from(extra[0]) | u64::from(extra[1]) << 32;
                    philox4x32_10([extra[2], extra[3] ^ i, extra[4], 0], [seed as u32, (seed >> 32) as u32])
                };
                let mut input = [1, 2, 3, 4, 5];
                let before = at(input);
                input[bit / 32] ^= 1 << (bit % 32);
                let after = at(input);
                flipped += before.iter().zip(after).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
            }
            let share = f64::from(flipped) / (256.0 * 128.0);
            assert!((0.48..0.52).contains(&share), "input bit {bit}: {share}");
        }
    }

    #[test]
    fn ranges_hold_their_limits() {
        assert_eq!((below(0, 10), below(u32::MAX, 10), below(u32::MAX, 0)), (0, 9, 0));
        assert_eq!((between(0, -5, 5), between(u32::MAX, 5, -5)), (-5, 5));
        assert_eq!(between(u32::MAX, i32::MIN, i32::MAX), i32::MAX);
        assert!(!chance(u32::MAX, 99, 100) && chance(u32::MAX, 1, 1) && !chance(0, 0, 5) && !chance(0, 1, 0));
        assert_eq!(between_metres(1 << 31, Metres(0), Metres(2)), Metres(1));
    }

    #[test]
    fn purposes_do_not_share_numbers() {
        assert_ne!(random_u32(1, Tick(1), 1, Purpose::Terrain), random_u32(1, Tick(1), 1, Purpose::Scripted));
    }
}
