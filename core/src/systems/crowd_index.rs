//! Where everybody is: the query grid of the living, with the dead set aside.

use crate::numeric::{LaneChoice, Metres};
use crate::spatial::query_grid::{Presence, QueryGrid, QueryGridConfig};
use crate::state::characters::{CharactersView, flags};

/// Who is where, for everything that asks by place: weapons, hosts, games.
#[derive(Debug)]
pub struct CrowdIndex {
    grid: QueryGrid,
}

impl CrowdIndex {
    pub(crate) fn new(half_extent: Metres, capacity: usize, lanes: LaneChoice) -> Self {
        let config = QueryGridConfig::fitting(half_extent, capacity as u32, lanes);
        Self {
            grid: QueryGrid::new(&config).expect("a validated configuration gives a grid within its bounds"),
        }
    }

    /// Sorts everybody in anew: the slots below `end`. Allocates nothing.
    pub(crate) fn rebuild(&mut self, characters: &CharactersView<'_>, end: usize) {
        let (x, z) = (&characters.position_x[..end], &characters.position_z[..end]);
        let presence = |bits| {
            if bits & flags::ALIVE != 0 {
                Presence::Present
            } else if bits & flags::IN_USE != 0 {
                Presence::Aside
            } else {
                Presence::Absent
            }
        };
        self.grid.rebuild(x, z, &characters.flags[..end], presence);
    }

    /// The grid of the last rebuild: in its cells who was alive then, and aside who was dead.
    #[must_use]
    pub fn grid(&self) -> &QueryGrid {
        &self.grid
    }
}
