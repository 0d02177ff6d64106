//! Characters that nobody plays, in whole worlds: what they do, and what is refused.

use shieldwall_core::spatial::{Scenery, StaticShape};
use shieldwall_core::{
    Arm, Brads, CharacterId, CharacterInput, Command, Event, Metres, NPC_KINDS, PartialPolicy, Placement,
    Position, SavedState, Selection, SnapshotError, SpawnRefusal, TerrainSource, World, WorldConfig, buttons,
    flags, mood, steer,
};

const WOLF: u8 = 0;
const GUARD: u8 = 3;
const ARCHER: u8 = 4;

fn m(metres: i32) -> Metres {
    Metres::from_m(metres)
}

fn config() -> WorldConfig {
    let mut config = WorldConfig {
        half_extent: m(128),
        character_capacity: 64,
        projectile_capacity: 64,
        npc_capacity: 16,
        event_capacity: 256,
        ..WorldConfig::default()
    };
    // Nobody dies unless a test wants it, and every blow is like the other.
    config.rules.arms.iter_mut().for_each(|arm| (arm.damage, arm.combo_steps) = (arm.damage.min(1), 0));
    config.rules.effects.iter_mut().for_each(|effect| effect.damage = 0);
    (config.rules.combat.critical_per_1000, config.rules.combat.spawn_safe_ms) = (0, 0);
    config
}

fn flat(config: &WorldConfig, shapes: &[StaticShape]) -> World {
    let scenery = Scenery { terrain: TerrainSource::Flat, shapes: shapes.to_vec(), ..Scenery::default() };
    World::with_scenery(config, &scenery).expect("a valid world")
}

fn at(x: i32, z: i32) -> Placement {
    Placement::At { x: m(x), z: m(z), yaw: Brads(0) }
}

fn player(world: &mut World, team: u8, x: i32, z: i32) -> CharacterId {
    spawned(world, Command::Spawn { tag: 1, team, class: 0, placement: at(x, z) })
}

fn npc(world: &mut World, team: u8, kind: u8, x: i32, z: i32) -> CharacterId {
    spawned(world, Command::SpawnNpc { tag: 2, team, kind, placement: at(x, z) })
}

fn spawned(world: &mut World, command: Command) -> CharacterId {
    world.step(&[command]);
    let id = world.events().iter().find_map(|event| match event {
        Event::Spawned { id, .. } => Some(*id),
        _ => None,
    });
    id.expect("there is room")
}

fn place(world: &World, id: CharacterId) -> Position {
    world.characters().position(id.slot)
}

fn apart_mm(world: &World, a: CharacterId, b: CharacterId) -> i32 {
    place(world, a).horizontal_distance(place(world, b)).to_mm()
}

fn mood_of(world: &World, id: CharacterId) -> u8 {
    let row = world.npcs().row_of(id).expect("it has a mind");
    world.npcs().mood[row as usize]
}

fn run(world: &mut World, ticks: u32) {
    for _ in 0..ticks {
        world.step(&[]);
    }
}

/// Runs until `done`; the ticks it took.
fn until(world: &mut World, most: u32, done: impl Fn(&World) -> bool) -> u32 {
    for tick in 0..most {
        if done(world) {
            return tick;
        }
        world.step(&[]);
    }
    panic!("not within {most} ticks");
}

fn walk(world: &mut World, id: CharacterId, yaw: Brads, ticks: u32) {
    let input =
        CharacterInput { buttons: buttons::SPRINT, move_forward: 127, yaw, ..CharacterInput::default() };
    world.step(&[Command::Input { id, input }]);
    run(world, ticks);
    world.step(&[Command::Input { id, input: CharacterInput::default() }]);
}

#[test]
fn a_wolf_goes_after_who_comes_near_and_bites() {
    let mut world = flat(&config(), &[]);
    let wolf = npc(&mut world, 1, WOLF, 0, 0);
    let friend = npc(&mut world, 1, WOLF, 10, 0);
    let far = player(&mut world, 0, 0, 60);
    run(&mut world, 120);
    assert!(
        matches!(mood_of(&world, wolf), mood::IDLE | mood::WANDER),
        "its own team and the far are left alone"
    );
    assert_eq!(world.characters().health[far.slot as usize], 1_000);
    let prey = player(&mut world, 0, 0, 18);
    let ticks = until(&mut world, 300, |world| world.characters().health[prey.slot as usize] < 1_000);
    assert!((60..240).contains(&ticks), "18 m at 11 m/s: {ticks} ticks");
    run(&mut world, 10);
    assert_eq!(mood_of(&world, wolf), mood::ATTACK);
    assert!(apart_mm(&world, wolf, prey) <= 1_900);
    run(&mut world, 60);
    assert!(apart_mm(&world, wolf, prey) <= 1_900, "it stays at it");
    assert_eq!(world.characters().health[friend.slot as usize], 1_000);
}

