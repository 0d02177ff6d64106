//! Runs the golden scenes on the processor it was compiled for. No dependency but the kernel, and no threads.
//!
//! `golden-runner run FOLDER`: every scene on every kind of lanes; writes an image of each from its middle into FOLDER.
//! `golden-runner continue FOLDER`: goes on from the images in FOLDER, whoever wrote them.
//! Both print `scene lanes hash`, one line each.

use shieldwall_core::LaneChoice;
use shieldwall_scenes::golden::{GoldenScene, Run, scenes};
use std::path::Path;
use std::process::ExitCode;

fn image_name(scene: &GoldenScene) -> String {
    format!("{}.image", scene.name)
}

fn run(folder: &Path) -> Result<(), String> {
    for scene in scenes() {
        for &choice in LaneChoice::available() {
            let mut run = Run::new(&scene, choice, u32::MAX);
            run.run_to(scene.ticks / 2);
            let mut image = Vec::new();
            run.world.snapshot_into(&mut image);
            let path = folder.join(image_name(&scene));
            std::fs::write(&path, &image).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("{} {choice:?} {}", scene.name, run.finish());
        }
    }
    Ok(())
}

fn go_on(folder: &Path) -> Result<(), String> {
    for scene in scenes() {
        let path = folder.join(image_name(&scene));
        let image = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for &choice in LaneChoice::available() {
            let run = Run::from_image(&scene, choice, &image)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            println!("{} {choice:?} {}", scene.name, run.finish());
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["run", folder] => run(Path::new(folder)),
        ["continue", folder] => go_on(Path::new(folder)),
        _ => Err("usage: golden-runner run|continue FOLDER".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("golden-runner: {message}");
            ExitCode::FAILURE
        }
    }
}
