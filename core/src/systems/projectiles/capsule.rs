//! A point in flight against an upright capsule.

use crate::numeric::fixed::{ONE, isqrt_u64};
use crate::numeric::{Metres, Position};

/// Where a point that flies straight first touches an upright capsule, as a fraction of the way in 0..=65536.
///
/// The capsule stands with its feet at `feet`: a cylinder between two balls of the same radius, `height` over all. A
/// start inside gives 0. The test works in units of 1/4096 m: a contact is no more than 1 mm off.
///
/// The way is at most [`crate::limits::SWEEP_MAX_M`] along each axis, and the feet no farther from it than that.
#[must_use]
pub(crate) fn sweep_capsule(
    from: Position,
    to: Position,
    feet: Position,
    radius: Metres,
    height: Metres,
) -> Option<i32> {
    let (lowest, highest) = (from.y.min(to.y), from.y.max(to.y));
    if highest < feet.y || lowest > feet.y.saturating_add(height) {
        return None;
    }
    let way = [to.x.0, to.y.0, to.z.0].map(i64::from);
    let start = [from.x.0, from.y.0, from.z.0].map(i64::from);
    let base = [feet.x.0, feet.y.0, feet.z.0].map(i64::from);
    let d = [0, 1, 2].map(|axis| way[axis] - start[axis]);
    let f = [0, 1, 2].map(|axis| start[axis] - base[axis]);
    let (d, f) = (d.map(reduce), f.map(reduce));
    let (r, h) = (reduce(i64::from(radius.0)), reduce(i64::from(height.0)));
    let (low, high) = (r.min(h / 2), (h - r).max(h / 2));

    // Who passes beside the circle passes beside all of it.
    let (in_circle, out_circle) = span_in_circle([d[0], d[2]], [f[0], f[2]], r)?;
    // The cylinder between the centres of the two balls: inside the circle and inside the slab at the same time.
    let (in_slab, out_slab) = span_in_slab(d[1], f[1], low, high).unwrap_or((i64::MAX, i64::MIN));
    let (first, last) = (in_circle.max(in_slab), out_circle.min(out_slab));
    let ball = |centre: i64| span_in_circle(d, [f[0], f[1] - centre, f[2]], r).map(|(first, _)| first);
    let first = if first <= last && first == in_circle {
        // Through its side: nothing of it is met earlier.
        first
    } else {
        let cylinder = (first <= last).then_some(first);
        [cylinder, ball(low), ball(high)].into_iter().flatten().min()?
    };
    i32::try_from(first).ok()
}

/// Raw units to those of the test, to the nearest.
const fn reduce(raw: i64) -> i64 {
    const SHIFT: u32 = 4;
    (raw + (1 << (SHIFT - 1))) >> SHIFT
}

/// The part of the way, in 1/65536, that is within `r` of the origin: in a plane or in space.
fn span_in_circle<const AXES: usize>(d: [i64; AXES], f: [i64; AXES], r: i64) -> Option<(i64, i64)> {
    const WHOLE: i64 = ONE as i64;
    let dot = |a: &[i64; AXES], b: &[i64; AXES]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
    let (a, b, c) = (dot(&d, &d), dot(&f, &d), dot(&f, &f) - r * r);
    if a == 0 {
        return (c <= 0).then_some((0, WHOLE));
    }
    // |f + t d|^2 = r^2; with ways up to 64 m the products have up to 78 bits.
    let wide = |a: i64, b: i64| i128::from(a) * i128::from(b);
    let discriminant = u128::try_from(wide(b, b) - wide(a, c)).ok()?;
    let root = root_of(discriminant);
    let (first, last) = (((-b - root) << 16).div_euclid(a), ((-b + root) << 16).div_euclid(a));
    (last >= 0 && first <= WHOLE).then_some((first.max(0), last.min(WHOLE)))
}

/// The square root of a number of up to 124 bits, rounded down to 31 bits at the least.
fn root_of(square: u128) -> i64 {
    let bits = u128::BITS - square.leading_zeros();
    let half = bits.saturating_sub(62).div_ceil(2);
    (isqrt_u64((square >> (2 * half)) as u64) << half).cast_signed()
}

/// The part of the way, in 1/65536, between two heights.
fn span_in_slab(d: i64, f: i64, low: i64, high: i64) -> Option<(i64, i64)> {
    const WHOLE: i64 = ONE as i64;
    if d == 0 {
        return (low..=high).contains(&f).then_some((0, WHOLE));
    }
    let (at_low, at_high) = (((low - f) << 16).div_euclid(d), ((high - f) << 16).div_euclid(d));
    let (first, last) = (at_low.min(at_high), at_low.max(at_high));
    (last >= 0 && first <= WHOLE).then_some((first.max(0), last.min(WHOLE)))
}
