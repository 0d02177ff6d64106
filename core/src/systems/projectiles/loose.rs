//! Props in the way of what flies: the first of them on a straight way.

use super::super::props::PropCells;
use super::capsule::sweep_capsule;
use super::targets::ROUNDING;
use crate::numeric::{Metres, Position};
use crate::rules::Rules;
use crate::state::props::{PropsView, prop_flags};

/// The first prop on a way of at most [`crate::limits::SWEEP_MAX_M`], the lower row at equal distance: (fraction of the way, row).
pub(in crate::systems) fn first_prop(
    (props, cells): (&PropsView<'_>, &PropCells),
    (from, to): (Position, Position),
    radius: Metres,
    rules: &Rules,
) -> Option<(i32, u32)> {
    if cells.is_empty() {
        return None;
    }
    let beside = radius + Metres(ROUNDING);
    let mut first: Option<(i32, u32)> = None;
    for row in cells.within([from.x.0, to.x.0], [from.z.0, to.z.0], beside) {
        let kind = rules.prop_kind(props.kind[row]);
        let is_there = props.flags[row] & prop_flags::IN_USE != 0 && kind.stops != 0;
        let (foot, wide) = (props.position(row as u32), kind.radius + beside);
        // What is far away shares cells with what is near, and is not for the numbers of the exact test.
        let beyond = |at: Metres, a: Metres, b: Metres| {
            i64::from(at.0) > i64::from(a.max(b).0) + i64::from(wide.0)
                || i64::from(at.0) < i64::from(a.min(b).0) - i64::from(wide.0)
        };
        if !is_there || beyond(foot.x, from.x, to.x) || beyond(foot.z, from.z, to.z) {
            continue;
        }
        if let Some(t) = sweep_capsule(from, to, foot, radius + kind.radius, kind.height) {
            first = Some(first.map_or((t, row as u32), |first| first.min((t, row as u32))));
        }
    }
    first
}
