//! The sort against the standard library's stable one, whole and in halves, on every kind of lanes.

use super::*;
use crate::state::column::{Here, Rows as RowsTrait};
use proptest::prelude::*;

/// Cuts whatever can be cut, and does it here: the second half first.
#[derive(Clone, Copy)]
struct Backwards;

impl Split for Backwards {
    fn is_parallel(self) -> bool {
        true
    }

    fn each<R: RowsTrait>(self, rows: R, work: &(impl Fn(usize, R) + Sync)) {
        Here.each(rows, work);
    }

    fn both(self, left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
        right();
        left();
    }
}

fn sorted(places: &[i32], table: usize, lanes: LaneChoice, split: impl Split) -> [Vec<i32>; 3] {
    let rows = places.len();
    let column = |times: i32| (0..rows as i32).map(|row| row * times).collect::<Vec<_>>();
    let (mut starts, mut records) = (alloc::vec![-1; table], alloc::vec![[0; 4]; rows]);
    let slots = Slots::new(rows);
    let (mut low, mut high) = (alloc::vec![0; rows + MAX_WIDTH], alloc::vec![0; rows + MAX_WIDTH]);
    let sort = RecordSort {
        starts: &mut starts,
        places,
        columns: [&column(3), &column(-5)],
        slots: slots.first(rows),
        records: &mut records,
        lists: [&mut low, &mut high],
    };
    sort.run(lanes, split);
    [starts, records.into_flattened(), (0..rows).map(|row| slots.of(row) as i32).collect()]
}

fn expected(places: &[i32], table: usize) -> [Vec<i32>; 3] {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&row| places[row]);
    let starts = (0..table as i32).map(|place| places.iter().filter(|&&other| other < place).count() as i32);
    let record = |&row: &usize| [row as i32, 3 * row as i32, -5 * row as i32, places[row]];
    let mut slots = alloc::vec![0; places.len()];
    for (at, &row) in order.iter().enumerate() {
        slots[row] = at as i32;
    }
    [starts.collect(), order.iter().flat_map(record).collect(), slots]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn it_is_the_stable_sort(
        (table, places) in (1_usize..40, prop::sample::select(&[0_usize, 1, 40, 600, 1_300][..])).prop_flat_map(|(lines, rows)| {
            let table = 16 * lines * lines;
            let last = table as i32 - 1;
            let place = prop_oneof![3 => 0..last, 2 => 0..last.min(20), 1 => (last - 9)..last];
            (Just(table), prop::collection::vec(place, rows))
        }),
    ) {
        let wanted = expected(&places, table);
        for &lanes in LaneChoice::available() {
            prop_assert_eq!(&sorted(&places, table, lanes, Here), &wanted, "{:?}", lanes);
            prop_assert_eq!(&sorted(&places, table, lanes, Backwards), &wanted, "{:?}, in halves", lanes);
        }
    }
}

#[test]
fn the_middle_has_about_half_of_the_rows_below_it() {
    let places: Vec<i32> =
        (0..20_000).map(|row| if row % 5 == 0 { row } else { 9_000 + row % 1_000 }).collect();
    let middle = middle(&places, 32_768).unwrap();
    let below = places.iter().filter(|&&place| place < middle).count();
    assert!((8_000..12_000).contains(&below), "{below} below {middle}");
    assert_eq!(super::middle(&[0; 2_000], 16), None, "one place cannot be cut");
}
