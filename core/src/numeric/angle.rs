//! Binary angles: a full turn is 65536 brads, so that wrapping is free and exact.
//!
//! Largest errors, tested over the whole domain against `f64`: sine and cosine 0.51 units of 1/65536 (all 65536
//! angles); `atan2` 0.51 brads (0.0028 degrees).

use super::fixed::{FRACTION_BITS, Fx};
use super::units::Metres;
use bytemuck::{Pod, Zeroable};
use core::fmt;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// An angle in brads: 65536 = one full turn. Arithmetic wraps, as angles do.
///
/// As a yaw: 0 looks north (along −z), growing counter-clockwise as seen from above, so a quarter turn looks west.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Brads(pub u16);

/// Taylor series of `sin(t * pi/2)` in t, odd powers 1 to 11, in Q30; the next term is at most 5.7e-8.
pub(crate) const SIN_Q30: [i64; 6] = [1_686_629_713, -693_598_668, 85_569_306, -5_026_995, 172_272, -3_864];

/// `atan(r)/r` for 0 <= r <= 1 as a polynomial in r², Q30: Abramowitz and Stegun, Handbook of Mathematical Functions,
/// formula 4.4.49, error of the angle at most 2e-8.
const ATAN_Q30: [i64; 9] = [
    1 << 30,
    -357_911_922,
    214_679_118,
    -152_566_896,
    114_420_763,
    -80_841_635,
    46_073_847,
    -17_357_828,
    3_077_586,
];

/// Brads per radian, Q16: 65536 / (2 pi) * 2^16.
const BRADS_PER_RADIAN_Q16: i64 = 683_565_276;

const QUARTER: u16 = 1 << 14;

impl Brads {
    /// No turn.
    pub const ZERO: Brads = Brads(0);
    /// A quarter turn to the left.
    pub const QUARTER: Brads = Brads(QUARTER);
    /// Half a turn.
    pub const HALF: Brads = Brads(1 << 15);

    /// Wraps a raw value.
    #[must_use]
    pub const fn from_raw(raw: u16) -> Brads {
        Brads(raw)
    }

    /// The raw value.
    #[must_use]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Whole degrees, any sign, any number of turns; rounded to the nearest brad.
    #[must_use]
    pub const fn from_degrees(degrees: i32) -> Brads {
        let degrees = degrees.rem_euclid(360);
        Brads(((degrees * 65536 + 180) / 360) as u16)
    }

    /// The angle as a signed value in −32768..=32767 (−180° to just below +180°).
    #[must_use]
    pub const fn signed(self) -> i16 {
        self.0 as i16
    }

    /// The shorter way between two directions, 0..=32768 brads.
    #[must_use]
    pub const fn distance(self, other: Brads) -> u16 {
        (self.0.wrapping_sub(other.0) as i16).unsigned_abs()
    }

    /// Sine in Q16.16, −65536..=65536; exact at the quarter turns, and exactly odd.
    #[must_use]
    pub const fn sin(self) -> Fx {
        let half_turn = self.0 & 0x7fff;
        let arc = if half_turn > QUARTER { 0x8000 - half_turn } else { half_turn };
        let t = (arc as i64) << (30 - 14);
        let square = (t * t) >> 30;
        let mut sum = SIN_Q30[5];
        let mut power = 5;
        while power > 0 {
            power -= 1;
            sum = ((sum * square) >> 30) + SIN_Q30[power];
        }
        let round = 1i64 << (30 - FRACTION_BITS - 1);
        let sine = (((sum * t) >> 30) + round) >> (30 - FRACTION_BITS);
        Fx(if self.0 & 0x8000 != 0 { -(sine as i32) } else { sine as i32 })
    }

    /// Cosine in Q16.16, −65536..=65536; exact at the quarter turns, and exactly even.
    #[must_use]
    pub const fn cos(self) -> Fx {
        Brads(self.0.wrapping_add(QUARTER)).sin()
    }

