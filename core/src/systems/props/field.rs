//! The props that a client knows of: what it needs to keep its own character out of them as the server does, and to draw those
//! that move until it is told where they came to rest.

use super::body::Place;
use super::cells::NearCells;
use super::walkers::Walks;
use crate::numeric::{Brads, Position, Velocity};
use crate::rules::{PROP_KINDS, Rules};
use crate::state::characters::{MoveState, flags};
use crate::state::props::PropPlace;
use crate::systems::movement::{MovementTicks, Surroundings};
use alloc::collections::BTreeMap;

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

/// Props by slot: few, so that a list and a bit for each cell with some near it are enough.
#[derive(Clone, Debug, Default)]
pub struct PropField {
    props: BTreeMap<u16, KnownProp>,
    near: NearCells,
    moving: usize,
    stale: bool,
}

impl PropField {
    /// Puts a prop into a slot, at rest or with a velocity; false when there is no such kind.
    pub fn set(&mut self, slot: u16, place: &PropPlace, velocity: Option<Velocity>) -> bool {
        let known = usize::from(place.kind) < PROP_KINDS;
        if known {
            self.remove(slot);
            let PropPlace { kind, position, yaw } = *place;
            self.props.insert(slot, KnownProp { kind, position, yaw, velocity });
            self.moving += usize::from(velocity.is_some());
            self.stale = true;
        }
        known
    }

    /// Takes the prop out of a slot; false when there is none.
    pub fn remove(&mut self, slot: u16) -> bool {
        let Some(prop) = self.props.remove(&slot) else { return false };
        self.moving -= usize::from(prop.velocity.is_some());
        self.stale = true;
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
        if self.moving == 0 {
            return;
        }
        let Surroundings { terrain, obstacles, tick } = *surroundings;
        let place = Place { terrain, obstacles, rules, tick_hz, tick };
        for prop in self.props.values_mut() {
            if let Some(velocity) = prop.velocity {
                let (at, velocity) = place.go(prop.position, velocity, rules.prop_kind(prop.kind));
                (prop.position, prop.velocity) = (at, Some(velocity));
            }
        }
        self.stale = true;
    }

    /// Sorts them in after changes, before [`PropField::keep_out`].
    pub fn refresh(&mut self, rules: &Rules) {
        if core::mem::take(&mut self.stale) {
            let places = self.props.values().map(|prop| (prop.position.x.0, prop.position.z.0));
            self.near.fill(places, rules);
        }
    }

    /// What the server's step does after [`crate::move_character`] to somebody who walks into props: moved out of them. What
    /// has changed since the last [`PropField::refresh`] is not seen.
    #[must_use]
    pub fn keep_out(
        &self,
        state: MoveState,
        surroundings: &Surroundings<'_>,
        rules: &Rules,
        movement: &MovementTicks,
    ) -> MoveState {
        let (x, z) = (state.position.x.0, state.position.z.0);
        if state.flags & flags::ALIVE == 0 || !self.near.near(x, z) {
            return state;
        }
        let walks = Walks { rules, surroundings: *surroundings, movement };
        let props = self.props.iter().map(|(slot, prop)| (usize::from(*slot), prop.kind, prop.position));
        let position = walks.keep_out(&state, props, |_, _| {}).unwrap_or(state.position);
        MoveState { position, ..state }
    }
}
