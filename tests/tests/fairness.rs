//! A perfect marksman behind a bad line hits as often as one beside the server: lag compensation, measured in play.
//!
//! A real client shoots at targets that run to and fro and turn when they like. It aims exactly at what its screen shows,
//! led by what the screen shows of their speed. The path delays packets (there and back together) by a delay, give or
//! take 30 ms, and loses one in fifty. Printed is how many of its arrows hit (`--nocapture`).

use std::cell::RefCell;
use std::rc::Rc;

use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::random_u32;
use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command, Event, LagRules, Metres, MetresPerSecond, Placement,
    Position, Rules, Tick, World, buttons,
};
use shieldwall_net::client::{EntityView, GameClient, OwnView};
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_tests::link_world::{Director, LinkWorld, Options, Player};

const TARGETS: u32 = 6;
const SPEED_M_PER_S: i32 = 400;

/// What the server saw of the shooting.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    shots: u32,
    hits: u32,
    hurt: u64,
    dealt: u64,
    /// Hits by the age of what was seen, in tenths of a second.
    ages: [u32; 6],
}

/// Lets the targets run, and counts.
struct Range {
    targets: Vec<CharacterId>,
    score: Rc<RefCell<Score>>,
}

impl Director for Range {
    fn commands(&mut self, world: &World, commands: &mut Vec<Command>) {
        let tick = world.tick();
        if tick == Tick(0) {
            for n in 0..TARGETS {
                let (x, z) = (Metres::from_m(0), Metres::from_m(-10 - 2 * n as i32));
                let placement = Placement::At { x, z, yaw: Brads(0) };
                commands.push(Command::Spawn { tag: n, team: 1, class: 0, placement });
            }
        }
        for (n, id) in self.targets.iter().enumerate() {
            // To and fro between two fences; in between it turns when it likes.
            let at = world.characters().position(id.slot).x.to_mm();
            let word = random_u32(7, Tick(tick.0 / 24), n as u32, Purpose::Scripted);
            let right = if at > 6_000 { false } else { at < -6_000 || word & 1 != 0 };
            let move_right = if right { 127 } else { -127 };
            let input = CharacterInput { move_right, ..CharacterInput::default() };
            commands.push(Command::Input { id: *id, input });
        }
    }

    fn stepped(&mut self, world: &World) {
        let score = &mut *self.score.borrow_mut();
        for event in world.events() {
            match event {
                Event::Spawned { tag, id } if *tag < TARGETS => self.targets.push(*id),
                Event::ProjectileLaunched { .. } => score.shots += 1,
                Event::Hit { amount, .. } => {
                    score.hits += 1;
                    score.dealt += u64::from(*amount);
                }
                _ => {}
            }
        }
        for judged in world.judgements() {
            let tenths = usize::from(judged.age.0) / 96;
            score.ages[tenths.min(5)] += 1;
            let gone = judged.seen.horizontal_distance(judged.present);
            assert!(gone <= Metres::from_m(4), "nobody runs so far: {judged:?}");
        }
        let health = |id: &CharacterId| u64::from(60_000 - world.characters().health[id.slot as usize]);
        score.hurt = self.targets.iter().map(health).sum();
    }
}

/// Aims at one target after the other, as the screen has them.
fn marksman() -> Player {
    let mut frame = 0_u32;
    Box::new(move |_: &GameClient, own: &OwnView, others: &[EntityView]| {
        frame += 1;
        let mut targets: Vec<&EntityView> = others.iter().filter(|other| other.team != own.team).collect();
        targets.sort_unstable_by_key(|target| target.slot);
        let Some(target) = targets.get(frame as usize / 40 % targets.len().max(1)) else {
            return CharacterInput::default();
        };
        let here = own.predicted_position;
        let distance = here.horizontal_distance(target.position);
        // Where it will be when the arrow is there: a tick after it was let go, and the way.
        let led = |at: Metres, speed: MetresPerSecond| {
            let flight_us = i64::from(distance.to_mm()) * 1_000 / i64::from(SPEED_M_PER_S);
            Metres(at.0 + (i64::from(speed.0) * flight_us / 1_000_000) as i32)
        };
        let (x, z) = (led(target.position.x, target.velocity.x), led(target.position.z, target.velocity.z));
        let yaw = here.yaw_toward(Position::new(x, here.y, z));
        // From the bow to the chest.
        let rise = target.position.y + Metres::from_mm(900) - here.y - Metres::from_mm(1_500);
        let pitch = Brads::atan2(rise.0, distance.0).0.cast_signed();
        CharacterInput { buttons: buttons::SHOOT, yaw, pitch, ..CharacterInput::default() }
    })
}

