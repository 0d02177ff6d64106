//! What clients are told of other characters: sixteen bytes of whole numbers, and their bits on the wire.
//!
//! A state is either sent in full or as the difference to a state of the same character at an earlier tick that the
//! client is known to hold. The difference is taken to what the earlier state *predicts*: the body turns with the
//! yaw, flies on with the mean of old and new velocity, and stays on its ground, because height is stored above
//! the terrain, which both ends have. Prediction uses nothing but that one state, so any packet may be lost.
//!
//! All arithmetic is on integers and the same at both ends. What is not here: which earlier state is used
//! (`server::replication`, `client::replica`).

use super::DecodeError;
use super::bits::{BitReader, BitRun, BitSink};
use super::prefix_codes::{PrefixCode, WIDE, fold, unfold, width};
use bytemuck::{Pod, Zeroable};
use shieldwall_core::numeric::{Brads, Metres, MetresPerSecond, Position, Velocity};
use shieldwall_core::spatial::terrain::Terrain;
use shieldwall_core::state::characters::{CharactersView, action, flags};
use shieldwall_core::world::WorldConfig;

/// Bits of Q16.16 that are dropped: positions are in units of 1/64 m.
const POSITION_SHIFT: u32 = 10;
/// Bits of Q16.16 that are dropped: velocities are in units of 1/16 m/s.
const VELOCITY_SHIFT: u32 = 12;
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
    /// Velocity east, 1/16 m/s, held within ±127. A help for prediction and drawing, not exact.
    pub velocity_x: i8,
    /// Velocity south, 1/16 m/s.
    pub velocity_z: i8,
    /// Where it looks, 1/256 turn.
    pub yaw: u8,
    /// Health, 255 is full; 0 only for the dead.
    pub health: u8,
    /// Bit 0 alive, bit 1 on the ground, bits 2 and 3 the action shown (values of `action`: none, melee, shoot,
    /// died), bits 4 to 7 team.
    pub bits: u8,
    /// Low bits of the slot's generation: tells a slot's next inhabitant from this one.
    pub generation: u8,
}

const _: () = assert!(size_of::<EntityState>() == 16);

impl EntityState {
    /// Bit of [`EntityState::bits`]: has health.
    pub const ALIVE: u8 = 1;
    /// Bit of [`EntityState::bits`]: stands on the terrain.
    pub const GROUNDED: u8 = 2;

    /// Whether it has health.
    #[must_use]
    pub const fn is_alive(self) -> bool {
        self.bits & Self::ALIVE != 0
    }

    /// Whether it stands on the terrain.
    #[must_use]
    pub const fn is_grounded(self) -> bool {
        self.bits & Self::GROUNDED != 0
    }

    /// The action begun within the last quarter of a second, as in `shieldwall_core`'s `action`.
    #[must_use]
    pub const fn action(self) -> u8 {
        self.bits >> 2 & 3
    }

