//! Near grids of a tick: whom swings and arrows can mean, now and in the past. Each is made in the ticks only in which it pays.
//!
//! - Of the present: where arrows fly, and where many swing who see the present, or nearly.
//! - Of the past: one for so many ticks of age ([`NearTables::new`]), of the places at its newest end. Whoever saw the others
//!   at an age in it finds them there within the way that anybody went in those few ticks, instead of within the way that
//!   anybody went since.
//! - Who dodges is judged at an age of its own ([`super::rewind`]): those are in a grid beside the ones of the past, by where
//!   they are now.
//!
//! Which grids there are is decided by how many look into them in the tick and how many rows there are, never by what an
//! earlier tick left: a restored world decides alike.

use super::crowd_index::CrowdIndex;
use super::rewind::Rewind;
use crate::numeric::lanes::LaneChoice;
use crate::numeric::{Metres, Ticks};
use crate::spatial::near_grid::{NearGrid, NearRoom, tag_of};
use crate::state::characters::{CharactersView, flags, motion};
use crate::state::column::Split;
use crate::state::commands::ViewAge;
use crate::state::history::REWIND_MOVE_MAX;
use alloc::boxed::Box;

/// Ages that have a grid of their own at most, the youngest of them looked up in the grid of the present.
pub(crate) const AGES_MAX: usize = 8;

/// A grid pays when so many times as many rows as look into it are sorted for it: a row costs 5 to 8 ns, a swing
/// without a grid 200 ns and more that one with it does not.
const ROWS_PER_LOOK: usize = 24;

/// How far a search may reach to be made in these grids; larger ones are made in the query grid.
pub(crate) const NEAR_REACH_MAX: Metres = Metres::from_m(8);

/// How many look into which grid in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks {
    /// By age.
    pub(crate) by_age: [u32; AGES_MAX],
    /// Whether the grid of the present is wanted by others.
    pub(crate) present: bool,
}

/// The grids.
#[derive(Debug)]
pub(crate) struct NearTables {
    /// An age is so many ticks.
    ticks_per_age: usize,
    present: NearGrid,
    has_present: bool,
    /// By age, from the second on.
    past: Box<[PastGrid]>,
    dodgers: NearGrid,
    room: NearRoom,
}

#[derive(Debug)]
struct PastGrid {
    grid: NearGrid,
    there: bool,
}

/// Where to look for those who were seen at an age.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) grid: &'a NearGrid,
    /// How far from their places in it they may have been seen.
    pub(crate) reach: Metres,
}

impl NearTables {
    /// Grids for a world that looks back so far.
    pub(crate) fn new(capacity: usize, rewind_max: Ticks) -> Self {
        let ticks = rewind_max.0 as usize;
        let ticks_per_age = (ticks + 1).div_ceil(AGES_MAX);
        let past = || PastGrid { grid: NearGrid::new(capacity), there: false };
        Self {
            ticks_per_age,
            present: NearGrid::new(capacity),
            has_present: false,
            past: (0..ticks / ticks_per_age).map(|_| past()).collect(),
            dodgers: NearGrid::new(if ticks > 0 { capacity } else { 0 }),
            room: NearRoom::new(capacity),
        }
    }

    /// A new tick: there are none.
    pub(crate) fn clear(&mut self) {
        self.has_present = false;
        self.past.iter_mut().for_each(|past| past.there = false);
    }

    /// In which of [`Looks::by_age`] an age counts.
    #[inline]
    pub(crate) fn age_of(&self, age: ViewAge) -> usize {
        (usize::from(age.0 / ViewAge::PARTS) / self.ticks_per_age).min(self.past.len())
    }

