//! A step allocates nothing: counted, not believed.
//!
//! The file is on the list of unsafe files because a global allocator cannot be written without.
#![allow(unsafe_code)]

use shieldwall_core::StepReport;
use shieldwall_tests::scenes::{Brawl, RunningBrawl};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // A thread that is being torn down has no counter any more, and is not the one under test.
    let _ = ALLOCATIONS.try_with(|counter| counter.set(counter.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn a_step_allocates_nothing() {
    let mut run = RunningBrawl::new(&Brawl::config(3, 300), 300);
    // The first tick spawns everybody: even that allocates nothing, only the script's buffer may grow.
    let mut sum = StepReport::default();
    let mut despawns = 0;
    for tick in 0..900 {
        run.brawl.commands(&run.world, &mut run.commands);
        despawns +=
            run.commands.iter().filter(|c| matches!(c, shieldwall_core::Command::Despawn { .. })).count();
        let mut report = StepReport::default();
        let count = allocations(|| report = run.world.step(&run.commands));
        assert_eq!(count, 0, "tick {tick}: {report:?}");
        sum.events += report.events;
        sum.hits += report.hits;
        sum.deaths += report.deaths;
        sum.respawns += report.respawns;
        sum.shots += report.shots;
    }
    // The claim covers every kind of work a tick can have.
    assert!(sum.events > 1_000 && sum.hits > 300 && sum.deaths > 50, "{sum:?}");
    assert!(sum.respawns > 20 && sum.shots > 100 && despawns > 3, "{sum:?}, {despawns} despawns");
}

#[test]
fn hash_and_snapshot_into_a_warm_buffer_allocate_nothing() {
    let mut run = RunningBrawl::new(&Brawl::config(4, 100), 100);
    let mut image = Vec::with_capacity(1 << 20);
    for _ in 0..60 {
        run.step();
    }
    let count = allocations(|| {
        run.world.snapshot_into(&mut image);
        std::hint::black_box(run.world.state_hash());
    });
    assert_eq!(count, 0);
    run.world.restore(&image).expect("its own image");
    let count = allocations(|| run.world.restore(&image).expect("its own image"));
    assert_eq!(count, 0, "from the second restore on");
}
