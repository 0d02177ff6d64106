//! How to hold a weapon so that what leaves it arrives: how high, and how far ahead of who walks.

use shieldwall_core::numeric::{Brads, Metres, Position};
use shieldwall_core::rules::ArmRules;
use shieldwall_core::state::commands::CharacterInput;
use shieldwall_net::client::EntityView;

/// Turns of 1/65536 in a radian.
const BRADS_PER_RADIAN: f64 = 65_536.0 / std::f64::consts::TAU;

/// Where the enemy will be when something of this weapon arrives; where it is, for rays.
#[must_use]
pub fn led(enemy: &EntityView, distance: Metres, arm: &ArmRules) -> Position {
    let speed = i64::from(arm.speed.raw()).max(65_536);
    let ahead = |velocity: i32| {
        let way = i64::from(velocity) * i64::from(distance.raw()) / speed;
        Metres(i32::try_from(way).unwrap_or(0))
    };
    enemy.position.offset(ahead(enemy.velocity.x.raw()), Metres::ZERO, ahead(enemy.velocity.z.raw()))
}

/// The lower of the two pitches at which something of this speed and gravity comes down so far away. Only sums, products and
/// quotients: the same on every machine.
#[must_use]
pub fn pitch(here: Position, there: Position, distance: Metres, arm: &ArmRules) -> i16 {
    let rise = there.y.raw().saturating_sub(here.y.raw());
    let straight = i32::from(Brads::atan2(rise, distance.raw().max(1)).signed());
    let (speed, gravity) = (raw(arm.speed.raw()).max(1.0), raw(arm.gravity_per_s.raw()));
    // Over level ground the sine of twice the pitch is g * distance / speed^2.
    let sine = (gravity * raw(distance.raw()) / (speed * speed)).min(1.0);
    let twice = sine + sine.powi(3) / 6.0 + 3.0 * sine.powi(5) / 40.0;
    let raised = straight + (twice / 2.0 * BRADS_PER_RADIAN) as i32;
    let most = i32::from(CharacterInput::PITCH_MAX);
    raised.clamp(-most, most) as i16
}

/// How far something of this weapon flies over level ground, at most 45 m: nobody aims farther.
#[must_use]
pub fn range(arm: &ArmRules) -> Metres {
    let (speed, gravity) = (raw(arm.speed.raw()), raw(arm.gravity_per_s.raw()));
    let by_fall = if gravity > 0.0 { 0.9 * speed * speed / gravity } else { 45.0 };
    let by_time = speed * f64::from(arm.lifetime_ms) / 1e3;
    Metres::from_mm((by_fall.min(by_time).min(45.0) * 1e3) as i32)
}

fn raw(q16: i32) -> f64 {
    f64::from(q16) / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::rules::Arm;

    fn arm(number: u8) -> ArmRules {
        ArmRules::shipped()[Arm(number).index().expect("a weapon")]
    }

    #[test]
    fn what_is_slow_is_held_higher_and_what_does_not_fall_straight() {
        let (here, there) = (Position::ORIGIN, Position::new(Metres::ZERO, Metres::ZERO, Metres::from_m(20)));
        let at = |number| pitch(here, there, Metres::from_m(20), &arm(number));
        // Of 45 m/s, 17 m/s and without a fall: half the arc sines of 0.0969 and 0.679, and nothing.
        assert_eq!([at(2), at(7), at(8)], [506, 3_864, 0]);
    }

    #[test]
    fn ranges_are_those_of_the_weapons() {
        let of = |number| range(&arm(number)).raw() / 65_536;
        assert_eq!([of(2), of(7), of(8)], [45, 26, 45]);
    }
}
