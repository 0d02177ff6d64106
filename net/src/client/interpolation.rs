//! The others, drawn a little in the past: between the states that came, so that nobody jumps.
//!
//! What is drawn lags the fastest snapshots by a delay that adapts to how late the next state really comes: the
//! snapshot interval, the jitter, now and then a loss. Past its newest state a character goes on with its last
//! velocity for at most 250 ms, then stands.
//!
//! All integers: positions are Q16.16 metres, time is micro-ticks, nothing can be NaN. Not in here: which characters
//! there are and what the wire says of them ([`super::replica`]).

use shieldwall_core::numeric::{Brads, Metres, Position, Tick};
use shieldwall_core::spatial::terrain::Terrain;

use super::clock_sync::{SlidingMin, TICK, micro_ticks};
use super::replica::{EntitySamples, ReplicaTable};
use super::views::EntityView;
use crate::time::Micros;
use crate::wire::quantize::EntityState;

/// Longest time a character goes on with its last velocity.
pub const EXTRAPOLATION_MAX_MS: u32 = 250;
/// A way longer than this between two states is a change of place: not drawn as movement.
const TELEPORT_M: i64 = 8;
/// The drawn time jumps when it is further off than this many milliseconds.
const SNAP_MS: i64 = 500;
/// Bounds of the delay.
const DELAY_MIN_MS: i64 = 17;
const DELAY_MAX_MS: i64 = 500;
/// A picture is looked at for this long at most: whoever draws does so more often.
const SHOWN_FOR: Micros = Micros::from_millis(100);
/// Heights come in 1/64 m.
const HEIGHT_UNIT: i32 = 1_024;

/// The time at which others are drawn: lags the server by an adaptive delay.
#[derive(Clone, Debug)]
pub struct PlaybackClock {
    tick_hz: u16,
    fastest: SlidingMin,
    newest: Option<u32>,
    delay: i64,
    position: Option<i64>,
    advanced_to: Micros,
}

impl PlaybackClock {
    /// A clock that waits for its first snapshot, with the delay of a clean path at 20 snapshots a second.
    #[must_use]
    pub fn new(tick_hz: u16) -> Self {
        let tick_hz = tick_hz.max(1);
        Self {
            tick_hz,
            fastest: SlidingMin::new(),
            newest: None,
            delay: 100_000 * i64::from(tick_hz),
            position: None,
            advanced_to: Micros(0),
        }
    }

    /// A snapshot of the state after `tick` came in at `now`.
    pub fn on_snapshot(&mut self, now: Micros, tick: Tick) {
        let local = micro_ticks(now, self.tick_hz);
        self.fastest.add(now, local - i64::from(tick.0) * TICK);
        match self.newest {
            Some(newest) if tick.0 <= newest => {}
            Some(newest) => {
                let fastest = self.fastest.min().unwrap_or(0);
                // How long the state before had to do: a delay of this much would just have bridged it.
                let needed = local - fastest - i64::from(newest) * TICK;
                self.learn_delay(needed);
                self.newest = Some(tick.0);
            }
            None => self.newest = Some(tick.0),
        }
    }

    /// The delay behind the fastest snapshots, in microseconds.
    #[must_use]
    pub fn delay_us(&self) -> u32 {
        (self.delay / i64::from(self.tick_hz)) as u32
    }

    /// Moves on to `now` and returns the time to draw, in micro-ticks; `None` before the first snapshot.
    pub fn advance(&mut self, now: Micros) -> Option<i64> {
        let fastest = self.fastest.min()?;
        let target = micro_ticks(now, self.tick_hz) - fastest - self.delay;
        let elapsed = now.since(self.advanced_to).0.min(10_000_000) as i64 * i64::from(self.tick_hz);
        self.advanced_to = self.advanced_to.max(now);
        let position = match self.position {
            Some(before) => {
                let error = target - before - elapsed;
                if error.abs() > SNAP_MS * 1_000 * i64::from(self.tick_hz) {
                    target
                } else {
                    before + elapsed + error.clamp(-elapsed / 16, elapsed / 16)
                }
            }
            None => target,
        };
        self.position = Some(position);
        Some(position)
    }

    /// The time on the screen at `now`, in micro-ticks: what was drawn last, or what would be drawn where nobody has
    /// looked for a tenth of a second. `None` before the first snapshot.
    #[must_use]
    pub fn shown(&self, now: Micros) -> Option<i64> {
        let unseen = now.since(self.advanced_to);
        match self.position {
            Some(position) if unseen <= SHOWN_FOR => Some(position),
            Some(position) => Some(position + unseen.0.min(10_000_000) as i64 * i64::from(self.tick_hz)),
            None => Some(micro_ticks(now, self.tick_hz) - self.fastest.min()? - self.delay),
        }
    }

