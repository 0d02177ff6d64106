//! Generational handles: what C holds instead of pointers.
//!
//! A handle is a `u64`: kind in the top 8 bits, generation in the next 24, slot in the low 32. Zero is never a
//! handle. A destroyed object's handle is refused as stale; a slot whose generations are used up is retired.
//! Not here: what the objects are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::result::{Failure, SwResult};

/// Largest number of live objects of one kind.
pub(crate) const OBJECTS_MAX: usize = 4096;
const GENERATION_MAX: u32 = (1 << 24) - 1;

struct Slot<T> {
    generation: u32,
    object: Option<Arc<Mutex<T>>>,
}

struct Slots<T> {
    all: Vec<Slot<T>>,
    free: Vec<u32>,
}

/// All live objects of one kind.
pub(crate) struct HandleTable<T> {
    kind: u8,
    slots: Mutex<Slots<T>>,
}

impl<T> HandleTable<T> {
    /// `kind` tells this table's handles from every other table's; not zero.
    pub(crate) const fn new(kind: u8) -> HandleTable<T> {
        assert!(kind != 0, "kind 0 would make the null handle valid");
        HandleTable { kind, slots: Mutex::new(Slots { all: Vec::new(), free: Vec::new() }) }
    }

    // The table's own lock guards only moves of whole slots: nothing that can panic half way runs under it.
    fn lock(&self) -> MutexGuard<'_, Slots<T>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn encode(&self, slot: u32, generation: u32) -> u64 {
        (u64::from(self.kind) << 56) | (u64::from(generation) << 32) | u64::from(slot)
    }

    pub(crate) fn insert(&self, object: T) -> Result<u64, Failure> {
        let mut slots = self.lock();
        let index = match slots.free.pop() {
            Some(index) => index,
            None if slots.all.len() < OBJECTS_MAX => {
                slots.all.push(Slot { generation: 0, object: None });
                slots.all.len() as u32 - 1
            }
            None => return Err(Failure::new(SwResult::OutOfHandles, "4096 objects of this kind are alive")),
        };
        let slot = &mut slots.all[index as usize];
        slot.generation += 1;
        slot.object = Some(Arc::new(Mutex::new(object)));
        let generation = slot.generation;
        Ok(self.encode(index, generation))
    }

    /// Finds the slot of a handle that is valid now.
    fn slot_of(&self, slots: &Slots<T>, handle: u64) -> Result<usize, Failure> {
        let (kind, generation, index) =
            ((handle >> 56) as u8, (handle >> 32) as u32 & GENERATION_MAX, handle as u32);
        let known =
            slots.all.get(index as usize).filter(|slot| generation != 0 && generation <= slot.generation);
        match known {
            Some(slot) if kind == self.kind => {
                if slot.generation == generation && slot.object.is_some() {
                    Ok(index as usize)
                } else {
                    Err(Failure::new(SwResult::StaleHandle, format!("handle {handle:#x} was destroyed")))
                }
            }
            _ => Err(Failure::new(SwResult::BadHandle, format!("{handle:#x} is no handle of this kind"))),
        }
    }

    /// Runs `work` on the object. The object is locked, the table is not: two objects work at the same time.
    pub(crate) fn with<R>(
        &self,
        handle: u64,
        work: impl FnOnce(&mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let object = {
            let slots = self.lock();
            let index = self.slot_of(&slots, handle)?;
            slots.all[index].object.clone().expect("slot_of answers occupied slots only")
        };
        match object.try_lock() {
            Ok(mut guard) => work(&mut guard),
            Err(TryLockError::WouldBlock) => Err(busy(handle)),
            Err(TryLockError::Poisoned(_)) => {
                Err(Failure::new(SwResult::Poisoned, format!("an earlier call on {handle:#x} panicked")))
            }
        }
    }

    /// Destroys the object, also one whose earlier call panicked.
    pub(crate) fn remove(&self, handle: u64) -> Result<(), Failure> {
        let object = {
            let mut slots = self.lock();
            let index = self.slot_of(&slots, handle)?;
            let slot = &mut slots.all[index];
            let in_use = slot.object.as_ref().is_some_and(|object| Arc::strong_count(object) > 1);
            if in_use {
                return Err(busy(handle));
            }
            let object = slot.object.take();
            if slot.generation < GENERATION_MAX {
                slots.free.push(index as u32);
            }
            object
        };
        drop(object);
        Ok(())
    }
}

fn busy(handle: u64) -> Failure {
    Failure::new(SwResult::Busy, format!("another thread is inside a call on {handle:#x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<R: std::fmt::Debug>(answer: Result<R, Failure>) -> SwResult {
        answer.expect_err("must fail").code
    }

    #[test]
    fn a_destroyed_handle_stays_stale_when_its_slot_lives_again() {
        let table = HandleTable::new(3);
        let first = table.insert(10).unwrap();
        assert_eq!(table.with(first, |v| Ok(*v)).unwrap(), 10);
        table.remove(first).unwrap();
        assert_eq!(code(table.remove(first)), SwResult::StaleHandle);
        let second = table.insert(20).unwrap();
        assert_eq!(first as u32, second as u32, "the slot is used again");
        assert_eq!(code(table.with(first, |v| Ok(*v))), SwResult::StaleHandle);
        assert_eq!(table.with(second, |v| Ok(*v)).unwrap(), 20);
    }

    #[test]
    fn foreign_handles_are_refused() {
        let table = HandleTable::new(1);
        let other = HandleTable::new(2);
        let handle = table.insert(1).unwrap();
        other.insert(1).unwrap();
        assert_eq!(code(other.with(handle, |v| Ok(*v))), SwResult::BadHandle);
        for forged in
            [0, 1, u64::MAX, handle + 1, handle + (1 << 32), handle & !(u64::from(GENERATION_MAX) << 32)]
        {
            assert_eq!(code(table.with(forged, |v| Ok(*v))), SwResult::BadHandle, "{forged:#x}");
        }
    }

    #[test]
    fn a_busy_object_is_neither_entered_nor_destroyed() {
        let table = HandleTable::new(1);
        let handle = table.insert(1).unwrap();
        table
            .with(handle, |_| {
                assert_eq!(code(table.with(handle, |v| Ok(*v))), SwResult::Busy);
                assert_eq!(code(table.remove(handle)), SwResult::Busy);
                Ok(())
            })
            .unwrap();
        table.remove(handle).unwrap();
    }

    #[test]
    fn a_panic_poisons_only_its_object() {
        let table = HandleTable::new(1);
        let (broken, sound) = (table.insert(1).unwrap(), table.insert(2).unwrap());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            table.with(broken, |_| -> Result<(), Failure> { panic!("a bug, on purpose") })
        }));
        assert!(panicked.is_err());
        assert_eq!(code(table.with(broken, |v| Ok(*v))), SwResult::Poisoned);
        assert_eq!(table.with(sound, |v| Ok(*v)).unwrap(), 2);
        table.remove(broken).unwrap();
    }

    #[test]
    fn the_table_has_an_end() {
        let table = HandleTable::new(1);
        let all: Vec<u64> = (0..OBJECTS_MAX).map(|i| table.insert(i).unwrap()).collect();
        assert_eq!(code(table.insert(0)), SwResult::OutOfHandles);
        table.remove(all[17]).unwrap();
        table.insert(0).unwrap();
    }
}
