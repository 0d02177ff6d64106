//! The table of what teams fight over, and the table of their scores.
//!
//! One row for each capture point of the scenery and one for each team of the world, by number, in use for as long as the
//! world is there.

use super::column::table;
use super::handle::CharacterId;
use crate::numeric::{Metres, Position, Ticks};
use crate::rules::ObjectiveRules;

/// What one fighter in a ring gains in a tick.
pub const GAIN: u32 = 256;

/// How much progress captures a place: as much as one fighter gains in the time that the rules say.
#[must_use]
pub fn goal(rules: &ObjectiveRules, tick_hz: u16) -> u32 {
    Ticks::from_millis(rules.capture_ms, tick_hz).0.saturating_mul(GAIN)
}

/// Ticks that a dropped flag lies.
pub(crate) fn lying(rules: &ObjectiveRules, tick_hz: u16) -> u32 {
    Ticks::from_millis(rules.return_ms, tick_hz).0
}

/// No team: nobody's point.
pub const NO_TEAM: u8 = u8::MAX;

/// What a scenery says of a place that teams fight over: a ring on the ground plane, at any height; or the home of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapturePoint {
    /// Middle.
    pub x: Metres,
    /// Middle.
    pub z: Metres,
    /// Who is within this distance counts; 1/4 m to [`crate::spatial::obstacles::limits::RING_MAX_M`].
    pub radius: Metres,
    /// Kind of objective, below [`crate::rules::OBJECTIVE_KINDS`].
    pub kind: u8,
    /// The team that has it at first; [`NO_TEAM`] for nobody.
    pub owner: u8,
}

/// Bits of [`Objectives::flags`].
pub mod pennant {
    /// The row is a capture point: set in every row.
    pub const IN_USE: u8 = 1;
    /// A flag that somebody carries.
    pub const CARRIED: u8 = 2;
    /// A flag that was dropped and lies where it is.
    pub const DROPPED: u8 = 4;
}

table! {
    /// The capture points, one row each, by number.
    pub struct Objectives, view ObjectivesView, rows ObjectiveRows {
        /// Where its flag is, or the middle of its ring: east, Q16.16 metres.
        position_x: i32,
        /// Height, Q16.16 metres.
        position_y: i32,
        /// South, Q16.16 metres.
        position_z: i32,
        /// How far the contender has come: 1/256 of what one fighter gains in a tick.
        progress: u32,
        /// Ticks until a dropped flag goes back.
        timer: u32,
        /// Slot of who carries the flag.
        carrier_slot: u32,
        /// Generation of who carries the flag; 0 for nobody.
        carrier_generation: u32,
        /// 1 in every row.
        generation: u32,
        /// Teams of which somebody lives in the ring, one bit each; 0 for a flag.
        present: u16,
        /// Kind of objective, below [`crate::rules::OBJECTIVE_KINDS`].
        kind: u8,
        /// Team that has it; [`NO_TEAM`] for nobody.
        owner: u8,
        /// Team that `progress` is of; [`NO_TEAM`] for nobody.
        contender: u8,
        /// Bits of [`pennant`].
        flags: u8,
    }
}

table! {
    /// The teams, one row each, by number.
    pub struct Teams, view TeamsView, rows TeamRows {
        /// What it has gained by capture points and flags.
        score: u32,
        /// 1 in every row.
        generation: u32,
        /// 1 in every row.
        in_use: u8,
    }
}

const _: () = assert!(Objectives::BYTES_PER_ROW == 38 && Teams::BYTES_PER_ROW == 9);

impl ObjectivesView<'_> {
    /// Number of capture points.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.owner.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }

    /// Whether several teams are in the ring of a point: then nobody gains on it.
    ///
    /// # Panics
    /// When there is no such point.
    #[must_use]
    pub fn is_contested(&self, point: u32) -> bool {
        self.present[point as usize].count_ones() > 1
    }

    /// Where the flag of a point is, or the middle of its ring.
    ///
    /// # Panics
    /// When there is no such point.
    #[must_use]
    pub fn position(&self, point: u32) -> Position {
        let row = point as usize;
        Position::from_raw(self.position_x[row], self.position_y[row], self.position_z[row])
    }

    /// Who carries the flag of a point; `None` when nobody does.
    ///
    /// # Panics
    /// When there is no such point.
    #[must_use]
    pub fn carrier(&self, point: u32) -> Option<CharacterId> {
        let row = point as usize;
        let id = CharacterId { slot: self.carrier_slot[row], generation: self.carrier_generation[row] };
        (self.flags[row] & pennant::CARRIED != 0).then_some(id)
    }
}

impl TeamsView<'_> {
    /// The score of a team; 0 where there is none of this number.
    #[must_use]
    pub fn score(&self, team: u8) -> u32 {
        self.score.get(usize::from(team)).copied().unwrap_or(0)
    }
}

impl Objectives {
    /// Puts the flag of a point somewhere.
    pub(crate) fn place(&mut self, row: usize, at: Position) {
        (self.position_x[row], self.position_y[row], self.position_z[row]) = (at.x.0, at.y.0, at.z.0);
    }

    /// Gives the flag of a point to somebody, or to nobody.
    pub(crate) fn set_carrier(&mut self, row: usize, carrier: Option<CharacterId>) {
        let id = carrier.unwrap_or(CharacterId::NONE);
        (self.carrier_slot[row], self.carrier_generation[row]) = (id.slot, id.generation);
        self.flags[row] = pennant::IN_USE | if carrier.is_some() { pennant::CARRIED } else { 0 };
    }
}
