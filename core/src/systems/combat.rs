//! Blades and bowstrings: who begins a swing or a shot, and whom a swing reaches.
//!
//! Swings of players are judged by where their targets were when those players saw them ([`super::rewind`]).
//!
//! All swings of a tick are judged on one state, after movement and contacts; then they take effect in the order of
//! the attackers' rows. So two who strike each other in one tick both strike.

use super::crowd_index::CrowdIndex;
use super::lifecycle::{self, Strike};
use super::rewind::{Judgements, Rewind, Views, Wide, distance_squared, widened};
use super::{Environment, Tally};
use crate::limits::MELEE_TARGETS_MAX;
use crate::numeric::fixed::mul_q16;
use crate::numeric::{Brads, Metres, Tick};
use crate::spatial::Cone;
use crate::spatial::query_grid::Who;
use crate::state::State;
use crate::state::characters::{Characters, action, flags};
use crate::state::commands::{ViewAge, buttons};
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
    (views, rewind): (&Views, &Rewind<'_>),
    index: &CrowdIndex,
    tick: Tick,
    environment: &Environment,
) {
    let characters = rewind.characters;
    for (offset, swing) in swings.iter_mut().enumerate() {
        let row = first_row + offset;
        *swing = Swing::default();
        let swings_now = characters.flags[row] & flags::ALIVE != 0
            && characters.input_buttons[row] & buttons::MELEE != 0
            && tick.signed_distance(Tick(characters.melee_ready_tick[row])) >= 0;
        if swings_now {
            *swing = reach((row, views.of(row)), rewind, index, environment);
        }
    }
}

/// The nearest of those that a swing reaches, so far: squared distances and rows, in order.
struct Nearest {
    found: [(u64, u32); MELEE_TARGETS_MAX],
    count: usize,
    most: usize,
}

impl Nearest {
    /// Where a candidate comes in, unless so many are nearer.
    #[inline]
    fn place(&self, candidate: (u64, u32)) -> Option<usize> {
        let place = self.found[..self.count].partition_point(|kept| *kept < candidate);
        (place < self.most).then_some(place)
    }

    #[inline]
    fn insert(&mut self, place: usize, candidate: (u64, u32)) {
        self.count = (self.count + 1).min(self.most);
        self.found.copy_within(place..self.most - 1, place + 1);
        self.found[place] = candidate;
    }
}

/// Whom a swing of this row reaches, of those that it saw at an age: enemies in the cone, nearest first.
fn reach(
    (row, age): (usize, ViewAge),
    rewind: &Rewind<'_>,
    index: &CrowdIndex,
    environment: &Environment,
) -> Swing {
    let (melee, characters) = (&environment.rules.melee, rewind.characters);
    let cone = Cone {
        x: Metres(characters.position_x[row]),
        z: Metres(characters.position_z[row]),
        yaw: Brads(characters.yaw[row]),
        half_angle: Brads(melee.cone.0 / 2),
        radius: melee.reach + environment.rules.movement[0].radius,
    };
    let (own_team, own_y) = (characters.team[row], characters.position_y[row]);
    let friendly_fire = environment.rules.life.friendly_fire != 0;
    let is_target =
        |other: u32| other as usize != row && (friendly_fire || characters.team[other as usize] != own_team);
    let is_level = |y: i32| (i64::from(y) - i64::from(own_y)).abs() <= i64::from(melee.height_reach.0);
    let key = |other: u32, x: i32, z: i32| (distance_squared(x, z, cone.x.0, cone.z.0), other);
    let most = usize::from(melee.targets).min(MELEE_TARGETS_MAX);
    let mut nearest = Nearest { found: [(u64::MAX, u32::MAX); MELEE_TARGETS_MAX], count: 0, most };
    if age == ViewAge::ZERO {
        index.grid().for_each_in_cone(&cone, |other| {
            let at = characters.position(other);
            let candidate = key(other, at.x.0, at.z.0);
            if is_target(other)
                && is_level(at.y.0)
                && let Some(place) = nearest.place(candidate)
            {
                nearest.insert(place, candidate);
            }
        });
    } else {
        let lenses = [rewind.lens(age), rewind.lens(age.min(rewind.dodge_favour))];
        let reach_squared = i64::from(cone.radius.0).pow(2).cast_unsigned();
        let far_squared = (i64::from(cone.radius.0) + i64::from(rewind.reach(age).0)).pow(2).cast_unsigned();
        let mut find = |other: u32| {
            if !is_target(other) {
                return;
            }
            // Its places first: those of most are somewhere else. Who it was then is asked last.
            if key(other, characters.position_x[other as usize], characters.position_z[other as usize]).0
                > far_squared
            {
                return;
            }
            let lens = &lenses[usize::from(rewind.dodges(other as usize))];
            let Some((x, z)) = lens.place(other as usize) else { return };
            let candidate = key(other, x, z);
            if candidate.0 <= reach_squared
                && let Some(place) = nearest.place(candidate)
                && cone.contains(Metres(x), Metres(z))
                && rewind.pose(other as usize, age).is_some_and(|pose| is_level(pose.position.y.0))
            {
                nearest.insert(place, candidate);
            }
        };
        match widened(&cone, rewind.reach(age)) {
            Wide::Cone(wide) => index.grid().for_each_in_cone(&wide, &mut find),
            Wide::Disc(disc) => index.grid().for_each(Who::Present, &disc, &mut find),
        }
    }
    let targets = nearest.found.map(|(_, target)| target);
    Swing { swung: true, count: nearest.count as u8, targets }
}

