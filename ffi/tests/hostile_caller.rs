//! A caller that does everything wrong gets an answer with a number, never a crash, and damages nothing.
#![allow(unsafe_code)] // this test stands in for C
#![allow(clippy::undocumented_unsafe_blocks)] // the macro `c!` has the one comment for all of them

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use shieldwall::command_types::*;
use shieldwall::general::{sw_abi_version, sw_hash_to_hex, sw_last_error, sw_result_name};
use shieldwall::result::SwResult;
use shieldwall::structure_views::{SwObjectivesView, SwStructuresView};
use shieldwall::types::*;
use shieldwall::views::{SwCharactersView, SwEffectsView, SwEventsView, SwProjectilesView};
use shieldwall::world::*;

/// Calls an exported function, as C does.
macro_rules! c {
    // SAFETY: every pointer of these tests is null or points to a live local of the size that it claims.
    ($call:expr) => {
        unsafe { $call }
    };
}

fn config() -> SwWorldConfig {
    let mut config: SwWorldConfig = bytemuck::Zeroable::zeroed();
    config.struct_size = size_of::<SwWorldConfig>() as u32;
    assert_eq!(c!(sw_world_config_default(&raw mut config)), SwResult::Ok);
    config.character_capacity = 64;
    config
}

fn world() -> SwWorld {
    let mut world = 0;
    assert_eq!(c!(sw_world_create(&config(), &raw mut world)), SwResult::Ok);
    assert_ne!(world, 0);
    world
}

fn hash(world: SwWorld) -> [u8; 16] {
    let mut hash = [0; 16];
    assert_eq!(c!(sw_world_hash(world, hash.as_mut_ptr())), SwResult::Ok);
    hash
}

fn last_error() -> String {
    let mut buffer = [0_u8; 512];
    assert_eq!(c!(sw_last_error(buffer.as_mut_ptr().cast(), buffer.len(), null_mut())), SwResult::Ok);
    CStr::from_bytes_until_nul(&buffer).expect("ends in zero").to_str().expect("is UTF-8").to_owned()
}

#[test]
fn null_pointers_are_refused() {
    let world = world();
    let before = hash(world);
    let mut handle = 0;
    for result in [
        c!(sw_world_config_default(null_mut())),
        c!(sw_world_create(null(), &raw mut handle)),
        c!(sw_world_create(&config(), null_mut())),
        c!(sw_world_create_encoded(null(), 10, &raw mut handle)),
        c!(sw_world_encode_config(world, null_mut(), 1 << 20, &mut 0)),
        c!(sw_world_encode_config(world, null_mut(), 1 << 20, null_mut())),
        c!(sw_world_step(world, null(), 1, size_of::<SwCommand>(), null_mut())),
        c!(sw_world_tick(world, null_mut())),
        c!(sw_world_events(world, null_mut())),
        c!(sw_world_characters(world, null_mut())),
        c!(sw_world_projectiles(world, null_mut())),
        c!(sw_world_effects(world, null_mut())),
        c!(sw_world_height_at(world, 0, 0, null_mut())),
        c!(sw_world_snapshot_size(world, null_mut())),
        c!(sw_world_snapshot_write(world, null_mut(), 0, null_mut())),
        c!(sw_world_restore(world, null(), 10)),
        c!(sw_world_hash(world, null_mut())),
        c!(sw_hash_to_hex(null(), [0; 33].as_mut_ptr(), 33)),
        c!(sw_hash_to_hex([0; 16].as_ptr(), null_mut(), 33)),
        c!(sw_last_error(null_mut(), 10, null_mut())),
    ] {
        assert_eq!(result, SwResult::NullPointer);
    }
    assert_eq!(handle, 0);
    assert_eq!(hash(world), before, "refused calls change nothing");
    assert!(last_error().contains("null"), "{}", last_error());
    assert_eq!(c!(sw_world_destroy(world)), SwResult::Ok);
}