    /// Up by a quarter of what was missing, down by a 64th of what was too much: settles where one state in seventeen
    /// comes late, and those are bridged by going on.
    fn learn_delay(&mut self, needed: i64) {
        let per_ms = 1_000 * i64::from(self.tick_hz);
        let error = needed - self.delay;
        self.delay += if error > 0 { error / 4 } else { error / 64 };
        self.delay = self.delay.clamp(DELAY_MIN_MS * per_ms, DELAY_MAX_MS * per_ms);
    }
}

/// Everybody in sight as drawn at a moment: the states that came, and the clock that says which of them.
#[derive(Clone, Debug)]
pub struct Interpolation {
    clock: PlaybackClock,
    extrapolate: i64,
    tick_hz: i64,
}

impl Interpolation {
    /// Waits for its first snapshot.
    #[must_use]
    pub fn new(tick_hz: u16) -> Self {
        let tick_hz = tick_hz.max(1);
        Self {
            clock: PlaybackClock::new(tick_hz),
            extrapolate: i64::from(EXTRAPOLATION_MAX_MS) * 1_000 * i64::from(tick_hz),
            tick_hz: i64::from(tick_hz),
        }
    }

    /// The clock of what is drawn.
    #[must_use]
    pub fn clock(&self) -> &PlaybackClock {
        &self.clock
    }

    /// A snapshot of the state after `tick` came in at `now`.
    pub fn on_snapshot(&mut self, now: Micros, tick: Tick) {
        self.clock.on_snapshot(now, tick);
    }

    /// Appends everybody in sight but the character in slot `own` as drawn at `now`, in no order that means anything.
    /// Nobody before the first snapshot.
    pub fn sample(
        &mut self,
        now: Micros,
        replica: &ReplicaTable,
        own: u32,
        terrain: &Terrain,
        out: &mut Vec<EntityView>,
    ) {
        let Some(at) = self.clock.advance(now) else { return };
        let others = replica.entities().filter(|samples| u32::from(samples.slot()) != own);
        out.extend(others.map(|samples| self.view(at, samples, terrain)));
    }

    /// One character at time `at` (micro-ticks).
    fn view(&self, at: i64, samples: EntitySamples<'_>, terrain: &Terrain) -> EntityView {
        let slot = u32::from(samples.slot());
        let tick = Tick((at / TICK).clamp(0, i64::from(u32::MAX)) as u32);
        let (before, after) = samples.around(tick);
        let into = at - i64::from(before.tick.0) * TICK;
        let place = match after {
            Some(after) if after.tick != before.tick && !is_other_place(&before.state, &after.state) => {
                let whole = i64::from(after.tick.0.wrapping_sub(before.tick.0)) * TICK;
                between(&before.state, &after.state, into.clamp(0, whole), whole)
            }
            None if before.state.is_alive() => self.beyond(&before.state, into),
            _ => Place::of(&before.state),
        };
        let state = &before.state;
        let ground = terrain.height_at(place.x, place.z);
        EntityView {
            slot,
            position: Position::new(place.x, Metres(ground.0.saturating_add(place.height)), place.z),
            velocity: state.velocity(),
            yaw: place.yaw,
            team: state.team,
            class: state.class,
            health: state.health,
            alive: state.is_alive(),
            grounded: state.is_grounded(),
            action: state.action,
            status: state.status,
            effect: state.effect,
        }
    }

    fn beyond(&self, state: &EntityState, into: i64) -> Place {
        let into = into.clamp(0, self.extrapolate);
        let way = |speed: i32| (i64::from(speed) * into / (TICK * self.tick_hz)) as i32;
        let (velocity, still) = (state.velocity(), Place::of(state));
        Place {
            x: Metres(still.x.0.saturating_add(way(velocity.x.0))),
            z: Metres(still.z.0.saturating_add(way(velocity.z.0))),
            ..still
        }
    }
}

/// Where a character is drawn; the height is above the terrain, Q16.16 metres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    x: Metres,
    z: Metres,
    height: i32,
    yaw: Brads,
}

impl Place {
    fn of(state: &EntityState) -> Self {
        let (x, z) = state.ground_position();
        Self { x, z, height: i32::from(state.height) * HEIGHT_UNIT, yaw: state.yaw() }
    }
}

fn between(a: &EntityState, b: &EntityState, part: i64, whole: i64) -> Place {
    let (a, b) = (Place::of(a), Place::of(b));
    let mix = |a: i32, b: i32| (i64::from(a) + (i64::from(b) - i64::from(a)) * part / whole) as i32;
    let turn = b.yaw.0.wrapping_sub(a.yaw.0).cast_signed();
    Place {
        x: Metres(mix(a.x.0, b.x.0)),
        z: Metres(mix(a.z.0, b.z.0)),
        height: mix(a.height, b.height),
        yaw: Brads(a.yaw.0.wrapping_add((i64::from(turn) * part / whole) as u16)),
    }
}

