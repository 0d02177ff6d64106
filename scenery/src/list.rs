//! A scenery written by hand: a TOML list of boxes, cylinders, models, platforms, capture points and props, in metres and
//! degrees.
//!
//! x is east, y up, z south; a yaw of 0 leaves a box as it is, growing counter-clockwise as seen from above.

use std::sync::Arc;

use serde::Deserialize;
use shieldwall_core::rules::{ObjectiveRules, PropRules, RuleEntryInfo, StructureRules};
use shieldwall_core::spatial::obstacles::{
    CapturePoint, NO_TEAM, Platform, PropPlace, RespawnOwner, RespawnPoint, Scenery, StaticShape,
    StructureSection, Waypoint,
};
use shieldwall_core::{Brads, Metres, Position, TerrainSource};

use crate::{Compiled, ReadBeside, SceneryFileError, metres, model, position};

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
    #[serde(default, rename = "capture_point")]
    points: Vec<PointEntry>,
    #[serde(default, rename = "prop")]
    props: Vec<PropEntry>,
    #[serde(default, rename = "respawn_point")]
    respawns: Vec<RespawnEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoxEntry {
    centre_m: [f64; 3],
    size_m: [f64; 3],
    #[serde(default)]
    yaw_deg: f64,
    /// Kind of structure, where it is a section of one.
    structure: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CylinderEntry {
    base_m: [f64; 3],
    radius_m: f64,
    height_m: f64,
    /// Kind of structure, where it is a section of one.
    structure: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    /// The OBJ file, beside the list.
    file: String,
    /// Where it stands, one or more times.
    at: Vec<PlaceEntry>,
    /// Kind of structure, where each of them is a section of one.
    structure: Option<String>,
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PointEntry {
    /// x and z of its middle.
    at_m: [f64; 2],
    radius_m: f64,
    /// Kind of objective.
    kind: String,
    /// The team that has it at first.
    team: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PropEntry {
    /// Kind of prop.
    kind: String,
    /// Where one stands, one or more times; lifted onto the ground.
    at: Vec<PlaceEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RespawnEntry {
    /// x and z of its middle.
    at_m: [f64; 2],
    radius_m: f64,
    /// The team whose it is, or else the capture point, counted from 0 in the order of the list.
    team: Option<u8>,
    capture_point: Option<u32>,
}

/// Reads a list, and through `beside` the models and the height file that it names.
pub(crate) fn read(
    name: &str,
    text: &str,
    drop_degenerate: bool,
    beside: ReadBeside<'_>,
) -> Result<Compiled, SceneryFileError> {
    let wrong = |what: String| SceneryFileError::Invalid(format!("{name}: {what}"));
    let list: List = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let mut scenery = Scenery { terrain: ground(list.ground.as_deref(), beside)?, ..Scenery::default() };
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
        add_section(&mut scenery, entry.structure.as_deref()).map_err(&wrong)?;
    }
    for (number, entry) in list.cylinders.iter().enumerate() {
        let shape = || {
            let (radius, height) = (metres(entry.radius_m)?, metres(entry.height_m)?);
            Some(StaticShape::Cylinder { base: position(entry.base_m)?, radius, height })
        };
        scenery.shapes.push(shape().ok_or_else(|| far("cylinder", number))?);
        add_section(&mut scenery, entry.structure.as_deref()).map_err(&wrong)?;
    }
    let mut dropped_triangles = 0;
    for (number, entry) in list.models.iter().enumerate() {
        let bytes = bytes_of(&entry.file, beside)?;
        let (mesh, left_out) = model::read(&entry.file, &bytes, drop_degenerate)?;
        dropped_triangles += left_out;
        scenery.meshes.push(mesh);
        for place in &entry.at {
            let translation = position(place.position_m).ok_or_else(|| far("model", number))?;
            let mesh = number as u32;
            scenery.shapes.push(StaticShape::Mesh { mesh, translation, yaw: yaw(place.yaw_deg) });
            add_section(&mut scenery, entry.structure.as_deref()).map_err(&wrong)?;
        }
    }
    for (number, entry) in list.platforms.iter().enumerate() {
        scenery.platforms.push(platform(entry).ok_or_else(|| far("platform", number))?);
    }
    for (number, entry) in list.points.iter().enumerate() {
        let kind = kind_of(&entry.kind, "objective", &ObjectiveRules::KINDS).map_err(&wrong)?;
        scenery.capture_points.push(point(entry, kind).ok_or_else(|| far("capture_point", number))?);
    }
    for (number, entry) in list.props.iter().enumerate() {
        let kind = kind_of(&entry.kind, "prop", &PropRules::KINDS).map_err(&wrong)?;
        for place in &entry.at {
            let position = position(place.position_m).ok_or_else(|| far("prop", number))?;
            scenery.props.push(PropPlace { kind, position, yaw: yaw(place.yaw_deg) });
        }
    }
    for (number, entry) in list.respawns.iter().enumerate() {
        let owner = match (entry.team, entry.capture_point) {
            (Some(team), None) => RespawnOwner::Team(team),
            (None, Some(point)) => RespawnOwner::CapturePoint(point),
            _ => return Err(wrong(format!("respawn_point {number}: either a team or a capture_point"))),
        };
        let respawn = respawn(entry, owner).ok_or_else(|| far("respawn_point", number))?;
        scenery.respawn_points.push(respawn);
    }
    Ok(Compiled { scenery, dropped_triangles })
}

fn respawn(entry: &RespawnEntry, owner: RespawnOwner) -> Option<RespawnPoint> {
    let [x, z] = [metres(entry.at_m[0])?, metres(entry.at_m[1])?];
    Some(RespawnPoint { x, z, radius: metres(entry.radius_m)?, owner })
}

/// Makes the last shape a section of a structure, if it is to be one.
fn add_section(scenery: &mut Scenery, kind: Option<&str>) -> Result<(), String> {
    if let Some(kind) = kind {
        let kind = kind_of(kind, "structure", &StructureRules::KINDS)?;
        scenery.sections.push(StructureSection { shape: scenery.shapes.len() as u32 - 1, kind });
    }
    Ok(())
}

/// The number of a kind by its name in the rules.
fn kind_of(name: &str, what: &str, kinds: &[RuleEntryInfo]) -> Result<u8, String> {
    let found = kinds.iter().position(|kind| kind.name == name);
    found.map(|kind| kind as u8).ok_or_else(|| {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
        format!("no kind of {what} is called {name:?}; there are {}", names.join(", "))
    })
}

fn point(entry: &PointEntry, kind: u8) -> Option<CapturePoint> {
    let [x, z] = [metres(entry.at_m[0])?, metres(entry.at_m[1])?];
    let owner = entry.team.unwrap_or(NO_TEAM);
    Some(CapturePoint { x, z, radius: metres(entry.radius_m)?, kind, owner })
}

fn bytes_of(file: &str, beside: ReadBeside<'_>) -> Result<Vec<u8>, SceneryFileError> {
    beside(file).map_err(|source| SceneryFileError::Beside { file: file.to_owned(), source })
}

fn ground(ground: Option<&str>, beside: ReadBeside<'_>) -> Result<TerrainSource, SceneryFileError> {
    match ground {
        None | Some("seed") => Ok(TerrainSource::Seed),
        Some("flat") => Ok(TerrainSource::Flat),
        Some(file) => shieldwall_core::spatial::terrain::HeightFile::decode(bytes_of(file, beside)?)
            .map(|file| TerrainSource::Heights(Arc::new(file)))
            .map_err(|error| SceneryFileError::Invalid(format!("{file}: {error}"))),
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