#[test]
fn a_pack_comes_to_help_and_a_loner_does_not() {
    let mut rules = config();
    rules.rules.npc[1].aggro_radius = m(4);
    rules.rules.npc.iter_mut().for_each(|kind| kind.wander_radius = Metres::ZERO);
    let mut world = flat(&rules, &[]);
    let first = npc(&mut world, 1, WOLF, 0, 0);
    // 20 m beyond the first: 38 m from the prey, which is more than any of them sees.
    let second = npc(&mut world, 1, WOLF, 0, -18);
    let boar = npc(&mut world, 1, 1, 2, -18);
    // Somebody is near all the time, so that nobody dozes.
    player(&mut world, 1, 30, 0);
    run(&mut world, 100);
    let prey = player(&mut world, 0, 0, 18);
    let ticks = until(&mut world, 300, |world| mood_of(world, second) == mood::CHASE);
    assert_eq!(world.npcs().target(world.npcs().row_of(second).expect("a mind")), prey);
    assert!(ticks < 60, "{ticks}");
    until(&mut world, 600, |world| apart_mm(world, second, prey) < 2_000);
    assert!(apart_mm(&world, first, prey) < 3_000);
    assert!(!matches!(mood_of(&world, boar), mood::CHASE | mood::ATTACK));
}

#[test]
fn whoever_is_led_too_far_goes_home_and_is_left_alone_on_the_way() {
    let mut world = flat(&config(), &[]);
    let guard = npc(&mut world, 1, GUARD, 0, 0);
    let home = place(&world, guard);
    let prey = player(&mut world, 0, 0, 12);
    // South, away from the guard, a little slower than it.
    until(&mut world, 200, |world| mood_of(world, guard) == mood::CHASE);
    walk(&mut world, prey, Brads::HALF, 420);
    let mut farthest = 0;
    for _ in 0..1_200 {
        world.step(&[]);
        farthest = farthest.max(place(&world, guard).horizontal_distance(home).to_mm());
    }
    assert!(farthest <= 33_500, "leash 30 m and a little: {farthest} mm");
    let away = place(&world, guard).horizontal_distance(home).to_mm();
    assert!(away < 1_200, "home again: {away} mm, mood {}", mood_of(&world, guard));
    assert_eq!(mood_of(&world, guard), mood::IDLE);
    assert_eq!(world.characters().yaw[guard.slot as usize], 0, "and looks where it looked");
}

#[test]
fn on_the_way_home_enemies_count_only_from_halfway_on() {
    let mut world = flat(&config(), &[]);
    let guard = npc(&mut world, 1, GUARD, 0, 0);
    let home = place(&world, guard);
    player(&mut world, 1, 40, 0);
    run(&mut world, 100);
    // Its home moves: it is 35 m away now, which is beyond its leash. An enemy comes who is within it.
    world.step(&[Command::SetHome { id: guard, x: m(35), z: m(0) }]);
    let near = player(&mut world, 0, 10, 3);
    let from_home =
        |world: &World| place(world, guard).horizontal_distance(Position::new(m(35), home.y, m(0)));
    until(&mut world, 60, |world| mood_of(world, guard) == mood::RETURN);
    while from_home(&world) > Metres::from_mm(15_100) {
        assert_eq!(mood_of(&world, guard), mood::RETURN, "{:?}", from_home(&world));
        world.step(&[]);
    }
    until(&mut world, 60, |world| mood_of(world, guard) == mood::CHASE);
    assert_eq!(world.npcs().target(0), near);
}

