//! Arrows against probes, against all bodies, and against the ground.

use super::capsule::sweep_capsule;
use super::flight::Shooter;
use super::*;
use crate::numeric::fixed::ONE;
use crate::numeric::lanes::{LaneTask, Lanes};
use crate::numeric::{LaneChoice, Metres, Position, Ticks};
use crate::state::column::Here;
use crate::state::handle::CharacterId;
use crate::state::history::History;
use crate::systems::combat::tests::{any_crowd, crowd, environment};
use crate::systems::crowd_index::CrowdIndex;
use alloc::vec::Vec;
use proptest::prelude::*;

fn at_mm(x: i32, y: i32, z: i32) -> Position {
    Position { x: Metres::from_mm(x), y: Metres::from_mm(y), z: Metres::from_mm(z) }
}

const RADIUS: Metres = Metres::from_mm(450);
const HEIGHT: Metres = Metres::from_mm(1_800);

/// Asks for the first contact of a way on any lanes.
struct Ask<'a>(&'a Sky<'a>, [Position; 2], Shooter);

impl LaneTask for Ask<'_> {
    type Output = (Position, FlightEnd);

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let Ask(sky, [from, to], shooter) = self;
        let shot = sky.shot(from, to, shooter);
        let nearest = sky.targets.first::<L>(sky.near.present(), &shot);
        sky.first_contact(&shot, nearest, (sky.tick, ViewAge::ZERO), true)
    }
}

/// What a sky lends.
struct Crowd {
    near: NearTables,
    targets: Targets,
    history: History,
}

impl Crowd {
    fn new(characters: &CharactersView<'_>, rows: usize, environment: &Environment) -> Self {
        let mut index = CrowdIndex::new(environment.terrain.half_extent(), rows, environment.lanes);
        index.rebuild(characters, rows);
        let (mut near, mut targets) = (NearTables::new(rows, Ticks(0)), Targets::new(rows));
        near.prepare_present(&index, characters, (environment.lanes, Here));
        targets.rebuild(near.present(), characters, &environment.rules, Here);
        Self { near, targets, history: History::new(0, rows) }
    }

    fn sky<'a>(&'a self, characters: &'a CharactersView<'a>, environment: &'a Environment) -> Sky<'a> {
        let rewind = Rewind::new(&self.history, characters, 0, environment);
        let (props, prop_cells) = crate::systems::props::none();
        let (near, targets, tick) = (&self.near, &self.targets, Tick(0));
        Sky { rewind, near, targets, props, prop_cells, tick, environment }
    }
}

fn sweep(from: Position, to: Position) -> Option<i32> {
    sweep_capsule(from, to, Position::default(), RADIUS, HEIGHT)
}

/// Square of a point's distance from the capsule's axis, in square millimetres.
fn distance_squared_mm(point: [i64; 3]) -> i64 {
    let axis = point[1].clamp(450, 1_350);
    point[0].pow(2) + (point[1] - axis).pow(2) + point[2].pow(2)
}

#[test]
fn known_ways() {
    let level = sweep(at_mm(-10_000, 1_000, 0), at_mm(10_000, 1_000, 0)).unwrap();
    assert!((level - ONE * 9_550 / 20_000).abs() < 40, "{level}");
    assert_eq!(sweep(at_mm(0, 900, 0), at_mm(5_000, 900, 0)), Some(0), "starts inside");
    assert_eq!(sweep(at_mm(0, 900, 0), at_mm(0, 900, 0)), Some(0), "does not move, inside");
    assert_eq!(sweep(at_mm(1_000, 900, 0), at_mm(1_000, 900, 0)), None, "does not move, outside");
    assert_eq!(sweep(at_mm(-10_000, 1_000, 500), at_mm(10_000, 1_000, 500)), None, "passes by");
    assert_eq!(sweep(at_mm(-10_000, 1_830, 0), at_mm(10_000, 1_830, 0)), None, "passes over");
    let head = sweep(at_mm(0, 11_800, 0), at_mm(0, 1_000, 0)).unwrap();
    assert!((head - ONE * 10_000 / 10_800).abs() < 80, "onto the head: {head}");
    assert_eq!(sweep(at_mm(-10_000, 900, 0), at_mm(-1_000, 900, 0)), None, "ends before");
}

