//! Reliable messages of the server, and the first of them: all a client must know to understand the rest.
//!
//! A message is one byte of [`MessageKind`] and a body; the kinds from 128 on are [`super::world_changes`]. Welcome's body, little-endian: protocol version u16, tick u32,
//! own slot u32, own generation u32, ticks between snapshots u16, the world's fingerprint u64, the world's configuration as
//! its difference to the default one ([`super::config_delta`]; it contains the seed, so the terrain follows from it).
//! Scenery and height files are not sent: a client has them or not, and the fingerprint tells.

use super::DecodeError;
use super::config_delta::{self, CONFIG_DELTA_BYTES_MAX};
use super::events::GameEvent;
use super::goodbye::GoodbyeReason;
use super::ground_image::{GroundCheck, GroundPiece};
use super::rules_change::RulesChange;
use super::world_changes::CHANGES_MESSAGE;
use super::{CHARACTERS_MAX, MESSAGE_BYTES, PROTOCOL_VERSION, PROTOCOL_VERSION_OLDEST};
use shieldwall_core::numeric::Tick;
use shieldwall_core::state::handle::CharacterId;
use shieldwall_core::world::WorldConfig;

/// First byte of a reliable message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MessageKind {
    /// [`Welcome`].
    Welcome = 1,
    /// One [`GameEvent`] the client takes part in, with its tick.
    Event = 2,
    /// [`GoodbyeReason`].
    Goodbye = 3,
    /// A piece of the whole ground ([`GroundPiece`]).
    Ground = 4,
    /// What the ground must be like ([`GroundCheck`]).
    GroundCheck = 5,
    /// Other rules from some tick on ([`RulesChange`]).
    Rules = 6,
    /// How what teams fight over stands ([`super::objectives`]).
    Objectives = 8,
}

/// What the server tells a client whose character has been spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The world's tick when this was written.
    pub tick: Tick,
    /// The client's character.
    pub character: CharacterId,
    /// Ticks from one snapshot of this client to the next.
    pub snapshot_interval_ticks: u16,
    /// Of the world's configuration and its scenery.
    pub world_fingerprint: u64,
    /// The world: rates, rules, seed.
    pub config: WorldConfig,
}

const HEAD_BYTES: usize = 1 + 2 + 4 + 4 + 4 + 2 + 8;
const _: () = assert!(Welcome::BYTES_MAX <= MESSAGE_BYTES);

impl Welcome {
    /// Bytes of the message at most, with rules of which every byte differs from the default ones.
    pub const BYTES_MAX: usize = HEAD_BYTES + CONFIG_DELTA_BYTES_MAX;

    /// The message's bytes, in the newest version.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_in(PROTOCOL_VERSION)
    }

    /// The message's bytes in a version that both ends speak.
    #[must_use]
    pub fn encode_in(&self, version: u16) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(MessageKind::Welcome as u8);
        bytes.extend_from_slice(&version.to_le_bytes());
        bytes.extend_from_slice(&self.tick.0.to_le_bytes());
        bytes.extend_from_slice(&self.character.slot.to_le_bytes());
        bytes.extend_from_slice(&self.character.generation.to_le_bytes());
        bytes.extend_from_slice(&self.snapshot_interval_ticks.to_le_bytes());
        bytes.extend_from_slice(&self.world_fingerprint.to_le_bytes());
        config_delta::write(&self.config, &mut bytes);
        bytes
    }

    fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let (version, body) = body.split_first_chunk::<2>().ok_or(DecodeError::Truncated)?;
        let version = u16::from_le_bytes(*version);
        if !(PROTOCOL_VERSION_OLDEST..=PROTOCOL_VERSION).contains(&version) {
            return Err(DecodeError::Version(version));
        }
        let (head, config) = body.split_first_chunk::<14>().ok_or(DecodeError::Truncated)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let character = CharacterId { slot: word(4), generation: word(8) };
        let snapshot_interval_ticks = u16::from_le_bytes([head[12], head[13]]);
        let (fingerprint, config) = config.split_first_chunk::<8>().ok_or(DecodeError::Truncated)?;
        let world_fingerprint = u64::from_le_bytes(*fingerprint);
        let config = config_delta::read(config)?;
        if config.character_capacity > CHARACTERS_MAX {
            return Err(DecodeError::Value("character capacity"));
        }
        if character.slot >= config.character_capacity || character.generation == 0 {
            return Err(DecodeError::Value("own character"));
        }
        if snapshot_interval_ticks == 0 || snapshot_interval_ticks > config.tick_hz {
            return Err(DecodeError::Value("snapshot interval"));
        }
        Ok(Self { tick: Tick(word(0)), character, snapshot_interval_ticks, world_fingerprint, config })
    }
}

