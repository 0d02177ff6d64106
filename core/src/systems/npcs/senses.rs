//! What a mind finds when it looks round: the nearest enemy, and a target of the nearest comrade who has one.

use super::Minds;
use super::mind::Me;
use crate::numeric::Metres;
use crate::spatial::query_grid::{Disc, Who};
use crate::state::State;
use crate::state::characters::flags;
use crate::state::handle::CharacterId;
use crate::state::npcs::mood;
use crate::systems::crowd_index::CrowdIndex;
use crate::systems::rewind::distance_squared;

/// Somebody who was found: squared distance (raw) and slot. The nearer is the lesser, then the lower slot.
pub(super) type Found = (u64, u32);

/// What a look round found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The nearest living enemy that counts.
    pub enemy: Option<Found>,
    /// The nearest living comrade with a mind that goes after somebody who counts: that target.
    pub call: Option<u32>,
}

/// The square of a length, raw.
pub(super) fn square(length: Metres) -> u64 {
    u64::from(length.0.max(0).unsigned_abs()).pow(2)
}

/// Looks for enemies within `enemies` and comrades within `comrades`. `counts` says whether an enemy is worth it.
pub(super) fn look(
    (state, minds, index): (&State, &Minds, &CrowdIndex),
    me: &Me,
    (enemies, comrades): (Metres, Metres),
    counts: &dyn Fn(u32) -> bool,
) -> Look {
    let characters = state.characters.view();
    let mut enemy: Option<Found> = None;
    let mut comrade: Option<(Found, u32)> = None;
    let disc = Disc { x: Metres(me.x), z: Metres(me.z), radius: enemies.max(comrades) };
    let (enemies, comrades) = (square(enemies), square(comrades));
    // Everybody, the dead too: the index may be older than the last blows.
    index.grid().for_each(Who::Everyone, &disc, |slot| {
        let other = slot as usize;
        if other == me.slot || characters.flags[other] & flags::ALIVE == 0 {
            return;
        }
        let (x, z) = (characters.position_x[other], characters.position_z[other]);
        let found = (distance_squared(me.x, me.z, x, z), slot);
        if characters.team[other] != me.team {
            if found.0 <= enemies && enemy.is_none_or(|known| found < known) && counts(slot) {
                enemy = Some(found);
            }
        } else if found.0 <= comrades
            && comrade.is_none_or(|(known, _)| found < known)
            && let Some(target) = target_of_comrade(state, minds, other)
            && characters.team[target as usize] != me.team
            && counts(target)
        {
            comrade = Some((found, target));
        }
    });
    Look { enemy, call: comrade.map(|(_, target)| target) }
}

/// Whom a comrade goes after, if it has a mind and does.
fn target_of_comrade(state: &State, minds: &Minds, slot: usize) -> Option<u32> {
    let row = minds.row_of(slot)?;
    let fights = matches!(state.npcs.mood[row], mood::CHASE | mood::ATTACK);
    let target = state.npcs.view().target(row as u32);
    (fights && alive(state, target)).then_some(target.slot)
}

/// Whether an id names somebody who lives.
pub(super) fn alive(state: &State, id: CharacterId) -> bool {
    state.characters.row_of(id).is_some_and(|row| state.characters.flags[row] & flags::ALIVE != 0)
}
