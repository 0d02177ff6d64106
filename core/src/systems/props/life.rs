//! How props come into the world and leave it: by the scenery, by command, as debris, broken, or because their time is over.
//!
//! Where every slot is in use, the debris that would be gone first makes room.

use super::body::{Place, SPEED_MAX};
use super::{PropScratch, contacts};
use crate::limits::DEBRIS_PER_TICK_MAX;
use crate::numeric::rng::{between, random_u32x4};
use crate::numeric::{Brads, Metres, Position, Purpose, Tick, Ticks, Velocity};
use crate::rules::{PROP_KINDS, PropRules};
use crate::state::State;
use crate::state::events::{Event, EventBuffer, SpawnRefusal};
use crate::state::handle::PropId;
use crate::state::props::{PropPlace, Props, prop_flags};
use crate::systems::{Environment, Tally};

/// Fastest that debris flies to a side, and upwards, raw.
const ASIDE: i32 = 2 << 16;
const UP: i32 = 3 << 16;

/// Sections' debris is counted from here on, beside that of props: both have less than 2^20.
const OF_SECTIONS: u32 = 1 << 31;

/// Puts the scenery's props into a new world. They last, whatever their kinds say.
pub(crate) fn found(state: &mut State, environment: &Environment) {
    for place in environment.obstacles.props() {
        if let Some(slot) = put(state, environment, place, Velocity::ZERO) {
            state.props.flags[slot as usize] &= !prop_flags::FLEETING;
            state.props.end_tick[slot as usize] = 0;
        }
    }
}

/// A new prop in the lowest free slot.
fn put(state: &mut State, environment: &Environment, place: &PropPlace, velocity: Velocity) -> Option<u32> {
    let slot = state.allocate_prop()?;
    let (row, rules) = (slot as usize, environment.rules.prop_kind(place.kind));
    let bounds = Place::of(environment, state.tick);
    let (mut at, _) = bounds.in_bounds(place.position, Velocity::ZERO, rules);
    at.y = at.y.max(environment.terrain.height_at(at.x, at.z));
    let props = &mut state.props;
    props.set_position(row, at);
    props.set_velocity(row, velocity);
    (props.kind[row], props.yaw[row], props.health[row]) = (place.kind, place.yaw.0, rules.health);
    props.flags[row] |= prop_flags::AWAKE;
    if rules.lifetime_ms > 0 {
        props.flags[row] |= prop_flags::FLEETING;
        props.end_tick[row] = (state.tick + Ticks::from_millis(rules.lifetime_ms, environment.tick_hz)).0;
    }
    Some(slot)
}

/// The same, where debris makes room.
fn make_place(
    state: &mut State,
    environment: &Environment,
    (place, velocity): (&PropPlace, Velocity),
    events: &mut EventBuffer,
) -> Option<u32> {
    if state.prop_ids.len() == state.props.capacity() {
        let (tick, props) = (state.tick, &state.props);
        let fleeting = |row: &usize| props.flags[*row] & prop_flags::FLEETING != 0 && props.health[*row] > 0;
        let left = |row: &usize| Tick(props.end_tick[*row]).signed_distance(tick);
        let oldest = (0..props.capacity()).filter(fleeting).min_by_key(left)?;
        remove(state, environment, oldest);
        events.push(Event::PropGone {
            id: PropId { slot: oldest as u32, generation: state.props.generation[oldest] },
        });
    }
    put(state, environment, place, velocity)
}

/// The command.
pub(crate) fn spawn(
    state: &mut State,
    environment: &Environment,
    place: &PropPlace,
    events: &mut EventBuffer,
) -> Result<PropId, SpawnRefusal> {
    if usize::from(place.kind) >= PROP_KINDS {
        return Err(SpawnRefusal::UnknownProp);
    }
    let slot = make_place(state, environment, (place, Velocity::ZERO), events);
    let slot = slot.ok_or(SpawnRefusal::PropsFull)?;
    Ok(PropId { slot, generation: state.props.generation[slot as usize] })
}

/// The command: false when the id is not current.
pub(crate) fn remove_by_command(
    state: &mut State,
    environment: &Environment,
    id: PropId,
    events: &mut EventBuffer,
) -> bool {
    let Some(row) = state.props.row_of(id) else { return false };
    remove(state, environment, row);
    events.push(Event::PropGone { id });
    true
}

/// Takes a prop out; what stood on it wakes.
fn remove(state: &mut State, environment: &Environment, row: usize) {
    let end = state.prop_ids.end();
    wake_above(&mut state.props, row, 0..end, environment);
    state.free_prop(row as u32);
}

