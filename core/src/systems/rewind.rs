//! Lag compensation: where everybody was at the moment an attacker saw, and who may be found there.
//!
//! A player aims at a picture that is older than the tick in which its attack begins: by the way of its input to the
//! server, by that of the snapshots to it, and by the delay of its interpolation. The command
//! [`crate::state::commands::Command::View`] says how old. An attack of that tick is then judged by where its targets
//! were at that moment, between two ticks of the [`History`], while the attacker stands where it is: its own client
//! predicted that. What nobody sees of it:
//!
//! - Ages are held within [`crate::rules::LagRules::rewind_max_ms`], and within what has been recorded.
//! - Whoever is in a dodge now is judged no farther back than [`crate::rules::LagRules::dodge_favour_ms`]: who has got
//!   away on its own screen for longer than that has got away.
//! - Only who lives now and lived then, in the same life, and has not been carried farther than [`REWIND_MOVE_MAX`] since,
//!   is found. Who came into sight later was not seen.
//!
//! Bodies have the size that they have now, whatever class they were of then.
//!
//! Those who may have been in a place are found by the index of the present, in a place that is larger by the way that
//! anybody went since: never by a scan.

use super::{Environment, Timing};
use crate::numeric::{Brads, Metres, Position, Tick, Ticks};
use crate::rules::Arm;
use crate::spatial::Cone;
use crate::spatial::query_grid::Disc;
use crate::state::State;
use crate::state::characters::{CharactersView, motion};
use crate::state::commands::ViewAge;
use crate::state::handle::CharacterId;
use crate::state::history::{History, PastPose, REWIND_MOVE_MAX};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// What the players of a tick saw: one age a row, of this tick only.
#[derive(Debug)]
pub(crate) struct Views {
    /// Ages, with [`LISTED`] for the rows on the list.
    ages: Box<[u16]>,
    /// Rows that were given an age, each once.
    rows: Vec<u32>,
}

/// Ages that count are far below: see [`oldest_view`].
const LISTED: u16 = 1 << 15;

impl Views {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { ages: vec![0; capacity].into_boxed_slice(), rows: Vec::with_capacity(capacity) }
    }

    /// A new tick: everybody sees the present.
    pub(crate) fn clear(&mut self) {
        for row in self.rows.drain(..) {
            self.ages[row as usize] = 0;
        }
    }

    pub(crate) fn set(&mut self, row: usize, age: ViewAge) {
        if self.ages[row] & LISTED == 0 {
            self.rows.push(row as u32);
        }
        self.ages[row] = age.0 | LISTED;
    }

    /// How old what a row saw is.
    #[inline]
    pub(crate) fn of(&self, row: usize) -> ViewAge {
        ViewAge(self.ages[row] & !LISTED)
    }
}

/// The oldest view that an attack of the next tick is judged by.
pub(crate) fn oldest_view(history: &History, timing: &Timing) -> ViewAge {
    ViewAge::from_ticks(Ticks((history.recorded() as u32).min(timing.rewind_max.0)))
}

/// The past of one tick, for those who judge attacks in it.
#[derive(Clone, Copy)]
pub(crate) struct Rewind<'a> {
    pub(crate) history: &'a History,
    pub(crate) characters: &'a CharactersView<'a>,
    /// Farthest that anybody went on the plane since the newest page, raw.
    pub(crate) reach_now: i32,
    /// Oldest view of those who dodge.
    pub(crate) dodge_favour: ViewAge,
}

impl<'a> Rewind<'a> {
    /// `reach_now` is what [`History::farthest_move`] said of these characters.
    pub(crate) fn new(
        history: &'a History,
        characters: &'a CharactersView<'a>,
        reach_now: i32,
        environment: &Environment,
    ) -> Self {
        let dodge_favour = ViewAge::from_ticks(environment.timing.dodge_favour);
        Self { history, characters, reach_now, dodge_favour }
    }

