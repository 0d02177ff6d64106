//! A character's state as bits: in full, or as what differs from what an earlier state predicts.
//!
//! The prediction: the body turns with the yaw and carries its velocity with it; it moves with the mean of old and new
//! velocity; everything else stays. A velocity that is not the carried one is named by its nearest gait, because
//! players stand, walk and sprint in eight directions more than anything else. Height is stored above the terrain and
//! stays zero on the ground.
//!
//! What is likely to change depends on what somebody was doing: `CHANGES`, `REST` and `ACTION` are several codes, chosen by the
//! earlier state, and `PUSH` is two, chosen by the gait. All are trained on battles ([`super::code_tables`]).
//!
//! A difference in full is: `CHANGES`; turn (`TURN`); gait (`GAIT`) and what it leaves of both parts of the velocity
//! (`PUSH`); what is left of both parts of the position (`SHIFT`); `REST` and its values. Pairs share one width.

use super::DecodeError;
use super::bits::{BitReader, BitRun, BitSink};
use super::code_tables::{ACTION, CHANGES, FLIP, GAIT, HEIGHT, OTHERS, PUSH, REST, SHIFT, TURN};
use super::prefix_codes::{PrefixCode, fold, unfold, width};
use super::quantize::{EntityCodec, EntityState, STEADY, rounded};
use shieldwall_core::numeric::Brads;
use shieldwall_core::rules::{EFFECTS, MOVEMENT_CLASSES};
use shieldwall_core::state::characters::action;

/// Of [`GAIT`]: 0 the old velocity, turned; 1 standing; 2 to 9 a walk, 10 to 17 a sprint, straight ahead and on in eighths of a
/// turn, counter-clockwise.
const GAITS: usize = 2 + STEADY;
/// What is farther than 32 m from where it should be is sent in full: widths of [`SHIFT`].
const SHIFT_WIDTHS: usize = 13;
const _: () = assert!(action::MAX == 10, "an action for every symbol of the code, so that any bits are one");
/// Of [`FLIP`]: several bits of the status, all of them follow.
const SEVERAL: usize = 8;
const CLASS_BITS: u32 = 3;
const TEAM_BITS: u32 = 4;
const EFFECT_BITS: u32 = 7;
const _: () = assert!(MOVEMENT_CLASSES <= 1 << CLASS_BITS && EFFECTS < 1 << EFFECT_BITS);

/// What the earlier state says about what will have changed: which of several codes is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Habit {
    /// 0 stands, 1 moves, 2 runs.
    pace: usize,
    airborne: bool,
    acts: bool,
}

/// From here on it runs: the sum of both parts of the velocity, 1/8 m/s.
const RUNS: u32 = 44;

impl Habit {
    /// Of somebody of whom nothing is known.
    const REST: Self = Self { pace: 0, airborne: false, acts: false };

    fn of(base: &EntityState) -> Self {
        let speed = u32::from(base.velocity_x.unsigned_abs()) + u32::from(base.velocity_z.unsigned_abs());
        Self {
            pace: usize::from(speed > 0) + usize::from(speed >= RUNS),
            airborne: !base.is_grounded(),
            acts: base.action != action::NONE,
        }
    }

    /// Which of [`CHANGES`].
    fn changes(self) -> usize {
        self.pace + 3 * self.rest()
    }

    /// Which of [`REST`].
    fn rest(self) -> usize {
        usize::from(self.airborne) + 2 * self.action()
    }

    /// Which of [`ACTION`].
    fn action(self) -> usize {
        usize::from(self.acts)
    }
}

/// Which of [`PUSH`]: the second for those that changed their gait.
fn push_code(gait: usize) -> usize {
    usize::from(gait != 0)
}

