//! A world's queries and what it takes back, on states that no command leads to.

use super::*;
use crate::limits::HEIGHT_MAX_M;
use crate::numeric::Brads;
use crate::state::characters::flags;
use crate::state::commands::{Placement, buttons};
use alloc::vec;
use proptest::prelude::*;

fn config() -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(16),
        character_capacity: 8,
        projectile_capacity: 8,
        event_capacity: 64,
        ..WorldConfig::default()
    }
}

fn place(x_m: i32, z_m: i32) -> Placement {
    Placement::At { x: Metres::from_m(x_m), z: Metres::from_m(z_m), yaw: Brads(0) }
}

/// Slots 0 to 3, one team: they stand in the corners, slot 3 is dead.
fn four() -> World {
    let mut world = World::new(&config()).unwrap();
    let corners = [(-15, -15), (15, -15), (-15, 15), (15, 15)];
    let spawns = corners.map(|(x, z)| Command::Spawn { tag: 0, team: 0, class: 0, placement: place(x, z) });
    world.step(&spawns);
    world.state.characters.health[3] = 0;
    world.state.characters.flags[3] &= !flags::ALIVE;
    world.scratch.rebuild_index(&world.state);
    world
}

fn image_of(world: &World) -> Vec<u8> {
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    image
}

#[test]
fn a_radius_finds_the_living_and_the_dead_from_anywhere() {
    let world = four();
    let found = |x: Metres, z: Metres, radius: Metres| {
        let mut slots = vec![];
        world.for_each_character_in_radius(x, z, radius, |slot| slots.push(slot));
        slots
    };
    let (zero, far) = (Metres::ZERO, Metres(i32::MIN));
    assert_eq!(found(zero, zero, Metres(i32::MAX)), [0, 1, 2, 3]);
    assert_eq!(found(far, far, Metres(i32::MAX)), [], "differences whose squares have no sum in 64 bits");
    assert_eq!(found(Metres(i32::MAX), far, Metres(i32::MAX)), []);
    let dead = world.characters().position(3);
    assert_eq!(found(dead.x, dead.z, Metres(0)), [3]);
    assert_eq!(found(dead.x + Metres(1), dead.z, Metres(0)), []);
    assert_eq!(found(dead.x + Metres(1), dead.z, Metres(1)), [3]);
    assert_eq!(found(dead.x, dead.z, Metres(-1)), []);
}

