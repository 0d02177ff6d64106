//! The order of the rows, and the searches that give an order of their own.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn order_is_canonical_and_every_row_is_there_once(crowd in crowd()) {
        for &lanes in LaneChoice::available() {
            let grid = crowd.grid(lanes);
            prop_assert_eq!(grid.rows(), &crowd.in_order(Presence::Present)[..]);
            prop_assert_eq!(grid.aside(), &crowd.in_order(Presence::Aside)[..]);
            prop_assert_eq!(grid.len(), grid.rows().len());
            for (index, &row) in grid.rows().iter().chain(grid.aside()).enumerate() {
                prop_assert_eq!(grid.coordinates(index), (crowd.x[row as usize], crowd.z[row as usize]));
            }
        }
    }

    #[test]
    fn nearest_are_the_nearest_in_order(
        crowd in crowd(), who in who(), x in coordinate(), z in coordinate(), count in 0usize..300,
        max_radius in prop_oneof![-1i32..(100 << 16), Just(i32::MAX), Just(300 << 16)],
    ) {
        let wide = |a: i32, b: i32| (i128::from(a) - i128::from(b)).pow(2);
        let squared = |row: u32| wide(crowd.x[row as usize], x) + wide(crowd.z[row as usize], z);
        let mut expected = crowd.expected(who, |_, _| max_radius >= 0);
        expected.retain(|&row| squared(row) <= i128::from(max_radius).pow(2));
        expected.sort_by_key(|&row| (squared(row), row));
        expected.truncate(count.min(NEAREST_MAX));
        for &lanes in LaneChoice::available() {
            let mut list = RowList::new();
            crowd.grid(lanes).nearest(who, (Metres(x), Metres(z)), count, Metres(max_radius), &mut list);
            prop_assert_eq!(list.as_slice(), &expected[..]);
        }
    }

    #[test]
    fn first_along_are_the_first_in_order(
        crowd in crowd(), who in who(), ax in coordinate(), az in coordinate(), bx in coordinate(), bz in coordinate(),
        count in 0usize..20, radius in 0i32..(40 << 16),
    ) {
        let (from, to) = (Position::from_raw(ax, 0, az), Position::from_raw(bx, 0, bz));
        let sweep = Sweep { from, to, radius: Metres(radius) };
        let grid = crowd.grid(LaneChoice::Scalar);
        let mut inside = RowList::new();
        grid.collect(who, &sweep, &mut inside);
        let wide = |a: i32, b: i32| i128::from(a) - i128::from(b);
        let along = |row: u32| {
            let (x, z) = (crowd.x[row as usize], crowd.z[row as usize]);
            (wide(x, ax) * wide(bx, ax) + wide(z, az) * wide(bz, az)).max(0)
        };
        let mut expected = inside.to_vec();
        expected.sort_by_key(|&row| (along(row), row));
        expected.truncate(count);
        for &lanes in LaneChoice::available() {
            let mut list = RowList::with_room(400);
            crowd.grid(lanes).first_along(who, &sweep, count, &mut list);
            prop_assert_eq!(list.as_slice(), &expected[..]);
        }
    }
}
