//! Box2D 3: its dynamic tree as a pair finder, and its world as a crowd of discs.

use crate::pairs::PairFinder;
use crate::steps::{Crowded, StartOfStep};
use crate::workload::{Frame, Pairs, RADIUS_M};
use boxdd_sys::ffi::{
    b2AABB, b2Body_GetPosition, b2Body_SetLinearVelocity, b2BodyId, b2BodyType_b2_dynamicBody, b2Circle,
    b2CreateBody, b2CreateCircleShape, b2CreateWorld, b2DefaultBodyDef, b2DefaultShapeDef, b2DefaultWorldDef,
    b2DestroyWorld, b2DynamicTree, b2DynamicTree_Create, b2DynamicTree_CreateProxy, b2DynamicTree_Destroy,
    b2DynamicTree_MoveProxy, b2DynamicTree_Query, b2Vec2, b2World_Restore, b2World_Snapshot, b2World_Step,
    b2WorldId,
};
use std::ffi::{c_int, c_void};

/// Boxes are this much larger than their bodies on each side, so that a small move costs nothing.
const MARGIN_M: f32 = 0.1;

/// Its tree: who left its roomy box is moved, and it is asked for everybody's neighbours.
pub struct Tree {
    tree: b2DynamicTree,
    fat: Vec<b2AABB>,
    proxies: Vec<c_int>,
}

fn square(x: f32, z: f32, half: f32) -> b2AABB {
    b2AABB {
        lowerBound: b2Vec2 { x: x - half, y: z - half },
        upperBound: b2Vec2 { x: x + half, y: z + half },
    }
}

fn holds(outer: &b2AABB, inner: &b2AABB) -> bool {
    outer.lowerBound.x <= inner.lowerBound.x
        && outer.lowerBound.y <= inner.lowerBound.y
        && inner.upperBound.x <= outer.upperBound.x
        && inner.upperBound.y <= outer.upperBound.y
}

impl Tree {
    /// With everybody in it.
    pub fn new(frame: &Frame) -> Self {
        // SAFETY: makes a tree that `drop` destroys.
        let mut tree = unsafe { b2DynamicTree_Create(frame.len() as c_int) };
        let fat: Vec<b2AABB> =
            frame.fx.iter().zip(&frame.fz).map(|(x, z)| square(*x, *z, RADIUS_M + MARGIN_M)).collect();
        // SAFETY: the tree is alive.
        let add =
            |(bounds, id): (&b2AABB, u64)| unsafe { b2DynamicTree_CreateProxy(&mut tree, *bounds, 1, id) };
        let proxies = fat.iter().zip(0_u64..).map(add).collect();
        Self { tree, fat, proxies }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // SAFETY: made in `new`, destroyed once.
        unsafe { b2DynamicTree_Destroy(&mut self.tree) };
    }
}

struct Asking<'a> {
    frame: &'a Frame,
    who: usize,
    out: &'a mut Pairs,
}

