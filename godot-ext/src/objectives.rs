//! `ShieldwallClient`, fourth part: places that teams fight over, flags and scores.

use godot::prelude::*;
use shieldwall_core::{NO_TEAM, ObjectiveRules};
use shieldwall_net::client::{FlagView, GameClient, ObjectiveView};

use crate::client::ShieldwallClient;
use crate::convert::{metres_to_f32, position_to_vector};

fn team(team: u8) -> i64 {
    if team == NO_TEAM { -1 } else { i64::from(team) }
}

/// The name of a flag's state, its carrier's slot or -1, and the ticks until it goes back.
fn flag(view: &ObjectiveView) -> (&'static str, i64, u32) {
    match view.flag {
        FlagView::None => ("none", -1, 0),
        FlagView::Home => ("home", -1, 0),
        FlagView::Carried(slot) => ("carried", i64::from(slot), 0),
        FlagView::Dropped(ticks) => ("dropped", -1, ticks),
    }
}

/// The scores of all teams, as far as they are not those that were seen: team and score.
pub(crate) fn changed_scores(client: &GameClient, seen: &mut Vec<u32>) -> Vec<(i64, i64)> {
    let mut news = Vec::new();
    let scores = (0..u8::MAX).map_while(|team| client.score(team));
    for (team, score) in scores.enumerate() {
        if seen.len() <= team {
            seen.push(0);
        }
        if std::mem::replace(&mut seen[team], score) != score {
            news.push((team as i64, i64::from(score)));
        }
    }
    news
}

impl ShieldwallClient {
    fn game(&self) -> Option<&GameClient> {
        self.link.as_ref().map(|link| &link.client)
    }
}

#[godot_api(secondary)]
impl ShieldwallClient {
    /// Number of places that teams fight over; 0 before the host said which world this is.
    #[func]
    fn get_objective_count(&self) -> i64 {
        self.game().map_or(0, |client| i64::from(client.objective_count()))
    }

    /// How a place stands at the newest snapshot, wherever it is: "kind" its name in rulesets, "owner" and "contender"
    /// teams or -1, "progress" of the contender 0 to 1, "contested" whether several teams are in its ring, "teams_present"
    /// the numbers of these, "flag" one of "none", "home", "carried", "dropped", "carrier" a slot or -1, "returns_in"
    /// seconds until a dropped flag goes back, "position" of the flag or of the middle of the ring, "radius" in metres,
    /// "tick" of the host. Empty where there is none.
    #[func]
    fn get_objective(&self, point: i64) -> VarDictionary {
        let view = u32::try_from(point).ok().and_then(|point| self.game()?.objective(point));
        let Some(view) = view else { return VarDictionary::new() };
        let (flag, carrier, ticks) = flag(&view);
        let kind = ObjectiveRules::KINDS.get(usize::from(view.kind)).map_or("", |kind| kind.name);
        let tick_hz = self.config().map_or(1, |config| config.tick_hz.max(1));
        let present: PackedInt32Array =
            (0..16).filter(|team| view.present & 1 << team != 0).collect::<Vec<i32>>().into();
        vdict! {
            "kind" => kind,
            "owner" => team(view.owner),
            "contender" => team(view.contender),
            "progress" => f64::from(view.progress) / 65_536.0,
            "contested" => view.is_contested(),
            "teams_present" => &present,
            "flag" => flag,
            "carrier" => carrier,
            "returns_in" => f64::from(ticks) / f64::from(tick_hz),
            "position" => position_to_vector(view.position),
            "radius" => f64::from(metres_to_f32(view.radius)),
            "tick" => view.tick.0,
        }
    }

    /// What a team has gained by places and flags; 0 where there is no such team.
    #[func]
    fn get_score(&self, team: i64) -> i64 {
        let score = u8::try_from(team).ok().and_then(|team| self.game()?.score(team));
        i64::from(score.unwrap_or(0))
    }
}