#[test]
fn wrong_struct_sizes_are_refused_and_other_versions_are_understood() {
    let mut handle = 0;
    for size in [0, 4, size_of::<SwWorldConfig>() as u32 - 1, 5000, u32::MAX] {
        let bad = SwWorldConfig { struct_size: size, ..config() };
        assert_eq!(c!(sw_world_create(&raw const bad, &raw mut handle)), SwResult::BadStructSize, "{size}");
    }
    #[repr(C)]
    struct Newer {
        config: SwWorldConfig,
        later_field: u64,
    }
    let mut newer = Newer { config: config(), later_field: 0 };
    newer.config.struct_size = size_of::<Newer>() as u32;
    assert_eq!(c!(sw_world_create((&raw const newer).cast(), &raw mut handle)), SwResult::Ok);
    assert_eq!(c!(sw_world_destroy(handle)), SwResult::Ok);
    newer.later_field = 1;
    assert_eq!(c!(sw_world_create((&raw const newer).cast(), &raw mut handle)), SwResult::BadStructSize);
    newer.later_field = u64::MAX;
    assert_eq!(c!(sw_world_config_default((&raw mut newer).cast())), SwResult::Ok);
    assert_eq!(newer.later_field, 0, "what the library does not know is zero");
    assert_eq!(newer.config.struct_size, size_of::<Newer>() as u32, "struct_size stays the caller's");

    let world = world();
    let mut report = SwStepReport { struct_size: 3, ..Default::default() };
    assert_eq!(c!(sw_world_step(world, null(), 0, 0, &raw mut report)), SwResult::BadStructSize);
    let mut tick = 9;
    assert_eq!(c!(sw_world_tick(world, &raw mut tick)), SwResult::Ok);
    assert_eq!(tick, 0, "a refused step does not run");
    let command = SwCommand::default();
    for size in [0, 39, 5000, usize::MAX] {
        assert_eq!(
            c!(sw_world_step(world, &raw const command, 1, size, null_mut())),
            SwResult::BadStructSize,
            "{size}"
        );
    }
    c!(sw_world_destroy(world));
}

#[test]
fn handles_of_no_world_are_refused() {
    let world = world();
    let mut tick = 0;
    // No test makes a thousand worlds: that place was never in use.
    for forged in [0, 1, u64::MAX, world + 1_000, world ^ (1 << 56), world ^ (1 << 40)] {
        assert_eq!(c!(sw_world_tick(forged, &raw mut tick)), SwResult::BadHandle, "{forged:#x}");
    }
    assert_eq!(c!(sw_world_destroy(0)), SwResult::Ok, "like free(NULL)");
    assert_eq!(c!(sw_world_destroy(world)), SwResult::Ok);
    assert_eq!(c!(sw_world_destroy(world)), SwResult::StaleHandle);
    assert_eq!(c!(sw_world_tick(world, &raw mut tick)), SwResult::StaleHandle);
    assert!(last_error().contains("destroyed"));
}

#[test]
fn bad_commands_run_nothing() {
    let world = world();
    let before = hash(world);
    let spawn = SwCommand { kind: SW_COMMAND_SPAWN, ..Default::default() };
    for bad in [
        SwCommand::default(),
        SwCommand { kind: 99, ..Default::default() },
        SwCommand { placement: 7, ..spawn },
        SwCommand { view_age: 1, ..spawn },
        SwCommand { section: 1, ..spawn },
        SwCommand { health: 1, ..spawn },
        SwCommand { npc_kind: 1, ..spawn },
        SwCommand { reserved: 1, ..spawn },
        SwCommand { kind: SW_COMMAND_SPAWN_NPC, npc_kind: 8, ..Default::default() },
        SwCommand { kind: SW_COMMAND_SPAWN_NPC, placement: 2, ..Default::default() },
    ] {
        let commands = [spawn, bad];
        let result = c!(sw_world_step(world, commands.as_ptr(), 2, size_of::<SwCommand>(), null_mut()));
        assert_eq!(result, SwResult::BadCommand);
        assert!(last_error().contains("command 1"), "{}", last_error());
    }
    let huge = c!(sw_world_step(world, &raw const spawn, usize::MAX, size_of::<SwCommand>(), null_mut()));
    assert_eq!(huge, SwResult::TooLarge);
    assert_eq!(hash(world), before);
    // Ids that name nobody are legal and counted.
    let mut report = SwStepReport { struct_size: size_of::<SwStepReport>() as u32, ..Default::default() };
    let input = SwCommand { kind: SW_COMMAND_INPUT, id: u64::MAX, ..Default::default() };
    let team = SwCommand { team: 200, ..spawn };
    let commands = [input, team];
    let result = c!(sw_world_step(world, commands.as_ptr(), 2, size_of::<SwCommand>(), &raw mut report));
    assert_eq!(result, SwResult::Ok);
    assert_eq!(report.commands_refused, 2);
    c!(sw_world_destroy(world));
}

