//! The plain structs of the ABI that describe a client session. Layouts are fixed: see `boundary.rs`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use bytemuck::{Pod, Zeroable};
use shieldwall_net::client::{ClientEvent, EndReason, EntityView, GameClientState, OwnView};
use shieldwall_net::secure::ClientState;
use shieldwall_net::wire::events::GameEvent;
use shieldwall_net::wire::own_state::{OWN_EFFECTS_MAX, OwnEffect};
use shieldwall_net::wire::quantize::status;

use crate::client_objectives::objective_event;
use crate::result::{Failure, SwResult};
use crate::views::{SW_FLAG_ALIVE, SW_FLAG_BLOCKING, SW_FLAG_CROUCHED, SW_FLAG_GROUNDED, SW_FLAG_STUNNED};

/// Room that `sw_client_poll_transmit` needs: no datagram of the protocol is longer.
pub const SW_DATAGRAM_MAX: usize = 1300;

/// An IP address with a port.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwAddress {
    /// sizeof(SwAddress), set by the caller.
    pub struct_size: u32,
    /// 4 or 6.
    pub family: u16,
    /// In the machine's own byte order.
    pub port: u16,
    /// In network byte order: 4 bytes used for family 4, 16 for family 6.
    pub ip: [u8; 16],
}

impl From<SocketAddr> for SwAddress {
    fn from(address: SocketAddr) -> SwAddress {
        let (family, ip) = match address.ip() {
            IpAddr::V4(v4) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&v4.octets());
                (4, bytes)
            }
            IpAddr::V6(v6) => (6, v6.octets()),
        };
        SwAddress { struct_size: size_of::<SwAddress>() as u32, family, port: address.port(), ip }
    }
}

impl SwAddress {
    pub(crate) fn to_socket_address(self) -> Result<SocketAddr, Failure> {
        let ip = match self.family {
            4 => IpAddr::from([self.ip[0], self.ip[1], self.ip[2], self.ip[3]]),
            6 => IpAddr::V6(Ipv6Addr::from(self.ip)),
            other => {
                return Err(Failure::new(
                    SwResult::BadAddress,
                    format!("address family {other}, not 4 or 6"),
                ));
            }
        };
        Ok(SocketAddr::new(ip, self.port))
    }
}

/// How a client behaves. Zero in a field means the default that its comment names.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwClientConfig {
    /// sizeof(SwClientConfig), set by the caller.
    pub struct_size: u32,
    /// Packets with inputs in a second, 10 to 60 (default 30); two thirds of them while the path loses next to nothing.
    pub input_packets_per_s: u32,
    /// Bytes a second upwards, all-in (default 2400).
    pub up_budget_bytes_per_s: u32,
    /// Events kept until they are taken, at most 65536 (default 256).
    pub event_capacity: u32,
}

/// `SwClientStatus::state`: asking a server for a session.
pub const SW_CLIENT_CONNECTING: u32 = 1;
/// `SwClientStatus::state`: connected; the server has yet to say which world this is.
pub const SW_CLIENT_WAITING_FOR_WELCOME: u32 = 2;
/// `SwClientStatus::state`: the world is known; the own character has yet to appear.
pub const SW_CLIENT_WAITING_FOR_CHARACTER: u32 = 3;
/// `SwClientStatus::state`: in the battle.
pub const SW_CLIENT_PLAYING: u32 = 4;
/// `SwClientStatus::state`: over; a new try needs a new token and a new client.
pub const SW_CLIENT_ENDED: u32 = 5;

