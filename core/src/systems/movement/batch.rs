//! Plain walkers in lanes: alive, on gentle terrain, standing, walking or sprinting, nothing in the way.
//!
//! For them [`super::move_character`] comes down to a few dozen operations, which lanes do for 8 or 16 rows at once. A row
//! that turns out not to be plain (the velocity is not reached within this tick, the ground is steep, drops or is under
//! water, an obstacle is near) is left as it was and goes through the function; both ways give the same bits, whatever the
//! lanes, and a test holds that over random rows.

use super::lod::{Turn, Watch};
use super::steer::FULL_SQUARED;
use super::ticks::{MovementTicks, PerTick, RECIPROCAL_SHIFT, SPEED_BOUND};
use super::{Surroundings, move_character};
use crate::limits::HEIGHT_MAX_M;
use crate::numeric::Metres;
use crate::numeric::angle::SIN_Q30;
use crate::numeric::fixed::saturate;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};
use crate::spatial::GroundCell;
use crate::spatial::terrain::Field;
use crate::state::characters::{CharacterRows, flags, motion};
use crate::state::column::Rows;
use crate::state::commands::{CharacterInput, buttons};

/// Buttons that end a plain walk.
const SPECIAL: u16 = buttons::JUMP | buttons::CROUCH | buttons::DODGE;

/// Flags of a plain walker, besides the one of a sprint.
const PLAIN: u16 = flags::ALIVE | flags::IN_USE | flags::GROUNDED;

/// Columns of one block as lanes take them.
type Block = [i32; MAX_WIDTH];

/// The work: a range of rows, the first of them being row `first` of the table.
pub(super) struct Walk<'a> {
    pub rows: CharacterRows<'a>,
    pub first: usize,
    pub surroundings: &'a Surroundings<'a>,
    pub movement: &'a MovementTicks,
    pub watch: Option<&'a Watch>,
}

/// Constants of the eight classes, as tables.
struct Tables {
    walk_factor: [i32; 8],
    sprint_factor: [i32; 8],
    ground_pull: [i32; 8],
    friction_pull: [i32; 8],
    edge: [i32; 8],
    step_down: [i32; 8],
    /// Ground below this is too deep.
    deep: [i32; 8],
    /// Differences of a cell's corners up to this are gentle.
    gentle: [i32; 8],
    /// Radius and how far around obstacles are looked for.
    reach: [i32; 8],
}

impl Tables {
    fn new(movement: &MovementTicks, surroundings: &Surroundings<'_>) -> Self {
        let classes = movement.classes();
        let half_extent = surroundings.terrain.half_extent().0;
        let spacing = i64::from(surroundings.terrain.spacing().0);
        Self {
            walk_factor: classes.each_ref().map(|class| class.walk_factor),
            sprint_factor: classes.each_ref().map(|class| class.sprint_factor),
            ground_pull: classes.each_ref().map(|class| class.ground_pull),
            friction_pull: classes.each_ref().map(|class| class.friction_pull),
            edge: classes.each_ref().map(|class| half_extent - class.radius),
            step_down: classes.each_ref().map(|class| class.step_down),
            deep: classes.each_ref().map(|class| movement.water.saturating_sub(class.swim_depth)),
            gentle: classes.each_ref().map(|class| saturate((i64::from(class.slope_limit) * spacing) >> 16)),
            reach: classes.each_ref().map(|class| class.radius + class.slide_rules(true).probe.0),
        }
    }
}

/// A bound of how much a cell rises over its side: see `place::steep`, which decides where this is not gentle enough.
#[inline(always)]
fn rise(cell: &GroundCell) -> i32 {
    let [h00, h10, h01, h11] = cell.corners;
    let along_x = (h10.abs_diff(h00)).max(h11.abs_diff(h01));
    let along_z = (h01.abs_diff(h00)).max(h11.abs_diff(h10));
    along_x.saturating_add(along_z).min(i32::MAX.cast_unsigned()).cast_signed()
}

/// The bits of all lanes.
#[inline(always)]
const fn all<L: Lanes>() -> u32 {
    u32::MAX >> (32 - L::WIDTH)
}

