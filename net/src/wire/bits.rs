//! Bits in bytes: the writer asserts, the reader checks.
//!
//! Order: the first bit written is the lowest bit of the first byte; a value's lowest bit goes first. A value of
//! `n` bits therefore lies in the stream as it lies in a little-endian integer, and a whole run of encoded bits
//! can be copied into any packet with shifts alone.
//!
//! What is not here: meaning. Codes with structure are in [`super::prefix_codes`].

use super::DecodeError;
use super::bit_end::BitEnd;
use super::code_tables::CodeTable;

/// Something bits can be put into: a packet ([`BitWriter`]) or a short run kept for several packets
/// ([`BitRun`]).
pub trait BitSink {
    /// Appends the low `bits` bits of `value`, lowest first.
    ///
    /// # Panics
    /// If `bits` is over 32, if `value` does not fit in `bits`, or if the sink is full: the caller has to ask
    /// for room before it writes.
    fn put(&mut self, value: u32, bits: u32);

    /// One bit.
    fn put_bit(&mut self, value: bool) {
        self.put(u32::from(value), 1);
    }

    /// A run of at most [`BitWriter::LONG_MAX`] bits.
    ///
    /// # Panics
    /// If it is longer, or the sink is full.
    fn put_short(&mut self, run: ShortRun) {
        let (value, bits) = run.get().expect("a run that is not too long");
        let low = bits.min(32);
        self.put((value & ((1 << low) - 1)) as u32, low);
        self.put((value >> low) as u32, bits - low);
    }

    /// Told of every symbol of a prefix code before its bits: for sinks that count instead of keeping.
    #[inline]
    fn note(&mut self, _code: CodeTable, _symbol: usize) {}
}

/// Writes bits into a byte slice of fixed size.
#[derive(Debug)]
pub struct BitWriter<'b> {
    bytes: &'b mut [u8],
    /// Whole bytes already stored.
    stored: usize,
    /// The bits behind them: fewer than a byte.
    pending: u64,
    pending_bits: u32,
}

impl<'b> BitWriter<'b> {
    /// Most bits that [`BitWriter::put_long`] takes.
    pub const LONG_MAX: u32 = 56;

    /// A writer at the start of `bytes`.
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, stored: 0, pending: 0, pending_bits: 0 }
    }

    /// Bits written so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.stored * 8 + self.pending_bits as usize
    }

    /// Bits that still fit.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() * 8 - self.position()
    }

    /// Appends a run of bits encoded before.
    ///
    /// # Panics
    /// If it does not fit.
    pub fn put_run(&mut self, run: BitRun) {
        let (mut value, mut left) = (run.value, run.len);
        if left > 128 {
            for _ in 0..4 {
                self.put(value as u32, 32);
                value >>= 32;
            }
            (value, left) = (run.high.into(), left - 128);
        }
        while left > 32 {
            self.put(value as u32, 32);
            value >>= 32;
            left -= 32;
        }
        self.put(value as u32, left);
    }

    /// Appends up to [`BitWriter::LONG_MAX`] bits at once.
    ///
    /// # Panics
    /// If `bits` is over that, if `value` does not fit in `bits`, or if they do not fit.
    #[inline]
    pub fn put_long(&mut self, value: u64, bits: u32) {
        assert!(bits <= Self::LONG_MAX && value >> bits == 0, "value fits its bits");
        // At most 7 + 56 bits.
        let pending = self.pending | value << self.pending_bits;
        let pending_bits = self.pending_bits + bits;
        match self.bytes.get_mut(self.stored..self.stored + 8) {
            // Eight bytes are stored whether they are whole or not: what comes next is stored over the rest, so that
            // nothing depends on where a byte ends.
            Some(eight) => eight.copy_from_slice(&pending.to_le_bytes()),
            None => self.store_near_the_end(pending, pending_bits),
        }
        self.stored += pending_bits as usize / 8;
        self.pending = pending >> (pending_bits & !7);
        self.pending_bits = pending_bits & 7;
    }

    #[cold]
    fn store_near_the_end(&mut self, pending: u64, pending_bits: u32) {
        let bytes = pending.to_le_bytes();
        let needed = &bytes[..pending_bits.div_ceil(8) as usize];
        let place = self.bytes.get_mut(self.stored..self.stored + needed.len());
        place.expect("the caller asked for room").copy_from_slice(needed);
    }

    /// The end of what is written, for a loop that appends many words. What it appends becomes part of this writer by
    /// [`BitWriter::go_on_at`].
    #[inline]
    pub(crate) fn end(&mut self) -> BitEnd<'_> {
        if let Some(byte) = self.bytes.get_mut(self.stored) {
            *byte = self.pending as u8;
        }
        BitEnd { at: self.stored, pending: self.pending, pending_bits: self.pending_bits, bytes: self.bytes }
    }

    /// Takes in what was written behind the [`BitWriter::end`] up to bit `position`.
    #[inline]
    pub(crate) fn go_on_at(&mut self, position: usize) {
        (self.stored, self.pending_bits) = (position / 8, position as u32 % 8);
        let byte = self.bytes.get(self.stored).copied().unwrap_or(0);
        self.pending = u64::from(byte) & ((1 << self.pending_bits) - 1);
    }

    /// Fills the current byte up with zero bits, so that the next bit starts a byte.
    pub fn align(&mut self) {
        if self.pending_bits != 0 {
            self.put(0, 8 - self.pending_bits);
        }
    }

    /// Appends whole bytes; the writer must be aligned.
    ///
    /// # Panics
    /// If the writer is not at a byte boundary or the bytes do not fit.
    pub fn put_bytes(&mut self, source: &[u8]) {
        assert!(self.pending_bits == 0, "bytes start at a byte boundary");
        self.bytes[self.stored..self.stored + source.len()].copy_from_slice(source);
        self.stored += source.len();
    }

    /// Overwrites `bits` bits written earlier at bit `position`, for a count that is known only at the end.
    ///
    /// # Panics
    /// If that place has not been written yet or the value does not fit.
    pub fn patch(&mut self, position: usize, value: u32, bits: u32) {
        assert!(position + bits as usize <= self.position(), "patched bits were written before");
        assert!(bits == 32 || value >> bits == 0, "value fits its bits");
        let (mut byte, shift) = (position / 8, position % 8);
        let (mut mask, mut value) = (((1_u64 << bits) - 1) << shift, u64::from(value) << shift);
        while mask != 0 {
            if byte < self.stored {
                self.bytes[byte] = self.bytes[byte] & !(mask as u8) | value as u8;
            } else {
                self.pending = self.pending & !mask | value;
            }
            (byte, mask, value) = (byte + 1, mask >> 8, value >> 8);
        }
    }

    /// Ends the stream (the last byte is filled with zero bits) and returns its length in bytes.
    pub fn finish(mut self) -> usize {
        self.align();
        self.stored
    }
}

