//! Rays: the first body in the way, where the attacker saw it, unless ground or walls come before.

use super::super::projectiles::capsule::sweep_capsule;
use super::super::projectiles::loose::first_prop;
use super::{Arena, Attack, Sides};
use crate::numeric::fixed::{isqrt_u64, mul_q16};
use crate::numeric::{Brads, Metres, Position};
use crate::rules::ArmRules;
use crate::state::commands::ViewAge;

/// A ray is looked along piece by piece, so that the squares of the exact test fit their numbers and what is far behind
/// the first hit is never asked for.
const PIECE: Metres = Metres::from_m(16);
const _: () = assert!(PIECE.0 < crate::limits::SWEEP_MAX_M << 16);

/// How far the exact test may find a contact beyond the radius, raw; and some more.
const ROUNDING: i32 = 4 << 8;

/// The ground under a piece of a ray, as wide as the widest body's touch.
struct Lane {
    /// Low and high along x and z, raw.
    bounds: [[i32; 2]; 2],
    from: [i64; 2],
    way: [i64; 2],
    /// The width times the length of the way, rounded up.
    beside: i64,
}

impl Lane {
    fn new(from: Position, to: Position, width: Metres) -> Self {
        let ends = [[from.x.0, to.x.0], [from.z.0, to.z.0]];
        let way = ends.map(|[from, to]| i64::from(to) - i64::from(from));
        let length = isqrt_u64((way[0] * way[0] + way[1] * way[1]).cast_unsigned()).cast_signed() + 1;
        let bounds = ends.map(|[a, b]| [a.min(b).saturating_sub(width.0), a.max(b).saturating_add(width.0)]);
        let from = ends.map(|[from, _]| i64::from(from));
        Self { bounds, from, way, beside: (i64::from(width.0) + 1) * length }
    }

    /// Whether somebody at a place may touch the ray. Whoever is far away does not, so that the numbers of the exact test
    /// are enough for all others.
    #[inline]
    fn has(&self, x: i32, z: i32) -> bool {
        let [[low_x, high_x], [low_z, high_z]] = self.bounds;
        if x < low_x || x > high_x || z < low_z || z > high_z {
            return false;
        }
        let (dx, dz) = (i64::from(x) - self.from[0], i64::from(z) - self.from[1]);
        (dx * self.way[1] - dz * self.way[0]).abs() <= self.beside
    }
}

impl Arena<'_> {
    /// Finds whom a ray of this row meets.
    pub(super) fn scan(&self, row: usize, rules: &ArmRules, attack: &mut Attack) {
        let characters = self.rewind.characters;
        let feet = characters.position(row as u32);
        let start = Position { y: feet.y.saturating_add(rules.launch_height), ..feet };
        let pitch = Brads(characters.pitch[row].cast_unsigned());
        let (forward_x, forward_z) = Brads(characters.yaw[row]).forward();
        let level = mul_q16(rules.reach.0, pitch.cos().0);
        let way =
            [mul_q16(level, forward_x.0), mul_q16(rules.reach.0, pitch.sin().0), mul_q16(level, forward_z.0)];
        let pieces = (rules.reach.0 / PIECE.0).max(0) + 1;
        let along = |piece: i32| {
            let part = |way: i32| (i64::from(way) * i64::from(piece) / i64::from(pieces)) as i32;
            Position {
                x: start.x.saturating_add(Metres(part(way[0]))),
                y: start.y.saturating_add(Metres(part(way[1]))),
                z: start.z.saturating_add(Metres(part(way[2]))),
            }
        };
        let sides = Sides::new(Some(row as u32), characters.team[row], rules, self.environment);
        for piece in 0..pieces {
            let (from, to) = (along(piece), along(piece + 1));
            let body = self.first_body((from, to), rules, &sides, self.views.of(row));
            let wall = self.first_wall((from, to), self.views.of(row));
            let loose = (&self.props, self.prop_cells);
            let prop = first_prop(loose, (from, to), rules.radius, &self.environment.rules);
            // At equal distance a body comes before a prop, and a prop before a wall.
            let prop = prop.filter(|(t, _)| {
                body.is_none_or(|(body, _)| *t < body) && wall.is_none_or(|(wall, _)| *t <= wall)
            });
            if let Some((_, row)) = prop {
                attack.prop = row + 1;
                return;
            }
            match (body, wall) {
                (Some((t, target)), wall) if wall.is_none_or(|(wall, _)| t <= wall) => {
                    (attack.count, attack.targets[0]) = (1, target);
                    let seen = self.rewind.eyes(self.views.of(row)).seen(target as usize);
                    attack.seen[0] = seen.unwrap_or_default();
                    return;
                }
                (_, Some((_, section))) => {
                    attack.section = section.map_or(0, |section| section + 1);
                    return;
                }
                _ => {}
            }
        }
    }

    /// The first of those who were on a piece of the way: (fraction of it, row); the lower row at equal distance.
    fn first_body(
        &self,
        (from, to): (Position, Position),
        rules: &ArmRules,
        sides: &Sides,
        age: ViewAge,
    ) -> Option<(i32, u32)> {
        let (characters, rewind) = (self.rewind.characters, &self.rewind);
        let widest = rules.radius + self.radius_max + Metres(ROUNDING);
        let gone = if age == ViewAge::ZERO { Metres::ZERO } else { rewind.reach(age) };
        let eyes = rewind.eyes(age);
        let lane = Lane::new(from, to, widest);
        let mut first: Option<(i32, u32)> = None;
        self.index.grid().for_each_near_segment(from, to, widest.saturating_add(gone), |other| {
            let row = other as usize;
            if !sides.means(other, characters.team[row]) {
                return;
            }
            let lens = eyes.of(row);
            // Most who are near were somewhere else: two coordinates tell, before all else is asked for.
            if !lens.place(row).is_some_and(|(x, z)| lane.has(x, z)) {
                return;
            }
            let Some(seen) = lens.position(row) else { return };
            let body = self.environment.rules.class(characters.class[row]);
            if let Some(t) = sweep_capsule(from, to, seen, rules.radius + body.radius, body.height) {
                first = Some(first.map_or((t, other), |first| first.min((t, other))));
            }
        });
        first
    }

    /// Where ground or something that stands is first met, as a fraction of the way, and which section that is.
    fn first_wall(&self, (from, to): (Position, Position), age: ViewAge) -> Option<(i32, Option<u32>)> {
        let obstacles = &self.environment.obstacles;
        let ground = self.environment.terrain.segment_hit(from, to).map(|fraction| (fraction.0, None));
        let wall = obstacles.ray(from, to, self.tick - age.nearest_ticks());
        let wall = wall.map(|hit| (hit.t.0, hit.shape.and_then(|shape| obstacles.section_of(shape))));
        // At equal distance the ground.
        ground.into_iter().chain(wall).min_by_key(|(t, _)| *t)
    }
}