#[test]
fn the_way_leads_round_a_wall() {
    let wall = StaticShape::Box {
        centre: Position::new(m(0), m(0), m(6)),
        half_sizes: [m(14), m(4), Metres::from_mm(200)],
        yaw: Brads(0),
    };
    let mut config = config();
    config.rules.npc[usize::from(GUARD)].leash_radius = m(60);
    let mut world = flat(&config, &[wall]);
    let guard = npc(&mut world, 1, GUARD, 0, 0);
    let prey = player(&mut world, 0, 0, 12);
    let mut widest = 0;
    let mut ticks = 0;
    while world.characters().health[prey.slot as usize] == 1_000 {
        world.step(&[]);
        ticks += 1;
        widest = widest.max(place(&world, guard).x.abs().to_mm());
        assert!(ticks < 900, "{:?}, mood {}", place(&world, guard), mood_of(&world, guard));
    }
    assert!(widest > 14_000, "round the end: {widest} mm");
    // 2 * sqrt(14² + 6²) = 30.5 m at 6.5 m/s are 281 ticks.
    assert!((270..480).contains(&ticks), "{ticks} ticks");
}

/// Two walls with a gap of four metres between them, a guard on one side and a player on the other; both are awake.
fn gap() -> (World, CharacterId, CharacterId) {
    let wall = |x: i32| StaticShape::Box {
        centre: Position::new(m(x), m(0), m(6)),
        half_sizes: [m(6), m(4), Metres::from_mm(200)],
        yaw: Brads(0),
    };
    let mut config = config();
    config.terrain_spacing = m(1);
    config.rules.npc[usize::from(GUARD)].leash_radius = m(60);
    config.rules.npc[usize::from(GUARD)].think_far = 1;
    let mut world = flat(&config, &[wall(-6), wall(10)]);
    let guard = npc(&mut world, 1, GUARD, -5, 0);
    let prey = player(&mut world, 0, -5, 12);
    (world, guard, prey)
}

/// A pit in the gap.
fn pit() -> Command {
    Command::Deform { x: m(2), z: m(6), radius: m(4), depth: m(12) }
}

/// Runs until a field leads the guard, with the goal that it keeps.
fn until_led(world: &mut World) {
    until(world, 60, |world| world.npcs().steer[0] & steer::STAGE != 0);
    assert_eq!(world.ways_computed(), 1);
}

#[test]
fn the_ground_changes_and_the_way_with_it() {
    for dug in [false, true] {
        let (mut world, guard, prey) = gap();
        until_led(&mut world);
        if dug {
            world.step(&[pit()]);
        }
        let (mut west, mut east) = (0, 0);
        for _ in 0..600 {
            world.step(&[]);
            let x = place(&world, guard).x.to_mm();
            (west, east) = (west.min(x), east.max(x));
        }
        let place = place(&world, guard);
        assert!(world.characters().health[prey.slot as usize] < 1_000, "it gets there: {place:?}");
        let round = west < -11_500;
        assert_eq!(round, dug, "through the gap, or round the western end: {west} to {east} mm");
    }
}

/// What was found on other ground is forgotten with it.
#[test]
fn a_state_from_other_ground_brings_no_ways_along() {
    let (mut world, ..) = gap();
    until_led(&mut world);
    let (mut image, mut saved) = (Vec::new(), SavedState::new());
    world.snapshot_into(&mut image);
    world.save(&mut saved);
    let elsewhere = || {
        let (mut other, ..) = gap();
        other.step(&[pit()]);
        until_led(&mut other);
        other
    };
    let (mut restored, mut loaded) = (elsewhere(), elsewhere());
    restored.restore(&image).expect("an image");
    loaded.load(&saved).expect("a state");
    for _ in 0..300 {
        let report = world.step(&[]);
        restored.step(&[]);
        loaded.step(&[]);
        assert_eq!(restored.state_hash(), world.state_hash(), "restored, {:?}", report.tick);
        assert_eq!(loaded.state_hash(), world.state_hash(), "loaded, {:?}", report.tick);
    }
}

#[test]
fn an_archer_shoots_from_afar_and_hits() {
    let mut config = config();
    config.rules.kit[1].secondary = Arm::BOW.0;
    config.rules.arms[1].damage = 50;
    let mut world = flat(&config, &[]);
    let archer = npc(&mut world, 1, ARCHER, 0, 0);
    let prey = player(&mut world, 0, 3, 25);
    let mut shots = 0;
    for _ in 0..600 {
        shots += world.step(&[]).tally.shots;
    }
    let hurt = 1_000 - world.characters().health[prey.slot as usize];
    assert!(shots >= 6, "{shots}");
    assert!(u32::from(hurt) >= 50 * (shots - 2), "{hurt} by {shots} shots");
    assert!(apart_mm(&world, archer, prey) > 20_000, "it keeps its place");
}

