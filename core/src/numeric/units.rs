//! Units as types: lengths, speeds, moments and amounts of time. Angles live in `angle`.
//!
//! All of them are transparent over one integer, so that a column of raw integers can be read as a column of units
//! without copying. `+` and `-` wrap, in debug and release alike: positions are kept inside the zone by the systems,
//! not by the arithmetic.

use super::fixed::{self, ONE, div_floor, saturate};
use bytemuck::{Pod, Zeroable};
use core::fmt;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// A length or a coordinate in metres, Q16.16: range ±32 km, resolution 15 µm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Metres(pub i32);

/// A speed in metres per second, Q16.16: range ±32768 m/s, resolution 15 µm/s.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct MetresPerSecond(pub i32);

/// The index of a tick. At 60 Hz the range lasts 828 days; it wraps after that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Tick(pub u32);

/// An amount of ticks: a duration, a cooldown, an age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Ticks(pub u32);

macro_rules! q16_unit {
    ($name:ident, $suffix:literal) => {
        impl $name {
            /// Zero.
            pub const ZERO: $name = $name(0);
            /// One unit.
            pub const ONE: $name = $name(ONE);

            /// Wraps a raw Q16.16 value.
            #[must_use]
            pub const fn from_raw(raw: i32) -> $name {
                $name(raw)
            }

            /// The raw Q16.16 value.
            #[must_use]
            pub const fn raw(self) -> i32 {
                self.0
            }

            /// Whole units; saturates beyond ±32767.
            #[must_use]
            pub const fn from_m(whole: i32) -> $name {
                $name(saturate(whole as i64 * ONE as i64))
            }

            /// Thousandths of a unit, rounded toward negative infinity; saturates.
            #[must_use]
            pub const fn from_mm(thousandths: i32) -> $name {
                $name(saturate(div_floor(thousandths as i64 * ONE as i64, 1000)))
            }

            /// Thousandths of a unit, rounded toward negative infinity.
            #[must_use]
            pub const fn to_mm(self) -> i32 {
                saturate((self.0 as i64 * 1000) >> fixed::FRACTION_BITS)
            }

            /// The size without its sign; saturates at the lower limit.
            #[must_use]
            pub const fn abs(self) -> $name {
                $name(self.0.saturating_abs())
            }

            /// The smaller of the two.
            #[must_use]
            pub const fn min(self, other: $name) -> $name {
                if self.0 < other.0 { self } else { other }
            }

            /// The larger of the two.
            #[must_use]
            pub const fn max(self, other: $name) -> $name {
                if self.0 > other.0 { self } else { other }
            }

            /// Multiplied by a factor without a unit; floor, saturated.
            #[must_use]
            pub const fn scaled(self, factor: fixed::Fx) -> $name {
                $name(fixed::mul_q16(self.0, factor.0))
            }

            /// Sum that stops at the limits of the range.
            #[must_use]
            pub const fn saturating_add(self, other: $name) -> $name {
                $name(self.0.saturating_add(other.0))
            }

            /// For drawing and printing only: never let the result flow back into the simulation.
            #[must_use]
            pub fn to_f32_lossy(self) -> f32 {
                fixed::q16_to_f32_lossy(self.0)
            }

            /// From a number of the outside world: truncated toward zero, saturated, NaN becomes 0.
            #[must_use]
            pub fn from_f32_lossy(value: f32) -> $name {
                $name(fixed::q16_from_f32_lossy(value))
            }
        }

        impl Add for $name {
            type Output = $name;
            fn add(self, other: $name) -> $name {
                $name(self.0.wrapping_add(other.0))
            }
        }

        impl Sub for $name {
            type Output = $name;
            fn sub(self, other: $name) -> $name {
                $name(self.0.wrapping_sub(other.0))
            }
        }

        impl Neg for $name {
            type Output = $name;
            fn neg(self) -> $name {
                $name(self.0.wrapping_neg())
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                *self = *self + other;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: $name) {
                *self = *self - other;
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fixed::write_q16(f, self.0, 3)?;
                f.write_str($suffix)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

q16_unit!(Metres, " m");
q16_unit!(MetresPerSecond, " m/s");

impl MetresPerSecond {
    /// The way covered in one tick: `self / tick_hz`, rounded toward negative infinity. **The** rounding of motion:
    /// every position in the kernel is integrated through this function.
    ///
    /// # Panics
    /// When `tick_hz` is zero: configurations are validated before.
    #[must_use]
    pub const fn per_tick(self, tick_hz: u16) -> Metres {
        Metres(self.0.div_euclid(tick_hz as i32))
    }

    /// The change of speed in one tick under an acceleration of `self` per second: same rounding as [`per_tick`].
    ///
    /// [`per_tick`]: MetresPerSecond::per_tick
    ///
    /// # Panics
    /// When `tick_hz` is zero: configurations are validated before.
    #[must_use]
    pub const fn change_per_tick(self, tick_hz: u16) -> MetresPerSecond {
        MetresPerSecond(self.0.div_euclid(tick_hz as i32))
    }
}

impl Tick {
    /// The first tick of a world.
    pub const ZERO: Tick = Tick(0);

    /// The index as an integer.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }

    /// The following tick; wraps.
    #[must_use]
    pub const fn next(self) -> Tick {
        Tick(self.0.wrapping_add(1))
    }

    /// How many ticks have passed since `earlier`; wraps when `earlier` is in fact later.
    #[must_use]
    pub const fn since(self, earlier: Tick) -> Ticks {
        Ticks(self.0.wrapping_sub(earlier.0))
    }

    /// `self - other` as a signed distance, right for ticks less than 2^31 apart, also across the wrap.
    #[must_use]
    pub const fn signed_distance(self, other: Tick) -> i32 {
        self.0.wrapping_sub(other.0) as i32
    }
}

impl Ticks {
    /// No time at all.
    pub const ZERO: Ticks = Ticks(0);

    /// The amount as an integer.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0
    }

    /// The smallest amount that lasts at least `milliseconds` at `tick_hz`; saturates.
    #[must_use]
    pub const fn from_millis(milliseconds: u32, tick_hz: u16) -> Ticks {
        let ticks = (milliseconds as u64 * tick_hz as u64).div_ceil(1000);
        Ticks(if ticks > u32::MAX as u64 { u32::MAX } else { ticks as u32 })
    }

    /// The duration in milliseconds at `tick_hz`, rounded down; saturates. Zero at 0 Hz.
    #[must_use]
    pub const fn to_millis(self, tick_hz: u16) -> u32 {
        if tick_hz == 0 {
            return 0;
        }
        let milliseconds = self.0 as u64 * 1000 / tick_hz as u64;
        if milliseconds > u32::MAX as u64 { u32::MAX } else { milliseconds as u32 }
    }

    /// One tick less, but never below zero: what a running timer does each tick.
    #[must_use]
    pub const fn counted_down(self) -> Ticks {
        Ticks(self.0.saturating_sub(1))
    }
}

impl Add<Ticks> for Tick {
    type Output = Tick;
    fn add(self, amount: Ticks) -> Tick {
        Tick(self.0.wrapping_add(amount.0))
    }
}

impl Sub<Ticks> for Tick {
    type Output = Tick;
    fn sub(self, amount: Ticks) -> Tick {
        Tick(self.0.wrapping_sub(amount.0))
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tick {}", self.0)
    }
}

impl fmt::Debug for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "tick" } else { "ticks" })
    }
}

