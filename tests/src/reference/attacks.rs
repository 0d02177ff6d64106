//! Weapons and abilities: who begins what, and whom it reaches.

use super::Reference;
use super::arrows::meets_capsule;
use shieldwall_core::numeric::fixed::mul_q16;
use shieldwall_core::rules::{ARM_BUTTONS, ArmRules, arm_kind, side};
use shieldwall_core::{Arm, Brads, Position, action, buttons, flags};

/// What somebody does in a tick: with which button and weapon, whether it is only prepared, whether it had been, how far
/// the combo counts, and who is reached.
pub(super) struct Deed {
    row: usize,
    button: usize,
    pub(super) arm: Arm,
    prepares: bool,
    was_prepared: bool,
    combo: u8,
    targets: Vec<usize>,
    prop: Option<usize>,
}

impl Reference {
    /// The rules of a weapon that there is.
    pub(super) fn arm(&self, arm: Arm) -> ArmRules {
        *self.config.rules.arm(arm).expect("a weapon of the rules")
    }

    /// Who holds up a shield.
    pub(super) fn raise_shields(&mut self) {
        for character in &mut self.characters {
            let kit = &self.config.rules.kit[usize::from(character.class)];
            let blocks = character.is_pressing(buttons::BLOCK)
                && character.is_alive()
                && !character.has(flags::STUNNED)
                && character.stamina > 0
                && kit.block_per_256 > 0
                && action::cast_button(character.action).is_none();
            character.flags &= !flags::BLOCKING;
            if blocks {
                character.flags |= flags::BLOCKING;
            }
        }
    }

    /// All attacks of the tick are judged on one state, then they take effect by the rows of the attackers; projectiles last.
    pub(super) fn attack(&mut self) {
        let deeds: Vec<Deed> = self.living().filter_map(|row| self.deed(row)).collect();
        let shoots =
            |this: &Self, deed: &Deed| !deed.prepares && this.arm(deed.arm).kind == arm_kind::PROJECTILE;
        for deed in &deeds {
            if !shoots(self, deed) {
                self.begin(deed);
            }
        }
        for deed in deeds.iter().filter(|deed| !deed.prepares) {
            for target in &deed.targets {
                let from = self.way(*target, deed.row);
                self.strike(self.id(deed.row), *target, deed.arm, (deed.combo, 256), from);
            }
            if let Some(prop) = deed.prop {
                let (own, its) = (&self.characters[deed.row], &self.props[prop]);
                let way = |own: i32, its: i32| i64::from(own) - i64::from(its);
                let from = (way(own.position_x, its.position_x), way(own.position_z, its.position_z));
                self.strike_prop(self.id(deed.row), prop, deed.arm, (deed.combo, 256), from);
            }
            if self.arm(deed.arm).kind == arm_kind::AREA {
                self.work_around(deed.row, deed.arm, deed.combo);
            }
        }
        self.let_go.clear();
        for deed in &deeds {
            let broken_off =
                deed.was_prepared && action::cast_button(self.characters[deed.row].action).is_none();
            let lives = self.characters[deed.row].is_alive();
            if shoots(self, deed) && lives && !broken_off && self.let_go(deed.row, deed.arm, deed.combo) {
                self.begin(deed);
            }
        }
    }

    /// The way from one row to another on the ground plane.
    fn way(&self, from: usize, to: usize) -> (i64, i64) {
        let (from, to) = (&self.characters[from], &self.characters[to]);
        let way = |to: i32, from: i32| i64::from(to) - i64::from(from);
        (way(to.position_x, from.position_x), way(to.position_z, from.position_z))
    }

    /// What a living row does, if anything.
    fn deed(&self, row: usize) -> Option<Deed> {
        let character = &self.characters[row];
        let kit = self.config.rules.kit[usize::from(character.class)];
        let since = self.tick.0.wrapping_sub(character.action_tick);
        if character.has(flags::STUNNED) {
            return None;
        }
        let prepared = action::cast_button(character.action);
        let (button, prepares) = match prepared {
            Some(button) => {
                if since < self.ticks(self.arm(kit.arm(button)).cast_ms) {
                    return None;
                }
                (button, false)
            }
            None => {
                let used = [action::MELEE, action::SHOOT, action::ABILITY_1, action::ABILITY_2];
                let rests = used.contains(&character.action)
                    && since < self.ticks(self.config.rules.combat.global_cooldown_ms);
                if rests || character.has(flags::BLOCKING) {
                    return None;
                }
                let button = (0..ARM_BUTTONS).find(|button| self.can_use(row, *button))?;
                (button, self.arm(kit.arm(button)).cast_ms > 0)
            }
        };
        let (arm, rules) = (kit.arm(button), self.arm(kit.arm(button)));
        let own_action = [action::MELEE, action::SHOOT, action::ABILITY_1, action::ABILITY_2][button];
        let goes_on = character.action == own_action && since <= self.ticks(rules.combo_ms);
        let combo = if goes_on && !prepares { (character.combo + 1).min(rules.combo_steps) } else { 0 };
        let (targets, prop) = match rules.kind {
            _ if prepares => (Vec::new(), None),
            arm_kind::MELEE => (self.reached(row, &rules), self.prop_in_reach(row, &rules)),
            arm_kind::HITSCAN => {
                let (body, prop) = self.first_on_the_ray(row, &rules);
                (body.into_iter().collect(), prop)
            }
            _ => (Vec::new(), None),
        };
        Some(Deed { row, button, arm, prepares, was_prepared: prepared.is_some(), combo, targets, prop })
    }

