//! What a bot decides: fight who is near, else go for a place that is fought over; strike, shoot, throw, block, and break what
//! stands in the way or walk around it.
//!
//! A pure function of what the bot sees, its seed and its own count of decisions: no clock, no sockets. Thoughts are
//! cheap and seldom (a few a second), as a player's; between them the input is held.

use shieldwall_core::numeric::{Metres, Position};
use shieldwall_core::rules::Rules;
use shieldwall_core::spatial::obstacles::CapturePoint;
use shieldwall_core::state::commands::{CharacterInput, buttons};
use shieldwall_net::client::{EntityView, OwnView};

use super::arms::Scene;
use super::random::SplitMix;

/// Half the width of the middle everybody runs to when there is nothing to capture, in metres.
const MIDDLE_M: i32 = 12;

/// An enemy so near is fought, whatever the bot was about.
const NEAR: Metres = Metres::from_m(14);

/// Within this distance it walks instead of running.
const CLOSE: Metres = Metres::from_m(5);

/// Thoughts for which a place is gone for: about 20 seconds.
const THOUGHTS_ON_GOAL: u32 = 120;

/// Thoughts for which it walks along a wall.
const THOUGHTS_ON_DETOUR: u32 = 14;

/// What stands right before a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// Nothing.
    Free,
    /// Something that blows bring down before long.
    Breakable,
    /// Something that they do not.
    Firm,
}

/// What a bot knows of the world beside its characters.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The places that are fought over.
    pub points: &'a [CapturePoint],
    /// What stands before it, where it looks.
    pub ahead: Ahead,
}

/// One bot's mind.
#[derive(Clone, Debug)]
pub struct Brain {
    random: SplitMix,
    /// One bot in three prefers to shoot.
    archer: bool,
    /// Side it strafes to, -1, 0 or 1.
    strafe: i32,
    thoughts_left_on_strafe: u32,
    /// Which place it goes for.
    goal: usize,
    thoughts_left_on_goal: u32,
    /// Side along which it goes around what it cannot break, -1 or 1.
    detour: i32,
    thoughts_left_on_detour: u32,
    thoughts_left_on_block: u32,
}