    /// The team.
    #[must_use]
    pub const fn team(self) -> u8 {
        self.bits >> 4
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
/// world's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityCodec {
    coordinate_bits: u32,
    tick_hz: i32,
    health_max: u32,
    action_ticks: u32,
}

/// What changed: turn 1, velocity 2, position 4, anything else 8. Lengths from the battle of the benchmark.
const CHANGES: PrefixCode<16> = PrefixCode::new([2, 5, 5, 5, 3, 4, 3, 2, 6, 7, 8, 8, 7, 7, 6, 5]);
/// Width of a yaw difference.
const TURN: PrefixCode<9> = PrefixCode::new([5, 5, 4, 2, 2, 3, 3, 4, 4]);
/// Width of the wider of two velocity differences.
const PUSH: PrefixCode<10> = PrefixCode::new([7, 2, 2, 3, 3, 3, 4, 5, 6, 7]);
/// Width of the wider of two position differences.
const SHIFT: PrefixCode<25> =
    PrefixCode::new([8, 2, 2, 3, 3, 4, 4, 5, 6, 6, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
/// Width of a height or of a height's difference.
const HEIGHT: PrefixCode<18> = PrefixCode::new([2, 5, 5, 5, 4, 3, 3, 3, 3, 5, 5, 7, 8, 8, 8, 8, 8, 8]);

impl EntityCodec {
    /// The codec of a world.
    #[must_use]
    pub fn new(config: &WorldConfig) -> Self {
        let farthest = config.half_extent.0.unsigned_abs() >> POSITION_SHIFT;
        Self {
            // One bit of sign, one for whatever stands a little outside.
            coordinate_bits: (width(farthest) + 2).min(23),
            tick_hz: i32::from(config.tick_hz.max(1)),
            health_max: u32::from(config.rules.life.health_max.max(1)),
            action_ticks: (u32::from(config.tick_hz) * ACTION_SHOWN_MS).div_ceil(1_000),
        }
    }

    /// A slot's state as others may see it. `tick` is the tick the world has just run.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn quantize(
        &self,
        view: &CharactersView<'_>,
        terrain: &Terrain,
        slot: usize,
        tick: u32,
    ) -> EntityState {
        let bound = (1_i32 << (self.coordinate_bits - 1)) - 1;
        let place = |raw: i32| rounded(raw, POSITION_SHIFT).clamp(-bound, bound);
        let speed = |raw: i32| rounded(raw, VELOCITY_SHIFT).clamp(-127, 127) as i8;
        let (x, z) = (place(view.position_x[slot]), place(view.position_z[slot]));
        let row_flags = view.flags[slot];
        let (alive, grounded) = (row_flags & flags::ALIVE != 0, row_flags & flags::GROUNDED != 0);
        let height = if grounded {
            0
        } else {
            let ground = terrain.height_at(Metres(x << POSITION_SHIFT), Metres(z << POSITION_SHIFT)).0;
            rounded(view.position_y[slot].wrapping_sub(ground), POSITION_SHIFT)
                .clamp(i16::MIN.into(), i16::MAX.into())
        };
        let recent = tick.wrapping_sub(view.action_tick[slot]) < self.action_ticks;
        let shown = if recent { view.action[slot].min(action::MAX) } else { 0 };
        let health = (u32::from(view.health[slot]) * 255).div_ceil(self.health_max).min(255);
        EntityState {
            x,
            z,
            height: height as i16,
            velocity_x: if alive { speed(view.velocity_x[slot]) } else { 0 },
            velocity_z: if alive { speed(view.velocity_z[slot]) } else { 0 },
            yaw: (view.yaw[slot].wrapping_add(128) >> 8) as u8,
            health: health as u8,
            bits: u8::from(alive) | u8::from(grounded) << 1 | shown << 2 | view.team[slot] << 4,
            generation: view.generation[slot] as u8,
        }
    }

    /// All of a state.
    #[must_use]
    pub fn encode_full(&self, state: &EntityState) -> BitRun {
        let mut run = BitRun::EMPTY;
        for coordinate in [state.x, state.z] {
            run.put(coordinate as u32 & ((1 << self.coordinate_bits) - 1), self.coordinate_bits);
        }
        HEIGHT.write_signed(&mut run, state.height.into());
        for byte in [
            state.velocity_x as u8,
            state.velocity_z as u8,
            state.yaw,
            state.health,
            state.bits,
            state.generation,
        ] {
            run.put(byte.into(), 8);
        }
        run
    }

    /// Reads what [`EntityCodec::encode_full`] wrote.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Value`] for a height no state can have.
    pub fn decode_full(&self, reader: &mut BitReader<'_>) -> Result<EntityState, DecodeError> {
        let unused = 32 - self.coordinate_bits;
        let mut coordinate = || Ok((reader.get(self.coordinate_bits)? << unused) as i32 >> unused);
        let (x, z) = (coordinate()?, coordinate()?);
        let height = HEIGHT.read_signed(reader)?.try_into().map_err(|_| DecodeError::Value("height"))?;
        let mut byte = || Ok::<u8, DecodeError>(reader.get(8)? as u8);
        Ok(EntityState {
            x,
            z,
            height,
            velocity_x: byte()? as i8,
            velocity_z: byte()? as i8,
            yaw: byte()?,
            health: byte()?,
            bits: byte()?,
            generation: byte()?,
        })
    }

    /// `state` as a difference to `base`, the same character's state `age_ticks` earlier.
    ///
    /// # Panics
    /// In debug builds, when the generations differ: that is another character.
    #[must_use]
    pub fn encode_delta(&self, base: &EntityState, state: &EntityState, age_ticks: u8) -> BitRun {
        debug_assert_eq!(base.generation, state.generation, "deltas stay within one life of a slot");
        let mut run = BitRun::EMPTY;
        let turn = state.yaw.wrapping_sub(base.yaw) as i8;
        let (carried_x, carried_z) = carried_velocity(base, turn);
        let push = [
            i32::from(state.velocity_x) - i32::from(carried_x),
            i32::from(state.velocity_z) - i32::from(carried_z),
        ];
        let (x, z) = self.carried_position(base, state.velocity_x, state.velocity_z, age_ticks);
        let shift = [state.x.wrapping_sub(x), state.z.wrapping_sub(z)];
        let rest = state.height != base.height || state.health != base.health || state.bits != base.bits;
        let changes = usize::from(turn != 0)
            | usize::from(push != [0, 0]) << 1
            | usize::from(shift != [0, 0]) << 2
            | usize::from(rest) << 3;
        CHANGES.write(&mut run, changes);
        if turn != 0 {
            TURN.write_signed(&mut run, turn.into());
        }
        if push != [0, 0] {
            write_pair(&PUSH, &mut run, push);
        }
        if shift != [0, 0] {
            write_pair(&SHIFT, &mut run, shift);
        }
        if rest {
            write_rest(&mut run, base, state);
        }
        run
    }

    /// Reads what [`EntityCodec::encode_delta`] wrote, with the same `base` and age.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Value`] for a state that cannot be.
    pub fn decode_delta(
        &self,
        reader: &mut BitReader<'_>,
        base: &EntityState,
        age_ticks: u8,
    ) -> Result<EntityState, DecodeError> {
        let mut state = *base;
        let changes = CHANGES.read(reader)?;
        let turn = if changes & 1 != 0 { TURN.read_signed(reader)? as i8 } else { 0 };
        state.yaw = base.yaw.wrapping_add(turn as u8);
        let carried = carried_velocity(base, turn);
        let push = if changes & 2 != 0 { read_pair(&PUSH, reader)? } else { [0, 0] };
        let speed = |carried: i8, push: i32| {
            i8::try_from(i32::from(carried) + push).map_err(|_| DecodeError::Value("velocity"))
        };
        (state.velocity_x, state.velocity_z) = (speed(carried.0, push[0])?, speed(carried.1, push[1])?);
        let (x, z) = self.carried_position(base, state.velocity_x, state.velocity_z, age_ticks);
        let shift = if changes & 4 != 0 { read_pair(&SHIFT, reader)? } else { [0, 0] };
        (state.x, state.z) = (x.wrapping_add(shift[0]), z.wrapping_add(shift[1]));
        let bound = 1_i32 << (self.coordinate_bits - 1);
        if !(-bound..bound).contains(&state.x) || !(-bound..bound).contains(&state.z) {
            return Err(DecodeError::Value("position"));
        }
        if changes & 8 != 0 {
            read_rest(reader, base, &mut state)?;
        }
        Ok(state)
    }

    /// Where `base` would be `age_ticks` later, moving with the mean of its velocity and the new one.
    fn carried_position(&self, base: &EntityState, new_x: i8, new_z: i8, age_ticks: u8) -> (i32, i32) {
        // Half the sum of 1/16 m/s, in 1/64 m: the sum times two, a second. One rounding, to the nearest.
        let way = |old: i8, new: i8| {
            let doubled = (i32::from(old) + i32::from(new)) * 2 * i32::from(age_ticks);
            (doubled + self.tick_hz / 2).div_euclid(self.tick_hz)
        };
        (base.x.wrapping_add(way(base.velocity_x, new_x)), base.z.wrapping_add(way(base.velocity_z, new_z)))
    }
}

/// `base`'s velocity, turned with the body by `turn` (1/256 turn, counter-clockwise seen from above).
fn carried_velocity(base: &EntityState, turn: i8) -> (i8, i8) {
    if turn == 0 || (base.velocity_x, base.velocity_z) == (0, 0) {
        return (base.velocity_x, base.velocity_z);
    }
    let angle = Brads((turn as u8 as u16) << 8);
    let (sin, cos) = (angle.sin().0, angle.cos().0);
    let (x, z) = (i32::from(base.velocity_x), i32::from(base.velocity_z));
    let held = |raw: i32| rounded(raw, 16).clamp(-127, 127) as i8;
    (held(x * cos + z * sin), held(z * cos - x * sin))
}

/// `raw` without its low `shift` bits, to the nearest, halves up.
fn rounded(raw: i32, shift: u32) -> i32 {
    raw.saturating_add(1 << (shift - 1)) >> shift
}

/// Two small numbers under one width: they are of a size more often than not.
fn write_pair<const N: usize>(code: &PrefixCode<N>, sink: &mut impl BitSink, pair: [i32; 2]) {
    let folded = pair.map(fold);
    let bits = width(folded[0] | folded[1]);
    code.write(sink, bits as usize);
    folded.iter().for_each(|&value| sink.put(value, bits));
}

fn read_pair<const N: usize>(
    code: &PrefixCode<N>,
    reader: &mut BitReader<'_>,
) -> Result<[i32; 2], DecodeError> {
    let bits = code.read(reader)? as u32;
    Ok([unfold(reader.get(bits)?), unfold(reader.get(bits)?)])
}

/// The seldom ones: a flag for each, then the values.
fn write_rest(sink: &mut impl BitSink, base: &EntityState, state: &EntityState) {
    sink.put_bit(state.height != base.height);
    sink.put_bit(state.health != base.health);
    sink.put_bit(state.bits != base.bits);
    if state.height != base.height {
        HEIGHT.write_signed(sink, state.height.into());
    }
    if state.health != base.health {
        sink.put(state.health.into(), 8);
    }
    if state.bits != base.bits {
        sink.put(state.bits.into(), 8);
    }
}

fn read_rest(
    reader: &mut BitReader<'_>,
    base: &EntityState,
    state: &mut EntityState,
) -> Result<(), DecodeError> {
    let (height, health, bits) = (reader.get_bit()?, reader.get_bit()?, reader.get_bit()?);
    if height {
        state.height = HEIGHT.read_signed(reader)?.try_into().map_err(|_| DecodeError::Value("height"))?;
    }
    if health {
        state.health = reader.get(8)? as u8;
    }
    if bits {
        state.bits = reader.get(8)? as u8;
    }
    if *state == (EntityState { height: base.height, health: base.health, bits: base.bits, ..*state }) {
        return Err(DecodeError::Value("change"));
    }
    Ok(())
}

/// Writes a whole number that may be anything, as its wrapping difference to `base`.
pub(super) fn write_wide(sink: &mut impl BitSink, value: i32, base: i32) {
    WIDE.write_signed(sink, value.wrapping_sub(base));
}

/// Reads what [`write_wide`] wrote.
pub(super) fn read_wide(reader: &mut BitReader<'_>, base: i32) -> Result<i32, DecodeError> {
    Ok(base.wrapping_add(WIDE.read_signed(reader)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bits::BitWriter;
    use proptest::prelude::*;

    fn any_state() -> impl Strategy<Value = EntityState> {
        let bound = 1 << 14;
        (-bound..bound, -bound..bound, any::<i16>(), any::<[i8; 2]>(), any::<[u8; 3]>()).prop_map(
            |(x, z, height, [velocity_x, velocity_z], [yaw, health, bits])| EntityState {
                x,
                z,
                height,
                velocity_x: velocity_x.max(-127),
                velocity_z: velocity_z.max(-127),
                yaw,
                health,
                bits,
                generation: 9,
            },
        )
    }

    fn through_bytes(run: BitRun) -> [u8; 24] {
        let mut bytes = [0; 24];
        let mut writer = BitWriter::new(&mut bytes);
        writer.put_run(run);
        writer.finish();
        bytes
    }

    proptest! {
        #[test]
        fn full_states_round_trip(state in any_state()) {
            let codec = EntityCodec::new(&WorldConfig::default());
            let bytes = through_bytes(codec.encode_full(&state));
            prop_assert_eq!(codec.decode_full(&mut BitReader::new(&bytes)), Ok(state));
        }

        #[test]
        fn deltas_between_any_two_states_round_trip(base in any_state(), state in any_state(), age in 1_u8..=127) {
            let codec = EntityCodec::new(&WorldConfig::default());
            let run = codec.encode_delta(&base, &state, age);
            let bytes = through_bytes(run);
            let mut reader = BitReader::new(&bytes);
            prop_assert_eq!(codec.decode_delta(&mut reader, &base, age), Ok(state));
            prop_assert_eq!(reader.position(), run.len());
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..24), base in any_state(), age: u8) {
            let codec = EntityCodec::new(&WorldConfig::default());
            let _ = codec.decode_full(&mut BitReader::new(&bytes));
            if let Ok(state) = codec.decode_delta(&mut BitReader::new(&bytes), &base, age) {
                // Whatever decodes is a state the server could have sent.
                let _ = codec.encode_delta(&base, &state, age);
            }
        }
    }

    #[test]
    fn who_runs_on_unchanged_costs_a_few_bits() {
        let codec = EntityCodec::new(&WorldConfig::default());
        let base = EntityState { velocity_x: 64, yaw: 64, health: 255, bits: 3, ..EntityState::default() };
        // 4 m/s for 6 ticks of 1/60 s: 0.4 m.
        let state = EntityState { x: 26, ..base };
        let run = codec.encode_delta(&base, &state, 6);
        assert!(run.len() <= 4, "{} bits", run.len());
    }
}