#[test]
fn nobody_shoots_at_what_a_wall_hides() {
    let wall = StaticShape::Box {
        centre: Position::new(m(0), m(0), m(12)),
        half_sizes: [m(60), m(6), Metres::from_mm(200)],
        yaw: Brads(0),
    };
    let mut world = flat(&config(), &[wall]);
    npc(&mut world, 1, ARCHER, 0, 0);
    player(&mut world, 0, 0, 20);
    let shots: u32 = (0..300).map(|_| world.step(&[]).tally.shots).sum();
    assert_eq!(shots, 0);
}

#[test]
fn the_hurt_wolf_runs() {
    let mut config = config();
    config.rules.arms[0].damage = 450;
    config.rules.life.regeneration_per_s = 0;
    config.rules.npc[usize::from(WOLF)].wander_radius = Metres::ZERO;
    // It is not to bite.
    config.rules.npc[usize::from(WOLF)].melee_range = Metres::from_mm(500);
    let mut world = flat(&config, &[]);
    let wolf = npc(&mut world, 1, WOLF, 20, -30);
    let hunter = player(&mut world, 0, 20, -28);
    let strike = |world: &mut World| {
        let yaw = place(world, hunter).yaw_toward(place(world, wolf));
        let input = CharacterInput { buttons: buttons::MELEE, yaw, ..CharacterInput::default() };
        world.step(&[Command::Input { id: hunter, input }]);
    };
    let health = |world: &World| world.characters().health[wolf.slot as usize];
    for _ in 0..200 {
        if health(&world) <= 100 {
            break;
        }
        strike(&mut world);
    }
    assert_eq!(health(&world), 100);
    let lay_down = CharacterInput::default();
    world.step(&[Command::Input { id: hunter, input: lay_down }]);
    run(&mut world, 120);
    assert_eq!(mood_of(&world, wolf), mood::FLEE);
    assert!(apart_mm(&world, wolf, hunter) > 12_000, "{} mm", apart_mm(&world, wolf, hunter));
}

#[test]
fn who_dies_comes_back_at_home() {
    let mut config = config();
    config.rules.arms.iter_mut().for_each(|arm| arm.damage = 2_000);
    config.rules.npc[1].wander_radius = Metres::ZERO;
    let mut world = flat(&config, &[]);
    let boar = npc(&mut world, 1, 1, 20, -30);
    let hunter = player(&mut world, 0, 20, -28);
    let input = CharacterInput { buttons: buttons::MELEE, ..CharacterInput::default() };
    world.step(&[Command::Input { id: hunter, input }]);
    let is_alive = |world: &World| world.characters().flags[boar.slot as usize] & flags::ALIVE != 0;
    assert!(!is_alive(&world), "2 m to the north of the hunter");
    world.step(&[Command::Despawn { id: hunter }]);
    let home = Command::SetHome { id: boar, x: m(-40), z: m(7) };
    world.step(&[home]);
    let ticks = until(&mut world, 600, is_alive);
    assert!((170..190).contains(&ticks), "3 s: {ticks}");
    assert_eq!((place(&world, boar).x, place(&world, boar).z), (m(-40), m(7)));
    assert_eq!(world.npcs().live_slots().count(), 1);
}

#[test]
fn nobody_near_thinks_less_often() {
    let mut config = config();
    config.rules.lod.near = m(16);
    let thoughts = |config: &WorldConfig, player_x: i32| {
        let mut world = flat(config, &[]);
        npc(&mut world, 1, GUARD, -60, 0);
        player(&mut world, 1, player_x, 0);
        run(&mut world, 97);
        let mut last = world.npcs().next_think_tick[0];
        let mut thoughts = 0;
        for _ in 0..960 {
            world.step(&[]);
            let next = world.npcs().next_think_tick[0];
            thoughts += u32::from(next != last);
            last = next;
        }
        thoughts
    };
    // 200 ms are 12 ticks; times eight where nobody is near.
    assert_eq!(thoughts(&config, -58), 80);
    assert_eq!(thoughts(&config, 60), 10);
    config.rules.npc[usize::from(GUARD)].think_far = 1;
    assert_eq!(thoughts(&config, 60), 80);
}