impl fmt::Debug for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn constructors_agree() {
        assert_eq!(Metres::from_m(2), Metres::from_mm(2000));
        assert_eq!(Metres::from_mm(-1).raw(), -66, "floor of -65.536");
        assert_eq!(Metres::from_mm(400).to_mm(), 399, "0.4 m is not a multiple of 1/65536 m");
        assert_eq!(Metres::from_m(40_000), Metres(i32::MAX));
        assert_eq!(Metres::from_f32_lossy(1.5), Metres::from_mm(1500));
        assert_eq!(Metres::from_f32_lossy(f32::NAN), Metres::ZERO);
        assert!((MetresPerSecond::from_mm(6500).to_f32_lossy() - 6.5).abs() < 1e-6);
    }

    #[test]
    fn text_names_the_unit() {
        assert_eq!(Metres::from_mm(1250).to_string(), "1.250 m");
        assert_eq!(MetresPerSecond::from_m(-3).to_string(), "-3.000 m/s");
        assert_eq!(Ticks(1).to_string(), "1 tick");
        assert_eq!(Tick(7).to_string(), "tick 7");
    }

    #[test]
    fn motion_rounds_to_the_floor_in_both_directions() {
        assert_eq!(MetresPerSecond(61).per_tick(60), Metres(1));
        assert_eq!(MetresPerSecond(-61).per_tick(60), Metres(-2));
        assert_eq!(MetresPerSecond(i32::MIN).per_tick(1), Metres(i32::MIN));
        assert_eq!(MetresPerSecond(-1).change_per_tick(60), MetresPerSecond(-1));
    }

    #[test]
    fn durations_never_become_shorter() {
        assert_eq!(Ticks::from_millis(500, 60), Ticks(30));
        assert_eq!(Ticks::from_millis(501, 60), Ticks(31));
        assert_eq!(Ticks::from_millis(1, 60), Ticks(1));
        assert_eq!(Ticks::from_millis(u32::MAX, u16::MAX), Ticks(u32::MAX));
        assert_eq!(Ticks(30).to_millis(60), 500);
        assert_eq!(Ticks(1).to_millis(0), 0);
    }

    #[test]
    fn ticks_survive_the_wrap() {
        let late = Tick(u32::MAX);
        assert_eq!((late + Ticks(3)).since(late), Ticks(3));
        assert_eq!(Tick(2).signed_distance(late), 3);
        assert_eq!(late.signed_distance(Tick(2)), -3);
        assert_eq!(Ticks(0).counted_down(), Ticks(0));
    }
}
