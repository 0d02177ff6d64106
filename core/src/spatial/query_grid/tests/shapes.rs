//! The shapes against their definitions.

use super::*;
use crate::numeric::Brads;

/// Whether two squares of differences are at most a third, for any coordinates.
fn near(a: (i32, i32), b: (i32, i32), radius: i32) -> bool {
    let wide = |a: i32, b: i32| (i128::from(a) - i128::from(b)).pow(2);
    radius >= 0 && wide(a.0, b.0) + wide(a.1, b.1) <= i128::from(radius).pow(2)
}

/// The cone's meaning: the disc, and the angle by the integer sines.
fn in_cone(cone: &Cone, x: i32, z: i32) -> bool {
    let radius = cone.radius.min(Cone::MAX_RADIUS).0;
    if !near((x, z), (cone.x.0, cone.z.0), radius) || cone.half_angle >= Brads::HALF {
        return near((x, z), (cone.x.0, cone.z.0), radius);
    }
    let (dx, dz) = (i128::from(x) - i128::from(cone.x.0), i128::from(z) - i128::from(cone.z.0));
    let (fx, fz) = cone.yaw.forward();
    let (ahead, aside) = (
        dx * i128::from(fx.0) + dz * i128::from(fz.0),
        (dx * i128::from(fz.0) - dz * i128::from(fx.0)).abs(),
    );
    aside * i128::from(cone.half_angle.cos().0) <= ahead * i128::from(cone.half_angle.sin().0)
        && (ahead >= 0 || cone.half_angle > Brads::QUARTER)
}

/// The sweep's meaning: the distance from the segment, by cases.
fn in_sweep(sweep: &Sweep, x: i32, z: i32) -> bool {
    let (from, to) = ((sweep.from.x.0, sweep.from.z.0), (sweep.to.x.0, sweep.to.z.0));
    let wide = |a: i32, b: i32| i128::from(a) - i128::from(b);
    let (ex, ez, dx, dz) = (wide(to.0, from.0), wide(to.1, from.1), wide(x, from.0), wide(z, from.1));
    let along = dx * ex + dz * ez;
    let length_squared = ex * ex + ez * ez;
    if along <= 0 {
        near((x, z), from, sweep.radius.0)
    } else if along >= length_squared {
        near((x, z), to, sweep.radius.0)
    } else {
        let cross = (dx * ez - dz * ex).unsigned_abs();
        let radius = i128::from(sweep.radius.0);
        sweep.radius.0 >= 0
            && cross
                .checked_mul(cross)
                .is_some_and(|s| s <= (radius * radius * length_squared).unsigned_abs())
    }
}

/// The box of a cone that starts where the numbers end is much smaller than its radius, whose square then overflowed.
#[test]
fn a_cone_may_reach_past_the_last_number() {
    let x = Metres(i32::MIN);
    let cone = Cone { x, z: Metres(0), yaw: Brads(10_929), half_angle: Brads(0), radius: Metres::from_m(23) };
    let (fx, fz) = cone.yaw.forward();
    for depth_m in [1, 8] {
        let points = [(0, 0), (i32::MIN, 0), (i32::MIN, fz.0), (i32::MIN - fx.0.min(0), fz.0)];
        let crowd = Crowd {
            x: points.iter().map(|p| p.0).collect(),
            z: points.iter().map(|p| p.1).collect(),
            marks: alloc::vec![Presence::Present; points.len()],
            depth: Metres::from_m(depth_m),
        };
        check(&crowd, Who::Present, &cone, &|px, pz| in_cone(&cone, px, pz)).unwrap();
    }
}

