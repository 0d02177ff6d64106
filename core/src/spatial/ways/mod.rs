//! Finding a way: is the straight one free, and if not, which leads round.
//!
//! A [`Walker`] is what a body needs of the ground. [`Grounds`] answer for one place and for straight ways. A [`Field`] has
//! the way to one goal from everywhere around it, for all walkers of a class; [`Ways`] keeps the fields that were asked for
//! last.
//!
//! **Everything here is a cache of a pure function** of the ground, the static shapes and the goal: what is kept, and for how
//! long, changes no answer. Whoever changes ground or shapes calls [`Ways::invalidate`].
//!
//! Not here: who goes where, other bodies (they make room for each other), platforms (they move), jumping and swimming.

mod cache;
mod field;
mod grounds;
mod spread;

#[cfg(test)]
mod tests;

pub use cache::{Asked, FIELDS, FIELDS_PER_TICK, Ways};
pub use field::{CELL_SHIFT, Field, Goal, SIDE};
pub use grounds::{Grounds, Walker};
