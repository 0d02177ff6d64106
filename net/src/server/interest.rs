//! Who is near enough to be seen, and in which tier: by distance on the ground plane, from the operator's table.
//!
//! A tier is entered at its radius and left a margin farther out, so nobody on an edge comes and goes. The search
//! uses the world's own spatial index; between two searches a session keeps what the last one found.

use super::config::{ReplicationConfig, TIERS_MAX};
use shieldwall_core::numeric::Metres;

/// Tier of a character that is in none.
pub(crate) const NO_TIER: u8 = 0x7f;
/// Marks the characters that come before all others, beside the tier's number.
pub(crate) const FIRST: u8 = 0x80;

/// The tiers, with their edges as squares.
#[derive(Clone, Debug)]
pub(crate) struct InterestTable {
    enter: [i64; TIERS_MAX],
    leave: [i64; TIERS_MAX],
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

    /// The tier for a difference of positions (Q16.16 metres), given the tier it is in now or [`NO_TIER`].
    #[inline]
    pub(crate) fn tier_of(&self, dx: i32, dz: i32, now: u8) -> Option<u8> {
        let (x, z) = (reduced(dx), reduced(dz));
        let distance = x * x + z * z;
        let now = usize::from(now & !FIRST);
        let tier = (0..self.len)
            .find(|&tier| distance <= if tier == now { self.leave[tier] } else { self.enter[tier] })?;
        Some(tier as u8 | if distance <= self.first { FIRST } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_have_two_sides() {
        let table = InterestTable::new(&ReplicationConfig::default());
        let at = |metres: i32, now: u8| table.tier_of(metres << 16, 0, now);
        assert_eq!(at(5, NO_TIER), Some(FIRST));
        assert_eq!(at(49, NO_TIER), Some(0));
        assert_eq!(at(52, NO_TIER), Some(1));
        assert_eq!(at(52, 0), Some(0), "stays until the margin is crossed");
        assert_eq!(at(55, 0), Some(1));
        assert_eq!(at(402, NO_TIER), None);
        assert_eq!(at(402, 2), Some(2));
        assert_eq!(at(405, 2), None);
        assert_eq!(table.rate(FIRST), 20);
        assert_eq!(table.rate(1), 10);
    }
}
