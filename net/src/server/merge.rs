//! What a search changes, 64 slots at a time: who goes, who comes, and who of those in sight is marked.
//!
//! What is not here: the tracks themselves ([`super::tracking`]).

use super::tracking::BitIter;

/// What a search changes of 64 slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// In sight until now.
    sight: u64,
    gone: u64,
    come: u64,
}

impl Change {
    /// Of those in `sight` the ones that were not `found` go, and of the others that were found the ones come that `comes` says are
    /// near enough, by their bit.
    #[inline(always)]
    pub(super) fn of(sight: u64, found: u64, comes: impl Fn(u32) -> bool) -> Self {
        let come = BitIter(found & !sight).filter(|&bit| comes(bit)).fold(0, |bits, bit| bits | 1 << bit);
        Self { sight, gone: sight & !found, come }
    }

    /// Whether all stay and nobody comes.
    #[inline]
    pub(super) fn is_none(self) -> bool {
        self.gone | self.come == 0
    }

    /// Who goes or comes, ascending: the bit, whether it goes, and how many stay between the one before and this. At last,
    /// without a bit, how many stay behind the last one.
    #[inline(always)]
    pub(super) fn steps(self) -> impl Iterator<Item = (Option<(u32, bool)>, usize)> {
        let (mut left, gone) = (self.sight & !self.gone, self.gone);
        let mut count_below = move |below: u64| {
            let count = (left & below).count_ones();
            left &= !below;
            count as usize
        };
        let ends = BitIter(self.gone | self.come).map(Some).chain([None]);
        ends.map(move |bit| match bit {
            Some(bit) => (Some((bit, gone >> bit & 1 != 0)), count_below((1 << bit) - 1)),
            None => (None, count_below(u64::MAX)),
        })
    }
}

/// Marks those of the first slots of `sight` to which the lowest of `bits` belong, one bit to each that is set in `sight`.
#[inline(always)]
pub(super) fn deposit(sight: u64, bits: u64) -> u64 {
    match sight.count_ones() {
        count if bits == lowest_ones(count) => sight,
        _ if bits == 0 => 0,
        _ => BitIter(sight).enumerate().fold(0, |marked, (at, bit)| marked | (bits >> at & 1) << bit),
    }
}

/// A word with so many of its lowest bits set.
#[inline(always)]
pub(super) fn lowest_ones(count: u32) -> u64 {
    u64::MAX.checked_shr(64 - count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn steps_are_a_walk_over_all_slots(sight: u64, found: u64, near: u64) {
            let change = Change::of(sight, found, |bit| near >> bit & 1 != 0);
            let (mut stayed, mut at) = (0, 0);
            for (step, stay) in change.steps() {
                let end = step.map_or(64, |(bit, _)| bit);
                let kept = (at..end).filter(|bit| sight & found & 1 << bit != 0).count();
                let others = (at..end).filter(|bit| (sight ^ found) & (sight | near) & 1 << bit != 0).count();
                prop_assert_eq!((stay, others), (kept, 0));
                if let Some((bit, goes)) = step {
                    prop_assert_eq!(goes, sight >> bit & 1 != 0);
                    let why = if goes { !found } else { found & near };
                    prop_assert_eq!(why >> bit & 1, 1);
                }
                (stayed, at) = (stayed + stay, end + 1);
            }
            prop_assert_eq!(stayed, (sight & found).count_ones() as usize);
            prop_assert_eq!(change.is_none(), sight & !found | found & near & !sight == 0);
        }

        #[test]
        fn bits_are_dealt_out_in_order(sight: u64, bits: u64, all: bool) {
            let bits = if all { u64::MAX } else { bits } & lowest_ones(sight.count_ones());
            let marked = deposit(sight, bits);
            let back = BitIter(sight).enumerate().fold(0, |sum, (at, bit)| sum | (marked >> bit & 1) << at);
            prop_assert_eq!((back, marked & !sight), (bits, 0));
        }
    }
}
