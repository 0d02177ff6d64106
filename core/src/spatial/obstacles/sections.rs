//! What of a scenery can be brought down, and where it is fought over: the checks of sections and capture points.
//!
//! A section is a shape with health: a stretch of wall, a gate, a siege tower. What its kind endures is a matter of the rules
//! ([`crate::rules::StructureRules`]), how it is doing one of the state ([`crate::state::structures`]).

use super::error::SceneryError;
use super::limits;
use crate::limits::TEAMS_MAX;
use crate::numeric::Metres;
use crate::rules::{OBJECTIVE_KINDS, STRUCTURE_KINDS};
pub use crate::state::objectives::{CapturePoint, NO_TEAM};
pub use crate::state::structures::StructureSection;

/// Checks sections against the number of shapes.
pub(super) fn validate_sections(sections: &[StructureSection], shapes: usize) -> Result<(), SceneryError> {
    for (number, section) in sections.iter().enumerate() {
        let before = number.checked_sub(1).map(|before| sections[before].shape);
        if section.shape as usize >= shapes || before.is_some_and(|before| before >= section.shape) {
            return Err(SceneryError::SectionShape { section: number as u32 });
        }
        if usize::from(section.kind) >= STRUCTURE_KINDS {
            return Err(SceneryError::SectionKind { section: number as u32 });
        }
    }
    Ok(())
}

/// Checks capture points.
pub(super) fn validate_points(points: &[CapturePoint]) -> Result<(), SceneryError> {
    if points.len() > limits::CAPTURE_POINTS_MAX {
        return Err(SceneryError::TooManyPoints(points.len()));
    }
    let (least, most) = (Metres(limits::RING_MIN_RAW), Metres::from_m(limits::RING_MAX_M));
    let far = Metres::from_m(limits::PLACE_MAX_M);
    for (number, point) in points.iter().enumerate() {
        let holds = point.x.abs() <= far
            && point.z.abs() <= far
            && (least..=most).contains(&point.radius)
            && usize::from(point.kind) < OBJECTIVE_KINDS
            && (point.owner < TEAMS_MAX || point.owner == NO_TEAM);
        if !holds {
            return Err(SceneryError::Point { point: number as u32 });
        }
    }
    Ok(())
}
