//! Client sessions: everything of a player's client but the socket and the clock.
//!
//! The caller owns one UDP socket. Each frame: hand in what arrived, `sw_client_advance` with the player's input, send what
//! `sw_client_poll_transmit` answers until it answers nothing, read the own character and the crowd.
#![allow(unsafe_code)] // for the attribute `no_mangle` and for the names of exported functions; pointers: boundary.rs

use std::ffi::c_char;

use shieldwall_net::client::{EntityView, GameClient, GameClientConfig};
use shieldwall_net::secure::{ConnectToken, DATAGRAM_MAX, TokenError, development_token};
use shieldwall_net::time::{Micros, UnixSeconds};

use crate::boundary::entry;
use crate::client_stats::SwClientStats;
use crate::client_types::{
    SW_DATAGRAM_MAX, SwAddress, SwAdvanceReport, SwClientConfig, SwClientEvent, SwClientStatus, SwEntity,
    SwOwn,
};
use crate::command_types::SwInput;
use crate::handle_table::HandleTable;
use crate::result::{Failure, SwResult};

/// A client session. Zero is none.
pub type SwClient = u64;

pub(crate) struct Session {
    pub(crate) client: GameClient,
    crowd: Vec<EntityView>,
}

pub(crate) static CLIENTS: HandleTable<Session> = HandleTable::new(2);

const _: () = assert!(SW_DATAGRAM_MAX == DATAGRAM_MAX);
const EVENT_CAPACITY_MAX: u32 = 65_536;

fn to_config(config: Option<SwClientConfig>) -> Result<GameClientConfig, Failure> {
    let mut answer = GameClientConfig::default();
    let Some(config) = config else { return Ok(answer) };
    if config.input_packets_per_s != 0 {
        answer.input_packets_per_s = u16::try_from(config.input_packets_per_s)
            .ok()
            .filter(|rate| (10..=60).contains(rate))
            .ok_or_else(|| Failure::new(SwResult::BadConfig, "input_packets_per_s is not 10 to 60"))?;
    }
    if config.up_budget_bytes_per_s != 0 {
        answer.up_budget_bytes_per_s = config.up_budget_bytes_per_s;
    }
    if config.event_capacity > EVENT_CAPACITY_MAX {
        return Err(Failure::new(SwResult::BadConfig, "event_capacity is above 65536"));
    }
    if config.event_capacity != 0 {
        answer.event_capacity = config.event_capacity as usize;
    }
    Ok(answer)
}

fn bad_token(error: TokenError) -> Failure {
    let code = if error == TokenError::NotLoopback { SwResult::BadAddress } else { SwResult::BadToken };
    Failure::new(code, error.to_string())
}

fn no_random(error: getrandom::Error) -> Failure {
    Failure::new(SwResult::NoRandomness, error.to_string())
}

fn create(token: ConnectToken, config: GameClientConfig, now_us: u64) -> Result<SwClient, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(no_random)?;
    let client = GameClient::with_forward_secrecy(token, config, seed, Micros(now_us));
    CLIENTS.insert(Session { client, crowd: Vec::new() })
}

/// Starts a session with a connect token (2048 bytes, from the game's backend). One token makes one session.
///
/// `config` may be null. `now_us` is the caller's monotonic clock in microseconds, here and in all calls.
///
/// Once connected, the session takes new keys of its own (forward secrecy); their secrets are the system's random numbers,
/// without which the answer is `SW_RESULT_NO_RANDOMNESS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_create(
    token: *const u8,
    token_len: usize,
    config: *const SwClientConfig,
    now_us: u64,
    client: *mut SwClient,
) -> SwResult {
    entry!(caller => {
        caller.check_place(client, "client")?;
        let config = to_config(caller.read_optional(config, "config")?)?;
        let token = ConnectToken::read(caller.bytes(token, token_len, "token")?).map_err(bad_token)?;
        caller.put(client, create(token, config, now_us)?, "client")
    })
}

