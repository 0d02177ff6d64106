//! What bars a way: the question of those who plan one. Coarser than a body's own slide, and the same at every tick.

use super::Obstacles;
use super::body::{Body, Measures};
use super::grid::Item;
use super::math::{Bounds, V3};
use crate::numeric::Metres;

impl Obstacles {
    /// Whether a static shape that has not fallen stands within `reach` of (x, z) at heights between `low` and `high`, both left out: boxes and
    /// cylinders by their footprints, triangles as an upright capsule of this radius meets them. Platforms move, and bar
    /// nothing: whoever plans a way cannot know where they will be. Any arguments.
    #[must_use]
    pub fn bars(&self, x: Metres, z: Metres, reach: Metres, low: Metres, high: Metres) -> bool {
        let reach = i64::from(reach.0).clamp(0, 1 << 24);
        let (x, z) = (i64::from(x.0), i64::from(z.0));
        let (low, high) = (i64::from(low.0), i64::from(high.0));
        let around =
            Bounds { low: V3::new(x - reach, low, z - reach), high: V3::new(x + reach, high, z + reach) };
        let height = Metres((high - low).clamp(0, 1 << 24) as i32);
        let measures = Measures::of(Body { radius: Metres(reach as i32), height });
        let axis = measures.at(V3::new(x, low, z));
        self.baked.cells.find(&around, &mut |item| match item {
            Item::Solid(index) => {
                let solid = &self.baked.solids[index];
                self.stands(solid.thing)
                    && i64::from(solid.low) < high
                    && i64::from(solid.high) > low
                    && solid.stands_within(x, z, reach)
            }
            Item::Triangle(index) => {
                let triangle = &self.baked.triangles[index];
                self.stands(triangle.thing)
                    && triangle.bounds().meets(&around)
                    && triangle.within(&axis, &measures, 0, &around)
            }
            Item::Platform(_) => false,
        })
    }
}
