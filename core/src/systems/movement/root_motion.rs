//! Root motion: a way that is covered by a table instead of by a speed.
//!
//! The table says which share of the way falls into each sixteenth of the duration. Between its entries the way grows
//! evenly. Every tick takes the difference of two readings, so that the parts always sum to the whole way.

use crate::rules::ROOT_MOTION_PARTS;

/// The shares summed up: how much of the way is covered after each sixteenth, of 65,536.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RootMotion {
    covered: [u32; ROOT_MOTION_PARTS + 1],
}

impl RootMotion {
    /// From shares with a sum above 0 (validated rules); without one the way is covered at the end.
    pub fn new(shares: &[u8; ROOT_MOTION_PARTS]) -> Self {
        let total = shares.iter().map(|share| u32::from(*share)).sum::<u32>().max(1);
        let mut covered = [0; ROOT_MOTION_PARTS + 1];
        let mut sum = 0;
        for (share, covered) in shares.iter().zip(&mut covered[1..]) {
            sum += u32::from(*share);
            *covered = sum * 65_536 / total;
        }
        covered[ROOT_MOTION_PARTS] = 65_536;
        Self { covered }
    }

    /// Share of the way that is covered after `ticks` of `duration`, of 65,536.
    pub fn covered(&self, ticks: u16, duration: u16) -> u32 {
        if ticks >= duration {
            return 65_536;
        }
        let parts = u32::from(ticks) * (ROOT_MOTION_PARTS as u32);
        let (part, rest) = (parts / u32::from(duration), parts % u32::from(duration));
        let (from, to) = (self.covered[part as usize], self.covered[part as usize + 1]);
        from + (u64::from(to - from) * u64::from(rest) / u64::from(duration)) as u32
    }
}
