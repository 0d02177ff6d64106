//! The short way of an update into a packet: slot, age and difference as one word, shifted in.
//!
//! Nearly all updates are differences that somebody else's packet had before and that are short. For them this loop does
//! everything, with the end of the packet in registers. It ends at the first update that is anything else, which
//! [`super::snapshot`] then writes.

use super::baselines::Baselines;
use super::delta_cache::ShortWords;
use super::priority::Candidate;
use super::track_block::{Block, LANES};
use crate::wire::bits::{BitEnd, BitWriter};
use crate::wire::prefix_codes::{GAP_LENGTH_SHIFT, SMALL_GAPS, packed_gap, small_gaps};
use shieldwall_core::numeric::LaneChoice;
use shieldwall_core::numeric::lanes::{self, LaneTask, Lanes};

/// Where a packet's updates have come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Candidates behind us, written or skipped.
    pub(super) at: usize,
    /// Slot behind the last one written.
    pub(super) next: u32,
    /// Updates written.
    pub(super) count: u32,
}

/// What the updates of a packet have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    pub(super) gap_low_bits: u32,
    /// Number of the snapshot.
    pub(super) number: u32,
    pub(super) snapshot_hz: u16,
    /// Bits that the writer is to leave free.
    pub(super) kept_bits: usize,
    /// Updates at most.
    pub(super) updates_max: u32,
}

/// Writes updates from `progress` on as long as each is a short difference that was made already, has no room kept for it, and
/// fits; and notes that they were sent.
pub(super) fn copy_short(
    writer: &mut BitWriter<'_>,
    blocks: &mut [Block],
    candidates: &[Candidate],
    (baselines, words): (&Baselines, ShortWords<'_>),
    section: &Section,
    progress: &mut Progress,
) {
    let rest = candidates.get(progress.at..).unwrap_or(&[]);
    let rest = &rest[..rest.len().min((section.updates_max - progress.count) as usize)];
    let limit = (writer.position() + writer.remaining()).saturating_sub(section.kept_bits);
    let gaps = small_gaps(section.gap_low_bits);
    let copy =
        Copy { rest, next: progress.next, baselines, words, gaps, section, limit, end: writer.end(), blocks };
    let (written, next, position) = lanes::run(LaneChoice::Auto, copy);
    writer.go_on_at(position);
    *progress = Progress { at: progress.at + written, next, count: progress.count + written as u32 };
}

/// The loop itself. It has no use for lanes: it goes through their door to be compiled for the processor's own shifts.
struct Copy<'a, 'w> {
    rest: &'a [Candidate],
    next: u32,
    baselines: &'a Baselines,
    words: ShortWords<'a>,
    gaps: &'static [u64; SMALL_GAPS as usize],
    section: &'a Section,
    limit: usize,
    end: BitEnd<'w>,
    blocks: &'a mut [Block],
}

impl LaneTask for Copy<'_, '_> {
    /// Updates written, the slot behind the last, bits in the writer.
    type Output = (usize, u32, usize);

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let Self { rest, mut next, baselines, words, gaps, section, limit, mut end, blocks } = self;
        let mut written = 0;
        for candidate in rest {
            let slot = u32::from(candidate.slot);
            let baseline = baselines.get(candidate.behind);
            let Some((bits, length)) = words.get(baseline.row(), slot as usize) else { break };
            let gap = slot.wrapping_sub(next);
            let gap_code = match gaps.get(gap as usize) {
                Some(&code) => code,
                None => wide_gap(gap, section.gap_low_bits),
            };
            let gap_bits = (gap_code >> GAP_LENGTH_SHIFT) as u32;
            let prefix = gap_code & u64::from(u32::MAX) | u64::from(baseline.code) << gap_bits;
            let prefix_bits = gap_bits + u32::from(baseline.code_bits);
            let sum = prefix_bits + length;
            let fits = sum <= BitWriter::LONG_MAX && end.position() + sum as usize <= limit;
            if !fits || candidate.has_room || !end.put_word(prefix | bits << prefix_bits, sum) {
                break;
            }
            next = slot + 1;
            written += 1;
        }
        mark_sent(blocks, &rest[..written], section);
        (written, next, end.position())
    }
}

#[cold]
#[inline(never)]
fn wide_gap(gap: u32, low_bits: u32) -> u64 {
    packed_gap(gap, low_bits)
}

/// Notes of the candidates that they were sent.
#[inline(always)]
pub(super) fn mark_sent(blocks: &mut [Block], sent: &[Candidate], section: &Section) {
    for candidate in sent {
        let track = usize::from(candidate.track);
        let Some(block) = blocks.get_mut(track / LANES) else { break };
        block.mark_sent(track % LANES, section.number, section.snapshot_hz);
    }
}