fn radius() -> impl Strategy<Value = i32> {
    prop_oneof![
        3 => -5i32..(10 << 16),
        3 => 0i32..(150 << 16),
        1 => (0i32..150).prop_map(|m| m << 16),
        1 => prop::sample::select(&[0, 5 << 16, 32_000 << 16, i32::MAX, i32::MIN][..]),
        1 => any::<i32>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn disc_finds_exactly_the_rows_within(
        crowd in crowd(), who in who(), x in coordinate(), z in coordinate(), radius in radius(),
    ) {
        let disc = Disc { x: Metres(x), z: Metres(z), radius: Metres(radius) };
        check(&crowd, who, &disc, &|px, pz| near((px, pz), (x, z), radius))?;
    }

    /// Rows to either side of the rim, a raw unit apart: the shortened offsets must never decide.
    #[test]
    fn a_rim_is_exact_to_the_last_unit(
        x in -30i32 << 16..30 << 16, z in -30i32 << 16..30 << 16, radius_m in 1i32..60, turns in prop::collection::vec(any::<u16>(), 1..40),
    ) {
        let radius = radius_m << 16;
        let mut points = Vec::new();
        for turn in turns {
            let (fx, fz) = Brads(turn).forward();
            let at = |part: i32| ((i64::from(part) * i64::from(radius)) >> 16) as i32;
            for off in -1..=1 {
                points.push((x + at(fx.0) + off, z + at(fz.0)));
            }
        }
        let crowd = Crowd {
            x: points.iter().map(|p| p.0).collect(),
            z: points.iter().map(|p| p.1).collect(),
            marks: alloc::vec![Presence::Present; points.len()],
            depth: Metres::from_m(8),
        };
        let disc = Disc { x: Metres(x), z: Metres(z), radius: Metres(radius) };
        check(&crowd, Who::Present, &disc, &|px, pz| near((px, pz), (x, z), radius))?;
    }

    #[test]
    fn cone_finds_exactly_the_rows_it_contains(
        crowd in crowd(), who in who(), x in coordinate(), z in coordinate(), yaw in any::<u16>(),
        half_angle in prop_oneof![4 => 0u16..=40_000, 1 => prop::sample::select(&[0, 1, 16_383, 16_384, 16_385, 32_767][..])],
        radius in radius(),
    ) {
        let (x, z) = (Metres(x), Metres(z));
        let cone = Cone { x, z, yaw: Brads(yaw), half_angle: Brads(half_angle), radius: Metres(radius) };
        check(&crowd, who, &cone, &|px, pz| in_cone(&cone, px, pz))?;
    }

    /// Rows along the edges of the cone, where only whole coordinates can tell.
    #[test]
    fn edges_of_a_cone_are_exact(
        x in -30i32 << 16..30 << 16, z in -30i32 << 16..30 << 16, yaw in any::<u16>(), half_angle in 0u16..=32_768,
        steps in prop::collection::vec((0i32..30 << 16, -3i32..=3, any::<bool>()), 1..60),
    ) {
        let cone = Cone {
            x: Metres(x), z: Metres(z), yaw: Brads(yaw), half_angle: Brads(half_angle), radius: Metres::from_m(30),
        };
        let points: Vec<(i32, i32)> = steps.iter().map(|&(distance, off, left)| {
            let half = if left { cone.half_angle } else { -cone.half_angle };
            let (fx, fz) = (cone.yaw + half).forward();
            let at = |part: i32| ((i64::from(part) * i64::from(distance)) >> 16) as i32;
            (x + at(fx.0) + off, z + at(fz.0))
        }).collect();
        let crowd = Crowd {
            x: points.iter().map(|p| p.0).collect(),
            z: points.iter().map(|p| p.1).collect(),
            marks: alloc::vec![Presence::Present; points.len()],
            depth: Metres::from_m(16),
        };
        check(&crowd, Who::Present, &cone, &|px, pz| in_cone(&cone, px, pz))?;
    }

    #[test]
    fn sweep_finds_exactly_the_rows_near_it(
        crowd in crowd(), who in who(), ax in coordinate(), az in coordinate(),
        step in prop_oneof![(-2i32 << 16..2 << 16, -2i32 << 16..2 << 16).prop_map(Some), Just(None)],
        bx in coordinate(), bz in coordinate(), radius in radius(),
    ) {
        let (bx, bz) = step.map_or((bx, bz), |(x, z)| (ax.saturating_add(x), az.saturating_add(z)));
        let (from, to) = (Position::from_raw(ax, 0, az), Position::from_raw(bx, 0, bz));
        let sweep = Sweep { from, to, radius: Metres(radius) };
        check(&crowd, who, &sweep, &|px, pz| in_sweep(&sweep, px, pz))?;
    }

    /// Rows to either side of the long edges of a swept disc.
    #[test]
    fn edges_of_a_sweep_are_exact(
        ax in -30i32 << 16..30 << 16, az in -30i32 << 16..30 << 16, yaw in any::<u16>(), length in 0i32..30 << 16,
        radius in 0i32..4 << 16, steps in prop::collection::vec((-1i32 << 16..31 << 16, -3i32..=3, any::<bool>()), 1..60),
    ) {
        let at = |part: i32, distance: i32| ((i64::from(part) * i64::from(distance)) >> 16) as i32;
        let ((fx, fz), (rx, rz)) = (Brads(yaw).forward(), Brads(yaw).right());
        let from = Position::from_raw(ax, 0, az);
        let to = Position::from_raw(ax + at(fx.0, length), 0, az + at(fz.0, length));
        let points: Vec<(i32, i32)> = steps.iter().map(|&(along, off, left)| {
            let aside = if left { -radius } else { radius } + off;
            (ax + at(fx.0, along) + at(rx.0, aside), az + at(fz.0, along) + at(rz.0, aside))
        }).collect();
        let crowd = Crowd {
            x: points.iter().map(|p| p.0).collect(),
            z: points.iter().map(|p| p.1).collect(),
            marks: alloc::vec![Presence::Present; points.len()],
            depth: Metres::from_m(16),
        };
        let sweep = Sweep { from, to, radius: Metres(radius) };
        check(&crowd, Who::Present, &sweep, &|px, pz| in_sweep(&sweep, px, pz))?;
    }

    #[test]
    fn box_finds_exactly_the_rows_inside(
        crowd in crowd(), who in who(), x in coordinate(), z in coordinate(), yaw in any::<u16>(),
        half_width in radius(), half_depth in radius(),
    ) {
        let turned = YawBox {
            x: Metres(x), z: Metres(z), yaw: Brads(yaw), half_width: Metres(half_width), half_depth: Metres(half_depth),
        };
        let ((fx, fz), (rx, rz)) = (Brads(yaw).forward(), Brads(yaw).right());
        check(&crowd, who, &turned, &|px, pz| {
            let (dx, dz) = (i128::from(px) - i128::from(x), i128::from(pz) - i128::from(z));
            let along = |a: i32, b: i32| (dx * i128::from(a) + dz * i128::from(b)).abs();
            half_width >= 0 && half_depth >= 0
                && along(fx.0, fz.0) <= i128::from(half_depth) << 16
                && along(rx.0, rz.0) <= i128::from(half_width) << 16
        })?;
    }

    #[test]
    fn cone_agrees_with_floating_point_away_from_its_edges(
        dx in -4000i32..4000, dz in -4000i32..4000, yaw in any::<u16>(), half_angle in 0u16..=32768, radius in 0i32..4000,
    ) {
        let cone = Cone {
            x: Metres::from_m(3),
            z: Metres::from_m(-7),
            yaw: Brads(yaw),
            half_angle: Brads(half_angle),
            radius: Metres::from_mm(radius),
        };
        let (dx, dz) = (Metres::from_mm(dx), Metres::from_mm(dz));
        let (fx, fz) = (f64::from(dx.0) / 65536.0, f64::from(dz.0) / 65536.0);
        let facing = f64::from(yaw) * core::f64::consts::TAU / 65536.0;
        let (ahead, aside) = (-facing.sin() * fx - facing.cos() * fz, (facing.cos() * fx - facing.sin() * fz).abs());
        let angle = aside.atan2(ahead);
        let (angle_left, distance_left) = (
            f64::from(half_angle) * core::f64::consts::TAU / 65536.0 - angle,
            f64::from(cone.radius.0) / 65536.0 - fx.hypot(fz),
        );
        prop_assume!(angle_left.abs() > 1e-3 && distance_left.abs() > 1e-4 && fx.hypot(fz) > 0.05);
        let inside = cone.contains(cone.x + dx, cone.z + dz);
        prop_assert_eq!(inside, angle_left > 0.0 && distance_left > 0.0);
    }

    #[test]
    fn sweep_agrees_with_floating_point(
        ax in -9000i32..9000, az in -9000i32..9000, bx in -9000i32..9000, bz in -9000i32..9000,
        px in -9000i32..9000, pz in -9000i32..9000, radius in 0i32..4000,
    ) {
        let raw = |mm: i32| Metres::from_mm(mm).0;
        let (from, to) = (Position::from_raw(raw(ax), 0, raw(az)), Position::from_raw(raw(bx), 0, raw(bz)));
        let metres = |mm: i32| f64::from(raw(mm)) / 65536.0;
        let (ex, ez) = (metres(bx) - metres(ax), metres(bz) - metres(az));
        let (dx, dz) = (metres(px) - metres(ax), metres(pz) - metres(az));
        let t = ((dx * ex + dz * ez) / (ex * ex + ez * ez).max(1e-12)).clamp(0.0, 1.0);
        let left = metres(radius) - (dx - t * ex).hypot(dz - t * ez);
        prop_assume!(left.abs() > 1e-6);
        let sweep = Sweep { from, to, radius: Metres(raw(radius)) };
        prop_assert_eq!(in_sweep(&sweep, raw(px), raw(pz)), left > 0.0);
    }
}

#[test]
fn a_cone_of_no_width_looks_ahead_only() {
    let cone =
        Cone { x: Metres(0), z: Metres(0), yaw: Brads(0), half_angle: Brads(0), radius: Metres::from_m(5) };
    assert!(cone.contains(Metres(0), Metres::from_m(-3)));
    assert!(!cone.contains(Metres(0), Metres::from_m(3)));
    assert!(cone.contains(Metres(0), Metres(0)), "the tip belongs to it");
    assert!(Cone { half_angle: Brads::HALF, ..cone }.contains(Metres(0), Metres::from_m(3)));
}
