//! The file form and the limits of what can be baked.

use super::properties::{any_place, any_scenery};
use super::support::*;
use crate::numeric::{Brads, Metres, Position};
use crate::spatial::obstacles::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn village() -> Scenery {
    let roof = Mesh::new(vec![at(0, 0, 0), at(0, 0, 2_000), at(2_000, 1_000, 0)], vec![[0, 1, 2]]);
    Scenery {
        shapes: vec![
            block([0, 0, 0], [4_000, 3_000, 5_000], 30),
            pillar(9_000, 0, 500, 4_000),
            StaticShape::Mesh { mesh: 0, translation: at(0, 3_000, 0), yaw: Brads(77) },
        ],
        meshes: vec![roof.expect("valid")],
        platforms: vec![Platform {
            half_sizes: way(1_000, 100, 1_000),
            waypoints: vec![
                Waypoint { centre: at(0, 0, -9_000), yaw: Brads(0), ticks: 100 },
                Waypoint { centre: at(0, 5_000, -9_000), yaw: Brads(99), ticks: 100 },
            ],
        }],
        ..Scenery::default()
    }
}

/// The same with a wall that can fall, a roof that can, and two places to fight over.
fn besieged() -> Scenery {
    let point = |x: i32, kind: u8, owner: u8| CapturePoint {
        x: Metres::from_m(x),
        z: Metres::from_m(-3),
        radius: Metres::from_m(6),
        kind,
        owner,
    };
    Scenery {
        sections: vec![StructureSection { shape: 0, kind: 0 }, StructureSection { shape: 2, kind: 7 }],
        capture_points: vec![point(4, 1, NO_TEAM), point(-40, 3, 15)],
        ..village()
    }
}

#[test]
fn a_scenery_comes_back_and_every_damage_is_seen() {
    let scenery = village();
    let bytes = scenery.encode();
    assert_eq!(Scenery::decode(&bytes), Ok(scenery.clone()));
    for cut in 0..bytes.len() {
        assert!(Scenery::decode(&bytes[..cut]).is_err());
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        assert!(Scenery::decode(&damaged).is_err(), "byte {at}");
    }
    assert_eq!(Scenery::decode(b"RIFF...."), Err(SceneryDecodeError::NotScenery));
    let hash = u64::from_le_bytes(bytes[bytes.len() - 8..].try_into().unwrap());
    assert_eq!(scenery.content_hash(), hash);
}

/// Equal on every machine.
#[test]
fn golden_hash() {
    assert_eq!(Scenery::default().content_hash(), 0);
    assert_eq!(village().content_hash(), GOLDEN);
}

const GOLDEN: u64 = 2_645_923_700_032_954_199;

/// A village with sections and capture points has another format; without them bytes and hash are the old ones.
#[test]
fn sections_and_points_come_back() {
    let scenery = besieged();
    let bytes = scenery.encode();
    assert_eq!(Scenery::decode(&bytes), Ok(scenery.clone()));
    assert_ne!(scenery.content_hash(), GOLDEN);
    assert_eq!(
        Scenery { sections: vec![], capture_points: vec![], ..scenery.clone() }.content_hash(),
        GOLDEN
    );
    for cut in 0..bytes.len() {
        assert!(Scenery::decode(&bytes[..cut]).is_err());
    }
    let resealed = |bytes: &[u8]| {
        let checksum = codec::fnv(bytes);
        [bytes, &checksum.to_le_bytes()].concat()
    };
    let mut needless = village().encode();
    needless.truncate(needless.len() - 8);
    needless[4] = 2;
    needless.extend_from_slice(&[0; 8]);
    assert_eq!(Scenery::decode(&resealed(&needless)), Err(SceneryDecodeError::NeedlessFormat));
    let points = Scenery { capture_points: scenery.capture_points, ..Scenery::default() };
    assert_ne!(points.content_hash(), 0, "nothing stands, but not nothing is there");
    assert_eq!(Scenery::decode(&points.encode()), Ok(points));
}

/// With places where the dead return, of both kinds of owners.
fn with_respawns() -> Scenery {
    let respawn = |x: i32, owner| RespawnPoint {
        x: Metres::from_m(x),
        z: Metres::from_m(9),
        radius: Metres::from_m(4),
        owner,
    };
    let points = vec![respawn(-9, RespawnOwner::Team(1)), respawn(30, RespawnOwner::CapturePoint(1))];
    Scenery { respawn_points: points, ..besieged() }
}

