//! Lines of sight: whether a body can be seen from a pair of eyes, through ground, walls and platforms.
//!
//! A body is looked for at several points, because a head over a parapet and a shoulder beside a corner are seen. Where none
//! of them is, one more line asks whether it will be seen when both have walked on until the next search and the packet that
//! tells of it: so nobody pops up late from behind a corner.
//!
//! In a crowd many look from one place to another. A free line is remembered for [`SHARED_TICKS_PER_S`]-th parts of a second
//! for all bodies in the same two cubes of two metres, whoever looks: one line then serves two companies. That makes somebody
//! beside a body that was seen count as seen, never the other way round: what hides is always looked for itself.
//!
//! All integers. What is not here: who looks at whom how often ([`super::sights`]).

use super::super::config::OcclusionConfig;
use super::sights::TURNS;
use shieldwall_core::World;
use shieldwall_core::numeric::{Metres, Position, Tick};
use shieldwall_core::rules::Rules;
use shieldwall_core::spatial::terrain::point_on_segment;
use shieldwall_core::spatial::{Obstacles, Terrain};
use shieldwall_core::state::characters::{CharactersView, flags};

/// A free line serves others for one part in so many of a second.
const SHARED_TICKS_PER_S: u32 = 4;
/// Free lines remembered.
const SHARED: usize = 1 << 14;
/// Shift from Q16.16 metres to cells of two metres.
const CELL_SHIFT: u32 = 17;
/// How far two bodies are walked ahead beyond the next search, in milliseconds: the way of a packet.
const AHEAD_MS: u32 = 100;

/// Places in which a line is held against the ground, at most.
const PROBES_MAX: u32 = 64;

/// Rays that one look costs at most.
pub(super) const RAYS_MAX: u32 = 5;

/// Lines of sight of one world.
#[derive(Debug)]
pub(in super::super) struct Lines {
    /// Raw metres, squared in 1/256 m.
    pub(super) near: i64,
    pub(super) grace_ticks: u32,
    pub(super) rays: u32,
    /// Enemies to be looked at in one search; memory is used again.
    pub(super) due: [Vec<u16>; TURNS],
    eyes_above: Metres,
    ahead_ticks: i32,
    shared_ticks: u32,
    tick_hz: i32,
    /// Places and the tick at which a line between them was free.
    shared: Box<[(u64, u32)]>,
    cast: u32,
}

/// One end of a look: a body with its eyes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    feet: Position,
    height: Metres,
    radius: Metres,
    velocity: [i32; 2],
}

impl Body {
    /// The body in a slot.
    pub(super) fn of(view: &CharactersView<'_>, rules: &Rules, slot: usize) -> Self {
        let shape = &rules.movement[usize::from(view.class[slot]) % rules.movement.len()];
        let crouched = view.flags[slot] & flags::CROUCHED != 0;
        Self {
            feet: view.position(slot as u32),
            height: if crouched { shape.crouch_height } else { shape.height },
            radius: shape.radius,
            velocity: [view.velocity_x[slot], view.velocity_z[slot]],
        }
    }

    /// A point of it: so many sixteenths of its height up, so far to the sides.
    fn point(&self, sixteenths: i32, east: i32, south: i32) -> Position {
        Position {
            x: self.feet.x.saturating_add(Metres(east)),
            y: self.feet.y.saturating_add(Metres(self.height.0 / 16 * sixteenths)),
            z: self.feet.z.saturating_add(Metres(south)),
        }
    }

    /// The same body after so many ticks.
    fn ahead(&self, ticks: i32, tick_hz: i32) -> Self {
        let way = |speed: i32| Metres((i64::from(speed) * i64::from(ticks) / i64::from(tick_hz)) as i32);
        let [x, z] = self.velocity.map(way);
        let Position { x: from_x, y, z: from_z } = self.feet;
        let feet = Position { x: from_x.saturating_add(x), y, z: from_z.saturating_add(z) };
        Self { feet, ..*self }
    }

    /// Which cube its head is in.
    fn cell(&self) -> u64 {
        let head = self.point(15, 0, 0);
        let part = |raw: i32, bits: u32| u64::from((raw >> CELL_SHIFT).cast_unsigned()) & ((1 << bits) - 1);
        // Sixteen kilometres each way, and 128 m of height, before two cubes share a number.
        part(head.x.0, 13) | part(head.z.0, 13) << 13 | part(head.y.0, 6) << 26
    }
}

/// Sixteenths of the height at which eyes and heads are.
const HEAD: i32 = 15;
const SHOULDER: i32 = 12;
const KNEE: i32 = 4;

