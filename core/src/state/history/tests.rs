//! The ring against a list that never forgets.

use super::super::characters::Characters;
use super::super::column::Here;
use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

const ROWS: usize = 21;
const PAGES: usize = 5;

/// The characters of a tick: everything differs from tick to tick.
fn characters(tick: i32) -> Characters {
    let mut table = Characters::new(ROWS);
    for row in 0..ROWS {
        let at = row as i32;
        table.position_x[row] = tick * 1_000 + at;
        table.position_y[row] = tick * 7 - at;
        table.position_z[row] = -tick * 300 * at;
        table.yaw[row] = (tick * 31 + at) as u16;
        table.generation[row] = 1 + row as u32 / 20;
        table.flags[row] = flags::IN_USE | if at % 4 == 3 { 0 } else { flags::ALIVE };
        table.deaths[row] = (at % 3) as u16;
        table.class[row] = (at % 8) as u8;
    }
    table
}

/// A ring after so many ticks.
fn after(ticks: i32, end: usize) -> History {
    let mut history = History::new(PAGES, ROWS);
    for tick in 0..ticks {
        let table = characters(tick);
        let reach = history.farthest_move(&table.view(), end, (LaneChoice::Auto, Here));
        history.record(&table.view(), end, reach, (LaneChoice::Auto, Here));
    }
    history
}

proptest! {
    #[test]
    fn it_gives_back_what_was_and_no_more(ticks in 0..14_i32, end in 0..=ROWS, lanes in 0..2_u8) {
        let lanes = [LaneChoice::Auto, LaneChoice::Scalar][usize::from(lanes)];
        let history = after(ticks, end);
        prop_assert_eq!(history.recorded(), (ticks as usize).min(PAGES));
        let now = characters(ticks);
        for back in 0..=PAGES + 2 {
            for row in 0..ROWS {
                let pose = history.pose_at(history.moment(back), row, (now.generation[row], now.deaths[row]));
                let known = (1..=history.recorded()).contains(&back) && row < end && row % 4 != 3;
                prop_assert_eq!(pose.is_some(), known, "row {} {} ticks back", row, back);
                if let Some(pose) = pose {
                    let then = characters(ticks - back as i32);
                    prop_assert_eq!(pose.position, then.view().position(row as u32));
                    prop_assert_eq!((pose.yaw.0, pose.class), (then.yaw[row], then.class[row]));
                }
            }
        }
        // Every step is the same: a thousand along x, three hundred times the row along z.
        let living = (0..end).filter(|row| row % 4 != 3).max();
        let step = history.farthest_move(&now.view(), end, (lanes, Here));
        let longest = living.filter(|_| ticks > 0).map_or(0, |row| 1_000_i64.pow(2) + (300 * row as i64).pow(2));
        prop_assert!(i64::from(step).pow(2) >= longest, "not shorter than the longest");
        prop_assert!(i64::from((step - 192).max(0)).pow(2) <= longest, "nor much longer: {} {}", step, longest);
        for back in 1..=history.recorded() {
            prop_assert_eq!(history.reach_since(back), (back as i32 - 1) * step);
        }
    }

    #[test]
    fn images_and_copies_hold_the_same_wherever_it_lies(ticks in 0..14_i32, end in 0..=ROWS, more in 0..7_i32) {
        let history = after(ticks, end);
        let mut image = Vec::new();
        history.write(&mut image);
        prop_assert_eq!(image.len(), history.image_bytes());
        prop_assert!(image.len() <= History::image_bytes_max(PAGES, ROWS));
        let mut other = after(more, end);
        prop_assert_eq!(other.read(&image, LaneChoice::Scalar), Ok(&[][..]));
        prop_assert_eq!(other.hash(), history.hash());
        prop_assert_eq!(hash_of_image(&image, ROWS as u32, LaneChoice::Auto), Ok(history.hash()));
        let mut copy = after(more, end);
        copy.copy_from(&history);
        let now = characters(ticks);
        for back in 1..=PAGES {
            for row in 0..ROWS {
                let pose = history.pose_at(history.moment(back), row, (now.generation[row], now.deaths[row]));
                prop_assert_eq!(other.pose_at(other.moment(back), row, (now.generation[row], now.deaths[row])), pose);
                prop_assert_eq!(copy.pose_at(copy.moment(back), row, (now.generation[row], now.deaths[row])), pose);
            }
        }
        // And both go on in the same way.
        for ring in [&mut other, &mut copy] {
            ring.record(&now.view(), end, 7, (LaneChoice::Auto, Here));
        }
        prop_assert_eq!(other.hash(), copy.hash());
        prop_assert_eq!(copy.pose_at(copy.moment(1), 0, (now.generation[0], now.deaths[0])).is_some(), end > 0);
    }

    #[test]
    fn any_bytes_are_refused_or_a_history(bytes in prop::collection::vec(any::<u8>(), 0..300), pages in 0..6_u32) {
        let mut bytes = bytes;
        if let Some(count) = bytes.first_chunk_mut::<4>() {
            *count = pages.to_le_bytes();
        }
        let mut history = History::new(PAGES, ROWS);
        if let Ok(rest) = history.read(&bytes, LaneChoice::Auto) {
            let mut again = Vec::new();
            history.write(&mut again);
            prop_assert_eq!(&again[..], &bytes[..bytes.len() - rest.len()]);
        }
        let _ = hash_of_image(&bytes, ROWS as u32, LaneChoice::Auto);
    }
}

/// Every bit of an image counts for the hash, and no cut of it is a history.
#[test]
fn every_bit_changes_the_hash_and_every_cut_is_refused() {
    let history = after(7, 3);
    let mut image = Vec::new();
    history.write(&mut image);
    let hash = |image: &[u8]| hash_of_image(image, ROWS as u32, LaneChoice::Auto);
    for bit in 0..image.len() * 8 {
        let mut other = image.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(hash(&other), Ok(history.hash()), "bit {bit}");
    }
    let mut ring = History::new(PAGES, ROWS);
    for cut in 0..image.len() {
        assert_eq!(hash(&image[..cut]), Err(SnapshotError::Truncated));
        assert_eq!(ring.read(&image[..cut], LaneChoice::Auto), Err(SnapshotError::Truncated));
    }
    assert_ne!(after(6, 3).hash(), history.hash());
}

#[test]
fn a_world_that_never_looks_back_keeps_nothing() {
    let mut history = History::new(0, ROWS);
    let table = characters(1);
    assert_eq!(history.farthest_move(&table.view(), ROWS, (LaneChoice::Auto, Here)), 0);
    history.record(&table.view(), ROWS, 0, (LaneChoice::Auto, Here));
    assert_eq!((history.recorded(), history.hash()), (0, StateHash::EMPTY));
    assert_eq!(history.pose_at(history.moment(1), 0, (table.generation[0], table.deaths[0])), None);
}
