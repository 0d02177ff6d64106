//! Files of a project as the kernel's packages take them, and how a refusal is told: pushed as an error, and answered.
//!
//! Files are read by the engine, so that `res://` works in an exported game.

use std::fmt::Display;
use std::io;

use godot::classes::FileAccess;
use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::spatial::Scenery;

/// Largest file that is read: more than any scenery has.
const BYTES_MAX: u64 = 1 << 30;

/// Pushes what is wrong and answers the code.
pub(crate) fn refuse(method: &str, why: impl Display, code: Error) -> Error {
    godot_error!("Shieldwall: {method}(): {why}");
    code
}

/// The bytes of a file, or the answer.
pub(crate) fn read(method: &str, path: &GString) -> Result<Vec<u8>, Error> {
    if !FileAccess::file_exists(path) {
        let why = format!("there is no file {path}");
        return Err(refuse(method, why, Error::ERR_FILE_NOT_FOUND));
    }
    bytes_of(path).map_err(|error| refuse(method, format!("{path}: {error}"), Error::ERR_FILE_CANT_READ))
}

fn bytes_of(path: &GString) -> io::Result<Vec<u8>> {
    let file = FileAccess::open(path, godot::classes::file_access::ModeFlags::READ);
    let Some(mut file) = file else {
        return Err(io::Error::other(format!("cannot be opened: {:?}", FileAccess::get_open_error())));
    };
    let length = file.get_length();
    if length > BYTES_MAX {
        return Err(io::Error::other(format!("{length} bytes are too many")));
    }
    Ok(file.get_buffer(length as i64).to_vec())
}

/// What stands in a world, from a list, a model, a scenery file or by the name of a built-in one; an empty path is nothing.
pub(crate) fn scenery(method: &str, path: &GString) -> Result<Scenery, Error> {
    if path.is_empty() {
        return Ok(Scenery::default());
    }
    if let Some(built_in) = shieldwall_scenery::built_in::named(&path.to_string()) {
        return Ok(built_in);
    }
    let bytes = read(method, path)?;
    let folder = path.get_base_dir();
    let mut beside = |file: &str| {
        let path = folder.path_join(file);
        if FileAccess::file_exists(&path) { bytes_of(&path) } else { Err(io::ErrorKind::NotFound.into()) }
    };
    compile(method, &path.to_string(), &bytes, &mut beside)
}

/// What stands in a world, from the text of a list that names no files.
pub(crate) fn scenery_of_text(method: &str, text: &GString) -> Result<Scenery, Error> {
    let mut beside = |_: &str| Err(io::Error::other("a text has no files beside it: load a file"));
    compile(method, "scenery.toml", text.to_string().as_bytes(), &mut beside)
}

fn compile(
    method: &str,
    name: &str,
    bytes: &[u8],
    beside: shieldwall_scenery::ReadBeside<'_>,
) -> Result<Scenery, Error> {
    let compiled = shieldwall_scenery::compile(name, bytes, false, beside)
        .map_err(|error| refuse(method, error, Error::ERR_PARSE_ERROR))?;
    let scenery = compiled.scenery;
    match scenery.validate() {
        Ok(()) => Ok(scenery),
        Err(error) => Err(refuse(method, format!("{name}: {error}"), Error::ERR_PARSE_ERROR)),
    }
}
