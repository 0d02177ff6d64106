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
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};
use crate::numeric::{Brads, Metres, Position, Tick, Ticks};
use crate::rules::Arm;
use crate::spatial::Cone;
use crate::spatial::query_grid::Disc;
use crate::state::State;
use crate::state::characters::{CharactersView, flags, motion};
use crate::state::commands::ViewAge;
use crate::state::handle::CharacterId;
use crate::state::history::{History, Moment, PastPose, REWIND_MOVE_MAX};
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

/// What is known in the present of those who are looked for in the past.
#[derive(Clone, Copy)]
pub(crate) struct Living<'a> {
    position: [&'a [i32]; 3],
    yaw: &'a [u16],
    flags: &'a [u16],
    class: &'a [u8],
    generation: &'a [u32],
    deaths: &'a [u16],
    motion: &'a [u8],
}

macro_rules! living {
    ($characters:expr) => {
        Living {
            position: [&$characters.position_x, &$characters.position_y, &$characters.position_z],
            yaw: &$characters.yaw,
            flags: &$characters.flags,
            class: &$characters.class,
            generation: &$characters.generation,
            deaths: &$characters.deaths,
            motion: &$characters.motion,
        }
    };
}

impl Living<'_> {
    fn position(&self, row: usize) -> Position {
        let [x, y, z] = self.position;
        Position::from_raw(x[row], y[row], z[row])
    }

    #[inline]
    fn dodges(&self, row: usize) -> bool {
        self.motion[row] == motion::DODGE
    }

    /// The life of a row: generation and deaths.
    #[inline]
    fn life(&self, row: usize) -> (u32, u16) {
        (self.generation[row], self.deaths[row])
    }
}

/// The past of one tick, for those who judge attacks in it.
#[derive(Clone, Copy)]
pub(crate) struct Rewind<'a> {
    pub(crate) history: &'a History,
    pub(crate) characters: &'a CharactersView<'a>,
    living: Living<'a>,
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
        Self { history, characters, living: living!(characters), reach_now, dodge_favour }
    }

    /// What everybody is seen by who was seen at an age.
    #[inline]
    pub(crate) fn eyes(&self, age: ViewAge) -> Eyes<'_> {
        Eyes { lens: self.lens(age), favour: self.lens(age.min(self.dodge_favour)) }
    }

    /// What everybody is seen by at an age, but those who dodge: they are seen no farther back than
    /// [`Self::dodge_favour`].
    #[inline]
    pub(crate) fn lens(&self, age: ViewAge) -> Lens<'_> {
        Lens::new(self.history, &self.living, age)
    }

    #[inline]
    pub(crate) fn dodges(&self, row: usize) -> bool {
        self.living.dodges(row)
    }

    /// How far at most, on the plane, anybody who is found at this age was from where it was `back` ticks ago, if that is
    /// not longer ago than the age; `None` when somebody may have gone farther than counts.
    #[inline]
    pub(crate) fn reach_from(&self, back: usize, age: ViewAge) -> Option<Metres> {
        let way = self.history.reach_between(back, usize::from(age.0.div_ceil(ViewAge::PARTS)));
        // A little more for what was rounded.
        (way < REWIND_MOVE_MAX.0).then_some(Metres(way + 64))
    }

    /// How far at most, on the plane, anybody who is found at this age has gone since.
    pub(crate) fn reach(&self, age: ViewAge) -> Metres {
        let back = usize::from(age.0.div_ceil(ViewAge::PARTS));
        // A little more for what was rounded.
        Metres((self.reach_now + self.history.reach_since(back)).min(REWIND_MOVE_MAX.0) + 64)
    }
}

/// Everybody as an attacker saw them at an age, and those who dodge as far back as they are judged.
#[derive(Clone, Copy)]
pub(crate) struct Eyes<'a> {
    /// For those who do not dodge, and for those who do.
    pub(crate) lens: Lens<'a>,
    pub(crate) favour: Lens<'a>,
}

