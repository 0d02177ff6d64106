//! What the operator may choose about replication, checked once.

use super::MIN_PACKET_BYTES;
use crate::wire::CHARACTERS_MAX;
use core::fmt;
use shieldwall_core::numeric::Metres;
use shieldwall_core::world::WorldConfig;

/// Everybody within `radius` is sent `rate_hz` times a second, bandwidth permitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterestTier {
    /// Outer edge.
    pub radius: Metres,
    /// Updates a second, at most the snapshot rate.
    pub rate_hz: u16,
}

/// Tiers at most.
pub const TIERS_MAX: usize = 8;

/// Configuration of a zone's replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicationConfig {
    /// Snapshots a second and client. They are a whole number of ticks apart, so the rate in force is the tick rate
    /// divided by [`ReplicationConfig::snapshot_interval_ticks`]: with 50 ticks a second 20 becomes 16.67.
    pub snapshot_hz: u16,
    /// How often a client's surroundings are searched, a second; at most the snapshot rate.
    pub interest_hz: u16,
    /// Rings of interest, from the inner to the outer. Beyond the last nobody is seen.
    pub tiers: Vec<InterestTier>,
    /// Whoever is this near comes first, eight times as urgent as the others: the reach of weapons one must see coming.
    pub always_first: Metres,
    /// A character that is in a tier stays in it until it is this much farther out than the edge.
    pub leave_margin: Metres,
    /// Bytes a second and client downwards, all-in: with UDP/IP and encryption around every packet. At least
    /// [`ReplicationConfig::least_budget`].
    pub down_budget_bytes_per_s: u32,
    /// So long the character of a client that was cut off waits for it, in seconds; 0: not at all.
    pub reconnect_grace_s: u16,
    /// Enemies behind ground and walls are not sent; `None`: everybody in a tier is, wherever he stands.
    pub occlusion: Option<OcclusionConfig>,
    /// How often a client is told hashes of what it must hold, in milliseconds: 500 to 5,000; 0: never.
    pub state_check_ms: u16,
}

/// How enemies behind ground and walls are kept from a client (`docs/adr/0043-what-clients-may-see.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OcclusionConfig {
    /// Whoever is this near on the ground plane is sent, seen or not: steps are heard. 0 to 100 m.
    pub near: Metres,
    /// So long an enemy is sent after he was seen last, in milliseconds: at most 10,000.
    pub grace_ms: u16,
    /// Rays of sight a client and search, 8 to 4,096: what it may cost.
    pub rays: u16,
    /// How far a player's eyes are above the top of his body: cameras behind the shoulder are. 0 to 20 m.
    pub eyes_above: Metres,
}

impl Default for OcclusionConfig {
    fn default() -> Self {
        Self { near: Metres::from_m(8), grace_ms: 1_000, rays: 64, eyes_above: Metres::ZERO }
    }
}

impl OcclusionConfig {
    fn is_sensible(&self) -> bool {
        let within = |value: Metres, most: i32| (Metres::ZERO..=Metres::from_m(most)).contains(&value);
        within(self.near, 100)
            && within(self.eyes_above, 20)
            && self.grace_ms <= 10_000
            && (8..=4_096).contains(&self.rays)
    }
}

/// Times between two state checks, in milliseconds: 0.2 to 2 a second.
pub const STATE_CHECK_MS: core::ops::RangeInclusive<u16> = 500..=5_000;

impl Default for ReplicationConfig {
    fn default() -> Self {
        let tier = |metres, rate_hz| InterestTier { radius: Metres::from_m(metres), rate_hz };
        Self {
            snapshot_hz: 20,
            interest_hz: 5,
            tiers: vec![tier(50, 20), tier(150, 10), tier(400, 4)],
            always_first: Metres::from_m(10),
            leave_margin: Metres::from_m(4),
            down_budget_bytes_per_s: 11_000,
            reconnect_grace_s: 30,
            occlusion: None,
            state_check_ms: 2_000,
        }
    }
}

