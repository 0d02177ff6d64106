//! What looking costs. Prints, and judges nothing: run in release, by name, when wanted. Times are of the thread on a CPU
//! (Linux: `/proc/thread-self/schedstat`).
//! `cargo test --release -p shieldwall-net -- --ignored --nocapture cost_of_looking`

use super::super::config::{OcclusionConfig, ReplicationConfig};
use super::super::interest::InterestTable;
use super::super::tracking::SearchSpace;
use super::lines::Lines;
use super::sights::{self, Sights};
use shieldwall_core::spatial::Scenery;
use shieldwall_core::spatial::obstacles::StaticShape;
use shieldwall_core::{Brads, Command, Metres, Placement, Position, Tick, World, WorldConfig};

/// Nanoseconds that this thread has run.
fn on_cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("figures are taken on Linux");
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).expect("nanoseconds first")
}

const PEOPLE: u32 = 1_000;
const LOOKERS: u32 = 100;
const SEARCHES: u32 = 40;

/// A field of hills, with so many houses in rows, and a crowd of two teams all over it.
fn world(houses: i32) -> World {
    let config =
        WorldConfig { seed: 4, character_capacity: 1_024, event_capacity: 4_096, ..WorldConfig::default() };
    let house = |n: i32| StaticShape::Box {
        centre: Position::new(
            Metres::from_m(n % 10 * 22 - 100),
            Metres::from_m(2),
            Metres::from_m(n / 10 * 22 - 100),
        ),
        half_sizes: [5_000, 4_000, 5_000].map(Metres::from_mm),
        yaw: Brads((n * 5_000) as u16),
    };
    let scenery = Scenery { shapes: (0..houses).map(house).collect(), ..Scenery::default() };
    let mut world = World::with_scenery(&config, &scenery).unwrap();
    let spawns = (0..PEOPLE).map(|n| {
        let place = |part: u32| Metres::from_mm((part % 200_000) as i32 - 100_000);
        let (x, z) = (place(n.wrapping_mul(2_654_435_761) >> 8), place(n.wrapping_mul(2_246_822_519) >> 9));
        Command::Spawn {
            tag: n,
            team: (n % 2) as u8,
            class: 0,
            placement: Placement::At { x, z, yaw: Brads(0) },
        }
    });
    world.step(&spawns.collect::<Vec<_>>());
    world
}

#[test]
#[ignore = "prints figures"]
fn cost_of_looking() {
    let replication = ReplicationConfig::default();
    let table = InterestTable::new(&replication);
    for (houses, what) in [(0, "open hills"), (100, "a hundred houses")] {
        let world = world(houses);
        for rays in [32, 64, 128, 4_096] {
            let config = OcclusionConfig { rays, ..OcclusionConfig::default() };
            let mut lines = Lines::new(&config, 60, 12, 1_024);
            let mut clients: Vec<_> =
                (0..LOOKERS).map(|_| (SearchSpace::new(1_024), Sights::new(1_024))).collect();
            let (mut searching, mut looking, mut cast) = (0, 0, 0);
            for search in 0..SEARCHES {
                for (own, (space, sights)) in (0_u32..).zip(&mut clients) {
                    let began = on_cpu_ns();
                    space.find(&world, &table, own as usize);
                    let searched = on_cpu_ns();
                    let found = (&table, space.found());
                    sights::look(&mut lines, sights, found, &world, own, Tick(60 + search * 12));
                    searching += searched - began;
                    looking += on_cpu_ns() - searched;
                    cast += u64::from(lines.take_rays());
                }
            }
            let (calls, enemies) = (u64::from(LOOKERS * SEARCHES), PEOPLE / 2);
            let reach: u32 = (0..16).map(|word| clients[0].0.found()[word].count_ones()).sum();
            let hidden = PEOPLE - 1 - reach;
            println!(
                "{what}, {rays} rays: search {} ns, look {} ns, {} rays of {} ns; {hidden} of {enemies} hidden from the first",
                searching / calls,
                looking / calls,
                cast / calls,
                looking / cast.max(1),
            );
        }
    }
}
