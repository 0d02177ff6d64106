//! Those who walk into props: kept out of them, and what they push.
//!
//! Movement knows nothing of props. After it, whoever overlaps a prop that blocks is moved out sideways, no faster than it came
//! plus four metres a second, along walls and on the ground. A prop that can be pushed takes its share of the way by the two
//! weights, as speed. Nobody stands on a prop: who comes down on one slides off it.
//!
//! Server and client run the same function: a client that knows where props lie predicts what the server does.

use super::body::limited;
use crate::numeric::fixed::{clamp_length2d, isqrt_u64, length2d, saturate};
use crate::numeric::{Metres, MetresPerSecond, Position, Velocity};
use crate::rules::{PropRules, Rules};
use crate::state::characters::{MoveState, flags};
use crate::systems::movement::{MovementTicks, Surroundings, reach_of};

/// How much faster than it walks somebody is moved out of a prop.
const OUT: MetresPerSecond = MetresPerSecond::from_m(4);

/// What walkers meet in a tick beside props.
#[derive(Clone, Copy)]
pub(super) struct Walks<'a> {
    pub rules: &'a Rules,
    pub surroundings: Surroundings<'a>,
    pub movement: &'a MovementTicks,
}

/// An upright body that walks, raw.
struct Walker {
    feet: Position,
    radius: i64,
    height: i64,
    weight: i64,
}

impl Walker {
    /// How far a prop moves it, and it the prop: ways on the ground plane. `None` where they do not overlap.
    fn meets(&self, foot: Position, rules: &PropRules) -> Option<([i64; 2], [i64; 2])> {
        let part = |own: Metres, its: Metres| i64::from(own.0) - i64::from(its.0);
        let (x, z) = (part(self.feet.x, foot.x), part(self.feet.z, foot.z));
        let reach = self.radius + i64::from(rules.radius.0);
        let above = part(self.feet.y, foot.y);
        if x.abs() >= reach || z.abs() >= reach || above >= rules.height.0.into() || -above >= self.height {
            return None;
        }
        let squared = x * x + z * z;
        if squared >= reach * reach {
            return None;
        }
        let distance = isqrt_u64(squared.cast_unsigned()).cast_signed();
        let deep = reach - distance;
        let way = if distance == 0 { [1, 0] } else { [x, z] };
        let distance = distance.max(1);
        let its_weight = i64::from(rules.weight_kg);
        let own = if rules.pushed != 0 { deep * its_weight / (its_weight + self.weight) } else { deep };
        let its = deep - own;
        Some((way.map(|part| own * part / distance), way.map(|part| -(its * part / distance))))
    }
}

impl Walks<'_> {
    /// Where somebody who has moved is when props (number, kind, foot) are in its way; `None` where none is. `push` is told what
    /// it pushes, and how far.
    pub(super) fn keep_out(
        &self,
        state: &MoveState,
        props: impl Iterator<Item = (usize, u8, Position)>,
        mut push: impl FnMut(usize, [i64; 2]),
    ) -> Option<Position> {
        let class = self.movement.class(state.class);
        let body = class.body(state.flags & flags::CROUCHED != 0);
        let walker = Walker {
            feet: state.position,
            radius: body.radius.0.into(),
            height: body.height.0.into(),
            weight: self.rules.class(state.class).weight_kg.into(),
        };
        let mut sum = [0_i64; 2];
        for (row, kind, foot) in props {
            let rules = self.rules.prop_kind(kind);
            if rules.blocks == 0 {
                continue;
            }
            if let Some((own, its)) = walker.meets(foot, rules) {
                sum = [sum[0] + own[0], sum[1] + own[1]];
                if rules.pushed != 0 {
                    push(row, its);
                }
            }
        }
        (sum != [0; 2]).then(|| self.moved(state, sum))
    }

    /// Moves somebody along walls, inside the bounds and on the ground.
    fn moved(&self, state: &MoveState, sum: [i64; 2]) -> Position {
        let Surroundings { terrain, obstacles, tick } = self.surroundings;
        let class = self.movement.class(state.class);
        let body = class.body(state.flags & flags::CROUCHED != 0);
        let speed = length2d(state.velocity.x.0, state.velocity.z.0);
        let most = MetresPerSecond(speed.saturating_add(OUT.0)).per_tick(self.movement.tick_hz());
        let (x, z) = clamp_length2d(saturate(sum[0]), saturate(sum[1]), most.0);
        let (from, way) = (state.position, [Metres(x), Metres::ZERO, Metres(z)]);
        let nearby = obstacles.nearby(from.x, from.z, body.radius + Metres(reach_of(x, z)));
        let slide = (!nearby.is_nothing())
            .then(|| obstacles.slide_nearby(body, from, way, tick, &class.slide_rules(false), &nearby));
        let to = slide.map_or_else(|| from.offset(way[0], way[1], way[2]), |slide| slide.position);
        let edge = terrain.half_extent() - body.radius;
        let (x, z) = (to.x.min(edge).max(-edge), to.z.min(edge).max(-edge));
        let ground = terrain.height_at(x, z);
        let stands = state.flags & flags::GROUNDED != 0 && state.support == 0;
        let at = Position { x, y: if stands { ground } else { to.y.max(ground) }, z };
        if slide.is_some_and(|slide| at != to && !slide.is_open_at(at)) && obstacles.blocked(body, at, tick) {
            return from;
        }
        at
    }
}

/// The velocity of a prop that walkers push so far in a tick: at least so fast that way, up to a limit.
pub(super) fn kicked(velocity: Velocity, [x, z]: [i64; 2], most: MetresPerSecond, tick_hz: u16) -> Velocity {
    let (x, z) = clamp_length2d(saturate(x), saturate(z), 1 << 16);
    let length = i64::from(length2d(x, z));
    if length == 0 {
        return velocity;
    }
    let (x, z) = (i64::from(x), i64::from(z));
    let wanted = (length * i64::from(tick_hz)).min(most.0.into());
    let has = (i64::from(velocity.x.0) * x + i64::from(velocity.z.0) * z) / length;
    let more = (wanted - has).max(0);
    Velocity {
        x: MetresPerSecond(limited(i64::from(velocity.x.0) + more * x / length)),
        z: MetresPerSecond(limited(i64::from(velocity.z.0) + more * z / length)),
        ..velocity
    }
}
