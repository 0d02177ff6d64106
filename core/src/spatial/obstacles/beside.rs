//! Sliding beside upright walls alone: a circle among the footprints of what is taller than it matters here.
//!
//! Nearly all that a body meets stands beside it: from below a step under its feet to above the lower end of its axis there
//! is wall, which neither carries nor can be stepped onto. Then heights do not count, planes are upright, and few numbers
//! are left of what [`super::slide`] keeps. It gives the same answers, bit for bit, or none: with a mesh or a platform near, a
//! rim, a ledge or an underside, many shapes at once, or the body inside of one.

use super::body::Measures;
use super::footprints::NEARBY_MOST;
use super::grid::{Block, Item};
use super::math::{Bounds, ONE_Q30, V3};
use super::planes::{Planes, TOLERANCE, cut, flattened, share};
use super::slide::{DEAD, LOOKS, Limits, PART, Slide, first_part};
use super::solids::{Beside, Solid};
use super::{BESIDE, Nearby, Obstacles, SAME_NORMAL, SKIN, SLACK, TOUCH};
use crate::numeric::Position;

/// Most walls around a way.
const WALLS_MOST: usize = NEARBY_MOST;

/// Largest bound of a way, raw: bent along a wall, which may make its bound half as large again, it is still one part.
const WAY_MOST: i64 = PART / 8 * 5;

/// Raw units that heights are apart at least where one of two is to be far above or below the other.
const APART: i64 = 1_024;

/// Feet between these heights have nothing but walls beside them, and a probe farther down still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heights {
    pub low: i64,
    pub high: i64,
}

/// A body on its way among walls.
#[derive(Clone, Copy)]
pub(super) struct Among<'a> {
    pub obstacles: &'a Obstacles,
    pub measures: &'a Measures,
    pub rules: &'a Limits,
    pub probe: i64,
}

/// The walls around a way, in the order that [`super::grid::Cells::visit`] finds them in.
struct Walls {
    block: Option<Block>,
    /// Numbers of solids, each once.
    list: [u32; WALLS_MOST],
    len: usize,
    /// Whether one of them was found more than once.
    again: bool,
}

impl Walls {
    const NONE: Walls = Walls { block: None, list: [0; WALLS_MOST], len: 0, again: false };

    fn as_slice(&self) -> &[u32] {
        &self.list[..self.len]
    }
}

/// The nearest point of a wall: its distance, and its direction in Q30.
#[derive(Clone, Copy)]
struct Touched {
    separation: i64,
    normal: V3,
}

impl Touched {
    const NONE: Touched = Touched { separation: i64::MAX, normal: V3::ZERO };

    fn touches(&self) -> bool {
        self.separation < SKIN + TOUCH
    }

    /// The share of a way that it does not forbid, Q30.
    #[inline]
    fn free_share(&self, way: V3) -> i64 {
        let approach = -way.along(self.normal);
        if approach <= TOLERANCE {
            ONE_Q30
        } else if self.touches() {
            0
        } else {
            share(self.separation - SKIN, approach)
        }
    }
}

/// What a look around finds: as [`super::Contacts`], of walls.
struct Found {
    items: [Touched; WALLS_MOST],
    len: usize,
}

impl Found {
    fn push(&mut self, touched: Touched) {
        let same = |other: &&mut Touched| {
            (other.separation - touched.separation).abs() <= 4
                && other.normal.minus(touched.normal).reach() <= SAME_NORMAL
        };
        if let Some(other) = self.items[..self.len].iter_mut().find(same) {
            other.separation = other.separation.min(touched.separation);
        } else {
            self.items[self.len] = touched;
            self.len += 1;
        }
    }

    fn as_slice(&self) -> &[Touched] {
        &self.items[..self.len]
    }
}

