//! Props that come from elsewhere. Few, and judged one by one.

use crate::limits::SPEED_MAX_M_PER_S;
use crate::rules::PROP_KINDS;
use crate::state::move_bounds::HEIGHTS;
use crate::state::props::{Props, prop_flags};
use crate::state::snapshot::{ImageBounds, SnapshotError};

/// Judges the first rows of a table of props. Where they are beside walls and ground is not asked: those that are inside of
/// something get out of it when they move.
pub(crate) fn check_props(props: &Props, rows: usize, bounds: &ImageBounds<'_>) -> Result<(), SnapshotError> {
    match (0..rows).find(|row| !is_fine_prop(props, *row, bounds)) {
        Some(row) => Err(SnapshotError::BadProp { slot: row as u32 }),
        None => Ok(()),
    }
}

/// Whether a row is free, or a prop that can be.
fn is_fine_prop(props: &Props, row: usize, bounds: &ImageBounds<'_>) -> bool {
    let bits = props.flags[row];
    if bits & prop_flags::IN_USE == 0 {
        return props.is_free_row(row);
    }
    let speed = SPEED_MAX_M_PER_S << 16;
    let velocity = [props.velocity_x[row], props.velocity_y[row], props.velocity_z[row]];
    let kind = bounds.rules.prop_kind(props.kind[row]);
    let edge = bounds.half_extent - kind.radius.0;
    let inside = -edge..=edge;
    bits & !prop_flags::ALL == 0
        && props.generation[row] != 0
        && usize::from(props.kind[row]) < PROP_KINDS
        && (1..=kind.health).contains(&props.health[row])
        && (bits & prop_flags::FLEETING != 0 || props.end_tick[row] == 0)
        && (bits & prop_flags::AWAKE != 0 || (velocity == [0; 3] && props.rest_ticks[row] == 0))
        && velocity.iter().all(|part| (-speed..=speed).contains(part))
        && inside.contains(&props.position_x[row])
        && inside.contains(&props.position_z[row])
        && HEIGHTS.contains(&props.position_y[row])
}