/// Wakes those that stand on a prop.
fn wake_above(props: &mut Props, row: usize, rows: impl Iterator<Item = usize>, environment: &Environment) {
    let kind = |props: &Props, row: usize| -> PropRules { *environment.rules.prop_kind(props.kind[row]) };
    let (own, at) = (kind(props, row), props.view().position(row as u32));
    let top = i64::from(at.y.0) + i64::from(own.height.0);
    for other in rows.filter(|other| *other != row) {
        if !props.sleeps(other) {
            continue;
        }
        let (foot, reach) = (
            props.view().position(other as u32),
            i64::from(own.radius.0) + i64::from(kind(props, other).radius.0),
        );
        let stands = (i64::from(foot.y.0) - top).abs() <= contacts::NEAR;
        let (x, z) = (i64::from(foot.x.0) - i64::from(at.x.0), i64::from(foot.z.0) - i64::from(at.z.0));
        let near = x.abs() < reach && z.abs() < reach && x * x + z * z < reach * reach;
        if stands && near {
            props.wake(other);
        }
    }
}

/// Those whose time is over are gone.
pub(super) fn end_of_time(
    state: &mut State,
    environment: &Environment,
    scratch: &mut PropScratch,
    events: &mut EventBuffer,
) {
    for row in 0..state.prop_ids.end() {
        let over = state.tick.signed_distance(Tick(state.props.end_tick[row])) >= 0;
        if state.props.flags[row] & prop_flags::FLEETING != 0 && over {
            let id = PropId { slot: row as u32, generation: state.props.generation[row] };
            let (x, z) = (state.props.position_x[row], state.props.position_z[row]);
            let radius = environment.rules.prop_kind(state.props.kind[row]).radius;
            let near = scratch.cells.within([x; 2], [z; 2], radius);
            wake_above(&mut state.props, row, near, environment);
            state.free_prop(row as u32);
            events.push(Event::PropGone { id });
            scratch.stale = true;
        }
    }
    scratch.refresh(state, environment);
}

/// What was broken in the tick is gone, and its debris is there.
pub(crate) fn clear_broken(
    state: &mut State,
    environment: &Environment,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    for row in 0..state.prop_ids.end() {
        if state.props.flags[row] & prop_flags::IN_USE == 0 || state.props.health[row] > 0 {
            continue;
        }
        let (at, velocity) =
            (state.props.view().position(row as u32), state.props.view().velocity(row as u32));
        let rules = *environment.rules.prop_kind(state.props.kind[row]);
        remove(state, environment, row);
        let (low, high) = (Metres(-rules.radius.0 / 2), Metres(rules.radius.0 / 2));
        let pile = Pile {
            low: at.offset(low, Metres::ZERO, low),
            high: at.offset(high, rules.height, high),
            velocity,
            kind: rules.debris_kind,
            count: rules.debris_count,
            number: row as u32,
        };
        scatter(state, environment, &pile, events, tally);
    }
}

/// The debris of a section of a structure that falls.
pub(crate) fn leave_debris(
    state: &mut State,
    environment: &Environment,
    section: u32,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    let Some([low, high]) = environment.obstacles.section_box(section) else { return };
    let kind = environment.rules.structure_kind(state.structures.kind[section as usize]);
    let pile = Pile {
        low,
        high,
        velocity: Velocity::ZERO,
        kind: kind.debris_kind,
        count: kind.debris_count,
        number: OF_SECTIONS | section,
    };
    scatter(state, environment, &pile, events, tally);
}

/// What is left of something.
struct Pile {
    low: Position,
    high: Position,
    velocity: Velocity,
    /// Counted from 1; 0 for nothing.
    kind: u8,
    count: u8,
    /// Of what: each pile of a tick has another.
    number: u32,
}

/// Scatters debris in a box.
fn scatter(
    state: &mut State,
    environment: &Environment,
    pile: &Pile,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    let Some(kind) = pile.kind.checked_sub(1) else { return };
    for piece in 0..u32::from(pile.count) {
        if tally.debris >= DEBRIS_PER_TICK_MAX {
            tally.debris_refused += u32::from(pile.count) - piece;
            return;
        }
        let entity = pile.number | piece << 20;
        let words = random_u32x4(environment.seed, state.tick, entity, Purpose::Debris);
        let somewhere = |word: u32, low: Metres, high: Metres| Metres(between(word, low.0, high.0));
        let position = Position {
            x: somewhere(words[0], pile.low.x, pile.high.x),
            y: somewhere(words[1], pile.low.y, pile.high.y),
            z: somewhere(words[2], pile.low.z, pile.high.z),
        };
        // The low bits of the places' words and the fourth are as good as others.
        let speed = |word: u32, low: i32, high: i32| between(word.rotate_left(16), low, high);
        let own = [pile.velocity.x.0, pile.velocity.y.0, pile.velocity.z.0];
        let sum = |own: i32, more: i32| own.saturating_add(more).clamp(-SPEED_MAX, SPEED_MAX);
        let velocity = Velocity::from_raw(
            sum(own[0], speed(words[0], -ASIDE, ASIDE)),
            sum(own[1], speed(words[1], 0, UP)),
            sum(own[2], speed(words[2], -ASIDE, ASIDE)),
        );
        let place = PropPlace { kind, position, yaw: Brads(words[3] as u16) };
        match make_place(state, environment, (&place, velocity), events) {
            Some(_) => tally.debris += 1,
            None => tally.debris_refused += 1,
        }
    }
}
