//! Bounded lock-free queues between the threads. Nothing waits in here and nothing allocates after creation.
//!
//! * [`lane`]: a one-way stream of reusable items. The sender takes an empty item from the pool, fills and sends it;
//!   the receiver reads it and gives it back. When the pool is empty the receiver is behind: the sender is told so
//!   (`None`) and applies the policy of its lane, which is written where the lane is used.
//! * [`Latest`]: the newest value of something. A reader that is slow misses values and never delays the writer.

use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_queue::ArrayQueue;

struct Pool<T> {
    filled: ArrayQueue<Box<T>>,
    empty: ArrayQueue<Box<T>>,
}

/// The sending end of a [`lane`].
pub struct Sender<T> {
    pool: Arc<Pool<T>>,
}

/// The receiving end of a [`lane`].
pub struct Receiver<T> {
    pool: Arc<Pool<T>>,
}

/// A stream of at most `capacity` items in flight, made once by `make`. `capacity` of 0 counts as 1.
pub fn lane<T>(capacity: usize, mut make: impl FnMut() -> T) -> (Sender<T>, Receiver<T>) {
    let capacity = capacity.max(1);
    let pool = Arc::new(Pool { filled: ArrayQueue::new(capacity), empty: ArrayQueue::new(capacity) });
    for _ in 0..capacity {
        let refused = pool.empty.push(Box::new(make()));
        debug_assert!(refused.is_ok(), "the pool holds exactly `capacity` items");
    }
    (Sender { pool: Arc::clone(&pool) }, Receiver { pool })
}

impl<T> Sender<T> {
    /// An item to fill, or `None` when all of them are with the receiver. It still has its last contents.
    pub fn take(&self) -> Option<Box<T>> {
        self.pool.empty.pop()
    }

    /// Hands an item over that came from [`Self::take`] of the same lane.
    pub fn send(&self, item: Box<T>) {
        // There are never more than `capacity` items, so there is room for each of them.
        let refused = self.pool.filled.push(item);
        debug_assert!(refused.is_ok(), "an item of another lane was sent");
    }

    /// Puts an item back that was taken but is not to be sent.
    pub fn put_back(&self, item: Box<T>) {
        let refused = self.pool.empty.push(item);
        debug_assert!(refused.is_ok(), "an item of another lane was put back");
    }

    /// Items sent and not yet received.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.filled.len()
    }
}

impl<T> Receiver<T> {
    /// Whether nothing was sent that has not been received.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pool.filled.is_empty()
    }

    /// The oldest item sent, or `None`.
    pub fn receive(&self) -> Option<Box<T>> {
        self.pool.filled.pop()
    }

    /// Returns an item to the pool.
    pub fn give_back(&self, item: Box<T>) {
        let refused = self.pool.empty.push(item);
        debug_assert!(refused.is_ok(), "an item of another lane was given back");
    }
}

/// The newest value of `T`, written by one thread without waiting and read by any.
pub struct Latest<T> {
    slot: ArrayQueue<T>,
    seen: Mutex<T>,
}

impl<T: Clone> Latest<T> {
    /// Starts with `value`.
    pub fn new(value: T) -> Self {
        Self { slot: ArrayQueue::new(1), seen: Mutex::new(value) }
    }

    /// Replaces the value; an unread older one is dropped. Takes no lock.
    pub fn publish(&self, value: T) {
        drop(self.slot.force_push(value));
    }

    /// The newest value. The lock is between readers only.
    pub fn read(&self) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(newer) = self.slot.pop() {
            *seen = newer;
        }
        seen.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_bounded_and_keeps_the_order() {
        let (sender, receiver) = lane(2, || 0_u32);
        for value in [1, 2] {
            let mut item = sender.take().unwrap();
            *item = value;
            sender.send(item);
        }
        assert!(sender.take().is_none(), "the third item does not exist");
        let first = receiver.receive().unwrap();
        assert_eq!(*first, 1);
        receiver.give_back(first);
        assert!(sender.take().is_some());
        assert_eq!(*receiver.receive().unwrap(), 2);
        assert!(receiver.receive().is_none());
    }

    #[test]
    fn latest_keeps_only_the_newest_value() {
        let latest = Latest::new(0);
        assert_eq!(latest.read(), 0);
        latest.publish(1);
        latest.publish(2);
        assert_eq!((latest.read(), latest.read()), (2, 2));
    }

    #[test]
    fn a_lane_crosses_threads_without_losing_items() {
        let (sender, receiver) = lane(8, || 0_u64);
        let reader = std::thread::spawn(move || {
            let mut sum = 0;
            while sum < 500_500 {
                if let Some(item) = receiver.receive() {
                    sum += *item;
                    receiver.give_back(item);
                } else {
                    std::thread::yield_now();
                }
            }
            sum
        });
        for value in 1..=1_000 {
            let mut item = loop {
                if let Some(item) = sender.take() {
                    break item;
                }
                std::thread::yield_now();
            };
            *item = value;
            sender.send(item);
        }
        assert_eq!(reader.join().unwrap(), 500_500);
    }
}