/// Why a [`ReplicationConfig`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicationConfigError {
    /// Not between 1 and the tick rate, or over 120.
    SnapshotRate(u16),
    /// Not between 1 and the snapshot rate.
    InterestRate(u16),
    /// None, or more than [`TIERS_MAX`].
    TierCount(usize),
    /// Tiers must grow outwards from a positive radius, and none be farther than 16 km.
    Tier(usize),
    /// The rate of a tier is not 1 to the snapshot rate, which is at most the tick rate.
    TierRate {
        /// Which.
        tier: usize,
        /// Its rate.
        rate_hz: u16,
        /// The snapshot rate.
        most: u16,
    },
    /// Negative or over a kilometre.
    Distance,
    /// A number of [`OcclusionConfig`] is out of its range.
    Occlusion,
    /// Not 0 and not among [`STATE_CHECK_MS`].
    StateCheck(u16),
    /// Under [`ReplicationConfig::least_budget`]: a snapshot of the own character alone would not fit every time.
    Budget {
        /// What was asked for, bytes a second.
        bytes_per_s: u32,
        /// What the snapshot rate needs, bytes a second.
        least: u32,
    },
    /// More clients than 2^20.
    MaxClients(u32),
    /// The world reports fewer events a tick than a spawn and a despawn of every client: answers could be lost.
    EventCapacity {
        /// The world's.
        capacity: u32,
        /// What the clients need.
        least: u32,
    },
    /// More characters than 65,535, which 16-bit slots cannot name.
    CharacterCapacity(u32),
}

impl fmt::Display for ReplicationConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SnapshotRate(hz) => write!(f, "replication: snapshot rate {hz} is not 1 to the tick rate"),
            Self::InterestRate(hz) => {
                write!(f, "replication: interest rate {hz} is not 1 to the snapshot rate")
            }
            Self::TierCount(count) => write!(f, "replication: {count} tiers, allowed are 1 to {TIERS_MAX}"),
            Self::Tier(index) => {
                write!(f, "replication: tier {index} does not grow outwards, or reaches beyond 16 km")
            }
            Self::TierRate { tier, rate_hz, most } => {
                write!(
                    f,
                    "replication: tier {tier} wants {rate_hz} updates a second, possible are 1 to {most}"
                )
            }
            Self::Occlusion => write!(
                f,
                "replication: occlusion takes a near distance of 0 to 100 m, a grace of up to 10 s, 8 to 4,096 rays, \
                 and eyes 0 to 20 m above the body"
            ),
            Self::StateCheck(ms) => {
                let (least, most) = (STATE_CHECK_MS.start(), STATE_CHECK_MS.end());
                write!(f, "replication: a state check every {ms} ms is not one in {least} to {most}, or 0")
            }
            Self::Distance => write!(f, "replication: always_first and leave_margin are 0 to 1000 m"),
            Self::Budget { bytes_per_s, least } => {
                write!(f, "replication: {bytes_per_s} bytes/s are too few, this snapshot rate needs {least}")
            }
            Self::MaxClients(clients) => write!(f, "replication: {clients} clients are too many"),
            Self::EventCapacity { capacity, least } => {
                write!(
                    f,
                    "replication: an event_capacity of {capacity} is too small, these clients need {least}"
                )
            }
            Self::CharacterCapacity(rows) => {
                write!(f, "replication: {rows} characters are more than {CHARACTERS_MAX}")
            }
        }
    }
}

impl core::error::Error for ReplicationConfigError {}

