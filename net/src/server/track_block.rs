//! Sixty-four tracks side by side: columns of fixed length, so that counting up is one pass without branches.
//!
//! What is not here: whose tracks they are, and in which order ([`super::tracking`]).

use super::interest::{FIRST, NO_TIER, patience};
use shieldwall_core::numeric::lanes::{Lanes, Portable};

/// Tracks in a block.
pub(crate) const LANES: usize = 64;

/// What one client has been told of 64 characters, eleven bytes each.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Block {
    /// Updates owed, in snapshot-rate-ths: grows by the tier's rate with each snapshot.
    owed: [u16; LANES],
    /// Updates a second, and [`FIRST`].
    rate: [u8; LANES],
    /// Low bits of a snapshot's number.
    newest: [u8; LANES],
    /// Snapshots that carried the character: bit `d` is the one `d` before number `newest`. Those more than 31 before it
    /// are forgotten.
    sent: [u32; LANES],
    /// Who.
    slot: [u16; LANES],
    tier: [u8; LANES],
}

const _: () = assert!(size_of::<Block>() == 11 * LANES);

/// A track on its own, to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Track {
    pub(crate) sent: u32,
    pub(crate) slot: u16,
    pub(crate) owed: u16,
    pub(crate) rate: u8,
    pub(crate) tier: u8,
    pub(crate) newest: u8,
}

impl Block {
    pub(crate) const EMPTY: Self = Self {
        sent: [0; LANES],
        slot: [u16::MAX; LANES],
        owed: [0; LANES],
        rate: [0; LANES],
        tier: [NO_TIER; LANES],
        newest: [0; LANES],
    };

    #[inline(always)]
    pub(crate) fn slot(&self, lane: usize) -> u16 {
        self.slot[lane]
    }

    /// The first lane whose slot is not below another, where the last one's is not.
    #[inline]
    pub(crate) fn first_from(&self, slot: u16) -> usize {
        self.slot.partition_point(|&own| own < slot)
    }

    /// Updates owed, and whether the character comes first.
    #[inline]
    pub(crate) fn urgency(&self, lane: usize) -> (u16, bool) {
        (self.owed[lane], self.rate[lane] & FIRST != 0)
    }

    /// A copy of one track.
    #[inline]
    pub(crate) fn get(&self, lane: usize) -> Track {
        Track {
            sent: self.sent[lane],
            slot: self.slot[lane],
            owed: self.owed[lane],
            rate: self.rate[lane],
            tier: self.tier[lane],
            newest: self.newest[lane],
        }
    }

    /// Overwrites one track.
    #[inline]
    pub(crate) fn set(&mut self, lane: usize, track: Track) {
        self.sent[lane] = track.sent;
        self.slot[lane] = track.slot;
        self.owed[lane] = track.owed;
        self.rate[lane] = track.rate;
        self.tier[lane] = track.tier;
        self.newest[lane] = track.newest;
    }

    /// Copies `count` neighbouring tracks of another block, from `from` on, to `to` and after.
    pub(crate) fn copy_lanes(&mut self, to: usize, other: &Self, from: usize, count: usize) {
        fn copy<T: Copy>(to: &mut [T], from: &[T]) {
            to.copy_from_slice(from);
        }
        let (to, from) = (to..to + count, from..from + count);
        copy(&mut self.owed[to.clone()], &other.owed[from.clone()]);
        copy(&mut self.rate[to.clone()], &other.rate[from.clone()]);
        copy(&mut self.newest[to.clone()], &other.newest[from.clone()]);
        copy(&mut self.sent[to.clone()], &other.sent[from.clone()]);
        copy(&mut self.slot[to.clone()], &other.slot[from.clone()]);
        copy(&mut self.tier[to], &other.tier[from]);
    }

    /// The snapshots that carried the character, as seen from number `number`.
    #[inline(always)]
    pub(crate) fn sent_at(&self, lane: usize, number: u32) -> u64 {
        let behind = (number as u8).wrapping_sub(self.newest[lane]);
        if behind < 64 { u64::from(self.sent[lane]) << behind } else { 0 }
    }