#[test]
fn thoughts_are_spread_over_ticks() {
    let mut world = flat(&config(), &[]);
    let spawn =
        |at: i32| Command::SpawnNpc { tag: 0, team: 1, kind: GUARD, placement: self::at(-60 + at, 0) };
    // All in one tick, and so they think together once.
    world.step(&(0..12).map(spawn).collect::<Vec<_>>());
    player(&mut world, 1, -50, 3);
    run(&mut world, 60);
    let mut ticks: Vec<u32> = world.npcs().next_think_tick[..12].to_vec();
    ticks.sort_unstable();
    ticks.dedup();
    assert_eq!(ticks.len(), 12);
}

#[test]
fn what_cannot_be_is_refused_and_slots_come_back() {
    let mut world = flat(&config(), &[]);
    let spawn = |tag, team, kind| Command::SpawnNpc { tag, team, kind, placement: at(0, 0) };
    let report = world.step(&[spawn(7, 2, 0), spawn(8, 0, NPC_KINDS as u8)]);
    assert_eq!(report.tally.commands_refused, 2);
    assert_eq!(
        world.events(),
        [
            Event::SpawnRefused { tag: 7, reason: SpawnRefusal::UnknownTeam },
            Event::SpawnRefused { tag: 8, reason: SpawnRefusal::UnknownKind },
        ]
    );
    let all: Vec<_> = (0..17).map(|tag| spawn(tag, 0, GUARD)).collect();
    world.step(&all);
    assert!(world.events().contains(&Event::SpawnRefused { tag: 16, reason: SpawnRefusal::NpcsFull }));
    assert_eq!((world.npc_count(), world.character_count()), (16, 16));
    let id = world.id_at(3).expect("it is there");
    let other = player(&mut world, 0, 40, 40);
    let report = world.step(&[Command::Despawn { id }, Command::SetHome { id: other, x: m(1), z: m(1) }]);
    assert_eq!(report.tally.commands_refused, 1, "a player has no home");
    assert_eq!(world.npc_count(), 15, "the mind goes with its character");
    assert_eq!(world.npcs().row_of(id), None);
    let none = WorldConfig { npc_capacity: 0, ..config() };
    let mut world = flat(&none, &[]);
    world.step(&[spawn(1, 0, 0)]);
    assert_eq!(world.events(), [Event::SpawnRefused { tag: 1, reason: SpawnRefusal::NpcsFull }]);
    run(&mut world, 10);
}

/// What a player's client would have sent, and no more: keys and a look.
#[test]
fn its_character_is_like_any_other() {
    let mut world = flat(&config(), &[]);
    let wolf = npc(&mut world, 1, WOLF, 0, 0);
    player(&mut world, 0, 10, 15);
    for _ in 0..200 {
        world.step(&[]);
        let input = world.input(wolf).expect("it is there");
        assert_eq!(input, input.sanitized());
        let mut image = Vec::new();
        world.snapshot_into(&mut image);
        let mut other = flat(&config(), &[]);
        assert_eq!(other.restore(&image), Ok(()));
    }
}

#[test]
fn images_with_impossible_minds_are_refused() {
    let config = config();
    let mut world = flat(&config, &[]);
    npc(&mut world, 1, WOLF, 0, 0);
    run(&mut world, 3);
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    // Any byte of the row changed: damaged by the hash at least, and nothing changes.
    let before = world.state_hash();
    let mut bad = 0;
    for at in 0..image.len() {
        let mut changed = image.clone();
        changed[at] ^= 0x80;
        let refusal = world.restore(&changed);
        assert!(refusal.is_err(), "byte {at}");
        bad += u32::from(matches!(refusal, Err(SnapshotError::BadNpc { slot: 0 })));
        assert_eq!(world.state_hash(), before);
    }
    assert!(bad >= 8, "kind, mood, steer, home, way, times: {bad}");
}