#[test]
fn bad_configurations_are_refused_with_a_reason() {
    let mut handle = 0;
    for bad in [
        SwWorldConfig { tick_hz: 0, ..config() },
        SwWorldConfig { teams: 0, ..config() },
        SwWorldConfig { half_extent: -1, ..config() },
        SwWorldConfig { terrain_spacing: 0, ..config() },
        SwWorldConfig { character_capacity: 0, ..config() },
        SwWorldConfig { character_capacity: u32::MAX, ..config() },
        SwWorldConfig { event_capacity: u32::MAX, ..config() },
        SwWorldConfig { lanes: 9, ..config() },
        SwWorldConfig { reserved: 1, ..config() },
    ] {
        assert_eq!(c!(sw_world_create(&raw const bad, &raw mut handle)), SwResult::BadConfig, "{bad:?}");
        assert!(!last_error().is_empty());
    }
    assert_eq!(c!(sw_world_create_encoded([1, 2, 3].as_ptr(), 3, &raw mut handle)), SwResult::BadConfig);
    assert_eq!(handle, 0);
}

#[test]
fn short_buffers_say_how_much_is_needed() {
    let world = world();
    let mut needed = 0;
    assert_eq!(c!(sw_world_snapshot_size(world, &raw mut needed)), SwResult::Ok);
    let mut image = vec![0xAA_u8; needed];
    let mut written = 0;
    let result = c!(sw_world_snapshot_write(world, image.as_mut_ptr(), needed - 1, &raw mut written));
    assert_eq!((result, written), (SwResult::ShortBuffer, needed));
    assert!(image.iter().all(|byte| *byte == 0xAA), "nothing is written into a short buffer");
    let result = c!(sw_world_snapshot_write(world, image.as_mut_ptr(), needed, &raw mut written));
    assert_eq!((result, written), (SwResult::Ok, needed));

    let before = hash(world);
    assert_eq!(c!(sw_world_step(world, null(), 0, 0, null_mut())), SwResult::Ok);
    assert_eq!(c!(sw_world_restore(world, image.as_ptr(), needed - 1)), SwResult::BadSnapshot);
    assert_eq!(c!(sw_world_restore(world, null(), 0)), SwResult::BadSnapshot);
    assert_ne!(hash(world), before);
    assert_eq!(c!(sw_world_restore(world, image.as_ptr(), needed)), SwResult::Ok);
    assert_eq!(hash(world), before);

    let mut small = [1_u8; 8];
    assert_eq!(c!(sw_hash_to_hex(before.as_ptr(), small.as_mut_ptr().cast(), 8)), SwResult::ShortBuffer);
    c!(sw_world_destroy(world));
}

#[test]
fn a_world_made_from_bytes_is_the_same_world() {
    let (first, mut second) = (world(), 0);
    let mut bytes = [0_u8; 16_384];
    let mut written = 0;
    let result = c!(sw_world_encode_config(first, bytes.as_mut_ptr(), bytes.len(), &raw mut written));
    assert_eq!(result, SwResult::Ok);
    assert_eq!(c!(sw_world_create_encoded(bytes.as_ptr(), written, &raw mut second)), SwResult::Ok);
    assert_eq!(hash(first), hash(second));
    c!(sw_world_destroy(first));
    c!(sw_world_destroy(second));
}

/// The bytes of a world's configuration with other rules than it has.
fn encoded(world: SwWorld, change: impl FnOnce(&mut shieldwall_core::WorldConfig)) -> Vec<u8> {
    let mut bytes = [0_u8; 16_384];
    let mut written = 0;
    let result = c!(sw_world_encode_config(world, bytes.as_mut_ptr(), bytes.len(), &raw mut written));
    assert_eq!(result, SwResult::Ok);
    let (mut config, _) = shieldwall_core::WorldConfig::decode(&bytes[..written]).expect("its own bytes");
    change(&mut config);
    config.encode()
}

