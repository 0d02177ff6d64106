//! A stormed castle: same results on all lanes and threads, wherever it is interrupted, and on obstacles baked anew.

use shieldwall_core::spatial::Scenery;
use shieldwall_core::spatial::obstacles::{Body, Obstacles, StructureSection};
use shieldwall_core::{
    Event, FlagMove, LaneChoice, Metres, PartialPolicy, Position, SavedState, Selection, StateHash, World,
    WorldConfig,
};
use shieldwall_tests::breach;

const CHARACTERS: u32 = 60;

fn storm(config: &WorldConfig) -> World {
    World::with_scenery(config, &breach::scenery()).expect("a valid world")
}

/// Runs so many ticks: the hash after each, and all events.
fn run(world: &mut World, ticks: u32, seed: u32) -> (Vec<StateHash>, Vec<Event>) {
    let (mut hashes, mut events) = (Vec::new(), Vec::new());
    for _ in 0..ticks {
        let commands = breach::commands(world, seed);
        world.step(&commands);
        hashes.push(world.state_hash());
        events.extend_from_slice(world.events());
    }
    (hashes, events)
}

/// The same without craters: on ground that is dug up bodies come to be under walls, and parts do not fit everywhere.
fn level(characters: u32) -> WorldConfig {
    let mut config = breach::config(characters);
    config.rules.arms.iter_mut().for_each(|arm| arm.crater_depth = Metres::ZERO);
    config
}

/// The scene has everything in it that it is meant to test: of few, so that rings are not always contested.
#[test]
fn everything_happens_in_the_storm() {
    let mut world = storm(&breach::config(20));
    let (_, events) = run(&mut world, 4_000, 1);
    let count = |what: &dyn Fn(&Event) -> bool| events.iter().filter(|event| what(event)).count();
    let fell = count(&|event| matches!(event, Event::StructureFell { .. }));
    let built = count(&|event| matches!(event, Event::StructureBuilt { .. }));
    let captured = count(&|event| matches!(event, Event::PointCaptured { .. }));
    assert!(fell > 60 && built > 40 && captured > 8, "{fell} fell, {built} built, {captured} captured");
    for what in [FlagMove::Taken, FlagMove::Dropped, FlagMove::Returned, FlagMove::Brought] {
        let found = count(&|event| matches!(event, Event::FlagMoved { what: moved, .. } if *moved == what));
        assert!(found > 0, "no flag was {what:?}");
    }
    assert!((0..breach::TEAMS).any(|team| world.scores().score(team) > 50));
    assert!(count(&|event| matches!(event, Event::Died { .. })) > 20);
}

#[test]
fn lanes_and_threads_change_nothing() {
    let config = breach::config(CHARACTERS);
    let scalar = WorldConfig { lanes: LaneChoice::Scalar, parallel_min_rows: u32::MAX, ..config };
    let plain = run(&mut storm(&scalar), 400, 2);
    for &lanes in LaneChoice::available() {
        let alone = WorldConfig { lanes, parallel_min_rows: u32::MAX, ..config };
        assert!(run(&mut storm(&alone), 400, 2) == plain, "{lanes:?} lanes");
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let shared = WorldConfig { lanes, parallel_min_rows: 1, ..config };
            let found = pool.install(|| run(&mut storm(&shared), 400, 2));
            assert!(found == plain, "{lanes:?} lanes, {threads} threads");
        }
    }
}

/// Kept, or as an image, at many ticks with sections down: the same goes on.
#[test]
fn interrupted_is_uninterrupted() {
    let config = breach::config(CHARACTERS);
    let mut world = storm(&config);
    let mut other = storm(&config);
    // The other has walls down of its own: what comes in replaces them.
    run(&mut other, 333, 9);
    let (mut saved, mut image, mut down) = (SavedState::new(), Vec::new(), 0);
    for round in 0..14 {
        run(&mut world, 37 + round, 3);
        down += u32::from(world.obstacles().any_fallen());
        let hash = world.save(&mut saved);
        image.clear();
        assert_eq!(world.snapshot_into(&mut image), hash);
        let expected = run(&mut world, 60, 3);
        other.restore(&image).expect("an image of the same world");
        assert_eq!(other.state_hash(), hash);
        assert!(run(&mut other, 60, 3) == expected, "restored in round {round}");
        other.load(&saved).expect("a state of the same world");
        assert!(run(&mut other, 60, 3) == expected, "loaded in round {round}");
        world.load(&saved).expect("its own state");
        assert!(run(&mut world, 60, 3) == expected, "went back in round {round}");
    }
    assert!(down > 10, "walls were down in {down} rounds");
}

