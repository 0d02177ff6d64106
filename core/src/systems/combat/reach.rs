//! Whom a swing reaches: those in a cone, where the attacker saw them, the nearest ones; and what stands ahead.

use super::super::rewind::{Wide, distance_squared, widened};
use super::{Arena, Attack, Sides};
use crate::limits::MELEE_TARGETS_MAX;
use crate::numeric::fixed::mul_q16;
use crate::numeric::{Brads, Metres, Position};
use crate::rules::{ArmRules, side};
use crate::spatial::Cone;
use crate::spatial::query_grid::Who;
use crate::state::commands::ViewAge;
use crate::state::props::prop_flags;

/// Height above the feet at which a swing meets what stands.
const BLOW_HEIGHT: Metres = Metres::ONE;

/// The nearest of those that a swing reaches, so far: squared distances and rows, in order.
struct Nearest {
    found: [(u64, u32); MELEE_TARGETS_MAX],
    count: usize,
    most: usize,
}

impl Nearest {
    /// Where a candidate comes in, unless so many are nearer.
    #[inline]
    fn place(&self, candidate: (u64, u32)) -> Option<usize> {
        let place = self.found[..self.count].partition_point(|kept| *kept < candidate);
        (place < self.most).then_some(place)
    }

    #[inline]
    fn insert(&mut self, place: usize, candidate: (u64, u32)) {
        self.count = (self.count + 1).min(self.most);
        self.found.copy_within(place..self.most - 1, place + 1);
        self.found[place] = candidate;
    }
}

