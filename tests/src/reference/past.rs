//! Where everybody was: lag compensation.

use super::Reference;
use shieldwall_core::{Position, motion};

/// Farthest that somebody can have gone since, on the plane, raw.
const MOVE_MAX: i64 = 8 << 16;

/// Somebody as seen: as large as now.
pub(super) struct Seen {
    pub(super) position: Position,
    pub(super) class: u8,
}

impl Reference {
    /// Keeps everybody as they are after the tick, for as long as the rules look back.
    pub(super) fn remember(&mut self) {
        self.past.insert(0, self.characters.clone());
        self.past.truncate(self.look_back() as usize);
    }

    /// Ticks that attacks can be judged in the past.
    fn look_back(&self) -> u32 {
        self.ticks(self.config.rules.lag.rewind_max_ms)
    }

    /// What a player says of its view.
    pub(super) fn take_view(&mut self, row: usize, age: u16) {
        let oldest = self.past.len() as u16 * 16;
        self.report.tally.views_capped += u32::from(age > oldest);
        self.views[row] = age.min(oldest);
    }

    /// Where somebody who lives was seen so many sixteenths of a tick ago; nowhere, when that was not so.
    pub(super) fn seen(&self, row: usize, age: u16) -> Option<Seen> {
        let now = &self.characters[row];
        let favour = 16 * self.ticks(self.config.rules.lag.dodge_favour_ms);
        let age = if now.motion == motion::DODGE { u32::from(age).min(favour) } else { age.into() };
        let at = |ticks: u32| -> Option<[i64; 3]> {
            let then = if ticks == 0 { now } else { &self.past.get(ticks as usize - 1)?[row] };
            let same = then.is_alive() && then.generation == now.generation && then.deaths == now.deaths;
            (ticks == 0 || same).then(|| [then.position_x, then.position_y, then.position_z].map(i64::from))
        };
        let (later, part) = (at(age / 16)?, i64::from(age % 16));
        let place = if part == 0 {
            later
        } else {
            let earlier = at(age / 16 + 1)?;
            [0, 1, 2].map(|axis| later[axis] + (earlier[axis] - later[axis]) * part / 16)
        };
        let [x, y, z] = place.map(|part| part as i32);
        let gone = [i64::from(x) - i64::from(now.position_x), i64::from(z) - i64::from(now.position_z)];
        (gone[0] * gone[0] + gone[1] * gone[1] <= MOVE_MAX * MOVE_MAX)
            .then(|| Seen { position: Position::from_raw(x, y, z), class: now.class })
    }
}
