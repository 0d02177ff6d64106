//! Arrows that meet nothing in a tick, in lanes: above the ground and all heads, with nothing that stands or lies near, inside
//! the world. Most are that; the others go one by one ([`super::flight`]).

use super::flight::{Ways, low};
use super::heads::spares;
use super::targets::ROUNDING;
use super::{FlightEnd, Sky};
use crate::limits::{HEIGHT_MAX_M, SPEED_MAX_M_PER_S};
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};
use crate::rules::{ARMS, Arm, arm_kind};
use crate::spatial::obstacles::Clearings;
use crate::spatial::terrain::Field;
use crate::state::projectiles::ProjectileRows;
use crate::systems::combat::Sides;
use crate::systems::movement::{SPEED_BOUND, reaches};

/// For nothing and numbers that the rules do not have, then for each weapon and ability: room for whole lanes of either.
const KINDS: usize = ARMS + 1;

/// A reach that is more than some cells of heads: 256 m.
const EVERYTHING: i32 = 1 << 24;

/// What lanes need to know of the weapons, and of the world.
pub(super) struct Open<'a> {
    /// What each gains downwards in a tick.
    fall: [i32; KINDS],
    /// Its radius, with that of the widest body and what the exact test may add.
    reach: [i32; KINDS],
    /// Whether it spares the own team, and whether it means that alone.
    spares: [i32; KINDS],
    means_own: [i32; KINDS],
    field: Option<Field<'a>>,
    clearings: Option<Clearings<'a>>,
    sky: &'a Sky<'a>,
}

/// The values of narrow cells from `at` on, and zeros behind the last.
#[inline(always)]
fn widened<L: Lanes>(cells: &[u8], at: usize) -> L {
    if at + L::WIDTH <= cells.len() {
        return L::widen_at(cells, at);
    }
    let mut block = [0; MAX_WIDTH];
    for (lane, cell) in block.iter_mut().zip(&cells[at..]) {
        *lane = (*cell).into();
    }
    L::load(&block)
}

/// The lanes of bits.
#[inline(always)]
fn mask_of<L: Lanes>(bits: u32) -> L::Mask {
    L::splat(bits.cast_signed()).shift_right_lanes(L::numbers()).and(L::splat(1)).greater(L::splat(0))
}

/// Writes the lanes of a mask.
#[inline(always)]
fn put<L: Lanes>(mask: L::Mask, lanes: L, before: L, column: &mut [i32], at: usize) {
    L::select(mask, lanes, before).store_part(&mut column[at..]);
}

impl<'a> Open<'a> {
    pub(super) fn new(sky: &'a Sky<'a>) -> Self {
        let environment = sky.environment;
        let widest = sky.targets.radius_max().0.saturating_add(ROUNDING);
        let mut open = Self {
            fall: [0; KINDS],
            reach: [0; KINDS],
            spares: [0; KINDS],
            means_own: [0; KINDS],
            field: environment.terrain.field(),
            clearings: environment.obstacles.clearings(),
            sky,
        };
        for number in 0..KINDS {
            let arm = Arm(number as u8);
            open.fall[number] = sky.fall(arm).0;
            // What states from elsewhere let fly beside projectiles is not for lanes: it is near everything.
            open.reach[number] = EVERYTHING;
            let rules = environment.rules.arm(arm).filter(|rules| rules.kind == arm_kind::PROJECTILE);
            if let Some(rules) = rules {
                open.reach[number] = rules.radius.0.saturating_add(widest);
                let sides = Sides::new(None, 0, rules, environment);
                [open.spares[number], open.means_own[number]] = spares(&sides);
            }
        }
        open
    }

