//! What works around a point: bursts and abilities, and the craters that are left.

use super::Reference;
use shieldwall_core::numeric::fixed::{isqrt_u64, mul_q16};
use shieldwall_core::rules::{ArmRules, side};
use shieldwall_core::{Arm, Brads, CharacterId, Command, Event, Metres, Position};

impl Reference {
    /// An ability works around a point ahead.
    pub(super) fn work_around(&mut self, row: usize, arm: Arm, combo: u8) {
        let (rules, character) = (self.arm(arm), &self.characters[row]);
        let (forward_x, forward_z) = Brads(character.yaw).forward();
        let half = self.config.half_extent.0;
        let x = (character.position_x + mul_q16(rules.reach.0, forward_x.0)).clamp(-half, half);
        let z = (character.position_z + mul_q16(rules.reach.0, forward_z.0)).clamp(-half, half);
        let at = Position::from_raw(x, character.position_y, z);
        self.burst(at, self.id(row), character.team, arm, combo);
    }

    /// Something bursts: everybody near, by their rows.
    pub(super) fn burst(&mut self, at: Position, owner: CharacterId, team: u8, arm: Arm, combo: u8) {
        let rules = self.arm(arm);
        self.report.tally.bursts += 1;
        self.events.push(Event::Burst { owner, at, arm });
        let own = self.row_of(owner);
        let oneself = rules.affects == side::ALLIES || rules.affects == side::ONESELF;
        for row in 0..self.characters.len() {
            let meant = self.means(own, team, &rules, row) || (oneself && own == Some(row));
            // Everybody who lived when the tick's places were settled may be asked: the dead feel nothing.
            if !meant || !self.characters[row].is_alive() {
                continue;
            }
            let character = &self.characters[row];
            let body = &self.config.rules.movement[usize::from(character.class)];
            let body = (character.position(), body.radius.0, body.height.0);
            let Some(share) = self.share_of_burst(at, &rules, body) else { continue };
            let from = self.way_to(row, at);
            self.strike(owner, row, arm, (combo, share), from);
        }
        self.burst_on_props(at, owner, arm, combo);
        let deep = rules.crater_depth.0 > 0 && self.craters.len() < 256;
        let above = at.y.0 - self.ground_at(at.x.0, at.z.0);
        if deep && above <= rules.blast_radius.0 / 2 {
            let quarter = |raw: i32| Metres((raw + (1 << 13)).div_euclid(1 << 14) * (1 << 14));
            let radius = rules.blast_radius.max(self.config.terrain_spacing);
            let (x, z) = (quarter(at.x.0), quarter(at.z.0));
            self.craters.push(Command::Deform { x, z, radius, depth: rules.crater_depth });
        }
    }

    fn way_to(&self, row: usize, at: Position) -> (i64, i64) {
        let character = &self.characters[row];
        (
            i64::from(at.x.0) - i64::from(character.position_x),
            i64::from(at.z.0) - i64::from(character.position_z),
        )
    }

    /// The share of a burst that reaches an upright body, in 1/256: nothing beyond the rim or behind cover.
    pub(super) fn share_of_burst(
        &self,
        at: Position,
        rules: &ArmRules,
        (foot, wide, height): (Position, i32, i32),
    ) -> Option<u64> {
        let (x, z) = (i64::from(at.x.0) - i64::from(foot.x.0), i64::from(at.z.0) - i64::from(foot.z.0));
        let flat = isqrt_u64((x * x + z * z).cast_unsigned()).cast_signed();
        let beside = (flat - i64::from(wide)).max(0);
        let (feet, y) = (i64::from(foot.y.0), i64::from(at.y.0));
        let over = (feet - y).max(y - feet - i64::from(height)).max(0);
        let distance = isqrt_u64((beside * beside + over * over).cast_unsigned());
        let radius = u64::from(rules.blast_radius.0.unsigned_abs());
        if distance > radius {
            return None;
        }
        if rules.blast_cover != 0 {
            let from = Position::from_raw(at.x.0, at.y.0 + (1 << 15), at.z.0);
            let middle = Position::from_raw(foot.x.0, foot.y.0 + height / 2, foot.z.0);
            if self.ground.terrain().segment_hit(from, middle).is_some() {
                return None;
            }
        }
        Some(256 - (256 - u64::from(rules.blast_rim_per_256)) * distance / radius.max(1))
    }

    /// Digs the craters of the tick.
    pub(super) fn dig(&mut self) {
        for crater in std::mem::take(&mut self.craters) {
            if let Command::Deform { x, z, radius, .. } = crater {
                self.deform(&crater, [x, z, radius]);
            }
        }
    }
}
