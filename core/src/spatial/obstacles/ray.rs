//! Rays: what a straight flight meets first.
//!
//! Exact up to the rounding of the fraction: a ray that meets the edge between two triangles meets at least one of them.

use super::grid::Item;
use super::math::{ONE_Q30, UP, V3};
use super::solids::{Solid, SolidKind};
use super::triangle::Triangle;
use super::{Normal, Obstacles, Support, Thing};
use crate::numeric::{Fx, Position, Tick};
use crate::spatial::terrain::point_on_segment;

/// The first thing a ray meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RayHit {
    /// The fraction of the way, 0..=1: floor.
    pub t: Fx,
    /// The point at that fraction: on the surface or up to 1/65536 of the way before it.
    pub position: Position,
    /// The surface's direction, towards where the ray came from; straight up where the ray begins inside of something.
    pub normal: Normal,
    /// What was met.
    pub support: Support,
    /// Which static shape that is, exactly; `None` for a platform. [`Obstacles::section_of`] says which section.
    pub shape: Option<u32>,
}

/// A meeting: fraction in Q30 and the surface's direction.
type Met = (i64, V3);

/// A ray in wide numbers.
struct Ray {
    from: V3,
    way: V3,
}

impl Obstacles {
    /// The first meeting of a straight way with anything that stands at `tick`; `None` when the way is free. A ray that
    /// begins inside of a box or a cylinder meets it at once. Of several at the same fraction the first in the table counts:
    /// static shapes in their order, triangles, platforms. Any arguments.
    #[must_use]
    pub fn ray(&self, from: Position, to: Position, tick: Tick) -> Option<RayHit> {
        if self.is_empty() {
            return None;
        }
        // Short flights in the open end here.
        let ends = [[from.x.0, to.x.0], [from.z.0, to.z.0]].map(|ends| ends.map(i64::from));
        let [[low_x, high_x], [low_z, high_z]] = ends.map(|[a, b]| [a.min(b), a.max(b)]);
        let short = high_x - low_x <= SHORT && high_z - low_z <= SHORT;
        if short && !self.baked.bitmap.any(low_x, high_x, low_z, high_z) {
            return None;
        }
        let ray = Ray { from: V3::of(from), way: V3::of(to).minus(V3::of(from)) };
        let mut nearest: Option<(Met, Thing)> = None;
        self.visit_along(&ray, tick, &mut nearest);
        let ((t, normal), thing) = nearest?;
        let t = Fx((t >> 14) as i32);
        Some(RayHit {
            t,
            position: point_on_segment(from, to, t.0),
            normal: Normal::of(normal),
            support: thing.support(),
            shape: thing.shape_number(),
        })
    }

    /// Whether nothing stands between two points.
    #[must_use]
    pub fn sees(&self, from: Position, to: Position, tick: Tick) -> bool {
        self.ray(from, to, tick).is_none()
    }

    /// Row by row along the ray, and in each row the cells it passes; stops when what was met lies before the next row.
    fn visit_along(&self, ray: &Ray, tick: Tick, nearest: &mut Option<(Met, Thing)>) {
        let raster = &self.baked.cells.raster;
        let end = ray.from.plus(ray.way);
        let (low_z, high_z) = (ray.from.z.min(end.z), ray.from.z.max(end.z));
        let (low_x, high_x) = (ray.from.x.min(end.x), ray.from.x.max(end.x));
        let Some(block) = raster.block(low_x, high_x, low_z, high_z) else { return };
        let rows = block.last_row - block.row;
        for step in 0..=rows {
            let row = if ray.way.z >= 0 { block.row + step } else { block.last_row - step };
            let ((_, cell_low), (_, cell_high)) = raster.cell(0, row);
            let (first, last) = passage(ray.from.z, ray.way.z, cell_low, cell_high);
            if nearest.is_some_and(|((t, _), _)| t < first) {
                return;
            }
            let span = |from: i64, way: i64| {
                let (a, b) = (from + at(way, first), from + at(way, last));
                (a.min(b) - ROUNDING, a.max(b) + ROUNDING)
            };
            let ((low_x, high_x), (low_y, high_y)) =
                (span(ray.from.x, ray.way.x), span(ray.from.y, ray.way.y));
            let columns =
                raster.column(low_x).max(block.column)..=raster.column(high_x).min(block.last_column);
            for column in columns {
                self.baked.cells.visit_cell(column, row, low_y, high_y, &mut |item| {
                    self.meet(item, ray, tick, nearest);
                });
            }
        }
    }

