//! The first message of the feed: what does not change, but with the rules, as JSON. Teams have names and colours here, structures their outlines.

use serde_json::{Value, json};
use shieldwall_core::numeric::{Brads, Position};
use shieldwall_core::rules::{
    ARM_KINDS, ArmRules, MovementRules, ObjectiveRules, PropRules, Rules, StructureRules,
};
use shieldwall_core::spatial::Scenery;
use shieldwall_core::spatial::obstacles::{Mesh, StaticShape};
use shieldwall_core::{Metres, World};

use super::{SECTIONS_MAX, metres};

/// Most cells of terrain along a side that the page is sent: it draws no finer, and the text stays below a megabyte.
const TERRAIN_CELLS_MAX: usize = 256;

/// Most shapes that are no sections the page is sent.
const SOLIDS_MAX: usize = 2_048;

const TEAMS: [(&str, &str); 8] = [
    ("West", "#4aa8ff"),
    ("East", "#ff9f3a"),
    ("North", "#58c26b"),
    ("South", "#e8dd5a"),
    ("Violet", "#a878e0"),
    ("Teal", "#3fbfb2"),
    ("Rose", "#e078a8"),
    ("Ash", "#a0a8b0"),
];

/// The message for a world with this scenery.
#[must_use]
pub fn hello(world: &World, scenery: &Scenery, tiers_m: &[f64]) -> String {
    let config = world.config();
    let teams: Vec<_> = TEAMS
        .iter()
        .take(usize::from(config.teams))
        .map(|(name, color)| json!({ "name": name, "color": color }))
        .collect();
    let mut hello = json!({
        "type": "hello",
        "version": env!("CARGO_PKG_VERSION"),
        "tick_hz": config.tick_hz,
        "half_extent_m": metres(config.half_extent),
        "teams": teams,
        "tiers_m": tiers_m,
        "solids": solids(scenery),
        "terrain": terrain(world),
    });
    set_rules(&mut hello, scenery, &config.rules);
    hello.to_string()
}

/// The same message of a world that plays by other rules now.
#[must_use]
pub fn hello_with_rules(hello: &str, scenery: &Scenery, rules: &Rules) -> String {
    match serde_json::from_str(hello) {
        Ok(mut message) => {
            set_rules(&mut message, scenery, rules);
            message.to_string()
        }
        Err(_) => hello.to_owned(),
    }
}

/// What of the message the rules say.
fn set_rules(hello: &mut Value, scenery: &Scenery, rules: &Rules) {
    hello["arms"] = arms(rules).into();
    hello["classes"] = classes(rules).into();
    hello["sections"] = sections(scenery, rules).into();
    hello["capture_points"] = capture_points(scenery, rules).into();
    hello["props"] = props(rules).into();
}

fn terrain(world: &World) -> Value {
    let terrain = world.terrain();
    let (every, rows) = thinned(terrain.side() as usize);
    let heights_cm: Vec<i32> = rows
        .iter()
        .flat_map(|z| rows.iter().map(move |x| terrain.vertex(*x as u32, *z as u32)))
        .map(|height| (i64::from(height.0) * 100 / 65_536) as i32)
        .collect();
    json!({
        "columns": rows.len(),
        "rows": rows.len(),
        "spacing_m": metres(terrain.spacing()) * every as f64,
        "heights_cm": heights_cm,
    })
}

/// Which rows (and columns) of terrain of `side` vertices the page is sent: every how many, and their numbers. The last
/// is always among them, so that the page's terrain reaches the far edge; it stands there up to a spacing too far out.
fn thinned(side: usize) -> (usize, Vec<usize>) {
    let last = side.saturating_sub(1);
    let every = last.div_ceil(TERRAIN_CELLS_MAX).max(1);
    (every, (0..=last.div_ceil(every)).map(|row| (row * every).min(last)).collect())
}

/// The weapons and abilities, counted from 1 in frames.
fn arms(rules: &Rules) -> Vec<Value> {
    let one = |(rules, entry): (&ArmRules, &shieldwall_core::rules::RuleEntryInfo)| {
        let kind = ARM_KINDS.get(usize::from(rules.kind)).copied().unwrap_or("none");
        json!({ "name": entry.name, "kind": kind, "blast_m": metres(rules.blast_radius) })
    };
    rules.arms.iter().zip(&ArmRules::ENTRIES).map(one).collect()
}

fn classes(rules: &Rules) -> Vec<Value> {
    let one = |(class, entry): (usize, &shieldwall_core::rules::RuleEntryInfo)| json!({ "name": entry.name, "radius_m": metres(rules.class(class as u8).radius) });
    MovementRules::CLASSES.iter().enumerate().map(one).collect()
}

fn sections(scenery: &Scenery, rules: &Rules) -> Vec<Value> {
    let one = |section: &shieldwall_core::spatial::obstacles::StructureSection| {
        let shape = scenery.shapes.get(section.shape as usize)?;
        let kind = StructureRules::KINDS.get(usize::from(section.kind)).map_or("", |kind| kind.name);
        let health = rules.structure_kind(section.kind).health;
        Some(json!({ "kind": kind, "health": health, "outline": outline(shape, &scenery.meshes) }))
    };
    scenery.sections.iter().take(SECTIONS_MAX).filter_map(one).collect()
}