    /// Where a row that lives now was seen at this age, and how; `None` when it was not to be seen.
    #[inline]
    pub(crate) fn pose(&self, row: usize, age: ViewAge) -> Option<PastPose> {
        let age = self.granted(row, age);
        let (ticks, part) = (usize::from(age.0 / ViewAge::PARTS), i64::from(age.0 % ViewAge::PARTS));
        let now = self.characters.position(row as u32);
        let later =
            if ticks == 0 { self.present(row) } else { self.history.pose(row, ticks, self.characters)? };
        let seen = match part {
            0 => later,
            _ => {
                let earlier = self.history.pose(row, ticks + 1, self.characters)?;
                PastPose { position: between(later.position, earlier.position, part), ..later }
            }
        };
        let most = i64::from(REWIND_MOVE_MAX.0).pow(2).cast_unsigned();
        (distance_squared(seen.position.x.0, seen.position.z.0, now.x.0, now.z.0) <= most).then_some(seen)
    }

    /// What everybody is seen by at an age, but those who dodge.
    pub(crate) fn lens(&self, age: ViewAge) -> Lens<'a> {
        let (ticks, part) = (usize::from(age.0 / ViewAge::PARTS), i64::from(age.0 % ViewAge::PARTS));
        let places = |back: usize| match back {
            0 => (&*self.characters.position_x, &*self.characters.position_z),
            _ => self.history.places(back),
        };
        let later = places(ticks);
        Lens { later, earlier: if part == 0 { later } else { places(ticks + 1) }, part }
    }

    /// The age at which a row is judged when its attacker saw it at another.
    #[inline]
    pub(crate) fn granted(&self, row: usize, age: ViewAge) -> ViewAge {
        if self.dodges(row) { age.min(self.dodge_favour) } else { age }
    }

    #[inline]
    pub(crate) fn dodges(&self, row: usize) -> bool {
        self.characters.motion[row] == motion::DODGE
    }

    fn present(&self, row: usize) -> PastPose {
        PastPose {
            position: self.characters.position(row as u32),
            yaw: Brads(self.characters.yaw[row]),
            flags: self.characters.flags[row],
            class: self.characters.class[row],
        }
    }

    /// How far at most, on the plane, anybody who is found at this age has gone since.
    pub(crate) fn reach(&self, age: ViewAge) -> Metres {
        let back = usize::from(age.0.div_ceil(ViewAge::PARTS));
        // A little more for what was rounded.
        Metres((self.reach_now + self.history.reach_since(back)).min(REWIND_MOVE_MAX.0) + 64)
    }
}

/// The places of everybody at an age: where to look first, before asking who that was ([`Rewind::pose`]).
#[derive(Clone, Copy)]
pub(crate) struct Lens<'a> {
    /// Raw x and z after the tick that came next, and after the one before.
    later: (&'a [i32], &'a [i32]),
    earlier: (&'a [i32], &'a [i32]),
    /// Sixteenths of the way back to the earlier one.
    part: i64,
}

impl Lens<'_> {
    /// Raw x and z of a row.
    #[inline]
    pub(crate) fn place(&self, row: usize) -> Option<(i32, i32)> {
        let (later_x, later_z) = (*self.later.0.get(row)?, *self.later.1.get(row)?);
        let (earlier_x, earlier_z) = (*self.earlier.0.get(row)?, *self.earlier.1.get(row)?);
        Some((mix(later_x, earlier_x, self.part), mix(later_z, earlier_z, self.part)))
    }
}

/// The squared distance of two places, raw; of places farther apart than numbers reach, the largest number. A history from
/// elsewhere may hold any.
#[inline]
pub(crate) fn distance_squared(x: i32, z: i32, other_x: i32, other_z: i32) -> u64 {
    let squared = |a: i32, b: i32| u64::from(a.abs_diff(b)).pow(2);
    squared(x, other_x).saturating_add(squared(z, other_z))
}

/// A coordinate between two ticks, in sixteenths of the way back to the earlier one; rounded towards the later.
#[inline]
fn mix(later: i32, earlier: i32, part: i64) -> i32 {
    let way = i64::from(earlier) - i64::from(later);
    (i64::from(later) + way * part / i64::from(ViewAge::PARTS)) as i32
}