/// Starts a session with a host on this machine that runs with the development key. No backend is needed.
///
/// `server` is a text such as "127.0.0.1:7777"; other machines are refused with `SW_RESULT_BAD_ADDRESS`. `client_id` is
/// any number (one session at a time for each), `name` what the host shows. `unix_s` is the time in seconds since 1970.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_create_for_development(
    server: *const c_char,
    client_id: u64,
    name: *const c_char,
    unix_s: u64,
    config: *const SwClientConfig,
    now_us: u64,
    client: *mut SwClient,
) -> SwResult {
    entry!(caller => {
        caller.check_place(client, "client")?;
        let config = to_config(caller.read_optional(config, "config")?)?;
        let server = caller.text(server, "server")?.parse().map_err(|_| {
            Failure::new(SwResult::BadAddress, "the server is no IP address with a port, such as 127.0.0.1:7777")
        })?;
        let name = caller.text(name, "name")?;
        let mut random_failed = None;
        let mut random = |out: &mut [u8]| random_failed = getrandom::fill(out).err().or(random_failed);
        let token = development_token(server, client_id, name, UnixSeconds(unix_s), &mut random);
        if let Some(error) = random_failed {
            return Err(no_random(error));
        }
        caller.put(client, create(token.map_err(bad_token)?, config, now_us)?, "client")
    })
}

/// Ends and forgets a session at once; the server notices by its timeout. To leave politely call `sw_client_disconnect`
/// and send what `sw_client_poll_transmit` answers before. A null handle is accepted and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_destroy(client: SwClient) -> SwResult {
    entry!(_caller => { if client == 0 { Ok(()) } else { CLIENTS.remove(client) } })
}

/// Takes in one datagram from the socket. `SW_RESULT_DATAGRAM_DROPPED` is harmless: foreign, forged or late.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_handle_datagram(
    client: SwClient,
    from: *const SwAddress,
    datagram: *const u8,
    datagram_len: usize,
    now_us: u64,
) -> SwResult {
    entry!(caller => {
        let from = caller.read(from, "from")?.to_socket_address()?;
        let bytes = caller.bytes(datagram, datagram_len, "datagram")?;
        // Longer than any datagram of the protocol: one byte too many is enough to be refused and counted.
        let mut copy = [0; DATAGRAM_MAX + 1];
        let length = bytes.len().min(copy.len());
        copy[..length].copy_from_slice(&bytes[..length]);
        CLIENTS.with(client, |session| {
            session
                .client
                .handle_datagram(from, &mut copy[..length], Micros(now_us))
                .map_err(|error| Failure::new(SwResult::DatagramDropped, error.to_string()))
        })
    })
}

/// What is to be sent now: one datagram to `buffer`, its length to `written` (0: nothing more now), its target to `to`.
/// Call until `written` is 0, each frame and at least 30 times a second: timeouts are noticed here.
/// `capacity` must be at least `SW_DATAGRAM_MAX`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_poll_transmit(
    client: SwClient,
    now_us: u64,
    buffer: *mut u8,
    capacity: usize,
    to: *mut SwAddress,
    written: *mut usize,
) -> SwResult {
    entry!(caller => {
        caller.check_place(buffer, "buffer")?;
        caller.check_place(written, "written")?;
        caller.check_out(to, "to")?;
        if capacity < DATAGRAM_MAX {
            caller.put(written, DATAGRAM_MAX, "written")?;
            return Err(Failure::new(SwResult::ShortBuffer, "the buffer has less than SW_DATAGRAM_MAX bytes"));
        }
        CLIENTS.with(client, |session| {
            let mut out = [0; DATAGRAM_MAX];
            match session.client.poll_transmit(Micros(now_us), &mut out) {
                Some((address, length)) => {
                    caller.write(to, &SwAddress::from(address), "to")?;
                    caller.fill(buffer, capacity, written, &out[..length], "buffer")
                }
                None => caller.put(written, 0, "written"),
            }
        })
    })
}