/// Sections, places and scores belong to the place: a part brings none and changes none.
#[test]
fn parts_leave_the_place_alone() {
    let config = level(CHARACTERS);
    let (mut world, mut other) = (storm(&config), storm(&config));
    run(&mut world, 300, 4);
    run(&mut other, 200, 5);
    let place = |world: &World| {
        (world.structures().health.to_vec(), world.scores().score.to_vec(), world.objectives().owner.to_vec())
    };
    let before = place(&other);
    assert_ne!(place(&world), before);
    let mut part = Vec::new();
    world.snapshot_partial_into(&Selection::All, &mut part);
    other.apply_partial(&part, PartialPolicy::Overwrite).expect("the same configuration");
    assert_eq!(place(&other), before);
    for section in 0..9 {
        assert_eq!(other.obstacles().section_stands(section), other.structures().stands(section));
    }
    // It goes on, with carriers that are somebody else now.
    run(&mut other, 200, 6);
}

/// The world's own obstacles are at every time those that would be baked of what stands.
#[test]
fn the_worlds_obstacles_are_those_of_what_stands() {
    let config = breach::config(CHARACTERS);
    let (mut world, scenery) = (storm(&config), breach::scenery());
    let body = Body { radius: Metres::from_mm(400), height: Metres::from_mm(1_800) };
    let mut differing = 0;
    for round in 0..40 {
        run(&mut world, 20, 7);
        let stands =
            |shape: &u32| world.structures().health.get(*shape as usize).is_none_or(|health| *health > 0);
        let left: Vec<u32> = (0..scenery.shapes.len() as u32).filter(stands).collect();
        let shapes = left.iter().map(|shape| scenery.shapes[*shape as usize]).collect();
        let sections: Vec<StructureSection> = Vec::new();
        let fresh = Obstacles::bake(&Scenery { shapes, sections, ..scenery.clone() }, config.half_extent);
        let fresh = fresh.expect("valid");
        let whole = Obstacles::bake(&scenery, config.half_extent).expect("valid");
        for number in 0..600 {
            let part = |n: i32| Metres::from_mm((number * n + round * 131).rem_euclid(24_000) - 12_000);
            let from = Position::new(part(971), Metres::from_mm(number % 5 * 700), part(1_663));
            let to = Position::new(part(2_113), Metres::from_mm(number % 3 * 900), part(577));
            let tick = world.tick();
            let obstacles = world.obstacles();
            let hit = obstacles.ray(from, to, tick).map(|hit| (hit.t, hit.normal, hit.shape));
            let fresh_hit = fresh.ray(from, to, tick).map(|hit| {
                (hit.t, hit.normal, hit.shape.and_then(|shape| left.get(shape as usize).copied()))
            });
            assert_eq!(hit, fresh_hit);
            assert_eq!(obstacles.blocked(body, from, tick), fresh.blocked(body, from, tick));
            assert_eq!(obstacles.depenetrate(body, from, tick), fresh.depenetrate(body, from, tick));
            differing += u32::from(obstacles.sees(from, to, tick) != whole.sees(from, to, tick));
        }
    }
    assert!(differing > 100, "{differing} rays that walls would stop");
}

/// Whatever falls and is built, nobody is left inside of what stands.
#[test]
fn nobody_stays_inside() {
    let mut config = level(CHARACTERS);
    config.rules.movement[6].lod = 1;
    let mut world = storm(&config);
    let mut inside = 0;
    for round in 0..300 {
        run(&mut world, 4, 8);
        let view = world.characters();
        for slot in view.live_slots() {
            let row = slot as usize;
            let rules = &config.rules.movement[usize::from(view.class[row])];
            let crouched = view.flags[row] & shieldwall_core::flags::CROUCHED != 0;
            let height = if crouched { rules.crouch_height } else { rules.height };
            let body = Body { radius: rules.radius, height };
            let alive = view.flags[row] & shieldwall_core::flags::ALIVE != 0;
            // Who just came to life may have done so inside of something, until its first step.
            let settled = world.tick().0.wrapping_sub(view.action_tick[row]) > 2;
            let blocked =
                alive && settled && world.obstacles().blocked(body, view.position(slot), world.tick());
            inside += u32::from(blocked);
            assert!(!blocked, "round {round}: slot {slot} at {:?}", view.position(slot));
        }
    }
    assert_eq!(inside, 0);
}
