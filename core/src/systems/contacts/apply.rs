//! What the pushes do to the rows: many at once where nothing but the ground is near, one by one among obstacles.
//!
//! Both ways give the same place to a row that may take either.

use super::{ContactScratch, apply_push, nearby};
use crate::numeric::Tick;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};
use crate::spatial::obstacles::Nearby;
use crate::spatial::separation::{PACK_SHIFT, displacement};
use crate::spatial::terrain::{FIELD_RISE_MAX, Field};
use crate::state::characters::{CharacterRows, flags};
use crate::systems::Environment;
use crate::systems::movement::reaches;

/// One value a lane.
type Block = [i32; MAX_WIDTH];

/// Moves the pushed ones of some rows.
pub(super) struct Apply<'a> {
    pub(super) contacts: &'a ContactScratch,
    pub(super) rows: CharacterRows<'a>,
    /// Row of the table that the first of these is.
    pub(super) first: usize,
    pub(super) environment: &'a Environment,
    pub(super) tick: Tick,
}

impl LaneTask for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let terrain = &self.environment.terrain;
        let field = terrain.field();
        let mut edges = [0; 8];
        for (edge, class) in edges.iter_mut().zip(&self.environment.rules.movement) {
            *edge = terrain.half_extent().0 - class.radius.0;
        }
        let edges = L::table8(&edges);
        let radii = L::table8(&self.environment.rules.movement.map(|class| class.radius.0));
        let obstacles = &self.environment.obstacles;
        let clearings = obstacles.clearings();
        let mut living = self.contacts.living_before(self.first);
        let count = self.rows.flags.len();
        for at in (0..count).step_by(L::WIDTH) {
            let rows = (count - at).min(L::WIDTH);
            let x = L::load_part(&self.rows.position_x[at..]);
            let z = L::load_part(&self.rows.position_z[at..]);
            let then = x.shift_right::<PACK_SHIFT>().pair_with(z.shift_right::<PACK_SHIFT>());
            let mut places = [0; MAX_WIDTH];
            then.store(&mut places);
            living = self.contacts.places_of(self.first + at, living, &mut places[..rows]);
            let offset = L::load(&places).sub16(then);
            let pushed = offset.equal(L::splat(0)).not().bits();
            if pushed == 0 {
                continue;
            }
            let class = self.classes::<L>(at);
            let mut around = [Nearby::Nothing; MAX_WIDTH];
            let mut plain = pushed;
            if !obstacles.is_empty() {
                let mut near = pushed;
                // No closure: what the lanes do must be inlined.
                if let Some(clearings) = &clearings {
                    let reach = radii.lookup8(class).add(reaches(ways(offset)));
                    near &= clearings.near([x, z], reach).bits();
                }
                if near != 0 {
                    plain &= !self.look_around(at, near, &store(offset), &mut around);
                }
            }
            let mut alone = pushed;
            if let Some(field) = &field {
                let edge = edges.lookup8(class);
                alone &= !self.move_plain::<L>(at, plain, field, edge, [x, z, offset]);
            }
            if alone != 0 {
                self.move_alone(at, alone, &store(offset), &around);
            }
        }
    }
}

impl Apply<'_> {
    /// The classes of a block's rows; of rows behind the last, class 0.
    #[inline(always)]
    fn classes<L: Lanes>(&self, at: usize) -> L {
        let mut classes = [0; MAX_WIDTH];
        for (to, from) in classes[..L::WIDTH].iter_mut().zip(&self.rows.class[at..]) {
            *to = i32::from(*from);
        }
        L::load(&classes)
    }

    /// Finds what these rows of a block may touch, and gives the bits of those that may touch anything.
    #[inline(never)]
    fn look_around(
        &self,
        at: usize,
        candidates: u32,
        offsets: &Block,
        around: &mut [Nearby; MAX_WIDTH],
    ) -> u32 {
        let mut beside = 0;
        for lane in lanes_of(candidates) {
            let push = displacement(offsets[lane], 0);
            around[lane] = nearby(&self.rows, at + lane, push, self.environment);
            beside |= u32::from(!around[lane].is_nothing()) << lane;
        }
        beside
    }

    /// Moves these rows of a block but those on very steep ground, and returns the bits of those that were moved.
    #[inline(always)]
    fn move_plain<L: Lanes>(
        &mut self,
        at: usize,
        candidates: u32,
        field: &Field<'_>,
        edge: L,
        [x, z, offset]: [L; 3],
    ) -> u32 {
        let rows = (self.rows.flags.len() - at).min(L::WIDTH);
        let [mut stands, mut chosen] = [[0; MAX_WIDTH]; 2];
        let span = at..at + rows;
        let support = &self.rows.support[span.clone()];
        for ((to, bits), support) in stands.iter_mut().zip(&self.rows.flags[span]).zip(support) {
            *to = i32::from(bits & flags::GROUNDED != 0 && *support == 0);
        }
        for (lane, to) in chosen.iter_mut().enumerate() {
            *to = (candidates >> lane & 1) as i32;
        }
        let least = L::splat(0).sub(edge);
        let [way_x, way_z] = ways(offset);
        let (new_x, new_z) = (x.add(way_x).min(edge).max(least), z.add(way_z).min(edge).max(least));
        let ground = field.heights(new_x, new_z);
        let y = L::load_part(&self.rows.position_y[at..]);
        let stands = L::load(&stands).greater(L::splat(0));
        let new_y = L::select(stands, ground.height, y.max(ground.height));
        let moved =
            L::load(&chosen).greater(L::splat(0)).and(ground.rise.greater(L::splat(FIELD_RISE_MAX)).not());
        L::select(moved, new_x, x).store_part(&mut self.rows.position_x[at..]);
        L::select(moved, new_y, y).store_part(&mut self.rows.position_y[at..]);
        L::select(moved, new_z, z).store_part(&mut self.rows.position_z[at..]);
        moved.bits()
    }

    /// Moves these rows of a block, one by one.
    #[inline(never)]
    fn move_alone(&mut self, at: usize, bits: u32, offsets: &Block, around: &[Nearby; MAX_WIDTH]) {
        for lane in lanes_of(bits) {
            let push = displacement(offsets[lane], 0);
            apply_push(&mut self.rows, at + lane, (push, &around[lane]), self.environment, self.tick);
        }
    }
}

/// The ways that packed offsets stand for.
#[inline(always)]
fn ways<L: Lanes>(offset: L) -> [L; 2] {
    let x = offset.shift_left::<16>().shift_right::<{ 16 - PACK_SHIFT }>();
    [x, offset.shift_right::<16>().shift_left::<PACK_SHIFT>()]
}

/// The lanes that have their bit, ascending.
fn lanes_of(bits: u32) -> impl Iterator<Item = usize> {
    (0..MAX_WIDTH).filter(move |lane| bits >> lane & 1 == 1)
}

/// The lanes as values.
#[inline(always)]
fn store<L: Lanes>(lanes: L) -> Block {
    let mut block = [0; MAX_WIDTH];
    lanes.store(&mut block);
    block
}
