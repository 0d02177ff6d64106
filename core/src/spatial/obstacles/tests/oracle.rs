//! The same questions answered slowly, in floating point, by other means.

use crate::numeric::{Metres, Position};
use crate::spatial::obstacles::body::Measures;
use crate::spatial::obstacles::math::Turn;
use crate::spatial::obstacles::*;
use alloc::vec::Vec;

pub type P = [f64; 3];

pub fn point(position: Position) -> P {
    [position.x.0, position.y.0, position.z.0].map(f64::from)
}

pub fn minus(a: P, b: P) -> P {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub fn dot(a: P, b: P) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn plus(a: P, b: P, t: f64) -> P {
    [a[0] + t * b[0], a[1] + t * b[1], a[2] + t * b[2]]
}

/// A convex thing that knows how far a point is from it.
pub enum Convex {
    Box { centre: P, half: P, cos: f64, sin: f64 },
    Cylinder { base: P, radius: f64, height: f64 },
    Triangle([P; 3]),
}

impl Convex {
    pub fn distance(&self, p: P) -> f64 {
        match self {
            Convex::Box { centre, half, cos, sin } => {
                let d = minus(p, *centre);
                let local = [d[0] * cos - d[2] * sin, d[1], d[2] * cos + d[0] * sin];
                let beyond = [0, 1, 2].map(|axis| (local[axis].abs() - half[axis]).max(0.0));
                dot(beyond, beyond).sqrt()
            }
            Convex::Cylinder { base, radius, height } => {
                let d = minus(p, *base);
                let flat = (d[0].hypot(d[2]) - radius).max(0.0);
                let up = (-d[1]).max(d[1] - height).max(0.0);
                flat.hypot(up)
            }
            Convex::Triangle(corners) => point_triangle(p, corners),
        }
    }

    /// Distance to the surface of a body, negative inside; minus the ball's radius where the axis is inside.
    pub fn separation(&self, body: Body, feet: Position) -> f64 {
        let measures = Measures::of(body);
        assert_eq!(measures.core, 0, "the oracle knows capsules only");
        let feet = point(feet);
        let (low, high) = (measures.ball as f64, (measures.height - measures.ball) as f64);
        // Distance along a segment to something convex has one valley: thirds.
        let (mut a, mut b) = (low, high);
        let at = |y: f64| self.distance([feet[0], feet[1] + y, feet[2]]);
        for _ in 0..120 {
            let (p, q) = (a + (b - a) / 3.0, b - (b - a) / 3.0);
            if at(p) <= at(q) { b = q } else { a = p }
        }
        at(a).min(at(low)).min(at(high)) - measures.ball as f64
    }
}

/// C. Ericson, "Real-Time Collision Detection", 5.1.5, by the plain way: the face if the foot of the perpendicular lies in
/// it, else the nearest edge.
fn point_triangle(p: P, [a, b, c]: &[P; 3]) -> f64 {
    let cross =
        |u: P, v: P| [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let n = cross(minus(*b, *a), minus(*c, *a));
    let height = dot(minus(p, *a), n) / dot(n, n).sqrt();
    let inside =
        [(a, b), (b, c), (c, a)].iter().all(|(s, e)| dot(cross(minus(**e, **s), minus(p, **s)), n) >= 0.0);
    if inside {
        return height.abs();
    }
    let edge = |s: &P, e: &P| {
        let along = minus(*e, *s);
        let t = (dot(minus(p, *s), along) / dot(along, along)).clamp(0.0, 1.0);
        let gap = minus(p, plus(*s, along, t));
        dot(gap, gap).sqrt()
    };
    edge(a, b).min(edge(b, c)).min(edge(c, a))
}

/// Everything that stands in a scenery.
pub fn convexes(scenery: &Scenery) -> Vec<Convex> {
    let mut all = Vec::new();
    let part = |m: Metres| f64::from(m.0);
    for shape in &scenery.shapes {
        match *shape {
            StaticShape::Box { centre, half_sizes, yaw } => {
                let turn = Turn::of(yaw);
                all.push(Convex::Box {
                    centre: point(centre),
                    half: half_sizes.map(part),
                    cos: f64::from(turn.cos) / f64::from(1 << 30),
                    sin: f64::from(turn.sin) / f64::from(1 << 30),
                });
            }
            StaticShape::Cylinder { base, radius, height } => {
                all.push(Convex::Cylinder { base: point(base), radius: part(radius), height: part(height) });
            }
            StaticShape::Mesh { mesh, translation, yaw } => {
                let mesh = &scenery.meshes[mesh as usize];
                for triangle in mesh.triangles() {
                    let corner = |vertex: u32| {
                        let v = shapes::placed(mesh.vertices()[vertex as usize], translation, Turn::of(yaw));
                        [v.x as f64, v.y as f64, v.z as f64]
                    };
                    all.push(Convex::Triangle(triangle.map(corner)));
                }
            }
        }
    }
    all
}

/// The smallest separation from everything.
pub fn separation(all: &[Convex], body: Body, feet: Position) -> f64 {
    all.iter().map(|convex| convex.separation(body, feet)).fold(f64::INFINITY, f64::min)
}
