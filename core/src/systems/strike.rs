//! What a hit does: damage, armour, blocking, health, death and who is told of it; healing; what it leaves behind.
//!
//! Damage is a product of shares, each rounded down, in this order: the weapon's, combo, critical, share of a blast,
//! status effects of the attacker, armour, status effects of the target; then a block. Sums over a tick add up:
//! damage = health taken + overkill ([`super::Tally`]).

use super::afflictions::Afflictions;
use super::crowd_index::CrowdIndex;
use super::props::{self, PropCells};
use super::rewind::Judgements;
use super::{Environment, Tally, movement, structures};
use crate::numeric::fixed::isqrt_u64;
use crate::numeric::rng::{chance, random_u32};
use crate::numeric::{Brads, Metres, MetresPerSecond, Purpose, Tick, Velocity};
use crate::rules::{Arm, ArmRules, side};
use crate::spatial::obstacles::SectionList;
use crate::spatial::{Cone, Deformation};
use crate::state::State;
use crate::state::characters::{action, flags, motion};
use crate::state::events::{Event, EventBuffer};
use crate::state::handle::{CharacterId, PropId};
use alloc::vec::Vec;

/// One weapon reaching one body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blow {
    pub(crate) attacker: CharacterId,
    pub(crate) target_row: usize,
    pub(crate) arm: Arm,
    /// How far the combo counts.
    pub(crate) combo: u8,
    /// Share of damage and healing.
    pub(crate) share_per_256: u32,
    /// Where it comes from, seen from the target on the ground plane: raw x and z; (0, 0) when from nowhere.
    pub(crate) from: (i64, i64),
}

/// The fighting of a tick: the state, and what is written beside it.
pub(crate) struct Fray<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) environment: &'a Environment,
    pub(crate) index: &'a CrowdIndex,
    pub(crate) tick: Tick,
    /// Largest radius of the bodies in the world.
    pub(crate) radius_max: Metres,
    pub(crate) afflictions: &'a mut Afflictions,
    /// Room for the rows that something around a point reaches.
    pub(crate) found: &'a mut Vec<u32>,
    /// Room for the sections of structures that a burst reaches.
    pub(crate) sections: &'a mut SectionList,
    /// Where props are.
    pub(crate) props: &'a PropCells,
    /// Craters to be dug at the end of the tick.
    pub(crate) craters: &'a mut Vec<Deformation>,
    pub(crate) events: &'a mut EventBuffer,
    pub(crate) tally: &'a mut Tally,
    pub(crate) judgements: &'a mut Judgements,
}

/// A product of a number of points and a share, rounded down.
const fn share_of(points: u64, per_256: u64) -> u64 {
    points.saturating_mul(per_256) >> 8
}

