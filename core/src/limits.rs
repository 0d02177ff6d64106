//! Every capacity and hard bound of the kernel, each with the sentence that says why it is there.
//!
//! A world chooses its own capacities below these ([`crate::world::WorldConfig`]); the bounds here are what the
//! arithmetic and the file formats were sized for. The assertions at the end hold their relations at compile time.

/// Most characters one world can hold: all memory is taken when a world is made. What a network protocol can name may
/// be less; the protocol says so itself.
pub const CHARACTERS_MAX: u32 = 1 << 20;

/// Most projectiles in flight in one world.
pub const PROJECTILES_MAX: u32 = 1 << 20;

/// Most characters that nobody plays in one world: each costs its share of every tick.
pub const NPCS_MAX: u32 = 1 << 16;

/// Most props in one world: 16 bits name them.
pub const PROPS_MAX: u32 = 1 << 16;

/// Most pieces of debris that come into the world in one tick; further ones are counted, not made.
pub const DEBRIS_PER_TICK_MAX: u32 = 128;

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

/// Largest half side of the square battlefield, in metres: what Q16.16 can say, less room for a tick's step and for bodies at
/// the border. Differences of positions across such a field need 33 bits: they are taken in 64, or only between what is near.
pub const HALF_EXTENT_MAX_M: i32 = 32_000;

/// Smallest distance between two terrain vertices, in metres.
pub const TERRAIN_SPACING_MIN_M: i32 = 1;

/// Largest distance between two terrain vertices, in metres.
pub const TERRAIN_SPACING_MAX_M: i32 = 16;

/// Most terrain cells along one side: 64 km at 1 m. What a large terrain keeps in memory is bounded by its pool of chunks
/// and by two bytes for each chunk there is (2 MiB).
pub const TERRAIN_CELLS_PER_SIDE_MAX: i32 = 65_536;

/// Cells along the side of a terrain chunk: a crater seldom touches more than four chunks, and a chunk of 16.5 KiB is
/// made in well under a tick.
pub const TERRAIN_CHUNK_CELLS: usize = 64;

/// Vertices along the side of a chunk: one more than cells, because neighbours share their border by copy.
pub const TERRAIN_CHUNK_SIDE: usize = TERRAIN_CHUNK_CELLS + 1;

/// Vertices of a chunk, in rows of constant z.
pub const TERRAIN_CHUNK_VERTICES: usize = TERRAIN_CHUNK_SIDE * TERRAIN_CHUNK_SIDE;

/// Chunks that a terrain keeps in memory unless told otherwise (17 MiB): a field of 2 km at 1 m is resident whole.
pub const TERRAIN_RESIDENT_CHUNKS: u32 = 1_024;

/// Most chunks that a terrain can be told to keep in memory (270 MiB): their numbers fit 16 bits.
pub const TERRAIN_RESIDENT_CHUNKS_MAX: u32 = 16_384;

/// Chunks of terrain within this distance of a chunk that holds a living character are brought into memory, in metres: half
/// a minute's walk ahead of anybody, and every swept flight of a tick twice over.
pub const TERRAIN_STREAM_RADIUS_M: i32 = 128;

/// Most chunks of terrain made in one tick: bounds what streaming adds to a tick (each 0.07 ms from a seed, 0.5 ms from a file).
pub const TERRAIN_STREAM_CHUNKS_PER_TICK: usize = 2;

/// Rows of characters that streaming looks at in one tick: everybody is seen once in 64 ticks at the most.
pub const TERRAIN_STREAM_ROWS_PER_TICK: usize = 1_024;

/// Most chunks of terrain that can differ from their source at one time (17 MiB of state and twice that of heights).
pub const TERRAIN_DELTA_CHUNKS_MAX: u32 = 1_024;

/// Deepest crater and highest mound against the source, in metres: what many blows in one place add up to.
pub const TERRAIN_DELTA_MAX_M: i32 = 32;