    /// As bits, whom the snapshot carried that was made `behind` before number `number`.
    #[inline(always)]
    pub(crate) fn carried_by<L: Lanes>(&self, number: u32, behind: u8) -> u64 {
        let mut flags = [0_u8; LANES];
        let newest_behind = (number as u8).wrapping_sub(behind);
        for ((&sent, &newest), flag) in self.sent.iter().zip(&self.newest).zip(&mut flags) {
            // Far more than 31 where the newest that carried it was made before.
            let age = newest.wrapping_sub(newest_behind);
            *flag = sent.checked_shr(age.into()).unwrap_or(0) as u8 & 1;
        }
        L::lowest_bits(&flags)
    }

    /// [`Block::mark_sent`] for many lanes.
    #[inline(always)]
    pub(crate) fn mark_all_sent(&mut self, lanes: u64, number: u32, snapshot_hz: u16) {
        let mut marked = [0_u8; LANES];
        for (lane, marked) in marked.iter_mut().enumerate() {
            *marked = (lanes >> lane) as u8 & 1;
        }
        for ((sent, newest), &marked) in self.sent.iter_mut().zip(&mut self.newest).zip(&marked) {
            let behind = (number as u8).wrapping_sub(*newest);
            let after = sent.checked_shl(behind.into()).unwrap_or(0) | 1;
            (*sent, *newest) = if marked != 0 { (after, number as u8) } else { (*sent, *newest) };
        }
        for (owed, &marked) in self.owed.iter_mut().zip(&marked) {
            let after = owed.saturating_sub(snapshot_hz).min(snapshot_hz - 1);
            *owed = if marked != 0 { after } else { *owed };
        }
    }

    /// Notes that snapshot `number` carries the character. What is owed beyond one update is forgiven: nobody needs two
    /// at once.
    #[inline(always)]
    pub(crate) fn mark_sent(&mut self, lane: usize, number: u32, snapshot_hz: u16) {
        let behind = (number as u8).wrapping_sub(self.newest[lane]);
        self.sent[lane] = self.sent[lane].checked_shl(behind.into()).unwrap_or(0) | 1;
        self.newest[lane] = number as u8;
        self.owed[lane] = self.owed[lane].saturating_sub(snapshot_hz).min(snapshot_hz - 1);
    }

    /// To be called at least every 64 snapshots, because only the low eight bits of their numbers are kept: forgets what was
    /// sent so long ago that its number could come round.
    pub(crate) fn renumber(&mut self, number: u32) {
        for lane in 0..LANES {
            if (number as u8).wrapping_sub(self.newest[lane]) >= 64 {
                (self.sent[lane], self.newest[lane]) = (0, number as u8);
            }
        }
    }

    /// Adds what a snapshot's time makes everybody owed.
    #[inline(always)]
    pub(crate) fn count_up(&mut self) {
        for (owed, &rate) in self.owed.iter_mut().zip(&self.rate) {
            *owed = owed.saturating_add(u16::from(rate & !FIRST));
        }
    }

    /// As bits, who is owed `due`, or `first_due` of those that come first.
    #[inline(always)]
    pub(crate) fn due<L: Lanes>(&self, due: u16, first_due: u16) -> u64 {
        let mut flags = [0_u8; LANES];
        for ((&owed, &rate), flag) in self.owed.iter().zip(&self.rate).zip(&mut flags) {
            *flag = u8::from(owed >= if rate & FIRST == 0 { due } else { first_due });
        }
        L::lowest_bits(&flags)
    }

    /// How many these are.
    #[inline(always)]
    pub(crate) fn count_due(&self, due: u16, first_due: u16) -> usize {
        let mut count = 0_u16;
        for (&owed, &rate) in self.owed.iter().zip(&self.rate) {
            count += u16::from(owed >= if rate & FIRST == 0 { due } else { first_due });
        }
        count.into()
    }

    /// Puts the first `count` into the tiers that `tiers_of` finds for their slots, given those that they are in; `rate` is that of
    /// a tier. Returns as bits who is in the innermost.
    #[inline]
    pub(crate) fn set_tiers(
        &mut self,
        count: usize,
        tiers_of: impl FnOnce(&[u16], &mut [u8; LANES]),
        rate: impl Fn(u8) -> u16,
    ) -> u64 {
        tiers_of(&self.slot[..count], &mut self.tier);
        let mut nearest = [0_u8; LANES];
        let lanes = self.tier[..count].iter().zip(&mut self.rate).zip(&mut nearest);
        for ((&tier, to), nearest) in lanes {
            *to = rate_of(tier, rate(tier));
            *nearest = u8::from(tier & !FIRST == 0);
        }
        Portable::lowest_bits(&nearest)
    }
}

