//! The props that a client knows of: what it needs to keep its own character out of them as the server does, and to draw those
//! that move until it is told where they came to rest.

use super::body::Place;
use super::cells::{NearCells, reach_of_walkers};
use super::walkers::Walks;
use crate::numeric::{Brads, Metres, Position, Velocity};
use crate::rules::{PROP_KINDS, Rules};
use crate::state::characters::{MoveState, flags};
use crate::state::props::PropPlace;
use crate::systems::movement::{MovementTicks, Surroundings};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// A prop that a client knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownProp {
    /// Which kind.
    pub kind: u8,
    /// Its foot.
    pub position: Position,
    /// How it is turned.
    pub yaw: Brads,
    /// Of one that moves, as far as the client knows.
    pub velocity: Option<Velocity>,
}

/// Props by slot. Most are at rest: those are also held from west to east, with a bit for each cell that has some near it, so
/// that a step asks about the few that are near. Those that move are asked about one by one.
#[derive(Clone, Debug, Default)]
pub struct PropField {
    props: BTreeMap<u16, KnownProp>,
    /// Those that move, in no order.
    moving: Vec<Placed>,
    /// Those at rest, from west to east.
    resting: Vec<Placed>,
    near: NearCells,
    /// For which `near` was filled, and how far from a prop a walker may be that touches it.
    reach: Metres,
    stale: bool,
}

/// What a walker may meet of a prop.
#[derive(Clone, Copy, Debug)]
struct Placed {
    slot: u16,
    kind: u8,
    foot: Position,
}

impl PropField {
    /// Puts a prop into a slot, at rest or with a velocity; false when there is no such kind.
    pub fn set(&mut self, slot: u16, place: &PropPlace, velocity: Option<Velocity>) -> bool {
        let known = usize::from(place.kind) < PROP_KINDS;
        if known {
            self.remove(slot);
            let PropPlace { kind, position, yaw } = *place;
            self.props.insert(slot, KnownProp { kind, position, yaw, velocity });
            match velocity {
                Some(_) => self.moving.push(Placed { slot, kind, foot: position }),
                None => self.stale = true,
            }
        }
        known
    }

    /// Takes the prop out of a slot; false when there is none.
    pub fn remove(&mut self, slot: u16) -> bool {
        let Some(prop) = self.props.remove(&slot) else { return false };
        match prop.velocity {
            Some(_) => self.moving.retain(|moving| moving.slot != slot),
            None => self.stale = true,
        }
        true
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        *self = Self { stale: true, ..Self::default() };
    }