    /// Makes the grids that pay.
    pub(crate) fn prepare(
        &mut self,
        looks: &Looks,
        index: &CrowdIndex,
        (rewind, end): (&Rewind<'_>, usize),
        (lanes, split): (LaneChoice, impl Split),
    ) {
        let pays = |looks: u32| looks as usize * ROWS_PER_LOOK >= index.grid().len().max(1);
        if looks.present || pays(looks.by_age[0]) {
            self.prepare_present(index, rewind.characters, (lanes, split));
        }
        let mut any = false;
        for (past, (age, looks)) in self.past.iter_mut().zip((1..).zip(&looks.by_age[1..])) {
            if pays(*looks)
                && past.sort(rewind, end, age * self.ticks_per_age, &mut self.room, (lanes, split))
            {
                any = true;
            }
        }
        if any {
            let characters = rewind.characters;
            let dodge = characters.motion[..end].contains(&motion::DODGE);
            let end = if dodge { end } else { 0 };
            self.dodgers.rebuild(
                [&characters.position_x[..end], &characters.position_z[..end]],
                |row| characters.is_alive(row as u32) && characters.motion[row] == motion::DODGE,
                |row| tag_of(row as u32, characters.team[row]),
                &mut self.room,
                (lanes, split),
            );
        }
    }

    /// Makes the grid of the present, if there is none yet in this tick: of everybody in the index.
    pub(crate) fn prepare_present(
        &mut self,
        index: &CrowdIndex,
        characters: &CharactersView<'_>,
        work: (LaneChoice, impl Split),
    ) {
        if core::mem::replace(&mut self.has_present, true) {
            return;
        }
        let (rows, (x, z)) = (index.grid().rows(), index.grid().present_coordinates());
        let tag = |index: usize| tag_of(rows[index], characters.team[rows[index] as usize]);
        self.present.rebuild([x, z], |_| true, tag, &mut self.room, work);
    }

    /// The grid of the present, of a tick in which it is there.
    pub(crate) fn present(&self) -> &NearGrid {
        debug_assert!(self.has_present);
        &self.present
    }

    /// Where to look for those who were seen at an age, and for those of them who dodge, in a region of a radius; `None`
    /// when that is not in these grids.
    #[inline]
    pub(crate) fn look(
        &self,
        age: ViewAge,
        radius: Metres,
        rewind: &Rewind<'_>,
    ) -> Option<[Option<Look<'_>>; 2]> {
        let number = self.age_of(age);
        let near = |reach: Metres| radius.saturating_add(reach) <= NEAR_REACH_MAX;
        if number == 0 {
            let reach = if age == ViewAge::ZERO { Metres::ZERO } else { rewind.reach(age) };
            let found = self.has_present && near(reach);
            return found.then_some([Some(Look { grid: &self.present, reach }), None]);
        }
        let past = &self.past[number - 1];
        let reach = rewind.reach_from(number * self.ticks_per_age, age)?;
        if !past.there || !near(reach) {
            return None;
        }
        let dodgers = if self.dodgers.len() == 0 {
            None
        } else {
            let reach = rewind.reach(age.min(rewind.dodge_favour));
            if !near(reach) {
                return None;
            }
            Some(Look { grid: &self.dodgers, reach })
        };
        Some([Some(Look { grid: &past.grid, reach }), dodgers])
    }
}

impl NearTables {
    /// The number of the grid in which those are looked up who were seen at an age; 0 is that of the present.
    #[inline]
    pub(crate) fn grid_of(&self, age: ViewAge) -> usize {
        let number = self.age_of(age);
        if number > 0 && self.past[number - 1].there { number } else { 0 }
    }

    /// Where to look for those who were seen at an age, or later up to the end of what has the same
    /// [grid](Self::grid_of); of a tick in which the grid of the present is there. The second is where those are who dodge or did so when
    /// the grids were made.
    #[inline]
    pub(crate) fn look_along(&self, oldest: ViewAge, rewind: &Rewind<'_>) -> [Option<Look<'_>>; 2] {
        let number = self.grid_of(oldest);
        if let Some(past) = number.checked_sub(1).map(|before| &self.past[before])
            && let Some(reach) = rewind.reach_from(number * self.ticks_per_age, oldest)
        {
            let dodgers = Look { grid: &self.dodgers, reach: rewind.reach(oldest) };
            return [
                Some(Look { grid: &past.grid, reach }),
                Some(dodgers).filter(|look| look.grid.len() > 0),
            ];
        }
        [Some(Look { grid: self.present(), reach: rewind.reach(oldest) }), None]
    }
}

impl PastGrid {
    /// Sorts those who live and do not dodge by where they were so many ticks ago, and says whether that is known.
    fn sort(
        &mut self,
        rewind: &Rewind<'_>,
        end: usize,
        back: usize,
        room: &mut NearRoom,
        work: (LaneChoice, impl Split),
    ) -> bool {
        let (characters, Some(past)) = (rewind.characters, rewind.history.past(back)) else { return false };
        let end = end.min(past.x.len());
        let (generation, deaths) = (&characters.generation[..end], &characters.deaths[..end]);
        let (now, motions) = (&characters.flags[..end], &characters.motion[..end]);
        let (then, generation_then) = (&past.flags[..end], &past.generation[..end]);
        let deaths_then = &past.deaths[..end];
        let counts = |row: usize| {
            (now[row] & then[row] & flags::ALIVE != 0)
                & (generation[row] == generation_then[row])
                & (deaths[row] == deaths_then[row])
                & (motions[row] != motion::DODGE)
        };
        let tag = |row: usize| tag_of(row as u32, characters.team[row]);
        self.grid.rebuild([&past.x[..end], &past.z[..end]], counts, tag, room, work);
        self.there = true;
        true
    }
}

const _: () =
    assert!(NEAR_REACH_MAX.0 <= REWIND_MOVE_MAX.0, "ways that are not known are longer than any search");
