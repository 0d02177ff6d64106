//! A client's own character, exactly: what prediction starts from, and what its player is shown of it.
//!
//! Bits: every field as its wrapping difference to the base, folded, `WIDE` of [`super::prefix_codes`]; then one bit
//! "fights as in the base", or that bit set and stamina, the four ready ticks as such differences, one bit "effects
//! changed", and then their number 4 and each: kind less one 6, stacks 4, ticks until it ends less one as
//! `WIDE` without sign.

use super::DecodeError;
use super::bits::{BitReader, BitSink, BitWriter, ShortRun};
use super::effect_lists::EffectLists;
use super::prefix_codes::WIDE;
use super::quantize::{read_wide, write_wide};
use shieldwall_core::World;
use shieldwall_core::numeric::{Brads, Metres, MetresPerSecond, Position, Tick, Velocity};
use shieldwall_core::rules::{ARM_BUTTONS, EFFECTS};
use shieldwall_core::state::characters::MoveState;
use shieldwall_core::state::handle::CharacterId;

/// Own status effects that are told at most; of more, those with the lowest numbers.
pub const OWN_EFFECTS_MAX: usize = 8;

/// A status effect on the own character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnEffect {
    /// Which of the rules' effects, counted from 1.
    pub kind: u8,
    /// How often it has piled up, 1 to 15.
    pub stacks: u8,
    /// Tick at which it ends.
    pub end_tick: Tick,
}

/// The status effects on the own character, ascending by kind, each kind once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnEffects {
    list: [OwnEffect; OWN_EFFECTS_MAX],
    len: u8,
}

impl OwnEffects {
    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[OwnEffect] {
        &self.list[..usize::from(self.len)]
    }

    /// Adds one; a kind that is there stays as it is, and of too many the highest kind goes.
    pub fn insert(&mut self, effect: OwnEffect) {
        let Err(at) = self.as_slice().binary_search_by_key(&effect.kind, |held| held.kind) else { return };
        if at < OWN_EFFECTS_MAX {
            let end = usize::from(self.len).min(OWN_EFFECTS_MAX - 1);
            self.list.copy_within(at..end, at + 1);
            self.list[at] = effect;
            self.len = end as u8 + 1;
        }
    }

    fn write(&self, sink: &mut impl BitSink, tick: Tick) {
        sink.put(self.len.into(), 4);
        for effect in self.as_slice() {
            sink.put(u32::from(effect.kind) - 1, 6);
            sink.put(effect.stacks.min(15).into(), 4);
            let left = effect.end_tick.signed_distance(tick).saturating_sub(1);
            WIDE.write_unsigned(sink, left.clamp(0, 0xffff).unsigned_abs());
        }
    }

    fn read(reader: &mut BitReader<'_>, tick: Tick) -> Result<Self, DecodeError> {
        let len = reader.get(4)?;
        let mut effects = Self::default();
        for at in 0..len {
            let (kind, stacks) = (reader.get(6)? as u8 + 1, reader.get(4)? as u8);
            let left = WIDE.read_unsigned(reader)?;
            let ascends = effects.as_slice().last().is_none_or(|before| before.kind < kind);
            if at as usize >= OWN_EFFECTS_MAX || !ascends || left > 0xffff {
                return Err(DecodeError::Value("own effects"));
            }
            effects.insert(OwnEffect { kind, stacks, end_tick: Tick(tick.0.wrapping_add(left + 1)) });
        }
        Ok(effects)
    }
}

const _: () = assert!(EFFECTS <= 64);

/// The client's own character, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnState {
    /// What prediction starts from.
    pub state: MoveState,
    /// Health, in the rules' units; 0 is dead.
    pub health: u16,
    /// Low bits of the generation.
    pub generation: u8,
    /// What it last began: values of `shieldwall_core`'s `action`.
    pub action: u8,
    /// Team.
    pub team: u8,
    /// Stamina, in the rules' units.
    pub stamina: u16,
    /// First tick at which what is on each of the four buttons is ready.
    pub ready_ticks: [Tick; ARM_BUTTONS],
    /// The status effects on it.
    pub effects: OwnEffects,
}

/// Numbers of an own state that are told one by one.
const FIELDS: usize = 17;
// Nothing changed is one bit that is not set.
const _: () = assert!(matches!(WIDE.code(0), (0, 1)));
/// Bits of a number as a difference at most.
const WIDE_BITS_MAX: usize = 8 + 31;
/// Bits of an own state at most.
pub const OWN_BITS_MAX: usize = FIELDS * WIDE_BITS_MAX
    + 1
    + (1 + ARM_BUTTONS) * WIDE_BITS_MAX
    + 1
    + 4
    + OWN_EFFECTS_MAX * (6 + 4 + 6 + 15);

