//! Parts of a state: out of one world, into another that runs, whole or not at all; and states kept in memory.

use proptest::prelude::*;
use shieldwall_core::state::partial::SLOT_ELSEWHERE;
use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command, LagRules, Metres, PartialPolicy, Placement, Rules,
    SavedState, Selection, SnapshotError, World, WorldConfig, buttons,
};

/// A world that never looks back: parts have no history.
fn config() -> WorldConfig {
    let lag = LagRules { rewind_max_ms: 0, ..LagRules::default() };
    WorldConfig {
        rules: Rules { lag, ..Rules::default() },
        half_extent: Metres::from_m(32),
        character_capacity: 40,
        projectile_capacity: 60,
        event_capacity: 128,
        ..WorldConfig::default()
    }
}

fn spawn(tag: u32, x: i32, z: i32) -> Command {
    let placement =
        Placement::At { x: Metres::from_m(x), z: Metres::from_m(z), yaw: Brads((tag * 9_000) as u16) };
    Command::Spawn { tag, team: (tag % 2) as u8, class: 0, placement }
}

/// A fight with living, dead, free and returned slots and arrows in the air.
fn fight(characters: u32, ticks: u32) -> World {
    let mut world = World::new(&config()).expect("a valid configuration");
    let spawns: Vec<Command> =
        (0..characters).map(|tag| spawn(tag, (tag % 6) as i32 * 3 - 9, (tag / 6) as i32 * 3 - 9)).collect();
    world.step(&spawns);
    fight_on(&mut world, characters, ticks);
    world
}

fn fight_on(world: &mut World, characters: u32, ticks: u32) {
    for _ in 0..ticks {
        let tick = world.tick().0;
        let command = match world.id_at(tick % characters.max(1)) {
            None => spawn(tick, 1, 1),
            Some(id) if tick % 53 == 52 => Command::Despawn { id },
            Some(id) => Command::Input {
                id,
                input: CharacterInput {
                    buttons: if tick.is_multiple_of(2) { buttons::SHOOT } else { buttons::MELEE },
                    move_forward: 80,
                    yaw: Brads((tick * 7_919) as u16),
                    pitch: 800,
                    ..CharacterInput::default()
                },
            },
        };
        world.step(&[command]);
    }
}

fn image_of(world: &World) -> Vec<u8> {
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    image
}

fn part_of(world: &World, selection: &Selection<'_>) -> Vec<u8> {
    let mut part = Vec::new();
    world.snapshot_partial_into(selection, &mut part);
    part
}

fn all_ids(world: &World) -> Vec<CharacterId> {
    (0..world.character_slots_end()).filter_map(|slot| world.id_at(slot)).collect()
}

/// A world of the same tick in which nothing ever happened.
fn empty_at(tick: u32) -> World {
    let mut world = World::new(&config()).expect("a valid configuration");
    for _ in 0..tick {
        world.step(&[]);
    }
    world
}

#[test]
fn everything_into_an_empty_world_of_the_same_tick_is_the_same_world() {
    let source = fight(24, 300);
    let mut target = empty_at(source.tick().0);
    let report = target.apply_partial(&part_of(&source, &Selection::All), PartialPolicy::Overwrite).unwrap();
    assert_eq!(report.characters as usize, source.character_count());
    assert!(report.projectiles > 0, "arrows are in the air");
    assert_eq!(image_of(&target), image_of(&source));
}

#[test]
fn areas_and_ids_select_what_they_say() {
    let world = fight(24, 120);
    let view = world.characters();
    let inside = |x: i32, z: i32| (-3 << 16..=2 << 16).contains(&x) && (-5 << 16..=4 << 16).contains(&z);
    let selection = Selection::Box {
        min_x: Metres::from_m(-3),
        min_z: Metres::from_m(-5),
        max_x: Metres::from_m(2),
        max_z: Metres::from_m(4),
    };
    let mut part = Vec::new();
    let report = world.snapshot_partial_into(&selection, &mut part);
    let expected = view.live_slots().filter(|slot| {
        let place = view.position(*slot);
        inside(place.x.0, place.z.0)
    });
    assert_eq!(report.characters as usize, expected.count());
    assert!((1..world.character_count() as u32).contains(&report.characters));

    let nobody = Selection::Disc { x: Metres(0), z: Metres(0), radius: Metres(-1) };
    assert_eq!(world.snapshot_partial_into(&nobody, &mut Vec::new()).characters, 0);
    let everybody = Selection::Disc { x: Metres(i32::MIN), z: Metres(i32::MAX), radius: Metres(i32::MAX) };
    world.snapshot_partial_into(&everybody, &mut Vec::new());
    let id = all_ids(&world)[3];
    let place = view.position(id.slot);
    let spot = Selection::Disc { x: place.x, z: place.z, radius: Metres(0) };
    assert_eq!(world.snapshot_partial_into(&spot, &mut Vec::new()).characters, 1);

    let stale = CharacterId { generation: id.generation + 1, ..id };
    let two = Selection::Ids(&[id, stale, id, CharacterId::NONE]);
    let report = world.snapshot_partial_into(&two, &mut Vec::new());
    let arrows =
        world.projectiles().live_slots().filter(|slot| world.projectiles().owner(*slot) == id).count();
    assert_eq!((report.characters, report.projectiles as usize), (1, arrows));
}

