//! Every capacity and hard bound of the kernel, each with the sentence that says why it is there.
//!
//! A world chooses its own capacities below these ([`crate::world::WorldConfig`]); the bounds here are what the
//! arithmetic and the file formats were sized for. The assertions at the end hold their relations at compile time.

/// Most characters one world can hold: slots fit the 16 bits that the wire formats spend on them.
pub const CHARACTERS_MAX: u32 = 65_535;

/// Most projectiles in flight in one world; slots fit 16 bits too.
pub const PROJECTILES_MAX: u32 = 65_535;

/// Most events one tick can report; more are counted, not stored.
pub const EVENTS_MAX: u32 = 1 << 20;

/// Most teams: four bits of the live page's and the wire's flags.
pub const TEAMS_MAX: u8 = 16;

/// Lowest simulation rate: below it a sprinting character crosses a crowd cell in one tick.
pub const TICK_HZ_MIN: u16 = 10;

/// Highest simulation rate.
pub const TICK_HZ_MAX: u16 = 120;

/// Smallest half side of the square battlefield, in metres.
pub const HALF_EXTENT_MIN_M: i32 = 8;

/// Largest half side of the square battlefield, in metres: four times it still fits Q16.16.
pub const HALF_EXTENT_MAX_M: i32 = 4_096;

/// Smallest distance between two terrain vertices, in metres.
pub const TERRAIN_SPACING_MIN_M: i32 = 1;

/// Largest distance between two terrain vertices, in metres.
pub const TERRAIN_SPACING_MAX_M: i32 = 16;

/// Most terrain cells along one side: bounds what a decoded configuration can make a world allocate (4 MiB).
pub const TERRAIN_CELLS_PER_SIDE_MAX: i32 = 1_024;

/// Most characters one melee swing can hit: each row owns this many places in the tick's hit list.
pub const MELEE_TARGETS_MAX: usize = 4;

/// Longest way a projectile may fly in one tick, in metres: keeps the swept test inside 64-bit integers.
pub const SWEEP_MAX_M: i32 = 64;

/// Greatest height above or below the origin, in metres: what is farther has left the world.
pub const HEIGHT_MAX_M: i32 = 16_384;

/// Fastest any velocity component may become, in metres per second.
pub const SPEED_MAX_M_PER_S: i32 = 1_000;

/// Rows in one unit of parallel work. Rows decide the split, never the number of threads.
pub const CHUNK_ROWS: usize = 512;

/// Passes of crowd separation in a tick: two settle a dense line without visible jitter.
pub const SEPARATION_PASSES: usize = 2;

/// Longest encoded command in bytes (an impulse).
pub const COMMAND_BYTES_MAX: usize = 21;

/// Most ticks between two hashes of a replay, and in one record of it.
pub const REPLAY_HASH_EVERY_MAX: u32 = 65_536;

const _: () = {
    assert!(CHARACTERS_MAX <= u16::MAX as u32);
    assert!(PROJECTILES_MAX <= u16::MAX as u32);
    assert!(TICK_HZ_MIN > 0 && TICK_HZ_MIN < TICK_HZ_MAX);
    // The whole field, twice over, stays inside Q16.16: differences of positions cannot overflow.
    assert!(HALF_EXTENT_MAX_M * 4 <= 1 << 15);
    // At the slowest rate a velocity at its bound crosses at most 100 m in a tick: sums of a position and a step fit.
    assert!(HALF_EXTENT_MAX_M + SPEED_MAX_M_PER_S / TICK_HZ_MIN as i32 <= 1 << 14);
    // Swept test: (64 m in 1/256 m)^2 * 3 squared stays below 2^63.
    assert!(SWEEP_MAX_M * 256 <= 1 << 14);
    assert!(CHUNK_ROWS.is_multiple_of(8));
    assert!(MELEE_TARGETS_MAX <= u8::MAX as usize);
};
