//! The way of updates into a packet, a block of tracks at a time, with the end of the packet in registers.
//!
//! It ends at the first update that has room kept for it, or that does not surely fit: those [`super::snapshot`] writes one by one.

use super::baselines::Baselines;
use super::gathering::lowest;
use super::made::{Fulls, Made, Source};
use super::priority::{Candidate, Chosen};
use super::track_block::{Block, LANES};
use super::tracking::BitIter;
use crate::wire::bit_end::BitEnd;
use crate::wire::bits::BitWriter;
use crate::wire::snapshot::SectionHead;
use shieldwall_core::numeric::LaneChoice;
use shieldwall_core::numeric::lanes::{self, LaneTask, Lanes};

/// Where a packet's updates have come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// The block of the next candidate, and the lanes of it that are not behind us.
    block: usize,
    left: u64,
    /// Slot behind the last one written.
    pub(super) next: u32,
    /// Updates written.
    pub(super) count: u32,
}

impl Progress {
    /// Before the first of those that were chosen.
    pub(super) fn new(chosen: &[Chosen]) -> Self {
        Self { block: 0, left: chosen.first().map_or(0, |chosen| chosen.lanes), next: 0, count: 0 }
    }

    /// The next candidate.
    pub(super) fn candidate(&self, blocks: &[Block], chosen: &[Chosen]) -> Option<Candidate> {
        let lane = BitIter(self.left).next()? as usize;
        Some(chosen[self.block].candidate(self.block, lane, &blocks[self.block]))
    }

    /// Leaves that one behind.
    pub(super) fn skip(&mut self, chosen: &[Chosen]) {
        self.left &= self.left - 1;
        while self.left == 0 && self.block + 1 < chosen.len() {
            self.block += 1;
            self.left = chosen[self.block].lanes;
        }
    }
}

/// What the updates of a packet have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a> {
    pub(super) head: &'a SectionHead,
    /// Number of the snapshot.
    pub(super) number: u32,
    pub(super) snapshot_hz: u16,
    /// Bits that the writer is to leave free.
    pub(super) kept_bits: usize,
    /// Updates at most.
    pub(super) updates_max: u32,
}

/// Writes updates from `progress` on as long as none has room kept for it and each fits; and notes that they were sent.
pub(super) fn copy_updates(
    writer: &mut BitWriter<'_>,
    blocks: &mut [Block],
    chosen: &[Chosen],
    (baselines, source, made): (&Baselines, Source<'_>, &mut Made),
    section: &Section<'_>,
    (progress, fulls): (&mut Progress, &mut Fulls),
) {
    // A word is stored as eight bytes: the last ones of the packet go another way.
    let room = writer.remaining().saturating_sub(section.kept_bits.max(u64::BITS as usize));
    let end = writer.end();
    let copy = Copy { chosen, baselines, source, made, section, room, end, blocks, progress, fulls };
    let position = lanes::run(LaneChoice::Auto, copy);
    writer.go_on_at(position);
}

/// The loop itself. It has little use for lanes: it goes through their door to be compiled for the processor's own shifts.
struct Copy<'a, 'w> {
    chosen: &'a [Chosen],
    baselines: &'a Baselines,
    source: Source<'a>,
    made: &'a mut Made,
    section: &'a Section<'a>,
    /// Bits that may be written.
    room: usize,
    end: BitEnd<'w>,
    blocks: &'a mut [Block],
    progress: &'a mut Progress,
    fulls: &'a mut Fulls,
}

impl LaneTask for Copy<'_, '_> {
    /// Bits in the writer.
    type Output = usize;

    #[inline(always)]
    fn run<L: Lanes>(self) -> usize {
        let Self { chosen, baselines, source, made, section, mut room, mut end, blocks, progress, fulls } =
            self;
        for (index, (block, chosen)) in blocks.iter_mut().zip(chosen).enumerate().skip(progress.block) {
            if index > progress.block {
                (progress.block, progress.left) = (index, chosen.lanes);
            }
            let lanes = in_a_row(progress.left, chosen.with_room, section.updates_max - progress.count);
            let wanted = (lanes, progress.next, room);
            let batch = made.make(wanted, (block, chosen), (baselines, source, section.head), fulls);
            if batch.updates > 0 {
                made.put(batch, &mut end);
                let written = lowest(batch.updates, lanes);
                progress.next = u32::from(block.slot(written.ilog2() as usize % LANES)) + 1;
                progress.count += batch.updates as u32;
                progress.left &= !written;
                room -= batch.bits;
                block.mark_all_sent(written, section.number, section.snapshot_hz);
            }
            if progress.left != 0 {
                break;
            }
        }
        end.position()
    }
}

/// Of `lanes` the first ones, up to one that has room kept, and no more than `most`.
#[inline(always)]
fn in_a_row(lanes: u64, with_room: u64, most: u32) -> u64 {
    let first = lanes & with_room & (lanes & with_room).wrapping_neg();
    let before = if first == 0 { lanes } else { lanes & (first - 1) };
    if before.count_ones() <= most { before } else { lowest(most as usize, before) }
}

#[cfg(test)]
#[path = "update_copy_tests.rs"]
mod tests;
