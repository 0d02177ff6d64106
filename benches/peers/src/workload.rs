//! Who is where, and how everybody moves: the same for the kernel and for every peer.
//!
//! Positions lie on a lattice of 2^-10 m, so that `i32`, `f32` and the kernel's fixed point give the same verdict on
//! every pair. Everybody moves at 2 to 6 m/s in every tick.

/// Radius of everybody, in 1/1024 m (0.4004 m).
pub const RADIUS: i32 = 410;
/// Two touch at this distance of their axes or less, in 1/1024 m.
pub const TOUCH: i32 = 2 * RADIUS;
/// [`RADIUS`] in metres.
pub const RADIUS_M: f32 = RADIUS as f32 / 1024.0;
/// The kernel's units to one of the lattice.
pub const UNITS: i32 = 64;

/// A small generator of random numbers (splitmix64), so that a workload is the same on every machine.
pub struct Random(pub u64);

impl Random {
    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `n`.
    pub fn below(&mut self, n: i32) -> i32 {
        (self.unit() * f64::from(n)) as i32
    }
}

/// How the crowd lies in the zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// Evenly: 1.036 for each square metre.
    Uniform,
    /// 80 % of all in a tenth of the area, 4.144 for each square metre there.
    Battle,
    /// Evenly: 0.02 for each square metre.
    Sparse,
    /// The battle's hot square in the middle of an empty field of at least 2 km; the other 20 % anywhere.
    Mixed,
    /// All within 30 cm of each other.
    Spot,
}

impl Layout {
    /// Every layout, in the order of the tables.
    pub const ALL: [Layout; 5] =
        [Layout::Uniform, Layout::Battle, Layout::Sparse, Layout::Mixed, Layout::Spot];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Uniform => "uniform",
            Layout::Battle => "battle",
            Layout::Sparse => "sparse",
            Layout::Mixed => "mixed",
            Layout::Spot => "one spot",
        }
    }

    /// Side of the zone and of the hot square in it, in metres.
    fn sides(self, count: usize, hot_density: f64) -> (f64, f64) {
        let n = count as f64;
        let hot = (0.8 * n / hot_density).sqrt();
        match self {
            Layout::Uniform => ((n / 1.036).sqrt(), 0.0),
            Layout::Sparse => ((n / 0.02).sqrt(), 0.0),
            Layout::Battle => (hot / 0.1_f64.sqrt(), hot),
            Layout::Mixed => (f64::max(2_000.0, hot), hot),
            Layout::Spot => (0.3, 0.0),
        }
    }
}

/// Density of the battle's hot square where pairs are counted, in characters for each square metre.
pub const PAIRS_DENSITY: f64 = 4.144;
/// Density of the battle's hot square where steps are measured: close to jammed.
pub const STEP_DENSITY: f64 = 1.6;

/// A crowd that moves, in units of the lattice.
#[derive(Clone)]
pub struct Crowd {
    /// Side of the zone.
    pub side: i32,
    /// Places along x.
    pub x: Vec<i32>,
    /// Heights.
    pub y: Vec<i32>,
    /// Places along z.
    pub z: Vec<i32>,
    /// Way along x in a tick.
    pub vx: Vec<i32>,
    /// Way along z in a tick.
    pub vz: Vec<i32>,
    low: Vec<i32>,
    high: Vec<i32>,
}

