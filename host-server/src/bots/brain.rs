//! What a bot decides: fight who is near, else go where its squad goes (`goals`); strike, shoot, throw, block, and break what
//! stands in the way or walk around it.
//!
//! A pure function of what the bot sees, its seed and its own count of decisions: no clock, no sockets. Thoughts are
//! cheap and seldom (a few a second), as a player's; between them the input is held.

use shieldwall_core::numeric::{Metres, Position};
use shieldwall_core::rules::Rules;
use shieldwall_core::state::commands::{CharacterInput, buttons};
use shieldwall_net::client::{EntityView, ObjectiveView, OwnView};

use super::arms::Scene;
use super::goals::{Goal, Squad, Stroll};
use super::random::SplitMix;

/// Half the width of the middle everybody runs to when there is nothing to capture, in metres.
const MIDDLE_M: i32 = 12;

/// Within this distance it walks instead of running.
const CLOSE: Metres = Metres::from_m(5);

/// At a spot that it went for it stands this close.
const THERE: Metres = Metres::from_mm(800);

/// Thoughts for which it walks along a wall.
const THOUGHTS_ON_DETOUR: u32 = 9;

/// What stands right before a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// Nothing.
    Free,
    /// Something that blows bring down before long.
    Breakable,
    /// Something that they do not, and to which side the shorter way along it leads: -1 left, 1 right, 0 for neither.
    Firm(i32),
}

/// What a bot knows of the world beside its characters.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The places that are fought over, as they stand.
    pub objectives: &'a [ObjectiveView],
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
    squad: Squad,
    /// Side along which it goes around what it cannot break, -1 or 1.
    detour: i32,
    thoughts_left_on_detour: u32,
    thoughts_left_on_block: u32,
    /// Strolls about where it came into the world, instead of going where the others go.
    roams: Option<Stroll>,
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
            squad: Squad::of(seed, index),
            detour: 1,
            thoughts_left_on_detour: 0,
            thoughts_left_on_block: 0,
            roams: None,
        }
    }

    /// The same bot, but it stays where it came into the world and strolls about there.
    #[must_use]
    pub fn roaming(self) -> Self {
        Self { roams: Some(Stroll::default()), ..self }
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
        let goal = match &mut self.roams {
            Some(stroll) => Some(stroll.goal(own, &mut self.random)),
            None => self.squad.goal(own, around.objectives),
        };
        let within = goal.map(|goal| goal.fights_within);
        let mut input = match nearest {
            Some(enemy) if within.is_none_or(|near| here.horizontal_distance(enemy.position) <= near) => {
                self.fight(&scene, enemy)
            }
            _ => self.march(&scene, nearest, goal),
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
        self.thoughts_left_on_detour = self.thoughts_left_on_detour.saturating_sub(1);
        self.thoughts_left_on_block = self.thoughts_left_on_block.saturating_sub(1);
    }

    /// To a place that is fought over, or to the middle of the field: each to a spot of its own, so that the lines meet
    /// broadly. On the way it shoots at whom it sees.
    fn march(&mut self, scene: &Scene<'_>, enemy: Option<&EntityView>, goal: Option<Goal>) -> CharacterInput {
        let here = scene.own.predicted_position;
        let (x, z, spread) = match goal {
            Some(goal) => (goal.x, goal.z, goal.spread.0 >> 16),
            None => (Metres::ZERO, Metres::ZERO, MIDDLE_M),
        };
        let mut aside = || match spread {
            0 => Metres::ZERO,
            _ => Metres::from_m(self.random.below(2 * spread as u32 + 1) as i32 - spread),
        };
        let target = Position::new(x.saturating_add(aside()), here.y, z.saturating_add(aside()));
        let yaw = here.yaw_toward(target);
        let mut input =
            CharacterInput { buttons: buttons::SPRINT, move_right: 0, move_forward: 127, yaw, pitch: 0 };
        let there = if spread == 0 { THERE } else { Metres::from_m(spread) };
        if goal.is_some() && here.horizontal_distance(Position::new(x, here.y, z)) < there {
            // Holds the place.
            input.move_forward = 0;
            input.move_right = (self.strafe * 40) as i8;
            input.buttons = 0;
        }
        if let Some(enemy) = enemy
            && (self.archer || self.random.once_in(3))
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
        let firm = matches!(ahead, Ahead::Firm(_));
        if let Ahead::Firm(side) = ahead {
            if self.thoughts_left_on_detour == 0 {
                // Most take the shorter way, some look what is on the other side.
                let other = if self.random.once_in(2) { 1 } else { -1 };
                self.detour = if side == 0 || self.random.once_in(5) { other } else { side };
            }
            self.thoughts_left_on_detour = THOUGHTS_ON_DETOUR;
        }
        if self.thoughts_left_on_detour > 0 && input.move_forward > 60 {
            input.move_right = (self.detour * 127) as i8;
            input.move_forward = if firm { 20 } else { 90 };
        }
    }
}

#[cfg(test)]
#[path = "brain_tests.rs"]
pub(super) mod tests;
