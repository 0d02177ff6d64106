//! The file form of a scenery: little-endian, versioned, checksummed.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `SWSC` |
//! | 2 | format: 4 where there are respawn points, 3 where there are props, 2 where there are sections or capture points, else 1 |
//! | 1 | ground: from the world's seed (0), level (1), a height file (2): length 4 and its bytes |
//! | 4, 4, 4 | numbers of shapes, meshes, platforms |
//! | each shape | 1 byte kind; box (0): centre 3 x 4, half sizes 3 x 4, yaw 2; cylinder (1): base 3 x 4, radius 4, height 4; mesh (2): number 4, translation 3 x 4, yaw 2 |
//! | each mesh | numbers of vertices and triangles 4, 4; vertices 3 x 4 each; triangles 3 x 4 each |
//! | each platform | half sizes 3 x 4; number of waypoints 4; each: centre 3 x 4, yaw 2, ticks 4 |
//! | formats 2 to 4: 4, 4 | numbers of sections and capture points |
//! | each section | shape 4, kind 1 |
//! | each capture point | x 4, z 4, radius 4, kind 1, owner 1 |
//! | formats 3 and 4: 4 | number of props |
//! | each prop | kind 1, foot 3 x 4, yaw 2 |
//! | format 4: 4 | number of respawn points |
//! | each respawn point | x 4, z 4, radius 4; of a team (0) or a capture point (1), its number 4 |
//! | 8 | FNV-1a (64 bit) over everything before |
//!
//! Equal sceneries have equal bytes and different ones different bytes: the content hash is the checksum.

use super::error::{SceneryDecodeError, SceneryError};
use super::limits;
use super::platform::{Platform, Waypoint};
use super::respawns::{RESPAWN_BYTES, put_respawns, read_respawn};
use super::sections::{CapturePoint, PropPlace, StructureSection};
use super::shapes::{Mesh, Scenery, StaticShape};
use crate::numeric::{Brads, Metres, Position};
use crate::spatial::terrain::{HeightFile, TerrainSource};
use crate::state::bytes::{ByteReader, EndOfBytes};
use alloc::sync::Arc;
use alloc::vec::Vec;

const MAGIC: [u8; 4] = *b"SWSC";
/// Without sections and capture points.
const FORMAT: u16 = 1;
/// With some of either.
const FORMAT_WITH_SECTIONS: u16 = 2;
/// With props.
const FORMAT_WITH_PROPS: u16 = 3;
/// With respawn points, with or without props.
const FORMAT_WITH_RESPAWNS: u16 = 4;

impl From<EndOfBytes> for SceneryDecodeError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}

impl From<SceneryError> for SceneryDecodeError {
    fn from(error: SceneryError) -> Self {
        Self::Invalid(error)
    }
}

impl Scenery {
    /// A number that differs between sceneries that can differ in results: FNV-1a (64 bit) over the encoded form; 0 where
    /// nothing stands on a ground from the seed.
    #[must_use]
    pub fn content_hash(&self) -> u64 {
        let plain = self.is_empty() && self.format() == FORMAT;
        if plain && self.terrain == TerrainSource::Seed { 0 } else { fnv(&self.body()) }
    }

