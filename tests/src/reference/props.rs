//! Props: all pairs of all of them, in the open. Walkers, falling, collisions in one go, room in passes, sleep.

use super::{Prop, Reference};
use shieldwall_core::numeric::fixed::{clamp_length2d, isqrt_u64};
use shieldwall_core::rules::PropRules;
use shieldwall_core::{
    Brads, Event, Metres, Position, PropId, SpawnRefusal, Velocity, flags, limits, prop_flags,
};

const SPEED_MAX: i64 = (limits::SPEED_MAX_M_PER_S as i64) << 16;
/// 1/1024 m and 1/32 m.
const SLACK: i64 = 64;
const NEAR: i64 = 2_048;

/// How one prop touches another: the way to it, how deep beside and above, and whether it is the upper.
struct Touch {
    way: [i64; 2],
    distance: i64,
    beside: i64,
    over: i64,
    above: bool,
}

impl Touch {
    fn stacked(&self) -> bool {
        self.over <= self.beside
    }
}

fn root(square: i64) -> i64 {
    isqrt_u64(square.cast_unsigned()).cast_signed()
}

fn limited(speed: i64) -> i32 {
    speed.clamp(-SPEED_MAX, SPEED_MAX) as i32
}

impl Prop {
    pub(super) fn used(&self) -> bool {
        self.flags & prop_flags::IN_USE != 0
    }

    fn awake(&self) -> bool {
        self.flags & prop_flags::AWAKE != 0
    }

    fn wake(&mut self) {
        self.flags |= prop_flags::AWAKE;
        self.rest_ticks = 0;
    }

    pub(super) fn at(&self) -> [i64; 3] {
        [self.position_x.into(), self.position_y.into(), self.position_z.into()]
    }

    pub(super) fn speed(&self) -> [i64; 3] {
        [self.velocity_x.into(), self.velocity_y.into(), self.velocity_z.into()]
    }

    fn set_at(&mut self, at: [i64; 3]) {
        [self.position_x, self.position_y, self.position_z] = at.map(|part| part as i32);
    }

    fn set_speed(&mut self, speed: [i64; 3]) {
        [self.velocity_x, self.velocity_y, self.velocity_z] = speed.map(limited);
    }

    pub(super) fn position(&self) -> Position {
        Position::from_raw(self.position_x, self.position_y, self.position_z)
    }
}

impl Reference {
    pub(super) fn prop_rules(&self, row: usize) -> PropRules {
        self.config.rules.prop[usize::from(self.props[row].kind)]
    }

    pub(super) fn prop_id(&self, row: usize) -> PropId {
        PropId { slot: row as u32, generation: self.props[row].generation }
    }

    fn awake_rows(&self) -> Vec<usize> {
        (0..self.props.len()).filter(|row| self.props[*row].awake()).collect()
    }

    /// What falling adds to a speed in a tick.
    fn prop_fall(&self) -> i64 {
        i64::from(self.config.rules.prop_motion.gravity_per_s.0).div_euclid(self.config.tick_hz.into())
    }

    fn prop_soft(&self) -> i64 {
        (2 * self.prop_fall()).max(1 << 15)
    }

    /// The row of a current id.
    pub(super) fn prop_row(&self, id: PropId) -> Option<usize> {
        let prop = self.props.get(id.slot as usize)?;
        (prop.used() && prop.generation == id.generation).then_some(id.slot as usize)
    }

    /// The command that makes one.
    pub(super) fn spawn_prop(&mut self, tag: u32, kind: u8, at: Position, yaw: Brads) -> bool {
        let refusal = if usize::from(kind) >= self.config.rules.prop.len() {
            Some(SpawnRefusal::UnknownProp)
        } else {
            None
        };
        let made = if refusal.is_none() { self.make_prop(kind, at, yaw, [0; 3]) } else { None };
        match made {
            Some(row) => self.events.push(Event::PropSpawned { tag, id: self.prop_id(row) }),
            None => {
                let reason = refusal.unwrap_or(SpawnRefusal::PropsFull);
                self.events.push(Event::SpawnRefused { tag, reason });
            }
        }
        made.is_some()
    }

