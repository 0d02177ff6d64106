//! Whom a swing reaches: those in a cone, where the attacker saw them, the nearest ones; and what stands ahead.

use super::super::near::Look;
use super::super::rewind::{Eyes, Lens, Rewind, Seen, Wide, distance_squared, widened};
use super::{Arena, Attack, Sides};
use crate::limits::MELEE_TARGETS_MAX;
use crate::numeric::fixed::mul_q16;
use crate::numeric::lanes::{self, Lanes};
use crate::numeric::{Brads, Metres, Position};
use crate::rules::{Arm, ArmRules, Rules, side};
use crate::spatial::Cone;
use crate::spatial::near_grid::{ConeSearch, Seeker, Spared};
use crate::spatial::query_grid::{ConeRegion, Who};
use crate::state::commands::ViewAge;
use crate::state::props::prop_flags;

/// Height above the feet at which a swing meets what stands.
const BLOW_HEIGHT: Metres = Metres::ONE;

/// The nearest of those that a swing reaches, so far: squared distances and rows, in order.
#[derive(Clone, Copy)]
struct Nearest {
    found: [(u64, u32); MELEE_TARGETS_MAX],
    count: usize,
    most: usize,
    /// The square of the distance beyond which nobody comes in any more.
    limit: u64,
}

impl Nearest {
    /// Nobody yet, of so many at most, none of them farther away than a radius.
    fn new(most: usize, radius: Metres) -> Self {
        Self { found: [(u64::MAX, u32::MAX); MELEE_TARGETS_MAX], count: 0, most, limit: squared(radius) }
    }

    /// Where a candidate comes in, unless so many are nearer.
    #[inline]
    fn place(&self, candidate: (u64, u32)) -> Option<usize> {
        if candidate.0 > self.limit {
            return None;
        }
        let place = self.found[..self.count].iter().take_while(|kept| **kept < candidate).count();
        (place < self.most).then_some(place)
    }

    #[inline]
    fn insert(&mut self, place: usize, candidate: (u64, u32)) {
        self.count = (self.count + 1).min(self.most);
        for to in (place + 1..self.count).rev() {
            self.found[to] = self.found[to - 1];
        }
        self.found[place] = candidate;
        if self.count == self.most {
            self.limit = self.found[self.most - 1].0;
        }
    }
}

/// A swing, while it looks for whom it reaches.
struct Swing<'a> {
    rewind: &'a Rewind<'a>,
    rules: &'a ArmRules,
    bodies: &'a Rules,
    sides: Sides,
    /// For the largest body there is; each is then held against its own.
    cone: Cone,
    region: ConeRegion,
    own_y: i32,
    nearest: Nearest,
    /// Where those were seen, once they have been asked who they were.
    seen: [Seen; MELEE_TARGETS_MAX],
}

fn squared(radius: Metres) -> u64 {
    i64::from(radius.0).pow(2).cast_unsigned()
}

impl Swing<'_> {
    fn key(&self, other: u32, x: i32, z: i32) -> (u64, u32) {
        (distance_squared(x, z, self.cone.x.0, self.cone.z.0), other)
    }

    fn spared(&self) -> Spared {
        let (group, only) = self.sides.team_filter();
        Spared { row: self.sides.own_row.unwrap_or(u32::MAX), group, only }
    }

    /// Whether the swing goes so far as the nearest side of a row's body.
    #[inline]
    fn is_within(&self, row: u32, distance_squared: u64) -> bool {
        let class = self.rewind.characters.class[row as usize];
        distance_squared <= squared(self.rules.reach + self.bodies.class(class).radius)
    }

    #[inline]
    fn is_level(&self, y: Metres) -> bool {
        (i64::from(y.0) - i64::from(self.own_y)).abs() <= i64::from(self.rules.height_reach.0)
    }

    /// Where a row was seen in the life that it lives, if that was at the height of the blow.
    #[inline]
    fn level(&self, seen: Option<Seen>) -> Option<Seen> {
        seen.filter(|seen| self.is_level(seen.position.y))
    }

    /// Asks all that are reached who they were: whether they were all there.
    fn asks(&mut self, eyes: &Eyes<'_>) -> bool {
        for number in 0..self.nearest.count {
            let (_, row) = self.nearest.found[number];
            match self.level(eyes.seen(row as usize)) {
                Some(seen) => self.seen[number] = seen,
                None => return false,
            }
        }
        true
    }

    /// Takes in a row that it can mean, where that is now.
    #[inline]
    fn meet(&mut self, row: u32, (x, z): (i32, i32)) {
        let candidate = self.key(row, x, z);
        if let Some(place) = self.nearest.place(candidate)
            && self.is_within(row, candidate.0)
            && self.region.has(x, z)
            && self.is_level(Metres(self.rewind.characters.position_y[row as usize]))
        {
            self.nearest.insert(place, candidate);
        }
    }
}