proptest! {
    /// Against the same way probed at many points.
    #[test]
    fn a_sweep_is_what_many_probes_find(
        from in (-3_000..3_000_i32, -2_000..4_000_i32, -3_000..3_000_i32),
        to in (-3_000..3_000_i32, -2_000..4_000_i32, -3_000..3_000_i32),
    ) {
        const PROBES: i64 = 4_096;
        let (start, end) = ([from.0, from.1, from.2].map(i64::from), [to.0, to.1, to.2].map(i64::from));
        let point = |t: i64| [0, 1, 2].map(|axis| start[axis] + (((end[axis] - start[axis]) * t) >> 16));
        let inside = |t: i64, margin: i64| distance_squared_mm(point(t)) <= (450 + margin).pow(2);
        let probe = |margin| (0..=PROBES).map(|k| (k << 16) / PROBES).find(|t| inside(*t, margin));
        let found = sweep(at_mm(from.0, from.1, from.2), at_mm(to.0, to.1, to.2)).map(i64::from);
        // Probes are rounded to millimetres: inside by some it must be found, outside by some it must not.
        match found {
            Some(t) => {
                prop_assert!(inside(t, 16), "touches at {t}: {}", distance_squared_mm(point(t)));
                if let Some(surely) = probe(-16) {
                    prop_assert!(t <= surely + 64, "found at {t}, inside from {surely}");
                }
            }
            None => prop_assert_eq!(probe(-16), None),
        }
    }

    /// Against the same way in a thousand steps, with exact distances, for all bodies and up to 300 m/s at 60 ticks in a second:
    /// no miss, and no hit that is farther than a millimetre from the body.
    #[test]
    fn a_sweep_is_what_a_thousand_steps_find(
        from in (-400_000..400_000_i32, -600_000..1_200_000_i32, -400_000..400_000_i32),
        aim in (-40_000..40_000_i32, -20_000..140_000_i32, -40_000..40_000_i32),
        past in 0_i32..=256,
        radius in 13_107..330_000_i32,
        taller in 0..400_000_i32,
    ) {
        const STEPS: i64 = 1_000;
        /// A millimetre, raw.
        const MM: i128 = 66;
        let height = 2 * radius + taller;
        // Towards the body or beyond it, not more than 5 m along an axis.
        let towards = |from: i32, aim: i32| {
            let way = (i64::from(aim) - i64::from(from)) * i64::from(past) / 128;
            from + way.clamp(-327_680, 327_680) as i32
        };
        let to = [towards(from.0, aim.0), towards(from.1, aim.1), towards(from.2, aim.2)];
        let start = [from.0, from.1, from.2];
        let point = |t: i64, whole: i64| {
            [0, 1, 2].map(|axis| i128::from(i64::from(start[axis]) * whole + (i64::from(to[axis]) - i64::from(start[axis])) * t))
        };
        // Whether a point, times `whole`, is within the radius and a margin of the axis.
        let inside = |p: [i128; 3], whole: i128, margin: i128| {
            let (low, high) = (i128::from(radius) * whole, i128::from(height - radius) * whole);
            let axis = p[1].clamp(low, high);
            let reach = (i128::from(radius) + margin) * whole;
            reach >= 0 && p[0].pow(2) + (p[1] - axis).pow(2) + p[2].pow(2) <= reach.pow(2)
        };
        let [a, b] = [start, to].map(|p| Position::from_raw(p[0], p[1], p[2]));
        let found = sweep_capsule(a, b, Position::default(), Metres(radius), Metres(height)).map(i64::from);
        let surely = (0..=STEPS).find(|t| inside(point(*t, STEPS), STEPS.into(), -MM));
        match found {
            Some(t) => {
                prop_assert!(inside(point(t, 1 << 16), 1 << 16, MM), "a false hit at {}", t);
                let late = surely.is_some_and(|step| t * STEPS > (step << 16) + (1 << 16));
                prop_assert!(!late, "hit at {}, inside from step {:?}", t, surely);
            }
            None => prop_assert_eq!(surely, None, "a miss"),
        }
    }

    /// Whoever stands in the way is hit, at any speed the rules allow.
    #[test]
    fn nothing_is_passed_through(
        speed in 20..=400_i32, hz in 60_u16..=120, start_mm in 2_000..30_000_i32, aside_mm in -300..300_i32,
    ) {
        let step = speed * 1_000 / i32::from(hz);
        let mut x = -start_mm;
        let mut hit = false;
        while x < 3_000 && !hit {
            let next = x + step;
            hit = sweep(at_mm(x, 1_000, aside_mm), at_mm(next, 1_000, aside_mm)).is_some();
            x = next;
        }
        prop_assert!(hit);
    }

    /// The grid leaves out nobody: the first contact is the first of all bodies.
    #[test]
    fn the_first_contact_is_the_first_of_all(
        points in any_crowd(),
        from in (-9_000..9_000_i32, -1_000..4_000_i32, -9_000..9_000_i32),
        way in (-8_000..8_000_i32, -3_000..3_000_i32, -8_000..8_000_i32),
        team in 0..2_u8,
    ) {
        let mut environment = environment();
        environment.terrain = crate::spatial::Terrain::flat(Metres::from_m(32), Metres::from_m(2)).unwrap();
        let characters = crowd(&points);
        let view = characters.view();
        let crowd = Crowd::new(&view, points.len(), &environment);
        // Above the ground: the ground has a test of its own.
        let from = at_mm(from.0, from.1 + 5_000, from.2);
        let to = at_mm(way.0, way.1, way.2);
        let to = from.offset(to.x, to.y.max(Metres::from_m(-4)), to.z);
        let shooter = Shooter { team, id: CharacterId { slot: 0, generation: 1 }, arm: Arm::BOW, pierced: 0 };
        let radius = environment.rules.movement[0].radius + environment.rules.arms[1].radius;
        let expected = (0..points.len() as u32)
            .filter(|row| view.is_alive(*row) && view.team[*row as usize] != team && *row != 0)
            .filter_map(|row| {
                let t = sweep_capsule(from, to, view.position(row), radius, environment.rules.movement[0].height)?;
                Some((t, row))
            })
            .min()
            .map_or(FlightEnd::None, |(_, row)| FlightEnd::Body(row, ViewAge::ZERO));
        let sky = crowd.sky(&view, &environment);
        for choice in LaneChoice::available() {
            let (_, end) = lanes::run(*choice, Ask(&sky, [from, to], shooter));
            prop_assert_eq!(end, expected, "{:?}", choice);
        }
    }
}

