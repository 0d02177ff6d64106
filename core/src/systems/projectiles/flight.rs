//! One tick of all flights: falling, the ground, what stands on it, and bodies.

use super::super::combat::Sides;
use super::loose::first_prop;
use super::open::Open;
use super::past::{CatchUp, Flyer};
use super::targets::Shot;
use super::{FlightEnd, Sky};
use crate::limits::{HEIGHT_MAX_M, SPEED_MAX_M_PER_S};
use crate::numeric::fixed::ONE;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH, run};
use crate::numeric::{Metres, MetresPerSecond, Position, Tick};
use crate::rules::Arm;
use crate::spatial::terrain::{FIELD_RISE_MAX, Field, point_on_segment};
use crate::state::column::Rows;
use crate::state::commands::ViewAge;
use crate::state::handle::CharacterId;
use crate::state::projectiles::ProjectileRows;
use crate::systems::movement::SPEED_BOUND;

/// Height at which an arrow leaves the world, up or down: far below the end of the numbers.
const HEIGHT_MAX: Metres = Metres::from_m(HEIGHT_MAX_M);

/// The work: a range of rows and the places for their ends.
pub(super) struct Flight<'a> {
    pub rows: ProjectileRows<'a>,
    pub ends: &'a mut [FlightEnd],
    pub ages: &'a [ViewAge],
    pub sky: &'a Sky<'a>,
}

/// What flies, and whose it is.
#[derive(Clone, Copy)]
pub(super) struct Shooter {
    pub team: u8,
    pub id: CharacterId,
    pub arm: Arm,
    /// Slot of the body that it went through last, counted from 1.
    pub pierced: u32,
}

/// The ways of a block: x, y, z of both ends.
pub(super) struct Ways {
    pub from: [[i32; MAX_WIDTH]; 3],
    pub to: [[i32; MAX_WIDTH]; 3],
}

impl Sky<'_> {
    /// The way of a tick at a speed.
    #[inline]
    pub(super) fn way(&self, speed: i32) -> Metres {
        // Only states from elsewhere hold faster ones.
        if speed.unsigned_abs() <= SPEED_BOUND.unsigned_abs() {
            self.environment.movement.way(speed)
        } else {
            MetresPerSecond(speed).per_tick(self.environment.tick_hz)
        }
    }

    /// What a projectile gains downwards in a tick.
    #[inline]
    pub(super) fn fall(&self, arm: Arm) -> MetresPerSecond {
        self.environment.timing.arm(arm).fall
    }

    /// What flies from one point to another. A weapon that the rules do not have is what a state from elsewhere may name: it
    /// meets nobody.
    #[inline(always)]
    pub(super) fn shot(&self, from: Position, to: Position, shooter: Shooter) -> Shot {
        let environment = self.environment;
        let rules = environment.rules.arm(shooter.arm).unwrap_or(&environment.rules.arms[0]);
        let own = self.rewind.characters.id_at(shooter.id.slot).filter(|id| *id == shooter.id);
        Shot {
            from,
            to,
            radius: rules.radius,
            sides: Sides::new(own.map(|id| id.slot), shooter.team, rules, environment),
            pierced: shooter.pierced.checked_sub(1),
        }
    }

    /// The first thing between two points, and where: the body that is given, with its part of the way and the age it is
    /// seen at, the ground, what stood there at a tick, the edge of the world, or nothing. At equal distance a body comes
    /// before the rest. `low` says that the way may meet the ground.
    #[inline(always)]
    pub(super) fn first_contact(
        &self,
        shot: &Shot,
        nearest: Option<(i32, u32)>,
        (tick, age): (Tick, ViewAge),
        low: bool,
    ) -> (Position, FlightEnd) {
        let (environment, from, to) = (self.environment, shot.from, shot.to);
        let ground = if low { environment.terrain.segment_hit(from, to) } else { None };
        let wall = environment.obstacles.ray(from, to, tick);
        let half_extent = environment.terrain.half_extent();
        let outside = |metres: Metres| metres > half_extent || metres < -half_extent;
        // At equal distance the ground comes before what stands on it.
        let first = match (ground, wall) {
            (Some(ground), Some(wall)) if ground <= wall.t => Some((ground, None)),
            (_, Some(wall)) => Some((wall.t, wall.shape)),
            (ground, None) => ground.map(|ground| (ground, None)),
        };
        // A body comes before a prop at equal distance, and both before the rest.
        let loose = (&self.props, self.prop_cells);
        let prop = first_prop(loose, (from, to), shot.radius, &environment.rules);
        let prop = prop.filter(|(t, _)| nearest.is_none_or(|(first, _)| *t < first));
        let met = match (prop, nearest) {
            (Some((t, row)), _) => Some((t, FlightEnd::Prop(row))),
            (None, nearest) => nearest.map(|(t, row)| (t, FlightEnd::Body(row, age))),
        };
        let (t, end) = match (first, met) {
            (Some((fraction, shape)), _) if met.is_none_or(|(first, _)| fraction.0 < first) => {
                let section = shape.and_then(|shape| environment.obstacles.section_of(shape));
                (fraction.0, section.map_or(FlightEnd::Spent, FlightEnd::Section))
            }
            (_, Some(met)) => met,
            _ if outside(to.x) || outside(to.z) || to.y.abs() > HEIGHT_MAX => (ONE, FlightEnd::Spent),
            _ => return (to, FlightEnd::None),
        };
        let at = point_on_segment(from, to, t);
        let inside = |metres: Metres| metres.min(half_extent).max(-half_extent);
        (Position { x: inside(at.x), y: at.y, z: inside(at.z) }, end)
    }
}

