//! What clients are told of other characters: twenty bytes of whole numbers, and their bits on the wire.
//!
//! A state is either sent in full or as the difference to a state of the same character at an earlier tick that the
//! client is known to hold. The difference is taken to what the earlier state *predicts*: the body turns with the
//! yaw, flies on with the mean of old and new velocity, and stays on its ground, because height is stored above
//! the terrain, which both ends have. Prediction uses nothing but that one state, so any packet may be lost.
//!
//! All arithmetic is on integers and the same at both ends. What is not here: which earlier state is used
//! (the server's sessions, [`crate::client::replica`]).

use super::DecodeError;
use super::bits::{BitReader, BitSink};
use super::effect_lists::EffectLists;
use super::prefix_codes::{WIDE, width};
use bytemuck::{Pod, Zeroable};
use shieldwall_core::World;
use shieldwall_core::numeric::{Brads, Metres, MetresPerSecond, Position, Tick, Velocity};
use shieldwall_core::rules::{EFFECTS, EffectRules, MOVEMENT_CLASSES};
use shieldwall_core::spatial::terrain::Terrain;
use shieldwall_core::state::characters::{CharactersView, action, flags, motion};
use shieldwall_core::state::effects::EffectsView;
use shieldwall_core::world::WorldConfig;

/// Bits of Q16.16 that are dropped: positions are in units of 1/64 m.
const POSITION_SHIFT: u32 = 10;
/// Bits of Q16.16 that are dropped: velocities are in units of 1/8 m/s, which a tenth of a second moves by less than a
/// unit of place.
const VELOCITY_SHIFT: u32 = 13;
/// Steady ways to walk and to sprint.
pub(super) const STEADY: usize = 16;
/// How long an action is shown after it began.
const ACTION_SHOWN_MS: u32 = 250;

/// A character as others see it at one tick.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
pub struct EntityState {
    /// East, 1/64 m.
    pub x: i32,
    /// South, 1/64 m.
    pub z: i32,
    /// Height of the feet above the terrain under (x, z), 1/64 m; 0 for everybody on the ground.
    pub height: i16,
    /// Velocity east, 1/8 m/s, held within ±127. A help for prediction and drawing, not exact.
    pub velocity_x: i8,
    /// Velocity south, 1/8 m/s.
    pub velocity_z: i8,
    /// Where it looks, 1/256 turn.
    pub yaw: u8,
    /// Health, 255 is full; 0 only for the dead.
    pub health: u8,
    /// Bits of [`status`].
    pub status: u8,
    /// The action begun within the last quarter of a second, or being prepared: values of `shieldwall_core`'s `action`.
    pub action: u8,
    /// Movement class.
    pub class: u8,
    /// Team.
    pub team: u8,
    /// The status effect to be drawn, counted from 1; 0 is none. Of several the harmful ones come first, then the lower
    /// number.
    pub effect: u8,
    /// Low bits of the slot's generation: tells a slot's next inhabitant from this one.
    pub generation: u8,
}

const _: () = assert!(size_of::<EntityState>() == 20);

/// Bits of [`EntityState::status`].
pub mod status {
    /// Has health.
    pub const ALIVE: u8 = 1;
    /// Stands on the terrain.
    pub const GROUNDED: u8 = 2;
    /// Holds up the shield.
    pub const BLOCKING: u8 = 4;
    /// Is without control.
    pub const STUNNED: u8 = 8;
    /// Is held on the spot or slowed down.
    pub const HINDERED: u8 = 16;
    /// Has a status effect that harms.
    pub const AFFLICTED: u8 = 32;
    /// Has the lower height of a crouch.
    pub const CROUCHED: u8 = 64;
    /// Is in a dodge.
    pub const DODGING: u8 = 128;
}

impl EntityState {
    /// Whether it has health.
    #[must_use]
    pub const fn is_alive(self) -> bool {
        self.status & status::ALIVE != 0
    }

    /// Whether it stands on the terrain.
    #[must_use]
    pub const fn is_grounded(self) -> bool {
        self.status & status::GROUNDED != 0
    }

    /// Direction it looks.
    #[must_use]
    pub const fn yaw(self) -> Brads {
        Brads((self.yaw as u16) << 8)
    }