#[test]
fn a_world_adopts_other_rules_and_nothing_else() {
    let (world, mut fresh) = (world(), 0);
    let spawn = SwCommand { kind: SW_COMMAND_SPAWN, tag: 5, team: 1, ..Default::default() };
    let step = |world| c!(sw_world_step(world, &spawn, 1, size_of::<SwCommand>(), null_mut()));
    assert_eq!(step(world), SwResult::Ok);
    assert_eq!(c!(sw_world_save(world, 0, null_mut())), SwResult::Ok);
    let before = hash(world);
    let refused: [(Vec<u8>, &str); 4] = [
        (vec![1, 2, 3], "config"),
        (encoded(world, |config| config.seed += 1), "in more than the rules"),
        (encoded(world, |config| config.rules.lag.rewind_max_ms = 100), "lag.rewind_max_ms"),
        (encoded(world, |config| config.rules.movement[0].radius.0 = 0), "movement.radius"),
    ];
    for (bytes, why) in refused {
        assert_eq!(c!(sw_world_adopt_rules(world, bytes.as_ptr(), bytes.len())), SwResult::BadConfig);
        assert!(last_error().contains(why), "{}", last_error());
    }
    assert_eq!(c!(sw_world_adopt_rules(world, null(), 9)), SwResult::NullPointer);
    assert_eq!(hash(world), before);
    let other = encoded(world, |config| config.rules.life.health_max = 77);
    assert_eq!(c!(sw_world_adopt_rules(world, other.as_ptr(), other.len())), SwResult::Ok);
    assert_eq!(encoded(world, |_| {}), other);
    assert_ne!(hash(world), before, "nobody has more health than there is");
    assert_eq!(c!(sw_world_load(world, 0)), SwResult::BadSnapshot, "a state by the rules before");
    // It is a world of that configuration now.
    let (mut image, mut written) = (vec![0_u8; 1 << 20], 0);
    let result = c!(sw_world_snapshot_write(world, image.as_mut_ptr(), image.len(), &raw mut written));
    assert_eq!(result, SwResult::Ok);
    assert_eq!(c!(sw_world_create_encoded(other.as_ptr(), other.len(), &raw mut fresh)), SwResult::Ok);
    assert_eq!(c!(sw_world_restore(fresh, image.as_ptr(), written)), SwResult::Ok);
    assert_eq!((step(world), step(fresh)), (SwResult::Ok, SwResult::Ok));
    assert_eq!(hash(world), hash(fresh));
    c!(sw_world_destroy(world));
    c!(sw_world_destroy(fresh));
}

#[test]
fn views_show_the_columns() {
    let world = world();
    let spawn = SwCommand { kind: SW_COMMAND_SPAWN, tag: 5, team: 1, ..Default::default() };
    c!(sw_world_step(world, &raw const spawn, 1, size_of::<SwCommand>(), null_mut()));
    // SAFETY: all-zero bytes are valid for structs of numbers and pointers.
    let (mut events, mut characters, mut projectiles): (SwEventsView, SwCharactersView, SwProjectilesView) =
        unsafe { std::mem::zeroed() };
    events.struct_size = size_of::<SwEventsView>() as u32;
    characters.struct_size = size_of::<SwCharactersView>() as u32;
    projectiles.struct_size = size_of::<SwProjectilesView>() as u32;
    assert_eq!(c!(sw_world_events(world, &raw mut events)), SwResult::Ok);
    assert_eq!(c!(sw_world_characters(world, &raw mut characters)), SwResult::Ok);
    assert_eq!(c!(sw_world_projectiles(world, &raw mut projectiles)), SwResult::Ok);
    assert_eq!((events.count, characters.count), (1, 64));
    // SAFETY: the views are fresh, and the indices are below their counts.
    let (event, team, health) = unsafe { (*events.events, *characters.team, *characters.health) };
    assert_eq!((event.tag, team, health), (5, 1, 1000));
    let mut slot = 99;
    assert_eq!(c!(sw_world_character_slot(world, event.id, &raw mut slot)), SwResult::Ok);
    assert_eq!(slot, 0);
    assert_eq!(c!(sw_world_character_slot(world, event.id + 1, &raw mut slot)), SwResult::NoSuchCharacter);
    c!(sw_world_destroy(world));
}