impl ReplicationConfig {
    /// Checks every number and relation.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn validate(&self, world: &WorldConfig) -> Result<(), ReplicationConfigError> {
        use ReplicationConfigError as E;
        if !(1..=world.tick_hz.min(120)).contains(&self.snapshot_hz) {
            return Err(E::SnapshotRate(self.snapshot_hz));
        }
        if !(1..=self.snapshot_hz).contains(&self.interest_hz) {
            return Err(E::InterestRate(self.interest_hz));
        }
        if !(1..=TIERS_MAX).contains(&self.tiers.len()) {
            return Err(E::TierCount(self.tiers.len()));
        }
        let mut edge = Metres::ZERO;
        for (index, tier) in self.tiers.iter().enumerate() {
            if tier.radius <= edge || tier.radius > Metres::from_m(16_000) {
                return Err(E::Tier(index));
            }
            let (rate_hz, most) = (tier.rate_hz, self.snapshot_hz);
            if !(1..=most).contains(&rate_hz) {
                return Err(E::TierRate { tier: index, rate_hz, most });
            }
            edge = tier.radius;
        }
        let sensible = Metres::ZERO..=Metres::from_m(1_000);
        if !sensible.contains(&self.always_first) || !sensible.contains(&self.leave_margin) {
            return Err(E::Distance);
        }
        if self.occlusion.is_some_and(|occlusion| !occlusion.is_sensible()) {
            return Err(E::Occlusion);
        }
        if self.state_check_ms != 0 && !STATE_CHECK_MS.contains(&self.state_check_ms) {
            return Err(E::StateCheck(self.state_check_ms));
        }
        let (bytes_per_s, least) = (self.down_budget_bytes_per_s, self.least_budget(world.tick_hz));
        if bytes_per_s < least {
            return Err(E::Budget { bytes_per_s, least });
        }
        if world.character_capacity > CHARACTERS_MAX {
            return Err(E::CharacterCapacity(world.character_capacity));
        }
        Ok(())
    }

    /// Ticks between two snapshots of a client: the tick rate divided by the snapshot rate, to the nearest.
    #[must_use]
    pub fn snapshot_interval_ticks(&self, tick_hz: u16) -> u32 {
        let (ticks, snapshots) = (u32::from(tick_hz), u32::from(self.snapshot_hz.max(1)));
        ((ticks + snapshots / 2) / snapshots).max(1)
    }

    /// Bytes a second that let every packet have [`MIN_PACKET_BYTES`], at the rate in force.
    #[must_use]
    pub fn least_budget(&self, tick_hz: u16) -> u32 {
        let interval = self.snapshot_interval_ticks(tick_hz);
        (MIN_PACKET_BYTES as u32 * u32::from(tick_hz)).div_ceil(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_holds_and_each_fault_is_named() {
        let world = WorldConfig::default();
        let good = ReplicationConfig::default();
        assert_eq!(good.validate(&world), Ok(()));
        assert_eq!(good.snapshot_interval_ticks(60), 3);
        let with = |change: fn(&mut ReplicationConfig)| {
            let mut config = ReplicationConfig::default();
            change(&mut config);
            config.validate(&WorldConfig::default()).unwrap_err()
        };
        use ReplicationConfigError as E;
        assert_eq!(with(|c| c.snapshot_hz = 0), E::SnapshotRate(0));
        assert_eq!(with(|c| c.snapshot_hz = 61), E::SnapshotRate(61));
        assert_eq!(with(|c| c.interest_hz = 21), E::InterestRate(21));
        assert_eq!(with(|c| c.tiers.clear()), E::TierCount(0));
        assert_eq!(with(|c| c.tiers[1].radius = c.tiers[0].radius), E::Tier(1));
        let rate = |rate_hz| E::TierRate { tier: 2, rate_hz, most: 20 };
        assert_eq!(with(|c| c.tiers[2].rate_hz = 0), rate(0));
        assert_eq!(with(|c| c.tiers[2].rate_hz = 21), rate(21));
        let no_rays = Some(OcclusionConfig { rays: 0, ..OcclusionConfig::default() });
        assert_eq!(with(|c| c.state_check_ms = 499), E::StateCheck(499));
        assert_eq!(ReplicationConfig { occlusion: no_rays, ..good }.validate(&world), Err(E::Occlusion));
        assert_eq!(with(|c| c.leave_margin = Metres(-1)), E::Distance);
        let too_little = E::Budget { bytes_per_s: 6_399, least: 6_400 };
        assert_eq!(with(|c| c.down_budget_bytes_per_s = 6_399), too_little);
    }

    #[test]
    fn the_budget_must_carry_the_least_packet_at_the_rate_in_force() {
        for (tick_hz, snapshot_hz, interval) in [(60, 20, 3), (50, 20, 3), (60, 50, 1), (120, 120, 1)] {
            let mut config = ReplicationConfig { snapshot_hz, ..ReplicationConfig::default() };
            let world = WorldConfig { tick_hz, ..WorldConfig::default() };
            assert_eq!(config.snapshot_interval_ticks(tick_hz), interval);
            let packets_per_s = f64::from(tick_hz) / f64::from(interval);
            let least = (MIN_PACKET_BYTES as f64 * packets_per_s).ceil() as u32;
            config.down_budget_bytes_per_s = least;
            assert_eq!(config.validate(&world), Ok(()));
            config.down_budget_bytes_per_s = least - 1;
            let too_little = ReplicationConfigError::Budget { bytes_per_s: least - 1, least };
            assert_eq!(config.validate(&world), Err(too_little));
        }
    }
}
