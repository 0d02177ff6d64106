//! What comes from outside, in the order it comes.

use super::{Character, Reference};
use shieldwall_core::{
    CharacterId, CharacterInput, Command, Event, MOVEMENT_CLASSES, Metres, Placement, SpawnRefusal, flags,
};

impl Reference {
    /// Carries out the commands; counts those that do not fit the world.
    pub(super) fn obey(&mut self, commands: &[Command]) {
        for command in commands {
            let done = match *command {
                Command::Spawn { tag, team, class, placement } => self.spawn(tag, team, class, placement),
                Command::Despawn { id } => self.despawn(id),
                Command::Input { id, input } => self.take_input(id, input),
                Command::SetClass { id, class } => match self.row_of(id) {
                    Some(row) if usize::from(class) < MOVEMENT_CLASSES => {
                        self.change_class(row, class);
                        true
                    }
                    _ => false,
                },
                Command::View { id, age } => match self.row_of(id) {
                    Some(row) => {
                        self.take_view(row, age.0);
                        true
                    }
                    None => false,
                },
                Command::Impulse { id, velocity } => match self.row_of(id) {
                    Some(row) if self.characters[row].is_alive() => {
                        self.throw(row, velocity);
                        true
                    }
                    _ => false,
                },
                Command::Deform { x, z, radius, .. } => self.deform(command, [x, z, radius]),
                Command::SpawnProp { tag, kind, position, yaw } => self.spawn_prop(tag, kind, position, yaw),
                Command::RemoveProp { id } => self.remove_prop(id),
                Command::PushProp { id, velocity } => self.push_prop(id, velocity),
                // It has no structures, and no minds: its worlds are battles of players in the open.
                Command::StrikeStructure { .. }
                | Command::BuildStructure { .. }
                | Command::SpawnNpc { .. }
                | Command::SetHome { .. } => false,
            };
            if !done {
                self.report.tally.commands_refused += 1;
            }
        }
    }

    fn spawn(&mut self, tag: u32, team: u8, class: u8, placement: Placement) -> bool {
        let free = self.characters.iter().position(|row| row.flags & flags::IN_USE == 0);
        let refusal = if team >= self.config.teams {
            Some(SpawnRefusal::UnknownTeam)
        } else if usize::from(class) >= MOVEMENT_CLASSES {
            Some(SpawnRefusal::UnknownClass)
        } else if free.is_none() {
            Some(SpawnRefusal::WorldFull)
        } else {
            None
        };
        let (Some(row), None) = (free, refusal) else {
            let reason = refusal.unwrap_or(SpawnRefusal::WorldFull);
            self.events.push(Event::SpawnRefused { tag, reason });
            return false;
        };
        let generation = match self.characters[row].generation.wrapping_add(1) {
            0 => 1,
            next => next,
        };
        self.characters[row] = Character { generation, team, class, ..Character::default() };
        let edge = self.edge(class);
        let (x, z, yaw) = match placement {
            Placement::TeamSpawn => self.place_of_team(row),
            Placement::At { x: Metres(x), z: Metres(z), yaw } => {
                (x.clamp(-edge, edge), z.clamp(-edge, edge), yaw.0)
            }
        };
        self.characters[row].input_yaw = yaw;
        self.bring_to_life(row, (x, z, yaw));
        self.events.push(Event::Spawned { tag, id: self.id(row) });
        true
    }

    fn despawn(&mut self, id: CharacterId) -> bool {
        let Some(row) = self.row_of(id) else { return false };
        self.characters[row] = Character { generation: id.generation, ..Character::default() };
        self.events.push(Event::Despawned { id });
        true
    }

    fn take_input(&mut self, id: CharacterId, input: CharacterInput) -> bool {
        let Some(row) = self.row_of(id) else { return false };
        let character = &mut self.characters[row];
        character.input_buttons = input.buttons & 0x1FF;
        character.input_right = input.move_right.max(-127);
        character.input_forward = input.move_forward.max(-127);
        character.input_yaw = input.yaw.0;
        character.input_pitch = input.pitch.clamp(-16_383, 16_383);
        true
    }

    /// Deforms the ground that it has from a world of the kernel, and lets those on it follow.
    pub(super) fn deform(&mut self, command: &Command, [x, z, radius]: [Metres; 3]) -> bool {
        if self.ground.step(&[*command]).tally.commands_refused > 0 {
            return false;
        }
        self.events.extend_from_slice(self.ground.events());
        let reach = radius.0 + self.config.terrain_spacing.0;
        for row in 0..self.characters.len() {
            let character = &self.characters[row];
            let in_use = character.flags & flags::IN_USE != 0;
            let aside = character.position_x.abs_diff(x.0).max(character.position_z.abs_diff(z.0));
            if in_use && aside <= reach.unsigned_abs() {
                self.follow_ground(row);
            }
        }
        self.follow_ground_props(x.0, z.0, reach.unsigned_abs());
        true
    }
}
