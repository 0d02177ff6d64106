//! Inputs, client to server: every input the server has not confirmed, oldest first, each as its change to the one
//! before. A held stick costs one bit a tick, so repeating a dozen inputs in each packet is cheap, and a lost
//! packet costs nothing as long as a later one arrives in time.
//!
//! Bits: newest tick 32, number of inputs less one 6, then the inputs. The first is a change to the resting input
//! (all zero). An input is one bit "as before", or that bit set and four flags (buttons, move, yaw, pitch) with the
//! fields they announce. Behind an input that attacks stands what its player saw: one bit "as old as in the attack
//! before" (0 before the first), or that bit set and the difference of the two ages.

use super::DecodeError;
use super::bits::{BitReader, BitSink};
use super::prefix_codes::{PrefixCode, fold, unfold, width};
use shieldwall_core::numeric::{Brads, Tick};
use shieldwall_core::state::commands::{CharacterInput, ViewAge, buttons};

/// An input, and what its player saw when giving it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayerInput {
    /// What the character is to do.
    pub input: CharacterInput,
    /// How long before the tick of this input the others were as the player saw them. Travels with attacks only
    /// ([`buttons::ATTACKS`]): 0 of all other inputs.
    pub view: ViewAge,
}

impl PlayerInput {
    /// With the age of the view left out where it does not matter.
    #[must_use]
    pub fn new(input: CharacterInput, view: ViewAge) -> Self {
        let attacks = input.buttons & buttons::ATTACKS != 0;
        Self { input, view: if attacks { view } else { ViewAge::ZERO } }
    }
}

/// Inputs in one frame at most.
pub const INPUTS_MAX: usize = 64;

/// Bits of one changed input at most.
pub const INPUT_BITS_MAX: usize = 1 + 4 + 18 + 16 + 2 * (8 + 15) + 1 + (8 + 15);

/// Bits of a frame of `count` inputs at most, without its kind.
#[must_use]
pub const fn frame_bits_max(count: usize) -> usize {
    32 + 6 + count * INPUT_BITS_MAX
}

/// Width of a difference of angles.
const ANGLE: PrefixCode<17> = PrefixCode::new([7, 7, 6, 5, 4, 4, 4, 4, 3, 3, 3, 3, 4, 4, 5, 6, 6]);

/// Writes the inputs `newest + 1 - inputs.len() ..= newest`, oldest first.
///
/// # Panics
/// If there are none or more than [`INPUTS_MAX`].
pub fn write(sink: &mut impl BitSink, newest: Tick, inputs: impl ExactSizeIterator<Item = PlayerInput>) {
    assert!((1..=INPUTS_MAX).contains(&inputs.len()), "1 to 64 inputs");
    sink.put(newest.0, 32);
    sink.put(inputs.len() as u32 - 1, 6);
    let (mut before, mut view) = (CharacterInput::default(), ViewAge::ZERO);
    for PlayerInput { input, view: age } in inputs {
        write_input(sink, &before, &input);
        before = input;
        if input.buttons & buttons::ATTACKS != 0 {
            sink.put_bit(age != view);
            if age != view {
                write_angle(sink, view.0.cast_signed(), age.0.cast_signed());
            }
            view = age;
        }
    }
}

/// Reads a frame and calls `each` with tick and input, oldest first. Any bits are some inputs: what they ask for is
/// judged by the caller.
///
/// # Errors
/// [`DecodeError::Truncated`]; `each` may have been called for the inputs before.
pub fn read(reader: &mut BitReader<'_>, mut each: impl FnMut(Tick, PlayerInput)) -> Result<(), DecodeError> {
    let newest = reader.get(32)?;
    let older = reader.get(6)?;
    let (mut before, mut view) = (CharacterInput::default(), ViewAge::ZERO);
    for back in (0..=older).rev() {
        before = read_input(reader, &before)?;
        if before.buttons & buttons::ATTACKS != 0 && reader.get_bit()? {
            view = ViewAge(read_angle(reader, view.0.cast_signed())?.cast_unsigned());
        }
        each(Tick(newest.wrapping_sub(back)), PlayerInput::new(before, view));
    }
    Ok(())
}

fn write_input(sink: &mut impl BitSink, before: &CharacterInput, input: &CharacterInput) {
    sink.put_bit(before != input);
    if before == input {
        return;
    }
    let moved = (before.move_right, before.move_forward) != (input.move_right, input.move_forward);
    sink.put_bit(before.buttons != input.buttons);
    sink.put_bit(moved);
    sink.put_bit(before.yaw != input.yaw);
    sink.put_bit(before.pitch != input.pitch);
    if before.buttons != input.buttons {
        write_buttons(sink, input.buttons);
    }
    if moved {
        sink.put(input.move_right.cast_unsigned().into(), 8);
        sink.put(input.move_forward.cast_unsigned().into(), 8);
    }
    if before.yaw != input.yaw {
        write_angle(sink, before.yaw.0.cast_signed(), input.yaw.0.cast_signed());
    }
    if before.pitch != input.pitch {
        write_angle(sink, before.pitch, input.pitch);
    }
}

