//! What teams fight over, drawn at random and compared.

use super::Dice;
use proptest::prelude::*;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::spatial::obstacles::{RespawnOwner, RespawnPoint};
use shieldwall_core::{CapturePoint, Metres, NO_TEAM, ObjectiveRules, Rules, World};
use shieldwall_tests::reference::{Place, Reference};

/// Places to fight over around where the crowd is, and where its dead return: nothing that stands.
pub(super) fn draw_places(
    dice: &mut Dice,
    teams: u8,
    middle: (Metres, Metres),
    rules: &mut Rules,
) -> Scenery {
    let near =
        |dice: &mut Dice| (middle.0 + dice.metres(-9_000, 9_000), middle.1 + dice.metres(-9_000, 9_000));
    for kind in &mut rules.objective {
        *kind = ObjectiveRules {
            capture_ms: u32::from(dice.ms(100, 900)),
            fighters_max: dice.ms(1, 6) as u8,
            decay_per_256: dice.ms(0, 500),
            score_per_s: dice.ms(0, 200),
            carried: u8::from(dice.one_in(3)),
            return_ms: u32::from(dice.ms(0, 900)),
            score_brought: dice.ms(0, 100),
        };
    }
    let mut scenery = Scenery::default();
    for _ in 0..dice.below(6) {
        let (x, z) = near(dice);
        let owner = if dice.one_in(3) { NO_TEAM } else { dice.below(teams.into()) as u8 };
        let (radius, kind) = (dice.metres(300, 6_000), dice.below(4) as u8);
        scenery.capture_points.push(CapturePoint { x, z, radius, kind, owner });
    }
    let points = scenery.capture_points.len() as u32;
    for _ in 0..dice.below(5) {
        let (x, z) = near(dice);
        let team = points == 0 || dice.one_in(3);
        let owner = if team {
            RespawnOwner::Team(dice.below(teams.into()) as u8)
        } else {
            RespawnOwner::CapturePoint(dice.below(points))
        };
        scenery.respawn_points.push(RespawnPoint { x, z, radius: dice.metres(300, 6_000), owner });
    }
    scenery
}

/// What teams fight over is the same.
pub(super) fn compare_places(world: &World, plain: &Reference) -> Result<(), TestCaseError> {
    let view = world.objectives();
    for (number, place) in plain.places().iter().enumerate() {
        let got = Place {
            point: place.point,
            owner: view.owner[number],
            contender: view.contender[number],
            progress: view.progress[number],
            present: view.present[number],
            at: (view.position_x[number], view.position_y[number], view.position_z[number]),
            carrier: view.carrier(number as u32),
            lies: (view.flags[number] == 5).then_some(view.timer[number]),
        };
        prop_assert_eq!(&got, place, "point {} before {}", number, world.tick());
    }
    for (team, score) in (0..).zip(plain.scores()) {
        prop_assert_eq!(world.scores().score(team), *score, "score of team {}", team);
    }
    Ok(())
}