    /// The command that takes one out.
    pub(super) fn remove_prop(&mut self, id: PropId) -> bool {
        let Some(row) = self.prop_row(id) else { return false };
        self.take_out(row);
        self.events.push(Event::PropGone { id });
        true
    }

    /// The command that pushes one.
    pub(super) fn push_prop(&mut self, id: PropId, by: Velocity) -> bool {
        let Some(row) = self.prop_row(id) else { return false };
        self.throw_prop(row, [by.x.0.into(), by.y.0.into(), by.z.0.into()]);
        true
    }

    pub(super) fn throw_prop(&mut self, row: usize, by: [i64; 3]) {
        let own = self.props[row].speed();
        self.props[row].set_speed([0, 1, 2].map(|axis| own[axis] + by[axis]));
        self.props[row].wake();
    }

    pub(super) fn make_prop(&mut self, kind: u8, at: Position, yaw: Brads, speed: [i64; 3]) -> Option<usize> {
        let now = self.tick.0;
        if self.props.iter().all(Prop::used) {
            let fleeting = |row: &usize| {
                self.props[*row].flags & prop_flags::FLEETING != 0 && self.props[*row].health > 0
            };
            let left = |row: &usize| self.props[*row].end_tick.wrapping_sub(now).cast_signed();
            let oldest = (0..self.props.len()).filter(fleeting).min_by_key(left)?;
            self.take_out(oldest);
            self.events.push(Event::PropGone { id: self.prop_id(oldest) });
        }
        let row = self.props.iter().position(|prop| !prop.used())?;
        let rules = self.config.rules.prop[usize::from(kind)];
        let edge = self.config.half_extent.0 - rules.radius.0;
        let top = limits::HEIGHT_MAX_M << 16;
        let (x, z) = (at.x.0.clamp(-edge, edge), at.z.0.clamp(-edge, edge));
        let y = at.y.0.clamp(-top, top).max(self.ground_at(x, z));
        let generation = match self.props[row].generation.wrapping_add(1) {
            0 => 1,
            next => next,
        };
        let ticks = (u64::from(rules.lifetime_ms) * u64::from(self.config.tick_hz)).div_ceil(1_000) as u32;
        let mut prop = Prop { generation, kind, yaw: yaw.0, health: rules.health, ..Prop::default() };
        (prop.position_x, prop.position_y, prop.position_z) = (x, y, z);
        prop.set_speed(speed);
        prop.flags = prop_flags::IN_USE | prop_flags::AWAKE;
        if rules.lifetime_ms > 0 {
            prop.flags |= prop_flags::FLEETING;
            prop.end_tick = now.wrapping_add(ticks);
        }
        self.props[row] = prop;
        Some(row)
    }

    /// Takes a prop out; those that stand on it wake.
    pub(super) fn take_out(&mut self, row: usize) {
        let (own, at) = (self.prop_rules(row), self.props[row].at());
        let top = at[1] + i64::from(own.height.0);
        for other in 0..self.props.len() {
            let prop = &self.props[other];
            if other == row || !prop.used() || prop.awake() {
                continue;
            }
            let reach = i64::from(own.radius.0) + i64::from(self.prop_rules(other).radius.0);
            let (x, z) = (prop.at()[0] - at[0], prop.at()[2] - at[2]);
            if (prop.at()[1] - top).abs() <= NEAR && x * x + z * z < reach * reach {
                self.props[other].wake();
            }
        }
        self.props[row] = Prop { generation: self.props[row].generation, ..Prop::default() };
    }

