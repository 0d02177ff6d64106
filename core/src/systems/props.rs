//! Props: loose things that lie about, are pushed by those who walk, thrown by blasts, and broken.
//!
//! A prop is an upright cylinder that never tumbles. One tick of all of them, on the places of everybody after movement:
//! time that is over; walkers kept out, and what they push; falling, walls and ground ([`body`]); who wakes whom; collisions and
//! making room ([`contacts`]); rest and sleep.
//!
//! **Sleep.** What has been at rest for `rest_ms` sleeps: nothing is computed for it. It wakes when something comes fast or
//! deep, leaves from under it, pushes or strikes it, or when ground or walls beside it change. Near the round of a moving
//! platform nothing sleeps. A sleeping prop costs a look at its flags in each tick, and a place in the cells in ticks in which
//! another moves.
//!
//! - `cells`: where they are
//! - `body`: one among what does not move
//! - `contacts`: each other
//! - `walkers`: those who walk
//! - `life`: coming into the world, breaking, debris, leaving
//! - `field`: what a client knows of them
//!
//! Not here: what weapons do to them (`strike`, `blast`, `projectiles`).

mod body;
mod cells;
mod contacts;
pub(crate) mod field;
pub(crate) mod life;
mod walkers;

use super::{Environment, Tally};
use crate::numeric::{Metres, MetresPerSecond, Position, Tick, Ticks, Velocity};
use crate::state::State;
use crate::state::characters::flags;
use crate::state::events::EventBuffer;
use crate::state::props::{Props, prop_flags};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use body::{Place, limited};
pub(crate) use cells::PropCells;
#[cfg(test)]
pub(crate) use cells::none;
use contacts::{Blow, Pressed, Solid, Touch};
use walkers::Walks;

/// A prop that is simulated in this tick.
#[derive(Clone, Copy, Debug)]
struct Mover {
    row: u32,
    /// Where it was before the tick.
    start: Position,
    /// What its neighbours do to it.
    change: [i64; 3],
    /// How many it touches.
    touches: u32,
    /// Where it was filed in the cells.
    filed: Position,
}

/// Room for a tick of props.
#[derive(Debug)]
pub(crate) struct PropScratch {
    pub(crate) cells: PropCells,
    /// Rows came or went since the cells were filled.
    pub(crate) stale: bool,
    movers: Vec<Mover>,
    woken: Vec<u32>,
    /// What walkers push, by row, and which rows those are.
    pushes: Box<[[i64; 2]]>,
    pushed: Vec<u32>,
    is_pushed: Box<[bool]>,
}

impl PropScratch {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            cells: PropCells::new(capacity),
            stale: true,
            movers: Vec::with_capacity(capacity),
            woken: Vec::with_capacity(capacity),
            pushes: vec![[0; 2]; capacity].into(),
            pushed: Vec::with_capacity(capacity),
            is_pushed: vec![false; capacity].into(),
        }
    }

    /// Sorts the props anew where rows came or went.
    pub(crate) fn refresh(&mut self, state: &State, environment: &Environment) {
        if self.stale || !self.cells.is_for(&environment.rules) {
            self.fill(state, environment);
        }
    }

    fn fill(&mut self, state: &State, environment: &Environment) {
        self.cells.fill(&state.props.view(), state.prop_ids.end(), &environment.rules);
        self.stale = false;
    }
}

/// A row as contacts see it.
fn solid<'a>(props: &Props, row: usize, environment: &'a Environment) -> Solid<'a> {
    Solid {
        row: row as u32,
        at: [props.position_x[row], props.position_y[row], props.position_z[row]].map(i64::from),
        speed: [props.velocity_x[row], props.velocity_y[row], props.velocity_z[row]].map(i64::from),
        sleeps: props.sleeps(row),
        rules: environment.rules.prop_kind(props.kind[row]),
    }
}

/// One tick of all props.
pub(crate) fn run(
    state: &mut State,
    environment: &Environment,
    scratch: &mut PropScratch,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    if state.prop_ids.is_empty() {
        return;
    }
    scratch.refresh(state, environment);
    life::end_of_time(state, environment, scratch, events);
    meet_walkers(state, environment, scratch);
    let end = state.prop_ids.end();
    scratch.movers.clear();
    for (row, bits) in state.props.flags[..end].iter().enumerate() {
        if bits & prop_flags::AWAKE != 0 {
            scratch.movers.push(mover(&state.props, row));
        }
    }
    tally.props_awake = scratch.movers.len() as u32;
    if scratch.movers.is_empty() {
        return;
    }
    let place = Place::of(environment, state.tick);
    for mover in &scratch.movers {
        let row = mover.row as usize;
        let rules = environment.rules.prop_kind(state.props.kind[row]);
        let velocity = state.props.view().velocity(mover.row);
        let (at, velocity) = place.go(mover.start, velocity, rules);
        state.props.set_position(row, at);
        state.props.set_velocity(row, velocity);
    }
    scratch.fill(state, environment);
    wake_neighbours(&mut state.props, environment, scratch);
    collide(&mut state.props, environment, scratch);
    make_room(&mut state.props, (environment, &place), scratch);
    rest(&mut state.props, environment, scratch);
}

