//! Worlds whose ground is dug up: what is resident changes nothing, deltas are state, nobody is lost in a crater.

use proptest::prelude::*;
use shieldwall_core::state::terrain_deltas::TerrainDeltas;
use shieldwall_core::{
    Brads, CharacterInput, Command, Event, Metres, MovementRules, Placement, ReplayReader, ReplayWriter,
    SavedState, SnapshotError, Ticks, World, WorldConfig, buttons, flags,
};

fn m(metres: i32) -> Metres {
    Metres::from_m(metres)
}

/// 256 m at 1 m: 4 × 4 chunks, of which `resident` are kept in memory.
fn config(resident: u32) -> WorldConfig {
    WorldConfig {
        half_extent: m(128),
        terrain_spacing: m(1),
        character_capacity: 64,
        projectile_capacity: 16,
        event_capacity: 256,
        terrain_delta_chunks: 6,
        terrain_resident_chunks: resident,
        ..WorldConfig::default()
    }
}

fn blow(x: i32, z: i32, radius: i32, depth: i32) -> Command {
    Command::Deform { x: m(x), z: m(z), radius: m(radius), depth: m(depth) }
}

fn spawn(x: Metres, z: Metres) -> Command {
    let placement = Placement::At { x, z, yaw: Brads(0) };
    Command::Spawn { tag: 0, team: 0, class: 0, placement }
}

/// What a tick of a scene full of walkers, jumpers and explosions is told.
fn script(world: &World, tick: u32, seed: u32) -> Vec<Command> {
    let random = |n: u32| {
        (seed ^ tick.wrapping_mul(2_654_435_761) ^ n.wrapping_mul(40_503)).wrapping_mul(0x9E37_79B9) >> 16
    };
    let place = |n: u32| m((random(n) % 250) as i32 - 125);
    let mut commands = Vec::new();
    if tick < 40 {
        commands.push(spawn(place(1), place(2)));
    }
    if tick % 5 == 3 {
        let (radius, depth) = (m((random(3) % 20) as i32 + 1), Metres(random(4) as i32 * 16 - 0x7_0000));
        commands.push(Command::Deform { x: place(5), z: place(6), radius, depth });
    }
    for slot in 0..world.character_slots_end() {
        if let Some(id) = world.id_at(slot).filter(|_| (slot + tick).is_multiple_of(7)) {
            let input = CharacterInput {
                buttons: (random(slot + 9) as u16)
                    & (buttons::SPRINT | buttons::JUMP | buttons::MELEE | buttons::SHOOT),
                move_forward: 127,
                yaw: Brads(random(slot + 99) as u16),
                ..CharacterInput::default()
            };
            commands.push(Command::Input { id, input });
        }
    }
    commands
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// A pool of one chunk or of all: the same worlds, and they survive images, memory and replays.
    #[test]
    fn worlds_do_not_see_what_is_resident(seed in any::<u32>(), pool in 1_u32..16) {
        let (mut whole, mut small) = (World::new(&config(16)).unwrap(), World::new(&config(pool)).unwrap());
        let (mut restored, mut loaded) = (World::new(&config(2)).unwrap(), World::new(&config(16)).unwrap());
        let mut saved = SavedState::new();
        let mut replay = Vec::new();
        let mut writer = ReplayWriter::begin(&whole, Ticks(20), &mut replay);
        for tick in 0..160 {
            let commands = script(&whole, tick, seed);
            let report = whole.step(&commands);
            prop_assert_eq!(small.step(&commands), report);
            prop_assert_eq!(whole.events(), small.events());
            writer.record(&whole, &commands, &mut replay);
            prop_assert_eq!(whole.state_hash(), small.state_hash(), "tick {}", tick);
            if tick >= 80 {
                restored.step(&commands);
                loaded.step(&commands);
                prop_assert_eq!(restored.state_hash(), whole.state_hash());
                prop_assert_eq!(loaded.state_hash(), whole.state_hash());
            }
            if tick % 40 == 39 {
                // From whatever they were at to this state.
                let mut image = Vec::new();
                small.snapshot_into(&mut image);
                restored.step(&[blow(3, 3, 9, 4), spawn(m(0), m(0))]);
                prop_assert_eq!(restored.restore(&image), Ok(()));
                let mut again = Vec::new();
                restored.snapshot_into(&mut again);
                prop_assert_eq!(&again, &image);
                prop_assert_eq!(whole.save(&mut saved), whole.state_hash());
                loaded.step(&[blow(-60, 3, 9, -4)]);
                prop_assert_eq!(loaded.load(&saved), Ok(()));
                prop_assert_eq!(loaded.state_hash(), whole.state_hash());
                prop_assert_eq!(loaded.terrain_deltas(), whole.terrain_deltas());
                for probe in 0..200 {
                    let (x, z) = (m(probe * 37 % 256 - 128), m(probe * 91 % 256 - 128));
                    let height = whole.terrain().height_at(x, z);
                    prop_assert_eq!(restored.terrain().height_at(x, z), height);
                    prop_assert_eq!(loaded.terrain().height_at(x, z), height);
                    prop_assert_eq!(small.terrain().height_at(x, z), height);
                }
            }
        }
        prop_assert!(!whole.terrain_deltas().is_empty());
        writer.finish(&whole, &mut replay);
        let report = ReplayReader::new(&replay).unwrap().verify(1_000).unwrap();
        prop_assert_eq!(report.final_hash, whole.state_hash());
    }
}