    /// The ground changed in a square.
    pub(super) fn follow_ground_props(&mut self, x: i32, z: i32, reach: u32) {
        for row in 0..self.props.len() {
            let prop = &self.props[row];
            if prop.used() && prop.position_x.abs_diff(x).max(prop.position_z.abs_diff(z)) <= reach {
                let ground = self.ground_at(prop.position_x, prop.position_z);
                let prop = &mut self.props[row];
                prop.position_y = prop.position_y.max(ground);
                prop.wake();
            }
        }
    }

    /// One tick of all props.
    pub(super) fn move_props(&mut self) {
        for row in 0..self.props.len() {
            let prop = &self.props[row];
            if prop.flags & prop_flags::FLEETING != 0 && self.is_due(prop.end_tick) {
                let id = self.prop_id(row);
                self.take_out(row);
                self.events.push(Event::PropGone { id });
            }
        }
        self.keep_walkers_out();
        let mut movers = self.awake_rows();
        self.report.tally.props_awake = movers.len() as u32;
        let before: Vec<[i64; 3]> = self.props.iter().map(Prop::at).collect();
        for row in &movers {
            self.fall_prop(*row);
        }
        let woken: Vec<usize> = (0..self.props.len())
            .filter(|row| self.props[*row].used() && !self.props[*row].awake())
            .filter(|row| movers.iter().any(|mover| self.wakes(*mover, *row)))
            .collect();
        for row in woken {
            self.props[row].wake();
            movers.push(row);
        }
        self.collide_props(&movers);
        self.part_props(&movers);
        for row in movers {
            self.rest_prop(row, before[row]);
        }
    }

    fn keep_walkers_out(&mut self) {
        let hz = i32::from(self.config.tick_hz);
        let mut pushes = vec![None; self.props.len()];
        for row in 0..self.characters.len() {
            let walker = &self.characters[row];
            if !walker.is_alive() {
                continue;
            }
            let class = self.config.rules.movement[usize::from(walker.class)];
            let height = if walker.has(flags::CROUCHED) { class.crouch_height } else { class.height };
            let mut sum = [0, 0];
            for (number, prop) in self.props.iter().enumerate().filter(|(_, prop)| prop.used()) {
                let rules = self.prop_rules(number);
                let reach = i64::from(class.radius.0) + i64::from(rules.radius.0);
                let x = i64::from(walker.position_x) - i64::from(prop.position_x);
                let z = i64::from(walker.position_z) - i64::from(prop.position_z);
                let over = i64::from(walker.position_y) - i64::from(prop.position_y);
                let level = over < i64::from(rules.height.0) && -over < i64::from(height.0);
                if rules.blocks == 0 || !level || x * x + z * z >= reach * reach {
                    continue;
                }
                let distance = root(x * x + z * z);
                let way = if distance == 0 { [1, 0] } else { [x, z] };
                let deep = reach - distance;
                let own = match rules.pushed {
                    0 => deep,
                    _ => {
                        let weight = i64::from(rules.weight_kg);
                        deep * weight / (weight + i64::from(class.weight_kg))
                    }
                };
                sum = [0, 1].map(|axis| sum[axis] + own * way[axis] / distance.max(1));
                if rules.pushed != 0 {
                    let push = pushes[number].get_or_insert([0, 0]);
                    *push = [0, 1].map(|axis| push[axis] - (deep - own) * way[axis] / distance.max(1));
                }
            }
            if sum != [0, 0] {
                let (x, z) = (i64::from(walker.velocity_x), i64::from(walker.velocity_z));
                let most = (root(x * x + z * z) as i32 + (4 << 16)).div_euclid(hz);
                let (x, z) = clamp_length2d(sum[0] as i32, sum[1] as i32, most);
                let edge = self.edge(walker.class);
                let (x, z) =
                    ((walker.position_x + x).clamp(-edge, edge), (walker.position_z + z).clamp(-edge, edge));
                let ground = self.ground_at(x, z);
                let walker = &mut self.characters[row];
                let stands = walker.has(flags::GROUNDED) && walker.support == 0;
                walker.position_y = if stands { ground } else { walker.position_y.max(ground) };
                (walker.position_x, walker.position_z) = (x, z);
            }
        }
        for (row, push) in pushes.iter().enumerate() {
            let Some([x, z]) = *push else { continue };
            let (x, z) = clamp_length2d(x as i32, z as i32, 1 << 16);
            let (x, z) = (i64::from(x), i64::from(z));
            let length = root(x * x + z * z);
            self.props[row].wake();
            if length > 0 {
                let speed = self.props[row].speed();
                let has = (speed[0] * x + speed[2] * z) / length;
                let wanted = (length * i64::from(hz)).min(self.config.rules.prop_motion.kick_max.0.into());
                let more = (wanted - has).max(0);
                self.props[row].set_speed([
                    speed[0] + more * x / length,
                    speed[1],
                    speed[2] + more * z / length,
                ]);
            }
        }
    }

