//! Damage is dealt once, whatever the links do: what characters lose is what hits took, to the point; and who is hit, or
//! hits, is told of it once and in order, over loss, duplicates, reordering and a new login in between.

use shieldwall_core::{CharacterId, Command, Event, Rules, World};
use shieldwall_net::client::ClientEvent;
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_net::wire::events::GameEvent;
use shieldwall_tests::link_world::{Director, LinkWorld, Options};
use std::cell::RefCell;
use std::rc::Rc;

/// A blow: when, by whom, to whom, how much.
type Blow = (u32, CharacterId, CharacterId, u16);

/// The same as clients are told it, who know slots.
type Told = (u32, u16, u16, u16);

/// Everything that the server's world said of health.
#[derive(Default)]
struct Ledger {
    blows: Vec<Blow>,
    health: Vec<(CharacterId, i64)>,
    checked: u64,
}

struct Accountant(Rc<RefCell<Ledger>>);

impl Director for Accountant {
    fn commands(&mut self, world: &World, _: &mut Vec<Command>) {
        let view = world.characters();
        self.0.borrow_mut().health = (0..view.len() as u32)
            .filter_map(|slot| Some((world.id_at(slot)?, i64::from(view.health[slot as usize]))))
            .collect();
    }

    fn stepped(&mut self, world: &World) {
        let ledger = &mut *self.0.borrow_mut();
        let tick = world.tick().0.wrapping_sub(1);
        for (id, before) in core::mem::take(&mut ledger.health) {
            if !world.is_current(id) {
                continue;
            }
            let (mut expected, full) = (before, i64::from(world.config().rules.life.health_max));
            for event in world.events() {
                match *event {
                    Event::Hit { target, amount, .. } if target == id => expected -= i64::from(amount),
                    Event::Healed { target, amount, .. } if target == id => expected += i64::from(amount),
                    Event::Respawned { id: who } if who == id => expected = full,
                    _ => {}
                }
            }
            let after = i64::from(world.characters().health[id.slot as usize]);
            assert_eq!(after, expected, "{id} in tick {tick}, with {before} before");
            ledger.checked += 1;
        }
        for event in world.events() {
            if let Event::Hit { attacker, target, amount, .. } = *event {
                ledger.blows.push((tick, attacker, target, amount));
            }
        }
    }
}

/// What a seat was told of blows that it gave or took, and since when it has which character.
fn told(events: &[ClientEvent]) -> (u32, CharacterId, Vec<Told>) {
    let (mut since, mut own, mut blows) = (0, CharacterId::NONE, Vec::new());
    for event in events {
        match *event {
            ClientEvent::Welcomed { character, tick } => (own, since) = (character, tick.0),
            ClientEvent::Game { tick, event: GameEvent::Hit { attacker, target, amount, .. } }
                if [attacker, target].contains(&(own.slot as u16)) =>
            {
                blows.push((tick.0, attacker, target, amount));
            }
            _ => {}
        }
    }
    (since, own, blows)
}

fn fight(seed: u64, link: LinkConditions) {
    let mut rules = Rules::default();
    rules.life.regeneration_per_s = 0;
    let options = Options {
        seed,
        clients: 24,
        link,
        spacing_m: Some(3),
        roam_m: 2,
        fighting: true,
        rules,
        ..Options::default()
    };
    let mut battle = LinkWorld::new(options);
    let ledger = Rc::new(RefCell::new(Ledger::default()));
    battle.director = Some(Box::new(Accountant(Rc::clone(&ledger))));
    battle.run_until_all_play(15_000);
    battle.run_ms(20_000);
    // One leaves in the middle of the fight, and somebody with the same account comes again.
    battle.seats[3].client.disconnect();
    battle.run_ms(2_000);
    let again = battle.add_client(3);
    battle.run_ms(30_000);
    battle.stop_playing();
    battle.run_ms(8_000);
    let ledger = ledger.borrow();
    let mut compared = 0;
    for (seat, player) in battle.seats.iter().enumerate().filter(|(seat, _)| *seat != 3) {
        let (since, own, blows) = told(&player.events);
        let expected: Vec<Told> = ledger
            .blows
            .iter()
            .filter(|(tick, attacker, target, _)| *tick >= since && (*attacker == own || *target == own))
            .map(|(tick, attacker, target, amount)| {
                (*tick, attacker.slot as u16, target.slot as u16, *amount)
            })
            .collect();
        assert_eq!(blows, expected, "seed {seed}, seat {seat}");
        compared += blows.len();
    }
    assert!(told(&battle.seats[again].events).1.generation > 0, "it came again");
    println!("{} blows, {compared} told, {} healths checked", ledger.blows.len(), ledger.checked);
    assert!(ledger.blows.len() > 50 && compared > 50 && ledger.checked > 10_000);
}

#[test]
fn damage_is_dealt_and_told_once_over_bad_links() {
    for seed in 1..=3 {
        fight(seed, LinkConditions::bad_mobile());
    }
}

#[test]
fn damage_is_dealt_and_told_once_where_half_of_all_comes_twice() {
    let link = LinkConditions {
        latency_us: 40_000,
        jitter_us: 30_000,
        loss_ppm: 100_000,
        duplicate_ppm: 500_000,
        reorder_ppm: 300_000,
        reorder_extra_us: 90_000,
        ..LinkConditions::default()
    };
    fight(9, link);
}
