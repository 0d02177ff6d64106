//! Named scenes: worlds with a script that says which commands each tick gets.
//!
//! A script is a function of the scene, the tick and the state it sees, so that every run of a scene is the same run.

use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::random_u32;
use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command, Event, Metres, Placement, StateHash, Tick, ViewAge, World,
    WorldConfig, buttons,
};

/// The golden scene of all languages: 64 characters on a square, 600 ticks of inputs from a small hash.
pub mod muster {
    use super::*;

    /// How many characters there are.
    pub const CHARACTERS: u32 = 64;
    /// Ticks with inputs; the spawns take one tick more, before them.
    pub const TICKS: u32 = 600;

    /// The configuration of the scene.
    #[must_use]
    pub fn config() -> WorldConfig {
        WorldConfig { seed: 7, character_capacity: 256, ..WorldConfig::default() }
    }

    /// The commands of tick 0.
    #[must_use]
    pub fn spawns() -> Vec<Command> {
        (0..CHARACTERS)
            .map(|i| Command::Spawn {
                tag: i,
                team: (i % 2) as u8,
                class: 0,
                placement: Placement::At {
                    x: Metres::from_m((i % 8) as i32 * 2 - 8),
                    z: Metres::from_m((i / 8) as i32 * 2 - 8),
                    yaw: Brads((i * 1_024) as u16),
                },
            })
            .collect()
    }

    /// One 32-bit mixing of (character, tick), the same in every language; a new one every 15 ticks.
    #[must_use]
    pub fn mix(i: u32, t: u32) -> u32 {
        let mut h =
            i.wrapping_mul(2_654_435_761).wrapping_add((t / 15).wrapping_mul(2_246_822_519)).wrapping_add(7);
        h ^= h >> 15;
        h = h.wrapping_mul(2_246_822_507);
        h ^= h >> 13;
        h = h.wrapping_mul(3_266_489_909);
        h ^ (h >> 16)
    }

    /// The input of character `i` in tick `t`.
    #[must_use]
    pub fn input(i: u32, t: u32) -> CharacterInput {
        let h = mix(i, t);
        CharacterInput {
            buttons: (h & 15) as u16,
            move_right: (((h >> 8) & 255) as u8).cast_signed(),
            move_forward: (((h >> 16) & 255) as u8).cast_signed(),
            yaw: Brads(((h >> 4) & 65_535) as u16),
            pitch: 0,
        }
    }

    /// Runs the scene on a world of [`config`] (or one that differs only in how it is executed).
    pub fn run(world: &mut World) -> StateHash {
        world.step(&spawns());
        let mut ids = [CharacterId::NONE; CHARACTERS as usize];
        for event in world.events() {
            if let Event::Spawned { tag, id } = event {
                ids[*tag as usize] = *id;
            }
        }
        let mut commands = Vec::new();
        for t in 1..=TICKS {
            commands.clear();
            commands.extend((0_u32..).zip(ids).map(|(i, id)| Command::Input { id, input: input(i, t) }));
            world.step(&commands);
        }
        world.state_hash()
    }
}

/// Two crowds that run into each other and fight until they are stopped: dense contacts, deaths, returns, arrows, and a
/// little coming and going.
#[derive(Clone, Debug)]
pub struct Brawl {
    /// Seed of the script.
    seed: u64,
    /// Characters that are kept in the world.
    characters: u32,
    /// Slots that were free when last looked at.
    teams: u8,
}

impl Brawl {
    /// Ticks after which a character thinks again.
    const THINK_EVERY: u32 = 12;

    /// The configuration for so many characters: the field grows with them.
    #[must_use]
    pub fn config(seed: u64, characters: u32) -> WorldConfig {
        let half_extent_m = match characters {
            0..=600 => 64,
            601..=4_000 => 128,
            _ => 256,
        };
        let mut config = WorldConfig {
            seed,
            half_extent: Metres::from_m(half_extent_m),
            character_capacity: characters + characters / 8 + 8,
            projectile_capacity: characters,
            ..WorldConfig::default()
        };
        // Larger crowds need room to appear in: about one character for each square metre and a half.
        let side_m = (1..).find(|side: &i32| (side * side * 3 / 2) as u32 >= characters / 2).unwrap_or(1);
        config.rules.life.spawn_width = Metres::from_m(side_m.max(20));
        config.rules.life.spawn_ring = Metres::from_m((side_m / 2 + 15).min(half_extent_m - 4));
        config
    }

    /// A script that keeps so many characters fighting.
    #[must_use]
    pub fn new(seed: u64, characters: u32) -> Self {
        Self { seed, characters, teams: 2 }
    }

