//! How characters move: eight classes of bodies, water, and how often movers that nobody watches are stepped.
//!
//! A class is everything that movement reads of a kind of body; mounting and dismounting is a change of class. Class 0
//! is the foot soldier of the demo battle. `docs/MOVEMENT.md` says what the systems make of these numbers.

use super::table::{RuleField, RulesError, mm, rule_table, whole};
use crate::limits::HEIGHT_MAX_M;
use crate::numeric::{Metres, MetresPerSecond};

/// How many movement classes a world has.
pub const MOVEMENT_CLASSES: usize = 8;

/// Entries of a table of root motion: shares of a way in equal parts of its duration.
pub const ROOT_MOTION_PARTS: usize = 16;

rule_table! {
    /// One movement class: how a kind of body walks, sprints, crouches, jumps, dodges, falls, slides and swims.
    pub struct MovementRules as "movement" {
        /// Speed on foot.
        walk_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(4_000), mm(100), 30 << 16;
        /// Speed while sprinting; only forwards.
        sprint_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(6_500), mm(100), 60 << 16;
        /// Speed while crouched.
        crouch_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(2_000), 0, 30 << 16;
        /// Speed while swimming.
        swim_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(2_000), 0, 30 << 16;
        /// Gain of speed in a second, on the ground, towards what the input asks for.
        ground_acceleration_per_s: MetresPerSecond as MetresPerSecondSquared = MetresPerSecond::from_mm(40_000), 1 << 16, 500 << 16;
        /// Loss of speed in a second, on the ground, when the input asks to stand.
        ground_friction_per_s: MetresPerSecond as MetresPerSecondSquared = MetresPerSecond::from_mm(50_000), 1 << 16, 500 << 16;
        /// Change of speed in a second in the air, while sliding and while knocked back.
        air_acceleration_per_s: MetresPerSecond as MetresPerSecondSquared = MetresPerSecond::from_mm(6_000), 0, 500 << 16;
        /// Change of speed in a second in the water, along and up.
        swim_acceleration_per_s: MetresPerSecond as MetresPerSecondSquared = MetresPerSecond::from_mm(10_000), 1 << 16, 500 << 16;
        /// Upward speed at the start of a jump; 0 for bodies that do not jump.
        jump_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(5_000), 0, 30 << 16;
        /// Downward change of speed in a second in the air, and along a slope that is too steep to stand on.
        gravity_per_s: MetresPerSecond as MetresPerSecondSquared = MetresPerSecond::from_mm(19_620), 1 << 16, 200 << 16;
        /// Fastest fall.
        fall_speed_max: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(60_000), 1 << 16, 200 << 16;
        /// Fastest rise of a swimmer towards the surface.
        swim_rise_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(1_500), 0, 30 << 16;
        /// A walker gets onto edges up to this height without a jump.
        step_up: Metres as Metres = Metres::from_mm(350), 0, 4 << 16;
        /// A walker stays on the ground when it drops by no more than this in a tick.
        step_down: Metres as Metres = Metres::from_mm(350), 0, 4 << 16;
        /// Steepest ground to stand on, as rise in 1/256 of the way along; on steeper ground bodies slide.
        slope_limit_per_256: u16 as Per256 = 256, 0, 4_096;
        /// Time after a landing before the next jump.
        jump_rest_ms: u16 as Milliseconds = 150, 0, 10_000;
        /// A jump that is asked for this long before it is possible still happens.
        jump_buffer_ms: u16 as Milliseconds = 100, 0, 1_000;
        /// A jump is still possible this long after walking off an edge.
        coyote_ms: u16 as Milliseconds = 100, 0, 1_000;
        /// Duration of a dodge.
        dodge_ms: u16 as Milliseconds = 300, 0, 5_000;
        /// Time from the end of a dodge to the next one.
        dodge_rest_ms: u16 as Milliseconds = 500, 0, 60_000;
        /// Way of a dodge; 0 for bodies that do not dodge.
        dodge_distance: Metres as Metres = Metres::from_mm(2_400), 0, 16 << 16;
        /// Root motion of a dodge: the shares of the way covered in each sixteenth of its duration.
        dodge_shares: [u8; ROOT_MOTION_PARTS] as Shares = [6, 12, 18, 22, 24, 24, 22, 20, 18, 15, 12, 9, 6, 4, 2, 1], 1, 4_080;
        /// Longest time without control after being knocked back.
        knock_ms: u16 as Milliseconds = 500, 0, 10_000;
        /// Radius of the capsule.
        radius: Metres as Metres = Metres::from_mm(400), mm(200), 5 << 16;
        /// Height of the capsule.
        height: Metres as Metres = Metres::from_mm(1_800), mm(400), 16 << 16;
        /// Height of the capsule while crouched; equal to the height for bodies that do not crouch.
        crouch_height: Metres as Metres = Metres::from_mm(1_200), mm(400), 16 << 16;
        /// Water deeper than this makes a body swim.
        swim_depth: Metres as Metres = Metres::from_mm(1_300), 0, 16 << 16;
        /// Weight in kilograms: the heavier of two bodies gives way less.
        weight_kg: u16 as Kilograms = 80, 1, 60_000;
        /// Whether such bodies are stepped less often where nobody watches: see the table `lod`.
        lod: u8 as Flag = 0, 0, 1;
        /// Whether such bodies do not walk off an edge while crouched.
        crouch_keeps_edges: u8 as Flag = 1, 0, 1;
    }
}

rule_table! {
    /// Standing water: one level surface over the whole zone.
    pub struct WaterRules as "water" {
        /// Height of the surface. The lowest value means: no water.
        level: Metres as Metres = Metres::from_m(-HEIGHT_MAX_M), whole(-HEIGHT_MAX_M), whole(HEIGHT_MAX_M);
    }
}

rule_table! {
    /// Which bodies are stepped less often: those of movement classes with `lod` that are far from every living body of
    /// a class without it.
    pub struct LodRules as "lod" {
        /// Within this distance of a watcher every tick is stepped.
        near: Metres as Metres = Metres::from_m(64), 1 << 16, 1_024 << 16;
        /// Beyond it every so many ticks.
        every_ticks: u8 as Ticks = 4, 1, 16;
    }
}
