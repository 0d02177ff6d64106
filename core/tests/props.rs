//! Props in whole worlds: rest, piles, walls, the ground, energy, walkers, weapons, room.

use proptest::prelude::*;
use shieldwall_core::spatial::obstacles::{Body, Platform, Scenery, StaticShape, StructureSection, Waypoint};
use shieldwall_core::{
    Brads, CharacterInput, Command, Event, Metres, MetresPerSecond, Placement, Position, PropId, PropPlace,
    SpawnRefusal, TerrainSource, Velocity, World, WorldConfig, buttons,
};

const CRATE: u8 = 0;
const BOULDER: u8 = 2;
const SPLINTERS: u8 = 4;

fn mm(x: i32, y: i32, z: i32) -> Position {
    Position::new(Metres::from_mm(x), Metres::from_mm(y), Metres::from_mm(z))
}

fn config() -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(32),
        character_capacity: 8,
        projectile_capacity: 8,
        npc_capacity: 0,
        prop_capacity: 64,
        ..WorldConfig::default()
    }
}

fn flat(shapes: Vec<StaticShape>) -> Scenery {
    Scenery { terrain: TerrainSource::Flat, shapes, ..Scenery::default() }
}

fn world(scenery: &Scenery) -> World {
    World::with_scenery(&config(), scenery).expect("a good scenery")
}

fn put(kind: u8, position: Position) -> Command {
    Command::SpawnProp { tag: 7, kind, position, yaw: Brads(0) }
}

/// The id of the prop that a command makes.
fn add(world: &mut World, kind: u8, position: Position) -> PropId {
    world.step(&[put(kind, position)]);
    match world.events().iter().find(|event| matches!(event, Event::PropSpawned { .. })) {
        Some(Event::PropSpawned { id, tag: 7 }) => *id,
        _ => panic!("no prop: {:?}", world.events()),
    }
}

fn run(world: &mut World, ticks: u32) {
    for _ in 0..ticks {
        world.step(&[]);
    }
}

/// Ticks until all sleep.
fn settle(world: &mut World, most: u32) -> u32 {
    for tick in 0..most {
        if world.step(&[]).tally.props_awake == 0 {
            return tick;
        }
    }
    panic!("still awake: {:?}", (world.props().velocity(0), world.props().position(0)));
}

#[test]
fn what_falls_comes_to_rest_and_costs_nothing_then() {
    let mut world = world(&flat(vec![]));
    let id = add(&mut world, CRATE, mm(1_000, 3_000, 0));
    settle(&mut world, 240);
    assert_eq!(world.props().position(id.slot), mm(1_000, 0, 0));
    let hash = world.column_hashes();
    run(&mut world, 100);
    let differs = world.column_hashes().iter().zip(hash.iter()).find(|(now, then)| now.1 != then.1);
    assert_eq!(differs.map(|((info, _), _)| info.name), None);
}

#[test]
fn crates_stack_and_fall_when_the_lowest_is_taken() {
    let mut world = world(&flat(vec![]));
    for level in 0..5 {
        add(&mut world, CRATE, mm(0, 1_050 * level, 0));
    }
    settle(&mut world, 600);
    for level in 0..5 {
        let at = world.props().position(level);
        let wanted = 1_000 * level as i32;
        assert!((at.y.to_mm() - wanted).abs() <= 2 * level as i32 + 1, "crate {level} at {at:?}");
        assert_eq!((at.x, at.z), (Metres::ZERO, Metres::ZERO));
    }
    let lowest = world.props().id_at(0).unwrap();
    world.step(&[Command::RemoveProp { id: lowest }]);
    assert!(world.events().contains(&Event::PropGone { id: lowest }));
    settle(&mut world, 600);
    assert!(world.props().position(1).y.to_mm() <= 1, "it fell: {:?}", world.props().position(1));
    assert!(world.props().position(4).y.to_mm() <= 3_007);
}

