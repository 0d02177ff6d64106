//! Static prefix codes: which numbers are short.
//!
//! A [`PrefixCode`] is a canonical Huffman code given by its lengths; the table is part of the protocol, the same
//! at both ends and for every client, so the same value is always the same bits. No state adapts: a lost packet
//! cannot spoil the next one, and a run of bits made for one client serves all.
//!
//! Signed numbers are first folded (0, -1, 1, -2, … → 0, 1, 2, 3, …), then sent as the code of their bit length
//! followed by the bits below the highest one.

use super::DecodeError;
use super::bits::{BitReader, BitSink};
use super::code_tables::CodeTable;

/// Longest code of any [`PrefixCode`], in bits: one table look-up decodes it.
pub const LONGEST_CODE: u32 = 8;
const TABLE: usize = 1 << LONGEST_CODE;

/// A canonical prefix code of `N` symbols.
#[derive(Clone, Copy, Debug)]
pub struct PrefixCode<const N: usize> {
    /// Which trained code it is.
    name: CodeTable,
    lengths: [u8; N],
    /// Bit-reversed, because streams start with the lowest bit.
    codes: [u8; N],
    /// For every value of the next eight bits: symbol, length.
    table: [(u8, u8); TABLE],
}

impl<const N: usize> PrefixCode<N> {
    /// The code with these lengths in bits. Codes are given out in order of length, then of symbol.
    ///
    /// # Panics
    /// At compile time for a `const` code: when a length is 0 or over [`LONGEST_CODE`], or when the lengths do
    /// not fill the code space exactly (then some bits would mean nothing).
    #[must_use]
    pub const fn new(lengths: [u8; N]) -> Self {
        Self::trained(lengths, CodeTable::NONE)
    }

    /// [`PrefixCode::new`] for a code whose symbols are counted ([`BitSink::note`]).
    ///
    /// # Panics
    /// As [`PrefixCode::new`].
    #[must_use]
    pub const fn trained(lengths: [u8; N], name: CodeTable) -> Self {
        assert!(N >= 2 && N <= TABLE, "between 2 and 256 symbols");
        let mut codes = [0_u8; N];
        let mut table = [(0_u8, 0_u8); TABLE];
        let (mut next, mut length) = (0_u32, 1_u32);
        while length <= LONGEST_CODE {
            let mut symbol = 0;
            while symbol < N {
                assert!(
                    lengths[symbol] > 0 && lengths[symbol] as u32 <= LONGEST_CODE,
                    "a length of 1 to 8 bits"
                );
                if lengths[symbol] as u32 == length {
                    assert!(next < 1 << length, "lengths overfill the code space");
                    let reversed = next.reverse_bits() >> (32 - length);
                    codes[symbol] = reversed as u8;
                    let mut entry = reversed as usize;
                    while entry < TABLE {
                        table[entry] = (symbol as u8, length as u8);
                        entry += 1 << length;
                    }
                    next += 1;
                }
                symbol += 1;
            }
            next <<= 1;
            length += 1;
        }
        assert!(next == 1 << (LONGEST_CODE + 1), "lengths fill the code space");
        Self { name, lengths, codes, table }
    }

    /// Writes `symbol`.
    ///
    /// # Panics
    /// If there is no such symbol.
    #[inline]
    pub fn write(&self, sink: &mut impl BitSink, symbol: usize) {
        sink.note(self.name, symbol);
        sink.put(u32::from(self.codes[symbol]), u32::from(self.lengths[symbol]));
    }

    /// Tells a sink that counts of a symbol that [`PrefixCode::write`] does not write.
    #[inline]
    pub(super) fn note(&self, sink: &mut impl BitSink, symbol: usize) {
        sink.note(self.name, symbol);
    }

    /// What [`PrefixCode::write`] writes, and how many bits that is.
    ///
    /// # Panics
    /// If there is no such symbol.
    #[inline]
    #[must_use]
    pub const fn code(&self, symbol: usize) -> (u32, u32) {
        (self.codes[symbol] as u32, self.lengths[symbol] as u32)
    }

