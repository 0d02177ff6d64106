//! Why a scenery is refused, and why bytes are none.

use super::limits;
use crate::spatial::terrain::HeightFileError;
use core::fmt;

/// Why shapes cannot become obstacles. Numbers count from 0, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SceneryError {
    /// More than [`limits::SHAPES_MAX`] shapes.
    TooManyShapes(usize),
    /// More than [`limits::TRIANGLES_MAX`] triangles, every use of a mesh counted.
    TooManyTriangles(u64),
    /// More than [`limits::PLATFORMS_MAX`] platforms.
    TooManyPlatforms(usize),
    /// A size of a shape is below 1/64 m or above [`limits::SIZE_MAX_M`].
    ShapeSize {
        /// The shape.
        shape: u32,
    },
    /// A shape reaches beyond ±32,767 m.
    ShapePlace {
        /// The shape.
        shape: u32,
    },
    /// A shape names a mesh that is not there.
    UnknownMesh {
        /// The shape.
        shape: u32,
        /// The mesh it names.
        mesh: u32,
    },
    /// A mesh without triangles.
    EmptyMesh,
    /// A triangle names a vertex that is not there.
    UnknownVertex {
        /// The triangle.
        triangle: u32,
        /// The vertex it names.
        vertex: u32,
    },
    /// A triangle without area: one of its heights is below 1/1024 m.
    DegenerateTriangle {
        /// The triangle.
        triangle: u32,
    },
    /// A vertex of a mesh is farther than [`limits::SIZE_MAX_M`] from the mesh's origin in one coordinate.
    VertexPlace {
        /// The vertex.
        vertex: u32,
    },
    /// A platform has a size below 1/64 m or above [`limits::PLATFORM_SIZE_MAX_M`].
    PlatformSize {
        /// The platform.
        platform: u32,
    },
    /// A platform has no waypoint or more than [`limits::WAYPOINTS_MAX`], a leg of no ticks, or a round of more than
    /// [`limits::ROUND_TICKS_MAX`].
    PlatformPath {
        /// The platform.
        platform: u32,
    },
    /// A point of a platform would move farther than [`limits::PLATFORM_STEP_MAX_MM`] in one tick.
    PlatformTooFast {
        /// The platform.
        platform: u32,
        /// The leg, named by the waypoint it starts from.
        leg: u32,
    },
    /// A platform reaches beyond ±32,767 m.
    PlatformPlace {
        /// The platform.
        platform: u32,
    },
    /// A section names a shape that is not there, or one that does not come after that of the section before.
    SectionShape {
        /// The section.
        section: u32,
    },
    /// A section is of a kind that there is none of.
    SectionKind {
        /// The section.
        section: u32,
    },
    /// More than [`limits::CAPTURE_POINTS_MAX`] capture points.
    TooManyPoints(usize),
    /// A capture point with a place beyond ±32,767 m, a radius below 1/4 m or above [`limits::RING_MAX_M`], or a kind or a
    /// team that there is none of.
    Point {
        /// The capture point.
        point: u32,
    },
    /// More props than [`limits::PROPS_MAX`].
    TooManyProps(usize),
    /// A prop with a place beyond ±32,767 m or a kind that there is none of.
    Prop {
        /// The prop.
        prop: u32,
    },
    /// More than [`limits::RESPAWN_POINTS_MAX`] respawn points.
    TooManyRespawns(usize),
    /// A respawn point with a place beyond ±32,767 m, a radius below 1/4 m or above [`limits::RING_MAX_M`], or of a team or a
    /// capture point that there is none of.
    Respawn {
        /// The respawn point.
        respawn: u32,
    },
}