/// Moves the client's clock to `now_us` and predicts the ticks that are due with `input`, of `input_size`
/// (sizeof(SwInput)) bytes. `report` may be null.
/// Before the battle begins it does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_advance(
    client: SwClient,
    now_us: u64,
    input: *const SwInput,
    input_size: usize,
    report: *mut SwAdvanceReport,
) -> SwResult {
    entry!(caller => {
        let input = caller.read_element(input, input_size, "input")?;
        if !report.is_null() {
            caller.check_out(report, "report")?;
        }
        CLIENTS.with(client, |session| {
            let done = session.client.advance(Micros(now_us), input.into());
            if report.is_null() {
                return Ok(());
            }
            let answer = SwAdvanceReport {
                struct_size: 0,
                ticks: done.ticks,
                newest_tick: done.newest.map_or(0, |tick| tick.0),
                reserved: 0,
            };
            caller.write(report, &answer, "report")
        })
    })
}

/// Where the client is on its way into the battle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_status(client: SwClient, status: *mut SwClientStatus) -> SwResult {
    entry!(caller => {
        CLIENTS.with(client, |session| {
            let character = session.client.character().map_or(0, |id| id.to_bits());
            caller.write(status, &SwClientStatus::of(session.client.state(), character), "status")
        })
    })
}

/// The own character; `SW_RESULT_NOT_CONNECTED` outside the battle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_own(client: SwClient, own: *mut SwOwn) -> SwResult {
    entry!(caller => {
        CLIENTS.with(client, |session| match session.client.own() {
            Some(view) => caller.write(own, &SwOwn::from(&view), "own"),
            None => Err(Failure::new(SwResult::NotConnected, "the own character is not in the battle")),
        })
    })
}

/// All others in sight as they are drawn at `now_us`, to `entities`: up to `capacity`, `entity_size` (sizeof(SwEntity))
/// bytes apart. `count` is their number in sight, which may be larger than `capacity`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_sample_crowd(
    client: SwClient,
    now_us: u64,
    entities: *mut SwEntity,
    capacity: usize,
    entity_size: usize,
    count: *mut usize,
) -> SwResult {
    entry!(caller => {
        caller.check_place(count, "count")?;
        CLIENTS.with(client, |session| {
            let Session { client, crowd } = session;
            client.sample_crowd(Micros(now_us), crowd);
            let views = crowd.iter().map(SwEntity::from);
            caller.fill_elements(entities, capacity, entity_size, views, "entities")?;
            caller.put(count, crowd.len(), "count")
        })
    })
}

/// Takes the oldest news: up to `capacity` events, `event_size` (sizeof(SwClientEvent)) bytes apart; `count` is how many
/// were written. Call until `count` is less than `capacity`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_take_events(
    client: SwClient,
    events: *mut SwClientEvent,
    capacity: usize,
    event_size: usize,
    count: *mut usize,
) -> SwResult {
    entry!(caller => {
        caller.check_place(count, "count")?;
        CLIENTS.with(client, |session| {
            let news = std::iter::from_fn(|| session.client.next_event()).map(SwClientEvent::from);
            let taken = caller.fill_elements(events, capacity, event_size, news, "events")?;
            caller.put(count, taken, "count")
        })
    })
}

/// The client's figures.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_stats(client: SwClient, stats: *mut SwClientStats) -> SwResult {
    entry!(caller => {
        CLIENTS.with(client, |session| {
            caller.write(stats, &SwClientStats::from(&session.client.stats()), "stats")
        })
    })
}

/// The bytes of the server's world configuration, for `sw_world_create_encoded`: its terrain is the server's.
/// `SW_RESULT_NOT_CONNECTED` before the welcome. `written` is their number, also when the buffer is too short.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_encode_world_config(
    client: SwClient,
    buffer: *mut u8,
    capacity: usize,
    written: *mut usize,
) -> SwResult {
    entry!(caller => {
        CLIENTS.with(client, |session| match session.client.world() {
            Some(world) => caller.fill(buffer, capacity, written, &world.config().encode(), "buffer"),
            None => Err(Failure::new(SwResult::NotConnected, "the server has not said which world this is")),
        })
    })
}

/// Leaves: the next answers of `sw_client_poll_transmit` tell the server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_client_disconnect(client: SwClient) -> SwResult {
    entry!(_caller => {
        CLIENTS.with(client, |session| {
            session.client.disconnect();
            Ok(())
        })
    })
}