#[test]
fn rows_beyond_the_kernels_bounds_are_refused_by_name() {
    let refuses = |slot: u32, what: &str, change: &dyn Fn(&mut State, usize)| {
        let mut source = four();
        change(&mut source.state, slot as usize);
        let mut world = four();
        let before = world.state_hash();
        let refusal = Err(SnapshotError::BadCharacter { slot });
        assert_eq!(world.restore(&image_of(&source)), refusal, "{what}");
        assert_eq!(world.state_hash(), before);
    };
    assert_eq!(four().restore(&image_of(&four())), Ok(()));
    let speed = (SPEED_MAX_M_PER_S << 16) + 1;
    refuses(0, "buttons", &|state, row| state.characters.input_buttons[row] = buttons::ALL + 1);
    refuses(0, "axis right", &|state, row| state.characters.input_right[row] = -128);
    refuses(0, "axis forward", &|state, row| state.characters.input_forward[row] = -128);
    refuses(0, "pitch of the input", &|state, row| state.characters.input_pitch[row] = 16_384);
    refuses(0, "pitch", &|state, row| state.characters.pitch[row] = i16::MIN);
    refuses(1, "velocity", &|state, row| state.characters.velocity_x[row] = speed);
    refuses(1, "velocity", &|state, row| state.characters.velocity_z[row] = -speed);
    refuses(1, "vertical velocity on the ground", &|state, row| state.characters.velocity_y[row] = 1);
    refuses(1, "rest", &|state, row| state.characters.timer[row] = 10);
    refuses(2, "above the ground it stands on", &|state, row| state.characters.position_y[row] += 1);
    refuses(2, "inside the edge", &|state, row| state.characters.position_x[row] = 16 << 16);
    refuses(3, "a dead one that moves", &|state, row| state.characters.velocity_x[row] = 1);
    refuses(3, "a dead one that runs", &|state, row| state.characters.flags[row] |= flags::SPRINTING);
    let fly = |state: &mut State, row: usize, y: i32, velocity_y: i32| {
        state.characters.flags[row] &= !flags::GROUNDED;
        state.characters.position_y[row] = y;
        state.characters.velocity_y[row] = velocity_y;
    };
    refuses(2, "below the ground", &|state, row| fly(state, row, -(10 << 16), 0));
    refuses(2, "faster than anything", &|state, row| fly(state, row, 10 << 16, speed));
    refuses(2, "faster than a fall", &|state, row| fly(state, row, 10 << 16, -(60 << 16) - 1));
    refuses(2, "above the world", &|state, row| fly(state, row, (HEIGHT_MAX_M << 16) + 1, 1 << 16));
    refuses(1, "no such class", &|state, row| state.characters.class[row] = 8);
    refuses(1, "no such motion", &|state, row| state.characters.motion[row] = 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a restored row says: no tick after it leaves the bounds, so the world's own image is always taken.
    #[test]
    fn what_was_taken_stays_within_the_bounds(
        y in prop_oneof![0..(8 << 16), ((HEIGHT_MAX_M - 2) << 16)..=(HEIGHT_MAX_M << 16)],
        velocity in [-(1_001_i32 << 16)..=(1_001 << 16), -(61_i32 << 16)..=(6 << 16), -(1_001_i32 << 16)..=(1_001 << 16)],
        position in [-(16_i32 << 16)..=(16 << 16), -(16_i32 << 16)..=(16 << 16)],
        jump in any::<bool>(),
    ) {
        let mut source = four();
        let characters = &mut source.state.characters;
        characters.flags[0] &= !flags::GROUNDED;
        (characters.position_x[0], characters.position_y[0], characters.position_z[0]) = (position[0], y, position[1]);
        let [x, up, z] = velocity;
        (characters.velocity_x[0], characters.velocity_y[0], characters.velocity_z[0]) = (x, up, z);
        let mut world = four();
        if world.restore(&image_of(&source)).is_ok() {
            let mut other = four();
            let buttons = if jump { buttons::JUMP } else { 0 };
            let input = CharacterInput { buttons, move_forward: 127, ..CharacterInput::default() };
            world.step(&[Command::Input { id: world.id_at(0).unwrap(), input }]);
            for _ in 0..60 {
                prop_assert_eq!(other.restore(&image_of(&world)), Ok(()));
                world.step(&[]);
            }
        }
    }
}

/// What the lists of deformations say, carried out elsewhere, gives the same ground: of commands and of bursts.
#[test]
fn the_lists_of_deformations_are_all_that_changes_the_ground() {
    let config = WorldConfig { character_capacity: 4, ..WorldConfig::default() };
    let mut world = World::new(&config).unwrap();
    let mut terrain = world.terrain().clone();
    let mut deltas = TerrainDeltas::new(config.terrain_delta_chunks);
    world.step(&[Command::Spawn { tag: 0, team: 0, class: 3, placement: Placement::TeamSpawn }]);
    let id = world.id_at(0).unwrap();
    let dent = |x: i32, depth: i32| Command::Deform {
        x: Metres::from_m(x),
        z: Metres::from_m(-3),
        radius: Metres::from_m(5),
        depth: Metres::from_mm(depth),
    };
    let (mut by_command, mut by_burst) = (0, 0);
    for tick in 0..300_u32 {
        let rocket =
            CharacterInput { buttons: buttons::ABILITY_2, pitch: -4_000, ..CharacterInput::default() };
        let mut commands = vec![Command::Input { id, input: rocket }];
        if tick % 40 == 7 {
            commands.extend([dent(tick as i32 / 4, 700), dent(9_000, 1), dent(3, -400)]);
        }
        world.step(&commands);
        let listed = world.deformations();
        let told = if tick % 40 == 7 { 2 } else { 0 };
        assert!(listed.len() >= told, "{listed:?}");
        (by_command, by_burst) = (by_command + told, by_burst + listed.len() - told);
        for deformation in listed {
            assert!(terrain.deform(&mut deltas, deformation, |_| {}));
        }
        assert!(deltas == *world.terrain_deltas(), "tick {tick}");
        assert_eq!(deltas.content_hash(), world.terrain_deltas().content_hash());
    }
    assert!(by_command == 16 && by_burst > 0, "{by_command} and {by_burst}");
    assert_ne!(deltas.content_hash(), TerrainDeltas::new(1).content_hash());
    let copy = TerrainDeltas::from_chunks(config.terrain_delta_chunks, deltas.iter()).unwrap();
    assert!(copy == deltas && terrain.first_impossible(&copy).is_none());
    assert!(TerrainDeltas::from_chunks(deltas.len() as u32 - 1, deltas.iter()).is_none());
}