impl fmt::Display for SceneryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use limits as l;
        let size = l::SIZE_MAX_M;
        match self {
            Self::TooManyShapes(n) => write!(f, "scenery: {n} shapes, at most {}", l::SHAPES_MAX),
            Self::TooManyTriangles(n) => write!(f, "scenery: {n} triangles, at most {}", l::TRIANGLES_MAX),
            Self::TooManyPlatforms(n) => write!(f, "scenery: {n} platforms, at most {}", l::PLATFORMS_MAX),
            Self::ShapeSize { shape } => {
                write!(f, "scenery: shape {shape}: sizes must be from 1/64 m to {size} m")
            }
            Self::ShapePlace { shape } => write!(f, "scenery: shape {shape} reaches beyond 32767 m"),
            Self::UnknownMesh { shape, mesh } => {
                write!(f, "scenery: shape {shape} names mesh {mesh}, which is not there")
            }
            Self::EmptyMesh => f.write_str("scenery: a mesh without triangles"),
            Self::UnknownVertex { triangle, vertex } => {
                write!(f, "scenery: triangle {triangle} names vertex {vertex}, which is not there")
            }
            Self::DegenerateTriangle { triangle } => {
                write!(f, "scenery: triangle {triangle} has no area")
            }
            Self::VertexPlace { vertex } => {
                write!(f, "scenery: vertex {vertex} is farther than {size} m from the mesh's origin")
            }
            Self::PlatformSize { platform } => {
                let most = l::PLATFORM_SIZE_MAX_M;
                write!(f, "scenery: platform {platform}: half sizes must be from 1/64 m to {most} m")
            }
            Self::PlatformPath { platform } => {
                let (points, ticks) = (l::WAYPOINTS_MAX, l::ROUND_TICKS_MAX);
                write!(f, "scenery: platform {platform}: 1 to {points} waypoints, legs of 1 tick or more, ")?;
                write!(f, "at most {ticks} ticks a round")
            }
            Self::PlatformTooFast { platform, leg } => {
                let step = l::PLATFORM_STEP_MAX_MM;
                write!(f, "scenery: platform {platform} moves farther than {step} mm a tick on leg {leg}")
            }
            Self::PlatformPlace { platform } => {
                write!(f, "scenery: platform {platform} reaches beyond 32767 m")
            }
            Self::SectionShape { section } => {
                write!(f, "scenery: section {section}: its shape is not there, or not after that before it")
            }
            Self::SectionKind { section } => {
                write!(f, "scenery: section {section}: there is no such kind of structure")
            }
            Self::TooManyPoints(n) => {
                write!(f, "scenery: {n} capture points, at most {}", l::CAPTURE_POINTS_MAX)
            }
            Self::TooManyProps(n) => write!(f, "scenery: {n} props, at most {}", l::PROPS_MAX),
            Self::Prop { prop } => {
                write!(f, "scenery: prop {prop}: a place within 32767 m and a kind that exists")
            }
            Self::Point { point } => {
                let most = l::RING_MAX_M;
                write!(
                    f,
                    "scenery: capture point {point}: a place within 32767 m, a radius from 1/4 m to {most} m, "
                )?;
                f.write_str("a kind and a team that exist")
            }
            Self::TooManyRespawns(n) => {
                write!(f, "scenery: {n} respawn points, at most {}", l::RESPAWN_POINTS_MAX)
            }
            Self::Respawn { respawn } => {
                write!(f, "scenery: respawn point {respawn}: no such place, radius or owner")
            }
        }
    }
}

impl core::error::Error for SceneryError {}

/// Why bytes are not a scenery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SceneryDecodeError {
    /// The bytes do not begin as a scenery file does.
    NotScenery,
    /// Another version of the format.
    UnknownFormat(u16),
    /// The bytes end too early: a count promises more than there is.
    Truncated,
    /// Bytes follow after the end.
    TrailingBytes,
    /// The checksum does not hold: the file was damaged.
    Checksum,
    /// A shape or a ground of an unknown kind.
    UnknownKind(u8),
    /// A format that says more than there is: 2 without a section or a capture point, 4 without a respawn point.
    NeedlessFormat,
    /// The heights in it are none.
    Heights(HeightFileError),
    /// The bytes are a scenery, but not one that can be used.
    Invalid(SceneryError),
}

impl fmt::Display for SceneryDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotScenery => f.write_str("scenery: not a scenery file"),
            Self::UnknownFormat(format) => write!(f, "scenery: unknown format {format}"),
            Self::Truncated => f.write_str("scenery: the bytes end too early"),
            Self::TrailingBytes => f.write_str("scenery: bytes follow after the end"),
            Self::Checksum => f.write_str("scenery: the checksum does not hold, the file is damaged"),
            Self::UnknownKind(kind) => write!(f, "scenery: unknown kind of shape or ground {kind}"),
            Self::NeedlessFormat => f.write_str("scenery: a later format than its content needs"),
            Self::Heights(error) => error.fmt(f),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SceneryDecodeError {}
