//! Arrows whose archers saw an older picture of the world: from the moment that was seen to the present, tick by tick,
//! among those who were there then.
//!
//! An arrow that is let go in a tick by an archer who saw the others so many ticks ago has flown for those ticks already:
//! in each of them it is tested against the places where everybody was then, and against what stood then. So it meets
//! whom it would have met on the archer's screen. From the present on it flies like any other.
//!
//! Seen from above the way is straight. It is gone along by stretches of some ticks: one search finds all who can have been
//! near a stretch, and each of them is held against all ticks of it at once.

use super::capsule::sweep_capsule;
use super::flight::{Shooter, fallen, low};
use super::targets::{ROUNDING, Shot};
use super::{FlightEnd, Sky};
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};
use crate::numeric::{Position, Tick, Ticks};
use crate::spatial::near_grid::{groups_of, row_of, rows_of};
use crate::state::commands::ViewAge;
use crate::systems::near::Look;

/// Ticks in the past at most: half a second of the fastest ones.
const STEPS_MAX: usize = 64;
const _: () = assert!(crate::limits::TICK_HZ_MAX as usize / 2 < STEPS_MAX);

/// Most ticks of a stretch: as many as the fewest lanes, so that all lanes look at the same stretches.
const STRETCH_MAX: usize = 8;

/// Ends of ticks, and so many more that whole lanes can be read from each.
const ENDS: usize = STEPS_MAX + 1 + MAX_WIDTH;

/// An arrow in the past.
pub(super) struct Flyer {
    pub position: Position,
    /// Raw, x, y, z.
    pub velocity: [i32; 3],
    pub end_tick: Tick,
}

/// The work: brings an arrow to the end of the tick before this one, and says how that ends.
pub(super) struct CatchUp<'a, 'b> {
    pub sky: &'a Sky<'b>,
    pub flyer: &'a mut Flyer,
    pub age: ViewAge,
    pub shooter: Shooter,
}

/// The way of an arrow through the past, as if nothing were in it: x, y and z after so many ticks.
struct Way {
    ends: [[i32; ENDS]; 3],
    count: usize,
    /// How old what the archer saw is.
    age: ViewAge,
}

impl Way {
    fn end_of(&self, steps: usize) -> Position {
        let [x, y, z] = &self.ends;
        Position::from_raw(x[steps], y[steps], z[steps])
    }

    /// At which age others are seen in a tick of the way.
    fn age_in(&self, step: usize) -> ViewAge {
        self.age.less_ticks(step as u16)
    }

    /// The ends of whole lanes of ticks from one on, x, y, z.
    #[inline(always)]
    fn load<L: Lanes>(&self, step: usize) -> [L; 3] {
        self.ends.each_ref().map(|ends| L::load_at(ends, step))
    }
}

/// Some ticks of a way, at most [`STRETCH_MAX`].
#[derive(Clone, Copy)]
struct Stretch {
    first: usize,
    count: usize,
}

/// Whom an arrow meets first, and when: the tick of the past, the fraction of its way, the row.
type Met = (usize, i32, u32);

/// Who can be near the ticks of a stretch, in lanes.
struct Strip<L> {
    /// Low and high along x and z: of the whole stretch for rows, of its ticks for one row.
    whole: [[L; 2]; 2],
    ticks: [[L; 2]; 2],
    own: L,
    pierced: L,
    team: L,
    only: bool,
}

impl<L: Lanes> Strip<L> {
    #[inline(always)]
    fn new(way: &Way, stretch: Stretch, shot: &Shot, (bounds, around): ([[i32; 2]; 2], i32)) -> Self {
        let (from, to) = (way.load::<L>(stretch.first), way.load::<L>(stretch.first + 1));
        let around = L::splat(around);
        let ticks =
            [0, 2].map(|axis| [from[axis].min(to[axis]).sub(around), from[axis].max(to[axis]).add(around)]);
        let (team, only) = shot.sides.team_filter();
        Self {
            whole: bounds.map(|ends| ends.map(L::splat)),
            ticks,
            own: L::splat(shot.sides.own_row.map_or(-1, u32::cast_signed)),
            pierced: L::splat(shot.pierced.map_or(-1, u32::cast_signed)),
            team: L::splat(team),
            only,
        }
    }

