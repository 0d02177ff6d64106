//! The rules of the battle, seen from outside: who comes, who is hit, who dies, who returns.

use shieldwall_core::{
    Arm, Brads, CharacterId, CharacterInput, Command, Event, Metres, Placement, Rules, SpawnRefusal,
    StepReport, World, WorldConfig, action, buttons, flags,
};

/// Rules in which every blow is like the other, from the first tick on.
fn plain() -> Rules {
    let mut rules = Rules::default();
    (rules.combat.critical_per_1000, rules.combat.spawn_safe_ms) = (0, 0);
    rules.arms[0].combo_steps = 0;
    rules
}

fn small() -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(64),
        character_capacity: 8,
        projectile_capacity: 4,
        rules: plain(),
        ..WorldConfig::default()
    }
}

fn spawn_at(world: &mut World, team: u8, x_mm: i32, z_mm: i32, yaw: Brads) -> CharacterId {
    let placement = Placement::At { x: Metres::from_mm(x_mm), z: Metres::from_mm(z_mm), yaw };
    world.step(&[Command::Spawn { tag: 5, team, class: 0, placement }]);
    match world.events() {
        [Event::Spawned { tag: 5, id }] => *id,
        other => panic!("{other:?}"),
    }
}

fn hold(id: CharacterId, pressed: u16, yaw: Brads) -> Command {
    Command::Input { id, input: CharacterInput { buttons: pressed, yaw, ..CharacterInput::default() } }
}

/// Runs until something of interest happens, and says in which of the following ticks.
fn run_until(world: &mut World, most: u32, wanted: impl Fn(&Event) -> bool) -> Option<u32> {
    (0..most).find(|_| {
        world.step(&[]);
        world.events().iter().any(&wanted)
    })
}

#[test]
fn slots_are_given_from_below_and_answered_by_tag() {
    let mut world = World::new(&small()).unwrap();
    let spawn = |tag, team| Command::Spawn { tag, team, class: 0, placement: Placement::TeamSpawn };
    let report = world.step(&[spawn(7, 0), spawn(8, 2), spawn(9, 1)]);
    let first = CharacterId { slot: 0, generation: 1 };
    let second = CharacterId { slot: 1, generation: 1 };
    let expected = [
        Event::Spawned { tag: 7, id: first },
        Event::SpawnRefused { tag: 8, reason: SpawnRefusal::UnknownTeam },
        Event::Spawned { tag: 9, id: second },
    ];
    assert_eq!(world.events(), expected);
    assert_eq!((report.tally.commands_refused, report.characters), (1, 2));
    let stale = Command::Despawn { id: first };
    assert_eq!(world.step(&[stale, stale]).tally.commands_refused, 1);
    assert!(!world.is_current(first) && world.is_current(second));
    assert_eq!(world.step(&[hold(first, 0, Brads(0))]).tally.commands_refused, 1);
    world.step(&[spawn(1, 0)]);
    assert_eq!(world.id_at(0), Some(CharacterId { slot: 0, generation: 2 }));
    let many: Vec<Command> = (0..9).map(|tag| spawn(tag, 0)).collect();
    let report = world.step(&many);
    assert_eq!((report.characters, report.tally.commands_refused), (8, 3));
    assert!(world.events().contains(&Event::SpawnRefused { tag: 8, reason: SpawnRefusal::WorldFull }));
}

#[test]
fn teams_appear_on_opposite_sides_looking_at_each_other() {
    let mut world = World::new(&WorldConfig { character_capacity: 200, ..WorldConfig::default() }).unwrap();
    let spawns: Vec<Command> = (0..200)
        .map(|tag| Command::Spawn { tag, team: (tag % 2) as u8, class: 0, placement: Placement::TeamSpawn })
        .collect();
    world.step(&spawns);
    let view = world.characters();
    for slot in view.live_slots() {
        let position = view.position(slot);
        let side = if view.team[slot as usize] == 0 { -1 } else { 1 };
        let (x, z) = (position.x.to_mm() * side, position.z.to_mm());
        assert!((34_000..56_000).contains(&x) && z.abs() < 11_000, "{position:?}");
        let towards = position.yaw_toward(shieldwall_core::Position::ORIGIN);
        assert!(Brads(view.yaw[slot as usize]).distance(towards) < 200, "looks at the centre");
    }
}