/// The rows of a block whose ways may meet the ground, as bits: all but those that are above it at both ends and half-way,
/// where those are all the probes that [`crate::spatial::Terrain::segment_hit`] takes.
#[inline(always)]
pub(super) fn low<L: Lanes>(from: [L; 3], to: [L; 3], field: Option<&Field<'_>>, spacing: Metres) -> u32 {
    let Some(field) = field else { return u32::MAX };
    let way = [to[0].sub(from[0]), to[1].sub(from[1]), to[2].sub(from[2])];
    let half = [
        from[0].add(way[0].shift_right::<1>()),
        from[1].add(way[1].shift_right::<1>()),
        from[2].add(way[2].shift_right::<1>()),
    ];
    let length = way[0].abs().max(way[2].abs());
    let quarter = spacing.0 / 4;
    // Three probes and more are for the function. The smallest number is its own absolute value.
    let mut low = length.greater(L::splat(2 * quarter - 1)).or(L::splat(0).greater(length));
    low = low.or(touches(field, from)).or(touches(field, to));
    if length.greater(L::splat(quarter - 1)).any() {
        low = low.or(touches(field, half));
    }
    low.bits()
}

/// Which places are not surely above the ground.
#[inline(always)]
fn touches<L: Lanes>(field: &Field<'_>, place: [L; 3]) -> L::Mask {
    let ground = field.heights(place[0], place[2]);
    let above = place[1].greater(ground.height).and(ground.rise.greater(L::splat(FIELD_RISE_MAX)).not());
    above.not()
}

/// The upward speed after a tick of falling.
#[inline(always)]
pub(super) fn fallen(velocity_y: i32, fall: MetresPerSecond) -> i32 {
    let slowest = MetresPerSecond::from_m(-SPEED_MAX_M_PER_S);
    MetresPerSecond(velocity_y).saturating_add(-fall).max(slowest).0
}