fn read_input(reader: &mut BitReader<'_>, before: &CharacterInput) -> Result<CharacterInput, DecodeError> {
    let mut input = *before;
    if !reader.get_bit()? {
        return Ok(input);
    }
    let (buttons, moved) = (reader.get_bit()?, reader.get_bit()?);
    let (yaw, pitch) = (reader.get_bit()?, reader.get_bit()?);
    if buttons {
        input.buttons = read_buttons(reader)?;
    }
    if moved {
        input.move_right = (reader.get(8)? as u8).cast_signed();
        input.move_forward = (reader.get(8)? as u8).cast_signed();
    }
    if yaw {
        input.yaw = Brads(read_angle(reader, before.yaw.0.cast_signed())?.cast_unsigned());
    }
    if pitch {
        input.pitch = read_angle(reader, before.pitch)?;
    }
    Ok(input)
}

/// The usual buttons are short; those that mean nothing today are sent whole, for the server to refuse.
fn write_buttons(sink: &mut impl BitSink, pressed: u16) {
    match pressed {
        0..=15 => sink.put(u32::from(pressed) << 1, 1 + 4),
        16..=buttons::ALL => sink.put(u32::from(pressed) << 2 | 1, 2 + 9),
        _ => sink.put(u32::from(pressed) << 2 | 3, 2 + 16),
    }
}

const _: () = assert!(buttons::ALL == (1 << 9) - 1);

fn read_buttons(reader: &mut BitReader<'_>) -> Result<u16, DecodeError> {
    let bits = if !reader.get_bit()? {
        4
    } else if !reader.get_bit()? {
        9
    } else {
        16
    };
    Ok(reader.get(bits)? as u16)
}

fn write_angle(sink: &mut impl BitSink, before: i16, angle: i16) {
    let folded = fold(angle.wrapping_sub(before).into());
    ANGLE.write_unsigned(sink, folded);
    debug_assert!(width(folded) <= 16);
}

fn read_angle(reader: &mut BitReader<'_>, before: i16) -> Result<i16, DecodeError> {
    Ok(before.wrapping_add(unfold(ANGLE.read_unsigned(reader)?) as i16))
}

#[cfg(test)]
mod tests {
    use super::super::bits::BitWriter;
    use super::*;
    use proptest::prelude::*;

    fn any_input() -> impl Strategy<Value = PlayerInput> {
        (any::<u16>(), any::<i8>(), any::<i8>(), any::<u16>(), any::<i16>(), any::<u16>()).prop_map(
            |(buttons, move_right, move_forward, yaw, pitch, view)| {
                let yaw = Brads(yaw);
                let input = CharacterInput { buttons, move_right, move_forward, yaw, pitch };
                PlayerInput::new(input, ViewAge(view))
            },
        )
    }

    proptest! {
        #[test]
        fn inputs_round_trip(newest: u32, inputs in prop::collection::vec((any_input(), 1_usize..4), 1..=16)) {
            let inputs: Vec<_> = inputs.iter().flat_map(|&(input, times)| vec![input; times]).collect();
            let mut bytes = [0; 1200];
            let mut writer = BitWriter::new(&mut bytes);
            write(&mut writer, Tick(newest), inputs.iter().copied());
            prop_assert!(writer.position() <= frame_bits_max(inputs.len()));
            let length = writer.finish();
            let mut back = Vec::new();
            read(&mut BitReader::new(&bytes[..length]), |tick, input| back.push((tick, input))).unwrap();
            let want: Vec<_> = inputs.iter().rev().enumerate()
                .map(|(i, &input)| (Tick(newest.wrapping_sub(i as u32)), input)).rev().collect();
            prop_assert_eq!(back, want);
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut count = 0;
            let _ = read(&mut BitReader::new(&bytes), |_, _| count += 1);
            prop_assert!(count <= INPUTS_MAX);
        }
    }

    #[test]
    fn a_held_input_costs_one_bit() {
        let walk = CharacterInput { move_forward: 127, yaw: Brads(700), ..CharacterInput::default() };
        let bits = |input: CharacterInput, count: usize| {
            let mut bytes = [0; 64];
            let mut writer = BitWriter::new(&mut bytes);
            let input = PlayerInput::new(input, ViewAge(180));
            write(&mut writer, Tick(9), std::iter::repeat_n(input, count));
            writer.position()
        };
        assert_eq!(bits(walk, 12) - bits(walk, 2), 10);
        let strike = CharacterInput { buttons: buttons::MELEE, ..walk };
        assert_eq!(bits(strike, 12) - bits(strike, 2), 20, "and another one while it strikes");
        let block = CharacterInput { buttons: buttons::BLOCK, ..walk };
        assert!(bits(block, 1) - bits(CharacterInput { buttons: buttons::JUMP, ..walk }, 1) <= 7);
    }
}
