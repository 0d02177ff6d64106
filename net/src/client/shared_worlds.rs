//! One world for many clients of one process: bots, split screens, tests.
//!
//! All clients of a server carry out the same changes in the same order, each when they reach it. The first to dig makes the
//! ground for all that stand on the same one; the others take over what it made. So memory and work follow how many
//! different grounds there are at a moment, not how many clients.
//!
//! What is not here: the world itself ([`super::world`]).

use super::world::{ClientGround, ClientWorld};
use shieldwall_core::spatial::{Deformation, Scenery};
use shieldwall_core::state::terrain_deltas::{TerrainChunk, TerrainDeltas};
use shieldwall_core::world::WorldConfig;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What clients of one process that play in the same world make only once. The first one that is welcomed decides which world
/// that is; who turns out to play in another one has that for itself.
#[derive(Debug, Default)]
pub struct SharedWorlds {
    first: Mutex<Option<Arc<ClientWorld>>>,
    grounds: Mutex<Grounds>,
}

/// The grounds that some client stands on.
#[derive(Debug, Default)]
struct Grounds {
    steps: Vec<Step>,
    /// Those that came as a whole.
    images: Vec<Weak<ClientGround>>,
}

/// How one ground became another.
#[derive(Debug)]
struct Step {
    before: Weak<ClientGround>,
    deformation: Deformation,
    after: Weak<ClientGround>,
    chunks: Vec<TerrainChunk>,
}

impl SharedWorlds {
    /// For clients of a world that is known, and in which nobody has dug.
    #[must_use]
    pub fn of(world: Arc<ClientWorld>) -> Self {
        Self { first: Mutex::new(Some(world)), ..Self::default() }
    }

    /// The shared world, if it is the one of a server: this configuration and fingerprint. The first to ask makes it from its
    /// scenery.
    pub(super) fn enter(
        &self,
        config: &WorldConfig,
        fingerprint: u64,
        scenery: &Scenery,
    ) -> Option<Arc<ClientWorld>> {
        // Who asks meanwhile waits: it would make the same.
        let mut first = lock(&self.first);
        let world = match &*first {
            Some(world) => ClientWorld::with_rules_of(world, config),
            None => ClientWorld::with_scenery(config, scenery).ok().map(Arc::new),
        };
        let world = world.filter(|world| world.fingerprint() == fingerprint)?;
        first.get_or_insert_with(|| Arc::clone(&world));
        Some(world)
    }

    /// Deforms a ground as the server did, or takes over what somebody else made of it that way; false when it cannot be.
    pub(super) fn deform(
        &self,
        ground: &mut Arc<ClientGround>,
        deformation: &Deformation,
        changed: impl FnMut(TerrainChunk),
    ) -> bool {
        let mut grounds = lock(&self.grounds);
        let is_it =
            |step: &&Step| step.before.as_ptr() == Arc::as_ptr(ground) && step.deformation == *deformation;
        let known = grounds.steps.iter().find(is_it);
        if let Some((step, after)) = known.and_then(|step| Some((step, step.after.upgrade()?))) {
            step.chunks.iter().copied().for_each(changed);
            *ground = after;
            return true;
        }
        // Nobody can take over what is made of a ground that nobody else stands on.
        let before = (Arc::strong_count(ground) > 1).then(|| Arc::downgrade(ground));
        let mut chunks = Vec::new();
        let done = Arc::make_mut(ground).deform(deformation, |chunk| chunks.push(chunk));
        chunks.iter().copied().for_each(changed);
        if let Some(before) = before.filter(|_| done) {
            grounds.forget_the_dead();
            let after = Arc::downgrade(ground);
            grounds.steps.push(Step { before, deformation: *deformation, after, chunks });
        }
        done
    }

    /// Gives a ground these deltas, which must be such that it can have them, or takes over one that has them.
    pub(super) fn replace(&self, ground: &mut Arc<ClientGround>, deltas: TerrainDeltas) {
        let mut grounds = lock(&self.grounds);
        grounds.forget_the_dead();
        let living = grounds.steps.iter().map(|step| &step.after).chain(&grounds.images);
        let same = |ground: &Arc<ClientGround>| ground.deltas.as_deref() == Some(&deltas);
        if let Some(same) = living.filter_map(Weak::upgrade).find(same) {
            *ground = same;
            return;
        }
        Arc::make_mut(ground).replace(deltas);
        grounds.images.push(Arc::downgrade(ground));
    }
}