impl<'a> Eyes<'a> {
    /// By which a row is seen.
    #[inline(always)]
    pub(crate) fn of(&self, row: usize) -> &Lens<'a> {
        if self.lens.living.dodges(row) { &self.favour } else { &self.lens }
    }

    /// Where a row that lives now was seen, and when; `None` when it was not to be seen.
    #[inline]
    pub(crate) fn seen(&self, row: usize) -> Option<Seen> {
        let lens = self.of(row);
        Some(Seen { position: lens.position(row)?, age: lens.age })
    }

    /// Raw x and z of many rows, whoever those were, and of which of them there are any.
    #[inline(always)]
    pub(crate) fn places<L: Lanes>(&self, rows: L) -> ([L; 2], L::Mask) {
        let (places, known) = self.lens.places(rows);
        let motions = self.lens.living.motion;
        let (mut numbers, mut dodges) = ([0; MAX_WIDTH], [0; MAX_WIDTH]);
        rows.store(&mut numbers);
        let mut any = 0;
        let mut lane = 0;
        while lane < L::WIDTH {
            let dodge = motions.get(numbers[lane] as usize) == Some(&motion::DODGE);
            dodges[lane] = i32::from(dodge);
            any |= dodges[lane];
            lane += 1;
        }
        if any == 0 {
            return (places, known);
        }
        let dodge = L::load(&dodges).greater(L::splat(0));
        let (favoured, favour_known) = self.favour.places(rows);
        let x = L::select(dodge, favoured[0], places[0]);
        let z = L::select(dodge, favoured[1], places[1]);
        ([x, z], dodge.and(favour_known).or(known.and(dodge.not())))
    }
}

