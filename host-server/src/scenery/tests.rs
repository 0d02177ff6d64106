//! From list and model to file and back; what is wrong is named.

use std::path::PathBuf;

use super::*;
use shieldwall_core::Brads;
use shieldwall_core::spatial::obstacles::{RespawnOwner, StaticShape};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("shieldwall-scenery-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

const LIST: &str = r#"
ground = "flat"

[[box]]
centre_m = [0, 1.5, -10]
size_m = [20, 3, 0.5]
yaw_deg = 30

[[cylinder]]
base_m = [8, 0, 0]
radius_m = 2
height_m = 9

[[model]]
file = "ramp.obj"
at = [{ position_m = [0, 0, 20] }, { position_m = [5, 0, 20], yaw_deg = 90 }]

[[platform]]
size_m = [4, 0.5, 4]
waypoint = [{ centre_m = [0, 0, 0], ticks = 120 }, { centre_m = [0, 6, 0], yaw_deg = -90, ticks = 120 }]
"#;

/// A square as one face of four corners: two triangles.
const RAMP: &str = "o ramp\nv 0 0 0\nv 0 0 4\nv 6 2 4\nv 6 2 0\nf 1 2 3 4\n";

#[test]
fn a_list_becomes_a_file_and_the_file_says_what_is_in_it() {
    let folder = folder("list");
    let (input, output) = (folder.join("yard.toml"), folder.join("yard.swsc"));
    std::fs::write(&input, LIST).expect("written");
    std::fs::write(folder.join("ramp.obj"), RAMP).expect("written");
    let flags = SceneryBakeFlags { input, output: output.clone(), drop_degenerate: false };
    let text = bake(&flags).expect("it is right");
    assert!(text.contains("4 shapes, 4 triangles, 1 platforms on level ground"), "{text}");
    assert!(text.ends_with(&info(&output).expect("it can be read")), "{text}");
    let scenery = read(&output).expect("it can be read");
    assert!(matches!(scenery.shapes[0], StaticShape::Box { half_sizes, yaw, .. }
        if half_sizes[0] == Metres::from_m(10) && yaw == Brads::from_degrees(30)));
    assert_eq!(scenery.platforms[0].waypoints[1].yaw, Brads::from_degrees(-90));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn sections_and_capture_points_are_named_by_kind() {
    let folder = folder("siege");
    let (input, output) = (folder.join("castle.toml"), folder.join("castle.swsc"));
    let list = r#"
box = [{ centre_m = [0, 0, 0], size_m = [1, 1, 1] }, { centre_m = [9, 0, 0], size_m = [1, 1, 1], structure = "gate" }]
cylinder = [{ base_m = [0, 0, 9], radius_m = 1, height_m = 9, structure = "tower" }]
model = [{ file = "ramp.obj", structure = "siege_tower", at = [{ position_m = [0, 0, 20] }, { position_m = [5, 0, 20] }] }]
capture_point = [{ at_m = [4, -3], radius_m = 6, kind = "keep" }, { at_m = [40, 0], radius_m = 2, kind = "flag", team = 1 }]
respawn_point = [{ at_m = [4, 9], radius_m = 3, capture_point = 0 }, { at_m = [60, 0], radius_m = 9, team = 1 }]
"#;
    std::fs::write(&input, list).expect("written");
    std::fs::write(folder.join("ramp.obj"), RAMP).expect("written");
    let flags = SceneryBakeFlags { input, output: output.clone(), drop_degenerate: false };
    let text = bake(&flags).expect("it is right");
    assert!(text.contains("0 platforms, 4 sections of structures, 2 capture points on"), "{text}");
    let scenery = read(&output).expect("it can be read");
    let sections: Vec<_> = scenery.sections.iter().map(|section| (section.shape, section.kind)).collect();
    assert_eq!(sections, [(1, 1), (2, 2), (3, 5), (4, 5)]);
    let points: Vec<_> =
        scenery.capture_points.iter().map(|point| (point.x, point.kind, point.owner)).collect();
    assert_eq!(points, [(Metres::from_m(4), 1, 255), (Metres::from_m(40), 3, 1)]);
    let owners: Vec<_> = scenery.respawn_points.iter().map(|point| point.owner).collect();
    assert_eq!(owners, [RespawnOwner::CapturePoint(0), RespawnOwner::Team(1)]);
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = folder("wrong");
    let refused = |name: &str, text: &str, drop_degenerate| {
        let input = folder.join(name);
        std::fs::write(&input, text).expect("written");
        let output = folder.join("out.swsc");
        let outcome = bake(&SceneryBakeFlags { input, output, drop_degenerate });
        outcome.map_err(|error| error.to_string())
    };
    let error = refused("a.toml", "[[box]]\ncentre_m = [0, 0, 0]\nsize = [1, 1, 1]\n", false).unwrap_err();
    assert!(error.contains("size"), "{error}");
    let error = refused("b.toml", "[[cylinder]]\nbase_m = [0, 0, 0]\nradius_m = 0\nheight_m = 3\n", false);
    assert!(error.as_ref().unwrap_err().contains("shape 0"), "{error:?}");
    let castle = "[[box]]\ncentre_m = [0, 0, 0]\nsize_m = [1, 1, 1]\nstructure = \"castle\"\n";
    let error = refused("f.toml", castle, false).unwrap_err();
    assert!(error.contains("\"castle\"") && error.contains("palisade"), "{error}");
    let place = "[[capture_point]]\nat_m = [0, 0]\nradius_m = 0.1\nkind = \"field\"\n";
    assert!(refused("g.toml", place, false).unwrap_err().contains("capture point 0"));
    let nobody = "[[respawn_point]]\nat_m = [0, 0]\nradius_m = 3\n";
    assert!(refused("h.toml", nobody, false).unwrap_err().contains("respawn_point 0: either"));
    let unknown = format!("{nobody}capture_point = 0\n");
    assert!(refused("i.toml", &unknown, false).unwrap_err().contains("respawn point 0"));
    let error =
        refused("c.toml", "[[box]]\ncentre_m = [1e9, 0, 0]\nsize_m = [1, 1, 1]\n", false).unwrap_err();
    assert!(error.contains("box 0") && error.contains("32767"), "{error}");
    let thin = format!("{RAMP}f 1 2 1\n");
    let error = refused("d.obj", &thin, false).unwrap_err();
    assert!(error.contains("triangle 2 has no area") && error.contains("--drop-degenerate"), "{error}");
    let text = refused("d.obj", &thin, true).expect("two triangles are left");
    assert!(text.contains("1 triangles without area left out") && text.contains("2 triangles"), "{text}");
    assert!(refused("e.txt", "", false).unwrap_err().contains(".toml"));
    std::fs::remove_dir_all(folder).expect("removed");
}