#[test]
fn a_walker_pushes_a_crate_and_a_boulder_blocks() {
    let mut world = world(&flat(vec![]));
    let spawn = |x| {
        let placement = Placement::At { x: Metres::from_m(x), z: Metres::ZERO, yaw: Brads(0) };
        Command::Spawn { tag: 1, team: 0, class: 0, placement }
    };
    world.step(&[spawn(0), spawn(8)]);
    let (light, heavy) =
        (add(&mut world, CRATE, mm(0, 0, -3_000)), add(&mut world, BOULDER, mm(8_000, 0, -3_000)));
    settle(&mut world, 100);
    let input = CharacterInput { buttons: buttons::SPRINT, move_forward: 127, ..Default::default() };
    let ids = [world.id_at(0).unwrap(), world.id_at(1).unwrap()];
    world.step(&ids.map(|id| Command::Input { id, input }));
    run(&mut world, 120);
    assert!(world.props().position(light.slot).z.to_mm() < -6_000, "{:?}", world.props().position(0));
    assert_eq!(world.props().position(heavy.slot), mm(8_000, 0, -3_000));
    assert!(!world.props().is_awake(heavy.slot));
    let radius = config().rules.movement[0].radius.to_mm();
    let blocked = world.characters().position(1).z.to_mm();
    assert!(blocked >= -3_000 + 900 + radius - 110, "stands at {blocked} mm");
}

#[test]
fn blows_break_a_crate_into_splinters_that_are_gone_after_a_while() {
    let mut world = world(&flat(vec![]));
    let placement = Placement::At { x: Metres::ZERO, z: Metres::from_mm(1_300), yaw: Brads(0) };
    world.step(&[Command::Spawn { tag: 1, team: 0, class: 0, placement }]);
    let id = add(&mut world, CRATE, mm(0, 0, 0));
    let swing = CharacterInput { buttons: buttons::MELEE, ..Default::default() };
    let attacker = world.id_at(0).unwrap();
    world.step(&[Command::Input { id: attacker, input: swing }]);
    let mut broken = 0;
    for _ in 0..600 {
        let tally = world.step(&[]).tally;
        broken += tally.props_broken;
        if tally.props_broken > 0 {
            assert!(world.events().contains(&Event::PropBroken { id, attacker }));
            assert_eq!((tally.debris, world.prop_count()), (4, 4));
            world.step(&[Command::Input { id: attacker, input: CharacterInput::default() }]);
        }
    }
    assert_eq!(broken, 1);
    let props = world.props();
    assert!(props.live_slots().map(|slot| props.kind[slot as usize]).eq([SPLINTERS; 4]));
    run(&mut world, 20 * 60);
    assert_eq!(world.prop_count(), 0);
}

#[test]
fn arrows_stop_at_crates_and_blasts_throw_them() {
    let mut world = world(&flat(vec![]));
    let placement = Placement::At { x: Metres::ZERO, z: Metres::from_m(6), yaw: Brads(0) };
    world.step(&[Command::Spawn { tag: 1, team: 0, class: 0, placement }]);
    let id = add(&mut world, CRATE, mm(0, 0, 0));
    add(&mut world, CRATE, mm(0, 1_000, 0));
    settle(&mut world, 100);
    let shoot = CharacterInput { buttons: buttons::SHOOT, pitch: -300, ..Default::default() };
    world.step(&[Command::Input { id: world.id_at(0).unwrap(), input: shoot }]);
    let mut struck = 0;
    for _ in 0..200 {
        struck += world.step(&[]).tally.prop_damage;
    }
    assert!(struck > 0 && world.projectiles().live_slots().count() <= 1);
    // A push wakes it, and it comes to rest elsewhere.
    let velocity =
        Velocity::new(MetresPerSecond::from_m(5), MetresPerSecond::from_m(3), MetresPerSecond::ZERO);
    world.step(&[Command::Input { id: world.id_at(0).unwrap(), input: CharacterInput::default() }]);
    if world.props().id_at(id.slot) == Some(id) {
        world.step(&[Command::PushProp { id, velocity }]);
        settle(&mut world, 600);
        assert!(world.props().position(id.slot).x.to_mm() > 1_000);
    }
}

