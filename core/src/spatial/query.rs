//! Queries on the grid: rows in a radius, in a cone, near a segment.
//!
//! All of them look at the ground plane only (callers test heights), compare exactly in 64 or 128 bits, call back with
//! row indices in the grid's canonical order, and allocate nothing.

use super::grid::Grid;
use crate::numeric::{Brads, Metres, Position};
use core::ops::Range;

/// A sector of a disc on the ground plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cone {
    /// Where it starts, x.
    pub x: Metres,
    /// Where it starts, z.
    pub z: Metres,
    /// Its middle direction.
    pub yaw: Brads,
    /// Angle between the middle and either edge: a quarter turn is a half disc, half a turn the whole disc. Larger
    /// angles count as half a turn.
    pub half_angle: Brads,
    /// How far it reaches, at most [`Cone::MAX_RADIUS`].
    pub radius: Metres,
}

impl Cone {
    /// The longest reach: up to here the angle test is exact in 64 bits.
    pub const MAX_RADIUS: Metres = Metres::from_m(4096);

    /// Whether a point of the ground plane lies inside; the edges belong to the cone, and so does its tip.
    ///
    /// Exact for the integer sines and cosines of the two angles. Radii beyond [`Cone::MAX_RADIUS`] count as that.
    #[must_use]
    pub fn contains(&self, x: Metres, z: Metres) -> bool {
        let (dx, dz) = (i64::from(x.0) - i64::from(self.x.0), i64::from(z.0) - i64::from(self.z.0));
        let radius = i64::from(self.radius.min(Cone::MAX_RADIUS).0);
        if dx.abs() > radius || dz.abs() > radius || dx * dx + dz * dz > radius * radius {
            return false;
        }
        if self.half_angle >= Brads::HALF {
            return radius >= 0;
        }
        let (forward_x, forward_z) = self.yaw.forward();
        let (fx, fz) = (i64::from(forward_x.0), i64::from(forward_z.0));
        // In the cone's own axes: how far ahead, and how far aside.
        let ahead = dx * fx + dz * fz;
        let aside = (dx * fz - dz * fx).abs();
        // sin(angle of the point - half angle) <= 0, and not the point straight behind a cone of no width.
        let (sin, cos) = (i64::from(self.half_angle.sin().0), i64::from(self.half_angle.cos().0));
        aside * cos <= ahead * sin && (ahead >= 0 || self.half_angle > Brads::QUARTER)
    }
}

impl Grid {
    /// Calls `visit` with every row whose centre is within `radius` of (x, z), distance measured on the ground plane,
    /// the limit included. A negative radius finds nothing.
    pub fn for_each_in_radius(&self, x: Metres, z: Metres, radius: Metres, mut visit: impl FnMut(u32)) {
        if radius.0 < 0 {
            return;
        }
        let [xs, _, zs] = self.coordinates();
        let (cx, cz, limit) = (i64::from(x.0), i64::from(z.0), i64::from(radius.0).pow(2));
        self.for_each_run_in_box(x, z, radius, |run| {
            let rows = &self.rows()[run.clone()];
            for ((&row, &px), &pz) in rows.iter().zip(&xs[run.clone()]).zip(&zs[run]) {
                if within(i64::from(px) - cx, i64::from(pz) - cz, limit) {
                    visit(row);
                }
            }
        });
    }

    /// Calls `visit` with every row whose centre is inside the cone.
    pub fn for_each_in_cone(&self, cone: &Cone, mut visit: impl FnMut(u32)) {
        let [xs, _, zs] = self.coordinates();
        self.for_each_run_in_box(cone.x, cone.z, cone.radius.min(Cone::MAX_RADIUS), |run| {
            for index in run {
                if cone.contains(Metres(xs[index]), Metres(zs[index])) {
                    visit(self.rows()[index]);
                }
            }
        });
    }

    /// Calls `visit` with every row whose centre is within `radius` of the segment between two points, seen from above,
    /// the limit included: what a swept disc of this radius touches. A negative radius finds nothing.
    pub fn for_each_near_segment(
        &self,
        from: Position,
        to: Position,
        radius: Metres,
        mut visit: impl FnMut(u32),
    ) {
        if radius.0 < 0 {
            return;
        }
        let [xs, _, zs] = self.coordinates();
        let segment = Segment::new(from, to, radius);
        let low_z = from.z.0.min(to.z.0).saturating_sub(radius.0);
        let high_z = from.z.0.max(to.z.0).saturating_add(radius.0);
        for line in self.cell_along(low_z)..=self.cell_along(high_z) {
            let (low_x, high_x) = segment.span_x(self.line_bounds(line));
            for index in self.run(line, self.cell_along(low_x), self.cell_along(high_x)) {
                if segment.near(xs[index], zs[index]) {
                    visit(self.rows()[index]);
                }
            }
        }
    }