#[test]
fn respawn_points_come_back_and_impossible_ones_are_named() {
    let scenery = with_respawns();
    let bytes = scenery.encode();
    assert_eq!(bytes[4], 4, "a format of its own");
    assert_eq!(Scenery::decode(&bytes), Ok(scenery.clone()));
    for cut in 0..bytes.len() {
        assert!(Scenery::decode(&bytes[..cut]).is_err());
    }
    let hash = besieged().content_hash();
    assert_eq!(Scenery { respawn_points: vec![], ..scenery.clone() }.content_hash(), hash);
    let refused = |change: &dyn Fn(&mut RespawnPoint)| {
        let mut scenery = with_respawns();
        change(&mut scenery.respawn_points[1]);
        let refusal = scenery.validate().unwrap_err();
        assert_eq!(Scenery::decode(&scenery.encode()), Err(SceneryDecodeError::Invalid(refusal)));
        refusal
    };
    let respawn = SceneryError::Respawn { respawn: 1 };
    assert_eq!(refused(&|point| point.owner = RespawnOwner::CapturePoint(2)), respawn);
    assert_eq!(refused(&|point| point.owner = RespawnOwner::Team(16)), respawn);
    assert_eq!(refused(&|point| point.radius = Metres(0)), respawn);
    assert_eq!(refused(&|point| point.z = Metres(i32::MIN)), respawn);
    let many = Scenery { respawn_points: vec![scenery.respawn_points[0]; 257], ..scenery };
    assert_eq!(many.validate(), Err(SceneryError::TooManyRespawns(257)));
}

#[test]
fn impossible_sections_and_points_are_named() {
    let refused = |change: &dyn Fn(&mut Scenery)| {
        let mut scenery = besieged();
        change(&mut scenery);
        let refusal = scenery.validate().unwrap_err();
        assert_eq!(Scenery::decode(&scenery.encode()), Err(SceneryDecodeError::Invalid(refusal)));
        refusal
    };
    let (shape, kind) =
        (|section| SceneryError::SectionShape { section }, SceneryError::SectionKind { section: 0 });
    assert_eq!(refused(&|scenery| scenery.sections[1].shape = 3), shape(1), "no such shape");
    assert_eq!(refused(&|scenery| scenery.sections[1].shape = 0), shape(1), "twice");
    assert_eq!(refused(&|scenery| scenery.sections.swap(0, 1)), shape(1), "out of order");
    assert_eq!(refused(&|scenery| scenery.sections[0].kind = 8), kind);
    let point = SceneryError::Point { point: 0 };
    assert_eq!(refused(&|scenery| scenery.capture_points[0].kind = 4), point);
    assert_eq!(refused(&|scenery| scenery.capture_points[0].owner = 16), point);
    assert_eq!(refused(&|scenery| scenery.capture_points[0].radius = Metres(0)), point);
    assert_eq!(refused(&|scenery| scenery.capture_points[0].radius = Metres::from_m(257)), point);
    assert_eq!(refused(&|scenery| scenery.capture_points[0].x = Metres(i32::MIN)), point);
    let many = refused(&|scenery| scenery.capture_points = vec![scenery.capture_points[0]; 257]);
    assert_eq!(many, SceneryError::TooManyPoints(257));
}