impl Crowd {
    /// A crowd of `count`, from a seed.
    pub fn new(count: usize, layout: Layout, hot_density: f64, seed: u64) -> Self {
        let mut random = Random(seed);
        let (side, hot) = layout.sides(count, hot_density);
        let lattice = |metres: f64| (metres * 1024.0) as i32;
        let hot_range = (lattice((side - hot) * 0.5), lattice((side + hot) * 0.5));
        let mut crowd = Self {
            side: lattice(side),
            x: vec![],
            y: vec![],
            z: vec![],
            vx: vec![],
            vz: vec![],
            low: vec![],
            high: vec![],
        };
        for _ in 0..count {
            let (low, high) = if hot > 0.0 && random.unit() < 0.8 { hot_range } else { (0, lattice(side)) };
            crowd.x.push(low + random.below(high - low));
            crowd.z.push(low + random.below(high - low));
            crowd.y.push(random.below(RADIUS));
            let angle = random.unit() * std::f64::consts::TAU;
            let speed = (2.0 + 4.0 * random.unit()) / 60.0 * 1024.0;
            let calm = if layout == Layout::Spot { 0.0 } else { speed };
            crowd.vx.push((angle.cos() * calm).round() as i32);
            crowd.vz.push((angle.sin() * calm).round() as i32);
            crowd.low.push(low);
            crowd.high.push(high);
        }
        crowd
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Everybody moves; who would leave its square turns around.
    pub fn advance(&mut self) {
        for i in 0..self.len() {
            let range = self.low[i]..=self.high[i];
            let (x, z) = (self.x[i] + self.vx[i], self.z[i] + self.vz[i]);
            if range.contains(&x) {
                self.x[i] = x
            } else {
                self.vx[i] = -self.vx[i]
            }
            if range.contains(&z) { self.z[i] = z } else { self.vz[i] = -self.vz[i] }
        }
    }
}

/// One tick's positions in every form a contender may want, by id. Filled before the clock runs.
#[derive(Default, Clone)]
pub struct Frame {
    /// Lattice units from the zone's corner.
    pub x: Vec<i32>,
    /// As above.
    pub y: Vec<i32>,
    /// As above.
    pub z: Vec<i32>,
    /// Metres from the zone's corner.
    pub fx: Vec<f32>,
    /// As above.
    pub fy: Vec<f32>,
    /// As above.
    pub fz: Vec<f32>,
    /// The kernel's units from the zone's middle.
    pub qx: Vec<i32>,
    /// The kernel's units above zero.
    pub qy: Vec<i32>,
    /// The kernel's units from the zone's middle.
    pub qz: Vec<i32>,
}

impl Frame {
    /// Takes the crowd's positions.
    pub fn load(&mut self, crowd: &Crowd) {
        let middle = crowd.side / 2;
        self.x.clone_from(&crowd.x);
        self.y.clone_from(&crowd.y);
        self.z.clone_from(&crowd.z);
        let metres = |out: &mut Vec<f32>, from: &[i32]| {
            out.clear();
            out.extend(from.iter().map(|v| *v as f32 / 1024.0));
        };
        metres(&mut self.fx, &crowd.x);
        metres(&mut self.fy, &crowd.y);
        metres(&mut self.fz, &crowd.z);
        let units = |out: &mut Vec<i32>, from: &[i32], origin: i32| {
            out.clear();
            out.extend(from.iter().map(|v| (v - origin) * UNITS));
        };
        units(&mut self.qx, &crowd.x, middle);
        units(&mut self.qy, &crowd.y, 0);
        units(&mut self.qz, &crowd.z, middle);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Whether two touch: their middles are at most [`TOUCH`] apart in space. For bodies less than 20 m apart.
    #[inline(always)]
    pub fn touch(&self, i: usize, j: usize) -> bool {
        let (dx, dy, dz) = (self.x[i] - self.x[j], self.y[i] - self.y[j], self.z[i] - self.z[j]);
        dx * dx + dy * dy + dz * dz <= TOUCH * TOUCH
    }

    /// The same verdict for bodies at any distance.
    pub fn touch_anywhere(&self, i: usize, j: usize) -> bool {
        let far = |a: i32, b: i32| (a - b).abs() > TOUCH;
        !far(self.x[i], self.x[j]) && !far(self.z[i], self.z[j]) && self.touch(i, j)
    }

    /// The same verdict from the metres, which hold the lattice exactly.
    #[inline(always)]
    pub fn touch_in_metres(&self, i: usize, j: usize) -> bool {
        const REACH: f32 = TOUCH as f32 / 1024.0;
        let (dx, dy, dz) = (self.fx[i] - self.fx[j], self.fy[i] - self.fy[j], self.fz[i] - self.fz[j]);
        dx * dx + dy * dy + dz * dz <= REACH * REACH
    }
}

/// Pairs of ids, in any order.
pub type Pairs = Vec<[u32; 2]>;

/// Number of the pairs, and a sum over them that does not depend on their order.
pub fn checksum(pairs: &[[u32; 2]]) -> (usize, u64) {
    let one = |pair: &[u32; 2]| {
        let (a, b) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
        let z = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z ^ (z >> 32)
    };
    (pairs.len(), pairs.iter().fold(0, |sum, pair| sum.wrapping_add(one(pair))))
}

/// All pairs, by trying all.
pub fn by_force(frame: &Frame) -> Pairs {
    let n = frame.len();
    let all = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    all.filter(|(i, j)| frame.touch_anywhere(*i, *j)).map(|(i, j)| [i as u32, j as u32]).collect()
}
