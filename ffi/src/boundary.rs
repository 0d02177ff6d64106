//! The boundary: the only file of this package that looks behind a pointer, and the only one that stops a panic.
//!
//! Every exported function is `entry!(caller => { … })`: the block runs under `catch_unwind`, gets a [`Caller`],
//! and reads or writes the caller's memory through it and in no other way. What C promises once, for all functions:
//!
//! * a pointer is null or points to memory of the stated size that is valid during the call (and writable, where it
//!   is not `const`), and that no other thread writes meanwhile;
//! * every struct that is passed by pointer begins with its `struct_size`, set by the caller, also before a call that
//!   fills the struct;
//! * pieces of memory handed to one call do not overlap;
//! * pointers need no alignment, and the memory needs no initial value beyond `struct_size`.
//!
//! **Versions of structs.** Fields are only ever added at the end. A shorter struct of an older caller is completed
//! with zeros, which mean "the default"; a longer struct of a newer caller is accepted while the bytes that this
//! library does not know are zero. So old programs run with new libraries, and the other way round as far as they
//! ask for nothing unknown.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::CStr;
use std::mem::{MaybeUninit, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use bytemuck::Pod;

use crate::client_objectives::SwObjective;
use crate::client_stats::SwClientStats;
use crate::client_types::{
    SwAddress, SwAdvanceReport, SwClientConfig, SwClientEvent, SwClientStatus, SwEntity, SwOwn,
};
use crate::command_types::{SwCommand, SwInput};
use crate::result::{Failure, SwResult};
use crate::structure_views::{SwObjectivesView, SwPropsView, SwStructuresView};
use crate::types::{SwEvent, SwStepReport, SwWorldConfig};
use crate::views::{SwCharactersView, SwEffectsView, SwEventsView, SwProjectilesView};

/// No version of any struct is larger than this.
const STRUCT_SIZE_MAX: usize = 4096;
/// Most elements that one call takes or fills.
pub(crate) const ELEMENTS_MAX: usize = 1 << 20;
/// Largest byte string that one call takes or fills: 1 GiB.
const BYTES_MAX: usize = 1 << 30;

/// A `repr(C)` type of the ABI that may grow at its end.
pub(crate) trait Versioned: Copy {
    /// Size of the first published version: an older one cannot exist.
    const FIRST_SIZE: usize;
}

/// A struct that is passed by pointer alone, and so begins with `struct_size: u32`. Elements of arrays do not: their
/// size is one argument of the call.
///
/// # Safety
/// The first field is `struct_size: u32`.
pub(crate) unsafe trait SizedStruct: Versioned {}

/// Declares the types of the ABI with the size of their first version.
macro_rules! abi_types {
    (structs { $($name:ty = $first:expr),* $(,)? } elements { $($element:ty = $element_first:expr),* $(,)? }) => {
        $(
            impl $crate::boundary::Versioned for $name { const FIRST_SIZE: usize = $first; }
            // SAFETY: the assertions below check that the first field is `struct_size`, and a u32.
            unsafe impl $crate::boundary::SizedStruct for $name {}
            const _: () = assert!(std::mem::offset_of!($name, struct_size) == 0);
            const _: fn(&$name) -> u32 = |value| value.struct_size;
            const _: () = assert!($first <= size_of::<$name>() && $first >= 4);
        )*
        $(
            impl $crate::boundary::Versioned for $element { const FIRST_SIZE: usize = $element_first; }
            const _: () = assert!($element_first <= size_of::<$element>());
        )*
    };
}

abi_types! {
    structs {
        SwWorldConfig = 48, SwStepReport = 24, SwEventsView = 32, SwCharactersView = 192, SwProjectilesView = 80,
        SwEffectsView = 96, SwStructuresView = 40, SwObjectivesView = 104, SwPropsView = 104,
        SwAddress = 24, SwClientConfig = 16, SwClientStatus = 24, SwAdvanceReport = 16, SwOwn = 64, SwClientStats = 104
    }
    elements { SwCommand = 40, SwEvent = 48, SwInput = 8, SwEntity = 32, SwClientEvent = 24, SwObjective = 48 }
}

/// Runs the body of an exported function. See the module's documentation for what C promises.
macro_rules! entry {
    ($caller:ident => $body:block) => {
        // SAFETY: only exported functions expand this, and their callers promise what the module's documentation says.
        unsafe { $crate::boundary::enter(|$caller: &$crate::boundary::Caller| $body) }
    };
}
pub(crate) use entry;

thread_local! {
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The sentence of this thread's last failure.
pub(crate) fn with_last_error<R>(read: impl FnOnce(&str) -> R) -> R {
    LAST_ERROR.with_borrow(|message| read(message))
}

fn report(failure: Failure) -> SwResult {
    LAST_ERROR.with_borrow_mut(|message| {
        message.clear();
        message.push_str(&failure.message);
    });
    failure.code
}

/// Proof of being inside an exported function, whose caller promised what the module's documentation says.
pub(crate) struct Caller(());

/// Runs `body`; no panic leaves.
///
/// # Safety
/// The pointers that `body` hands to [`Caller`] come from a caller that promised what the module's documentation says.
pub(crate) unsafe fn enter(body: impl FnOnce(&Caller) -> Result<(), Failure>) -> SwResult {
    // Unwind safety: objects behind handles sit in mutexes that remember a panic, everything else dies with the call.
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&Caller(()))));
    match outcome {
        Ok(Ok(())) => SwResult::Ok,
        Ok(Err(failure)) => report(failure),
        Err(payload) => {
            let text = payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic without a message".to_owned());
            report(Failure::new(SwResult::Panicked, text))
        }
    }
}

