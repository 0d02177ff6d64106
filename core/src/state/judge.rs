//! Whether rows that come from elsewhere are such as the kernel leaves them.
//!
//! Each row has a plain answer here. Lanes ([`lanes`]) find in passing which rows are surely fine, which in an honest
//! image is every row in use; the others are asked about one by one.

mod lanes;
mod places;
mod props;

use super::characters::{Characters, CharactersView, action, flags};
use super::effects::Effects;
use super::move_bounds::{HEIGHTS, MoveBounds, can_move_like};
use super::npcs::{Npcs, mood, steer};
use super::projectiles::Projectiles;
use super::snapshot::{ImageBounds, SnapshotError};
use super::terrain_deltas::TerrainDeltas;
use crate::numeric::lanes::run;
use crate::numeric::{Tick, Ticks};
use crate::rules::{ARMS, EFFECTS, NPC_KINDS};
pub(crate) use places::check_places;
pub(crate) use props::check_props;

/// Most that a combo counts, and bodies that a projectile goes through, by the ranges of the rules.
const COMBO_MAX: u8 = 15;
const PIERCE_MAX: u8 = 16;

/// Rows that are judged at a time: their heights of the ground lie on the stack.
const ROWS_AT_ONCE: usize = 512;

/// Judges the first rows of a table of characters on the ground with these deltas, or on the ground as it is.
pub(crate) fn check_characters(
    characters: &Characters,
    rows: usize,
    deltas: Option<&TerrainDeltas>,
    bounds: &ImageBounds<'_>,
) -> Result<(), SnapshotError> {
    let movement = MoveBounds::new(bounds.rules, bounds.tick_hz, bounds.half_extent);
    let tables = lanes::Tables::new(&movement);
    let view = characters.view_below(rows);
    let mut heights = [0; ROWS_AT_ONCE];
    let mut first = 0;
    while first < rows {
        let end = rows.min(first + ROWS_AT_ONCE);
        let grounds = &mut heights[..end - first];
        (bounds.ground)(deltas, &view.position_x[first..end], &view.position_z[first..end], grounds);
        let fine = |row: usize| {
            if characters.flags[row] & flags::IN_USE == 0 {
                characters.is_free_row(row)
            } else {
                is_fine_character(&view, row, grounds[row - first], bounds, &movement)
            }
        };
        let judge =
            lanes::JudgeCharacters { view: &view, first, grounds, bounds, tables: &tables, fine: &fine };
        if let Some(row) = run(bounds.lanes, judge) {
            return Err(SnapshotError::BadCharacter { slot: row as u32 });
        }
        first = end;
    }
    Ok(())
}

/// Whether a row in use is a character that can be, where the ground has this height.
fn is_fine_character(
    view: &CharactersView<'_>,
    row: usize,
    ground: i32,
    bounds: &ImageBounds<'_>,
    movement: &MoveBounds<'_>,
) -> bool {
    let (bits, health) = (view.flags[row], view.health[row]);
    let input = view.input(row as u32);
    bits & !flags::ALL == 0
        && view.generation[row] != 0
        && view.team[row] < bounds.teams
        && view.action[row] <= action::MAX
        && health <= bounds.rules.life.health_max
        && view.stamina[row] <= bounds.rules.combat.stamina_max
        && view.combo[row] <= COMBO_MAX
        && (bits & flags::ALIVE != 0) == (health > 0)
        && input == input.sanitized()
        && can_move_like(&view.move_state(row as u32), ground, movement)
}

/// Judges the first rows of a table of projectiles.
pub(crate) fn check_projectiles(
    projectiles: &Projectiles,
    rows: usize,
    bounds: &ImageBounds<'_>,
) -> Result<(), SnapshotError> {
    let view = projectiles.view_below(rows);
    let fine = |row: usize| is_fine_projectile(projectiles, row, bounds);
    match run(bounds.lanes, lanes::JudgeProjectiles { view: &view, bounds, fine: &fine }) {
        Some(row) => Err(SnapshotError::BadProjectile { slot: row as u32 }),
        None => Ok(()),
    }
}

