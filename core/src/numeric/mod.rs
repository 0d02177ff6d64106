//! Numbers of the simulation (rank 0): fixed point, units, angles, vectors, counter-based random numbers, the state
//! hash, and the SIMD lanes.
//!
//! Everything here is integer arithmetic with one result on every processor, in debug and in release: where a value
//! can leave its range, the function says whether it wraps or saturates, and does so in both builds. Floating point
//! appears only in conversions whose names end in `_lossy`.
//!
//! Not here: anything that knows what a character or a world is.

pub mod angle;
pub mod column_hash;
pub mod fixed;
pub mod hash;
pub mod lanes;
pub mod rng;
pub mod units;
pub mod vector;

pub use angle::Brads;
pub use fixed::Fx;
pub use hash::{StateHash, StateHasher};
pub use lanes::LaneChoice;
pub use rng::Purpose;
pub use units::{Metres, MetresPerSecond, Tick, Ticks};
pub use vector::{Position, Velocity};
