//! The kernel against the plain one: after every tick every value of every row, the events and the report are the same,
//! on the widest lanes and on the scalar ones. Rules, classes, crowds and commands are drawn at random.

#[path = "reference/places.rs"]
mod places;

use places::{compare_places, draw_places};
use proptest::prelude::*;
use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::{below, random_u32};
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{
    ArmRules, Brads, CharacterId, CharacterInput, Command, EffectRules, LaneChoice, Metres, MetresPerSecond,
    MovementRules, Placement, Position, PropId, Rules, Tally, Tick, Velocity, ViewAge, World, WorldConfig,
};
use shieldwall_tests::reference::{Arrow, Character, Effect, Prop, Reference};

/// Random words in a row.
struct Dice {
    seed: u64,
    thrown: u32,
}

impl Dice {
    fn word(&mut self) -> u32 {
        self.thrown += 1;
        random_u32(self.seed, Tick(self.thrown), 0, Purpose::Scripted)
    }

    /// 0 to below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        below(self.word(), bound)
    }

    /// One time in so many.
    fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low) as u32 + 1) as i32
    }

    fn metres(&mut self, low_mm: i32, high_mm: i32) -> Metres {
        Metres::from_mm(self.between(low_mm, high_mm))
    }

    fn speed(&mut self, low_mm: i32, high_mm: i32) -> MetresPerSecond {
        MetresPerSecond::from_mm(self.between(low_mm, high_mm))
    }

    fn ms(&mut self, low: u32, high: u32) -> u16 {
        (low + self.below(high - low + 1)) as u16
    }
}

/// A movement class with some of its numbers drawn.
fn draw_class(dice: &mut Dice, class: &mut MovementRules) {
    class.radius = if dice.one_in(6) { dice.metres(200, 5_000) } else { dice.metres(200, 800) };
    let height = 2 * class.radius.0 + dice.metres(400, 2_000).0;
    class.height = Metres(height);
    class.crouch_height = Metres(height - dice.between(0, height - 2 * class.radius.0));
    class.weight_kg = dice.ms(1, 2_000);
    class.walk_speed = dice.speed(100, 8_000);
    class.sprint_speed = class.walk_speed + dice.speed(0, 9_000);
    class.jump_speed = dice.speed(0, 9_000);
    class.slope_limit_per_256 = dice.ms(20, 400);
    class.ground_acceleration_per_s = dice.speed(1_000, 200_000);
    class.ground_friction_per_s = dice.speed(1_000, 200_000);
    class.air_acceleration_per_s = dice.speed(0, 40_000);
    class.step_down = dice.metres(0, 600);
    class.dodge_distance = dice.metres(0, 4_000);
    class.dodge_ms = dice.ms(0, 600);
    class.jump_rest_ms = dice.ms(0, 400);
}

/// Weapons, effects and kits, mostly drawn: of every kind, for every side, with everything they can have.
fn draw_arms(dice: &mut Dice, rules: &mut Rules) {
    for arm in &mut rules.arms {
        let some = |dice: &mut Dice, low: u32, high: u32| if dice.one_in(2) { 0 } else { dice.ms(low, high) };
        *arm = ArmRules {
            kind: dice.below(5) as u8,
            affects: if dice.one_in(2) { 0 } else { dice.below(4) as u8 },
            damage: some(dice, 1, 600),
            damage_kind: dice.below(4) as u8,
            healing: if dice.one_in(4) { dice.ms(0, 400) } else { 0 },
            structure_per_256: dice.ms(0, 1_024),
            reach: if dice.one_in(4) { dice.metres(0, 90_000) } else { dice.metres(0, 8_000) },
            cone: Brads(dice.ms(182, 32_768)),
            height_reach: dice.metres(0, 4_000),
            targets: dice.ms(1, 4) as u8,
            speed: dice.speed(1_000, 90_000),
            gravity_per_s: dice.speed(0, 30_000),
            launch_height: dice.metres(0, 4_000),
            radius: dice.metres(0, 499),
            lifetime_ms: dice.ms(50, 2_000),
            pierce: if dice.one_in(2) { 0 } else { dice.below(4) as u8 },
            blast_radius: if dice.one_in(2) { Metres::ZERO } else { dice.metres(0, 12_000) },
            blast_rim_per_256: dice.ms(0, 256),
            blast_cover: dice.below(2) as u8,
            crater_depth: if dice.one_in(3) { dice.metres(0, 2_000) } else { Metres::ZERO },
            knock: if dice.one_in(3) { dice.speed(0, 20_000) } else { MetresPerSecond::ZERO },
            knock_up: if dice.one_in(3) { dice.speed(0, 9_000) } else { MetresPerSecond::ZERO },
            effect: if dice.one_in(2) { 0 } else { dice.below(11) as u8 },
            cooldown_ms: dice.ms(50, 800),
            cast_ms: some(dice, 1, 400),
            cast_breaks: dice.below(2) as u8,
            stamina: some(dice, 1, 60),
            combo_ms: some(dice, 1, 1_500),
            combo_steps: dice.below(5) as u8,
            combo_bonus_per_256: dice.ms(0, 300),
        };
    }
    draw_effects(dice, rules);
    draw_kits(dice, rules);
}