/// Numbers of 64 bits in the even and in the odd lanes, low halves only, as lanes again.
#[inline(always)]
fn woven<L: Lanes>(even: L, odd: L, low: L) -> L {
    even.and(low).or(odd.shift_left64::<32>())
}

/// −1 in the even lanes, 0 in the odd ones.
#[inline(always)]
fn even_lanes<L: Lanes>() -> L {
    let odd = L::numbers().and(L::splat(1));
    odd.sub(L::splat(1))
}

/// Sines of angles in 1/65536 turn, Q16: the same polynomial as [`crate::numeric::Brads::sin`].
#[inline(always)]
fn sines<L: Lanes>(angle: L) -> L {
    let half_turn = angle.and(L::splat(0x7FFF));
    let quarter = L::splat(1 << 14);
    let arc = L::select(half_turn.greater(quarter), L::splat(0x8000).sub(half_turn), half_turn);
    let t = arc.shift_left::<16>();
    let (t_even, t_odd) = (t, t.shift_right64::<32>());
    let square_even = t_even.mul_even(t_even).shift_right64::<30>();
    let square_odd = t_odd.mul_even(t_odd).shift_right64::<30>();
    let mut even = L::splat(SIN_Q30[5] as i32);
    let mut odd = even;
    let mut power = 5;
    while power > 0 {
        power -= 1;
        let next = L::splat(SIN_Q30[power] as i32);
        even = even.mul_even_signed(square_even).shift_right64::<30>().add(next);
        odd = odd.mul_even_signed(square_odd).shift_right64::<30>().add(next);
    }
    let even = even.mul_even_signed(t_even).shift_right64::<30>();
    let odd = odd.mul_even_signed(t_odd).shift_right64::<30>();
    let size = woven(even, odd, even_lanes::<L>()).add(L::splat(1 << 13)).shift_right::<14>();
    let negative = angle.and(L::splat(0x8000)).greater(L::splat(0));
    L::select(negative, L::splat(0).sub(size), size)
}

/// (axis · factor + 2³¹) / 2³², floor.
#[inline(always)]
fn scaled<L: Lanes>(axis: L, factor: L) -> L {
    let low = even_lanes::<L>();
    let half = low.and(L::splat(i32::MIN));
    let even = axis.mul_even_signed(factor).add64(half).shift_right64::<32>();
    let odd = axis.shift_right64::<32>().mul_even_signed(factor.shift_right64::<32>()).add64(half);
    even.or(L::splat(-1).sub(low).and(odd))
}

/// `steer::shortened` in lanes.
#[inline(always)]
fn shortened<L: Lanes>(square: L) -> L {
    let x = square.mul(L::splat(33_287)).shift_right::<14>();
    let mut y = L::splat(41_842).sub(x.mul(L::splat(9_624)).shift_right::<15>());
    let mut round = 0;
    while round < 2 {
        let product = x.mul(y.mul(y).shift_right::<15>()).shift_right::<15>();
        y = y.mul(L::splat(98_304).sub(product).shift_right::<1>()).shift_right::<15>();
        round += 1;
    }
    y.sub(L::splat(2))
}

/// [`PerTick::way`] in lanes.
#[inline(always)]
fn ways<L: Lanes>(speed: L, per_tick: &PerTick) -> L {
    let biased = speed.add(L::splat(per_tick.bias));
    let reciprocal = L::splat(per_tick.reciprocal);
    let even = biased.mul_even(reciprocal).shift_right64::<RECIPROCAL_SHIFT>();
    let odd = biased.shift_right64::<32>().mul_even(reciprocal).shift_right64::<RECIPROCAL_SHIFT>();
    even.or(odd.shift_left64::<32>()).sub(L::splat(per_tick.bias_share))
}

/// What the lanes make of a block.
struct Moved<L: Lanes> {
    x: L,
    z: L,
    speed_x: L,
    speed_z: L,
    way_x: L,
    way_z: L,
    step_down: L,
    gentle: L,
    deep: L,
    sprints: L::Mask,
    plain: L::Mask,
}