/// Unit of a terrain delta: `1 << TERRAIN_DELTA_SHIFT` raw units are 1/64 m.
pub const TERRAIN_DELTA_SHIFT: u32 = 10;

/// Largest radius of one deformation, in metres: it touches at most nine chunks.
pub const DEFORM_RADIUS_MAX_M: i32 = 32;

/// Greatest height above or below the origin that a height file may hold, in metres: half of [`HEIGHT_MAX_M`].
pub const TERRAIN_HEIGHT_MAX_M: i32 = 8_192;

/// Most characters one melee swing can hit: each row owns this many places in the tick's hit list.
pub const MELEE_TARGETS_MAX: usize = 4;

/// Most craters that bursts dig in one tick; further ones leave none.
pub const CRATERS_PER_TICK_MAX: usize = 256;

/// Most deformations by commands in one tick: a tick's list of them has a bound. Further ones are refused.
pub const DEFORMATIONS_PER_TICK_MAX: usize = 1_024;

/// Room for status effects, for each slot of a character.
pub const EFFECTS_PER_CHARACTER: u32 = 2;

/// Longest way a projectile may fly in one tick, in metres: keeps the swept test inside 64-bit integers.
pub const SWEEP_MAX_M: i32 = 64;

/// Greatest height above or below the origin, in metres: what is farther has left the world.
pub const HEIGHT_MAX_M: i32 = 16_384;

/// Fastest any velocity component may become, in metres per second.
pub const SPEED_MAX_M_PER_S: i32 = 1_000;

/// Rows in one unit of parallel work. Rows decide the split, never the number of threads.
pub const CHUNK_ROWS: usize = 512;

/// Longest encoded command in bytes (an impulse).
pub const COMMAND_BYTES_MAX: usize = 21;

/// Most ticks between two hashes of a replay, and in one record of it.
pub const REPLAY_HASH_EVERY_MAX: u32 = 65_536;

const _: () = {
    // Rows, and eight places of a table for each, stay inside an i32 of the sorted columns.
    assert!(CHARACTERS_MAX.is_power_of_two() && CHARACTERS_MAX <= 1 << 24);
    assert!(PROJECTILES_MAX <= CHARACTERS_MAX);
    assert!(TICK_HZ_MIN > 0 && TICK_HZ_MIN < TICK_HZ_MAX);
    // At the slowest rate a velocity at its bound crosses at most 100 m in a tick: sums of a position, a few steps and a
    // sweep stay inside Q16.16.
    assert!(HALF_EXTENT_MAX_M + 4 * (SPEED_MAX_M_PER_S / TICK_HZ_MIN as i32) + SWEEP_MAX_M < 1 << 15);
    // Swept test: (64 m in 1/256 m)^2 * 3 squared stays below 2^63.
    assert!(SWEEP_MAX_M * 256 <= 1 << 14);
    assert!(CHUNK_ROWS.is_multiple_of(8));
    assert!(TERRAIN_CELLS_PER_SIDE_MAX as usize / TERRAIN_CHUNK_CELLS <= 1 << 16);
    // Every field that a configuration allows has terrain.
    assert!(2 * HALF_EXTENT_MAX_M / TERRAIN_SPACING_MIN_M < TERRAIN_CELLS_PER_SIDE_MAX);
    assert!(TERRAIN_RESIDENT_CHUNKS_MAX + TERRAIN_DELTA_CHUNKS_MAX < u16::MAX as u32);
    assert!(TERRAIN_DELTA_MAX_M << (16 - TERRAIN_DELTA_SHIFT) <= i16::MAX as i32);
    // Jumping off the highest mound on the highest ground stays inside the world.
    assert!(TERRAIN_HEIGHT_MAX_M + TERRAIN_DELTA_MAX_M < HEIGHT_MAX_M);
    assert!(MELEE_TARGETS_MAX <= u8::MAX as usize);
};