impl Among<'_> {
    /// Goes `way` from `from` as [`Obstacles::slide`] does. `None` where not only walls are near.
    #[inline]
    pub fn slide(&self, from: V3, way: V3, nearby: &Nearby) -> Option<Slide> {
        let bound = way.bound();
        // Longer ways and wide bodies are seldom; slopes that nobody stands on do not exist where everything can be stood on.
        if bound > WAY_MOST || self.measures.core != 0 || self.rules.walkable <= 0 {
            return None;
        }
        let span = self.probe + i64::from(BESIDE);
        let heights =
            Heights { low: from.y.min(from.y + way.y) - span, high: from.y.max(from.y + way.y) + span };
        let reach = self.measures.ball + bound + i64::from(BESIDE);
        let walls = match nearby {
            Nearby::Nothing => Walls::NONE,
            Nearby::Solids { list, len } => self.named(&list[..*len], reach, &heights)?,
            Nearby::Anything => Walls { len: WALLS_MOST, ..Walls::NONE },
        };
        let mut slide = Slide::at(Position::ORIGIN);
        slide.clear = false;
        let solid = |index: &u32| &self.obstacles.baked.solids[*index as usize];
        let distance = self.measures.ball + 2;
        let (feet, open) = match walls.as_slice() {
            [] => (from.plus(way), true),
            [one] => {
                let feet = self.go_beside(solid(one), from, way, &mut slide)?;
                (feet, !solid(one).stands_within(feet.x, feet.z, distance))
            }
            _ => {
                let (feet, walls) = self.go_among(from, way, reach, &heights, &mut slide)?;
                let inside = |index: &u32| solid(index).stands_within(feet.x, feet.z, distance);
                (feet, !walls.as_slice().iter().any(inside))
            }
        };
        slide.heights = open.then_some(heights);
        slide.position = feet.position();
        Some(slide)
    }

    /// The way with several walls around, and those that were around its end.
    #[inline(never)]
    fn go_among(
        &self,
        from: V3,
        way: V3,
        reach: i64,
        heights: &Heights,
        slide: &mut Slide,
    ) -> Option<(V3, Walls)> {
        let mut walls = self.walls(self.block(from, reach)?, from, reach, heights)?;
        let several = walls.len > 1;
        let feet = self.run(from, way, slide, &mut |feet, most| {
            if several {
                // Their order counts, and depends on the cells that are looked into.
                let block = self.block(feet, self.measures.ball + most)?;
                if Some(block) != walls.block {
                    walls = self.walls(block, from, reach, heights)?;
                }
            }
            self.look(&walls, feet, most)
        })?;
        Some((feet, walls))
    }

    /// The way with one wall around: [`Among::run`] of one.
    #[inline]
    fn go_beside(&self, wall: &Solid, from: V3, way: V3, slide: &mut Slide) -> Option<V3> {
        let (mut feet, mut left) = (from, way);
        for look in 0..LOOKS {
            let reach = left.bound();
            let touched = match wall.beside(feet.x, feet.z, self.measures.ball, reach + SKIN + TOUCH) {
                Beside::Far => Touched::NONE,
                Beside::At { separation, x, z } => Touched { separation, normal: V3::new(x, 0, z) },
                Beside::Inside | Beside::Wide => return None,
            };
            if look == 0 && touched.separation < -SLACK {
                return None;
            }
            let mut bent = left;
            if touched.touches() && left.along(touched.normal) < -TOLERANCE {
                slide.hit(touched.normal);
                bent = along(left, touched.normal);
            }
            left = onward(way, left, bent);
            if left == V3::ZERO {
                break;
            }
            let part = first_part(left, reach);
            let advance = cut(part, touched.free_share(part));
            feet = feet.plus(advance);
            left = left.minus(advance);
            if left == V3::ZERO {
                break;
            }
        }
        Some(feet)
    }

    /// The cells of what is within a distance of the axis.
    fn block(&self, feet: V3, reach: i64) -> Option<Block> {
        let raster = &self.obstacles.baked.cells.raster;
        raster.block(feet.x - reach, feet.x + reach, feet.z - reach, feet.z + reach)
    }

    /// The walls among solids, if all of them are. Their order is not that of the lists.
    #[inline]
    fn named(&self, list: &[u32], reach: i64, heights: &Heights) -> Option<Walls> {
        let mut walls = Walls::NONE;
        for index in list {
            self.add(&mut walls, *index as usize, reach, heights)?;
        }
        Some(walls)
    }

    /// What stands within `reach` of a place, from the lists of a block of cells, if all of it are walls for these heights.
    fn walls(&self, block: Block, at: V3, reach: i64, heights: &Heights) -> Option<Walls> {
        let cells = &self.obstacles.baked.cells;
        let mut walls = Walls { block: Some(block), ..Walls::NONE };
        let (low, high) =
            (V3::new(at.x - reach, i64::MIN, at.z - reach), V3::new(at.x + reach, i64::MAX, at.z + reach));
        let around = Bounds { low, high };
        for row in block.row..=block.last_row {
            for column in block.column..=block.last_column {
                for item in cells.list(column, row).filter(|item| self.obstacles.item_stands(*item)) {
                    match item {
                        Item::Solid(index) => {
                            if self.obstacles.baked.solids[index].stands_within(at.x, at.z, reach) {
                                self.add(&mut walls, index, reach, heights)?;
                            }
                        }
                        Item::Triangle(index) => {
                            if self.obstacles.baked.triangles[index].bounds().meets(&around) {
                                return None;
                            }
                        }
                        Item::Platform(_) => return None,
                    }
                }
            }
        }
        // What is found again meets itself again in the list of contacts, which changes nothing where there are but two.
        (walls.len <= 2 || !walls.again).then_some(walls)
    }

    /// Adds a solid, unless it is far above or below: `None` if it is no wall, or one too many.
    #[inline]
    fn add(&self, walls: &mut Walls, index: usize, reach: i64, heights: &Heights) -> Option<()> {
        let solid = &self.obstacles.baked.solids[index];
        let (low, high) = (i64::from(solid.low), i64::from(solid.high));
        let Measures { ball, height, .. } = *self.measures;
        let far = reach + self.probe + APART;
        if high < heights.low - far || low > heights.high + height + far {
            return Some(());
        }
        let step = if self.rules.walking { self.rules.step_up } else { 0 };
        let wall = low <= heights.low + height - ball && high > heights.high + ball.max(step);
        let index = index as u32;
        if walls.as_slice().contains(&index) {
            walls.again = true;
        } else if wall && walls.len < WALLS_MOST {
            walls.list[walls.len] = index;
            walls.len += 1;
        } else {
            return None;
        }
        Some(())
    }

    /// The walls at most `most` from the body; `None` where its axis is inside of one.
    #[inline]
    fn look(&self, walls: &Walls, feet: V3, most: i64) -> Option<Found> {
        let mut found = Found { items: [Touched::NONE; WALLS_MOST], len: 0 };
        for &index in walls.as_slice() {
            match self.obstacles.baked.solids[index as usize].beside(feet.x, feet.z, self.measures.ball, most)
            {
                Beside::Far => {}
                Beside::At { separation, x, z } => {
                    found.push(Touched { separation, normal: V3::new(x, 0, z) })
                }
                Beside::Inside | Beside::Wide => return None,
            }
        }
        Some(found)
    }

    /// The way itself: as [`super::slide`], where its comments say why.
    #[inline]
    fn run(
        &self,
        from: V3,
        way: V3,
        slide: &mut Slide,
        look: &mut impl FnMut(V3, i64) -> Option<Found>,
    ) -> Option<V3> {
        let (mut feet, mut left) = (from, way);
        let mut looks = LOOKS + way.reach() / PART;
        let mut first = true;
        while looks > 0 {
            looks -= 1;
            let reach = first_part(left, PART).bound();
            let found = look(feet, reach + SKIN + TOUCH)?;
            if first && found.as_slice().iter().any(|touched| touched.separation < -SLACK) {
                return None;
            }
            first = false;
            left = bend(way, left, &found, slide);
            if left == V3::ZERO {
                break;
            }
            let part = first_part(left, reach);
            let advance = cut(part, free_share(part, &found));
            feet = feet.plus(advance);
            left = left.minus(advance);
            if left == V3::ZERO {
                break;
            }
        }
        Some(feet)
    }
}

