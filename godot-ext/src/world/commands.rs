//! Commands: what a script wants of the next step. All of them are queued and run in their order.
//!
//! A number that no command can hold is refused here. What only the world can judge (is there such a character, such a
//! team) it judges in the step: it counts "commands_refused", or answers with "spawn_refused".

use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command, MetresPerSecond, MovementRules, NpcRules, Placement,
    Velocity, ViewAge,
};

use super::ShieldwallWorld;
use super::names::number_of;
use crate::convert::{brads_from_radians, finite_metres, input_from};
use crate::files::refuse;

/// Commands of one step at most.
const QUEUE_MAX: usize = 1 << 20;

fn whole<T: TryFrom<i64>>(name: &str, value: i64) -> Result<T, String> {
    T::try_from(value).map_err(|_| format!("{name} cannot be {value}"))
}

fn id_of(id: i64) -> CharacterId {
    CharacterId::from_bits(id as u64)
}

fn class_of(name: &GString) -> Result<u8, String> {
    number_of("movement class", &MovementRules::CLASSES, name)
}

fn kind_of(name: &GString) -> Result<u8, String> {
    number_of("kind of character that nobody plays", &NpcRules::KINDS, name)
}

fn place_at(x: f64, z: f64, yaw: i64) -> Result<Placement, String> {
    let (x, z) = (finite_metres("x", x)?, finite_metres("z", z)?);
    Ok(Placement::At { x, z, yaw: Brads((yaw & 0xFFFF) as u16) })
}

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// Brings a character to its team's spawn area with the next step. The event and the signal that answer carry
    /// [param tag], from 0 to 4294967295. ERR_INVALID_PARAMETER when a number or a name cannot be.
    #[func]
    fn queue_spawn(
        &mut self,
        tag: i64,
        team: i64,
        #[opt(default = "soldier")] movement_class: GString,
    ) -> Error {
        let command = || {
            let (tag, team, class) = (whole("tag", tag)?, whole("team", team)?, class_of(&movement_class)?);
            Ok(Command::Spawn { tag, team, class, placement: Placement::TeamSpawn })
        };
        self.queue("queue_spawn", command())
    }

    /// Brings a character to a place (metres) with the next step, looking to [param yaw] (65536 = a full turn, 0 = -z,
    /// growing to the left).
    #[func]
    fn queue_spawn_at(
        &mut self,
        tag: i64,
        team: i64,
        x: f64,
        z: f64,
        yaw: i64,
        #[opt(default = "soldier")] movement_class: GString,
    ) -> Error {
        let command = || {
            let (tag, team, class) = (whole("tag", tag)?, whole("team", team)?, class_of(&movement_class)?);
            Ok(Command::Spawn { tag, team, class, placement: place_at(x, z, yaw)? })
        };
        self.queue("queue_spawn_at", command())
    }

    /// Brings a character that nobody plays to its team's spawn area with the next step; there is its home. [param kind]
    /// is one of [method get_npc_kinds].
    #[func]
    fn queue_spawn_npc(&mut self, tag: i64, team: i64, kind: GString) -> Error {
        let command = || {
            let (tag, team, kind) = (whole("tag", tag)?, whole("team", team)?, kind_of(&kind)?);
            Ok(Command::SpawnNpc { tag, team, kind, placement: Placement::TeamSpawn })
        };
        self.queue("queue_spawn_npc", command())
    }

    /// Brings a character that nobody plays to a place (metres) with the next step; there is its home.
    #[func]
    fn queue_spawn_npc_at(&mut self, tag: i64, team: i64, kind: GString, x: f64, z: f64, yaw: i64) -> Error {
        let command = || {
            let (tag, team, kind) = (whole("tag", tag)?, whole("team", team)?, kind_of(&kind)?);
            Ok(Command::SpawnNpc { tag, team, kind, placement: place_at(x, z, yaw)? })
        };
        self.queue("queue_spawn_npc_at", command())
    }

    /// Gives a character that nobody plays another home with the next step (metres).
    #[func]
    fn queue_set_home(&mut self, id: i64, x: f64, z: f64) -> Error {
        let command = || {
            let (x, z) = (finite_metres("x", x)?, finite_metres("z", z)?);
            Ok(Command::SetHome { id: id_of(id), x, z })
        };
        self.queue("queue_set_home", command())
    }

    /// Takes a character out with the next step.
    #[func]
    fn queue_despawn(&mut self, id: i64) -> Error {
        self.queue("queue_despawn", Ok(Command::Despawn { id: id_of(id) }))
    }

    /// Sets a character's input with the next step; it holds until the next one. Moves go from -127 to 127, angles
    /// have 65536 to the turn, buttons are the BUTTON bits of [ShieldwallClient].
    #[func]
    fn queue_input(
        &mut self,
        id: i64,
        buttons: i64,
        move_right: i64,
        move_forward: i64,
        yaw: i64,
        pitch: i64,
    ) -> Error {
        let input = CharacterInput {
            buttons: (buttons & 0xFFFF) as u16,
            move_right: move_right.clamp(-127, 127) as i8,
            move_forward: move_forward.clamp(-127, 127) as i8,
            yaw: Brads((yaw & 0xFFFF) as u16),
            pitch: pitch.clamp(-16_383, 16_383) as i16,
        };
        self.queue("queue_input", Ok(Command::Input { id: id_of(id), input }))
    }

    /// Sets the inputs of many in one call: for each id its buttons, its movement (x right, y forward, length up to 1) and
    /// where it looks (x yaw, y pitch, radians). ERR_INVALID_PARAMETER, and nothing is queued, when the arrays differ in
    /// length.
    #[func]
    fn queue_inputs(
        &mut self,
        ids: PackedInt64Array,
        buttons: PackedInt32Array,
        movements: PackedVector2Array,
        looks: PackedVector2Array,
    ) -> Error {
        let count = ids.len();
        let lengths = [buttons.len(), movements.len(), looks.len()];
        if lengths.iter().any(|length| *length != count) {
            let why = format!("{count} ids, but {lengths:?} buttons, movements and looks");
            return refuse("queue_inputs", why, Error::ERR_INVALID_PARAMETER);
        }
        if self.commands.len() + count > QUEUE_MAX {
            return refuse(
                "queue_inputs",
                format!("more than {QUEUE_MAX} commands"),
                Error::ERR_OUT_OF_MEMORY,
            );
        }
        let whats = buttons.as_slice().iter().zip(movements.as_slice()).zip(looks.as_slice());
        self.commands.extend(ids.as_slice().iter().zip(whats).map(|(id, ((buttons, movement), look))| {
            let input = input_from(*movement, look.x.into(), look.y.into(), i64::from(*buttons));
            Command::Input { id: id_of(*id), input }
        }));
        Error::OK
    }

    /// Says with the input of a tick how old what the character's player saw of the others was, in ticks, up to 4095: its
    /// attacks that begin in this tick are judged by where they were then, as far as the table `lag` of the rules allows.
    #[func]
    fn queue_view(&mut self, id: i64, age_ticks: f64) -> Error {
        let command = || {
            let parts = (age_ticks * f64::from(ViewAge::PARTS)).round();
            if !(0.0..=f64::from(u16::MAX)).contains(&parts) {
                return Err(format!("age_ticks cannot be {age_ticks}"));
            }
            Ok(Command::View { id: id_of(id), age: ViewAge(parts as u16) })
        };
        self.queue("queue_view", command())
    }

    /// Gives a character another movement class with the next step: mounts it, dismounts it, changes its shape.
    #[func]
    fn queue_set_class(&mut self, id: i64, movement_class: GString) -> Error {
        let command = class_of(&movement_class).map(|class| Command::SetClass { id: id_of(id), class });
        self.queue("queue_set_class", command)
    }

    /// Adds a velocity (metres per second) to a character's own with the next step: a blast, a blow, a spring.
    #[func]
    fn queue_impulse(&mut self, id: i64, velocity: Vector3) -> Error {
        let command = || {
            let part =
                |name: &str, value: f32| finite_metres(name, value.into()).map(|raw| MetresPerSecond(raw.0));
            let (x, y) = (part("velocity.x", velocity.x)?, part("velocity.y", velocity.y)?);
            let velocity = Velocity { x, y, z: part("velocity.z", velocity.z)? };
            Ok(Command::Impulse { id: id_of(id), velocity })
        };
        self.queue("queue_impulse", command())
    }

    /// Deforms the ground with the next step: a round dent around a place (metres), [param depth] deep in the middle;
    /// negative heaps a mound. The radius goes from one terrain spacing to 32 m.
    #[func]
    fn queue_deform(&mut self, x: f64, z: f64, radius: f64, depth: f64) -> Error {
        let command = || {
            let (x, z) = (finite_metres("x", x)?, finite_metres("z", z)?);
            let (radius, depth) = (finite_metres("radius", radius)?, finite_metres("depth", depth)?);
            Ok(Command::Deform { x, z, radius, depth })
        };
        self.queue("queue_deform", command())
    }

    /// Takes health from a section of a structure with the next step, whatever its kind; with the last of it the section
    /// falls.
    #[func]
    fn queue_strike_section(&mut self, section: i64, damage: i64) -> Error {
        let command = || {
            let (section, damage) = (whole("section", section)?, whole("damage", damage)?);
            Ok(Command::StrikeStructure { section, damage })
        };
        self.queue("queue_strike_section", command())
    }

    /// Gives a section of a structure health with the next step, at most what its kind has; one that had fallen stands
    /// again, and who is in it is pushed out.
    #[func]
    fn queue_build_section(&mut self, section: i64, health: i64) -> Error {
        let command = || {
            let (section, health) = (whole("section", section)?, whole("health", health)?);
            Ok(Command::BuildStructure { section, health })
        };
        self.queue("queue_build_section", command())
    }

    /// Commands that wait for the next step.
    #[func]
    fn get_queued_count(&self) -> i64 {
        self.commands.len() as i64
    }

    /// Forgets the commands that wait for the next step.
    #[func]
    fn clear_queue(&mut self) {
        self.commands.clear();
    }

    /// The kernel's direction of a yaw in radians (as rotation.y of a node): what [method queue_input] and the spawns take.
    #[func]
    fn yaw_from_radians(radians: f64) -> i64 {
        brads_from_radians(radians).0.into()
    }
}

impl ShieldwallWorld {
    pub(super) fn queue(&mut self, method: &str, command: Result<Command, String>) -> Error {
        match command {
            Err(why) => refuse(method, why, Error::ERR_INVALID_PARAMETER),
            Ok(_) if self.world.is_none() => {
                refuse(method, "there is no world: call create() first", Error::ERR_UNCONFIGURED)
            }
            Ok(_) if self.commands.len() >= QUEUE_MAX => {
                refuse(method, format!("more than {QUEUE_MAX} commands"), Error::ERR_OUT_OF_MEMORY)
            }
            Ok(command) => {
                self.commands.push(command);
                Error::OK
            }
        }
    }
}