fn mover(props: &Props, row: usize) -> Mover {
    let start = props.view().position(row as u32);
    Mover { row: row as u32, start, change: [0; 3], touches: 0, filed: start }
}

/// Keeps walkers out of props, and lets them push those that can be pushed.
fn meet_walkers(state: &mut State, environment: &Environment, scratch: &mut PropScratch) {
    let PropScratch { cells, pushes, pushed, is_pushed, .. } = scratch;
    if cells.is_empty() {
        return;
    }
    let surroundings = environment.surroundings(state.tick);
    let props = state.props.view();
    let (rules, movement) = (&environment.rules, &environment.movement);
    let walks = Walks { rules, surroundings, movement };
    let characters = &mut state.characters;
    for row in 0..state.character_ids.end() {
        let (x, z) = (characters.position_x[row], characters.position_z[row]);
        if !cells.near(x, z) || characters.flags[row] & flags::ALIVE == 0 {
            continue;
        }
        let widest = environment.rules.class(characters.class[row]).radius;
        let near = cells.within([x; 2], [z; 2], widest);
        let used = near.filter(|prop| props.flags[*prop] & prop_flags::IN_USE != 0);
        let near = used.map(|prop| (prop, props.kind[prop], props.position(prop as u32)));
        let kept = walks.keep_out(&characters.view().move_state(row as u32), near, |prop, push| {
            pushes[prop] = [pushes[prop][0] + push[0], pushes[prop][1] + push[1]];
            if !is_pushed[prop] {
                is_pushed[prop] = true;
                pushed.push(prop as u32);
            }
        });
        if let Some(at) = kept {
            characters.position_x[row] = at.x.0;
            characters.position_y[row] = at.y.0;
            characters.position_z[row] = at.z.0;
        }
    }
    let (motion, hz) = (&environment.rules.prop_motion, environment.tick_hz);
    for row in pushed.drain(..).map(|row| row as usize) {
        let push = core::mem::take(&mut pushes[row]);
        is_pushed[row] = false;
        let props = &mut state.props;
        let velocity = walkers::kicked(props.view().velocity(row as u32), push, motion.kick_max, hz);
        props.set_velocity(row, velocity);
        props.wake(row);
    }
}

/// Wakes those that something comes to fast or deep, or leaves from under. They take part in this tick.
fn wake_neighbours(props: &mut Props, environment: &Environment, scratch: &mut PropScratch) {
    scratch.woken.clear();
    for mover in &scratch.movers {
        let one = solid(props, mover.row as usize, environment);
        let (x, z) = (props.position_x[mover.row as usize], props.position_z[mover.row as usize]);
        for row in scratch.cells.within([x; 2], [z; 2], one.rules.radius) {
            // The list takes each prop once: it awakes at once, but the wakers are those of before.
            if !props.sleeps(row) || props.rest_ticks[row] != 0 {
                continue;
            }
            let other = solid(props, row, environment);
            let touch = Touch::of(&one, &other, contacts::NEAR);
            if touch.is_some_and(|touch| one.wakes(&other, &touch, environment)) {
                props.rest_ticks[row] = 1;
                scratch.woken.push(row as u32);
            }
        }
    }
    for row in scratch.woken.drain(..) {
        props.wake(row as usize);
        scratch.movers.push(mover(props, row as usize));
    }
}

/// Calls `each` with every prop that a mover touches.
fn for_each_touch(
    props: &Props,
    row: usize,
    environment: &Environment,
    cells: &PropCells,
    mut each: impl FnMut(&Solid<'_>, &Solid<'_>, &Touch),
) {
    let one = solid(props, row, environment);
    let (x, z) = (props.position_x[row], props.position_z[row]);
    for other in cells.within([x; 2], [z; 2], one.rules.radius) {
        if other == row {
            continue;
        }
        let other = solid(props, other, environment);
        if let Some(touch) = Touch::of(&one, &other, 0) {
            each(&one, &other, &touch);
        }
    }
}

/// What collisions do to speeds, each pair by the speeds before.
fn collide(props: &mut Props, environment: &Environment, scratch: &mut PropScratch) {
    let PropScratch { cells, movers, pushes, .. } = scratch;
    // The counts lie where walkers' pushes do: they are zero again afterwards.
    for mover in movers.iter_mut() {
        let row = mover.row as usize;
        for_each_touch(props, row, environment, cells, |_, _, _| mover.touches += 1);
        pushes[row][0] = mover.touches.into();
    }
    for mover in movers.iter_mut().filter(|mover| mover.touches > 0) {
        let (row, own) = (mover.row as usize, i64::from(mover.touches));
        let mut blow = Blow::default();
        for_each_touch(props, row, environment, cells, |one, other, touch| {
            let busier = own.max(pushes[other.row as usize][0]);
            blow.add((one, other), touch, busier, environment);
        });
        mover.change = blow.change();
    }
    for mover in movers.iter_mut() {
        let (row, [x, y, z]) = (mover.row as usize, mover.change);
        pushes[row] = [0; 2];
        props.velocity_x[row] = limited(i64::from(props.velocity_x[row]) + x);
        props.velocity_y[row] = limited(i64::from(props.velocity_y[row]) + y);
        props.velocity_z[row] = limited(i64::from(props.velocity_z[row]) + z);
        mover.change = [0; 3];
    }
}