#[test]
fn a_crater_is_told_hashed_and_filled_up_again() {
    let mut world = World::new(&config(16)).unwrap();
    world.step(&[]);
    let before = world.terrain().height_at(m(10), m(10));
    let report = world.step(&[blow(10, 10, 6, 3)]);
    assert_eq!(report.tally.commands_refused, 0);
    assert!(matches!(world.events(), [Event::TerrainChanged { chunk }] if (chunk.x, chunk.z) == (2, 2)));
    assert_eq!(world.terrain().height_at(m(10), m(10)), before - m(3));
    assert_eq!(world.terrain_deltas().len(), 1);
    let mut other = World::new(&config(16)).unwrap();
    other.step(&[]);
    other.step(&[]);
    assert_ne!(world.state_hash(), other.state_hash());
    world.step(&[blow(10, 10, 6, -3)]);
    other.step(&[]);
    assert_eq!(world.terrain_deltas().len(), 0);
    assert_eq!(world.state_hash(), other.state_hash(), "equal ground is an equal state");
}

#[test]
fn what_is_out_of_range_or_has_no_room_is_counted() {
    let mut world = World::new(&config(16)).unwrap();
    let report = world.step(&[blow(129, 0, 4, 1), blow(0, 0, 33, 1), blow(0, 0, 4, 33), blow(0, 0, 0, 1)]);
    assert_eq!((report.tally.commands_refused, report.events), (4, 0));
    // Six chunks have room: three rows of two.
    let full: Vec<Command> = (0..6).map(|i| blow(-100 + 64 * (i % 2), -100 + 64 * (i / 2), 4, 1)).collect();
    assert_eq!(world.step(&full).tally.commands_refused, 0);
    let hash = world.state_hash();
    let report = world.step(&[blow(100, 100, 4, 1), blow(64, -100, 4, 1)]);
    assert_eq!((report.tally.commands_refused, report.events), (2, 0));
    assert_eq!(world.step(&full).tally.commands_refused, 0, "what has its row can be dug on");
    assert_ne!(world.state_hash(), hash);
    let mut none = World::new(&WorldConfig { terrain_delta_chunks: 0, ..config(16) }).unwrap();
    assert_eq!(none.step(&[blow(0, 0, 4, 1)]).tally.commands_refused, 1);
}