/// Called by the tree for every box that the asked one overlaps.
unsafe extern "C" fn met(_proxy: c_int, id: u64, context: *mut c_void) -> bool {
    // SAFETY: `find` passes its own `Asking`, which nobody else holds during the query.
    let asking = unsafe { &mut *context.cast::<Asking<'_>>() };
    let other = id as usize;
    if other > asking.who && asking.frame.touch_in_metres(asking.who, other) {
        asking.out.push([asking.who as u32, other as u32]);
    }
    true
}

impl PairFinder for Tree {
    fn name(&self) -> String {
        "Box2D 3 tree".into()
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        for i in 0..frame.len() {
            let tight = square(frame.fx[i], frame.fz[i], RADIUS_M);
            if !holds(&self.fat[i], &tight) {
                self.fat[i] = square(frame.fx[i], frame.fz[i], RADIUS_M + MARGIN_M);
                // SAFETY: the proxy is alive.
                unsafe { b2DynamicTree_MoveProxy(&mut self.tree, self.proxies[i], self.fat[i]) };
            }
        }
        for i in 0..frame.len() {
            let bounds = square(frame.fx[i], frame.fz[i], RADIUS_M);
            let mut asking = Asking { frame, who: i, out };
            let context = (&raw mut asking).cast();
            // SAFETY: the tree is alive; the callback gets the `Asking` that lives through the call.
            unsafe { b2DynamicTree_Query(&self.tree, bounds, u64::MAX, Some(met), context) };
        }
    }
}

/// A world of awake discs that are told their velocity in every tick.
pub struct Discs {
    world: b2WorldId,
    bodies: Vec<b2BodyId>,
    velocities: Vec<b2Vec2>,
    places: Vec<b2Vec2>,
    sub_steps: c_int,
    image: Vec<u8>,
}

impl Discs {
    /// With everybody in it.
    pub fn new(start: &StartOfStep, sub_steps: c_int) -> Self {
        // SAFETY: valid definitions; `drop` destroys the world and all in it.
        let (world, bodies) = unsafe {
            let mut definition = b2DefaultWorldDef();
            definition.gravity = b2Vec2 { x: 0.0, y: 0.0 };
            definition.enableSleep = false;
            definition.enableContinuous = false;
            let world = b2CreateWorld(&definition);
            let mut shape = b2DefaultShapeDef();
            shape.material.friction = 0.0;
            let circle = b2Circle { center: b2Vec2 { x: 0.0, y: 0.0 }, radius: RADIUS_M };
            let make = |i: usize| {
                let mut body = b2DefaultBodyDef();
                body.type_ = b2BodyType_b2_dynamicBody;
                body.position = b2Vec2 { x: start.x[i], y: start.z[i] };
                body.motionLocks.angularZ = true;
                body.enableSleep = false;
                let id = b2CreateBody(world, &body);
                b2CreateCircleShape(id, &shape, &circle);
                id
            };
            (world, (0..start.x.len()).map(make).collect::<Vec<_>>())
        };
        let velocities = start.vx.iter().zip(&start.vz).map(|(x, z)| b2Vec2 { x: *x, y: *z }).collect();
        let places = start.x.iter().zip(&start.z).map(|(x, z)| b2Vec2 { x: *x, y: *z }).collect();
        Self { world, bodies, velocities, places, sub_steps, image: Vec::new() }
    }

    /// Writes an image of the world; its size in bytes.
    pub fn save(&mut self) -> usize {
        // SAFETY: with no buffer it tells the size; then the buffer has that size.
        unsafe {
            let size = b2World_Snapshot(self.world, std::ptr::null_mut(), 0);
            self.image.resize(size as usize, 0);
            b2World_Snapshot(self.world, self.image.as_mut_ptr(), size);
        }
        self.image.len()
    }

    /// Goes back to the last image.
    pub fn load(&mut self) {
        // SAFETY: the image was written by this world.
        let done = unsafe { b2World_Restore(self.world, self.image.as_ptr(), self.image.len() as c_int) };
        assert!(done, "Box2D takes its own image");
    }
}

impl Drop for Discs {
    fn drop(&mut self) {
        // SAFETY: made in `new`, destroyed once.
        unsafe { b2DestroyWorld(self.world) };
    }
}

impl Crowded for Discs {
    fn name(&self) -> String {
        format!("Box2D 3, {} sub-step{}", self.sub_steps, if self.sub_steps == 1 { "" } else { "s" })
    }

    fn tick(&mut self) {
        // SAFETY: all bodies live in the world, which is alive.
        unsafe {
            for (body, velocity) in self.bodies.iter().zip(&self.velocities) {
                b2Body_SetLinearVelocity(*body, *velocity);
            }
            b2World_Step(self.world, 1.0 / 60.0, self.sub_steps);
            for (body, place) in self.bodies.iter().zip(&mut self.places) {
                *place = b2Body_GetPosition(*body);
            }
        }
    }

    fn places(&self) -> Vec<[f32; 2]> {
        self.places.iter().map(|place| [place.x, place.y]).collect()
    }
}