impl EntityCodec {
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
            state.status,
            state.generation,
        ] {
            run.put(byte.into(), 8);
        }
        ACTION[Habit::REST.action()].write(&mut run, state.action.into());
        run.put(state.class.into(), CLASS_BITS);
        run.put(state.team.into(), TEAM_BITS);
        run.put(state.effect.into(), EFFECT_BITS);
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
        let mut state = EntityState {
            x,
            z,
            height,
            velocity_x: byte()? as i8,
            velocity_z: byte()? as i8,
            yaw: byte()?,
            health: byte()?,
            status: byte()?,
            generation: byte()?,
            ..EntityState::default()
        };
        state.action = ACTION[Habit::REST.action()].read(reader)? as u8;
        state.class = reader.get(CLASS_BITS)? as u8;
        state.team = reader.get(TEAM_BITS)? as u8;
        state.effect = read_effect(reader)?;
        Ok(state)
    }

    /// `state` as a difference to `base`, the same character's state `age_ticks` earlier. `None` when the two are so
    /// far apart that the full state says it shorter.
    ///
    /// # Panics
    /// In debug builds, when the generations differ: that is another character.
    #[must_use]
    pub fn encode_delta(&self, base: &EntityState, state: &EntityState, age_ticks: u8) -> Option<BitRun> {
        let mut run = BitRun::EMPTY;
        self.write_delta(base, state, age_ticks, &mut run).then_some(run)
    }

    /// [`EntityCodec::encode_delta`] into any sink. Says whether there is a difference; where there is none, nothing was
    /// written.
    ///
    /// # Panics
    /// In debug builds, when the generations differ: that is another character.
    #[inline]
    pub fn write_delta(
        &self,
        base: &EntityState,
        state: &EntityState,
        age_ticks: u8,
        sink: &mut impl BitSink,
    ) -> bool {
        debug_assert_eq!(base.generation, state.generation, "deltas stay within one life of a slot");
        let turn = state.yaw.wrapping_sub(base.yaw) as i8;
        let velocity = (state.velocity_x, state.velocity_z);
        let carried = carried_velocity(base, turn);
        let (x, z) = self.carried_position(base, state.velocity_x, state.velocity_z, age_ticks);
        let shift = [state.x.wrapping_sub(x), state.z.wrapping_sub(z)];
        if width(fold(shift[0]) | fold(shift[1])) as usize >= SHIFT_WIDTHS {
            return false;
        }
        let rest = rest_of(base, state);
        let changes = usize::from(turn != 0)
            | usize::from(velocity != carried) << 1
            | usize::from(shift != [0, 0]) << 2
            | usize::from(rest != 0) << 3;
        let habit = Habit::of(base);
        CHANGES[habit.changes()].write(sink, changes);
        if turn != 0 {
            TURN.write_signed(sink, turn.into());
        }
        if velocity != carried {
            let (gait, push) = self.nearest_gait(state.yaw, velocity, carried);
            GAIT.write(sink, gait);
            write_pair(&PUSH[push_code(gait)], sink, push);
        }
        if shift != [0, 0] {
            write_pair(&SHIFT, sink, shift);
        }
        if rest != 0 {
            write_rest(sink, base, state, rest, habit);
        }
        true
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
        let habit = Habit::of(base);
        let changes = CHANGES[habit.changes()].read(reader)?;
        let turn = if changes & 1 != 0 { TURN.read_signed(reader)? as i8 } else { 0 };
        state.yaw = base.yaw.wrapping_add(turn as u8);
        (state.velocity_x, state.velocity_z) = carried_velocity(base, turn);
        if changes & 2 != 0 {
            let gait = GAIT.read(reader)?;
            let guess = self.gait(gait, state.yaw, (state.velocity_x, state.velocity_z));
            let push = read_pair(&PUSH[push_code(gait)], reader)?;
            let speed = |guess: i8, push: i32| {
                i8::try_from(i32::from(guess) + push).map_err(|_| DecodeError::Value("velocity"))
            };
            (state.velocity_x, state.velocity_z) = (speed(guess.0, push[0])?, speed(guess.1, push[1])?);
        }
        let (x, z) = self.carried_position(base, state.velocity_x, state.velocity_z, age_ticks);
        let shift = if changes & 4 != 0 { read_pair(&SHIFT, reader)? } else { [0, 0] };
        (state.x, state.z) = (x.wrapping_add(shift[0]), z.wrapping_add(shift[1]));
        let bound = 1_i32 << (self.coordinate_bits - 1);
        if !(-bound..bound).contains(&state.x) || !(-bound..bound).contains(&state.z) {
            return Err(DecodeError::Value("position"));
        }
        if changes & 8 != 0 {
            read_rest(reader, &mut state, habit)?;
        }
        Ok(state)
    }

    /// The velocity a gait stands for.
    fn gait(&self, gait: usize, yaw: u8, carried: (i8, i8)) -> (i8, i8) {
        match gait {
            0 => carried,
            1 => (0, 0),
            _ => {
                let [x, z] = &self.steady[usize::from(yaw)];
                (x[(gait - 2) % STEADY], z[(gait - 2) % STEADY])
            }
        }
    }

    /// The gait that leaves the least to say about a velocity, and what it leaves.
    fn nearest_gait(&self, yaw: u8, velocity: (i8, i8), carried: (i8, i8)) -> (usize, [i32; 2]) {
        let [steady_x, steady_z] = &self.steady[usize::from(yaw)];
        // All sixteen side by side, without a branch.
        let left = |speed: i8, guess: i8| {
            let left = i16::from(speed) - i16::from(guess);
            ((left << 1) ^ (left >> 15)).cast_unsigned()
        };
        let mut folded = [u16::MAX; GAITS];
        folded[0] = left(velocity.0, carried.0) | left(velocity.1, carried.1);
        folded[1] = left(velocity.0, 0) | left(velocity.1, 0);
        for (folded, (&x, &z)) in folded[2..].iter_mut().zip(steady_x.iter().zip(steady_z)) {
            *folded = left(velocity.0, x) | left(velocity.1, z);
        }
        // The first of those with the least width.
        let least = folded.iter().fold(u16::MAX, |least, &folded| least.min(folded));
        let within = 1 << width(least.into());
        let gait = folded.iter().position(|&folded| u32::from(folded) < within).unwrap_or(0);
        let guess = self.gait(gait, yaw, carried);
        let push = [i32::from(velocity.0) - i32::from(guess.0), i32::from(velocity.1) - i32::from(guess.1)];
        (gait, push)
    }

    /// Where `base` would be `age_ticks` later, moving with the mean of its velocity and the new one.
    fn carried_position(&self, base: &EntityState, new_x: i8, new_z: i8, age_ticks: u8) -> (i32, i32) {
        // Half the sum of 1/8 m/s, in 1/64 m: the sum times four, a second. One rounding, to the nearest.
        let way = |old: i8, new: i8| {
            let whole = (i32::from(old) + i32::from(new)) * 4 * i32::from(age_ticks);
            (whole + self.tick_hz / 2).div_euclid(self.tick_hz)
        };
        (base.x.wrapping_add(way(base.velocity_x, new_x)), base.z.wrapping_add(way(base.velocity_z, new_z)))
    }
}

