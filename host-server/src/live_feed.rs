//! The frames of the live page: the whole battlefield in about 10 bytes a character, little-endian.
//!
//! Layout: `u8 kind = 1, u8 version = 1, u16 characters, u16 projectiles, u16 events, u32 tick`, then
//!
//! | what | bytes | fields |
//! |---|---|---|
//! | character | 10 | `u16 slot, i16 x, i16 z, u8 yaw, u8 flags, u8 health, u8 0` |
//! | projectile | 8 | `u16 slot, i16 x, i16 z, u8 yaw, u8 team` |
//! | event | 6 | `u8 kind, u8 team, i16 x, i16 z` |
//!
//! Coordinates are in units of half the battlefield / 32,767; a turn of yaw is 256; flags: 1 alive, 2 striking,
//! 4 airborne, team in bits 4 to 7; health 255 is full; events: 1 hit, 2 death, 3 respawn, 4 shot, with the team of
//! the one it happened to (of the shooter, for a shot). In here: filling a frame without allocating. Not in here:
//! who gets it (`control/live.rs`).

use shieldwall_core::numeric::{Brads, Metres, MetresPerSecond};
use shieldwall_core::state::characters::{action, flags};
use shieldwall_core::state::handle::CharacterId;
use shieldwall_core::{Event, World};

/// Most events in a frame; more are left out.
const EVENTS_MAX: usize = 1_024;

/// Bytes of the head of a frame.
const HEAD_BYTES: usize = 12;

/// Most cells of terrain along a side that the page is sent: it draws no finer, and the text stays below a megabyte.
const TERRAIN_CELLS_MAX: usize = 256;

/// Ticks for which an attack is shown.
const ATTACK_SHOWN_TICKS: u32 = 12;

/// A frame on its way to the control plane.
#[derive(Clone, Debug)]
pub struct LiveFrame {
    /// The bytes, as described above.
    pub bytes: Vec<u8>,
}

impl LiveFrame {
    /// An empty frame with all the room a world of these capacities needs.
    #[must_use]
    pub fn with_capacity(characters: u32, projectiles: u32) -> Self {
        let bytes = HEAD_BYTES + 10 * characters as usize + 8 * projectiles as usize + 6 * EVENTS_MAX;
        Self { bytes: Vec::with_capacity(bytes) }
    }
}

/// An event as the page draws it.
#[derive(Clone, Copy, Debug)]
struct Mark {
    kind: u8,
    team: u8,
    x: i16,
    z: i16,
}

/// Gathers events between two frames and fills frames.
pub struct LiveFeed {
    marks: Vec<Mark>,
    scale: Scale,
    health_max: u16,
}

impl LiveFeed {
    /// For a battlefield of this half extent, where full health is `health_max` points.
    #[must_use]
    pub fn new(half_extent: Metres, health_max: u16) -> Self {
        Self {
            marks: Vec::with_capacity(EVENTS_MAX),
            scale: Scale { half_extent: i64::from(half_extent.raw().max(1)) },
            health_max: health_max.max(1),
        }
    }

    /// Takes the events of the last step; where they happened is where their character is now.
    pub fn gather(&mut self, world: &World) {
        let characters = world.characters();
        for event in world.events() {
            let (kind, id) = match *event {
                Event::Hit { target, .. } => (1, target),
                Event::Died { victim, .. } => (2, victim),
                Event::Respawned { id } => (3, id),
                Event::ProjectileLaunched { owner, .. } => (4, owner),
                _ => continue,
            };
            let CharacterId { slot, generation } = id;
            let row = slot as usize;
            if self.marks.len() >= EVENTS_MAX || characters.generation.get(row) != Some(&generation) {
                continue;
            }
            let (x, z) = (characters.position_x[row], characters.position_z[row]);
            let (x, z) = (self.scale.of(x), self.scale.of(z));
            self.marks.push(Mark { kind, team: characters.team[row], x, z });
        }
    }

    /// Forgets gathered events, when nobody watches.
    pub fn clear(&mut self) {
        self.marks.clear();
    }

    /// Fills a frame with the world as it is and the events gathered since the last frame.
    pub fn fill(&mut self, world: &World, frame: &mut LiveFrame) {
        let out = &mut frame.bytes;
        out.clear();
        out.extend_from_slice(&[1, 1, 0, 0, 0, 0]);
        put_u16(out, self.marks.len() as u16);
        out.extend_from_slice(&world.tick().0.to_le_bytes());
        let characters = self.put_characters(world, out);
        let projectiles = self.put_projectiles(world, out);
        for mark in self.marks.drain(..) {
            out.extend_from_slice(&[mark.kind, mark.team]);
            put_i16(out, mark.x);
            put_i16(out, mark.z);
        }
        out[2..4].copy_from_slice(&characters.to_le_bytes());
        out[4..6].copy_from_slice(&projectiles.to_le_bytes());
    }

