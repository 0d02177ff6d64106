//! The bodies of the fuzz targets, as plain functions: libFuzzer calls them through `fuzz_targets/`, an ordinary
//! test calls them with the committed corpus.
//!
//! A target takes any bytes and must neither panic nor break what it asserts, nor ask for more memory for a packet than
//! [`budget`] allows. One module for each area; to add a
//! target: its function there, a line in [`TARGETS`], a file in `fuzz_targets/`, a `[[bin]]` in `Cargo.toml`, seeds
//! in `corpus/`.

pub mod budget;
pub mod frames;
pub mod kernel;
pub mod rules;
pub mod secure;

/// A target's name (also of its binary and its corpus folder), and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("frames_zone", frames::zone),
    ("frames_channel", frames::channel),
    ("frames_snapshot", frames::snapshot),
    ("frames_message", frames::message),
    ("frames_changes", frames::changes),
    ("frames_dissect", frames::dissect),
    ("frames_ground", frames::ground),
    ("kernel_commands", kernel::commands),
    ("kernel_config", kernel::config),
    ("kernel_snapshot", kernel::snapshot),
    ("kernel_replay", kernel::replay),
    ("kernel_scenery", kernel::scenery),
    ("kernel_terrain", kernel::terrain),
    ("rules_file", rules::file),
    ("secure_token", secure::token),
    ("secure_packet", secure::packet),
    ("secure_server_datagram", secure::server_datagram),
    ("secure_client_datagram", secure::client_datagram),
];

/// Seeds of the corpora: target, file name, bytes. `cargo run --manifest-path fuzz/Cargo.toml --no-default-features --example
/// make_corpus` writes them.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = kernel::seeds();
    seeds.extend(frames::seeds());
    seeds.extend(rules::seeds());
    seeds.extend(secure::seeds());
    seeds
}
