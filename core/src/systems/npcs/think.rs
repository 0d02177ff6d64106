//! One thought: what to be about, after whom, where to, and when to think again.
//!
//! ```text
//! dead ............................................ idle, no target
//! going home, and not yet halfway ................. return
//! beyond the leash ................................ return
//! a target, and hurt .............................. flee
//! a target in range and in sight .................. attack
//! a target ........................................ chase
//! farther from home than it wanders ............... return
//! otherwise ....................................... idle; now and then wander
//! ```
//! A target is kept until it dies, gets out of `lose_radius` or beyond the leash, or another enemy is less than half as far.

use super::mind::Mind;
use super::route::{self, Route};
use super::senses::square;
use crate::numeric::rng::{between_metres, chance, random_u32x4};
use crate::numeric::{Brads, Metres, Position, Purpose, Tick, Ticks};
use crate::spatial::ways::{Grounds, Ways};
use crate::state::handle::CharacterId;
use crate::state::npcs::{Npcs, mood, steer};
use crate::systems::rewind::distance_squared;

/// One in so many thoughts without anything to do leads somewhere else.
const WANDERS_ONE_IN: u32 = 16;

/// Farther from home than it wanders by this, it goes back.
const AWAY: Metres = Metres::from_m(4);

/// Parts of 256 of the full health that it must have gained before it stops running.
const RECOVERY: u32 = 64;

/// A mind that got no field in this tick asks again after so many.
const ASK_AGAIN: Ticks = Ticks(4);

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub mood: u8,
    pub target: CharacterId,
    pub way: (i32, i32),
    pub steer: u8,
    pub next: Tick,
}

impl Decision {
    pub(super) fn write(&self, npcs: &mut Npcs, row: usize) {
        npcs.mood[row] = self.mood;
        npcs.set_target(row, self.target);
        (npcs.way_x[row], npcs.way_z[row]) = self.way;
        npcs.steer[row] = self.steer;
        npcs.next_think_tick[row] = self.next.0;
    }
}

impl<'a> Mind<'a> {
    /// The thought.
    pub(super) fn decide(&self, ways: &mut Ways) -> Decision {
        let still = Decision {
            mood: mood::IDLE,
            target: CharacterId::NONE,
            way: self.home,
            steer: steer::HOLD,
            next: self.next(),
        };
        if self.is_dead {
            return still;
        }
        if self.is_going_home() {
            return self.go(ways, still, mood::RETURN, self.home);
        }
        match self.chosen() {
            Some((_, target)) if self.is_afraid() => self.flee(ways, Decision { target, ..still }),
            Some((squared, target)) => self.fight(ways, squared, Decision { target, ..still }),
            None => self.pass_the_time(ways, still),
        }
    }

    /// Staggered by row: of minds with equal times, some think in each tick.
    fn next(&self) -> Tick {
        let near = Ticks::from_millis(self.rules.think_ms.into(), self.environment.tick_hz).0.max(1);
        let next = self.tick + self.interval;
        let over = next.0.wrapping_add(self.row as u32) % near;
        next - Ticks(over)
    }

    fn is_afraid(&self) -> bool {
        let below = u32::from(self.rules.flee_below);
        let recovery = if self.before.mood == mood::FLEE { RECOVERY } else { 0 };
        below > 0 && self.health < below + recovery
    }