    /// The angle of the vector (x, y) against the x axis, growing toward +y; any common scale. `atan2(0, 0)` is 0.
    #[must_use]
    pub const fn atan2(y: i32, x: i32) -> Brads {
        let (ax, ay) = (x.unsigned_abs() as u64, y.unsigned_abs() as u64);
        if ax == 0 && ay == 0 {
            return Brads(0);
        }
        let steep = ay > ax;
        let (low, high) = if steep { (ax, ay) } else { (ay, ax) };
        let ratio = ((low << 30) / high) as i64;
        let square = (ratio * ratio) >> 30;
        let mut sum = ATAN_Q30[8];
        let mut power = 8;
        while power > 0 {
            power -= 1;
            sum = ((sum * square) >> 30) + ATAN_Q30[power];
        }
        let radians = (sum * ratio) >> 30;
        let arc = ((radians * BRADS_PER_RADIAN_Q16 + (1 << 45)) >> 46) as u16;
        let arc = if steep { QUARTER - arc } else { arc };
        let arc = if x < 0 { 0x8000 - arc } else { arc };
        Brads(if y < 0 { arc.wrapping_neg() } else { arc })
    }

    /// The yaw that looks along the horizontal way (dx, dz); 0 for no way at all.
    #[must_use]
    pub fn yaw_of(dx: Metres, dz: Metres) -> Brads {
        if dx.0 == 0 && dz.0 == 0 {
            return Brads(0);
        }
        Brads::atan2(dx.0.saturating_neg(), dz.0.saturating_neg())
    }

    /// Read as a yaw: the unit vector it looks along, as (x, z) = (−sin, −cos).
    #[must_use]
    pub fn forward(self) -> (Fx, Fx) {
        (-self.sin(), -self.cos())
    }

    /// Read as a yaw: the unit vector to the right hand, as (x, z) = (cos, −sin).
    #[must_use]
    pub fn right(self) -> (Fx, Fx) {
        (self.cos(), -self.sin())
    }

    /// In degrees, 0 to just below 360; for drawing and printing only.
    #[must_use]
    pub fn to_degrees_f32_lossy(self) -> f32 {
        f32::from(self.0) * (360.0 / 65536.0)
    }

    /// In radians, −pi to just below pi; for drawing and printing only.
    #[must_use]
    pub fn to_radians_f32_lossy(self) -> f32 {
        f32::from(self.signed()) * (core::f32::consts::TAU / 65536.0)
    }

    /// From radians of the outside world, any number of turns up to ±32768, truncated; NaN gives 0.
    #[must_use]
    pub fn from_radians_f32_lossy(radians: f32) -> Brads {
        Brads((f64::from(radians) * (65536.0 / core::f64::consts::TAU)) as i64 as u16)
    }
}

impl Add for Brads {
    type Output = Brads;
    fn add(self, other: Brads) -> Brads {
        Brads(self.0.wrapping_add(other.0))
    }
}

impl Sub for Brads {
    type Output = Brads;
    fn sub(self, other: Brads) -> Brads {
        Brads(self.0.wrapping_sub(other.0))
    }
}

impl Neg for Brads {
    type Output = Brads;
    fn neg(self) -> Brads {
        Brads(self.0.wrapping_neg())
    }
}

impl AddAssign for Brads {
    fn add_assign(&mut self, other: Brads) {
        *self = *self + other;
    }
}

impl SubAssign for Brads {
    fn sub_assign(&mut self, other: Brads) {
        *self = *self - other;
    }
}

impl fmt::Display for Brads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (u32::from(self.0) * 36_000 + 32_768) >> 16;
        write!(f, "{}.{:02}°", hundredths / 100, hundredths % 100)
    }
}