impl BitSink for BitWriter<'_> {
    #[inline]
    fn put(&mut self, value: u32, bits: u32) {
        assert!(bits <= 32, "at most 32 bits");
        self.put_long(value.into(), bits);
    }

    #[inline]
    fn put_short(&mut self, run: ShortRun) {
        self.put_long(run.value, run.len);
    }
}

/// Up to [`BitRun::BITS_MAX`] bits, encoded once and copied into many packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BitRun {
    /// The first 128 bits.
    value: u128,
    /// The bits behind them.
    high: u32,
    len: u32,
}

impl BitRun {
    /// Most bits that a run holds.
    pub const BITS_MAX: u32 = 160;

    /// No bits.
    pub const EMPTY: Self = Self { value: 0, high: 0, len: 0 };

    /// Bits held.
    #[must_use]
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The run as three words, of which the last one has its top bits to spare.
    #[must_use]
    pub(crate) fn to_words(self) -> [u64; 3] {
        let last = u64::from(self.high) | u64::from(self.len) << 32;
        [self.value as u64, (self.value >> 64) as u64, last]
    }

    /// The run of these [words](BitRun::to_words).
    #[must_use]
    pub(crate) fn from_words([low, middle, last]: [u64; 3]) -> Self {
        let value = u128::from(low) | u128::from(middle) << 64;
        Self { value, high: last as u32, len: (last >> 32) as u32 & 0xff }
    }
}

impl BitSink for BitRun {
    #[inline]
    fn put(&mut self, value: u32, bits: u32) {
        assert!(bits <= 32 && u64::from(value) >> bits == 0, "value fits its bits");
        assert!(self.len + bits <= Self::BITS_MAX, "a run holds 160 bits");
        if bits == 0 {
            return;
        }
        if self.len < 128 {
            self.value |= u128::from(value) << self.len;
            if self.len + bits > 128 {
                self.high = value >> (128 - self.len);
            }
        } else {
            self.high |= value << (self.len - 128);
        }
        self.len += bits;
    }
}

/// A run for those that are mostly short: faster to fill than a [`BitRun`], and of no use once it is longer than a word.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShortRun {
    value: u64,
    len: u32,
}

