//! What a client is told before it connects.

use std::sync::Arc;

use shieldwall_core::RulesHash;
use shieldwall_core::spatial::Scenery;

use super::clock_sync::LossEstimate;
use super::shared_worlds::SharedWorlds;

/// With at most so many packets lost in a row inputs are sent less often.
const CALM_BURST: u32 = 2;

/// What a client may be told beforehand.
#[derive(Clone, Debug)]
pub struct GameClientConfig {
    /// Input packets a second, 10 to 60. More shorten the lead on lossy paths, fewer save the bytes around them: while a path
    /// loses next to nothing, two thirds are sent.
    pub input_packets_per_s: u16,
    /// Bytes a second that may be sent, all-in with 28 bytes of headers for each packet. When inputs need more, packets
    /// go out less often.
    pub up_budget_bytes_per_s: u32,
    /// Events kept until they are taken; older ones are dropped and counted. At least 1.
    pub event_capacity: usize,
    /// What other clients of this process that play in the same world made already, and make meanwhile: saves making its
    /// terrain again, and a terrain of its own where somebody has dug. Used only if the server's world turns out to be the same.
    pub worlds: Option<Arc<SharedWorlds>>,
    /// What stands in the world and what its ground is made from: servers do not send it. Must be the server's.
    pub scenery: Arc<Scenery>,
    /// The rules this client was made for. A client plays by whatever rules the server sends; with a hash here it
    /// leaves a server with others ([`super::EndReason::OtherRules`]).
    pub expected_rules: Option<RulesHash>,
    /// Whether the own character is predicted. A client that does not predict (a load tool, a watcher) reads, acknowledges and
    /// sends inputs as any other does; [`super::GameClient::own`] is then what the newest snapshot said, and moving props stay
    /// where they were last told to be.
    pub predicts: bool,
}

impl Default for GameClientConfig {
    /// 30 packets and at most 2,400 bytes a second, 256 events, with prediction.
    fn default() -> Self {
        Self {
            input_packets_per_s: 30,
            up_budget_bytes_per_s: 2_400,
            event_capacity: 256,
            worlds: None,
            scenery: Arc::default(),
            expected_rules: None,
            predicts: true,
        }
    }
}

impl GameClientConfig {
    /// Ticks between two packets with inputs, where packets get lost.
    pub(super) fn packet_interval_ticks(&self, tick_hz: u16) -> u32 {
        u32::from(tick_hz).div_ceil(u32::from(self.input_packets_per_s.clamp(10, 60))).max(1)
    }

    /// Ticks between two packets with inputs on a path that loses so much: half as many again where few in a row can be lost,
    /// for then the lead needs no more than it would otherwise.
    pub(super) fn spacing_ticks(&self, tick_hz: u16, loss: &LossEstimate) -> u32 {
        let interval = self.packet_interval_ticks(tick_hz);
        if loss.expected_burst() <= CALM_BURST { (interval * 3).div_ceil(2) } else { interval }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_sent_less_often_once_nothing_is_lost_and_more_often_again() {
        let (config, mut loss) = (GameClientConfig::default(), LossEstimate::new());
        assert_eq!((config.packet_interval_ticks(60), config.spacing_ticks(60, &loss)), (2, 2));
        (0..1_000).for_each(|_| loss.record(false));
        assert_eq!(config.spacing_ticks(60, &loss), 3);
        loss.record(true);
        assert_eq!(config.spacing_ticks(60, &loss), 2);
        let ten = GameClientConfig { input_packets_per_s: 10, ..config };
        assert_eq!((ten.spacing_ticks(60, &loss), ten.spacing_ticks(10, &loss)), (6, 1));
    }
}
