//! What is refused, and what becomes of a state that is beyond the new rules everywhere.

use super::*;
use crate::numeric::{Metres, Tick};
use crate::rules::Arm;
use crate::spatial::Scenery;
use crate::spatial::obstacles::StaticShape;
use crate::state::characters::{action, flags, motion};
use crate::state::commands::{Command, Placement};
use crate::state::objectives::CapturePoint;
use crate::state::structures::StructureSection;
use crate::{Brads, Position, RulesError};
use alloc::vec;
use alloc::vec::Vec;

fn scenery() -> Scenery {
    let point = |kind, x| CapturePoint {
        x: Metres::from_m(x),
        z: Metres::ZERO,
        radius: Metres::from_m(3),
        kind,
        owner: crate::NO_TEAM,
    };
    let wall = StaticShape::Box {
        centre: Position { x: Metres::from_m(5), y: Metres::ZERO, z: Metres::from_m(9) },
        half_sizes: [Metres::from_m(1), Metres::from_m(2), Metres::from_mm(400)],
        yaw: Brads(0),
    };
    Scenery {
        shapes: vec![wall],
        sections: vec![StructureSection { shape: 0, kind: 0 }],
        capture_points: vec![point(0, -8), point(3, 8)],
        ..Scenery::default()
    }
}

fn config(rules: &Rules) -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(16),
        character_capacity: 4,
        projectile_capacity: 4,
        npc_capacity: 2,
        rules: *rules,
        ..WorldConfig::default()
    }
}

/// Soldiers at the edge of the field, in the middle and above it, and a wolf.
fn world() -> World {
    let mut world = World::with_scenery(&config(&Rules::default()), &scenery()).unwrap();
    let spawn = |x: i32| Command::Spawn {
        tag: 0,
        team: 0,
        class: 0,
        placement: Placement::At { x: Metres::from_m(x), z: Metres::ZERO, yaw: Brads(0) },
    };
    let (x, z) = (Metres::from_m(-12), Metres::from_m(-12));
    let placement = Placement::At { x, z, yaw: Brads(0) };
    world.step(&[spawn(16), spawn(0), spawn(2), Command::SpawnNpc { tag: 0, team: 1, kind: 0, placement }]);
    assert_eq!((world.character_count(), world.npc_count()), (4, 1));
    world
}

fn image_of(world: &World) -> Vec<u8> {
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    image
}

#[test]
fn what_would_change_the_state_itself_is_refused_by_name_and_changes_nothing() {
    let refuses = |change: &dyn Fn(&mut Rules), expected: AdoptRulesError, name: &str| {
        let mut world = world();
        let (hash, fingerprint) = (world.state_hash(), world.fingerprint());
        let mut rules = Rules::default();
        change(&mut rules);
        assert_eq!(world.check_rules(&rules), Err(expected));
        assert_eq!(world.adopt_rules(&rules), Err(expected));
        assert!(alloc::format!("{expected}").contains(name), "{expected}");
        assert_eq!((world.state_hash(), world.fingerprint()), (hash, fingerprint));
        assert_eq!(*world.config(), config(&Rules::default()));
    };
    refuses(
        &|rules| rules.lag.rewind_max_ms = 400,
        AdoptRulesError::History { world: 30, rules: 24 },
        "lag.rewind_max_ms",
    );
    refuses(
        &|rules| rules.objective[3].carried ^= 1,
        AdoptRulesError::ObjectiveForm { kind: 3 },
        "objective.flag.carried",
    );
    let radius =
        RulesError::OutOfRange { table: "movement", field: "radius", value: 0, min: 13_107, max: 5 << 16 };
    refuses(
        &|rules| rules.movement[2].radius = Metres::ZERO,
        AdoptRulesError::Config(ConfigError::Rules(radius)),
        "movement.radius",
    );
    // A kind of which there is no place may change its form; and what rounds to the same ticks is the same.
    let mut rules = Rules::default();
    rules.objective[1].carried ^= 1;
    rules.lag.rewind_max_ms = 499;
    assert_eq!(world().adopt_rules(&rules), Ok(()));
}

/// A world in which everything that rules bound is at its bound.
fn at_every_limit() -> World {
    let mut source = world();
    let tick = source.tick();
    let state = &mut source.state;
    let characters = &mut state.characters;
    for row in 0..4 {
        (characters.health[row], characters.stamina[row]) = (1_000, 100);
        characters.set_ready_tick(row, row, tick.0 + 50_000);
        characters.timer[row] = 6;
    }
    (characters.motion[0], characters.motion_ticks[0]) = (motion::DODGE, 5);
    characters.dodge_ticks[0] = 60_000;
    characters.dodge_ticks[1] = 20;
    characters.flags[1] |= flags::CROUCHED;
    (characters.action[1], characters.action_tick[1]) = (action::CAST + 3, tick.0);
    characters.flags[2] &= !flags::GROUNDED;
    (characters.motion[2], characters.position_y[2], characters.velocity_y[2]) =
        (motion::FALL, 30 << 16, -(60 << 16));
    state.npcs.next_think_tick[0] = tick.0 + 72;
    for (kind, stacks) in [(1, 1), (4, 5)] {
        let slot = state.allocate_effect().unwrap() as usize;
        let effects = &mut state.effects;
        (effects.kind[slot], effects.stacks[slot], effects.arm[slot]) = (kind, stacks, 1);
        (effects.target_slot[slot], effects.target_generation[slot]) = (2, 1);
        (effects.end_tick[slot], effects.pulse_tick[slot]) = (tick.0 + 3_000, tick.0 + 900);
    }
    let arrow = state.allocate_projectile().unwrap() as usize;
    (state.projectiles.arm[arrow], state.projectiles.end_tick[arrow]) = (Arm::BOW.0, tick.0 + 9_000);
    (state.projectiles.owner_generation[arrow], state.projectiles.position_y[arrow]) = (1, 9 << 16);
    (state.objectives.progress[0], state.objectives.contender[0]) = (30 * 60 * 256 - 1, 1);
    state.objectives.flags[1] |= crate::state::objectives::pennant::DROPPED;
    state.objectives.timer[1] = 20 * 60;
    assert_eq!(world().restore(&image_of(&source)), Ok(()), "all of it can be under the rules before");
    source
}

