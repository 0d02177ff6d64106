//! Who is near enough to be seen, and in which tier: by distance on the ground plane, from the operator's table.
//!
//! A tier is entered at its radius and left a margin farther out, so nobody on an edge comes and goes. The search
//! uses the world's own spatial index; between two searches a session keeps what the last one found.

use super::config::{ReplicationConfig, TIERS_MAX};
use super::track_block::LANES;
use shieldwall_core::numeric::lanes::{self, LaneTask, Lanes};
use shieldwall_core::numeric::{LaneChoice, Metres};

/// Tier of a character that is in none.
pub(crate) const NO_TIER: u8 = 0x7f;
/// Marks the characters that come before all others, beside the tier's number.
pub(crate) const FIRST: u8 = 0x80;

/// The tiers, with their edges as squares.
#[derive(Clone, Debug)]
pub(crate) struct InterestTable {
    enter: [i64; TIERS_MAX],
    leave: [i64; TIERS_MAX],
    /// As configured.
    full_rates: [u16; TIERS_MAX],
    /// In force.
    rates: [u16; TIERS_MAX],
    len: usize,
    first: i64,
    search_radius: Metres,
}

/// Squares are taken in units of 1/256 m, so that they fit 64 bits with room to spare.
fn reduced(metres: i32) -> i64 {
    i64::from(metres >> 8)
}

fn square(metres: Metres) -> i64 {
    reduced(metres.0) * reduced(metres.0)
}

/// Snapshots that a character may be left out of before it is overdue: two seconds of them, and so two updates at least, since
/// a rate is at least one.
pub(crate) const fn patience(snapshot_hz: u16) -> u16 {
    PATIENCE_S * snapshot_hz
}

/// Seconds after which somebody in range is overdue.
const PATIENCE_S: u16 = 2;

impl InterestTable {
    /// The table of a configuration that was validated.
    pub(crate) fn new(config: &ReplicationConfig) -> Self {
        let (mut enter, mut leave, mut rates) = ([0; TIERS_MAX], [0; TIERS_MAX], [0; TIERS_MAX]);
        for (i, tier) in config.tiers.iter().enumerate() {
            enter[i] = square(tier.radius);
            leave[i] = square(tier.radius + config.leave_margin);
            rates[i] = tier.rate_hz;
        }
        let outermost = config.tiers.last().map_or(Metres::ZERO, |tier| tier.radius);
        Self {
            enter,
            leave,
            full_rates: rates,
            rates,
            len: config.tiers.len(),
            first: square(config.always_first),
            search_radius: outermost + config.leave_margin,
        }
    }

    /// How far a search must look.
    pub(crate) fn search_radius(&self) -> Metres {
        self.search_radius
    }

    /// Whether something so far away on the ground plane (raw differences) is in the innermost tier.
    pub(crate) fn is_close(&self, dx: i64, dz: i64) -> bool {
        let (dx, dz) = (dx >> 8, dz >> 8);
        dx * dx + dz * dz <= self.enter[0]
    }

    /// Updates a second of a tier (with or without [`FIRST`]).
    pub(crate) fn rate(&self, tier: u8) -> u16 {
        self.rates[usize::from(tier & !FIRST) % TIERS_MAX]
    }

    /// Halves the rates of all tiers but the innermost so many times, to one a second at least; 0: they are as configured. Clients
    /// follow with their next search.
    pub(crate) fn relieve(&mut self, halvings: u8) {
        for (rate, full) in self.rates.iter_mut().zip(self.full_rates).skip(1) {
            *rate = (full >> halvings).max(full.min(1));
        }
    }

    /// Whether somebody so far away (raw differences, Q16.16 metres) comes into sight.
    #[inline]
    pub(crate) fn reaches(&self, dx: i32, dz: i32) -> bool {
        let (x, z) = (reduced(dx), reduced(dz));
        let last = self.len.checked_sub(1).map_or(0, |last| self.enter[last]);
        x * x + z * z <= last
    }

    /// The tiers for differences of positions (Q16.16 metres), given the tiers they are in now or [`NO_TIER`]: the innermost that
    /// reaches so far. What is farther than all stays in the last, or comes into it: it was found by a search, which looks no farther
    /// than somebody can go before he leaves.
    #[inline]
    pub(crate) fn tiers_of(&self, dx: &[i32; LANES], dz: &[i32; LANES], tiers: &mut [u8; LANES]) {
        lanes::run(LaneChoice::Auto, TiersOf { table: self, dx, dz, tiers });
    }
}

