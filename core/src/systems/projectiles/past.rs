//! Arrows whose archers saw an older picture of the world: from the moment that was seen to the present, tick by tick,
//! among those who were there then.
//!
//! An arrow that is let go in a tick by an archer who saw the others so many ticks ago has flown for those ticks already:
//! in each of them it is tested against the places where everybody was then, and against what stood then. So it meets
//! whom it would have met on the archer's screen. From the present on it flies like any other.

use super::capsule::sweep_capsule;
use super::flight::{Shooter, fallen};
use super::targets::ROUNDING;
use super::{FlightEnd, Sky};
use crate::numeric::{Metres, Position, Tick, Ticks};
use crate::state::commands::ViewAge;
use crate::systems::rewind::Lens;

/// Ticks in the past at most: half a second of the fastest ones.
const STEPS_MAX: usize = 64;
const _: () = assert!(crate::limits::TICK_HZ_MAX as usize / 2 < STEPS_MAX);

/// An arrow in the past.
pub(super) struct Flyer {
    pub position: Position,
    /// Raw, x, y, z.
    pub velocity: [i32; 3],
    pub end_tick: Tick,
}

/// One tick of the past.
#[derive(Clone, Copy)]
struct Step<'a> {
    to: Position,
    age: ViewAge,
    /// By whom the arrow can pass in it, by where they are now and by where they were: raw, low and high, along x and z.
    now: [[i32; 2]; 2],
    then: [[i32; 2]; 2],
    lens: Lens<'a>,
}

/// The way of an arrow through the past, as if nothing were in it.
struct Way<'a> {
    from: Position,
    steps: [Step<'a>; STEPS_MAX],
    count: usize,
}

impl Way<'_> {
    fn start_of(&self, step: usize) -> Position {
        if step == 0 { self.from } else { self.steps[step - 1].to }
    }
}

/// Whom an arrow meets first, and when: the tick of the past, the fraction of its way, the row.
type Met = (usize, i32, u32);

fn has(bounds: &[[i32; 2]; 2], x: i32, z: i32) -> bool {
    (bounds[0][0]..=bounds[0][1]).contains(&x) && (bounds[1][0]..=bounds[1][1]).contains(&z)
}

impl Sky<'_> {
    /// Flies an arrow from a moment in the past to the end of the tick before this one, and says how that ends.
    pub(super) fn catch_up(&self, flyer: &mut Flyer, age: ViewAge, shooter: Shooter) -> FlightEnd {
        let way = self.way_of(flyer, age, shooter);
        let met = self.first_in_the_past(&way, shooter);
        for (number, step) in way.steps[..way.count].iter().enumerate() {
            let tick = self.tick - Ticks((way.count - number) as u32);
            let shot = self.shot(way.start_of(number), step.to, shooter);
            let nearest = met.filter(|(when, ..)| *when == number).map(|(_, t, row)| (t, row));
            flyer.velocity[1] = fallen(flyer.velocity[1], self.fall(shooter.arm));
            let (at, end) = self.first_contact(&shot, nearest, (tick, step.age), true);
            flyer.position = at;
            if end != FlightEnd::None {
                return end;
            }
            if tick.signed_distance(flyer.end_tick) >= 0 {
                return FlightEnd::Spent;
            }
        }
        FlightEnd::None
    }

    /// The way of an arrow, tick by tick.
    fn way_of(&self, flyer: &Flyer, age: ViewAge, shooter: Shooter) -> Way<'_> {
        let (from, [speed_x, mut speed_y, speed_z]) = (flyer.position, flyer.velocity);
        let (fall, count) = (self.fall(shooter.arm), (age.nearest_ticks().0 as usize).min(STEPS_MAX));
        let none = Step { to: from, age, now: [[0; 2]; 2], then: [[0; 2]; 2], lens: self.rewind.lens(age) };
        let mut way = Way { from, steps: [none; STEPS_MAX], count };
        let radius = self.shot(from, from, shooter).radius.0 + self.targets.radius_max().0 + ROUNDING;
        for number in 0..count {
            let (start, age) = (way.start_of(number), age.less_ticks(number as u16));
            speed_y = fallen(speed_y, fall);
            let [x, y, z] = [speed_x, speed_y, speed_z].map(|speed| self.way(speed));
            let to = Position { x: start.x + x, y: start.y + y, z: start.z + z };
            let around = |by: i32| {
                [(start.x, to.x), (start.z, to.z)]
                    .map(|(a, b)| [a.0.min(b.0).saturating_sub(by), a.0.max(b.0).saturating_add(by)])
            };
            let now = around(radius.saturating_add(self.rewind.reach(age).0));
            way.steps[number] = Step { to, age, now, then: around(radius), lens: self.rewind.lens(age) };
        }
        way
    }

    /// The first of those who were on the way then: the lower row at equal distance. Seen from above the way is straight:
    /// one search finds all who can have been near it.
    fn first_in_the_past(&self, way: &Way<'_>, shooter: Shooter) -> Option<Met> {
        let steps = &way.steps[..way.count];
        let (first, last) = (steps.first()?, steps.last()?);
        let (characters, rewind) = (self.rewind.characters, &self.rewind);
        let all = self.shot(way.from, last.to, shooter);
        let widest = all.radius + self.targets.radius_max() + Metres(ROUNDING);
        let radius = widest.saturating_add(rewind.reach(first.age));
        let mut met: Option<Met> = None;
        self.index.grid().for_each_near_segment(all.from, all.to, radius, |row| {
            let row_index = row as usize;
            if !all.sides.means(row, characters.team[row_index]) {
                return;
            }
            let (x, z) = (characters.position_x[row_index], characters.position_z[row_index]);
            let dodges = rewind.dodges(row_index);
            let last = met.map_or(steps.len(), |(step, ..)| step + 1);
            for (number, step) in steps[..last].iter().enumerate() {
                if !has(&step.now, x, z) {
                    continue;
                }
                // Its place first: it was beside most ways. So the exact test gets nobody too far off for its numbers.
                let place = if dodges { Some((x, z)) } else { step.lens.place(row_index) };
                let near = place.is_some_and(|(x, z)| dodges || has(&step.then, x, z));
                let Some(pose) = near.then(|| rewind.pose(row_index, step.age)).flatten() else { continue };
                let feet = pose.position;
                if !has(&step.then, feet.x.0, feet.z.0) {
                    continue;
                }
                let from = way.start_of(number);
                let body = self.environment.rules.class(characters.class[row_index]);
                let radius = all.radius + body.radius;
                if let Some(t) = sweep_capsule(from, step.to, feet, radius, body.height) {
                    met = Some(met.map_or((number, t, row), |met| met.min((number, t, row))));
                    break;
                }
            }
        });
        met
    }
}
