//! What of a scenery can be brought down, where it is fought over, and what stands loose: the checks of sections, capture
//! points and props.
//!
//! A section is a shape with health: a stretch of wall, a gate, a siege tower. What its kind endures is a matter of the rules
//! ([`crate::rules::StructureRules`]), how it is doing one of the state ([`crate::state::structures`]).

use super::error::SceneryError;
use super::limits;
use crate::limits::{HEIGHT_MAX_M, TEAMS_MAX};
use crate::numeric::Metres;
use crate::rules::{OBJECTIVE_KINDS, PROP_KINDS, STRUCTURE_KINDS};
pub use crate::state::objectives::{CapturePoint, NO_TEAM};
pub use crate::state::props::PropPlace;
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

/// Checks what stands loose.
pub(super) fn validate_props(props: &[PropPlace]) -> Result<(), SceneryError> {
    if props.len() > limits::PROPS_MAX {
        return Err(SceneryError::TooManyProps(props.len()));
    }
    let far = Metres::from_m(limits::PLACE_MAX_M);
    let high = Metres::from_m(HEIGHT_MAX_M);
    let holds = |prop: &PropPlace| {
        prop.position.x.abs() <= far
            && prop.position.y.abs() <= high
            && prop.position.z.abs() <= far
            && usize::from(prop.kind) < PROP_KINDS
    };
    match props.iter().position(|prop| !holds(prop)) {
        Some(prop) => Err(SceneryError::Prop { prop: prop as u32 }),
        None => Ok(()),
    }
}
