//! Static geometry and moving platforms: what a body meets beside the ground.
//!
//! A [`Scenery`] is what a designer made: boxes and cylinders, meshes of triangles, platforms on rails, all in metres. It
//! has a file form and a content hash. [`Obstacles`] are baked from it for one world and laid into a raster: shared and
//! never changed, but for the set of shapes that have fallen. Everything is integer and a pure function of its arguments;
//! nothing here allocates after baking.
//!
//! | question | answer |
//! |---|---|
//! | is anything near? | [`Obstacles::near`]: one load |
//! | can anything be touched? | [`Obstacles::meets`]: a few comparisons |
//! | where does this body get to? | [`Obstacles::slide`] |
//! | what does it stand on? | [`Obstacles::ground_below`] |
//! | is it inside of something, and which way out? | [`Obstacles::depenetrate`] |
//! | does anything bar a way here? | [`Obstacles::bars`] |
//! | what does this arrow hit? | [`Obstacles::ray`] |
//! | which sections of structures does a blast reach? | [`Obstacles::sections_within`] |
//! | how did the platform under it move? | [`Obstacles::platform_shift`] |
//!
//! **Distances.** A body that slides stops [`SKIN`] (1 mm) before a shape. What is at most [`SLACK`] (1 mm) inside is left
//! alone, so that rounding never moves anybody who rests; what is farther inside is pushed out.
//!
//! Not here: the terrain, the bounds of the world, other bodies, and what any of it means for a velocity.

mod bake;
mod bars;
mod beside;
mod body;
mod clearance;
mod codec;
mod error;
mod footprints;
mod grid;
mod ground;
pub mod limits;
mod math;
mod planes;
mod platform;
mod ray;
mod respawns;
mod sections;
mod shapes;
mod slide;
mod solids;
mod standing;
mod support;
mod survey;
mod triangle;

#[cfg(test)]
mod tests;

pub use body::Body;
pub(crate) use clearance::Clearings;
pub use error::{SceneryDecodeError, SceneryError};
pub(crate) use footprints::Nearby;
pub use ground::{Freed, Ground};
pub use platform::{Platform, PlatformPlace, PlatformShift, Waypoint};
pub use ray::RayHit;
pub use respawns::{RespawnOwner, RespawnPoint};
pub use sections::{CapturePoint, NO_TEAM, PropPlace, StructureSection};
pub use shapes::{Mesh, Scenery, StaticShape};
pub use slide::{Slide, SlideRules};
pub use standing::SectionList;
pub use support::Support;

use crate::numeric::{Brads, Metres, Position, Tick, Velocity};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use body::{Contact, Measures};
use clearance::Clearance;
use footprints::Footprints;
use grid::{Bitmap, Cells, Item};
use math::{Bounds, V3};
use solids::{Solid, moved_box};
use standing::{Fallen, Sections};
use support::Thing;
use triangle::Triangle;

/// Distance in raw units at which a body stops before a shape: 1/1024 m.
pub const SKIN: i64 = 64;

/// Raw units that a body may be inside of a shape without being pushed out: 1/1024 m.
pub const SLACK: i64 = 64;

/// Beyond this around a body and its way nothing is touched, raw: [`SKIN`], the band of touching, and what is rounded.
pub(crate) const BESIDE: i32 = 256;

/// How much farther than [`SKIN`] still counts as touching, so that a body at rest stays where it is.
pub(crate) const TOUCH: i64 = 16;

/// A direction in space, Q30 parts: the unit vector out of a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normal {
    /// East.
    pub x: i32,
    /// Up.
    pub y: i32,
    /// South.
    pub z: i32,
}

impl Normal {
    /// Straight up.
    pub const UP: Normal = Normal { x: 0, y: 1 << 30, z: 0 };

    fn of(v: V3) -> Normal {
        Normal { x: v.x as i32, y: v.y as i32, z: v.z as i32 }
    }

    fn wide(self) -> V3 {
        V3::new(self.x.into(), self.y.into(), self.z.into())
    }