impl Grounds {
    fn forget_the_dead(&mut self) {
        let lives = |ground: &Weak<ClientGround>| ground.strong_count() > 0;
        self.steps.retain(|step| lives(&step.before) && lives(&step.after));
        self.images.retain(lives);
    }
}

/// What is kept under these locks is whole at any moment: a panic elsewhere does no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::Metres;

    fn crater(x_m: i32) -> Deformation {
        let (x, z) = (Metres::from_m(x_m), Metres::from_m(-7));
        Deformation { x, z, radius: Metres::from_m(3), depth: Metres::ONE }
    }

    fn bare() -> (SharedWorlds, Arc<ClientWorld>) {
        let world = Arc::new(ClientWorld::new(&WorldConfig::default()).unwrap());
        (SharedWorlds::of(Arc::clone(&world)), world)
    }

    /// Whatever is shared has the heights and the news that a world of one's own has.
    #[test]
    fn digging_together_is_as_digging_alone() {
        let (shared, world) = bare();
        let mut clients: Vec<_> = (0..3).map(|_| Arc::clone(&world.ground)).collect();
        let mut alone = (*world.ground).clone();
        for x_m in [0, 2, 60] {
            let mut wanted = Vec::new();
            assert!(alone.deform(&crater(x_m), |chunk| wanted.push(chunk)));
            for client in &mut clients {
                let mut chunks = Vec::new();
                assert!(shared.deform(client, &crater(x_m), |chunk| chunks.push(chunk)));
                assert_eq!(chunks, wanted);
                assert!(client.deltas == alone.deltas);
                let height =
                    |ground: &ClientGround| ground.terrain.height_at(Metres::from_m(x_m), Metres::from_m(-7));
                assert_eq!(height(client), height(&alone));
            }
            assert!(clients.iter().all(|client| Arc::ptr_eq(client, &clients[0])), "one ground for all");
        }
        assert!(world.terrain_deltas().is_none(), "the world to begin with stays as it was");
    }

    /// Clients that are at different changes, or were told of another one, each have the ground of theirs.
    #[test]
    fn who_lags_behind_or_is_told_otherwise_stands_on_other_ground() {
        let (shared, world) = bare();
        let [mut ahead, mut behind, mut other] = [(); 3].map(|()| Arc::clone(&world.ground));
        assert!(shared.deform(&mut ahead, &crater(0), |_| ()));
        assert!(shared.deform(&mut ahead, &crater(60), |_| ()));
        assert!(shared.deform(&mut other, &crater(60), |_| ()));
        assert!(shared.deform(&mut behind, &crater(0), |_| ()));
        assert!(
            behind.deltas != ahead.deltas && other.deltas != ahead.deltas && other.deltas != behind.deltas
        );
        assert!(shared.deform(&mut behind, &crater(60), |_| ()));
        assert!(behind.deltas == ahead.deltas);
    }

    #[test]
    fn a_ground_that_comes_as_a_whole_is_shared_too() {
        let (shared, world) = bare();
        let [mut first, mut second] = [(); 2].map(|()| Arc::clone(&world.ground));
        let mut told = (*world.ground).clone();
        assert!(told.deform(&crater(5), |_| ()));
        let deltas = told.deltas.unwrap();
        shared.replace(&mut first, (*deltas).clone());
        shared.replace(&mut second, *deltas);
        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &world.ground));
    }

    #[test]
    fn memory_follows_the_grounds_that_somebody_stands_on() {
        let (shared, world) = bare();
        let mut clients: Vec<_> = (0..4).map(|_| Arc::clone(&world.ground)).collect();
        for step in 0..200 {
            let deformation = crater(step % 50);
            clients.iter_mut().for_each(|client| assert!(shared.deform(client, &deformation, |_| ())));
        }
        assert!(lock(&shared.grounds).steps.len() <= 2);
    }

    #[test]
    fn only_the_worlds_of_one_server_are_shared() {
        let (config, scenery) = (WorldConfig::default(), Scenery::default());
        let shared = SharedWorlds::default();
        let fingerprint = ClientWorld::new(&config).unwrap().fingerprint();
        assert!(shared.enter(&config, !fingerprint, &scenery).is_none());
        let first = shared.enter(&config, fingerprint, &scenery).unwrap();
        let again = shared.enter(&config, fingerprint, &scenery).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = WorldConfig { seed: config.seed + 1, ..config };
        let fingerprint = ClientWorld::new(&other).unwrap().fingerprint();
        assert!(shared.enter(&other, fingerprint, &scenery).is_none());
    }
}
