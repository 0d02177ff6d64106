//! Who is due for a snapshot: what must be owed is found by counting, and those who are owed as much are gathered.
//!
//! What is not here: which of them fit ([`super::priority`]).

use super::priority::{FIRST_FACTOR, Gathering};
use super::snapshot_log::Acknowledged;
use super::track_block::{Block, LANES};
use super::tracking::BitIter;
use core::cmp::Ordering;
use shieldwall_core::numeric::lanes::{LaneTask, Lanes, prefetch};

/// How many are worth gathering for a snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// So many, if so many are due: as fit into the packet. There may be some more that are owed the most, or come first.
    pub(crate) count: usize,
    /// What somebody must be owed to be due, at least.
    pub(crate) least_owed: u16,
    /// What that was in the last snapshot.
    pub(crate) guess: u16,
    /// Whether somebody may be overdue because it was left out of the last snapshot.
    pub(crate) left_out: bool,
    /// Of those that are overdue, so many have room kept: see [`super::priority::turns`].
    pub(crate) turns: usize,
    /// The slot at which that goes on.
    pub(crate) turn_from: u16,
}

/// What was found out while gathering, for the next snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gathered {
    /// What somebody had to be owed to be due.
    pub(crate) due: u16,
    /// The slot at which keeping room for those that are overdue goes on.
    pub(crate) turn_from: u16,
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
    type Output = Gathered;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Gathered {
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
        let firsts_due = first_due(due, wish.least_owed);
        let may_be_overdue = wish.left_out || due.max(wish.guess) > wish.least_owed;
        // Often very many are owed the same: of those that are just due, no more are taken than are wished for, a stretch of
        // tracks that begins elsewhere each time. The others are owed more in the next snapshot.
        let above = due.saturating_add(step);
        let firsts_above = first_due(above, wish.least_owed);
        let mut ties = Ties::all(blocks.len());
        if due > wish.least_owed {
            let counts =
                |block: &Block| (block.count_due(above, firsts_above), block.count_due(due, firsts_due));
            ties = Ties::choose(blocks, number, wish.count, counts);
        }
        let turn =
            if may_be_overdue { Turn::choose::<L>(blocks, wish, snapshot_hz) } else { Turn::nobodys(wish) };
        for (index, block) in blocks.iter().enumerate() {
            let due = match ties.taken(index) {
                LANES => block.due::<L>(due, firsts_due),
                0 => block.due::<L>(above, firsts_above),
                part => {
                    let surely = block.due::<L>(above, firsts_above);
                    surely | lowest(part, block.due::<L>(due, firsts_due) & !surely)
                }
            };
            let in_turn = turn.tracks(index);
            let with_room = if in_turn == 0 { 0 } else { in_turn & block.overdue::<L>(snapshot_hz) };
            to.choose::<L>(index, block, (due | with_room, with_room), (number, acknowledged));
        }
        to.end(turn.count);
        Gathered { due, turn_from: turn.next_from }
    }
}

/// Of how many blocks the tracks that are just due are taken: `whole` of them from `start` on, and on from the first block, and of
/// the next the first `part`.
#[derive(Clone, Copy, Debug)]
struct Ties {
    start: usize,
    whole: usize,
    part: usize,
    blocks: usize,
}

impl Ties {
    fn all(blocks: usize) -> Self {
        Self { start: 0, whole: blocks, part: 0, blocks }
    }

    /// As many as are needed to come to `wanted` tracks, given how many are taken of each block in any case, and how many if all
    /// that are just due are.
    #[inline(always)]
    fn choose(
        blocks: &[Block],
        number: u32,
        wanted: usize,
        counts: impl Fn(&Block) -> (usize, usize),
    ) -> Self {
        let mut taken = 0;
        for block in blocks {
            taken += counts(block).0;
        }
        let start = (number as usize).wrapping_mul(ROTATION) % blocks.len().max(1);
        let (before, behind) = blocks.split_at(start);
        let (mut whole, mut left) = (0, wanted.saturating_sub(taken));
        for block in behind.iter().chain(before) {
            let (surely, if_chosen) = counts(block);
            if if_chosen - surely > left {
                break;
            }
            left -= if_chosen - surely;
            whole += 1;
        }
        Self { start, whole, part: left, blocks: blocks.len() }
    }

    /// How many of a block at most: [`LANES`] for all.
    #[inline(always)]
    fn taken(self, index: usize) -> usize {
        let place = if index >= self.start { index - self.start } else { index + self.blocks - self.start };
        match place.cmp(&self.whole) {
            Ordering::Less => LANES,
            Ordering::Equal => self.part,
            Ordering::Greater => 0,
        }
    }
}

/// The lowest `count` of the bits that are set.
#[inline(always)]
pub(super) fn lowest(count: usize, bits: u64) -> u64 {
    let mut rest = bits;
    for _ in 0..count {
        rest &= rest.wrapping_sub(1);
    }
    bits & !rest
}

/// The tracks whose turn it is to have room kept if they are overdue: those from one on and before another, which may lie before
/// the first. Others that are overdue take their chance with everybody else.
#[derive(Clone, Copy, Debug)]
struct Turn {
    from: usize,
    to: usize,
    /// How many of them are overdue.
    count: usize,
    /// The slot behind the last of these.
    next_from: u16,
}

impl Turn {
    fn nobodys(wish: Wish) -> Self {
        Self { from: 0, to: 0, count: 0, next_from: wish.turn_from }
    }

    /// As many as [`Wish::turns`] says that are overdue, in the order of slots from [`Wish::turn_from`] on and round.
    #[inline(always)]
    fn choose<L: Lanes>(blocks: &[Block], wish: Wish, snapshot_hz: u16) -> Self {
        let mut turn = Self::nobodys(wish);
        if wish.turns == 0 {
            return turn;
        }
        let first = blocks.partition_point(|block| block.slot(LANES - 1) < wish.turn_from);
        let lanes = blocks.get(first).map_or(0, |block| block.first_from(wish.turn_from));
        turn.from = first * LANES + lanes;
        let head = !0_u64 << lanes;
        let (before, behind) = (0..first, first + 1..blocks.len());
        let parts = [
            (first..(first + 1).min(blocks.len()), head),
            (behind, !0),
            (before, !0),
            (first..(first + 1).min(blocks.len()), !head),
        ];
        for (range, lanes) in parts {
            for index in range {
                for lane in BitIter(blocks[index].overdue::<L>(snapshot_hz) & lanes) {
                    turn.count += 1;
                    turn.next_from = blocks[index].slot(lane as usize).wrapping_add(1);
                    if turn.count == wish.turns {
                        turn.to = index * LANES + lane as usize + 1;
                        return turn;
                    }
                }
            }
        }
        // All of them.
        (turn.from, turn.to) = (0, usize::from(turn.count > 0) * blocks.len() * LANES);
        turn
    }

    /// Of a block, as bits, those whose turn it is.
    #[inline(always)]
    fn tracks(self, index: usize) -> u64 {
        let below = |end: usize| match end.saturating_sub(index * LANES) {
            lanes if lanes < LANES => (1 << lanes) - 1,
            _ => !0_u64,
        };
        let (from, to) = (below(self.from), below(self.to));
        if self.from < self.to {
            to & !from
        } else if self.count == 0 {
            0
        } else {
            to | !from
        }
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