    fn grounds(&self) -> Grounds<'a> {
        Grounds { terrain: &self.environment.terrain, obstacles: &self.environment.obstacles }
    }

    fn at(&self) -> (Metres, Metres) {
        (Metres(self.me.x), Metres(self.me.z))
    }

    fn route(&self, ways: &mut Ways, to: (i32, i32)) -> Route {
        let errand = route::Errand {
            grounds: self.grounds(),
            walker: &self.walker,
            class: self.class,
            from: self.at(),
            to: (Metres(to.0), Metres(to.1)),
        };
        route::find(ways, &errand)
    }

    /// The decision to go somewhere.
    fn go(&self, ways: &mut Ways, decision: Decision, mood: u8, to: (i32, i32)) -> Decision {
        let runs = self.rules.sprints != 0 && mood != mood::WANDER;
        let (way, steer, next) = match self.route(ways, to) {
            Route::Free if mood == mood::CHASE => (to, steer::AT_TARGET | steer::SIGHT, decision.next),
            Route::Free | Route::Straight => (to, 0, decision.next),
            Route::Stage(x, z) => ((x.0, z.0), steer::STAGE, decision.next),
            Route::Later => (to, 0, self.tick + ASK_AGAIN),
        };
        let steer = steer | if runs { steer::SPRINT } else { 0 };
        Decision { mood, way, steer, next, ..decision }
    }

    /// Whether nothing stands between its chest and that of its target.
    fn sees_target(&self) -> bool {
        let up = Metres(self.walker.height.0 / 4 * 3);
        let chest = |at: Position| Position { y: at.y.saturating_add(up), ..at };
        let own = Position::from_raw(self.me.x, self.me.y, self.me.z);
        self.grounds().sees_point(chest(own), chest(self.target_at))
    }

    fn fight(&self, ways: &mut Ways, squared: u64, decision: Decision) -> Decision {
        let way = (self.target_at.x.0, self.target_at.z.0);
        let (near, far) = (square(self.rules.melee_range), square(self.rules.shoot_range));
        if squared <= near.max(far) && self.sees_target() {
            let steer = if squared <= near { steer::AT_TARGET } else { steer::HOLD };
            return Decision { mood: mood::ATTACK, way, steer: steer | steer::SIGHT, ..decision };
        }
        self.go(ways, decision, mood::CHASE, way)
    }

    /// Away from the target: straight, or aside where something is in the way; home when nothing else is left.
    fn flee(&self, ways: &mut Ways, decision: Decision) -> Decision {
        let own = Position::from_raw(self.me.x, self.me.y, self.me.z);
        let from = self.target_at.yaw_toward(own);
        let edge = self.environment.edge(self.class);
        let away = [0_u16, 8_192, 57_344, 16_384, 49_152].into_iter().find_map(|turn| {
            let (x, z) = Brads(from.0.wrapping_add(turn)).forward();
            let reach = Metres::from_m(12);
            let x = Metres(self.me.x).saturating_add(reach.scaled(x));
            let z = Metres(self.me.z).saturating_add(reach.scaled(z));
            let inside = x.abs() <= edge && z.abs() <= edge;
            (inside && self.grounds().is_free_way(&self.walker, self.at(), (x, z))).then_some((x.0, z.0))
        });
        match away {
            Some(way) => {
                let runs = if self.rules.sprints != 0 { steer::SPRINT } else { 0 };
                Decision { mood: mood::FLEE, way, steer: runs, ..decision }
            }
            None => self.go(ways, decision, mood::FLEE, self.home),
        }
    }

    fn pass_the_time(&self, ways: &mut Ways, still: Decision) -> Decision {
        let wander = self.rules.wander_radius;
        if self.home_squared > square(wander.saturating_add(AWAY)) {
            return self.go(ways, still, mood::RETURN, self.home);
        }
        if self.before.mood == mood::RETURN
            && self.home_squared > square(Metres::ONE)
            && wander == Metres::ZERO
        {
            return self.go(ways, still, mood::RETURN, self.home);
        }
        let way = self.before.way;
        let arrived = distance_squared(self.me.x, self.me.z, way.0, way.1) <= square(Metres::ONE);
        if self.before.mood == mood::WANDER && !arrived {
            return Decision { mood: mood::WANDER, way, steer: self.before.steer, ..still };
        }
        let words = random_u32x4(self.environment.seed, self.tick, self.me.slot as u32, Purpose::Npc);
        if wander == Metres::ZERO || !chance(words[0], 1, WANDERS_ONE_IN) {
            return still;
        }
        let edge = self.environment.edge(self.class);
        let place = |home: i32, word: u32| {
            Metres(home).saturating_add(between_metres(word, -wander, wander)).min(edge).max(-edge)
        };
        let to = (place(self.home.0, words[1]), place(self.home.1, words[2]));
        match self.grounds().is_free_way(&self.walker, self.at(), to) {
            true => Decision { mood: mood::WANDER, way: (to.0.0, to.1.0), steer: 0, ..still },
            false => still,
        }
    }
}
