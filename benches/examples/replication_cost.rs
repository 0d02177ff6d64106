//! What replication costs, without peers: the battle of `benches/net-peers` with 1,000 clients, each of which sees fifty others,
//! and with what ships. Searching, priorities, differences, packets and recording are in the figures; the step of the world,
//! sockets and ciphers are not.
//!
//! `cargo run --release -p shieldwall-benches --example replication_cost [ring|ships|all] [SECONDS] [CLIENTS]`. Times are of the thread
//! on a CPU. `perf record` on it shows where they go.

#[path = "../net-peers/src/replication.rs"]
mod replication;

use replication::{Scene, fifty_in_sight};
use shieldwall_net::server::ReplicationConfig;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let which = arguments.next().unwrap_or_else(|| "all".to_owned());
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(10);
    let clients = arguments.next().and_then(|clients| clients.parse().ok()).unwrap_or(1_000);
    for (name, replication) in [("ring", fifty_in_sight(clients)), ("ships", ReplicationConfig::default())] {
        if which != "all" && which != name {
            continue;
        }
        let f = replication::run(&Scene { clients, seconds, delay_ticks: 3, replication });
        println!(
            "{name}: {clients} clients, {:.0} in sight, {:.0} + {:.0} bytes a second down and up, {:.1} updates a snapshot: {:.1} ns an update ({:.1} in the \
             quietest tenth of the ticks), {:.1} ns a character in sight; {:.2} bytes an update, {:.0} % of encodings shared",
            f.in_sight,
            f.bytes_per_s[0],
            f.bytes_per_s[1],
            f.updates_per_snapshot,
            f.ns_per_update,
            f.ns_per_update_quiet,
            f.ns_per_update * f.updates_per_snapshot / f.in_sight,
            f.bytes_per_update,
            f.shared * 100.0,
        );
    }
}
