//! Space (rank 2): the grids over moving rows with their queries, crowd separation, the terrain, what
//! stands on it, and ways round that.
//!
//! Everything works on raw Q16.16 metres and row indices; what a row is, the callers know. Nothing here allocates after
//! construction.
//!
//! Not here: who may hit whom, and when in a tick these run.

pub mod contact_grid;
pub(crate) mod near_grid;
pub mod obstacles;
pub mod query_grid;
pub(crate) mod record_sort;
pub mod separation;
pub mod terrain;
pub mod ways;

pub use contact_grid::{Bodies, ContactGrid, PairList, PairsFound, Radii};
pub use obstacles::{Obstacles, Scenery, StaticShape};
pub use query_grid::{Cone, QueryGrid};
pub use separation::{Body, Cylinders, PassRows, PassWork, Separation, SeparationError, SeparationRules};
pub use terrain::{
    Deformation, GroundCell, HeightFile, HeightFileError, HeightFileShape, StreamReport, Terrain,
    TerrainError, TerrainShape, TerrainSource,
};