/// Status effects of every kind.
fn draw_effects(dice: &mut Dice, rules: &mut Rules) {
    for effect in &mut rules.effects[..10] {
        *effect = EffectRules {
            duration_ms: dice.ms(50, 3_000),
            period_ms: if dice.one_in(3) { 0 } else { dice.ms(1, 500) },
            damage: if dice.one_in(2) { 0 } else { dice.ms(1, 60) },
            damage_kind: dice.below(4) as u8,
            healing: if dice.one_in(3) { dice.ms(1, 60) } else { 0 },
            stacks: dice.ms(1, 15) as u8,
            stuns: u8::from(dice.one_in(6)),
            roots: u8::from(dice.one_in(6)),
            slows: u8::from(dice.one_in(4)),
            dealt_per_256: dice.ms(0, 600),
            taken_per_256: dice.ms(0, 600),
            aura_radius: if dice.one_in(4) { dice.metres(0, 20_000) } else { Metres::ZERO },
            aura_effect: dice.below(11) as u8,
            // Decides what clients are told, and nothing in the kernel.
            hidden_beyond: Metres::from_m(8),
        };
    }
}

/// What is on whose buttons, and what all fighting shares.
fn draw_kits(dice: &mut Dice, rules: &mut Rules) {
    for kit in &mut rules.kit {
        for arm in [&mut kit.primary, &mut kit.secondary, &mut kit.ability_1, &mut kit.ability_2] {
            *arm = dice.below(33) as u8;
        }
        for share in
            [&mut kit.slash_per_256, &mut kit.pierce_per_256, &mut kit.blunt_per_256, &mut kit.fire_per_256]
        {
            *share = dice.ms(0, 600);
        }
        kit.block_per_256 = dice.ms(0, 256);
        kit.block_cone = Brads(dice.ms(182, 32_768));
    }
    let combat = &mut rules.combat;
    combat.critical_per_1000 = dice.ms(0, 1_000);
    combat.critical_factor_per_256 = dice.ms(0, 900);
    combat.global_cooldown_ms = dice.ms(0, 400);
    combat.slow_per_256 = dice.ms(0, 256);
    combat.stamina_max = dice.ms(0, 300);
    combat.stamina_per_s = dice.ms(0, 200);
    combat.dodge_stamina = dice.ms(0, 60);
    combat.block_stamina_per_1000 = dice.ms(0, 1_000);
    combat.dodge_safe_ms = dice.ms(0, 400);
    combat.spawn_safe_ms = dice.ms(0, 600);
}