    /// A prop falls, within the bounds and on the ground.
    fn fall_prop(&mut self, row: usize) {
        let (rules, hz) = (self.prop_rules(row), i64::from(self.config.tick_hz));
        let mut speed = self.props[row].speed();
        speed[1] = limited(speed[1] - self.prop_fall()).into();
        let at = self.props[row].at();
        let to = [0, 1, 2].map(|axis| at[axis] + speed[axis].div_euclid(hz));
        let (mut at, mut speed) = self.hold_prop(to, speed, &rules);
        let (x, z) = (at[0] as i32, at[2] as i32);
        let ground = i64::from(self.ground_at(x, z));
        if at[1] <= ground {
            at[1] = ground;
            let (slope_x, slope_z) = self.ground.terrain().slope_at(Metres(x), Metres(z));
            let up = [-i64::from(slope_x.0), 1 << 16, -i64::from(slope_z.0)];
            let length = root(up[0] * up[0] + up[1] * up[1] + up[2] * up[2]);
            let up = up.map(|part| (part << 30) / length);
            speed = self.meet_surface(speed, up, &rules);
        }
        self.props[row].set_at(at);
        self.props[row].set_speed(speed);
    }

    fn hold_prop(&self, to: [i64; 3], speed: [i64; 3], rules: &PropRules) -> ([i64; 3], [i64; 3]) {
        let edge = i64::from(self.config.half_extent.0) - i64::from(rules.radius.0);
        let edges = [edge, i64::from(limits::HEIGHT_MAX_M) << 16, edge];
        let at = [0, 1, 2].map(|axis| to[axis].clamp(-edges[axis], edges[axis]));
        let speed = [0, 1, 2].map(|axis| {
            let outward = (to[axis] - at[axis]).signum() * speed[axis] > 0;
            if outward { -(speed[axis] * i64::from(rules.bounce_per_256)) / 256 } else { speed[axis] }
        });
        (at, speed)
    }

    fn meet_surface(&self, speed: [i64; 3], out: [i64; 3], rules: &PropRules) -> [i64; 3] {
        let into = (speed[0] * out[0] + speed[1] * out[1] + speed[2] * out[2]).div_euclid(1 << 30);
        if into >= 0 {
            return speed;
        }
        let fast = -into > self.prop_soft();
        let back = if fast { -into * i64::from(rules.bounce_per_256) / 256 } else { 0 };
        let along = [0, 1, 2].map(|axis| speed[axis] - (into * out[axis]).div_euclid(1 << 30));
        let length = root(along.iter().map(|part| part * part).sum());
        let held = (back - into) * i64::from(rules.friction_per_256) / 256;
        [0, 1, 2].map(|axis| {
            let left = if length == 0 { 0 } else { along[axis] * (length - held).max(0) / length };
            left + (back * out[axis]).div_euclid(1 << 30)
        })
    }

