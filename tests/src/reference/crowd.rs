//! Making room: passes over all pairs of overlapping cylinders.
//!
//! The formula is that of [`shieldwall_core::spatial::separation`], written out: positions in 1/1024 m, heights in 1/64 m,
//! every push of a pair rounded to 1/1024 m. Who can be a neighbour is decided before the first pass, by distance and by
//! cells, and counts where bodies come nearer during the passes; so the cells are here too, as a question about two
//! bodies ([`may_meet`]). The table that the kernel finds them with is not.

use super::Reference;
use shieldwall_core::flags;
use shieldwall_core::numeric::Brads;
use shieldwall_core::numeric::fixed::clamp_length2d;

/// How far from touching bodies may be to be looked at, in 1/1024 m.
const NEAR: i64 = 128;
/// How much larger cells are than the distance at which bodies touch, raw.
const MARGIN: i64 = 1 << 12;
/// Side of the cells of large bodies, raw: two of the largest radius of 5 m and a quarter of a metre.
const BIG_CELL: i64 = (10 << 16) + (1 << 14);

/// A body that makes room.
struct Body {
    row: usize,
    /// Where it was, raw.
    raw: [i64; 2],
    /// Where it was, x and z in 1/1024 m.
    then: [i64; 2],
    /// Where it is before the first pass.
    start: [i64; 2],
    /// Where it is.
    now: [i64; 2],
    /// Feet and head in 1/64 m.
    low: i64,
    high: i64,
    /// Raw.
    radius: i64,
    weight: i64,
    /// Whether it is larger than what the cells are for.
    big: bool,
}

impl Body {
    fn same_height(&self, other: &Body) -> bool {
        self.low < other.high && other.low < self.high
    }
}

impl Reference {
    /// The living push each other apart; then everybody is held inside the bounds and on the ground.
    pub(super) fn make_room(&mut self) {
        let crowd = self.config.rules.crowd;
        let mut bodies: Vec<Body> = self.living().map(|row| self.crowd_body(row)).collect();
        let cell = mark_big(&mut bodies, &self.config.rules.movement.map(|class| class.radius.0.into()));
        let cap = i64::from(crowd.push_max.0 >> 6);
        part_same_spots(&mut bodies, cell, cap);
        for body in &mut bodies {
            body.start = body.now;
        }
        let relaxation = i64::from(crowd.stiffness_per_256) << 8;
        for pass in 1..=crowd.passes {
            let most = most_given_way(pass == crowd.passes);
            let places: Vec<[i64; 2]> =
                bodies.iter().map(|body| pushed(body, &bodies, cell, relaxation, &most, cap)).collect();
            for (body, place) in bodies.iter_mut().zip(places) {
                body.now = place;
            }
        }
        for body in &bodies {
            let [x, z] = [0, 1].map(|axis| ((body.now[axis] - body.then[axis]) * 64) as i32);
            if (x, z) != (0, 0) {
                self.shift(body.row, x, z);
            }
        }
    }

    fn crowd_body(&self, row: usize) -> Body {
        let character = &self.characters[row];
        let class = &self.config.rules.movement[usize::from(character.class)];
        let crouched = character.has(flags::CROUCHED);
        let height = if crouched { class.crouch_height.0 } else { class.height.0 };
        let raw = [character.position_x, character.position_z].map(i64::from);
        Body {
            row,
            raw,
            then: raw.map(|raw| raw >> 6),
            start: raw.map(|raw| raw >> 6),
            now: raw.map(|raw| raw >> 6),
            low: i64::from(character.position_y) >> 10,
            high: (i64::from(character.position_y) + i64::from(height)) >> 10,
            radius: class.radius.0.into(),
            weight: class.weight_kg.into(),
            big: false,
        }
    }

    /// Moves a row aside by what it was pushed.
    fn shift(&mut self, row: usize, x: i32, z: i32) {
        let edge = self.edge(self.characters[row].class);
        let character = &mut self.characters[row];
        character.position_x = (character.position_x + x).clamp(-edge, edge);
        character.position_z = (character.position_z + z).clamp(-edge, edge);
        let (x, z) = (character.position_x, character.position_z);
        let ground = self.ground_at(x, z);
        let character = &mut self.characters[row];
        if character.has(flags::GROUNDED) || character.position_y < ground {
            character.position_y = ground;
        }
    }
}

/// Marks the bodies that are larger than seven eighths of all; the side of the cells of the others.
fn mark_big(bodies: &mut [Body], radii: &[i64]) -> i64 {
    let Some(first) = bodies.first() else { return 1 };
    let alike = bodies.iter().all(|body| (body.radius, body.weight) == (first.radius, first.weight));
    let up_to = |radius: i64| bodies.iter().filter(|body| body.radius <= radius).count();
    let enough = bodies.len() - bodies.len() / 8;
    let smallest = radii.iter().copied().filter(|radius| up_to(*radius) >= enough).min();
    let fine = if alike { first.radius } else { smallest.unwrap_or(first.radius) };
    for body in bodies {
        body.big = body.radius > fine;
    }
    2 * fine + MARGIN + 64
}

/// The number of the cell of a coordinate.
fn cell_of(raw: i64, side: i64) -> i64 {
    (raw * ((1 << 40) / side)) >> 40
}

