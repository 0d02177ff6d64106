//! Which shapes stand: the one thing about obstacles that changes.
//!
//! The baked tables are shared and never written. What has fallen is a set of shapes beside them, one bit each, that every
//! query asks: nothing fallen costs a compare. A world keeps the set as its table of structures has it, a client as it is
//! told; the set is no state of its own.
//!
//! Rasters, bitmaps and levels of clearance still know what has fallen: [`Obstacles::near`] and what lanes see of free
//! ground are answers on the safe side. Whatever looks at shapes passes it by.

use super::grid::Item;
use super::math::{Bounds, V3, length2};
use super::shapes::{Scenery, shape_bounds};
use super::solids::{Solid, SolidKind};
use super::support::Thing;
use super::{CapturePoint, Measures, Obstacles, PropPlace, RespawnPoint, StructureSection};
use crate::numeric::{Metres, Position};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// The shapes that have fallen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fallen {
    words: Box<[u64]>,
    count: u32,
}

impl Fallen {
    /// None of so many shapes.
    pub fn none_of(shapes: usize) -> Fallen {
        Fallen { words: vec![0; shapes.div_ceil(64)].into_boxed_slice(), count: 0 }
    }

    #[inline]
    fn is_none(&self) -> bool {
        self.count == 0
    }

    fn has(&self, shape: u32) -> bool {
        let word = self.words.get(shape as usize / 64).copied().unwrap_or(0);
        word >> (shape % 64) & 1 != 0
    }

    fn set(&mut self, shape: u32, fallen: bool) {
        if self.has(shape) == fallen {
            return;
        }
        if let Some(word) = self.words.get_mut(shape as usize / 64) {
            *word ^= 1 << (shape % 64);
            self.count = if fallen { self.count + 1 } else { self.count - 1 };
        }
    }
}

/// The sections and where they are named, as baked.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    list: Box<[StructureSection]>,
    /// For each shape its section, [`Sections::NONE`] for none. Empty where there are no sections.
    of_shape: Box<[u32]>,
    /// Of each section what its shape fills.
    bounds: Box<[Bounds]>,
}

impl Sections {
    const NONE: u32 = u32::MAX;

    pub fn of(scenery: &Scenery) -> Sections {
        let (list, shapes) = (&scenery.sections[..], scenery.shapes.len());
        let mut of_shape = vec![Self::NONE; if list.is_empty() { 0 } else { shapes }];
        for (number, section) in (0_u32..).zip(list) {
            of_shape[section.shape as usize] = number;
        }
        let bounds =
            list.iter().map(|section| shape_bounds(scenery, &scenery.shapes[section.shape as usize]));
        Sections { list: list.into(), of_shape: of_shape.into_boxed_slice(), bounds: bounds.collect() }
    }
}

/// Sections that a query found, ascending. Used again and again, it allocates only while it grows.
#[derive(Clone, Debug, Default)]
pub struct SectionList {
    found: Vec<u32>,
    /// A bit for each section that is in the list.
    seen: Vec<u64>,
}

impl SectionList {
    /// An empty list that never allocates for obstacles of up to so many sections.
    #[must_use]
    pub fn with_room(sections: usize) -> Self {
        Self { found: Vec::with_capacity(sections), seen: vec![0; sections.div_ceil(64)] }
    }

    /// The numbers of the sections, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        &self.found
    }

    fn clear(&mut self, sections: usize) {
        for section in self.found.drain(..) {
            self.seen[section as usize / 64] = 0;
        }
        if self.seen.len() < sections.div_ceil(64) {
            self.seen.resize(sections.div_ceil(64), 0);
        }
    }

    fn add(&mut self, section: u32) {
        let (word, bit) = (&mut self.seen[section as usize / 64], 1 << (section % 64));
        if *word & bit == 0 {
            *word |= bit;
            self.found.push(section);
        }
    }
}

impl Solid {
    /// Whether it is within `most` (up to [`BLAST_MAX`]) of a point, up to two raw units.
    fn reaches(&self, at: V3, most: i64) -> bool {
        let limit = most + 2;
        let up = (i64::from(self.low) - at.y).max(at.y - i64::from(self.high)).max(0);
        let (away_x, away_z) = (at.x - i64::from(self.x), at.z - i64::from(self.z));
        let (x, z) = match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away_x, away_z);
                ((x.abs() - i64::from(half_x)).max(0), (z.abs() - i64::from(half_z)).max(0))
            }
            SolidKind::Cylinder { radius } => {
                if away_x.abs().max(away_z.abs()) > i64::from(radius) + limit {
                    return false;
                }
                ((length2(away_x, away_z) - i64::from(radius)).max(0), 0)
            }
        };
        x.max(z).max(up) <= limit && x * x + z * z + up * up <= limit * limit
    }
}

/// The farthest that [`Obstacles::sections_within`] looks, raw: 256 m.
const BLAST_MAX: i64 = 256 << 16;

impl Obstacles {
    /// The sections of structures, by number.
    #[must_use]
    pub fn sections(&self) -> &[StructureSection] {
        &self.baked.sections.list
    }

