//! Projectiles: how they begin, and their flight.

use super::{Arrow, Reference};
use shieldwall_core::numeric::fixed::mul_q16;
use shieldwall_core::{Arm, Brads, CharacterId, Event, Position, limits};

/// How the flight of a tick ends.
enum End {
    Body(usize),
    Prop(usize),
    Spent,
}

impl Reference {
    /// A projectile begins, if there is room.
    pub(super) fn let_go(&mut self, row: usize, arm: Arm, combo: u8) -> bool {
        let rules = self.arm(arm);
        let Some(slot) = self.arrows.iter().position(|arrow| arrow.alive == 0) else {
            self.report.tally.shots_refused += 1;
            return false;
        };
        let end = self.ticks(rules.lifetime_ms);
        let age = self.views[row];
        self.let_go.push((slot, age));
        let ago = (u32::from(age) + 8) / 16;
        let character = &self.characters[row];
        let (forward_x, forward_z) = Brads(character.yaw).forward();
        let pitch = Brads(character.pitch.cast_unsigned());
        let level = mul_q16(rules.speed.0, pitch.cos().0);
        self.arrows[slot] = Arrow {
            position_x: character.position_x,
            position_y: character.position_y + rules.launch_height.0,
            position_z: character.position_z,
            velocity_x: mul_q16(level, forward_x.0),
            velocity_y: mul_q16(rules.speed.0, pitch.sin().0),
            velocity_z: mul_q16(level, forward_z.0),
            owner_slot: row as u32,
            owner_generation: character.generation,
            end_tick: self.tick.0.wrapping_sub(ago).wrapping_add(end),
            generation: self.arrows[slot].generation.wrapping_add(1),
            pierced_slot: 0,
            team: character.team,
            arm: arm.0,
            pierced: 0,
            combo,
            alive: 1,
        };
        self.report.tally.shots += 1;
        self.events.push(Event::ProjectileLaunched { projectile_slot: slot as u32, owner: self.id(row) });
        true
    }

    /// All arrows fly for a tick, then those that end take effect by their rows. Those that were let go in this tick fly
    /// from the moment that their archers saw to the present before.
    pub(super) fn fly(&mut self, targets: &[usize]) {
        let mut ends = Vec::new();
        for slot in 0..self.arrows.len() {
            if self.arrows[slot].alive == 0 {
                continue;
            }
            let age = self.let_go.iter().find(|(let_go, _)| *let_go == slot).map_or(0, |(_, age)| *age);
            let ago = (u32::from(age) + 8) / 16;
            for back in (0..=ago).rev() {
                let age = if back == 0 { 0 } else { age - 16 * (ago - back) as u16 };
                if let Some((at, end)) = self.fly_a_tick(slot, targets, self.tick.0.wrapping_sub(back), age) {
                    ends.push((slot, at, end));
                    break;
                }
            }
        }
        for (slot, at, end) in ends {
            let arrow = self.arrows[slot].clone();
            let owner = CharacterId { slot: arrow.owner_slot, generation: arrow.owner_generation };
            let (arm, rules) = (Arm(arrow.arm), self.arm(Arm(arrow.arm)));
            if rules.blast_radius.0 > 0 {
                self.burst(at, owner, arrow.team, arm, arrow.combo);
            } else if let End::Body(row) = &end {
                let row = *row;
                let from = (-i64::from(arrow.velocity_x), -i64::from(arrow.velocity_z));
                self.strike(owner, row, arm, (arrow.combo, 256), from);
                if arrow.pierced < rules.pierce {
                    self.arrows[slot].pierced += 1;
                    self.arrows[slot].pierced_slot = row as u32 + 1;
                    continue;
                }
            }
            if let (End::Prop(prop), 0) = (end, rules.blast_radius.0) {
                let from = (-i64::from(arrow.velocity_x), -i64::from(arrow.velocity_z));
                self.strike_prop(owner, prop, arm, (arrow.combo, 256), from);
            }
            self.events.push(Event::ProjectileEnded { projectile_slot: slot as u32, at });
            self.arrows[slot] = Arrow { generation: self.arrows[slot].generation, ..Arrow::default() };
        }
    }

    /// One arrow flies for one tick, among those who were there at an age; how that ends, if it does.
    fn fly_a_tick(&mut self, slot: usize, targets: &[usize], tick: u32, age: u16) -> Option<(Position, End)> {
        let hz = i32::from(self.config.tick_hz);
        let fall = self.arm(Arm(self.arrows[slot].arm)).gravity_per_s.0.div_euclid(hz);
        let slowest = -(limits::SPEED_MAX_M_PER_S << 16);
        let arrow = &mut self.arrows[slot];
        arrow.velocity_y = (arrow.velocity_y - fall).max(slowest);
        let from = Position::from_raw(arrow.position_x, arrow.position_y, arrow.position_z);
        let to = Position::from_raw(
            arrow.position_x + arrow.velocity_x.div_euclid(hz),
            arrow.position_y + arrow.velocity_y.div_euclid(hz),
            arrow.position_z + arrow.velocity_z.div_euclid(hz),
        );
        let (at, end) = self.first_on_the_way(slot, (from, to), targets, age);
        let arrow = &mut self.arrows[slot];
        (arrow.position_x, arrow.position_y, arrow.position_z) = (at.x.0, at.y.0, at.z.0);
        let spent = tick.wrapping_sub(arrow.end_tick).cast_signed() >= 0;
        let end = if end.is_none() && spent { Some(End::Spent) } else { end };
        end.map(|end| (at, end))
    }