impl Brain {
    /// The mind of bot number `index` in a crowd seeded with `seed`.
    #[must_use]
    pub fn new(seed: u64, index: u32) -> Self {
        let mut random = SplitMix(seed ^ u64::from(index).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let archer = random.once_in(3);
        Self {
            random,
            archer,
            strafe: 0,
            thoughts_left_on_strafe: 0,
            goal: 0,
            thoughts_left_on_goal: 0,
            detour: 1,
            thoughts_left_on_detour: 0,
            thoughts_left_on_block: 0,
        }
    }

    /// Decides anew. `others` is everybody in sight, in any order.
    pub fn think(
        &mut self,
        own: &OwnView,
        others: &[EntityView],
        around: &Surroundings<'_>,
    ) -> CharacterInput {
        let here = own.predicted_position;
        let nearest = others
            .iter()
            .filter(|other| other.alive && other.team != own.team)
            .min_by_key(|other| (here.horizontal_distance_squared(other.position), other.slot));
        self.pass_time();
        let scene = Scene { own, others, rules: around.rules, archer: self.archer };
        let mut input = match nearest {
            Some(enemy) if around.points.is_empty() || here.horizontal_distance(enemy.position) <= NEAR => {
                self.fight(&scene, enemy)
            }
            _ => self.march(&scene, nearest, around.points),
        };
        self.get_past(&mut input, around.ahead);
        if self.random.once_in(40) {
            input.buttons |= buttons::JUMP;
        }
        input
    }

    fn pass_time(&mut self) {
        if self.thoughts_left_on_strafe == 0 {
            self.thoughts_left_on_strafe = 2 + self.random.below(6);
            self.strafe = self.random.below(3) as i32 - 1;
        }
        self.thoughts_left_on_strafe -= 1;
        self.thoughts_left_on_goal = self.thoughts_left_on_goal.saturating_sub(1);
        self.thoughts_left_on_detour = self.thoughts_left_on_detour.saturating_sub(1);
        self.thoughts_left_on_block = self.thoughts_left_on_block.saturating_sub(1);
    }

    /// To a place that is fought over, or to the middle of the field: each to a spot of its own, so that the lines meet
    /// broadly. On the way it shoots at whom it sees.
    fn march(
        &mut self,
        scene: &Scene<'_>,
        enemy: Option<&EntityView>,
        points: &[CapturePoint],
    ) -> CharacterInput {
        let here = scene.own.predicted_position;
        if self.thoughts_left_on_goal == 0 {
            self.thoughts_left_on_goal = THOUGHTS_ON_GOAL / 2 + self.random.below(THOUGHTS_ON_GOAL);
            self.goal = self.random.below(points.len().max(1) as u32) as usize;
        }
        let (x, z, spread) = match points.get(self.goal % points.len().max(1)) {
            Some(point) => (point.x, point.z, point.radius.raw() / 131_072),
            None => (Metres::ZERO, Metres::ZERO, MIDDLE_M),
        };
        let mut aside = || Metres::from_m(self.random.below(2 * spread.max(1) as u32) as i32 - spread);
        let target = Position::new(x.saturating_add(aside()), here.y, z.saturating_add(aside()));
        let yaw = here.yaw_toward(target);
        let mut input =
            CharacterInput { buttons: buttons::SPRINT, move_right: 0, move_forward: 127, yaw, pitch: 0 };
        if !points.is_empty() && here.horizontal_distance(Position::new(x, here.y, z)) < CLOSE {
            // Holds the place.
            input.move_forward = 0;
            input.move_right = (self.strafe * 40) as i8;
            input.buttons = 0;
        }
        if let Some(enemy) = enemy
            && self.random.once_in(3)
            && scene.strike(enemy, &mut self.random, &mut input)
        {
            input.move_forward = 0;
            input.buttons &= !buttons::SPRINT;
        }
        input
    }

    fn fight(&mut self, scene: &Scene<'_>, enemy: &EntityView) -> CharacterInput {
        let here = scene.own.predicted_position;
        let distance = here.horizontal_distance(enemy.position);
        let yaw = here.yaw_toward(enemy.position);
        let mut input = CharacterInput {
            buttons: 0,
            move_right: (self.strafe * 60) as i8,
            move_forward: 127,
            yaw,
            pitch: 0,
        };
        let in_reach = distance <= scene.reach();
        if distance <= CLOSE
            && scene.may_block()
            && self.thoughts_left_on_block == 0
            && self.random.once_in(9)
        {
            self.thoughts_left_on_block = 3;
        }
        if self.thoughts_left_on_block > 0 {
            input.buttons |= buttons::BLOCK;
            input.move_forward = 40;
            return input;
        }
        let strikes = scene.strike(enemy, &mut self.random, &mut input);
        if in_reach {
            input.move_forward = 30;
        } else if strikes && self.archer {
            // Who shoots holds its place.
            input.move_forward = 0;
        } else if distance > CLOSE {
            input.buttons |= buttons::SPRINT;
        }
        input
    }

    /// Breaks what stands in the way, or goes along it.
    fn get_past(&mut self, input: &mut CharacterInput, ahead: Ahead) {
        if ahead == Ahead::Breakable && input.buttons & buttons::ATTACKS == 0 {
            input.buttons |= buttons::MELEE;
            input.buttons &= !(buttons::BLOCK | buttons::SPRINT);
        }
        if ahead == Ahead::Firm {
            if self.thoughts_left_on_detour == 0 {
                self.detour = if self.random.once_in(2) { 1 } else { -1 };
            }
            self.thoughts_left_on_detour = THOUGHTS_ON_DETOUR;
        }
        if self.thoughts_left_on_detour > 0 && input.move_forward > 60 {
            input.move_right = (self.detour * 127) as i8;
            input.move_forward = if ahead == Ahead::Firm { 20 } else { 90 };
        }
    }
}

#[cfg(test)]
#[path = "brain_tests.rs"]
mod tests;