/// What is left of a way along all walls that are touched.
#[inline]
fn bend(asked: V3, left: V3, found: &Found, slide: &mut Slide) -> V3 {
    let mut bent = left;
    let mut planes =
        found.as_slice().iter().filter(|touched| touched.touches()).map(|touched| touched.normal);
    if let Some(normal) = planes.next() {
        bent = match planes.next() {
            None => along(left, normal),
            Some(_) => along_all(left, found),
        };
        for touched in found.as_slice().iter().filter(|touched| touched.touches()) {
            if left.along(touched.normal) < -TOLERANCE {
                slide.hit(touched.normal);
            }
        }
    }
    onward(asked, left, bent)
}

/// A bent way, or what is left of it where it leads back or is but what rounding leaves.
#[inline]
fn onward(asked: V3, left: V3, mut bent: V3) -> V3 {
    if asked.x * bent.x + asked.z * bent.z < 0 {
        bent = V3::new(0, bent.y, 0);
    }
    if bent != left && bent.reach() <= DEAD { V3::ZERO } else { bent }
}

/// [`Planes::clip`] by one plane.
#[inline]
fn along(way: V3, normal: V3) -> V3 {
    let allowed = |way: &V3| way.along(normal) >= -TOLERANCE;
    if allowed(&way) {
        return way;
    }
    Some(flattened(way, normal)).filter(allowed).unwrap_or(V3::ZERO)
}

/// [`Planes::clip`] by those of all walls that are touched.
#[inline(never)]
fn along_all(way: V3, found: &Found) -> V3 {
    let mut planes = Planes::none();
    for touched in found.as_slice().iter().filter(|touched| touched.touches()) {
        planes.push(touched.normal);
    }
    planes.clip(way)
}

/// The share of a way that no wall forbids, Q30.
#[inline]
fn free_share(way: V3, found: &Found) -> i64 {
    found.as_slice().iter().map(|touched| touched.free_share(way)).fold(ONE_Q30, i64::min)
}