/// Shoots for a minute and a half.
fn shoot(delay_ms: u32, lag: LagRules) -> Score {
    let mut rules = Rules { lag, ..Rules::default() };
    let bow = &mut rules.arms[1];
    bow.speed = MetresPerSecond::from_m(SPEED_M_PER_S);
    bow.gravity_per_s = MetresPerSecond::from_m(0);
    (bow.radius, bow.cooldown_ms, bow.damage) = (Metres(0), 150, 10);
    (rules.combat.global_cooldown_ms, rules.combat.critical_per_1000) = (0, 0);
    rules.life.health_max = 60_000;
    rules.life.regeneration_per_s = 0;
    (rules.life.spawn_ring, rules.life.spawn_width) = (Metres(0), Metres(0));
    let jitter_us = if delay_ms == 0 { 0 } else { 15_000 };
    let link = LinkConditions {
        latency_us: delay_ms * 500,
        jitter_us,
        loss_ppm: if delay_ms == 0 { 0 } else { 20_000 },
        ..LinkConditions::default()
    };
    let options = Options { seed: 3, clients: 1, max_clients: 16, link, rules, ..Options::default() };
    let mut battle = LinkWorld::new(Options { spacing_m: None, ..options });
    let score = Rc::new(RefCell::new(Score::default()));
    battle.director = Some(Box::new(Range { targets: Vec::new(), score: Rc::clone(&score) }));
    battle.seats[0].player = Some(Box::new(|_, _, _| CharacterInput::default()));
    battle.run_until_all_play(10_000);
    // The clocks settle.
    battle.run_ms(5_000);
    battle.seats[0].player = Some(marksman());
    battle.run_ms(90_000);
    let stats = battle.sessions.stats();
    assert_eq!(battle.findings.wrong + battle.findings.own_wrong, 0);
    assert_eq!(stats.kicked, 0, "a good shot is no cheat: {:?}", stats.conduct);
    battle.conduct.assert_within(&battle.world.config().rules.conduct, 5);
    let result = *score.borrow();
    println!(
        "{delay_ms:>3} ms, rewind up to {:>3} ms: {:>4} of {:>4} hit, {:>5.1} %; views by tenths of a second {:?}, {} cut",
        lag.rewind_max_ms,
        result.hits,
        result.shots,
        f64::from(result.hits) * 100.0 / f64::from(result.shots.max(1)),
        result.ages,
        stats.inputs.views_capped,
    );
    result
}

fn per_mille(score: Score) -> i64 {
    i64::from(score.hits) * 1_000 / i64::from(score.shots.max(1))
}

#[test]
fn a_marksman_hits_as_often_at_any_delay_that_the_rules_cover() {
    let lag = LagRules::default();
    let near = shoot(0, lag);
    assert!(near.shots > 400, "{near:?}");
    for delay_ms in [50, 100, 150] {
        let score = shoot(delay_ms, lag);
        assert!((per_mille(score) - per_mille(near)).abs() <= 20, "{delay_ms} ms: {score:?} to {near:?}");
        assert_eq!(score.hurt, score.dealt, "what was dealt was taken");
    }
    // From here on it has to lead by itself.
    let rates = [250, 350, 450].map(|delay_ms| per_mille(shoot(delay_ms, lag)));
    assert!(rates[2] < rates[0] && rates[2] < 800, "{rates:?}");
}

/// The same shooting, judged in the present: a screen that is a fifth of a second old is of no use.
#[test]
fn without_looking_back_delay_decides() {
    let lag = LagRules { rewind_max_ms: 0, ..LagRules::default() };
    let rates = [0, 50, 100, 150, 250].map(|delay_ms| per_mille(shoot(delay_ms, lag)));
    assert!(rates[3] < 600 && rates[4] < 600, "{rates:?}");
}
