//! What makes a siege of a brawl: walls, posts, a ramp, platforms that move, all classes of movement, and craters.

use shieldwall_core::spatial::obstacles::{Mesh, Platform, Waypoint};
use shieldwall_core::spatial::{Scenery, StaticShape};
use shieldwall_core::{Brads, Command, MOVEMENT_CLASSES, Metres, Position, buttons};

/// Ticks between two craters.
const CRATER_EVERY: u32 = 40;

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

/// Makes the commands of a brawl those of a siege.
pub(crate) fn vary(tick: u32, commands: &mut Vec<Command>) {
    all_classes(tick, commands);
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
    Scenery { shapes, meshes: vec![ramp], platforms: vec![platform(0), platform(2)], ..Scenery::default() }
}