/// Whether two states of a slot are not two moments of one way: somebody else, dead or back, or far off.
fn is_other_place(a: &EntityState, b: &EntityState) -> bool {
    let far = |a: i32, b: i32| (i64::from(a) - i64::from(b)).abs() > TELEPORT_M * 64;
    a.generation != b.generation || (!a.is_alive() && b.is_alive()) || far(a.x, b.x) || far(a.z, b.z)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HZ: u16 = 60;

    /// Plays snapshots of every third tick, each late by `late_us(n)`, to a clock that is looked at every 10 ms.
    fn play(seconds: u64, late_us: impl Fn(u64) -> Option<u64>) -> (PlaybackClock, Vec<i64>, u32) {
        let mut clock = PlaybackClock::new(HZ);
        let mut arrivals: Vec<(u64, u32)> = (0..seconds * 20)
            .filter_map(|n| late_us(n).map(|late| (1_000_000 + n * 50_000 + late, n as u32 * 3)))
            .collect();
        arrivals.sort_unstable();
        let (mut at, mut starved, mut newest) = (Vec::new(), 0, 0);
        let mut next = arrivals.into_iter().peekable();
        for ms in (1_000..1_000 + seconds * 1_000).step_by(10) {
            while let Some((time, tick)) = next.next_if(|(time, _)| *time <= ms * 1_000) {
                clock.on_snapshot(Micros(time), Tick(tick));
                newest = newest.max(tick);
            }
            if let Some(position) = clock.advance(Micros(ms * 1_000)) {
                starved += u32::from(ms > 6_000 && position > i64::from(newest) * TICK);
                at.push(position);
            }
        }
        (clock, at, starved)
    }

    #[test]
    fn a_clean_path_settles_at_little_more_than_the_interval_and_runs_evenly() {
        let (clock, at, starved) = play(20, |_| Some(30_000));
        assert!((45_000..65_000).contains(&clock.delay_us()), "{} us", clock.delay_us());
        assert_eq!(starved, 0);
        // 10 ms are 0.6 ticks; the clock never runs back and never over 7 % fast or slow.
        let steps: Vec<i64> = at.windows(2).map(|w| w[1] - w[0]).collect();
        assert!(steps.iter().all(|s| (550_000..650_000).contains(s)));
        assert!(steps[steps.len() - 100..].iter().all(|s| (599_000..=601_000).contains(s)));
    }

    #[test]
    fn jitter_and_loss_lengthen_the_delay_until_few_states_come_late() {
        let noise = |n: u64| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % 80_000;
        let (clock, at, starved) = play(60, |n| (n % 20 != 7).then(|| noise(n)));
        assert!((90_000..220_000).contains(&clock.delay_us()), "{} us", clock.delay_us());
        assert!(starved * 10 < at.len() as u32, "{starved} of {}", at.len());
        assert!(at.windows(2).all(|w| w[1] > w[0]), "time never stands or runs back");
    }

    fn walker(x_m: i32, yaw: u8) -> EntityState {
        EntityState { x: x_m * 64, yaw, velocity_x: 32, health: 255, status: 3, ..EntityState::default() }
    }

    #[test]
    fn places_lie_between_and_turns_take_the_short_way() {
        let (a, b) = (walker(10, 250), walker(14, 6));
        let mid = between(&a, &b, TICK, 2 * TICK);
        assert_eq!((mid.x, mid.yaw), (Metres::from_m(12), Brads(0)));
        assert_eq!(between(&a, &b, 0, TICK), Place::of(&a));
        assert_eq!(between(&a, &b, TICK, TICK), Place::of(&b));
    }

    #[test]
    fn going_on_ends_after_a_quarter_of_a_second() {
        let interpolation = Interpolation::new(HZ);
        let state = walker(0, 0);
        let after = |ms: i64| interpolation.beyond(&state, ms * 60 * 1_000).x;
        assert_eq!(after(0), Metres::ZERO);
        assert_eq!(after(100).to_mm(), 399, "4 m/s for 100 ms, rounded down");
        assert_eq!(after(250), Metres::ONE);
        assert_eq!(after(10_000), Metres::ONE);
        assert_eq!(after(-50), Metres::ZERO);
    }

    #[test]
    fn returns_successors_and_teleports_are_not_drawn_as_ways() {
        let dead = EntityState { status: 2, health: 0, ..walker(0, 0) };
        assert!(is_other_place(&dead, &walker(1, 0)), "back to life");
        assert!(!is_other_place(&walker(1, 0), &dead), "falls where it stood");
        assert!(is_other_place(&walker(0, 0), &EntityState { generation: 9, ..walker(0, 0) }));
        assert!(is_other_place(&walker(0, 0), &walker(9, 0)));
        assert!(is_other_place(&EntityState { z: i32::MIN, ..dead }, &EntityState { z: i32::MAX, ..dead }));
    }
}