    /// The velocity without its part against this surface; unchanged when it leads away. Parts to the nearest, saturated.
    #[must_use]
    pub fn clip(self, velocity: Velocity) -> Velocity {
        let wide = V3::new(velocity.x.0.into(), velocity.y.0.into(), velocity.z.0.into());
        // Speeds fill 31 bits: the sum of three products with Q30 needs 63.
        let into = math::round_q30((wide.x * i64::from(self.x)) >> 1)
            + math::round_q30((wide.y * i64::from(self.y)) >> 1)
            + math::round_q30((wide.z * i64::from(self.z)) >> 1);
        if into >= 0 {
            return velocity;
        }
        let cleared = wide.minus(self.wide().times(2 * into)).position();
        Velocity::from_raw(cleared.x.0, cleared.y.0, cleared.z.0)
    }
}

/// A scenery baked for one world, and what of it has fallen. Clones share what was baked.
#[derive(Clone, Debug, Default)]
pub struct Obstacles {
    baked: Arc<Baked>,
    fallen: Fallen,
}

/// What baking made, which nothing changes.
#[derive(Clone, Debug, Default)]
struct Baked {
    solids: Box<[Solid]>,
    triangles: Box<[Triangle]>,
    platforms: Box<[Platform]>,
    bitmap: Bitmap,
    clearance: Clearance,
    footprints: Footprints,
    cells: Cells,
    sections: Sections,
    capture_points: Box<[CapturePoint]>,
    props: Box<[PropPlace]>,
    respawn_points: Box<[RespawnPoint]>,
    /// Half the side of the world, raw: nobody is pushed beyond.
    half_extent: i64,
    hash: u64,
}

/// Directions that differ by so little in every part are one, Q30: 1/65536.
const SAME_NORMAL: i64 = 1 << 14;

/// The nearest contacts of one look around, in the order they were found.
#[derive(Clone, Copy, Debug)]
struct Contacts {
    items: [Contact; Contacts::MOST],
    len: usize,
}

impl Contacts {
    const MOST: usize = 12;

    const fn none() -> Contacts {
        Contacts { items: [Contact::NONE; Contacts::MOST], len: 0 }
    }

    fn as_slice(&self) -> &[Contact] {
        &self.items[..self.len]
    }

