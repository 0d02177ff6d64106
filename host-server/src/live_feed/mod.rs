//! The frames of the live page: the whole battlefield in about 10 bytes a character, little-endian.
//!
//! Layout: `u8 kind = 1, u8 version = 3`, then `u16` numbers of characters, projectiles and marks, `u32 tick`, and `u16` numbers
//! of hits, deaths, bursts, sections, points and props; then
//!
//! | what | bytes | fields |
//! |---|---|---|
//! | character | 10 | `u16 slot, i16 x, i16 z, u8 yaw, u8 flags, u8 health, u8 body` |
//! | projectile | 9 | `u16 slot, i16 x, i16 z, u8 yaw, u8 team, u8 arm` |
//! | mark | 6 | `u8 kind, u8 team, i16 x, i16 z` |
//! | hit | 12 | `u16 attacker, u16 target, u16 amount, u8 arm, u8 team, i16 x, i16 z` |
//! | death | 12 | `u16 victim, u16 killer, u8 arm, u8 team, u8 killer's team, u8 0, i16 x, i16 z` |
//! | burst | 6 | `u8 arm, u8 team, i16 x, i16 z` |
//! | section | 3 | `u16 number, u8 health`, of those that are not whole |
//! | point | 10 | `u8 owner, u8 contender, u8 progress, u8 flag, u16 carrier, i16 x, i16 z`, of all, in order |
//! | prop | 6 | `u8 kind, u8 yaw, i16 x, i16 z` |
//!
//! Coordinates are in units of half the battlefield / 32,767; a turn of yaw is 256. Flags: 1 alive, 2 striking, 4 airborne,
//! team in bits 4 to 7. Body: class in bits 0 to 2, 8 blocking, 16 stunned, 32 slowed or held, 64 casting. Health and
//! progress: 255 is full. Marks: 3 respawn, 4 shot. Teams are of whom it happened to (of the owner, for shots and bursts);
//! 255 is nobody. Flag: 1 carried, 2 on the ground; a carrier of 65,535 is nobody; x and z are where the flag is. In here:
//! filling a frame without allocating. Not in here: what is told once ([`hello`]), who gets it (`control/live.rs`).

mod events;
mod hello;

use shieldwall_core::numeric::{Brads, Metres, MetresPerSecond, Ticks};
use shieldwall_core::rules::Rules;
use shieldwall_core::state::characters::{action, flags};
use shieldwall_core::state::objectives::pennant;
use shieldwall_core::{World, WorldConfig};

use self::events::Gathered;
pub use self::hello::{hello, hello_with_rules};

/// Bytes of the head of a frame.
const HEAD_BYTES: usize = 24;

/// Most sections that the page is told of: their numbers have two bytes in a frame.
const SECTIONS_MAX: usize = 8_192;

/// Most props that a frame has: the first ones by slot.
const PROPS_MAX: usize = 4_096;

/// What one fighter in a ring gains in a tick, in the units of a point's progress.
const GAIN: u64 = 256;

/// Ticks for which an attack is shown.
const ATTACK_SHOWN_TICKS: u32 = 12;

/// A frame on its way to the control plane.
#[derive(Clone, Debug)]
pub struct LiveFrame {
    /// The bytes, as described above.
    pub bytes: Vec<u8>,
}

impl LiveFrame {
    /// An empty frame with all the room that a world of this configuration, with so many sections and points, needs.
    #[must_use]
    pub fn with_capacity(config: &WorldConfig, sections: usize, points: usize) -> Self {
        let loose = 6 * (config.prop_capacity as usize).min(PROPS_MAX);
        let moving =
            10 * config.character_capacity as usize + 9 * config.projectile_capacity as usize + loose;
        let bytes = HEAD_BYTES + moving + events::BYTES_MAX + 3 * sections.min(SECTIONS_MAX) + 10 * points;
        Self { bytes: Vec::with_capacity(bytes) }
    }
}

/// Gathers events between two frames and fills frames.
pub struct LiveFeed {
    gathered: Gathered,
    scale: Scale,
    health_max: u16,
}

impl LiveFeed {
    /// For a battlefield of this half extent, where full health is `health_max` points.
    #[must_use]
    pub fn new(half_extent: Metres, health_max: u16) -> Self {
        let scale = Scale { half_extent: i64::from(half_extent.raw().max(1)) };
        Self { gathered: Gathered::default(), scale, health_max: health_max.max(1) }
    }

    /// Full health is so many points from now on.
    pub fn set_health_max(&mut self, health_max: u16) {
        self.health_max = health_max.max(1);
    }

    /// Takes the events of the last step; where they happened is where their character is now.
    pub fn gather(&mut self, world: &World) {
        self.gathered.gather(world, self.scale);
    }

    /// Forgets gathered events, when nobody watches.
    pub fn clear(&mut self) {
        self.gathered.clear();
    }

