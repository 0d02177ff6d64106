//! What a mind knows when it begins to think: itself, the target it has, and what it finds when it looks round.

use super::senses::{self, Look, alive, look, square};
use super::think::Decision;
use super::{Minds, NOBODY};
use crate::numeric::{Metres, Position, Tick, Ticks};
use crate::rules::NpcRules;
use crate::spatial::ways::Walker;
use crate::state::State;
use crate::state::characters::flags;
use crate::state::handle::CharacterId;
use crate::state::npcs::mood;
use crate::systems::Environment;
use crate::systems::crowd_index::CrowdIndex;
use crate::systems::rewind::distance_squared;

/// Who hit or was hit this long ago at most is alarmed, in milliseconds.
const ALARM_MS: u32 = 2_000;

/// The character that a mind is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Me {
    pub slot: usize,
    pub x: i32,
    pub y: i32,
    pub z: i32,
    pub team: u8,
}

/// All that a thought reads, looked at before it begins.
pub(super) struct Mind<'a> {
    pub me: Me,
    pub rules: &'a NpcRules,
    pub environment: &'a Environment,
    pub class: u8,
    pub walker: Walker,
    pub tick: Tick,
    pub row: usize,
    pub is_dead: bool,
    /// Parts of 256 of the full health.
    pub health: u32,
    pub before: Decision,
    pub home: (i32, i32),
    pub home_squared: u64,
    /// The target it has, if it may be kept, and the squared distance to it.
    pub target: Option<(u64, CharacterId)>,
    /// The target it would take up otherwise.
    pub other: Option<(u64, CharacterId)>,
    pub target_at: Position,
    pub interval: Ticks,
}

impl<'a> Mind<'a> {
    /// Looks round for the mind of a row.
    pub(super) fn new(
        state: &State,
        minds: &Minds,
        index: &CrowdIndex,
        environment: &'a Environment,
        row: usize,
    ) -> Self {
        let (characters, npcs) = (&state.characters, state.npcs.view());
        let slot = state.npcs.character_slot[row] as usize;
        let me = Me {
            slot,
            x: characters.position_x[slot],
            y: characters.position_y[slot],
            z: characters.position_z[slot],
            team: characters.team[slot],
        };
        debug_assert_ne!(minds.rows[slot], NOBODY);
        let rules = environment.rules.npc_kind(npcs.kind[row]);
        let home = (npcs.home_x[row], npcs.home_z[row]);
        let full = u32::from(environment.rules.life.health_max.max(1));
        let class = characters.class[slot];
        let walker = minds.walkers[usize::from(class) % minds.walkers.len()];
        let far = if minds.audience.is_near(me.x, me.z) { 1 } else { u32::from(rules.think_far) };
        let interval = Ticks::from_millis(rules.think_ms.into(), environment.tick_hz).0.max(1);
        let mut mind = Self {
            me,
            rules,
            environment,
            class,
            walker,
            tick: state.tick,
            row,
            is_dead: characters.flags[slot] & flags::ALIVE == 0,
            health: u32::from(characters.health[slot]) * 256 / full,
            before: Decision {
                mood: npcs.mood[row],
                target: npcs.target(row as u32),
                way: (npcs.way_x[row], npcs.way_z[row]),
                steer: npcs.steer[row],
                next: Tick(npcs.next_think_tick[row]),
            },
            home,
            home_squared: distance_squared(me.x, me.z, home.0, home.1),
            target: None,
            other: None,
            target_at: Position::ORIGIN,
            interval: Ticks(interval * far),
        };
        if !mind.is_dead && !mind.is_going_home() {
            let alarm = Ticks::from_millis(ALARM_MS, environment.tick_hz);
            let struck = state.tick.since(Tick(characters.combat_tick[slot]));
            // Who just came to life was not struck: its tick is that of its coming.
            let came = characters.combat_tick[slot] == characters.action_tick[slot];
            mind.look(state, (minds, index), struck < alarm && !came);
        }
        if let Some((_, id)) = mind.chosen() {
            mind.target_at = characters.view().position(id.slot);
        }
        mind
    }

    /// On its way home, and not far enough to pay attention to anybody; or out of bounds.
    pub(super) fn is_going_home(&self) -> bool {
        let leash = self.rules.leash_radius;
        let half = Metres(leash.0 / 2);
        self.home_squared > square(leash)
            || (self.before.mood == mood::RETURN && self.home_squared > square(half))
    }

    fn look(&mut self, state: &State, (minds, index): (&Minds, &CrowdIndex), alarmed: bool) {
        let rules = self.rules;
        let characters = &state.characters;
        let home = self.home;
        let bounds = square(rules.leash_radius.saturating_add(rules.attack_range()));
        let counts = |slot: u32| {
            let other = slot as usize;
            distance_squared(characters.position_x[other], characters.position_z[other], home.0, home.1)
                <= bounds
        };
        let kept = self.before.target;
        if alive(state, kept) && characters.team[kept.slot as usize] != self.me.team && counts(kept.slot) {
            let squared = self.squared_to(state, kept.slot);
            // Whom a comrade called it to may be farther than it would have seen by itself.
            let most = rules.lose_radius.saturating_add(rules.assist_radius);
            self.target = (squared <= square(most)).then_some((squared, kept));
        }
        let engaged = self.target.is_some_and(|(squared, _)| squared <= square(rules.melee_range));
        if engaged {
            return;
        }
        let enemies = if alarmed { rules.lose_radius } else { rules.aggro_radius };
        let comrades = if self.target.is_some() { Metres::ZERO } else { rules.assist_radius };
        let Look { enemy, call } = look((state, minds, index), &self.me, (enemies, comrades), &counts);
        let named = |(squared, slot): senses::Found| {
            (squared, CharacterId { slot, generation: characters.generation[slot as usize] })
        };
        let called = || call.map(|slot| (self.squared_to(state, slot), slot));
        self.other = enemy.or_else(called).map(named);
    }

    fn squared_to(&self, state: &State, slot: u32) -> u64 {
        let other = slot as usize;
        let (x, z) = (state.characters.position_x[other], state.characters.position_z[other]);
        distance_squared(self.me.x, self.me.z, x, z)
    }

    /// The target it has, unless another is less than half as far.
    pub(super) fn chosen(&self) -> Option<(u64, CharacterId)> {
        match (self.target, self.other) {
            (Some(kept), Some(other)) if other.0 < kept.0 / 4 => Some(other),
            (Some(kept), _) => Some(kept),
            (None, other) => other,
        }
    }
}