    /// Velocity, without its vertical part.
    #[must_use]
    pub const fn velocity(self) -> Velocity {
        Velocity {
            x: MetresPerSecond((self.velocity_x as i32) << VELOCITY_SHIFT),
            y: MetresPerSecond(0),
            z: MetresPerSecond((self.velocity_z as i32) << VELOCITY_SHIFT),
        }
    }

    /// East and south as metres.
    #[must_use]
    pub const fn ground_position(self) -> (Metres, Metres) {
        (Metres(self.x << POSITION_SHIFT), Metres(self.z << POSITION_SHIFT))
    }

    /// Where the feet are.
    #[must_use]
    pub fn position(self, terrain: &Terrain) -> Position {
        let (x, z) = self.ground_position();
        let above = i32::from(self.height) << POSITION_SHIFT;
        Position { x, y: Metres(terrain.height_at(x, z).0.wrapping_add(above)), z }
    }
}

/// How states become bits in one world: widths and the constants of prediction. Both ends derive it from the
/// world's configuration. The bits are in [`super::entity_delta`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityCodec {
    pub(super) coordinate_bits: u32,
    pub(super) tick_hz: i32,
    health_max: u32,
    action_ticks: u32,
    /// Which of the rules' status effects harm whom they are on: bit 0 is the first.
    harmful: u64,
    /// For each of the 256 directions of a yaw: velocity, east and south, of a steady walk straight ahead and on in eighths of
    /// a turn, then of a sprint.
    pub(super) steady: Box<[[[i8; STEADY]; 2]; 256]>,
}

impl EntityCodec {
    /// The codec of a world.
    #[must_use]
    pub fn new(config: &WorldConfig) -> Self {
        let farthest = config.half_extent.0.unsigned_abs() >> POSITION_SHIFT;
        let movement = &config.rules.movement[0];
        let steady = |yaw: usize, gait: usize| {
            let speed = if gait < STEADY / 2 { movement.walk_speed } else { movement.sprint_speed };
            let direction = (yaw + gait % (STEADY / 2) * (256 / (STEADY / 2))) as u8;
            let (x, z) = Brads(u16::from(direction) << 8).forward();
            [x, z].map(|part| {
                // Speed in units of the state, one rounding after the product.
                let raw = i64::from(speed.0) * i64::from(part.0);
                ((raw + (1 << (15 + VELOCITY_SHIFT))) >> (16 + VELOCITY_SHIFT)).clamp(-127, 127) as i8
            })
        };
        let steady = core::array::from_fn(|yaw| {
            [0, 1].map(|axis| core::array::from_fn(|gait| steady(yaw, gait)[axis]))
        });
        Self {
            steady: Box::new(steady),
            // One bit of sign, one for whatever stands a little outside.
            coordinate_bits: (width(farthest) + 2).min(23),
            tick_hz: i32::from(config.tick_hz.max(1)),
            health_max: u32::from(config.rules.life.health_max.max(1)),
            action_ticks: (u32::from(config.tick_hz) * ACTION_SHOWN_MS).div_ceil(1_000),
            harmful: harmful(&config.rules.effects),
        }
    }