impl ShortRun {
    /// Bits put in, whether they had a place or not.
    #[must_use]
    pub fn len(self) -> u32 {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The bits and how many there are, if they are at most [`BitWriter::LONG_MAX`].
    #[must_use]
    pub fn get(self) -> Option<(u64, u32)> {
        (self.len <= BitWriter::LONG_MAX).then_some((self.value, self.len))
    }
}

impl BitSink for ShortRun {
    /// Counts what has no place, and forgets it.
    #[inline]
    fn put(&mut self, value: u32, bits: u32) {
        assert!(bits <= 32 && u64::from(value) >> bits == 0, "value fits its bits");
        self.value |= u64::from(value).checked_shl(self.len).unwrap_or(0);
        self.len += bits;
    }
}

/// Reads bits from bytes somebody else wrote: every read can fail, none can panic.
#[derive(Clone, Debug)]
pub struct BitReader<'b> {
    bytes: &'b [u8],
    position: usize,
}

impl<'b> BitReader<'b> {
    /// A reader at the first bit of `bytes`.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bits read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bits left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() * 8 - self.position
    }

    /// At least 57 bits from here on (zeros after the end), without moving.
    #[inline]
    pub(super) fn peek(&self) -> u64 {
        let byte = self.position / 8;
        let word = match self.bytes.get(byte..byte + 8) {
            Some(eight) => u64::from_le_bytes(eight.try_into().unwrap_or([0; 8])),
            None => {
                let tail = self.bytes.get(byte..).unwrap_or(&[]);
                tail.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b))
            }
        };
        word >> (self.position % 8)
    }

    /// Moves on by `bits`.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    #[inline]
    pub(super) fn skip(&mut self, bits: u32) -> Result<(), DecodeError> {
        if self.remaining() < bits as usize {
            return Err(DecodeError::Truncated);
        }
        self.position += bits as usize;
        Ok(())
    }

    /// The next `bits` bits (at most 32).
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    #[inline]
    pub fn get(&mut self, bits: u32) -> Result<u32, DecodeError> {
        debug_assert!(bits <= 32);
        let value = self.peek() & ((1_u64 << bits) - 1);
        self.skip(bits)?;
        Ok(value as u32)
    }

    /// One bit.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    #[inline]
    pub fn get_bit(&mut self) -> Result<bool, DecodeError> {
        Ok(self.get(1)? != 0)
    }

    /// Moves on to the next byte boundary; the bits between must be zero, so that every packet has one form.
    ///
    /// # Errors
    /// [`DecodeError::Padding`] where they are not.
    pub fn align(&mut self) -> Result<(), DecodeError> {
        let over = (self.position % 8) as u32;
        if over != 0 && self.get(8 - over)? != 0 {
            return Err(DecodeError::Padding);
        }
        Ok(())
    }

    /// The next `length` bytes; the reader must be aligned ([`BitReader::align`]).
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn get_bytes(&mut self, length: usize) -> Result<&'b [u8], DecodeError> {
        debug_assert!(self.position.is_multiple_of(8));
        let start = self.position / 8;
        let taken = self.bytes.get(start..start + length).ok_or(DecodeError::Truncated)?;
        self.position += length * 8;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_bit_is_the_lowest_of_the_first_byte() {
        let mut bytes = [0_u8; 4];
        let mut writer = BitWriter::new(&mut bytes);
        writer.put(1, 1);
        writer.put(0b10, 2);
        writer.put(0x1234, 16);
        assert_eq!(writer.finish(), 3);
        assert_eq!(bytes, [0b1010_0101, 0b1001_0001, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "room")]
    fn writing_past_the_end_is_the_callers_mistake() {
        let mut bytes = [0_u8; 1];
        let mut writer = BitWriter::new(&mut bytes);
        writer.put(0x1ff, 9);
    }

    #[test]
    fn a_short_run_knows_when_it_is_none() {
        let mut run = ShortRun::default();
        run.put(u32::MAX, 32);
        run.put(0x00ff_ffff, 24);
        assert_eq!(run.get(), Some((0x00ff_ffff_ffff_ffff, 56)));
        run.put(1, 1);
        assert_eq!(run.get(), None);
        run.put(1, 32);
        assert_eq!((run.get(), run.len()), (None, 89));
    }

    #[test]
    #[should_panic(expected = "the caller asked for room")]
    fn what_does_not_fit_is_not_cut() {
        let mut writer_bytes = [0; 2];
        let mut writer = BitWriter::new(&mut writer_bytes);
        writer.put_long(0, 15);
        writer.put(0, 2);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(values in prop::collection::vec((any::<u32>(), 0_u32..=32), 0..200)) {
            let mut bytes = [0_u8; 1000];
            let mut writer = BitWriter::new(&mut bytes);
            let mut run_total = 0;
            for &(value, bits) in &values {
                writer.put((u64::from(value) & ((1 << bits) - 1)) as u32, bits);
                run_total += bits as usize;
            }
            prop_assert_eq!(writer.position(), run_total);
            let length = writer.finish();
            prop_assert_eq!(length, run_total.div_ceil(8));
            let mut reader = BitReader::new(&bytes[..length]);
            for &(value, bits) in &values {
                prop_assert_eq!(u64::from(reader.get(bits).unwrap()), u64::from(value) & ((1 << bits) - 1));
            }
            prop_assert!(reader.remaining() < 8);
        }

        /// However bits come, they lie one behind the other, also in a buffer without a spare bit; and nothing behind them is
        /// counted on.
        #[test]
        fn a_stream_is_its_bits_one_by_one(values in prop::collection::vec((any::<u64>(), 0_u32..=56, 0_u8..3), 0..60)) {
            let total: usize = values.iter().map(|&(_, bits, _)| bits as usize).sum();
            let mut plain = vec![0_u8; total.div_ceil(8)];
            let mut bytes = vec![0xff_u8; total.div_ceil(8)];
            let mut writer = BitWriter::new(&mut bytes);
            let mut at = 0;
            for &(value, bits, how) in &values {
                let value = value & ((1 << bits) - 1);
                for i in 0..bits as usize {
                    plain[(at + i) / 8] |= ((value >> i & 1) as u8) << ((at + i) % 8);
                }
                at += bits as usize;
                match how {
                    0 => writer.put_long(value, bits),
                    1 => {
                        writer.put(value as u32 & ((1_u64 << bits.min(32)) - 1) as u32, bits.min(32));
                        writer.put((value >> bits.min(32)) as u32, bits - bits.min(32));
                    }
                    _ => {
                        let mut run = ShortRun::default();
                        run.put(value as u32 & ((1_u64 << bits.min(32)) - 1) as u32, bits.min(32));
                        run.put((value >> bits.min(32)) as u32, bits - bits.min(32));
                        prop_assert_eq!(run.get(), Some((value, bits)));
                        writer.put_short(run);
                    }
                }
                prop_assert_eq!(writer.position(), at);
            }
            prop_assert_eq!(writer.finish(), plain.len());
            prop_assert_eq!(bytes, plain);
        }

        #[test]
        fn a_run_is_the_same_bits(values in prop::collection::vec((any::<u32>(), 0_u32..=32), 0..6), shift in 0_u32..32) {
            let (mut a, mut b) = ([0_u8; 32], [0_u8; 32]);
            let (mut direct, mut copied) = (BitWriter::new(&mut a), BitWriter::new(&mut b));
            let mut run = BitRun::EMPTY;
            direct.put(0, shift);
            copied.put(0, shift);
            for &(value, bits) in values.iter().take(5) {
                let value = (u64::from(value) & ((1 << bits) - 1)) as u32;
                direct.put(value, bits);
                run.put(value, bits);
            }
            copied.put_run(run);
            direct.finish();
            copied.finish();
            prop_assert_eq!(a, b);
        }

        #[test]
        fn patch_changes_only_its_bits(before in any::<u32>(), after in any::<u32>(), lead in 0_u32..32, tail in 0_u32..32) {
            let mut bytes = [0_u8; 16];
            let mut writer = BitWriter::new(&mut bytes);
            writer.put(0, lead);
            writer.put(before, 32);
            writer.put(0, tail);
            writer.patch(lead as usize, after, 32);
            writer.finish();
            let mut reader = BitReader::new(&bytes);
            prop_assert_eq!(reader.get(lead).unwrap(), 0);
            prop_assert_eq!(reader.get(32).unwrap(), after);
            prop_assert_eq!(reader.get(tail).unwrap(), 0);
        }

        #[test]
        fn bytes_follow_bits(lead in 0_u32..32, tail in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut bytes = [0_u8; 40];
            let mut writer = BitWriter::new(&mut bytes);
            writer.put(0, lead);
            writer.align();
            writer.put_bytes(&tail);
            writer.put(5, 3);
            let length = writer.finish();
            let mut reader = BitReader::new(&bytes[..length]);
            reader.get(lead).unwrap();
            reader.align().unwrap();
            prop_assert_eq!(reader.get_bytes(tail.len()).unwrap(), &tail[..]);
            prop_assert_eq!(reader.get(3).unwrap(), 5);
        }
    }
}