    fn meet(&self, item: Item, ray: &Ray, tick: Tick, nearest: &mut Option<(Met, Thing)>) {
        let (met, thing) = match item {
            Item::Solid(index) => (self.baked.solids[index].meet(ray), self.baked.solids[index].thing),
            Item::Triangle(index) => {
                (self.baked.triangles[index].meet(ray), self.baked.triangles[index].thing)
            }
            Item::Platform(number) => {
                let solid = self.platform_solid(number, tick);
                (solid.meet(ray), solid.thing)
            }
        };
        let Some(met) = met.filter(|_| self.stands(thing)) else { return };
        // Cells are visited along the ray, so the order within one fraction is made explicit.
        let key = |met: &Met, thing: Thing| (met.0, rank(thing));
        if nearest.is_none_or(|(best, known)| key(&met, thing) < key(&best, known)) {
            *nearest = Some((met, thing));
        }
    }
}

/// Static shapes before platforms, each by number.
fn rank(thing: Thing) -> (bool, Thing) {
    (thing.shape_number().is_none(), thing)
}

/// Rays within such a square are first held against the bitmap, raw: 4 m.
const SHORT: i64 = 4 << 16;

/// By how much a point of a ray may be off, raw.
const ROUNDING: i64 = 8;

/// The part of a way at a Q30 share; ways below 2^33.
fn at(way: i64, share: i64) -> i64 {
    ((i128::from(way) * i128::from(share)) >> 30) as i64
}

/// `numerator / denominator` in Q30, floor, cut to ±2.
fn ratio(numerator: i64, denominator: i64) -> i64 {
    const MOST: i64 = 2 << 30;
    if numerator.abs() < 1 << 32 {
        return crate::numeric::fixed::div_floor(numerator << 30, denominator).clamp(-MOST, MOST);
    }
    let wide = (i128::from(numerator) << 30).div_euclid(i128::from(denominator));
    wide.clamp(i128::from(-MOST), i128::from(MOST)) as i64
}

/// The shares between which a ray's coordinate lies between two values, outward, within 0..=1.
fn passage(from: i64, way: i64, low: i64, high: i64) -> (i64, i64) {
    if way == 0 {
        return (0, ONE_Q30);
    }
    let (a, b) = (ratio(low - from, way), ratio(high - from, way));
    ((a.min(b) - 1).clamp(0, ONE_Q30), (a.max(b) + 2).clamp(0, ONE_Q30))
}

/// The shares at which a ray enters and leaves a slab of half width `half` around 0; `None` when it misses.
fn slab(from: i64, way: i64, half: i64) -> Option<(i64, i64)> {
    if way == 0 {
        return (from.abs() <= half).then_some((i64::MIN, i64::MAX));
    }
    let (a, b) = (ratio(-half - from, way), ratio(half - from, way));
    Some((a.min(b), a.max(b)))
}

impl Solid {
    fn meet(&self, ray: &Ray) -> Option<Met> {
        let (low, high) = (i64::from(self.low), i64::from(self.high));
        // Twice the heights, so that the middle is a whole number.
        let (in_y, out_y) = slab(2 * ray.from.y - (low + high), 2 * ray.way.y, high - low)?;
        let away = (ray.from.x - i64::from(self.x), ray.from.z - i64::from(self.z));
        let (enter, leave, outward) = match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (from, way) = (turn.into_local(away.0, away.1), turn.into_local(ray.way.x, ray.way.z));
                let (in_x, out_x) = slab(from.0, way.0, half_x.into())?;
                let (in_z, out_z) = slab(from.1, way.1, half_z.into())?;
                let side = |x: i64, z: i64| {
                    let (x, z) = turn.out(x, z);
                    V3::new(x, 0, z)
                };
                let outward = if in_x >= in_z {
                    side(-way.0.signum() * ONE_Q30, 0)
                } else {
                    side(0, -way.1.signum() * ONE_Q30)
                };
                (in_x.max(in_z), out_x.min(out_z), outward)
            }
            SolidKind::Cylinder { radius } => round_wall(away, (ray.way.x, ray.way.z), radius.into())?,
        };
        let (first, last) = (enter.max(in_y), leave.min(out_y));
        if first > last || last < 0 || first > ONE_Q30 {
            return None;
        }
        if first < 0 {
            return Some((0, UP));
        }
        let normal = if in_y >= enter { V3::new(0, -ray.way.y.signum() * ONE_Q30, 0) } else { outward };
        Some((first, normal))
    }
}

