//! What teams fight over, as a client session knows it, and the scenery that says where.
#![allow(unsafe_code)] // for the attribute `no_mangle` and for the names of exported functions; pointers: boundary.rs

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use shieldwall_core::spatial::Scenery;
use shieldwall_net::client::{ClientEvent, FlagView, ObjectiveView};

use crate::boundary::entry;
use crate::client::{CLIENTS, SwClient};
use crate::client_types::SwClientEvent;
use crate::result::{Failure, SwResult};

/// `SwClientEvent::kind`: a place or its flag is not as it was: `slot` is the number of the capture point.
pub const SW_CLIENT_EVENT_OBJECTIVE: u32 = 13;
/// `SwClientEvent::kind`: a team's score was told: `slot` is the team.
pub const SW_CLIENT_EVENT_SCORE: u32 = 14;

/// `SwObjective::flag`: it is a ring and has no flag.
pub const SW_OBJECTIVE_FLAG_NONE: u8 = 0;
/// `SwObjective::flag`: at its place.
pub const SW_OBJECTIVE_FLAG_HOME: u8 = 1;
/// `SwObjective::flag`: somebody carries it.
pub const SW_OBJECTIVE_FLAG_CARRIED: u8 = 2;
/// `SwObjective::flag`: it lies where it was dropped.
pub const SW_OBJECTIVE_FLAG_DROPPED: u8 = 3;

/// A place that teams fight over, as it stands at the newest snapshot.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SwObjective {
    /// Number of the capture point in the scenery.
    pub point: u32,
    /// The server's tick for which this is reckoned.
    pub tick: u32,
    /// The server's tick of which it said so last.
    pub told_tick: u32,
    /// How far the contender has come, of 65536.
    pub progress: u32,
    /// Where its flag is, or the middle of its ring: east, Q16.16 metres.
    pub x: i32,
    /// Height, Q16.16 metres.
    pub y: i32,
    /// South, Q16.16 metres.
    pub z: i32,
    /// Of its ring, Q16.16 metres.
    pub radius: i32,
    /// Slot of who carries the flag, where somebody does.
    pub carrier_slot: u32,
    /// Ticks until a dropped flag goes back.
    pub return_ticks: u32,
    /// Teams of which somebody lives in the ring, one bit each. More than one: it is contested.
    pub present: u16,
    /// Which kind of the rules' tables `objective`.
    pub kind: u8,
    /// Team that has it; 255 for nobody.
    pub owner: u8,
    /// Team that `progress` is of; 255 for nobody.
    pub contender: u8,
    /// `SW_OBJECTIVE_FLAG_…`.
    pub flag: u8,
    /// Zero.
    pub reserved: u16,
}

impl From<ObjectiveView> for SwObjective {
    fn from(view: ObjectiveView) -> SwObjective {
        let (flag, carrier_slot, return_ticks) = match view.flag {
            FlagView::None => (SW_OBJECTIVE_FLAG_NONE, 0, 0),
            FlagView::Home => (SW_OBJECTIVE_FLAG_HOME, 0, 0),
            FlagView::Carried(slot) => (SW_OBJECTIVE_FLAG_CARRIED, slot.into(), 0),
            FlagView::Dropped(ticks) => (SW_OBJECTIVE_FLAG_DROPPED, 0, ticks),
        };
        SwObjective {
            point: view.point,
            tick: view.tick.0,
            told_tick: view.told.0,
            progress: view.progress,
            x: view.position.x.0,
            y: view.position.y.0,
            z: view.position.z.0,
            radius: view.radius.0,
            carrier_slot,
            return_ticks,
            present: view.present,
            kind: view.kind,
            owner: view.owner,
            contender: view.contender,
            flag,
            reserved: 0,
        }
    }
}

/// The events of objectives; of others an empty one.
pub(crate) fn objective_event(event: ClientEvent) -> SwClientEvent {
    let (kind, tick, slot) = match event {
        ClientEvent::Objective { tick, point } => (SW_CLIENT_EVENT_OBJECTIVE, tick.0, point.into()),
        ClientEvent::Score { tick, team } => (SW_CLIENT_EVENT_SCORE, tick.0, team.into()),
        _ => return SwClientEvent::default(),
    };
    SwClientEvent { kind, tick, slot, ..SwClientEvent::default() }
}

/// What stands in the server's world and what is fought over there: a scenery file as it is on disk, which servers do not
/// send. To be given before the welcome; later it changes nothing. Without it a client of a server that has a scenery ends
/// with `SW_END_OTHER_WORLD`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_set_scenery(
    client: SwClient,
    scenery: *const u8,
    scenery_len: usize,
) -> SwResult {
    entry!(caller => {
        let scenery = Scenery::decode(caller.bytes(scenery, scenery_len, "scenery")?)
            .map_err(|error| Failure::new(SwResult::BadConfig, error.to_string()))?;
        CLIENTS.with(client, |session| {
            session.client.set_scenery(Arc::new(scenery));
            Ok(())
        })
    })
}

/// All places that teams fight over, wherever they are: to `objectives`, up to `capacity`, `objective_size`
/// (sizeof(SwObjective)) bytes apart. `count` is their number, which may be larger than `capacity`; 0 before the welcome.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_objectives(
    client: SwClient,
    objectives: *mut SwObjective,
    capacity: usize,
    objective_size: usize,
    count: *mut usize,
) -> SwResult {
    entry!(caller => {
        caller.check_place(count, "count")?;
        CLIENTS.with(client, |session| {
            let client = &session.client;
            let all = client.objective_count();
            let views = (0..all).filter_map(|point| client.objective(point)).map(SwObjective::from);
            caller.fill_elements(objectives, capacity, objective_size, views, "objectives")?;
            caller.put(count, all as usize, "count")
        })
    })
}

/// What a team has gained by places and flags, at the newest snapshot; 0 before the welcome, and where there is no such
/// team.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_team_score(client: SwClient, team: u8, score: *mut u32) -> SwResult {
    entry!(caller => {
        CLIENTS.with(client, |session| caller.put(score, session.client.score(team).unwrap_or(0), "score"))
    })
}
