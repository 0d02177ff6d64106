//! The judgement in lanes: rows in use that are surely fine. What [`super`] says of those, in other words and for many
//! at a time; a test holds both against each other.

use super::super::characters::{CharactersView, action, flags, motion};
use super::super::commands::{CharacterInput, buttons};
use super::super::move_bounds::{HEIGHTS, MoveBounds, SPEED_MAX};
use super::super::projectiles::ProjectilesView;
use super::super::snapshot::ImageBounds;
use super::{COMBO_MAX, PIERCE_MAX};
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes};
use crate::rules::{ARMS, MOVEMENT_CLASSES};

/// What depends on the class, or on the motion, as tables.
pub(super) struct Tables {
    /// Largest absolute x and z.
    edge: [i32; 8],
    fall: [i32; 8],
    timer: [i32; 8],
    dodge: [i32; 8],
    dodge_rest: [i32; 8],
    knock: [i32; 8],
    /// The flag of a crouch where the class can.
    crouch: [i32; 8],
}

/// Motions on the ground only, and those off it only; the others: either.
const ON_GROUND: [i32; 8] = one_in(&[motion::GROUND, motion::SLIDE, motion::DODGE]);
const OFF_GROUND: [i32; 8] = one_in(&[motion::SWIM, motion::JUMP, motion::FALL]);
/// Motions that count no ticks.
const UNCOUNTED: [i32; 8] = one_in(&[motion::GROUND, motion::SLIDE, motion::SWIM]);

const fn one_in(motions: &[u8]) -> [i32; 8] {
    let mut table = [0; 8];
    let mut at = 0;
    while at < motions.len() {
        table[motions[at] as usize] = 1;
        at += 1;
    }
    table
}

const _: () = assert!(MOVEMENT_CLASSES == 8 && motion::MAX < 8);

impl Tables {
    pub(super) fn new(bounds: &MoveBounds<'_>) -> Self {
        let classes: [u8; 8] = core::array::from_fn(|class| class as u8);
        let ticks = |of: &dyn Fn(usize) -> u32| classes.map(|class| of(class.into()).min(1 << 30) as i32);
        Self {
            edge: classes.map(|class| bounds.half_extent - bounds.rules.class(class).radius.0),
            fall: classes.map(|class| bounds.rules.class(class).fall_speed_max.0),
            timer: ticks(&|class| bounds.longest[class].timer),
            dodge: ticks(&|class| bounds.longest[class].dodge),
            dodge_rest: ticks(&|class| bounds.longest[class].dodge_rest),
            knock: ticks(&|class| bounds.longest[class].knock),
            crouch: classes.map(|class| {
                let rules = bounds.rules.class(class);
                if rules.crouch_height < rules.height { flags::CROUCHED.into() } else { 0 }
            }),
        }
    }
}

/// The cells of one block, as signed numbers of the same bits.
#[inline(always)]
fn whole<L: Lanes>(cells: &[u32], at: usize) -> L {
    L::load_at(bytemuck::cast_slice(cells), at)
}

/// The first of the doubtful rows, bits from `row` on, that is not fine.
#[inline]
fn first_bad(row: usize, mut doubtful: u32, fine: &impl Fn(usize) -> bool) -> Option<usize> {
    while doubtful != 0 {
        let row = row + doubtful.trailing_zeros() as usize;
        if !fine(row) {
            return Some(row);
        }
        doubtful &= doubtful - 1;
    }
    None
}

/// The lanes outside of `low..=high`.
#[inline(always)]
fn outside<L: Lanes>(value: L, low: L, high: L) -> L::Mask {
    low.greater(value).or(value.greater(high))
}

/// The lanes outside of `-most..=most`.
#[inline(always)]
fn beyond<L: Lanes>(value: L, most: i32) -> L::Mask {
    outside(value, L::splat(-most), L::splat(most))
}

#[inline(always)]
fn is_not_zero<L: Lanes>(value: L) -> L::Mask {
    value.equal(L::splat(0)).not()
}

/// Rows of characters from `first` on, as many as there are heights of the ground. Gives the first row that is not fine.
pub(super) struct JudgeCharacters<'a, F> {
    pub(super) view: &'a CharactersView<'a>,
    pub(super) first: usize,
    pub(super) grounds: &'a [i32],
    pub(super) bounds: &'a ImageBounds<'a>,
    pub(super) tables: &'a Tables,
    /// The judgement on one row.
    pub(super) fine: &'a F,
}