    /// Lets the arrows of a block fall that are alive, and says where to, which of them may meet the ground, and which fly on or
    /// end without meeting anything: those have their places and ends then. `None`, and nothing is done, where one is
    /// too fast for lanes.
    #[inline(always)]
    pub(super) fn fly<L: Lanes>(
        &self,
        (rows, ends): (&mut ProjectileRows<'_>, &mut [FlightEnd]),
        at: usize,
        alive: u32,
    ) -> Option<(Ways, u32, u32)> {
        let (environment, zero) = (self.sky.environment, L::splat(0));
        let flies = mask_of::<L>(alive);
        let speed = [
            L::load_part(&rows.velocity_x[at..]),
            L::load_part(&rows.velocity_y[at..]),
            L::load_part(&rows.velocity_z[at..]),
        ];
        let bound = L::splat(SPEED_BOUND);
        let fast = speed[0].abs().max(speed[2].abs()).max(speed[1].abs());
        // The smallest number is its own absolute value.
        if fast.greater(bound).or(zero.greater(fast)).any() {
            return None;
        }
        let arm = widened::<L>(rows.arm, at);
        let arm = arm.keep(L::splat(KINDS as i32).greater(arm));
        let slowest = L::splat(-(SPEED_MAX_M_PER_S << 16));
        let fallen = speed[1].sub(L::gather(&self.fall, arm)).max(slowest);
        put(flies, fallen, speed[1], rows.velocity_y, at);
        let from = [
            L::load_part(&rows.position_x[at..]),
            L::load_part(&rows.position_y[at..]),
            L::load_part(&rows.position_z[at..]),
        ];
        let movement = &environment.movement;
        let way = [movement.ways(speed[0]), movement.ways(fallen), movement.ways(speed[2])];
        let to = [from[0].add(way[0]), from[1].add(way[1]), from[2].add(way[2])];
        let low = low::<L>(from, to, self.field.as_ref(), environment.terrain.spacing());
        let near = self.near(from, to, way, [arm, widened(rows.team, at)]);
        let open = alive & !low & !near.bits();
        let done = mask_of::<L>(open);
        put(done, to[0], from[0], rows.position_x, at);
        put(done, to[1], from[1], rows.position_y, at);
        put(done, to[2], from[2], rows.position_z, at);
        let mut end_tick = [0; MAX_WIDTH];
        for (to, from) in end_tick.iter_mut().zip(&rows.end_tick[at..]) {
            *to = from.cast_signed();
        }
        let left = L::load(&end_tick).sub(L::splat(self.sky.tick.0.cast_signed()));
        let mut spent = left.greater(zero).not().bits() & open;
        while spent != 0 {
            ends[at + spent.trailing_zeros() as usize] = FlightEnd::Spent;
            spent &= spent - 1;
        }
        let mut ways = Ways { from: [[0; MAX_WIDTH]; 3], to: [[0; MAX_WIDTH]; 3] };
        let mut axis = 0;
        while axis < 3 {
            from[axis].store(&mut ways.from[axis]);
            to[axis].store(&mut ways.to[axis]);
            axis += 1;
        }
        Some((ways, low, open))
    }

    /// Which ways may meet anything but the ground, or leave the world.
    #[inline(always)]
    fn near<L: Lanes>(&self, from: [L; 3], to: [L; 3], way: [L; 3], [arm, team]: [L; 2]) -> L::Mask {
        let environment = self.sky.environment;
        let edge = L::splat(environment.terrain.half_extent().0);
        let highest = L::splat(HEIGHT_MAX_M << 16);
        let outside = to[0].abs().max(to[2].abs()).greater(edge).or(to[1].abs().greater(highest));
        let heads = self.sky.targets.heads();
        let reach = L::gather(&self.reach, arm);
        let x = [from[0].min(to[0]).sub(reach), from[0].max(to[0]).add(reach)];
        let z = [from[2].min(to[2]).sub(reach), from[2].max(to[2]).add(reach)];
        let table = heads.tables_of(team, L::gather(&self.spares, arm), L::gather(&self.means_own, arm));
        let near = outside.or(heads.reach(table, [x, z], from[1].min(to[1])));
        let beside_props = !self.sky.prop_cells.is_empty();
        match (&self.clearings, environment.obstacles.is_empty() && !beside_props) {
            (_, true) => near,
            (Some(clearings), _) if !beside_props => {
                near.or(clearings.near([from[0], from[2]], reaches([way[0], way[2]])))
            }
            _ => L::Mask::first_n(L::WIDTH),
        }
    }
}