/// A count without its bytes takes no memory and is refused, also with a checksum that holds.
#[test]
fn promises_are_not_believed() {
    for at in [7, 11, 15] {
        let mut bytes = village().encode();
        bytes.truncate(bytes.len() - 8);
        bytes[at..at + 4].copy_from_slice(&60_000_u32.to_le_bytes());
        let checksum = codec::fnv(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        assert!(Scenery::decode(&bytes).is_err());
    }
}

#[test]
fn limits_are_named() {
    let shape = block([0, 0, 0], [1_000, 1_000, 1_000], 0);
    let bake =
        |shapes| Obstacles::bake(&Scenery { shapes, ..Scenery::default() }, Metres::from_m(100)).map(|_| ());
    assert_eq!(bake(vec![shape; 65_537]), Err(SceneryError::TooManyShapes(65_537)));
    let unknown = StaticShape::Mesh { mesh: 3, translation: Position::ORIGIN, yaw: Brads(0) };
    assert_eq!(bake(vec![shape, unknown]), Err(SceneryError::UnknownMesh { shape: 1, mesh: 3 }));
    let flat = StaticShape::Box { centre: Position::ORIGIN, half_sizes: way(5, 500, 500), yaw: Brads(0) };
    assert_eq!(bake(vec![flat]), Err(SceneryError::ShapeSize { shape: 0 }));
    let far = pillar(32_767_000, 0, 1_000, 1_000);
    assert_eq!(bake(vec![far]), Err(SceneryError::ShapePlace { shape: 0 }));
    let mesh = Mesh::new(vec![at(0, 0, 0), at(0, 0, 1_000), at(1_000, 0, 0)], vec![[0, 1, 2]; 1_000]);
    let many = Scenery {
        shapes: vec![StaticShape::Mesh { mesh: 0, translation: Position::ORIGIN, yaw: Brads(0) }; 2_000],
        meshes: vec![mesh.expect("valid")],
        ..Scenery::default()
    };
    assert_eq!(many.validate(), Err(SceneryError::TooManyTriangles(2_000_000)));
}

#[test]
fn as_many_shapes_as_there_can_be() {
    let shapes: Vec<StaticShape> = (0..65_536)
        .map(|number| {
            let (x, z) = (number % 256 * 4_000 - 512_000, number / 256 * 4_000 - 512_000);
            if number % 2 == 0 {
                block([x, 0, z], [x + 800, 2_000, z + 900], number % 90)
            } else {
                pillar(x, z, 400, 2_000)
            }
        })
        .collect();
    let obstacles = Obstacles::bake(&Scenery { shapes, ..Scenery::default() }, Metres::from_m(512)).unwrap();
    let mut position = at(-505_000, 0, 2_000);
    for _ in 0..200 {
        position = obstacles.slide(BODY, position, way(400, 0, 30), NOW, &WALKING).position;
        assert!(!obstacles.blocked(BODY, position, NOW));
    }
    assert!(position.x > at(-440_000, 0, 0).x, "{position:?}");
    assert!(obstacles.ray(at(-511_000, 500, 400), at(511_000, 500, 400), NOW).is_some());
    // Everything at one spot: one cell with all of them.
    let heap = vec![block([0, 0, 0], [1_000, 1_000, 1_000], 0); 65_536];
    let heap = scene(heap);
    assert!(heap.slide(BODY, at(-3_000, 0, 0), way(9_000, 0, 0), NOW, &FLYING).position.x < Metres::ZERO);
}

#[test]
fn far_away_shapes_are_met_there() {
    for (x, z) in [(32_000, 32_000), (-32_000, 31_000)] {
        let place = |dx: i32| {
            Position::new(
                Metres(Metres::from_m(x).0 + Metres::from_mm(dx).0),
                Metres::ZERO,
                Metres::from_m(z),
            )
        };
        let centre = place(3_000);
        let shape = StaticShape::Box { centre, half_sizes: way(1_000, 3_000, 90_000), yaw: Brads(0) };
        let obstacles =
            Obstacles::bake(&Scenery { shapes: vec![shape], ..Scenery::default() }, Metres::from_m(32_767));
        let obstacles = obstacles.unwrap();
        let slide = obstacles.slide(BODY, place(0), way(9_000, 0, 0), NOW, &FLYING);
        assert!(within(slide.position.x, place(1_599).x, 1), "{slide:?}");
        // A fraction of so long a way is half a metre.
        let hit = obstacles.ray(Position::ORIGIN, place(3_000), NOW).expect("it is far, and it is there");
        assert!(within(hit.position.x, centre.x, 1_500), "{hit:?}");
    }
    // Outside of the world it is not met at all.
    let shape = block([500_000, 0, 0], [501_000, 5_000, 1_000], 0);
    let obstacles =
        Obstacles::bake(&Scenery { shapes: vec![shape], ..Scenery::default() }, Metres::from_m(100));
    assert!(!obstacles.unwrap().near(Metres::from_m(500), Metres::ZERO, Metres::from_m(5)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_scenery_comes_back(
        scenery in any_scenery(12, 30_000), kinds in proptest::collection::vec(0..12_u8, 12),
        points in proptest::collection::vec((any_place(30_000), 250..256_000_i32, 0..4_u8, 0..17_u8), 0..4),
    ) {
        let mut scenery = scenery;
        let shapes = (0..scenery.shapes.len() as u32).zip(kinds);
        scenery.sections = shapes.filter(|(_, kind)| *kind < 8).map(|(shape, kind)| StructureSection { shape, kind }).collect();
        scenery.capture_points = points.into_iter().map(|(at, radius, kind, owner)| CapturePoint {
            x: at.x, z: at.z, radius: Metres::from_mm(radius), kind, owner: if owner == 16 { NO_TEAM } else { owner },
        }).collect();
        let bytes = scenery.encode();
        prop_assert_eq!(Scenery::decode(&bytes), Ok(scenery));
    }

    /// Changed bytes with a checksum that holds: decoded to what they say, or refused.
    #[test]
    fn any_bytes_decode_or_fail(
        scenery in any_scenery(4, 30_000), flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        noise in proptest::collection::vec(any::<u8>(), 0..200)
    ) {
        let _ = Scenery::decode(&noise);
        let mut scenery = scenery;
        if noise.len() % 2 == 0 {
            (scenery.sections, scenery.capture_points) = (vec![StructureSection { shape: 0, kind: 3 }], besieged().capture_points);
        }
        let mut bytes = scenery.encode();
        bytes.truncate(bytes.len() - 8);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let checksum = codec::fnv(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        if let Ok(scenery) = Scenery::decode(&bytes) {
            prop_assert_eq!(scenery.encode(), bytes);
            let _ = Obstacles::bake(&scenery, Metres::from_m(100));
        }
    }
}