    #[inline(always)]
    fn has([[low_x, high_x], [low_z, high_z]]: [[L; 2]; 2], [x, z]: [L; 2]) -> L::Mask {
        low_x.greater(x).or(x.greater(high_x)).or(low_z.greater(z)).or(z.greater(high_z)).not()
    }

    /// Which rows it can mean, of those in the stretch's box.
    #[inline(always)]
    fn means(&self, [x, z, tag]: [L; 3]) -> L::Mask {
        let (row, same) = (rows_of(tag), groups_of(tag).equal(self.team));
        let spared = if self.only { same.not() } else { same };
        let spared = spared.or(row.equal(self.own)).or(row.equal(self.pierced));
        Self::has(self.whole, [x, z]).and(spared.not())
    }

    /// In which ticks somebody can be in the way, as bits.
    #[inline(always)]
    fn ticks_of(&self, x: i32, z: i32) -> u32 {
        Self::has(self.ticks, [L::splat(x), L::splat(z)]).bits()
    }
}

fn has(bounds: &[[i32; 2]; 2], x: i32, z: i32) -> bool {
    (bounds[0][0]..=bounds[0][1]).contains(&x) && (bounds[1][0]..=bounds[1][1]).contains(&z)
}

/// A box around two points, seen from above: raw low and high along x and z.
fn around((from, to): (Position, Position), by: i32) -> [[i32; 2]; 2] {
    [(from.x, to.x), (from.z, to.z)]
        .map(|(a, b)| [a.0.min(b.0).saturating_sub(by), a.0.max(b.0).saturating_add(by)])
}

impl LaneTask for CatchUp<'_, '_> {
    type Output = FlightEnd;

    #[inline(always)]
    fn run<L: Lanes>(self) -> FlightEnd {
        let Self { sky, flyer, age, shooter } = self;
        let way = sky.way_of(flyer, age, shooter);
        let mut shot = sky.shot(flyer.position, flyer.position, shooter);
        let (field, spacing) = (sky.environment.terrain.field(), sky.environment.terrain.spacing());
        let mut first = 0;
        while first < way.count {
            let stretch = sky.stretch(&way, first);
            let met = sky.first_in::<L>(&way, stretch, &shot);
            let low = low::<L>(way.load(first), way.load(first + 1), field.as_ref(), spacing);
            for lane in 0..stretch.count {
                let number = first + lane;
                let tick = sky.tick - Ticks((way.count - number) as u32);
                (shot.from, shot.to) = (way.end_of(number), way.end_of(number + 1));
                let nearest = met.filter(|(when, ..)| *when == number).map(|(_, t, row)| (t, row));
                flyer.velocity[1] = fallen(flyer.velocity[1], sky.fall(shooter.arm));
                let when = (tick, way.age_in(number));
                let (at, end) = sky.first_contact(&shot, nearest, when, low >> lane & 1 != 0);
                flyer.position = at;
                if end != FlightEnd::None {
                    return end;
                }
                if tick.signed_distance(flyer.end_tick) >= 0 {
                    return FlightEnd::Spent;
                }
            }
            first += stretch.count;
        }
        FlightEnd::None
    }
}

