//! Walls that hold, fall and come back; who stood on them; images of what cannot be.

use super::*;
use crate::numeric::{Brads, Position};
use crate::rules::{Arm, OBJECTIVE_KINDS, Rules};
use crate::spatial::TerrainSource;
use crate::spatial::obstacles::{CapturePoint, StaticShape, StructureSection};
use crate::state::characters::{action, flags};
use crate::state::commands::{Placement, buttons};
use crate::state::objectives::pennant;
use crate::state::structures::standing;
use crate::systems::Tally;
use crate::systems::structures::{Blow, strike_structure};
use alloc::vec;

const WALL: u32 = 0;
const LEDGE: u32 = 1;

fn block(centre_mm: [i32; 3], half_mm: [i32; 3]) -> StaticShape {
    let [x, y, z] = centre_mm.map(Metres::from_mm);
    StaticShape::Box {
        centre: Position::new(x, y, z),
        half_sizes: half_mm.map(Metres::from_mm),
        yaw: Brads(0),
    }
}

/// A wall across the field 5 m north, and a ledge 1 m high in the south-east with a post on it that stays.
fn scenery() -> Scenery {
    let shapes = vec![
        block([0, 1_500, -5_000], [16_000, 1_500, 250]),
        block([8_000, 500, 8_000], [2_000, 500, 2_000]),
        block([8_000, 1_500, 8_602], [200, 1_500, 200]),
    ];
    let sections = vec![StructureSection { shape: 0, kind: 0 }, StructureSection { shape: 1, kind: 1 }];
    let point = |z: i32, kind: u8, owner: u8| CapturePoint {
        x: Metres::ZERO,
        z: Metres::from_m(z),
        radius: Metres::from_m(2),
        kind,
        owner,
    };
    let capture_points = vec![point(12, 0, NO_TEAM), point(-12, 3, 1)];
    Scenery { terrain: TerrainSource::Flat, shapes, sections, capture_points, ..Scenery::default() }
}

fn world() -> World {
    world_by(&Rules::default())
}

fn world_by(rules: &Rules) -> World {
    let config = WorldConfig {
        half_extent: Metres::from_m(16),
        character_capacity: 16,
        projectile_capacity: 8,
        event_capacity: 64,
        rules: *rules,
        ..WorldConfig::default()
    };
    World::with_scenery(&config, &scenery()).unwrap()
}

fn spawn(world: &mut World, x_mm: i32, z_mm: i32, class: u8) -> CharacterId {
    let placement = Placement::At { x: Metres::from_mm(x_mm), z: Metres::from_mm(z_mm), yaw: Brads(0) };
    world.step(&[Command::Spawn { tag: 0, team: 0, class, placement }]);
    match world.events() {
        [Event::Spawned { id, .. }, ..] => *id,
        other => panic!("{other:?}"),
    }
}

fn hold(world: &mut World, id: CharacterId, held: u16, forward: i8) {
    let input = CharacterInput { buttons: held, move_forward: forward, ..CharacterInput::default() };
    world.step(&[Command::Input { id, input }]);
}

fn run(world: &mut World, ticks: u32) {
    for _ in 0..ticks {
        world.step(&[]);
    }
}

fn place(world: &World, id: CharacterId) -> Position {
    world.move_state(id).unwrap().position
}

fn strike(world: &mut World, section: u32) {
    let report = world.step(&[Command::StrikeStructure { section, damage: u32::MAX }]);
    assert_eq!(report.tally.commands_refused, 0);
    let fell = Event::StructureFell { section, attacker: CharacterId::NONE };
    assert!(world.events().contains(&fell), "{:?}", world.events());
}

/// Where the arrow of somebody in the south ends that is shot north, level.
fn shoot(world: &mut World) -> Position {
    let archer = spawn(world, 4_000, 5_000, 0);
    hold(world, archer, buttons::SHOOT, 0);
    for _ in 0..120 {
        world.step(&[]);
        let ended = world.events().iter().find_map(|event| match event {
            Event::ProjectileEnded { at, .. } => Some(*at),
            _ => None,
        });
        if let Some(at) = ended {
            world.step(&[Command::Despawn { id: archer }]);
            return at;
        }
    }
    panic!("the arrow flies on");
}