/// Everybody as seen at an age.
#[derive(Clone, Copy)]
pub(crate) struct Lens<'a> {
    history: &'a History,
    living: &'a Living<'a>,
    /// After the tick that came next, and after the one before; the present is none.
    later: Option<Moment>,
    earlier: Option<Moment>,
    /// x and z of both.
    later_places: [&'a [i32]; 2],
    earlier_places: [&'a [i32]; 2],
    /// Sixteenths of the way back to the earlier one.
    part: i64,
    age: ViewAge,
}

impl<'a> Lens<'a> {
    #[inline]
    fn new(history: &'a History, living: &'a Living<'a>, age: ViewAge) -> Self {
        let (ticks, part) = (usize::from(age.0 / ViewAge::PARTS), i64::from(age.0 % ViewAge::PARTS));
        let moment = |back: usize| (back > 0).then(|| history.moment(back));
        let later = moment(ticks);
        let earlier = if part == 0 { later } else { moment(ticks + 1) };
        let places = |moment: Option<Moment>| match moment {
            Some(moment) => history.places_of(moment),
            None => [living.position[0], living.position[2]],
        };
        let (later_places, earlier_places) = (places(later), places(earlier));
        Self { history, living, later, earlier, later_places, earlier_places, part, age }
    }

    /// Raw x and z of a row, whoever that was: where to look first, before asking for its [pose](Self::pose).
    #[inline(always)]
    pub(crate) fn place(&self, row: usize) -> Option<(i32, i32)> {
        let [x, z] = self.later_places;
        let (x, z) = (*x.get(row)?, *z.get(row)?);
        if self.part == 0 {
            return Some((x, z));
        }
        let [earlier_x, earlier_z] = self.earlier_places;
        Some((mix(x, *earlier_x.get(row)?, self.part), mix(z, *earlier_z.get(row)?, self.part)))
    }

    /// The [places](Self::place) of many rows, and of which of them there is one.
    #[inline(always)]
    pub(crate) fn places<L: Lanes>(&self, rows: L) -> ([L; 2], L::Mask) {
        let ([x, z], [earlier_x, earlier_z]) = (self.later_places, self.earlier_places);
        let count = x.len().min(earlier_x.len()).min(i32::MAX as usize) as i32;
        if count == 0 {
            return ([L::splat(0); 2], L::Mask::first_n(0));
        }
        let known = L::splat(count).greater(rows).and(rows.greater(L::splat(-1)));
        let rows = rows.keep(known);
        let later = [L::gather(x, rows), L::gather(z, rows)];
        if self.part == 0 {
            return (later, known);
        }
        let earlier = [L::gather(earlier_x, rows), L::gather(earlier_z, rows)];
        let part = self.part as i32;
        if is_far(later[0], earlier[0]).or(is_far(later[1], earlier[1])).and(known).any() {
            let mut numbers = [0; MAX_WIDTH];
            rows.store(&mut numbers);
            let [x, z] = self.far_places(&numbers);
            return ([L::load(&x), L::load(&z)], known);
        }
        ([mix_lanes(later[0], earlier[0], part), mix_lanes(later[1], earlier[1], part)], known)
    }

    /// The places of known rows, some of which went so far that it takes the numbers of [`mix`].
    #[cold]
    #[inline(never)]
    fn far_places(&self, rows: &[i32; MAX_WIDTH]) -> [[i32; MAX_WIDTH]; 2] {
        let places = rows.map(|row| self.place(row as usize).unwrap_or_default());
        [places.map(|(x, _)| x), places.map(|(_, z)| z)]
    }

    /// The lowest and the highest that a row's feet can have been seen, raw, whoever that was.
    #[inline]
    pub(crate) fn heights(&self, row: usize) -> Option<(i32, i32)> {
        let height = |moment: Option<Moment>| match moment {
            Some(moment) => self.history.height_at(moment, row),
            None => Some(self.living.position[1][row]),
        };
        let (later, earlier) = (height(self.later)?, height(self.earlier)?);
        Some((later.min(earlier), later.max(earlier)))
    }

    /// Where a row that lives now was seen, and how; `None` when it was not to be seen.
    #[inline]
    pub(crate) fn pose(&self, row: usize) -> Option<PastPose> {
        let life = self.living.life(row);
        let pose = |moment: Option<Moment>| match moment {
            Some(moment) => self.history.pose_at(moment, row, life),
            None => Some(self.present(row)),
        };
        let later = pose(self.later)?;
        let seen = match self.part {
            0 => later,
            part => {
                PastPose { position: between(later.position, pose(self.earlier)?.position, part), ..later }
            }
        };
        self.is_near(row, (seen.position.x.0, seen.position.z.0)).then_some(seen)
    }

    /// The place in that [pose](Self::pose), for those who ask for nothing else of it.
    #[inline]
    pub(crate) fn position(&self, row: usize) -> Option<Position> {
        let life = self.living.life(row);
        let height = |moment: Option<Moment>| match moment {
            Some(moment) if !self.history.lived_at(moment, row, life) => None,
            Some(moment) => self.history.height_at(moment, row),
            None => Some(self.living.position[1][row]),
        };
        let later = height(self.later)?;
        let y = if self.part == 0 { later } else { mix(later, height(self.earlier)?, self.part) };
        let (x, z) = self.place(row)?;
        self.is_near(row, (x, z)).then_some(Position::from_raw(x, y, z))
    }

    /// Whether a row has not gone farther since it was seen at a place than counts.
    #[inline]
    fn is_near(&self, row: usize, (x, z): (i32, i32)) -> bool {
        let [now_x, _, now_z] = self.living.position;
        distance_squared(x, z, now_x[row], now_z[row]) <= i64::from(REWIND_MOVE_MAX.0).pow(2).cast_unsigned()
    }

    fn present(&self, row: usize) -> PastPose {
        PastPose {
            position: self.living.position(row),
            yaw: Brads(self.living.yaw[row]),
            flags: self.living.flags[row],
            class: self.living.class[row],
        }
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

/// Which pairs of coordinates are so far apart that [`mix_lanes`] has no room for their ways: 256 m.
#[inline(always)]
fn is_far<L: Lanes>(later: L, earlier: L) -> L::Mask {
    let way = earlier.shift_right::<4>().sub(later.shift_right::<4>()).abs();
    way.greater(L::splat(1 << 20))
}

/// [`mix`] of coordinates that are near each other.
#[inline(always)]
fn mix_lanes<L: Lanes>(later: L, earlier: L, part: i32) -> L {
    let way = earlier.sub(later).mul(L::splat(part));
    // Divided by sixteen towards zero.
    let up = way.shift_right::<31>().and(L::splat(15));
    later.add(way.add(up).shift_right::<4>())
}

const _: () = assert!(ViewAge::PARTS == 16);

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
        ids: (CharacterId, usize),
        age: ViewAge,
        arm: Arm,
    ) {
        let (characters, row) = (&state.characters, ids.1);
        if age == ViewAge::ZERO || !self.has_room_for(state, row) {
            return;
        }
        // No view of the whole table: that would cost more than all else here.
        let living = living!(characters);
        let favour = ViewAge::from_ticks(environment.timing.dodge_favour);
        let age = if living.dodges(row) { age.min(favour) } else { age };
        if let Some(position) = Lens::new(&state.history, &living, age).position(row) {
            self.add_seen(state, ids, Seen { position, age }, arm);
        }
    }

    /// The same of a row of which is known where it was seen, and when.
    pub(crate) fn add_seen(
        &mut self,
        state: &State,
        (attacker, target_row): (CharacterId, usize),
        Seen { position: seen, age }: Seen,
        arm: Arm,
    ) {
        if age == ViewAge::ZERO || !self.has_room_for(state, target_row) {
            return;
        }
        let characters = &state.characters;
        let target = CharacterId { slot: target_row as u32, generation: characters.generation[target_row] };
        let present = Position::from_raw(
            characters.position_x[target_row],
            characters.position_y[target_row],
            characters.position_z[target_row],
        );
        self.kept.push(Judgement { tick: state.tick, attacker, target, arm, age, seen, present });
    }

    fn has_room_for(&self, state: &State, row: usize) -> bool {
        self.kept.len() < self.kept.capacity() && state.characters.flags[row] & flags::ALIVE != 0
    }
}

/// Where somebody was seen, and how long ago, as far as that counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) position: Position,
    pub(crate) age: ViewAge,
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
