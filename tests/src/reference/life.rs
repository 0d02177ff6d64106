//! Appearing, regaining health and stamina, and return from death.

use super::Reference;
use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::fixed::mul_q16;
use shieldwall_core::numeric::rng::random_u32x4;
use shieldwall_core::{Brads, Event, Metres, action, flags, motion};

impl Reference {
    /// A place in the area of a row's team, and the look towards the middle: x, z, yaw.
    pub(super) fn place_of_team(&self, row: usize) -> (i32, i32, u16) {
        let life = &self.config.rules.life;
        let character = &self.characters[row];
        let middle = self.middle_of_team(character.team);
        let words = random_u32x4(self.config.seed, self.tick, row as u32, Purpose::SpawnPlacement);
        let edge = self.edge(character.class);
        let place = |middle: i32, word: u32| {
            let half = i64::from(life.spawn_width.0 / 2);
            let aside = ((i64::from(word) * (2 * half + 1)) >> 32) - half;
            (middle + aside as i32).clamp(-edge, edge)
        };
        let (x, z) = (place(middle.0, words[0]), place(middle.1, words[1]));
        (x, z, Brads::yaw_of(Metres(-x), Metres(-z)).0)
    }

    /// The middle of a team's area.
    pub(super) fn middle_of_team(&self, team: u8) -> (i32, i32) {
        let ring = self.config.rules.life.spawn_ring.0;
        // The first team is in the west, the others follow round the ring.
        let turn = u32::from(team) * 65_536 / u32::from(self.config.teams);
        let angle = Brads((32_768 + turn) as u16);
        (mul_q16(ring, angle.cos().0), mul_q16(ring, angle.sin().0))
    }

    /// Puts a row on the ground, fresh.
    pub(super) fn bring_to_life(&mut self, row: usize, (x, z, yaw): (i32, i32, u16)) {
        let (ground, now) = (self.ground_at(x, z), self.tick.0);
        let character = &mut self.characters[row];
        (character.position_x, character.position_y, character.position_z) = (x, ground, z);
        (character.velocity_x, character.velocity_y, character.velocity_z) = (0, 0, 0);
        (character.yaw, character.pitch) = (yaw, 0);
        character.flags = flags::IN_USE | flags::ALIVE | flags::GROUNDED;
        (character.motion, character.motion_ticks, character.timer) = (motion::GROUND, 0, 0);
        (character.support, character.dodge_ticks) = (0, 0);
        character.health = self.config.rules.life.health_max;
        (character.action, character.action_tick) = (action::NONE, now);
        for button in 0..4 {
            *character.ready_tick_mut(button) = now;
        }
        character.combat_tick = now;
        (character.stamina, character.combo) = (self.config.rules.combat.stamina_max, 0);
        (character.foe_slot, character.foe_generation) = (0, 0);
        (character.helper_slot, character.helper_generation) = (0, 0);
    }

    /// The dead whose time has come appear again.
    pub(super) fn return_the_dead(&mut self) {
        let wait = self.ticks(self.config.rules.life.respawn_ms);
        for row in 0..self.characters.len() {
            let character = &self.characters[row];
            let dead = character.flags & flags::IN_USE != 0 && !character.is_alive();
            if dead && self.tick.0.wrapping_sub(character.action_tick) >= wait {
                self.bring_to_life(row, self.place_of_return(row));
                self.report.tally.respawns += 1;
                self.events.push(Event::Respawned { id: self.id(row) });
            }
        }
    }

    /// Stamina comes back; a dodge costs some; with too little nobody dodges.
    pub(super) fn regain_stamina(&mut self) {
        let combat = self.config.rules.combat;
        let points = |ticks: u64| ticks * u64::from(combat.stamina_per_s) / u64::from(self.config.tick_hz);
        let gained = points(u64::from(self.tick.0) + 1) - points(u64::from(self.tick.0));
        for character in self.characters.iter_mut().filter(|character| character.is_alive()) {
            if character.motion == motion::DODGE && character.motion_ticks == 1 {
                character.stamina = character.stamina.saturating_sub(combat.dodge_stamina);
            }
            if !character.has(flags::BLOCKING) {
                let stamina = u64::from(character.stamina) + gained;
                character.stamina = stamina.min(combat.stamina_max.into()) as u16;
            }
            character.flags &= !flags::EXHAUSTED;
            if character.stamina < combat.dodge_stamina {
                character.flags |= flags::EXHAUSTED;
            }
        }
    }

    /// Health comes back, as much as the rate has gained in whole points up to the next tick.
    pub(super) fn regain_health(&mut self) {
        let life = self.config.rules.life;
        let points = |ticks: u64| ticks * u64::from(life.regeneration_per_s) / u64::from(self.config.tick_hz);
        let gained = points(u64::from(self.tick.0) + 1) - points(u64::from(self.tick.0));
        let (delay, now) = (self.ticks(life.regeneration_delay_ms), self.tick.0);
        for character in self.characters.iter_mut().filter(|character| character.is_alive()) {
            if now.wrapping_sub(character.combat_tick) >= delay && character.health < life.health_max {
                let health = u64::from(character.health) + gained;
                character.health = health.min(life.health_max.into()) as u16;
            }
        }
    }

    /// Now and then, ticks that lie too far back to be compared for ever are brought forward.
    pub(super) fn age(&mut self) {
        if !self.tick.0.is_multiple_of(1 << 20) {
            return;
        }
        let now = self.tick.0;
        let age = |tick: &mut u32| {
            let passed = now.wrapping_sub(*tick);
            if passed > 1 << 30 && passed < 1 << 31 {
                *tick = now.wrapping_sub(1 << 30);
            }
        };
        for character in self.characters.iter_mut().filter(|row| row.flags & flags::IN_USE != 0) {
            age(&mut character.action_tick);
            age(&mut character.primary_ready_tick);
            age(&mut character.secondary_ready_tick);
            age(&mut character.ability_1_ready_tick);
            age(&mut character.ability_2_ready_tick);
            age(&mut character.combat_tick);
        }
    }
}