#[test]
fn a_blade_reaches_the_cone_in_front_and_nothing_else() {
    let config = small();
    let attack = |x_mm: i32, z_mm: i32, team: u8| {
        let mut world = World::new(&config).unwrap();
        let attacker = spawn_at(&mut world, 0, 0, 0, Brads(0));
        let target = spawn_at(&mut world, team, x_mm, z_mm, Brads(0));
        world.step(&[hold(attacker, buttons::MELEE, Brads(0))]);
        let hit = Event::Hit { attacker, target, amount: 180, arm: Arm::SWORD };
        world.events().contains(&hit)
    };
    assert!(attack(0, -2_000, 1), "straight ahead (yaw 0 is towards -z)");
    assert!(attack(0, -2_850, 1), "the reach is to the body's side");
    assert!(!attack(0, -2_950, 1), "too far");
    assert!(attack(1_000, -1_900, 1), "27 degrees aside");
    assert!(!attack(1_200, -1_900, 1), "32 degrees aside");
    assert!(!attack(0, 1_500, 1), "behind");
    assert!(!attack(0, -2_000, 0), "its own team");
}

#[test]
fn six_blows_kill_and_three_seconds_later_the_dead_returns() {
    let mut world = World::new(&small()).unwrap();
    let killer = spawn_at(&mut world, 0, 0, 0, Brads(0));
    let victim = spawn_at(&mut world, 1, 0, -1_500, Brads(0));
    let begin = world.tick().0;
    world.step(&[hold(killer, buttons::MELEE, Brads(0))]);
    assert_eq!(world.characters().action[killer.slot as usize], action::MELEE);
    let died = Event::Died { victim, killer, arm: Arm::SWORD };
    run_until(&mut world, 400, |event| *event == died).expect("six blows");
    assert_eq!(world.tick().0 - 1 - begin, 5 * 30, "half a second between two blows");
    let view = world.characters();
    let row = victim.slot as usize;
    assert_eq!((view.health[row], view.deaths[row], view.kills[killer.slot as usize]), (0, 1, 1));
    assert_eq!(view.flags[row] & (flags::ALIVE | flags::IN_USE), flags::IN_USE);
    assert_eq!(view.action[row], action::DIED);
    let body = world.move_state(victim).unwrap();
    // The dead neither move nor act, and keep the input that comes.
    let wish = CharacterInput { move_forward: 127, buttons: buttons::MELEE, ..CharacterInput::default() };
    world.step(&[Command::Input { id: victim, input: wish }]);
    assert_eq!(world.move_state(victim), Some(body));
    let mut seen = Vec::new();
    world.for_each_character_in_radius(body.position.x, body.position.z, Metres::ONE, |slot| seen.push(slot));
    assert_eq!(seen, [victim.slot], "the dead are still seen");
    let ticks = run_until(&mut world, 400, |event| *event == Event::Respawned { id: victim });
    assert_eq!(ticks, Some(178), "three seconds after the death");
    let view = world.characters();
    assert_eq!(view.health[row], 1_000);
    assert!(view.position(victim.slot).x > Metres::from_m(30), "in the east again");
    assert_eq!(world.input(victim), Some(wish));
}

#[test]
fn two_who_strike_in_one_tick_both_strike() {
    let mut config = small();
    config.rules.arms[0].damage = 1_000;
    let mut world = World::new(&config).unwrap();
    let south = spawn_at(&mut world, 0, 0, 0, Brads(0));
    let north = spawn_at(&mut world, 1, 0, -1_500, Brads::HALF);
    let report =
        world.step(&[hold(south, buttons::MELEE, Brads(0)), hold(north, buttons::MELEE, Brads::HALF)]);
    assert_eq!((report.tally.hits, report.tally.deaths), (2, 2));
}

#[test]
fn an_arrow_flies_hits_and_ends() {
    let mut world = World::new(&small()).unwrap();
    let archer = spawn_at(&mut world, 0, 0, 20_000, Brads(0));
    let target = spawn_at(&mut world, 1, 0, 0, Brads(0));
    let report = world.step(&[hold(archer, buttons::SHOOT, Brads(0))]);
    assert_eq!(report.tally.shots, 1);
    let launched = Event::ProjectileLaunched { projectile_slot: 0, owner: archer };
    assert_eq!(world.events(), [launched]);
    assert_eq!(world.projectiles().owner(0), archer);
    let hit = Event::Hit { attacker: archer, target, amount: 250, arm: Arm::BOW };
    let ticks = run_until(&mut world, 60, |event| *event == hit).expect("a level shot over 20 m");
    assert!((22..30).contains(&ticks), "20 m at 45 m/s: {ticks} ticks");
    assert!(matches!(world.events()[1], Event::ProjectileEnded { projectile_slot: 0, .. }));
    assert_eq!(world.projectiles().live_slots().count(), 0);
    let view = world.characters();
    assert_eq!(view.health[target.slot as usize], 750);
}

