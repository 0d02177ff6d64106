//! What an input asks for, and how a velocity follows it.

use super::ticks::{ClassTicks, MovementTicks, SPEED_BOUND, factor};
use crate::numeric::fixed::div_floor;
use crate::numeric::{Brads, Fx, MetresPerSecond, Velocity};
use crate::state::characters::{flags, motion};
use crate::state::commands::{CharacterInput, buttons};

/// What status effects and exhaustion leave of an input. `slow` is the share of a wish to move that is left of somebody
/// who is slowed down, in 1/256.
#[inline]
pub(super) fn afflicted(input: CharacterInput, bits: u16, slow: i32) -> CharacterInput {
    if bits & (flags::AFFLICTED | flags::EXHAUSTED) == 0 {
        return input;
    }
    let mut input = input;
    if bits & flags::SLOWED != 0 {
        let slowed = |axis: i8| ((i32::from(axis) * slow) >> 8) as i8;
        (input.move_right, input.move_forward) = (slowed(input.move_right), slowed(input.move_forward));
    }
    if bits & (flags::ROOTED | flags::STUNNED) != 0 {
        (input.move_right, input.move_forward) = (0, 0);
    }
    input.buttons &= !denied(bits);
    input
}

/// The buttons that do nothing with these flags.
#[inline]
const fn denied(bits: u16) -> u16 {
    let mut denied = 0;
    if bits & flags::EXHAUSTED != 0 {
        denied |= buttons::SPRINT | buttons::DODGE;
    }
    if bits & flags::ROOTED != 0 {
        denied |= buttons::JUMP | buttons::DODGE;
    }
    if bits & flags::STUNNED != 0 {
        denied = buttons::ALL;
    }
    denied
}

/// Square of the full deflection of one axis.
pub(super) const FULL_SQUARED: i32 = 127 * 127;

/// Whether the input asks to stand.
pub(super) const fn idle(input: CharacterInput) -> bool {
    input.move_right == 0 && input.move_forward == 0
}

/// Whether the way asked for is more forwards than sideways: the only way to sprint.
pub(super) const fn ahead(input: CharacterInput) -> bool {
    input.move_forward > 0 && input.move_forward >= input.move_right.saturating_abs()
}

/// 127 divided by the length of a deflection, in Q15, for squares of lengths from 127² to twice that: never too long.
///
/// A line through the inverse square root and two steps of Newton; plain 32-bit products, so that lanes compute the same.
/// The relative error is below 2⁻¹³.
#[inline]
pub(super) fn shortened(square: i32) -> i32 {
    // The square over 127² in Q15: 2^29 / 127² = 33,286.6.
    let x = (square * 33_287) >> 14;
    let mut y = 41_842 - ((x * 9_624) >> 15);
    let mut round = 0;
    while round < 2 {
        let product = (x * ((y * y) >> 15)) >> 15;
        y = (y * ((98_304 - product) >> 1)) >> 15;
        round += 1;
    }
    y - 2
}

/// The velocity an input asks for: its two axes turned by the yaw, never longer than the speed behind the factor
/// ([`factor`]) but for the rounding to the nearest raw unit.
#[inline]
pub(super) fn wish(input: CharacterInput, factor: i32) -> (i32, i32) {
    if idle(input) {
        return (0, 0);
    }
    let (right, forward) = (i32::from(input.move_right), i32::from(input.move_forward));
    let square = right * right + forward * forward;
    let factor = if square > FULL_SQUARED {
        ((i64::from(factor) * i64::from(shortened(square))) >> 15) as i32
    } else {
        factor
    };
    let (forward_x, forward_z) = input.yaw.forward();
    // The right hand is the look turned by a quarter: no second sine and cosine. Q16 times 127 and 127 again: 2^24.
    let x = -forward_z.0 * right + forward_x.0 * forward;
    let z = forward_x.0 * right + forward_z.0 * forward;
    let scaled = |axis: i32| ((i64::from(axis) * i64::from(factor) + (1 << 31)) >> 32) as i32;
    (scaled(x), scaled(z))
}

/// Bits that a change of velocity is shifted up by before it is brought to 15 bits: it has at most 27 of its own.
pub(super) const CHANGE_SHIFT: u32 = 4;