impl Lines {
    /// For worlds with room for `capacity` characters.
    pub(in crate::server) fn new(
        config: &OcclusionConfig,
        tick_hz: u16,
        search_ticks: u32,
        capacity: u32,
    ) -> Self {
        let ticks = |ms: u32| (u32::from(tick_hz) * ms).div_ceil(1_000);
        let near = i64::from(config.near.0 >> 8);
        Self {
            near: near * near,
            grace_ticks: ticks(config.grace_ms.into()),
            rays: config.rays.into(),
            due: core::array::from_fn(|_| Vec::with_capacity(capacity as usize)),
            eyes_above: config.eyes_above,
            ahead_ticks: (search_ticks + ticks(AHEAD_MS)).min(1 << 12) as i32,
            shared_ticks: u32::from(tick_hz) / SHARED_TICKS_PER_S,
            tick_hz: i32::from(tick_hz.max(1)),
            shared: vec![(u64::MAX, 0); SHARED].into_boxed_slice(),
            cast: 0,
        }
    }

    /// Rays cast since the last call.
    pub(super) fn take_rays(&mut self) -> u32 {
        core::mem::take(&mut self.cast)
    }

    /// Rays cast so far in this search.
    pub(super) fn cast(&self) -> u32 {
        self.cast
    }

    /// Whether one body can see the other. `tick` is the one the world has just run.
    pub(super) fn sees(&mut self, eyes: &Body, body: &Body, world: &World, tick: Tick) -> bool {
        let key = self.key(eyes, body);
        let place = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SHARED.ilog2())) as usize;
        let (held, at) = self.shared[place];
        if held == key && tick.0.wrapping_sub(at) <= self.shared_ticks {
            return true;
        }
        let seen = self.look(eyes, body, &Grounds::of(world, tick));
        if seen {
            self.shared[place] = (key, tick.0);
        }
        seen
    }

    /// The two cubes; in one order where both ends see alike.
    fn key(&self, eyes: &Body, body: &Body) -> u64 {
        let (from, to) = (eyes.cell(), body.cell());
        let (from, to) =
            if self.eyes_above == Metres::ZERO { (from.min(to), from.max(to)) } else { (from, to) };
        from << 32 | to
    }

    fn look(&mut self, eyes: &Body, body: &Body, grounds: &Grounds<'_>) -> bool {
        let from = self.eyes_of(eyes);
        let (dx, dz) = (body.feet.x.0.abs_diff(eyes.feet.x.0), body.feet.z.0.abs_diff(eyes.feet.z.0));
        // The shoulders stand across the line, to the nearer axis.
        let [east, south] = if dx > dz { [0, body.radius.0] } else { [body.radius.0, 0] };
        let points = [
            body.point(HEAD, 0, 0),
            body.point(SHOULDER, east, south),
            body.point(SHOULDER, -east, -south),
            body.point(KNEE, 0, 0),
        ];
        let seen = points.into_iter().any(|point| {
            self.cast += 1;
            grounds.is_clear(from, point)
        });
        if seen || (eyes.velocity == [0; 2] && body.velocity == [0; 2]) {
            return seen;
        }
        let (ticks, hz) = (self.ahead_ticks, self.tick_hz);
        let from = self.eyes_of(&eyes.ahead(ticks, hz));
        self.cast += 1;
        grounds.is_clear(from, body.ahead(ticks, hz).point(HEAD, 0, 0))
    }

    fn eyes_of(&self, body: &Body) -> Position {
        let head = body.point(HEAD, 0, 0);
        Position { y: head.y.saturating_add(self.eyes_above), ..head }
    }
}

/// What lines of sight can end at.
pub(super) struct Grounds<'a> {
    terrain: &'a Terrain,
    obstacles: &'a Obstacles,
    tick: Tick,
}

impl<'a> Grounds<'a> {
    fn of(world: &'a World, tick: Tick) -> Self {
        Self { terrain: world.terrain(), obstacles: world.obstacles(), tick }
    }

    fn is_clear(&self, from: Position, to: Position) -> bool {
        self.obstacles.sees(from, to, self.tick) && self.is_above_ground(from, to)
    }

    /// Whether a line stays above the ground, looked at once in the length of a cell and in [`PROBES_MAX`] places at most: a crest
    /// narrower than that hides nobody for certain.
    fn is_above_ground(&self, from: Position, to: Position) -> bool {
        let length = from.x.0.abs_diff(to.x.0).max(from.z.0.abs_diff(to.z.0));
        let probes = (length / self.terrain.spacing().0.unsigned_abs().max(1)).clamp(1, PROBES_MAX);
        (1..=probes).all(|probe| {
            let at = point_on_segment(from, to, ((probe << 16) / probes) as i32);
            at.y > self.terrain.height_at(at.x, at.z)
        })
    }
}