/// Lets props give way to each other in passes, then moves each by what has come together, past walls and ground.
fn make_room(props: &mut Props, (environment, place): (&Environment, &Place<'_>), scratch: &mut PropScratch) {
    let PropScratch { cells, movers, stale, .. } = scratch;
    if movers.iter().all(|mover| mover.touches == 0) {
        return;
    }
    for mover in movers.iter_mut() {
        mover.filed = props.view().position(mover.row);
    }
    for _ in 0..environment.rules.prop_motion.passes {
        for mover in movers.iter_mut() {
            let mut pressed = Pressed::default();
            for_each_touch(props, mover.row as usize, environment, cells, |one, other, touch| {
                pressed.add(one, other, touch);
            });
            mover.change = pressed.way(environment);
        }
        for mover in movers.iter_mut() {
            let (row, [x, y, z]) = (mover.row as usize, core::mem::take(&mut mover.change));
            let at = props.view().position(mover.row);
            props.set_position(row, at.offset(Metres(x as i32), Metres(y as i32), Metres(z as i32)));
        }
    }
    let motion = &environment.rules.prop_motion;
    let most = motion.push_max.0 * i32::from(motion.passes);
    for mover in movers.iter() {
        let (row, from, to) = (mover.row as usize, mover.filed, props.view().position(mover.row));
        if to == from {
            continue;
        }
        let rules = environment.rules.prop_kind(props.kind[row]);
        let at = place.shifted(from, [to.x - from.x, to.y - from.y, to.z - from.z], rules);
        props.set_position(row, at);
        // A way out of a wall may be longer than the cells allow for.
        *stale |= (at.x - from.x).abs().max((at.z - from.z).abs()).0 > most;
    }
}

/// Counts the ticks in which a prop is at rest, and lets it sleep after enough of them.
fn rest(props: &mut Props, environment: &Environment, scratch: &PropScratch) {
    let (motion, hz) = (&environment.rules.prop_motion, environment.tick_hz);
    let enough = Ticks::from_millis(u32::from(motion.rest_ms), hz).0.max(1);
    let near = motion.rest_speed.per_tick(hz).0 + 1;
    for mover in &scratch.movers {
        let (row, at) = (mover.row as usize, props.view().position(mover.row));
        // Its speed does not count: what is wedged between walls and others may want to go where it cannot.
        let rests = [(at.x, mover.start.x), (at.y, mover.start.y), (at.z, mover.start.z)]
            .iter()
            .all(|(now, then)| (*now - *then).abs().0 <= near);
        props.rest_ticks[row] = if rests { props.rest_ticks[row].saturating_add(1) } else { 0 };
        let reach = environment.rules.prop_kind(props.kind[row]).radius + Metres::ONE;
        if u32::from(props.rest_ticks[row]) >= enough && !environment.obstacles.may_pass(at.x, at.z, reach) {
            props.rest_ticks[row] = 0;
            props.flags[row] &= !prop_flags::AWAKE;
            props.set_velocity(row, Velocity::ZERO);
        }
    }
}

/// Adds a velocity to a prop's own; it wakes.
pub(crate) fn push(props: &mut Props, row: usize, velocity: Velocity) {
    let own = props.view().velocity(row as u32);
    let sum = |own: MetresPerSecond, more: MetresPerSecond| limited(i64::from(own.0) + i64::from(more.0));
    let sum = Velocity::from_raw(sum(own.x, velocity.x), sum(own.y, velocity.y), sum(own.z, velocity.z));
    props.set_velocity(row, sum);
    props.wake(row);
}

/// Wakes those whose ground changed, and lifts those that would be below it.
pub(crate) fn reground(
    props: &mut Props,
    rows: impl Iterator<Item = usize>,
    (x, z, reach): (Metres, Metres, Metres),
    environment: &Environment,
) {
    let near = |at: i32, middle: Metres| at.abs_diff(middle.0) <= reach.0.unsigned_abs();
    for row in rows {
        let (own_x, own_z) = (props.position_x[row], props.position_z[row]);
        if props.flags[row] & prop_flags::IN_USE != 0 && near(own_x, x) && near(own_z, z) {
            let ground = environment.terrain.height_at(Metres(own_x), Metres(own_z));
            props.position_y[row] = props.position_y[row].max(ground.0);
            props.wake(row);
        }
    }
}

/// Wakes those that may have lost their hold, or are where something stands now: a look at each.
pub(crate) fn wake_beside_walls(props: &mut Props, end: usize, tick: Tick, environment: &Environment) {
    for row in 0..end {
        if !props.sleeps(row) {
            continue;
        }
        let at = props.view().position(row as u32);
        let body = body::body_of(environment.rules.prop_kind(props.kind[row]));
        let above = at.y - environment.terrain.height_at(at.x, at.z);
        if i64::from(above.0) > contacts::NEAR || environment.obstacles.blocked(body, at, tick) {
            props.wake(row);
        }
    }
}
