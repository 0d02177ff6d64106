//! Where the velocities of a block lead, and which rows the ground there lets lanes finish.

use super::among::{Arrived, stored};
use super::columns::{Moved, Narrow};
use super::lane_math::ways;
use super::steering::{Begun, having};
use super::tables::Tables;
use super::{Block, Walk, mask_of};
use crate::limits::HEIGHT_MAX_M;
use crate::numeric::Metres;
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};
use crate::spatial::GroundCell;
use crate::spatial::obstacles::Clearings;
use crate::spatial::terrain::{FIELD_RISE_MAX, Field};
use crate::state::characters::{flags, motion};

/// A bound of how much a cell rises over its side: see `place::steep`, which decides where this is not gentle enough.
#[inline(always)]
fn rise(cell: &GroundCell) -> i32 {
    let [h00, h10, h01, h11] = cell.corners;
    let along_x = (h10.abs_diff(h00)).max(h11.abs_diff(h01));
    let along_z = (h01.abs_diff(h00)).max(h11.abs_diff(h10));
    along_x.saturating_add(along_z).min(i32::MAX.cast_unsigned()).cast_signed()
}

/// Heights and rises under a block.
struct Ground<L> {
    height: L,
    rise: L,
}

impl Walk<'_> {
    /// The step of a block from its velocities on, and the rows among the candidates for which it holds.
    #[inline(always)]
    pub(super) fn arrive<L: Lanes>(
        &self,
        at: usize,
        (tables, field, clearings): (&Tables, Option<&Field<'_>>, Option<&Clearings<'_>>),
        (narrow, begun): (&Narrow<L>, &Begun<L>),
        velocity: [L; 3],
        candidates: L::Mask,
    ) -> (Moved<L>, L::Mask) {
        let zero = L::splat(0);
        let class = narrow.class;
        let per_tick = self.movement.per_tick();
        // No closure: what the lanes do must be inlined.
        let way_x = ways(velocity[0], per_tick);
        let way_y = ways(velocity[1], per_tick);
        let way_z = ways(velocity[2], per_tick);
        let edge = tables.pick(&tables.edge, class);
        let to_x = L::load_at(self.rows.position_x, at).add(way_x);
        let to_y = L::load_at(self.rows.position_y, at).add(way_y);
        let to_z = L::load_at(self.rows.position_z, at).add(way_z);
        let x = to_x.min(edge).max(zero.sub(edge));
        let z = to_z.min(edge).max(zero.sub(edge));
        let mut near = 0;
        let mut open = candidates.bits();
        if !self.surroundings.obstacles.is_empty() {
            near = self.near_obstacles(at, (tables, clearings), class, open, [way_x, way_z]);
            // Who is thrown among obstacles is not for lanes.
            open &= !(near & begun.knocked.bits());
            near &= open;
        }
        let mut arrived = Arrived::NOBODY;
        if near != 0 {
            // Who may have no room to stand up is asked for one by one.
            let crouches = having(narrow.flags, flags::CROUCHED).and(begun.crouched.not());
            let gaits = [begun.walking.bits(), begun.crouched.bits(), crouches.bits()];
            open &= !self.go_among(
                at,
                near,
                gaits,
                [stored(velocity[0]), stored(velocity[1]), stored(velocity[2])],
                &mut arrived,
            );
        }
        let ground = self.ground_under(field, [x, z], open);

        let drop = to_y.sub(ground.height);
        let within = drop.greater(tables.pick(&tables.step_down, class)).not();
        let stands = drop.greater(zero).not().or(begun.walking.or(begun.slides).and(within));
        let y = L::select(stands, ground.height, to_y);
        let floating = tables.pick(&tables.floating, class);
        let swims = floating.greater(ground.height).and(y.greater(floating).not());
        let steep = stands.and(ground.rise.greater(tables.pick(&tables.gentle, class)));
        let careful = begun.crouched.and(having(tables.pick(&tables.kind, class), Tables::KEEPS_EDGES));
        let stays = begun.walking.and(stands.not()).and(careful);
        let high = to_y.abs().greater(L::splat(HEIGHT_MAX_M << 16));
        let unknown = ground.rise.greater(L::splat(FIELD_RISE_MAX));
        let special = swims.or(steep).or(stays).or(high).or(unknown);

        let mut position = [x, y, z];
        let mut velocity = [
            velocity[0].keep(x.equal(to_x)),
            velocity[1].keep(stands.not()),
            velocity[2].keep(z.equal(to_z)),
        ];
        let mut stands = stands;
        let mut done = mask_of::<L>(open).and(special.not());
        if arrived.rows != 0 {
            arrived.put((&mut position, &mut velocity), &mut stands, &mut done);
        }
        (Moved { position, velocity, ..ended(tables, narrow, begun, stands) }, done)
    }

    /// Heights and rises under the places of the candidates.
    #[inline(always)]
    fn ground_under<L: Lanes>(
        &self,
        field: Option<&Field<'_>>,
        [x, z]: [L; 2],
        candidates: u32,
    ) -> Ground<L> {
        if let Some(field) = field {
            let ground = field.heights(x, z);
            return Ground { height: ground.height, rise: ground.rise };
        }
        let [mut places, mut ground] = [[[0; MAX_WIDTH]; 2]; 2];
        x.store(&mut places[0]);
        z.store(&mut places[1]);
        self.ground_by_cells(&places, candidates, &mut ground);
        Ground { height: L::load(&ground[0]), rise: L::load(&ground[1]) }
    }

    /// Heights and rises under the candidates, where not all of the terrain is in memory.
    #[inline(never)]
    fn ground_by_cells(&self, [x, z]: &[Block; 2], candidates: u32, [heights, rises]: &mut [Block; 2]) {
        for lane in (0..MAX_WIDTH).filter(|lane| candidates & (1 << lane) != 0) {
            let cell = self.surroundings.terrain.cell_at(Metres(x[lane]), Metres(z[lane]));
            heights[lane] = cell.height().0;
            rises[lane] = rise(&cell);
        }
    }
}

