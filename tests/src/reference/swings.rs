//! Blades: who swings, and whom a swing reaches.

use super::Reference;
use shieldwall_core::{Brads, Weapon, action, buttons};

impl Reference {
    /// All swings of the tick are judged on one state, then they take effect by the rows of the attackers.
    pub(super) fn swing(&mut self) {
        let swings: Vec<(usize, Vec<usize>)> = self
            .living()
            .filter(|row| self.characters[*row].is_pressing(buttons::MELEE))
            .filter(|row| self.is_due(self.characters[*row].primary_ready_tick))
            .map(|row| (row, self.reached(row)))
            .collect();
        let ready = self.tick.0.wrapping_add(self.ticks(self.config.rules.melee.cooldown_ms));
        for (row, _) in &swings {
            let character = &mut self.characters[*row];
            character.primary_ready_tick = ready;
            (character.action, character.action_tick) = (action::MELEE, self.tick.0);
        }
        for (row, targets) in &swings {
            for target in targets {
                self.strike(self.id(*row), *target, self.config.rules.melee.damage, Weapon::Melee);
            }
        }
    }

    /// Whom a swing of this row reaches, where its player saw them: enemies in the cone, the nearest first, then by row.
    fn reached(&self, row: usize) -> Vec<usize> {
        let rules = &self.config.rules;
        let own = &self.characters[row];
        let (forward_x, forward_z) = Brads(own.yaw).forward();
        let half = Brads(rules.melee.cone.0 / 2);
        let reach = i64::from(rules.melee.reach.0) + i64::from(rules.movement[0].radius.0);
        let mut found = Vec::new();
        for target in self.living().filter(|target| *target != row) {
            let other = &self.characters[target];
            let Some(seen) = self.seen(target, self.views[row]) else { continue };
            let x = i64::from(seen.x.0) - i64::from(own.position_x);
            let y = i64::from(seen.y.0) - i64::from(own.position_y);
            let z = i64::from(seen.z.0) - i64::from(own.position_z);
            let enemy = other.team != own.team || rules.life.friendly_fire != 0;
            if !enemy || y.abs() > i64::from(rules.melee.height_reach.0) || x * x + z * z > reach * reach {
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
        found.truncate(usize::from(rules.melee.targets));
        found.into_iter().map(|(_, target)| target).collect()
    }
}