/// Handed from one world to another, a pack goes on as what it is.
#[test]
fn a_mind_goes_with_its_character_into_another_world() {
    let mut config = config();
    config.rules.lag.rewind_max_ms = 0;
    let mut world = flat(&config, &[]);
    let wolf = npc(&mut world, 1, WOLF, 0, 0);
    let prey = player(&mut world, 0, 0, 18);
    until(&mut world, 200, |world| mood_of(world, wolf) == mood::CHASE);
    let mut part = Vec::new();
    let report = world.snapshot_partial_into(&Selection::Ids(&[wolf, prey]), &mut part);
    assert_eq!((report.characters, report.npcs), (2, 1));
    let mut other = flat(&config, &[]);
    for at in 0..3 {
        npc(&mut other, 1, GUARD, -100 + at, -100);
    }
    run(&mut other, 500);
    let report = other.apply_partial(&part, PartialPolicy::Insert).expect("it fits");
    assert_eq!((report.characters, report.npcs), (2, 1));
    let here = |there| report.ids.iter().find(|(id, _)| *id == there).expect("it came along").1;
    let row = other.npcs().row_of(here(wolf)).expect("with its mind");
    assert_eq!((row, other.npcs().target(row)), (3, here(prey)));
    let prey = here(prey);
    until(&mut other, 200, |world| world.characters().health[prey.slot as usize] < 1_000);
    let full = WorldConfig { npc_capacity: 3, ..config };
    assert_eq!(
        flat(&full, &[])
            .apply_partial(&part, PartialPolicy::Insert)
            .map_err(|error| { matches!(error, SnapshotError::OtherConfiguration { .. }) }),
        Err(true)
    );
    for at in 0..12 {
        npc(&mut other, 1, GUARD, -100 + at, -90);
    }
    let before = other.state_hash();
    let refusal = SnapshotError::Full { characters: 0, projectiles: 0, effects: 0, npcs: 1 };
    assert_eq!(other.apply_partial(&part, PartialPolicy::Insert), Err(refusal));
    assert_eq!(other.state_hash(), before);
}

/// Who dies in a tick and is back in the next is found alike, whether the index was built before the blow or from the state
/// after it.
#[test]
fn who_was_dead_for_no_tick_is_found_by_a_restored_world_too() {
    let mut config = config();
    config.tick_hz = 10;
    config.rules.life.respawn_ms = 50;
    config.rules.arms.iter_mut().for_each(|arm| arm.damage = 2_000);
    (config.rules.npc[1].wander_radius, config.rules.npc[1].aggro_radius) = (Metres::ZERO, Metres::ZERO);
    let guard_rules = &mut config.rules.npc[usize::from(GUARD)];
    (guard_rules.think_ms, guard_rules.aggro_radius, guard_rules.assist_radius) = (100, m(5), m(30));
    let mut world = flat(&config, &[]);
    let guard = npc(&mut world, 1, GUARD, 0, 0);
    let boar = npc(&mut world, 0, 1, 20, 0);
    let hunter = player(&mut world, 1, 20, 2);
    run(&mut world, 20);
    assert_eq!(mood_of(&world, guard), mood::IDLE);
    let input = CharacterInput { buttons: buttons::MELEE, ..CharacterInput::default() };
    let report =
        world.step(&[Command::SetHome { id: boar, x: m(3), z: m(0) }, Command::Input { id: hunter, input }]);
    assert_eq!(report.tally.deaths, 1);
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    let mut other = flat(&config, &[]);
    other.restore(&image).expect("its own image");
    let report = world.step(&[]);
    other.step(&[]);
    assert_eq!(report.tally.respawns, 1, "beside the guard");
    assert_eq!(other.state_hash(), world.state_hash());
    assert_eq!(
        mood_of(&world, guard),
        mood::CHASE,
        "the index has it where it was, within the guard's hearing"
    );
}

/// The first of them comes in the tick after a load: it looks round in the state that was loaded.
#[test]
fn the_first_mind_after_a_load_sees_the_loaded_world() {
    let mut world = flat(&config(), &[]);
    player(&mut world, 0, 5, 5);
    let mut saved = SavedState::new();
    world.save(&mut saved);
    let mut other = flat(&config(), &[]);
    player(&mut other, 0, -100, -100);
    run(&mut other, 3);
    other.load(&saved).expect("a state");
    let spawn = Command::SpawnNpc { tag: 0, team: 1, kind: GUARD, placement: at(0, 0) };
    world.step(&[spawn]);
    other.step(&[spawn]);
    assert_eq!(world.npcs().mood[0], mood::CHASE);
    assert_eq!(other.state_hash(), world.state_hash());
}
