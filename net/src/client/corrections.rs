//! Why predictions were wrong: what a snapshot shows of it, counted.
//!
//! A cause is what the first difference that explains the others says, in the order of [`CorrectionCause`]. It is a figure for
//! those who tune rules and prediction, nothing depends on it.

use super::prediction::Reconciliation;
use super::replica::ReplicaTable;
use shieldwall_core::numeric::Metres;
use shieldwall_core::state::characters::{MoveState, flags, motion};

/// Others nearer than this may have pushed, in 1/16 m: two bodies, and what a snapshot rounds.
const NEAR_16: i64 = 24;

/// What a correction came of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CorrectionCause {
    /// The server ran ticks without this client's input.
    Input = 0,
    /// A status effect came, or went.
    Effects = 1,
    /// Stamina for sprinting and dodging was there, or was not.
    Stamina = 2,
    /// The shield was up, or was not.
    Shield = 3,
    /// The body was thrown, or dodges, jumps or falls otherwise than was predicted.
    Motion = 4,
    /// Somebody is so near that bodies may have pushed each other.
    Crowd = 5,
    /// None of these.
    Other = 6,
}

impl CorrectionCause {
    /// How many there are.
    pub const COUNT: usize = 7;
    /// Their names in reports, by number.
    pub const NAMES: [&'static str; Self::COUNT] =
        ["input", "effects", "stamina", "shield", "motion", "crowd", "other"];

    /// What the difference of two states of the same tick says. `missed` tells that inputs were, `near` whether anybody is
    /// near enough to push.
    #[must_use]
    pub fn of(predicted: &MoveState, truth: &MoveState, missed: bool, near: bool) -> Self {
        let bits = predicted.flags ^ truth.flags;
        if missed {
            Self::Input
        } else if bits & flags::AFFLICTED != 0 {
            Self::Effects
        } else if bits & flags::EXHAUSTED != 0 {
            Self::Stamina
        } else if bits & flags::BLOCKING != 0 {
            Self::Shield
        } else if predicted.motion != truth.motion || truth.motion == motion::KNOCKED {
            Self::Motion
        } else if near {
            Self::Crowd
        } else {
            Self::Other
        }
    }
}

/// Whether anybody of a snapshot is near enough to a body to push it.
pub(crate) fn is_somebody_near(replica: &ReplicaTable, own_slot: u32, state: &MoveState) -> bool {
    let sixteenths = |metres: Metres| i64::from(metres.0 >> 12);
    let (x, z) = (sixteenths(state.position.x), sixteenths(state.position.z));
    replica.entities().any(|entity| {
        let (other_x, other_z) = entity.newest().state.ground_position();
        let away = |a: Metres, b: i64| (sixteenths(a) - b).abs();
        u32::from(entity.slot()) != own_slot && away(other_x, x).max(away(other_z, z)) <= NEAR_16
    })
}

/// What reconciling the snapshots has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CorrectionStats {
    pub(crate) corrections: u64,
    pub(crate) by_cause: [u64; CorrectionCause::COUNT],
    pub(crate) sum_mm: u64,
    pub(crate) max_mm: u32,
    pub(crate) relocations: u64,
}

impl CorrectionStats {
    /// Counts what a snapshot did; `cause` is asked where it was a correction.
    pub(crate) fn count(&mut self, told: Reconciliation, cause: impl FnOnce() -> CorrectionCause) {
        match told {
            Reconciliation::Corrected { distance } => {
                let mm = distance.to_mm().unsigned_abs();
                self.corrections += 1;
                self.by_cause[cause() as usize] += 1;
                self.sum_mm += u64::from(mm);
                self.max_mm = self.max_mm.max(mm);
            }
            Reconciliation::Relocated => self.relocations += 1,
            Reconciliation::Stale | Reconciliation::Unchanged | Reconciliation::Adopted => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_names_the_cause() {
        let truth = MoveState { flags: flags::ALIVE, ..MoveState::default() };
        let with = |bits: u16| MoveState { flags: truth.flags | bits, ..truth };
        let cause = |predicted: &MoveState| CorrectionCause::of(predicted, &truth, false, false);
        assert_eq!(cause(&with(flags::STUNNED | flags::EXHAUSTED)), CorrectionCause::Effects);
        assert_eq!(cause(&with(flags::EXHAUSTED | flags::BLOCKING)), CorrectionCause::Stamina);
        assert_eq!(cause(&with(flags::BLOCKING)), CorrectionCause::Shield);
        assert_eq!(cause(&MoveState { motion: motion::FALL, ..truth }), CorrectionCause::Motion);
        assert_eq!(cause(&truth), CorrectionCause::Other);
        assert_eq!(CorrectionCause::of(&truth, &truth, false, true), CorrectionCause::Crowd);
        assert_eq!(CorrectionCause::of(&with(flags::STUNNED), &truth, true, true), CorrectionCause::Input);
    }
}
