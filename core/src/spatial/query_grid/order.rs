//! Candidates for the nearest few, put in order.
//!
//! Lanes know every candidate's squared distance in short units, off by less than a margin. By those the nearest are
//! chosen and ordered; neighbours in that order that are closer than the margin are compared again in whole coordinates.

use super::QueryGrid;
use super::search::Scale;
use crate::numeric::Metres;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};

/// The most candidates that are put in order by ranks.
const RANKED_MAX: usize = 448;

/// Room for so many, and for whole pairs of registers behind the last: a power of two.
const ROOM: usize = 512;
const _: () = assert!(ROOM >= RANKED_MAX + 2 * MAX_WIDTH);

/// How many numbers of scratch the ordering takes.
pub(super) const SCRATCH: usize = 4 * ROOM;

/// More candidates than `count` and this many are first thinned out.
const SPARE: usize = 48;

/// How often a limit is looked for between those that are known to be too low and too high.
const LIMIT_STEPS: u32 = 24;

/// Puts the sorted indices in `places[..found]`, all of them in a disc, in order of distance, replaces the first `count`
/// by their rows, and returns how many those are. When too many are too close together for that, the error says how many
/// candidates are left in front, the nearest `count` among them.
pub(super) struct Order<'a> {
    pub(super) grid: &'a QueryGrid,
    /// The centre of the disc.
    pub(super) at: (Metres, Metres),
    pub(super) count: usize,
    pub(super) found: usize,
    /// Of the disc, raw.
    pub(super) radius: i32,
    /// How the candidates' offsets were shortened.
    pub(super) scale: Scale,
    pub(super) places: &'a mut [i32],
    /// The squared distances of the candidates, in short units.
    pub(super) squares: &'a mut [i32],
    /// [`SCRATCH`] numbers, whatever they are.
    pub(super) scratch: &'a mut [i32],
}

impl LaneTask for Order<'_> {
    type Output = Result<usize, usize>;

    #[inline(always)]
    fn run<L: Lanes>(mut self) -> Result<usize, usize> {
        // A length is off by less than the slack, so a square by less than 2 r + slack of those; twice that for two.
        let short_radius = (self.radius >> self.scale.shift) + 1;
        let margin = 4 * self.scale.slack * (short_radius + self.scale.slack);
        if self.found > self.count + SPARE {
            self.thin_out::<L>(margin);
        }
        if self.found > RANKED_MAX {
            return Err(self.found);
        }
        // The highest bits of the squares fit 15.
        let farthest = short_radius + self.scale.slack;
        let shift = (2 * (32 - farthest.leading_zeros())).saturating_sub(15);
        self.rank::<L>(shift);
        self.settle::<L>(margin.saturating_add(2 << shift));
        let len = self.found.min(self.count);
        for (place, index) in self.places[..len].iter_mut().zip(&self.scratch[2 * ROOM..]) {
            *place = self.grid.rows[*index as usize];
        }
        Ok(len)
    }
}