fn between(later: Position, earlier: Position, part: i64) -> Position {
    Position::from_raw(
        mix(later.x.0, earlier.x.0, part),
        mix(later.y.0, earlier.y.0, part),
        mix(later.z.0, earlier.z.0, part),
    )
}

/// Why somebody was struck who may not have been there any more: what its attacker saw, and what was the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The tick in which it was judged.
    pub tick: Tick,
    /// Who struck.
    pub attacker: CharacterId,
    /// Who was struck.
    pub target: CharacterId,
    /// With what.
    pub arm: Arm,
    /// How old what the attacker saw of the target is, as far as that counted.
    pub age: ViewAge,
    /// Where the target was seen.
    pub seen: Position,
    /// Where the target was by then.
    pub present: Position,
}

/// The judgements of a tick that were passed on the past, in the order of the hits: as many as there is room for.
#[derive(Debug)]
pub(crate) struct Judgements {
    kept: Vec<Judgement>,
}

impl Judgements {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { kept: Vec::with_capacity(capacity) }
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    pub(crate) fn as_slice(&self) -> &[Judgement] {
        &self.kept
    }

    /// Notes that a row is about to be struck, if its attacker saw it in the past.
    pub(crate) fn add(
        &mut self,
        state: &State,
        environment: &Environment,
        (attacker, target_row): (CharacterId, usize),
        age: ViewAge,
        arm: Arm,
    ) {
        let characters = state.characters.view();
        let room = self.kept.len() < self.kept.capacity();
        if age == ViewAge::ZERO || !room || !characters.is_alive(target_row as u32) {
            return;
        }
        let target = CharacterId { slot: target_row as u32, generation: characters.generation[target_row] };
        // How far anybody went matters to those who search, not to the place of one.
        let rewind = Rewind::new(&state.history, &characters, 0, environment);
        let Some(seen) = rewind.pose(target_row, age) else { return };
        let (age, present) = (rewind.granted(target_row, age), characters.position(target.slot));
        let (tick, seen) = (state.tick, seen.position);
        self.kept.push(Judgement { tick, attacker, target, arm, age, seen, present });
    }
}

/// Where to look for those who were in a cone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wide {
    Cone(Cone),
    Disc(Disc),
}

/// Half angles between which a cone is made larger as a cone, in degrees.
const HALF_ANGLE_MIN: Brads = Brads::from_degrees(30);
const HALF_ANGLE_MAX: Brads = Brads::from_degrees(60);

/// A region that has every point within `reach` of a cone.
///
/// Moved back along its middle by reach / sin(half angle), the cone's edges are farther out by `reach` everywhere; with
/// that and the reach added to its radius, nothing near its rim is left out. Narrow cones are taken as wider ones first;
/// of wide ones the disc is as good.
pub(crate) fn widened(cone: &Cone, reach: Metres) -> Wide {
    if cone.half_angle > HALF_ANGLE_MAX {
        return Wide::Disc(Disc { x: cone.x, z: cone.z, radius: cone.radius.saturating_add(reach) });
    }
    let half_angle = cone.half_angle.max(HALF_ANGLE_MIN);
    let back = ((i64::from(reach.0) << 16) / i64::from(half_angle.sin().0) + 64).min(1 << 28) as i32;
    let (forward_x, forward_z) = cone.yaw.forward();
    let behind = |at: Metres, forward: i32| {
        let shift = (i64::from(back) * i64::from(forward)) >> 16;
        Metres((i64::from(at.0) - shift).clamp(i32::MIN.into(), i32::MAX.into()) as i32)
    };
    Wide::Cone(Cone {
        x: behind(cone.x, forward_x.0),
        z: behind(cone.z, forward_z.0),
        half_angle,
        radius: cone.radius.saturating_add(reach).saturating_add(Metres(back)),
        ..*cone
    })
}

#[cfg(test)]
mod tests;