impl Block {
    /// As bits, who was left out for longer than somebody in range is to wait ([`patience`]): what an update leaves owed is less
    /// than one.
    #[inline(always)]
    pub(crate) fn overdue<L: Lanes>(&self, snapshot_hz: u16) -> u64 {
        let patience = patience(snapshot_hz);
        let mut flags = [0_u8; LANES];
        for ((&owed, &rate), flag) in self.owed.iter().zip(&self.rate).zip(&mut flags) {
            *flag = u8::from(owed >= u16::from(rate & !FIRST) * patience + snapshot_hz);
        }
        L::lowest_bits(&flags)
    }
}

/// A track's byte for rate and [`FIRST`]. Rates are at most 120.
#[inline]
pub(crate) fn rate_of(tier: u8, rate: u16) -> u8 {
    rate as u8 & !FIRST | tier & FIRST
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// One pass over a block does to each track what a plain sum and comparison would.
        #[test]
        fn counting_up_is_a_sum_and_a_comparison(owed in prop::array::uniform32(any::<u16>()), rates in prop::array::uniform32(1_u16..=120),
                                                 first: u32, due: u16, first_due: u16) {
            let mut block = Block::EMPTY;
            for lane in 0..32 {
                let tier = if first >> lane & 1 != 0 { FIRST } else { 1 };
                let rate = rate_of(tier, rates[lane]);
                block.set(2 * lane, Track { owed: owed[lane], slot: 7, sent: 0, rate, tier, newest: 0 });
            }
            block.count_up();
            let bits = block.due::<Portable>(due, first_due);
            prop_assert_eq!(block.count_due(due, first_due), bits.count_ones() as usize);
            for lane in 0..32 {
                let first = first >> lane & 1 != 0;
                let sum = owed[lane].saturating_add(rates[lane]);
                prop_assert_eq!(block.urgency(2 * lane), (sum, first));
                prop_assert_eq!(bits >> (2 * lane) & 1 != 0, sum >= if first { first_due } else { due });
            }
        }
    }

    proptest! {
        /// Many lanes at once are marked as each would be, and say the same of what carried them.
        #[test]
        fn many_lanes_are_as_one_by_one(
            sent in prop::collection::vec(any::<u32>(), LANES), newest in prop::collection::vec(0_u8..120, LANES),
            owed in prop::collection::vec(0_u16..100, LANES), lanes: u64, number in 200_u32..1_000, asked in 0_u8..16,
        ) {
            let mut block = Block::EMPTY;
            for lane in 0..LANES {
                let newest = (number as u8).wrapping_sub(newest[lane]);
                let track = Track { sent: sent[lane], slot: 7, owed: owed[lane], rate: 20, tier: 0, newest };
                block.set(lane, track);
            }
            let carried = (0..LANES).fold(0, |bits, lane| bits | (block.sent_at(lane, number) >> asked & 1) << lane);
            let old = (0..LANES).filter(|&lane| newest[lane] >= 64).fold(0, |bits, lane| bits | 1 << lane);
            prop_assert_eq!(block.carried_by::<Portable>(number, asked) & !old, carried);
            let mut each = block;
            block.mark_all_sent(lanes, number, 20);
            super::super::tracking::BitIter(lanes).for_each(|lane| each.mark_sent(lane as usize, number, 20));
            for lane in 0..LANES {
                prop_assert_eq!(block.get(lane), each.get(lane));
            }
        }
    }

    #[test]
    fn what_was_sent_is_known_for_sixty_four_snapshots_and_never_again() {
        let mut block = Block::EMPTY;
        block.mark_sent(3, 1_000, 20);
        for number in 1_000..2_000 {
            if number % 64 == 0 {
                block.renumber(number);
            }
            let wanted = 1_u64.checked_shl(number - 1_000).unwrap_or(0);
            assert_eq!(block.sent_at(3, number), wanted, "{number}");
        }
    }
}