/// A reliable message of the server, read; what is long is borrowed from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerMessage<'b> {
    /// First of all.
    Welcome(Welcome),
    /// Something the client's character took part in.
    Event(Tick, GameEvent),
    /// Last of all.
    Goodbye(GoodbyeReason),
    /// Changes of the world: for [`super::world_changes::ChangeCodec::read`].
    Changes(&'b [u8]),
    /// A piece of the whole ground.
    Ground(GroundPiece<'b>),
    /// What the ground must be like.
    GroundCheck(GroundCheck),
    /// Other rules from some tick on.
    Rules(RulesChange),
    /// How what teams fight over stands: for [`super::objectives::ObjectiveCodec::read`].
    Objectives(&'b [u8]),
}

impl<'b> ServerMessage<'b> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError`]: the server speaks another protocol, or it is not a server.
    pub fn decode(message: &'b [u8]) -> Result<Self, DecodeError> {
        let (&kind, body) = message.split_first().ok_or(DecodeError::Truncated)?;
        match kind {
            1 => Welcome::decode(body).map(Self::Welcome),
            2 => GameEvent::decode_message(body).map(|(tick, event)| Self::Event(tick, event)),
            3 => GoodbyeReason::decode(body).map(Self::Goodbye),
            4 => GroundPiece::decode(body).map(Self::Ground),
            5 => GroundCheck::decode(body).map(Self::GroundCheck),
            6 => RulesChange::decode(body).map(Self::Rules),
            8 => Ok(Self::Objectives(body)),
            CHANGES_MESSAGE.. => Ok(Self::Changes(message)),
            unknown => Err(DecodeError::UnknownMessage(unknown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn welcome() -> Welcome {
        Welcome {
            tick: Tick(77),
            character: CharacterId { slot: 3, generation: 2 },
            snapshot_interval_ticks: 3,
            world_fingerprint: 0x0123_4567_89AB_CDEF,
            config: WorldConfig { seed: 99, ..WorldConfig::default() },
        }
    }

    #[test]
    fn welcome_comes_back_and_every_cut_is_refused() {
        let bytes = welcome().encode();
        assert!(bytes.len() <= 48, "{} bytes", bytes.len());
        assert_eq!(ServerMessage::decode(&bytes), Ok(ServerMessage::Welcome(welcome())));
        // Less of the differences is another configuration; all else misses something.
        for cut in 0..bytes.len() {
            assert_ne!(ServerMessage::decode(&bytes[..cut]), Ok(ServerMessage::Welcome(welcome())));
        }
        assert!(ServerMessage::decode(&bytes[..HEAD_BYTES + 7]).is_err());
        let mut other = bytes.clone();
        other[1] ^= 0xff;
        assert!(matches!(ServerMessage::decode(&other), Err(DecodeError::Version(_))));
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(ServerMessage::decode(&longer), Err(DecodeError::Truncated));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..300), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5)) {
            let _ = ServerMessage::decode(&bytes);
            let mut near = welcome().encode();
            for (at, byte) in flips {
                let at = at.index(near.len());
                near[at] = byte;
            }
            let _ = ServerMessage::decode(&near);
        }
    }
}
