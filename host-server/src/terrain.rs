//! `shieldwall terrain`: height files from pictures and raw samples, what is in one, and a picture of it.
//!
//! Reading and writing of pictures is the `png` crate's; the format of height files is the kernel's
//! ([`shieldwall_core::HeightFile`]).

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;

use shieldwall_core::spatial::terrain::SIDE_MAX;
use shieldwall_core::spatial::{Scenery, TerrainShape};
use shieldwall_core::{HeightFile, HeightFileShape, Metres, Terrain, TerrainSource};

use crate::cli::{ImportFlags, PreviewFlags, RawEndian, RawSize};
use crate::error::HostError;

/// Most pixels along a side of a preview.
const PREVIEW_SIDE_MAX: u32 = 1_024;

/// Where the light of a preview comes from: raw parts of a direction, up and to the north-west.
const LIGHT: [f64; 3] = [-0.5, 0.75, -0.43];

/// Reads a height file.
///
/// # Errors
/// [`HostError::File`] when it cannot be read, [`HostError::Terrain`] when it is none.
pub fn read(path: &Path) -> Result<HeightFile, HostError> {
    let bytes = std::fs::read(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    HeightFile::decode(bytes).map_err(|error| {
        HostError::Terrain(format!(
            "{}: {error}; `shieldwall terrain import` makes a height file of a 16-bit PNG or of raw samples",
            path.display()
        ))
    })
}

/// What stands in a world and what its ground is: that of a scenery file (`.swsc`) or a built-in scenery
/// ([`shieldwall_scenery::built_in`]), or nothing on a height file's ground, or nothing on the hills of its seed.
///
/// # Errors
/// As [`read`] and [`crate::scenery::read`].
pub fn scenery(path: Option<&Path>) -> Result<Arc<Scenery>, HostError> {
    let built_in = path.and_then(Path::to_str).and_then(shieldwall_scenery::built_in::named);
    if let Some(scenery) = built_in {
        return Ok(Arc::new(scenery));
    }
    let terrain = match path {
        Some(path) if path.extension().is_some_and(|ending| ending == "swsc") => {
            return crate::scenery::read(path).map(Arc::new);
        }
        Some(path) => TerrainSource::Heights(Arc::new(read(path)?)),
        None => TerrainSource::Seed,
    };
    Ok(Arc::new(Scenery { terrain, ..Scenery::default() }))
}

/// `shieldwall terrain import`; the text says what was written.
///
/// # Errors
/// [`HostError::File`] and [`HostError::Terrain`], with what to do.
pub fn import(flags: &ImportFlags) -> Result<String, HostError> {
    let (columns, rows, samples) = match (&flags.raw_size, is_png(&flags.input)) {
        (None, true) => read_png(&flags.input)?,
        (Some(size), false) => read_raw(&flags.input, *size, flags.raw_endian)?,
        (None, false) => {
            return Err(HostError::Terrain(format!(
                "{} does not end in .png: for raw samples say how many there are, for example --raw-size 1025x1025",
                flags.input.display()
            )));
        }
        (Some(_), true) => {
            return Err(HostError::Terrain("--raw-size is for raw samples; a PNG knows its size".to_owned()));
        }
    };
    let shape = HeightFileShape {
        columns,
        rows,
        spacing: metres(flags.spacing_m, "--spacing-m")?,
        lowest: metres(flags.min_height_m, "--min-height-m")?,
        highest: metres(flags.max_height_m, "--max-height-m")?,
        water: flags.water_m.map(|water| metres(water, "--water-m")).transpose()?,
    };
    let file = HeightFile::new(&shape, &samples)
        .map_err(|error| HostError::Terrain(format!("{}: {error}", flags.input.display())))?;
    std::fs::write(&flags.output, file.bytes())
        .map_err(|source| HostError::File { path: flags.output.clone(), source })?;
    Ok(format!("wrote {}: {}", flags.output.display(), describe(&file)))
}

/// `shieldwall terrain info`.
///
/// # Errors
/// As [`read`].
pub fn info(path: &Path) -> Result<String, HostError> {
    read(path).map(|file| describe(&file))
}

/// `shieldwall terrain preview`; the text says what was written.
///
/// # Errors
/// As [`read`]; [`HostError::File`] when the picture cannot be written; [`HostError::Terrain`] for a field that cannot be.
pub fn preview(flags: &PreviewFlags) -> Result<String, HostError> {
    let (source, half_extent) = match &flags.file {
        Some(path) => {
            let file = read(path)?;
            let shape = file.shape();
            let side = i64::from(shape.columns.max(shape.rows) - 1) * i64::from(shape.spacing.0);
            let half = i32::try_from(side / 2).unwrap_or(i32::MAX).min(Metres::from_m(32_000).0);
            (TerrainSource::Heights(Arc::new(file)), Metres(half))
        }
        None => (TerrainSource::Seed, Metres::from_m(flags.half_extent_m)),
    };
    let shape = TerrainShape { half_extent, spacing: Metres::ONE, resident_chunks: 1_024, delta_chunks: 0 };
    let terrain =
        Terrain::new(flags.seed, source, &shape).map_err(|error| HostError::Terrain(error.to_string()))?;
    let side = PREVIEW_SIDE_MAX.min(terrain.side().max(2));
    let pixels = shade(&terrain, side);
    write_png(&flags.output, side, &pixels)?;
    Ok(format!(
        "wrote {}: {side} x {side} pixels of {} m",
        flags.output.display(),
        2 * half_extent.0 / 65_536
    ))
}

fn describe(file: &HeightFile) -> String {
    let shape = file.shape();
    let along = |samples: u32| f64::from(samples - 1) * f64::from(shape.spacing.0) / 65_536.0;
    let water = shape.water.map_or_else(|| "no water".to_owned(), |water| format!("water at {water}"));
    format!(
        "{} x {} samples, {} apart, {:.0} m x {:.0} m; heights {} to {}; {water}; content {:016x}",
        shape.columns,
        shape.rows,
        shape.spacing,
        along(shape.columns),
        along(shape.rows),
        shape.lowest,
        shape.highest,
        file.content_hash()
    )
}

/// A length given in metres, to the nearest 1/65536 m.
fn metres(value: f64, flag: &str) -> Result<Metres, HostError> {
    let raw = (value * 65_536.0).round();
    if raw.is_finite() && raw.abs() < f64::from(i32::MAX) {
        return Ok(Metres(raw as i32));
    }
    Err(HostError::Terrain(format!("{flag} {value} is no length the kernel has: stay within 32,000 m")))
}

fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}