#[test]
fn newcomers_get_ids_of_this_world_and_keep_what_they_were() {
    let source = fight(24, 200);
    let mut target = fight(10, 90);
    let (before, there) = (all_ids(&target), all_ids(&source));
    let part = part_of(&source, &Selection::Ids(&there[2..9]));
    let report = target.apply_partial(&part, PartialPolicy::Insert).unwrap();
    assert_eq!(report.ids.iter().map(|(old, _)| *old).collect::<Vec<_>>(), there[2..9]);
    let later = target.tick().0.wrapping_sub(source.tick().0);
    for (old, new) in &report.ids {
        assert!(!before.contains(new) && target.is_current(*new));
        assert_eq!(target.move_state(*new), source.move_state(*old));
        assert_eq!(target.input(*new), source.input(*old));
        let (from, to) = (source.characters(), target.characters());
        let (old, new) = (old.slot as usize, new.slot as usize);
        assert_eq!(
            (to.health[new], to.team[new], to.kills[new]),
            (from.health[old], from.team[old], from.kills[old])
        );
        assert_eq!(to.secondary_ready_tick[new], from.secondary_ready_tick[old].wrapping_add(later));
    }
    assert!(before.iter().all(|id| target.is_current(*id)), "who was there stays");
    let mine: Vec<CharacterId> = report.ids.iter().map(|(_, new)| *new).collect();
    let arrows = target.projectiles();
    let theirs = arrows.live_slots().filter(|slot| mine.contains(&arrows.owner(*slot))).count();
    assert_eq!(theirs, report.projectiles as usize);
    // It is a world like any other.
    let mut again = World::new(&config()).unwrap();
    assert_eq!(again.restore(&image_of(&target)), Ok(()));
    fight_on(&mut target, 20, 100);
}

#[test]
fn arrows_of_somebody_who_stayed_behind_are_nobodys() {
    let source = (100..400).map(|ticks| fight(24, ticks)).find(|world| {
        world.projectiles().live_slots().any(|slot| world.projectiles().position(slot).x.0.abs() > 12 << 16)
    });
    let source = source.expect("some arrow flies far");
    let slot =
        source.projectiles().live_slots().find(|s| source.projectiles().position(*s).x.0.abs() > 12 << 16);
    let place = source.projectiles().position(slot.unwrap());
    let part = part_of(&source, &Selection::Disc { x: place.x, z: place.z, radius: Metres(0) });
    let mut target = empty_at(5);
    let report = target.apply_partial(&part, PartialPolicy::Insert).unwrap();
    assert_eq!((report.characters, report.projectiles), (0, 1));
    assert_eq!(target.projectiles().owner(0).slot, SLOT_ELSEWHERE);
    assert!(!target.is_current(target.projectiles().owner(0)));
    for _ in 0..300 {
        target.step(&[]);
    }
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let source = fight(30, 150);
    let mut target = fight(20, 50);
    let before = image_of(&target);
    let missing = (source.character_count() + target.character_count() - 40) as u32;
    let refusal = target.apply_partial(&part_of(&source, &Selection::All), PartialPolicy::Insert);
    assert!(
        matches!(refusal, Err(SnapshotError::Full { characters, .. }) if characters == missing),
        "{refusal:?}"
    );
    assert_eq!(image_of(&target), before);
}

#[test]
fn overwriting_a_slot_far_behind_leaves_no_hole() {
    let source = fight(30, 50);
    let last = *all_ids(&source).last().unwrap();
    let mut target = fight(3, 5);
    target.apply_partial(&part_of(&source, &Selection::Ids(&[last])), PartialPolicy::Overwrite).unwrap();
    assert!(target.is_current(last));
    target.step(&[Command::Despawn { id: last }]);
    let mut again = World::new(&config()).unwrap();
    again.restore(&image_of(&target)).unwrap();
    assert_eq!(image_of(&again), image_of(&target));
    let mut ids = Vec::new();
    while let Some(id) = (target.character_count() < 40).then(|| {
        target.step(&[spawn(0, 0, 0)]);
        all_ids(&target).into_iter().max_by_key(|id| id.generation).unwrap()
    }) {
        assert_ne!(id, last, "an id names one character for ever");
        ids.push(id);
    }
}

