//! Writes `default.toml` and `schema.json` anew, after a change of the kernel's rules. Tests hold them against it.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(folder.join("default.toml"), shieldwall_rules::default_file())?;
    fs::write(folder.join("schema.json"), shieldwall_rules::schema())
}