#[test]
fn the_ground_stops_an_arrow_and_shields_what_is_behind() {
    let environment = environment();
    let characters = crowd(&[]);
    let view = characters.view();
    let crowd = Crowd::new(&view, 0, &environment);
    let shooter = Shooter { team: 0, id: CharacterId::NONE, arm: Arm::BOW, pierced: 0 };
    let ground = environment.terrain.height_at(Metres::ZERO, Metres::ZERO);
    let above = Position { x: Metres::ZERO, y: ground + Metres::from_m(2), z: Metres::ZERO };
    let below = Position { y: ground - Metres::from_m(2), ..above };
    let sky = crowd.sky(&view, &environment);
    let (at, end) = lanes::run(LaneChoice::Auto, Ask(&sky, [above, below], shooter));
    assert_eq!(end, FlightEnd::Spent);
    assert!((at.y - ground).abs() < Metres::from_mm(10), "{at:?}");
}

/// What flies somewhere: among the crowd and over it, or near the edge of the world; some too fast for lanes.
fn volley(arrows: usize, seed: u64, environment: &Environment) -> crate::state::projectiles::Projectiles {
    let mut flying = crate::state::projectiles::Projectiles::new(arrows);
    for row in 0..arrows {
        let word =
            crate::numeric::rng::random_u32x4(seed, Tick(0), row as u32, crate::numeric::Purpose::Scripted);
        let part = |word: u32, most: i32| (word >> 8) as i32 % (2 * most) - most;
        let aside = if row % 11 == 3 { Metres::from_mm(31_700) } else { Metres::ZERO };
        let (x, z) = (Metres::from_mm(part(word[0], 8_000)) + aside, Metres::from_mm(part(word[1], 8_000)));
        let ground = environment.terrain.height_at(x, z);
        (flying.position_x[row], flying.position_z[row]) = (x.0, z.0);
        flying.position_y[row] = (ground + Metres::from_mm((word[2] >> 19) as i32 - 500)).0;
        let fast = if row % 7 == 0 { 150 } else { 40 };
        flying.velocity_x[row] = part(word[2].rotate_left(7), fast << 16);
        flying.velocity_y[row] = part(word[3], 20 << 16);
        flying.velocity_z[row] = part(word[3].rotate_left(13), fast << 16);
        if row % 41 == 40 {
            flying.velocity_y[row] = i32::MIN + (word[3] >> 8) as i32;
        }
        (flying.alive[row], flying.team[row]) = (u8::from(row % 5 != 0), (word[0] & 1) as u8);
        (flying.end_tick[row], flying.arm[row]) =
            ((word[1] >> 30) * 50, [2, 2, 2, 4, 5, 7, (word[3] & 15) as u8][row % 7]);
    }
    flying
}

