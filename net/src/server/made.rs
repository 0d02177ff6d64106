//! Updates ready to be put into a packet: slot, age and difference as words, those of a block of tracks at a time.
//!
//! To make them first and put them in then is two short loops, each of which has room in the processor's registers. Nearly all
//! are one word, shifted together from what somebody else's packet had before; the others (what nobody had, what is long, states
//! in full) are made aside.
//!
//! What is not here: which ones, and the packet ([`super::update_copy`]).

use super::baselines::{Baseline, Baselines};
use super::delta_cache::{CacheRow, DeltaCache, EncodedUpdate};
use super::history::StateHistory;
use super::priority::{Chosen, WORST_BITS};
use super::track_block::{Block, LANES};
use super::tracking::BitIter;
use crate::wire::bit_end::BitEnd;
use crate::wire::bits::{BitSink as _, BitWriter};
use crate::wire::prefix_codes::{GAP_LENGTH_SHIFT, gap_code, packed_gap, small_gaps, write_gap};
use crate::wire::snapshot::SectionHead;

/// Words of an update at most.
const WORDS_MAX: usize = WORST_BITS.div_ceil(BitWriter::LONG_MAX as usize);
/// Words of the updates of a block at most.
const PLACES: usize = LANES * WORDS_MAX;
/// Bytes of a full word.
const WORD_BYTES: usize = BitWriter::LONG_MAX as usize / 8;

/// Where encodings come from: what was made already, and what to make the others of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) cache: &'a DeltaCache,
    pub(super) history: &'a StateHistory,
    pub(super) tick: u32,
}

impl Source<'_> {
    /// What nobody had before, or is not short.
    #[cold]
    #[inline(never)]
    fn make(self, row: CacheRow, slot: usize) -> EncodedUpdate {
        self.cache.get(self.history, self.tick, row, slot)
    }
}

/// Full states among updates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fulls {
    pub(super) count: u32,
    pub(super) bits: usize,
}

impl Fulls {
    /// Counts one of so many bits; 0 is a difference.
    pub(super) fn note(&mut self, bits: usize) {
        self.count += u32::from(bits > 0);
        self.bits += bits;
    }
}

/// How many were made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Batch {
    pub(super) updates: usize,
    words: usize,
    /// Bits of all of them.
    pub(super) bits: usize,
}

/// The words, and how many bits of each count.
#[derive(Debug)]
pub(super) struct Made {
    words: [u64; PLACES],
    lengths: [u32; PLACES],
}

impl Made {
    pub(super) fn new() -> Self {
        Self { words: [0; PLACES], lengths: [0; PLACES] }
    }

    /// Makes those of the first of `lanes` that fit into `room` bits, where `next` is the slot behind the one before.
    #[inline(always)]
    pub(super) fn make(
        &mut self,
        (lanes, mut next, room): (u64, u32, usize),
        (block, chosen): (&Block, &Chosen),
        (baselines, source, head): (&Baselines, Source<'_>, &SectionHead),
        fulls: &mut Fulls,
    ) -> Batch {
        let (known, gaps) = (source.cache.short_words(), small_gaps(head.gap_low_bits));
        let mut batch = Batch::default();
        for lane in BitIter(lanes) {
            let lane = lane as usize % LANES;
            let slot = u32::from(block.slot(lane));
            let baseline = baselines.get(chosen.behind[lane]);
            let gap = slot.wrapping_sub(next);
            let gap_code = match gaps.get(gap as usize) {
                Some(&code) => code,
                None => wide_gap(gap, head.gap_low_bits),
            };
            let gap_bits = (gap_code >> GAP_LENGTH_SHIFT) as u32;
            let prefix = gap_code & u64::from(u32::MAX) | u64::from(baseline.code) << gap_bits;
            let prefix_bits = gap_bits + u32::from(baseline.code_bits);
            let update = match known.get(baseline.row(), slot as usize) {
                Some((bits, length)) => EncodedUpdate::Short(bits, length),
                None => source.make(baseline.row(), slot as usize),
            };
            if let EncodedUpdate::Short(bits, length) = update
                && prefix_bits + length <= BitWriter::LONG_MAX
            {
                let sum = prefix_bits + length;
                if batch.bits + sum as usize > room {
                    break;
                }
                self.words[batch.words % PLACES] = prefix | bits << prefix_bits;
                self.lengths[batch.words % PLACES] = sum;
                batch.words += 1;
                batch.bits += sum as usize;
            } else if !self.make_aside(update, (gap, room), baseline, head, (&mut batch, fulls)) {
                break;
            }
            batch.updates += 1;
            next = slot + 1;
        }
        batch
    }

    /// Makes an update that is not one word; false when it does not fit.
    #[cold]
    #[inline(never)]
    fn make_aside(
        &mut self,
        update: EncodedUpdate,
        (gap, room): (u32, usize),
        baseline: &Baseline,
        head: &SectionHead,
        (batch, fulls): (&mut Batch, &mut Fulls),
    ) -> bool {
        let mut bytes = [0; (WORDS_MAX + 2) * WORD_BYTES];
        let mut writer = BitWriter::new(&mut bytes);
        let full_bits = write_update(&mut writer, update, gap, baseline, head);
        let bits = writer.position();
        if batch.bits + bits > room {
            return false;
        }
        writer.finish();
        let mut left = bits as u32;
        for word in bytes.windows(8).step_by(WORD_BYTES).take(bits.div_ceil(BitWriter::LONG_MAX as usize)) {
            let length = left.min(BitWriter::LONG_MAX);
            let word = word.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
            self.words[batch.words % PLACES] = word & ((1 << length) - 1);
            self.lengths[batch.words % PLACES] = length;
            (left, batch.words) = (left - length, batch.words + 1);
        }
        fulls.note(full_bits);
        batch.bits += bits;
        true
    }

    /// Puts them into the packet.
    #[inline(always)]
    pub(super) fn put(&self, batch: Batch, end: &mut BitEnd<'_>) {
        end.put_words(&self.words[..batch.words], &self.lengths[..batch.words]);
    }
}

/// Bits that stand before a state.
pub(super) fn head_bits(gap: u32, update: &EncodedUpdate, baseline: &Baseline, head: &SectionHead) -> usize {
    let age_bits = match update {
        EncodedUpdate::Short(..) | EncodedUpdate::Long(_) => baseline.code_bits.into(),
        EncodedUpdate::Full(_) => head.age_code(None).1,
    };
    (gap_code(gap, head.gap_low_bits).1 + age_bits) as usize
}

/// Writes an update, whichever it is, behind the gap to the one before and the code of its baseline. Returns the bits of a full
/// state, or 0.
pub(super) fn write_update(
    writer: &mut BitWriter<'_>,
    update: EncodedUpdate,
    gap: u32,
    baseline: &Baseline,
    head: &SectionHead,
) -> usize {
    let before = writer.position();
    write_gap(writer, gap, head.gap_low_bits);
    match update {
        EncodedUpdate::Short(bits, length) => {
            writer.put(baseline.code.into(), baseline.code_bits.into());
            writer.put_long(bits, length);
        }
        EncodedUpdate::Long(run) => {
            writer.put(baseline.code.into(), baseline.code_bits.into());
            writer.put_run(run);
        }
        EncodedUpdate::Full(run) => {
            head.write_age(writer, None);
            writer.put_run(run);
            return writer.position() - before;
        }
    }
    0
}

#[cold]
#[inline(never)]
fn wide_gap(gap: u32, low_bits: u32) -> u64 {
    packed_gap(gap, low_bits)
}
