//! What lanes are told of the free ground, held to the shapes.

use super::properties::{any_place, any_scenery};
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH, run};
use crate::numeric::{LaneChoice, Metres};
use crate::spatial::obstacles::*;
use proptest::prelude::*;

struct Ask<'a> {
    clearings: Clearings<'a>,
    places: &'a [[i32; MAX_WIDTH]; 2],
    reaches: &'a [i32; MAX_WIDTH],
}

impl LaneTask for Ask<'_> {
    type Output = u32;

    #[inline(always)]
    fn run<L: Lanes>(self) -> u32 {
        let mut bits = 0;
        for at in (0..MAX_WIDTH).step_by(L::WIDTH) {
            let place = [L::load(&self.places[0][at..]), L::load(&self.places[1][at..])];
            bits |= self.clearings.near(place, L::load(&self.reaches[at..])).bits() << at;
        }
        bits
    }
}

proptest! {
    /// Where lanes see free ground, no footprint is met; some way from everything they see it: the diagonal of a cell, a level,
    /// and what the corner of a square of this reach is farther away than its side.
    #[test]
    fn lanes_see_free_ground_where_it_is(
        scenery in any_scenery(12, 6_000),
        near in proptest::collection::vec(any_place(9_000), MAX_WIDTH),
        far in any::<[[i32; 2]; MAX_WIDTH]>(),
        reaches_mm in proptest::collection::vec(0..2_500_i32, MAX_WIDTH),
        anywhere in prop::bool::weighted(0.2),
    ) {
        let obstacles = Obstacles::bake(&scenery, Metres::from_m(100)).unwrap();
        let Some(clearings) = obstacles.clearings() else { return Ok(()) };
        let (mut places, mut reaches) = ([[0; MAX_WIDTH]; 2], [0; MAX_WIDTH]);
        for lane in 0..MAX_WIDTH {
            let [x, z] = if anywhere { far[lane] } else { [near[lane].x.0, near[lane].z.0] };
            (places[0][lane], places[1][lane]) = (x, z);
            reaches[lane] = Metres::from_mm(reaches_mm[lane]).0;
        }
        for &choice in LaneChoice::available() {
            let seen = run(choice, Ask { clearings, places: &places, reaches: &reaches });
            for lane in 0..MAX_WIDTH {
                let [x, z] = [places[0][lane], places[1][lane]].map(Metres);
                let reach = Metres(reaches[lane]);
                let beside = seen >> lane & 1 == 1;
                prop_assert!(beside || !obstacles.meets(x, z, reach), "{:?} {:?} {:?}", choice, x, z);
                // Beyond the raster its border counts, which something is farther from than this.
                let short = !anywhere && reach < Metres::from_mm(1_300);
                let wide = obstacles.meets(x, z, reach + Metres::from_mm(1_400));
                prop_assert!(!beside || !short || wide, "{:?} {:?} {:?}", choice, x, z);
            }
        }
    }
}