/// A swing among those of the present.
struct Now<'a, 'b>(&'b mut Swing<'a>);

impl Seeker for Now<'_, '_> {
    #[inline(always)]
    fn seen<L: Lanes>(&self, _rows: L) -> Option<([L; 2], L::Mask)> {
        None
    }

    #[inline]
    fn visit(&mut self, row: u32, seen: (i32, i32), _place: (i32, i32)) -> u64 {
        self.0.meet(row, seen);
        self.0.nearest.limit
    }
}

/// A swing among those of the past.
struct Then<'a, 'b> {
    swing: &'b mut Swing<'a>,
    among: Among<'b>,
    /// How far from where they are looked up those are who are found, squared: whoever is farther off in a history from
    /// elsewhere is not found by one search and missed by another.
    reach_squared: u64,
    /// Whether each is asked who it was, before it comes in.
    asks: bool,
}

/// Whom a swing looks among, and how it sees them.
#[derive(Clone, Copy)]
enum Among<'b> {
    /// Those who do not dodge, or those who do.
    Alike(&'b Lens<'b>),
    /// All together.
    Mixed(&'b Eyes<'b>),
}

impl<'b> Among<'b> {
    #[inline(always)]
    fn lens_of(self, row: u32) -> &'b Lens<'b> {
        match self {
            Self::Alike(lens) => lens,
            Self::Mixed(eyes) => eyes.of(row as usize),
        }
    }
}

impl Seeker for Then<'_, '_> {
    #[inline(always)]
    fn seen<L: Lanes>(&self, rows: L) -> Option<([L; 2], L::Mask)> {
        Some(match self.among {
            Among::Alike(lens) => lens.places(rows),
            Among::Mixed(eyes) => eyes.places(rows),
        })
    }

    /// Who it was then is asked last.
    #[inline]
    fn visit(&mut self, row: u32, (x, z): (i32, i32), place: (i32, i32)) -> u64 {
        let swing = &*self.swing;
        let candidate = swing.key(row, x, z);
        if let Some(at) = swing.nearest.place(candidate)
            && swing.is_within(row, candidate.0)
            && swing.region.has(x, z)
            && distance_squared(x, z, place.0, place.1) <= self.reach_squared
            && (!self.asks
                || self.among.lens_of(row).position(row as usize).is_some_and(|at| swing.is_level(at.y)))
        {
            self.swing.nearest.insert(at, candidate);
        }
        self.swing.nearest.limit
    }
}

