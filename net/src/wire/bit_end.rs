//! The end of a packet that is being written, for loops that append many words.
//!
//! What is not here: the writer that it is the end of ([`super::bits`]).

use super::bits::BitWriter;

/// The end of what a [`BitWriter`] has written: a few numbers that a loop keeps in registers.
#[derive(Debug)]
pub(crate) struct BitEnd<'b> {
    pub(super) bytes: &'b mut [u8],
    /// Whole bytes written.
    pub(super) at: usize,
    /// The bits behind them: fewer than a byte. They are stored too, with zeros behind them.
    pub(super) pending: u64,
    pub(super) pending_bits: u32,
}

impl BitEnd<'_> {
    /// Appends the low bits of words, at most [`BitWriter::LONG_MAX`] of each, as many as the lengths say, above which there are none.
    ///
    /// # Panics
    /// If fewer than eight bytes are left behind the whole bytes.
    #[inline(always)]
    pub(crate) fn put_words(&mut self, words: &[u64], lengths: &[u32]) {
        let (bytes, mut at) = (&mut *self.bytes, self.at);
        let (mut pending, mut pending_bits) = (self.pending, self.pending_bits);
        for (&word, &bits) in words.iter().zip(lengths) {
            debug_assert!(bits <= BitWriter::LONG_MAX && word >> bits == 0, "value fits its bits");
            // At most 7 + 56 bits. The zeros behind them are stored over by what comes next.
            pending |= word << pending_bits;
            bytes[at..at + 8].copy_from_slice(&pending.to_le_bytes());
            pending_bits += bits;
            at += pending_bits as usize / 8;
            pending >>= pending_bits & !7;
            pending_bits &= 7;
        }
        (self.at, self.pending, self.pending_bits) = (at, pending, pending_bits);
    }

    /// Bits written so far, by the writer and here.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.at * 8 + self.pending_bits as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bits::BitSink as _;
    use proptest::prelude::*;

    proptest! {
        /// Many words at once are what they are one by one, wherever they begin.
        #[test]
        fn words_are_appended_as_one_by_one(before in 0_u32..=40, words in prop::collection::vec((any::<u64>(), 0_u32..=56), 0..60)) {
            let (mut many, mut each) = ([0_u8; 500], [0_u8; 500]);
            let words: Vec<(u64, u32)> = words.iter().map(|&(word, bits)| (word & ((1 << bits) - 1), bits)).collect();
            let (mut one, mut other) = (BitWriter::new(&mut many), BitWriter::new(&mut each));
            one.put_long(0x5a_5a5a_5a5a & ((1 << before) - 1), before);
            other.put_long(0x5a_5a5a_5a5a & ((1 << before) - 1), before);
            let (values, lengths): (Vec<u64>, Vec<u32>) = words.iter().copied().unzip();
            let mut end = one.end();
            end.put_words(&values, &lengths);
            let position = end.position();
            one.go_on_at(position);
            words.iter().for_each(|&(word, bits)| other.put_long(word, bits));
            prop_assert_eq!(one.position(), other.position());
            one.put(5, 3);
            other.put(5, 3);
            let length = one.finish();
            prop_assert_eq!(length, other.finish());
            prop_assert_eq!(&many[..length], &each[..length]);
        }
    }
}
