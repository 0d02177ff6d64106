//! Constants of the kernel, one set for each kind of body against each other kind.

use super::{BODY_KINDS, NEAR, SeparationRules};
use crate::spatial::contact_grid::PACK_SHIFT;

/// Coefficients of w for e¹ to e⁴ in 1/80, so that all are whole: half of 1/2, 3/8, 5/16, 4/5.
const WEIGHTS: [i64; 4] = [20, 15, 25, 32];
/// What those are divided by; the third has twice the unit.
const WEIGHT_UNITS: [i64; 4] = [80, 80, 160, 80];
/// Bits of w after the point.
const WEIGHT_BITS: u32 = 14;

/// The constants.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    /// The first kind with the same body, for each kind.
    pub(super) same_as: [u8; BODY_KINDS],
    /// Raw radii.
    pub(super) radii: [i32; BODY_KINDS],
    /// Of each kind against each.
    pub(super) against: [Against; BODY_KINDS],
    /// Coefficients of w, relaxation included.
    pub(super) weights: [i16; 4],
    /// What the sum of a row's pushes is multiplied with in all passes but the last, by the number of its contacts (7 and
    /// more are the last), with 15 bits.
    striding: [i32; 8],
    /// As that, in the last pass.
    settling: [i32; 8],
    /// Longest push of a pass, packed.
    pub(super) cap: i32,
}

/// Constants of one kind of body against each.
#[derive(Clone, Debug, Default)]
pub(super) struct Against {
    /// Squares of the sums of the radii, packed.
    pub(super) reach_squared: [i32; BODY_KINDS],
    /// Squares of the distances within which bodies are neighbours, packed.
    pub(super) near_squared: [i32; BODY_KINDS],
    /// Bits that bring a difference of squares to 15 bits ...
    pub(super) shift: [i32; BODY_KINDS],
    /// ... and factors that make e with 14 bits of it, below 1; in the low halves. In the high halves the share of the
    /// overlap that this kind gives way, with 15 bits.
    pub(super) scale_and_share: [i32; BODY_KINDS],
    /// How many pushes can be added without leaving 16 bits.
    pub(super) flush_after: u32,
    /// As that, against its own kind.
    pub(super) flush_after_own: u32,
}

impl Tables {
    pub(super) fn new(rules: &SeparationRules) -> Tables {
        let bodies = &rules.bodies;
        let relaxation = i64::from(rules.relaxation.0);
        let weights = core::array::from_fn(|power| {
            (((WEIGHTS[power] * relaxation) << WEIGHT_BITS >> 16) / WEIGHT_UNITS[power]) as i16
        });
        let same_as = core::array::from_fn(|kind| {
            (0..kind).find(|&other| bodies[other] == bodies[kind]).unwrap_or(kind) as u8
        });
        let against = core::array::from_fn(|kind| {
            let mut against = Against::default();
            let mut largest = 1;
            for other in 0..BODY_KINDS {
                let reach = (bodies[kind].radius.0 >> PACK_SHIFT) + (bodies[other].radius.0 >> PACK_SHIFT);
                let squared = reach * reach;
                // The reach is at least 204: its square has 16 bits or more.
                let shift = squared.ilog2() - 14;
                let scale = ((1 << 29) - (1 << 15)) / (squared >> shift);
                let weight = [kind, other].map(|kind| i64::from(bodies[kind].weight));
                // At most 1 - 2^-15, so that it fits.
                let share = ((weight[1] << 15) / (weight[0] + weight[1])).min(32_767) as i32;
                against.reach_squared[other] = squared;
                against.near_squared[other] = (reach + (NEAR.0 >> PACK_SHIFT)).pow(2);
                against.shift[other] = shift as i32;
                against.scale_and_share[other] = scale | share << 16;
                let push = largest_push(reach, shift, scale as i16, &weights);
                largest = largest.max(2 * push);
                if kind == other {
                    against.flush_after_own = (32_767 / push) as u32;
                }
            }
            against.flush_after = (32_767 / largest) as u32;
            against
        });
        Tables {
            same_as,
            radii: bodies.map(|body| body.radius.0),
            against,
            weights,
            striding: core::array::from_fn(|contacts| damping(relaxation, contacts, STRIDING)),
            settling: core::array::from_fn(|contacts| damping(relaxation, contacts, SETTLING)),
            cap: rules.push_cap.0 >> PACK_SHIFT,
        }
    }