    /// The first thing between two points: a body before the ground at equal distance, the lower row before the higher.
    fn first_on_the_way(
        &self,
        slot: usize,
        (from, to): (Position, Position),
        targets: &[usize],
        age: u16,
    ) -> (Position, Option<End>) {
        let arrow = &self.arrows[slot];
        let (owner, rules) = (
            self.row_of(CharacterId { slot: arrow.owner_slot, generation: arrow.owner_generation }),
            self.arm(Arm(arrow.arm)),
        );
        let body = targets
            .iter()
            .filter(|row| self.means(owner, arrow.team, &rules, **row))
            .filter(|row| arrow.pierced_slot != **row as u32 + 1)
            .filter_map(|row| {
                let seen = self.seen(*row, age)?;
                let body = &self.config.rules.movement[usize::from(seen.class)];
                let radius = rules.radius.0 + body.radius.0;
                meets_capsule(from, to, seen.position, radius, body.height.0).map(|when| (when, *row))
            })
            .min();
        let ground = self.ground.terrain().segment_hit(from, to).map(|when| i64::from(when.0));
        let half = self.config.half_extent.0;
        let outside = to.x.0.abs() > half
            || to.z.0.abs() > half
            || i64::from(to.y.0).abs() > i64::from(limits::HEIGHT_MAX_M) << 16;
        let prop = self.first_prop(from, to, rules.radius.0);
        let met = match (body, prop) {
            (Some((body, _)), Some((when, row))) if when < body => Some((when, End::Prop(row))),
            (None, Some((when, row))) => Some((when, End::Prop(row))),
            (body, _) => body.map(|(when, row)| (when, End::Body(row))),
        };
        let (when, end) = match (met, ground) {
            (Some((when, _)), Some(ground)) if ground < when => (ground, End::Spent),
            (Some(met), _) => met,
            (None, Some(ground)) => (ground, End::Spent),
            (None, None) if outside => (1 << 16, End::Spent),
            (None, None) => return (to, None),
        };
        let between = |from: i32, to: i32| {
            (i64::from(from) + (((i64::from(to) - i64::from(from)) * when) >> 16)) as i32
        };
        let x = between(from.x.0, to.x.0).clamp(-half, half);
        let z = between(from.z.0, to.z.0).clamp(-half, half);
        (Position::from_raw(x, between(from.y.0, to.y.0), z), Some(end))
    }
}

/// When, in 1/65536 of the way, a point that flies straight first touches an upright capsule: in units of 1/4096 m.
pub(super) fn meets_capsule(
    from: Position,
    to: Position,
    feet: Position,
    radius: i32,
    height: i32,
) -> Option<i64> {
    if from.y.0.max(to.y.0) < feet.y.0 || from.y.0.min(to.y.0) > feet.y.0 + height {
        return None;
    }
    let part = |a: i32, b: i32| i64::from(a) - i64::from(b);
    let way = [part(to.x.0, from.x.0), part(to.y.0, from.y.0), part(to.z.0, from.z.0)];
    let start = [part(from.x.0, feet.x.0), part(from.y.0, feet.y.0), part(from.z.0, feet.z.0)];
    let rounded = |number: i64| (number + 8).div_euclid(16);
    let (way, start) = (way.map(rounded), start.map(rounded));
    let (radius, height) = (rounded(radius.into()), rounded(height.into()));
    // A cylinder between the middles of two balls. Who passes beside it passes beside the balls.
    let (low, high) = (radius.min(height / 2), (height - radius).max(height / 2));
    let (into, out) = inside_round([way[0], 0, way[2]], [start[0], 0, start[2]], radius)?;
    let mut first = Vec::new();
    if let Some((above, below)) = between_heights(way[1], start[1], low, high)
        && into.max(above) <= out.min(below)
    {
        if into >= above {
            // Through its side, before anything else.
            return Some(into);
        }
        first.push(above);
    }
    for middle in [low, high] {
        if let Some((into, _)) = inside_round(way, [start[0], start[1] - middle, start[2]], radius) {
            first.push(into);
        }
    }
    first.into_iter().min()
}

/// The part of the way, in 1/65536, that is within a radius of the origin.
fn inside_round(way: [i64; 3], start: [i64; 3], radius: i64) -> Option<(i64, i64)> {
    let product = |a: [i64; 3], b: [i64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    // |start + t way|² = radius²
    let (a, b, c) = (product(way, way), product(start, way), product(start, start) - radius * radius);
    if a == 0 {
        return (c <= 0).then_some((0, 1 << 16));
    }
    let under_root = i128::from(b) * i128::from(b) - i128::from(a) * i128::from(c);
    let under_root = u128::try_from(under_root).ok()?;
    // Of roots of more than 31 bits the highest 31 count.
    let beyond = (128 - under_root.leading_zeros()).saturating_sub(62).div_ceil(2);
    let root = (under_root.isqrt() >> beyond << beyond) as i64;
    on_the_way(((-b - root) << 16).div_euclid(a), ((-b + root) << 16).div_euclid(a))
}

/// The part of the way, in 1/65536, between two heights.
fn between_heights(way: i64, start: i64, low: i64, high: i64) -> Option<(i64, i64)> {
    if way == 0 {
        return (start >= low && start <= high).then_some((0, 1 << 16));
    }
    let (at_low, at_high) = (((low - start) << 16).div_euclid(way), ((high - start) << 16).div_euclid(way));
    on_the_way(at_low.min(at_high), at_low.max(at_high))
}

/// What of a span lies on the way.
fn on_the_way(into: i64, out: i64) -> Option<(i64, i64)> {
    (out >= 0 && into <= 1 << 16).then_some((into.max(0), out.min(1 << 16)))
}
