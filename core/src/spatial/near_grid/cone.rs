//! Who may be in a cone, or was in it some way ago.

use super::{NearGrid, groups_of, row_of, rows_of};
use crate::numeric::Metres;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};
use crate::spatial::query_grid::{ConeRegion, Opening};

/// Who is passed over: the one who asks, and a group, or all but a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spared {
    /// That row.
    pub(crate) row: u32,
    /// The group; a number above 255 is none.
    pub(crate) group: i32,
    /// Whether the group is the only one that is meant, instead of left out.
    pub(crate) only: bool,
}

/// Who looks for the rows of a cone.
pub(crate) trait Seeker {
    /// Where rows are seen, raw x and z, and which of them are seen at all; `None`: where the grid has them. Of the lanes
    /// behind the last row that is asked about nothing is known.
    fn seen<L: Lanes>(&self, rows: L) -> Option<([L; 2], L::Mask)>;

    /// Takes a row that may be in the cone: where it is seen, and where the grid has it. Says to which square of a distance
    /// from the cone's tip, raw, others would still be of interest, the limit included: those beyond it need not come.
    fn visit(&mut self, row: u32, seen: (i32, i32), place: (i32, i32)) -> u64;
}

/// A search for all rows that are seen in a cone, and perhaps some a little beside it.
pub(crate) struct ConeSearch<'a, S> {
    pub(crate) grid: &'a NearGrid,
    pub(crate) cone: &'a ConeRegion,
    /// How far at most from their places in the grid they are seen; not negative.
    pub(crate) reach: Metres,
    pub(crate) spared: Spared,
    pub(crate) seeker: &'a mut S,
}

/// Bits of the largest short coordinate.
const SHORT_BITS: u32 = 14;

/// By how much shortening and the rounding of the edges may move a row, in short units: 1.42 for the two parts that are
/// rounded down, 2 for the normals' parts, 1.5 for the sines that the exact test uses.
const SLACK: i64 = 8;

/// A cone and some way around it, in lanes.
struct Test<L> {
    /// The box, low and high along x and z.
    bounds: [[L; 2]; 2],
    tip: [L; 2],
    shift: u32,
    /// Normals of the edges, pairs of parts in Q14, and the least that rows are inside of them.
    normals: [L; 2],
    margin: L,
    opening: Opening,
    /// What is added to a squared short distance for the way, at the most.
    beside: i64,
    /// The largest squared short distance.
    farthest: i64,
    limit: L,
}

impl<L: Lanes> Test<L> {
    /// For a way around a cone. `shift` shortens the largest distance of both to [`SHORT_BITS`].
    #[inline(always)]
    fn new(cone: &ConeRegion, bounds: [[i32; 2]; 2], reach: i64, shift: u32) -> Self {
        let (tip, [left, right]) = (cone.tip(), cone.normals());
        // Both rounded up.
        let radius = (i64::from(cone.radius().0) >> shift) + 1;
        let reach = (reach >> shift) + 1 + SLACK;
        // (distance + reach)^2 for distances up to the radius.
        let beside = 2 * radius * reach + reach * reach;
        let farthest = radius * radius + beside;
        Self {
            bounds: [
                [L::splat(bounds[0][0]), L::splat(bounds[0][1])],
                [L::splat(bounds[1][0]), L::splat(bounds[1][1])],
            ],
            tip: [L::splat(tip.0), L::splat(tip.1)],
            shift,
            normals: [L::splat_pair(left.0, left.1), L::splat_pair(right.0, right.1)],
            margin: L::splat(-((reach << SHORT_BITS) as i32)),
            opening: cone.opening(),
            beside,
            farthest,
            limit: L::splat(farthest as i32),
        }
    }

    /// Whatever is farther from the tip than this, squared and raw, and than the way, is out of interest.
    #[inline(always)]
    fn limit_to(&mut self, squared: u64) {
        let nearer = (squared >> (2 * self.shift)).min(1 << 40).cast_signed() + 1 + self.beside;
        self.limit = L::splat(nearer.min(self.farthest) as i32);
    }

    /// Which places may be near the cone.
    #[inline(always)]
    fn has(&self, x: L, z: L) -> L::Mask {
        let [[low_x, high_x], [low_z, high_z]] = self.bounds;
        let beyond = low_x.greater(x).or(x.greater(high_x)).or(low_z.greater(z)).or(z.greater(high_z));
        let (dx, dz) = (x.sub(self.tip[0]), z.sub(self.tip[1]));
        let offset = dx.shift_right_by(self.shift).pair_with(dz.shift_right_by(self.shift));
        let (left, right) = (offset.dot16(self.normals[0]), offset.dot16(self.normals[1]));
        let aside = match self.opening {
            Opening::Narrow => left.min(right),
            Opening::Wide => left.max(right),
            Opening::Whole => self.margin,
        };
        beyond.or(offset.dot16(offset).greater(self.limit)).or(self.margin.greater(aside)).not()
    }
}