/// `SwClientStatus::end_reason`: it has not ended.
pub const SW_END_NONE: u32 = 0;
/// `SwClientStatus::end_reason`: `sw_client_disconnect` was called.
pub const SW_END_LEFT: u32 = 1;
/// `SwClientStatus::end_reason`: the server ended the session without a word.
pub const SW_END_DISCONNECTED: u32 = 2;
/// `SwClientStatus::end_reason`: the server is full.
pub const SW_END_DENIED: u32 = 3;
/// `SwClientStatus::end_reason`: no server answered.
pub const SW_END_NO_ANSWER: u32 = 4;
/// `SwClientStatus::end_reason`: the server fell silent.
pub const SW_END_TIMED_OUT: u32 = 5;
/// `SwClientStatus::end_reason`: the token makes no sense.
pub const SW_END_INVALID_TOKEN: u32 = 6;
/// `SwClientStatus::end_reason`: the token expired.
pub const SW_END_TOKEN_EXPIRED: u32 = 7;
/// `SwClientStatus::end_reason`: what the server sent broke the protocol.
pub const SW_END_PROTOCOL: u32 = 8;
/// `SwClientStatus::end_reason`: the server's world has a scenery or height file that this client has not.
pub const SW_END_OTHER_WORLD: u32 = 9;
/// `SwClientStatus::end_reason`: the server said goodbye; its reason (1 the server stops, 2 the world is full, 3 this
/// client broke the protocol, 4 it was sent away for its conduct, 5 another login of the player took its place, 6 they have no
/// version of the protocol in common) is added to this number.
pub const SW_END_GOODBYE: u32 = 100;

/// Where a client is on its way into the battle.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwClientStatus {
    /// sizeof(SwClientStatus), set by the caller.
    pub struct_size: u32,
    /// `SW_CLIENT_…`.
    pub state: u32,
    /// `SW_END_…`.
    pub end_reason: u32,
    /// Zero.
    pub reserved: u32,
    /// The own character's id on the server; 0 before the welcome.
    pub character: u64,
}

impl SwClientStatus {
    pub(crate) fn of(state: GameClientState, character: u64) -> SwClientStatus {
        let (state, end_reason) = match state {
            GameClientState::Connecting => (SW_CLIENT_CONNECTING, SW_END_NONE),
            GameClientState::WaitingForWelcome => (SW_CLIENT_WAITING_FOR_WELCOME, SW_END_NONE),
            GameClientState::WaitingForCharacter => (SW_CLIENT_WAITING_FOR_CHARACTER, SW_END_NONE),
            GameClientState::Playing => (SW_CLIENT_PLAYING, SW_END_NONE),
            GameClientState::Ended(reason) => (SW_CLIENT_ENDED, end_number(reason)),
        };
        SwClientStatus { struct_size: 0, state, end_reason, reserved: 0, character }
    }
}

fn end_number(reason: EndReason) -> u32 {
    match reason {
        EndReason::Left => SW_END_LEFT,
        EndReason::Protocol(_) => SW_END_PROTOCOL,
        // Clients of this ABI expect no rules.
        EndReason::OtherWorld { .. } | EndReason::OtherRules { .. } => SW_END_OTHER_WORLD,
        EndReason::Goodbye(reason) => SW_END_GOODBYE + u32::from(reason.number()),
        EndReason::Secure(state) => match state {
            ClientState::Denied => SW_END_DENIED,
            ClientState::RequestTimedOut => SW_END_NO_ANSWER,
            ClientState::ResponseTimedOut | ClientState::ConnectionTimedOut => SW_END_TIMED_OUT,
            ClientState::NoRekey => SW_END_PROTOCOL,
            ClientState::InvalidToken => SW_END_INVALID_TOKEN,
            ClientState::TokenExpired => SW_END_TOKEN_EXPIRED,
            _ => SW_END_DISCONNECTED,
        },
    }
}

/// What one `sw_client_advance` did.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwAdvanceReport {
    /// sizeof(SwAdvanceReport), set by the caller.
    pub struct_size: u32,
    /// Ticks predicted, 0 to 8.
    pub ticks: u32,
    /// The last tick that was predicted; 0 before the first.
    pub newest_tick: u32,
    /// Zero.
    pub reserved: u32,
}

