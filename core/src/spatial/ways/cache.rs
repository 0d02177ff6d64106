//! The fields that were asked for last, and how many different ones a tick may ask for.

use super::field::{Field, Goal};
use super::grounds::{Grounds, Walker};
use super::spread::FieldScratch;
use alloc::vec::Vec;

/// Fields kept: 4 KiB each.
pub const FIELDS: usize = 64;

/// Goals that fields are given for in one tick. Others are told to ask again: whether a field is kept already must not
/// matter, so all goals count alike.
pub const FIELDS_PER_TICK: usize = 8;

const _: () = assert!(FIELDS_PER_TICK <= FIELDS, "what was given in a tick is kept for all of it");

/// Answer to the question for a field.
#[derive(Debug)]
pub enum Asked<'a> {
    /// Here it is.
    Field(&'a Field),
    /// Enough others were asked for in this tick.
    Later,
}

/// The fields of a world.
#[derive(Debug)]
pub struct Ways {
    fields: Vec<Field>,
    /// When each field was last asked for: counts the questions.
    asked: Vec<u64>,
    questions: u64,
    scratch: Option<FieldScratch>,
    today: Vec<Goal>,
    computed: u64,
}

impl Ways {
    /// With room for [`FIELDS`], or for none where nobody will ask.
    #[must_use]
    pub fn new(used: bool) -> Self {
        let fields = if used { FIELDS } else { 0 };
        Self {
            fields: (0..fields).map(|_| Field::new()).collect(),
            asked: alloc::vec![0; fields],
            questions: 0,
            scratch: used.then(FieldScratch::new),
            today: Vec::with_capacity(FIELDS_PER_TICK),
            computed: 0,
        }
    }

    /// Forgets every field: ground or shapes changed.
    pub fn invalidate(&mut self) {
        self.fields.iter_mut().for_each(|field| field.goal = None);
    }

    /// A new tick: as many goals as ever may be asked for.
    pub fn begin_tick(&mut self) {
        self.today.clear();
    }

    /// Fields computed so far, for reports and tests.
    #[must_use]
    pub const fn computed(&self) -> u64 {
        self.computed
    }

    /// The field of a goal: a kept one, or computed in the place of the one that nobody asked for for longest.
    pub fn ask(&mut self, goal: Goal, grounds: Grounds<'_>, walker: &Walker) -> Asked<'_> {
        let Some(scratch) = &mut self.scratch else { return Asked::Later };
        if !self.today.contains(&goal) {
            if self.today.len() == FIELDS_PER_TICK {
                return Asked::Later;
            }
            self.today.push(goal);
        }
        self.questions += 1;
        let kept = self.fields.iter().position(|field| field.goal == Some(goal));
        let place = kept.unwrap_or_else(|| {
            let age = |at: usize| (self.fields[at].goal.is_some(), self.asked[at]);
            (0..self.fields.len()).min_by_key(|at| age(*at)).unwrap_or(0)
        });
        if kept.is_none() {
            self.fields[place].compute(goal, grounds, walker, scratch);
            self.computed += 1;
        }
        self.asked[place] = self.questions;
        Asked::Field(&self.fields[place])
    }
}
