//! Where a bot goes: which of the places that teams fight over it takes, holds or defends, whose flag it fetches or follows.
//!
//! Bots do not talk to each other. Those of a squad think alike, because they choose by the same lot: a squad goes somewhere
//! together. Every other squad follows its team, which wants one place after the other, and mostly another one than the
//! other team does: so places are taken by the many, and not all of them are fought over by as many of each side for ever.

use shieldwall_core::numeric::{Metres, Position};
use shieldwall_core::spatial::obstacles::NO_TEAM;
use shieldwall_net::client::{FlagView, ObjectiveView, OwnView};

use super::random::SplitMix;

/// Bots of a squad, of two teams.
const SQUAD_BOTS: u32 = 8;
/// One squad in so many goes for flags.
const RUNNER_SQUADS: u64 = 4;
/// A lot holds for so long.
const LOT_TICKS: u32 = 2_400;
/// What a lot weighs at most, in metres of way.
const LOT_M: u32 = 60;
/// What a place that the team wants now saves, in metres of way.
const WANTED_M: i64 = 200;
/// One squad in so many goes its own way.
const FREE_SQUADS: u64 = 2;
/// One lot in so many sends the teams to the same place.
const BATTLE_LOTS: usize = 3;
/// What a place costs that is the team's and that nobody attacks, in metres of way.
const QUIET_M: i64 = 90;
/// The own flag is looked after when it is not farther away than this.
const OWN_FLAG_NEAR_M: i64 = 45;

/// A place to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// East.
    pub x: Metres,
    /// South.
    pub z: Metres,
    /// Spots so far around it are as good.
    pub spread: Metres,
    /// Only enemies nearer than this are worth a fight on the way.
    pub fights_within: Metres,
}

/// A bot's part in its team.
#[derive(Clone, Copy, Debug)]
pub struct Squad {
    seed: u64,
    number: u64,
}

impl Squad {
    /// The squad of bot number `index` in a crowd seeded with `seed`.
    #[must_use]
    pub const fn of(seed: u64, index: u32) -> Self {
        Self { seed, number: (index / SQUAD_BOTS) as u64 }
    }

    /// Where to go now; `None` where there is nothing to fight over.
    #[must_use]
    pub fn goal(&self, own: &OwnView, objectives: &[ObjectiveView]) -> Option<Goal> {
        let carried = objectives.iter().find(|view| view.flag == FlagView::Carried(own.id.slot as u16));
        if let Some(flag) = carried {
            return bring(own, objectives, flag.point);
        }
        let wanted = wanted(own, objectives).filter(|_| !self.number.is_multiple_of(FREE_SQUADS));
        let costs = objectives.iter().filter_map(|view| {
            let saved = if wanted == Some(view.point) { WANTED_M } else { 0 };
            Some((self.cost(own, view)? - saved, view.point, view))
        });
        let (_, _, view) = costs.min_by_key(|(cost, point, _)| (*cost, *point))?;
        let is_flag = view.flag != FlagView::None;
        Some(Goal {
            x: view.position.x,
            z: view.position.z,
            spread: if is_flag { Metres::ZERO } else { Metres(view.radius.0 / 2) },
            fights_within: Metres::from_m(if is_flag { 6 } else { 11 }),
        })
    }

    /// What a place costs, in metres of way; `None` where there is nothing to do.
    fn cost(&self, own: &OwnView, view: &ObjectiveView) -> Option<i64> {
        let epoch = u64::from(own.tick.0 / LOT_TICKS);
        let runs = (self.number + epoch).is_multiple_of(RUNNER_SQUADS);
        let way = i64::from(own.predicted_position.horizontal_distance(view.position).0 >> 16);
        let lot = i64::from(lot(&[self.seed, epoch, own.team.into(), self.number, view.point.into()], LOT_M));
        let is_own = view.owner == own.team;
        Some(match view.flag {
            FlagView::Home if is_own => return None,
            // The own flag goes back by itself, if nobody takes it: who has it is hunted.
            FlagView::Carried(_) | FlagView::Dropped(_) if is_own => {
                (way <= OWN_FLAG_NEAR_M).then_some(way + lot - WANTED_M / 2)?
            }
            FlagView::Home | FlagView::Carried(_) | FlagView::Dropped(_) => {
                runs.then_some(way + lot - 2 * WANTED_M)?
            }
            FlagView::None => way + lot + if is_own && !is_attacked(view, own.team) { QUIET_M } else { 0 },
        })
    }
}

