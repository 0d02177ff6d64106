//! Tables of interest with names: what a game starts from when it writes none of its own.
//!
//! A preset is a whole [`ReplicationConfig`]: tiers, the snapshot rate that its fastest tier (or the own character) needs, and a
//! budget that keeps a packet as large as in the default. The own character is in every snapshot, so it comes at the snapshot
//! rate. What is not here: whether the world ticks fast enough; [`ReplicationConfig::validate`] refuses where it does not.

use super::config::{InterestTier, ReplicationConfig};
use shieldwall_core::numeric::Metres;

/// A named table of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterestPreset {
    /// Battles of thousands on foot: 50, 100 and 200 m at 20, 10 and 5 Hz.
    DarkAges,
    /// Few and fast, seen from afar: the own character at 60 Hz; 50, 300 and 1,000 m at 30, 10 and 2 Hz.
    BlueMarble,
    /// What is close enough to strike, as often as it moves: 20 m at 60 Hz, 200 m at 10 Hz, the horizon (1,000 m) at 1 Hz.
    Near,
}

/// A preset as a row of data.
struct Row {
    name: &'static str,
    snapshot_hz: u16,
    down_budget_bytes_per_s: u32,
    /// Metres and updates a second, from the inner to the outer.
    tiers: [(i32, u16); 3],
}

impl InterestPreset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DarkAges, Self::BlueMarble, Self::Near];

    fn row(self) -> Row {
        match self {
            Self::DarkAges => Row {
                name: "dark_ages",
                snapshot_hz: 20,
                down_budget_bytes_per_s: 11_000,
                tiers: [(50, 20), (100, 10), (200, 5)],
            },
            Self::BlueMarble => Row {
                name: "blue_marble",
                snapshot_hz: 60,
                down_budget_bytes_per_s: 33_000,
                tiers: [(50, 30), (300, 10), (1_000, 2)],
            },
            Self::Near => Row {
                name: "near",
                snapshot_hz: 60,
                down_budget_bytes_per_s: 33_000,
                tiers: [(20, 60), (200, 10), (1_000, 1)],
            },
        }
    }

    /// Its name in configuration files and flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The preset of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// The configuration; what a preset does not say is as in the default.
    #[must_use]
    pub fn config(self) -> ReplicationConfig {
        let row = self.row();
        let tier = |(metres, rate_hz)| InterestTier { radius: Metres::from_m(metres), rate_hz };
        ReplicationConfig {
            snapshot_hz: row.snapshot_hz,
            down_budget_bytes_per_s: row.down_budget_bytes_per_s,
            tiers: row.tiers.map(tier).to_vec(),
            ..ReplicationConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::ReplicationConfigError;
    use super::*;
    use shieldwall_core::world::WorldConfig;

    #[test]
    fn every_preset_holds_in_the_default_world_and_keeps_its_name() {
        let world = WorldConfig::default();
        for preset in InterestPreset::ALL {
            assert_eq!(InterestPreset::named(preset.name()), Some(preset));
            assert_eq!(preset.config().validate(&world), Ok(()), "{}", preset.name());
        }
        assert_eq!(InterestPreset::named("far"), None);
    }

    #[test]
    fn a_rate_above_the_tick_rate_is_refused() {
        for preset in InterestPreset::ALL {
            for tick_hz in [10, 20, 30, 60] {
                let world = WorldConfig { tick_hz, ..WorldConfig::default() };
                let fast = preset.config().snapshot_hz;
                let expected =
                    if fast <= tick_hz { Ok(()) } else { Err(ReplicationConfigError::SnapshotRate(fast)) };
                assert_eq!(preset.config().validate(&world), expected, "{} at {tick_hz}", preset.name());
            }
        }
    }
}