/// The own character as predicted: without any delay.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwOwn {
    /// sizeof(SwOwn), set by the caller.
    pub struct_size: u32,
    /// The last tick that was predicted.
    pub tick: u32,
    /// Id on the server.
    pub id: u64,
    /// Where to draw it (smoothed), Q16.16 metres.
    pub x: i32,
    /// Where to draw it (smoothed), Q16.16 metres.
    pub y: i32,
    /// Where to draw it (smoothed), Q16.16 metres.
    pub z: i32,
    /// Where it is after the last predicted tick, Q16.16 metres.
    pub predicted_x: i32,
    /// Where it is after the last predicted tick, Q16.16 metres.
    pub predicted_y: i32,
    /// Where it is after the last predicted tick, Q16.16 metres.
    pub predicted_z: i32,
    /// Predicted, Q16.16 metres per second.
    pub velocity_x: i32,
    /// Predicted, Q16.16 metres per second.
    pub velocity_y: i32,
    /// Predicted, Q16.16 metres per second.
    pub velocity_z: i32,
    /// 65536 = a full turn.
    pub yaw: u16,
    /// Up is positive, in the same unit.
    pub pitch: i16,
    /// Health by the newest snapshot.
    pub health: u16,
    /// Predicted bits `SW_FLAG_…`, with `SW_FLAG_ALIVE` by the newest snapshot.
    pub flags: u16,
    /// Team.
    pub team: u32,
    /// First tick at which what is on each button is ready: first weapon, second weapon, first ability, second ability.
    pub ready_tick: [u32; 4],
    /// Stamina by the newest snapshot.
    pub stamina: u16,
    /// What it last began, by the newest snapshot: `SW_ACTION_…`.
    pub action: u8,
    /// Movement class.
    pub movement_class: u8,
    /// How many of `effects` there are.
    pub effect_count: u32,
    /// The status effects on it by the newest snapshot, ascending by kind.
    pub effects: [SwOwnEffect; SW_OWN_EFFECTS_MAX],
}

/// Most status effects that a client is told of its own character.
pub const SW_OWN_EFFECTS_MAX: usize = 8;
const _: () = assert!(SW_OWN_EFFECTS_MAX == OWN_EFFECTS_MAX);

/// A status effect on the own character.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SwOwnEffect {
    /// Tick at which it ends.
    pub end_tick: u32,
    /// Which: `SW_EFFECT_…`.
    pub kind: u8,
    /// How often it has piled up, from 1 on.
    pub stacks: u8,
    /// Zero.
    pub reserved: u16,
}

impl From<&OwnEffect> for SwOwnEffect {
    fn from(effect: &OwnEffect) -> SwOwnEffect {
        SwOwnEffect { end_tick: effect.end_tick.0, kind: effect.kind, stacks: effect.stacks, reserved: 0 }
    }
}

impl From<&OwnView> for SwOwn {
    fn from(own: &OwnView) -> SwOwn {
        let mut effects = [SwOwnEffect::default(); SW_OWN_EFFECTS_MAX];
        for (place, effect) in effects.iter_mut().zip(own.effects.as_slice()) {
            *place = effect.into();
        }
        SwOwn {
            struct_size: 0,
            tick: own.tick.0,
            id: own.id.to_bits(),
            x: own.position.x.0,
            y: own.position.y.0,
            z: own.position.z.0,
            predicted_x: own.predicted_position.x.0,
            predicted_y: own.predicted_position.y.0,
            predicted_z: own.predicted_position.z.0,
            velocity_x: own.velocity.x.0,
            velocity_y: own.velocity.y.0,
            velocity_z: own.velocity.z.0,
            yaw: own.yaw.0,
            pitch: own.pitch,
            health: own.health,
            flags: (own.flags & !SW_FLAG_ALIVE) | (u16::from(own.alive) * SW_FLAG_ALIVE),
            team: own.team.into(),
            ready_tick: own.ready_ticks.map(|tick| tick.0),
            stamina: own.stamina,
            action: own.action,
            movement_class: own.class,
            effect_count: own.effects.as_slice().len() as u32,
            effects,
        }
    }
}

