//! `shieldwall scenery`: scenery files from a TOML list or a triangle model, and what is in one.
//!
//! The file form is the kernel's ([`Scenery::encode`]); what people write is read by `shieldwall-scenery`.

use std::path::Path;

use shieldwall_core::spatial::obstacles::{Obstacles, Scenery};
use shieldwall_core::{Metres, TerrainSource};
use shieldwall_scenery::{Compiled, SceneryFileError};

use crate::cli::SceneryBakeFlags;
use crate::error::HostError;

/// Reads a scenery file.
///
/// # Errors
/// [`HostError::File`] when it cannot be read, [`HostError::Scenery`] when it is none.
pub fn read(path: &Path) -> Result<Scenery, HostError> {
    let bytes = std::fs::read(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    Scenery::decode(&bytes).map_err(|error| {
        let hint = "`shieldwall scenery bake` makes one of a TOML list or an OBJ model";
        HostError::Scenery(format!("{}: {error}; {hint}", path.display()))
    })
}

/// `shieldwall scenery bake`; the text says what was written.
///
/// # Errors
/// [`HostError::File`] and [`HostError::Scenery`], with what is wrong where.
pub fn bake(flags: &SceneryBakeFlags) -> Result<String, HostError> {
    let Compiled { scenery, dropped_triangles } = compile(&flags.input, flags.drop_degenerate)?;
    let refused = |error| HostError::Scenery(format!("{}: {error}", flags.input.display()));
    let text = describe(&scenery).map_err(refused)?;
    std::fs::write(&flags.output, scenery.encode())
        .map_err(|source| HostError::File { path: flags.output.clone(), source })?;
    let left_out = match dropped_triangles {
        0 => String::new(),
        count => format!(" ({count} triangles without area left out)"),
    };
    Ok(format!("wrote {}{left_out}: {text}", flags.output.display()))
}

/// `shieldwall scenery info`.
///
/// # Errors
/// As [`read`].
pub fn info(path: &Path) -> Result<String, HostError> {
    let scenery = read(path)?;
    describe(&scenery).map_err(|error| HostError::Scenery(format!("{}: {error}", path.display())))
}

/// Numbers, hash and table of a scenery in the largest world it can stand in.
fn describe(scenery: &Scenery) -> Result<String, shieldwall_core::spatial::obstacles::SceneryError> {
    let widest = Metres::from_m(shieldwall_core::limits::HALF_EXTENT_MAX_M);
    let obstacles = Obstacles::bake(scenery, widest)?;
    let (cell, cells, entries) = obstacles.table();
    let ground = match &scenery.terrain {
        TerrainSource::Seed => "the world's hills",
        TerrainSource::Flat => "level ground",
        TerrainSource::Heights(_) => "a height file",
    };
    Ok(format!(
        "{} shapes, {} triangles, {} platforms{} on {ground}; content hash {:016x}; table of {cells} cells of {cell} with \
         {entries} entries",
        scenery.shapes.len(),
        obstacles.triangle_count(),
        scenery.platforms.len(),
        siege(scenery),
        scenery.content_hash(),
    ))
}

/// How many sections and capture points there are, if any.
fn siege(scenery: &Scenery) -> String {
    match (scenery.sections.len(), scenery.capture_points.len()) {
        (0, 0) => String::new(),
        (sections, points) => format!(", {sections} sections of structures, {points} capture points"),
    }
}

/// Reads a list or a model, and what it names beside itself.
fn compile(path: &Path, drop_degenerate: bool) -> Result<Compiled, HostError> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_ascii_lowercase();
    if ending != "toml" && ending != "obj" {
        let what = path.display();
        return Err(HostError::Scenery(format!("{what}: expected a list (.toml) or a model (.obj)")));
    }
    let bytes = std::fs::read(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    let mut beside = |file: &str| std::fs::read(path.with_file_name(file));
    let name = path.display().to_string();
    shieldwall_scenery::compile(&name, &bytes, drop_degenerate, &mut beside).map_err(|error| match error {
        SceneryFileError::Beside { file, source } => {
            HostError::File { path: path.with_file_name(file), source }
        }
        SceneryFileError::Invalid(what) => HostError::Scenery(what),
    })
}

#[cfg(test)]
mod tests;