/// `base`'s velocity, turned with the body by `turn` (1/256 turn, counter-clockwise seen from above).
fn carried_velocity(base: &EntityState, turn: i8) -> (i8, i8) {
    if turn == 0 || (base.velocity_x, base.velocity_z) == (0, 0) {
        return (base.velocity_x, base.velocity_z);
    }
    let angle = Brads(u16::from(turn.cast_unsigned()) << 8);
    let (sin, cos) = (angle.sin().0, angle.cos().0);
    let (x, z) = (i32::from(base.velocity_x), i32::from(base.velocity_z));
    let held = |raw: i32| rounded(raw, 16).clamp(-127, 127) as i8;
    (held(x * cos + z * sin), held(z * cos - x * sin))
}

/// Two small numbers under one width: they are of a size more often than not. Both together and their code have at most 32
/// bits.
fn write_pair<const N: usize>(code: &PrefixCode<N>, sink: &mut impl BitSink, pair: [i32; 2]) {
    let folded = pair.map(fold);
    let bits = width(folded[0] | folded[1]);
    code.note(sink, bits as usize);
    let (code, code_bits) = code.code(bits as usize);
    sink.put(code | folded[0] << code_bits | folded[1] << (code_bits + bits), code_bits + 2 * bits);
}

fn read_pair<const N: usize>(
    code: &PrefixCode<N>,
    reader: &mut BitReader<'_>,
) -> Result<[i32; 2], DecodeError> {
    let bits = code.read(reader)? as u32;
    Ok([unfold(reader.get(bits)?), unfold(reader.get(bits)?)])
}

