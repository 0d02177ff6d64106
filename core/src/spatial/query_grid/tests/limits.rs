//! Sizes at their bounds.

use super::*;
use crate::numeric::Brads;

fn config(half_extent_m: i32, depth: Metres, row_capacity: u32) -> QueryGridConfig {
    let (half_extent, lanes) = (Metres::from_m(half_extent_m), LaneChoice::Auto);
    QueryGridConfig { row_capacity, half_extent, cell_depth: depth, lanes }
}

#[test]
fn sizes_out_of_range_are_refused() {
    let refuse = |half, depth| QueryGrid::new(&config(half, depth, 8)).map(|grid| grid.cells()).unwrap_err();
    assert_eq!(refuse(128, Metres::from_m(3)), QueryGridError::CellDepth(Metres::from_m(3)));
    assert_eq!(refuse(128, Metres::ZERO), QueryGridError::CellDepth(Metres::ZERO));
    assert_eq!(refuse(128, Metres(i32::MIN)), QueryGridError::CellDepth(Metres(i32::MIN)));
    assert_eq!(refuse(128, Metres::from_m(16_384)), QueryGridError::CellDepth(Metres::from_m(16_384)));
    assert_eq!(refuse(0, Metres::from_m(2)), QueryGridError::HalfExtent(Metres::ZERO));
    assert_eq!(refuse(-9, Metres::from_m(2)), QueryGridError::HalfExtent(Metres::from_m(-9)));
    assert_eq!(refuse(32_000, Metres::ONE), QueryGridError::TooManyCells(64_000 * 256_000));
}

#[test]
fn a_fitting_grid_has_few_cells_at_any_size() {
    for half in [1, 8, 100, 512, 4_096, 32_767] {
        for rows in [0, 1, 1_000, 10_000, 65_535] {
            let config = QueryGridConfig::fitting(Metres::from_m(half), rows, LaneChoice::Auto);
            let grid = QueryGrid::new(&config).expect("it fits");
            assert!(grid.cells() <= 4_096.max(2 * rows as usize), "{half} m, {rows} rows: {}", grid.cells());
        }
    }
    let battlefield = QueryGridConfig::fitting(Metres::from_m(512), 10_000, LaneChoice::Auto);
    assert_eq!(battlefield.cell_depth, Metres::from_m(16));
}

#[test]
fn everybody_in_one_cell_is_found() {
    let count = 65_536;
    for &lanes in LaneChoice::available() {
        let config = QueryGridConfig::fitting(Metres::from_m(32_767), count, lanes);
        let mut grid = QueryGrid::new(&config).expect("it fits");
        let mut list = RowList::with_room(count as usize);
        let at = Metres::from_m(-20_000);
        let column = alloc::vec![at.0; count as usize];
        grid.rebuild(&column, &column, &column, |_| Presence::Present);
        let disc = Disc { x: at, z: at, radius: Metres::ZERO };
        grid.collect(Who::Present, &disc, &mut list);
        assert!(list.iter().copied().eq(0..count));
        assert_eq!(grid.count(Who::Present, &Disc { x: at + Metres(1), ..disc }), 0);
        assert_eq!(grid.count(Who::Present, &Disc { radius: Metres::from_m(30_000), ..disc }), 65_536);
        grid.nearest(Who::Present, (at, Metres::ZERO), 9, Metres(i32::MAX), &mut list);
        assert_eq!(list.as_slice(), [0, 1, 2, 3, 4, 5, 6, 7, 8], "ties by row");
        // All set aside: the cells are empty, and only those who ask for everyone see them.
        grid.rebuild(&column, &column, &column, |_| Presence::Aside);
        assert!(grid.is_empty());
        assert_eq!(grid.count(Who::Present, &disc), 0);
        assert_eq!(grid.count(Who::Everyone, &disc), 65_536);
        grid.rebuild(&[], &[], &[0_u8; 0], |_| Presence::Present);
        assert_eq!(grid.count(Who::Everyone, &disc), 0);
    }
}