/// `SwEntity::status`: held on the spot or slowed down by a status effect.
pub const SW_STATUS_HINDERED: u8 = 1;
/// `SwEntity::status`: has a status effect that harms.
pub const SW_STATUS_AFFLICTED: u8 = 2;
/// `SwEntity::status`: is in a dodge.
pub const SW_STATUS_DODGING: u8 = 4;

/// What a server tells of others, as C has it: flags where the world has the same ones, and the rest.
fn flags_and_status(told: u8) -> (u16, u8) {
    let flags = [
        (status::ALIVE, SW_FLAG_ALIVE),
        (status::GROUNDED, SW_FLAG_GROUNDED),
        (status::BLOCKING, SW_FLAG_BLOCKING),
        (status::STUNNED, SW_FLAG_STUNNED),
        (status::CROUCHED, SW_FLAG_CROUCHED),
    ];
    let rest = [
        (status::HINDERED, SW_STATUS_HINDERED),
        (status::AFFLICTED, SW_STATUS_AFFLICTED),
        (status::DODGING, SW_STATUS_DODGING),
    ];
    let flags = flags.iter().filter(|(bit, _)| told & bit != 0).fold(0, |all, (_, flag)| all | flag);
    (flags, rest.iter().filter(|(bit, _)| told & bit != 0).fold(0, |all, (_, bit)| all | bit))
}

/// Another character, interpolated.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SwEntity {
    /// Slot on the server.
    pub slot: u32,
    /// East, Q16.16 metres.
    pub x: i32,
    /// Up (the feet), Q16.16 metres.
    pub y: i32,
    /// South, Q16.16 metres.
    pub z: i32,
    /// Over the ground, Q16.16 metres per second.
    pub velocity_x: i32,
    /// Over the ground, Q16.16 metres per second.
    pub velocity_z: i32,
    /// 65536 = a full turn.
    pub yaw: u16,
    /// `SW_FLAG_GROUNDED`, `SW_FLAG_ALIVE`, `SW_FLAG_CROUCHED`, `SW_FLAG_STUNNED`, `SW_FLAG_BLOCKING`.
    pub flags: u16,
    /// Team.
    pub team: u8,
    /// 255 is full; 0 only for the dead.
    pub health: u8,
    /// What it began a moment ago, or prepares: `SW_ACTION_…`.
    pub action: u8,
    /// Zero.
    pub reserved: u8,
    /// The status effect to be drawn, of several a harmful one: `SW_EFFECT_…`.
    pub effect: u8,
    /// Bits `SW_STATUS_…`.
    pub status: u8,
    /// Movement class.
    pub movement_class: u8,
    /// Zero.
    pub reserved_2: u8,
}

impl From<&EntityView> for SwEntity {
    fn from(entity: &EntityView) -> SwEntity {
        let (flags, status) = flags_and_status(entity.status);
        SwEntity {
            slot: entity.slot,
            x: entity.position.x.0,
            y: entity.position.y.0,
            z: entity.position.z.0,
            velocity_x: entity.velocity.x.0,
            velocity_z: entity.velocity.z.0,
            yaw: entity.yaw.0,
            flags,
            team: entity.team,
            health: entity.health,
            action: entity.action,
            reserved: 0,
            effect: entity.effect,
            status,
            movement_class: entity.class,
            reserved_2: 0,
        }
    }
}