/// What of the seldom ones changed, as a symbol of [`REST`].
fn rest_of(base: &EntityState, state: &EntityState) -> usize {
    usize::from(state.height != base.height)
        | usize::from(state.health != base.health) << 1
        | usize::from(state.action != base.action) << 2
        | usize::from(others_of(base, state) != 0) << 3
}

/// What of the rest of the rest changed, as a symbol of [`OTHERS`].
fn others_of(base: &EntityState, state: &EntityState) -> usize {
    usize::from(state.status != base.status)
        | usize::from(state.effect != base.effect) << 1
        | usize::from((state.class, state.team) != (base.class, base.team)) << 2
}

/// The seldom ones: which of them, then the values.
fn write_rest(sink: &mut impl BitSink, base: &EntityState, state: &EntityState, rest: usize, habit: Habit) {
    REST[habit.rest()].write(sink, rest);
    if rest & 1 != 0 {
        HEIGHT.write_signed(sink, state.height.into());
    }
    if rest & 2 != 0 {
        sink.put(state.health.into(), 8);
    }
    if rest & 4 != 0 {
        ACTION[habit.action()].write(sink, state.action.into());
    }
    if rest & 8 != 0 {
        write_others(sink, base, state);
    }
}

fn write_others(sink: &mut impl BitSink, base: &EntityState, state: &EntityState) {
    let others = others_of(base, state);
    OTHERS.write(sink, others);
    if others & 1 != 0 {
        let flipped = base.status ^ state.status;
        if flipped.is_power_of_two() {
            FLIP.write(sink, flipped.trailing_zeros() as usize);
        } else {
            FLIP.write(sink, SEVERAL);
            sink.put(state.status.into(), 8);
        }
    }
    if others & 2 != 0 {
        sink.put(state.effect.into(), EFFECT_BITS);
    }
    if others & 4 != 0 {
        sink.put(state.class.into(), CLASS_BITS);
        sink.put(state.team.into(), TEAM_BITS);
    }
}

fn read_rest(reader: &mut BitReader<'_>, state: &mut EntityState, habit: Habit) -> Result<(), DecodeError> {
    let rest = REST[habit.rest()].read(reader)?;
    if rest & 1 != 0 {
        state.height = HEIGHT.read_signed(reader)?.try_into().map_err(|_| DecodeError::Value("height"))?;
    }
    if rest & 2 != 0 {
        state.health = reader.get(8)? as u8;
    }
    if rest & 4 != 0 {
        state.action = ACTION[habit.action()].read(reader)? as u8;
    }
    if rest & 8 != 0 {
        read_others(reader, state)?;
    }
    Ok(())
}

fn read_others(reader: &mut BitReader<'_>, state: &mut EntityState) -> Result<(), DecodeError> {
    let others = OTHERS.read(reader)?;
    if others & 1 != 0 {
        match FLIP.read(reader)? {
            SEVERAL => state.status = reader.get(8)? as u8,
            bit => state.status ^= 1 << bit,
        }
    }
    if others & 2 != 0 {
        state.effect = read_effect(reader)?;
    }
    if others & 4 != 0 {
        state.class = reader.get(CLASS_BITS)? as u8;
        state.team = reader.get(TEAM_BITS)? as u8;
    }
    Ok(())
}

fn read_effect(reader: &mut BitReader<'_>) -> Result<u8, DecodeError> {
    let effect = reader.get(EFFECT_BITS)? as u8;
    if usize::from(effect) <= EFFECTS { Ok(effect) } else { Err(DecodeError::Value("effect")) }
}

#[cfg(test)]
mod tests {
    use super::super::quantize::status;
    use super::*;
    use crate::wire::bits::BitWriter;
    use proptest::prelude::*;
    use shieldwall_core::numeric::Metres;
    use shieldwall_core::world::WorldConfig;

