//! Where to point a weapon: as high as what it lets go falls on its way, towards the middle of the body it is meant for.

use crate::numeric::fixed::{length2d, saturate};
use crate::numeric::{Brads, Position};
use crate::rules::{ArmRules, arm_kind};
use crate::state::commands::CharacterInput;

/// The pitch for a shot from one pair of feet at a body of this height over another, in 1/65536 turn.
///
/// The fall on the way is g d² / 2 v², taken from the level distance; an arrow that is not far from level meets within a
/// hand's breadth.
pub(super) fn pitch(from: Position, at: Position, height: i32, bow: &ArmRules) -> i16 {
    let level = i64::from(length2d(at.x.0.saturating_sub(from.x.0), at.z.0.saturating_sub(from.z.0)));
    let (speed, gravity) = (i64::from(bow.speed.0).max(1 << 16), i64::from(bow.gravity_per_s.0));
    // Metres in Q16 over metres per second in Q16: seconds in Q16.
    let time = ((level << 16) / speed).min(60 << 16);
    let falls = bow.kind == arm_kind::PROJECTILE;
    let fall = if falls { (((gravity * time) >> 16) * time) >> 17 } else { 0 };
    let middle = i64::from(at.y.0) + i64::from(height / 2);
    let rise = middle - i64::from(from.y.0) - i64::from(bow.launch_height.0) + fall;
    let angle = Brads::atan2(saturate(rise), saturate(level.max(1))).signed();
    angle.clamp(-CharacterInput::PITCH_MAX, CharacterInput::PITCH_MAX)
}