/// Where a way crosses a circle around the origin: shares of entering and leaving, and the direction outward where it
/// enters. The way is first cut to the circle's square, so that squares stay in range.
fn round_wall(from: (i64, i64), way: (i64, i64), radius: i64) -> Option<(i64, i64, V3)> {
    let (in_x, out_x) = slab(from.0, way.0, radius)?;
    let (in_z, out_z) = slab(from.1, way.1, radius)?;
    let (square_in, square_out) = (in_x.max(in_z).max(0), out_x.min(out_z).min(ONE_Q30));
    if square_in > square_out {
        return None;
    }
    let begin = (from.0 + at(way.0, square_in), from.1 + at(way.1, square_in));
    let wide = |a: i64, b: i64| i128::from(a) * i128::from(b);
    let a = wide(way.0, way.0) + wide(way.1, way.1);
    let c = wide(begin.0, begin.0) + wide(begin.1, begin.1) - wide(radius, radius);
    if a == 0 {
        return (c <= 0).then_some((i64::MIN, i64::MAX, UP));
    }
    // Ways beyond 2^31 lose low bits here; what is left has 31.
    let bits = 128 - a.unsigned_abs().leading_zeros();
    let drop = bits.saturating_sub(62).div_ceil(2);
    let way = (way.0 >> drop, way.1 >> drop);
    let a = wide(way.0, way.0) + wide(way.1, way.1);
    if a == 0 {
        return None;
    }
    let b = wide(begin.0, way.0) + wide(begin.1, way.1);
    let root = u128::try_from(b * b - a * c).ok()?.isqrt().cast_signed();
    let share = |numerator: i128| square_in + (((numerator << 30).div_euclid(a)) >> drop) as i64;
    let (first, last) = (share(-b - root), share(-b + root));
    let local = ((-b - root) << 30).div_euclid(a);
    let touch = |begin: i64, way: i64| begin + ((i128::from(way) * local) >> 30) as i64;
    let outward = V3::new(touch(begin.0, way.0), 0, touch(begin.1, way.1)).direction().unwrap_or(UP);
    // Inside of the circle from the start means inside of the square from the start.
    Some((if c <= 0 && square_in == 0 { i64::MIN } else { first }, last, outward))
}

impl Triangle {
    fn meet(&self, ray: &Ray) -> Option<Met> {
        let corners = [0, 1, 2].map(|number| self.corner(number).minus(ray.from));
        let normal = self.normal();
        let wide = |a: V3, b: V3| {
            i128::from(a.x) * i128::from(b.x)
                + i128::from(a.y) * i128::from(b.y)
                + i128::from(a.z) * i128::from(b.z)
        };
        // Distances of the ray's ends from the plane.
        let start = -wide(corners[0], normal);
        let end = start + wide(ray.way, normal);
        if start == end || (start > 0 && end > 0) || (start < 0 && end < 0) {
            return None;
        }
        let volume = |a: V3, b: V3| {
            let part = |p: i64, q: i64, r: i64, s: i64| {
                i128::from(p) * i128::from(q) - i128::from(r) * i128::from(s)
            };
            part(a.y, b.z, a.z, b.y) * i128::from(ray.way.x)
                + part(a.z, b.x, a.x, b.z) * i128::from(ray.way.y)
                + part(a.x, b.y, a.y, b.x) * i128::from(ray.way.z)
        };
        let sides = [0, 1, 2].map(|edge| volume(corners[edge], corners[(edge + 1) % 3]));
        if !(sides.iter().all(|side| *side >= 0) || sides.iter().all(|side| *side <= 0)) {
            return None;
        }
        // Start and end have different signs: the share lies within 0..=1.
        let share = ((start.abs() << 30) / (start - end).abs()) as i64;
        Some((share, if start >= 0 && end < start { normal } else { normal.negated() }))
    }
}