/// Rules with less of everything.
fn less() -> Rules {
    let mut rules = Rules::default();
    (rules.life.health_max, rules.combat.stamina_max) = (300, 40);
    let soldier = &mut rules.movement[0];
    (soldier.radius, soldier.height, soldier.crouch_height) =
        (Metres::from_m(1), Metres::from_m(2), Metres::from_m(2));
    (soldier.dodge_ms, soldier.dodge_rest_ms, soldier.knock_ms) = (20, 50, 0);
    (soldier.jump_rest_ms, soldier.jump_buffer_ms) = (0, 20);
    soldier.fall_speed_max.0 = 20 << 16;
    rules.kit[0].ability_2 = 0;
    rules.effects[0].stuns = 0;
    (rules.effects[3].duration_ms, rules.effects[3].period_ms, rules.effects[3].stacks) = (500, 100, 2);
    rules.effects[3].roots = 1;
    rules.arms.iter_mut().for_each(|arm| (arm.cooldown_ms, arm.lifetime_ms) = (100, 200));
    (rules.npc[0].think_ms, rules.npc[0].think_far) = (50, 1);
    rules.structure[0].health = 500;
    (rules.objective[0].capture_ms, rules.objective[3].return_ms) = (1_000, 2_000);
    rules
}

/// Everything in the state that the rules bound, at its bound or beyond: an image of what was adopted is one that a fresh
/// world of the new rules takes, and both go on alike.
#[test]
fn whatever_was_at_its_limit_is_within_the_new_ones() {
    let (source, rules) = (at_every_limit(), less());
    let tick = source.tick();
    let mut world = world();
    world.restore(&image_of(&source)).unwrap();
    assert_eq!(world.adopt_rules(&rules), Ok(()));

    let (characters, effects) = (world.characters(), world.effects());
    assert!(characters.health.iter().all(|health| *health == 300) && characters.stamina[0] == 40);
    let edge = (15 << 16, 0);
    assert_eq!((characters.position_x[0], characters.position_z[0]), edge);
    assert_eq!((characters.motion_ticks[0], characters.dodge_ticks[0]), (2, 60_000), "a direction stays");
    assert_eq!((characters.dodge_ticks[1], characters.timer[1]), (3, 2));
    assert_eq!(characters.flags[1] & flags::CROUCHED, 0);
    assert_eq!((characters.action[1], characters.action_tick[1]), (action::INTERRUPTED, tick.0));
    assert_eq!(characters.velocity_y[2], -(20 << 16));
    assert_eq!(characters.flags[2] & (flags::STUNNED | flags::ROOTED), flags::ROOTED);
    assert_eq!(characters.primary_ready_tick[0], tick.0 + 6);
    assert_eq!(characters.ability_2_ready_tick[3], tick.0 + if rules.kit[6].ability_2 == 0 { 0 } else { 6 });
    assert_eq!((effects.stacks[1], effects.end_tick[1], effects.pulse_tick[1]), (2, tick.0 + 30, tick.0 + 6));
    assert_eq!(world.projectiles().end_tick[0], tick.0 + 12);
    assert_eq!(world.npcs().next_think_tick[0], tick.0 + 3);
    assert_eq!(world.structures().health[0], 500);
    assert_eq!((world.objectives().progress[0], world.objectives().timer[1]), (60 * 256 - 1, 120));

    let mut fresh = World::with_scenery(&config(&rules), &scenery()).unwrap();
    assert_eq!(fresh.fingerprint(), world.fingerprint());
    assert_eq!(fresh.restore(&image_of(&world)), Ok(()));
    for _ in 0..200 {
        assert_eq!(world.step(&[]), fresh.step(&[]));
        assert_eq!((world.events(), world.state_hash()), (fresh.events(), fresh.state_hash()));
    }
}

#[test]
fn more_of_everything_leaves_what_is_there_as_it_is() {
    let mut world = world();
    world.state.characters.health[0] = 7;
    let before = world.state_hash();
    let mut rules = Rules::default();
    (rules.life.health_max, rules.combat.stamina_max) = (2_000, 200);
    rules.structure[0].health *= 2;
    rules.arms.iter_mut().for_each(|arm| arm.cooldown_ms += 1_000);
    rules.movement.iter_mut().for_each(|class| class.jump_rest_ms += 500);
    let fingerprint = world.fingerprint();
    assert_eq!(world.adopt_rules(&rules), Ok(()));
    assert_eq!(world.state_hash(), before);
    assert_ne!(world.fingerprint(), fingerprint);
    // And back: a world like the one before.
    assert_eq!(world.adopt_rules(&Rules::default()), Ok(()));
    assert_eq!((world.state_hash(), world.fingerprint()), (before, fingerprint));
    assert_eq!(world.tick(), Tick(1));
}
