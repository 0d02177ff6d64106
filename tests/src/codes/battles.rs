//! The battles whose states are counted: bots in the fort and on the open field, over an even line.
//!
//! A state is counted as it would be sent: 20 times a second, as a difference to what the client held. Most hold what is a
//! tenth of a second old; nearer and farther ones see more and less of it, so other ages are counted in between.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use shieldwall_core::World;
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_net::server::ReplicationConfig;
use shieldwall_net::wire::effect_lists::EffectLists;
use shieldwall_net::wire::quantize::{EntityCodec, EntityState, Sight};

use super::counts::SymbolCounts;
use crate::bot_battle::{BotBattle, Watcher};
use crate::link_world::mix;

/// One recorded battle.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// Seed of the battlefield and the bots.
    pub seed: u64,
    /// Bots.
    pub bots: u32,
    /// Built-in scenery.
    pub scenery: &'static str,
    /// Length after everybody plays.
    pub seconds: u64,
}

/// What the codes are trained on.
pub const TRAINING: [Recording; 6] = [
    Recording { seed: 101, bots: 50, scenery: "fort", seconds: 120 },
    Recording { seed: 102, bots: 100, scenery: "fort", seconds: 60 },
    Recording { seed: 103, bots: 200, scenery: "fort", seconds: 20 },
    Recording { seed: 104, bots: 64, scenery: "fort", seconds: 120 },
    Recording { seed: 105, bots: 64, scenery: "none", seconds: 60 },
    Recording { seed: 106, bots: 150, scenery: "none", seconds: 30 },
];

/// What they are judged by: other seeds, other numbers.
pub const HELD_OUT: [Recording; 4] = [
    Recording { seed: 201, bots: 51, scenery: "fort", seconds: 60 },
    Recording { seed: 202, bots: 120, scenery: "fort", seconds: 30 },
    Recording { seed: 203, bots: 51, scenery: "none", seconds: 45 },
    Recording { seed: 204, bots: 120, scenery: "none", seconds: 25 },
];

/// Ticks between two snapshots.
const INTERVAL_TICKS: u32 = 3;

/// Ages of baselines in ticks, each as often as it stands here.
const AGES: [u8; 16] = [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 3, 9, 9, 12, 12, 18];

/// Ticks of states kept.
const KEPT_TICKS: usize = 20;

/// Plays a battle and counts the symbols of its states.
#[must_use]
pub fn record(recording: &Recording) -> SymbolCounts {
    let recorder = Rc::new(RefCell::new(Recorder::default()));
    let battle = BotBattle {
        seed: recording.seed,
        bots: recording.bots,
        scenery: recording.scenery,
        link: LinkConditions { latency_us: 25_000, ..LinkConditions::default() },
        // Room for everybody in every packet: what bots see, and so the battle, does not depend on the codes.
        replication: ReplicationConfig { down_budget_bytes_per_s: 60_000, ..ReplicationConfig::default() },
    };
    let sees = Rc::clone(&recorder);
    let watcher: Watcher = Rc::new(RefCell::new(move |world: &World| sees.borrow_mut().look(world)));
    let mut world = battle.begin(Some(watcher));
    world.run_until_all_play(20_000);
    recorder.borrow_mut().counts = SymbolCounts::default();
    world.run_ms(recording.seconds * 1_000);
    recorder.take().counts
}

/// Keeps the states of the last ticks and counts how they would be written.
#[derive(Default)]
struct Recorder {
    codec: Option<EntityCodec>,
    kept: VecDeque<Vec<EntityState>>,
    counts: SymbolCounts,
}

impl Recorder {
    fn look(&mut self, world: &World) {
        let codec = self.codec.get_or_insert_with(|| EntityCodec::new(world.config()));
        let (tick, lists) = (world.tick().0, EffectLists::of_world(world));
        let sight = Sight::new(world, &lists);
        let states = (0..world.characters().len()).map(|slot| codec.quantize(&sight, slot)).collect();
        self.kept.push_front(states);
        self.kept.truncate(KEPT_TICKS);
        for slot in world.characters().live_slots() {
            if tick % INTERVAL_TICKS == slot % INTERVAL_TICKS {
                let lot = mix(u64::from(tick) << 32 | u64::from(slot)) % AGES.len() as u64;
                count(codec, &self.kept, slot as usize, AGES[lot as usize], &mut self.counts);
            }
        }
    }
}

fn count(
    codec: &EntityCodec,
    kept: &VecDeque<Vec<EntityState>>,
    slot: usize,
    age: u8,
    counts: &mut SymbolCounts,
) {
    let Some(base) = kept.get(usize::from(age)).map(|states| states[slot]) else { return };
    let state = kept[0][slot];
    if base.generation == state.generation && codec.write_delta(&base, &state, age, counts) {
        counts.count_state();
    }
}