impl Arena<'_> {
    /// Finds those whom a swing of this row reaches: in the cone up to the nearest side of their bodies, nearest axis first.
    pub(super) fn reach(&self, row: usize, (arm, rules): (Arm, &ArmRules), attack: &mut Attack) {
        let (rewind, characters, age) = (&self.rewind, self.rewind.characters, self.views.of(row));
        let cone = Cone {
            x: Metres(characters.position_x[row]),
            z: Metres(characters.position_z[row]),
            yaw: Brads(characters.yaw[row]),
            half_angle: rules.half_cone(),
            radius: rules.reach + self.radius_max,
        };
        let most = usize::from(rules.targets).min(MELEE_TARGETS_MAX);
        let mut swing = Swing {
            rewind,
            rules,
            bodies: &self.environment.rules,
            sides: Sides::new(Some(row as u32), characters.team[row], rules, self.environment),
            cone,
            region: cone.prepared(self.environment.timing.arm(arm).half_cone),
            own_y: characters.position_y[row],
            nearest: Nearest::new(most, cone.radius),
            seen: [Seen::default(); MELEE_TARGETS_MAX],
        };
        match self.near.look(age, cone.radius, rewind) {
            Some([Some(present), None]) if age == ViewAge::ZERO => {
                let (region, spared) = (swing.region, swing.spared());
                self.look(present, &region, spared, &mut Now(&mut swing));
            }
            Some(looks) => self.reach_then(&mut swing, age, looks),
            None if age == ViewAge::ZERO => self.index.grid().for_each_in_cone(&cone, |other| {
                if swing.sides.means(other, characters.team[other as usize]) {
                    let at = characters.position(other);
                    swing.meet(other, (at.x.0, at.z.0));
                }
            }),
            None => self.reach_far(&mut swing, age),
        }
        let nearest = &swing.nearest;
        attack.count = nearest.count as u8;
        attack.targets = nearest.found.map(|(_, target)| target);
        attack.seen = swing.seen;
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
                half_angle: rules.half_cone(),
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

    /// Looks in the near grids of the past. Nearly all who are found there lived then and stood level: who it was is asked of
    /// the few that are reached, and only where one of those was not there is each asked who comes near.
    fn reach_then<'a>(&'a self, swing: &mut Swing<'a>, age: ViewAge, looks: [Option<Look<'_>>; 2]) {
        let rewind = &self.rewind;
        let eyes = &rewind.eyes(age);
        let (region, spared, empty) = (swing.region, swing.spared(), swing.nearest);
        // Those who dodge are in a grid of their own, but for the one of the present.
        let [others, dodgers] = looks;
        let others_among =
            if self.near.grid_of(age) == 0 { Among::Mixed(eyes) } else { Among::Alike(&eyes.lens) };
        for asks in [false, true] {
            for (look, among) in [(others, others_among), (dodgers, Among::Alike(&eyes.favour))] {
                let Some(look) = look else { continue };
                let mut then = Then { swing, among, reach_squared: squared(look.reach), asks };
                self.look(look, &region, spared, &mut then);
            }
            if swing.asks(eyes) {
                return;
            }
            swing.nearest = empty;
        }
    }

    /// Looks in a near grid.
    fn look(
        &self,
        Look { grid, reach }: Look<'_>,
        cone: &ConeRegion,
        spared: Spared,
        seeker: &mut impl Seeker,
    ) {
        lanes::run(self.environment.lanes, ConeSearch { grid, cone, reach, spared, seeker });
    }

    /// Looks among all who may have been in the cone, by where they are now.
    fn reach_far<'a>(&'a self, swing: &mut Swing<'a>, age: ViewAge) {
        let (rewind, cone) = (&self.rewind, swing.cone);
        let characters = rewind.characters;
        let reach = rewind.reach(age);
        let far_squared = squared(cone.radius.saturating_add(reach));
        let eyes = &rewind.eyes(age);
        let mut then = Then { swing, among: Among::Mixed(eyes), reach_squared: squared(reach), asks: true };
        let mut find = |other: u32| {
            let at = other as usize;
            let now = (characters.position_x[at], characters.position_z[at]);
            // Its places first: those of most are somewhere else.
            if !then.swing.sides.means(other, characters.team[at])
                || then.swing.key(other, now.0, now.1).0 > far_squared
            {
                return;
            }
            if let Some(seen) = eyes.of(at).place(at) {
                then.visit(other, seen, now);
            }
        };
        match widened(&cone, reach) {
            Wide::Cone(wide) => self.index.grid().for_each_in_cone(&wide, &mut find),
            Wide::Disc(disc) => self.index.grid().for_each(Who::Present, &disc, &mut find),
        }
        swing.asks(eyes);
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
