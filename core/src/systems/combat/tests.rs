//! Swings held to a search over everybody.

use super::*;
use crate::numeric::{Brads, LaneChoice, Ticks};
use crate::rules::Rules;
use crate::spatial::Terrain;
use crate::state::column::Here;
use crate::state::events::{Event, EventBuffer};
use crate::state::history::History;
use crate::state::{State, StateCapacity};
use crate::systems::afflictions::Afflictions;
use crate::systems::movement::MovementTicks;
use crate::systems::near::{AGES_MAX, Looks};
use crate::systems::rewind::Judgements;
use crate::systems::{Tally, Timing};
use alloc::vec::Vec;
use proptest::prelude::*;

pub(crate) fn environment() -> Environment {
    let rules = Rules::default();
    Environment {
        seed: 1,
        tick_hz: 60,
        teams: 2,
        rules,
        timing: Timing::new(&rules, 60),
        movement: MovementTicks::new(&rules, 60),
        terrain: Terrain::from_seed(1, Metres::from_m(32), Metres::from_m(2)).unwrap(),
        obstacles: crate::spatial::Obstacles::default(),
        lanes: LaneChoice::Auto,
        parallel_min_rows: u32::MAX,
    }
}

/// A random table: places in a square of 12 m, three of four rows alive, two teams.
pub(crate) fn crowd(points: &[(i32, i32, i32, u16, u8)]) -> Characters {
    let mut characters = Characters::new(points.len());
    for (row, (x_mm, y_mm, z_mm, yaw, bits)) in points.iter().enumerate() {
        characters.position_x[row] = Metres::from_mm(*x_mm).0;
        characters.position_y[row] = Metres::from_mm(*y_mm).0;
        characters.position_z[row] = Metres::from_mm(*z_mm).0;
        characters.yaw[row] = *yaw;
        characters.team[row] = bits & 1;
        characters.generation[row] = 1;
        characters.flags[row] = if bits & 6 == 0 { flags::IN_USE } else { flags::IN_USE | flags::ALIVE };
        characters.health[row] = if bits & 6 == 0 { 0 } else { 1_000 };
        characters.stamina[row] = 100;
        characters.input_buttons[row] = u16::from(bits & 8 != 0) * buttons::MELEE;
        characters.primary_ready_tick[row] = u32::from(bits & 48 == 0) * 1_000;
    }
    characters
}

pub(crate) fn any_crowd() -> impl Strategy<Value = Vec<(i32, i32, i32, u16, u8)>> {
    let row = (-6_000..6_000_i32, -1_500..1_500_i32, -6_000..6_000_i32, any::<u16>(), any::<u8>());
    proptest::collection::vec(row, 0..60)
}

/// The same question asked of every pair, with angles instead of cross products.
fn naive(row: usize, characters: &Characters, environment: &Environment) -> Vec<u32> {
    let melee = &environment.rules.arms[0];
    let reach = i64::from(melee.reach.0) + i64::from(environment.rules.movement[0].radius.0);
    let view = characters.view();
    let own = view.position(row as u32);
    let mut found: Vec<(u64, u32)> = (0..view.len())
        .filter(|&other| {
            let at = view.position(other as u32);
            let angle = own.yaw_toward(at).distance(Brads(view.yaw[row]));
            other != row
                && view.is_alive(other as u32)
                && view.team[other] != view.team[row]
                && own.horizontal_distance_squared(at) <= reach.pow(2).cast_unsigned()
                && angle <= melee.cone.0 / 2
                && (own.y - at.y).abs() <= melee.height_reach
        })
        .map(|other| (own.horizontal_distance_squared(view.position(other as u32)), other as u32))
        .collect();
    found.sort_unstable();
    found.truncate(usize::from(melee.targets));
    found.into_iter().map(|(_, other)| other).collect()
}

/// Whether some pair stands so near the edge of a cone that a rounded angle may decide either way.
fn on_the_edge(characters: &Characters, environment: &Environment) -> bool {
    let view = characters.view();
    let half = i32::from(environment.rules.arms[0].cone.0 / 2);
    (0..view.len() as u32).any(|row| {
        (0..view.len() as u32).any(|other| {
            let angle =
                view.position(row).yaw_toward(view.position(other)).distance(Brads(view.yaw[row as usize]));
            (i32::from(angle) - half).abs() <= 3
        })
    })
}

/// What tick 100 is judged by.
pub(crate) fn arena<'a>(
    rewind: Rewind<'a>,
    views: &'a Views,
    (index, near): (&'a CrowdIndex, &'a NearTables),
    environment: &'a Environment,
) -> Arena<'a> {
    let (props, prop_cells) = crate::systems::props::none();
    Arena {
        props,
        prop_cells,
        rewind,
        views,
        index,
        near,
        environment,
        tick: Tick(100),
        radius_max: environment.rules.movement[0].radius,
    }
}

/// Near grids that are not made in any tick, or in every one.
pub(crate) fn near(
    rows: usize,
    always: bool,
    rewind: &Rewind<'_>,
    index: &CrowdIndex,
    lanes: LaneChoice,
) -> NearTables {
    let mut near = NearTables::new(rows, Ticks(15));
    if always {
        let looks = Looks { by_age: [u32::MAX; AGES_MAX], present: true };
        near.prepare(&looks, index, (rewind, rows), (lanes, Here));
    }
    near
}

