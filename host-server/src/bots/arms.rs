//! Which of its weapons and abilities a bot uses now, by what they are: nothing here knows a weapon by name.

use shieldwall_core::numeric::{Metres, Position};
use shieldwall_core::rules::{ARM_BUTTONS, ArmRules, Rules, arm_kind, side};
use shieldwall_core::state::commands::{CharacterInput, buttons};
use shieldwall_net::client::{EntityView, OwnView};

use super::aim;
use super::random::SplitMix;

/// Nearer than this nobody shoots.
const SHOT_NEAR: Metres = Metres::from_m(6);

/// Beyond the reach of a blade that still is worth a swing.
const REACH_MARGIN: Metres = Metres::from_mm(200);

/// Around somebody who raises a banner or heals.
const NEAR_FRIENDS: Metres = Metres::from_m(8);

/// What a bot looks at when it chooses.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Itself.
    pub own: &'a OwnView,
    /// Everybody in sight.
    pub others: &'a [EntityView],
    /// The rules.
    pub rules: &'a Rules,
    /// Who prefers to shoot.
    pub archer: bool,
}

impl Scene<'_> {
    /// Adds to `input` the button of what is worth using against this enemy, and how to aim it; false when nothing is.
    pub fn strike(&self, enemy: &EntityView, random: &mut SplitMix, input: &mut CharacterInput) -> bool {
        let distance = self.here().horizontal_distance(enemy.position);
        // Abilities first: they are seldom ready.
        for button in (0..ARM_BUTTONS).rev() {
            let Some(arm) = self.ready(button) else { continue };
            if !self.is_worth(arm, enemy, distance, random) {
                continue;
            }
            input.buttons |= buttons::ARMS[button];
            if matches!(arm.kind, arm_kind::PROJECTILE | arm_kind::HITSCAN) {
                input.yaw = self.here().yaw_toward(aim::led(enemy, distance, arm));
                input.pitch = aim::pitch(self.here(), enemy.position, distance, arm);
            }
            return true;
        }
        false
    }

    /// How far the first weapon reaches; 0 where it is none for the hand.
    #[must_use]
    pub fn reach(&self) -> Metres {
        let kit = &self.rules.kit[usize::from(self.own.class) % self.rules.kit.len()];
        let arm = kit.arm(0).index().map(|index| &self.rules.arms[index]);
        arm.filter(|arm| arm.kind == arm_kind::MELEE).map_or(Metres::ZERO, |arm| arm.reach)
    }

    /// Whether it has a shield, and the breath to hold it up.
    #[must_use]
    pub fn may_block(&self) -> bool {
        let kit = &self.rules.kit[usize::from(self.own.class) % self.rules.kit.len()];
        kit.block_per_256 > 0 && self.own.stamina >= 40
    }

    fn here(&self) -> Position {
        self.own.predicted_position
    }

    /// What is on a button, if it can be used now.
    fn ready(&self, button: usize) -> Option<&ArmRules> {
        let kit = &self.rules.kit[usize::from(self.own.class) % self.rules.kit.len()];
        let arm = &self.rules.arms[kit.arm(button).index()?];
        let rested = self.own.tick >= self.own.ready_ticks[button] && self.own.stamina >= arm.stamina;
        (rested && arm.kind != arm_kind::NONE).then_some(arm)
    }

    fn is_worth(&self, arm: &ArmRules, enemy: &EntityView, distance: Metres, random: &mut SplitMix) -> bool {
        match arm.kind {
            arm_kind::MELEE => {
                // A weapon that leaves an effect takes one chance in three: else it would come first whenever it is ready.
                distance <= arm.reach.saturating_add(REACH_MARGIN) && (arm.effect == 0 || random.once_in(3))
            }
            arm_kind::HITSCAN => distance >= SHOT_NEAR && distance <= arm.reach && self.shoots(random),
            arm_kind::PROJECTILE if arm.blast_radius > Metres::ZERO => {
                let safe = arm.blast_radius.saturating_add(Metres::from_m(2));
                distance >= safe
                    && distance <= aim::range(arm)
                    && self.is_crowd(enemy, arm)
                    && random.once_in(2)
            }
            arm_kind::PROJECTILE => {
                distance >= SHOT_NEAR && distance <= aim::range(arm) && self.shoots(random)
            }
            arm_kind::AREA => self.is_area_worth(arm, distance),
            _ => false,
        }
    }

    fn shoots(&self, random: &mut SplitMix) -> bool {
        random.once_in(if self.archer { 2 } else { 8 })
    }

    /// Whether a blast there reaches two enemies or more, and no friend.
    fn is_crowd(&self, enemy: &EntityView, arm: &ArmRules) -> bool {
        // Friends may walk into it while it flies.
        let wide = arm.blast_radius.saturating_add(Metres::from_m(3));
        let (mut enemies, mut friends) = (0, 0);
        for other in self.others.iter().filter(|other| other.alive) {
            let distance = other.position.horizontal_distance(enemy.position);
            if other.team == self.own.team {
                friends += u32::from(distance <= wide);
            } else {
                enemies += u32::from(distance <= arm.blast_radius);
            }
        }
        enemies >= 2 && friends == 0
    }

    fn is_area_worth(&self, arm: &ArmRules, distance: Metres) -> bool {
        let friends = || {
            let near = |other: &&EntityView| {
                other.alive
                    && other.team == self.own.team
                    && other.position.horizontal_distance(self.here()) <= NEAR_FRIENDS
            };
            self.others.iter().filter(near)
        };
        if arm.healing > 0 {
            let hurt = friends().filter(|friend| friend.health < 150).count();
            let own_hurt = self.own.health * 2 < self.rules.life.health_max;
            return distance > Metres::from_m(5) && (hurt >= 2 || own_hurt);
        }
        match arm.affects {
            side::ALLIES | side::ONESELF => distance < Metres::from_m(25) && friends().count() >= 3,
            // Enemies around a point ahead: when this one is in it.
            _ => (distance.raw() - arm.reach.raw()).abs() <= arm.blast_radius.raw(),
        }
    }
}
