//! Props and weapons: what strikes them, what they break into.

use super::arrows::meets_capsule;
use super::{Prop, Reference};
use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::{between, random_u32x4};
use shieldwall_core::rules::{ArmRules, PropRules, side};
use shieldwall_core::{Arm, Brads, CharacterId, Event, Position, limits};

impl Reference {
    /// A weapon reaches a prop.
    pub(super) fn strike_prop(
        &mut self,
        attacker: CharacterId,
        row: usize,
        arm: Arm,
        (combo, share): (u8, u64),
        from: (i64, i64),
    ) {
        let (rules, kind, id) = (self.arm(arm), self.prop_rules(row), self.prop_id(row));
        let harms = rules.affects == side::ENEMIES || rules.affects == side::EVERYONE;
        if !harms || self.props[row].health == 0 {
            return;
        }
        let taken = [kind.slash_per_256, kind.pierce_per_256, kind.blunt_per_256, kind.fire_per_256]
            [usize::from(rules.damage_kind)];
        let damage =
            u64::from(rules.damage) * (256 + u64::from(combo) * u64::from(rules.combo_bonus_per_256)) / 256;
        let damage = damage * share / 256 * u64::from(taken) / 256;
        let amount = damage.min(self.props[row].health.into()) as u16;
        if amount > 0 {
            self.props[row].health -= amount;
            self.report.tally.prop_damage += u64::from(amount);
            self.events.push(Event::PropDamaged { id, attacker, amount, arm });
        }
        if (rules.knock.0 != 0 || rules.knock_up.0 != 0) && kind.knock_per_256 != 0 {
            let knock = super::strikes::knock(&rules, from);
            self.throw_prop(row, knock.map(|part| part * i64::from(kind.knock_per_256) / 256));
        }
        if self.props[row].health == 0 {
            self.report.tally.props_broken += 1;
            self.events.push(Event::PropBroken { id, attacker });
        }
    }

    /// The nearest prop that a swing of a row reaches.
    pub(super) fn prop_in_reach(&self, row: usize, rules: &ArmRules) -> Option<usize> {
        if rules.affects != side::ENEMIES && rules.affects != side::EVERYONE {
            return None;
        }
        let own = &self.characters[row];
        let (forward_x, forward_z) = Brads(own.yaw).forward();
        let half = Brads(rules.cone.0 / 2);
        let reached = |number: &usize| {
            let prop = &self.props[*number];
            let reach = i64::from(rules.reach.0) + i64::from(self.prop_rules(*number).radius.0);
            let x = i64::from(prop.position_x) - i64::from(own.position_x);
            let y = i64::from(prop.position_y) - i64::from(own.position_y);
            let z = i64::from(prop.position_z) - i64::from(own.position_z);
            let ahead = x * i64::from(forward_x.0) + z * i64::from(forward_z.0);
            let aside = (x * i64::from(forward_z.0) - z * i64::from(forward_x.0)).abs();
            prop.used()
                && y.abs() <= i64::from(rules.height_reach.0)
                && x * x + z * z <= reach * reach
                && ahead >= 0
                && aside * i64::from(half.cos().0) <= ahead * i64::from(half.sin().0)
        };
        let far = |number: &usize| {
            let prop = &self.props[*number];
            let x = i64::from(prop.position_x) - i64::from(own.position_x);
            let z = i64::from(prop.position_z) - i64::from(own.position_z);
            x * x + z * z
        };
        (0..self.props.len()).filter(reached).min_by_key(far)
    }

    /// The first prop on a straight way.
    pub(super) fn first_prop(&self, from: Position, to: Position, radius: i32) -> Option<(i64, usize)> {
        let met = |row: usize| {
            let rules = self.prop_rules(row);
            let stops = self.props[row].used() && rules.stops != 0;
            let foot = self.props[row].position();
            let when = meets_capsule(from, to, foot, radius + rules.radius.0, rules.height.0);
            when.filter(|_| stops).map(|when| (when, row))
        };
        (0..self.props.len()).filter_map(met).min()
    }

    /// Props that a burst reaches.
    pub(super) fn burst_on_props(&mut self, at: Position, owner: CharacterId, arm: Arm, combo: u8) {
        let rules = self.arm(arm);
        for row in 0..self.props.len() {
            if !self.props[row].used() {
                continue;
            }
            let kind = self.prop_rules(row);
            let foot = self.props[row].position();
            let body = (foot, kind.radius.0, kind.height.0);
            if let Some(share) = self.share_of_burst(at, &rules, body) {
                let from = (i64::from(at.x.0 - foot.x.0), i64::from(at.z.0 - foot.z.0));
                self.strike_prop(owner, row, arm, (combo, share), from);
            }
        }
    }

    /// What was broken is gone, and leaves debris.
    pub(super) fn clear_broken_props(&mut self) {
        if self.report.tally.props_broken == 0 {
            return;
        }
        for row in 0..self.props.len() {
            if !self.props[row].used() || self.props[row].health > 0 {
                continue;
            }
            let (prop, rules) = (self.props[row].clone(), self.prop_rules(row));
            self.take_out(row);
            if rules.debris_kind == 0 {
                continue;
            }
            for piece in 0..u32::from(rules.debris_count) {
                let tally = &mut self.report.tally;
                if tally.debris >= limits::DEBRIS_PER_TICK_MAX {
                    tally.debris_refused += u32::from(rules.debris_count) - piece;
                    break;
                }
                self.leave_piece(row, piece, &prop, &rules);
            }
        }
    }

    fn leave_piece(&mut self, row: usize, piece: u32, prop: &Prop, rules: &PropRules) {
        let entity = row as u32 | piece << 20;
        let words = random_u32x4(self.config.seed, self.tick, entity, Purpose::Debris);
        let [x, y, z] = prop.at().map(|part| part as i32);
        let half = rules.radius.0 / 2;
        let at = Position::from_raw(
            between(words[0], x - half, x + half),
            between(words[1], y, y + rules.height.0),
            between(words[2], z - half, z + half),
        );
        let speed = |word: u32, low: i32, high: i32| i64::from(between(word.rotate_left(16), low, high));
        let own = prop.speed();
        let speed = [
            own[0] + speed(words[0], -(2 << 16), 2 << 16),
            own[1] + speed(words[1], 0, 3 << 16),
            own[2] + speed(words[2], -(2 << 16), 2 << 16),
        ];
        match self.make_prop(rules.debris_kind - 1, at, Brads(words[3] as u16), speed) {
            Some(_) => self.report.tally.debris += 1,
            None => self.report.tally.debris_refused += 1,
        }
    }
}