    /// The commands of the world's next tick, into a cleared `out`. Allocates only while `out` grows.
    pub fn commands(&self, world: &World, out: &mut Vec<Command>) {
        out.clear();
        let tick = world.tick();
        let view = world.characters();
        let missing = (self.characters as usize).saturating_sub(world.character_count());
        for tag in 0..missing as u32 {
            let placement = match tag % 8 {
                0 => Placement::At { x: Metres(0), z: Metres::from_m(1), yaw: Brads(0) },
                _ => Placement::TeamSpawn,
            };
            out.push(Command::Spawn { tag, team: (tag % u32::from(self.teams)) as u8, class: 0, placement });
        }
        for slot in 0..world.character_slots_end() {
            let Some(id) = view.id_at(slot) else { continue };
            if tick.0.wrapping_add(slot).is_multiple_of(Self::THINK_EVERY) {
                let word = random_u32(self.seed, tick, slot, Purpose::Scripted);
                if word.is_multiple_of(997) {
                    out.push(Command::Despawn { id });
                } else {
                    out.push(Command::Input { id, input: self.think(world, slot, tick, word) });
                }
            }
            out.extend(Self::view(world, slot).map(|age| Command::View { id, age }));
        }
    }

    /// How old what the player of a slot sees is, when its weapon is ready: two of three play from somewhere else, each
    /// from 60 to 330 ms away at 60 Hz.
    fn view(world: &World, slot: u32) -> Option<ViewAge> {
        let (view, row, tick) = (world.characters(), slot as usize, world.tick());
        let is_due = |ready: u32| tick.signed_distance(Tick(ready)) >= 0;
        let pressed = view.input_buttons[row];
        let ready = [
            view.primary_ready_tick[row],
            view.secondary_ready_tick[row],
            view.ability_1_ready_tick[row],
            view.ability_2_ready_tick[row],
        ];
        let begins =
            buttons::ARMS.iter().zip(ready).any(|(button, ready)| pressed & button != 0 && is_due(ready));
        let away = !slot.is_multiple_of(3) && view.is_alive(slot) && begins;
        away.then(|| ViewAge((60 + slot * 37 % 260) as u16))
    }

    /// Runs at the nearest enemy it sees, else towards the middle; strikes when near, shoots when far; abilities now and
    /// then.
    fn think(&self, world: &World, slot: u32, tick: Tick, word: u32) -> CharacterInput {
        let view = world.characters();
        let own = view.position(slot);
        let mut nearest = (u64::MAX, u32::MAX);
        world.for_each_character_in_radius(own.x, own.z, Metres::from_m(6), |other| {
            if view.is_alive(other) && view.team[other as usize] != view.team[slot as usize] {
                let distance = own.horizontal_distance_squared(view.position(other));
                nearest = nearest.min((distance, other));
            }
        });
        let enemy = (nearest.1 != u32::MAX).then(|| view.position(nearest.1));
        let middle = shieldwall_core::Position::ORIGIN;
        let yaw = own.yaw_toward(enemy.unwrap_or(middle));
        let wobble = Brads((word >> 20) as u16).0.wrapping_sub(2_048);
        let close = own.horizontal_distance(enemy.unwrap_or(middle)) < Metres::from_mm(1_500);
        let mut pressed = if enemy.is_some() { buttons::MELEE } else { buttons::SPRINT };
        if word & 0x700 == 0 {
            pressed |= buttons::JUMP;
        }
        if enemy.is_none() && (tick.0 ^ word).is_multiple_of(3) {
            pressed |= buttons::SHOOT;
        }
        // Abilities now and then, and a shield against who is near.
        pressed |= match (word >> 12 & 15, enemy.is_some()) {
            (0 | 1, true) => buttons::ABILITY_1,
            (2, true) | (0, false) => buttons::ABILITY_2,
            (3 | 4, true) => buttons::BLOCK,
            _ => 0,
        };
        CharacterInput {
            buttons: pressed,
            move_right: ((word & 63) as i8) - 32,
            move_forward: if close { 10 } else { 127 },
            yaw: Brads(yaw.0.wrapping_add(wobble)),
            pitch: 900,
        }
    }
}

/// A running brawl: its world, its script and the commands of the last tick.
#[derive(Debug)]
pub struct RunningBrawl {
    /// The world.
    pub world: World,
    /// The script.
    pub brawl: Brawl,
    /// The commands of the last tick.
    pub commands: Vec<Command>,
}

impl RunningBrawl {
    /// A fresh brawl.
    ///
    /// # Panics
    /// When the kernel refuses the scene's configuration: a mistake in this file.
    #[must_use]
    pub fn new(config: &WorldConfig, characters: u32) -> Self {
        let world = World::new(config).expect("the scene's configuration is valid");
        let commands = Vec::with_capacity(2 * config.character_capacity as usize);
        Self { world, brawl: Brawl::new(config.seed, characters), commands }
    }

    /// Runs one tick of the script.
    pub fn step(&mut self) -> shieldwall_core::StepReport {
        self.brawl.commands(&self.world, &mut self.commands);
        self.world.step(&self.commands)
    }
}