fn is_attacked(view: &ObjectiveView, team: u8) -> bool {
    view.present & !(1_u16 << (team % 16)) != 0 || view.contender != NO_TEAM
}

/// The ring that a team wants now: in an order that each lot begins elsewhere, the first that it has not, or else the first of
/// its own that is attacked. What is taken gives way to the next one.
fn wanted(own: &OwnView, objectives: &[ObjectiveView]) -> Option<u32> {
    let rings = || objectives.iter().filter(|view| view.flag == FlagView::None);
    let lot = (own.tick.0 / LOT_TICKS) as usize;
    let apart = if lot % BATTLE_LOTS == BATTLE_LOTS - 1 { 0 } else { usize::from(own.team) };
    let first = (lot + apart).checked_rem(rings().count())?;
    let mut order = rings().cycle().skip(first).take(rings().count());
    let foreign = order.clone().find(|view| view.owner != own.team);
    foreign.or_else(|| order.find(|view| is_attacked(view, own.team))).map(|view| view.point)
}

/// To the nearest place where the flag of `flag` counts.
fn bring(own: &OwnView, objectives: &[ObjectiveView], flag: u32) -> Option<Goal> {
    let here = own.predicted_position;
    // The home of the own flag counts as well, whether the flag is there or not: its ring is where the scenery has it.
    let homes = objectives.iter().filter(|view| view.point != flag && view.owner == own.team);
    let whole = homes.filter(|view| matches!(view.flag, FlagView::None | FlagView::Home));
    let nearest = whole.min_by_key(|view| (here.horizontal_distance_squared(view.position), view.point))?;
    let (x, z) = (nearest.position.x, nearest.position.z);
    Some(Goal { x, z, spread: Metres::ZERO, fights_within: Metres::from_m(2) })
}

/// How far from its home a bot strolls, in metres, and after how many ticks it goes elsewhere.
const STROLL_M: u32 = 40;
const STROLL_TICKS: u32 = 480;
/// Farther than this from its home it has come into the world anew, and lives there from then on.
const MOVED: Metres = Metres::from_m(120);

/// A bot without a team's business: about its home, from spot to spot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stroll {
    home: Option<Position>,
    spot: (Metres, Metres),
    until: u32,
}

impl Stroll {
    /// Where to go now: another spot every few seconds.
    pub fn goal(&mut self, own: &OwnView, random: &mut SplitMix) -> Goal {
        let here = own.predicted_position;
        let home = self.home.filter(|home| here.horizontal_distance(*home) <= MOVED);
        if home.is_none() || own.tick.0 >= self.until {
            let home = *self.home.insert(home.unwrap_or(here));
            let mut beside = |at: Metres| {
                at.saturating_add(Metres::from_m(random.below(2 * STROLL_M + 1) as i32 - STROLL_M as i32))
            };
            self.spot = (beside(home.x), beside(home.z));
            self.until = own.tick.0.saturating_add(STROLL_TICKS);
        }
        let (x, z) = self.spot;
        Goal { x, z, spread: Metres::from_m(2), fights_within: Metres::from_m(20) }
    }
}