/// What stands and cannot fall.
fn solids(scenery: &Scenery) -> Vec<Value> {
    let falls = |shape: u32| scenery.sections.binary_search_by_key(&shape, |section| section.shape).is_ok();
    let stays = (0..).zip(&scenery.shapes).filter(|(number, _)| !falls(*number));
    stays.take(SOLIDS_MAX).map(|(_, shape)| outline(shape, &scenery.meshes)).collect()
}

fn capture_points(scenery: &Scenery, rules: &Rules) -> Vec<Value> {
    let one = |point: &shieldwall_core::spatial::obstacles::CapturePoint| {
        json!({
            "x": metres(point.x),
            "z": metres(point.z),
            "radius_m": metres(point.radius),
            "kind": ObjectiveRules::KINDS.get(usize::from(point.kind)).map_or("", |kind| kind.name),
            "flag": rules.objective_kind(point.kind).carried != 0,
        })
    };
    scenery.capture_points.iter().map(one).collect()
}

/// The kinds of props.
fn props(rules: &Rules) -> Vec<Value> {
    let one = |(rules, entry): (&PropRules, &shieldwall_core::rules::RuleEntryInfo)| json!({ "name": entry.name, "radius_m": metres(rules.radius) });
    rules.prop.iter().zip(&PropRules::KINDS).map(one).collect()
}

/// A shape from above: `{"circle": [x, z, radius]}` or `{"polygon": [[x, z], ...]}`, in metres.
fn outline(shape: &StaticShape, meshes: &[Mesh]) -> Value {
    match *shape {
        StaticShape::Cylinder { base, radius, .. } => {
            json!({ "circle": [rounded(base.x), rounded(base.z), rounded(radius)] })
        }
        StaticShape::Box { centre, half_sizes: [half_x, _, half_z], yaw } => {
            let corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)];
            let corner = |(x, z): (i32, i32)| turned(half_x.0 * x, half_z.0 * z, yaw, centre);
            polygon(&corners.map(corner))
        }
        StaticShape::Mesh { mesh, translation, yaw } => {
            let vertices = meshes.get(mesh as usize).map_or(&[][..], Mesh::vertices);
            let mut points: Vec<[f64; 2]> =
                vertices.iter().map(|vertex| turned(vertex.x.0, vertex.z.0, yaw, translation)).collect();
            polygon(&hull(&mut points))
        }
    }
}

fn polygon(points: &[[f64; 2]]) -> Value {
    let short = |value: f64| (value * 100.0).round() / 100.0;
    let points: Vec<_> = points.iter().map(|[x, z]| [short(*x), short(*z)]).collect();
    json!({ "polygon": points })
}

fn rounded(length: Metres) -> f64 {
    (metres(length) * 100.0).round() / 100.0
}

/// A point of a shape's own, turned by its yaw (counter-clockwise from above, where z is south) and put to its place.
fn turned(x: i32, z: i32, yaw: Brads, at: Position) -> [f64; 2] {
    let (sin, cos) = (f64::from(yaw.0) * std::f64::consts::TAU / 65_536.0).sin_cos();
    let (x, z) = (f64::from(x) / 65_536.0, f64::from(z) / 65_536.0);
    [x * cos + z * sin + metres(at.x), z * cos - x * sin + metres(at.z)]
}

/// The convex hull of points (Andrew's monotone chain).
fn hull(points: &mut [[f64; 2]]) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut out: Vec<[f64; 2]> = Vec::new();
    let side =
        |a: [f64; 2], b: [f64; 2], c: [f64; 2]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    for back in [false, true] {
        let first = out.len();
        for at in 0..points.len() {
            let point = points[if back { points.len() - 1 - at } else { at }];
            while out.len() >= first + 2 && side(out[out.len() - 2], out[out.len() - 1], point) <= 0.0 {
                out.pop();
            }
            out.push(point);
        }
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terrain_for_the_page_is_small_and_reaches_the_edges() {
        for side in [1, 2, 129, 257, 258, 513, 600, 1_025] {
            let (every, rows) = thinned(side);
            assert!(rows.len() <= TERRAIN_CELLS_MAX + 1, "{side}");
            assert_eq!((rows.first(), rows.last()), (Some(&0), Some(&(side - 1))));
            assert!(rows.is_sorted_by(|a, b| a < b) && every >= 1);
            assert!(side > 257 || rows.len() == side, "what is small is sent whole");
        }
    }

    #[test]
    fn a_turned_box_and_a_cylinder_have_their_outlines() {
        let centre = Position::new(Metres::from_m(10), Metres::ZERO, Metres::from_m(-4));
        let half_sizes = [Metres::from_m(3), Metres::ONE, Metres::ONE];
        let wall = StaticShape::Box { centre, half_sizes, yaw: Brads::from_degrees(90) };
        let corners = json!([[9.0, -1.0], [9.0, -7.0], [11.0, -7.0], [11.0, -1.0]]);
        assert_eq!(outline(&wall, &[])["polygon"], corners);
        let tower = StaticShape::Cylinder { base: centre, radius: Metres::from_m(2), height: Metres::ONE };
        assert_eq!(outline(&tower, &[]), json!({ "circle": [10.0, -4.0, 2.0] }));
    }

    #[test]
    fn a_hull_leaves_out_what_lies_inside() {
        let mut points = vec![[0.0, 0.0], [2.0, 0.0], [1.0, 1.0], [2.0, 2.0], [0.0, 2.0], [1.0, 0.0]];
        assert_eq!(hull(&mut points), [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]);
        assert!(hull(&mut []).is_empty());
    }
}
