//! The only place where the kernel's integers become Godot's floats and the other way round.
//!
//! Axes are the same on both sides (x east, y up, z south; a rotation about y of 0 looks along -z and grows to the
//! left), so only units change: Q16.16 metres and binary angles against metres and radians.

use godot::prelude::*;
use shieldwall_core::{Brads, CharacterInput, Metres, Position, Velocity};
use shieldwall_net::client::BytesByKind;

const RAW_PER_METRE: f32 = 65_536.0;
const BRADS_PER_RADIAN: f64 = 65_536.0 / std::f64::consts::TAU;

/// Metres as Godot draws them. Exact within ±256 m, then to the nearest float.
pub(crate) fn metres_to_f32(metres: Metres) -> f32 {
    raw_to_f32(metres.0)
}

/// The same for raw columns, Q16.16.
pub(crate) fn raw_to_f32(raw: i32) -> f32 {
    raw as f32 / RAW_PER_METRE
}

/// The nearest raw value; not-a-number is zero, the ends of the range hold what is beyond.
pub(crate) fn metres_from_f64(metres: f64) -> Metres {
    Metres((metres * f64::from(RAW_PER_METRE)).round() as i32)
}

/// [`metres_from_f64`] of a number that is one; otherwise what is wrong with it.
pub(crate) fn finite_metres(name: &str, metres: f64) -> Result<Metres, String> {
    if metres.is_finite() { Ok(metres_from_f64(metres)) } else { Err(format!("{name} cannot be {metres}")) }
}

pub(crate) fn position_to_vector(position: Position) -> Vector3 {
    Vector3::new(metres_to_f32(position.x), metres_to_f32(position.y), metres_to_f32(position.z))
}

pub(crate) fn velocity_to_vector(velocity: Velocity) -> Vector3 {
    Vector3::new(raw_to_f32(velocity.x.0), raw_to_f32(velocity.y.0), raw_to_f32(velocity.z.0))
}

/// Rotation about y.
pub(crate) fn brads_to_radians(angle: Brads) -> f32 {
    f32::from(angle.0) * (std::f32::consts::TAU / RAW_PER_METRE)
}

/// The nearest of 65,536 directions; any number of turns is taken off.
pub(crate) fn brads_from_radians(radians: f64) -> Brads {
    Brads(((radians * BRADS_PER_RADIAN).round() as i64) as u16)
}

/// A stick or keys (`x` right, `y` forward, length up to 1), a direction and buttons as the kernel takes them.
pub(crate) fn input_from(movement: Vector2, yaw: f64, pitch: f64, buttons: i64) -> CharacterInput {
    let movement = if movement.length_squared() > 1.0 { movement.normalized() } else { movement };
    let axis = |value: f32| (value * 127.0).round().clamp(-127.0, 127.0) as i8;
    let pitch = (pitch * BRADS_PER_RADIAN).round().clamp(-16_383.0, 16_383.0) as i16;
    CharacterInput {
        buttons: (buttons & 0xFFFF) as u16,
        move_right: axis(movement.x),
        move_forward: axis(movement.y),
        yaw: brads_from_radians(yaw),
        pitch,
    }
}

/// Up is positive.
pub(crate) fn pitch_to_radians(pitch: i16) -> f32 {
    f32::from(pitch) * (std::f32::consts::TAU / RAW_PER_METRE)
}

pub(crate) fn micros_to_ms(microseconds: u32) -> f64 {
    f64::from(microseconds) / 1000.0
}

/// What a session's bytes were for, by name.
pub(crate) fn bytes_by_kind(bytes: &BytesByKind) -> VarDictionary {
    vdict! {
        "snapshots" => bytes.snapshots as i64,
        "events" => bytes.events as i64,
        "messages_received" => bytes.messages_received as i64,
        "overhead_received" => bytes.overhead_received as i64,
        "inputs" => bytes.inputs as i64,
        "messages_sent" => bytes.messages_sent as i64,
        "overhead_sent" => bytes.overhead_sent as i64,
    }
}