    /// How two props touch, or would with a gap of `apart` between top and foot.
    fn touch(&self, row: usize, other: usize, apart: i64) -> Option<Touch> {
        let (one, two) = (&self.props[row], &self.props[other]);
        let (own, its) = (self.prop_rules(row), self.prop_rules(other));
        let (a, b) = (one.at(), two.at());
        let way = [a[0] - b[0], a[2] - b[2]];
        let reach = i64::from(own.radius.0) + i64::from(its.radius.0);
        let squared = i128::from(way[0]).pow(2) + i128::from(way[1]).pow(2);
        let (top_a, top_b) = (a[1] + i64::from(own.height.0), b[1] + i64::from(its.height.0));
        let over = top_a.min(top_b) - a[1].max(b[1]);
        if squared >= i128::from(reach).pow(2) || over + apart <= 0 {
            return None;
        }
        let distance = root(squared as i64);
        let aside = if row > other { 1 } else { -1 };
        Some(Touch {
            way: if distance == 0 { [aside, 0] } else { way },
            distance: distance.max(1),
            beside: reach - distance,
            over,
            above: (a[1] + top_a, row) > (b[1] + top_b, other),
        })
    }

    /// Whether an awake prop wakes one that sleeps.
    fn wakes(&self, mover: usize, sleeper: usize) -> bool {
        let Some(touch) = self.touch(mover, sleeper, NEAR) else { return false };
        let motion = &self.config.rules.prop_motion;
        let (rest, wake, fall) =
            (i64::from(motion.rest_speed.0), i64::from(motion.wake_speed.0), self.prop_fall());
        let [x, y, z] = self.props[mover].speed().map(i64::abs);
        let top = self.props[mover].at()[1] + i64::from(self.prop_rules(mover).height.0);
        let on_it = !touch.above && self.props[sleeper].at()[1] >= top - NEAR;
        x > wake
            || z > wake
            || y > wake + fall
            || (touch.over > NEAR && touch.beside > NEAR)
            || (on_it && (x > rest || z > rest || y > rest + fall))
    }

    fn touched(&self, row: usize) -> Vec<(usize, Touch)> {
        let others = (0..self.props.len()).filter(|other| *other != row && self.props[*other].used());
        others.filter_map(|other| self.touch(row, other, 0).map(|touch| (other, touch))).collect()
    }

    fn collide_props(&mut self, movers: &[usize]) {
        let mut changes = Vec::new();
        for row in movers {
            let own = self.touched(*row);
            let (mut sum, mut stopped) = ([0; 3], 0);
            for (other, touch) in &own {
                let its = if self.props[*other].awake() { self.touched(*other).len() } else { 0 };
                let busier = own.len().max(its) as i64;
                let (change, up) = self.struck_by(*row, *other, touch);
                sum = [0, 1, 2].map(|axis| sum[axis] + change[axis] / busier);
                stopped = stopped.max(up);
            }
            if stopped > 0 {
                sum[1] = sum[1].max(stopped);
            }
            changes.push((*row, sum));
        }
        for (row, change) in changes {
            let own = self.props[row].speed();
            self.props[row].set_speed([0, 1, 2].map(|axis| own[axis] + change[axis]));
        }
    }

    /// A prop's share of a push between two: all of it beside one that sleeps.
    fn weight_share(&self, row: usize, other: usize) -> (i64, i64) {
        let (own, its) =
            (i64::from(self.prop_rules(row).weight_kg), i64::from(self.prop_rules(other).weight_kg));
        if self.props[other].awake() { (its, own + its) } else { (1, 1) }
    }