/// Whether a row is free, or a projectile that can be.
fn is_fine_projectile(projectiles: &Projectiles, row: usize, bounds: &ImageBounds<'_>) -> bool {
    let inside = -bounds.half_extent..=bounds.half_extent;
    let speeds = -bounds.projectile_speed..=bounds.projectile_speed;
    match projectiles.alive[row] {
        0 => projectiles.is_free_row(row),
        1 => {
            projectiles.generation[row] != 0
                && projectiles.team[row] < bounds.teams
                && projectiles.owner_generation[row] != 0
                && usize::from(projectiles.arm[row]) <= ARMS
                && projectiles.combo[row] <= COMBO_MAX
                && projectiles.pierced[row] <= PIERCE_MAX
                && inside.contains(&projectiles.position_x[row])
                && inside.contains(&projectiles.position_z[row])
                && HEIGHTS.contains(&projectiles.position_y[row])
                && speeds.contains(&projectiles.velocity_x[row])
                && speeds.contains(&projectiles.velocity_y[row])
                && speeds.contains(&projectiles.velocity_z[row])
        }
        _ => false,
    }
}

/// Judges the first rows of a table of status effects. Whom they work on may be gone: such end with the next tick.
pub(crate) fn check_effects(effects: &Effects, rows: usize) -> Result<(), SnapshotError> {
    let fine = |row: &usize| match effects.kind[*row] {
        0 => effects.is_free_row(*row),
        kind => {
            usize::from(kind) <= EFFECTS
                && effects.generation[*row] != 0
                && effects.target_generation[*row] != 0
                && (1..=COMBO_MAX).contains(&effects.stacks[*row])
                && usize::from(effects.arm[*row]) <= ARMS
        }
    };
    match (0..rows).find(|row| !fine(row)) {
        Some(row) => Err(SnapshotError::BadEffect { slot: row as u32 }),
        None => Ok(()),
    }
}

/// Judges the first rows of a table of minds at a tick. Few, and judged one by one.
///
/// That a row steers somebody who is there is not asked: a part taken in can take that character away, and the next tick
/// frees the row.
pub(crate) fn check_npcs(
    npcs: &Npcs,
    rows: usize,
    tick: Tick,
    bounds: &ImageBounds<'_>,
) -> Result<(), SnapshotError> {
    match (0..rows).find(|row| !is_fine_npc(npcs, *row, tick, bounds)) {
        Some(row) => Err(SnapshotError::BadNpc { slot: row as u32 }),
        None => Ok(()),
    }
}

/// Whether a row is free, or a mind that can be.
fn is_fine_npc(npcs: &Npcs, row: usize, tick: Tick, bounds: &ImageBounds<'_>) -> bool {
    if npcs.character_generation[row] == 0 {
        return npcs.is_free_row(row);
    }
    let inside = -bounds.half_extent..=bounds.half_extent;
    let kind = bounds.rules.npc_kind(npcs.kind[row]);
    let longest = longest_thought(kind.think_ms, kind.think_far, bounds.tick_hz);
    let ahead = Tick(npcs.next_think_tick[row]).signed_distance(tick);
    npcs.generation[row] != 0
        && usize::from(npcs.kind[row]) < NPC_KINDS
        && npcs.mood[row] <= mood::MAX
        && npcs.steer[row] & !steer::ALL == 0
        && [npcs.home_x[row], npcs.home_z[row]].iter().all(|at| inside.contains(at))
        && [npcs.way_x[row], npcs.way_z[row]].iter().all(|at| inside.contains(at))
        && ahead >= 0
        && ahead.cast_unsigned() <= longest.0
}

/// The longest time between two thoughts.
pub(crate) fn longest_thought(think_ms: u16, think_far: u8, tick_hz: u16) -> Ticks {
    Ticks(Ticks::from_millis(think_ms.into(), tick_hz).0.max(1) * u32::from(think_far.max(1)))
}

#[cfg(test)]
mod tests;
