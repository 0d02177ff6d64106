//! Stage "commands": what came from outside, in the order it came.

use super::rewind::{Views, oldest_view};
use super::{Environment, Tally, craters, lifecycle, movement, npcs, props, structures};
use crate::limits::DEFORMATIONS_PER_TICK_MAX;
use crate::numeric::Metres;
use crate::rules::MOVEMENT_CLASSES;
use crate::spatial::Deformation;
use crate::state::State;
use crate::state::commands::{Command, Placement, ViewAge};
use crate::state::events::{Event, EventBuffer, SpawnRefusal};
use crate::state::handle::CharacterId;
use crate::state::props::PropPlace;
use alloc::vec::Vec;

/// What commands asked to change that is looked up in tables of its own.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Changes {
    /// Which props there are.
    pub props: bool,
    /// The ground.
    pub ground: bool,
}

/// What commands work on.
pub(crate) struct CommandStage<'a> {
    pub state: &'a mut State,
    pub environment: &'a mut Environment,
    pub views: &'a mut Views,
    pub deformations: &'a mut Vec<Deformation>,
    pub events: &'a mut EventBuffer,
    pub tally: &'a mut Tally,
}

/// Carries out the commands. What does not fit the world is refused and counted; a spawn is also answered.
pub(crate) fn run(mut stage: CommandStage<'_>, commands: &[Command]) -> Changes {
    stage.views.clear();
    let oldest = oldest_view(&stage.state.history, &stage.environment.timing);
    let mut changes = Changes::default();
    for command in commands {
        // Nearly all are inputs: their way is short.
        let done = if let Command::Input { id, input } = *command {
            match stage.state.characters.row_of(id) {
                Some(row) => {
                    stage.state.characters.set_input(row, input.sanitized());
                    true
                }
                None => false,
            }
        } else {
            stage.carry_out(command, oldest, &mut changes)
        };
        if !done {
            stage.tally.commands_refused += 1;
        }
    }
    changes
}

impl CommandStage<'_> {
    /// Carries out one command that is no input; whether it fitted.
    #[inline(never)]
    fn carry_out(&mut self, command: &Command, oldest: ViewAge, changes: &mut Changes) -> bool {
        let Self { state, environment, views, deformations, events, tally } = self;
        match *command {
            Command::Input { .. } => false,
            Command::Spawn { tag, team, class, placement } => {
                answer(tag, spawn(state, team, class, placement, environment), events)
            }
            Command::Despawn { id } => {
                let was_there = state.free_character(id);
                if was_there {
                    events.push(Event::Despawned { id });
                }
                was_there
            }
            Command::SetClass { id, class } => set_class(state, id, class, environment),
            Command::Impulse { id, velocity } => match state.characters.row_of(id) {
                Some(row) => movement::impulse(&mut state.characters, row, velocity),
                None => false,
            },
            Command::Deform { x, z, radius, depth } => {
                changes.ground = true;
                let deformation = Deformation { x, z, radius, depth };
                deformations.len() < DEFORMATIONS_PER_TICK_MAX
                    && craters::deform(state, &deformation, environment, deformations, events)
            }
            Command::View { id, age } => match state.characters.row_of(id) {
                Some(row) => {
                    tally.views_capped += u32::from(age > oldest);
                    views.set(row, age.min(oldest));
                    true
                }
                None => false,
            },
            Command::StrikeStructure { section, damage } => {
                structures::strike_by_command(state, environment, (section, damage), events, tally)
            }
            Command::BuildStructure { section, health } => {
                structures::build(state, environment, (section, health), events, tally)
            }
            Command::SpawnNpc { tag, team, kind, placement } => {
                answer(tag, spawn_npc(state, team, kind, placement, environment), events)
            }
            Command::SetHome { id, x, z } => npcs::set_home(state, id, (x, z), environment),
            Command::SpawnProp { .. } | Command::RemoveProp { .. } | Command::PushProp { .. } => {
                changes.props |= !matches!(command, Command::PushProp { .. });
                of_prop(command, state, environment, events)
            }
        }
    }
}

/// Carries out what is about props; whether it fitted.
fn of_prop(
    command: &Command,
    state: &mut State,
    environment: &Environment,
    events: &mut EventBuffer,
) -> bool {
    match *command {
        Command::SpawnProp { tag, kind, position, yaw } => {
            let place = PropPlace { kind, position, yaw };
            let spawned = props::life::spawn(state, environment, &place, events);
            events.push(match spawned {
                Ok(id) => Event::PropSpawned { tag, id },
                Err(reason) => Event::SpawnRefused { tag, reason },
            });
            spawned.is_ok()
        }
        Command::RemoveProp { id } => props::life::remove_by_command(state, environment, id, events),
        Command::PushProp { id, velocity } => match state.props.row_of(id) {
            Some(row) => {
                props::push(&mut state.props, row, velocity);
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// Tells what became of a spawn; whether it happened.
fn answer(tag: u32, spawned: Result<CharacterId, SpawnRefusal>, events: &mut EventBuffer) -> bool {
    events.push(match spawned {
        Ok(id) => Event::Spawned { tag, id },
        Err(reason) => Event::SpawnRefused { tag, reason },
    });
    spawned.is_ok()
}

/// A character of the kind's class, and a mind for it.
fn spawn_npc(
    state: &mut State,
    team: u8,
    kind: u8,
    placement: Placement,
    environment: &Environment,
) -> Result<CharacterId, SpawnRefusal> {
    npcs::has_room(state, kind)?;
    let id = spawn(state, team, environment.rules.npc_kind(kind).class, placement, environment)?;
    npcs::settle(state, id, kind);
    Ok(id)
}

fn spawn(
    state: &mut State,
    team: u8,
    class: u8,
    placement: Placement,
    environment: &Environment,
) -> Result<CharacterId, SpawnRefusal> {
    if team >= environment.teams {
        return Err(SpawnRefusal::UnknownTeam);
    }
    if usize::from(class) >= MOVEMENT_CLASSES {
        return Err(SpawnRefusal::UnknownClass);
    }
    let id = state.allocate_character().ok_or(SpawnRefusal::WorldFull)?;
    let row = id.slot as usize;
    state.characters.team[row] = team;
    state.characters.class[row] = class;
    let (x, z, yaw) = match placement {
        Placement::TeamSpawn => lifecycle::team_spawn(team, class, id.slot, state.tick, environment),
        Placement::At { x, z, yaw } => {
            let edge = environment.edge(class);
            let inside = |metres: Metres| metres.min(edge).max(-edge);
            (inside(x), inside(z), yaw)
        }
    };
    // Until its first input comes it goes on looking where it was put.
    state.characters.input_yaw[row] = yaw.0;
    let rows = &mut state.characters.rows_below(row + 1);
    lifecycle::bring_to_life(rows, row, (x, z, yaw), state.tick, environment);
    Ok(id)
}

/// Gives a character another movement class: what its body was doing ends, and it is moved inside the bounds of its new
/// radius. False when the id is not current or there is no such class.
fn set_class(state: &mut State, id: CharacterId, class: u8, environment: &Environment) -> bool {
    let Some(row) = state.characters.row_of(id) else { return false };
    if usize::from(class) >= MOVEMENT_CLASSES {
        return false;
    }
    movement::change_class(&mut state.characters, row, class, environment);
    true
}
