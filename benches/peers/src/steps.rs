//! The whole step of a crowd: everybody wants to walk straight on at its own speed, and none may stand in another.
//!
//! A tick of a peer writes all velocities, steps 1/60 s and reads all places. Beside its time stands what is left of the
//! overlaps after the run: pairs that stand more than 5 mm in each other for each character, times their mean depth.

use crate::measure::{Effort, SERIES, median, time};
use crate::report::{Report, Row};
use crate::workload::{Crowd, Layout, RADIUS_M, STEP_DENSITY};

/// Where everybody starts and how it wants to walk, in metres and metres a second.
pub struct StartOfStep {
    /// Places along x, from the middle of the zone.
    pub x: Vec<f32>,
    /// Places along z, from the middle of the zone.
    pub z: Vec<f32>,
    /// Wanted speed along x.
    pub vx: Vec<f32>,
    /// Wanted speed along z.
    pub vz: Vec<f32>,
}

impl StartOfStep {
    /// The same crowd for all.
    pub fn new(layout: Layout, count: usize) -> Self {
        let crowd = Crowd::new(count, layout, STEP_DENSITY, 1);
        let middle = crowd.side / 2;
        let place = |values: &[i32]| values.iter().map(|v| (v - middle) as f32 / 1024.0).collect();
        let speed = |values: &[i32]| values.iter().map(|v| *v as f32 * 60.0 / 1024.0).collect();
        Self { x: place(&crowd.x), z: place(&crowd.z), vx: speed(&crowd.vx), vz: speed(&crowd.vz) }
    }
}

/// A crowd that walks.
pub trait Crowded {
    /// Name in the table.
    fn name(&self) -> String;

    /// Whether it is the kernel.
    fn is_ours(&self) -> bool {
        false
    }

    /// One tick. This is timed.
    fn tick(&mut self);

    /// Where everybody is, on the plane.
    fn places(&self) -> Vec<[f32; 2]>;
}

/// Makes a contender.
pub type Make = Box<dyn Fn(&StartOfStep) -> Box<dyn Crowded>>;

/// Ticks before the clock counts, and ticks that count.
const TICKS: (usize, usize) = (30, 60);

/// Measures all contenders in an open field.
pub fn run(report: &mut Report, effort: Effort, makers: &[Make]) {
    let layouts = [Layout::Uniform, Layout::Battle, Layout::Sparse, Layout::Mixed];
    for layout in layouts {
        for &count in effort.sizes() {
            column(report, makers, layout, count);
        }
    }
}

/// Measures the kernel's step in an open field, among hills, and among hills and shapes.
pub fn run_fields(report: &mut Report, fields: Vec<(&'static str, Make)>) {
    let (names, makers): (Vec<&str>, Vec<Make>) = fields.into_iter().unzip();
    for layout in [Layout::Uniform, Layout::Battle] {
        let count = 10_000;
        let figures = measure(&makers, &StartOfStep::new(layout, count));
        let open = figures.first().map_or(1.0, |(_, value)| *value);
        for (name, (contender, value)) in names.iter().zip(figures) {
            let (pairs, depth) = overlap(&contender.places());
            report.add(Row {
                section: "fields".into(),
                workload: layout.name().into(),
                count,
                who: (*name).into(),
                ours: true,
                value: value / count as f64,
                unit: "ns an entity".into(),
                note: format!("{:.2}× the open field, {pairs:.2} × {depth:.0} mm", value / open),
            });
        }
    }
}

/// Median nanoseconds of a tick of every contender.
fn measure(makers: &[Make], start: &StartOfStep) -> Vec<(Box<dyn Crowded>, f64)> {
    let mut contenders: Vec<Box<dyn Crowded>> = makers.iter().map(|make| make(start)).collect();
    let mut samples: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for first in (0..TICKS.0 + TICKS.1).step_by(SERIES) {
        for (contender, samples) in contenders.iter_mut().zip(&mut samples) {
            for tick in first..first + SERIES {
                let (taken, ()) = time(|| contender.tick());
                if tick >= TICKS.0 {
                    samples.push(taken);
                }
            }
        }
    }
    contenders.into_iter().zip(samples.into_iter().map(median)).collect()
}

fn column(report: &mut Report, makers: &[Make], layout: Layout, count: usize) {
    for (contender, value) in measure(makers, &StartOfStep::new(layout, count)) {
        let (pairs, depth) = overlap(&contender.places());
        report.add(Row {
            section: "step".into(),
            workload: layout.name().into(),
            count,
            who: contender.name(),
            ours: contender.is_ours(),
            value: value / count as f64,
            unit: "ns an entity".into(),
            note: format!("{pairs:.2} × {depth:.0} mm"),
        });
    }
}

/// Pairs that stand more than 5 mm in each other for each character, and their mean depth in millimetres.
pub fn overlap(places: &[[f32; 2]]) -> (f64, f64) {
    let touch = 2.0 * RADIUS_M;
    let cell = |v: f32| (v / touch).floor() as i32;
    let mut cells: std::collections::HashMap<(i32, i32), Vec<u32>> = std::collections::HashMap::new();
    for (id, place) in (0_u32..).zip(places) {
        cells.entry((cell(place[0]), cell(place[1]))).or_default().push(id);
    }
    let (mut pairs, mut depth) = (0_usize, 0.0_f64);
    for (id, place) in (0_u32..).zip(places) {
        let (cx, cz) = (cell(place[0]), cell(place[1]));
        let around = (-1..=1).flat_map(|dz| (-1..=1).map(move |dx| (cx + dx, cz + dz)));
        for other in around.filter_map(|key| cells.get(&key)).flatten().filter(|other| **other > id) {
            let to = places[*other as usize];
            let distance = (place[0] - to[0]).hypot(place[1] - to[1]);
            if distance < touch - 0.005 {
                pairs += 1;
                depth += f64::from(touch - distance) * 1_000.0;
            }
        }
    }
    (pairs as f64 / places.len() as f64, depth / pairs.max(1) as f64)
}