#[test]
fn a_full_table_refuses_shots_and_counts_them() {
    let mut config = small();
    config.projectile_capacity = 1;
    let mut world = World::new(&config).unwrap();
    let one = spawn_at(&mut world, 0, 0, 0, Brads(0));
    let two = spawn_at(&mut world, 0, 5_000, 0, Brads(0));
    let report = world.step(&[hold(one, buttons::SHOOT, Brads(0)), hold(two, buttons::SHOOT, Brads(0))]);
    assert_eq!((report.tally.shots, report.tally.shots_refused, report.projectiles), (1, 1, 1));
    assert_eq!(world.characters().action[two.slot as usize], action::NONE, "the bow is still drawn");
}

#[test]
fn health_comes_back_at_its_rate_after_the_delay() {
    let mut world = World::new(&small()).unwrap();
    let attacker = spawn_at(&mut world, 0, 0, 0, Brads(0));
    let target = spawn_at(&mut world, 1, 0, -2_000, Brads(0));
    world.step(&[hold(attacker, buttons::MELEE, Brads(0))]);
    world.step(&[hold(attacker, 0, Brads(0))]);
    let health = |world: &World| world.characters().health[target.slot as usize];
    for _ in 0..298 {
        world.step(&[]);
    }
    assert_eq!(health(&world), 820, "nothing within five seconds");
    for _ in 0..60 {
        world.step(&[]);
    }
    assert_eq!(health(&world), 825, "five in a second");
    for _ in 0..60 * 60 {
        world.step(&[]);
    }
    assert_eq!(health(&world), 1_000, "and never more than full");
}

#[test]
fn a_full_event_buffer_counts_what_it_drops() {
    let mut world = World::new(&WorldConfig { event_capacity: 2, ..small() }).unwrap();
    let spawns = [Command::Spawn { tag: 0, team: 0, class: 0, placement: Placement::TeamSpawn }; 5];
    let report: StepReport = world.step(&spawns);
    assert_eq!((report.events, report.events_dropped, report.characters), (2, 3, 5));
}

/// The demo battle's pace: two crowds of a hundred, hundreds of deaths in half a minute.
#[test]
fn two_crowds_of_a_hundred_kill_hundreds_in_half_a_minute() {
    let mut world = World::new(&WorldConfig { character_capacity: 200, ..WorldConfig::default() }).unwrap();
    let spawns: Vec<Command> = (0..200)
        .map(|tag| Command::Spawn { tag, team: (tag % 2) as u8, class: 0, placement: Placement::TeamSpawn })
        .collect();
    world.step(&spawns);
    let (mut commands, mut deaths, mut first) = (Vec::new(), 0, None);
    for tick in 0..1_800 {
        commands.clear();
        let view = world.characters();
        for slot in view.live_slots().filter(|slot| (slot + tick) % 10 == 0) {
            let own = view.position(slot);
            let mut nearest = (u64::MAX, shieldwall_core::Position::ORIGIN);
            world.for_each_character_in_radius(own.x, own.z, Metres::from_m(12), |other| {
                if view.is_alive(other) && view.team[other as usize] != view.team[slot as usize] {
                    let at = view.position(other);
                    let distance = own.horizontal_distance_squared(at);
                    if distance < nearest.0 {
                        nearest = (distance, at);
                    }
                }
            });
            let input = CharacterInput {
                buttons: buttons::SPRINT | buttons::MELEE,
                move_forward: 127,
                yaw: own.yaw_toward(nearest.1),
                ..CharacterInput::default()
            };
            commands.push(Command::Input { id: world.id_at(slot).unwrap(), input });
        }
        let report = world.step(&commands);
        deaths += report.tally.deaths;
        if report.tally.hits > 0 {
            first.get_or_insert(tick);
        }
    }
    let first = first.expect("they meet");
    assert!(first < 8 * 60, "they meet within eight seconds: tick {first}");
    assert!((200..2_000).contains(&deaths), "{deaths} deaths in 30 s");
}
