//! What a hit does: damage and what is left of it, health, death, healing, and what it leaves behind.

use super::Reference;
use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::fixed::isqrt_u64;
use shieldwall_core::numeric::rng::random_u32x4;
use shieldwall_core::rules::{ArmRules, side};
use shieldwall_core::{Arm, Brads, CharacterId, Event, Velocity, action, flags, motion};

impl Reference {
    /// A weapon reaches a body. The dead feel nothing. `combo` is how far that counts, and the share of a blast; `from` is
    /// where it comes from.
    pub(super) fn strike(
        &mut self,
        attacker: CharacterId,
        row: usize,
        arm: Arm,
        combo: (u8, u64),
        from: (i64, i64),
    ) {
        let rules = self.arm(arm);
        if !self.characters[row].is_alive() {
            return;
        }
        if (rules.affects == side::ENEMIES || rules.affects == side::EVERYONE) && self.nothing_hurts(row) {
            self.report.tally.hits_avoided += 1;
            return;
        }
        let mut blocked = false;
        if rules.damage > 0 {
            let mut damage = self.damage(attacker, row, &rules, combo);
            if self.is_blocked_from(row, from) {
                (damage, blocked) = self.block(row, damage);
            }
            self.hurt(row, attacker, damage, arm);
        }
        if rules.healing > 0 {
            self.heal(row, attacker, u64::from(rules.healing) * combo.1 / 256, arm);
        }
        if blocked || !self.characters[row].is_alive() {
            return;
        }
        if rules.effect != 0 {
            self.afflict(row, rules.effect, attacker, arm);
        }
        if rules.knock.0 != 0 || rules.knock_up.0 != 0 {
            let [x, y, z] = knock(&rules, from).map(|part| part as i32);
            self.throw(row, Velocity::from_raw(x, y, z));
        }
    }

    fn nothing_hurts(&self, row: usize) -> bool {
        let (character, combat) = (&self.characters[row], &self.config.rules.combat);
        let safe = self.ticks(combat.dodge_safe_ms);
        let dodges =
            character.motion == motion::DODGE && safe > 0 && u32::from(character.motion_ticks) <= safe;
        let since = self.tick.0.wrapping_sub(character.action_tick);
        dodges || (character.action == action::NONE && since < self.ticks(combat.spawn_safe_ms))
    }

    /// The damage of a weapon to a body, before a block: shares, each rounded down.
    fn damage(&self, attacker: CharacterId, row: usize, rules: &ArmRules, (combo, blast): (u8, u64)) -> u64 {
        let combat = &self.config.rules.combat;
        let mut damage = u64::from(rules.damage);
        damage = damage * (256 + u64::from(combo) * u64::from(rules.combo_bonus_per_256)) / 256;
        let words = random_u32x4(self.config.seed, self.tick, row as u32, Purpose::Critical);
        let word = words[0].wrapping_add(attacker.slot.wrapping_mul(0x9E37_79B1));
        if u64::from(word) * 1_000 < u64::from(combat.critical_per_1000) << 32 {
            damage = damage * u64::from(combat.critical_factor_per_256) / 256;
        }
        damage = damage * blast / 256;
        if let Some(striker) = self.row_of(attacker) {
            damage = damage * self.share(striker, |effect| effect.dealt_per_256) / 256;
        }
        self.through(row, damage, rules.damage_kind)
    }

    /// What comes through armour and status effects.
    pub(super) fn through(&self, row: usize, damage: u64, damage_kind: u8) -> u64 {
        let kit = &self.config.rules.kit[usize::from(self.characters[row].class)];
        let armour = [kit.slash_per_256, kit.pierce_per_256, kit.blunt_per_256, kit.fire_per_256]
            [usize::from(damage_kind)];
        let damage = damage * u64::from(armour) / 256;
        damage * self.share(row, |effect| effect.taken_per_256) / 256
    }

    /// Whether a row holds its shield towards where something comes from.
    fn is_blocked_from(&self, row: usize, from: (i64, i64)) -> bool {
        let character = &self.characters[row];
        if !character.has(flags::BLOCKING) || from == (0, 0) {
            return false;
        }
        let half = Brads(self.config.rules.kit[usize::from(character.class)].block_cone.0 / 2);
        let (forward_x, forward_z) = Brads(character.yaw).forward();
        let (forward_x, forward_z) = (i64::from(forward_x.0), i64::from(forward_z.0));
        let (x, z) = shortened(from);
        let (ahead, aside) = (x * forward_x + z * forward_z, (x * forward_z - z * forward_x).abs());
        // The cone reaches 4,096 m, and so does whatever is shortened but for the corners.
        let near = x * x + z * z <= (4_096_i64 << 16).pow(2);
        near && ahead >= 0 && aside * i64::from(half.cos().0) <= ahead * i64::from(half.sin().0)
    }