impl Fray<'_> {
    /// The id of a row in use.
    pub(crate) fn id(&self, row: usize) -> CharacterId {
        CharacterId { slot: row as u32, generation: self.state.characters.generation[row] }
    }

    pub(crate) fn is_alive(&self, row: usize) -> bool {
        self.state.characters.flags[row] & flags::ALIVE != 0
    }

    /// The way from a row to somebody on the ground plane; (0, 0) when that one is gone.
    pub(crate) fn towards(&self, row: usize, other: CharacterId) -> (i64, i64) {
        let characters = &self.state.characters;
        let Some(other) = characters.row_of(other) else { return (0, 0) };
        let way = |column: &[i32]| i64::from(column[other]) - i64::from(column[row]);
        (way(&characters.position_x), way(&characters.position_z))
    }

    /// Lets a weapon take effect on one body. The dead feel nothing, so that no death is counted twice.
    pub(crate) fn strike(&mut self, blow: &Blow) {
        let Some(rules) = self.environment.rules.arm(blow.arm) else { return };
        let row = blow.target_row;
        if !self.is_alive(row) {
            return;
        }
        let harms = matches!(rules.affects, side::ENEMIES | side::EVERYONE);
        if harms && self.is_safe(row) {
            self.tally.hits_avoided += 1;
            return;
        }
        let mut blocked = false;
        if rules.damage > 0 {
            let damage = self.damage_of(blow, rules);
            let (damage, held) = self.held_off(blow, damage);
            blocked = held;
            self.hurt(row, blow.attacker, damage, blow.arm);
        }
        if rules.healing > 0 {
            let points = share_of(rules.healing.into(), blow.share_per_256.into());
            self.heal(row, blow.attacker, points, blow.arm);
        }
        if blocked || !self.is_alive(row) {
            return;
        }
        if rules.effect != 0 {
            self.afflict(row, rules.effect, blow.attacker, blow.arm);
        }
        if rules.knock.0 > 0 || rules.knock_up.0 > 0 {
            let velocity = thrown(blow.from, rules);
            movement::impulse(&mut self.state.characters, row, velocity);
        }
    }

    /// Lets a weapon take effect on a section of a structure.
    pub(crate) fn strike_section(&mut self, section: u32, attacker: CharacterId, arm: Arm, combo: u8) {
        let Some(rules) = self.environment.rules.arm(arm) else { return };
        let harms = matches!(rules.affects, side::ENEMIES | side::EVERYONE);
        let combo = 256 + u64::from(combo) * u64::from(rules.combo_bonus_per_256);
        let damage = share_of(share_of(rules.damage.into(), combo), rules.structure_per_256.into());
        if !harms || damage == 0 {
            return;
        }
        let (damage, damage_kind) = (u32::try_from(damage).unwrap_or(u32::MAX), rules.damage_kind);
        let blow = structures::Blow { section, damage, damage_kind, attacker, arm };
        let taken =
            structures::strike_structure(self.state, self.environment, &blow, self.events, self.tally);
        self.tally.structure_damage += u64::from(taken);
    }

    /// Lets a weapon take effect on a prop. What is broken feels nothing.
    pub(crate) fn strike_prop(&mut self, blow: &Blow) {
        let Some(rules) = self.environment.rules.arm(blow.arm) else { return };
        let (row, props) = (blow.target_row, &mut self.state.props);
        if !matches!(rules.affects, side::ENEMIES | side::EVERYONE) || props.health[row] == 0 {
            return;
        }
        let kind = self.environment.rules.prop_kind(props.kind[row]);
        let combo = 256 + u64::from(blow.combo) * u64::from(rules.combo_bonus_per_256);
        let damage = share_of(share_of(rules.damage.into(), combo), blow.share_per_256.into());
        let amount = kind.taken(damage, rules.damage_kind).min(props.health[row].into()) as u16;
        let (attacker, arm) = (blow.attacker, blow.arm);
        let id = PropId { slot: row as u32, generation: props.generation[row] };
        if amount > 0 {
            props.health[row] -= amount;
            self.tally.prop_damage += u64::from(amount);
            self.events.push(Event::PropDamaged { id, attacker, amount, arm });
        }
        if (rules.knock.0 > 0 || rules.knock_up.0 > 0) && kind.knock_per_256 > 0 {
            let velocity = thrown(blow.from, rules);
            let share = |speed: MetresPerSecond| {
                MetresPerSecond((i64::from(speed.0) * i64::from(kind.knock_per_256) / 256) as i32)
            };
            let velocity = Velocity { x: share(velocity.x), y: share(velocity.y), z: share(velocity.z) };
            props::push(props, row, velocity);
        }
        if props.health[row] == 0 {
            self.tally.props_broken += 1;
            self.events.push(Event::PropBroken { id, attacker });
        }
    }

    /// The way from a prop to somebody on the ground plane; (0, 0) when that one is gone.
    pub(crate) fn way_from_prop(&self, prop: usize, other: CharacterId) -> (i64, i64) {
        let (characters, props) = (&self.state.characters, &self.state.props);
        let Some(other) = characters.row_of(other) else { return (0, 0) };
        let way = |theirs: &[i32], own: &[i32]| i64::from(theirs[other]) - i64::from(own[prop]);
        (way(&characters.position_x, &props.position_x), way(&characters.position_z, &props.position_z))
    }

    /// Whether nothing hurts a row: in the first part of a dodge, and after it came to life until it does something.
    fn is_safe(&self, row: usize) -> bool {
        let (characters, timing) = (&self.state.characters, &self.environment.timing);
        let dodges = characters.motion[row] == motion::DODGE
            && u32::from(characters.motion_ticks[row]) <= timing.dodge_safe.0;
        let fresh = characters.action[row] == action::NONE
            && self.tick.since(Tick(characters.action_tick[row])) < timing.spawn_safe;
        (dodges && timing.dodge_safe.0 > 0) || fresh
    }

    /// The damage of a blow to its target, before a block.
    fn damage_of(&self, blow: &Blow, rules: &ArmRules) -> u64 {
        let (environment, characters) = (self.environment, &self.state.characters);
        let combat = &environment.rules.combat;
        let combo = 256 + u64::from(blow.combo) * u64::from(rules.combo_bonus_per_256);
        let mut damage = share_of(rules.damage.into(), combo);
        if combat.critical_per_1000 > 0 {
            // Each pair of attacker and target has a number of its own.
            let word = random_u32(environment.seed, self.tick, blow.target_row as u32, Purpose::Critical)
                .wrapping_add(blow.attacker.slot.wrapping_mul(0x9E37_79B1));
            if chance(word, combat.critical_per_1000.into(), 1_000) {
                damage = share_of(damage, combat.critical_factor_per_256.into());
            }
        }
        damage = share_of(damage, blow.share_per_256.into());
        if let Some(row) = characters.row_of(blow.attacker) {
            damage = share_of(damage, self.afflictions.dealt(row, self.state, environment));
        }
        self.through_armour(blow.target_row, damage, rules.damage_kind)
    }

    /// What of damage comes through armour and status effects.
    pub(crate) fn through_armour(&self, row: usize, damage: u64, damage_kind: u8) -> u64 {
        let kit = self.environment.rules.kit_of(self.state.characters.class[row]);
        let damage = share_of(damage, kit.armour(damage_kind).into());
        share_of(damage, self.afflictions.taken(row, self.state, self.environment))
    }

    /// What a block leaves of damage, and whether there was one. It costs stamina; where that is missing it breaks.
    fn held_off(&mut self, blow: &Blow, damage: u64) -> (u64, bool) {
        let (row, characters) = (blow.target_row, &mut self.state.characters);
        let kit = self.environment.rules.kit_of(characters.class[row]);
        if characters.flags[row] & flags::BLOCKING == 0 || blow.from == (0, 0) {
            return (damage, false);
        }
        let cone = Cone {
            x: Metres::ZERO,
            z: Metres::ZERO,
            yaw: Brads(characters.yaw[row]),
            half_angle: Brads(kit.block_cone.0 / 2),
            radius: Cone::MAX_RADIUS,
        };
        let (x, z) = direction(blow.from);
        if !cone.contains(Metres(x), Metres(z)) {
            return (damage, false);
        }
        let held = share_of(damage, kit.block_per_256.into());
        let cost = held * u64::from(self.environment.rules.combat.block_stamina_per_1000) / 1_000;
        match u16::try_from(cost) {
            Ok(cost) if cost <= characters.stamina[row] => {
                characters.stamina[row] -= cost;
                self.tally.blocks += 1;
                (damage - held, true)
            }
            _ => {
                characters.stamina[row] = 0;
                characters.flags[row] &= !flags::BLOCKING;
                (damage, false)
            }
        }
    }

    /// Takes health of a living row, and the life with the last of it.
    pub(crate) fn hurt(&mut self, row: usize, attacker: CharacterId, damage: u64, arm: Arm) {
        let (tick, target) = (self.tick, self.id(row));
        let characters = &mut self.state.characters;
        let amount = u64::from(characters.health[row]).min(damage) as u16;
        let attacker_row = characters.row_of(attacker);
        characters.health[row] -= amount;
        characters.combat_tick[row] = tick.0;
        if let Some(attacker_row) = attacker_row {
            characters.combat_tick[attacker_row] = tick.0;
        }
        self.tally.hits += 1;
        self.tally.damage += damage;
        self.tally.health_taken += u64::from(amount);
        self.tally.overkill += damage - u64::from(amount);
        self.events.push(Event::Hit { attacker, target, amount, arm });
        if amount > 0 {
            self.remember_foe(row, attacker);
            self.break_off(row, false);
        }
        if self.state.characters.health[row] == 0 {
            self.kill(row, attacker, arm);
        }
    }

    /// Notes who hurt a row last, and the last other one.
    fn remember_foe(&mut self, row: usize, attacker: CharacterId) {
        let characters = &mut self.state.characters;
        let foe = CharacterId { slot: characters.foe_slot[row], generation: characters.foe_generation[row] };
        if attacker == foe || attacker.generation == 0 || attacker.slot as usize == row {
            return;
        }
        (characters.helper_slot[row], characters.helper_generation[row]) = (foe.slot, foe.generation);
        (characters.foe_slot[row], characters.foe_generation[row]) = (attacker.slot, attacker.generation);
    }

    /// Breaks off what a row prepares: where the rules say that damage does, or in any case.
    pub(crate) fn break_off(&mut self, row: usize, in_any_case: bool) {
        let (characters, rules) = (&mut self.state.characters, &self.environment.rules);
        let Some(button) = action::cast_button(characters.action[row]) else { return };
        let arm = rules.kit_of(characters.class[row]).arm(button);
        if in_any_case || rules.arm(arm).is_some_and(|arm| arm.cast_breaks != 0) {
            characters.action[row] = action::INTERRUPTED;
            characters.action_tick[row] = self.tick.0;
            self.tally.casts_broken += 1;
        }
    }

    fn kill(&mut self, row: usize, killer: CharacterId, arm: Arm) {
        let victim = self.id(row);
        let characters = &mut self.state.characters;
        characters.flags[row] &=
            !(flags::ALIVE | flags::SPRINTING | flags::JUMP_QUEUED | flags::BLOCKING | flags::AFFLICTED);
        characters.velocity_x[row] = 0;
        characters.velocity_y[row] = 0;
        characters.velocity_z[row] = 0;
        characters.action[row] = action::DIED;
        characters.action_tick[row] = self.tick.0;
        characters.deaths[row] = characters.deaths[row].saturating_add(1);
        if let Some(killer_row) = characters.row_of(killer) {
            characters.kills[killer_row] = characters.kills[killer_row].saturating_add(1);
        }
        self.tally.deaths += 1;
        self.events.push(Event::Died { victim, killer, arm });
        let helper =
            CharacterId { slot: characters.helper_slot[row], generation: characters.helper_generation[row] };
        if let Some(helper_row) = characters.row_of(helper).filter(|_| helper != killer) {
            characters.assists[helper_row] = characters.assists[helper_row].saturating_add(1);
            self.tally.assists += 1;
            self.events.push(Event::Assisted { helper, victim });
        }
    }

    /// Gives health back to a row, unless the blow that heals it has killed it.
    pub(crate) fn heal(&mut self, row: usize, healer: CharacterId, points: u64, arm: Arm) {
        if !self.is_alive(row) {
            return;
        }
        let target = self.id(row);
        let health_max = self.environment.rules.life.health_max;
        let health = &mut self.state.characters.health[row];
        let amount = points.min(u64::from(health_max.saturating_sub(*health))) as u16;
        if amount > 0 {
            *health += amount;
            self.tally.health_given += u64::from(amount);
            self.events.push(Event::Healed { healer, target, amount, arm });
        }
    }
}

/// A direction on the ground plane, shortened to at most 2^24 raw units along an axis: what a cone can be asked about.
fn direction((x, z): (i64, i64)) -> (i32, i32) {
    let size = (x.unsigned_abs() | z.unsigned_abs()).max(1);
    let shift = (u64::BITS - size.leading_zeros()).saturating_sub(24);
    ((x >> shift) as i32, (z >> shift) as i32)
}

/// The velocity at which somebody is thrown away from where a blow comes from.
fn thrown(from: (i64, i64), rules: &ArmRules) -> Velocity {
    let (x, z) = direction(from);
    let (x, z) = (i64::from(x), i64::from(z));
    let length = isqrt_u64((x * x + z * z).cast_unsigned()).cast_signed();
    let away = |part: i64| match length {
        0 => 0,
        _ => (-part * i64::from(rules.knock.0) / length) as i32,
    };
    Velocity { x: MetresPerSecond(away(x)), y: rules.knock_up, z: MetresPerSecond(away(z)) }
}