/// A fight by hand: one soldier bashes the other with the shield. Report, events and columns say the same.
#[test]
fn a_fight_is_told_in_report_events_and_columns() {
    let world = world();
    let spawn = SwCommand { kind: SW_COMMAND_SPAWN, placement: SW_PLACEMENT_AT, ..Default::default() };
    let spawns = [spawn, SwCommand { tag: 1, team: 1, z: -(3 << 15), ..spawn }];
    let size = size_of::<SwCommand>();
    assert_eq!(c!(sw_world_step(world, spawns.as_ptr(), 2, size, null_mut())), SwResult::Ok);
    let bash = SwInput { buttons: SW_BUTTON_ABILITY_1, ..Default::default() };
    let input = SwCommand { kind: SW_COMMAND_INPUT, id: 1 << 32, input: bash, ..Default::default() };
    let mut report = SwStepReport { struct_size: size_of::<SwStepReport>() as u32, ..Default::default() };
    let mut told = SwEventsView {
        struct_size: size_of::<SwEventsView>() as u32,
        event_size: 0,
        count: 0,
        events: null(),
        reserved: 0,
    };
    let (mut hit, mut afflicted, mut after) = (None, None, None);
    // Until then nothing hurts who just came to life.
    for _ in 0..60 {
        assert_eq!(c!(sw_world_step(world, null(), 0, size, null_mut())), SwResult::Ok);
    }
    for _ in 0..30 {
        assert_eq!(c!(sw_world_step(world, &raw const input, 1, size, &raw mut report)), SwResult::Ok);
        assert_eq!(c!(sw_world_events(world, &raw mut told)), SwResult::Ok);
        // SAFETY: the view is fresh, and its events are `count`.
        let events = unsafe { std::slice::from_raw_parts(told.events, told.count) };
        hit = hit.or(events.iter().find(|event| event.kind == SW_EVENT_HIT).copied());
        afflicted = events.iter().find(|event| event.kind == SW_EVENT_AFFLICTED).copied();
        if afflicted.is_some() {
            after = Some(report);
            break;
        }
    }
    let (hit, afflicted, after) = (hit.expect("a hit"), afflicted.expect("a stun"), after.expect("a report"));
    assert_eq!((hit.id, hit.other, hit.weapon), (1 << 32 | 1, 1 << 32, SW_WEAPON_SHIELD_BASH));
    assert_eq!((afflicted.id, afflicted.effect), (hit.id, SW_EFFECT_STUNNED.into()));
    assert_eq!((after.afflictions, after.characters), (1, 2));
    // SAFETY: all-zero bytes are valid for structs of numbers and pointers.
    let (mut characters, mut effects): (SwCharactersView, SwEffectsView) = unsafe { std::mem::zeroed() };
    characters.struct_size = size_of::<SwCharactersView>() as u32;
    effects.struct_size = size_of::<SwEffectsView>() as u32;
    assert_eq!(c!(sw_world_characters(world, &raw mut characters)), SwResult::Ok);
    assert_eq!(c!(sw_world_effects(world, &raw mut effects)), SwResult::Ok);
    // SAFETY: the views are fresh; the characters are in slots 0 and 1, the only effect in slot 0.
    unsafe {
        assert_eq!(*characters.action, shieldwall::views::SW_ACTION_ABILITY_1);
        assert!(*characters.stamina < *characters.stamina.add(1), "it costs stamina");
        assert!(*characters.ability_1_ready_tick > after.tick);
        assert_ne!(*characters.flags.add(1) & shieldwall::views::SW_FLAG_STUNNED, 0);
        assert_eq!((*characters.foe_slot.add(1), *characters.foe_generation.add(1)), (0, 1));
        assert_eq!((*effects.kind, *effects.stacks, *effects.target_slot), (SW_EFFECT_STUNNED, 1, 1));
        assert_eq!((*effects.weapon, *effects.source_slot), (SW_WEAPON_SHIELD_BASH, 0));
    }
    assert!(effects.count >= characters.count);
    c!(sw_world_destroy(world));
}

