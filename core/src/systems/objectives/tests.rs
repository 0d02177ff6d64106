//! Rings against a naive recount; flags on their ways.

use super::*;
use crate::numeric::{Brads, LaneChoice, Tick};
use crate::spatial::TerrainSource;
use crate::spatial::obstacles::Scenery;
use crate::state::commands::{Command, Placement};
use crate::{World, WorldConfig};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

const NOBODY: u8 = NO_TEAM;

fn point(x: i32, radius: i32, kind: u8, owner: u8) -> CapturePoint {
    CapturePoint { x: Metres::from_m(x), z: Metres::ZERO, radius: Metres::from_m(radius), kind, owner }
}

fn world_of(capture_points: Vec<CapturePoint>, change: impl Fn(&mut WorldConfig)) -> World {
    let mut config = WorldConfig {
        half_extent: Metres::from_m(32),
        teams: 3,
        character_capacity: 64,
        projectile_capacity: 0,
        event_capacity: 128,
        ..WorldConfig::default()
    };
    // Nobody gives way: places stay what they were.
    config.rules.crowd.passes = 0;
    change(&mut config);
    let scenery = Scenery { terrain: TerrainSource::Flat, capture_points, ..Scenery::default() };
    World::with_scenery(&config, &scenery).unwrap()
}

fn spawn(team: u8, x: Metres, z: Metres) -> Command {
    Command::Spawn { tag: 0, team, class: 0, placement: Placement::At { x, z, yaw: Brads(0) } }
}

/// What a ring is, recounted over everybody by the rules in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ring {
    owner: u8,
    contender: u8,
    progress: i64,
    present: u16,
}

