//! Ages, and what comes back row by row against lanes.

use super::*;
use crate::numeric::LaneChoice;
use crate::numeric::rng::random_u32x4;
use crate::systems::combat::tests::environment;
use proptest::prelude::*;

#[test]
fn old_ticks_are_brought_forward_and_others_left_alone() {
    let mut characters = Characters::new(4);
    characters.flags.fill(flags::IN_USE);
    characters.flags[3] = 0;
    // A sweep right at the wrap of the tick counter.
    let tick = Tick(0);
    let ages = [u32::MAX - 5, (1 << 31) + 7, 40, (1 << 31) + 7];
    characters.primary_ready_tick.copy_from_slice(&ages);
    run_aging(&mut characters, 4, Tick(1));
    assert_eq!(*characters.primary_ready_tick, ages, "between two sweeps nothing happens");
    run_aging(&mut characters, 4, tick);
    assert_eq!(*characters.primary_ready_tick, [ages[0], (tick - AGE_MAX).0, 40, ages[3]]);
    // Whatever the counter says later on, the blade of the one who waited is ready.
    for wait in [0_u32, 1 << 20, (1 << 30) - 1] {
        assert!((tick + Ticks(wait)).signed_distance(Tick(characters.primary_ready_tick[1])) >= 0);
    }
}

/// Rows with anything in the columns that this stage reads.
fn anybody(seed: u64, rows: usize) -> Characters {
    let mut characters = Characters::new(rows);
    for row in 0..rows {
        let [a, b, c, d] = random_u32x4(seed, Tick(0), row as u32, Purpose::Scripted);
        characters.flags[row] = a as u16 & flags::ALL;
        characters.health[row] = (b % 1_100) as u16;
        characters.stamina[row] = (b >> 16 & 127) as u16;
        characters.motion[row] = (c & 7) as u8;
        characters.motion_ticks[row] = (c >> 3 & 3) as u16;
        characters.combat_tick[row] = 5_u32.wrapping_sub(d % 800);
        characters.action_tick[row] = if c & 8 == 0 { d } else { 5_u32.wrapping_sub(d >> 8 & 1_023) };
        characters.team[row] = (c >> 5 & 1) as u8;
        characters.generation[row] = a;
    }
    characters
}

proptest! {
    /// Lanes give back what the rules say of each row alone.
    #[test]
    fn lanes_recover_like_single_rows(seed: u64, rows in 0..90_usize, tick in 0..200_u32) {
        let mut environment = environment();
        environment.rules.life.regeneration_per_s = 150;
        let (tick, life, combat) = (Tick(tick), environment.rules.life, environment.rules.combat);
        let gained = gained_stamina(&combat, tick, environment.tick_hz);
        let before = anybody(seed, rows);
        let mut plain = before.clone();
        for row in 0..rows {
            if before.flags[row] & flags::ALIVE == 0 {
                continue;
            }
            let moving = (before.motion[row], before.motion_ticks[row]);
            let state = (before.stamina[row], before.flags[row]);
            (plain.stamina[row], plain.flags[row]) = stamina_after(state, moving, gained, &combat);
            let rested = tick.since(Tick(before.combat_tick[row])) >= environment.timing.regeneration_delay;
            if before.health[row] < life.health_max && rested {
                let health = before.health[row] + gain(150, tick, environment.tick_hz);
                plain.health[row] = health.min(life.health_max);
            }
        }
        for &lanes in LaneChoice::available() {
            environment.lanes = lanes;
            let mut found = before.clone();
            recover(found.rows_below(rows), tick, &environment);
            prop_assert_eq!(found.health.to_vec(), plain.health.to_vec());
            prop_assert_eq!(found.stamina.to_vec(), plain.stamina.to_vec());
            prop_assert_eq!(found.flags.to_vec(), plain.flags.to_vec());
        }
    }

    /// Those and no others return whose time has come, wherever the rows are cut.
    #[test]
    fn the_dead_return_in_time(seed: u64, rows in 0..90_usize, cut in 0..90_usize) {
        let mut environment = environment();
        let (tick, cut) = (Tick(5), cut.min(rows));
        let before = anybody(seed, rows);
        let is_due = |row: usize| {
            before.flags[row] & (flags::IN_USE | flags::ALIVE) == flags::IN_USE
                && tick.since(Tick(before.action_tick[row])) >= environment.timing.respawn
        };
        let wanted: Vec<u32> = (0..rows as u32).filter(|row| is_due(*row as usize)).collect();
        let mut after = before.clone();
        for &lanes in LaneChoice::available() {
            environment.lanes = lanes;
            let mut due = alloc::vec![7];
            list_the_due(&before, rows, tick, &environment, &mut due);
            prop_assert_eq!(&due, &wanted);
        }
        let objectives = Objectives::new(0);
        let home_of = |slot: usize, _: u8| slot.is_multiple_of(2).then_some((Metres::ONE, Metres::ZERO, Brads(9)));
        let world = (&environment, &objectives, &home_of as &HomeOf<'_>);
        let (mut low, mut high) = after.rows_below(rows).split_rows(cut);
        bring_back(&mut low, 0, &wanted, tick, world);
        bring_back(&mut high, cut, &wanted, tick, world);
        for row in 0..rows {
            let returned = wanted.contains(&(row as u32));
            let lives = flags::IN_USE | flags::ALIVE | flags::GROUNDED;
            prop_assert_eq!(after.flags[row], if returned { lives } else { before.flags[row] });
            if returned && row % 2 == 0 {
                prop_assert_eq!((after.position_x[row], after.yaw[row]), (Metres::ONE.0, 9));
            }
        }
        let (mut events, mut tally) = (EventBuffer::new(100), Tally::default());
        tell_of(&wanted, &after, &mut events, &mut tally);
        prop_assert_eq!((events.as_slice().len(), tally.respawns as usize), (wanted.len(), wanted.len()));
    }
}