    /// What a pair does to the speed of one, and by how much what lies firm under it stops it.
    fn struck_by(&self, row: usize, other: usize, touch: &Touch) -> ([i64; 3], i64) {
        let (own, its) = (self.props[row].speed(), self.props[other].speed());
        let bounce = self.prop_rules(row).bounce_per_256.min(self.prop_rules(other).bounce_per_256);
        let pressed = |speed: i64| {
            let bounce = if speed > self.prop_soft() { i64::from(bounce) } else { 0 };
            speed * (256 + bounce) / 256
        };
        let (part, whole) = self.weight_share(row, other);
        let apart = [0, 1, 2].map(|axis| own[axis] - its[axis]);
        if !touch.stacked() {
            let [x, z] = touch.way;
            let leaving = (apart[0] * x + apart[2] * z) / touch.distance;
            let push = pressed((-leaving).max(0)) * part / whole;
            return ([push * x / touch.distance, 0, push * z / touch.distance], 0);
        }
        let (upper, lower) = if touch.above { (row, other) } else { (other, row) };
        let below = self.props[lower].speed()[1];
        let rises = self.props[lower].awake() && below > 0;
        let below = match (self.props[lower].awake(), rises) {
            (false, _) => 0,
            (true, true) => below,
            (true, false) => (below + self.prop_fall()).min(0),
        };
        let leaving = self.props[upper].speed()[1] - below;
        if leaving >= 0 {
            return ([0; 3], 0);
        }
        let pressure = pressed(-leaving);
        let shared = pressure * part / whole;
        let up = if !rises {
            0
        } else if touch.above {
            shared
        } else {
            -shared
        };
        let along = root(apart[0] * apart[0] + apart[2] * apart[2]);
        let most = pressure * i64::from(self.prop_rules(upper).friction_per_256) / 256;
        let held = along.min(most);
        let rubbed = |speed: i64| if along == 0 { 0 } else { -(speed * held / along) * part / whole };
        let stopped = if touch.above && !rises { pressure } else { 0 };
        ([rubbed(apart[0]), up, rubbed(apart[2])], stopped)
    }

    /// Passes, then each is where they led, within bounds and on the ground.
    fn part_props(&mut self, movers: &[usize]) {
        if movers.iter().all(|row| self.touched(*row).is_empty()) {
            return;
        }
        let motion = self.config.rules.prop_motion;
        let most = i64::from(motion.push_max.0);
        let before: Vec<[i64; 3]> = self.props.iter().map(Prop::at).collect();
        for _ in 0..motion.passes {
            let mut ways = Vec::new();
            for row in movers {
                let (mut flat, mut up) = ([0, 0], 0);
                for (other, touch) in self.touched(*row) {
                    if touch.stacked() {
                        up = if touch.above { up.max(touch.over - SLACK) } else { up };
                        continue;
                    }
                    let (part, whole) = self.weight_share(*row, other);
                    let push = (touch.beside - SLACK).max(0) * part / whole;
                    flat = [0, 1].map(|axis| flat[axis] + push * touch.way[axis] / touch.distance);
                }
                let (x, z) = clamp_length2d(limited(flat[0] / 2), limited(flat[1] / 2), motion.push_max.0);
                ways.push((*row, [i64::from(x), up.min(most), i64::from(z)]));
            }
            for (row, way) in ways {
                let at = self.props[row].at();
                self.props[row].set_at([0, 1, 2].map(|axis| at[axis] + way[axis]));
            }
        }
        for row in movers {
            let at = self.props[*row].at();
            if at != before[*row] {
                let (mut at, _) = self.hold_prop(at, [0; 3], &self.prop_rules(*row));
                at[1] = at[1].max(self.ground_at(at[0] as i32, at[2] as i32).into());
                self.props[*row].set_at(at);
            }
        }
    }

    fn rest_prop(&mut self, row: usize, before: [i64; 3]) {
        let motion = self.config.rules.prop_motion;
        let enough = self.ticks(motion.rest_ms).max(1);
        let near = i64::from(motion.rest_speed.0).div_euclid(self.config.tick_hz.into()) + 1;
        let prop = &mut self.props[row];
        let at = prop.at();
        let rests = (0..3).all(|axis| (at[axis] - before[axis]).abs() <= near);
        prop.rest_ticks = if rests { prop.rest_ticks.saturating_add(1) } else { 0 };
        if u32::from(prop.rest_ticks) >= enough {
            prop.rest_ticks = 0;
            prop.flags &= !prop_flags::AWAKE;
            prop.set_speed([0; 3]);
        }
    }
}