/// A number below `bound` that all have who ask with the same words.
fn lot(words: &[u64], bound: u32) -> u32 {
    let mut random = SplitMix(0);
    for word in words {
        random = SplitMix(random.0 ^ word.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let _ = random.below(2);
        random.0 = random.0.rotate_left(23).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
    random.below(bound)
}

#[cfg(test)]
mod tests {
    use super::super::brain::tests::own;
    use super::*;
    use shieldwall_core::numeric::{Position, Tick};

    fn place(point: u32, x_m: i32, owner: u8) -> ObjectiveView {
        ObjectiveView {
            point,
            kind: 0,
            owner,
            contender: NO_TEAM,
            progress: 0,
            present: 0,
            flag: FlagView::None,
            position: Position::new(Metres::from_m(x_m), Metres::ZERO, Metres::ZERO),
            radius: Metres::from_m(6),
            told: Tick(0),
            tick: Tick(0),
        }
    }

    fn flag(point: u32, x_m: i32, owner: u8, flag: FlagView) -> ObjectiveView {
        ObjectiveView { flag, ..place(point, x_m, owner) }
    }

    #[test]
    fn a_squad_goes_together_and_rather_for_what_is_not_its_own() {
        let objectives = [place(0, -30, 0), place(1, 30, 1)];
        let mut foreign = 0;
        for squad in 0..40 {
            let goal = |bot: u32| Squad::of(5, squad * SQUAD_BOTS + bot).goal(&own(0, 0), &objectives);
            assert_eq!(goal(0), goal(SQUAD_BOTS - 1));
            foreign += u32::from(goal(0).is_some_and(|goal| goal.x > Metres::ZERO));
        }
        assert!(foreign > 30, "{foreign} of 40");
        assert_eq!(Squad::of(5, 0).goal(&own(0, 0), &[]), None);
    }

    #[test]
    fn who_strolls_stays_about_its_home_and_takes_a_new_one_far_away() {
        let (mut stroll, mut random) = (Stroll::default(), SplitMix(3));
        let mut at = |x_m: i32, tick: u32| {
            let mut view = own(x_m, 0);
            view.tick = Tick(tick);
            stroll.goal(&view, &mut random)
        };
        let spots: Vec<Goal> = (0..50).map(|n| at(0, n * STROLL_TICKS)).collect();
        assert!(spots.iter().all(|goal| goal.x.0.abs() <= Metres::from_m(40).0));
        assert!(spots.windows(2).any(|pair| pair[0] != pair[1]));
        assert_eq!(at(0, 49 * STROLL_TICKS + 1), spots[49], "for a while it is the same");
        let far = at(300, 49 * STROLL_TICKS + 2);
        assert!((far.x - Metres::from_m(300)).0.abs() <= Metres::from_m(40).0, "{far:?}");
    }

    #[test]
    fn what_is_attacked_is_defended() {
        let quiet = [place(0, -30, 0), place(1, 60, 1)];
        let attacked = [ObjectiveView { present: 2, contender: 1, ..quiet[0] }, quiet[1]];
        let at_home = |objectives: &[ObjectiveView]| {
            let goals = (0..40).map(|squad| Squad::of(5, squad * SQUAD_BOTS).goal(&own(0, 0), objectives));
            goals.flatten().filter(|goal| goal.x < Metres::ZERO).count()
        };
        assert!(at_home(&attacked) > at_home(&quiet) + 5, "{} {}", at_home(&attacked), at_home(&quiet));
    }

    #[test]
    fn who_carries_a_flag_brings_it_to_the_nearest_own_place() {
        let carried = flag(3, 0, 1, FlagView::Carried(0));
        let objectives = [place(0, 20, 1), place(1, -50, 0), flag(2, 10, 0, FlagView::Home), carried];
        let goal = Squad::of(5, 0).goal(&own(0, 0), &objectives).expect("a way home");
        assert_eq!((goal.x, goal.spread), (Metres::from_m(10), Metres::ZERO));
        // Somebody else's business.
        let other = flag(3, 0, 1, FlagView::Carried(9));
        let goal = Squad::of(5, 16).goal(&own(0, 0), &[place(0, 20, 1), other]).expect("a place");
        assert_eq!(goal.x, Metres::from_m(20));
    }
}
