//! What makes a siege of a brawl: walls and barricades that fall, posts, a ramp, platforms that move, places to capture and
//! flags to carry, all classes of movement, craters, and props of all kinds.

use shieldwall_core::spatial::obstacles::{Mesh, Platform, Waypoint};
use shieldwall_core::spatial::{Scenery, StaticShape};
use shieldwall_core::{
    Brads, CapturePoint, Command, MOVEMENT_CLASSES, Metres, NO_TEAM, Position, PropPlace, StructureSection,
    buttons,
};

/// Ticks between two craters.
const CRATER_EVERY: u32 = 40;

/// Ticks between two repairs.
const REPAIR_EVERY: u32 = 150;

/// Ticks between two crates that fall from the sky.
const CRATE_EVERY: u32 = 25;

/// Sections of the ring around the middle.
const BARRICADES: i32 = 56;

/// Lets all classes fight, who crouch and dodge now and then.
pub(crate) fn all_classes(tick: u32, commands: &mut [Command]) {
    for (at, command) in (0_u32..).zip(commands.iter_mut()) {
        match command {
            Command::Spawn { tag, class, .. } => *class = (*tag % MOVEMENT_CLASSES as u32) as u8,
            Command::Input { input, .. } => {
                let word = at.wrapping_mul(2_654_435_761) ^ tick.wrapping_mul(2_246_822_519);
                if word >> 28 == 0 {
                    input.buttons |= buttons::CROUCH;
                }
                if word >> 27 & 1 == 1 {
                    input.buttons |= buttons::DODGE;
                }
            }
            _ => {}
        }
    }
}

/// Makes the commands of a brawl those of a duel of archers: bows, crossbows and arquebuses from where they stand.
pub(crate) fn shoot_only(tick: u32, commands: &mut [Command]) {
    for (at, command) in (0_u32..).zip(commands.iter_mut()) {
        match command {
            Command::Spawn { tag, class, .. } => *class = [0, 1, 3][*tag as usize % 3],
            Command::Input { input, .. } => {
                let word = at.wrapping_mul(2_654_435_761) ^ tick.wrapping_mul(2_246_822_519);
                let dodges = if word >> 29 == 0 { buttons::DODGE } else { 0 };
                input.buttons = buttons::SHOOT | dodges;
                input.move_forward /= 4;
                input.pitch = (word >> 8 & 0x7FF) as i16;
            }
            _ => {}
        }
    }
}

/// Makes the commands of a brawl those of a siege.
pub(crate) fn vary(tick: u32, commands: &mut Vec<Command>) {
    all_classes(tick, commands);
    if tick % REPAIR_EVERY == REPAIR_EVERY - 1 {
        let section = tick / REPAIR_EVERY % (8 + BARRICADES as u32);
        commands.push(Command::BuildStructure { section, health: 400 });
    }
    if tick % CRATE_EVERY == CRATE_EVERY - 1 {
        let (x, z) = Brads((tick.wrapping_mul(24_593) & 0xFFFF) as u16).forward();
        let distance = Metres::from_m(12);
        let position = Position { x: distance.scaled(x), y: Metres::from_m(7), z: distance.scaled(z) };
        let kind = (tick / CRATE_EVERY % 8) as u8;
        commands.push(Command::SpawnProp { tag: tick, kind, position, yaw: Brads(tick as u16) });
    }
    if tick % CRATER_EVERY == CRATER_EVERY - 1 {
        let turn = Brads((tick.wrapping_mul(40_503) & 0xFFFF) as u16);
        let (x, z) = turn.forward();
        commands.push(Command::Deform {
            x: Metres::from_m(9).scaled(x),
            z: Metres::from_m(9).scaled(z),
            radius: Metres::from_m(4),
            depth: Metres::from_mm(300),
        });
    }
}

