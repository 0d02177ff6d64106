//! What works around a point: bursts of projectiles, and abilities. Everybody near enough is reached, weaker towards the
//! rim, unless ground or walls are between; the ground may get a crater.

use super::combat::Sides;
use super::props::PropCells;
use super::strike::{Blow, Fray};
use crate::numeric::fixed::isqrt_u64;
use crate::numeric::{Metres, Position};
use crate::rules::{Arm, ArmRules};
use crate::spatial::Deformation;
use crate::spatial::query_grid::{Disc, Who};
use crate::state::events::Event;
use crate::state::handle::CharacterId;
use crate::state::props::prop_flags;

/// So far above its point something works from, where cover counts: the ground under it is no cover.
const ABOVE: Metres = Metres::from_mm(500);

/// Craters lie in steps of a quarter of a metre, so that few bytes name one.
const CRATER_SHIFT: u32 = 14;

/// Something that works around a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    pub(crate) at: Position,
    pub(crate) owner: CharacterId,
    pub(crate) team: u8,
    pub(crate) arm: Arm,
    pub(crate) combo: u8,
}

impl Fray<'_> {
    /// Lets something work around its point: on everybody by their rows.
    pub(crate) fn burst(&mut self, burst: &Burst) {
        let Some(rules) = self.environment.rules.arm(burst.arm) else { return };
        self.tally.bursts += 1;
        self.events.push(Event::Burst { owner: burst.owner, at: burst.at, arm: burst.arm });
        let own_row = self.state.characters.row_of(burst.owner).map(|row| row as u32);
        let sides = Sides::new(own_row, burst.team, rules, self.environment);
        let mut found = core::mem::take(self.found);
        found.clear();
        // Distances are rounded down: a little farther is asked for.
        let reach = rules.blast_radius.saturating_add(self.radius_max).saturating_add(Metres(2));
        let disc = Disc { x: burst.at.x, z: burst.at.z, radius: reach };
        self.index.grid().for_each(Who::Present, &disc, |row| {
            let oneself = Some(row) == own_row && sides.means_oneself();
            if oneself || sides.means(row, self.state.characters.team[row as usize]) {
                found.push(row);
            }
        });
        found.sort_unstable();
        for row in &found {
            self.burst_on(burst, rules, *row as usize);
        }
        *self.found = found;
        self.burst_on_sections(burst, rules);
        self.burst_on_props(burst, rules);
        self.dig(burst, rules);
    }

    fn burst_on(&mut self, burst: &Burst, rules: &ArmRules, row: usize) {
        let characters = &self.state.characters;
        let body = self.environment.rules.class(characters.class[row]);
        let feet = characters.view().position(row as u32);
        let Some((share_per_256, from)) = self.share(burst, rules, (feet, body.radius, body.height)) else {
            return;
        };
        let (attacker, arm, combo) = (burst.owner, burst.arm, burst.combo);
        self.strike(&Blow { attacker, target_row: row, arm, combo, share_per_256, from });
    }

    /// Props that a burst reaches, by their rows.
    fn burst_on_props(&mut self, burst: &Burst, rules: &ArmRules) {
        if self.props.is_empty() {
            return;
        }
        let mut found = core::mem::take(self.found);
        found.clear();
        let (at, props) = (burst.at, &self.state.props);
        let near = self.props.within([at.x.0; 2], [at.z.0; 2], rules.blast_radius);
        let reach = rules.blast_radius + PropCells::reach_of(&self.environment.rules);
        // Those far away share cells with those near, and are not for the numbers of a distance.
        let is_near = |row: &usize| {
            let far = |a: Metres, b: i32| (i64::from(a.0) - i64::from(b)).abs() > i64::from(reach.0);
            !far(at.x, props.position_x[*row]) && !far(at.z, props.position_z[*row])
        };
        let used = near.filter(|row| props.flags[*row] & prop_flags::IN_USE != 0).filter(is_near);
        found.extend(used.map(|row| row as u32));
        found.sort_unstable();
        for row in &found {
            let props = &self.state.props;
            let kind = self.environment.rules.prop_kind(props.kind[*row as usize]);
            let foot = props.view().position(*row);
            if let Some((share_per_256, from)) = self.share(burst, rules, (foot, kind.radius, kind.height)) {
                let (attacker, arm, combo) = (burst.owner, burst.arm, burst.combo);
                let target_row = *row as usize;
                self.strike_prop(&Blow { attacker, target_row, arm, combo, share_per_256, from });
            }
        }
        *self.found = found;
    }

    /// The share of a burst that reaches an upright body, and from where: nothing beyond the rim or behind cover.
    fn share(
        &self,
        burst: &Burst,
        rules: &ArmRules,
        (feet, radius_of, height_of): (Position, Metres, Metres),
    ) -> Option<(u32, (i64, i64))> {
        let way = |a: Metres, b: Metres| i64::from(a.0) - i64::from(b.0);
        let (x, z) = (way(burst.at.x, feet.x), way(burst.at.z, feet.z));
        let flat = isqrt_u64((x * x + z * z).cast_unsigned()).cast_signed();
        let beside = (flat - i64::from(radius_of.0)).max(0);
        let height = i64::from(burst.at.y.0);
        let (low, high) = (i64::from(feet.y.0), i64::from(feet.y.0) + i64::from(height_of.0));
        let over = (low - height).max(height - high).max(0);
        // Farther than this along one axis is farther than any blast.
        if beside.max(over) > i64::from(rules.blast_radius.0) {
            return None;
        }
        // At the height of the body there is no other root to take.
        let distance = match over {
            0 => beside.cast_unsigned(),
            _ => isqrt_u64((beside * beside + over * over).cast_unsigned()),
        };
        let radius = u64::from(rules.blast_radius.0.unsigned_abs());
        if distance > radius || (rules.blast_cover != 0 && self.is_covered(burst.at, feet, height_of)) {
            return None;
        }
        let lost = (256 - u64::from(rules.blast_rim_per_256.min(256))) * distance / radius.max(1);
        Some((256 - lost as u32, (x, z)))
    }

    /// Sections of structures that a burst reaches take all of it.
    fn burst_on_sections(&mut self, burst: &Burst, rules: &ArmRules) {
        let obstacles = &self.environment.obstacles;
        if rules.structure_per_256 == 0 || obstacles.sections().is_empty() {
            return;
        }
        let mut sections = core::mem::take(self.sections);
        obstacles.sections_within(burst.at, rules.blast_radius, &mut sections);
        for section in sections.as_slice() {
            self.strike_section(*section, burst.owner, burst.arm, burst.combo);
        }
        *self.sections = sections;
    }

    /// Whether ground or something that stands is between a point and the middle of a body.
    fn is_covered(&self, at: Position, feet: Position, height: Metres) -> bool {
        let from = Position { y: at.y.saturating_add(ABOVE), ..at };
        let to = Position { y: feet.y.saturating_add(Metres(height.0 / 2)), ..feet };
        let environment = self.environment;
        (!environment.terrain.is_below(from, to) && environment.terrain.segment_hit(from, to).is_some())
            || environment.obstacles.ray(from, to, self.tick).is_some()
    }

    /// Leaves a crater to be dug, where the ground is near.
    fn dig(&mut self, burst: &Burst, rules: &ArmRules) {
        if rules.crater_depth.0 <= 0 || self.craters.len() == self.craters.capacity() {
            return;
        }
        let near =
            |metres: Metres| Metres(((metres.0 + (1 << (CRATER_SHIFT - 1))) >> CRATER_SHIFT) << CRATER_SHIFT);
        let (x, z) = (near(burst.at.x), near(burst.at.z));
        let above = burst.at.y - self.environment.terrain.height_at(burst.at.x, burst.at.z);
        if above <= Metres(rules.blast_radius.0 / 2) {
            let radius = rules.blast_radius.max(self.environment.terrain.spacing());
            self.craters.push(Deformation { x, z, radius, depth: rules.crater_depth });
        }
    }
}