/// 1 / √x in Q14 for x in Q15 at the eighths from 1/4 to 7/4, first entry unused; and how much less it is at the next.
pub(super) const ROOT_START: [i32; 8] = [32_768, 32_768, 23_170, 18_919, 16_384, 14_654, 13_377, 12_385];
pub(super) const ROOT_DROP: [i32; 8] = [0, 9_598, 4_251, 2_535, 1_730, 1_277, 992, 800];

/// What the inverse root is made smaller by, so that no rounding makes a direction longer than one.
pub(super) const ROOT_MARGIN: i32 = 4;

/// 1 / √x in Q14 for x in Q15, from 1/4 to just below 2: never too large, and short by less than one part in 1,000.
///
/// A line in each quarter and two steps of Newton; plain 32-bit products, so that lanes compute the same.
#[inline]
pub(super) fn inverse_root(x: i32) -> i32 {
    let part = ((x >> 13) & 7) as usize;
    let mut y = ROOT_START[part] - (((x & 0x1FFF) * ROOT_DROP[part]) >> 13);
    let mut round = 0;
    while round < 2 {
        let product = (x * ((y * y) >> 14)) >> 15;
        y = (y * (3 * (1 << 14) - product)) >> 15;
        round += 1;
    }
    y - ROOT_MARGIN
}

/// The horizontal velocity after a step of pulling it towards a wish by at most `pull`.
///
/// The change keeps its direction and is `pull` long, never longer but for the rounding, and short by less than one part in
/// 1,000 (for changes of less than 1/64 m/s up to half of it); it never leads beyond the wish.
#[inline]
fn pulled(velocity: &Velocity, (wish_x, wish_z): (i32, i32), pull: i32) -> (i32, i32) {
    let (x, z) = (velocity.x.0, velocity.z.0);
    let (change_x, change_z) = (wish_x - x, wish_z - z);
    let (size_x, size_z) = (change_x.abs(), change_z.abs());
    // The common case: it is there already, or nearer than a pull by the longer norm.
    if size_x + size_z <= pull {
        return (wish_x, wish_z);
    }
    let (long_x, long_z) = (size_x << CHANGE_SHIFT, size_z << CHANGE_SHIFT);
    let bits = u32::BITS - long_x.max(long_z).leading_zeros();
    let shift = bits.saturating_sub(15);
    let (short_x, short_z) = (long_x >> shift, long_z >> shift);
    let root = inverse_root(((short_x * short_x + short_z * short_z) >> 15).max(1 << 13));
    // Parts of the direction in Q29.
    let part = |short: i32, size: i32, change: i32| {
        let part = (i64::from((short * root) << 2) * i64::from(pull << 1) + (1 << 31)) >> 32;
        let part = (part as i32).min(size);
        if change < 0 { -part } else { part }
    };
    (x + part(short_x, size_x, change_x), z + part(short_z, size_z, change_z))
}

/// Holds every component within the kernel's bound: only impulses and foreign states can exceed it.
#[inline]
pub(super) fn limit_speed(velocity: Velocity) -> Velocity {
    let limit = |part: MetresPerSecond| MetresPerSecond(part.0.clamp(-SPEED_BOUND, SPEED_BOUND));
    Velocity { x: limit(velocity.x), y: limit(velocity.y), z: limit(velocity.z) }
}

/// What a velocity is computed from.
#[derive(Clone, Copy)]
pub(super) struct Steering<'a> {
    pub class: &'a ClassTicks,
    pub movement: &'a MovementTicks,
    pub input: CharacterInput,
    pub sprinting: bool,
    pub crouched: bool,
}