    /// What a shield leaves of damage, and whether it held.
    fn block(&mut self, row: usize, damage: u64) -> (u64, bool) {
        let rules = &self.config.rules;
        let character = &mut self.characters[row];
        let held = damage * u64::from(rules.kit[usize::from(character.class)].block_per_256) / 256;
        let cost = held * u64::from(rules.combat.block_stamina_per_1000) / 1_000;
        if cost <= u64::from(character.stamina) {
            character.stamina -= cost as u16;
            self.report.tally.blocks += 1;
            (damage - held, true)
        } else {
            character.stamina = 0;
            character.flags &= !flags::BLOCKING;
            (damage, false)
        }
    }

    /// Takes health, and the life with the last of it.
    pub(super) fn hurt(&mut self, row: usize, attacker: CharacterId, damage: u64, arm: Arm) {
        let (now, target) = (self.tick.0, self.id(row));
        let amount = damage.min(self.characters[row].health.into()) as u16;
        self.characters[row].health -= amount;
        self.characters[row].combat_tick = now;
        if let Some(striker) = self.row_of(attacker) {
            self.characters[striker].combat_tick = now;
        }
        let tally = &mut self.report.tally;
        tally.hits += 1;
        tally.damage += damage;
        tally.health_taken += u64::from(amount);
        tally.overkill += damage - u64::from(amount);
        self.events.push(Event::Hit { attacker, target, amount, arm });
        if amount > 0 {
            let struck = &mut self.characters[row];
            let foe = CharacterId { slot: struck.foe_slot, generation: struck.foe_generation };
            if attacker != foe && attacker.generation != 0 && attacker.slot != target.slot {
                (struck.helper_slot, struck.helper_generation) = (foe.slot, foe.generation);
                (struck.foe_slot, struck.foe_generation) = (attacker.slot, attacker.generation);
            }
            self.break_off(row, false);
        }
        if self.characters[row].health == 0 {
            self.die(row, attacker, arm);
        }
    }

    /// Breaks off what is prepared: always, or where its rules say that damage does.
    pub(super) fn break_off(&mut self, row: usize, always: bool) {
        let character = &self.characters[row];
        let Some(button) = action::cast_button(character.action) else { return };
        let arm = self.config.rules.kit[usize::from(character.class)].arm(button);
        if always || self.config.rules.arm(arm).is_some_and(|rules| rules.cast_breaks == 1) {
            let character = &mut self.characters[row];
            (character.action, character.action_tick) = (action::INTERRUPTED, self.tick.0);
            self.report.tally.casts_broken += 1;
        }
    }

    fn die(&mut self, row: usize, killer: CharacterId, arm: Arm) {
        let victim = self.id(row);
        let dead = &mut self.characters[row];
        dead.flags &= flags::IN_USE | flags::GROUNDED | flags::CROUCHED | flags::EXHAUSTED;
        (dead.velocity_x, dead.velocity_y, dead.velocity_z) = (0, 0, 0);
        (dead.action, dead.action_tick) = (action::DIED, self.tick.0);
        dead.deaths = dead.deaths.saturating_add(1);
        let helper = CharacterId { slot: dead.helper_slot, generation: dead.helper_generation };
        if let Some(killer) = self.row_of(killer) {
            self.characters[killer].kills = self.characters[killer].kills.saturating_add(1);
        }
        self.report.tally.deaths += 1;
        self.events.push(Event::Died { victim, killer, arm });
        if let Some(row) = self.row_of(helper).filter(|_| helper != killer) {
            self.characters[row].assists = self.characters[row].assists.saturating_add(1);
            self.report.tally.assists += 1;
            self.events.push(Event::Assisted { helper, victim });
        }
    }

    /// Gives health back.
    pub(super) fn heal(&mut self, row: usize, healer: CharacterId, points: u64, arm: Arm) {
        if !self.characters[row].is_alive() {
            return;
        }
        let (most, target) = (self.config.rules.life.health_max, self.id(row));
        let health = &mut self.characters[row].health;
        let amount = points.min((most - *health).into()) as u16;
        if amount > 0 {
            *health += amount;
            self.report.tally.health_given += u64::from(amount);
            self.events.push(Event::Healed { healer, target, amount, arm });
        }
    }
}

/// The velocity with which a weapon throws somebody, by where the blow comes from.
pub(super) fn knock(rules: &ArmRules, from: (i64, i64)) -> [i64; 3] {
    let (x, z) = shortened(from);
    let length = isqrt_u64((x * x + z * z).cast_unsigned()).cast_signed();
    let away = |part: i64| if length == 0 { 0 } else { -part * i64::from(rules.knock.0) / length };
    [away(x), rules.knock_up.0.into(), away(z)]
}

/// Halved until both parts fit 24 bits.
fn shortened((mut x, mut z): (i64, i64)) -> (i64, i64) {
    while x.unsigned_abs() | z.unsigned_abs() >= 1 << 24 {
        (x, z) = (x >> 1, z >> 1);
    }
    (x, z)
}
