//! Who is near: radius queries with ids written out, and the nearest 64. A zone of 1 km, positions on a lattice of 2^-5 m.

use crate::measure::{Effort, median, time};
use crate::report::{Report, Row};
use crate::steps::StartOfStep;
use crate::workload::Random;
use kiddo::{ImmutableKdTree, SquaredEuclidean};
use rstar::primitives::GeomWithData;
use shieldwall_core::spatial::query_grid::{Disc, Presence, QueryGrid, QueryGridConfig, RowList, Who};
use shieldwall_core::{LaneChoice, Metres};
use std::hint::black_box;

/// Answers questions about a crowd that stands still.
trait Answers {
    fn name(&self) -> String;
    fn is_ours(&self) -> bool {
        false
    }
    /// Ids within `radius_m` of a character, itself included, written out.
    fn within(&mut self, who: usize, radius_m: u16) -> &[u32];
    /// The 64 nearest of a character, itself included.
    fn nearest(&mut self, who: usize) -> &[u32];
}

/// A kilometre of battle (80 % in a tenth of the area) or an even crowd, in metres from the middle.
fn crowd(count: usize, battle: bool) -> StartOfStep {
    let mut random = Random(7);
    let mut start = StartOfStep { x: vec![], z: vec![], vx: vec![0.0; count], vz: vec![0.0; count] };
    let hot = 1_000.0 * 0.1_f64.sqrt();
    for _ in 0..count {
        let side = if battle && random.unit() < 0.8 { hot } else { 1_000.0 };
        let mut place = || (((random.unit() - 0.5) * side * 32.0).round() / 32.0) as f32;
        start.x.push(place());
        start.z.push(place());
    }
    start
}

/// Measures all contenders.
pub fn run(report: &mut Report, effort: Effort) {
    for battle in [false, true] {
        for &count in effort.sizes() {
            column(report, effort, battle, count);
        }
    }
}

fn column(report: &mut Report, effort: Effort, battle: bool, count: usize) {
    let start = crowd(count, battle);
    let points: Vec<[f32; 2]> = start.x.iter().zip(&start.z).map(|(x, z)| [*x, *z]).collect();
    let mut contenders: Vec<Box<dyn Answers + '_>> = Vec::new();
    for &lanes in LaneChoice::available() {
        contenders.push(Box::new(Kernel::new(&start, lanes)));
    }
    contenders.push(Box::new(Kiddo {
        tree: ImmutableKdTree::new_from_slice(&points).expect("a tree of the points"),
        points: &points,
        out: Vec::new(),
    }));
    let leaves = points.iter().zip(0_u32..).map(|(point, id)| GeomWithData::new(*point, id)).collect();
    contenders.push(Box::new(RStar {
        tree: rstar::RTree::bulk_load(leaves),
        points: &points,
        out: Vec::new(),
    }));
    let asked: Vec<usize> = (0..count).step_by((count / 500).max(1)).collect();
    let rounds = if effort.quick { 3 } else { 9 };
    let layout = if battle { "battle" } else { "uniform" };
    for radius_m in [50_u16, 100, 200] {
        let job = |contender: &mut Box<dyn Answers + '_>, who: usize| {
            black_box(contender.within(who, radius_m)).len()
        };
        let found = measure(
            report,
            &mut contenders,
            (&asked, rounds),
            (layout, count),
            &format!("{radius_m} m"),
            &job,
        );
        for pair in found.windows(2) {
            // Float peers may differ from exact integers on the rim of the circle.
            let (a, b) = (pair[0] as f64, pair[1] as f64);
            assert!((a - b).abs() <= 0.001 * a + 2.0, "{layout}, {count}, {radius_m} m: {found:?} ids");
        }
    }
    let job = |contender: &mut Box<dyn Answers + '_>, who: usize| black_box(contender.nearest(who)).len();
    let found = measure(report, &mut contenders, (&asked, rounds), (layout, count), "nearest 64", &job);
    assert!(found.iter().all(|ids| *ids == found[0]), "{layout}, {count}, nearest: {found:?} ids");
}

type Job<'a> = dyn Fn(&mut Box<dyn Answers + '_>, usize) -> usize + 'a;

