//! What a bot decides: run to the fight, face the nearest enemy, strike in reach, shoot from afar, dodge and jump.
//!
//! A pure function of what the bot sees, its seed and its own count of decisions: no clock, no sockets. Thoughts are
//! cheap and seldom (a few a second), as a player's; between them the input is held.

use shieldwall_core::numeric::{Brads, Metres, Position};
use shieldwall_core::state::commands::{CharacterInput, buttons};
use shieldwall_net::client::{EntityView, OwnView};

/// Half the width of the middle everybody runs to when no enemy is in sight, in metres.
const MIDDLE_M: i32 = 12;

/// Within this distance a bot strikes.
const MELEE_REACH: Metres = Metres::from_mm(2_300);

/// Within this distance it walks instead of running.
const CLOSE: Metres = Metres::from_m(5);

/// Between these distances it may shoot.
const BOW_NEAR: Metres = Metres::from_m(7);
const BOW_FAR: Metres = Metres::from_m(45);

/// Rise of the bow for each metre of distance, in 1/65536 turn: what an arrow of 45 m/s falls on its way.
const DROP_BRADS_PER_M: i32 = 50;

/// One bot's mind.
#[derive(Clone, Debug)]
pub struct Brain {
    random: SplitMix,
    /// One bot in three prefers the bow.
    archer: bool,
    /// Side it strafes to, -1, 0 or 1.
    strafe: i32,
    thoughts_left_on_strafe: u32,
}

impl Brain {
    /// The mind of bot number `index` in a crowd seeded with `seed`.
    #[must_use]
    pub fn new(seed: u64, index: u32) -> Self {
        let mut random = SplitMix(seed ^ u64::from(index).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let archer = random.below(3) == 0;
        Self { random, archer, strafe: 0, thoughts_left_on_strafe: 0 }
    }

    /// Decides anew. `others` is everybody in sight, in any order.
    pub fn think(&mut self, own: &OwnView, others: &[EntityView]) -> CharacterInput {
        let here = own.predicted_position;
        let nearest = others
            .iter()
            .filter(|other| other.alive && other.team != own.team)
            .min_by_key(|other| (here.horizontal_distance_squared(other.position), other.slot));
        if self.thoughts_left_on_strafe == 0 {
            self.thoughts_left_on_strafe = 2 + self.random.below(6);
            self.strafe = self.random.below(3) as i32 - 1;
        }
        self.thoughts_left_on_strafe -= 1;
        let mut input = match nearest {
            Some(enemy) => self.fight(here, enemy),
            None => self.march(own),
        };
        if self.random.below(40) == 0 {
            input.buttons |= buttons::JUMP;
        }
        input
    }

    /// Toward the middle of the field, each to a place of its own, so that the lines meet broadly.
    fn march(&mut self, own: &OwnView) -> CharacterInput {
        let spread =
            |random: &mut SplitMix| Metres::from_m(random.below(2 * MIDDLE_M as u32) as i32 - MIDDLE_M);
        let target =
            Position::new(spread(&mut self.random), own.predicted_position.y, spread(&mut self.random));
        let yaw = own.predicted_position.yaw_toward(target);
        CharacterInput { buttons: buttons::SPRINT, move_right: 0, move_forward: 127, yaw, pitch: 0 }
    }

    fn fight(&mut self, here: Position, enemy: &EntityView) -> CharacterInput {
        let distance = here.horizontal_distance(enemy.position);
        let yaw = here.yaw_toward(enemy.position);
        let mut input = CharacterInput {
            buttons: 0,
            move_right: (self.strafe * 60) as i8,
            move_forward: 127,
            yaw,
            pitch: 0,
        };
        if distance <= MELEE_REACH {
            input.buttons |= buttons::MELEE;
            input.move_forward = 30;
            return input;
        }
        if distance > CLOSE {
            input.buttons |= buttons::SPRINT;
        }
        let shoots = if self.archer { self.random.below(2) == 0 } else { self.random.below(12) == 0 };
        if shoots && distance >= BOW_NEAR && distance <= BOW_FAR {
            input.buttons |= buttons::SHOOT;
            input.pitch = pitch_to(here, enemy.position, distance);
            // An archer holds its place; the aim leads a little with what the enemy does.
            if self.archer {
                input.move_forward = 0;
                input.buttons &= !buttons::SPRINT;
            }
            input.yaw = here.yaw_toward(led(enemy, distance));
        }
        input
    }
}

/// Where the enemy will be when an arrow arrives: its velocity over the flight at 45 m/s.
fn led(enemy: &EntityView, distance: Metres) -> Position {
    let ahead = |velocity: i32| {
        let metres = i64::from(velocity) * i64::from(distance.raw()) / (45 * 65_536);
        Metres(i32::try_from(metres).unwrap_or(0))
    };
    enemy.position.offset(ahead(enemy.velocity.x.raw()), Metres::ZERO, ahead(enemy.velocity.z.raw()))
}

fn pitch_to(here: Position, there: Position, distance: Metres) -> i16 {
    let rise = there.y.raw().saturating_sub(here.y.raw());
    let straight = i32::from(Brads::atan2(rise, distance.raw().max(1)).signed());
    let drop = distance.raw() / 65_536 * DROP_BRADS_PER_M;
    (straight + drop).clamp(-i32::from(CharacterInput::PITCH_MAX), i32::from(CharacterInput::PITCH_MAX))
        as i16
}

/// Sebastiano Vigna's splitmix64: small, seeded, and good enough to decide where to strafe.
#[derive(Clone, Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `bound` - 1.
    fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::numeric::{Tick, Velocity};
    use shieldwall_core::state::handle::CharacterId;

