//! rapier 0.36: its broad phase, and its world as a crowd of balls; and parry's tree by itself.

use crate::pairs::{PairFinder, Tells};
use crate::steps::{Crowded, StartOfStep};
use crate::workload::{Frame, Pairs, RADIUS_M};
use parry3d::bounding_volume::Aabb;
use parry3d::math::Vector as ParryVector;
use parry3d::partitioning::{Bvh, BvhBuildStrategy, BvhWorkspace};
use rapier3d::prelude::{
    ActiveCollisionTypes, CCDSolver, ColliderBuilder, ColliderSet, DefaultBroadPhase, ImpulseJointSet,
    IntegrationParameters, IslandManager, MultibodyJointSet, NarrowPhase, PhysicsPipeline, RigidBodyBuilder,
    RigidBodyHandle, RigidBodySet, SoftBodySet, Vector,
};

/// All the sets that a step of rapier wants.
#[derive(Default)]
struct Sets {
    parameters: IntegrationParameters,
    islands: IslandManager,
    broad: DefaultBroadPhase,
    narrow: NarrowPhase,
    bodies: RigidBodySet,
    colliders: ColliderSet,
    impulse: ImpulseJointSet,
    multibody: MultibodyJointSet,
    soft: SoftBodySet,
    ccd: CCDSolver,
}

impl Sets {
    fn step(&mut self, pipeline: &mut PhysicsPipeline) {
        pipeline.step(
            Vector::new(0.0, 0.0, 0.0),
            &self.parameters,
            &mut self.islands,
            &mut self.broad,
            &mut self.narrow,
            &mut self.bodies,
            &mut self.colliders,
            &mut self.impulse,
            &mut self.multibody,
            &mut self.soft,
            &mut self.ccd,
            &(),
            &(),
        );
    }
}

/// The broad phase inside its pipeline: kinematic bodies, and the pipeline's own clock.
pub struct BroadPhase {
    pipeline: PhysicsPipeline,
    sets: Sets,
    bodies: Vec<RigidBodyHandle>,
    nanoseconds: f64,
}

impl BroadPhase {
    /// With everybody in it.
    pub fn new(frame: &Frame) -> Self {
        let mut sets = Sets::default();
        let make = |i: usize| {
            let at = Vector::new(frame.fx[i], frame.fy[i], frame.fz[i]);
            let body = sets.bodies.insert(RigidBodyBuilder::kinematic_position_based().translation(at));
            let ball = ColliderBuilder::ball(RADIUS_M).sensor(true);
            let ball = ball.active_collision_types(ActiveCollisionTypes::all());
            sets.colliders.insert_with_parent(ball, body, &mut sets.bodies);
            body
        };
        let bodies = (0..frame.len()).map(make).collect();
        let mut pipeline = PhysicsPipeline::new();
        pipeline.counters.enable();
        Self { pipeline, sets, bodies, nanoseconds: 0.0 }
    }
}

impl PairFinder for BroadPhase {
    fn name(&self) -> String {
        "rapier 0.36 broad phase".into()
    }

    fn tells(&self) -> Tells {
        Tells::ChangesOfBoxes
    }

    fn can(&self, layout: crate::workload::Layout, count: usize) -> bool {
        layout != crate::workload::Layout::Spot || count <= 1_000
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        for (i, body) in self.bodies.iter().enumerate() {
            let to = Vector::new(frame.fx[i], frame.fy[i], frame.fz[i]);
            self.sets.bodies[*body].set_next_kinematic_translation(to);
        }
        self.sets.step(&mut self.pipeline);
        let clock = &self.pipeline.counters.cd;
        self.nanoseconds = (clock.broad_phase_time.time_ms() + clock.final_broad_phase_time.time_ms()) * 1e6;
    }

    fn own_time(&self) -> Option<f64> {
        Some(self.nanoseconds)
    }

    fn held(&mut self) -> usize {
        self.sets.narrow.intersection_pairs().count()
    }
}

/// parry's tree of boxes, updated in place and met with itself.
pub struct ParryTree {
    tree: Bvh,
    workspace: BvhWorkspace,
}

fn bounds(frame: &Frame, i: usize) -> Aabb {
    let (x, y, z) = (frame.fx[i], frame.fy[i], frame.fz[i]);
    Aabb::new(
        ParryVector::new(x - RADIUS_M, y - RADIUS_M, z - RADIUS_M),
        ParryVector::new(x + RADIUS_M, y + RADIUS_M, z + RADIUS_M),
    )
}

impl ParryTree {
    /// With everybody in it.
    pub fn new(frame: &Frame) -> Self {
        let leaves = (0..frame.len()).map(|i| (i, bounds(frame, i)));
        Self { tree: Bvh::from_iter(BvhBuildStrategy::Binned, leaves), workspace: BvhWorkspace::default() }
    }
}

impl PairFinder for ParryTree {
    fn name(&self) -> String {
        "parry3d 0.31 Bvh, updated".into()
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        for i in 0..frame.len() {
            self.tree.insert_or_update_partially(bounds(frame, i), i as u32, 0.02);
        }
        self.tree.optimize_incremental(&mut self.workspace);
        self.tree.refit(&mut self.workspace);
        self.tree.traverse_bvtt_single_tree::<false>(&mut self.workspace, &mut |a, b| {
            if frame.touch_in_metres(a as usize, b as usize) {
                out.push([a, b]);
            }
        });
    }
}

/// A world of balls on a plane that are told their velocity in every tick.
pub struct Balls {
    pipeline: PhysicsPipeline,
    sets: Sets,
    bodies: Vec<RigidBodyHandle>,
    velocities: Vec<Vector>,
}

impl Balls {
    /// With everybody in it; 4 solver iterations, which is rapier's own choice.
    pub fn new(start: &StartOfStep) -> Self {
        let mut sets = Sets::default();
        let make = |i: usize| {
            let at = Vector::new(start.x[i], 0.0, start.z[i]);
            let body = RigidBodyBuilder::dynamic().translation(at).lock_rotations().can_sleep(false);
            let body = sets.bodies.insert(body.enabled_translations(true, false, true));
            sets.colliders.insert_with_parent(
                ColliderBuilder::ball(RADIUS_M).friction(0.0),
                body,
                &mut sets.bodies,
            );
            body
        };
        let bodies = (0..start.x.len()).map(make).collect();
        let velocities = start.vx.iter().zip(&start.vz).map(|(x, z)| Vector::new(*x, 0.0, *z)).collect();
        Self { pipeline: PhysicsPipeline::new(), sets, bodies, velocities }
    }

    /// Copies all sets that hold state, which is how rapier is saved in memory.
    pub fn save(&self) -> usize {
        let copies = (
            self.sets.bodies.clone(),
            self.sets.colliders.clone(),
            self.sets.islands.clone(),
            self.sets.narrow.clone(),
            self.sets.broad.clone(),
        );
        std::hint::black_box(&copies).0.len()
    }
}

impl Crowded for Balls {
    fn name(&self) -> String {
        "rapier 0.36, 4 iterations".into()
    }

    fn tick(&mut self) {
        for (body, velocity) in self.bodies.iter().zip(&self.velocities) {
            self.sets.bodies[*body].set_linvel(*velocity, true);
        }
        self.sets.step(&mut self.pipeline);
    }

    fn places(&self) -> Vec<[f32; 2]> {
        let place = |body: &RigidBodyHandle| self.sets.bodies[*body].translation();
        self.bodies.iter().map(|body| [place(body).x, place(body).z]).collect()
    }
}
