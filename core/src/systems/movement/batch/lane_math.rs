//! The arithmetic of `steer` and `ticks` in lanes, to the same bits.

use super::super::steer::{CHANGE_SHIFT, ROOT_DROP, ROOT_MARGIN, ROOT_START};
use super::super::ticks::{MovementTicks, PerTick, RECIPROCAL_SHIFT};
use crate::numeric::angle::SIN_Q30;
use crate::numeric::lanes::{LaneMask, Lanes};

/// Numbers of 64 bits in the even and in the odd lanes, low halves only, as lanes again.
#[inline(always)]
pub(super) fn woven<L: Lanes>(even: L, odd: L, low: L) -> L {
    even.and(low).or(odd.shift_left64::<32>())
}

/// −1 in the even lanes, 0 in the odd ones.
#[inline(always)]
pub(super) fn even_lanes<L: Lanes>() -> L {
    let odd = L::numbers().and(L::splat(1));
    odd.sub(L::splat(1))
}

/// Sines of angles in 1/65536 turn, Q16: the same polynomial as [`crate::numeric::Brads::sin`].
#[inline(always)]
pub(super) fn sines<L: Lanes>(angle: L) -> L {
    let half_turn = angle.and(L::splat(0x7FFF));
    let quarter = L::splat(1 << 14);
    let arc = L::select(half_turn.greater(quarter), L::splat(0x8000).sub(half_turn), half_turn);
    let t = arc.shift_left::<16>();
    let (t_even, t_odd) = (t, t.shift_right64::<32>());
    let square_even = t_even.mul_even(t_even).shift_right64::<30>();
    let square_odd = t_odd.mul_even(t_odd).shift_right64::<30>();
    let mut even = L::splat(SIN_Q30[5] as i32);
    let mut odd = even;
    let mut power = 5;
    while power > 0 {
        power -= 1;
        let next = L::splat(SIN_Q30[power] as i32);
        even = even.mul_even_signed(square_even).shift_right64::<30>().add(next);
        odd = odd.mul_even_signed(square_odd).shift_right64::<30>().add(next);
    }
    let even = even.mul_even_signed(t_even).shift_right64::<30>();
    let odd = odd.mul_even_signed(t_odd).shift_right64::<30>();
    let size = woven(even, odd, even_lanes::<L>()).add(L::splat(1 << 13)).shift_right::<14>();
    let negative = angle.and(L::splat(0x8000)).greater(L::splat(0));
    L::select(negative, L::splat(0).sub(size), size)
}

/// (axis · factor + 2³¹) / 2³², floor.
#[inline(always)]
pub(super) fn scaled<L: Lanes>(axis: L, factor: L) -> L {
    let low = even_lanes::<L>();
    let half = low.and(L::splat(i32::MIN));
    let even = axis.mul_even_signed(factor).add64(half).shift_right64::<32>();
    let odd = axis.shift_right64::<32>().mul_even_signed(factor.shift_right64::<32>()).add64(half);
    even.or(L::splat(-1).sub(low).and(odd))
}

/// `steer::shortened` in lanes.
#[inline(always)]
pub(super) fn shortened<L: Lanes>(square: L) -> L {
    let x = square.mul(L::splat(33_287)).shift_right::<14>();
    let mut y = L::splat(41_842).sub(x.mul(L::splat(9_624)).shift_right::<15>());
    let mut round = 0;
    while round < 2 {
        let product = x.mul(y.mul(y).shift_right::<15>()).shift_right::<15>();
        y = y.mul(L::splat(98_304).sub(product).shift_right::<1>()).shift_right::<15>();
        round += 1;
    }
    y.sub(L::splat(2))
}

impl MovementTicks {
    /// [`MovementTicks::way`] in lanes, of rules for steps of one tick.
    #[inline(always)]
    pub(in crate::systems) fn ways<L: Lanes>(&self, speed: L) -> L {
        debug_assert_eq!(self.scale(), 1);
        ways(speed, self.per_tick())
    }
}

/// [`PerTick::way`] in lanes.
#[inline(always)]
pub(super) fn ways<L: Lanes>(speed: L, per_tick: &PerTick) -> L {
    let biased = speed.add(L::splat(per_tick.bias));
    let reciprocal = L::splat(per_tick.reciprocal);
    let even = biased.mul_even(reciprocal).shift_right64::<RECIPROCAL_SHIFT>();
    let odd = biased.shift_right64::<32>().mul_even(reciprocal).shift_right64::<RECIPROCAL_SHIFT>();
    even.or(odd.shift_left64::<32>()).sub(L::splat(per_tick.bias_share))
}

/// `steer::inverse_root` in lanes.
#[inline(always)]
fn inverse_root<L: Lanes>(x: L) -> L {
    let part = x.shift_right::<13>();
    let start = L::table8(&ROOT_START).lookup8(part);
    let drop = L::table8(&ROOT_DROP).lookup8(part);
    let mut y = start.sub(x.and(L::splat(0x1FFF)).mul(drop).shift_right::<13>());
    let mut round = 0;
    while round < 2 {
        let product = x.mul(y.mul(y).shift_right::<14>()).shift_right::<15>();
        y = y.mul(L::splat(3 * (1 << 14)).sub(product)).shift_right::<15>();
        round += 1;
    }
    y.sub(L::splat(ROOT_MARGIN))
}

/// A number and the sum of its shifts, shifted by so many bits more where it has more than that above the fifteenth.
#[inline(always)]
fn shortened_by<L: Lanes, const BITS: u32>((number, shift): (L, L), least: i32) -> (L, L) {
    let long = number.greater(L::splat(least - 1));
    let shorter = number.shift_right_logical::<BITS>();
    (L::select(long, shorter, number), shift.add(L::splat(BITS as i32).keep(long)))
}

/// By how much numbers with at most 31 bits are to be shifted so that 15 are left.
#[inline(always)]
fn excess<L: Lanes>(number: L) -> L {
    let start = (number, L::splat(0));
    let start = shortened_by::<L, 8>(start, 1 << 23);
    let start = shortened_by::<L, 4>(start, 1 << 19);
    let start = shortened_by::<L, 2>(start, 1 << 17);
    let start = shortened_by::<L, 1>(start, 1 << 16);
    shortened_by::<L, 1>(start, 1 << 15).1
}

/// `steer::pulled` in lanes, for velocities within the kernel's bound.
#[inline(always)]
pub(super) fn pulled<L: Lanes>(own: [L; 2], wish: [L; 2], pull: L) -> [L; 2] {
    let zero = L::splat(0);
    let change = [wish[0].sub(own[0]), wish[1].sub(own[1])];
    let size = [change[0].abs(), change[1].abs()];
    let far = size[0].add(size[1]).greater(pull);
    if far.none() {
        return wish;
    }
    let long = [size[0].shift_left::<CHANGE_SHIFT>(), size[1].shift_left::<CHANGE_SHIFT>()];
    let shift = excess(long[0].max(long[1]));
    let short = [long[0].shift_right_lanes(shift), long[1].shift_right_lanes(shift)];
    let square = short[0].mul(short[0]).add(short[1].mul(short[1]));
    let root = inverse_root(square.shift_right_logical::<15>().max(L::splat(1 << 13)));
    let twice = pull.shift_left::<1>();
    let mut left = wish;
    let mut axis = 0;
    while axis < 2 {
        let part = scaled(short[axis].mul(root).shift_left::<2>(), twice).min(size[axis]);
        let part = L::select(zero.greater(change[axis]), zero.sub(part), part);
        left[axis] = L::select(far, own[axis].add(part), wish[axis]);
        axis += 1;
    }
    left
}
