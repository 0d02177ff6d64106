//! Bytes that nobody vouches for: images, replays, configurations. Nothing panics, nothing half-restores.

use proptest::prelude::*;
use shieldwall_core::state::snapshot;
use shieldwall_core::state::tables::TABLES;
use shieldwall_core::{
    Brads, CharacterInput, Command, Metres, Placement, ReplayReader, ReplayWriter, SnapshotError, Ticks,
    World, WorldConfig, buttons,
};

fn config() -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(32),
        character_capacity: 24,
        projectile_capacity: 16,
        event_capacity: 64,
        ..WorldConfig::default()
    }
}

/// A small fight that has everything in its tables: living, dead, free and returned slots, arrows.
fn fight(ticks: u32) -> World {
    let mut world = World::new(&config()).expect("the configuration is valid");
    let spawns: Vec<Command> = (0..20)
        .map(|tag| Command::Spawn {
            tag,
            team: (tag % 2) as u8,
            class: 0,
            placement: Placement::At {
                x: Metres::from_m((tag % 5) as i32),
                z: Metres::from_m((tag / 5) as i32),
                yaw: Brads((tag * 9_000) as u16),
            },
        })
        .collect();
    world.step(&spawns);
    for tick in 0..ticks {
        let slot = tick % 20;
        let Some(id) = world.id_at(slot) else {
            world.step(&[Command::Spawn { tag: 0, team: 1, class: 0, placement: Placement::TeamSpawn }]);
            continue;
        };
        let input = CharacterInput {
            buttons: if slot % 3 == 0 { buttons::SHOOT } else { buttons::MELEE | buttons::SPRINT },
            move_forward: 60,
            yaw: Brads((tick * 7_919) as u16),
            pitch: 500,
            ..CharacterInput::default()
        };
        let command = if tick % 97 == 96 { Command::Despawn { id } } else { Command::Input { id, input } };
        world.step(&[command]);
    }
    world
}

fn image_of(world: &World) -> Vec<u8> {
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    image
}

#[test]
fn refusals_have_names_and_change_nothing() {
    let source = fight(300);
    let image = image_of(&source);
    let mut world = fight(120);
    let before = world.state_hash();
    let mut refuse = |image: &[u8]| {
        let error = world.restore(image).unwrap_err();
        assert_eq!(world.state_hash(), before, "{error}");
        error
    };
    for cut in 0..image.len() {
        assert_eq!(refuse(&image[..cut]), SnapshotError::Truncated, "cut at {cut}");
    }
    let mut longer = image.clone();
    longer.push(0);
    assert_eq!(refuse(&longer), SnapshotError::TooLong);
    let changed = |at: usize| {
        let mut other = image.clone();
        other[at] ^= 1;
        other
    };
    assert_eq!(refuse(&changed(0)), SnapshotError::NotAnImage);
    assert_eq!(refuse(&changed(4)), SnapshotError::OtherFormat(snapshot::FORMAT ^ 1));
    assert!(matches!(refuse(&changed(8)), SnapshotError::OtherLayout { image, build } if image != build));
    assert!(matches!(refuse(&changed(16)), SnapshotError::OtherConfiguration { .. }));
    assert_eq!(refuse(&changed(28)), SnapshotError::OtherCapacity);
    // Behind tick, slots and rows of every table.
    let chunks = 28 + 8 * TABLES;
    // One more deformed chunk than there is: what is left for the history is none.
    assert_eq!(refuse(&changed(chunks)), SnapshotError::BadHistory);
    assert_eq!(refuse(&changed(chunks + 2)), SnapshotError::OtherCapacity, "more deformed chunks than fit");
    assert_eq!(refuse(&changed(chunks + 4)), SnapshotError::Damaged);
    assert_eq!(refuse(&changed(24)), SnapshotError::Damaged, "another tick");
    world.restore(&image).unwrap();
    assert_eq!(world.state_hash(), source.state_hash());
    let other = World::new(&WorldConfig { seed: 9, ..config() });
    assert!(matches!(other.unwrap().restore(&image), Err(SnapshotError::OtherConfiguration { .. })));
}

#[test]
fn every_flipped_bit_of_an_image_is_refused() {
    let image = image_of(&fight(200));
    let mut world = World::new(&config()).unwrap();
    for bit in 0..image.len() * 8 {
        let mut other = image.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(world.restore(&other).is_err(), "bit {bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A world that took an image runs on, whatever the image was.
    #[test]
    fn images_from_nowhere(
        header in any::<bool>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..3_000),
    ) {
        let mut world = World::new(&config()).unwrap();
        let mut image = if header { image_of(&world)[..snapshot::HEADER_BYTES].to_vec() } else { Vec::new() };
        image.extend_from_slice(&bytes);
        if world.restore(&image).is_ok() {
            world.step(&[]);
        }
    }

    #[test]
    fn replays_from_nowhere(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut world = fight(30);
        let mut bytes = Vec::new();
        let mut writer = ReplayWriter::begin(&world, Ticks(7), &mut bytes);
        for _ in 0..20 {
            world.step(&[]);
            writer.record(&world, &[], &mut bytes);
        }
        writer.finish(&world, &mut bytes);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(reader) = ReplayReader::new(&bytes) {
            let _ = reader.verify(50);
        }
    }

    #[test]
    fn replays_of_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut replay = b"SWRP\x03\x00".to_vec();
        replay.extend_from_slice(&bytes);
        prop_assert!(ReplayReader::new(&replay).is_err());
        prop_assert!(ReplayReader::new(&bytes).is_err());
    }

    /// Whatever commands come, a step takes them; and what they do is the same in two worlds.
    #[test]
    fn commands_from_nowhere(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut commands = Vec::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match Command::decode(rest) {
                Ok((command, after)) => {
                    commands.push(command);
                    rest = after;
                }
                Err(_) => rest = &rest[1..],
            }
        }
        let (mut one, mut two) = (fight(10), fight(10));
        for _ in 0..3 {
            prop_assert_eq!(one.step(&commands), two.step(&commands));
            prop_assert_eq!(one.events(), two.events());
        }
        prop_assert_eq!(image_of(&one), image_of(&two));
        let image = image_of(&one);
        prop_assert_eq!(World::new(&config()).unwrap().restore(&image), Ok(()));
    }
}