    /// The props, ascending by slot.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &KnownProp)> {
        self.props.iter().map(|(slot, prop)| (*slot, prop))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.props.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.props.is_empty()
    }

    /// Moves those that move for a tick, each as if it were alone with ground and walls: what the server says later counts.
    pub fn advance(&mut self, surroundings: &Surroundings<'_>, rules: &Rules, tick_hz: u16) {
        let Surroundings { terrain, obstacles, tick } = *surroundings;
        let place = Place { terrain, obstacles, rules, tick_hz, tick };
        for moving in &mut self.moving {
            if let Some(prop) = self.props.get_mut(&moving.slot)
                && let Some(velocity) = prop.velocity
            {
                let (at, velocity) = place.go(prop.position, velocity, rules.prop_kind(prop.kind));
                (prop.position, prop.velocity) = (at, Some(velocity));
                moving.foot = at;
            }
        }
    }

    /// Sorts them in after changes of theirs or of the rules, before [`PropField::keep_out`].
    pub fn refresh(&mut self, rules: &Rules) {
        let reach = reach_of_walkers(rules);
        if self.stale || self.reach != reach {
            let Self { props, resting, near, .. } = self;
            (self.stale, self.reach) = (false, reach);
            resting.clear();
            let at_rest = props.iter().filter(|(_, prop)| prop.velocity.is_none());
            resting.extend(at_rest.map(|(&slot, prop)| Placed {
                slot,
                kind: prop.kind,
                foot: prop.position,
            }));
            resting.sort_unstable_by_key(|prop| prop.foot.x);
            near.fill(resting.iter().map(|prop| (prop.foot.x.0, prop.foot.z.0)), reach);
        }
    }

    /// What the server's step does after [`crate::move_character`] to somebody who walks into props: moved out of them. Of props at
    /// rest, what has changed since the last [`PropField::refresh`] is not seen.
    #[must_use]
    pub fn keep_out(
        &self,
        state: MoveState,
        surroundings: &Surroundings<'_>,
        rules: &Rules,
        movement: &MovementTicks,
    ) -> MoveState {
        let (x, z) = (state.position.x.0, state.position.z.0);
        let is_near = self.near.near(x, z);
        if state.flags & flags::ALIVE == 0 || (!is_near && self.moving.is_empty()) {
            return state;
        }
        let walks = Walks { rules, surroundings: *surroundings, movement };
        let resting = if is_near { self.resting_beside(state.position.x) } else { &[] };
        let reach = self.reach.0.unsigned_abs();
        let beside = |at: Metres, own: i32| at.0.abs_diff(own) <= reach;
        let moving = self.moving.iter().filter(|prop| beside(prop.foot.x, x) && beside(prop.foot.z, z));
        let props = resting.iter().chain(moving).map(|prop| (prop.slot.into(), prop.kind, prop.foot));
        let position = walks.keep_out(&state, props, |_, _| {}).unwrap_or(state.position);
        MoveState { position, ..state }
    }

    /// Those at rest that are near enough in one direction.
    fn resting_beside(&self, x: Metres) -> &[Placed] {
        let (west, east) = (x.saturating_add(-self.reach), x.saturating_add(self.reach));
        let first = self.resting.partition_point(|prop| prop.foot.x < west);
        let behind = &self.resting[first..];
        &behind[..behind.partition_point(|prop| prop.foot.x <= east)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::PropRules;
    use crate::spatial::Obstacles;
    use crate::spatial::terrain::{Terrain, TerrainShape};
    use crate::world::WorldConfig;
    use proptest::prelude::*;

    fn place(kind: u8, (x, z): (i32, i32)) -> PropPlace {
        let position = Position { x: Metres(x), y: Metres::ZERO, z: Metres(z) };
        PropPlace { kind, position, yaw: Brads(0) }
    }

    /// What props do to somebody, all of them asked.
    fn plainly(field: &PropField, state: MoveState, walks: &Walks<'_>) -> MoveState {
        let props = field.iter().map(|(_, prop)| (0, prop.kind, prop.position));
        let position = walks.keep_out(&state, props, |_, _| {}).unwrap_or(state.position);
        MoveState { position, ..state }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However props come, go and move, and whoever is made wider by new rules: who is asked for is as if all were.
        #[test]
        fn those_near_are_all_that_matter(
            steps in prop::collection::vec((0_u16..24, 0_u8..8, (-1_200_000..1_200_000_i32, -300_000..300_000_i32), 0..4), 1..60),
            walkers in prop::collection::vec((-1_200_000..1_200_000_i32, -300_000..300_000_i32), 20),
            wide_from in 0_usize..60,
        ) {
            let config = WorldConfig::default();
            let shape = TerrainShape {
                half_extent: config.half_extent,
                spacing: config.terrain_spacing,
                resident_chunks: config.terrain_resident_chunks,
                delta_chunks: config.terrain_delta_chunks,
            };
            let terrain = Terrain::new(1, crate::spatial::Scenery::default().terrain, &shape).expect("a terrain");
            let obstacles = Obstacles::default();
            let (mut rules, mut field) = (config.rules, PropField::default());
            for (number, (slot, kind, at, what)) in steps.into_iter().enumerate() {
                if number == wide_from {
                    let widest = Metres::from_mm(1_500);
                    rules.prop.iter_mut().for_each(|kind: &mut PropRules| kind.radius = widest);
                }
                let movement = MovementTicks::new(&rules, config.tick_hz);
                let surroundings = Surroundings { terrain: &terrain, obstacles: &obstacles, tick: crate::Tick(1) };
                let velocity = (what == 3).then(|| Velocity { x: crate::MetresPerSecond::from_m(3), ..Velocity::default() });
                if what == 0 {
                    field.remove(slot);
                } else {
                    prop_assert!(field.set(slot, &place(kind, at), velocity));
                }
                field.advance(&surroundings, &rules, config.tick_hz);
                field.refresh(&rules);
                prop_assert_eq!(field.len(), field.resting.len() + field.moving.len());
                let walks = Walks { rules: &rules, surroundings, movement: &movement };
                for &(x, z) in &walkers {
                    let y = terrain.height_at(Metres(x), Metres(z));
                    let position = Position { x: Metres(x), y, z: Metres(z) };
                    let state = MoveState { position, flags: flags::ALIVE | flags::GROUNDED, ..MoveState::default() };
                    let kept = field.keep_out(state, &surroundings, &rules, &movement);
                    prop_assert_eq!(kept, plainly(&field, state, &walks));
                }
            }
        }
    }
}