#[test]
fn the_nearest_of_too_many_at_one_distance_come_once_each() {
    // Rows by turns 3 m, 5 m and 9 m away: those at 5 m are too many to be thinned out further.
    let count = 3_000_u32;
    let distance =
        |row: u32| Metres::from_m([3, 5, 5, 5, 9][row as usize % 5]).0 * if row < 20 { 1 } else { -1 };
    let z: Vec<i32> = (0..count).map(distance).collect();
    let x = alloc::vec![0; count as usize];
    let mut expected: Vec<u32> = (0..count).collect();
    expected.sort_by_key(|&row| (z[row as usize].abs(), row));
    for &lanes in LaneChoice::available() {
        let config = QueryGridConfig::fitting(Metres::from_m(64), count, lanes);
        let mut grid = QueryGrid::new(&config).expect("it fits");
        grid.rebuild(&x, &z, &z, |_| Presence::Present);
        let mut list = RowList::with_room(count as usize);
        for wanted in [1, 100, 256] {
            grid.nearest(Who::Present, (Metres(0), Metres(0)), wanted, Metres::from_m(40), &mut list);
            assert_eq!(list.as_slice(), &expected[..wanted]);
        }
    }
    let far = |row: u32| Metres::from_m(if row < 9 { 3 } else { 5 }).0;
    let (z, mut grid) = ((0..count).map(far).collect::<Vec<_>>(), crowded(count));
    grid.rebuild(&x, &z, &z, |_| Presence::Present);
    let mut list = RowList::new();
    grid.nearest(Who::Present, (Metres(0), Metres(0)), 20, Metres::from_m(40), &mut list);
    assert!(list.iter().copied().eq(0..20), "{:?}", list.as_slice());
}

fn crowded(count: u32) -> QueryGrid {
    let config = QueryGridConfig::fitting(Metres::from_m(64), count, LaneChoice::Auto);
    QueryGrid::new(&config).expect("it fits")
}

#[test]
fn edges_of_the_largest_field_are_searched() {
    let far = Metres::from_m(32_000).0;
    let (x, z) = ([-far, far, far, -far, 0], [-far, -far, far, far, 0]);
    for &lanes in LaneChoice::available() {
        let config = QueryGridConfig::fitting(Metres::from_m(32_000), 5, lanes);
        let mut grid = QueryGrid::new(&config).expect("it fits");
        grid.rebuild(&x, &z, &x, |_| Presence::Present);
        let mut list = RowList::new();
        for row in 0..5 {
            let (x, z) = (Metres(x[row]), Metres(z[row]));
            grid.collect(Who::Present, &Disc { x, z, radius: Metres(0) }, &mut list);
            assert_eq!(list.as_slice(), [row as u32]);
            grid.nearest(Who::Present, (x, z), 1, Metres(i32::MAX), &mut list);
            assert_eq!(list.as_slice(), [row as u32]);
        }
        // From the middle to a corner are 45 254.83 m, more than numbers can say: no disc holds all.
        let middle = Disc { x: Metres(0), z: Metres(0), radius: Metres(i32::MAX) };
        grid.collect(Who::Present, &middle, &mut list);
        assert_eq!(list.as_slice(), [4]);
        let diagonal = Sweep {
            from: Position::from_raw(-far, 0, -far),
            to: Position::from_raw(far, 0, far),
            radius: Metres(0),
        };
        grid.first_along(Who::Present, &diagonal, 9, &mut list);
        assert_eq!(list.as_slice(), [0, 4, 2]);
        let all = YawBox {
            x: Metres(0),
            z: Metres(0),
            yaw: Brads(0),
            half_width: Metres(far),
            half_depth: Metres(far),
        };
        assert_eq!(grid.count(Who::Present, &all), 5);
    }
}

#[test]
#[should_panic(expected = "more rows than the query grid's capacity")]
fn more_rows_than_room_are_refused() {
    let mut grid = QueryGrid::new(&config(16, Metres::ONE, 2)).expect("sizes are in range");
    grid.rebuild(&[0; 3], &[0; 3], &[0; 3], |_| Presence::Present);
}
