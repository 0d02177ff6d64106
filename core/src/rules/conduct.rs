//! Which conduct of a player's client gets it sent away. The kernel makes nothing of these numbers: who judges clients does.

use super::table::{RuleField, RulesError, rule_table};
use crate::numeric::Brads;

rule_table! {
    /// Conduct over the network: how often a minute a client may do something before it is sent away; 0 is as often as it
    /// likes. All of it is counted in any case, and none of it gains anything by itself.
    pub struct ConductRules as "conduct" {
        /// Packets that are not of the protocol. Honest clients send none.
        malformed: u16 as Count = 30, 0, 60_000;
        /// Packets beyond 120 in a second. They are not read.
        floods: u16 as Count = 600, 0, 60_000;
        /// Packets with inputs for ticks that have run, and new. A bad line looks the same for a moment, until the client's clock
        /// has learned how long the way is.
        stale_inputs: u16 as Count = 600, 0, 60_000;
        /// Packets with inputs for ticks too far ahead. A clock that has jumped looks the same for a moment.
        future_inputs: u16 as Count = 300, 0, 60_000;
        /// Packets with buttons that do not exist. Honest clients send none.
        unknown_buttons: u16 as Count = 60, 0, 60_000;
        /// Attacks said to be aimed at a picture so old that nobody on this path can have had it on the screen. They are judged
        /// by the oldest one that the table `lag` makes up for, as those of players who are only far away.
        old_views: u16 as Count = 300, 0, 60_000;
        /// Attacks in a tick in which the gaze turned farther than `turn_max`. Quick players do so now and then.
        turns: u16 as Count = 600, 0, 60_000;
        /// Wishes for the whole ground sooner than it can have gone wrong again.
        ground_wishes: u16 as Count = 30, 0, 60_000;
        /// Farthest turn in a tick with an attack that is not counted.
        turn_max: Brads as Degrees = Brads::from_degrees(150), 182, 32_768;
    }
}
