//! Standing on things, straight ways without sliding, and the way out of a wall.

use super::body::{Body, Contact, Measures};
use super::math::{ONE_Q30, V3};
use super::planes::{TOLERANCE, cut};
use super::slide::{Limits, PART, STABLE, first_part, free_share, touches};
use super::{Contacts, Look, Normal, Obstacles, SKIN, SLACK, SlideRules, Support, TOUCH};
use crate::numeric::{Metres, Position, Tick};

/// What is under a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Where its feet are when it stands on it: exactly on level faces, up to [`SKIN`] plus 1/4096 m above others.
    pub height: Metres,
    /// The direction from the nearest point of the ground to the body's round foot: that of the face, or sloping where it
    /// stands on a rim.
    pub normal: Normal,
    /// What it is.
    pub support: Support,
    /// Whether it can be walked on: not steeper than the rules allow (the faces count, not the rims), and met from above.
    /// Otherwise a body slides down on it.
    pub walkable: bool,
}

/// A body freed from what it was inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// Its feet.
    pub position: Position,
    /// It is still inside of something, at the best place that was found.
    pub stuck: bool,
}

/// Rounds of pushing out the smallest way, and again of pushing upward.
const ROUNDS: u32 = 8;

/// Looks around on one straight way, beyond one for each metre.
const LOOKS: i64 = 16;

impl Obstacles {
    /// The first ground within `reach_down` (0 to 128 m) below a body with its feet at `position`; what it stands inside of
    /// by no more than [`SLACK`] counts. Walls beside it do not; the terrain is not in it.
    ///
    /// Of `rules` only the slope counts.
    #[must_use]
    pub fn ground_below(
        &self,
        body: Body,
        position: Position,
        reach_down: Metres,
        tick: Tick,
        rules: &SlideRules,
    ) -> Option<Ground> {
        let measures = Measures::of(body);
        let radius = Metres((measures.radius() + SKIN + TOUCH) as i32);
        if !self.near(position.x, position.z, radius) {
            return None;
        }
        let limits = Limits::of(rules);
        let reach = i64::from(reach_down.0.clamp(0, 128 << 16)) + SKIN + TOUCH;
        if !self.any_below(&measures, V3::of(position), reach, tick) {
            return None;
        }
        let look = Look { obstacles: self, measures, tick };
        let bearing = |contact: &Contact| contact.normal.y >= STABLE;
        let (feet, met) = look.sweep(V3::of(position), V3::new(0, -reach, 0), &bearing);
        let mut ground = met?;
        // Of several at the same height the one that can be walked counts.
        let contacts = look.contacts(feet, SKIN + TOUCH);
        let walkable = |contact: &&Contact| touches(contact) && bearing(contact) && limits.carries(contact);
        if let Some(better) = contacts.as_slice().iter().filter(walkable).max_by_key(|c| c.normal.y) {
            ground = *better;
        }
        let height = if ground.normal.y == ONE_Q30 { feet.y - ground.separation } else { feet.y };
        Some(Ground {
            height: Metres(crate::numeric::fixed::saturate(height)),
            normal: Normal::of(ground.normal),
            support: ground.support,
            walkable: limits.carries(&ground),
        })
    }

    /// Pushes a body out of what it is inside of by more than [`SLACK`]: again and again the smallest way out of the deepest
    /// (sideways or up, never out of the world), then out of what stands still alone, then upward.
    #[must_use]
    pub fn depenetrate(&self, body: Body, position: Position, tick: Tick) -> Freed {
        let measures = Measures::of(body);
        let radius = Metres((measures.radius() + SKIN) as i32);
        if !self.near(position.x, position.z, radius) {
            return Freed { position, stuck: false };
        }
        if !self.any_within(&measures, V3::of(position), 0, tick) {
            return Freed { position, stuck: false };
        }
        let (feet, stuck) = Look { obstacles: self, measures, tick }.free(V3::of(position));
        Freed { position: feet.position(), stuck }
    }

    /// Whether a body there would be inside of something by more than [`SLACK`].
    #[must_use]
    pub fn blocked(&self, body: Body, position: Position, tick: Tick) -> bool {
        let measures = Measures::of(body);
        let radius = Metres((measures.radius() + SKIN) as i32);
        self.near(position.x, position.z, radius)
            && self.any_within(&measures, V3::of(position), 0, tick)
            && Look { obstacles: self, measures, tick }.deepest(V3::of(position), false).is_some()
    }
}

impl Look<'_> {
    /// Goes straight until something that `counts` is touched on the way: where it got to, and what that was.
    pub(super) fn sweep(
        &self,
        from: V3,
        way: V3,
        counts: &dyn Fn(&Contact) -> bool,
    ) -> (V3, Option<Contact>) {
        let (mut feet, mut left) = (from, way);
        let mut contacts = Contacts::none();
        for _ in 0..LOOKS + way.reach() / PART {
            if left == V3::ZERO {
                break;
            }
            let part = first_part(left, PART);
            self.contacts_into(feet, part.bound() + SKIN + TOUCH, &mut contacts);
            contacts.keep(counts);
            let against = |contact: &&Contact| touches(contact) && part.along(contact.normal) < -TOLERANCE;
            if let Some(met) = contacts.as_slice().iter().find(against) {
                return (feet, Some(*met));
            }
            let advance = cut(part, free_share(part, &contacts));
            feet = feet.plus(advance);
            left = left.minus(advance);
            if advance == V3::ZERO {
                break;
            }
        }
        (feet, None)
    }

    /// The contact that is deepest inside, beyond [`SLACK`].
    fn deepest(&self, feet: V3, still_only: bool) -> Option<Contact> {
        let contacts = self.contacts(feet, 0);
        let inside = |contact: &&Contact| {
            contact.separation < -SLACK && !(still_only && contact.support.platform_number().is_some())
        };
        contacts.as_slice().iter().filter(inside).min_by_key(|contact| contact.separation).copied()
    }

    /// A place where the body is inside of nothing, and whether there was none to be found.
    pub(super) fn free(&self, from: V3) -> (V3, bool) {
        let mut feet = from;
        for still_only in [false, true] {
            for _ in 0..ROUNDS {
                let Some(inside) = self.deepest(feet, still_only) else { break };
                feet = feet.plus(inside.normal.times(TOUCH - inside.separation));
            }
            if self.deepest(feet, false).is_none() {
                return (feet, false);
            }
        }
        // Wedged: over the top of what holds it. Platforms alone do not lift anybody out of where they are.
        for _ in 0..ROUNDS {
            let Some(inside) = self.deepest(feet, true) else { break };
            feet.y = feet.y.max(inside.top) + 1;
        }
        let stuck = self.deepest(feet, false).is_some();
        (feet, stuck)
    }

    /// The looks of one place for its axis, for tests.
    #[cfg(test)]
    pub(super) fn separation(&self, feet: V3) -> i64 {
        let contacts = self.contacts(feet, PART);
        contacts.as_slice().iter().map(|contact| contact.separation).min().unwrap_or(i64::MAX)
    }
}