#[test]
fn a_full_table_lets_debris_go_first_and_then_refuses() {
    let mut world =
        World::with_scenery(&WorldConfig { prop_capacity: 2, ..config() }, &flat(vec![])).unwrap();
    let first = add(&mut world, SPLINTERS, mm(0, 0, 0));
    add(&mut world, SPLINTERS, mm(2_000, 0, 0));
    world.step(&[put(CRATE, mm(4_000, 0, 0))]);
    assert_eq!(world.events()[0], Event::PropGone { id: first });
    world.step(&[put(CRATE, mm(4_000, 0, 0)), put(CRATE, mm(9_000, 0, 0)), put(9, mm(0, 0, 0))]);
    let refused = |reason| Event::SpawnRefused { tag: 7, reason };
    assert!(world.events().contains(&refused(SpawnRefusal::PropsFull)));
    assert!(world.events().contains(&refused(SpawnRefusal::UnknownProp)));
    assert_eq!(world.prop_count(), 2);
}

#[test]
fn craters_and_falling_walls_wake_what_lies_there() {
    let wall = StaticShape::Box {
        centre: mm(0, 1_000, 0),
        half_sizes: [Metres::from_m(2), Metres::ONE, Metres::from_m(2)],
        yaw: Brads(0),
    };
    let mut scenery = flat(vec![wall]);
    scenery.sections = vec![StructureSection { shape: 0, kind: 0 }];
    scenery.props = vec![
        PropPlace { kind: CRATE, position: mm(0, 2_100, 0), yaw: Brads(1) },
        PropPlace { kind: CRATE, position: mm(12_000, 0, 0), yaw: Brads(2) },
    ];
    let mut world = world(&scenery);
    settle(&mut world, 200);
    assert!((world.props().position(0).y.to_mm() - 2_000).abs() <= 2, "{:?}", world.props().position(0));
    let depth = Metres::from_m(1);
    let dig = Command::Deform { x: Metres::from_m(12), z: Metres::ZERO, radius: Metres::from_m(4), depth };
    let report = world.step(&[dig, Command::StrikeStructure { section: 0, damage: 20_000 }]);
    assert_eq!(report.tally.debris, 6);
    settle(&mut world, 400);
    assert!(world.props().position(0).y.to_mm() < 900, "{:?}", world.props().position(0));
    assert!(world.props().position(1).y.to_mm() < -900, "{:?}", world.props().position(1));
}

#[test]
fn nothing_sleeps_on_a_platform_and_it_is_lifted() {
    let stop = |y, ticks| Waypoint { centre: mm(0, y, 0), yaw: Brads(0), ticks };
    let lift = Platform {
        half_sizes: [Metres::from_m(2), Metres::from_mm(200), Metres::from_m(2)],
        waypoints: vec![stop(-200, 120), stop(2_800, 120)],
    };
    let mut world = world(&Scenery { platforms: vec![lift], ..flat(vec![]) });
    let id = add(&mut world, CRATE, mm(0, 10, 0));
    let mut highest = 0;
    for _ in 0..240 {
        world.step(&[]);
        highest = highest.max(world.props().position(id.slot).y.to_mm());
        assert!(world.props().is_awake(id.slot));
    }
    assert!(highest > 2_900, "{highest} mm");
}

/// Doubled energy for each kilogram, in (raw m/s)²: speeds, and heights under gravity.
fn energy(world: &World) -> f64 {
    let rules = &config().rules;
    let props = world.props();
    let gravity = f64::from(rules.prop_motion.gravity_per_s.to_f32_lossy());
    props
        .live_slots()
        .map(|slot| {
            let (at, velocity) = (props.position(slot), props.velocity(slot));
            let weight = f64::from(rules.prop_kind(props.kind[slot as usize]).weight_kg);
            let parts = [velocity.x, velocity.y, velocity.z].map(|part| f64::from(part.to_f32_lossy()));
            let speed: f64 = parts.iter().map(|part| part * part).sum();
            weight * (speed / 2.0 + gravity * f64::from(at.y.to_f32_lossy()))
        })
        .sum()
}