/// One row for each contender; how many ids each found in all.
fn measure(
    report: &mut Report,
    contenders: &mut [Box<dyn Answers + '_>],
    (asked, rounds): (&[usize], usize),
    (layout, count): (&str, usize),
    what: &str,
    job: &Job<'_>,
) -> Vec<usize> {
    let mut samples: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    let mut found = vec![0; contenders.len()];
    for _ in 0..rounds {
        for (at, contender) in contenders.iter_mut().enumerate() {
            let (taken, ids) = time(|| asked.iter().map(|who| job(contender, *who)).sum());
            samples[at].push(taken / asked.len() as f64 / 1_000.0);
            found[at] = ids;
        }
    }
    for ((contender, samples), ids) in contenders.iter().zip(samples).zip(&found) {
        report.add(Row {
            section: "queries".into(),
            workload: format!("{layout}, {what} ({:.0} ids)", *ids as f64 / asked.len() as f64),
            count,
            who: contender.name(),
            ours: contender.is_ours(),
            value: median(samples),
            unit: "us a query".into(),
            note: String::new(),
        });
    }
    found
}

struct Kernel {
    lanes: LaneChoice,
    grid: QueryGrid,
    x: Vec<i32>,
    z: Vec<i32>,
    found: RowList,
}

impl Kernel {
    fn new(start: &StartOfStep, lanes: LaneChoice) -> Self {
        let raw = |metres: &[f32]| metres.iter().map(|v| (v * 65_536.0) as i32).collect::<Vec<i32>>();
        let (x, z) = (raw(&start.x), raw(&start.z));
        let config = QueryGridConfig::fitting(Metres::from_m(512), x.len() as u32, lanes);
        let mut grid = QueryGrid::new(&config).expect("a valid configuration");
        grid.rebuild(&x, &z, &vec![(); x.len()], |()| Presence::Present);
        let found = RowList::with_room(x.len());
        Self { lanes, grid, x, z, found }
    }
}

impl Answers for Kernel {
    fn name(&self) -> String {
        format!("shieldwall {:?}", self.lanes)
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn within(&mut self, who: usize, radius_m: u16) -> &[u32] {
        let disc = Disc {
            x: Metres(self.x[who]),
            z: Metres(self.z[who]),
            radius: Metres::from_m(i32::from(radius_m)),
        };
        self.grid.collect(Who::Present, &disc, &mut self.found);
        self.found.as_slice()
    }

    fn nearest(&mut self, who: usize) -> &[u32] {
        let at = (Metres(self.x[who]), Metres(self.z[who]));
        self.grid.nearest(Who::Present, at, 64, Metres::from_m(2_000), &mut self.found);
        self.found.as_slice()
    }
}

struct Kiddo<'a> {
    tree: ImmutableKdTree<f32, 2>,
    points: &'a [[f32; 2]],
    out: Vec<u32>,
}

impl Answers for Kiddo<'_> {
    fn name(&self) -> String {
        "kiddo 6".into()
    }

    fn within(&mut self, who: usize, radius_m: u16) -> &[u32] {
        self.out.clear();
        let reach = f32::from(radius_m).powi(2);
        let found =
            self.tree.query(&self.points[who]).within::<SquaredEuclidean<f32>>(reach).unsorted().execute();
        self.out.extend(found.iter().map(|one| one.item as u32));
        &self.out
    }

    fn nearest(&mut self, who: usize) -> &[u32] {
        self.out.clear();
        let most = std::num::NonZero::new(64).expect("64 is not 0");
        let found = self.tree.query(&self.points[who]).nearest_n::<SquaredEuclidean<f32>>(most).execute();
        self.out.extend(found.iter().map(|one| one.item as u32));
        &self.out
    }
}

struct RStar<'a> {
    tree: rstar::RTree<GeomWithData<[f32; 2], u32>>,
    points: &'a [[f32; 2]],
    out: Vec<u32>,
}

impl Answers for RStar<'_> {
    fn name(&self) -> String {
        "rstar 0.14".into()
    }

    fn within(&mut self, who: usize, radius_m: u16) -> &[u32] {
        self.out.clear();
        let reach = f32::from(radius_m).powi(2);
        self.out.extend(self.tree.locate_within_distance(self.points[who], reach).map(|one| one.data));
        &self.out
    }

    fn nearest(&mut self, who: usize) -> &[u32] {
        self.out.clear();
        self.out.extend(self.tree.nearest_neighbor_iter(self.points[who]).take(64).map(|one| one.data));
        &self.out
    }
}
