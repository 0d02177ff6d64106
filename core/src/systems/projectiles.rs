//! Arrows in flight: one tick of falling, and the first thing in the way.
//!
//! The way of a tick is a segment; it is tested against upright capsules, the terrain and the obstacles, so that nothing is passed
//! through at any speed. All flights of a tick are judged on one state; then those that end take effect in the order
//! of their rows.

use super::crowd_index::CrowdIndex;
use super::lifecycle::{self, Strike};
use super::{Environment, Tally};
use crate::limits::HEIGHT_MAX_M;
use crate::numeric::fixed::{ONE, isqrt_u64};
use crate::numeric::{Metres, MetresPerSecond, Position, Tick, Velocity};
use crate::spatial::terrain::point_on_segment;
use crate::state::State;
use crate::state::characters::CharactersView;
use crate::state::events::{Event, EventBuffer, Weapon};
use crate::state::handle::CharacterId;
use crate::state::projectiles::ProjectileRows;
use alloc::boxed::Box;
use alloc::vec;

/// How a flight went in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FlightEnd {
    /// It goes on.
    #[default]
    None,
    /// It met the ground, a wall or the edge of the world, or its time is over.
    Spent,
    /// It met the character in this row.
    Body(u32),
}

/// The tick's ends, one place a projectile row.
#[derive(Debug)]
pub(crate) struct FlightScratch {
    ends: Box<[FlightEnd]>,
}

impl FlightScratch {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { ends: vec![FlightEnd::None; capacity].into_boxed_slice() }
    }

    /// The places of the first rows, to be judged in parallel.
    pub(crate) fn ends_below(&mut self, end: usize) -> &mut [FlightEnd] {
        &mut self.ends[..end]
    }
}

/// Flies every row for one tick: writes positions, velocities, and how it went.
pub(crate) fn fly(
    rows: ProjectileRows<'_>,
    ends: &mut [FlightEnd],
    characters: &CharactersView<'_>,
    index: &CrowdIndex,
    tick: Tick,
    environment: &Environment,
) {
    let rows = rows.leveled();
    let bow = &environment.rules.bow;
    let fall = bow.gravity_per_s.change_per_tick(environment.tick_hz);
    for (row, flight_end) in ends.iter_mut().enumerate() {
        *flight_end = FlightEnd::None;
        if rows.alive[row] == 0 {
            continue;
        }
        let slowest = MetresPerSecond::from_m(-crate::limits::SPEED_MAX_M_PER_S);
        let velocity = Velocity {
            x: MetresPerSecond(rows.velocity_x[row]),
            y: MetresPerSecond(rows.velocity_y[row]).saturating_add(-fall).max(slowest),
            z: MetresPerSecond(rows.velocity_z[row]),
        };
        let from = Position::from_raw(rows.position_x[row], rows.position_y[row], rows.position_z[row]);
        let to = from.advanced(velocity, environment.tick_hz);
        let shooter = Shooter {
            team: rows.team[row],
            id: CharacterId { slot: rows.owner_slot[row], generation: rows.owner_generation[row] },
        };
        let (at, end) = first_contact(from, to, shooter, tick, characters, index, environment);
        let spent = tick.signed_distance(Tick(rows.end_tick[row])) >= 0;
        *flight_end = if end == FlightEnd::None && spent { FlightEnd::Spent } else { end };
        rows.velocity_y[row] = velocity.y.0;
        (rows.position_x[row], rows.position_y[row], rows.position_z[row]) = (at.x.0, at.y.0, at.z.0);
    }
}

/// Height at which an arrow leaves the world, up or down: far below the end of the numbers.
const HEIGHT_MAX: Metres = Metres::from_m(HEIGHT_MAX_M);

/// Whose arrow it is.
#[derive(Clone, Copy)]
struct Shooter {
    team: u8,
    id: CharacterId,
}

/// The first thing between two points, and where: a body, the ground, what stands there, the edge of the world, or
/// nothing. At equal distance a body comes before the rest, and the lower row before the higher.
fn first_contact(
    from: Position,
    to: Position,
    shooter: Shooter,
    tick: Tick,
    characters: &CharactersView<'_>,
    index: &CrowdIndex,
    environment: &Environment,
) -> (Position, FlightEnd) {
    let rules = &environment.rules;
    let radius = rules.movement[0].radius + rules.bow.radius;
    let friendly_fire = rules.life.friendly_fire != 0;
    let own_row = characters.id_at(shooter.id.slot).filter(|id| *id == shooter.id).map(|id| id.slot);
    let mut nearest = (i32::MAX, u32::MAX);
    index.grid().for_each_near_segment(from, to, radius, |other| {
        let row = other as usize;
        if Some(other) == own_row || (!friendly_fire && characters.team[row] == shooter.team) {
            return;
        }
        let feet = characters.position(other);
        if let Some(t) = sweep_capsule(from, to, feet, radius, rules.movement[0].height) {
            nearest = nearest.min((t, other));
        }
    });
    let half_extent = environment.terrain.half_extent();
    let outside = |metres: Metres| metres > half_extent || metres < -half_extent;
    let ground = environment.terrain.segment_hit(from, to).map(|t| t.0);
    let wall = environment.obstacles.ray(from, to, tick).map(|hit| hit.t.0);
    let (t, end) = match ground.into_iter().chain(wall).min() {
        Some(fraction) if fraction < nearest.0 => (fraction, FlightEnd::Spent),
        _ if nearest.1 != u32::MAX => (nearest.0, FlightEnd::Body(nearest.1)),
        _ if outside(to.x) || outside(to.z) || to.y.abs() > HEIGHT_MAX => (ONE, FlightEnd::Spent),
        _ => return (to, FlightEnd::None),
    };
    let at = point_on_segment(from, to, t);
    let inside = |metres: Metres| metres.min(half_extent).max(-half_extent);
    (Position { x: inside(at.x), y: at.y, z: inside(at.z) }, end)
}

