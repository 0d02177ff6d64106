//! What fighting costs: recording the past, swings and arrows judged in the present and in the past, and a whole brawl.
//!
//! `cargo xtask bench combat` runs it. Times are of whole stages of the tick, divided by what happened in them; beside the
//! swings stands a plain scan over everybody, in the same run. The best of several ticks counts for parts, the median for
//! the brawl.

use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::random_u32x4;
use shieldwall_core::{
    Arm, Brads, CharacterInput, Command, Metres, Placement, Rules, Stage, Tick, ViewAge, World, WorldConfig,
    buttons,
};
use std::time::Instant;

/// A crowd in a square: everybody walks on at its own yaw.
struct Crowd {
    world: World,
    count: u32,
}

impl Crowd {
    fn new(count: u32, per_square_metre: f64, rules: &Rules) -> Self {
        Self::on_threads(count, per_square_metre, *rules, u32::MAX)
    }

    /// A crowd whose work is split over threads from so many rows on.
    fn on_threads(count: u32, per_square_metre: f64, mut rules: Rules, parallel_min_rows: u32) -> Self {
        let side_m = (f64::from(count) / per_square_metre).sqrt();
        let half_m = ((side_m / 2.0) as i32 + 40).max(32);
        rules.life.health_max = 60_000;
        rules.combat.global_cooldown_ms = 0;
        rules.arms[0].stamina = 0;
        let config = WorldConfig {
            half_extent: Metres::from_m(half_m),
            terrain_spacing: Metres::from_m(if half_m > 1_000 { 8 } else { 2 }),
            character_capacity: count,
            projectile_capacity: count,
            event_capacity: 1 << 18,
            parallel_min_rows,
            rules,
            ..WorldConfig::default()
        };
        let mut world = World::new(&config).expect("a valid configuration");
        let place =
            |word: u32| Metres(((f64::from(word) / 4_294_967_296.0 - 0.5) * side_m * 65_536.0) as i32);
        let spawns: Vec<Command> = (0..count)
            .map(|tag| {
                let [x, z, yaw, _] = random_u32x4(1, Tick(0), tag, Purpose::Scripted);
                let placement = Placement::At { x: place(x), z: place(z), yaw: Brads(yaw as u16) };
                Command::Spawn { tag, team: (tag % 2) as u8, class: 0, placement }
            })
            .collect();
        world.step(&spawns);
        Self { world, count }
    }

    /// The commands with which the first `attackers` press buttons and saw the others at an age.
    fn orders(&self, attackers: u32, pressed: u16, pitch: i16, age: ViewAge) -> Vec<Command> {
        let mut orders = Vec::new();
        for slot in 0..self.count {
            let Some(id) = self.world.id_at(slot) else { continue };
            let yaw = Brads(random_u32x4(1, Tick(0), slot, Purpose::Scripted)[2] as u16);
            let attacks = slot < attackers;
            let buttons = if attacks { pressed } else { 0 };
            let input = CharacterInput { buttons, move_right: 0, move_forward: 127, yaw, pitch };
            orders.push(Command::Input { id, input });
            if attacks && age != ViewAge::ZERO {
                orders.push(Command::View { id, age });
            }
        }
        orders
    }