/// Props, all of them drawn.
fn draw_props(dice: &mut Dice, rules: &mut Rules) {
    let motion = &mut rules.prop_motion;
    motion.gravity_per_s = dice.speed(1_000, 50_000);
    motion.passes = dice.ms(1, 8) as u8;
    motion.push_max = dice.metres(1, 99);
    motion.kick_max = dice.speed(0, 29_999);
    motion.rest_speed = dice.speed(11, 999);
    motion.rest_ms = dice.ms(20, 600);
    motion.wake_speed = dice.speed(11, 2_000);
    for kind in &mut rules.prop {
        let health = if dice.one_in(2) { dice.ms(1, 300) } else { dice.ms(1, 5_000) };
        kind.radius = if dice.one_in(4) { dice.metres(101, 1_499) } else { dice.metres(101, 600) };
        kind.height = dice.metres(131, 2_000);
        kind.weight_kg = if dice.one_in(4) { dice.ms(1, 65_535) } else { dice.ms(1, 200) };
        kind.friction_per_256 = dice.ms(8, 1_024);
        kind.bounce_per_256 = dice.ms(0, 230);
        kind.health = health;
        for share in [
            &mut kind.slash_per_256,
            &mut kind.pierce_per_256,
            &mut kind.blunt_per_256,
            &mut kind.fire_per_256,
        ] {
            *share = dice.ms(0, 1_024);
        }
        kind.knock_per_256 = dice.ms(0, 1_024);
        kind.blocks = u8::from(!dice.one_in(4));
        kind.pushed = u8::from(!dice.one_in(4));
        kind.stops = u8::from(!dice.one_in(4));
        kind.lifetime_ms = if dice.one_in(2) { 0 } else { dice.below(3_000) };
        kind.debris_kind = dice.below(9) as u8;
        kind.debris_count = dice.below(9) as u8;
    }
}

fn draw_rules(dice: &mut Dice, half_extent: Metres) -> Rules {
    let mut rules = Rules::default();
    for class in &mut rules.movement {
        if dice.one_in(2) {
            draw_class(dice, class);
        }
    }
    // All bodies alike, as in most battles: another way through the lanes.
    if dice.one_in(3) {
        let radius = rules.movement[0].radius;
        for class in &mut rules.movement {
            (class.radius, class.weight_kg) = (radius, 80);
            (class.height, class.crouch_height) = (Metres(3 * radius.0), Metres(2 * radius.0));
        }
    }
    if dice.one_in(4) {
        rules.water.level = dice.metres(-6_000, 6_000);
    }
    rules.crowd.stiffness_per_256 = dice.ms(0, 512);
    rules.crowd.passes = dice.below(9) as u8;
    rules.crowd.push_max = dice.metres(0, 300);
    draw_arms(dice, &mut rules);
    draw_props(dice, &mut rules);
    rules.life.health_max = dice.ms(1, 1_500);
    rules.life.regeneration_per_s = if dice.one_in(2) { dice.ms(0, 20) } else { dice.ms(0, 65_535) };
    rules.life.regeneration_delay_ms = dice.ms(0, 1_000);
    rules.life.respawn_ms = dice.ms(50, 1_500);
    rules.life.spawn_ring = Metres(dice.between(0, half_extent.0));
    rules.life.spawn_width = Metres(dice.between(0, half_extent.0));
    rules.life.friendly_fire = dice.below(2) as u8;
    rules.lag.rewind_max_ms = if dice.one_in(6) { 0 } else { dice.ms(1, 500) };
    rules.lag.dodge_favour_ms = dice.ms(0, 500);
    rules
}

fn draw_config(dice: &mut Dice, characters: u32) -> WorldConfig {
    let half_extent = if dice.one_in(5) { dice.metres(30_000, 800_000) } else { dice.metres(8_000, 30_000) };
    let mut config = WorldConfig {
        seed: u64::from(dice.word()),
        tick_hz: [10, 20, 30, 60, 60, 120, dice.ms(10, 120)][dice.below(7) as usize],
        half_extent,
        terrain_spacing: Metres::from_m(1 << dice.below(4)),
        teams: dice.ms(1, 4) as u8,
        character_capacity: (characters - dice.below(characters.min(3))).max(1),
        projectile_capacity: dice.below(2 * characters + 1),
        event_capacity: if dice.one_in(3) { 1 + dice.below(20) } else { 1_000 },
        terrain_delta_chunks: dice.below(4),
        prop_capacity: if dice.one_in(4) { 0 } else { dice.below(30) },
        ..WorldConfig::default()
    };
    config.rules = draw_rules(dice, half_extent);
    config
}

