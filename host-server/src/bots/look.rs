//! What stands right before a bot: a ray at the height of its chest.

use shieldwall_core::numeric::{Brads, Metres, Position};
use shieldwall_core::rules::StructureRules;
use shieldwall_net::client::{ClientWorld, GameClient, OwnView};

use super::brain::Ahead;

/// How far before its body it looks.
const FORESIGHT: Metres = Metres::from_mm(1_600);

/// Height at which it looks.
const CHEST: Metres = Metres::from_mm(1_000);

/// Sections that endure more than this are walked around: a troop breaks less in a minute or so.
const BREAKABLE_HEALTH: u32 = 10_000;

/// What a bot that looks along `yaw` has before it.
#[must_use]
pub fn ahead(client: &GameClient, world: &ClientWorld, own: &OwnView, yaw: Brads) -> Ahead {
    let obstacles = world.obstacles();
    if obstacles.is_empty() {
        return Ahead::Free;
    }
    let rules = &world.config().rules;
    let from = own.predicted_position.offset(Metres::ZERO, CHEST, Metres::ZERO);
    let way = rules.class(own.class).radius.saturating_add(FORESIGHT);
    let Some(hit) = obstacles.ray(from, beyond(from, yaw, way), own.tick) else { return Ahead::Free };
    let Some(section) = hit.shape.and_then(|shape| obstacles.section_of(shape)) else { return Ahead::Firm };
    if client.is_section_down(section as u16) {
        return Ahead::Free;
    }
    let kind = obstacles.sections().get(section as usize).map_or(0, |section| section.kind);
    let kind: &StructureRules = rules.structure_kind(kind);
    if kind.health <= BREAKABLE_HEALTH { Ahead::Breakable } else { Ahead::Firm }
}

/// A point so far along a yaw; forward is (-sin, -cos).
fn beyond(from: Position, yaw: Brads, way: Metres) -> Position {
    let part = |share: i32| Metres((-i64::from(way.raw()) * i64::from(share) / 65_536) as i32);
    from.offset(part(yaw.sin().0), Metres::ZERO, part(yaw.cos().0))
}