impl Flight<'_> {
    /// Lets the arrows of a block fall, and says where to.
    #[inline(always)]
    fn fall(&mut self, at: usize, alive: u32) -> Ways {
        let mut ways = Ways { from: [[0; MAX_WIDTH]; 3], to: [[0; MAX_WIDTH]; 3] };
        let mut left = alive;
        while left != 0 {
            let lane = left.trailing_zeros() as usize % MAX_WIDTH;
            left &= left - 1;
            let (row, rows) = (at + lane, &mut self.rows);
            let velocity_y = fallen(rows.velocity_y[row], self.sky.fall(Arm(rows.arm[row])));
            rows.velocity_y[row] = velocity_y;
            let place = [rows.position_x[row], rows.position_y[row], rows.position_z[row]];
            let speed = [rows.velocity_x[row], velocity_y, rows.velocity_z[row]];
            for axis in 0..3 {
                ways.from[axis][lane] = place[axis];
                ways.to[axis][lane] = (Metres(place[axis]) + self.sky.way(speed[axis])).0;
            }
        }
        ways
    }

    fn shooter(&self, row: usize) -> Shooter {
        let rows = &self.rows;
        let id = CharacterId { slot: rows.owner_slot[row], generation: rows.owner_generation[row] };
        Shooter { team: rows.team[row], id, arm: Arm(rows.arm[row]), pierced: rows.pierced_slot[row] }
    }

    /// Brings one row that begins in the past to the present, and says whether it flies on.
    #[cold]
    #[inline(never)]
    fn catch_up(&mut self, row: usize) -> bool {
        let sky = self.sky;
        let rows = &mut self.rows;
        let mut flyer = Flyer {
            position: Position::from_raw(rows.position_x[row], rows.position_y[row], rows.position_z[row]),
            velocity: [rows.velocity_x[row], rows.velocity_y[row], rows.velocity_z[row]],
            end_tick: Tick(rows.end_tick[row]),
        };
        let (age, shooter) = (self.ages[row], self.shooter(row));
        let end = run(sky.environment.lanes, CatchUp { sky, flyer: &mut flyer, age, shooter });
        let rows = &mut self.rows;
        (rows.position_x[row], rows.position_y[row], rows.position_z[row]) =
            (flyer.position.x.0, flyer.position.y.0, flyer.position.z.0);
        rows.velocity_y[row] = flyer.velocity[1];
        self.ends[row] = end;
        end == FlightEnd::None
    }

    /// Flies one row along its way.
    #[inline(always)]
    fn fly<L: Lanes>(&mut self, row: usize, [from, to]: [Position; 2], low: bool) {
        let sky = self.sky;
        let shot = sky.shot(from, to, self.shooter(row));
        let nearest = sky.targets.first::<L>(sky.near.present(), &shot);
        let (at, end) = sky.first_contact(&shot, nearest, (sky.tick, ViewAge::ZERO), low);
        let rows = &mut self.rows;
        let spent = self.sky.tick.signed_distance(Tick(rows.end_tick[row])) >= 0;
        self.ends[row] = if end == FlightEnd::None && spent { FlightEnd::Spent } else { end };
        (rows.position_x[row], rows.position_y[row], rows.position_z[row]) = (at.x.0, at.y.0, at.z.0);
    }
}

impl LaneTask for Flight<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let environment = self.sky.environment;
        let (field, spacing) = (environment.terrain.field(), environment.terrain.spacing());
        let (count, open) = (self.rows.rows(), Open::new(self.sky));
        self.ends.fill(FlightEnd::None);
        let mut at = 0;
        while at < count {
            let block = L::WIDTH.min(count - at);
            let mut alive = 0_u32;
            for (lane, flies) in self.rows.alive[at..at + block].iter().enumerate() {
                alive |= u32::from(*flies != 0) << lane;
            }
            let looks_back = self.ages[at..at + block].iter().fold(0, |any, age| any | age.0) != 0;
            for (lane, age) in
                self.ages[at..at + block].iter().enumerate().take(if looks_back { block } else { 0 })
            {
                if *age != ViewAge::ZERO && alive >> lane & 1 != 0 && !self.catch_up(at + lane) {
                    alive &= !(1 << lane);
                }
            }
            if alive != 0 {
                let (ways, low, done) = match open.fly::<L>((&mut self.rows, self.ends), at, alive) {
                    Some(flown) => flown,
                    None => {
                        let ways = self.fall(at, alive);
                        let from = [L::load(&ways.from[0]), L::load(&ways.from[1]), L::load(&ways.from[2])];
                        let to = [L::load(&ways.to[0]), L::load(&ways.to[1]), L::load(&ways.to[2])];
                        (ways, low::<L>(from, to, field.as_ref(), spacing), 0)
                    }
                };
                alive &= !done;
                while alive != 0 {
                    let lane = alive.trailing_zeros() as usize % MAX_WIDTH;
                    alive &= alive - 1;
                    let from = Position::from_raw(ways.from[0][lane], ways.from[1][lane], ways.from[2][lane]);
                    let to = Position::from_raw(ways.to[0][lane], ways.to[1][lane], ways.to[2][lane]);
                    self.fly::<L>(at + lane, [from, to], low >> lane & 1 != 0);
                }
            }
            at += L::WIDTH;
        }
    }
}
