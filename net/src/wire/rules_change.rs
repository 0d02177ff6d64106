//! The message that tells of other rules: from which tick they hold, and the world's configuration with them.
//!
//! Body, little-endian: the first tick that runs by them u32, then the configuration as its difference to the default one
//! ([`super::config_delta`]). Of what is not rules it has what the welcome had.

use super::DecodeError;
use super::config_delta::{self, CONFIG_DELTA_BYTES_MAX};
use super::welcome::MessageKind;
use super::{CHARACTERS_MAX, MESSAGE_BYTES};
use shieldwall_core::numeric::Tick;
use shieldwall_core::world::WorldConfig;

/// See the module head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulesChange {
    /// The first tick that runs by the new rules. Snapshots of it and of later ticks are encoded by them.
    pub from: Tick,
    /// The world's configuration from then on.
    pub config: WorldConfig,
}

const _: () = assert!(RulesChange::BYTES_MAX <= MESSAGE_BYTES);

impl RulesChange {
    /// Bytes of the message at most.
    pub const BYTES_MAX: usize = 1 + 4 + CONFIG_DELTA_BYTES_MAX;

    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(MessageKind::Rules as u8);
        bytes.extend_from_slice(&self.from.0.to_le_bytes());
        config_delta::write(&self.config, &mut bytes);
        bytes
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let (from, config) = body.split_first_chunk::<4>().ok_or(DecodeError::Truncated)?;
        let config = config_delta::read(config)?;
        if config.character_capacity > CHARACTERS_MAX {
            return Err(DecodeError::Value("character capacity"));
        }
        Ok(Self { from: Tick(u32::from_le_bytes(*from)), config })
    }
}

#[cfg(test)]
mod tests {
    use super::super::welcome::ServerMessage;
    use super::*;
    use proptest::prelude::*;

    fn change() -> RulesChange {
        let mut config = WorldConfig { seed: 7, ..WorldConfig::default() };
        config.rules.arms[3].damage += 9;
        config.rules.movement[0].walk_speed.0 += 5_000;
        RulesChange { from: Tick(0xFFFF_FFF0), config }
    }

    #[test]
    fn it_comes_back_and_every_cut_is_another() {
        let bytes = change().encode();
        assert!(bytes.len() < 40, "{} bytes", bytes.len());
        assert_eq!(ServerMessage::decode(&bytes), Ok(ServerMessage::Rules(change())));
        for cut in 0..bytes.len() {
            assert_ne!(ServerMessage::decode(&bytes[..cut]), Ok(ServerMessage::Rules(change())));
        }
        assert!(ServerMessage::decode(&bytes[..12]).is_err(), "no whole configuration");
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..80), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5)) {
            let _ = RulesChange::decode(&bytes);
            let mut near = change().encode();
            for (at, byte) in flips {
                let at = at.index(near.len());
                near[at] = byte;
            }
            let _ = ServerMessage::decode(&near);
        }
    }
}