/// Walls and posts around the middle, a ramp, and two platforms that go round.
pub(crate) fn scenery() -> Scenery {
    let around = |i: i32, distance_m: i32, y_mm: i32| {
        let (x, z) = Brads((i * 4_096) as u16).forward();
        let distance = Metres::from_m(distance_m);
        Position { x: distance.scaled(x), y: Metres::from_mm(y_mm), z: distance.scaled(z) }
    };
    let wall = |i: i32| StaticShape::Box {
        centre: around(i, 8, 0),
        half_sizes: [Metres::from_m(1), Metres::from_m(4), Metres::from_mm(250)],
        yaw: Brads((i * 7_001) as u16),
    };
    let post = |i: i32| StaticShape::Cylinder {
        base: around(i, 14, -4_000),
        radius: Metres::from_mm(400),
        height: Metres::from_m(8),
    };
    let barricade = |i: i32| {
        let (x, z) = Brads((i * 65_536 / BARRICADES) as u16).forward();
        let distance = Metres::from_m(11);
        StaticShape::Box {
            centre: Position { x: distance.scaled(x), y: Metres::ZERO, z: distance.scaled(z) },
            half_sizes: [Metres::from_mm(500), Metres::from_m(2), Metres::from_mm(200)],
            yaw: Brads((i * 65_536 / BARRICADES) as u16),
        }
    };
    let corner = |x: i32, y: i32, z: i32| Position {
        x: Metres::from_m(x),
        y: Metres::from_m(y),
        z: Metres::from_m(z),
    };
    let corners = vec![corner(-2, -1, -3), corner(2, -1, -3), corner(2, 1, 3), corner(-2, 1, 3)];
    let ramp = Mesh::new(corners, vec![[0, 2, 1], [0, 3, 2]]).expect("two triangles with an area");
    let platform = |i: i32| Platform {
        half_sizes: [Metres::from_m(2), Metres::from_mm(400), Metres::from_m(2)],
        waypoints: (0..4)
            .map(|stop| Waypoint {
                centre: around(4 * stop + i, 18, 200),
                yaw: Brads((stop * 9_000) as u16),
                ticks: 300,
            })
            .collect(),
    };
    let mut shapes: Vec<StaticShape> = (0..16).step_by(2).map(wall).collect();
    shapes.extend((0..16).map(post));
    shapes.push(StaticShape::Mesh { mesh: 0, translation: corner(0, 0, -20), yaw: Brads(5_000) });
    let first_barricade = shapes.len();
    shapes.extend((0..BARRICADES).map(barricade));
    // Walls are palisades, posts stand for ever, and the barricades fall soon.
    let palisades = (0..8).map(|shape| StructureSection { shape, kind: 3 });
    let barricades =
        (0..BARRICADES).map(|i| StructureSection { shape: first_barricade as u32 + i as u32, kind: 4 });
    let sections = palisades.chain(barricades).collect();
    Scenery {
        shapes,
        meshes: vec![ramp],
        platforms: vec![platform(0), platform(2)],
        sections,
        capture_points: places(),
        props: loose(),
        ..Scenery::default()
    }
}

/// Props of all kinds in rings around the middle, some on top of others.
fn loose() -> Vec<PropPlace> {
    let prop = |number: i32| {
        let (x, z) = Brads((number * 65_536 / 20) as u16).forward();
        let distance = Metres::from_mm(9_000 + number % 3 * 2_500);
        PropPlace {
            kind: (number % 8) as u8,
            position: Position {
                x: distance.scaled(x),
                y: Metres::from_m(number / 20 * 3 - 3),
                z: distance.scaled(z),
            },
            yaw: Brads((number * 3_001) as u16),
        }
    };
    (0..60).map(prop).collect()
}

/// A field in the middle, a keep and a flag of either team.
fn places() -> Vec<CapturePoint> {
    let point = |x: i32, radius: i32, kind: u8, owner: u8| CapturePoint {
        x: Metres::from_m(x),
        z: Metres::from_m(0),
        radius: Metres::from_m(radius),
        kind,
        owner,
    };
    vec![
        point(0, 6, 0, NO_TEAM),
        point(-24, 5, 1, 0),
        point(24, 5, 1, 1),
        point(-30, 2, 3, 0),
        point(30, 2, 3, 1),
    ]
}