fn yard() -> Scenery {
    let wall = |x, z, half_x, half_z| StaticShape::Box {
        centre: mm(x, 1_500, z),
        half_sizes: [Metres::from_mm(half_x), Metres::from_m(2), Metres::from_mm(half_z)],
        yaw: Brads(2_000),
    };
    flat(vec![
        wall(0, 5_000, 6_000, 300),
        wall(5_000, 0, 300, 6_000),
        wall(-4_000, -4_000, 1_000, 1_000),
        StaticShape::Cylinder { base: mm(1_500, 0, 1_500), radius: Metres::ONE, height: Metres::from_m(2) },
    ])
}

fn any_props() -> impl Strategy<Value = Vec<(u8, [i32; 3], [i32; 3])>> {
    let place = [-3_000..3_000_i32, 0..6_000_i32, -3_000..3_000_i32];
    let speed = [-9_000..9_000_i32, -6_000..6_000_i32, -9_000..9_000_i32];
    proptest::collection::vec((0_u8..7, place, speed), 1..24)
}

fn thrown(world: &mut World, props: &[(u8, [i32; 3], [i32; 3])]) {
    let commands: Vec<Command> =
        props.iter().map(|(kind, [x, y, z], _)| put(*kind, mm(*x, *y, *z))).collect();
    world.step(&commands);
    let push = |(slot, (_, _, [x, y, z])): (usize, &(u8, [i32; 3], [i32; 3]))| Command::PushProp {
        id: world.props().id_at(slot as u32).expect("in use"),
        velocity: Velocity::new(
            MetresPerSecond::from_mm(*x),
            MetresPerSecond::from_mm(*y),
            MetresPerSecond::from_mm(*z),
        ),
    };
    let commands: Vec<Command> = props.iter().enumerate().map(push).collect();
    world.step(&commands);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// However props are thrown about between walls: none is under the ground or deep in a wall, and all come to rest.
    #[test]
    fn nothing_sinks_and_everything_rests(props in any_props()) {
        let mut world = world(&yard());
        thrown(&mut world, &props);
        let mut deepest = 0;
        let mut awake = 1;
        for _ in 0..900 {
            awake = world.step(&[]).tally.props_awake;
            let view = world.props();
            for slot in view.live_slots() {
                let at = view.position(slot);
                prop_assert!(at.y >= world.terrain().height_at(at.x, at.z), "slot {}", slot);
                let kind = world.config().rules.prop_kind(view.kind[slot as usize]);
                // A capsule that is a hand smaller is free: nothing is deeper in a wall.
                let body = Body {
                    radius: kind.radius - Metres::from_mm(30),
                    height: kind.height - Metres::from_mm(60),
                };
                let inner = Position { y: at.y + Metres::from_mm(30), ..at };
                deepest += u32::from(world.obstacles().blocked(body, inner, world.tick()));
            }
        }
        prop_assert_eq!(deepest, 0);
        let view = world.props();
        let of = |slot| (view.kind[slot as usize], view.position(slot), view.velocity(slot));
        let awake_ones: Vec<_> = view.live_slots().filter(|slot| view.is_awake(*slot)).map(of).collect();
        prop_assert_eq!(awake, 0, "never rest: {:?}", awake_ones);
    }

    /// In the open, without overlaps to begin with, energy only falls: but for what rounding and the way out of an overlap add.
    #[test]
    fn energy_does_not_grow(
        speeds in proptest::collection::vec(([-9_000..9_000_i32, -3_000..6_000_i32, -9_000..9_000_i32], 0_u8..7), 2..12),
    ) {
        let mut world = world(&flat(vec![]));
        let apart = |at: usize| [(at as i32 % 4) * 2_400 - 3_600, 0, (at as i32 / 4) * 2_400 - 3_600];
        let props: Vec<_> = speeds.iter().enumerate().map(|(at, (speed, kind))| (*kind, apart(at), *speed)).collect();
        thrown(&mut world, &props);
        let mut before = energy(&world);
        let first = before;
        for tick in 0..400 {
            world.step(&[]);
            let now = energy(&world);
            prop_assert!(now <= before + 0.004 * first + 0.5, "tick {}: {} after {}", tick, now, before);
            before = now.min(before);
        }
    }
}
