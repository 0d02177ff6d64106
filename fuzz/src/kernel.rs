//! Targets for what the kernel reads from bytes: commands, configurations, images, replays.

use shieldwall_core::numeric::Fx;
use shieldwall_core::spatial::TerrainShape;
use shieldwall_core::spatial::obstacles::{
    Body, CapturePoint, Mesh, Obstacles, Platform, PropPlace, RespawnOwner, RespawnPoint, Scenery,
    SectionList, SlideRules, StaticShape, StructureSection, Waypoint,
};
use shieldwall_core::{
    Brads, CharacterInput, Command, Event, HeightFile, HeightFileError, HeightFileShape, Metres,
    PartialPolicy, Placement, ReplayOptions, ReplayReader, ReplayWriter, SavedState, Selection, StateImage,
    Terrain, TerrainSource, Ticks, World, WorldConfig, buttons,
};
use shieldwall_core::{Position, Tick};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A small world.
fn small() -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(16),
        character_capacity: 12,
        projectile_capacity: 8,
        event_capacity: 32,
        ..WorldConfig::default()
    }
}

/// A world with living, dead, free and returned slots and arrows in flight.
fn fight(ticks: u32) -> World {
    let mut world = World::new(&small()).expect("a valid configuration");
    for tick in 0..ticks {
        let command = match world.id_at(tick % 12) {
            None => Command::Spawn {
                tag: tick,
                team: (tick % 2) as u8,
                class: 0,
                placement: Placement::At {
                    x: Metres::from_m((tick % 4) as i32),
                    z: Metres::from_m((tick % 3) as i32),
                    yaw: Brads((tick * 9_000) as u16),
                },
            },
            Some(id) if tick % 31 == 30 => Command::Despawn { id },
            Some(id) => Command::Input {
                id,
                input: CharacterInput {
                    buttons: if tick % 3 == 0 { buttons::SHOOT } else { buttons::MELEE },
                    move_forward: 90,
                    yaw: Brads((tick * 7_919) as u16),
                    ..CharacterInput::default()
                },
            },
        };
        world.step(&[command]);
    }
    world
}

/// Worlds after so many ticks of [`fight`], made once: making one takes longer than all that an input does with it.
struct Kept {
    state: SavedState,
    idle: Vec<World>,
}

thread_local! {
    static KEPT: RefCell<BTreeMap<u32, Kept>> = const { RefCell::new(BTreeMap::new()) };
}

/// Lends a world in the state after so many ticks of [`fight`]. Calls may be nested.
fn in_fight<R>(ticks: u32, use_world: impl FnOnce(&mut World) -> R) -> R {
    let mut world = KEPT.with_borrow_mut(|kept| {
        let kept = kept.entry(ticks).or_insert_with(|| {
            let (world, mut state) = (fight(ticks), SavedState::new());
            world.save(&mut state);
            Kept { state, idle: vec![world] }
        });
        let mut world =
            kept.idle.pop().unwrap_or_else(|| World::new(&small()).expect("a valid configuration"));
        world.load(&kept.state).expect("a state of the same configuration");
        world
    });
    let result = use_world(&mut world);
    KEPT.with_borrow_mut(|kept| {
        if let Some(kept) = kept.get_mut(&ticks) {
            kept.idle.push(world);
        }
    });
    result
}

/// Commands one after the other: what decodes encodes to the same bytes, and a step takes it.
pub fn commands(bytes: &[u8]) {
    let mut commands = Vec::new();
    let mut rest = bytes;
    while let Ok((command, after)) = Command::decode(rest) {
        let mut again = Vec::new();
        command.encode_into(&mut again);
        assert_eq!(again, rest[..rest.len() - after.len()]);
        commands.push(command);
        rest = after;
    }
    if let Ok((event, after)) = Event::decode(bytes) {
        let mut again = Vec::new();
        event.encode_into(&mut again);
        assert_eq!(again, bytes[..bytes.len() - after.len()]);
    }
    in_fight(3, |world| {
        for _ in 0..2 {
            world.step(&commands);
        }
    });
}

/// A configuration: what decodes is valid and encodes to the same bytes.
pub fn config(bytes: &[u8]) {
    if let Ok((config, rest)) = WorldConfig::decode(bytes) {
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.encode(), bytes[..bytes.len() - rest.len()]);
    }
}

/// An image: a refusal changes nothing; what is taken is written again as it was, and runs.
pub fn snapshot(bytes: &[u8]) {
    part(bytes);
    in_fight(0, |world| {
        let before = world.state_hash();
        match world.restore(bytes) {
            Ok(()) => {
                let mut again = Vec::new();
                world.snapshot_into(&mut again);
                assert_eq!(again, bytes);
                world.step(&[]);
            }
            Err(_) => assert_eq!(world.state_hash(), before),
        }
    });
}