    /// The file form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.body();
        let checksum = fnv(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.format().to_le_bytes());
        match &self.terrain {
            TerrainSource::Seed => out.push(0),
            TerrainSource::Flat => out.push(1),
            TerrainSource::Heights(file) => {
                out.push(2);
                put_u32(&mut out, file.bytes().len() as u32);
                out.extend_from_slice(file.bytes());
            }
        }
        for count in [self.shapes.len(), self.meshes.len(), self.platforms.len()] {
            put_u32(&mut out, count as u32);
        }
        for shape in &self.shapes {
            put_shape(&mut out, shape);
        }
        for mesh in &self.meshes {
            put_u32(&mut out, mesh.vertices().len() as u32);
            put_u32(&mut out, mesh.triangles().len() as u32);
            for vertex in mesh.vertices() {
                put_position(&mut out, *vertex);
            }
            for triangle in mesh.triangles() {
                for vertex in triangle {
                    put_u32(&mut out, *vertex);
                }
            }
        }
        for platform in &self.platforms {
            for half in platform.half_sizes {
                put_i32(&mut out, half.0);
            }
            put_u32(&mut out, platform.waypoints.len() as u32);
            for waypoint in &platform.waypoints {
                put_position(&mut out, waypoint.centre);
                out.extend_from_slice(&waypoint.yaw.0.to_le_bytes());
                put_u32(&mut out, waypoint.ticks);
            }
        }
        if self.format() >= FORMAT_WITH_SECTIONS {
            self.put_sections(&mut out);
        }
        if self.format() >= FORMAT_WITH_PROPS {
            put_u32(&mut out, self.props.len() as u32);
            for prop in &self.props {
                out.push(prop.kind);
                put_position(&mut out, prop.position);
                out.extend_from_slice(&prop.yaw.0.to_le_bytes());
            }
        }
        if self.format() == FORMAT_WITH_RESPAWNS {
            put_respawns(&mut out, &self.respawn_points);
        }
        out
    }

    /// The lowest format that can say it: sceneries without sections keep their bytes and hashes.
    fn format(&self) -> u16 {
        let without = self.sections.is_empty() && self.capture_points.is_empty();
        match (self.respawn_points.is_empty(), self.props.is_empty(), without) {
            (false, ..) => FORMAT_WITH_RESPAWNS,
            (true, false, _) => FORMAT_WITH_PROPS,
            (true, true, false) => FORMAT_WITH_SECTIONS,
            (true, true, true) => FORMAT,
        }
    }

    fn put_sections(&self, out: &mut Vec<u8>) {
        put_u32(out, self.sections.len() as u32);
        put_u32(out, self.capture_points.len() as u32);
        for section in &self.sections {
            put_u32(out, section.shape);
            out.push(section.kind);
        }
        for point in &self.capture_points {
            for length in [point.x, point.z, point.radius] {
                put_i32(out, length.0);
            }
            out.extend_from_slice(&[point.kind, point.owner]);
        }
    }

    /// Reads the file form. The result is valid.
    ///
    /// # Errors
    /// [`SceneryDecodeError`], on any bytes, without a panic; memory is taken only for what is really there.
    pub fn decode(bytes: &[u8]) -> Result<Scenery, SceneryDecodeError> {
        let mut reader = ByteReader::new(bytes);
        if reader.array()? != MAGIC {
            return Err(SceneryDecodeError::NotScenery);
        }
        let format = reader.u16()?;
        if !(FORMAT..=FORMAT_WITH_RESPAWNS).contains(&format) {
            return Err(SceneryDecodeError::UnknownFormat(format));
        }
        let (body, checksum) = bytes.split_last_chunk::<8>().ok_or(SceneryDecodeError::Truncated)?;
        if fnv(body) != u64::from_le_bytes(*checksum) {
            return Err(SceneryDecodeError::Checksum);
        }
        let mut reader = ByteReader::new(body.get(6..).ok_or(SceneryDecodeError::Truncated)?);
        let terrain = read_terrain(&mut reader)?;
        let counts = [reader.u32()?, reader.u32()?, reader.u32()?].map(|count| count as usize);
        if counts[0] > limits::SHAPES_MAX {
            return Err(SceneryError::TooManyShapes(counts[0]).into());
        }
        if counts[2] > limits::PLATFORMS_MAX {
            return Err(SceneryError::TooManyPlatforms(counts[2]).into());
        }
        let mut scenery = Scenery {
            terrain,
            shapes: read_many(&mut reader, counts[0], SHAPE_BYTES_MIN, read_shape)?,
            meshes: read_many(&mut reader, counts[1], MESH_BYTES_MIN, read_mesh)?,
            platforms: read_many(&mut reader, counts[2], PLATFORM_BYTES_MIN, read_platform)?,
            ..Scenery::default()
        };
        if format >= FORMAT_WITH_SECTIONS {
            let counts = [reader.u32()?, reader.u32()?].map(|count| count as usize);
            if counts == [0, 0] && format == FORMAT_WITH_SECTIONS {
                return Err(SceneryDecodeError::NeedlessFormat);
            }
            scenery.sections = read_many(&mut reader, counts[0], SECTION_BYTES, read_section)?;
            scenery.capture_points = read_many(&mut reader, counts[1], POINT_BYTES, read_point)?;
        }
        if format >= FORMAT_WITH_PROPS {
            let count = reader.u32()? as usize;
            if count == 0 && format == FORMAT_WITH_PROPS {
                return Err(SceneryDecodeError::NeedlessFormat);
            }
            scenery.props = read_many(&mut reader, count, PROP_BYTES, read_prop)?;
        }
        if format == FORMAT_WITH_RESPAWNS {
            let count = reader.u32()? as usize;
            if count == 0 {
                return Err(SceneryDecodeError::NeedlessFormat);
            }
            scenery.respawn_points = read_many(&mut reader, count, RESPAWN_BYTES, read_respawn)?;
        }
        if !reader.is_empty() {
            return Err(SceneryDecodeError::TrailingBytes);
        }
        scenery.validate()?;
        Ok(scenery)
    }
}

const SHAPE_BYTES_MIN: usize = 1 + 4 + 12 + 2;
const MESH_BYTES_MIN: usize = 8;
const PLATFORM_BYTES_MIN: usize = 12 + 4;
const SECTION_BYTES: usize = 4 + 1;
const POINT_BYTES: usize = 12 + 2;
const PROP_BYTES: usize = 1 + 12 + 2;