/// A picture of one 16-bit (or 8-bit, spread to 16) grey channel.
fn read_png(path: &Path) -> Result<(u32, u32, Vec<u16>), HostError> {
    let bad = |what: String| HostError::Terrain(format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    let mut reader = png::Decoder::new(BufReader::new(file))
        .read_info()
        .map_err(|error| bad(format!("not a PNG that can be read ({error})")))?;
    let (columns, rows) = (reader.info().width, reader.info().height);
    let (color, depth) = (reader.info().color_type, reader.info().bit_depth);
    if columns > SIDE_MAX || rows > SIDE_MAX {
        return Err(bad(format!(
            "{columns} x {rows} pixels, at most {SIDE_MAX} along a side; scale it down"
        )));
    }
    let deep = depth == png::BitDepth::Sixteen;
    if color != png::ColorType::Grayscale || !(deep || depth == png::BitDepth::Eight) {
        return Err(bad(format!(
            "{color:?} of {} bits: export it as greyscale without alpha, 16 bits a pixel",
            depth as u8
        )));
    }
    let pixels = columns as usize * rows as usize;
    let mut bytes = vec![0; pixels * if deep { 2 } else { 1 }];
    reader
        .next_frame(&mut bytes)
        .map_err(|error| bad(format!("the picture ends early or is damaged ({error})")))?;
    let samples = if deep {
        bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    } else {
        bytes.iter().map(|grey| u16::from(*grey) * 257).collect()
    };
    Ok((columns, rows, samples))
}

fn read_raw(path: &Path, size: RawSize, endian: RawEndian) -> Result<(u32, u32, Vec<u16>), HostError> {
    let bytes = std::fs::read(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    let needed = 2 * u64::from(size.columns) * u64::from(size.rows);
    if bytes.len() as u64 != needed {
        let side = ((bytes.len() / 2) as f64).sqrt() as u64;
        let hint = if 2 * side * side == bytes.len() as u64 {
            format!("; {side}x{side} would fit")
        } else {
            String::new()
        };
        return Err(HostError::Terrain(format!(
            "{}: {} bytes, and --raw-size {}x{} of 16 bits needs {needed}{hint}",
            path.display(),
            bytes.len(),
            size.columns,
            size.rows
        )));
    }
    let word = match endian {
        RawEndian::Little => u16::from_le_bytes,
        RawEndian::Big => u16::from_be_bytes,
    };
    let samples = bytes.chunks_exact(2).map(|pair| word([pair[0], pair[1]])).collect();
    Ok((size.columns, size.rows, samples))
}

/// Relief: bright where the slope faces the light, greener below, whiter above.
fn shade(terrain: &Terrain, side: u32) -> Vec<u8> {
    let half = f64::from(terrain.half_extent().0);
    let step = 2.0 * half / f64::from(side - 1);
    let place = |pixel: u32| Metres((f64::from(pixel) * step - half) as i32);
    let ground =
        |column: u32, row: u32| terrain.height_at(place(column.min(side - 1)), place(row.min(side - 1))).0;
    let all = || (0..side).flat_map(|row| (0..side).map(move |column| (column, row)));
    let (lowest, highest) = all().fold((i32::MAX, i32::MIN), |(low, high), (column, row)| {
        let height = ground(column, row);
        (low.min(height), high.max(height))
    });
    let range = (f64::from(highest) - f64::from(lowest)).max(1.0);
    // Gentle ground is drawn steeper than it is, so that there is something to see.
    let exaggeration = (half / 4.0 / range).clamp(1.0, 12.0);
    let mut pixels = Vec::with_capacity(3 * (side * side) as usize);
    for (column, row) in all() {
        let here = f64::from(ground(column, row));
        let rise = |next: i32| (f64::from(next) - here) / step * exaggeration;
        let (dx, dz) = (rise(ground(column + 1, row)), rise(ground(column, row + 1)));
        let length = (dx * dx + dz * dz + 1.0).sqrt();
        let light = (-dx * LIGHT[0] + LIGHT[1] - dz * LIGHT[2]) / length;
        let level = (here - f64::from(lowest)) / range;
        for (low, high) in [(92.0, 236.0), (124.0, 230.0), (72.0, 220.0)] {
            let colour = low + (high - low) * level;
            pixels.push((colour * (0.35 + 0.75 * light.max(0.0))).clamp(0.0, 255.0) as u8);
        }
    }
    pixels
}

fn write_png(path: &Path, side: u32, pixels: &[u8]) -> Result<(), HostError> {
    let failed = |source| HostError::File { path: path.to_path_buf(), source };
    let file = File::create(path).map_err(failed)?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| failed(error.into()))?;
    writer.write_image_data(pixels).map_err(|error| failed(error.into()))?;
    writer.finish().map_err(|error| failed(error.into()))
}
