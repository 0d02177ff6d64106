//! What stands and falls, what teams fight over, and what it brings them.

use godot::prelude::*;
use shieldwall_core::state::objectives::pennant;
use shieldwall_core::{ObjectiveRules, StructureRules, Ticks, World};

use super::ShieldwallWorld;
use super::columns::{bytes, ids, large, vectors};
use super::events::{id_number, team_number};
use super::names::entry_name;
use crate::convert::{metres_to_f32, position_to_vector};

/// What one fighter in a ring gains in a tick.
const GAIN: f64 = 256.0;

impl ShieldwallWorld {
    /// The world and the row of a section.
    fn section(&self, section: i64) -> Option<(&World, usize)> {
        let (world, row) = (self.world.as_deref()?, usize::try_from(section).ok()?);
        (row < world.structures().len()).then_some((world, row))
    }
}

/// How far the contender of a point has come, 0 to 1.
fn progress(world: &World, row: usize) -> f64 {
    let (view, config) = (world.objectives(), world.config());
    let rules = config.rules.objective_kind(view.kind[row]);
    let goal = f64::from(Ticks::from_millis(rules.capture_ms, config.tick_hz).0) * GAIN;
    f64::from(view.progress[row]) / goal.max(1.0)
}

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// Number of sections of structures: shapes of the scenery that have health.
    #[func]
    fn get_section_count(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| world.structures().len() as i64)
    }

    /// Whether a section stands; false also where there is none of this number.
    #[func]
    fn is_section_standing(&self, section: i64) -> bool {
        self.section(section).is_some_and(|(world, row)| world.structures().health[row] > 0)
    }

    /// Health left of a section, 0 of one that has fallen; -1 where there is none of this number.
    #[func]
    fn get_section_health(&self, section: i64) -> i64 {
        self.section(section).map_or(-1, |(world, row)| world.structures().health[row].into())
    }

    /// Health that a whole section has; -1 where there is none of this number.
    #[func]
    fn get_section_health_max(&self, section: i64) -> i64 {
        self.section(section).map_or(-1, |(world, row)| {
            world.config().rules.structure_kind(world.structures().kind[row]).health.into()
        })
    }

    /// Kind of a section by name: "wall", "gate"; empty where there is none of this number.
    #[func]
    fn get_section_kind(&self, section: i64) -> GString {
        let kind = self.section(section).map(|(world, row)| world.structures().kind[row]);
        GString::from(kind.map_or("", |kind| entry_name(&StructureRules::KINDS, kind)))
    }

    /// All sections by their numbers, as a dictionary of packed arrays: "health", "standing" (1 or 0), "kind" (number of
    /// [method get_structure_kinds]), "shape" (number of the shape in the scenery).
    #[func]
    fn get_section_columns(&self) -> VarDictionary {
        let Some(world) = &self.world else { return VarDictionary::new() };
        let view = world.structures();
        let rows: Vec<u32> = (0..view.len() as u32).collect();
        vdict! {
            "health" => &large(&rows, view.health),
            "standing" => &view.health.iter().map(|health| u8::from(*health > 0)).collect::<PackedByteArray>(),
            "kind" => &bytes(&rows, view.kind),
            "shape" => &large(&rows, view.shape),
        }
    }

    /// Number of capture points.
    #[func]
    fn get_objective_count(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| world.objectives().len() as i64)
    }

    /// All about a capture point: "kind" by name, "owner" and "contender" (teams, -1 for nobody), "progress" of the
    /// contender from 0 to 1, "position" of its flag or the middle of its ring, "radius", "carrier" (id of who has the
    /// flag, 0 for nobody), "dropped" and "return_seconds" of a flag that lies on the ground. Empty where there is none of
    /// this number.
    #[func]
    fn get_objective(&self, point: i64) -> VarDictionary {
        let Some(world) = &self.world else { return VarDictionary::new() };
        let view = world.objectives();
        let Some(number) = u32::try_from(point).ok().filter(|number| (*number as usize) < view.len()) else {
            return VarDictionary::new();
        };
        let row = number as usize;
        let tick_hz = f64::from(world.config().tick_hz.max(1));
        vdict! {
            "kind" => entry_name(&ObjectiveRules::KINDS, view.kind[row]),
            "owner" => team_number(view.owner[row]),
            "contender" => team_number(view.contender[row]),
            "progress" => progress(world, row),
            "position" => position_to_vector(view.position(number)),
            "radius" => metres_to_f32(world.obstacles().capture_points()[row].radius),
            "carrier" => view.carrier(number).map_or(0, id_number),
            "dropped" => view.flags[row] & pennant::DROPPED != 0,
            "return_seconds" => f64::from(view.timer[row]) / tick_hz,
        }
    }

    /// All capture points by their numbers, as a dictionary of packed arrays: "kind" (number of
    /// [method get_objective_kinds]), "owner" and "contender" (teams, -1 for nobody), "progress" (0 to 1), "position",
    /// "carrier" (ids, 0 for nobody), "dropped" (1 or 0).
    #[func]
    fn get_objective_columns(&self) -> VarDictionary {
        let Some(world) = &self.world else { return VarDictionary::new() };
        let view = world.objectives();
        let rows: Vec<u32> = (0..view.len() as u32).collect();
        let teams = |column: &[u8]| -> PackedInt32Array {
            column.iter().map(|team| team_number(*team) as i32).collect()
        };
        let dropped = |flags: &u8| u8::from(flags & pennant::DROPPED != 0);
        vdict! {
            "kind" => &bytes(&rows, view.kind),
            "owner" => &teams(view.owner),
            "contender" => &teams(view.contender),
            "progress" => &rows.iter().map(|row| progress(world, *row as usize) as f32).collect::<PackedFloat32Array>(),
            "position" => &vectors(&rows, view.position_x, view.position_y, view.position_z),
            "carrier" => &ids(&rows, view.carrier_slot, view.carrier_generation),
            "dropped" => &view.flags.iter().map(dropped).collect::<PackedByteArray>(),
        }
    }

    /// Points that a team has gained by capture points and flags; 0 for teams that there are none of.
    #[func]
    fn get_score(&self, team: i64) -> i64 {
        let Ok(team) = u8::try_from(team) else { return 0 };
        self.world.as_ref().map_or(0, |world| world.scores().score(team).into())
    }

    /// Points of all teams, by their numbers.
    #[func]
    fn get_scores(&self) -> PackedInt64Array {
        let Some(world) = &self.world else { return PackedInt64Array::new() };
        world.scores().score.iter().map(|score| i64::from(*score)).collect()
    }
}