impl Arena<'_> {
    /// Finds those whom a swing of this row reaches: in the cone up to the nearest side of their bodies, nearest axis first.
    pub(super) fn reach(&self, row: usize, rules: &ArmRules, attack: &mut Attack) {
        let (rewind, characters, age) = (&self.rewind, self.rewind.characters, self.views.of(row));
        // For the largest body there is; each is then held against its own.
        let cone = Cone {
            x: Metres(characters.position_x[row]),
            z: Metres(characters.position_z[row]),
            yaw: Brads(characters.yaw[row]),
            half_angle: Brads(rules.cone.0 / 2),
            radius: rules.reach + self.radius_max,
        };
        let sides = Sides::new(Some(row as u32), characters.team[row], rules, self.environment);
        let own_y = characters.position_y[row];
        let is_level = |y: i32| (i64::from(y) - i64::from(own_y)).abs() <= i64::from(rules.height_reach.0);
        let key = |other: u32, x: i32, z: i32| (distance_squared(x, z, cone.x.0, cone.z.0), other);
        let squared = |radius: Metres| i64::from(radius.0).pow(2).cast_unsigned();
        let is_within = |class: u8, distance: u64| {
            distance <= squared(rules.reach + self.environment.rules.class(class).radius)
        };
        let most = usize::from(rules.targets).min(MELEE_TARGETS_MAX);
        let mut nearest = Nearest { found: [(u64::MAX, u32::MAX); MELEE_TARGETS_MAX], count: 0, most };
        if age == ViewAge::ZERO {
            self.index.grid().for_each_in_cone(&cone, |other| {
                let at = characters.position(other);
                let candidate = key(other, at.x.0, at.z.0);
                if sides.means(other, characters.team[other as usize])
                    && is_within(characters.class[other as usize], candidate.0)
                    && is_level(at.y.0)
                    && let Some(place) = nearest.place(candidate)
                {
                    nearest.insert(place, candidate);
                }
            });
        } else {
            let lenses = [rewind.lens(age), rewind.lens(age.min(rewind.dodge_favour))];
            let (reach_squared, far) = (squared(cone.radius), cone.radius.saturating_add(rewind.reach(age)));
            let far_squared = squared(far);
            let mut find = |other: u32| {
                if !sides.means(other, characters.team[other as usize]) {
                    return;
                }
                // Its places first: those of most are somewhere else. Who it was then is asked last.
                if key(other, characters.position_x[other as usize], characters.position_z[other as usize]).0
                    > far_squared
                {
                    return;
                }
                let lens = &lenses[usize::from(rewind.dodges(other as usize))];
                let Some((x, z)) = lens.place(other as usize) else { return };
                let candidate = key(other, x, z);
                if candidate.0 <= reach_squared
                    && let Some(place) = nearest.place(candidate)
                    && cone.contains(Metres(x), Metres(z))
                    && is_within(characters.class[other as usize], candidate.0)
                    && rewind.pose(other as usize, age).is_some_and(|pose| is_level(pose.position.y.0))
                {
                    nearest.insert(place, candidate);
                }
            };
            match widened(&cone, rewind.reach(age)) {
                Wide::Cone(wide) => self.index.grid().for_each_in_cone(&wide, &mut find),
                Wide::Disc(disc) => self.index.grid().for_each(Who::Present, &disc, &mut find),
            }
        }
        attack.count = nearest.count as u8;
        attack.targets = nearest.found.map(|(_, target)| target);
        attack.section = self.section_ahead(row, rules).map_or(0, |section| section + 1);
        attack.prop = self.prop_ahead(row, rules).map_or(0, |prop| prop + 1);
    }

    /// The nearest prop in the cone, up to its nearest side; at equal distance the lower row.
    fn prop_ahead(&self, row: usize, rules: &ArmRules) -> Option<u32> {
        let (characters, props) = (self.rewind.characters, &self.props);
        let feet = characters.position(row as u32);
        if !matches!(rules.affects, side::ENEMIES | side::EVERYONE) || self.prop_cells.is_empty() {
            return None;
        }
        let mut nearest: Option<(u64, u32)> = None;
        for prop in self.prop_cells.within([feet.x.0; 2], [feet.z.0; 2], rules.reach) {
            let foot = props.position(prop as u32);
            let kind = self.environment.rules.prop_kind(props.kind[prop]);
            let radius = rules.reach + kind.radius;
            let cone = Cone {
                x: feet.x,
                z: feet.z,
                yaw: Brads(characters.yaw[row]),
                half_angle: Brads(rules.cone.0 / 2),
                radius,
            };
            let far = |own: Metres, its: Metres| (i64::from(own.0) - i64::from(its.0)).abs();
            let level = far(feet.y, foot.y) <= i64::from(rules.height_reach.0);
            let used = props.flags[prop] & prop_flags::IN_USE != 0;
            // Those far away share cells with those near, and are not for the numbers of a cone.
            if used
                && level
                && far(feet.x, foot.x).max(far(feet.z, foot.z)) <= i64::from(radius.0)
                && cone.contains(foot.x, foot.z)
            {
                let candidate = (distance_squared(foot.x.0, foot.z.0, feet.x.0, feet.z.0), prop as u32);
                nearest = Some(nearest.map_or(candidate, |nearest| nearest.min(candidate)));
            }
        }
        nearest.map(|(_, prop)| prop)
    }

    /// The section of a structure that stands straight ahead within reach, at the height of the blow.
    fn section_ahead(&self, row: usize, rules: &ArmRules) -> Option<u32> {
        let obstacles = &self.environment.obstacles;
        if rules.structure_per_256 == 0 || obstacles.sections().is_empty() {
            return None;
        }
        let characters = self.rewind.characters;
        let feet = characters.position(row as u32);
        let from = Position { y: feet.y.saturating_add(BLOW_HEIGHT), ..feet };
        let (forward_x, forward_z) = Brads(characters.yaw[row]).forward();
        let along = |forward: i32| Metres(mul_q16(rules.reach.0, forward));
        let to = from.offset(along(forward_x.0), Metres::ZERO, along(forward_z.0));
        obstacles.section_of(obstacles.ray(from, to, self.tick)?.shape?)
    }
}