/// What a scene does: where its crowd is, and how often it changes.
struct Script {
    dice: Dice,
    characters: u32,
    middle: (Metres, Metres),
    spread_mm: i32,
}

impl Script {
    /// The commands of the world's next tick.
    fn commands(&mut self, world: &World) -> Vec<Command> {
        let mut commands = Vec::new();
        let missing = self.characters.saturating_sub(world.character_count() as u32);
        if missing > 0 {
            for _ in 0..1 + self.dice.below(missing) {
                commands.push(self.spawn());
            }
        }
        for slot in 0..world.character_slots_end() {
            if self.dice.one_in(8) {
                commands.push(Command::Input { id: self.id(world, slot), input: self.input(world, slot) });
            }
            if self.dice.one_in(3) {
                // Mostly as old as a player's view is, or anything.
                let age = if self.dice.one_in(10) { self.dice.word() } else { self.dice.below(320) };
                let (id, age) = (self.id(world, slot), ViewAge(age as u16));
                commands.push(Command::View { id, age });
            }
        }
        for _ in 0..if self.dice.one_in(3) { 1 + self.dice.below(3) } else { 0 } {
            commands.push(self.prop_command(world));
        }
        if self.dice.one_in(4) {
            let slot = self.dice.below(self.characters + 1);
            let id = self.id(world, slot);
            commands.push(self.rare(id));
        }
        commands
    }

    /// Mostly new props, many of them in one place.
    fn prop_command(&mut self, world: &World) -> Command {
        let (x, z) = self.place();
        let ground = world.terrain().height_at(x, z);
        let dice = &mut self.dice;
        let slot = dice.below(world.prop_slots_end() + 1);
        let id = world.props().id_at(slot).unwrap_or(PropId { slot, generation: dice.below(3) });
        match dice.below(8) {
            0 => Command::RemoveProp { id },
            1 if dice.one_in(4) => Command::PushProp {
                id,
                velocity: Velocity::from_raw(
                    dice.word().cast_signed(),
                    dice.word().cast_signed(),
                    dice.word().cast_signed(),
                ),
            },
            1 | 2 => Command::PushProp {
                id,
                velocity: Velocity {
                    x: dice.speed(-9_000, 9_000),
                    y: dice.speed(-2_000, 9_000),
                    z: dice.speed(-9_000, 9_000),
                },
            },
            _ => Command::SpawnProp {
                tag: dice.word(),
                kind: dice.below(9) as u8,
                position: Position { x, y: ground + dice.metres(-1_000, 4_000), z },
                yaw: Brads(dice.word() as u16),
            },
        }
    }

    /// The id of a slot; now and then one that is out of date.
    fn id(&mut self, world: &World, slot: u32) -> CharacterId {
        let stale = CharacterId { slot, generation: self.dice.below(3) };
        if self.dice.one_in(30) { stale } else { world.id_at(slot).unwrap_or(stale) }
    }

    fn place(&mut self) -> (Metres, Metres) {
        let spread = self.spread_mm;
        match self.dice.below(8) {
            0 => self.middle,
            1 => (self.dice.metres(-900_000, 900_000), self.dice.metres(-900_000, 900_000)),
            _ => {
                let (x, z) = (self.dice.metres(-spread, spread), self.dice.metres(-spread, spread));
                (self.middle.0 + x, self.middle.1 + z)
            }
        }
    }

    fn spawn(&mut self) -> Command {
        let dice = &mut self.dice;
        let (tag, team, class) = (dice.word(), dice.below(5) as u8, dice.below(9) as u8);
        // Mostly foot soldiers, or of all kinds.
        let class = if dice.one_in(2) { 0 } else { class };
        let yaw = Brads(dice.word() as u16);
        let (x, z) = self.place();
        let team_spawn = self.dice.one_in(6);
        let placement = if team_spawn { Placement::TeamSpawn } else { Placement::At { x, z, yaw } };
        Command::Spawn { tag, team, class, placement }
    }