/// Whether a body looks at another one: whether they were near, and in neighbouring cells. Large bodies stand in large
/// cells.
fn may_meet(own: &Body, other: &Body, cell: i64) -> bool {
    let away = [0, 1].map(|axis| own.start[axis] - other.start[axis]);
    let near = (own.radius >> 6) + (other.radius >> 6) + NEAR;
    if away[0] * away[0] + away[1] * away[1] >= near * near {
        return false;
    }
    (0..2).all(|axis| {
        let (own_at, at) = (own.raw[axis], other.raw[axis]);
        let within = |reach: i64, side: i64| {
            let at = cell_of(at, side);
            at >= cell_of(own_at - reach, side) && at <= cell_of(own_at + reach, side)
        };
        match (own.big, other.big) {
            (false, false) => cell_of(own_at, cell).abs_diff(cell_of(at, cell)) <= 1,
            // The margin is in the side of the cells: two fine radii, the margin, and a little.
            (true, false) => within(own.radius + (cell - MARGIN - 64) / 2 + MARGIN + 128, cell),
            (_, true) => within(10 << 16, BIG_CELL),
        }
    })
}

/// Whoever stands on the very spot of a body of a lower row, in one cell, is moved a little: in a direction drawn from its row.
fn part_same_spots(bodies: &mut [Body], cell: i64, cap: i64) {
    if cap == 0 {
        return;
    }
    for later in 1..bodies.len() {
        let body = &bodies[later];
        let meets = |other: &Body| {
            let side = if body.big { BIG_CELL } else { cell };
            let cell_of_body = |body: &Body| body.raw.map(|raw| cell_of(raw, side));
            other.then == body.then
                && other.big == body.big
                && cell_of_body(other) == cell_of_body(body)
                && other.same_height(body)
        };
        if !bodies[..later].iter().any(meets) {
            continue;
        }
        let word = (body.row as u32).wrapping_mul(0x9E37_79B1);
        let word = (word ^ (word >> 15)).wrapping_mul(0x2C1B_3C6D);
        let word = word ^ (word >> 13);
        let radius = body.radius >> 6;
        let length = radius / 8 + ((radius * 3 / 8 * i64::from(word & 0xFFFF)) >> 16);
        let (x, z) = Brads((word >> 16) as u16).forward();
        let along = |part: i32| (i64::from(part) * length.min(cap)) >> 16;
        let place = [body.then[0] + along(x.0), body.then[1] + along(z.0)];
        bodies[later].now = place;
    }
}

/// How much of each overlap a body gives way at most, by its contacts, raw: in all passes but the last those with up to
/// four may overshoot.
fn most_given_way(is_last: bool) -> impl Fn(i64) -> i64 {
    move |contacts| match (is_last, contacts) {
        (true, ..3) => 1 << 16,
        (true, 3..7) => (1 << 16) * 25 / 10 / contacts,
        (true, _) => (1 << 16) * 25 / 10 / 9,
        (false, ..2) => 2 << 16,
        (false, 2..5) => (1 << 16) * 38 / 10 / contacts,
        (false, 5..7) => (1 << 16) * 28 / 10 / contacts,
        (false, _) => (1 << 16) * 28 / 10 / 9,
    }
}

/// Where a body is after a pass.
fn pushed(
    own: &Body,
    bodies: &[Body],
    cell: i64,
    relaxation: i64,
    most: impl Fn(i64) -> i64,
    cap: i64,
) -> [i64; 2] {
    let (mut sum, mut contacts) = ([0, 0], 0);
    for other in bodies.iter().filter(|other| other.row != own.row && may_meet(own, other, cell)) {
        let away = [own.now[0] - other.now[0], own.now[1] - other.now[1]];
        let reach = (own.radius >> 6) + (other.radius >> 6);
        let left = reach * reach - away[0] * away[0] - away[1] * away[1];
        if left <= 0 || !own.same_height(other) {
            continue;
        }
        contacts += 1;
        let share = ((other.weight << 15) / (own.weight + other.weight)).min(32_767);
        for axis in 0..2 {
            let push = rounded(2 * away[axis], weight(left, reach, relaxation));
            sum[axis] += rounded(2 * push, share);
        }
    }
    let most = most(contacts);
    let damping = if relaxation <= most { 32_767 } else { (most << 15) / relaxation };
    let damped = sum.map(|sum| rounded(sum, damping) as i32);
    let (x, z) = clamp_length2d(damped[0], damped[1], cap as i32);
    [own.now[0] + i64::from(x), own.now[1] + i64::from(z)]
}

/// A product with a factor of 15 bits, to the nearest.
fn rounded(value: i64, factor: i64) -> i64 {
    (value * factor + (1 << 14)) >> 15
}

/// Half the polynomial e/2 + 3e²/8 + 5e³/16 + 4e⁴/5 of e = `left` / `reach`², times the relaxation, with 14 bits.
fn weight(left: i64, reach: i64, relaxation: i64) -> i64 {
    // e, with 15 bits of the square that count.
    let square = reach * reach;
    let shift = square.ilog2() - 14;
    let e = 2 * rounded(left >> shift, ((1 << 29) - (1 << 15)) / (square >> shift));
    let [w1, w2, w3, w4] = [(20, 80), (15, 80), (25, 160), (32, 80)]
        .map(|(part, whole)| ((part * relaxation * (1 << 14)) >> 16) / whole);
    let w = rounded(e, w4) + w3;
    let w = rounded(e, w) + w2;
    let w = rounded(e, w) + w1;
    rounded(e, w)
}