    /// Runs a tick; nanoseconds of each stage.
    fn step(&mut self, commands: &[Command]) -> [f64; Stage::ALL.len()] {
        let mut stages = [0.0; Stage::ALL.len()];
        let mut before = Instant::now();
        self.world.step_observed(commands, &mut |stage| {
            let now = Instant::now();
            stages[stage.index()] = (now - before).as_nanos() as f64;
            before = now;
        });
        stages
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn recording() {
    println!("\nhistory of the last 500 ms: recorded and hashed");
    for count in [1_000, 10_000, 100_000] {
        let mut crowd = Crowd::new(count, 1.0, &Rules::default());
        let walk = crowd.orders(0, 0, 0, ViewAge::ZERO);
        crowd.step(&walk);
        let ticks: Vec<f64> = (0..90).map(|_| crowd.step(&[])[Stage::History.index()]).collect();
        println!("  {count:>7} characters: {:>6.2} ns each a tick", median(ticks) / f64::from(count));
    }
}

/// Everybody swings in one tick: nanoseconds of a swing that does nothing to whom it reaches, and of one that does all that a
/// sword does; and how many it struck.
fn swing(per_square_metre: f64, age_ms: u32, damage: u16) -> (f64, Crowd, f64) {
    let mut rules = Rules::default();
    // Nobody makes room, so that it stays as dense as it was.
    rules.crowd.passes = 0;
    (rules.arms[0].cooldown_ms, rules.arms[0].damage) = (50, damage);
    let count = 4_000;
    let mut crowd = Crowd::new(count, per_square_metre, &rules);
    let age = ViewAge((age_ms * 60 * 16 / 1_000) as u16);
    let walk = crowd.orders(0, 0, 0, ViewAge::ZERO);
    crowd.step(&walk);
    for _ in 0..40 {
        crowd.step(&[]);
    }
    let (mut best, mut hits) = (f64::MAX, 0);
    for _ in 0..12 {
        let orders = crowd.orders(count, buttons::MELEE, 0, age);
        best = best.min(crowd.step(&orders)[Stage::Combat.index()]);
        hits = crowd.world.events().len();
        let rest = crowd.orders(count, 0, 0, ViewAge::ZERO);
        for _ in 0..3 {
            crowd.step(&rest);
        }
    }
    (best / f64::from(count), crowd, hits as f64 / f64::from(count))
}

fn swings(per_square_metre: f64, age_ms: u32) {
    let (search, crowd, _) = swing(per_square_metre, age_ms, 0);
    let (whole, _, hits) = swing(per_square_metre, age_ms, 1);
    let candidates = candidates(&crowd);
    println!(
        "  seen {age_ms:>3} ms ago: {search:>6.0} ns a swing to find whom it reaches, {candidates:.1} in the cone; \
         {whole:.0} with what it does to {hits:.1} of them"
    );
}

/// Enemies and friends in the cone of a swing, on average, by a plain scan; prints what that takes.
fn candidates(crowd: &Crowd) -> f64 {
    let view = crowd.world.characters();
    let reach = i64::from(Metres::from_mm(2_900).0);
    let (mut found, mut asked, start) = (0_u32, 0_u32, Instant::now());
    for row in (0..crowd.count as usize).step_by(40) {
        let (x, z) = (i64::from(view.position_x[row]), i64::from(view.position_z[row]));
        let (fx, fz) = Brads(view.yaw[row]).forward();
        asked += 1;
        for other in 0..crowd.count as usize {
            let dx = i64::from(view.position_x[other]) - x;
            let dz = i64::from(view.position_z[other]) - z;
            let ahead = dx * i64::from(fx.0) + dz * i64::from(fz.0);
            let aside = (dx * i64::from(fz.0) - dz * i64::from(fx.0)).abs();
            // The tangent of 30 degrees.
            let inside = dx * dx + dz * dz <= reach * reach && ahead >= 0 && aside * 1_000 <= ahead * 577;
            found += u32::from(inside && other != row);
        }
    }
    let scan = start.elapsed().as_nanos() as f64 / f64::from(asked);
    print!("  [a scan of all {}: {scan:.0} ns]", crowd.count);
    f64::from(found) / f64::from(asked)
}

/// Everybody shoots in one tick: what the shots of that tick cost, and what arrows in flight cost.
fn arrows(age_ms: u32) {
    let mut rules = Rules::default();
    let bow = &mut rules.arms[1];
    (bow.cooldown_ms, bow.lifetime_ms, bow.damage) = (60_000, 30_000, 0);
    let count = 10_000;
    let mut crowd = Crowd::new(count, 1.0, &rules);
    let age = ViewAge((age_ms * 60 * 16 / 1_000) as u16);
    for _ in 0..40 {
        crowd.step(&[]);
    }
    // Level shots meet somebody soon, high ones fly over all: some of both.
    let orders = crowd.orders(count, buttons::SHOOT, 4_000, age);
    let first = crowd.step(&orders)[Stage::Projectiles.index()] / f64::from(count);
    let mut flights = Vec::new();
    for _ in 0..30 {
        let live = crowd.world.projectiles().live_slots().count();
        let taken = crowd.step(&[])[Stage::Projectiles.index()];
        if live > 0 {
            flights.push(taken / live as f64);
        }
    }
    let worst = flights.iter().copied().fold(0.0, f64::max);
    println!(
        "  let go {age_ms:>3} ms ago: {first:>6.0} ns in its first tick, then {:>5.1} (median), {worst:.1} (worst tick)",
        median(flights)
    );
}

/// One of a hundred looks along a ray of 80 m in one tick; nanoseconds of a ray.
fn rays(count: u32, age_ms: u32) {
    let mut rules = Rules::default();
    let arquebus = &mut rules.arms[5];
    (arquebus.cooldown_ms, arquebus.cast_ms, arquebus.damage) = (50, 0, 1);
    rules.kit[0].secondary = 6;
    assert_eq!(Arm(6).name(), "arquebus");
    let mut crowd = Crowd::new(count, 0.05, &rules);
    let age = ViewAge((age_ms * 60 * 16 / 1_000) as u16);
    for _ in 0..40 {
        crowd.step(&[]);
    }
    let shooters = count / 100;
    let walk = crowd.orders(0, 0, 0, ViewAge::ZERO);
    let (mut idle, mut best, mut hits) = (f64::MAX, f64::MAX, 0);
    for _ in 0..12 {
        for _ in 0..4 {
            idle = idle.min(crowd.step(&walk)[Stage::Combat.index()]);
        }
        // Over the ground in front, at the height of a chest: whoever is there is met.
        let orders = crowd.orders(shooters, buttons::SHOOT, 0, age);
        best = best.min(crowd.step(&orders)[Stage::Combat.index()]);
        hits = crowd.world.events().len();
    }
    let each = (best - idle).max(0.0) / f64::from(shooters);
    println!(
        "  {count:>6} characters, seen {age_ms:>3} ms ago: {each:>6.0} ns a ray, {hits} of {shooters} met somebody"
    );
}

/// How old what an attacker saw is.
#[derive(Clone, Copy)]
enum Seen {
    /// The same for all, in milliseconds.
    Ago(u32),
    /// Anything up to so many milliseconds, to the sixteenth of a tick.
    UpTo(u32),
}

impl Seen {
    fn age(self, slot: u32) -> ViewAge {
        let parts = |ms: u32| ms * 60 * 16 / 1_000;
        ViewAge(match self {
            Self::Ago(ms) => parts(ms),
            Self::UpTo(ms) => random_u32x4(2, Tick(0), slot, Purpose::Scripted)[0] % (parts(ms) + 1),
        } as u16)
    }
}

/// Two thousand who strike as fast as they can among five thousand: all in the same ticks, one of thirty.
fn brawl(seen: Seen) {
    let mut rules = Rules::default();
    rules.arms[0].damage = 1;
    let (count, attackers) = (5_000, 2_000);
    let parallel_min_rows = WorldConfig::default().parallel_min_rows;
    let mut crowd = Crowd::on_threads(count, 1.5, rules, parallel_min_rows);
    let (mut ticks, mut struck) = (Vec::new(), Vec::new());
    for tick in 0..660 {
        let mut orders = crowd.orders(attackers, buttons::MELEE, 0, ViewAge::ZERO);
        for slot in 0..attackers {
            let Some(id) = crowd.world.id_at(slot) else { continue };
            orders.push(Command::View { id, age: seen.age(slot) });
        }
        let start = Instant::now();
        crowd.world.step(&orders);
        let taken = start.elapsed().as_nanos() as f64 / 1e6;
        if tick >= 60 {
            ticks.push(taken);
            // Some of them are out of step: what counts is the ticks in which most strike.
            if crowd.world.events().len() > 500 {
                struck.push(taken);
            }
        }
    }
    ticks.sort_by(f64::total_cmp);
    let share = |per_100: usize| ticks[(ticks.len() * per_100 / 100).min(ticks.len() - 1)];
    let name = match seen {
        Seen::Ago(ms) => format!("{ms} ms ago"),
        Seen::UpTo(ms) => format!("up to {ms} ms ago"),
    };
    println!(
        "  seen {name}: {:>5.2} ms a tick (median), {:.2} (99 of 100), {:.2} (worst of {}); {:.2} where they strike (median of {})",
        share(50),
        share(99),
        share(100),
        ticks.len(),
        median(struck.clone()),
        struck.len()
    );
}

fn main() {
    let only = std::env::args().find_map(|arg| Some(arg.strip_prefix("--only=")?.to_owned()));
    let wanted = |part: &str| only.as_ref().is_none_or(|only| only == part);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    println!("fighting, best lanes; the brawl on {threads} threads, all else on one");
    if wanted("history") {
        recording();
    }
    if wanted("swings") {
        println!("\na swing in a jam, of 4,000 in one tick");
        [0, 100, 250, 500].into_iter().for_each(|age_ms| swings(2.2, age_ms));
        println!("\na swing with twenty in its cone: four times as many as have room");
        [0, 100, 250, 500].into_iter().for_each(|age_ms| swings(9.1, age_ms));
    }
    if wanted("arrows") {
        println!("\nan arrow of 10,000 in flight, one archer a square metre");
        [0, 250, 500].into_iter().for_each(arrows);
    }
    if wanted("rays") {
        println!("\na ray of 80 m, one character for 20 square metres");
        for count in [1_000, 10_000] {
            [0, 250, 500].into_iter().for_each(|age_ms| rays(count, age_ms));
        }
    }
    if wanted("brawl") {
        println!("\na brawl of 5,000 with 2,000 who strike at once: the whole tick");
        for seen in [Seen::Ago(0), Seen::Ago(250), Seen::Ago(500), Seen::UpTo(250), Seen::UpTo(500)] {
            brawl(seen);
        }
    }
}