    /// Towards somebody else, or anywhere.
    fn input(&mut self, world: &World, slot: u32) -> CharacterInput {
        let other = self.dice.below(world.character_slots_end());
        let view = world.characters();
        let dice = &mut self.dice;
        let yaw = view.position(slot).yaw_toward(view.position(other));
        let yaw = if dice.one_in(4) { Brads(dice.word() as u16) } else { yaw };
        let stands = dice.one_in(5);
        let mut axis = || if stands { 0 } else { dice.word() as i8 };
        let (move_right, move_forward) = (axis() / 2, axis());
        let buttons = dice.word() as u16 & dice.word() as u16;
        let pitch = if dice.one_in(3) { dice.word() as i16 } else { dice.between(-1_000, 3_000) as i16 };
        CharacterInput { buttons, move_right, move_forward, yaw, pitch }
    }

    fn rare(&mut self, id: CharacterId) -> Command {
        let (x, z) = self.place();
        let dice = &mut self.dice;
        match dice.below(8) {
            0 => Command::Despawn { id },
            1 | 2 => Command::SetClass { id, class: dice.below(9) as u8 },
            3 => Command::Impulse {
                id,
                velocity: Velocity::from_raw(
                    dice.word().cast_signed(),
                    dice.word().cast_signed(),
                    dice.word().cast_signed(),
                ),
            },
            4 | 5 => Command::Impulse {
                id,
                velocity: Velocity {
                    x: dice.speed(-9_000, 9_000),
                    y: dice.speed(-2_000, 9_000),
                    z: dice.speed(-9_000, 9_000),
                },
            },
            _ => {
                Command::Deform { x, z, radius: dice.metres(500, 12_000), depth: dice.metres(-3_000, 3_000) }
            }
        }
    }
}

/// The first row that differs, in words.
fn compare(world: &World, plain: &Reference) -> Result<(), TestCaseError> {
    let (tick, lanes) = (world.tick(), world.config().lanes);
    // What happened first: of all differences it says the most.
    prop_assert_eq!(world.events(), plain.events(), "events before {}, {:?}", tick, lanes);
    for (slot, expected) in plain.characters().iter().enumerate() {
        let got = Character::read(&world.characters(), slot);
        prop_assert_eq!(&got, expected, "character {} before {}, {:?}", slot, tick, lanes);
    }
    for (slot, expected) in plain.arrows().iter().enumerate() {
        let got = Arrow::read(&world.projectiles(), slot);
        prop_assert_eq!(&got, expected, "projectile {} before {}, {:?}", slot, tick, lanes);
    }
    for (slot, expected) in plain.effects().iter().enumerate() {
        let got = Effect::read(&world.effects(), slot);
        prop_assert_eq!(&got, expected, "effect {} before {}, {:?}", slot, tick, lanes);
    }
    for (slot, expected) in plain.props().iter().enumerate() {
        let got = Prop::read(&world.props(), slot);
        prop_assert_eq!(&got, expected, "prop {} before {}, {:?}", slot, tick, lanes);
    }
    compare_places(world, plain)
}

/// What happened in a run, to see that enough does.
#[derive(Debug, Default)]
struct Seen {
    tally: Tally,
    /// Hits in the past, and those of them where the target was not any more.
    rewound: [u32; 2],
}

impl Seen {
    fn add(&mut self, other: &Seen) {
        let (sum, more) = (&mut self.tally, &other.tally);
        sum.commands_refused += more.commands_refused;
        sum.hits += more.hits;
        sum.hits_avoided += more.hits_avoided;
        sum.blocks += more.blocks;
        sum.damage += more.damage;
        sum.health_taken += more.health_taken;
        sum.overkill += more.overkill;
        sum.health_given += more.health_given;
        sum.bursts += more.bursts;
        sum.casts_broken += more.casts_broken;
        sum.afflictions += more.afflictions;
        sum.assists += more.assists;
        sum.deaths += more.deaths;
        sum.respawns += more.respawns;
        sum.shots += more.shots;
        sum.prop_damage += more.prop_damage;
        sum.props_broken += more.props_broken;
        sum.props_awake += more.props_awake;
        sum.debris += more.debris;
        self.rewound = [0, 1].map(|at| self.rewound[at] + other.rewound[at]);
    }

