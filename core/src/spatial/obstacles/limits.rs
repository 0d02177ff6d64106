//! Bounds of a scenery: what the arithmetic of collision was sized for, and what a file can make a world allocate.

/// Most static shapes.
pub const SHAPES_MAX: usize = 65_536;

/// Most triangles, every use of a mesh counted.
pub const TRIANGLES_MAX: u64 = 1 << 20;

/// Most moving platforms: their numbers fit the support column beside those of the shapes.
pub const PLATFORMS_MAX: usize = 1_024;

/// Most capture points.
pub const CAPTURE_POINTS_MAX: usize = 256;

/// Most props.
pub const PROPS_MAX: usize = crate::limits::PROPS_MAX as usize;

/// Smallest radius of a capture point's ring in raw units: 1/4 m.
pub const RING_MIN_RAW: i32 = 1 << 14;

/// Largest radius of a capture point's ring, in metres.
pub const RING_MAX_M: i32 = 256;

/// Most respawn points of one scenery.
pub const RESPAWN_POINTS_MAX: usize = 256;

/// Most waypoints of one platform.
pub const WAYPOINTS_MAX: usize = 256;

/// Most ticks of one round of a platform.
pub const ROUND_TICKS_MAX: u32 = 1 << 24;

/// Largest half size of a box, radius or height of a cylinder, and coordinate of a mesh's vertex, in metres.
pub const SIZE_MAX_M: i32 = 4_096;

/// Largest half size of a platform, in metres.
pub const PLATFORM_SIZE_MAX_M: i32 = 64;

/// Farthest that any point of a platform moves in one tick, in millimetres: less than the smallest body is wide, so that
/// a platform pushes and never skips anybody.
pub const PLATFORM_STEP_MAX_MM: i32 = 250;

/// Smallest size of a shape in raw units: 1/64 m.
pub const SIZE_MIN_RAW: i32 = 1 << 10;

/// Smallest height of a triangle in raw units: 1/1024 m.
pub const TRIANGLE_HEIGHT_MIN_RAW: i64 = 1 << 6;

/// Largest coordinate of anything, in metres.
pub const PLACE_MAX_M: i32 = 32_767;

/// Most cells of the baked table.
pub(super) const CELLS_MAX: u64 = 1 << 20;

/// Most entries of the cells' lists; above it cells grow.
pub(super) const ENTRIES_MAX: u64 = 1 << 24;

/// Most bits of the bitmap (256 KiB, which a core's second cache holds).
pub(super) const BITS_MAX: u64 = 1 << 21;

/// Most cells of the levels of clearance (1 MiB; half a metre up to a zone of 720 m).
pub(super) const LEVELS_MAX: u64 = 1 << 21;

/// Most bits that all footprints together may set; above it the bitmap grows coarser.
pub(super) const BIT_WORK_MAX: u64 = 1 << 26;
