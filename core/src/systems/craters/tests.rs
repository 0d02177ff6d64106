//! Craters that find people by the index, against a look at everybody.

use super::*;
use crate::numeric::LaneChoice;
use crate::state::StateCapacity;
use crate::systems::combat::tests::environment;
use proptest::prelude::*;

/// A state of rows at (x, z, height above the ground): living, dead, and free ones.
fn crowd(places: &[(i32, i32, i32, u8)], environment: &Environment) -> State {
    let characters = places.len() as u32;
    let mut state =
        State::new(&StateCapacity { characters, terrain_delta_chunks: 16, ..StateCapacity::default() });
    for (row, (x, z, rise, kind)) in places.iter().enumerate() {
        assert!(state.allocate_character().is_some());
        let (x, z) = (Metres::from_mm(*x), Metres::from_mm(*z));
        state.characters.position_x[row] = x.0;
        state.characters.position_z[row] = z.0;
        state.characters.position_y[row] = (environment.terrain.height_at(x, z) + Metres::from_mm(*rise)).0;
        state.characters.flags[row] = match kind % 5 {
            0 => 0,
            1 => flags::IN_USE,
            2 => flags::IN_USE | flags::GROUNDED,
            3 => flags::IN_USE | flags::ALIVE,
            _ => flags::IN_USE | flags::ALIVE | flags::GROUNDED,
        };
    }
    state
}

proptest! {
    /// Whoever stands on ground that gives way is taken along, whether one looks at everybody or asks the index, with the dead
    /// in cells or without; on a field beyond which some stand.
    #[test]
    fn the_index_forgets_nobody(
        places in prop::collection::vec((-40_000..40_000, -40_000..40_000, -200..200, any::<u8>()), 1..160),
        craters in prop::collection::vec((-32_000..32_000, -32_000..32_000, 2_000..9_000, -3_000..3_000), 1..6),
        sorted: bool,
    ) {
        let mut environment = environment();
        let mut state = crowd(&places, &environment);
        let mut index = CrowdIndex::new(Metres::from_m(32), places.len(), LaneChoice::Auto);
        index.rebuild(&state.characters.view(), places.len());
        let m = Metres::from_mm;
        let craters: Vec<_> = craters
            .into_iter()
            .map(|(x, z, radius, depth)| Deformation { x: m(x), z: m(z), radius: m(radius), depth: m(depth) })
            .collect();
        let (mut plain, mut ground) = (state.clone(), environment.clone());
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        let (mut events, mut plain_events) = (EventBuffer::new(1_024), EventBuffer::new(1_024));
        for crater in &craters {
            deform(&mut plain, crater, &mut ground, &mut expected, &mut plain_events);
        }
        let cells = PropCells::new(0);
        let found_by = &mut FoundBy { index: &index, dead: &mut DeadByCell::new(places.len()), props: &cells };
        if sorted {
            found_by.dead.fill(index.grid());
            for crater in &craters {
                if dig(&mut state, crater, &mut environment, &mut found, &mut events) {
                    take_all_along(&mut state, crater, &environment, (found_by, true));
                }
            }
        } else {
            deform_all(&mut state, &craters, &mut environment, found_by, &mut found, &mut events);
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(events.as_slice(), plain_events.as_slice());
        prop_assert_eq!(state.characters.position_y.to_vec(), plain.characters.position_y.to_vec());
        prop_assert_eq!(state.characters.flags.to_vec(), plain.characters.flags.to_vec());
        prop_assert_eq!(state.characters.motion.to_vec(), plain.characters.motion.to_vec());
    }
}