    /// What teams fight over, by number.
    #[must_use]
    pub fn capture_points(&self) -> &[CapturePoint] {
        &self.baked.capture_points
    }

    /// What stands loose at first, by number.
    #[must_use]
    pub fn props(&self) -> &[PropPlace] {
        &self.baked.props
    }

    /// The upright box that a section fills: its lowest and its highest corner; `None` where there is no such section.
    #[must_use]
    pub fn section_box(&self, section: u32) -> Option<[Position; 2]> {
        let bounds = self.baked.sections.bounds.get(section as usize)?;
        Some([bounds.low.position(), bounds.high.position()])
    }

    /// Whether a moving platform may come within `reach` of (x, z) on its round, at any height.
    pub(crate) fn may_pass(&self, x: Metres, z: Metres, reach: Metres) -> bool {
        if self.baked.platforms.is_empty() {
            return false;
        }
        let (x, z, reach) = (i64::from(x.0), i64::from(z.0), i64::from(reach.0));
        let around = Bounds {
            low: V3::new(x - reach, i64::MIN, z - reach),
            high: V3::new(x + reach, i64::MAX, z + reach),
        };
        self.baked.cells.find(&around, &mut |item| matches!(item, Item::Platform(_)))
    }

    /// Where the dead return beside their teams' areas, by number.
    #[must_use]
    pub fn respawn_points(&self) -> &[RespawnPoint] {
        &self.baked.respawn_points
    }

    /// Which section a shape is ([`super::RayHit::shape`] says which shape was met); `None` where it is none.
    #[must_use]
    #[inline]
    pub fn section_of(&self, shape: u32) -> Option<u32> {
        let section = *self.baked.sections.of_shape.get(shape as usize)?;
        (section != Sections::NONE).then_some(section)
    }

    /// Whether a section stands; false also where there is no such section.
    #[must_use]
    pub fn section_stands(&self, section: u32) -> bool {
        self.sections().get(section as usize).is_some_and(|section| !self.fallen.has(section.shape))
    }

    /// Lets a section fall, or stand again: from here on every query answers so. What does not exist stays as it is.
    ///
    /// Of these obstacles alone: clones share what was baked and keep sets of their own. Allocates nothing.
    pub fn set_section(&mut self, section: u32, stands: bool) {
        if let Some(section) = self.baked.sections.list.get(section as usize) {
            self.fallen.set(section.shape, !stands);
        }
    }

    /// Whether any section has fallen.
    #[must_use]
    #[inline]
    pub fn any_fallen(&self) -> bool {
        !self.fallen.is_none()
    }

    /// Replaces the list by the standing sections within `radius` (0 to 256 m) of a point, ascending: boxes and cylinders
    /// by their distance, up to two raw units, meshes by the bounds and planes of their triangles. Costs what stands around
    /// there, however many sections there are. Allocates only while the list grows.
    pub fn sections_within(&self, at: Position, radius: Metres, out: &mut SectionList) {
        out.clear(self.sections().len());
        if self.sections().is_empty() || radius.0 < 0 {
            return;
        }
        let most = i64::from(radius.0).min(BLAST_MAX);
        let around = Bounds::around(V3::of(at)).grown(most);
        // Of triangles a body of no size at the point is asked.
        let measures = Measures { ball: 0, core: 0, height: 0 };
        let axis = measures.at(V3::of(at));
        self.baked.cells.visit(&around, &mut |item| {
            let (thing, within) = match item {
                Item::Solid(index) => {
                    let solid = &self.baked.solids[index];
                    (solid.thing, solid.reaches(V3::of(at), most))
                }
                Item::Triangle(index) => {
                    let triangle = &self.baked.triangles[index];
                    (triangle.thing, triangle.within(&axis, &measures, most, &around))
                }
                Item::Platform(_) => return,
            };
            let section = thing.shape_number().filter(|_| within).and_then(|shape| self.section_of(shape));
            if let Some(section) = section
                && self.stands(thing)
            {
                out.add(section);
            }
        });
        out.found.sort_unstable();
    }

    /// Whether a thing stands.
    #[inline]
    pub(super) fn stands(&self, thing: Thing) -> bool {
        self.fallen.is_none() || thing.shape_number().is_none_or(|shape| !self.fallen.has(shape))
    }

    /// Whether a box or a cylinder stands.
    #[inline]
    pub(super) fn solid_stands(&self, index: usize) -> bool {
        self.fallen.is_none() || self.stands(self.baked.solids[index].thing)
    }

    /// Whether what a list names stands.
    #[inline]
    pub(super) fn item_stands(&self, item: Item) -> bool {
        self.fallen.is_none() || self.has_not_fallen(item)
    }

    #[inline(never)]
    fn has_not_fallen(&self, item: Item) -> bool {
        match item {
            Item::Solid(index) => self.stands(self.baked.solids[index].thing),
            Item::Triangle(index) => self.stands(self.baked.triangles[index].thing),
            Item::Platform(_) => true,
        }
    }
}