    fn can_use(&self, row: usize, button: usize) -> bool {
        let character = &self.characters[row];
        let pressed = [buttons::MELEE, buttons::SHOOT, buttons::ABILITY_1, buttons::ABILITY_2][button];
        let Some(rules) =
            self.config.rules.arm(self.config.rules.kit[usize::from(character.class)].arm(button))
        else {
            return false;
        };
        character.is_pressing(pressed)
            && rules.kind != arm_kind::NONE
            && character.stamina >= rules.stamina
            && self.is_due(character.ready_tick(button))
    }

    /// Pays for a deed and notes it.
    fn begin(&mut self, deed: &Deed) {
        let rules = self.arm(deed.arm);
        let ready = self.tick.0.wrapping_add(self.ticks(rules.cooldown_ms));
        let character = &mut self.characters[deed.row];
        if !deed.was_prepared {
            character.stamina = character.stamina.saturating_sub(rules.stamina);
        }
        character.action_tick = self.tick.0;
        if deed.prepares {
            character.action = action::CAST + deed.button as u8;
            return;
        }
        character.action = [action::MELEE, action::SHOOT, action::ABILITY_1, action::ABILITY_2][deed.button];
        character.combo = deed.combo;
        *character.ready_tick_mut(deed.button) = ready;
    }

    /// Whether a weapon of somebody of a team can mean another one.
    pub(super) fn means(&self, owner: Option<usize>, team: u8, rules: &ArmRules, target: usize) -> bool {
        let other = self.characters[target].team;
        let all = self.config.rules.life.friendly_fire != 0;
        owner != Some(target)
            && match rules.affects {
                side::ENEMIES => all || other != team,
                side::ALLIES => other == team,
                side::EVERYONE => true,
                _ => false,
            }
    }

    /// Whom a swing of this row reaches, where its player saw them: in the cone, the nearest first, then by row.
    fn reached(&self, row: usize, rules: &ArmRules) -> Vec<usize> {
        let own = &self.characters[row];
        let (forward_x, forward_z) = Brads(own.yaw).forward();
        let half = Brads(rules.cone.0 / 2);
        let mut found = Vec::new();
        for target in self.living() {
            let Some(seen) = self.seen(target, self.views[row]) else { continue };
            let radius = self.config.rules.movement[usize::from(seen.class)].radius;
            let reach = i64::from(rules.reach.0) + i64::from(radius.0);
            let x = i64::from(seen.position.x.0) - i64::from(own.position_x);
            let y = i64::from(seen.position.y.0) - i64::from(own.position_y);
            let z = i64::from(seen.position.z.0) - i64::from(own.position_z);
            let meant = self.means(Some(row), own.team, rules, target);
            if !meant || y.abs() > i64::from(rules.height_reach.0) || x * x + z * z > reach * reach {
                continue;
            }
            // How far ahead and how far aside: the tangent is compared with that of the half angle.
            let (forward_x, forward_z) = (i64::from(forward_x.0), i64::from(forward_z.0));
            let ahead = x * forward_x + z * forward_z;
            let aside = (x * forward_z - z * forward_x).abs();
            if ahead >= 0 && aside * i64::from(half.cos().0) <= ahead * i64::from(half.sin().0) {
                found.push((x * x + z * z, target));
            }
        }
        found.sort_unstable();
        found.truncate(usize::from(rules.targets));
        found.into_iter().map(|(_, target)| target).collect()
    }

    /// The first body on a ray, where its player saw it, or the first prop, unless the ground comes before: in pieces of up to
    /// 16 m.
    fn first_on_the_ray(&self, row: usize, rules: &ArmRules) -> (Option<usize>, Option<usize>) {
        let own = &self.characters[row];
        let (forward_x, forward_z) = Brads(own.yaw).forward();
        let pitch = Brads(own.pitch.cast_unsigned());
        let level = mul_q16(rules.reach.0, pitch.cos().0);
        let way =
            [mul_q16(level, forward_x.0), mul_q16(rules.reach.0, pitch.sin().0), mul_q16(level, forward_z.0)];
        let pieces = rules.reach.0 / (16 << 16) + 1;
        let point = |piece: i32| {
            let part = |way: i32| (i64::from(way) * i64::from(piece) / i64::from(pieces)) as i32;
            Position::from_raw(
                own.position_x + part(way[0]),
                own.position_y + rules.launch_height.0 + part(way[1]),
                own.position_z + part(way[2]),
            )
        };
        for piece in 0..pieces {
            let (from, to) = (point(piece), point(piece + 1));
            let body = self
                .living()
                .filter(|target| self.means(Some(row), own.team, rules, *target))
                .filter_map(|target| {
                    let seen = self.seen(target, self.views[row])?;
                    let body = &self.config.rules.movement[usize::from(seen.class)];
                    let radius = rules.radius.0 + body.radius.0;
                    let when = meets_capsule(from, to, seen.position, radius, body.height.0)?;
                    Some((when, target))
                })
                .min();
            let ground = self.ground.terrain().segment_hit(from, to).map(|when| i64::from(when.0));
            let prop = self.first_prop(from, to, rules.radius.0);
            match (body, prop, ground) {
                (_, Some((when, prop)), ground)
                    if body.is_none_or(|(body, _)| when < body)
                        && ground.is_none_or(|ground| when <= ground) =>
                {
                    return (None, Some(prop));
                }
                (Some((when, target)), _, ground) if ground.is_none_or(|ground| when <= ground) => {
                    return (Some(target), None);
                }
                (_, _, Some(_)) => return (None, None),
                _ => {}
            }
        }
        (None, None)
    }
}