impl OwnState {
    /// A character of a world; none where it is gone. `effects` are the lists of this moment.
    #[must_use]
    pub fn of(world: &World, id: CharacterId, effects: &EffectLists) -> Option<Self> {
        let state = world.move_state(id)?;
        let (view, table, row) = (world.characters(), world.effects(), id.slot as usize);
        let mut own = OwnEffects::default();
        for at in effects.of(row) {
            let (kind, stacks) = (table.kind[at], table.stacks[at].min(15));
            own.insert(OwnEffect { kind, stacks, end_tick: Tick(table.end_tick[at]) });
        }
        Some(Self {
            state,
            health: view.health[row],
            generation: view.generation[row] as u8,
            action: view.action[row],
            team: view.team[row],
            stamina: view.stamina[row],
            ready_ticks: [
                view.primary_ready_tick[row],
                view.secondary_ready_tick[row],
                view.ability_1_ready_tick[row],
                view.ability_2_ready_tick[row],
            ]
            .map(Tick),
            effects: own,
        })
    }

    /// Writes the state after `tick` as its difference to `base`.
    pub(super) fn write(&self, sink: &mut impl BitSink, base: &Self, tick: Tick) {
        write_changes(sink, self.fields(), base.fields());
        let changed = self.effects != base.effects;
        let fights = changed || (self.stamina, self.ready_ticks) != (base.stamina, base.ready_ticks);
        sink.put_bit(fights);
        if !fights {
            return;
        }
        write_changes(sink, self.fight(), base.fight());
        sink.put_bit(changed);
        if changed {
            self.effects.write(sink, tick);
        }
    }

    pub(super) fn read(reader: &mut BitReader<'_>, base: &Self, tick: Tick) -> Result<Self, DecodeError> {
        let mut fields = base.fields();
        for field in &mut fields {
            *field = read_wide(reader, *field)?;
        }
        let mut own = Self::from_fields(fields)?;
        (own.stamina, own.ready_ticks, own.effects) = (base.stamina, base.ready_ticks, base.effects);
        if reader.get_bit()? {
            own.stamina = short(read_wide(reader, base.stamina.into())?)?;
            for ready in &mut own.ready_ticks {
                *ready = Tick(read_wide(reader, ready.0.cast_signed())?.cast_unsigned());
            }
            if reader.get_bit()? {
                own.effects = OwnEffects::read(reader, tick)?;
            }
        }
        Ok(own)
    }

    /// The first fields as numbers, positions and velocities first.
    fn fields(&self) -> [i32; FIELDS] {
        let MoveState {
            position,
            velocity,
            yaw,
            pitch,
            flags,
            timer,
            class,
            motion,
            motion_ticks,
            support,
            dodge_ticks,
        } = self.state;
        [
            position.x.0,
            position.y.0,
            position.z.0,
            velocity.x.0,
            velocity.y.0,
            velocity.z.0,
            yaw.0.into(),
            pitch.into(),
            flags.into(),
            timer.into(),
            i32::from(class) | i32::from(motion) << 8,
            motion_ticks.into(),
            support.into(),
            dodge_ticks.into(),
            self.health.into(),
            self.generation.into(),
            i32::from(self.action) | i32::from(self.team) << 8,
        ]
    }

    /// Stamina and the ready ticks as numbers.
    fn fight(&self) -> [i32; 1 + ARM_BUTTONS] {
        let [a, b, c, d] = self.ready_ticks.map(|tick| tick.0.cast_signed());
        [self.stamina.into(), a, b, c, d]
    }

    fn from_fields(fields: [i32; FIELDS]) -> Result<Self, DecodeError> {
        let [x, y, z, vx, vy, vz, yaw, pitch, flags, timer, kind, since, support, dodge, rest @ ..] = fields;
        let [health, generation, doing] = rest;
        let [action, team] = short(doing)?.to_le_bytes();
        let [class, motion] = short(kind)?.to_le_bytes();
        Ok(Self {
            state: MoveState {
                position: Position { x: Metres(x), y: Metres(y), z: Metres(z) },
                velocity: Velocity { x: MetresPerSecond(vx), y: MetresPerSecond(vy), z: MetresPerSecond(vz) },
                yaw: Brads(short(yaw)?),
                pitch: pitch.try_into().map_err(|_| DecodeError::Value("own state"))?,
                flags: short(flags)?,
                timer: short(timer)?,
                class,
                motion,
                motion_ticks: short(since)?,
                support: short(support)?,
                dodge_ticks: short(dodge)?,
            },
            health: short(health)?,
            generation: generation.try_into().map_err(|_| DecodeError::Value("own state"))?,
            action,
            team,
            ..Self::default()
        })
    }
}

