//! What a client holds of others, compared with what the server says it must hold.
//!
//! The server names only states that the client acknowledged and has not dropped since, as far as the server knows. So a state
//! that is not here is a fault, unless its slot has left sight meanwhile or the check came so late that newer states have pushed
//! it out: that is counted as skipped, and says nothing.
//!
//! What is not here: what to do about a fault. It means a bug at one of the ends, or damaged memory.

use super::replica::{Held, ReplicaTable};
use crate::wire::DecodeError;
use crate::wire::bits::BitReader;
use crate::wire::state_check::{self, REGION_NAMES, REGIONS, StateHashes};
use core::fmt;
use shieldwall_core::numeric::Tick;

/// Where a client's picture was found to differ from the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateMismatch {
    /// The state is of this tick.
    pub tick: Tick,
    /// Whose; `None` where the states' own hashes are too short to tell.
    pub slot: Option<u16>,
    /// Which parts of it differ, one bit each, as [`REGION_NAMES`] has them; 0 where that is not known.
    pub regions: u8,
    /// Whether the state is not held at all.
    pub missing: bool,
}

impl fmt::Display for StateMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slot {
            Some(slot) => write!(f, "slot {slot} at tick {}:", self.tick.0)?,
            None => write!(f, "somebody at tick {}:", self.tick.0)?,
        }
        if self.missing {
            return write!(f, " not held");
        }
        let named = (0..REGIONS).filter(|region| self.regions >> region & 1 != 0);
        let mut any = false;
        for region in named {
            write!(f, " {}", REGION_NAMES[region])?;
            any = true;
        }
        if any { Ok(()) } else { write!(f, " unknown fields") }
    }
}

/// What the checks have come to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCheckStats {
    /// Checks that came.
    pub checks: u64,
    /// States compared.
    pub states: u64,
    /// States that could not be compared any more.
    pub skipped: u64,
    /// Checks that found a difference.
    pub mismatches: u64,
    /// What the last of these found first.
    pub last_mismatch: Option<StateMismatch>,
}

impl StateCheckStats {
    /// Reads a check frame (after its kind) and compares it with `replica`.
    ///
    /// # Errors
    /// [`DecodeError`]; then nothing was counted.
    pub(crate) fn take(
        &mut self,
        reader: &mut BitReader<'_>,
        replica: &ReplicaTable,
    ) -> Result<(), DecodeError> {
        let tick = Tick(reader.clone().get(32)?);
        let (mut sum, mut states, mut skipped, mut first) = (StateHashes::default(), 0, 0, None);
        let head = state_check::read(reader, |slot, hash| match replica.held(slot, tick) {
            Held::State(state) => {
                let own = StateHashes::of(tick, slot, state);
                sum.add(&own);
                states += 1;
                if own.of_state() != hash {
                    first.get_or_insert((slot, false));
                }
            }
            Held::Dropped => skipped += 1,
            Held::Missing => _ = first.get_or_insert((slot, true)),
        })?;
        self.checks += 1;
        self.states += states;
        self.skipped += skipped;
        let complete = skipped == 0 && !matches!(first, Some((_, true)));
        let differing = |(own, theirs): (u16, u16)| u8::from(own != theirs);
        let pairs = sum.of_regions().into_iter().zip(head.regions);
        let regions = pairs.enumerate().fold(0, |bits, (at, pair)| bits | differing(pair) << at);
        let regions = if complete { regions } else { 0 };
        if first.is_some() || regions != 0 {
            self.mismatches += 1;
            let (slot, missing) = first.map_or((None, false), |(slot, missing)| (Some(slot), missing));
            self.last_mismatch = Some(StateMismatch { tick, slot, regions, missing });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