/// The loop of [`InterestTable::tiers_of`], compiled for the processor's own vectors.
struct TiersOf<'a> {
    table: &'a InterestTable,
    dx: &'a [i32; LANES],
    dz: &'a [i32; LANES],
    tiers: &'a mut [u8; LANES],
}

impl LaneTask for TiersOf<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { table, dx, dz, tiers } = self;
        let mut distances = [0_i64; LANES];
        for ((distance, &dx), &dz) in distances.iter_mut().zip(dx).zip(dz) {
            let (x, z) = (reduced(dx), reduced(dz));
            *distance = x * x + z * z;
        }
        let last = table.len.saturating_sub(1);
        let mut best = [last as u8; LANES];
        for tier in (0..last).rev() {
            let (enter, leave) = (table.enter[tier], table.leave[tier]);
            for ((best, &distance), &now) in best.iter_mut().zip(&distances).zip(&*tiers) {
                let edge = if now & !FIRST == tier as u8 { leave } else { enter };
                *best = if distance <= edge { tier as u8 } else { *best };
            }
        }
        for ((tier, &best), &distance) in tiers.iter_mut().zip(&best).zip(&distances) {
            *tier = best | if distance <= table.first { FIRST } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Sixty-four at once are put where the plain rule puts each: into the innermost tier that reaches so far.
        #[test]
        fn many_tiers_at_once_are_as_one_by_one(
            dx in prop::collection::vec(-500_i32 << 16..500 << 16, LANES), dz in prop::collection::vec(-500_i32 << 16..500 << 16, LANES),
            now in prop::collection::vec(prop_oneof![0_u8..3, Just(NO_TIER), Just(FIRST)], LANES),
        ) {
            let table = InterestTable::new(&ReplicationConfig::default());
            let mut tiers: [u8; LANES] = now.clone().try_into().expect("as many");
            let (dx, dz) = (dx.try_into().expect("as many"), dz.try_into().expect("as many"));
            table.tiers_of(&dx, &dz, &mut tiers);
            for lane in 0..LANES {
                let distance = reduced(dx[lane]).pow(2) + reduced(dz[lane]).pow(2);
                let is_within = |&tier: &usize| {
                    let edges = if usize::from(now[lane] & !FIRST) == tier { &table.leave } else { &table.enter };
                    distance <= edges[tier]
                };
                let tier = (0..table.len).find(is_within).unwrap_or(table.len - 1) as u8;
                prop_assert_eq!(tiers[lane], tier | if distance <= table.first { FIRST } else { 0 });
            }
        }
    }

    #[test]
    fn edges_have_two_sides() {
        let table = InterestTable::new(&ReplicationConfig::default());
        let at = |metres: i32, now: u8| {
            let (mut dx, mut tiers) = ([i32::MAX; LANES], [NO_TIER; LANES]);
            (dx[17], tiers[17]) = (metres << 16, now);
            table.tiers_of(&dx, &[0; LANES], &mut tiers);
            tiers[17]
        };
        assert_eq!(at(5, NO_TIER), FIRST);
        assert_eq!(at(49, NO_TIER), 0);
        assert_eq!(at(52, NO_TIER), 1);
        assert_eq!(at(52, 0), 0, "stays until the margin is crossed");
        assert_eq!(at(55, 0), 1);
        assert_eq!((at(402, NO_TIER), table.reaches(402 << 16, 0)), (2, false));
        assert_eq!((at(399, NO_TIER), table.reaches(0, -399 << 16)), (2, true));
        assert_eq!(at(402, 2), 2);
        assert_eq!(table.rate(FIRST), 20);
        assert_eq!(table.rate(1), 10);
        let mut table = table;
        table.relieve(1);
        assert_eq!([0, 1, 2].map(|tier| table.rate(tier)), [20, 5, 2]);
        table.relieve(2);
        assert_eq!([0, 1, 2].map(|tier| table.rate(tier)), [20, 2, 1]);
        table.relieve(0);
        assert_eq!([0, 1, 2].map(|tier| table.rate(tier)), [20, 10, 4]);
    }
}