/// Writes numbers as their wrapping differences to those before. Most are mostly as they were: a bit that is not set for each, and
/// nothing else is done about them.
fn write_changes<const N: usize>(sink: &mut impl BitSink, mut numbers: [i32; N], before: [i32; N]) {
    const { assert!(N as u32 + WIDE_BITS_MAX as u32 <= BitWriter::LONG_MAX + 1 && N <= 32) };
    let mut changed = 0_u32;
    for (at, (number, before)) in numbers.iter_mut().zip(before).enumerate() {
        *number = number.wrapping_sub(before);
        changed |= u32::from(*number != 0) << at;
    }
    let (mut run, mut next) = (ShortRun::default(), 0);
    while changed != 0 {
        let at = changed.trailing_zeros();
        changed &= changed - 1;
        if run.len() + (at - next) + WIDE_BITS_MAX as u32 > BitWriter::LONG_MAX {
            sink.put_short(run);
            run = ShortRun::default();
        }
        run.put(0, at - next);
        write_wide(&mut run, numbers[at as usize], 0);
        next = at + 1;
    }
    sink.put_short(run);
    sink.put(0, N as u32 - next);
}

fn short(value: i32) -> Result<u16, DecodeError> {
    u16::try_from(value).map_err(|_| DecodeError::Value("own state"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::bits::BitWriter;
    use super::*;
    use proptest::prelude::*;

    /// Own states whose effects end within the reach of the wire after `tick`.
    pub(in crate::wire) fn any_own(tick: u32) -> impl Strategy<Value = OwnState> {
        let effects = prop::collection::vec((1_u8..=64, 1_u8..=15, 1_u32..=0x1_0000), 0..12);
        let fight = (any::<u16>(), any::<[u32; 4]>(), effects);
        (any::<[i32; 6]>(), any::<[u16; 9]>(), any::<[u8; 3]>(), 0_u32..31, fight).prop_map(
            move |(words, shorts, [generation, action, team], shift, (stamina, ready, effects))| {
                let words = words.map(|w| w >> shift);
                let wide = |at: usize| i32::from(shorts[at]);
                let pitch = i32::from(shorts[1].cast_signed());
                let [x, y, z, vx, vy, vz] = words;
                let last = [generation.into(), i32::from(action) | i32::from(team) << 8];
                let mut own = OwnState::from_fields([
                    x,
                    y,
                    z,
                    vx,
                    vy,
                    vz,
                    wide(0),
                    pitch,
                    wide(2),
                    wide(3),
                    wide(4),
                    wide(5),
                    wide(6),
                    wide(7),
                    wide(8),
                    last[0],
                    last[1],
                ])
                .unwrap();
                own.stamina = stamina;
                own.ready_ticks = ready.map(Tick);
                for (kind, stacks, left) in effects {
                    own.effects.insert(OwnEffect { kind, stacks, end_tick: Tick(tick.wrapping_add(left)) });
                }
                own
            },
        )
    }

    #[test]
    fn effects_stand_in_order_and_the_highest_of_too_many_goes() {
        let mut effects = OwnEffects::default();
        for kind in [9, 3, 7, 3, 20, 1, 40, 50, 60, 2, 8] {
            effects.insert(OwnEffect { kind, stacks: 1, end_tick: Tick(5) });
        }
        let kinds: Vec<u8> = effects.as_slice().iter().map(|effect| effect.kind).collect();
        assert_eq!(kinds, [1, 2, 3, 7, 8, 9, 20, 40]);
    }

    #[test]
    fn who_does_not_fight_pays_one_bit_for_it() {
        let own = OwnState { stamina: 88, ready_ticks: [Tick(9); 4], ..OwnState::default() };
        let bits = |to: &OwnState, base: &OwnState| {
            let mut bytes = [0; 200];
            let mut writer = BitWriter::new(&mut bytes);
            to.write(&mut writer, base, Tick(100));
            writer.position()
        };
        assert_eq!(bits(&own, &own), FIELDS + 1);
        let mut struck = own;
        struck.effects.insert(OwnEffect { kind: 4, stacks: 2, end_tick: Tick(460) });
        assert!(bits(&struck, &own) <= FIELDS + 1 + 5 + 1 + 4 + 10 + 14, "{}", bits(&struck, &own));
    }
}