impl Sky<'_> {
    /// The way of an arrow, tick by tick.
    #[inline(always)]
    fn way_of(&self, flyer: &Flyer, age: ViewAge, shooter: Shooter) -> Way {
        let [speed_x, mut speed_y, speed_z] = flyer.velocity;
        let (fall, count) = (self.fall(shooter.arm), (age.nearest_ticks().0 as usize).min(STEPS_MAX));
        let mut way = Way { ends: [[0; ENDS]; 3], count, age };
        let mut at = [flyer.position.x, flyer.position.y, flyer.position.z];
        let (x, z) = (self.way(speed_x), self.way(speed_z));
        for step in 0..=count {
            for (ends, at) in way.ends.iter_mut().zip(at) {
                ends[step] = at.0;
            }
            speed_y = fallen(speed_y, fall);
            at = [at[0] + x, at[1] + self.way(speed_y), at[2] + z];
        }
        way
    }

    /// The ticks of a way from one on that have one grid of bodies.
    #[inline(always)]
    fn stretch(&self, way: &Way, first: usize) -> Stretch {
        let number = self.near.grid_of(way.age_in(first));
        let most = STRETCH_MAX.min(way.count - first);
        let mut count = 1;
        while count < most && self.near.grid_of(way.age_in(first + count)) == number {
            count += 1;
        }
        Stretch { first, count }
    }

    /// The first of those who were on a stretch then: the lower row at equal distance.
    #[inline(always)]
    fn first_in<L: Lanes>(&self, way: &Way, stretch: Stretch, shot: &Shot) -> Option<Met> {
        let ends = (way.end_of(stretch.first), way.end_of(stretch.first + stretch.count));
        let radius = shot.radius.0.saturating_add(self.targets.radius_max().0).saturating_add(ROUNDING);
        let mut met = None;
        for Look { grid, reach } in
            self.near.look_along(way.age_in(stretch.first), &self.rewind).into_iter().flatten()
        {
            let by = radius.saturating_add(reach.0);
            let bounds = around(ends, by);
            let strip = Strip::<L>::new(way, stretch, shot, (bounds, by));
            let [x, z, tags] = grid.columns();
            let mut runs = grid.runs(bounds, false);
            while let Some((mut place, end)) = runs.next_run() {
                while place < end {
                    let block = [L::load_at(x, place), L::load_at(z, place), L::load_at(tags, place)];
                    let mut found = strip.means(block).and(L::Mask::first_n(end - place)).bits();
                    while found != 0 {
                        let at = place + found.trailing_zeros() as usize;
                        found &= found - 1;
                        let ticks = strip.ticks_of(x[at], z[at]) & ((1 << stretch.count) - 1);
                        if ticks != 0 {
                            self.meet_in((way, stretch), shot, (row_of(tags[at]), ticks, radius), &mut met);
                        }
                    }
                    place += L::WIDTH;
                }
            }
        }
        met
    }

    /// Holds a row against ticks of a stretch.
    #[inline(never)]
    fn meet_in(
        &self,
        (way, stretch): (&Way, Stretch),
        shot: &Shot,
        (row, mut ticks, radius): (u32, u32, i32),
        met: &mut Option<Met>,
    ) {
        let rewind = &self.rewind;
        let row_index = row as usize;
        let dodges = rewind.dodges(row_index);
        let body = self.environment.rules.class(rewind.characters.class[row_index]);
        while ticks != 0 {
            let number = stretch.first + ticks.trailing_zeros() as usize;
            ticks &= ticks - 1;
            if met.is_some_and(|(first, ..)| first < number) {
                return;
            }
            let (from, to) = (way.end_of(number), way.end_of(number + 1));
            let age = way.age_in(number);
            // Its place first: it was beside most ways. So the exact test gets nobody too far off for its numbers.
            let lens = rewind.lens(if dodges { age.min(rewind.dodge_favour) } else { age });
            // Most arrows fly over the heads.
            let beside = lens.heights(row_index).is_none_or(|(lowest, highest)| {
                from.y.max(to.y).0 < lowest || from.y.min(to.y).0 > highest.saturating_add(body.height.0)
            });
            if beside {
                continue;
            }
            let then = around((from, to), radius);
            let near = lens.place(row_index).is_some_and(|(x, z)| has(&then, x, z));
            let Some(pose) = near.then(|| lens.pose(row_index)).flatten() else { continue };
            let feet = pose.position;
            if !has(&then, feet.x.0, feet.z.0) {
                continue;
            }
            if let Some(t) = sweep_capsule(from, to, feet, shot.radius + body.radius, body.height) {
                *met = Some(met.map_or((number, t, row), |met| met.min((number, t, row))));
                return;
            }
        }
    }
}
