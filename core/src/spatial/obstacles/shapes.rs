//! What a scenery is made of: shapes, meshes, and their checks.

use super::error::SceneryError;
use super::limits;
use super::math::{Bounds, ONE_Q30, Turn, V3};
use super::platform::Platform;
use super::respawns::{RespawnPoint, validate_respawns};
use super::sections::{
    CapturePoint, PropPlace, StructureSection, validate_points, validate_props, validate_sections,
};
use crate::numeric::{Brads, Metres, Position};
use crate::spatial::terrain::TerrainSource;
use alloc::vec::Vec;

/// Something that stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaticShape {
    /// An upright box, turned about the vertical.
    Box {
        /// Its centre.
        centre: Position,
        /// Half of its sides along its own x, y and z; 1/64 m to [`limits::SIZE_MAX_M`].
        half_sizes: [Metres; 3],
        /// How it is turned: its own -z looks along the yaw.
        yaw: Brads,
    },
    /// An upright cylinder.
    Cylinder {
        /// Centre of its lower end.
        base: Position,
        /// 1/64 m to [`limits::SIZE_MAX_M`].
        radius: Metres,
        /// 1/64 m to [`limits::SIZE_MAX_M`].
        height: Metres,
    },
    /// A mesh of the scenery, turned about the vertical through its origin, then moved. A mesh is a surface, not a
    /// solid: it is met from both sides, and what is wholly inside of it is not pushed out.
    Mesh {
        /// Which of [`Scenery::meshes`].
        mesh: u32,
        /// Where its origin goes.
        translation: Position,
        /// How it is turned.
        yaw: Brads,
    },
}

/// A surface of triangles, checked when it is made. Counter-clockwise as seen from the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mesh {
    vertices: Vec<Position>,
    triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// From vertices, relative to the mesh's origin, and triples of their numbers.
    ///
    /// # Errors
    /// [`SceneryError`] when there is no triangle, when there are too many, when a vertex is too far away, a number names
    /// none, or a triangle has no area: the first one found.
    pub fn new(vertices: Vec<Position>, triangles: Vec<[u32; 3]>) -> Result<Mesh, SceneryError> {
        if triangles.is_empty() {
            return Err(SceneryError::EmptyMesh);
        }
        if triangles.len() as u64 > limits::TRIANGLES_MAX {
            return Err(SceneryError::TooManyTriangles(triangles.len() as u64));
        }
        let far = Metres::from_m(limits::SIZE_MAX_M);
        let outside = |p: &Position| [p.x, p.y, p.z].iter().any(|part| part.abs() > far);
        if let Some(vertex) = vertices.iter().position(outside) {
            return Err(SceneryError::VertexPlace { vertex: vertex as u32 });
        }
        for (triangle, corners) in triangles.iter().enumerate() {
            let triangle = triangle as u32;
            let unknown = |vertex: &&u32| vertices.get(**vertex as usize).is_none();
            if let Some(&vertex) = corners.iter().find(unknown) {
                return Err(SceneryError::UnknownVertex { triangle, vertex });
            }
            let points = corners.map(|vertex| V3::of(vertices[vertex as usize]));
            if normal_of(points).is_none() {
                return Err(SceneryError::DegenerateTriangle { triangle });
            }
        }
        Ok(Mesh { vertices, triangles })
    }

    /// The vertices, relative to the mesh's origin.
    #[must_use]
    pub fn vertices(&self) -> &[Position] {
        &self.vertices
    }

    /// The triangles: three numbers of vertices each.
    #[must_use]
    pub fn triangles(&self) -> &[[u32; 3]] {
        &self.triangles
    }
}

/// The direction of a triangle's front in Q30; `None` when one of its heights is below
/// [`limits::TRIANGLE_HEIGHT_MIN_RAW`]. Differences of the points at most 2^30.
pub(super) fn normal_of([a, b, c]: [V3; 3]) -> Option<V3> {
    let (ab, ac, bc) = (b.minus(a), c.minus(a), c.minus(b));
    let cross = V3::new(ab.y * ac.z - ab.z * ac.y, ab.z * ac.x - ab.x * ac.z, ab.x * ac.y - ab.y * ac.x);
    // Twice the area is the longest side times the smallest height.
    let square = |part: i64| i128::from(part) * i128::from(part);
    let area_squared = square(cross.x) + square(cross.y) + square(cross.z);
    let longest_squared = [ab, ac, bc].map(|side| side.dot(side)).into_iter().max().unwrap_or(0);
    let least = i128::from(longest_squared) * i128::from(limits::TRIANGLE_HEIGHT_MIN_RAW.pow(2));
    if area_squared < least { None } else { cross.direction() }
}

/// Everything that stands in a world and does not come from its configuration. `Default` is an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenery {
    /// What the ground is made from.
    pub terrain: TerrainSource,
    /// What stands still; at most [`limits::SHAPES_MAX`].
    pub shapes: Vec<StaticShape>,
    /// The meshes that shapes name.
    pub meshes: Vec<Mesh>,
    /// What moves; at most [`limits::PLATFORMS_MAX`].
    pub platforms: Vec<Platform>,
    /// Which shapes have health and can fall, ascending by shape.
    pub sections: Vec<StructureSection>,
    /// What teams fight over; at most [`limits::CAPTURE_POINTS_MAX`].
    pub capture_points: Vec<CapturePoint>,
    /// What stands loose in it at first; at most [`limits::PROPS_MAX`].
    pub props: Vec<PropPlace>,
    /// Where the dead return beside their team's area; at most [`limits::RESPAWN_POINTS_MAX`].
    pub respawn_points: Vec<RespawnPoint>,
}

