//! Baking: from a scenery to what collision reads.

use super::clearance::{self, Clearance};
use super::error::SceneryError;
use super::footprints::{self, Footprint, Footprints};
use super::grid::{BIT_SHIFT, Bitmap, Cells, Item, Placed, Raster, clipped, fitting_raster, list_shift};
use super::math::{Bounds, Turn};
use super::shapes::{Scenery, StaticShape, box_bounds, cylinder_bounds, normal_of, placed};
use super::solids::{Solid, SolidKind};
use super::triangle::Triangle;
use super::{Baked, Fallen, Obstacles, Sections, Thing, boxed, limits};
use crate::numeric::{Metres, Position};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How far beyond the edge of the world shapes still count, raw: 16 m.
const MARGIN: i64 = 16 << 16;

impl Obstacles {
    /// Bakes a scenery for a world that reaches `half_extent` from its centre. What lies wholly outside of it (by more than
    /// 16 m) is left out of the table and never met; the content hash is of the whole scenery. Everything stands.
    ///
    /// Memory: 40 bytes a shape, 52 a triangle, 4 a list entry (at most 2^24), 12 a cell (at most 2^20), 32 a
    /// footprint, 4 an entry of their lists (at most 2^20) and a cell of those, 256 KiB, and 1 MiB.
    ///
    /// # Errors
    /// What [`Scenery::validate`] finds; also a triangle that loses its area by turning its mesh.
    pub fn bake(scenery: &Scenery, half_extent: Metres) -> Result<Obstacles, SceneryError> {
        scenery.validate()?;
        if scenery.is_empty() {
            let baked = Baked {
                hash: scenery.content_hash(),
                capture_points: boxed(scenery.capture_points.clone()),
                props: boxed(scenery.props.clone()),
                respawn_points: boxed(scenery.respawn_points.clone()),
                ..Baked::default()
            };
            return Ok(Obstacles { baked: Arc::new(baked), ..Obstacles::empty() });
        }
        let half = i64::from(half_extent.0.max(0));
        let mut solids = Vec::new();
        let mut triangles = Vec::new();
        for (number, shape) in scenery.shapes.iter().enumerate() {
            let thing = Thing::shape(number);
            match shape {
                StaticShape::Mesh { mesh, translation, yaw } => {
                    let mesh = &scenery.meshes[*mesh as usize];
                    let turn = Turn::of(*yaw);
                    for (index, corners) in mesh.triangles().iter().enumerate() {
                        let at = |vertex: u32| mesh.vertices()[vertex as usize];
                        let corners = corners.map(|vertex| placed(at(vertex), *translation, turn));
                        let normal = normal_of(corners)
                            .ok_or(SceneryError::DegenerateTriangle { triangle: index as u32 })?;
                        let raw = |v: super::math::V3| [v.x as i32, v.y as i32, v.z as i32];
                        triangles.push(Triangle { corners: corners.map(raw), normal: raw(normal), thing });
                    }
                }
                _ => solids.extend(solid(shape, thing)),
            }
        }
        let mut baked = Baked {
            solids: boxed(solids),
            triangles: boxed(triangles),
            platforms: boxed(scenery.platforms.clone()),
            sections: Sections::of(scenery),
            capture_points: boxed(scenery.capture_points.clone()),
            props: boxed(scenery.props.clone()),
            respawn_points: boxed(scenery.respawn_points.clone()),
            half_extent: half,
            hash: scenery.content_hash(),
            ..Baked::default()
        };
        baked.build_table(scenery, half + MARGIN);
        Ok(Obstacles { baked: Arc::new(baked), fallen: Fallen::none_of(scenery.shapes.len()) })
    }
}

impl Baked {
    fn build_table(&mut self, scenery: &Scenery, half: i64) {
        let mut area: Option<Bounds> = None;
        let mut footprints: Vec<Bounds> = Vec::new();
        self.each_placed(scenery, &mut |placed| {
            if let Some(inside) = clipped(&placed.bounds, half) {
                area = Some(area.map_or(inside, |area| area.and(inside)));
                footprints.push(inside);
            }
        });
        let Some(area) = area else { return };
        let most = (limits::CELLS_MAX, limits::ENTRIES_MAX);
        let shift = list_shift(&area, footprints.len());
        let raster = fitting_raster(&area, shift, most.0, most.1, &footprints);
        let cells = Cells::build(raster, &|visit| self.each_placed(scenery, visit));
        let wide = area.grown(footprints::HALO);
        // Half as wide: every list is longer by its halo.
        let raster_of_lists = Raster::over(&wide, raster.shift - 1, limits::CELLS_MAX);
        let lists =
            Footprints::build(raster_of_lists, &|visit| self.each_placed(scenery, visit), &|placed| {
                match placed.item {
                    Item::Solid(index) => Footprint::of(&self.solids[index], index),
                    _ => Footprint::around(placed),
                }
            });
        let raster = fitting_raster(&area, BIT_SHIFT, limits::BITS_MAX, limits::BIT_WORK_MAX, &footprints);
        let bitmap = self.draw(scenery, raster);
        // What tells of things beside it reaches beyond the area.
        let area = area.grown(clearance::REACH);
        footprints.iter_mut().for_each(|footprint| *footprint = footprint.grown(clearance::REACH));
        let raster = fitting_raster(&area, BIT_SHIFT, limits::LEVELS_MAX, limits::BIT_WORK_MAX, &footprints);
        let clearance = Clearance::build(raster, &|visit| self.each_placed(scenery, visit));
        (self.cells, self.bitmap) = (cells, bitmap);
        (self.clearance, self.footprints) = (clearance, lists);
    }