/// `SwClientEvent::kind`: the secure session stands. `slot` is the client's place on the server.
pub const SW_CLIENT_EVENT_CONNECTED: u32 = 1;
/// `SwClientEvent::kind`: the world is known. `tick`, `slot` (the own character).
pub const SW_CLIENT_EVENT_WELCOMED: u32 = 2;
/// `SwClientEvent::kind`: the own character appeared. `tick`.
pub const SW_CLIENT_EVENT_PLAYING: u32 = 3;
/// `SwClientEvent::kind`: the session is over; `end_reason` of the status says why.
pub const SW_CLIENT_EVENT_ENDED: u32 = 4;
/// `SwClientEvent::kind`: `other` hurt `slot`. `tick`, `amount`, `weapon`.
pub const SW_CLIENT_EVENT_HIT: u32 = 5;
/// `SwClientEvent::kind`: `other` killed `slot`. `tick`, `weapon`.
pub const SW_CLIENT_EVENT_DIED: u32 = 6;
/// `SwClientEvent::kind`: `slot` lives again. `tick`.
pub const SW_CLIENT_EVENT_RESPAWNED: u32 = 7;
/// `SwClientEvent::kind`: something of `slot` began to fly. `tick`, `weapon`, `yaw`, `pitch`.
pub const SW_CLIENT_EVENT_SHOT: u32 = 8;
/// `SwClientEvent::kind`: `other` gave health back to `slot`. `tick`, `amount`, `weapon`.
pub const SW_CLIENT_EVENT_HEALED: u32 = 9;
/// `SwClientEvent::kind`: something of `slot` burst. `tick`, `weapon`, `x`, `y`, `z`.
pub const SW_CLIENT_EVENT_BURST: u32 = 10;
/// `SwClientEvent::kind`: a status effect of `other` came over `slot`, who did not have it. `tick`, `effect`.
pub const SW_CLIENT_EVENT_AFFLICTED: u32 = 11;
/// `SwClientEvent::kind`: `other` helped to kill `slot`. `tick`.
pub const SW_CLIENT_EVENT_ASSISTED: u32 = 12;

/// `SwClientEvent::kind`: the server plays by other rules from `tick` on, and the client predicts by them.
pub const SW_CLIENT_EVENT_RULES: u32 = 13;

/// News of a client. Characters are named by slot.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SwClientEvent {
    /// `SW_CLIENT_EVENT_…`. Skip kinds you do not know.
    pub kind: u32,
    /// Server tick it happened in.
    pub tick: u32,
    /// The character it happened to.
    pub slot: u32,
    /// The character that did it.
    pub other: u32,
    /// Health lost, or given back.
    pub amount: u16,
    /// `SW_WEAPON_…`.
    pub weapon: u16,
    /// 65536 = a full turn.
    pub yaw: u16,
    /// Up is positive, in the same unit.
    pub pitch: i16,
    /// Place, Q16.16 metres.
    pub x: i32,
    /// Place, Q16.16 metres.
    pub y: i32,
    /// Place, Q16.16 metres.
    pub z: i32,
    /// `SW_EFFECT_…`.
    pub effect: u32,
}

impl From<ClientEvent> for SwClientEvent {
    fn from(event: ClientEvent) -> SwClientEvent {
        let empty = SwClientEvent::default();
        match event {
            ClientEvent::Connected { client_index } => {
                SwClientEvent { kind: SW_CLIENT_EVENT_CONNECTED, slot: client_index, ..empty }
            }
            ClientEvent::Welcomed { character, tick } => {
                SwClientEvent { kind: SW_CLIENT_EVENT_WELCOMED, tick: tick.0, slot: character.slot, ..empty }
            }
            ClientEvent::Playing { tick } => {
                SwClientEvent { kind: SW_CLIENT_EVENT_PLAYING, tick: tick.0, ..empty }
            }
            ClientEvent::RulesChanged { tick, .. } => {
                SwClientEvent { kind: SW_CLIENT_EVENT_RULES, tick: tick.0, ..empty }
            }
            ClientEvent::Ended(_) => SwClientEvent { kind: SW_CLIENT_EVENT_ENDED, ..empty },
            ClientEvent::Objective { .. } | ClientEvent::Score { .. } => objective_event(event),
            ClientEvent::Game { tick, event } => SwClientEvent { tick: tick.0, ..game_event(event) },
        }
    }
}

