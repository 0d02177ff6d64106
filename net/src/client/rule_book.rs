//! Rules by the tick from which they hold: those of a tick that has come late, of the one that is shown, and of one to come.
//!
//! A change of rules is told ahead, so that a client predicts the first tick of the new rules by them; and snapshots of
//! ticks before come after it, which are to be read and replayed by the old ones.
//!
//! Not in here: what depends on rules.

use shieldwall_core::numeric::Tick;

/// Changes are at least as far apart as they are told ahead: this many reach back farther than any packet comes late.
const KEPT: usize = 4;

/// What holds from some tick on, oldest first; the first entry may hold since ever.
#[derive(Clone, Debug)]
pub(crate) struct ByTick<T> {
    entries: Vec<(Option<Tick>, T)>,
}

impl<T> ByTick<T> {
    /// What holds since ever.
    pub(crate) fn new(first: T) -> Self {
        Self { entries: vec![(None, first)] }
    }

    /// What comes last, and since when.
    pub(crate) fn newest(&self) -> &(Option<Tick>, T) {
        &self.entries[self.entries.len() - 1]
    }

    /// From `from` on it is something else. False, and nothing changed, where that is not after the last change.
    pub(crate) fn push(&mut self, from: Tick, value: T) -> bool {
        if self.newest().0.is_some_and(|last| from.signed_distance(last) <= 0) {
            return false;
        }
        if self.entries.len() == KEPT {
            self.entries.remove(0);
        }
        self.entries.push((Some(from), value));
        true
    }

    /// What holds in a tick, and since when; none where that is not known any more.
    pub(crate) fn at(&self, tick: Tick) -> Option<&(Option<Tick>, T)> {
        let begun = |from: Option<Tick>| from.is_none_or(|from| tick.signed_distance(from) >= 0);
        self.entries.iter().rev().find(|(from, _)| begun(*from))
    }

    /// What holds in a tick, or the oldest that is known.
    pub(crate) fn at_or_oldest(&self, tick: Tick) -> &T {
        &self.at(tick).unwrap_or(&self.entries[0]).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tick_has_its_own_and_what_is_too_old_has_none() {
        let mut book = ByTick::new('a');
        assert!(book.push(Tick(u32::MAX - 5), 'b') && !book.push(Tick(u32::MAX - 5), 'x'));
        assert!(book.push(Tick(10), 'c') && !book.push(Tick(9), 'x'));
        let at = |book: &ByTick<char>, tick: u32| book.at(Tick(tick)).map(|(_, value)| *value);
        assert_eq!(
            [u32::MAX - 6, u32::MAX - 5, 0, 9, 10, 99].map(|tick| at(&book, tick)),
            [Some('a'), Some('b'), Some('b'), Some('b'), Some('c'), Some('c')]
        );
        assert!(book.push(Tick(20), 'd') && book.push(Tick(30), 'e'));
        assert_eq!(at(&book, u32::MAX - 6), None);
        assert_eq!(*book.at_or_oldest(Tick(u32::MAX - 6)), 'b');
        assert_eq!((at(&book, 19), book.newest().1), (Some('c'), 'e'));
    }
}