impl Steering<'_> {
    /// On the ground.
    #[inline]
    pub fn on_ground(&self, velocity: &Velocity) -> (i32, i32) {
        let class = self.class;
        let pull = if idle(self.input) { class.friction_pull } else { class.ground_pull };
        let factor = match (self.sprinting, self.crouched) {
            (true, _) => class.sprint_factor,
            (false, false) => class.walk_factor,
            (false, true) => factor(class.crouch),
        };
        pulled(velocity, wish(self.input, factor), pull)
    }

    /// In the air an idle input keeps the momentum.
    pub fn in_air(&self, velocity: &Velocity) -> (i32, i32) {
        if idle(self.input) {
            return (velocity.x.0, velocity.z.0);
        }
        pulled(velocity, wish(self.input, self.class.walk_factor), self.class.air_pull)
    }

    /// In the water.
    pub fn in_water(&self, velocity: &Velocity) -> (i32, i32) {
        pulled(velocity, wish(self.input, factor(self.class.swim)), self.class.swim_pull)
    }

    /// Thrown onto the ground: it only slows down.
    pub fn thrown(&self, velocity: &Velocity) -> (i32, i32) {
        pulled(velocity, (0, 0), self.class.air_pull)
    }

    /// Down a slope: gravity along it, g sin cos, and what control the air leaves.
    ///
    /// `slope` is the rise along x and z, Q16. The horizontal part of gravity along a surface with the gradient s is
    /// g s / (1 + s²).
    pub fn down_slope(&self, velocity: &Velocity, slope: (Fx, Fx)) -> (i32, i32) {
        let (x, z) = self.in_air(velocity);
        let (slope_x, slope_z) = (i64::from(slope.0.0), i64::from(slope.1.0));
        // Gradients of heightfields stay below 2^31: the sum of their squares in Q16 fits.
        let squared = ((slope_x * slope_x) >> 16) + ((slope_z * slope_z) >> 16);
        let pulled_by = |slope: i64| {
            let down = -slope.clamp(-(1 << 24), 1 << 24) * i64::from(self.class.gravity);
            div_floor(down, 65_536 + squared)
        };
        let limit = i64::from(SPEED_BOUND.min(self.class.fall_speed_max));
        let along = |speed: i32, pull: i64| (i64::from(speed) + pull).clamp(-limit, limit) as i32;
        (along(x, pulled_by(slope_x)), along(z, pulled_by(slope_z)))
    }

    /// By root motion: the speed that covers this step's share of a dodge in the direction `yaw`.
    pub fn dodging(&self, yaw: Brads, ticks: u16) -> (i32, i32) {
        let (class, scale) = (self.class, self.movement.scale());
        let covered = |ticks| i64::from(class.dodge_motion.covered(ticks, class.dodge));
        let share = covered(ticks.saturating_add(scale)) - covered(ticks);
        let way = (i64::from(class.dodge_distance) * share) >> 16;
        let speed = way * i64::from(self.movement.tick_hz()) / i64::from(scale);
        let speed = speed.clamp(0, i64::from(SPEED_BOUND)) as i32;
        let (x, z) = yaw.forward();
        (x.scale(speed), z.scale(speed))
    }

    /// The vertical velocity while falling.
    #[inline]
    pub fn falling(&self, velocity: &Velocity) -> i32 {
        velocity.y.0.saturating_sub(self.class.gravity).max(-self.class.fall_speed_max)
    }

    /// The vertical velocity in the water: towards the line where the body floats, a quarter of the way in a second's
    /// sixteenth, or down while crouching.
    pub fn floating(&self, velocity: &Velocity, below_line: i32, diving: bool) -> i32 {
        let class = self.class;
        let wanted = if diving {
            -class.swim_rise
        } else {
            below_line.saturating_mul(4).clamp(-class.swim_rise, class.swim_rise)
        };
        let change = wanted.saturating_sub(velocity.y.0).clamp(-class.swim_pull, class.swim_pull);
        velocity.y.0.saturating_add(change)
    }
}

/// The direction of a dodge: that of the move, or backwards when there is none.
pub(super) fn dodge_direction(input: CharacterInput) -> Brads {
    if idle(input) {
        return input.yaw + Brads::HALF;
    }
    // Forward is along the yaw, right a quarter turn clockwise of it.
    let turn = Brads::atan2(-i32::from(input.move_right), i32::from(input.move_forward));
    input.yaw + turn
}

/// Whether a motion counts its ticks.
pub(super) const fn counts_ticks(value: u8) -> bool {
    matches!(value, motion::JUMP | motion::FALL | motion::DODGE | motion::KNOCKED)
}