/// How far north somebody walks in three seconds.
fn walk(world: &mut World) -> Metres {
    let walker = spawn(world, -4_000, 0, 0);
    hold(world, walker, 0, 127);
    run(world, 180);
    let z = place(world, walker).z;
    world.step(&[Command::Despawn { id: walker }]);
    z
}

#[test]
fn a_wall_holds_arrows_and_walkers_until_it_falls_and_again_when_it_is_built() {
    let mut world = world();
    let (before, behind) = (Metres::from_mm(-4_200), Metres::from_mm(-5_300));
    let held = |world: &mut World| {
        let arrow = shoot(world).z;
        assert!((behind..before + Metres::ONE).contains(&arrow), "the wall stops arrows: {arrow:?}");
        assert!(walk(world) > Metres::from_m(-5), "and walkers");
        assert_eq!(world.obstacles().section_of(WALL), Some(WALL));
    };
    held(&mut world);
    strike(&mut world, WALL);
    assert!(world.obstacles().any_fallen() && !world.structures().stands(WALL));
    assert!(shoot(&mut world).z < behind, "what fell stops no arrow");
    assert!(walk(&mut world) < Metres::from_m(-6), "and nobody");
    let again = world.step(&[Command::StrikeStructure { section: WALL, damage: 1 }]);
    assert_eq!(again.tally.commands_refused, 1, "what fell cannot be struck");
    world.step(&[Command::BuildStructure { section: WALL, health: 1 }]);
    assert!(world.events().contains(&Event::StructureBuilt { section: WALL }));
    assert_eq!(world.structures().health[WALL as usize], 1);
    held(&mut world);
    let most = world.config().rules.structure[0].health;
    world.step(&[Command::BuildStructure { section: WALL, health: u32::MAX }]);
    assert_eq!((world.structures().health[WALL as usize], world.events().len()), (most, 0));
    let whole = world.step(&[Command::BuildStructure { section: WALL, health: 5 }]);
    assert_eq!(whole.tally.commands_refused, 1);
    let unknown = [
        Command::StrikeStructure { section: 2, damage: 5 },
        Command::BuildStructure { section: 9, health: 5 },
    ];
    assert_eq!(world.step(&unknown).tally.commands_refused, 2);
}

/// What a weapon does in a stage after movement: the share of the kind, its events, and a wall that is there until the tick
/// ends.
#[test]
fn weapons_take_their_share_and_the_wall_is_gone_with_the_tick() {
    let mut world = world();
    let attacker = CharacterId { slot: 3, generation: 9 };
    let mut events = EventBuffer::new(8);
    let mut tally = Tally::default();
    let blow = Blow { section: WALL, damage: 512, damage_kind: 2, attacker, arm: Arm(7) };
    let mut strike = |world: &mut World, blow: &Blow| {
        strike_structure(&mut world.state, &world.environment, blow, &mut events, &mut tally)
    };
    assert_eq!(strike(&mut world, &blow), 256, "half of what is blunt");
    assert_eq!(strike(&mut world, &Blow { damage_kind: 3, ..blow }), 0, "stone does not burn");
    assert_eq!(strike(&mut world, &Blow { damage_kind: 4, ..blow }), 0, "no such kind");
    assert_eq!(strike(&mut world, &Blow { section: 2, ..blow }), 0, "no such section");
    assert_eq!(strike(&mut world, &Blow { damage: 39_488, ..blow }), 19_744);
    assert_eq!(strike(&mut world, &blow), 0, "it has fallen");
    assert_eq!(tally.sections_changed, 1);
    let damaged = |amount| Event::StructureDamaged { section: WALL, attacker, amount, arm: Arm(7) };
    let fell = Event::StructureFell { section: WALL, attacker };
    assert_eq!(events.as_slice(), [damaged(256), damaged(19_744), fell]);
    assert!(world.obstacles().section_stands(WALL), "until the tick ends");
    structures::follow(&world.state.structures, &mut world.environment.obstacles);
    assert!(!world.obstacles().section_stands(WALL) && world.obstacles().section_stands(LEDGE));
}