/// Reads so many of something of which each takes at least `least` bytes.
fn read_many<T>(
    reader: &mut ByteReader<'_>,
    count: usize,
    least: usize,
    read: impl Fn(&mut ByteReader<'_>) -> Result<T, SceneryDecodeError>,
) -> Result<Vec<T>, SceneryDecodeError> {
    if count > reader.rest().len() / least {
        return Err(SceneryDecodeError::Truncated);
    }
    (0..count).map(|_| read(reader)).collect()
}

fn read_terrain(reader: &mut ByteReader<'_>) -> Result<TerrainSource, SceneryDecodeError> {
    match reader.u8()? {
        0 => Ok(TerrainSource::Seed),
        1 => Ok(TerrainSource::Flat),
        2 => {
            let length = reader.u32()? as usize;
            let file = HeightFile::decode(reader.take(length)?.to_vec());
            file.map(|file| TerrainSource::Heights(Arc::new(file))).map_err(SceneryDecodeError::Heights)
        }
        kind => Err(SceneryDecodeError::UnknownKind(kind)),
    }
}

fn read_shape(reader: &mut ByteReader<'_>) -> Result<StaticShape, SceneryDecodeError> {
    match reader.u8()? {
        0 => Ok(StaticShape::Box {
            centre: read_position(reader)?,
            half_sizes: read_sizes(reader)?,
            yaw: Brads(reader.u16()?),
        }),
        1 => Ok(StaticShape::Cylinder {
            base: read_position(reader)?,
            radius: Metres(reader.i32()?),
            height: Metres(reader.i32()?),
        }),
        2 => Ok(StaticShape::Mesh {
            mesh: reader.u32()?,
            translation: read_position(reader)?,
            yaw: Brads(reader.u16()?),
        }),
        kind => Err(SceneryDecodeError::UnknownKind(kind)),
    }
}

fn read_mesh(reader: &mut ByteReader<'_>) -> Result<Mesh, SceneryDecodeError> {
    let (vertices, triangles) = (reader.u32()? as usize, reader.u32()? as usize);
    let vertices = read_many(reader, vertices, 12, read_position)?;
    let triangles =
        read_many(reader, triangles, 12, |reader| Ok([reader.u32()?, reader.u32()?, reader.u32()?]))?;
    Ok(Mesh::new(vertices, triangles)?)
}

fn read_platform(reader: &mut ByteReader<'_>) -> Result<Platform, SceneryDecodeError> {
    let half_sizes = read_sizes(reader)?;
    let waypoints = reader.u32()? as usize;
    let waypoints = read_many(reader, waypoints, 18, |reader| {
        Ok(Waypoint { centre: read_position(reader)?, yaw: Brads(reader.u16()?), ticks: reader.u32()? })
    })?;
    Ok(Platform { half_sizes, waypoints })
}

fn read_section(reader: &mut ByteReader<'_>) -> Result<StructureSection, SceneryDecodeError> {
    Ok(StructureSection { shape: reader.u32()?, kind: reader.u8()? })
}

fn read_point(reader: &mut ByteReader<'_>) -> Result<CapturePoint, SceneryDecodeError> {
    Ok(CapturePoint {
        x: Metres(reader.i32()?),
        z: Metres(reader.i32()?),
        radius: Metres(reader.i32()?),
        kind: reader.u8()?,
        owner: reader.u8()?,
    })
}

fn read_prop(reader: &mut ByteReader<'_>) -> Result<PropPlace, SceneryDecodeError> {
    let (kind, position) = (reader.u8()?, read_position(reader)?);
    Ok(PropPlace { kind, position, yaw: Brads(reader.u16()?) })
}

fn read_position(reader: &mut ByteReader<'_>) -> Result<Position, SceneryDecodeError> {
    Ok(Position::from_raw(reader.i32()?, reader.i32()?, reader.i32()?))
}

fn read_sizes(reader: &mut ByteReader<'_>) -> Result<[Metres; 3], SceneryDecodeError> {
    Ok([Metres(reader.i32()?), Metres(reader.i32()?), Metres(reader.i32()?)])
}

fn put_shape(out: &mut Vec<u8>, shape: &StaticShape) {
    match *shape {
        StaticShape::Box { centre, half_sizes, yaw } => {
            out.push(0);
            put_position(out, centre);
            for half in half_sizes {
                put_i32(out, half.0);
            }
            out.extend_from_slice(&yaw.0.to_le_bytes());
        }
        StaticShape::Cylinder { base, radius, height } => {
            out.push(1);
            put_position(out, base);
            put_i32(out, radius.0);
            put_i32(out, height.0);
        }
        StaticShape::Mesh { mesh, translation, yaw } => {
            out.push(2);
            put_u32(out, mesh);
            put_position(out, translation);
            out.extend_from_slice(&yaw.0.to_le_bytes());
        }
    }
}

fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_i32(out: &mut Vec<u8>, value: i32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_position(out: &mut Vec<u8>, position: Position) {
    for part in [position.x, position.y, position.z] {
        put_i32(out, part.0);
    }
}

pub(super) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
