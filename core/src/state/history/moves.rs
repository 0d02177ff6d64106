//! How far anybody went on the plane in a tick, in lanes.

use super::super::characters::flags;
use super::super::column::Rows;
use super::REWIND_MOVE_MAX;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};

/// Ways are measured in `1 << SHORT_SHIFT` raw units (a millimetre), rounded up, so that squares of all that count fit 32 bits ...
pub(super) const SHORT_SHIFT: u32 = 6;
/// ... and longer ones count as this along either axis.
const SHORT_MAX: i32 = 1 << 14;
const ROUND_UP: i32 = (1 << SHORT_SHIFT) - 1;
const _: () =
    assert!(SHORT_MAX << SHORT_SHIFT > REWIND_MOVE_MAX.0 && 2 * (SHORT_MAX as i64).pow(2) < 1 << 31);

/// The columns that tell whether a body moved, and how far.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) x: &'a [i32],
    pub(super) z: &'a [i32],
    pub(super) generation: &'a [u32],
    pub(super) flags: &'a [u16],
}

impl Rows for Places<'_> {
    fn rows(&self) -> usize {
        self.x.len()
    }

    fn split_rows(self, row: usize) -> (Self, Self) {
        let (x, z) = (self.x.split_at(row), self.z.split_at(row));
        let (generation, flags) = (self.generation.split_at(row), self.flags.split_at(row));
        (
            Self { x: x.0, z: z.0, generation: generation.0, flags: flags.0 },
            Self { x: x.1, z: z.1, generation: generation.1, flags: flags.1 },
        )
    }
}

/// The farthest way of anybody, squared, in short units.
pub(super) struct FarthestMove<'a> {
    pub(super) then: Places<'a>,
    pub(super) now: Places<'a>,
}

/// How far rows went along an axis, in short units. (No closure in the loop: what a closure of its own calls is not compiled for
/// the lanes' instructions, each of them becomes a call.)
#[inline(always)]
fn moved<L: Lanes>(then: &[i32], now: &[i32], row: usize) -> L {
    let way = L::load_at(now, row).sub(L::load_at(then, row)).abs().add(L::splat(ROUND_UP));
    way.shift_right_logical::<SHORT_SHIFT>().min(L::splat(SHORT_MAX))
}

impl LaneTask for FarthestMove<'_> {
    type Output = i32;

    #[inline(always)]
    fn run<L: Lanes>(self) -> i32 {
        let Self { then, now } = self;
        let rows = now.x.len();
        let (zero, alive) = (L::splat(0), L::splat(i32::from(flags::ALIVE)));
        let mut farthest = zero;
        let mut row = 0;
        while row + L::WIDTH <= rows {
            let x = moved::<L>(then.x, now.x, row);
            let z = moved::<L>(then.z, now.z, row);
            let way = x.mul(x).add(z.mul(z));
            let generation = L::load_at(bytemuck::cast_slice(then.generation), row);
            let same = generation.equal(L::load_at(bytemuck::cast_slice(now.generation), row));
            let flags: [L; 2] = [L::widen_at(then.flags, row), L::widen_at(now.flags, row)];
            let dead = flags[0].and(flags[1]).and(alive).equal(zero);
            farthest = farthest.max(way.keep(same.and(dead.not())));
            row += L::WIDTH;
        }
        let mut block = [0; MAX_WIDTH];
        farthest.store(&mut block);
        let mut farthest = block[..L::WIDTH].iter().copied().max().unwrap_or(0);
        while row < rows {
            let both = then.flags[row] & now.flags[row] & flags::ALIVE != 0;
            if both && then.generation[row] == now.generation[row] {
                let moved = |then: i32, now: i32| {
                    let way = now.wrapping_sub(then).wrapping_abs().wrapping_add(ROUND_UP);
                    ((way.cast_unsigned() >> SHORT_SHIFT) as i32).min(SHORT_MAX)
                };
                let (x, z) = (moved(then.x[row], now.x[row]), moved(then.z[row], now.z[row]));
                farthest = farthest.max(x * x + z * z);
            }
            row += 1;
        }
        farthest
    }
}