impl Order<'_> {
    /// Leaves out candidates that are surely not among the nearest `count`. As long as many are left, a limit is guessed
    /// as if the squares were spread evenly, which they are where people stand everywhere alike.
    #[inline(always)]
    fn thin_out<L: Lanes>(&mut self, margin: i32) {
        let (mut low, mut low_count) = (0_i64, 0);
        let mut high = i64::from(self.squares[..self.found].iter().fold(0, |most, square| most.max(*square)));
        let mut high_count = self.found;
        let mut steps = 0;
        while high_count > self.count + SPARE && high - low > 1 && steps < LIMIT_STEPS {
            let aim = self.count + SPARE / 2;
            let share = (high - low) * (aim - low_count) as i64 / (high_count - low_count) as i64;
            // Every other step halves: distances need not be spread evenly.
            let limit = if steps & 1 == 0 { low + share.clamp(1, high - low - 1) } else { (low + high) >> 1 };
            let count = self.count_to::<L>(limit as i32);
            if count >= self.count {
                (high, high_count) = (limit, count);
            } else {
                (low, low_count) = (limit, count);
            }
            steps += 1;
        }
        // At least `count` are within the limit; who is truly as near is within the margin.
        let past = L::splat((high as i32).saturating_add(margin).saturating_add(1));
        let (mut at, mut kept) = (0, 0);
        while at < self.found {
            let (indices, squares) = (L::load_at(self.places, at), L::load_at(self.squares, at));
            let near = past.greater(squares).and(L::Mask::first_n(self.found - at));
            indices.compress_into(near, self.places, kept);
            kept += squares.compress_into(near, self.squares, kept);
            at += L::WIDTH;
        }
        self.found = kept;
    }

    /// How many squares are not above a limit.
    #[inline(always)]
    fn count_to<L: Lanes>(&self, limit: i32) -> usize {
        let limit = L::splat(limit);
        let (mut at, mut above) = (0, 0);
        while at < self.found {
            let far = L::load_at(self.squares, at).greater(limit).and(L::Mask::first_n(self.found - at));
            above += far.count();
            at += L::WIDTH;
        }
        self.found - above
    }

    /// Puts indices and squares in the order of the squares' highest bits: each is compared with all others, many at a
    /// time and without a branch, which for a hundred takes a fraction of the time of a sort. The ordered indices are in
    /// the third quarter of the scratch then, their squares in the fourth.
    #[inline(always)]
    fn rank<L: Lanes>(&mut self, shift: u32) {
        let found = self.found;
        let [keys, ranks, order, ordered_squares] = quarters(self.scratch);
        let mut at = 0;
        while at < found {
            L::load_at(self.squares, at).shift_right_by(shift).twice_low16().store_at(keys, at);
            at += L::WIDTH;
        }
        at = 0;
        while at < found {
            let own = L::load_at(keys, at).pair_with(L::load_at(keys, at + L::WIDTH));
            let mut rank = L::splat(0);
            for &other in &keys[..found] {
                rank = rank.count_greater16(own, L::splat(other));
            }
            rank.and(L::splat(0xFFFF)).store_at(ranks, at);
            rank.shift_right_logical::<16>().store_at(ranks, at + L::WIDTH);
            at += 2 * L::WIDTH;
        }
        // Equal ones have the same rank, and come one after the other: the keys' room counts them.
        let seen = keys;
        seen[..found.next_multiple_of(L::WIDTH)].fill(0);
        let (indices, squares) = (&self.places[..found], &self.squares[..found]);
        for ((rank, index), square) in ranks.iter().zip(indices).zip(squares) {
            let rank = *rank as usize % ROOM;
            let place = (rank + seen[rank] as usize) % ROOM;
            seen[rank] += 1;
            order[place] = *index;
            ordered_squares[place] = *square;
        }
    }

    /// Where two neighbours' squares differ by no more than the margin, whole coordinates and then rows decide.
    #[inline(always)]
    fn settle<L: Lanes>(&mut self, margin: i32) {
        let found = self.found;
        let (grid, at) = (self.grid, self.at);
        let margin = L::splat(margin);
        let [_, _, order, squares] = quarters(self.scratch);
        let mut start = 0;
        while start + 1 < found {
            let gap = L::load_at(squares, start + 1).sub(L::load_at(squares, start));
            let close = gap.greater(margin).not().and(L::Mask::first_n(found - 1 - start));
            let mut bits = close.bits();
            while bits != 0 {
                insert(grid, at, &mut order[..=start + bits.trailing_zeros() as usize + 1]);
                bits &= bits - 1;
            }
            start += L::WIDTH;
        }
    }
}

/// Moves the last of some sorted indices to where it belongs; the others are in order.
fn insert(grid: &QueryGrid, (x, z): (Metres, Metres), order: &mut [i32]) {
    let key = |index: i32| (grid.squared_to(index, x, z), grid.rows[index as usize]);
    let mut at = order.len() - 1;
    while at > 0 && key(order[at]) < key(order[at - 1]) {
        order.swap(at - 1, at);
        at -= 1;
    }
}

/// The four parts of the scratch.
#[inline(always)]
fn quarters(scratch: &mut [i32]) -> [&mut [i32; ROOM]; 4] {
    let (parts, _) = scratch.as_chunks_mut::<ROOM>();
    let [a, b, c, d, ..] = parts else { panic!("too little scratch") };
    [a, b, c, d]
}