/// Chooses, lists and judges.
pub(crate) fn judge_all(scratch: &mut CombatScratch, rows: usize, arena: &Arena<'_>) {
    choose(0, scratch.deeds_below(rows), arena);
    list(scratch, rows, arena);
    judge(scratch.attacks(), arena);
}

proptest! {
    #[test]
    fn swings_are_what_a_naive_search_finds(points in any_crowd(), always: bool) {
        let environment = environment();
        let characters = crowd(&points);
        prop_assume!(!on_the_edge(&characters, &environment));
        let mut index = CrowdIndex::new(environment.terrain.half_extent(), points.len(), environment.lanes);
        index.rebuild(&characters.view(), points.len());
        let mut scratch = CombatScratch::new(points.len());
        // Rubbish of the tick before must not show.
        scratch.deeds.fill(u8::MAX);
        scratch.attacks.extend((0..points.len()).map(|_| Attack { count: 4, ..Attack::default() }));
        let (view, history, views) = (characters.view(), History::new(0, 0), Views::new(points.len()));
        let rewind = Rewind::new(&history, &view, 0, &environment);
        let near = near(points.len(), always, &rewind, &index, environment.lanes);
        judge_all(&mut scratch, points.len(), &arena(rewind, &views, (&index, &near), &environment));
        let mut attacks = scratch.attacks.iter().peekable();
        for (row, point) in points.iter().enumerate() {
            let bits = point.4;
            let attack = attacks.next_if(|attack| attack.row as usize == row);
            prop_assert_eq!(attack.is_some(), bits & 6 != 0 && bits & 8 != 0 && bits & 48 != 0);
            if let Some(attack) = attack {
                prop_assert_eq!(attack.targets(), &naive(row, &characters, &environment)[..]);
            }
        }
        prop_assert!(attacks.next().is_none());
    }

    /// Health only falls by hits, the dead are counted once, and cooldowns hold.
    #[test]
    fn effects_add_up(points in any_crowd()) {
        let mut environment = environment();
        environment.rules.arms[0].damage = 400;
        let mut state = State::new(&StateCapacity {
            characters: points.len() as u32,
            projectiles: 4,
            effects: 4,
            ..StateCapacity::default()
        });
        state.characters = crowd(&points);
        state.rebuild_ids(LaneChoice::default());
        state.tick = Tick(100);
        let before: Vec<u16> = state.characters.health.to_vec();
        let mut index = CrowdIndex::new(environment.terrain.half_extent(), points.len(), environment.lanes);
        index.rebuild(&state.characters.view(), points.len());
        let mut scratch = CombatScratch::new(points.len());
        let views = Views::new(points.len());
        let view = state.characters.view();
        let rewind = Rewind::new(&state.history, &view, 0, &environment);
        let near = near(points.len(), false, &rewind, &index, environment.lanes);
        judge_all(&mut scratch, points.len(), &arena(rewind, &views, (&index, &near), &environment));
        let mut events = EventBuffer::new(10_000);
        let mut tally = Tally::default();
        let mut judgements = Judgements::new(10);
        let mut fray = Fray {
            state: &mut state,
            environment: &environment,
            index: &index,
            tick: Tick(100),
            radius_max: environment.rules.movement[0].radius,
            afflictions: &mut Afflictions::new(points.len(), 4),
            found: &mut Vec::new(),
            sections: &mut Default::default(),
            props: crate::systems::props::none().1,
            craters: &mut Vec::new(),
            events: &mut events,
            tally: &mut tally,
            judgements: &mut judgements,
        };
        apply(&mut fray, &scratch, &views, &mut [ViewAge::ZERO; 4]);
        prop_assert!(judgements.as_slice().is_empty(), "everybody sees the present");
        let mut lost = vec![0_u32; points.len()];
        let mut died = vec![0_u16; points.len()];
        for event in events.as_slice() {
            match event {
                Event::Hit { target, amount, .. } => lost[target.slot as usize] += u32::from(*amount),
                Event::Died { victim, .. } => died[victim.slot as usize] += 1,
                Event::Assisted { .. } => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
        for row in 0..points.len() {
            prop_assert_eq!(u32::from(before[row] - state.characters.health[row]), lost[row]);
            prop_assert_eq!(state.characters.deaths[row], died[row]);
            prop_assert_eq!(died[row] == 1, before[row] > 0 && state.characters.health[row] == 0);
            if scratch.attacks.iter().any(|attack| attack.row as usize == row) {
                let ready = Tick(100) + environment.timing.arm(Arm::SWORD).cooldown;
                prop_assert_eq!(Tick(state.characters.primary_ready_tick[row]).since(ready), Ticks(0));
            }
        }
        prop_assert_eq!(tally.damage, tally.health_taken + tally.overkill);
        prop_assert_eq!(tally.health_taken, lost.iter().map(|lost| u64::from(*lost)).sum::<u64>());
        prop_assert_eq!(tally.deaths, died.iter().map(|count| u32::from(*count)).sum::<u32>());
        prop_assert_eq!(u64::from(tally.deaths), state.characters.kills.iter().map(|kills| u64::from(*kills)).sum::<u64>());
    }
}
