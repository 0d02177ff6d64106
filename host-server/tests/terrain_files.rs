//! `shieldwall terrain` from outside: pictures and raw samples to height files, and back to a picture.

mod support;

use std::path::{Path, PathBuf};

use shieldwall_core::{HeightFile, Metres};
use support::{run, temporary};

const COLUMNS: u32 = 70;
const ROWS: u32 = 65;

fn sample(column: u32, row: u32) -> u16 {
    (column * 900 + row * 13) as u16
}

fn samples() -> Vec<u16> {
    (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| sample(column, row))).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

/// A grey picture of `bits` bits a pixel.
fn picture(name: &str, color: png::ColorType, depth: png::BitDepth, bytes: &[u8]) -> PathBuf {
    let path = temporary(name);
    let file = std::fs::File::create(&path).expect("a temporary file");
    let mut encoder = png::Encoder::new(file, COLUMNS, ROWS);
    encoder.set_color(color);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(bytes).expect("as many bytes as pixels need");
    writer.finish().expect("an end");
    path
}

fn import(input: &Path, more: &[&str]) -> (i32, String, String, PathBuf) {
    let output = temporary(&format!("{}.swht", input.file_name().expect("a name").to_string_lossy()));
    let mut arguments = vec!["terrain", "import", text(input), text(&output)];
    arguments.extend_from_slice(&["--min-height-m", "-20", "--max-height-m", "120"]);
    arguments.extend_from_slice(more);
    let (code, out, error) = run(&arguments);
    (code, out, error, output)
}

fn judge(path: &Path) {
    let file = HeightFile::decode(std::fs::read(path).expect("it was written")).expect("it is a height file");
    let shape = file.shape();
    assert_eq!((shape.columns, shape.rows, shape.spacing), (COLUMNS, ROWS, Metres::from_m(2)));
    assert_eq!((shape.lowest, shape.highest), (Metres::from_m(-20), Metres::from_m(120)));
    for (column, row) in [(0, 0), (63, 63), (64, 64), (69, 0), (3, 64)] {
        assert_eq!(file.sample(column, row), sample(column, row));
    }
}

#[test]
fn sixteen_bit_pictures_and_raw_samples_become_height_files() {
    let big: Vec<u8> = samples().iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let little: Vec<u8> = samples().iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let input = picture("hills.png", png::ColorType::Grayscale, png::BitDepth::Sixteen, &big);
    let (code, out, error, output) = import(&input, &["--water-m", "1.5"]);
    assert_eq!(code, 0, "{error}");
    assert!(
        out.contains("70 x 65 samples") && out.contains("138 m x 128 m") && out.contains("water at"),
        "{out}"
    );
    judge(&output);
    let (code, info, _) = run(&["terrain", "info", text(&output)]);
    assert_eq!(code, 0);
    assert!(out.contains(info.trim()), "{info}");

    for (name, bytes, endian) in [("little.r16", &little, "little"), ("big.raw", &big, "big")] {
        let input = temporary(name);
        std::fs::write(&input, bytes).expect("a temporary file");
        let (code, _, error, output) = import(&input, &["--raw-size", "70x65", "--raw-endian", endian]);
        assert_eq!(code, 0, "{error}");
        judge(&output);
    }

    let drawing = temporary("relief.png");
    let (code, out, error) = run(&["terrain", "preview", text(&output), "--out", text(&drawing)]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("pixels"), "{out}");
    assert!(std::fs::read(&drawing).expect("it was written").starts_with(b"\x89PNG"));
    let (code, _, error) =
        run(&["terrain", "preview", "--seed", "7", "--half-extent-m", "64", "--out", text(&drawing)]);
    assert_eq!(code, 0, "{error}");
}

#[test]
fn what_cannot_be_imported_says_what_to_do() {
    let colours = vec![0; (COLUMNS * ROWS * 3) as usize];
    let input = picture("colours.png", png::ColorType::Rgb, png::BitDepth::Eight, &colours);
    let (code, _, error, _) = import(&input, &[]);
    assert!(code == 5 && error.contains("greyscale"), "{code} {error}");
    let raw = temporary("square.raw");
    std::fs::write(&raw, vec![0; 2 * 40 * 40]).expect("a temporary file");
    let (code, _, error, _) = import(&raw, &[]);
    assert!(code == 5 && error.contains("--raw-size"), "{code} {error}");
    let (code, _, error, _) = import(&raw, &["--raw-size", "41x40"]);
    assert!(code == 5 && error.contains("40x40"), "{code} {error}");
    assert_eq!(import(&raw, &["--raw-size", "forty"]).0, 2);
    let (code, _, error, _) = import(&raw, &["--raw-size", "40x40", "--spacing-m", "1000"]);
    assert!(code == 5 && error.contains("spacing"), "{code} {error}");
    let (code, _, error) = run(&["terrain", "info", text(&raw)]);
    assert!(code == 5 && error.contains("terrain import"), "{code} {error}");
    let (code, _, error) = run(&["terrain", "info", "/nowhere/hills.swht"]);
    assert!(code == 5 && error.contains("/nowhere"), "{code} {error}");
}

/// The demo's bots fight on the file's ground: they are given the same file as the server.
#[test]
fn a_battle_on_a_height_file() {
    let little: Vec<u8> = samples().iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let input = temporary("battle.r16");
    std::fs::write(&input, little).expect("a temporary file");
    let (code, _, error, file) = import(&input, &["--raw-size", "70x65"]);
    assert_eq!(code, 0, "{error}");
    let demo = ["--bots", "4", "--duration-s", "3", "--udp-port", "0", "--no-http", "--terrain", text(&file)];
    let (code, out, error) = run(&demo);
    assert_eq!(code, 0, "{out} {error}");
    let (code, _, error) = run(&["serve", "--duration-s", "1", "--udp-port", "0", "--terrain", text(&input)]);
    assert!(code == 3 && error.contains("--terrain") && error.contains("terrain import"), "{code} {error}");
    let record = temporary("battle.swr");
    let (code, out, error) = run(&[&demo[..], &["--record", text(&record)]].concat());
    assert_eq!(code, 0, "{out} {error}");
    // Its recording runs again on that ground, and on no other.
    let (code, out, error) = run(&["replay", "verify", text(&record), "--terrain", text(&file)]);
    assert!(code == 0 && out.contains("hashes agree"), "{code} {out} {error}");
    let (code, _, error) = run(&["replay", "verify", text(&record)]);
    assert!(code == 7 && error.contains("--terrain"), "{code} {error}");
    let (code, out, error) = run(&["diff", text(&record), text(&record), "--terrain", text(&file)]);
    assert_eq!(code, 0, "{out} {error}");
}
