//! Weapons against what stands: each kind of weapon reaches a section, and what is broken is broken.

use shieldwall_core::spatial::{Scenery, StaticShape};
use shieldwall_core::{
    Arm, Brads, CharacterId, CharacterInput, Command, Event, Metres, Placement, Position, Rules,
    StructureSection, World, WorldConfig, buttons,
};

/// A barricade (kind 4: 800 points) four metres north of the origin, 4 m wide.
fn scenery() -> Scenery {
    let centre = Position::new(Metres::ZERO, Metres::ZERO, Metres::from_m(-4));
    let half_sizes = [Metres::from_m(2), Metres::from_m(8), Metres::from_mm(250)];
    Scenery {
        shapes: vec![StaticShape::Box { centre, half_sizes, yaw: Brads(0) }],
        sections: vec![StructureSection { shape: 0, kind: 4 }],
        ..Scenery::default()
    }
}

/// Somebody of a class at a place, looking north at the barricade, whose first button is a weapon.
fn before_the_wall(arm: u8, z_m: i32) -> (World, CharacterId) {
    let mut rules = Rules::default();
    rules.kit[0].primary = arm;
    rules.combat.critical_per_1000 = 0;
    let config = WorldConfig {
        half_extent: Metres::from_m(64),
        character_capacity: 4,
        projectile_capacity: 8,
        rules,
        ..WorldConfig::default()
    };
    let mut world = World::with_scenery(&config, &scenery()).expect("a valid scene");
    let placement = Placement::At { x: Metres::ZERO, z: Metres::from_m(z_m), yaw: Brads(0) };
    world.step(&[Command::Spawn { tag: 0, team: 0, class: 0, placement }]);
    let id = world.id_at(0).expect("one character");
    (world, id)
}

/// Health that the section loses by one use, and whether anybody saw it fall.
fn one_use(arm: u8, z_m: i32) -> (u32, bool) {
    let (mut world, id) = before_the_wall(arm, z_m);
    let before = world.structures().health[0];
    let press = |pressed| Command::Input {
        id,
        input: CharacterInput { buttons: pressed, ..CharacterInput::default() },
    };
    let (mut told, mut fell) = (0, false);
    for tick in 0..90 {
        let report = world.step(&[press(if tick < 40 { buttons::MELEE } else { 0 })]);
        let mut taken = 0;
        for event in world.events() {
            match event {
                Event::StructureDamaged { section: 0, attacker, amount, arm: with } => {
                    assert_eq!((*attacker, *with), (id, Arm(arm)));
                    taken += amount;
                }
                Event::StructureFell { section: 0, .. } => fell = true,
                _ => {}
            }
        }
        assert_eq!(u64::from(taken), report.tally.structure_damage);
        told += taken;
        if told > 0 {
            break;
        }
    }
    assert_eq!(before - world.structures().health[0], told, "what is told is what is gone");
    (told, fell)
}

#[test]
fn every_kind_of_weapon_reaches_a_wall() {
    let share = |damage: u32, arm: u32, kind: u32| damage * arm / 256 * kind / 256;
    // Sword: slash, 180 points, a quarter of it, and what a barricade takes of a blade.
    assert_eq!(one_use(1, -2), (share(180, 64, 160), false), "sword");
    assert_eq!(one_use(1, 0).0, 0, "too far for a sword");
    assert_eq!(one_use(2, 0), (share(250, 16, 96), false), "arrow");
    assert_eq!(one_use(6, 20), (share(450, 16, 96), false), "ray");
    assert_eq!(one_use(16, 0), (share(220, 512, 256), false), "stomp, around a point");
    assert_eq!(one_use(9, -2).0, 0, "healing breaks nothing");
    let (rocket, fell) = one_use(8, 10);
    assert_eq!((rocket, fell), (800, true), "a rocket brings it down");
    assert_eq!(one_use(14, -1), (800, true), "and so does a ram");
}

#[test]
fn what_fell_lets_arrows_and_walkers_through() {
    let (mut world, id) = before_the_wall(2, 0);
    let (target_place, yaw) = ((Metres::ZERO, Metres::from_m(-10)), Brads(0));
    let placement = Placement::At { x: target_place.0, z: target_place.1, yaw };
    world.step(&[Command::Spawn { tag: 1, team: 1, class: 0, placement }]);
    let shoot =
        Command::Input { id, input: CharacterInput { buttons: buttons::MELEE, ..CharacterInput::default() } };
    let shot = |world: &mut World| {
        (0..150).any(|_| {
            world.step(&[shoot]);
            world.events().iter().any(|event| matches!(event, Event::Hit { arm: Arm::BOW, .. }))
        })
    };
    assert!(!shot(&mut world), "the barricade shields who is behind");
    world.step(&[Command::StrikeStructure { section: 0, damage: 10_000 }]);
    assert!(shot(&mut world), "until it has fallen");
    let ahead = CharacterInput { move_forward: 127, ..CharacterInput::default() };
    world.step(&[Command::Input { id, input: ahead }]);
    for _ in 0..90 {
        world.step(&[]);
    }
    assert!(world.characters().position(0).z < Metres::from_m(-5), "walkers pass where it stood");
}