/// A program that was built before fights were counted gets what it knows, and nothing behind it is written.
#[test]
fn an_older_report_is_filled_as_far_as_it_goes() {
    let world = world();
    let mut report = SwStepReport { struct_size: 24, hits: 77, props: 78, ..Default::default() };
    let spawn = SwCommand { kind: SW_COMMAND_SPAWN, ..Default::default() };
    let size = size_of::<SwCommand>();
    assert_eq!(c!(sw_world_step(world, &raw const spawn, 1, size, &raw mut report)), SwResult::Ok);
    assert_eq!((report.events, report.hits, report.characters, report.props), (1, 77, 0, 78));
    report.struct_size = size_of::<SwStepReport>() as u32;
    assert_eq!(c!(sw_world_step(world, null(), 0, size, &raw mut report)), SwResult::Ok);
    assert_eq!((report.tick, report.hits, report.characters, report.props), (1, 0, 1, 0));
    c!(sw_world_destroy(world));
}

#[test]
fn the_last_error_is_cut_to_the_buffer() {
    let mut tick = 0;
    c!(sw_world_tick(77, &raw mut tick));
    let whole = last_error();
    let (mut buffer, mut length) = ([0x55_u8; 6], 0);
    assert_eq!(c!(sw_last_error(buffer.as_mut_ptr().cast(), 6, &raw mut length)), SwResult::Ok);
    assert_eq!(length, whole.len());
    assert_eq!((&buffer[..5], buffer[5]), (&whole.as_bytes()[..5], 0));
    assert_eq!(c!(sw_last_error(null_mut(), 0, &raw mut length)), SwResult::Ok);
}

#[test]
fn results_and_versions_have_names() {
    // SAFETY: the function answers texts that live as long as the program.
    let name = |number| unsafe { CStr::from_ptr(sw_result_name(number)) }.to_str().unwrap();
    assert_eq!(name(0), "SW_RESULT_OK");
    assert_eq!(name(SwResult::StaleHandle as i32), "SW_RESULT_STALE_HANDLE");
    assert_eq!((name(-1), name(12_345)), ("SW_RESULT_UNKNOWN", "SW_RESULT_UNKNOWN"));
    assert_eq!(sw_abi_version() >> 16, 1);
}

#[test]
fn kept_states_come_back_and_places_have_bounds() {
    let world = world();
    let (start, mut kept) = (hash(world), [0; 16]);
    assert_eq!(c!(sw_world_load(world, 0)), SwResult::BadSnapshot);
    assert_eq!(c!(sw_world_save(world, 3, kept.as_mut_ptr())), SwResult::Ok);
    assert_eq!(kept, start);
    assert_eq!(c!(sw_world_load(world, 2)), SwResult::BadSnapshot, "a place below that was never used");
    assert_eq!(c!(sw_world_step(world, null(), 0, size_of::<SwCommand>(), null_mut())), SwResult::Ok);
    assert_ne!(hash(world), start);
    assert_eq!(c!(sw_world_save(world, 0, null_mut())), SwResult::Ok);
    assert_eq!(c!(sw_world_load(world, 3)), SwResult::Ok);
    assert_eq!(hash(world), start);
    assert_eq!(c!(sw_world_save(world, SW_SAVED_STATES_MAX, null_mut())), SwResult::BadArgument);
    assert_eq!(c!(sw_world_load(world, u32::MAX)), SwResult::BadArgument);
    assert_eq!(c!(sw_world_save(0, 0, null_mut())), SwResult::BadHandle);
    assert_eq!(c!(sw_world_destroy(world)), SwResult::Ok);
}