    fn any_state() -> impl Strategy<Value = EntityState> {
        let bound = 1 << 14;
        let marks = (0..=action::MAX, 0..MOVEMENT_CLASSES as u8, 0_u8..16, 0..=EFFECTS as u8);
        (-bound..bound, -bound..bound, any::<i16>(), any::<[i8; 2]>(), any::<[u8; 3]>(), marks).prop_map(
            |(x, z, height, [velocity_x, velocity_z], [yaw, health, status], marks)| EntityState {
                x,
                z,
                height,
                velocity_x: velocity_x.max(-127),
                velocity_z: velocity_z.max(-127),
                yaw,
                health,
                status,
                action: marks.0,
                class: marks.1,
                team: marks.2,
                effect: marks.3,
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
        /// Of all gaits that leave as little as can be, the first.
        #[test]
        fn the_nearest_gait_is_the_first_that_leaves_least(yaw: u8, velocity in any::<(i8, i8)>(), carried in any::<(i8, i8)>(),
                                                           steady in prop::option::of(0..GAITS)) {
            let codec = EntityCodec::new(&WorldConfig::default());
            let velocity = steady.map_or(velocity, |gait| codec.gait(gait, yaw, carried));
            let left = |gait| {
                let guess = codec.gait(gait, yaw, carried);
                [i32::from(velocity.0) - i32::from(guess.0), i32::from(velocity.1) - i32::from(guess.1)]
            };
            let wide = |gait: &usize| width(fold(left(*gait)[0]) | fold(left(*gait)[1]));
            let best = (0..GAITS).min_by_key(wide).expect("there are gaits");
            prop_assert_eq!(codec.nearest_gait(yaw, velocity, carried), (best, left(best)));
        }

        #[test]
        fn full_states_round_trip(state in any_state()) {
            let codec = EntityCodec::new(&WorldConfig::default());
            let bytes = through_bytes(codec.encode_full(&state));
            prop_assert_eq!(codec.decode_full(&mut BitReader::new(&bytes)), Ok(state));
        }

        #[test]
        fn deltas_between_any_two_states_round_trip(base in any_state(), state in any_state(), nearer in 0_u32..14, age in 1_u8..=255) {
            let (x, z) = (base.x + ((state.x - base.x) >> nearer), base.z + ((state.z - base.z) >> nearer));
            let state = EntityState { x, z, ..state };
            let codec = EntityCodec::new(&WorldConfig::default());
            let Some(run) = codec.encode_delta(&base, &state, age) else {
                // A jump, or a baseline so old that its velocity foretells one: those go in full.
                prop_assert!((base.x - state.x).abs().max((base.z - state.z).abs()) > 500 || age > 16);
                return Ok(());
            };
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
        let base = EntityState { velocity_x: 32, yaw: 64, health: 255, status: 3, ..EntityState::default() };
        // 4 m/s for 6 ticks of 1/60 s: 0.4 m.
        let state = EntityState { x: 26, ..base };
        let run = codec.encode_delta(&base, &state, 6).unwrap();
        assert!(run.len() <= 4, "{} bits", run.len());
    }

    #[test]
    fn a_widest_state_fits_a_run_and_a_flipped_bit_costs_little() {
        let config = WorldConfig { half_extent: Metres::from_m(32_000), ..WorldConfig::default() };
        let codec = EntityCodec::new(&config);
        let widest =
            EntityState { height: i16::MIN, action: 7, effect: 64, status: 255, ..EntityState::default() };
        let run = codec.encode_full(&widest);
        assert!((128..=BitRun::BITS_MAX as usize).contains(&run.len()), "{} bits", run.len());
        let bytes = through_bytes(run);
        assert_eq!(codec.decode_full(&mut BitReader::new(&bytes)), Ok(widest));
        let lands = EntityState { status: widest.status ^ status::GROUNDED, ..widest };
        let run = codec.encode_delta(&widest, &lands, 3).unwrap();
        assert!(run.len() <= 12, "{} bits", run.len());
    }
}