/// The living fall into a crater, the dead lie on its floor, and a mound lifts both.
#[test]
fn everybody_stays_on_the_ground() {
    let mut world = World::new(&config(4)).unwrap();
    world.step(&[spawn(m(20), m(20)), spawn(m(26), m(20)), spawn(m(60), m(60))]);
    let grounded = |world: &World, slot: u32| {
        let view = world.characters();
        let row = slot as usize;
        let ground = world.terrain().height_at(Metres(view.position_x[row]), Metres(view.position_z[row]));
        let on_it = view.position_y[row] == ground.0;
        assert!(view.position_y[row] >= ground.0, "below the ground");
        on_it && view.flags[row] & flags::GROUNDED != 0
    };
    world.step(&[]);
    let height = world.characters().position_y[0];
    world.step(&[blow(20, 20, 8, 5)]);
    assert!(!grounded(&world, 0), "it falls");
    assert_eq!(
        world.characters().position_y[2],
        world.terrain().height_at(m(60), m(60)).0,
        "too far away to notice"
    );
    for _ in 0..120 {
        world.step(&[]);
    }
    assert!(grounded(&world, 0) && grounded(&world, 1));
    assert!(world.characters().position_y[0] < height - m(4).0);
    world.step(&[blow(20, 20, 12, -9)]);
    assert!(grounded(&world, 0) && grounded(&world, 1), "lifted with the ground");
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    assert_eq!(World::new(&config(4)).unwrap().restore(&image), Ok(()));
}

/// Bodies that nobody watches rest; a blow under them is no rest.
#[test]
fn the_resting_fall_too() {
    let mut config = config(4);
    config.rules.movement[1] = MovementRules { lod: 1, ..config.rules.movement[0] };
    let mut world = World::new(&config).unwrap();
    let placement = Placement::At { x: m(20), z: m(20), yaw: Brads(0) };
    world.step(&[Command::Spawn { tag: 0, team: 0, class: 1, placement }]);
    for depth in [0, 5, 0, 0, 0, -3, 0, 0, 20] {
        for tick in 0..40 {
            let blow = [blow(20, 20, 8, depth)];
            let commands = if tick == 0 && depth != 0 { &blow[..] } else { &[] };
            assert_eq!(world.step(commands).tally.commands_refused, 0);
            let mut image = Vec::new();
            world.snapshot_into(&mut image);
            assert_eq!(World::new(&config).unwrap().restore(&image), Ok(()), "depth {depth}, tick {tick}");
        }
    }
}

/// Bytes of deltas that no blow leaves behind are refused, and the ground stays as it was.
#[test]
fn impossible_deltas_are_refused() {
    let mut world = World::new(&config(4)).unwrap();
    world.step(&[blow(30, 30, 6, 3), blow(-30, 30, 6, 3)]);
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    // Behind them stands the history: its length, and one tick in which nobody was there.
    let end = image.len() - 12;
    let deltas = end - 2 * TerrainDeltas::BYTES_PER_CHUNK;
    let mut other = World::new(&config(4)).unwrap();
    other.step(&[blow(50, -50, 6, -2)]);
    let (hash, height) = (other.state_hash(), other.terrain().height_at(m(50), m(-50)));
    for (at, value, expected_bad) in [
        (deltas, 9, true),     // a chunk outside the field
        (deltas + 2, 3, true), // out of order
        (deltas + 8, 1, true), // a corner that the neighbours do not have
        (end - 1, 0x70, true), // higher than any mound
        (44, 7, false),        // more chunks than there is room for
        (44, 1, false),        // bytes left over
    ] {
        let mut bytes = image.clone();
        bytes[at] = value;
        let found = other.restore(&bytes);
        assert!(found.is_err(), "byte {at}");
        assert_eq!(
            matches!(found, Err(SnapshotError::BadTerrain { .. })),
            expected_bad,
            "byte {at}: {found:?}"
        );
        assert_eq!(other.state_hash(), hash);
        assert_eq!(other.terrain().height_at(m(50), m(-50)), height);
    }
    for cut in [image.len() - 1, deltas + 3, deltas] {
        assert_eq!(other.restore(&image[..cut]), Err(SnapshotError::Truncated));
    }
    assert_eq!(other.restore(&image), Ok(()));
    assert_eq!(other.state_hash(), world.state_hash());
    assert_eq!(other.terrain().height_at(m(30), m(30)), world.terrain().height_at(m(30), m(30)));
}
