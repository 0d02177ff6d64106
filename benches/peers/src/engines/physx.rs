//! PhysX 5: its stand-alone broad phase on one thread. It is handed boxes and reports pairs of boxes that come and go.

use crate::pairs::{PairFinder, Tells};
use crate::workload::{Frame, Pairs, RADIUS_M};
pub use physx_sys::PxBroadPhaseType;
use physx_sys::{
    PxBounds3, PxBroadPhase, PxBroadPhase_release_mut, PxBroadPhase_update_mut_1, PxBroadPhaseDesc_new,
    PxBroadPhaseResults_new, PxBroadPhaseUpdateData_new, PxVec3, phys_PxCreateBroadPhase,
    phys_PxGetBroadPhaseDynamicFilterGroup, physx_create_foundation,
};
use std::sync::Once;

static FOUNDATION: Once = Once::new();

/// One of its broad phases with a box for everybody.
pub struct BroadPhase {
    inner: *mut PxBroadPhase,
    kind: PxBroadPhaseType,
    bounds: Vec<PxBounds3>,
    groups: Vec<u32>,
    distances: Vec<f32>,
    ids: Vec<u32>,
    known: bool,
    held: i64,
}

impl BroadPhase {
    /// With nobody in it yet; everybody is created in the first tick.
    pub fn new(frame: &Frame, kind: PxBroadPhaseType) -> Self {
        // SAFETY: called once in the process; the foundation is never released.
        FOUNDATION.call_once(|| unsafe {
            assert!(!physx_create_foundation().is_null(), "PhysX starts");
        });
        let count = frame.len() as u32;
        // SAFETY: a valid description, and a foundation is there.
        let inner = unsafe { phys_PxCreateBroadPhase(&PxBroadPhaseDesc_new(kind)) };
        assert!(!inner.is_null(), "PhysX makes a broad phase");
        // SAFETY: a pure function.
        let group = |id: u32| unsafe { phys_PxGetBroadPhaseDynamicFilterGroup(id) };
        let zero = || PxVec3 { x: 0.0, y: 0.0, z: 0.0 };
        Self {
            inner,
            kind,
            // It may read four bytes beyond the last box: one box more than there are bodies.
            bounds: (0..=count).map(|_| PxBounds3 { minimum: zero(), maximum: zero() }).collect(),
            groups: (0..count).map(group).collect(),
            distances: vec![0.0; count as usize],
            ids: (0..count).collect(),
            known: false,
            held: 0,
        }
    }
}

impl Drop for BroadPhase {
    fn drop(&mut self) {
        // SAFETY: made in `new`, released once.
        unsafe { PxBroadPhase_release_mut(self.inner) };
    }
}

impl PairFinder for BroadPhase {
    fn name(&self) -> String {
        match self.kind {
            PxBroadPhaseType::Abp => "PhysX 5.1 ABP".into(),
            _ => "PhysX 5.1 SAP".into(),
        }
    }

    fn tells(&self) -> Tells {
        Tells::ChangesOfBoxes
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        for (i, bounds) in self.bounds.iter_mut().take(frame.len()).enumerate() {
            let (x, y, z) = (frame.fx[i], frame.fy[i], frame.fz[i]);
            bounds.minimum = PxVec3 { x: x - RADIUS_M, y: y - RADIUS_M, z: z - RADIUS_M };
            bounds.maximum = PxVec3 { x: x + RADIUS_M, y: y + RADIUS_M, z: z + RADIUS_M };
        }
        let count = frame.len() as u32;
        let (created, updated) = if self.known { (0, count) } else { (count, 0) };
        let ids = self.ids.as_ptr();
        // SAFETY: all columns hold `count` values and stay where they are during the call; the bounds hold one more.
        let results = unsafe {
            let data = PxBroadPhaseUpdateData_new(
                ids,
                created,
                ids,
                updated,
                std::ptr::null(),
                0,
                self.bounds.as_ptr(),
                self.groups.as_ptr(),
                self.distances.as_ptr(),
                count,
            );
            let mut results = PxBroadPhaseResults_new();
            PxBroadPhase_update_mut_1(self.inner, &mut results, &data);
            results
        };
        self.known = true;
        self.held += i64::from(results.mNbCreatedPairs) - i64::from(results.mNbDeletedPairs);
    }

    fn held(&mut self) -> usize {
        self.held as usize
    }
}
