//! What the rows of a block want: what their buttons begin, and their velocity.

use super::super::steer::FULL_SQUARED;
use super::super::ticks::SPEED_BOUND;
use super::columns::Narrow;
use super::lane_math::{even_lanes, pulled, scaled, shortened, sines, woven};
use super::tables::Tables;
use crate::numeric::lanes::{LaneMask, Lanes};
use crate::state::characters::{CharacterRows, flags, motion};
use crate::state::commands::buttons;

/// Which rows carry a bit.
#[inline(always)]
pub(super) fn having<L: Lanes>(bits: L, bit: u16) -> L::Mask {
    bits.and(L::splat(bit.into())).greater(L::splat(0))
}

/// What the buttons begin.
pub(super) struct Begun<L: Lanes> {
    pub alive: L::Mask,
    /// Rows of which lanes know all that can happen: alive, walking, in the air or thrown, on nothing but the terrain.
    pub usual: L::Mask,
    /// Those that walk in this step.
    pub walking: L::Mask,
    /// Those that are in the air already, and not thrown there.
    pub airborne: L::Mask,
    /// Those that are thrown: some slide on the ground, the others fly.
    pub knocked: L::Mask,
    pub slides: L::Mask,
    pub crouched: L::Mask,
    pub sprinting: L::Mask,
    pub flags: L,
    pub motion: L,
    pub motion_ticks: L,
    pub timer: L,
}

impl<L: Lanes> Begun<L> {
    /// `motions::begin` and the stances.
    #[inline(always)]
    pub fn new(narrow: &Narrow<L>, tables: &Tables) -> Self {
        let zero = L::splat(0);
        let is = |value: u8| narrow.motion.equal(L::splat(value.into()));
        let grounded = having(narrow.flags, flags::GROUNDED);
        let on_ground = is(motion::GROUND).and(grounded);
        let falls = is(motion::FALL);
        let in_air = is(motion::JUMP).or(falls).and(grounded.not());
        let dodges = having(narrow.buttons, buttons::DODGE).and(on_ground);
        let alive = having(narrow.flags, flags::ALIVE);
        let knocked = is(motion::KNOCKED);
        let known = on_ground.or(in_air).or(knocked);
        let usual = alive.and(narrow.support.equal(zero)).and(known).and(dodges.not());

        let pressed = having(narrow.buttons, buttons::JUMP);
        let wanted = pressed.or(having(narrow.flags, flags::JUMP_QUEUED));
        let rested = narrow.timer.equal(zero);
        let jumps = tables.pick(&tables.jump_speed, narrow.class).greater(zero);
        let buffer = tables.pick(&tables.jump_buffer, narrow.class);
        let late = tables.pick(&tables.coyote, narrow.class).greater(narrow.motion_ticks);
        let jumping = on_ground.and(wanted).and(rested).or(falls.and(pressed).and(late)).and(jumps);
        let waits = on_ground.and(pressed).and(jumps).and(rested.not());
        let queues = waits.and(narrow.timer.greater(buffer).not());
        let airborne = in_air.and(jumping.not());
        let walking = on_ground.and(jumping.not());

        // One more: this step counts it down.
        let remembered = buffer.add(L::splat(1)).min(L::splat(u16::MAX.into()));
        let timer = L::select(airborne.and(pressed), remembered, narrow.timer);
        let left = narrow.flags.and(L::splat(i32::from(!(flags::JUMP_QUEUED | flags::GROUNDED))));
        let queued = narrow.flags.or(L::splat(flags::JUMP_QUEUED.into()).keep(queues));

        let crouches = having(tables.pick(&tables.kind, narrow.class), Tables::CROUCHES);
        let crouched = crouches.and(having(narrow.buttons, buttons::CROUCH));
        let aside = narrow.right.abs().greater(narrow.forward);
        let ahead = narrow.forward.greater(zero).and(aside.not());
        let sprinting = walking.and(crouched.not()).and(ahead).and(having(narrow.buttons, buttons::SPRINT));
        Self {
            alive,
            usual,
            walking,
            airborne,
            knocked,
            slides: knocked.and(grounded),
            crouched,
            sprinting,
            flags: L::select(jumping, left, queued),
            motion: L::select(jumping, L::splat(motion::JUMP.into()), narrow.motion),
            motion_ticks: narrow.motion_ticks.keep(jumping.not()),
            timer: timer.keep(jumping.not()),
        }
    }
}

/// The velocity of the step: `steer::on_ground`, `steer::in_air`, `steer::falling`, `steer::thrown`.
#[inline(always)]
pub(super) fn velocity<L: Lanes>(
    rows: &CharacterRows<'_>,
    at: usize,
    narrow: &Narrow<L>,
    begun: &Begun<L>,
    tables: &Tables,
) -> [L; 3] {
    let zero = L::splat(0);
    let (right, forward, class) = (narrow.right, narrow.forward, narrow.class);
    let (walk, sprint) = (tables.pick(&tables.walk_factor, class), tables.pick(&tables.sprint_factor, class));
    let slow = tables.pick(&tables.crouch_factor, class);
    let factor = L::select(begun.sprinting, sprint, walk);
    let mut factor = L::select(begun.crouched.and(begun.airborne.not()), slow, factor);
    let square = right.mul(right).add(forward.mul(forward));
    let long = square.greater(L::splat(FULL_SQUARED));
    if long.any() {
        let share = shortened(square);
        let even = factor.mul_even(share).shift_right64::<15>();
        let odd = factor.shift_right64::<32>().mul_even(share.shift_right64::<32>()).shift_right64::<15>();
        factor = L::select(long, woven(even, odd, even_lanes::<L>()), factor);
    }
    let (sine, cosine) = (sines(narrow.yaw), sines(narrow.yaw.add(L::splat(1 << 14)).and(L::splat(0xFFFF))));
    let (ahead_x, ahead_z) = (zero.sub(sine), zero.sub(cosine));
    let axis_x = ahead_x.mul(forward).sub(ahead_z.mul(right));
    let axis_z = ahead_x.mul(right).add(ahead_z.mul(forward));
    let wish = [scaled(axis_x, factor), scaled(axis_z, factor)];

    let bound = L::splat(SPEED_BOUND);
    let limit = |speed: L| speed.min(bound).max(zero.sub(bound));
    let own = [limit(L::load_at(rows.velocity_x, at)), limit(L::load_at(rows.velocity_z, at))];
    let idle = square.equal(zero);
    let ground =
        L::select(idle, tables.pick(&tables.friction_pull, class), tables.pick(&tables.ground_pull, class));
    let pull = L::select(begun.airborne.or(begun.slides), tables.pick(&tables.air_pull, class), ground);
    let sails = begun.knocked.and(begun.slides.not());
    let drifts = begun.airborne.and(idle).or(sails);
    let wish = [L::select(drifts, own[0], wish[0]), L::select(drifts, own[1], wish[1])];
    let wish = [wish[0].keep(begun.slides.not()), wish[1].keep(begun.slides.not())];
    let [x, z] = pulled(own, wish, pull);

    let own_y = limit(L::load_at(rows.velocity_y, at));
    let slowest = zero.sub(tables.pick(&tables.fall_speed_max, class));
    let falling = own_y.sub(tables.pick(&tables.gravity, class)).max(slowest);
    let risen = L::select(begun.airborne.or(sails), falling, tables.pick(&tables.jump_speed, class));
    [x, risen.keep(begun.walking.or(begun.slides).not()), z]
}
