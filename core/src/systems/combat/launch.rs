//! Projectiles leave, and abilities work around their point.

use super::super::blast::Burst;
use super::super::strike::Fray;
use crate::numeric::fixed::mul_q16;
use crate::numeric::{Brads, Metres};
use crate::rules::Arm;
use crate::state::commands::ViewAge;
use crate::state::events::Event;
use crate::state::handle::CharacterId;

/// Lets an ability work around its point: so far ahead on the ground plane, at the height of the feet.
pub(super) fn spread(fray: &mut Fray<'_>, row: usize, arm: Arm, combo: u8) {
    let Some(rules) = fray.environment.rules.arm(arm) else { return };
    let characters = fray.state.characters.view();
    let mut at = characters.position(row as u32);
    let (forward_x, forward_z) = Brads(characters.yaw[row]).forward();
    let half_extent = fray.environment.terrain.half_extent();
    let inside = |metres: Metres| metres.min(half_extent).max(-half_extent);
    at.x = inside(at.x.saturating_add(Metres(mul_q16(rules.reach.0, forward_x.0))));
    at.z = inside(at.z.saturating_add(Metres(mul_q16(rules.reach.0, forward_z.0))));
    let owner = CharacterId { slot: row as u32, generation: characters.generation[row] };
    let team = characters.team[row];
    fray.burst(&Burst { at, owner, team, arm, combo });
}

/// Puts a projectile on its way, along the look, as long ago as its archer's view is old; its slot.
pub(super) fn launch(fray: &mut Fray<'_>, row: usize, arm: Arm, combo: u8, age: ViewAge) -> Option<u32> {
    let rules = fray.environment.rules.arm(arm)?;
    let tick = fray.tick;
    let Some(projectile_slot) = fray.state.allocate_projectile() else {
        fray.tally.shots_refused += 1;
        return None;
    };
    let (characters, at) = (&fray.state.characters, projectile_slot as usize);
    let pitch = Brads(characters.pitch[row].cast_unsigned());
    let (forward_x, forward_z) = Brads(characters.yaw[row]).forward();
    let level = mul_q16(rules.speed.0, pitch.cos().0);
    let projectiles = &mut fray.state.projectiles;
    projectiles.position_x[at] = characters.position_x[row];
    projectiles.position_y[at] = characters.position_y[row].wrapping_add(rules.launch_height.0);
    projectiles.position_z[at] = characters.position_z[row];
    projectiles.velocity_x[at] = mul_q16(level, forward_x.0);
    projectiles.velocity_y[at] = mul_q16(rules.speed.0, pitch.sin().0);
    projectiles.velocity_z[at] = mul_q16(level, forward_z.0);
    projectiles.owner_slot[at] = row as u32;
    projectiles.owner_generation[at] = characters.generation[row];
    projectiles.end_tick[at] = (tick - age.nearest_ticks() + fray.environment.timing.arm(arm).lifetime).0;
    projectiles.team[at] = characters.team[row];
    (projectiles.arm[at], projectiles.combo[at]) = (arm.0, combo);
    fray.tally.shots += 1;
    let owner = CharacterId { slot: row as u32, generation: characters.generation[row] };
    fray.events.push(Event::ProjectileLaunched { projectile_slot, owner });
    Some(projectile_slot)
}