#[test]
fn who_stood_on_it_falls() {
    let mut world = world();
    let [stands, crouches, dies] = [7_300, 8_000, 8_700].map(|x| {
        let id = spawn(&mut world, x, 8_000, 0);
        let row = id.slot as usize;
        world.state.characters.position_y[row] = Metres::from_mm(1_100).0;
        world.state.characters.flags[row] &= !flags::GROUNDED;
        world.state.characters.motion[row] = crate::state::characters::motion::FALL;
        id
    });
    hold(&mut world, crouches, buttons::CROUCH, 0);
    run(&mut world, 60);
    for id in [stands, crouches, dies] {
        assert_eq!(place(&world, id).y, Metres::ONE, "on the ledge");
        assert_ne!(world.move_state(id).unwrap().support, 0);
    }
    let row = dies.slot as usize;
    let characters = &mut world.state.characters;
    characters.health[row] = 0;
    characters.flags[row] &= !flags::ALIVE;
    (characters.action[row], characters.action_tick[row]) = (action::DIED, world.state.tick.0);
    run(&mut world, 2);
    assert_eq!(place(&world, dies).y, Metres::ONE, "the dead lie where they are");
    strike(&mut world, LEDGE);
    assert_eq!((place(&world, dies).y, world.move_state(dies).unwrap().support), (Metres::ZERO, 0));
    run(&mut world, 60);
    for id in [stands, crouches] {
        assert_eq!((place(&world, id).y, world.move_state(id).unwrap().support), (Metres::ZERO, 0));
    }
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    assert_eq!(world.restore(&image), Ok(()), "every row is one that can be");
}

/// Also bodies that rest unwatched, which movement does not step, and low things that are no higher than a step.
#[test]
fn who_is_where_something_is_built_is_pushed_out() {
    let mut rules = Rules::default();
    rules.movement[6].lod = 1;
    let mut world = world_by(&rules);
    strike(&mut world, WALL);
    strike(&mut world, LEDGE);
    let hound = spawn(&mut world, 1_000, -5_000, 6);
    let other = spawn(&mut world, 8_000, 8_000, 6);
    run(&mut world, 90);
    world.step(&[
        Command::BuildStructure { section: WALL, health: 1 },
        Command::BuildStructure { section: LEDGE, health: 1 },
    ]);
    for _ in 0..30 {
        for id in [hound, other] {
            let class = &world.config().rules.movement[6];
            let body = crate::spatial::obstacles::Body { radius: class.radius, height: class.height };
            assert!(
                !world.obstacles().blocked(body, place(&world, id), world.tick()),
                "{:?}",
                place(&world, id)
            );
        }
        let mut image = Vec::new();
        world.snapshot_into(&mut image);
        assert_eq!(world.restore(&image), Ok(()));
        world.step(&[]);
    }
}

#[test]
fn a_world_takes_only_owners_it_has() {
    let mut wrong = scenery();
    wrong.capture_points[1].owner = 2;
    let refused = World::with_scenery(
        &WorldConfig { half_extent: Metres::from_m(16), ..WorldConfig::default() },
        &wrong,
    );
    assert!(matches!(refused, Err(ConfigError::OutOfRange { field: "capture_points.owner", value: 2, .. })));
    let mut world = world();
    assert!(world.begin_at(Tick(500)), "sections are there, but nobody was");
    spawn(&mut world, 0, 0, 0);
    assert!(!world.begin_at(Tick(9)));
}

