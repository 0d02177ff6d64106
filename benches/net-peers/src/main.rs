//! The netcode beside its peers: what a server pays for one client and second, and for one character told to one client.
//!
//! `cargo xtask bench net` runs it and prints two tables. All peers run in this process, one after another, and only the
//! processor time of what a server does is counted. Ratios within a run are the figures: the cost of a system call differs
//! by a quarter from run to run.

mod enet;
mod floor;
mod load;
mod ours;
mod renet;
mod replication;
mod replicon;

use clap::{Parser, ValueEnum};
use floor::{Cipher, Floor};
use load::{Cost, TICK_HZ, Transport};
use shieldwall_core::Metres;
use shieldwall_net::server::{InterestTier, ReplicationConfig};
use std::error::Error;
use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Table {
    /// Packets both ways, nothing in them.
    Transport,
    /// Characters told to clients.
    Replication,
}

/// The netcode beside renet, rusty_enet and bevy_replicon.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only this table.
    #[arg(long)]
    only: Option<Table>,
    /// Clients.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=4_000))]
    clients: u32,
    /// Seconds of game time for each measurement.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let wants = |table| arguments.only.is_none_or(|only| only == table);
    if wants(Table::Transport)
        && let Err(error) = transports(&arguments)
    {
        eprintln!("net-peers: {error}");
        return ExitCode::FAILURE;
    }
    if wants(Table::Replication) {
        replications(&arguments);
    }
    ExitCode::SUCCESS
}

type Open = fn(usize) -> Result<Box<dyn Transport>, Box<dyn Error>>;

fn boxed<T: Transport + 'static, E: Error + 'static>(
    made: Result<T, E>,
) -> Result<Box<dyn Transport>, Box<dyn Error>> {
    made.map(|made| Box::new(made) as Box<dyn Transport>).map_err(Into::into)
}

/// Each is measured in turn, and then all again: of three rounds the cheapest counts, so that a noisy neighbour costs
/// nobody a place.
fn transports(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let clients = arguments.clients as usize;
    let rows: [(&str, Open); 6] = [
        ("floor, plain", |n| boxed(Floor::new(n, Cipher::None))),
        ("floor, AES-128-GCM", |n| boxed(Floor::new(n, Cipher::Aes))),
        ("floor, ChaCha20-Poly1305", |n| boxed(Floor::new(n, Cipher::ChaCha))),
        ("shieldwall (ChaCha20-Poly1305)", |n| boxed(ours::Ours::new(n))),
        ("renet 2.0.1 (ChaCha20-Poly1305)", |n| boxed(renet::Renet::new(n.min(renet::CLIENTS_MAX)))),
        ("rusty_enet 0.4.1 (plain)", |n| boxed(enet::Enet::new(n))),
    ];
    let mut best: [Option<Cost>; 6] = [None; 6];
    for round in 1..=3 {
        for ((name, open), best) in rows.iter().zip(&mut best) {
            eprintln!("round {round} of 3: {name}");
            let count = if name.starts_with("renet") { clients.min(renet::CLIENTS_MAX) } else { clients };
            let cost = load::run(open(count)?.as_mut(), count, arguments.seconds * TICK_HZ);
            if best.is_none_or(|best| cost.us_per_client_second < best.us_per_client_second) {
                *best = Some(cost);
            }
        }
    }
    println!(
        "Transport: {clients} clients, 20 x 600 B down and 60 x 30 B up a second, UDP on the loopback\n"
    );
    println!(
        "| | server CPU, us a client and second | of the floor with ChaCha20 | delivered |\n|---|---|---|---|"
    );
    let chacha = best[2].map_or(1.0, |cost| cost.us_per_client_second);
    for ((name, _), cost) in rows.iter().zip(best) {
        let Some(Cost { us_per_client_second: us, delivered }) = cost else { continue };
        println!("| {name} | {us:.0} | {:.2} | {:.2} % |", us / chacha, delivered * 100.0);
    }
    println!();
    Ok(())
}

fn replications(arguments: &Arguments) {
    let near = |metres| ReplicationConfig {
        tiers: vec![InterestTier { radius: Metres::from_m(metres), rate_hz: 20 }],
        down_budget_bytes_per_s: 30_000,
        ..ReplicationConfig::default()
    };
    println!("Replication: no sockets, no cipher\n");
    println!(
        "| | in sight | updates a snapshot | ns an update | in the quietest tenth of the ticks | bytes an update | down, up, bytes a second all-in |\n|---|---|---|---|---|---|---|"
    );
    let fifty = replication::fifty_in_sight(arguments.clients);
    for (name, clients, replication) in [
        ("shieldwall, fifty in sight at 20 Hz", arguments.clients, fifty),
        ("shieldwall, one ring of 6 m at 20 Hz", arguments.clients, near(6)),
        ("shieldwall, as it ships", arguments.clients, ReplicationConfig::default()),
        ("shieldwall, as it ships", 200, ReplicationConfig::default()),
    ] {
        let scene = replication::Scene { clients, seconds: arguments.seconds, delay_ticks: 3, replication };
        let f = replication::run(&scene);
        println!(
            "| {name}, {clients} clients | {:.0} | {:.0} | {:.1} | {:.1} | {:.2} | {:.0}, {:.0} ({:.0} % of encodings shared) |",
            f.in_sight,
            f.updates_per_snapshot,
            f.ns_per_update,
            f.ns_per_update_quiet,
            f.bytes_per_update,
            f.bytes_per_s[0],
            f.bytes_per_s[1],
            f.shared * 100.0
        );
    }
    for (clients, entities) in [(200, 50), (arguments.clients as usize, 50)] {
        let cost = replicon::run(clients, entities, arguments.seconds * 20);
        println!(
            "| bevy_replicon 0.44.3, {clients} clients | {entities} | {entities} | {:.1} | | {:.2} | |",
            cost.ns_per_update, cost.bytes_per_update
        );
    }
}