fn game_event(event: GameEvent) -> SwClientEvent {
    let of = |kind, slot: u16, other: u16| SwClientEvent {
        kind,
        slot: slot.into(),
        other: other.into(),
        ..SwClientEvent::default()
    };
    match event {
        GameEvent::Hit { attacker, target, amount, arm } => {
            SwClientEvent { amount, weapon: arm.0.into(), ..of(SW_CLIENT_EVENT_HIT, target, attacker) }
        }
        GameEvent::Died { victim, killer, arm } => {
            SwClientEvent { weapon: arm.0.into(), ..of(SW_CLIENT_EVENT_DIED, victim, killer) }
        }
        GameEvent::Respawned { slot } => of(SW_CLIENT_EVENT_RESPAWNED, slot, 0),
        GameEvent::Launched { owner, yaw, pitch, arm } => {
            SwClientEvent { yaw: yaw.0, pitch, weapon: arm.0.into(), ..of(SW_CLIENT_EVENT_SHOT, owner, 0) }
        }
        GameEvent::Healed { healer, target, amount, arm } => {
            SwClientEvent { amount, weapon: arm.0.into(), ..of(SW_CLIENT_EVENT_HEALED, target, healer) }
        }
        GameEvent::Burst { owner, at, arm } => SwClientEvent {
            weapon: arm.0.into(),
            x: at.x.0,
            y: at.y.0,
            z: at.z.0,
            ..of(SW_CLIENT_EVENT_BURST, owner, 0)
        },
        GameEvent::Afflicted { target, source, effect } => {
            SwClientEvent { effect: effect.into(), ..of(SW_CLIENT_EVENT_AFFLICTED, target, source) }
        }
        GameEvent::Assisted { helper, victim } => of(SW_CLIENT_EVENT_ASSISTED, victim, helper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::{Arm, Brads, Metres, Position};

    /// Every event has a kind of its own, and names whom it happened to and who did it.
    #[test]
    fn events_of_the_battle_say_who_and_with_what() {
        let (at, arm) = (Position::new(Metres(3), Metres(4), Metres(5)), Arm(7));
        let mut kinds = Vec::new();
        for (event, other, amount, weapon, effect) in [
            (GameEvent::Hit { attacker: 2, target: 1, amount: 6, arm }, 2, 6, 7, 0),
            (GameEvent::Died { victim: 1, killer: 2, arm }, 2, 0, 7, 0),
            (GameEvent::Respawned { slot: 1 }, 0, 0, 0, 0),
            (GameEvent::Launched { owner: 1, yaw: Brads(8), pitch: -9, arm }, 0, 0, 7, 0),
            (GameEvent::Healed { healer: 2, target: 1, amount: 6, arm }, 2, 6, 7, 0),
            (GameEvent::Burst { owner: 1, at, arm }, 0, 0, 7, 0),
            (GameEvent::Afflicted { target: 1, source: 2, effect: 64 }, 2, 0, 0, 64),
            (GameEvent::Assisted { helper: 2, victim: 1 }, 2, 0, 0, 0),
        ] {
            let told = game_event(event);
            let found = (told.slot, told.other, told.amount, told.weapon, told.effect);
            assert_eq!(found, (1, other, amount, weapon, effect), "{event:?}");
            let place = if told.kind == SW_CLIENT_EVENT_BURST { (3, 4, 5) } else { (0, 0, 0) };
            assert_eq!((told.x, told.y, told.z), place);
            kinds.push(told.kind);
        }
        assert_eq!(kinds, (SW_CLIENT_EVENT_HIT..=SW_CLIENT_EVENT_ASSISTED).collect::<Vec<_>>());
    }

    /// Every bit that a server tells of others arrives, in one of the two fields.
    #[test]
    fn no_bit_of_the_others_is_lost() {
        let mut seen = Vec::new();
        for bit in 0..8 {
            let (flags, status) = flags_and_status(1 << bit);
            assert_eq!(flags.count_ones() + status.count_ones(), 1, "bit {bit}");
            assert!(!seen.contains(&(flags, status)));
            seen.push((flags, status));
        }
        assert_eq!(flags_and_status(status::ALIVE | status::STUNNED).0, SW_FLAG_ALIVE | SW_FLAG_STUNNED);
    }
}
