//! Blades and bowstrings: who begins a swing or a shot, and whom a swing reaches.
//!
//! All swings of a tick are judged on one state, after movement and contacts; then they take effect in the order of
//! the attackers' rows. So two who strike each other in one tick both strike.

use super::crowd_index::CrowdIndex;
use super::lifecycle::{self, Strike};
use super::{Environment, Tally};
use crate::limits::MELEE_TARGETS_MAX;
use crate::numeric::fixed::mul_q16;
use crate::numeric::{Brads, Metres, Tick};
use crate::spatial::Cone;
use crate::state::State;
use crate::state::characters::{Characters, CharactersView, action, flags};
use crate::state::commands::buttons;
use crate::state::events::{Event, EventBuffer, Weapon};
use crate::state::handle::CharacterId;
use alloc::boxed::Box;
use alloc::vec;

/// The swing of one row in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Swing {
    /// Whether there is one.
    swung: bool,
    /// How many of the places in `targets` count.
    count: u8,
    /// Rows it reaches, nearest first, then by row.
    targets: [u32; MELEE_TARGETS_MAX],
}

/// The tick's swings, one place a row.
#[derive(Debug)]
pub(crate) struct CombatScratch {
    swings: Box<[Swing]>,
}

impl CombatScratch {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { swings: vec![Swing::default(); capacity].into_boxed_slice() }
    }

    /// The places of the first rows, to be judged in parallel.
    pub(crate) fn swings_below(&mut self, end: usize) -> &mut [Swing] {
        &mut self.swings[..end]
    }
}

/// Judges the swings of the rows from `first_row` on. Writes nothing but `swings`.
pub(crate) fn judge(
    first_row: usize,
    swings: &mut [Swing],
    characters: &CharactersView<'_>,
    index: &CrowdIndex,
    tick: Tick,
    environment: &Environment,
) {
    for (offset, swing) in swings.iter_mut().enumerate() {
        let row = first_row + offset;
        *swing = Swing::default();
        let swings_now = characters.flags[row] & flags::ALIVE != 0
            && characters.input_buttons[row] & buttons::MELEE != 0
            && tick.signed_distance(Tick(characters.melee_ready_tick[row])) >= 0;
        if swings_now {
            *swing = reach(row, characters, index, environment);
        }
    }
}

/// Whom a swing of this row reaches: enemies in the cone, nearest first.
fn reach(
    row: usize,
    characters: &CharactersView<'_>,
    index: &CrowdIndex,
    environment: &Environment,
) -> Swing {
    let melee = &environment.rules.melee;
    let cone = Cone {
        x: Metres(characters.position_x[row]),
        z: Metres(characters.position_z[row]),
        yaw: Brads(characters.yaw[row]),
        half_angle: Brads(melee.cone.0 / 2),
        radius: melee.reach + environment.rules.movement[0].radius,
    };
    let (own_team, own_y) = (characters.team[row], characters.position_y[row]);
    let friendly_fire = environment.rules.life.friendly_fire != 0;
    let most = usize::from(melee.targets).min(MELEE_TARGETS_MAX);
    let mut nearest = [(u64::MAX, u32::MAX); MELEE_TARGETS_MAX];
    let mut count = 0;
    index.grid().for_each_in_cone(&cone, |other| {
        let target = other as usize;
        let enemy = friendly_fire || characters.team[target] != own_team;
        let level = (i64::from(characters.position_y[target]) - i64::from(own_y)).abs();
        if target == row || !enemy || level > i64::from(melee.height_reach.0) {
            return;
        }
        let dx = i64::from(characters.position_x[target]) - i64::from(cone.x.0);
        let dz = i64::from(characters.position_z[target]) - i64::from(cone.z.0);
        let candidate = ((dx * dx + dz * dz).cast_unsigned(), other);
        let place = nearest[..count].partition_point(|kept| *kept < candidate);
        if place < most {
            count = (count + 1).min(most);
            nearest.copy_within(place..most - 1, place + 1);
            nearest[place] = candidate;
        }
    });
    Swing { swung: true, count: count as u8, targets: nearest.map(|(_, target)| target) }
}

/// Lets the judged swings take effect, then the shots begin.
pub(crate) fn apply(
    state: &mut State,
    end: usize,
    scratch: &CombatScratch,
    environment: &Environment,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    let tick = state.tick;
    let ready = tick + environment.timing.melee_cooldown;
    for (row, swing) in scratch.swings[..end].iter().enumerate() {
        if swing.swung {
            state.characters.melee_ready_tick[row] = ready.0;
            begin(&mut state.characters, row, action::MELEE, tick);
        }
    }
    for (row, swing) in scratch.swings[..end].iter().enumerate() {
        let attacker = CharacterId { slot: row as u32, generation: state.characters.generation[row] };
        for target in &swing.targets[..usize::from(swing.count)] {
            let strike = Strike {
                attacker,
                target_row: *target as usize,
                damage: environment.rules.melee.damage,
                weapon: Weapon::Melee,
            };
            lifecycle::strike(&mut state.characters, strike, tick, events, tally);
        }
    }
    for row in 0..end {
        let shoots = state.characters.flags[row] & flags::ALIVE != 0
            && state.characters.input_buttons[row] & buttons::SHOOT != 0
            && !scratch.swings[row].swung
            && tick.signed_distance(Tick(state.characters.bow_ready_tick[row])) >= 0;
        if shoots {
            launch(state, row, environment, events, tally);
        }
    }
}

fn begin(characters: &mut Characters, row: usize, what: u8, tick: Tick) {
    characters.action[row] = what;
    characters.action_tick[row] = tick.0;
}

/// Puts an arrow on its way, from the bow along the look.
fn launch(
    state: &mut State,
    row: usize,
    environment: &Environment,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    let bow = &environment.rules.bow;
    let tick = state.tick;
    let Some(projectile_slot) = state.allocate_projectile() else {
        tally.shots_refused += 1;
        return;
    };
    let (characters, arrow) = (&mut state.characters, projectile_slot as usize);
    characters.bow_ready_tick[row] = (tick + environment.timing.bow_cooldown).0;
    begin(characters, row, action::SHOOT, tick);

    let pitch = Brads(characters.pitch[row].cast_unsigned());
    let (forward_x, forward_z) = Brads(characters.yaw[row]).forward();
    let level = mul_q16(bow.speed.0, pitch.cos().0);
    let projectiles = &mut state.projectiles;
    projectiles.position_x[arrow] = characters.position_x[row];
    projectiles.position_y[arrow] = characters.position_y[row].wrapping_add(bow.launch_height.0);
    projectiles.position_z[arrow] = characters.position_z[row];
    projectiles.velocity_x[arrow] = mul_q16(level, forward_x.0);
    projectiles.velocity_y[arrow] = mul_q16(bow.speed.0, pitch.sin().0);
    projectiles.velocity_z[arrow] = mul_q16(level, forward_z.0);
    projectiles.owner_slot[arrow] = row as u32;
    projectiles.owner_generation[arrow] = characters.generation[row];
    projectiles.end_tick[arrow] = (tick + environment.timing.bow_lifetime).0;
    projectiles.team[arrow] = characters.team[row];
    tally.shots += 1;
    let owner = CharacterId { slot: row as u32, generation: characters.generation[row] };
    events.push(Event::ProjectileLaunched { projectile_slot, owner });
}

#[cfg(test)]
pub(crate) mod tests;