    /// Marks every cell that anything stands in.
    fn draw(&self, scenery: &Scenery, raster: Raster) -> Bitmap {
        let mut bitmap = Bitmap::new(raster);
        self.each_placed(scenery, &mut |placed| {
            let Some(block) = raster.block_of(&placed.bounds) else { return };
            for row in block.row..=block.last_row {
                // A row of the footprint is one run, from the first cell that is met to the last.
                let met = |column: &i64| {
                    let (low, high) = raster.cell(*column, row);
                    (placed.reaches)(low, high)
                };
                let first = (block.column..=block.last_column).find(met);
                let last = (block.column..=block.last_column).rev().find(met);
                if let (Some(first), Some(last)) = (first, last) {
                    bitmap.set(row, first, last);
                }
            }
        });
        bitmap
    }

    /// Names everything that stands in the world with its bounds, always in the same order.
    fn each_placed(&self, scenery: &Scenery, visit: &mut dyn FnMut(Placed<'_>)) {
        let mut solid = 0;
        let always = |_: (i64, i64), _: (i64, i64)| true;
        for shape in &scenery.shapes {
            match *shape {
                StaticShape::Box { centre, half_sizes, yaw } => {
                    let bounds = box_bounds(centre, half_sizes, yaw).grown(1);
                    let flat = FlatBox::new(centre, half_sizes, Turn::of(yaw));
                    let reaches = |low, high| flat.meets(low, high);
                    visit(Placed { item: Item::Solid(solid), bounds, reaches: &reaches });
                }
                StaticShape::Cylinder { base, radius, height } => {
                    let bounds = cylinder_bounds(base, radius, height).grown(1);
                    let disc = (i64::from(base.x.0), i64::from(base.z.0), i64::from(radius.0) + 1);
                    let reaches = |low, high| disc_meets(disc, low, high);
                    visit(Placed { item: Item::Solid(solid), bounds, reaches: &reaches });
                }
                StaticShape::Mesh { .. } => continue,
            }
            solid += 1;
        }
        for (index, triangle) in self.triangles.iter().enumerate() {
            let bounds = triangle.bounds().grown(1);
            visit(Placed { item: Item::Triangle(index), bounds, reaches: &always });
        }
        for (number, platform) in self.platforms.iter().enumerate() {
            visit(Placed { item: Item::Platform(number), bounds: platform.reach(), reaches: &always });
        }
    }
}

/// The baked form of a box or a cylinder.
fn solid(shape: &StaticShape, thing: Thing) -> Option<Solid> {
    match *shape {
        StaticShape::Box { centre, half_sizes: [half_x, half_y, half_z], yaw } => Some(Solid {
            kind: SolidKind::Box { half_x: half_x.0, half_z: half_z.0, turn: Turn::of(yaw) },
            x: centre.x.0,
            z: centre.z.0,
            low: centre.y.0 - half_y.0,
            high: centre.y.0 + half_y.0,
            thing,
        }),
        StaticShape::Cylinder { base, radius, height } => Some(Solid {
            kind: SolidKind::Cylinder { radius: radius.0 },
            x: base.x.0,
            z: base.z.0,
            low: base.y.0,
            high: base.y.0 + height.0,
            thing,
        }),
        StaticShape::Mesh { .. } => None,
    }
}

/// Footprint of a box, for telling which cells it reaches into.
struct FlatBox {
    x: i64,
    z: i64,
    half_x: i64,
    half_z: i64,
    turn: Turn,
}

impl FlatBox {
    fn new(centre: Position, [half_x, _, half_z]: [Metres; 3], turn: Turn) -> FlatBox {
        FlatBox {
            x: centre.x.0.into(),
            z: centre.z.0.into(),
            half_x: half_x.0.into(),
            half_z: half_z.0.into(),
            turn,
        }
    }

    /// Whether a square of the ground plane that lies within the box' bounds meets the box: separating axes of the box
    /// (those of the square are its bounds), two raw units generous.
    fn meets(&self, low: (i64, i64), high: (i64, i64)) -> bool {
        let half = ((high.0 - low.0) / 2 + 1, (high.1 - low.1) / 2 + 1);
        let (x, z) = self.turn.into_local((low.0 + high.0) / 2 - self.x, (low.1 + high.1) / 2 - self.z);
        let (cos, sin) = (i64::from(self.turn.cos).abs(), i64::from(self.turn.sin).abs());
        let along_x = (half.0 * cos + half.1 * sin) >> 30;
        let along_z = (half.0 * sin + half.1 * cos) >> 30;
        x.abs() <= self.half_x + along_x + 2 && z.abs() <= self.half_z + along_z + 2
    }
}

/// Whether a disc (centre and radius) meets a square.
fn disc_meets(disc: (i64, i64, i64), low: (i64, i64), high: (i64, i64)) -> bool {
    let beyond = |at: i64, low: i64, high: i64| at - at.clamp(low, high);
    let (x, z) = (beyond(disc.0, low.0, high.0), beyond(disc.1, low.1, high.1));
    x.abs() <= disc.2 && z.abs() <= disc.2 && x * x + z * z <= disc.2 * disc.2
}