impl Scenery {
    /// Whether nothing stands in it, whatever the ground.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty() && self.platforms.is_empty()
    }

    /// Triangles of all shapes, every use of a mesh counted; unknown meshes count nothing.
    #[must_use]
    pub fn triangle_count(&self) -> u64 {
        let count = |shape: &StaticShape| match shape {
            StaticShape::Mesh { mesh, .. } => {
                self.meshes.get(*mesh as usize).map_or(0, |mesh| mesh.triangles.len() as u64)
            }
            _ => 0,
        };
        self.shapes.iter().map(count).sum()
    }

    /// Checks every number and relation.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn validate(&self) -> Result<(), SceneryError> {
        if self.shapes.len() > limits::SHAPES_MAX {
            return Err(SceneryError::TooManyShapes(self.shapes.len()));
        }
        if self.platforms.len() > limits::PLATFORMS_MAX {
            return Err(SceneryError::TooManyPlatforms(self.platforms.len()));
        }
        let sources: u64 = self.meshes.iter().map(|mesh| mesh.triangles.len() as u64).sum();
        let triangles = self.triangle_count().max(sources);
        if triangles > limits::TRIANGLES_MAX {
            return Err(SceneryError::TooManyTriangles(triangles));
        }
        for (number, shape) in self.shapes.iter().enumerate() {
            self.validate_shape(number as u32, shape)?;
        }
        for (number, platform) in self.platforms.iter().enumerate() {
            platform.validate(number as u32)?;
        }
        validate_sections(&self.sections, self.shapes.len())?;
        validate_points(&self.capture_points)?;
        validate_props(&self.props)?;
        validate_respawns(&self.respawn_points, self.capture_points.len())
    }

    fn validate_shape(&self, shape: u32, what: &StaticShape) -> Result<(), SceneryError> {
        let size =
            |size: Metres| size.0 >= limits::SIZE_MIN_RAW && size <= Metres::from_m(limits::SIZE_MAX_M);
        let sizes_hold = match *what {
            StaticShape::Box { half_sizes, .. } => half_sizes.into_iter().all(size),
            StaticShape::Cylinder { radius, height, .. } => size(radius) && size(height),
            StaticShape::Mesh { mesh, .. } => {
                if self.meshes.get(mesh as usize).is_none() {
                    return Err(SceneryError::UnknownMesh { shape, mesh });
                }
                true
            }
        };
        if !sizes_hold {
            return Err(SceneryError::ShapeSize { shape });
        }
        let place_holds = match *what {
            StaticShape::Box { centre, half_sizes, yaw } => {
                within_places(&box_bounds(centre, half_sizes, yaw))
            }
            StaticShape::Cylinder { base, radius, height } => {
                within_places(&cylinder_bounds(base, radius, height))
            }
            StaticShape::Mesh { mesh, translation, yaw } => {
                let turn = Turn::of(yaw);
                let vertices = &self.meshes[mesh as usize].vertices;
                vertices.iter().all(|v| within_places(&Bounds::around(placed(*v, translation, turn))))
            }
        };
        if place_holds { Ok(()) } else { Err(SceneryError::ShapePlace { shape }) }
    }
}

/// Bounds of a shape of a valid scenery.
pub(super) fn shape_bounds(scenery: &Scenery, shape: &StaticShape) -> Bounds {
    match *shape {
        StaticShape::Box { centre, half_sizes, yaw } => box_bounds(centre, half_sizes, yaw),
        StaticShape::Cylinder { base, radius, height } => cylinder_bounds(base, radius, height),
        StaticShape::Mesh { mesh, translation, yaw } => {
            let turn = Turn::of(yaw);
            let vertices = scenery.meshes.get(mesh as usize).map_or(&[][..], |mesh| &mesh.vertices);
            let all = vertices.iter().map(|v| Bounds::around(placed(*v, translation, turn)));
            all.reduce(Bounds::and).unwrap_or(Bounds::around(V3::of(translation)))
        }
    }
}

/// Whether all of it lies within ±[`limits::PLACE_MAX_M`].
pub(super) fn within_places(bounds: &Bounds) -> bool {
    const MOST: i64 = (limits::PLACE_MAX_M as i64) << 16;
    bounds.low.reach() <= MOST && bounds.high.reach() <= MOST
}

/// A vertex of a mesh where the mesh stands.
pub(super) fn placed(vertex: Position, translation: Position, turn: Turn) -> V3 {
    let (x, z) = turn.out(vertex.x.0.into(), vertex.z.0.into());
    V3::of(translation).plus(V3::new(x, vertex.y.0.into(), z))
}

/// Bounds of a box, rounded outward.
pub(super) fn box_bounds(centre: Position, half_sizes: [Metres; 3], yaw: Brads) -> Bounds {
    let turn = Turn::of(yaw);
    let (cos, sin) = (i64::from(turn.cos).abs(), i64::from(turn.sin).abs());
    let [x, y, z] = half_sizes.map(|half| i64::from(half.0));
    let extent = |a: i64, b: i64| ((a + b + ONE_Q30) >> 30) + 1;
    let half = V3::new(extent(x * cos, z * sin), y, extent(x * sin, z * cos));
    let centre = V3::of(centre);
    Bounds { low: centre.minus(half), high: centre.plus(half) }
}

/// Bounds of a cylinder.
pub(super) fn cylinder_bounds(base: Position, radius: Metres, height: Metres) -> Bounds {
    let (base, radius) = (V3::of(base), i64::from(radius.0));
    Bounds {
        low: base.minus(V3::new(radius, 0, radius)),
        high: base.plus(V3::new(radius, height.0.into(), radius)),
    }
}
