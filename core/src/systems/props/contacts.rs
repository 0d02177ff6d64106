//! Props and each other: who wakes whom, what a collision does to their speeds, and how they make room.
//!
//! Two upright cylinders that overlap touch with their sides, or one stands on the other: whichever they are less deep in.
//!
//! **Speeds** change once a tick. Each pair alone would end as its two weights and the lesser bounce want it; what a prop gets of
//! all its pairs is divided by how many the busier of the two has. Energy is convex: what is shared out so is at most what there
//! was, however many touch at once. **Places** are relaxed in passes as in the crowd (Jacobi): everybody's way out of its
//! neighbours by their places before the pass. Sums are of integers, so that no order counts.
//!
//! What sleeps gives way to nobody, but it wakes first where somebody comes fast, or leaves from under it.

use super::body::{limited, soft_speed};
use crate::numeric::fixed::{clamp_length2d, isqrt_u64};
use crate::rules::PropRules;
use crate::systems::Environment;

/// Raw units that two may overlap: 1/1024 m. What stands on something touches it.
const SLACK: i64 = 64;

/// Raw units that bodies are apart, or deep in each other, that count when one moves: 1/32 m.
pub(super) const NEAR: i64 = 1 << 11;

/// A prop as contacts see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solid<'a> {
    pub row: u32,
    /// Raw foot.
    pub at: [i64; 3],
    /// Raw velocity.
    pub speed: [i64; 3],
    pub sleeps: bool,
    pub rules: &'a PropRules,
}

/// Two that overlap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch {
    /// From the other to this one on the ground plane, raw; its length is `distance`, never 0.
    way: [i64; 2],
    distance: i64,
    /// How deep beside and above each other.
    beside: i64,
    over: i64,
    /// This one is the upper.
    above: bool,
}

impl Touch {
    /// How two overlap, or come near to it one above the other by `apart`.
    pub(super) fn of(one: &Solid<'_>, other: &Solid<'_>, apart: i64) -> Option<Self> {
        let way = [one.at[0] - other.at[0], one.at[2] - other.at[2]];
        let reach = i64::from(one.rules.radius.0) + i64::from(other.rules.radius.0);
        if way[0].abs() >= reach || way[1].abs() >= reach {
            return None;
        }
        let squared = way[0] * way[0] + way[1] * way[1];
        let (low, high) = (one.at[1].max(other.at[1]), one.top().min(other.top()));
        if squared >= reach * reach || high - low + apart <= 0 {
            return None;
        }
        let distance = isqrt_u64(squared.cast_unsigned()).cast_signed();
        let middle = |of: &Solid<'_>| (of.at[1] + of.top(), of.row);
        let aside = if one.row > other.row { 1 } else { -1 };
        Some(Self {
            way: if distance == 0 { [aside, 0] } else { way },
            distance: distance.max(1),
            beside: reach - distance,
            over: high - low,
            above: middle(one) > middle(other),
        })
    }

    /// Whether one stands on the other.
    fn is_stacked(&self) -> bool {
        self.over <= self.beside
    }
}