/// `motions::end` for who walks, is in the air or thrown: places and velocities are left to the caller.
#[inline(always)]
fn ended<L: Lanes>(tables: &Tables, narrow: &Narrow<L>, begun: &Begun<L>, stands: L::Mask) -> Moved<L> {
    let zero = L::splat(0);
    let one = L::splat(1);
    let flies = begun.walking.not();
    let ticks = begun.motion_ticks.add(one.keep(flies)).min(L::splat(u16::MAX.into()));
    // Whoever is thrown stays so for a while, and falls on from there without a count of its own.
    let still = begun.knocked.and(tables.pick(&tables.knock, narrow.class).greater(ticks));
    let landed = stands.and(flies).and(still.not());
    let left = begun.walking.and(stands.not());
    let changed = landed.or(left);
    let remembered = begun.timer.greater(zero).and(landed).and(begun.knocked.not());
    let timer = begun.timer.sub(one).max(zero).keep(left.not());
    let jump = L::splat(motion::JUMP.into());
    let in_air = L::select(begun.motion.equal(jump), jump, L::splat(motion::FALL.into()));

    let bit = |bit: u16, rows: L::Mask| L::splat(bit.into()).keep(rows);
    let kept = begun.flags.and(L::splat(i32::from(!(flags::GROUNDED | flags::CROUCHED | flags::SPRINTING))));
    let standing = kept.or(bit(flags::JUMP_QUEUED, remembered)).or(bit(flags::GROUNDED, stands));
    let flying = kept.and(L::splat(i32::from(!flags::JUMP_QUEUED)));
    let stance = bit(flags::CROUCHED, begun.crouched).or(bit(flags::SPRINTING, begun.sprinting));
    Moved {
        position: [zero; 3],
        velocity: [zero; 3],
        flags: L::select(stands, standing, flying).or(stance),
        motion: L::select(still, begun.motion, in_air.keep(stands.not())),
        motion_ticks: ticks.keep(changed.not()),
        timer: L::select(landed, tables.pick(&tables.jump_rest, narrow.class), timer),
        dodge_ticks: narrow.dodge_ticks.sub(one).max(zero),
    }
}