#[test]
fn rows_of_the_place_beyond_their_bounds_are_refused_by_name() {
    let refuses = |refusal: SnapshotError, what: &str, change: &dyn Fn(&mut State)| {
        let (mut source, mut world) = (world(), world());
        change(&mut source.state);
        let mut image = Vec::new();
        source.snapshot_into(&mut image);
        let before = world.state_hash();
        assert_eq!(world.restore(&image), Err(refusal), "{what}");
        assert_eq!(world.state_hash(), before);
    };
    let section = |what: &str, change: &dyn Fn(&mut State)| {
        refuses(SnapshotError::BadStructure { section: 1 }, what, change);
    };
    section("another shape", &|state| state.structures.shape[1] = 0);
    section("another kind", &|state| state.structures.kind[1] = 0);
    section("more health than the kind has", &|state| state.structures.health[1] = 6_001);
    section("health and fallen", &|state| state.structures.flags[1] = standing::IN_USE);
    section("stands without health", &|state| state.structures.health[1] = 0);
    section("a bit that means nothing", &|state| state.structures.flags[1] |= 4);
    section("no generation", &|state| state.structures.generation[1] = 2);
    section("not there", &|state| state.structures.zero_row(1));
    let point = |point: u32, what: &str, change: &dyn Fn(&mut State)| {
        refuses(SnapshotError::BadObjective { point }, what, change);
    };
    point(0, "no such team", &|state| state.objectives.owner[0] = 2);
    point(0, "another kind", &|state| state.objectives.kind[0] = OBJECTIVE_KINDS as u8);
    point(0, "progress of nobody", &|state| state.objectives.progress[0] = 1);
    point(0, "a contender without progress", &|state| state.objectives.contender[0] = 1);
    let goal = 30 * 60 * 256;
    point(0, "as much progress as captures", &|state| {
        (state.objectives.progress[0], state.objectives.contender[0]) = (goal, 1);
    });
    point(0, "a contender that has it", &|state| {
        (state.objectives.progress[0], state.objectives.contender[0], state.objectives.owner[0]) = (1, 1, 1);
    });
    point(0, "a team that is not there", &|state| state.objectives.present[0] = 1 << 2);
    point(1, "somebody in the ring of a flag", &|state| state.objectives.present[1] = 1);
    point(0, "a ring elsewhere", &|state| state.objectives.position_x[0] = 1);
    point(0, "a ring that is carried", &|state| state.objectives.flags[0] |= pennant::CARRIED);
    point(1, "another team's flag", &|state| state.objectives.owner[1] = 0);
    point(1, "carried by nobody", &|state| state.objectives.flags[1] |= pennant::CARRIED);
    point(1, "at home, but not", &|state| state.objectives.position_z[1] += 1);
    point(1, "lies for too long", &|state| {
        (state.objectives.flags[1], state.objectives.timer[1]) =
            (pennant::IN_USE | pennant::DROPPED, 20 * 60 + 1);
    });
    point(1, "outside of the field", &|state| {
        (state.objectives.flags[1], state.objectives.position_x[1]) =
            (pennant::IN_USE | pennant::DROPPED, 17 << 16);
    });
    point(1, "lies and is carried", &|state| {
        state.objectives.flags[1] = pennant::IN_USE | pennant::DROPPED | pennant::CARRIED;
    });
    refuses(SnapshotError::BadTeam { team: 1 }, "no such row", &|state| state.teams.in_use[1] = 0);
    // And what can be is taken.
    let (mut source, mut other) = (world(), world());
    source.state.objectives.flags[1] = pennant::IN_USE | pennant::DROPPED;
    (source.state.objectives.timer[1], source.state.objectives.position_x[1]) = (20 * 60, 5 << 16);
    (source.state.objectives.progress[0], source.state.objectives.contender[0]) = (goal - 1, 1);
    source.state.structures.set_health(0, 0);
    source.state.teams.score[0] = u32::MAX;
    let mut image = Vec::new();
    source.snapshot_into(&mut image);
    assert_eq!(other.restore(&image), Ok(()));
    assert!(!other.obstacles().section_stands(0) && other.obstacles().section_stands(1));
    run(&mut other, 100);
}