/// A scenery: what decodes is valid and encodes to the same bytes; baked, a body and a ray pass through it.
pub fn scenery(bytes: &[u8]) {
    let Ok(scenery) = Scenery::decode(&with_checksum(bytes)) else { return };
    assert_eq!(scenery.validate(), Ok(()));
    assert_eq!(Scenery::decode(&scenery.encode()).as_ref(), Ok(&scenery));
    // Baking many takes long, which is not wrong.
    if scenery.shapes.len() > 256 || scenery.triangle_count() > 4_096 {
        return;
    }
    let Ok(mut obstacles) = Obstacles::bake(&scenery, Metres::from_m(64)) else { return };
    for section in (0..obstacles.sections().len() as u32).step_by(2) {
        obstacles.set_section(section, false);
    }
    let mut blasted = SectionList::default();
    let body = Body { radius: Metres::from_mm(400), height: Metres::from_mm(1_800) };
    let rules = SlideRules {
        walking: true,
        step_up: Metres::from_mm(400),
        walkable: Fx::from_ratio(7, 10),
        probe: Metres::from_mm(400),
    };
    let mut position = Position::ORIGIN;
    for tick in (0..8).map(Tick) {
        let way = [Metres::from_m(2), Metres::from_mm(-300), Metres::from_m(1)];
        position = obstacles.slide(body, position, way, tick, &rules).position;
        let _ = obstacles.ground_below(body, position, Metres::from_m(2), tick, &rules);
        let _ = obstacles.ray(position, Position::ORIGIN, tick);
        obstacles.sections_within(position, Metres::from_m(9), &mut blasted);
        assert!(blasted.as_slice().iter().all(|section| obstacles.section_stands(*section)));
    }
}

/// The checksum made to hold, so that what is behind it is reached.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let body = bytes.split_last_chunk::<8>().map_or(bytes, |(body, _)| body);
    let mut whole = body.to_vec();
    let checksum = body.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    whole.extend_from_slice(&checksum.to_le_bytes());
    whole
}

/// Something of everything that can stand in a world.
fn courtyard() -> Scenery {
    let at = |x, y, z| Position::new(Metres::from_m(x), Metres::from_m(y), Metres::from_m(z));
    let roof =
        Mesh::new(vec![at(0, 0, 0), at(0, 0, 4), at(4, 2, 0), at(4, 2, 4)], vec![[0, 1, 2], [2, 1, 3]]);
    let stop = |centre, degrees, ticks| Waypoint { centre, yaw: Brads::from_degrees(degrees), ticks };
    Scenery {
        terrain: TerrainSource::Flat,
        shapes: vec![
            StaticShape::Box {
                centre: at(6, 1, 0),
                half_sizes: [Metres::ONE, Metres::from_m(3), Metres::from_m(9)],
                yaw: Brads::from_degrees(20),
            },
            StaticShape::Cylinder { base: at(-4, 0, 3), radius: Metres::ONE, height: Metres::from_m(4) },
            StaticShape::Mesh { mesh: 0, translation: at(0, 0, -6), yaw: Brads(300) },
        ],
        meshes: vec![roof.expect("triangles with area")],
        platforms: vec![Platform {
            half_sizes: [Metres::from_m(2), Metres::from_mm(200), Metres::from_m(2)],
            waypoints: vec![stop(at(0, 0, 12), 0, 90), stop(at(0, 4, 12), 90, 90)],
        }],
        sections: vec![StructureSection { shape: 0, kind: 0 }, StructureSection { shape: 2, kind: 3 }],
        capture_points: vec![CapturePoint {
            x: Metres::ZERO,
            z: Metres::from_m(9),
            radius: Metres::from_m(4),
            kind: 3,
            owner: 1,
        }],
        props: vec![PropPlace { kind: 1, position: at(2, 0, 5), yaw: Brads(77) }],
        respawn_points: vec![RespawnPoint {
            x: Metres::from_m(-9),
            z: Metres::ZERO,
            radius: Metres::from_m(3),
            owner: RespawnOwner::CapturePoint(0),
        }],
    }
}

/// A part of a state, and an image without a world: a refusal changes nothing; what is taken leaves a world that runs and
/// whose image is taken again.
fn part(bytes: &[u8]) {
    let _ = StateImage::read(bytes);
    for policy in [PartialPolicy::Insert, PartialPolicy::Overwrite] {
        in_fight(5, |world| {
            let before = world.state_hash();
            match world.apply_partial(bytes, policy) {
                Ok(_) => {
                    let mut image = Vec::new();
                    world.snapshot_into(&mut image);
                    in_fight(0, |again| assert_eq!(again.restore(&image), Ok(())));
                    world.step(&[]);
                }
                Err(_) => assert_eq!(world.state_hash(), before),
            }
        });
    }
}

