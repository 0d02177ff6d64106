//! Pair finders that build fast: a scalar grid of our own as a good programmer writes it, and crates.

use crate::pairs::{Make, PairFinder};
use crate::workload::{Frame, Layout, Pairs, RADIUS, TOUCH};

/// The makers of this file.
pub fn makers() -> Vec<Make> {
    vec![
        Box::new(|_| Box::new(ScalarGrid::default())),
        Box::new(|_| Box::new(Broccoli)),
        Box::new(|_| Box::new(Kiddo::default())),
        Box::new(|_| Box::new(RStar)),
    ]
}

/// Cells of one contact distance, ids sorted by counting, half of the neighbours visited. Where the zone is large for its
/// people, the table wraps around.
#[derive(Default)]
pub struct ScalarGrid {
    start: Vec<u32>,
    cell: Vec<u32>,
    ids: Vec<u32>,
    width: i32,
    depth: i32,
}

impl ScalarGrid {
    /// Sizes the table: dense with an empty border, or wrapped.
    fn fit(&mut self, frame: &Frame) -> bool {
        let cells = |values: &[i32]| values.iter().max().copied().unwrap_or(0) / TOUCH + 3;
        let (width, depth) = (cells(&frame.x), cells(&frame.z));
        let wraps = i64::from(width) * i64::from(depth) > 4 * frame.len() as i64 + 64;
        let side = 1 << (frame.len().max(16).ilog2() / 2 + 1);
        (self.width, self.depth) = if wraps { (side, side) } else { (width, depth) };
        wraps
    }

    #[inline(always)]
    fn place(&self, wraps: bool, cx: i32, cz: i32) -> i32 {
        if wraps {
            (cz & (self.depth - 1)) * self.width + (cx & (self.width - 1))
        } else {
            (cz + 1) * self.width + cx + 1
        }
    }

    fn sort(&mut self, frame: &Frame, wraps: bool) {
        let n = frame.len();
        self.start.clear();
        self.start.resize((self.width * self.depth) as usize + 2, 0);
        self.cell.resize(n, 0);
        self.ids.resize(n, 0);
        for i in 0..n {
            let cell = self.place(wraps, frame.x[i] / TOUCH, frame.z[i] / TOUCH);
            self.cell[i] = cell as u32;
            self.start[cell as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut self.start {
            sum += *start;
            *start = sum;
        }
        // Filled from behind, so that start[cell + 1] ends as the first place of the cell.
        for i in (0..n).rev() {
            let place = self.cell[i] as usize + 1;
            self.start[place] -= 1;
            self.ids[self.start[place] as usize] = i as u32;
        }
    }

    #[inline(always)]
    fn run(&self, first: i32, cells: i32) -> &[u32] {
        &self.ids[self.start[first as usize + 1] as usize..self.start[(first + cells) as usize + 1] as usize]
    }

    #[inline(always)]
    fn meet(frame: &Frame, i: usize, others: &[u32], out: &mut Pairs) {
        out.extend(others.iter().filter(|j| frame.touch(i, **j as usize)).map(|j| [i as u32, *j]));
    }
}

impl PairFinder for ScalarGrid {
    fn name(&self) -> String {
        "scalar counting-sort grid".into()
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        let wraps = self.fit(frame);
        self.sort(frame, wraps);
        for i in 0..frame.len() {
            let own = self.run(self.cell[i] as i32, 1);
            out.extend(
                own.iter()
                    .filter(|j| **j > i as u32 && frame.touch_anywhere(i, **j as usize))
                    .map(|j| [i as u32, *j]),
            );
            let (cx, cz) = (frame.x[i] / TOUCH, frame.z[i] / TOUCH);
            if wraps {
                for (dx, dz) in [(1, 0), (-1, -1), (0, -1), (1, -1)] {
                    let cell = self.place(true, cx + dx, cz + dz);
                    // Places far away share the cell: their squares may not fit 32 bits.
                    for &j in self.run(cell, 1) {
                        if frame.touch_anywhere(i, j as usize) {
                            out.push([i as u32, j]);
                        }
                    }
                }
            } else {
                Self::meet(frame, i, self.run(self.place(false, cx + 1, cz), 1), out);
                Self::meet(frame, i, self.run(self.place(false, cx - 1, cz - 1), 3), out);
            }
        }
    }
}

/// A kd-tree with sweep and prune in the plane; the verdict in its callback.
struct Broccoli;

impl PairFinder for Broccoli {
    fn name(&self) -> String {
        "broccoli 6".into()
    }

    fn can(&self, layout: Layout, count: usize) -> bool {
        layout != Layout::Spot || count <= 1_000
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        let mut boxes: Vec<_> = (0..frame.len())
            .map(|i| {
                let (x, z) = (frame.x[i], frame.z[i]);
                let rect = axgeom::rect(x - RADIUS, x + RADIUS, z - RADIUS, z + RADIUS);
                broccoli::bbox(rect, i as u32)
            })
            .collect();
        let mut tree = broccoli::Tree::new(&mut boxes);
        tree.find_colliding_pairs(|a, b| {
            let (i, j) = (*a.unpack_inner(), *b.unpack_inner());
            if frame.touch(i as usize, j as usize) {
                out.push([i, j]);
            }
        });
    }
}

/// A kd-tree of points, built anew and asked for everybody's neighbours.
#[derive(Default)]
struct Kiddo {
    points: Vec<[f32; 2]>,
}

impl PairFinder for Kiddo {
    fn name(&self) -> String {
        "kiddo 6, rebuilt".into()
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        self.points.clear();
        self.points.extend(frame.fx.iter().zip(&frame.fz).map(|(x, z)| [*x, *z]));
        let tree: kiddo::ImmutableKdTree<f32, 2> =
            kiddo::ImmutableKdTree::new_from_slice(&self.points).expect("a tree of the points");
        let reach = (TOUCH as f32 / 1024.0 + 0.000_1).powi(2);
        for (i, point) in self.points.iter().enumerate() {
            let near = tree.query(point).within::<kiddo::SquaredEuclidean<f32>>(reach).unsorted().execute();
            for found in near {
                let j = found.item as usize;
                if j > i && frame.touch_in_metres(i, j) {
                    out.push([i as u32, j as u32]);
                }
            }
        }
    }
}

/// An R*-tree, loaded in bulk and asked for everybody's neighbours.
struct RStar;

impl PairFinder for RStar {
    fn name(&self) -> String {
        "rstar 0.14, bulk load".into()
    }

    fn find(&mut self, frame: &Frame, out: &mut Pairs) {
        out.clear();
        type Point = rstar::primitives::GeomWithData<[f32; 2], u32>;
        let points = (0..frame.len()).map(|i| Point::new([frame.fx[i], frame.fz[i]], i as u32)).collect();
        let tree = rstar::RTree::bulk_load(points);
        let reach = (TOUCH as f32 / 1024.0 + 0.000_1).powi(2);
        for i in 0..frame.len() {
            for found in tree.locate_within_distance([frame.fx[i], frame.fz[i]], reach) {
                if found.data > i as u32 && frame.touch_in_metres(i, found.data as usize) {
                    out.push([i as u32, found.data]);
                }
            }
        }
    }
}