    fn own(x_m: i32, z_m: i32) -> OwnView {
        let position = Position::new(Metres::from_m(x_m), Metres::ZERO, Metres::from_m(z_m));
        OwnView {
            id: CharacterId { slot: 0, generation: 1 },
            tick: Tick(0),
            position,
            predicted_position: position,
            velocity: Velocity::ZERO,
            yaw: Brads::ZERO,
            pitch: 0,
            team: 0,
            health: 1000,
            alive: true,
            grounded: true,
        }
    }

    fn other(slot: u32, team: u8, x_m: i32, z_m: i32) -> EntityView {
        EntityView {
            slot,
            position: Position::new(Metres::from_m(x_m), Metres::ZERO, Metres::from_m(z_m)),
            velocity: Velocity::ZERO,
            yaw: Brads::ZERO,
            team,
            health: 255,
            alive: true,
            grounded: true,
            action: 0,
        }
    }

    #[test]
    fn without_enemies_it_sprints_to_the_middle() {
        let input = Brain::new(1, 0).think(&own(-60, 0), &[other(1, 0, -58, 0)]);
        assert!(input.pressed(buttons::SPRINT) && input.move_forward == 127);
        // From the west the middle is to the east: yaw of about -90 degrees.
        assert!(input.yaw.distance(Brads::from_degrees(-90)) < Brads::from_degrees(20).raw());
    }

    #[test]
    fn it_turns_to_the_nearest_living_enemy_and_strikes_in_reach() {
        let mut dead = other(3, 1, 0, -1);
        dead.alive = false;
        let others = [other(1, 1, 20, 0), other(2, 1, 2, 0), dead];
        let input = Brain::new(1, 0).think(&own(0, 0), &others);
        assert!(input.pressed(buttons::MELEE));
        assert!(input.yaw.distance(Brads::from_degrees(-90)) < 64);
    }

    #[test]
    fn some_shoot_from_afar_with_the_bow_raised() {
        let shots = (0..300)
            .map(|index| Brain::new(7, index).think(&own(0, 0), &[other(1, 1, 0, -30)]))
            .filter(|input| input.pressed(buttons::SHOOT))
            .collect::<Vec<_>>();
        assert!((20..200).contains(&shots.len()), "{} of 300 shoot", shots.len());
        assert!(shots.iter().all(|input| input.pitch > 500 && input.yaw.distance(Brads::ZERO) < 64));
    }

    #[test]
    fn the_same_seed_decides_the_same() {
        let decide = || {
            let mut brain = Brain::new(9, 4);
            (0..50).map(|at| brain.think(&own(0, 0), &[other(1, 1, at, -9)])).collect::<Vec<_>>()
        };
        assert_eq!(decide(), decide());
    }
}
