//! The ends of the map: what happens in the middle of a small field happens the same at the border of the largest one.

use proptest::prelude::*;
use shieldwall_core::limits::HALF_EXTENT_MAX_M;
use shieldwall_core::spatial::Scenery;

use shieldwall_core::{
    Brads, CharacterInput, Command, LaneChoice, Metres, MetresPerSecond, Placement, RowList, TerrainSource,
    World, WorldConfig, buttons,
};

const CHARACTERS: u32 = 120;
const TICKS: u32 = 150;

/// A level world around the origin; nobody dies in it, for the dead return near the origin wherever they fell.
fn world(half_extent_m: i32, lanes: LaneChoice) -> World {
    let mut config = WorldConfig {
        half_extent: Metres::from_m(half_extent_m),
        terrain_spacing: Metres::from_m(16),
        character_capacity: CHARACTERS,
        projectile_capacity: 2 * CHARACTERS,
        lanes,
        ..WorldConfig::default()
    };
    for arm in &mut config.rules.arms {
        arm.damage = arm.damage.min(1);
        // Craters lie on the terrain's own lattice, which a crowd at a far corner stands elsewhere on.
        arm.crater_depth = Metres::ZERO;
        // Who is thrown about may land anywhere.
        (arm.knock, arm.knock_up) = (MetresPerSecond::ZERO, MetresPerSecond::ZERO);
    }
    // Who can be a neighbour in later passes depends a little on where the cells' borders are.
    config.rules.crowd.passes = 1;
    let scenery = Scenery { terrain: TerrainSource::Flat, ..Scenery::default() };
    World::with_scenery(&config, &scenery).expect("the configuration is valid")
}

/// A crowd of all classes that presses towards (x, z), strikes, shoots, jumps and dodges.
fn spawns(seed: u32, x: Metres, z: Metres) -> Vec<Command> {
    let at = |slot: u32, salt: u32| {
        let word = (seed ^ slot).wrapping_mul(0x9E37_79B9).rotate_left(salt) % (24 << 16);
        Metres(word as i32 - (12 << 16))
    };
    (0..CHARACTERS)
        .map(|slot| Command::Spawn {
            tag: slot,
            team: (slot % 2) as u8,
            class: (slot % 8) as u8,
            placement: Placement::At {
                x: x + at(slot, 5),
                z: z + at(slot, 17),
                yaw: Brads(slot as u16 * 499),
            },
        })
        .collect()
}

fn inputs(world: &World, seed: u32, tick: u32) -> Vec<Command> {
    (0..CHARACTERS)
        .filter_map(|slot| {
            let word = (seed ^ slot ^ (tick / 20) << 8).wrapping_mul(0x85EB_CA6B);
            let input = CharacterInput {
                buttons: (word >> 7) as u16 & buttons::ALL,
                move_forward: (word >> 24) as i8,
                move_right: (word >> 16) as i8,
                yaw: Brads((word >> 3) as u16),
                pitch: (word >> 20) as i16,
            };
            Some(Command::Input { id: world.id_at(slot)?, input })
        })
        .collect()
}

/// Everybody's and every arrow's place, taken from (x, z), and what else can be seen of them.
fn seen_from(world: &World, x: Metres, z: Metres) -> Vec<[i64; 6]> {
    let (view, arrows) = (world.characters(), world.projectiles());
    let near = |raw: i32, from: Metres| i64::from(raw) - i64::from(from.0);
    let mut all: Vec<[i64; 6]> = (0..world.character_slots_end() as usize)
        .map(|row| {
            let place = [near(view.position_x[row], x), near(view.position_z[row], z)];
            let speed = [view.velocity_x[row].into(), view.velocity_z[row].into()];
            [place[0], place[1], speed[0], speed[1], view.position_y[row].into(), view.health[row].into()]
        })
        .collect();
    for row in (0..arrows.alive.len()).filter(|row| arrows.alive[*row] != 0) {
        let place = [near(arrows.position_x[row], x), near(arrows.position_z[row], z)];
        all.push([place[0], place[1], arrows.position_y[row].into(), arrows.velocity_y[row].into(), 0, 1]);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Near every corner of the largest field a crowd does what it does in the middle of a small one, to the last bit.
    #[test]
    fn a_crowd_at_a_far_corner_does_what_it_does_in_the_middle(
        seed: u32, east: bool, south: bool, lanes in 0_usize..4, inward_m in 300_i32..4_000,
    ) {
        let lanes = LaneChoice::available()[lanes % LaneChoice::available().len()];
        // A whole number of the positions' rounding in the contact grid (1/1024 m): metres are.
        let along = |positive: bool| Metres::from_m((HALF_EXTENT_MAX_M - inward_m) * if positive { 1 } else { -1 });
        let (x, z) = (along(east), along(south));
        let (mut middle, mut corner) = (world(1_000, lanes), world(HALF_EXTENT_MAX_M, lanes));
        middle.step(&spawns(seed, Metres::ZERO, Metres::ZERO));
        corner.step(&spawns(seed, x, z));
        prop_assert_eq!(corner.character_count(), CHARACTERS as usize);
        for tick in 0..TICKS {
            middle.step(&inputs(&middle, seed, tick));
            corner.step(&inputs(&corner, seed, tick));
            let there = seen_from(&corner, x, z);
            let here = seen_from(&middle, Metres::ZERO, Metres::ZERO);
            prop_assert_eq!(there.len(), here.len(), "after tick {}", tick);
            for (row, (there, here)) in there.iter().zip(&here).enumerate() {
                prop_assert_eq!(there, here, "row {} after tick {}", row, tick);
            }
        }
        let hurt = corner.characters().health.iter().any(|health| *health < 1_000);
        prop_assert!(hurt, "they fight");
    }
}

/// Everybody runs into the outermost corner for as long as it takes, and presses there: nobody leaves the field.
#[test]
fn a_crowd_may_press_into_the_last_corner() {
    let mut world = world(HALF_EXTENT_MAX_M, LaneChoice::Auto);
    let corner = Metres::from_m(HALF_EXTENT_MAX_M - 14);
    world.step(&spawns(7, corner, -corner));
    let run = CharacterInput {
        buttons: buttons::SPRINT | buttons::MELEE | buttons::SHOOT,
        move_forward: 127,
        yaw: Brads::yaw_of(Metres::ONE, -Metres::ONE),
        ..CharacterInput::default()
    };
    let press = |world: &World| -> Vec<Command> {
        (0..CHARACTERS)
            .filter_map(|slot| Some(Command::Input { id: world.id_at(slot)?, input: run }))
            .collect()
    };
    for _ in 0..400 {
        let commands = press(&world);
        world.step(&commands);
        let view = world.characters();
        for slot in 0..world.character_slots_end() as usize {
            let rules = &world.config().rules.movement[usize::from(view.class[slot])];
            let edge = Metres::from_m(HALF_EXTENT_MAX_M) - rules.radius;
            let at = view.position(slot as u32);
            assert!(at.x.abs() <= edge && at.z.abs() <= edge, "slot {slot} left the field: {at:?}");
            assert!(
                at.x > Metres::from_m(HALF_EXTENT_MAX_M - 80),
                "slot {slot} was thrown across the map: {at:?}"
            );
        }
    }
    let mut found = RowList::new();
    world.characters_in_radius_into(corner, -corner, Metres::from_m(120), &mut found);
    assert_eq!(found.len(), CHARACTERS as usize, "all are found where they stand");
}