impl<F: Fn(usize) -> bool> LaneTask for JudgeCharacters<'_, F> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Option<usize> {
        let mut done = 0;
        while done + L::WIDTH <= self.grounds.len() {
            let row = self.first + done;
            let doubtful = self.doubtful::<L>(row, L::load_at(self.grounds, done)).bits();
            if let Some(row) = first_bad(row, doubtful, self.fine) {
                return Some(row);
            }
            done += L::WIDTH;
        }
        (self.first + done..self.first + self.grounds.len()).find(|row| !(self.fine)(*row))
    }
}

impl<F> JudgeCharacters<'_, F> {
    /// The rows of a block that are not surely fine characters.
    #[inline(always)]
    fn doubtful<L: Lanes>(&self, row: usize, ground: L) -> L::Mask {
        let (view, bounds) = (self.view, self.bounds);
        let zero = L::splat(0);
        let bits: L = L::widen_at(view.flags, row);
        let health: L = L::widen_at(view.health, row);
        let flag = |flag: u16| bits.and(L::splat(flag.into())).equal(zero).not();
        let unknown = bits.and(L::splat(!i32::from(flags::ALL)));
        let mut doubt = is_not_zero(unknown).or(flag(flags::IN_USE).not());
        doubt = doubt.or(whole::<L>(view.generation, row).equal(zero));
        doubt = doubt.or(L::widen_at(view.team, row).greater(L::splat(i32::from(bounds.teams) - 1)));
        doubt = doubt.or(L::widen_at(view.action, row).greater(L::splat(action::MAX.into())));
        doubt = doubt.or(health.greater(L::splat(bounds.rules.life.health_max.into())));
        let stamina: L = L::widen_at(view.stamina, row);
        doubt = doubt.or(stamina.greater(L::splat(bounds.rules.combat.stamina_max.into())));
        doubt = doubt.or(L::widen_at(view.combo, row).greater(L::splat(COMBO_MAX.into())));
        let (alive, well) = (flag(flags::ALIVE), health.greater(zero));
        doubt = doubt.or(alive.and(well.not())).or(well.and(alive.not()));
        doubt.or(self.doubtful_input::<L>(row)).or(self.doubtful_move(row, bits, ground))
    }

    #[inline(always)]
    fn doubtful_input<L: Lanes>(&self, row: usize) -> L::Mask {
        let view = self.view;
        let unknown = L::widen_at(view.input_buttons, row).and(L::splat(!i32::from(buttons::ALL)));
        let (right, forward): (L, L) =
            (L::widen_at(view.input_right, row), L::widen_at(view.input_forward, row));
        let pitches = i32::from(CharacterInput::PITCH_MAX);
        is_not_zero(unknown)
            .or(L::splat(-127).greater(right.min(forward)))
            .or(beyond::<L>(L::widen_at(view.input_pitch, row), pitches))
            .or(beyond::<L>(L::widen_at(view.pitch, row), pitches))
    }

    #[inline(always)]
    fn doubtful_move<L: Lanes>(&self, row: usize, bits: L, ground: L) -> L::Mask {
        let (view, tables) = (self.view, self.tables);
        let zero = L::splat(0);
        let flag = |flag: u16| bits.and(L::splat(flag.into())).equal(zero).not();
        let at = |column: &[i32]| L::load_at(column, row);
        let class: L = L::widen_at(view.class, row);
        let pick = |table: &[i32; 8]| L::table8(table).lookup8(class);
        let (x, y, z) = (at(view.position_x), at(view.position_y), at(view.position_z));
        let (vx, vy, vz) = (at(view.velocity_x), at(view.velocity_y), at(view.velocity_z));
        let edge = pick(&tables.edge);
        let opposite = zero.sub(edge);
        let mut doubt =
            class.greater(L::splat(7)).or(outside(x, opposite, edge)).or(outside(z, opposite, edge));
        doubt = doubt.or(outside(y, L::splat(*HEIGHTS.start()), L::splat(*HEIGHTS.end())));
        doubt = doubt.or(beyond(vx, SPEED_MAX)).or(beyond(vz, SPEED_MAX));
        let moves = is_not_zero(vx.or(vy).or(vz)).or(flag(flags::SPRINTING));
        doubt = doubt.or(moves.and(flag(flags::ALIVE).not()));
        // On the ground, or off it and not below.
        let grounded = flag(flags::GROUNDED);
        let supported = is_not_zero(L::widen_at(view.support, row));
        let wrong_on = is_not_zero(vy).or(is_not_zero(y.sub(ground)).and(supported.not()));
        let fast = outside(vy, zero.sub(pick(&tables.fall)), L::splat(SPEED_MAX));
        doubt = doubt.or(ground.greater(y)).or(grounded.and(wrong_on));
        doubt = doubt.or(supported.or(fast).and(grounded.not()));
        // Motion and timers.
        let motion: L = L::widen_at(view.motion, row);
        let of_motion = |table: &[i32; 8]| is_not_zero(L::table8(table).lookup8(motion));
        let is = |value: u8| motion.equal(L::splat(value.into()));
        let counted: L = L::widen_at(view.motion_ticks, row);
        let timer: L = L::widen_at(view.timer, row);
        let dodge: L = L::widen_at(view.dodge_ticks, row);
        let dodging = is(motion::DODGE);
        doubt = doubt.or(motion.greater(L::splat(motion::MAX.into())));
        doubt = doubt.or(of_motion(&ON_GROUND).and(grounded.not())).or(of_motion(&OFF_GROUND).and(grounded));
        doubt = doubt.or(of_motion(&UNCOUNTED).and(is_not_zero(counted)));
        doubt = doubt.or(dodging.and(counted.greater(pick(&tables.dodge))));
        doubt = doubt.or(is(motion::KNOCKED).and(counted.greater(pick(&tables.knock))));
        doubt = doubt.or(timer.greater(pick(&tables.timer)));
        doubt = doubt.or(dodge.greater(pick(&tables.dodge_rest)).and(dodging.not()));
        let crouch = bits.and(L::splat(flags::CROUCHED.into()));
        doubt.or(crouch.greater(pick(&tables.crouch)))
    }
}