/// All that flies in a tick, on all lanes, over hills: like one arrow after the other, each asked about with all bodies and all
/// the terrain. With two teams and with four, enemies and friends struck, in the open and among posts.
#[test]
fn lanes_fly_like_single_arrows() {
    const ARROWS: usize = 203;
    let mut ended = [0; 3];
    for (round, seed) in (0..6).zip(5..) {
        let mut environment = environment();
        environment.rules.life.friendly_fire = (round % 3 == 1).into();
        environment.rules.arms[3].affects = crate::rules::side::ALLIES;
        if round % 2 == 1 {
            environment.obstacles = posts();
        }
        let points: Vec<_> = (0..60_i32)
            .map(|i| {
                (i * 397 % 12_000 - 6_000, i * 53 % 3_000, i * 761 % 12_000 - 6_000, 0, (i * 5 % 64) as u8)
            })
            .collect();
        let mut characters = crowd(&points);
        if round > 2 {
            characters.team[7] = 2;
            characters.team[12] = 3;
        }
        let view = characters.view();
        let crowd = Crowd::new(&view, points.len(), &environment);
        let sky = crowd.sky(&view, &environment);
        let mut arrows = volley(ARROWS, seed, &environment);
        if round > 2 {
            arrows.team[3] = 2;
        }
        for choice in LaneChoice::available() {
            let (mut flown, mut ends) = (arrows.clone(), [FlightEnd::None; ARROWS]);
            let rows = flown.rows_below(ARROWS).leveled();
            lanes::run(*choice, Flight { rows, ends: &mut ends, ages: &[ViewAge::ZERO; ARROWS], sky: &sky });
            for (row, end) in ends.iter().enumerate() {
                let expected = single(&arrows.view(), row, &sky);
                let speed = flown.velocity_y[row];
                assert_eq!(
                    (flown.view().position(row as u32), speed, *end),
                    expected,
                    "{choice:?}, row {row}"
                );
                match end {
                    FlightEnd::Body(..) => ended[0] += 1,
                    FlightEnd::Spent => ended[1] += 1,
                    _ => ended[2] += 1,
                }
            }
        }
    }
    assert!(ended.iter().all(|count| *count > 60), "enough is met, and not too much: {ended:?}");
}

/// Slender ones four metres apart: near some ways, far from most.
fn posts() -> crate::spatial::Obstacles {
    let base = |at: i32| at_mm(at % 6 * 4_000 - 10_000, -4_000, at / 6 * 4_000 - 10_000);
    let (radius, height) = (Metres::from_mm(300), Metres::from_m(9));
    let post = |at| crate::spatial::StaticShape::Cylinder { base: base(at), radius, height };
    let scenery = crate::spatial::Scenery { shapes: (0..36).map(post).collect(), ..Default::default() };
    crate::spatial::Obstacles::bake(&scenery, Metres::from_m(32)).unwrap()
}

/// Where a row of these arrives, how fast it falls then, and how that ends, worked out alone.
fn single(
    arrows: &crate::state::projectiles::ProjectilesView<'_>,
    row: usize,
    sky: &Sky<'_>,
) -> (Position, i32, FlightEnd) {
    let from = arrows.position(row as u32);
    if arrows.alive[row] == 0 {
        return (from, arrows.velocity_y[row], FlightEnd::None);
    }
    let arm = Arm(arrows.arm[row]);
    let fallen = flight::fallen(arrows.velocity_y[row], sky.fall(arm));
    let (x, z) = (arrows.velocity_x[row], arrows.velocity_z[row]);
    let to = from.advanced(crate::numeric::Velocity::from_raw(x, fallen, z), sky.environment.tick_hz);
    let shooter = Shooter { team: arrows.team[row], id: CharacterId::NONE, arm, pierced: 0 };
    let (at, end) = lanes::run(LaneChoice::Scalar, Ask(sky, [from, to], shooter));
    let over = sky.tick.signed_distance(Tick(arrows.end_tick[row])) >= 0;
    (at, fallen, if end == FlightEnd::None && over { FlightEnd::Spent } else { end })
}