/// A barricade and a place that team 1 has.
fn wall_and_place() -> shieldwall_core::spatial::Scenery {
    use shieldwall_core::spatial::{Scenery, StaticShape};
    use shieldwall_core::{CapturePoint, Metres, Position, StructureSection};
    let centre = Position::new(Metres::ZERO, Metres::ZERO, Metres::from_m(-4));
    let half_sizes = [Metres::from_m(2), Metres::from_m(8), Metres::from_mm(250)];
    Scenery {
        shapes: vec![StaticShape::Box { centre, half_sizes, yaw: shieldwall_core::Brads(0) }],
        sections: vec![StructureSection { shape: 0, kind: 4 }],
        capture_points: vec![CapturePoint {
            x: Metres::ZERO,
            z: Metres::ZERO,
            radius: Metres::from_m(5),
            kind: 0,
            owner: 1,
        }],
        ..Scenery::default()
    }
}

/// A wall between a wolf and its prey: C makes it, breaks it, builds it, and sees what the wolf does.
#[test]
fn walls_and_wolves_are_reachable_from_c() {
    use shieldwall_core::WorldConfig;
    let config = WorldConfig { character_capacity: 8, npc_capacity: 2, ..WorldConfig::default() }.encode();
    let scenery = wall_and_place().encode();
    let (mut world, mut damaged) = (0, scenery.clone());
    damaged[5] ^= 0x55;
    let make = |scenery: &[u8], world: *mut SwWorld| {
        c!(sw_world_create_with_scenery(
            config.as_ptr(),
            config.len(),
            scenery.as_ptr(),
            scenery.len(),
            world
        ))
    };
    assert_eq!(make(&damaged, &raw mut world), SwResult::BadConfig);
    assert_eq!(make(&[], &raw mut world), SwResult::BadConfig);
    assert_eq!(make(&scenery, &raw mut world), SwResult::Ok);

    // SAFETY: all-zero bytes are valid for structs of numbers and pointers.
    let (mut structures, mut objectives): (SwStructuresView, SwObjectivesView) =
        unsafe { std::mem::zeroed() };
    structures.struct_size = size_of::<SwStructuresView>() as u32;
    objectives.struct_size = size_of::<SwObjectivesView>() as u32;
    let mut health = || {
        assert_eq!(c!(sw_world_structures(world, &raw mut structures)), SwResult::Ok);
        assert_eq!(structures.count, 1);
        // SAFETY: the view is fresh, and has one row.
        unsafe { (*structures.health, *structures.kind) }
    };
    let mut report = SwStepReport { struct_size: size_of::<SwStepReport>() as u32, ..Default::default() };
    let mut step = |command: SwCommand| {
        let size = size_of::<SwCommand>();
        assert_eq!(c!(sw_world_step(world, &raw const command, 1, size, &raw mut report)), SwResult::Ok);
        report.commands_refused
    };
    assert_eq!(health(), (800, 4));
    let strike = SwCommand { kind: SW_COMMAND_STRIKE_STRUCTURE, health: 900, ..Default::default() };
    assert_eq!((step(strike), health().0), (0, 0));
    assert_eq!(step(strike), 1, "nothing is left to take");
    assert_eq!(step(SwCommand { section: 1, ..strike }), 1, "no such section");
    let build = SwCommand { kind: SW_COMMAND_BUILD_STRUCTURE, health: 300, ..Default::default() };
    assert_eq!((step(build), health().0), (0, 300));

    let at = SwCommand { placement: SW_PLACEMENT_AT, x: 7 << 16, z: 7 << 16, ..Default::default() };
    assert_eq!(step(SwCommand { kind: SW_COMMAND_SPAWN_NPC, team: 1, npc_kind: 0, ..at }), 0);
    let home =
        SwCommand { kind: SW_COMMAND_SET_HOME, id: 1 << 32, x: -(9 << 16), z: 0, ..Default::default() };
    assert_eq!(step(home), 0);
    assert_eq!(step(SwCommand { id: 2 << 32, ..home }), 1, "nobody");

    assert_eq!(c!(sw_world_objectives(world, &raw mut objectives)), SwResult::Ok);
    // SAFETY: the view is fresh, and has one row.
    let (owner, x) = unsafe { (*objectives.owner, *objectives.position_x) };
    assert_eq!((objectives.count, owner, x), (1, 1, 0));
    let mut score = 9;
    assert_eq!(c!(sw_world_team_score(world, 200, &raw mut score)), SwResult::Ok);
    assert_eq!(score, 0);
    c!(sw_world_destroy(world));
}