/// Rows that wait to be looked at more closely: whole lanes of them, so that no time is lost with wrong guesses of the
/// processor.
struct Waiting {
    /// x, z and tags.
    columns: [[i32; 2 * MAX_WIDTH]; 3],
    len: usize,
}

impl Waiting {
    #[inline(always)]
    fn push<L: Lanes>(&mut self, block: [L; 3], found: L::Mask) {
        let mut count = 0;
        let mut number = 0;
        while number < 3 {
            count = block[number].compress_into(found, &mut self.columns[number], self.len);
            number += 1;
        }
        self.len += count;
    }

    /// Forgets the first lanes.
    #[inline(always)]
    fn shift<L: Lanes>(&mut self) {
        let mut number = 0;
        while number < 3 {
            let column = &mut self.columns[number];
            L::load_at(column, L::WIDTH).store(column);
            number += 1;
        }
        self.len -= L::WIDTH;
    }
}

impl<S: Seeker> LaneTask for ConeSearch<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { grid, cone, reach, spared, seeker } = self;
        let Some(bounds) = cone.box_around() else { return };
        // No maps of arrays: in lanes' loops everything is inlined, and those are not always.
        let [[low_x, high_x], [low_z, high_z]] = bounds;
        let around = [
            [low_x.saturating_sub(reach.0), high_x.saturating_add(reach.0)],
            [low_z.saturating_sub(reach.0), high_z.saturating_add(reach.0)],
        ];
        let far = i64::from(cone.radius().0) + i64::from(reach.0);
        let shift = (u64::BITS - far.cast_unsigned().leading_zeros()).saturating_sub(SHORT_BITS);
        let mut places = Test::<L>::new(cone, around, reach.0.into(), shift);
        let mut seen = Test::<L>::new(cone, bounds, 0, shift);
        let (own, group) = (L::splat(spared.row.cast_signed()), L::splat(spared.group));
        let [x, z, tags] = grid.columns();
        let mut waiting = Waiting { columns: [[0; 2 * MAX_WIDTH]; 3], len: 0 };
        // From the tip's side: the nearest soon tell how far on others are of interest.
        let [low_z, high_z] = [i64::from(around[1][0]), i64::from(around[1][1])];
        let tip_z = i64::from(cone.tip().1);
        let mut runs = grid.runs(around, high_z - tip_z < tip_z - low_z);
        while let Some((mut place, end)) = runs.next_run() {
            while place < end {
                let block = [L::load_at(x, place), L::load_at(z, place), L::load_at(tags, place)];
                let same = groups_of(block[2]).equal(group);
                let passed = if spared.only { same.not() } else { same }.or(rows_of(block[2]).equal(own));
                let found = places.has(block[0], block[1]).and(passed.not());
                waiting.push(block, found.and(L::Mask::first_n(end - place)));
                if waiting.len >= L::WIDTH {
                    look_closely::<L, S>(seeker, &waiting, [&mut places, &mut seen]);
                    waiting.shift::<L>();
                }
                place += L::WIDTH;
            }
        }
        if waiting.len > 0 {
            look_closely::<L, S>(seeker, &waiting, [&mut places, &mut seen]);
        }
    }
}

/// Asks about the first lanes of those who wait.
#[inline(always)]
fn look_closely<L: Lanes, S: Seeker>(seeker: &mut S, waiting: &Waiting, [places, seen]: [&mut Test<L>; 2]) {
    let [x, z, tags] = &waiting.columns;
    let those = L::Mask::first_n(waiting.len);
    let (places_seen, there) = match seeker.seen(rows_of(L::load(tags))) {
        Some((places, there)) => (places, there.and(those)),
        None => ([L::load(x), L::load(z)], those),
    };
    let (mut seen_x, mut seen_z) = ([0; MAX_WIDTH], [0; MAX_WIDTH]);
    places_seen[0].store(&mut seen_x);
    places_seen[1].store(&mut seen_z);
    let mut found = seen.has(places_seen[0], places_seen[1]).and(there).bits();
    let mut squared = u64::MAX;
    while found != 0 {
        let lane = found.trailing_zeros() as usize % MAX_WIDTH;
        found &= found - 1;
        squared = seeker.visit(row_of(tags[lane]), (seen_x[lane], seen_z[lane]), (x[lane], z[lane]));
    }
    if squared != u64::MAX {
        places.limit_to(squared);
        seen.limit_to(squared);
    }
}
