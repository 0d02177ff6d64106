//! Other rules between two ticks.

use super::Reference;
use shieldwall_core::{AdoptRulesError, MovementTicks, Rules, action, flags, motion, prop_flags};

impl Reference {
    /// Goes on by other rules.
    ///
    /// # Errors
    /// Those of the kernel, for the same rules.
    pub fn adopt_rules(&mut self, rules: &Rules) -> Result<(), AdoptRulesError> {
        self.ground.adopt_rules(rules)?;
        let before = self.config.rules;
        if before == *rules {
            return Ok(());
        }
        self.config.rules = *rules;
        self.movement = MovementTicks::new(rules, self.config.tick_hz);
        for row in 0..self.characters.len() {
            if self.characters[row].has(flags::IN_USE) {
                self.adopt_body(row);
                self.adopt_fighter(row, &before);
            }
        }
        for slot in 0..self.arrows.len() {
            if self.arrows[slot].alive != 0 {
                let arm = usize::from(self.arrows[slot].arm);
                let lifetime = arm.checked_sub(1).map_or(0, |arm| rules.arms[arm].lifetime_ms);
                self.arrows[slot].end_tick = self.no_later(self.arrows[slot].end_tick, lifetime);
            }
        }
        for slot in 0..self.effects.len() {
            let Some(kind) = self.effects[slot].kind.checked_sub(1) else { continue };
            let kind = &rules.effects[usize::from(kind)];
            self.effects[slot].end_tick = self.no_later(self.effects[slot].end_tick, kind.duration_ms);
            self.effects[slot].pulse_tick = self.no_later(self.effects[slot].pulse_tick, kind.period_ms);
            self.effects[slot].stacks = self.effects[slot].stacks.min(kind.stacks);
        }
        self.show_effects();
        self.adopt_props(&before);
        Ok(())
    }

    /// A tick that is no farther ahead than a duration.
    fn no_later(&self, tick: u32, milliseconds: impl Into<u32>) -> u32 {
        let latest = self.tick.0.wrapping_add(self.ticks(milliseconds));
        if tick.wrapping_sub(latest).cast_signed() > 0 { latest } else { tick }
    }

    fn adopt_body(&mut self, row: usize) {
        let edge = self.edge(self.characters[row].class);
        let rules = self.config.rules.movement[usize::from(self.characters[row].class)];
        let ticks = |ms: u16| self.ticks(ms).min(65_535) as u16;
        let timer = ticks(rules.jump_rest_ms).max(ticks(rules.jump_buffer_ms));
        let (dodge, rest, knock) = (ticks(rules.dodge_ms), ticks(rules.dodge_rest_ms), ticks(rules.knock_ms));
        let body = &mut self.characters[row];
        body.timer = body.timer.min(timer);
        if body.motion == motion::DODGE {
            body.motion_ticks = body.motion_ticks.min(dodge);
        } else {
            body.dodge_ticks = body.dodge_ticks.min(rest);
        }
        if body.motion == motion::KNOCKED {
            body.motion_ticks = body.motion_ticks.min(knock);
        }
        if rules.crouch_height == rules.height {
            body.flags &= !flags::CROUCHED;
        }
        if !body.has(flags::GROUNDED) {
            body.velocity_y = body.velocity_y.max(-rules.fall_speed_max.0);
        }
        let (x, z) = (body.position_x.clamp(-edge, edge), body.position_z.clamp(-edge, edge));
        if (x, z) != (body.position_x, body.position_z) {
            (body.position_x, body.position_z) = (x, z);
            self.follow_ground(row);
        }
    }

    fn adopt_fighter(&mut self, row: usize, before: &Rules) {
        let rules = self.config.rules;
        let class = usize::from(self.characters[row].class);
        for button in 0..4 {
            let arm = rules.kit[class].arm(button);
            let cooldown = rules.arm(arm).map_or(0, |arm| arm.cooldown_ms);
            let ready = self.no_later(self.characters[row].ready_tick(button), cooldown);
            *self.characters[row].ready_tick_mut(button) = ready;
        }
        let tick = self.tick.0;
        let fighter = &mut self.characters[row];
        fighter.health = fighter.health.min(rules.life.health_max);
        fighter.stamina = fighter.stamina.min(rules.combat.stamina_max);
        let prepares = action::cast_button(fighter.action);
        if prepares.is_some_and(|button| before.kit[class].arm(button) != rules.kit[class].arm(button)) {
            (fighter.action, fighter.action_tick) = (action::INTERRUPTED, tick);
        }
    }

    fn adopt_props(&mut self, before: &Rules) {
        let rules = self.config.rules;
        let half_extent = self.config.half_extent.0;
        for row in 0..self.props.len() {
            if !self.props[row].used() {
                continue;
            }
            let kind = self.prop_rules(row);
            let end_tick = self.no_later(self.props[row].end_tick, kind.lifetime_ms);
            let prop = &mut self.props[row];
            prop.health = prop.health.min(kind.health);
            if prop.flags & prop_flags::FLEETING != 0 && kind.lifetime_ms > 0 {
                prop.end_tick = end_tick;
            }
            let edge = half_extent - kind.radius.0;
            prop.position_x = prop.position_x.clamp(-edge, edge);
            prop.position_z = prop.position_z.clamp(-edge, edge);
            if before.prop != rules.prop || before.prop_motion != rules.prop_motion {
                prop.flags |= prop_flags::AWAKE;
                prop.rest_ticks = 0;
            }
        }
    }
}
