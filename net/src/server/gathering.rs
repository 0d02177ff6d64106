//! Who is due for a snapshot: what must be owed is found by counting, and those who are owed as much are gathered.
//!
//! What is not here: which of them fit ([`super::priority`]).

use super::priority::{FIRST_FACTOR, Gathering, level};
use super::snapshot_log::Acknowledged;
use super::track_block::{Block, LANES};
use super::tracking::BitIter;
use shieldwall_core::numeric::lanes::{LaneTask, Lanes, prefetch};

/// How many are worth gathering for a snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// So many, if so many are due: as fit into the packet. There may be some more.
    pub(crate) count: usize,
    /// What somebody must be owed to be due, at least.
    pub(crate) least_owed: u16,
    /// What that was in the last snapshot.
    pub(crate) guess: u16,
    /// Whether somebody may be overdue because it was left out of the last snapshot.
    pub(crate) left_out: bool,
}

/// What those who come first must be owed to be due where others must be owed `due`.
#[inline(always)]
pub(crate) fn first_due(due: u16, least_owed: u16) -> u16 {
    (due / FIRST_FACTOR as u16).max(least_owed)
}

/// The loop of [`super::tracking::TrackTable::gather`]. It goes through the door of the lanes to be compiled for the
/// processor's own vectors and shifts.
pub(super) struct Gather<'a> {
    pub(super) blocks: &'a mut [Block],
    pub(super) len: usize,
    pub(super) number: u32,
    pub(super) acknowledged: Acknowledged,
    pub(super) wish: Wish,
    pub(super) snapshot_hz: u16,
    pub(super) to: Gathering<'a>,
}

impl LaneTask for Gather<'_> {
    type Output = u16;

    #[inline(always)]
    fn run<L: Lanes>(self) -> u16 {
        let Self { blocks, len, number, acknowledged, wish, snapshot_hz, mut to } = self;
        for index in 0..blocks.len() {
            if let Some(later) = blocks.get(index + 2) {
                prefetch(later);
            }
            let block = &mut blocks[index];
            if number.is_multiple_of(64) {
                block.renumber(number);
            }
            block.count_up();
        }
        let step = (snapshot_hz / 4).max(1);
        let due = choose_due(blocks, len, wish, step);
        let first_due = first_due(due, wish.least_owed);
        let may_be_overdue = wish.left_out || due.max(wish.guess) > wish.least_owed;
        // Often very many are owed the same: of those that are just due, no more are taken than are wished for, a stretch of
        // blocks that begins elsewhere each time. The others are owed more in the next snapshot.
        let mut ties = Ties::all(blocks.len());
        if due > wish.least_owed {
            let above = due.saturating_add(step);
            let surely = |block: &Block| block.due(above, first_due);
            ties = Ties::choose(blocks, number, wish.count, surely, |block| block.due(due, first_due));
        }
        let (mut overdue_sum, levels_16) = (0, to.levels_16());
        for (index, block) in blocks.iter_mut().enumerate() {
            let due = block.due(if ties.has(index) { due } else { due.saturating_add(step) }, first_due);
            let overdue = if may_be_overdue { block.overdue(snapshot_hz) } else { 0 };
            overdue_sum += overdue.count_ones();
            for lane in BitIter(due | overdue) {
                let lane = lane as usize;
                let behind = acknowledged.baseline(block.sent_at(lane, number));
                let level = level(block.urgency(lane), levels_16);
                let track = (index * LANES + lane) as u16;
                to.push((track, block.slot(lane)), level, behind, overdue >> lane & 1 != 0);
            }
        }
        to.end(overdue_sum as usize);
        due
    }
}

/// The blocks whose tracks that are just due are taken: `count` of them from `start` on, and on from the first block.
#[derive(Clone, Copy, Debug)]
struct Ties {
    start: usize,
    count: usize,
    blocks: usize,
}

impl Ties {
    fn all(blocks: usize) -> Self {
        Self { start: 0, count: blocks, blocks }
    }

    /// As many blocks as are needed to come to `wanted` tracks, given as bits who is taken of each block in any case and who is
    /// taken if the block is chosen.
    #[inline(always)]
    fn choose(
        blocks: &[Block],
        number: u32,
        wanted: usize,
        surely: impl Fn(&Block) -> u64,
        perhaps: impl Fn(&Block) -> u64,
    ) -> Self {
        let mut taken = 0;
        for block in blocks {
            taken += surely(block).count_ones() as usize;
        }
        let start = (number as usize).wrapping_mul(ROTATION) % blocks.len().max(1);
        let (before, behind) = blocks.split_at(start);
        let mut count = 0;
        for block in behind.iter().chain(before) {
            if taken >= wanted {
                break;
            }
            taken += (perhaps(block) & !surely(block)).count_ones() as usize;
            count += 1;
        }
        Self { start, count, blocks: blocks.len() }
    }

    #[inline(always)]
    fn has(self, index: usize) -> bool {
        let place = if index >= self.start { index - self.start } else { index + self.blocks - self.start };
        place < self.count
    }
}

/// An odd number, so that the stretches of two snapshots in a row are far from each other.
const ROTATION: usize = 61;

/// What must be owed so that as many are due as are wished for and not many more, in steps: counting is quick, and mostly the
/// last answer is nearly right.
#[inline(always)]
fn choose_due(blocks: &[Block], len: usize, wish: Wish, step: u16) -> u16 {
    let least = wish.least_owed;
    // Nobody is left out where there are no more than fit.
    if len <= wish.count {
        return least;
    }
    let is_enough = |due: u16| {
        let first_due = first_due(due, least);
        let mut count = 0;
        for block in blocks {
            count += block.count_due(due, first_due);
        }
        count >= wish.count
    };
    // Twice as far each time, until the answer lies between the last two.
    let (mut below, mut stride) = (wish.guess.max(least), step);
    let mut above = None;
    while !is_enough(below) {
        if below == least {
            return least;
        }
        above = Some(below);
        below = below.saturating_sub(stride).max(least);
        stride = stride.saturating_mul(2);
    }
    let mut above = above.unwrap_or_else(|| {
        let mut above = below.saturating_add(stride);
        while above < u16::MAX && is_enough(above) {
            below = above;
            stride = stride.saturating_mul(2);
            above = above.saturating_add(stride);
        }
        above
    });
    while above - below > step {
        let middle = below + (above - below) / 2;
        if is_enough(middle) { below = middle } else { above = middle }
    }
    below
}