    /// Forgets those that do not count.
    fn keep(&mut self, counts: &dyn Fn(&Contact) -> bool) {
        let mut kept = 0;
        for at in 0..self.len {
            if counts(&self.items[at]) {
                self.items[kept] = self.items[at];
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// Keeps the nearest. Contacts in one and the same place, as those of two triangles with their common edge, are one: the
    /// surface that looks more upward owns it.
    fn push(&mut self, contact: Contact) {
        let same = |other: &&mut Contact| {
            (other.separation - contact.separation).abs() <= 4
                && other.normal.minus(contact.normal).reach() <= SAME_NORMAL
        };
        if let Some(other) = self.items[..self.len].iter_mut().find(same) {
            let separation = other.separation.min(contact.separation);
            if contact.face_up > other.face_up {
                *other = contact;
            }
            other.separation = separation;
            return;
        }
        if self.len < Contacts::MOST {
            self.items[self.len] = contact;
            self.len += 1;
            return;
        }
        let farthest = (0..self.len).max_by_key(|&at| self.items[at].separation).unwrap_or(0);
        if contact.separation < self.items[farthest].separation {
            self.items[farthest] = contact;
        }
    }
}

impl Obstacles {
    /// A world without anything in it.
    #[must_use]
    pub fn empty() -> Obstacles {
        Obstacles::default()
    }

    /// Whether there is nothing at all.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.baked.solids.is_empty() && self.baked.triangles.is_empty() && self.baked.platforms.is_empty()
    }

    /// [`Scenery::content_hash`] of what it was baked from.
    #[must_use]
    pub fn content_hash(&self) -> u64 {
        self.baked.hash
    }

    /// The moving platforms, by number.
    #[must_use]
    pub fn platforms(&self) -> &[Platform] {
        &self.baked.platforms
    }

    /// Triangles in the world.
    #[must_use]
    pub fn triangle_count(&self) -> usize {
        self.baked.triangles.len()
    }

    /// Side of the cells with lists, in metres, their number, and all entries of their lists: for reports.
    #[must_use]
    pub fn table(&self) -> (Metres, u64, usize) {
        let raster = &self.baked.cells.raster;
        let side = Metres(1_i32.checked_shl(raster.shift).unwrap_or(i32::MAX));
        (side, (raster.columns * raster.rows).unsigned_abs(), self.baked.cells.entries())
    }

    /// Whether anything may stand (or pass, for platforms) within `reach` of (x, z) on the ground plane, at any height.
    /// False means: certainly nothing; what has fallen still counts. One load for reaches up to 1.875 m, a few beyond; any
    /// arguments.
    #[must_use]
    #[inline]
    pub fn near(&self, x: Metres, z: Metres, reach: Metres) -> bool {
        self.beside(x.0.into(), z.0.into(), reach.0.into())
    }

    /// Whether anything stands (or may pass, for platforms) within `reach` of (x, z) on the ground plane, at any height: the
    /// footprints of boxes and cylinders count up to a raw unit or two, of triangles and platforms the bounds (of triangles that
    /// have fallen too). A body that no
    /// footprint is within its radius, its way and a few millimetres of touches nothing on that way. Any arguments.
    #[must_use]
    #[inline]
    pub fn meets(&self, x: Metres, z: Metres, reach: Metres) -> bool {
        let (x, z, reach) = (i64::from(x.0), i64::from(z.0), i64::from(reach.0).max(0));
        let meets = self.baked.footprints.meets(x, z, reach, |solid| self.solid_stands(solid));
        self.meets_by(meets, x, z, reach)
    }

    /// What [`Obstacles::meets`] is about, as far as it is known.
    #[inline]
    pub(crate) fn nearby(&self, x: Metres, z: Metres, reach: Metres) -> Nearby {
        let (x, z, reach) = (i64::from(x.0), i64::from(z.0), i64::from(reach.0).max(0));
        let nearby = self.baked.footprints.nearby(x, z, reach, |solid| self.solid_stands(solid));
        nearby.unwrap_or_else(|| match self.meets_by(None, x, z, reach) {
            true => Nearby::Anything,
            false => Nearby::Nothing,
        })
    }

    #[inline]
    fn meets_by(&self, meets: Option<bool>, x: i64, z: i64, reach: i64) -> bool {
        // What reaches across a world meets anything: its squares are not for these numbers.
        meets.unwrap_or_else(|| if reach < 1 << 30 { self.meets_any(x, z, reach) } else { !self.is_empty() })
    }

    #[inline(never)]
    fn meets_any(&self, x: i64, z: i64, reach: i64) -> bool {
        let around = Bounds {
            low: V3::new(x - reach, i64::MIN, z - reach),
            high: V3::new(x + reach, i64::MAX, z + reach),
        };
        self.baked.cells.find(&around, &mut |item| {
            let meets = match item {
                Item::Solid(index) => self.baked.solids[index].stands_within(x, z, reach),
                Item::Triangle(index) => self.baked.triangles[index].bounds().meets(&around),
                Item::Platform(_) => true,
            };
            meets && self.item_stands(item)
        })
    }

    /// What tells lanes where nothing is near; `None` where only [`Obstacles::meets`] does. Wherever it says that nothing is,
    /// nothing is met.
    pub(crate) fn clearings(&self) -> Option<Clearings<'_>> {
        self.baked.clearance.clearings()
    }

    #[inline]
    fn beside(&self, x: i64, z: i64, reach: i64) -> bool {
        let near = self.baked.clearance.near(x, z, reach);
        near.unwrap_or_else(|| self.baked.bitmap.any(x - reach, x + reach, z - reach, z + reach))
    }

    /// How the platform somebody stands on came from its place at the tick before `tick` to that of `tick`; `None` when it
    /// is no platform. A step of `tick` first carries ([`PlatformShift::carry`]) who stands on one, then moves them.
    #[must_use]
    pub fn platform_shift(&self, support: Support, tick: Tick) -> Option<PlatformShift> {
        self.baked.platforms.get(support.platform_number()?).map(|platform| platform.shift(tick))
    }

    /// Where a platform stands at a tick; `None` when there is no such platform.
    #[must_use]
    pub fn platform_place(&self, number: usize, tick: Tick) -> Option<(Position, Brads)> {
        let place = self.baked.platforms.get(number)?.place(tick);
        Some((place.centre, place.yaw))
    }

    /// The platform as a solid where it stands at a tick.
    fn platform_solid(&self, number: usize, tick: Tick) -> Solid {
        let platform = &self.baked.platforms[number];
        moved_box(platform.place(tick), platform.half_sizes, Thing::platform(number))
    }

    /// What a body reaches when it is grown by `most`.
    fn around(measures: &Measures, feet: V3, most: i64) -> Bounds {
        let radius = measures.radius();
        Bounds {
            low: V3::new(feet.x - radius, feet.y, feet.z - radius),
            high: V3::new(feet.x + radius, feet.y + measures.height, feet.z + radius),
        }
        .grown(most)
    }

    /// Whether a body may have any contact with a separation up to `most`. Cheaper than the contacts.
    fn any_within(&self, measures: &Measures, feet: V3, most: i64, tick: Tick) -> bool {
        let (axis, around) = (measures.at(feet), Self::around(measures, feet, most));
        self.baked.cells.find(&around, &mut |item| {
            let within = match item {
                Item::Solid(index) => self.baked.solids[index].within(&axis, measures, most),
                Item::Triangle(index) => self.baked.triangles[index].within(&axis, measures, most, &around),
                Item::Platform(number) => self.platform_solid(number, tick).within(&axis, measures, most),
            };
            within && self.item_stands(item)
        })
    }

    /// All contacts of a body with separations up to `most`, the nearest ones.
    fn contacts(&self, measures: &Measures, feet: V3, most: i64, tick: Tick, found: &mut Contacts) {
        found.len = 0;
        let axis = measures.at(feet);
        let edge = self.baked.half_extent - measures.radius();
        let around = Self::around(measures, feet, most);
        self.baked.cells.visit(&around, &mut |item| {
            let contact = match item {
                Item::Solid(index) => self.baked.solids[index].contact(&axis, measures, most, edge),
                Item::Triangle(index) => {
                    let triangle = &self.baked.triangles[index];
                    let meets = triangle.bounds().meets(&around);
                    if meets { triangle.contact(&axis, measures, most) } else { None }
                }
                Item::Platform(number) => {
                    self.platform_solid(number, tick).contact(&axis, measures, most, edge)
                }
            };
            if let Some(contact) = contact
                && self.item_stands(item)
            {
                found.push(contact);
            }
        });
    }
}

/// Looks around once for every distance that a body asks: what it needs from the arguments of a query.
#[derive(Clone, Copy)]
struct Look<'a> {
    obstacles: &'a Obstacles,
    measures: Measures,
    tick: Tick,
}

impl Look<'_> {
    fn contacts(&self, feet: V3, most: i64) -> Contacts {
        let mut found = Contacts::none();
        self.contacts_into(feet, most, &mut found);
        found
    }

    /// The same into a list that was there before: looking again and again does not write a new one each time.
    fn contacts_into(&self, feet: V3, most: i64, found: &mut Contacts) {
        self.obstacles.contacts(&self.measures, feet, most, self.tick, found);
    }
}

/// Collects in the order given; for baking.
fn boxed<T>(items: Vec<T>) -> Box<[T]> {
    items.into_boxed_slice()
}
