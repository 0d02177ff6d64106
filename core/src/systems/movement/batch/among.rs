//! Rows that may have something in their way: one by one where they go, in lanes in all else.

use super::super::place::{Gait, Places, reaches};
use super::tables::Tables;
use super::{Block, Walk, mask_of};
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};
use crate::numeric::{Position, Velocity};
use crate::spatial::obstacles::Clearings;

/// Where those came to who have something in their way.
pub(super) struct Arrived {
    position: [Block; 3],
    velocity: [Block; 3],
    /// The rows of which that is all: on nothing but gentle ground, or in the air.
    pub rows: u32,
    /// Those of them that stand.
    stands: u32,
}

impl Arrived {
    pub const NOBODY: Arrived =
        Arrived { position: [[0; MAX_WIDTH]; 3], velocity: [[0; MAX_WIDTH]; 3], rows: 0, stands: 0 };

    /// Puts them among the others of the block.
    #[inline(always)]
    pub fn put<L: Lanes>(
        &self,
        (position, velocity): (&mut [L; 3], &mut [L; 3]),
        stands: &mut L::Mask,
        done: &mut L::Mask,
    ) {
        let rows = mask_of::<L>(self.rows);
        let mut axis = 0;
        while axis < 3 {
            position[axis] = L::select(rows, L::load(&self.position[axis]), position[axis]);
            velocity[axis] = L::select(rows, L::load(&self.velocity[axis]), velocity[axis]);
            axis += 1;
        }
        *stands = stands.and(rows.not()).or(mask_of::<L>(self.stands));
        *done = done.or(rows);
    }
}

/// The lanes as values.
#[inline(always)]
pub(super) fn stored<L: Lanes>(lanes: L) -> Block {
    let mut block = [0; MAX_WIDTH];
    lanes.store(&mut block);
    block
}

impl Walk<'_> {
    /// The rows among the candidates that may touch an obstacle on their ways.
    #[inline(always)]
    pub(super) fn near_obstacles<L: Lanes>(
        &self,
        at: usize,
        (tables, clearings): (&Tables, Option<&Clearings<'_>>),
        class: L,
        candidates: u32,
        ways: [L; 2],
    ) -> u32 {
        if let Some(clearings) = clearings {
            let place = [L::load_at(self.rows.position_x, at), L::load_at(self.rows.position_z, at)];
            let reach = tables.pick(&tables.radius, class).add(reaches(ways));
            return candidates & clearings.near(place, reach).bits();
        }
        candidates
    }

    /// Moves those of some rows that may touch something, one by one, as far as their places and velocities go, and gives their
    /// bits. `gaits` are the rows that walk, those that crouch, and those that would like to stand up.
    #[inline(never)]
    pub(super) fn go_among(
        &self,
        at: usize,
        rows: u32,
        [walking, crouched, rising]: [u32; 3],
        velocity: [Block; 3],
        arrived: &mut Arrived,
    ) -> u32 {
        let mut near = 0;
        for lane in (0..MAX_WIDTH).filter(|lane| rows & (1 << lane) != 0) {
            let (row, bit) = (at + lane, 1 << lane);
            let class = self.movement.class(self.rows.class[row]);
            let walks = walking & bit != 0;
            let crouches = crouched & bit != 0;
            let gait = Gait {
                grounded: walks,
                walks,
                keeps_edges: walks && crouches && class.keeps_edges,
                body: class.body(crouches),
                support: 0,
            };
            let places = Places { class, movement: self.movement, surroundings: self.surroundings, gait };
            let [x, y, z] = [&self.rows.position_x, &self.rows.position_y, &self.rows.position_z];
            let from = Position::from_raw(x[row], y[row], z[row]);
            let speed = Velocity::from_raw(velocity[0][lane], velocity[1][lane], velocity[2][lane]);
            let way = [speed.x, speed.y, speed.z].map(|speed| self.movement.way(speed.0));
            let nearby = places.nearby(from, way);
            if nearby.is_nothing() {
                continue;
            }
            near |= bit;
            if rising & bit != 0 {
                continue;
            }
            let (position, speed, footing) = places.among_obstacles(from, speed, way, &nearby);
            if footing.swims || footing.steep || footing.support != 0 {
                continue;
            }
            arrived.rows |= bit;
            arrived.stands |= if footing.grounded { bit } else { 0 };
            let rise = if footing.grounded { 0 } else { speed.y.0 };
            for (to, value) in arrived.position.iter_mut().zip([position.x, position.y, position.z]) {
                to[lane] = value.0;
            }
            for (to, value) in arrived.velocity.iter_mut().zip([speed.x.0, rise, speed.z.0]) {
                to[lane] = value;
            }
        }
        near
    }
}