    /// Reads one symbol, below `N`.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end of the bytes.
    #[inline]
    pub fn read(&self, reader: &mut BitReader<'_>) -> Result<usize, DecodeError> {
        let (symbol, length) = self.table[reader.peek() as usize % TABLE];
        reader.skip(u32::from(length))?;
        Ok(usize::from(symbol))
    }

    /// Length of `symbol`'s code in bits.
    #[must_use]
    pub fn bits(&self, symbol: usize) -> u32 {
        u32::from(self.lengths[symbol])
    }
}

/// Folds a signed number so that small magnitudes of both signs become small: 0, -1, 1, -2 → 0, 1, 2, 3.
#[must_use]
pub const fn fold(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

/// The inverse of [`fold`].
#[must_use]
pub const fn unfold(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

/// Bits needed for `value`: 0 for 0, 32 for the largest.
#[must_use]
pub const fn width(value: u32) -> u32 {
    32 - value.leading_zeros()
}

impl<const N: usize> PrefixCode<N> {
    /// Writes an unsigned number below 2^(N-1): the code of its width, then the bits under the highest.
    ///
    /// # Panics
    /// If it is too wide for this code.
    #[inline]
    pub fn write_unsigned(&self, sink: &mut impl BitSink, value: u32) {
        let width = width(value);
        self.note(sink, width as usize);
        let (code, bits) = self.code(width as usize);
        let rest_bits = width.saturating_sub(1);
        let rest = value & ((1 << rest_bits) - 1);
        if bits + rest_bits <= 32 {
            sink.put(code | rest.unbounded_shl(bits), bits + rest_bits);
        } else {
            sink.put(code, bits);
            sink.put(rest, rest_bits);
        }
    }

    /// Reads what [`PrefixCode::write_unsigned`] wrote.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end of the bytes.
    #[inline]
    pub fn read_unsigned(&self, reader: &mut BitReader<'_>) -> Result<u32, DecodeError> {
        let width = self.read(reader)? as u32;
        Ok(if width > 1 { reader.get(width - 1)? | 1 << (width - 1) } else { width })
    }

    /// Writes a signed number, folded.
    ///
    /// # Panics
    /// If it is too wide for this code.
    #[inline]
    pub fn write_signed(&self, sink: &mut impl BitSink, value: i32) {
        self.write_unsigned(sink, fold(value));
    }

    /// Reads what [`PrefixCode::write_signed`] wrote.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end of the bytes.
    #[inline]
    pub fn read_signed(&self, reader: &mut BitReader<'_>) -> Result<i32, DecodeError> {
        Ok(unfold(self.read_unsigned(reader)?))
    }
}

/// Writes `value` as a quotient in unary and `low_bits` bits of remainder (a Rice code), for gaps between
/// sorted ids; a quotient of 12 or more is escaped to 16 plain bits.
///
/// # Panics
/// If `value` is over 65535 or `low_bits` over 15.
pub fn write_gap(sink: &mut impl BitSink, value: u32, low_bits: u32) {
    let (code, bits) = gap_code(value, low_bits);
    sink.put(code, bits);
}

/// What [`write_gap`] writes, and how many bits that is.
///
/// # Panics
/// If `value` is over 65535 or `low_bits` over 15.
#[inline]
#[must_use]
pub const fn gap_code(value: u32, low_bits: u32) -> (u32, u32) {
    assert!(value <= 0xffff && low_bits <= 15, "gaps are between 16-bit ids");
    let quotient = value >> low_bits;
    if quotient < ESCAPE {
        let rest = value & ((1 << low_bits) - 1);
        (((1 << quotient) - 1) | (rest << (quotient + 1)), quotient + 1 + low_bits)
    } else {
        (((1 << ESCAPE) - 1) | (value << ESCAPE), ESCAPE + 16)
    }
}

/// What [`gap_code`] says of the gaps below this, made beforehand.
pub(crate) const SMALL_GAPS: u32 = 64;

/// Above the code in a [`packed_gap`]: how many bits it has.
pub(crate) const GAP_LENGTH_SHIFT: u32 = 32;

/// What [`gap_code`] says, as one number.
///
/// # Panics
/// If `value` is over 65535 or `low_bits` over 15.
#[inline]
#[must_use]
pub(crate) const fn packed_gap(value: u32, low_bits: u32) -> u64 {
    let (code, bits) = gap_code(value, low_bits);
    code as u64 | (bits as u64) << GAP_LENGTH_SHIFT
}

/// [`packed_gap`] of the small gaps, with so many low bits.
///
/// # Panics
/// If `low_bits` is over 15.
#[inline]
#[must_use]
pub(crate) fn small_gaps(low_bits: u32) -> &'static [u64; SMALL_GAPS as usize] {
    static CODES: [[u64; SMALL_GAPS as usize]; 16] = {
        let (mut codes, mut at) = ([[0; SMALL_GAPS as usize]; 16], 0);
        while at < 16 * SMALL_GAPS {
            let (low_bits, gap) = (at / SMALL_GAPS, at % SMALL_GAPS);
            codes[low_bits as usize][gap as usize] = packed_gap(gap, low_bits);
            at += 1;
        }
        codes
    };
    &CODES[low_bits as usize]
}

/// Ones in a row that announce a plain 16-bit gap.
const ESCAPE: u32 = 12;

/// Bits [`write_gap`] spends at most, for any gap.
pub const GAP_BITS_MAX: usize = (ESCAPE + 16) as usize;

/// Reads what [`write_gap`] wrote.
///
/// # Errors
/// [`DecodeError::Truncated`] at the end of the bytes, [`DecodeError::Value`] for a sum over 65535.
pub fn read_gap(reader: &mut BitReader<'_>, low_bits: u32) -> Result<u32, DecodeError> {
    let quotient = (reader.peek() as u32).trailing_ones();
    if quotient >= ESCAPE {
        reader.skip(ESCAPE)?;
        return reader.get(16);
    }
    reader.skip(quotient + 1)?;
    let value = quotient << low_bits | reader.get(low_bits)?;
    if value > 0xffff { Err(DecodeError::Value("gap")) } else { Ok(value) }
}

/// For numbers with no known distribution, up to 32 bits: zero is one bit, then lengths grow.
pub const WIDE: PrefixCode<33> = PrefixCode::new([
    1, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8,
]);

#[cfg(test)]
mod tests {
    use super::super::bits::BitWriter;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding_is_its_own_story() {
        for (value, folded) in
            [(0, 0), (-1, 1), (1, 2), (-2, 3), (i32::MAX, u32::MAX - 1), (i32::MIN, u32::MAX)]
        {
            assert_eq!(fold(value), folded);
            assert_eq!(unfold(folded), value);
        }
    }

    #[test]
    #[should_panic(expected = "fill the code space")]
    fn a_code_with_a_hole_is_refused() {
        let _ = PrefixCode::new([1, 3, 3]);
    }

    proptest! {
        #[test]
        fn signed_numbers_round_trip(values in prop::collection::vec(any::<i32>(), 0..50), shift in 0_u32..32) {
            let mut bytes = [0_u8; 400];
            let mut writer = BitWriter::new(&mut bytes);
            for &v in &values {
                WIDE.write_signed(&mut writer, v >> shift);
            }
            let length = writer.finish();
            let mut reader = BitReader::new(&bytes[..length]);
            for &v in &values {
                prop_assert_eq!(WIDE.read_signed(&mut reader).unwrap(), v >> shift);
            }
        }

        #[test]
        fn gaps_round_trip(values in prop::collection::vec(0_u32..=0xffff, 0..50), low_bits in 0_u32..=15) {
            let mut bytes = [0_u8; 400];
            let mut writer = BitWriter::new(&mut bytes);
            for &v in &values {
                let before = writer.position();
                write_gap(&mut writer, v, low_bits);
                prop_assert!(writer.position() - before <= GAP_BITS_MAX);
            }
            let length = writer.finish();
            let mut reader = BitReader::new(&bytes[..length]);
            for &v in &values {
                prop_assert_eq!(read_gap(&mut reader, low_bits).unwrap(), v);
            }
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..40), low_bits in 0_u32..=15) {
            let mut reader = BitReader::new(&bytes);
            while WIDE.read_signed(&mut reader).is_ok() {}
            let mut reader = BitReader::new(&bytes);
            while read_gap(&mut reader, low_bits).is_ok() {}
        }
    }
}