    /// What the sum of a row's pushes is multiplied with in a pass, by the number of its contacts.
    #[inline(always)]
    pub(super) fn damping(&self, is_last: bool) -> &[i32; 8] {
        if is_last { &self.settling } else { &self.striding }
    }

    /// The smallest radius that seven eighths of the rows do not exceed.
    pub(super) fn fine_radius(&self, counts: &[u32; BODY_KINDS]) -> i32 {
        let total: u32 = counts.iter().sum();
        let up_to = |radius: i32| -> u32 {
            counts.iter().zip(self.radii).filter(|(_, other)| *other <= radius).map(|(count, _)| count).sum()
        };
        let enough = self.radii.iter().filter(|radius| up_to(**radius) >= total - total / 8);
        enough.min().copied().unwrap_or(self.radii[0])
    }
}

/// How much of each overlap a row makes up for in a pass at most, both its own half and the other's: raw Q16.16, as
/// `relaxation` is.
#[derive(Clone, Copy)]
struct Bounds {
    /// With one contact.
    one: i64,
    /// With n contacts, up to four, the nth part of this.
    few: i64,
    /// With n contacts, five and more, the nth part of this.
    many: i64,
}

/// Bounds of all passes but the last.
///
/// A pass is one step of Jacobi's method: n springs have a largest eigenvalue of about n, so repeating a share of more
/// than 4/n makes a crowd oscillate. A few passes that overshoot a little, where contacts are few, and one that takes
/// the overshoot back leave less than as many passes of one size: the idea of Chebyshev's semi-iteration (Golub and
/// Varga 1961; for positions Wang 2015). Those in a jam, with five contacts and more, do not overshoot: they would not
/// come to rest.
const STRIDING: Bounds = Bounds { one: 2 << 16, few: tenths(38), many: tenths(28) };

/// Bounds of the last pass: a pair is not pushed farther apart than to touch.
const SETTLING: Bounds = Bounds { one: 1 << 16, few: tenths(25), many: tenths(25) };

/// So many tenths, raw Q16.16.
const fn tenths(count: i64) -> i64 {
    count * (1 << 16) / 10
}

/// What the pushes of so many contacts are multiplied with to keep the bounds, with 15 bits, below 1.
fn damping(relaxation: i64, contacts: usize, bounds: Bounds) -> i32 {
    // The last entry serves all larger numbers; more than nine are rare.
    let contacts = if contacts < 7 { contacts.max(1) } else { 9 } as i64;
    let together = if contacts < 5 { bounds.few } else { bounds.many };
    let most = bounds.one.min(together / contacts);
    if relaxation <= most { 32_767 } else { ((most << 15) / relaxation) as i32 }
}

/// [`crate::numeric::lanes::Lanes::mul_round16`] of one half.
fn mul_round(a: i32, b: i32) -> i32 {
    (a * b + 0x4000) >> 15
}

/// w of a difference of squares, as the kernel computes it.
pub(super) fn weight(left: i32, shift: u32, scale: i16, weights: &[i16; 4]) -> i32 {
    let e = 2 * mul_round(left >> shift, i32::from(scale));
    let [w1, w2, w3, w4] = weights.map(i32::from);
    let w = mul_round(e, w4) + w3;
    let w = mul_round(e, w) + w2;
    let w = mul_round(e, w) + w1;
    mul_round(e, w)
}

/// The longest push that any distance gives, along either axis, at least 1.
fn largest_push(reach: i32, shift: u32, scale: i16, weights: &[i16; 4]) -> i32 {
    let push = |distance: i32| {
        let left = reach * reach - distance * distance;
        mul_round(2 * distance, weight(left, shift, scale, weights)) + 1
    };
    (1..=reach).map(push).max().unwrap_or(1).max(1)
}