    fn put_characters(&self, world: &World, out: &mut Vec<u8>) -> u16 {
        let (view, now) = (world.characters(), world.tick().0);
        let mut count = 0;
        for slot in view.live_slots() {
            let row = slot as usize;
            let bits = view.flags[row];
            // A shot has an event of its own; this is the swing of a hand weapon.
            let swings = view.action[row] == action::MELEE;
            let attacking = swings && now.wrapping_sub(view.action_tick[row]) <= ATTACK_SHOWN_TICKS;
            let shown = u8::from(bits & flags::ALIVE != 0)
                | u8::from(attacking) << 1
                | u8::from(bits & flags::GROUNDED == 0) << 2
                | view.team[row] << 4;
            put_u16(out, slot as u16);
            put_i16(out, self.scale.of(view.position_x[row]));
            put_i16(out, self.scale.of(view.position_z[row]));
            out.extend_from_slice(&[yaw_byte(view.yaw[row]), shown, self.health(view.health[row]), 0]);
            count += 1;
        }
        count
    }

    fn put_projectiles(&self, world: &World, out: &mut Vec<u8>) -> u16 {
        let view = world.projectiles();
        let mut count = 0;
        for slot in view.live_slots() {
            let row = slot as usize;
            // Forward is (-sin yaw, -cos yaw), so the direction of a velocity is that of its negative.
            let (vx, vz) = (MetresPerSecond(view.velocity_x[row]), MetresPerSecond(view.velocity_z[row]));
            let yaw = Brads::atan2(vx.raw().saturating_neg(), vz.raw().saturating_neg());
            put_u16(out, slot as u16);
            put_i16(out, self.scale.of(view.position_x[row]));
            put_i16(out, self.scale.of(view.position_z[row]));
            out.extend_from_slice(&[yaw_byte(yaw.raw()), view.team[row]]);
            count += 1;
        }
        count
    }

    /// Health as 0 to 255, rounded up: whoever has any is not shown with none.
    fn health(&self, points: u16) -> u8 {
        let scaled = (u32::from(points) * 255).div_ceil(u32::from(self.health_max));
        scaled.min(255) as u8
    }
}

#[derive(Clone, Copy, Debug)]
struct Scale {
    half_extent: i64,
}

impl Scale {
    /// A coordinate in units of half the battlefield / 32,767; beyond its edge the edge.
    fn of(self, raw: i32) -> i16 {
        let units = (i64::from(raw) * 32_767 / self.half_extent).clamp(-32_767, 32_767);
        units as i16
    }
}

/// A yaw of 65,536 units a turn in 256, rounded to the nearest.
fn yaw_byte(brads: u16) -> u8 {
    (brads.wrapping_add(128) >> 8) as u8
}

fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_i16(out: &mut Vec<u8>, value: i16) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// The first message of the feed: what does not change, as JSON. Teams have names and colours here.
#[must_use]
pub fn hello(world: &World, tiers_m: &[f64]) -> String {
    const TEAMS: [(&str, &str); 8] = [
        ("West", "#4aa8ff"),
        ("East", "#ff9f3a"),
        ("North", "#58c26b"),
        ("South", "#e8dd5a"),
        ("Violet", "#a878e0"),
        ("Teal", "#3fbfb2"),
        ("Rose", "#e078a8"),
        ("Ash", "#a0a8b0"),
    ];
    let config = world.config();
    let terrain = world.terrain();
    let teams: Vec<_> = TEAMS
        .iter()
        .take(usize::from(config.teams))
        .map(|(name, color)| serde_json::json!({ "name": name, "color": color }))
        .collect();
    let side = terrain.side() as usize;
    let (every, rows) = thinned(side);
    let heights_cm: Vec<i32> = rows
        .iter()
        .flat_map(|z| rows.iter().map(move |x| terrain.vertex(*x as u32, *z as u32)))
        .map(|height| (i64::from(height.0) * 100 / 65_536) as i32)
        .collect();
    serde_json::json!({
        "type": "hello",
        "version": env!("CARGO_PKG_VERSION"),
        "tick_hz": config.tick_hz,
        "half_extent_m": metres(config.half_extent),
        "teams": teams,
        "tiers_m": tiers_m,
        "terrain": {
            "columns": rows.len(),
            "rows": rows.len(),
            "spacing_m": metres(terrain.spacing()) * every as f64,
            "heights_cm": heights_cm,
        },
    })
    .to_string()
}

/// Which rows (and columns) of terrain of `side` vertices the page is sent: every how many, and their numbers. The last
/// is always among them, so that the page's terrain reaches the far edge; it stands there up to a spacing too far out.
fn thinned(side: usize) -> (usize, Vec<usize>) {
    let last = side.saturating_sub(1);
    let every = last.div_ceil(TERRAIN_CELLS_MAX).max(1);
    (every, (0..=last.div_ceil(every)).map(|row| (row * every).min(last)).collect())
}

/// Metres as a float, for JSON.
#[must_use]
pub fn metres(length: Metres) -> f64 {
    f64::from(length.raw()) / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terrain_for_the_page_is_small_and_reaches_the_edges() {
        for side in [1, 2, 129, 257, 258, 513, 600, 1_025] {
            let (every, rows) = thinned(side);
            assert!(rows.len() <= TERRAIN_CELLS_MAX + 1, "{side}");
            assert_eq!((rows.first(), rows.last()), (Some(&0), Some(&(side - 1))));
            assert!(rows.is_sorted_by(|a, b| a < b) && every >= 1);
            assert!(side > 257 || rows.len() == side, "what is small is sent whole");
        }
    }
}
