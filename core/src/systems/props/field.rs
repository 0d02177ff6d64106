//! The props that a client knows of: what it needs to keep its own character out of them as the server does.

use super::PropCells;
use super::walkers::Walks;
use crate::numeric::{Brads, Position};
use crate::rules::Rules;
use crate::state::characters::{MoveState, flags};
use crate::state::props::{PropPlace, Props, PropsView, prop_flags};
use crate::systems::movement::{MovementTicks, Surroundings};

/// Props by slot. Made once with its capacity; nothing in it allocates after that.
#[derive(Clone, Debug)]
pub struct PropField {
    props: Props,
    cells: PropCells,
    rules: Rules,
    end: usize,
    stale: bool,
}

impl PropField {
    /// An empty field.
    #[must_use]
    pub fn new(capacity: u32, rules: &Rules) -> Self {
        let capacity = capacity as usize;
        Self {
            props: Props::new(capacity),
            cells: PropCells::new(capacity),
            rules: *rules,
            end: 0,
            stale: false,
        }
    }

    /// The rules that hold from here on.
    pub fn set_rules(&mut self, rules: &Rules) {
        (self.rules, self.stale) = (*rules, true);
    }

    /// Puts a prop into a slot; false when there is no such slot or no such kind.
    pub fn set(&mut self, slot: u32, place: &PropPlace) -> bool {
        let row = slot as usize;
        let there = row < self.props.capacity() && usize::from(place.kind) < crate::rules::PROP_KINDS;
        if there {
            self.props.set_position(row, place.position);
            (self.props.kind[row], self.props.yaw[row]) = (place.kind, place.yaw.0);
            self.props.flags[row] = prop_flags::IN_USE;
            self.end = self.end.max(row + 1);
            self.stale = true;
        }
        there
    }

    /// Takes the prop out of a slot; false when there is none.
    pub fn remove(&mut self, slot: u32) -> bool {
        let there = self.props.view().id_at(slot).is_some();
        if there {
            self.props.zero_row(slot as usize);
            self.stale = true;
        }
        there
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.props.zero_rows(0..self.end);
        (self.end, self.stale) = (0, true);
    }

    /// What is known: kind, position and yaw of the slots in use.
    #[must_use]
    pub fn view(&self) -> PropsView<'_> {
        self.props.view_below(self.end)
    }

    /// What lies in a slot.
    #[must_use]
    pub fn place(&self, slot: u32) -> Option<PropPlace> {
        let used = *self.props.flags.get(slot as usize)? & prop_flags::IN_USE != 0;
        let row = slot as usize;
        let (position, yaw): (Position, _) = (self.props.view().position(slot), Brads(self.props.yaw[row]));
        used.then_some(PropPlace { kind: self.props.kind[row], position, yaw })
    }

    /// Sorts them in after changes, before [`PropField::keep_out`].
    pub fn refresh(&mut self) {
        if self.stale {
            self.cells.fill(&self.props.view(), self.end, &self.rules);
            self.stale = false;
        }
    }

    /// What the server's step does after [`crate::move_character`] to somebody who walks into props: moved out of them. What
    /// has changed since the last [`PropField::refresh`] is not seen.
    #[must_use]
    pub fn keep_out(
        &self,
        state: MoveState,
        surroundings: &Surroundings<'_>,
        movement: &MovementTicks,
    ) -> MoveState {
        let (x, z) = (state.position.x.0, state.position.z.0);
        if state.flags & flags::ALIVE == 0 || self.cells.is_empty() || !self.cells.near(x, z) {
            return state;
        }
        let walks = Walks {
            props: self.props.view(),
            cells: &self.cells,
            rules: &self.rules,
            surroundings: *surroundings,
            movement,
        };
        let position = walks.keep_out(&state, |_, _| {}).unwrap_or(state.position);
        MoveState { position, ..state }
    }
}
