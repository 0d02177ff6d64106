//! Battles of the demo's bots in one thread and virtual time: the same brains, clients and server, joined by simulated links.
//!
//! In here: who takes part where. What stands around it is [`crate::link_world`].

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use shieldwall_core::{CharacterInput, Command, World};
use shieldwall_host::bots::pilot::Pilot;
use shieldwall_host::zone::choose_classes;
use shieldwall_net::client::{EntityView, GameClient, OwnView};
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_net::server::ReplicationConfig;

use crate::link_world::{Director, LinkWorld, Options, Player};

/// Ticks between two acts of a bot.
const ACT_TICKS: u32 = 2;

/// A battle of bots.
#[derive(Clone, Debug)]
pub struct BotBattle {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Bots.
    pub bots: u32,
    /// A built-in scenery.
    pub scenery: &'static str,
    /// The way to the server, and back.
    pub link: LinkConditions,
    /// Who is told what.
    pub replication: ReplicationConfig,
}

/// Sees the world after every tick.
pub type Watcher = Rc<RefCell<dyn FnMut(&World)>>;

struct Battlefield {
    watcher: Option<Watcher>,
}

impl Director for Battlefield {
    fn commands(&mut self, _: &World, commands: &mut Vec<Command>) {
        choose_classes(commands);
    }

    fn stepped(&mut self, world: &World) {
        if let Some(watcher) = &self.watcher {
            (watcher.borrow_mut())(world);
        }
    }
}

impl BotBattle {
    /// The server and its clients at time zero.
    ///
    /// # Panics
    /// If there is no scenery of that name, or the configuration is refused.
    #[must_use]
    pub fn begin(&self, watcher: Option<Watcher>) -> LinkWorld {
        let scenery = shieldwall_scenery::built_in::named(self.scenery).expect("a built-in scenery");
        let mut battle = LinkWorld::new(Options {
            seed: self.seed,
            clients: self.bots,
            max_clients: self.bots.max(8),
            link: self.link,
            spacing_m: None,
            scenery: Arc::new(scenery),
            replication: self.replication.clone(),
            ..Options::default()
        });
        battle.director = Some(Box::new(Battlefield { watcher }));
        for (number, seat) in battle.seats.iter_mut().enumerate() {
            seat.player = Some(player(self.seed, number as u32));
        }
        battle
    }
}

fn player(seed: u64, number: u32) -> Player {
    let mut pilot = Pilot::new(seed, number, false);
    let (mut acted, mut input) = (0, CharacterInput::default());
    Box::new(move |client: &GameClient, own: &OwnView, others: &[EntityView]| {
        if own.tick.0 >= acted + ACT_TICKS {
            acted = own.tick.0;
            input = pilot.act(client, others);
        }
        input
    })
}
