//! The only place of the netcode that knows threads: rayon. What runs here gives the same results on one thread.

use rayon::prelude::*;

/// Calls `work` with each of the places and its task, at the same time on as many threads as the pool has that the caller is in
/// (else rayon's global one).
pub(super) fn for_each<P: Send, T: Send>(
    places: &mut [P],
    tasks: &mut [T],
    work: impl Fn(&mut P, &mut T) + Sync,
) {
    let pairs = places.par_iter_mut().zip(tasks).with_max_len(1);
    pairs.for_each(|(place, task)| work(place, task));
}

/// Threads of that pool.
pub(super) fn threads() -> usize {
    rayon::current_num_threads()
}