impl Ring {
    fn step(&mut self, world: &World, point: &CapturePoint) -> Option<Event> {
        let rules = world.config().rules.objective_kind(point.kind);
        let view = world.characters();
        let mut inside = [0_i64; 3];
        for slot in view.live_slots() {
            let at = view.position(slot);
            let (x, z) = (i64::from(at.x.0 - point.x.0), i64::from(at.z.0 - point.z.0));
            let near = x * x + z * z <= i64::from(point.radius.0) * i64::from(point.radius.0);
            let alive = view.flags[slot as usize] & flags::ALIVE != 0;
            inside[usize::from(view.team[slot as usize])] += i64::from(near && alive);
        }
        let there: Vec<u8> = (0..3).filter(|team| inside[usize::from(*team)] > 0).collect();
        self.present = there.iter().fold(0, |bits, team| bits | 1 << team);
        match there[..] {
            [] => self.progress -= i64::from(rules.decay_per_256),
            [team] => {
                let speed = 256 * inside[usize::from(team)].min(rules.fighters_max.into());
                if team == self.owner || (self.contender != team && self.contender != NOBODY) {
                    self.progress -= speed;
                } else {
                    self.contender = team;
                    self.progress += speed;
                }
            }
            _ => {}
        }
        let goal = i64::from(rules.capture_ms) * i64::from(world.config().tick_hz) / 1_000 * 256;
        let mut event = None;
        if self.progress >= goal {
            event = Some(Event::PointCaptured { point: 0, team: self.contender, before: self.owner });
            (self.owner, self.progress) = (self.contender, 0);
        }
        if self.progress <= 0 {
            (self.contender, self.progress) = (NOBODY, 0);
        }
        event
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// People come and go at random; after each tick the ring is as a recount over everybody has it.
    #[test]
    fn a_ring_is_what_a_recount_makes_of_it(
        kind in 0_u8..3, owner in prop_oneof![Just(NOBODY), 0_u8..3],
        capture_ms in 200_u32..3_000, fighters_max in 1_u8..5, decay_per_256 in 0_u16..900,
        steps in proptest::collection::vec((0_u8..12, 0_u8..3, -6_000..6_000_i32, -6_000..6_000_i32, 1_u32..40), 1..40),
        lanes in prop::sample::select(LaneChoice::available().to_vec()),
    ) {
        let place = point(0, 4, kind, owner);
        let mut world = world_of(vec![place], |config| {
            config.lanes = lanes;
            let rules = &mut config.rules.objective[usize::from(kind)];
            (rules.capture_ms, rules.fighters_max) = (capture_ms / 100 * 100, fighters_max);
            rules.decay_per_256 = decay_per_256;
        });
        let mut ring = Ring { owner, contender: NOBODY, progress: 0, present: 0 };
        for (what, team, x, z, ticks) in steps {
            let command = match what {
                0..6 => Some(spawn(team, Metres::from_mm(x), Metres::from_mm(z))),
                6..11 => world.id_at(u32::from(what - 6)).map(|id| Command::Despawn { id }),
                _ => None,
            };
            for tick in 0..ticks {
                world.step(command.as_slice().get(tick as usize..1).unwrap_or(&[]));
                let event = ring.step(&world, &place);
                let captured = world.events().iter().find(|event| matches!(event, Event::PointCaptured { .. }));
                prop_assert_eq!(captured.copied(), event);
                let view = world.objectives();
                let found = Ring { owner: view.owner[0], contender: view.contender[0], progress: view.progress[0].into(), present: view.present[0] };
                prop_assert_eq!(found, ring);
            }
        }
    }
}

/// In any second whoever has a place gains its rate, whatever the tick rate.
#[test]
fn scores_are_met_over_every_second() {
    for tick_hz in [10, 24, 60, 120] {
        let mut world = world_of(vec![point(0, 4, 1, 2), point(9, 2, 0, NOBODY)], |config| {
            config.tick_hz = tick_hz;
            config.rules.objective[1].score_per_s = 7;
        });
        for second in 1..6 {
            for _ in 0..tick_hz {
                world.step(&[]);
            }
            assert_eq!(world.scores().score, [0, 0, 7 * second], "{tick_hz} Hz");
        }
    }
}

/// The moves of flag 0 in a tick.
fn moves(world: &World) -> Vec<(CharacterId, FlagMove)> {
    let of_flag = |event: &Event| match event {
        Event::FlagMoved { point: 0, id, what } => Some((*id, *what)),
        _ => None,
    };
    world.events().iter().filter_map(of_flag).collect()
}

#[test]
fn a_flag_is_taken_carried_dropped_and_returned() {
    let mut world = world_of(vec![point(0, 2, 3, 0)], |config| config.rules.objective[3].return_ms = 500);
    let at = |x: i32| spawn(0, Metres::from_m(x), Metres::ZERO);
    world.step(&[at(0)]);
    world.step(&[]);
    assert_eq!(moves(&world), [], "its own team leaves it where it is");
    let thief = |x: i32| spawn(1, Metres::from_m(x), Metres::ONE);
    world.step(&[thief(1), thief(-1)]);
    let id = world.id_at(1).unwrap();
    assert_eq!(moves(&world), [(id, FlagMove::Taken)], "the lower slot");
    assert_eq!(world.objectives().carrier(0), Some(id));
    let away = Command::Impulse { id, velocity: crate::numeric::Velocity::from_raw(20 << 16, 5 << 16, 0) };
    world.step(&[away]);
    for _ in 0..40 {
        world.step(&[]);
        assert_eq!(
            world.objectives().position(0),
            world.characters().position(id.slot),
            "where its carrier is"
        );
    }
    let place = world.characters().position(id.slot);
    assert!(place.x > Metres::from_m(6), "away from the others: {place:?}");
    world.step(&[Command::Despawn { id }]);
    assert_eq!(moves(&world), [(id, FlagMove::Dropped)]);
    assert_eq!((world.objectives().position(0), world.objectives().carrier(0)), (place, None));
    for tick in 0..30 {
        world.step(&[]);
        assert_eq!(moves(&world), [], "tick {tick}");
    }
    world.step(&[]);
    assert_eq!(moves(&world), [(CharacterId::NONE, FlagMove::Returned)]);
    let home = world.objectives().position(0);
    assert_eq!((home.x, home.z), (Metres::ZERO, Metres::ZERO));
    world.step(&[]);
    let other = world.id_at(2).unwrap();
    assert_eq!(moves(&world), [(other, FlagMove::Taken)], "the other thief still stands there");
}

/// The dead drop it; whoever of another team comes by takes it up, and it counts where that team has a place.
#[test]
fn a_flag_is_brought_to_a_place_of_the_carriers_team() {
    let points = vec![point(0, 2, 3, 0), point(4, 2, 0, 1), point(-4, 2, 0, 2)];
    let mut world = world_of(points, |config| {
        config.rules.objective[0].score_per_s = 0;
        config.rules.objective[3].score_brought = 40;
    });
    world.step(&[spawn(2, Metres::ZERO, Metres::ZERO)]);
    let id = world.id_at(0).unwrap();
    assert_eq!(moves(&world), [(id, FlagMove::Taken)]);
    let push = |id: CharacterId, x: i32| Command::Impulse {
        id,
        velocity: crate::numeric::Velocity::from_raw(x << 16, 2 << 16, 0),
    };
    let mut brought = 0;
    // First past the place of team 1, which is not its own, then to its own.
    for tick in 0..400 {
        let commands: &[Command] = match tick {
            0 => &[push(id, 9)],
            100 => &[push(id, -9)],
            200 => &[push(id, -9)],
            _ => &[],
        };
        world.step(commands);
        let x = world.characters().position(0).x;
        for moved in moves(&world) {
            assert_eq!((moved, brought), ((id, FlagMove::Brought), 0));
            assert!(x <= Metres::from_m(-2), "in the ring of its own: {x:?}");
            brought += 1;
        }
    }
    assert_eq!((brought, world.scores().score), (1, &[0, 0, 40][..]));
    assert_eq!(world.objectives().carrier(0), None);
    assert_eq!(world.tick(), Tick(401));
}
