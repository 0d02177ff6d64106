//! What steps need of the eight movement classes, as tables for lanes.

use super::super::Surroundings;
use super::super::ticks::{ClassTicks, MovementTicks, factor};
use crate::numeric::fixed::saturate;
use crate::numeric::lanes::Lanes;
use crate::rules::MOVEMENT_CLASSES;

/// One entry for each class.
type Entries = [i32; 8];

/// Constants of the eight classes, as tables.
pub(super) struct Tables {
    pub walk_factor: Entries,
    pub sprint_factor: Entries,
    pub crouch_factor: Entries,
    pub ground_pull: Entries,
    pub friction_pull: Entries,
    pub air_pull: Entries,
    pub jump_speed: Entries,
    pub gravity: Entries,
    pub fall_speed_max: Entries,
    pub jump_rest: Entries,
    pub jump_buffer: Entries,
    pub coyote: Entries,
    pub knock: Entries,
    /// [`Tables::CROUCHES`] and [`Tables::KEEPS_EDGES`].
    pub kind: Entries,
    pub edge: Entries,
    pub step_down: Entries,
    /// Who is no higher, over ground that is lower, swims.
    pub floating: Entries,
    /// Differences of a cell's corners up to this are gentle.
    pub gentle: Entries,
    pub radius: Entries,
}

/// An entry of each class. (Generic, so that it is no call for each of them: tables are made for every chunk of rows.)
fn of(classes: &[ClassTicks; MOVEMENT_CLASSES], entry: impl Fn(&ClassTicks) -> i32) -> Entries {
    classes.each_ref().map(entry)
}

impl Tables {
    /// The class can crouch.
    pub const CROUCHES: u16 = 1;
    /// Who crouches does not go over edges.
    pub const KEEPS_EDGES: u16 = 2;

    pub fn new(movement: &MovementTicks, surroundings: &Surroundings<'_>) -> Self {
        let classes = movement.classes();
        let half_extent = surroundings.terrain.half_extent().0;
        let spacing = i64::from(surroundings.terrain.spacing().0);
        let kind = |class: &ClassTicks| {
            let crouches = if class.crouches() { Self::CROUCHES } else { 0 };
            i32::from(crouches | if class.keeps_edges { Self::KEEPS_EDGES } else { 0 })
        };
        Self {
            walk_factor: of(classes, |class| class.walk_factor),
            sprint_factor: of(classes, |class| class.sprint_factor),
            crouch_factor: of(classes, |class| factor(class.crouch)),
            ground_pull: of(classes, |class| class.ground_pull),
            friction_pull: of(classes, |class| class.friction_pull),
            air_pull: of(classes, |class| class.air_pull),
            jump_speed: of(classes, |class| class.jump_speed),
            gravity: of(classes, |class| class.gravity),
            fall_speed_max: of(classes, |class| class.fall_speed_max),
            jump_rest: of(classes, |class| class.jump_rest.into()),
            jump_buffer: of(classes, |class| class.jump_buffer.into()),
            coyote: of(classes, |class| class.coyote.into()),
            knock: of(classes, |class| class.knock.into()),
            kind: of(classes, kind),
            edge: of(classes, |class| half_extent - class.radius),
            step_down: of(classes, |class| class.step_down),
            floating: of(classes, |class| movement.water.saturating_sub(class.swim_depth)),
            gentle: of(classes, |class| saturate((i64::from(class.slope_limit) * spacing) >> 16)),
            radius: of(classes, |class| class.radius),
        }
    }

    /// The entries of the lanes' classes. Numbers that no class has wrap.
    #[inline(always)]
    pub fn pick<L: Lanes>(&self, entries: &Entries, class: L) -> L {
        L::table8(entries).lookup8(class)
    }
}