impl fmt::Debug for Brads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} brads", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn radians(angle: u16) -> f64 {
        f64::from(angle) * (core::f64::consts::TAU / 65536.0)
    }

    #[test]
    fn sine_and_cosine_stay_within_their_stated_error() {
        let mut worst = 0.0f64;
        for raw in 0..=u16::MAX {
            let sine = f64::from(Brads(raw).sin().0) - radians(raw).sin() * 65536.0;
            let cosine = f64::from(Brads(raw).cos().0) - radians(raw).cos() * 65536.0;
            worst = worst.max(sine.abs()).max(cosine.abs());
        }
        assert!(worst <= 0.51, "largest error {worst} units of 1/65536");
    }

    #[test]
    fn sine_is_exact_at_the_quarters_and_odd_and_cosine_even() {
        let quarter = |n: u16| Brads(n << 14);
        assert_eq!([0, 1, 2, 3].map(|n| quarter(n).sin().0), [0, 65536, 0, -65536]);
        assert_eq!([0, 1, 2, 3].map(|n| quarter(n).cos().0), [65536, 0, -65536, 0]);
        for raw in 0..=u16::MAX {
            assert_eq!(Brads(raw).sin(), -(-Brads(raw)).sin());
            assert_eq!(Brads(raw).cos(), (-Brads(raw)).cos());
        }
    }

    fn atan2_error(y: i32, x: i32) -> f64 {
        let exact = f64::from(y).atan2(f64::from(x)) * (65536.0 / core::f64::consts::TAU);
        let error = f64::from(Brads::atan2(y, x).0) - exact;
        (error + 32768.0).rem_euclid(65536.0) - 32768.0
    }

    #[test]
    fn atan2_stays_within_its_stated_error_on_every_ray() {
        // The result depends on the octant and the ratio only: a million ratios in each octant, and the corners.
        let mut worst = 0.0f64;
        for step in 0..=(1 << 17) {
            let (a, b) = (step << 13, 1 << 30);
            for (y, x) in [(a, b), (b, a), (a, -b), (b, -a), (-a, b), (-b, a), (-a, -b), (-b, -a)] {
                worst = worst.max(atan2_error(y, x).abs());
            }
        }
        for y in [i32::MIN, i32::MIN + 1, -2, -1, 0, 1, 2, i32::MAX] {
            for x in [i32::MIN, i32::MIN + 1, -2, -1, 0, 1, 2, i32::MAX] {
                if (y, x) != (0, 0) {
                    worst = worst.max(atan2_error(y, x).abs());
                }
            }
        }
        assert!(worst <= 0.51, "largest error {worst} brads");
        assert_eq!(Brads::atan2(0, 0), Brads(0));
    }

    #[test]
    fn every_yaw_comes_back_from_its_forward_vector() {
        for raw in 0..=u16::MAX {
            let (x, z) = Brads(raw).forward();
            assert_eq!(Brads::yaw_of(Metres(x.0), Metres(z.0)).distance(Brads(raw)), 0, "yaw {raw}");
        }
    }

    #[test]
    fn right_hand_is_a_quarter_turn_clockwise() {
        for raw in (0..=u16::MAX).step_by(97) {
            let yaw = Brads(raw);
            assert_eq!(yaw.right(), (yaw - Brads::QUARTER).forward());
        }
        assert_eq!(Brads(0).forward(), (Fx(0), Fx(-65536)));
        assert_eq!(Brads(0).right(), (Fx(65536), Fx(0)));
    }

    #[test]
    fn degrees_and_text() {
        assert_eq!(Brads::from_degrees(360), Brads(0));
        assert_eq!(Brads::from_degrees(-90), Brads(49152));
        assert_eq!(Brads::from_degrees(60), Brads(10923));
        assert_eq!(Brads::from_degrees(90).to_string(), "90.00°");
        assert_eq!(Brads::from_radians_f32_lossy(f32::NAN), Brads(0));
        assert_eq!(Brads(10).distance(Brads(65530)), 16);
        assert_eq!(Brads(0).distance(Brads::HALF), 32768);
    }

    proptest! {
        #[test]
        fn atan2_error_holds_for_any_vector(y in any::<i32>(), x in any::<i32>(), shrink_y in 0u32..31, shrink_x in 0u32..31) {
            let (y, x) = (y >> shrink_y, x >> shrink_x);
            prop_assume!((y, x) != (0, 0));
            prop_assert!(atan2_error(y, x).abs() <= 0.51);
        }
    }
}