/// All rows of a view of projectiles. Gives the first row that is not fine.
pub(super) struct JudgeProjectiles<'a, F> {
    pub(super) view: &'a ProjectilesView<'a>,
    pub(super) bounds: &'a ImageBounds<'a>,
    /// The judgement on one row.
    pub(super) fine: &'a F,
}

impl<F: Fn(usize) -> bool> LaneTask for JudgeProjectiles<'_, F> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Option<usize> {
        let rows = self.view.len();
        let mut row = 0;
        while row + L::WIDTH <= rows {
            let doubtful = self.doubtful::<L>(row).bits();
            if let Some(row) = first_bad(row, doubtful, self.fine) {
                return Some(row);
            }
            row += L::WIDTH;
        }
        (row..rows).find(|row| !(self.fine)(*row))
    }
}

impl<F> JudgeProjectiles<'_, F> {
    /// The rows of a block that are neither surely fine projectiles nor surely free.
    #[inline(always)]
    fn doubtful<L: Lanes>(&self, row: usize) -> L::Mask {
        let (view, bounds) = (self.view, self.bounds);
        let zero = L::splat(0);
        let at = |column: &[i32]| L::load_at(column, row);
        let (x, y, z) = (at(view.position_x), at(view.position_y), at(view.position_z));
        let (vx, vy, vz) = (at(view.velocity_x), at(view.velocity_y), at(view.velocity_z));
        let owner: L = whole(view.owner_generation, row);
        let (alive, team): (L, L) = (L::widen_at(view.alive, row), L::widen_at(view.team, row));
        // Of all zeros but for the generation.
        let others = whole::<L>(view.owner_slot, row).or(whole(view.end_tick, row)).or(owner).or(team);
        let (arm, combo): (L, L) = (L::widen_at(view.arm, row), L::widen_at(view.combo, row));
        let pierced: L = L::widen_at(view.pierced, row);
        let others = others.or(arm).or(combo).or(pierced).or(whole(view.pierced_slot, row));
        let used = is_not_zero(x.or(y).or(z).or(vx).or(vy).or(vz).or(others).or(alive));
        let mut doubt = is_not_zero(alive.sub(L::splat(1)));
        doubt = doubt.or(whole::<L>(view.generation, row).equal(zero)).or(owner.equal(zero));
        doubt = doubt.or(team.greater(L::splat(i32::from(bounds.teams) - 1)));
        doubt = doubt.or(arm.greater(L::splat(ARMS as i32))).or(combo.greater(L::splat(COMBO_MAX.into())));
        doubt = doubt.or(pierced.greater(L::splat(PIERCE_MAX.into())));
        doubt = doubt.or(beyond(x, bounds.half_extent)).or(beyond(z, bounds.half_extent));
        doubt = doubt.or(outside(y, L::splat(*HEIGHTS.start()), L::splat(*HEIGHTS.end())));
        let speed = bounds.projectile_speed;
        doubt = doubt.or(beyond(vx, speed)).or(beyond(vy, speed)).or(beyond(vz, speed));
        doubt.and(used)
    }
}
