//! Meshes: ramps, stairs, thin walls, seams; and who may make one.

use super::support::*;
use crate::numeric::{Brads, Metres, Position};
use crate::spatial::obstacles::*;
use alloc::vec;
use alloc::vec::Vec;

/// A sheet over a lattice in the plane given by two directions, `count` squares each way, front towards their cross
/// product.
fn sheet(origin: [i32; 3], across: [i32; 3], along: [i32; 3], count: i32) -> Mesh {
    let side = count + 1;
    let vertices: Vec<Position> = (0..side * side)
        .map(|vertex| {
            let (i, j) = (vertex % side, vertex / side);
            let part = |axis: usize| origin[axis] + (across[axis] * i + along[axis] * j) / count;
            at(part(0), part(1), part(2))
        })
        .collect();
    let square = |square: i32| {
        let corner = (square % count + square / count * side) as u32;
        let side = side as u32;
        [[corner, corner + 1, corner + side + 1], [corner, corner + side + 1, corner + side]]
    };
    Mesh::new(vertices, (0..count * count).flat_map(square).collect()).expect("a sheet has area")
}

fn with_mesh(mesh: Mesh) -> Obstacles {
    let shapes = vec![StaticShape::Mesh { mesh: 0, translation: Position::ORIGIN, yaw: Brads(0) }];
    let scenery = Scenery { shapes, meshes: vec![mesh], ..Scenery::default() };
    Obstacles::bake(&scenery, Metres::from_m(200)).expect("valid")
}

/// Walks for some ticks on what is there, with a floor at height zero.
fn walk(obstacles: &Obstacles, from: Position, step: [Metres; 3], ticks: u32) -> Position {
    let mut position = from;
    for _ in 0..ticks {
        position = obstacles.slide(BODY, position, step, NOW, &WALKING).position;
        let ground = obstacles.ground_below(BODY, position, Metres::from_mm(400), NOW, &WALKING);
        let floor = ground.filter(|ground| ground.walkable).map_or(Metres::ZERO, |ground| ground.height);
        position.y = floor.max(Metres::ZERO);
        assert!(!obstacles.blocked(BODY, position, NOW), "{position:?}");
    }
    position
}

#[test]
fn a_ramp_is_walked_up_at_full_pace_and_a_steep_one_is_a_wall() {
    for (rise, walked) in [(3_000, true), (7_000, true), (20_000, false)] {
        // 10 m long, front up.
        let ramp = with_mesh(sheet([2_000, 0, 10_000], [10_000, rise, 0], [0, 0, -20_000], 8));
        let end = walk(&ramp, Position::ORIGIN, way(80, 0, 0), 120);
        if walked {
            assert!(within(end.x, Metres::from_mm(9_600), 60), "{rise}: {end:?}");
            let height = f64::from(end.x.0 - Metres::from_mm(2_000).0) * f64::from(rise) / 10_000.0;
            let lean = (f64::from(rise) / 10_000.0).hypot(1.0) - 1.0;
            let round = f64::from(Metres::from_mm(400).0) * lean;
            assert!((f64::from(end.y.0) - height - round).abs() < 300.0, "{rise}: {end:?}");
        } else {
            assert!(end.x < Metres::from_mm(2_100), "{rise}: {end:?}");
        }
    }
}

#[test]
fn seams_of_a_floor_and_a_wall_do_not_hold_anybody_up() {
    let floor = with_mesh(sheet([-20_000, 500, 20_000], [40_000, 0, 0], [0, 0, -40_000], 60));
    let end = walk(&floor, at(-10_000, 500, 130), way(70, 0, 33), 200);
    assert!(within(end.x, Metres::from_mm(-10_000 + 14_000), 20), "{end:?}");
    assert!(within(end.z, Metres::from_mm(130 + 6_600), 20), "{end:?}");
    assert!(within(end.y, Metres::from_mm(500), 3), "{end:?}");

    let wall = with_mesh(sheet([-20_000, -1_000, 2_000], [40_000, 0, 0], [0, 6_000, 0], 60));
    let end = walk(&wall, at(-10_000, 0, 0), way(70, 0, 33), 200);
    assert!(within(end.x, Metres::from_mm(-10_000 + 14_000), 300), "{end:?}");
    assert!(within(end.z, Metres::from_mm(1_599), 20), "{end:?}");
}

#[test]
fn a_sheet_stops_from_both_sides_at_any_speed() {
    let wall = with_mesh(sheet([-20_000, -20_000, 2_000], [40_000, 0, 0], [0, 40_000, 0], 7));
    for speed in [900, 3_000, 40_000, 120_000] {
        let there = wall.slide(BODY, at(300, 0, 1_000), way(0, 0, speed), NOW, &FLYING).position;
        let back = wall.slide(BODY, at(300, 0, 3_000), way(0, 0, -speed), NOW, &FLYING).position;
        assert!(within(there.z, Metres::from_mm(1_599), 1), "{there:?}");
        assert!(within(back.z, Metres::from_mm(2_401), 1), "{back:?}");
    }
}

#[test]
fn stairs_of_a_mesh_are_climbed() {
    // Treads of 300 mm, 180 mm high, 6 m wide: each step two quads.
    let mut vertices = Vec::new();
    let mut triangles = Vec::new();
    for step in 0..12 {
        let (x, low, high) = (1_000 + step * 300, step * 180, step * 180 + 180);
        let first = vertices.len() as u32;
        for (x, y) in [(x, low), (x, high), (x + 300, high)] {
            vertices.extend([at(x, y, 3_000), at(x, y, -3_000)]);
        }
        for quad in [0, 2] {
            let corner = first + quad;
            triangles.extend([[corner, corner + 2, corner + 1], [corner + 1, corner + 2, corner + 3]]);
        }
    }
    let stairs = with_mesh(Mesh::new(vertices, triangles).expect("valid"));
    let end = walk(&stairs, Position::ORIGIN, way(60, 0, 0), 70);
    assert!(end.x > Metres::from_mm(3_500), "{end:?}");
    assert!(end.y > Metres::from_mm(1_400), "{end:?}");
}

#[test]
fn meshes_name_what_is_wrong_with_them() {
    let square = || vec![at(0, 0, 0), at(1_000, 0, 0), at(1_000, 0, 1_000), at(2_000, 0, 0)];
    assert_eq!(Mesh::new(square(), vec![]), Err(SceneryError::EmptyMesh));
    let unknown = Mesh::new(square(), vec![[0, 1, 2], [0, 1, 9]]);
    assert_eq!(unknown, Err(SceneryError::UnknownVertex { triangle: 1, vertex: 9 }));
    for thin in [[0, 1, 3], [0, 0, 1], [2, 2, 2]] {
        let thin = Mesh::new(square(), vec![[0, 1, 2], thin]);
        assert_eq!(thin, Err(SceneryError::DegenerateTriangle { triangle: 1 }));
    }
    let needle = vec![at(0, 0, 0), at(4_000_000, 0, 0), Position::from_raw(1 << 20, 32, 0)];
    assert_eq!(Mesh::new(needle, vec![[0, 1, 2]]), Err(SceneryError::DegenerateTriangle { triangle: 0 }));
    let far = vec![at(0, 0, 0), at(4_200_000, 0, 0), at(0, 0, 1_000)];
    assert_eq!(Mesh::new(far, vec![[0, 1, 2]]), Err(SceneryError::VertexPlace { vertex: 1 }));
    let great = vec![at(0, 0, 0), at(4_000_000, 0, 0), at(0, 0, 4_000_000)];
    assert!(Mesh::new(great, vec![[0, 1, 2]]).is_ok());
}
