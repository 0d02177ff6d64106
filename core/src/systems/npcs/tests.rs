//! What a mind knows of the world beside its own row.

use super::*;
use crate::numeric::LaneChoice;
use crate::state::StateCapacity;
use crate::state::characters::{Characters, flags};
use proptest::prelude::*;

fn crowd(places: &[(i32, i32, bool)]) -> Characters {
    let mut characters = Characters::new(places.len());
    for (row, &(x, z, alive)) in places.iter().enumerate() {
        characters.flags[row] = flags::IN_USE | if alive { flags::ALIVE } else { 0 };
        characters.generation[row] = 1;
        (characters.position_x[row], characters.position_z[row]) = (x, z);
    }
    characters
}

proptest! {
    /// Within the distance every player counts, and none does from farther than that and two cells more.
    #[test]
    fn near_is_near(
        places in proptest::collection::vec((-(500_i32 << 16)..(500 << 16), -(500_i32 << 16)..(500 << 16), any::<bool>()), 1..6),
        asked in proptest::collection::vec((-(500_i32 << 16)..(500 << 16), -(500_i32 << 16)..(500 << 16)), 1..40),
        near_m in 1_i32..200,
    ) {
        let (near, extent) = (Metres::from_m(near_m), Metres::from_m(500));
        let mut audience = Audience::new(near, extent, true);
        let characters = crowd(&places);
        // The last has a mind.
        let mind = places.len() - 1;
        audience.look(&characters.view(), places.len(), |slot| slot == mind);
        for (x, z) in asked {
            let nearest = places[..mind]
                .iter()
                .filter(|(_, _, alive)| *alive)
                .map(|(other_x, other_z, _)| x.abs_diff(*other_x).max(z.abs_diff(*other_z)))
                .min()
                .unwrap_or(u32::MAX);
            let cell = 1_u32 << (near.0.unsigned_abs() / 2).ilog2().max(19);
            if nearest <= near.0.unsigned_abs() {
                prop_assert!(audience.is_near(x, z));
            }
            if nearest > near.0.unsigned_abs().saturating_add(2 * cell) {
                prop_assert!(!audience.is_near(x, z));
            }
        }
    }
}

fn minds(state: &State) -> Minds {
    let config =
        crate::WorldConfig { character_capacity: 8, npc_capacity: 4, ..crate::WorldConfig::default() };
    let terrain = crate::Terrain::flat(config.half_extent, config.terrain_spacing).unwrap();
    let environment = Environment {
        seed: 1,
        tick_hz: 60,
        teams: 2,
        rules: config.rules,
        timing: crate::systems::Timing::new(&config.rules, 60),
        movement: crate::MovementTicks::new(&config.rules, 60),
        terrain,
        obstacles: Default::default(),
        lanes: LaneChoice::Auto,
        parallel_min_rows: u32::MAX,
    };
    Minds::new(&environment, state.characters.capacity(), state.npcs.capacity())
}

#[test]
fn the_roll_frees_minds_of_nobody_and_of_somebody_elses() {
    let capacity = StateCapacity { characters: 8, npcs: 4, ..StateCapacity::default() };
    let mut state = State::new(&capacity);
    let mut minds = minds(&state);
    let ids: Vec<_> = (0..4).map(|_| state.allocate_character().unwrap()).collect();
    for id in [ids[2], ids[0], ids[2]] {
        state.allocate_npc(id);
    }
    minds.call_the_roll(&mut state);
    let rows = |minds: &Minds| [0, 1, 2, 3].map(|slot| minds.row_of(slot));
    assert_eq!(rows(&minds), [Some(1), None, Some(0), None], "the second mind of character 2 is gone");
    assert_eq!(state.npc_ids.len(), 2);
    state.free_character(ids[2]);
    assert_eq!(state.allocate_character().map(|id| id.slot), Some(2));
    minds.call_the_roll(&mut state);
    assert_eq!(rows(&minds), [Some(1), None, None, None], "who took the slot has no mind");
    assert!(state.npcs.is_free_row(0) && state.npcs.generation[0] == 1);
}