fn null(what: &str) -> Failure {
    Failure::new(SwResult::NullPointer, format!("{what} is null"))
}

fn checked_len(count: usize, element_size: usize, max: usize, what: &str) -> Result<usize, Failure> {
    count.checked_mul(element_size).filter(|_| count <= max).ok_or_else(|| {
        Failure::new(SwResult::TooLarge, format!("{what}: {count} elements are more than the limit of {max}"))
    })
}

fn checked_size<T: Versioned>(claimed: usize, what: &str) -> Result<usize, Failure> {
    if (T::FIRST_SIZE..=STRUCT_SIZE_MAX).contains(&claimed) {
        return Ok(claimed);
    }
    let bounds = format!("{} (first version) to {STRUCT_SIZE_MAX}", T::FIRST_SIZE);
    Err(Failure::new(SwResult::BadStructSize, format!("size of {what} is {claimed}, valid is {bounds}")))
}

impl Caller {
    fn size_of_struct<T: SizedStruct>(&self, at: *const T, what: &str) -> Result<usize, Failure> {
        if at.is_null() {
            return Err(null(what));
        }
        // SAFETY: not null, so valid for its `struct_size`, which is its first field (SizedStruct).
        let claimed = unsafe { ptr::read_unaligned(at.cast::<u32>()) };
        checked_size::<T>(claimed as usize, what)
    }

    /// Copies `claimed` bytes into a `T`: shorter ones are completed with zeros, longer ones must end in zeros.
    fn copy_versioned<T: Pod>(&self, at: *const u8, claimed: usize, what: &str) -> Result<T, Failure> {
        let mut value = T::zeroed();
        let known = claimed.min(size_of::<T>());
        // SAFETY: the caller's memory is valid for `claimed` bytes, `value` for size_of::<T>(); `known` is at most
        // either. T is Pod: every bit pattern is a value.
        unsafe { ptr::copy_nonoverlapping(at, (&raw mut value).cast::<u8>(), known) };
        for offset in known..claimed {
            // SAFETY: offset < claimed, the size for which the caller's memory is valid.
            if unsafe { ptr::read(at.add(offset)) } != 0 {
                let message = format!("{what} sets byte {offset}, which this library does not know");
                return Err(Failure::new(SwResult::BadStructSize, message));
            }
        }
        Ok(value)
    }

    /// Reads a struct of the caller, of this or another version.
    pub(crate) fn read<T: SizedStruct + Pod>(&self, at: *const T, what: &str) -> Result<T, Failure> {
        let claimed = self.size_of_struct(at, what)?;
        self.copy_versioned(at.cast(), claimed, what)
    }

    /// Reads a struct that may be null.
    pub(crate) fn read_optional<T: SizedStruct + Pod>(
        &self,
        at: *const T,
        what: &str,
    ) -> Result<Option<T>, Failure> {
        if at.is_null() { Ok(None) } else { self.read(at, what).map(Some) }
    }

    /// Checks that a later [`Caller::write`] to `at` will succeed, so that nothing is done before a bad answer place
    /// is found.
    pub(crate) fn check_out<T: SizedStruct>(&self, at: *mut T, what: &str) -> Result<(), Failure> {
        self.size_of_struct(at.cast_const(), what).map(|_| ())
    }

    /// Fills a struct of the caller: as much as its version has room for, and zeros beyond what this library knows.
    /// `struct_size` stays as the caller set it.
    pub(crate) fn write<T: SizedStruct>(&self, at: *mut T, value: &T, what: &str) -> Result<(), Failure> {
        let claimed = self.size_of_struct(at.cast_const(), what)?;
        let known = claimed.min(size_of::<T>());
        let source = ptr::from_ref(value).cast::<MaybeUninit<u8>>();
        let target = at.cast::<MaybeUninit<u8>>();
        // SAFETY: `target` is writable for `claimed` bytes, `source` readable for size_of::<T>(); both are copied as
        // maybe-uninitialized bytes, from byte 4 (behind `struct_size`) up to `known`, which is at least 4.
        unsafe {
            ptr::copy_nonoverlapping(source.add(4), target.add(4), known - 4);
            ptr::write_bytes(target.add(known), 0, claimed - known);
        }
        Ok(())
    }