    fn least(&self) -> u64 {
        let t = &self.tally;
        let counts = [t.hits, t.deaths, t.respawns, t.shots, t.commands_refused, self.rewound[1], t.bursts];
        let rare = [t.hits_avoided, t.blocks, t.casts_broken, t.afflictions, t.assists];
        let loose = [t.props_broken, t.props_awake, t.debris];
        let all = counts.into_iter().chain(rare).chain(loose).map(u64::from);
        all.chain([t.health_taken, t.overkill, t.health_given, t.prop_damage]).min().unwrap_or(0)
    }
}

/// Other rules for everybody, of whatever kind: what is refused is so by all.
fn reload(dice: &mut Dice, worlds: &mut [World], plain: &mut Reference) -> Result<(), TestCaseError> {
    let config = *worlds[0].config();
    let mut rules = draw_rules(dice, config.half_extent);
    if dice.one_in(8) {
        rules.movement[0].radius = Metres::ZERO;
    } else if !dice.one_in(8) {
        rules.lag.rewind_max_ms = config.rules.lag.rewind_max_ms;
    }
    let expected = plain.adopt_rules(&rules);
    for world in worlds {
        prop_assert_eq!(world.check_rules(&rules), expected);
        prop_assert_eq!(world.adopt_rules(&rules), expected);
        compare(world, plain)?;
    }
    Ok(())
}

fn run(seed: u64, characters: u32, ticks: u32) -> Result<Seen, TestCaseError> {
    let mut dice = Dice { seed, thrown: 0 };
    let mut config = draw_config(&mut dice, characters);
    let half = config.half_extent.0;
    let middle = (Metres(dice.between(-half, half)), Metres(dice.between(-half, half)));
    let scenery = if dice.one_in(2) {
        draw_places(&mut dice, config.teams, middle, &mut config.rules)
    } else {
        Scenery::default()
    };
    if let Err(error) = config.validate() {
        return Err(TestCaseError::reject(error.to_string()));
    }
    let mut worlds = [LaneChoice::Auto, LaneChoice::Scalar]
        .map(|lanes| WorldConfig { lanes, ..config })
        .map(|config| World::with_scenery(&config, &scenery).expect("a valid configuration"));
    let mut plain = Reference::with_places(&config, &scenery).expect("a valid configuration");
    let begin = [0, u32::MAX - 20, (1 << 20) - 10, dice.word()][dice.below(4) as usize];
    worlds.iter_mut().for_each(|world| assert!(world.begin_at(Tick(begin))));
    plain.begin_at(Tick(begin));
    let spread_mm = [500, 2_000, 6_000][dice.below(3) as usize];
    let mut script = Script { dice, characters, middle, spread_mm };
    let mut seen = Seen::default();
    for _ in 0..ticks {
        if script.dice.one_in(30) {
            reload(&mut script.dice, &mut worlds, &mut plain)?;
        }
        let commands = script.commands(&worlds[0]);
        let expected = plain.step(&commands);
        for world in &mut worlds {
            let got = world.step(&commands);
            compare(world, &plain)?;
            prop_assert_eq!(got, expected, "report, {:?}", world.config().lanes);
        }
        prop_assert_eq!(expected.tally.damage, expected.tally.health_taken + expected.tally.overkill);
        let judged = worlds[0].judgements();
        let away = judged.iter().filter(|hit| hit.seen != hit.present).count() as u32;
        seen.add(&Seen { tally: expected.tally, rewound: [judged.len() as u32, away] });
    }
    Ok(seen)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tick_is_that_of_the_plain_kernel(seed: u64, characters in 1_u32..=40, ticks in 50_u32..200) {
        run(seed, characters, ticks)?;
    }
}

/// The scenes are battles: a comparison of worlds in which nothing happens would prove nothing.
#[test]
fn enough_happens_in_the_scenes() {
    let mut all = Seen::default();
    for seed in 0..40 {
        match run(seed, 40, 150) {
            Ok(seen) => all.add(&seen),
            Err(error) => panic!("scene {seed}: {error}"),
        }
    }
    assert!(all.least() > 50, "{all:?}");
}