/// What the weapons of a tick write beside the state.
pub(crate) struct Effects<'a> {
    pub(crate) events: &'a mut EventBuffer,
    pub(crate) tally: &'a mut Tally,
    pub(crate) judgements: &'a mut Judgements,
}

/// Lets the judged swings take effect, then the shots begin. `launched` has a place for each projectile: how old what
/// its archer saw is.
pub(crate) fn apply(
    state: &mut State,
    end: usize,
    scratch: &CombatScratch,
    (views, launched): (&Views, &mut [ViewAge]),
    environment: &Environment,
    effects: &mut Effects<'_>,
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
            let target_row = *target as usize;
            effects.judgements.add(state, environment, (attacker, target_row), views.of(row), Weapon::Melee);
            let damage = environment.rules.melee.damage;
            let strike = Strike { attacker, target_row, damage, weapon: Weapon::Melee };
            lifecycle::strike(&mut state.characters, strike, tick, effects.events, effects.tally);
        }
    }
    for row in 0..end {
        let shoots = state.characters.flags[row] & flags::ALIVE != 0
            && state.characters.input_buttons[row] & buttons::SHOOT != 0
            && !scratch.swings[row].swung
            && tick.signed_distance(Tick(state.characters.bow_ready_tick[row])) >= 0;
        if shoots && let Some(slot) = launch(state, row, views.of(row), environment, effects) {
            launched[slot as usize] = views.of(row);
        }
    }
}

fn begin(characters: &mut Characters, row: usize, what: u8, tick: Tick) {
    characters.action[row] = what;
    characters.action_tick[row] = tick.0;
}

/// Puts an arrow on its way, from the bow along the look, as long ago as its archer's view is old; its slot.
fn launch(
    state: &mut State,
    row: usize,
    age: ViewAge,
    environment: &Environment,
    effects: &mut Effects<'_>,
) -> Option<u32> {
    let bow = &environment.rules.bow;
    let tick = state.tick;
    let Some(projectile_slot) = state.allocate_projectile() else {
        effects.tally.shots_refused += 1;
        return None;
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
    projectiles.end_tick[arrow] = (tick - age.nearest_ticks() + environment.timing.bow_lifetime).0;
    projectiles.team[arrow] = characters.team[row];
    effects.tally.shots += 1;
    let owner = CharacterId { slot: row as u32, generation: characters.generation[row] };
    effects.events.push(Event::ProjectileLaunched { projectile_slot, owner });
    Some(projectile_slot)
}

#[cfg(test)]
pub(crate) mod tests;