    /// Hands out the runs of sorted indices whose cells touch the square of the given half side.
    fn for_each_run_in_box(
        &self,
        x: Metres,
        z: Metres,
        half_side: Metres,
        mut visit: impl FnMut(Range<usize>),
    ) {
        if half_side.0 < 0 || self.is_empty() {
            return;
        }
        let cells = |c: Metres| {
            (
                self.cell_along(c.0.saturating_sub(half_side.0)),
                self.cell_along(c.0.saturating_add(half_side.0)),
            )
        };
        let ((first, last), (first_line, last_line)) = (cells(x), cells(z));
        for line in first_line..=last_line {
            visit(self.run(line, first, last));
        }
    }

    /// The raw z that a line of cells covers, both ends included; border lines reach to the end of the range.
    fn line_bounds(&self, line: u32) -> (i64, i64) {
        let low = i64::from(line) * i64::from(self.cell().0) - i64::from(self.raw_half_extent());
        let high = low + i64::from(self.cell().0) - 1;
        (
            if line == 0 { i64::from(i32::MIN) } else { low },
            if line + 1 == self.side() { i64::from(i32::MAX) } else { high },
        )
    }
}

/// Whether dx² + dz² is at most `limit`, for differences of any two coordinates.
#[inline]
pub(crate) fn within(dx: i64, dz: i64, limit: i64) -> bool {
    // Differences of i32 have 32 bits: their squares fit u64 one by one, but not always their sum.
    let (dx, dz) = (dx.unsigned_abs(), dz.unsigned_abs());
    let (a, b) = (dx * dx, dz * dz);
    a.saturating_add(b) <= limit as u64
}

/// A segment on the ground plane with a radius around it.
struct Segment {
    ax: i64,
    az: i64,
    /// From a to b.
    ex: i64,
    ez: i64,
    radius: i64,
}

impl Segment {
    fn new(from: Position, to: Position, radius: Metres) -> Segment {
        let (ax, az) = (i64::from(from.x.0), i64::from(from.z.0));
        let (ex, ez) = (i64::from(to.x.0) - ax, i64::from(to.z.0) - az);
        Segment { ax, az, ex, ez, radius: i64::from(radius.0) }
    }

    /// Exact test of a point's distance from the segment.
    fn near(&self, x: i32, z: i32) -> bool {
        let (dx, dz) = (i64::from(x) - self.ax, i64::from(z) - self.az);
        let (ex, ez) = (self.ex, self.ez);
        let limit = self.radius * self.radius;
        let along = i128::from(dx) * i128::from(ex) + i128::from(dz) * i128::from(ez);
        let length_squared = i128::from(ex) * i128::from(ex) + i128::from(ez) * i128::from(ez);
        if along <= 0 {
            return within(dx, dz, limit);
        }
        if along >= length_squared {
            return within(dx - ex, dz - ez, limit);
        }
        // Distance from the line: |cross| / length, compared as squares; the bound has at most 127 bits.
        let cross = (i128::from(dx) * i128::from(ez) - i128::from(dz) * i128::from(ex)).unsigned_abs();
        let bound = limit as u128 * length_squared as u128;
        cross.checked_mul(cross).is_some_and(|squared| squared <= bound)
    }

    /// Raw x between which points near the segment lie inside a band of z: a superset, rounded outward.
    fn span_x(&self, (low_z, high_z): (i64, i64)) -> (i32, i32) {
        let (low_z, high_z) = (low_z - self.radius - self.az, high_z + self.radius - self.az);
        let (mut first, mut last) = (self.ex.min(0), self.ex.max(0));
        if self.ez != 0 {
            let at = |z: i64| i128::from(self.ex) * i128::from(z.clamp(self.ez.min(0), self.ez.max(0)));
            let (p, q) = (at(low_z), at(high_z));
            let ez = i128::from(self.ez);
            // div_euclid rounds down or up by at most one: one unit of margin on both sides covers it.
            let (p, q) = (p.div_euclid(ez) as i64, q.div_euclid(ez) as i64);
            first = p.min(q) - 1;
            last = p.max(q) + 1;
        }
        let to_raw = |x: i64| x.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        (to_raw(self.ax + first - self.radius), to_raw(self.ax + last + self.radius))
    }
}

#[cfg(test)]
mod tests;
