//! What carries somebody or stopped a ray: as a number for columns, and as the exact thing.

use super::limits;
use core::fmt;

/// What somebody stands on or a ray met, as 16 bits: 0 is nothing, then the platforms by number, then the static shapes
/// by number (65,535 stands for all shapes above).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Support(u16);

impl Support {
    pub(crate) const NOTHING: Support = Support(0);

    /// From the 16 bits of a column; `None` for 0.
    #[must_use]
    pub const fn from_code(code: u16) -> Option<Support> {
        if code == 0 { None } else { Some(Support(code)) }
    }

    /// The 16 bits for a column, never 0.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }

    /// Which platform it is.
    #[must_use]
    pub const fn platform_number(self) -> Option<usize> {
        if self.0 == 0 || self.0 as usize > limits::PLATFORMS_MAX { None } else { Some(self.0 as usize - 1) }
    }

    /// Which static shape it is; the highest code stands for several.
    #[must_use]
    pub const fn shape_number(self) -> Option<usize> {
        (self.0 as usize).checked_sub(limits::PLATFORMS_MAX + 1)
    }
}

impl fmt::Debug for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.platform_number(), self.shape_number()) {
            (Some(number), _) => write!(f, "platform {number}"),
            (_, Some(number)) => write!(f, "shape {number}"),
            _ => f.write_str("nothing"),
        }
    }
}

/// A platform or a static shape, exactly: the numbers of [`Support`], without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing(u32);

impl Thing {
    const FIRST_SHAPE: u32 = limits::PLATFORMS_MAX as u32 + 1;

    pub const fn platform(number: usize) -> Thing {
        Thing(number as u32 + 1)
    }

    pub const fn shape(number: usize) -> Thing {
        Thing(number as u32 + Self::FIRST_SHAPE)
    }

    /// Which static shape it is.
    #[inline]
    pub const fn shape_number(self) -> Option<u32> {
        self.0.checked_sub(Self::FIRST_SHAPE)
    }

    /// As 16 bits say it.
    #[inline]
    pub const fn support(self) -> Support {
        Support(if self.0 > u16::MAX as u32 { u16::MAX } else { self.0 as u16 })
    }
}