    /// A slot's state as others may see it.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn quantize(&self, of: &Sight<'_>, slot: usize) -> EntityState {
        let bound = (1_i32 << (self.coordinate_bits - 1)) - 1;
        let place = |raw: i32| rounded(raw, POSITION_SHIFT).clamp(-bound, bound);
        let speed = |raw: i32| rounded(raw, VELOCITY_SHIFT).clamp(-127, 127) as i8;
        let view = &of.view;
        let (x, z) = (place(view.position_x[slot]), place(view.position_z[slot]));
        let effect = self.shown_effect(of.effects.of(slot).map(|at| of.table.kind[at]));
        let status = self.status_of(view, slot, effect);
        let height = if status & status::GROUNDED != 0 {
            0
        } else {
            let ground = of.terrain.height_at(Metres(x << POSITION_SHIFT), Metres(z << POSITION_SHIFT)).0;
            rounded(view.position_y[slot].wrapping_sub(ground), POSITION_SHIFT)
                .clamp(i16::MIN.into(), i16::MAX.into())
        };
        let alive = status & status::ALIVE != 0;
        let health = (u32::from(view.health[slot]) * 255).div_ceil(self.health_max).min(255);
        EntityState {
            x,
            z,
            height: height as i16,
            velocity_x: if alive { speed(view.velocity_x[slot]) } else { 0 },
            velocity_z: if alive { speed(view.velocity_z[slot]) } else { 0 },
            yaw: (view.yaw[slot].wrapping_add(128) >> 8) as u8,
            health: health as u8,
            status,
            action: self.shown_action(of, slot),
            class: view.class[slot] % MOVEMENT_CLASSES as u8,
            team: view.team[slot] & 15,
            effect,
            generation: view.generation[slot] as u8,
        }
    }

    fn status_of(&self, view: &CharactersView<'_>, slot: usize, effect: u8) -> u8 {
        let (bits, dodges) = (view.flags[slot], view.motion[slot] == motion::DODGE);
        let when = |flags: u16, status: u8| if bits & flags != 0 { status } else { 0 };
        let afflicted = effect != 0 && self.harmful >> (effect - 1) & 1 != 0;
        when(flags::ALIVE, status::ALIVE)
            | when(flags::GROUNDED, status::GROUNDED)
            | when(flags::BLOCKING, status::BLOCKING)
            | when(flags::STUNNED, status::STUNNED)
            | when(flags::ROOTED | flags::SLOWED, status::HINDERED)
            | when(flags::CROUCHED, status::CROUCHED)
            | if afflicted { status::AFFLICTED } else { 0 }
            | if dodges { status::DODGING } else { 0 }
    }

    /// What is prepared is shown all the while, everything else for a moment.
    fn shown_action(&self, of: &Sight<'_>, slot: usize) -> u8 {
        let last = of.view.action[slot].min(action::MAX);
        let recent = of.tick.0.wrapping_sub(of.view.action_tick[slot]) < self.action_ticks;
        if recent || action::cast_button(last).is_some() { last } else { action::NONE }
    }

    /// The one of a character's status effects that is drawn; 0 for none.
    fn shown_effect(&self, kinds: impl Iterator<Item = u8>) -> u8 {
        let of_effects = kinds.filter(|kind| (1..=EFFECTS as u8).contains(kind));
        of_effects.min_by_key(|kind| (self.harmful >> (kind - 1) & 1 == 0, *kind)).unwrap_or(0)
    }
}

/// The effects of the rules that do harm: that take health or control, or make one weaker.
fn harmful(effects: &[EffectRules; EFFECTS]) -> u64 {
    let harms = |rules: &EffectRules| {
        let controls = rules.stuns != 0 || rules.roots != 0 || rules.slows != 0;
        controls || rules.damage > 0 || rules.dealt_per_256 < 256 || rules.taken_per_256 > 256
    };
    effects.iter().enumerate().fold(0, |bits, (at, rules)| bits | u64::from(harms(rules)) << at)
}

/// What states are made of: a world's characters, ground and status effects after a tick.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    view: CharactersView<'a>,
    table: EffectsView<'a>,
    effects: &'a EffectLists,
    terrain: &'a Terrain,
    /// The tick the world has just run.
    tick: Tick,
}

impl<'a> Sight<'a> {
    /// Of a world; `effects` are the lists of this moment.
    #[must_use]
    pub fn new(world: &'a World, effects: &'a EffectLists) -> Self {
        Self {
            view: world.characters(),
            table: world.effects(),
            effects,
            terrain: world.terrain(),
            tick: Tick(world.tick().0.wrapping_sub(1)),
        }
    }

    /// The characters.
    #[must_use]
    pub const fn characters(&self) -> &CharactersView<'a> {
        &self.view
    }
}

/// `raw` without its low `shift` bits, to the nearest, halves up.
pub(super) fn rounded(raw: i32, shift: u32) -> i32 {
    raw.saturating_add(1 << (shift - 1)) >> shift
}

/// Writes a whole number that may be anything, as its wrapping difference to `base`.
pub(super) fn write_wide(sink: &mut impl BitSink, value: i32, base: i32) {
    WIDE.write_signed(sink, value.wrapping_sub(base));
}

/// Reads what [`write_wide`] wrote.
pub(super) fn read_wide(reader: &mut BitReader<'_>, base: i32) -> Result<i32, DecodeError> {
    Ok(base.wrapping_add(WIDE.read_signed(reader)?))
}
