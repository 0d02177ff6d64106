//! How to get somewhere: straight where the way is free, else by a field round what is in the way.

use crate::numeric::Metres;
use crate::numeric::fixed::{length2d, saturate};
use crate::spatial::ways::{Asked, Goal, Grounds, Walker, Ways};

/// Farther goals than this are beyond the window of a field: their field is one on the way.
const FIELD_REACH: Metres = Metres::from_m(56);

/// Who wants to go where.
pub(super) struct Errand<'a> {
    pub grounds: Grounds<'a>,
    pub walker: &'a Walker,
    pub class: u8,
    pub from: (Metres, Metres),
    pub to: (Metres, Metres),
}

/// How to get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Straight: the way is free.
    Free,
    /// Straight, since nothing better is known.
    Straight,
    /// There first.
    Stage(Metres, Metres),
    /// Not known yet: enough others asked in this tick. Straight until then.
    Later,
}

/// Finds the way.
pub(super) fn find(ways: &mut Ways, errand: &Errand<'_>) -> Route {
    let Errand { grounds, walker, class, from, to } = *errand;
    if grounds.is_free_way(walker, from, to) {
        return Route::Free;
    }
    let Some(goal) = Goal::near(grounds, walker, class, within_reach(from, to)) else {
        return Route::Straight;
    };
    match ways.ask(goal, grounds, walker) {
        Asked::Later => Route::Later,
        Asked::Field(field) => match field.lead(grounds, walker, from) {
            Some((x, z)) => Route::Stage(x, z),
            None => Route::Straight,
        },
    }
}

/// The place itself, or one on the straight way to it that a field reaches from here.
fn within_reach(from: (Metres, Metres), to: (Metres, Metres)) -> (Metres, Metres) {
    let (x, z) = (i64::from(to.0.0) - i64::from(from.0.0), i64::from(to.1.0) - i64::from(from.1.0));
    let length = i64::from(length2d(saturate(x), saturate(z)));
    let most = i64::from(FIELD_REACH.0);
    if length <= most {
        return to;
    }
    let part = |start: Metres, way: i64| Metres(saturate(i64::from(start.0) + way * most / length));
    (part(from.0, x), part(from.1, z))
}