#[test]
fn refusals_change_nothing() {
    let source = fight(24, 200);
    let part = part_of(&source, &Selection::All);
    let mut target = fight(10, 60);
    let before = image_of(&target);
    for policy in [PartialPolicy::Insert, PartialPolicy::Overwrite] {
        for cut in (0..part.len()).step_by(7) {
            assert_eq!(
                target.apply_partial(&part[..cut], policy),
                Err(SnapshotError::Truncated),
                "cut at {cut}"
            );
        }
        for bit in (0..part.len() * 8).step_by(5) {
            let mut other = part.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(target.apply_partial(&other, policy).is_err(), "bit {bit}");
        }
    }
    let mut longer = part.clone();
    longer.push(0);
    assert_eq!(target.apply_partial(&longer, PartialPolicy::Overwrite), Err(SnapshotError::TooLong));
    assert_eq!(
        target.apply_partial(&image_of(&source), PartialPolicy::Insert),
        Err(SnapshotError::NotAnImage)
    );
    assert_eq!(target.restore(&part), Err(SnapshotError::NotAnImage));
    let mut other = World::new(&WorldConfig { seed: 9, ..config() }).unwrap();
    let refusal = other.apply_partial(&part, PartialPolicy::Insert);
    assert!(matches!(refusal, Err(SnapshotError::OtherConfiguration { .. })));
    assert_eq!(image_of(&target), before);
}

#[test]
fn kept_states_are_taken_back_and_strangers_are_not() {
    let mut world = fight(20, 100);
    let mut saved = SavedState::new();
    assert_eq!(world.load(&saved), Err(SnapshotError::NothingSaved));
    assert_eq!(world.save(&mut saved), world.state_hash());
    assert_eq!((saved.tick(), saved.hash()), (Some(world.tick()), Some(world.state_hash())));
    assert_eq!(saved.column_hashes(), Some(&world.column_hashes()));
    let image = image_of(&world);
    // More rows than were saved, of both tables.
    world.step(&(0..15).map(|tag| spawn(tag, 5, 5)).collect::<Vec<_>>());
    fight_on(&mut world, 30, 150);
    let later = image_of(&world);
    world.load(&saved).unwrap();
    assert!(world.events().is_empty());
    assert_eq!(image_of(&world), image);
    let mut again = World::new(&config()).unwrap();
    again.load(&saved).unwrap();
    again.step(&(0..15).map(|tag| spawn(tag, 5, 5)).collect::<Vec<_>>());
    fight_on(&mut again, 30, 150);
    assert_eq!(image_of(&again), later);
    let mut other = World::new(&WorldConfig { seed: 9, ..config() }).unwrap();
    assert!(matches!(other.load(&saved), Err(SnapshotError::OtherConfiguration { .. })));
    // The same place serves worlds of other sizes.
    let small = World::new(&WorldConfig { character_capacity: 3, ..config() }).unwrap();
    assert_eq!(small.save(&mut saved), small.state_hash());
}

#[test]
fn queries_after_a_load_see_the_loaded_state() {
    let mut world = fight(20, 60);
    let near = |world: &World| {
        let mut slots = Vec::new();
        world.for_each_character_in_radius(Metres(0), Metres(0), Metres::from_m(7), |slot| slots.push(slot));
        slots.sort_unstable();
        slots
    };
    let plain = |world: &World| -> Vec<u32> {
        let view = world.characters();
        let inside = |slot: &u32| {
            let place = view.position(*slot);
            let (x, z) = (i64::from(place.x.0), i64::from(place.z.0));
            x * x + z * z <= (7_i64 << 16).pow(2)
        };
        view.live_slots().filter(inside).collect()
    };
    let mut saved = SavedState::new();
    world.save(&mut saved);
    fight_on(&mut world, 20, 100);
    assert_ne!(near(&world), []);
    world.load(&saved).unwrap();
    assert_eq!(near(&world), plain(&world));
    world.refresh_index();
    assert_eq!(near(&world), plain(&world));
    let part = part_of(&fight(24, 30), &Selection::All);
    world.apply_partial(&part, PartialPolicy::Overwrite).unwrap();
    assert_eq!(near(&world), plain(&world));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Bytes with a true header and hash, but any rows: refused by name, or taken and fine.
    #[test]
    fn parts_from_nowhere(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        overwrite in any::<bool>(),
    ) {
        use shieldwall_core::numeric::column_hash::sum_column;
        let source = fight(12, 80);
        let mut part = part_of(&source, &Selection::All);
        for (at, value) in flips {
            let at = 64 + at.index(part.len() - 64);
            part[at] = value;
        }
        let body = &part[64..];
        let hash = sum_column(config().lanes, body).finish(u64::from(source.tick().0), body.len() as u64);
        part[40..56].copy_from_slice(&hash.to_le_bytes());
        let mut target = fight(5, 20);
        let before = image_of(&target);
        let policy = if overwrite { PartialPolicy::Overwrite } else { PartialPolicy::Insert };
        match target.apply_partial(&part, policy) {
            Ok(_) => {
                let mut again = World::new(&config()).unwrap();
                prop_assert_eq!(again.restore(&image_of(&target)), Ok(()));
                for _ in 0..5 {
                    target.step(&[]);
                }
            }
            Err(_) => prop_assert_eq!(image_of(&target), before),
        }
    }
}