    /// Writes one plain value (a number, a handle).
    pub(crate) fn put<T: Pod>(&self, at: *mut T, value: T, what: &str) -> Result<(), Failure> {
        if at.is_null() {
            return Err(null(what));
        }
        // SAFETY: not null, so writable for a T.
        unsafe { ptr::write_unaligned(at, value) };
        Ok(())
    }

    /// Reads one element whose size is an argument of the call.
    pub(crate) fn read_element<T: Versioned + Pod>(
        &self,
        at: *const T,
        element_size: usize,
        what: &str,
    ) -> Result<T, Failure> {
        let element_size = checked_size::<T>(element_size, what)?;
        if at.is_null() {
            return Err(null(what));
        }
        self.copy_versioned(at.cast(), element_size, what)
    }

    /// Fails if `at` is null, before anything is done whose answer goes there.
    pub(crate) fn check_place<T>(&self, at: *mut T, what: &str) -> Result<(), Failure> {
        if at.is_null() { Err(null(what)) } else { Ok(()) }
    }

    /// The caller's bytes. Null is accepted with length 0.
    pub(crate) fn bytes(&self, at: *const u8, len: usize, what: &str) -> Result<&[u8], Failure> {
        checked_len(len, 1, BYTES_MAX, what)?;
        match (at.is_null(), len) {
            (_, 0) => Ok(&[]),
            (true, _) => Err(null(what)),
            // SAFETY: not null, so valid for `len` bytes during the call, and the borrow of `self` ends with the call.
            (false, _) => Ok(unsafe { std::slice::from_raw_parts(at, len) }),
        }
    }

    /// Copies `bytes` to the caller's buffer of `capacity` bytes, and their number to `written` (also when the buffer
    /// is too short: then nothing else is written).
    pub(crate) fn fill(
        &self,
        at: *mut u8,
        capacity: usize,
        written: *mut usize,
        bytes: &[u8],
        what: &str,
    ) -> Result<(), Failure> {
        self.put(written, bytes.len(), "the place for the length")?;
        if bytes.len() > capacity {
            let message = format!("{what} has {capacity} bytes, {} are needed", bytes.len());
            return Err(Failure::new(SwResult::ShortBuffer, message));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.check_place(at, what)?;
        // SAFETY: not null, so writable for `capacity` bytes, which is at least bytes.len(); the source is ours.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
        Ok(())
    }

    /// Reads `count` elements, `element_size` bytes apart (the caller's `sizeof`), through `each`.
    pub(crate) fn for_each_element<T: Versioned + Pod>(
        &self,
        at: *const T,
        count: usize,
        element_size: usize,
        what: &str,
        mut each: impl FnMut(usize, T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if count == 0 {
            return Ok(());
        }
        let element_size = checked_size::<T>(element_size, what)?;
        checked_len(count, element_size, ELEMENTS_MAX, what)?;
        if at.is_null() {
            return Err(null(what));
        }
        for index in 0..count {
            // SAFETY: not null, so valid for count × element_size bytes.
            let element = unsafe { at.cast::<u8>().add(index * element_size) };
            each(index, self.copy_versioned(element, element_size, what)?)?;
        }
        Ok(())
    }

    /// Fills up to `capacity` elements, `element_size` bytes apart, from `values`.
    pub(crate) fn fill_elements<T: Versioned>(
        &self,
        at: *mut T,
        capacity: usize,
        element_size: usize,
        values: impl Iterator<Item = T>,
        what: &str,
    ) -> Result<usize, Failure> {
        let element_size = checked_size::<T>(element_size, what)?;
        checked_len(capacity, element_size, ELEMENTS_MAX, what)?;
        if capacity != 0 {
            self.check_place(at, what)?;
        }
        let known = element_size.min(size_of::<T>());
        let mut filled = 0;
        for value in values.take(capacity) {
            // SAFETY: filled < capacity, and the memory is writable for capacity × element_size bytes; `value` is
            // readable for size_of::<T>(), of which `known` is at most all; bytes are copied as maybe-uninitialized.
            unsafe {
                let target = at.cast::<MaybeUninit<u8>>().add(filled * element_size);
                ptr::copy_nonoverlapping(ptr::from_ref(&value).cast(), target, known);
                ptr::write_bytes(target.add(known), 0, element_size - known);
            }
            filled += 1;
        }
        Ok(filled)
    }

    /// A zero-terminated UTF-8 text of the caller.
    pub(crate) fn text(&self, at: *const std::ffi::c_char, what: &str) -> Result<&str, Failure> {
        if at.is_null() {
            return Err(null(what));
        }
        // SAFETY: not null, so a zero-terminated text that lives during the call; the borrow ends with the call.
        let text = unsafe { CStr::from_ptr(at) };
        text.to_str().map_err(|_| Failure::new(SwResult::BadArgument, format!("{what} is not UTF-8")))
    }
}