/// A replay: read, jumped into and run for a few ticks. Large worlds are left out: making one is slow, not wrong.
pub fn replay(bytes: &[u8]) {
    if let Ok(reader) = ReplayReader::new(bytes) {
        let _ = (reader.info(), reader.recorded_hashes());
        let config = reader.config();
        if config.character_capacity <= 4_096 && config.half_extent <= Metres::from_m(128) {
            let _ = (reader.verify(40), reader.keyframes().last().map(|tick| reader.seek(tick)));
        }
    }
}

/// A height file: what decodes is kept as it was, and is ground everywhere. The checksum is made right, so that what is
/// behind it is reached.
pub fn terrain(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    if let Err(HeightFileError::Damaged { found, .. }) = HeightFile::decode(bytes.clone()) {
        bytes[32..36].copy_from_slice(&found.to_le_bytes());
    }
    if let Ok(file) = HeightFile::decode(bytes.clone()) {
        assert_eq!(file.bytes(), bytes);
        let shape = TerrainShape {
            half_extent: Metres::from_m(60),
            spacing: Metres::ONE,
            resident_chunks: 4,
            delta_chunks: 0,
        };
        let source = TerrainSource::Heights(Arc::new(file));
        let terrain = Terrain::new(1, source, &shape).expect("a terrain of any file");
        for place in [-32_000, -59, 0, 7, 32_000].map(Metres::from_m) {
            assert!(terrain.height_at(place, Metres::ZERO).abs() <= Metres::from_m(8_192));
        }
    }
}

/// Seeds: one whole and busy example of each.
pub(crate) fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut commands = Vec::new();
    let world = fight(120);
    let id = world.id_at(1).unwrap_or_default();
    for command in [
        Command::Spawn { tag: 1, team: 0, class: 0, placement: Placement::TeamSpawn },
        Command::Input {
            id,
            input: CharacterInput { buttons: buttons::ALL, pitch: 99, ..CharacterInput::default() },
        },
        Command::Despawn { id },
        Command::Deform { x: Metres::ONE, z: Metres::ZERO, radius: Metres::from_m(5), depth: Metres::ONE },
    ] {
        command.encode_into(&mut commands);
    }
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    let mut dug = fight(30);
    for (x, depth) in [(3, 2), (-6, -1)] {
        let (x, radius) = (Metres::from_m(x), Metres::from_m(5));
        dug.step(&[Command::Deform { x, z: Metres::ZERO, radius, depth: Metres::from_m(depth) }]);
    }
    let mut craters = Vec::new();
    dug.snapshot_into(&mut craters);
    let mut part = Vec::new();
    world.snapshot_partial_into(&Selection::All, &mut part);
    let options = ReplayOptions { hash_every: Ticks(10), keyframe_every: Ticks(12), chunk_ticks: Ticks(8) };
    let mut recorded = fight(20);
    let mut replay = Vec::new();
    let mut writer = ReplayWriter::begin_with(&recorded, &options, &mut replay);
    for tick in 0..30_u32 {
        let spawn = [Command::Spawn { tag: tick, team: 1, class: 0, placement: Placement::TeamSpawn }];
        let commands = if tick % 7 == 0 { &spawn[..] } else { &[] };
        if tick == 15 {
            let mut rules = recorded.config().rules;
            rules.life.health_max = 700;
            recorded.adopt_rules(&rules).expect("rules that a running world adopts");
            writer.record_rules(&recorded, &mut replay);
        }
        recorded.step(commands);
        writer.record(&recorded, commands, &mut replay);
    }
    writer.finish(&recorded, &mut replay);
    let shape = HeightFileShape {
        columns: 70,
        rows: 3,
        spacing: Metres::from_m(2),
        lowest: Metres::from_m(-5),
        highest: Metres::from_m(40),
        water: Some(Metres::ONE),
    };
    let samples: Vec<u16> = (0..210).map(|i| i * 300).collect();
    let ridge = HeightFile::new(&shape, &samples).expect("a valid height file");
    vec![
        ("kernel_commands", "one_of_each".to_owned(), commands),
        ("kernel_config", "default".to_owned(), WorldConfig::default().encode()),
        ("kernel_snapshot", "fight".to_owned(), image),
        ("kernel_snapshot", "part".to_owned(), part),
        ("kernel_snapshot", "craters".to_owned(), craters),
        ("kernel_terrain", "ridge".to_owned(), ridge.bytes().to_vec()),
        ("kernel_replay", "thirty_ticks".to_owned(), replay),
        ("kernel_scenery", "courtyard".to_owned(), courtyard().encode()),
    ]
}