/// Where a point that flies straight first touches an upright capsule, as a fraction of the way in 0..=65536.
///
/// The capsule stands with its feet at `feet`: a cylinder between two balls of the same radius, `height` over all. A
/// start inside gives 0. The test works in units of 1/256 m: a contact may come 8 mm early or late.
///
/// The way is at most [`crate::limits::SWEEP_MAX_M`] along each axis, and the feet no farther from it than that.
#[must_use]
pub(crate) fn sweep_capsule(
    from: Position,
    to: Position,
    feet: Position,
    radius: Metres,
    height: Metres,
) -> Option<i32> {
    let (lowest, highest) = (from.y.min(to.y), from.y.max(to.y));
    if highest < feet.y || lowest > feet.y.saturating_add(height) {
        return None;
    }
    let reduce = |raw: i64| raw >> 8;
    let way = [to.x.0, to.y.0, to.z.0].map(i64::from);
    let start = [from.x.0, from.y.0, from.z.0].map(i64::from);
    let base = [feet.x.0, feet.y.0, feet.z.0].map(i64::from);
    let d = [0, 1, 2].map(|axis| reduce(way[axis] - start[axis]));
    let f = [0, 1, 2].map(|axis| reduce(start[axis] - base[axis]));
    let (r, h) = (reduce(i64::from(radius.0)), reduce(i64::from(height.0)));
    let (low, high) = (r.min(h / 2), (h - r).max(h / 2));

    // The cylinder between the centres of the two balls: inside the circle and inside the slab at the same time.
    let cylinder = || {
        let (in_circle, out_circle) = span_in_circle([d[0], d[2]], [f[0], f[2]], r)?;
        let (in_slab, out_slab) = span_in_slab(d[1], f[1], low, high)?;
        let (first, last) = (in_circle.max(in_slab), out_circle.min(out_slab));
        (first <= last).then_some(first)
    };
    let ball = |centre: i64| span_in_circle(d, [f[0], f[1] - centre, f[2]], r).map(|(first, _)| first);
    let first = [cylinder(), ball(low), ball(high)].into_iter().flatten().min()?;
    i32::try_from(first).ok()
}

/// The part of the way, in 1/65536, that is within `r` of the origin: in a plane or in space.
fn span_in_circle<const AXES: usize>(d: [i64; AXES], f: [i64; AXES], r: i64) -> Option<(i64, i64)> {
    const WHOLE: i64 = ONE as i64;
    let dot = |a: &[i64; AXES], b: &[i64; AXES]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
    let (a, b, c) = (dot(&d, &d), dot(&f, &d), dot(&f, &f) - r * r);
    if a == 0 {
        return (c <= 0).then_some((0, WHOLE));
    }
    // |f + t d|^2 = r^2; with ways up to 64 m every term stays below 2^62.
    let discriminant = u64::try_from(b * b - a * c).ok()?;
    let root = isqrt_u64(discriminant).cast_signed();
    let (first, last) = (((-b - root) << 16).div_euclid(a), ((-b + root) << 16).div_euclid(a));
    (last >= 0 && first <= WHOLE).then_some((first.max(0), last.min(WHOLE)))
}

/// The part of the way, in 1/65536, between two heights.
fn span_in_slab(d: i64, f: i64, low: i64, high: i64) -> Option<(i64, i64)> {
    const WHOLE: i64 = ONE as i64;
    if d == 0 {
        return (low..=high).contains(&f).then_some((0, WHOLE));
    }
    let (at_low, at_high) = (((low - f) << 16).div_euclid(d), ((high - f) << 16).div_euclid(d));
    let (first, last) = (at_low.min(at_high), at_low.max(at_high));
    (last >= 0 && first <= WHOLE).then_some((first.max(0), last.min(WHOLE)))
}

/// Lets the ends take effect: bodies are struck, arrows are gone.
pub(crate) fn land(
    state: &mut State,
    end: usize,
    scratch: &FlightScratch,
    environment: &Environment,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    let tick = state.tick;
    for row in 0..end {
        let target = match scratch.ends[row] {
            FlightEnd::None => continue,
            FlightEnd::Spent => None,
            FlightEnd::Body(target) => Some(target),
        };
        let projectile_slot = row as u32;
        let view = state.projectiles.view();
        let (at, attacker) = (view.position(projectile_slot), view.owner(projectile_slot));
        if let Some(target) = target {
            let strike = Strike {
                attacker,
                target_row: target as usize,
                damage: environment.rules.bow.damage,
                weapon: Weapon::Arrow,
            };
            lifecycle::strike(&mut state.characters, strike, tick, events, tally);
        }
        events.push(Event::ProjectileEnded { projectile_slot, at });
        state.free_projectile(projectile_slot);
    }
}

#[cfg(test)]
mod tests;