    /// Fills a frame with the world as it is and the events gathered since the last frame.
    pub fn fill(&mut self, world: &World, frame: &mut LiveFrame) {
        let out = &mut frame.bytes;
        out.clear();
        out.extend_from_slice(&[1, 3, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&world.tick().0.to_le_bytes());
        out.resize(HEAD_BYTES, 0);
        let characters = self.put_characters(world, out);
        let projectiles = self.put_projectiles(world, out);
        let [marks, hits, deaths, bursts] = self.gathered.put(out);
        let sections = put_sections(world, out);
        let points = self.put_points(world, out);
        let props = self.put_props(world, out);
        let first = [(2, characters), (4, projectiles), (6, marks)];
        let second = [(12, hits), (14, deaths), (16, bursts), (18, sections), (20, points), (22, props)];
        for (at, count) in first.into_iter().chain(second) {
            out[at..at + 2].copy_from_slice(&count.to_le_bytes());
        }
    }

    fn put_characters(&self, world: &World, out: &mut Vec<u8>) -> u16 {
        let (view, now) = (world.characters(), world.tick().0);
        let mut count = 0;
        for slot in view.live_slots() {
            let row = slot as usize;
            let bits = view.flags[row];
            // A shot has a mark of its own; this is the swing of a hand weapon.
            let swings = view.action[row] == action::MELEE;
            let attacking = swings && now.wrapping_sub(view.action_tick[row]) <= ATTACK_SHOWN_TICKS;
            let shown = u8::from(bits & flags::ALIVE != 0)
                | u8::from(attacking) << 1
                | u8::from(bits & flags::GROUNDED == 0) << 2
                | view.team[row] << 4;
            let body = (view.class[row] & 7) | status(bits, view.action[row]);
            put_u16(out, slot as u16);
            put_i16(out, self.scale.of(view.position_x[row]));
            put_i16(out, self.scale.of(view.position_z[row]));
            out.extend_from_slice(&[yaw_byte(view.yaw[row]), shown, self.health(view.health[row]), body]);
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
            out.extend_from_slice(&[yaw_byte(yaw.raw()), view.team[row], view.arm[row]]);
            count += 1;
        }
        count
    }

    fn put_points(&self, world: &World, out: &mut Vec<u8>) -> u16 {
        let (view, config) = (world.objectives(), world.config());
        for row in 0..view.len() {
            let goal = goal(&config.rules, view.kind[row], config.tick_hz);
            let progress = share(view.progress[row].into(), goal);
            let bits = view.flags[row];
            let flag = u8::from(bits & pennant::CARRIED != 0) | u8::from(bits & pennant::DROPPED != 0) << 1;
            let carrier = view.carrier(row as u32).map_or(u16::MAX, |id| id.slot as u16);
            out.extend_from_slice(&[view.owner[row], view.contender[row], progress, flag]);
            put_u16(out, carrier);
            put_i16(out, self.scale.of(view.position_x[row]));
            put_i16(out, self.scale.of(view.position_z[row]));
        }
        view.len() as u16
    }

    fn put_props(&self, world: &World, out: &mut Vec<u8>) -> u16 {
        let view = world.props();
        let mut count = 0;
        for slot in view.live_slots().take(PROPS_MAX) {
            let row = slot as usize;
            out.extend_from_slice(&[view.kind[row], yaw_byte(view.yaw[row])]);
            put_i16(out, self.scale.of(view.position_x[row]));
            put_i16(out, self.scale.of(view.position_z[row]));
            count += 1;
        }
        count
    }

    /// Health as 0 to 255: whoever has any is not shown with none.
    fn health(&self, points: u16) -> u8 {
        share(points.into(), self.health_max.into())
    }
}

/// The sections that are not whole.
fn put_sections(world: &World, out: &mut Vec<u8>) -> u16 {
    let (view, rules) = (world.structures(), &world.config().rules);
    let mut count = 0;
    for row in 0..view.len().min(SECTIONS_MAX) {
        let (health, full) = (view.health[row], rules.structure_kind(view.kind[row]).health);
        if health < full {
            put_u16(out, row as u16);
            // Whatever is listed has lost something, and what stands is not shown as fallen.
            out.push(share(health.into(), full.into()).min(254));
            count += 1;
        }
    }
    count
}

/// How much progress captures a place.
fn goal(rules: &Rules, kind: u8, tick_hz: u16) -> u64 {
    u64::from(Ticks::from_millis(rules.objective_kind(kind).capture_ms, tick_hz).0) * GAIN
}

/// The bits of a body's byte that say how it is doing.
fn status(bits: u16, action: u8) -> u8 {
    u8::from(bits & flags::BLOCKING != 0) << 3
        | u8::from(bits & flags::STUNNED != 0) << 4
        | u8::from(bits & (flags::SLOWED | flags::ROOTED) != 0) << 5
        | u8::from(action::cast_button(action).is_some()) << 6
}

/// A part of a whole as 0 to 255, rounded up.
fn share(part: u64, whole: u64) -> u8 {
    (part * 255).div_ceil(whole.max(1)).min(255) as u8
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

/// Metres as a float, for JSON.
#[must_use]
pub fn metres(length: Metres) -> f64 {
    f64::from(length.raw()) / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_up_and_bounded() {
        assert_eq!([share(0, 9), share(1, 1_000_000), share(9, 9), share(99, 9)], [0, 1, 255, 255]);
        assert_eq!(share(5, 0), 255, "no whole at all");
    }

    #[test]
    fn a_body_shows_what_is_done_to_it() {
        assert_eq!(status(flags::BLOCKING | flags::ALIVE, action::NONE), 8);
        assert_eq!(status(flags::STUNNED | flags::ROOTED, action::CAST + 2), 16 | 32 | 64);
    }
}
