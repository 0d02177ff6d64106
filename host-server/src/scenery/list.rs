//! A scenery written by hand: a TOML list of boxes, cylinders, models and platforms, in metres and degrees.
//!
//! x is east, y up, z south; a yaw of 0 leaves a box as it is, growing counter-clockwise as seen from above.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use shieldwall_core::spatial::obstacles::{Platform, Scenery, StaticShape, Waypoint};
use shieldwall_core::{Brads, Metres, Position, TerrainSource};

use super::{metres, model, position};
use crate::error::HostError;

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// `seed` (what it is without this line), `flat`, or the path of a height file beside the list.
    ground: Option<String>,
    #[serde(default, rename = "box")]
    boxes: Vec<BoxEntry>,
    #[serde(default, rename = "cylinder")]
    cylinders: Vec<CylinderEntry>,
    #[serde(default, rename = "model")]
    models: Vec<ModelEntry>,
    #[serde(default, rename = "platform")]
    platforms: Vec<PlatformEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoxEntry {
    centre_m: [f64; 3],
    size_m: [f64; 3],
    #[serde(default)]
    yaw_deg: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CylinderEntry {
    base_m: [f64; 3],
    radius_m: f64,
    height_m: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    /// The OBJ file, beside the list.
    file: String,
    /// Where it stands, one or more times.
    at: Vec<PlaceEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceEntry {
    position_m: [f64; 3],
    #[serde(default)]
    yaw_deg: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformEntry {
    size_m: [f64; 3],
    waypoint: Vec<WaypointEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaypointEntry {
    centre_m: [f64; 3],
    #[serde(default)]
    yaw_deg: f64,
    /// Ticks to the next waypoint.
    ticks: u32,
}

/// Reads a list: the scenery, and how many triangles of its models were left out.
pub(super) fn read(path: &Path, drop_degenerate: bool) -> Result<(Scenery, usize), HostError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    let wrong = |what: String| HostError::Scenery(format!("{}: {what}", path.display()));
    let list: List = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let mut scenery = Scenery { terrain: ground(path, list.ground.as_deref())?, ..Scenery::default() };
    let far = |what: &str, number: usize| wrong(format!("{what} {number}: a number is beyond 32767 m"));
    for (number, entry) in list.boxes.iter().enumerate() {
        let shape = || {
            let yaw = yaw(entry.yaw_deg);
            Some(StaticShape::Box {
                centre: position(entry.centre_m)?,
                half_sizes: halves(entry.size_m)?,
                yaw,
            })
        };
        scenery.shapes.push(shape().ok_or_else(|| far("box", number))?);
    }
    for (number, entry) in list.cylinders.iter().enumerate() {
        let shape = || {
            let (radius, height) = (metres(entry.radius_m)?, metres(entry.height_m)?);
            Some(StaticShape::Cylinder { base: position(entry.base_m)?, radius, height })
        };
        scenery.shapes.push(shape().ok_or_else(|| far("cylinder", number))?);
    }
    let mut dropped = 0;
    for (number, entry) in list.models.iter().enumerate() {
        let (mesh, left_out) = model::read(&path.with_file_name(&entry.file), drop_degenerate)?;
        dropped += left_out;
        scenery.meshes.push(mesh);
        for place in &entry.at {
            let translation = position(place.position_m).ok_or_else(|| far("model", number))?;
            let mesh = number as u32;
            scenery.shapes.push(StaticShape::Mesh { mesh, translation, yaw: yaw(place.yaw_deg) });
        }
    }
    for (number, entry) in list.platforms.iter().enumerate() {
        scenery.platforms.push(platform(entry).ok_or_else(|| far("platform", number))?);
    }
    Ok((scenery, dropped))
}

fn ground(path: &Path, ground: Option<&str>) -> Result<TerrainSource, HostError> {
    match ground {
        None | Some("seed") => Ok(TerrainSource::Seed),
        Some("flat") => Ok(TerrainSource::Flat),
        Some(file) => {
            let path = path.with_file_name(file);
            let bytes =
                std::fs::read(&path).map_err(|source| HostError::File { path: path.clone(), source })?;
            shieldwall_core::spatial::terrain::HeightFile::decode(bytes)
                .map(|file| TerrainSource::Heights(Arc::new(file)))
                .map_err(|error| HostError::Scenery(format!("{}: {error}", path.display())))
        }
    }
}

fn platform(entry: &PlatformEntry) -> Option<Platform> {
    let waypoint = |waypoint: &WaypointEntry| {
        let centre: Position = position(waypoint.centre_m)?;
        Some(Waypoint { centre, yaw: yaw(waypoint.yaw_deg), ticks: waypoint.ticks })
    };
    let waypoints = entry.waypoint.iter().map(waypoint).collect::<Option<_>>()?;
    Some(Platform { half_sizes: halves(entry.size_m)?, waypoints })
}

fn halves([x, y, z]: [f64; 3]) -> Option<[Metres; 3]> {
    Some([metres(x / 2.0)?, metres(y / 2.0)?, metres(z / 2.0)?])
}

/// Degrees to the nearest 1/65536 of a turn.
fn yaw(degrees: f64) -> Brads {
    Brads((degrees.rem_euclid(360.0) * (65_536.0 / 360.0)).round() as u32 as u16)
}
