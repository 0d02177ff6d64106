//! The whole matrix of faults: loss, delay, jitter, reordering, duplicates, each with each, in virtual time. In no cell does a
//! client hold a wrong state, lose its session or make anything grow; loss of five in a hundred costs little.
//!
//! `cargo test --release -p shieldwall-tests --test fault_matrix -- --nocapture` plays all 144 cells and prints the table; what
//! is built for debugging plays every fifth. The file is on the list of unsafe files because a global allocator, which counts
//! the bytes in use, cannot be written without.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};

use shieldwall_net::client::GameClientState;
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_tests::link_world::{LinkWorld, Options};

static IN_USE: AtomicI64 = AtomicI64::new(0);

struct Counting;

fn count(bytes: usize, sign: i64) {
    IN_USE.fetch_add(sign * bytes as i64, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(layout.size(), -1);
        count(new_size, 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// In every cell: so many who fight in a heap.
const CLIENTS: u32 = 12;
const SETTLE_MS: u64 = 4_000;
const MEASURE_MS: u64 = 8_000;
/// How much later a datagram comes that is held back.
const HELD_BACK_US: u32 = 60_000;
/// What may be in use more at the end of a cell than when everybody had settled: queues that were never so full before.
const GROWTH_MAX: i64 = 256 << 10;
/// What loss of five in a hundred may cost.
const LOSS_COSTS_PERCENT: f64 = 10.0;

const LOSS_PERCENT: [u32; 4] = [0, 1, 5, 20];
const DELAY_MS: [u32; 3] = [0, 100, 300];
const JITTER_MS: [u32; 2] = [0, 50];
const REORDER_PERCENT: [u32; 3] = [0, 4, 30];
const DUPLICATE_PERCENT: [u32; 2] = [0, 5];

/// One cell: percent and milliseconds, the same in both directions.
#[derive(Clone, Copy, Debug)]
struct Cell {
    loss: u32,
    delay: u32,
    jitter: u32,
    reorder: u32,
    duplicates: u32,
}

impl Cell {
    fn link(self) -> LinkConditions {
        LinkConditions {
            latency_us: self.delay * 1_000,
            jitter_us: self.jitter * 1_000,
            loss_ppm: self.loss * 10_000,
            duplicate_ppm: self.duplicates * 10_000,
            reorder_ppm: self.reorder * 10_000,
            reorder_extra_us: HELD_BACK_US,
            ..LinkConditions::default()
        }
    }
}

/// Cells that differ in loss alone follow each other.
fn cells() -> Vec<[Cell; 4]> {
    let mut rows = Vec::new();
    for delay in DELAY_MS {
        for jitter in JITTER_MS {
            for reorder in REORDER_PERCENT {
                for duplicates in DUPLICATE_PERCENT {
                    rows.push(LOSS_PERCENT.map(|loss| Cell { loss, delay, jitter, reorder, duplicates }));
                }
            }
        }
    }
    rows
}

/// Bytes a client and second, all-in.
#[derive(Clone, Copy, Debug)]
struct Cost {
    down: f64,
    up: f64,
}

fn bytes(battle: &LinkWorld) -> (u64, u64) {
    (battle.sessions.stats().traffic.wire_bytes_sent(), battle.sum(|stats| stats.bytes_sent))
}

fn run_ms(battle: &mut LinkWorld, milliseconds: u64) {
    for _ in 0..milliseconds / 100 {
        battle.run_ms(100);
        // Nobody takes a client's news: they are not to count.
        battle.seats.iter_mut().for_each(|seat| seat.events = Vec::new());
    }
}

fn play(cell: Cell, seed: u64) -> Cost {
    let options = Options {
        seed,
        clients: CLIENTS,
        max_clients: CLIENTS,
        link: cell.link(),
        spacing_m: Some(3),
        roam_m: 2,
        fighting: true,
        ..Options::default()
    };
    let mut battle = LinkWorld::new(options);
    battle.run_until_all_play(30_000);
    run_ms(&mut battle, SETTLE_MS);
    let (before, in_use) = (bytes(&battle), IN_USE.load(Ordering::Relaxed));
    let corrections = battle.sum(|stats| stats.corrections);
    let misses = battle.sum(|stats| stats.input_misses.into());
    run_ms(&mut battle, MEASURE_MS);
    let (after, growth) = (bytes(&battle), IN_USE.load(Ordering::Relaxed) - in_use);
    let client_seconds = f64::from(CLIENTS) * MEASURE_MS as f64 / 1e3;
    let rate = |count: u64| count as f64 / client_seconds;
    let cost = Cost { down: rate(after.0 - before.0), up: rate(after.1 - before.1) };
    println!(
        "| {:2} % | {:3} | {:2} | {:2} % | {} % | {:.0} | {:.0} | {:.2} | {:.2} | {} | {} |",
        cell.loss,
        cell.delay,
        cell.jitter,
        cell.reorder,
        cell.duplicates,
        cost.down,
        cost.up,
        rate(battle.sum(|stats| stats.corrections) - corrections),
        rate(battle.sum(|stats| stats.input_misses.into()) - misses),
        battle.sum(|stats| stats.interpolation_delay_us.into()) / u64::from(CLIENTS) / 1_000,
        growth,
    );
    for (number, seat) in battle.seats.iter().enumerate() {
        assert_eq!(seat.client.state(), GameClientState::Playing, "{cell:?}, seat {number}");
    }
    let findings = battle.findings;
    assert_eq!((findings.wrong, findings.own_wrong), (0, 0), "{cell:?}: {findings:?}");
    assert!(findings.compared > 5_000 && findings.own_compared > 500, "{cell:?}: {findings:?}");
    assert_eq!(battle.sessions.stats().kicked, 0, "{cell:?}");
    assert!(growth <= GROWTH_MAX, "{cell:?}: {growth} bytes more in use");
    cost
}

#[test]
fn no_cell_of_the_matrix_breaks_anything_and_loss_is_cheap() {
    println!(
        "| loss | delay, ms | jitter, ms | held back {} ms | twice | B/s down | B/s up | corrections /s | inputs missed /s | others drawn \
         ms ago | bytes more in use |\n|---|---|---|---|---|---|---|---|---|---|---|",
        HELD_BACK_US / 1_000
    );
    let rows = cells();
    assert_eq!(rows.len() * LOSS_PERCENT.len(), 144);
    // Five shares no divisor with any number of steps: every step of every fault is in it.
    let step = if cfg!(debug_assertions) { 5 } else { 1 };
    for (number, row) in rows.iter().enumerate().step_by(step) {
        let costs = row.map(|cell| play(cell, 1_000 + number as u64));
        let all = |cost: Cost| cost.down + cost.up;
        let more = (all(costs[2]) / all(costs[0]) - 1.0) * 100.0;
        println!("  loss of 5 % costs {more:.1} % more bytes");
        assert!(more <= LOSS_COSTS_PERCENT, "{:?}: {more:.1} % more", row[2]);
    }
}