impl Solid<'_> {
    fn top(&self) -> i64 {
        self.at[1] + i64::from(self.rules.height.0)
    }

    /// Its share of what it and another do to each other: a part and the whole.
    fn share(&self, other: &Solid<'_>) -> (i64, i64) {
        let (own, its) = (i64::from(self.rules.weight_kg), i64::from(other.rules.weight_kg));
        if other.sleeps { (1, 1) } else { (its, own + its) }
    }

    /// Whether it wakes another, which sleeps: it comes fast or deep, or moves under it.
    pub(super) fn wakes(&self, other: &Solid<'_>, touch: &Touch, environment: &Environment) -> bool {
        let motion = &environment.rules.prop_motion;
        let fall = i64::from(motion.gravity_per_s.change_per_tick(environment.tick_hz).0);
        let (rest, wake) = (i64::from(motion.rest_speed.0), i64::from(motion.wake_speed.0));
        let [x, y, z] = self.speed.map(i64::abs);
        let carries = !touch.above && other.at[1] >= self.top() - NEAR;
        x.max(z) > wake
            || y > wake + fall
            || touch.over.min(touch.beside) > NEAR
            || (carries && (x.max(z) > rest || y > rest + fall))
    }

    /// What a pair does to the speed of this one, by both speeds before.
    fn struck_by(&self, other: &Solid<'_>, touch: &Touch, environment: &Environment) -> Blow {
        let bounce = i64::from(self.rules.bounce_per_256.min(other.rules.bounce_per_256));
        let soft = soft_speed(&environment.rules, environment.tick_hz);
        let pressed = |against: i64| against * (256 + if against > soft { bounce } else { 0 }) / 256;
        let (part, whole) = self.share(other);
        let mut blow = Blow::default();
        if !touch.is_stacked() {
            let [x, z] = touch.way;
            let apart = ((self.speed[0] - other.speed[0]) * x + (self.speed[2] - other.speed[2]) * z)
                / touch.distance;
            if apart < 0 {
                let own = pressed(-apart) * part / whole;
                blow.speed = [own * x / touch.distance, 0, own * z / touch.distance];
            }
            return blow;
        }
        let (upper, lower) = if touch.above { (self, other) } else { (other, self) };
        // What is under it lies on something, unless it rises: then it has what speed it had before it fell for this tick.
        let fall = environment.rules.prop_motion.gravity_per_s.change_per_tick(environment.tick_hz);
        let rises = !lower.sleeps && lower.speed[1] > 0;
        let carried = if rises { lower.speed[1] } else { (lower.speed[1] + i64::from(fall.0)).min(0) };
        let apart = upper.speed[1] - if lower.sleeps { 0 } else { carried };
        if apart >= 0 {
            return blow;
        }
        let pressure = pressed(-apart);
        match (touch.above, rises) {
            (true, false) => blow.up = pressure,
            (true, true) => blow.speed[1] = pressure * part / whole,
            (false, true) => blow.speed[1] = -(pressure * part / whole),
            (false, false) => {}
        }
        let (x, z) = (self.speed[0] - other.speed[0], self.speed[2] - other.speed[2]);
        let along = isqrt_u64((x * x + z * z).cast_unsigned()).cast_signed();
        let held = along.min(pressure * i64::from(upper.rules.friction_per_256) / 256);
        let held = |speed: i64| if along == 0 { 0 } else { -(speed * held / along) * part / whole };
        (blow.speed[0], blow.speed[2]) = (held(x), held(z));
        blow
    }

    /// How far a pair moves this one in a pass: on the ground plane, and up.
    fn pressed_by(&self, other: &Solid<'_>, touch: &Touch) -> ([i64; 2], i64) {
        if touch.is_stacked() {
            return ([0; 2], if touch.above { (touch.over - SLACK).max(0) } else { 0 });
        }
        let (part, whole) = self.share(other);
        let own = (touch.beside - SLACK).max(0) * part / whole;
        (touch.way.map(|way| own * way / touch.distance), 0)
    }
}

/// What collisions do to the speed of one: what is shared out, and how fast it is stopped on what lies firm under it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Blow {
    speed: [i64; 3],
    up: i64,
}

impl Blow {
    /// Adds a pair; `busier` is how many the busier of the two touches.
    pub(super) fn add(
        &mut self,
        (one, other): (&Solid<'_>, &Solid<'_>),
        touch: &Touch,
        busier: i64,
        environment: &Environment,
    ) {
        let blow = one.struck_by(other, touch, environment);
        self.speed = [0, 1, 2].map(|axis| self.speed[axis] + blow.speed[axis] / busier);
        self.up = self.up.max(blow.up);
    }

    /// The change of its speed. Of several that stop it the firmest counts.
    pub(super) fn change(&self) -> [i64; 3] {
        let up = if self.up > 0 { self.up.max(self.speed[1]) } else { self.speed[1] };
        [self.speed[0], up, self.speed[2]]
    }
}

/// What one gives way in a pass, of all its neighbours: half of what they press, and as far up as the highest wants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pressed {
    flat: [i64; 2],
    up: i64,
}

impl Pressed {
    pub(super) fn add(&mut self, one: &Solid<'_>, other: &Solid<'_>, touch: &Touch) {
        let (flat, up) = one.pressed_by(other, touch);
        self.flat = [self.flat[0] + flat[0], self.flat[1] + flat[1]];
        self.up = self.up.max(up);
    }

    /// East, up and south, raw.
    pub(super) fn way(&self, environment: &Environment) -> [i64; 3] {
        let most = environment.rules.prop_motion.push_max.0;
        let (x, z) = clamp_length2d(limited(self.flat[0] / 2), limited(self.flat[1] / 2), most);
        [x.into(), self.up.min(most.into()), z.into()]
    }
}