impl Walk<'_> {
    /// Which rows of a block may be plain, and the narrow columns widened.
    #[inline(always)]
    fn widen<L: Lanes>(&self, at: usize) -> (u32, [Block; 5]) {
        let rows = &self.rows;
        let [mut yaw, mut right, mut forward, mut sprint, mut class] = [[0; MAX_WIDTH]; 5];
        let span = at..at + L::WIDTH;
        let mut differs = [0_i32; MAX_WIDTH];
        // Column by column: each of these loops is one or two instructions.
        for (to, from) in yaw.iter_mut().zip(&rows.input_yaw[span.clone()]) {
            *to = i32::from(*from);
        }
        for (to, from) in right.iter_mut().zip(&rows.input_right[span.clone()]) {
            *to = i32::from((*from).max(-127));
        }
        for (to, from) in forward.iter_mut().zip(&rows.input_forward[span.clone()]) {
            *to = i32::from((*from).max(-127));
        }
        for (to, from) in class.iter_mut().zip(&rows.class[span.clone()]) {
            *to = i32::from(*from);
        }
        for ((to, differs), from) in
            sprint.iter_mut().zip(&mut differs).zip(&rows.input_buttons[span.clone()])
        {
            *to = i32::from(*from & buttons::SPRINT);
            *differs = i32::from(*from & SPECIAL);
        }
        for (differs, from) in differs.iter_mut().zip(&rows.flags[span.clone()]) {
            *differs |= i32::from((*from & !flags::SPRINTING) ^ PLAIN);
        }
        for (differs, from) in differs.iter_mut().zip(&rows.motion[span.clone()]) {
            *differs |= i32::from(*from ^ motion::GROUND);
        }
        for (differs, from) in differs.iter_mut().zip(&rows.support[span.clone()]) {
            *differs |= i32::from(*from);
        }
        for (differs, from) in differs.iter_mut().zip(&rows.motion_ticks[span]) {
            *differs |= i32::from(*from);
        }
        let candidates = L::load(&differs).equal(L::splat(0)).bits();
        (candidates, [yaw, right, forward, sprint, class])
    }

    /// A plain step of a block, as far as lanes go: all but the ground.
    #[inline(always)]
    fn steer<L: Lanes>(
        &self,
        at: usize,
        tables: &Tables,
        [yaw, right, forward, sprint, class]: &[Block; 5],
    ) -> Moved<L> {
        let (yaw, class) = (L::load(yaw), L::load(class));
        let (right, forward) = (L::load(right), L::load(forward));
        let pick = |table: &[i32; 8]| L::table8(table).lookup8(class);
        let zero = L::splat(0);
        let (sine, cosine) = (sines(yaw), sines(yaw.add(L::splat(1 << 14)).and(L::splat(0xFFFF))));
        let (ahead_x, ahead_z) = (zero.sub(sine), zero.sub(cosine));
        let axis_x = ahead_x.mul(forward).sub(ahead_z.mul(right));
        let axis_z = ahead_x.mul(right).add(ahead_z.mul(forward));
        let sideways = right.abs().greater(forward).or(zero.equal(forward)).or(zero.greater(forward));
        let sprints = L::load(sprint).greater(zero).and(sideways.not());
        let mut factor = L::select(sprints, pick(&tables.sprint_factor), pick(&tables.walk_factor));
        let square = right.mul(right).add(forward.mul(forward));
        let long = square.greater(L::splat(FULL_SQUARED));
        if long.any() {
            let share = shortened(square);
            let even = factor.mul_even(share).shift_right64::<15>();
            let odd =
                factor.shift_right64::<32>().mul_even(share.shift_right64::<32>()).shift_right64::<15>();
            factor = L::select(long, woven(even, odd, even_lanes::<L>()), factor);
        }
        let (wish_x, wish_z) = (scaled(axis_x, factor), scaled(axis_z, factor));
        let limit = |speed: L| speed.min(L::splat(SPEED_BOUND)).max(L::splat(-SPEED_BOUND));
        let own_x = limit(L::load_at(self.rows.velocity_x, at));
        let own_z = limit(L::load_at(self.rows.velocity_z, at));
        let idle = square.equal(zero);
        let pull = L::select(idle, pick(&tables.friction_pull), pick(&tables.ground_pull));
        let change = wish_x.sub(own_x).abs().add(wish_z.sub(own_z).abs());
        let high = L::load_at(self.rows.position_y, at).abs().greater(L::splat(HEIGHT_MAX_M << 16));
        let (way_x, way_z) = (ways(wish_x, self.movement.per_tick()), ways(wish_z, self.movement.per_tick()));
        let edge = pick(&tables.edge);
        let inside = |place: L| place.min(edge).max(zero.sub(edge));
        let to_x = L::load_at(self.rows.position_x, at).add(way_x);
        let to_z = L::load_at(self.rows.position_z, at).add(way_z);
        let (x, z) = (inside(to_x), inside(to_z));
        Moved {
            x,
            z,
            speed_x: wish_x.keep(x.equal(to_x)),
            speed_z: wish_z.keep(z.equal(to_z)),
            way_x,
            way_z,
            step_down: pick(&tables.step_down),
            gentle: pick(&tables.gentle),
            deep: pick(&tables.deep),
            sprints,
            plain: change.greater(pull).not().and(high.not()),
        }
    }

    /// The rows among the candidates that no obstacle is near.
    #[cold]
    #[inline(never)]
    fn in_the_open(&self, at: usize, tables: &Tables, candidates: u32, ways: &[Block; 2]) -> u32 {
        let mut open = candidates;
        for lane in (0..MAX_WIDTH).filter(|lane| candidates & (1 << lane) != 0) {
            let row = at + lane;
            let (x, z) = (Metres(self.rows.position_x[row]), Metres(self.rows.position_z[row]));
            let farthest = ways[0][lane].abs().max(ways[1][lane].abs());
            let reach = tables.reach[usize::from(self.rows.class[row]) % 8] + farthest;
            if self.surroundings.obstacles.near(x, z, Metres(reach)) {
                open &= !(1 << lane);
            }
        }
        open
    }

    /// The ground under the candidates, and the bits of those that stay plain.
    #[inline(always)]
    fn ground<L: Lanes>(
        &self,
        at: usize,
        tables: &Tables,
        field: Option<&Field<'_>>,
        moved: &Moved<L>,
        candidates: u32,
    ) -> (L, u32) {
        let mut candidates = candidates;
        if !self.surroundings.obstacles.is_empty() {
            let mut ways = [[0; MAX_WIDTH]; 2];
            moved.way_x.store(&mut ways[0]);
            moved.way_z.store(&mut ways[1]);
            candidates = self.in_the_open(at, tables, candidates, &ways);
        }
        let (height, rise) = match field {
            Some(field) => {
                let ground = field.heights(moved.x, moved.z);
                (ground.height, ground.rise)
            }
            None => {
                let [mut places, mut ground] = [[[0; MAX_WIDTH]; 2]; 2];
                moved.x.store(&mut places[0]);
                moved.z.store(&mut places[1]);
                self.ground_by_cells(&places, candidates, &mut ground);
                (L::load(&ground[0]), L::load(&ground[1]))
            }
        };
        let drop = L::load_at(self.rows.position_y, at).sub(height);
        let leaves =
            drop.greater(moved.step_down).or(rise.greater(moved.gentle)).or(moved.deep.greater(height));
        (height, candidates & leaves.not().bits())
    }

    /// Heights and rises under the candidates, where not all of the terrain is in memory.
    #[inline(never)]
    fn ground_by_cells(&self, [x, z]: &[Block; 2], candidates: u32, [heights, rises]: &mut [Block; 2]) {
        for lane in (0..MAX_WIDTH).filter(|lane| candidates & (1 << lane) != 0) {
            let cell = self.surroundings.terrain.cell_at(Metres(x[lane]), Metres(z[lane]));
            heights[lane] = cell.height().0;
            rises[lane] = rise(&cell);
        }
    }

    /// Writes what became of the plain rows of a block.
    #[inline(always)]
    fn write<L: Lanes>(&mut self, at: usize, moved: &Moved<L>, plain: u32, height: L) {
        let flag = L::splat(i32::from(PLAIN)).or(L::splat(i32::from(flags::SPRINTING)).keep(moved.sprints));
        let rows = &mut self.rows;
        if plain == all::<L>() {
            let span = at..at + L::WIDTH;
            moved.x.store_at(rows.position_x, at);
            height.store_at(rows.position_y, at);
            moved.z.store_at(rows.position_z, at);
            moved.speed_x.store_at(rows.velocity_x, at);
            L::splat(0).store_at(rows.velocity_y, at);
            moved.speed_z.store_at(rows.velocity_z, at);
            let mut wide = [0; MAX_WIDTH];
            flag.store(&mut wide);
            for (to, from) in rows.flags[span.clone()].iter_mut().zip(&wide) {
                *to = *from as u16;
            }
            rows.yaw[span.clone()].copy_from_slice(&rows.input_yaw[span.clone()]);
            for (to, from) in rows.pitch[span.clone()].iter_mut().zip(&rows.input_pitch[span.clone()]) {
                *to = (*from).clamp(-CharacterInput::PITCH_MAX, CharacterInput::PITCH_MAX);
            }
            for left in &mut rows.timer[span.clone()] {
                *left = left.saturating_sub(1);
            }
            for left in &mut rows.dodge_ticks[span] {
                *left = left.saturating_sub(1);
            }
            return;
        }
        let mut columns = [[0; MAX_WIDTH]; 6];
        let lanes = [moved.x, moved.z, moved.speed_x, moved.speed_z, flag, height];
        for (column, lanes) in columns.iter_mut().zip(lanes) {
            lanes.store(column);
        }
        for lane in (0..L::WIDTH).filter(|lane| plain & (1 << lane) != 0) {
            let row = at + lane;
            rows.position_x[row] = columns[0][lane];
            rows.position_y[row] = columns[5][lane];
            rows.position_z[row] = columns[1][lane];
            rows.velocity_x[row] = columns[2][lane];
            rows.velocity_y[row] = 0;
            rows.velocity_z[row] = columns[3][lane];
            rows.flags[row] = columns[4][lane] as u16;
            rows.yaw[row] = rows.input_yaw[row];
            rows.pitch[row] =
                rows.input_pitch[row].clamp(-CharacterInput::PITCH_MAX, CharacterInput::PITCH_MAX);
            rows.timer[row] = rows.timer[row].saturating_sub(1);
            rows.dodge_ticks[row] = rows.dodge_ticks[row].saturating_sub(1);
        }
    }

    /// A row by the function that stands for all.
    #[inline(never)]
    fn step_row(&mut self, row: usize, movement: &MovementTicks) {
        let moved =
            move_character(self.rows.move_state(row), self.rows.input(row), self.surroundings, movement);
        self.rows.set_move_state(row, &moved);
    }

    /// What is due for a living row in this tick where not everybody is stepped in each.
    #[inline(always)]
    fn turn(&self, row: usize) -> Turn {
        match self.watch {
            None => Turn::Step,
            Some(watch) => watch.turn(&self.rows, row, self.first + row, self.surroundings.tick),
        }
    }

    /// Steps one row by the function, if it is alive and due.
    #[inline(always)]
    fn step_if_due(&mut self, row: usize) {
        if self.rows.flags[row] & flags::ALIVE == 0 {
            return;
        }
        match (self.turn(row), self.watch) {
            (Turn::Step, _) => self.step_row(row, self.movement),
            (Turn::StepFar, Some(watch)) => self.step_row(row, &watch.far),
            _ => {}
        }
    }
}

impl LaneTask for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let count = self.rows.rows();
        let tables = Tables::new(self.movement, self.surroundings);
        let field = self.surroundings.terrain.field();
        let mut at = 0;
        while at + L::WIDTH <= count {
            let (mut resting, mut usual) = (0, u32::MAX);
            if let Some(watch) = self.watch {
                (resting, usual) = watch.turns::<L>(&self.rows, at, self.first + at, self.surroundings.tick);
            }
            let mut plain = 0;
            if resting != all::<L>() {
                let (candidates, narrow) = self.widen::<L>(at);
                if candidates & usual != 0 {
                    let moved = self.steer::<L>(at, &tables, &narrow);
                    let candidates = candidates & usual & moved.plain.bits();
                    let height;
                    (height, plain) = self.ground(at, &tables, field.as_ref(), &moved, candidates);
                    self.write(at, &moved, plain, height);
                }
            }
            let done = plain | resting;
            if done & all::<L>() != all::<L>() {
                for lane in (0..L::WIDTH).filter(|lane| done & (1 << lane) == 0) {
                    self.step_if_due(at + lane);
                }
            }
            at += L::WIDTH;
        }
        for row in at..count {
            self.step_if_due(row);
        }
    }
}
