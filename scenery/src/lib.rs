//! Sceneries from what people write: a TOML list, a triangle model, a scenery file, a name of a built-in one.
//!
//! ```
//! let text = b"[[box]]\ncentre_m = [0, 1, 0]\nsize_m = [4, 2, 1]\nstructure = \"wall\"\n";
//! let none_beside = &mut |_: &str| Err(std::io::ErrorKind::NotFound.into());
//! let compiled = shieldwall_scenery::compile("yard.toml", text, false, none_beside).unwrap();
//! assert_eq!(compiled.scenery.sections.len(), 1);
//! ```
//!
//! - [`compile()`]: any of the forms, by the ending of its name
//! - `list`: the TOML list of `docs/SCENERY.md`
//! - `model`: triangle models; the reading of OBJ is the `tobj` crate's
//! - [`built_in`]: sceneries by name
//!
//! Nothing in here opens a file: the caller brings the bytes, and says how to get at those beside a list. The file form
//! is the kernel's ([`Scenery::decode`]).

pub mod built_in;
mod list;
mod model;

use std::fmt;
use std::io;

use shieldwall_core::spatial::obstacles::{Scenery, StaticShape};
use shieldwall_core::{Brads, Metres, Position};

/// How the bytes of a file are got that a list names, by its name there.
pub type ReadBeside<'a> = &'a mut dyn FnMut(&str) -> io::Result<Vec<u8>>;

/// A scenery that was read.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// What stands in a world.
    pub scenery: Scenery,
    /// Triangles without area that were left out of its models.
    pub dropped_triangles: usize,
}

/// Why something is no scenery.
#[derive(Debug)]
pub enum SceneryFileError {
    /// A file that a list names cannot be read.
    Beside {
        /// Its name in the list.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// What is wrong where, in words.
    Invalid(String),
}

impl fmt::Display for SceneryFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beside { file, source } => write!(f, "{file}: {source}"),
            Self::Invalid(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for SceneryFileError {}

/// Makes a scenery of a list (`.toml`), a model (`.obj`) or a scenery file (`.swsc`), as the ending of `name` says; `name`
/// stands in front of what is wrong. `drop_degenerate` leaves triangles without area out instead of refusing them.
///
/// Whether it fits into a world, the world says: [`Scenery::validate`] and its own size.
///
/// # Errors
/// [`SceneryFileError`], on any bytes.
pub fn compile(
    name: &str,
    bytes: &[u8],
    drop_degenerate: bool,
    beside: ReadBeside<'_>,
) -> Result<Compiled, SceneryFileError> {
    let wrong = |what: String| SceneryFileError::Invalid(format!("{name}: {what}"));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "toml" => {
            let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
            list::read(name, text, drop_degenerate, beside)
        }
        "obj" => {
            let (mesh, dropped_triangles) = model::read(name, bytes, drop_degenerate)?;
            let place = StaticShape::Mesh { mesh: 0, translation: Position::ORIGIN, yaw: Brads(0) };
            let scenery = Scenery { shapes: vec![place], meshes: vec![mesh], ..Scenery::default() };
            Ok(Compiled { scenery, dropped_triangles })
        }
        "swsc" => match Scenery::decode(bytes) {
            Ok(scenery) => Ok(Compiled { scenery, dropped_triangles: 0 }),
            Err(error) => Err(wrong(error.to_string())),
        },
        _ => Err(wrong("expected a list (.toml), a model (.obj) or a scenery file (.swsc)".to_owned())),
    }
}

/// Metres of a file as the kernel's, to the nearest 1/65536 m; `None` beyond ±32,767 m and for what is no number.
fn metres(value: f64) -> Option<Metres> {
    (value.abs() <= 32_767.0).then(|| Metres((value * 65_536.0).round() as i32))
}

/// Three of them.
fn position([x, y, z]: [f64; 3]) -> Option<Position> {
    Some(Position::new(metres(x)?, metres(y)?, metres(z)?))
}
