//! Whom lanes let through, against a look at each row.

use super::*;
use crate::numeric::rng::random_u32x4;
use crate::numeric::{LaneChoice, Purpose};
use crate::state::characters::Characters;
use crate::state::history::History;
use crate::systems::combat::tests::{arena, environment, near};
use crate::systems::crowd_index::CrowdIndex;
use crate::systems::rewind::{Rewind, Views};
use proptest::prelude::*;

/// Rows with anything in the columns that decide what they do at tick 100.
fn anybody(seed: u64, rows: usize) -> Characters {
    let mut characters = Characters::new(rows);
    for row in 0..rows {
        let [a, b, c, d] = random_u32x4(seed, Tick(0), row as u32, Purpose::Scripted);
        // Most live, few are stunned.
        characters.flags[row] = (a as u16 & flags::ALL | flags::ALIVE | flags::IN_USE)
            & if a >> 16 & 7 == 0 { flags::ALL } else { !(flags::STUNNED | flags::BLOCKING) };
        characters.input_buttons[row] = b as u16 & (b >> 16) as u16;
        characters.action[row] = (c & 15) as u8;
        characters.class[row] = (c >> 4 & 7) as u8;
        characters.stamina[row] = (c >> 7 & 63) as u16;
        let ready = |word: u32| if word & 1 == 0 { 100 + (word >> 1 & 3) } else { (word >> 1) % 101 };
        let [first, second] = [d, d.rotate_left(9)].map(ready);
        characters.primary_ready_tick[row] = first;
        characters.secondary_ready_tick[row] = second;
        characters.ability_1_ready_tick[row] = if c >> 13 & 7 == 0 { d } else { second };
        characters.ability_2_ready_tick[row] = ready(d.rotate_left(18));
        characters.action_tick[row] = if c >> 16 & 7 == 0 { c } else { 100 - (d >> 27) };
    }
    characters
}

proptest! {
    /// Nobody who does something is left out, and nobody else does anything; from whatever row on.
    #[test]
    fn lanes_choose_like_single_rows(seed: u64, rows in 0..120_usize, first in 0..9_usize) {
        let characters = anybody(seed, rows + first);
        let (view, history, views) = (characters.view(), History::new(0, 0), Views::new(rows + first));
        for &lanes in LaneChoice::available() {
            let mut environment = environment();
            environment.lanes = lanes;
            let index = CrowdIndex::new(environment.terrain.half_extent(), rows + first, lanes);
            let rewind = Rewind::new(&history, &view, 0, &environment);
            let near = near(rows + first, false, &rewind, &index, lanes);
            let arena = arena(rewind, &views, (&index, &near), &environment);
            let wanted: Vec<u8> = (first..first + rows).map(|row| arena.choose(row)).collect();
            let mut deeds = alloc::vec![u8::MAX; rows];
            choose(first, &mut deeds, &arena);
            prop_assert_eq!(&deeds, &wanted);
        }
    }
}
