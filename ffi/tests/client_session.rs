//! A client session as C drives it: what it sends, what it refuses, how it ends. No server takes part here.
#![allow(unsafe_code)] // this test stands in for C
#![allow(clippy::undocumented_unsafe_blocks)] // the macro `c!` has the one comment for all of them

use std::ptr::{null, null_mut};

use shieldwall::client::*;
use shieldwall::client_stats::SwClientStats;
use shieldwall::client_types::*;
use shieldwall::command_types::SwInput;
use shieldwall::result::SwResult;

/// Calls an exported function, as C does.
macro_rules! c {
    // SAFETY: every pointer of these tests is null or points to a live local of the size that it claims.
    ($call:expr) => {
        unsafe { $call }
    };
}

const UNIX_S: u64 = 1_700_000_000;

fn create(server: &std::ffi::CStr) -> (SwResult, SwClient) {
    let mut client = 0;
    let result = c!(sw_client_create_for_development(
        server.as_ptr(),
        7,
        c"tester".as_ptr(),
        UNIX_S,
        null(),
        0,
        &raw mut client
    ));
    (result, client)
}

fn connecting() -> SwClient {
    let (result, client) = create(c"127.0.0.1:7777");
    assert_eq!(result, SwResult::Ok);
    client
}

fn sized<T: bytemuck::Zeroable>() -> T {
    let mut value = T::zeroed();
    // SAFETY: every struct of the ABI that is passed alone begins with its size as u32.
    unsafe { (&raw mut value).cast::<u32>().write(size_of::<T>() as u32) };
    value
}

fn poll(client: SwClient, now_us: u64) -> Option<(SwAddress, Vec<u8>)> {
    let (mut buffer, mut to, mut written) = ([0; SW_DATAGRAM_MAX], sized::<SwAddress>(), 0);
    let result = c!(sw_client_poll_transmit(
        client,
        now_us,
        buffer.as_mut_ptr(),
        buffer.len(),
        &raw mut to,
        &raw mut written
    ));
    assert_eq!(result, SwResult::Ok);
    (written > 0).then(|| (to, buffer[..written].to_vec()))
}

fn status(client: SwClient) -> SwClientStatus {
    let mut status = sized::<SwClientStatus>();
    assert_eq!(c!(sw_client_status(client, &raw mut status)), SwResult::Ok);
    status
}

#[test]
fn a_new_session_asks_its_server() {
    let client = connecting();
    let (to, request) = poll(client, 0).expect("the request goes out at once");
    assert_eq!((to.family, to.port, &to.ip[..4]), (4, 7777, &[127, 0, 0, 1][..]));
    assert_eq!(request.len(), 1078, "a request of the standard");
    assert_eq!(&request[1..13], b"NETCODE 1.02");
    assert!(poll(client, 1_000).is_none(), "once a tenth of a second is enough");
    assert!(poll(client, 110_000).is_some());
    assert_eq!(status(client).state, SW_CLIENT_CONNECTING);
    assert_eq!(c!(sw_client_destroy(client)), SwResult::Ok);
}

#[test]
fn silence_ends_a_session_with_a_reason() {
    let client = connecting();
    for second in 0..30 {
        while poll(client, second * 1_000_000).is_some() {}
    }
    let status = status(client);
    assert_eq!((status.state, status.end_reason), (SW_CLIENT_ENDED, SW_END_NO_ANSWER));
    let (mut event, mut count) = (SwClientEvent::default(), 9);
    let size = size_of::<SwClientEvent>();
    assert_eq!(c!(sw_client_take_events(client, &raw mut event, 1, size, &raw mut count)), SwResult::Ok);
    assert_eq!((count, event.kind), (1, SW_CLIENT_EVENT_ENDED));
    assert_eq!(c!(sw_client_take_events(client, &raw mut event, 1, size, &raw mut count)), SwResult::Ok);
    assert_eq!(count, 0);
    c!(sw_client_destroy(client));
}

#[test]
fn hostile_datagrams_are_dropped_and_counted() {
    let client = connecting();
    let from = SwAddress::from("127.0.0.1:7777".parse::<std::net::SocketAddr>().unwrap());
    let garbage = vec![0xA5_u8; 100_000];
    let mut dropped = 0;
    for length in [0, 1, 2, 17, 300, 1299, 1300, 1301, 65_507, 100_000] {
        let result = c!(sw_client_handle_datagram(client, &raw const from, garbage.as_ptr(), length, 1_000));
        assert_eq!(result, SwResult::DatagramDropped, "{length} bytes");
        dropped += 1;
    }
    let mut stats = sized::<SwClientStats>();
    assert_eq!(c!(sw_client_stats(client, &raw mut stats)), SwResult::Ok);
    assert_eq!(stats.refused_datagrams, dropped);
    assert!(stats.bytes_received > 0);
    assert_eq!(stats.bytes_overhead_received, stats.bytes_received, "nothing of it was of use");
    assert_eq!(status(client).state, SW_CLIENT_CONNECTING);
    let bad = SwAddress { family: 5, ..from };
    let result = c!(sw_client_handle_datagram(client, &raw const bad, garbage.as_ptr(), 10, 1_000));
    assert_eq!(result, SwResult::BadAddress);
    c!(sw_client_destroy(client));
}

#[test]
fn outside_the_battle_there_is_no_character() {
    let client = connecting();
    let input = SwInput::default();
    let mut report = sized::<SwAdvanceReport>();
    let size = size_of::<SwInput>();
    assert_eq!(c!(sw_client_advance(client, 50_000, &raw const input, size, &raw mut report)), SwResult::Ok);
    assert_eq!(report.ticks, 0);
    assert_eq!(c!(sw_client_advance(client, 50_000, null(), size, null_mut())), SwResult::NullPointer);
    assert_eq!(
        c!(sw_client_advance(client, 50_000, &raw const input, 7, null_mut())),
        SwResult::BadStructSize
    );
    assert_eq!(c!(sw_client_own(client, &mut sized::<SwOwn>())), SwResult::NotConnected);
    let mut written = 0;
    assert_eq!(
        c!(sw_client_encode_world_config(client, null_mut(), 0, &raw mut written)),
        SwResult::NotConnected
    );
    let (mut entity, mut count) = (SwEntity::default(), 9);
    let size = size_of::<SwEntity>();
    assert_eq!(c!(sw_client_sample_crowd(client, 0, &raw mut entity, 1, size, &raw mut count)), SwResult::Ok);
    assert_eq!(count, 0);
    c!(sw_client_destroy(client));
}

#[test]
fn bad_beginnings_are_refused() {
    for server in [c"example.org:7777", c"127.0.0.1", c"", c"10.1.2.3:7777", c"0.0.0.0:7777", c"[::]:1"] {
        assert_eq!(create(server), (SwResult::BadAddress, 0), "{server:?}");
    }
    assert_eq!(create(c"[::1]:7777").0, SwResult::Ok);
    let mut client = 0;
    let token = [0_u8; 2048];
    for length in [0, 1, 2047, 2048] {
        let result = c!(sw_client_create(token.as_ptr(), length, null(), 0, &raw mut client));
        assert_eq!(result, SwResult::BadToken, "{length} bytes");
    }
    let config = SwClientConfig { input_packets_per_s: 1000, ..sized() };
    let result = c!(sw_client_create(token.as_ptr(), 2048, &raw const config, 0, &raw mut client));
    assert_eq!(result, SwResult::BadConfig);
    assert_eq!(client, 0);
    let server = c"127.0.0.1:7777".as_ptr();
    assert_eq!(
        c!(sw_client_create_for_development(server, 1, null(), UNIX_S, null(), 0, &raw mut client)),
        SwResult::NullPointer
    );
}

#[test]
fn a_short_buffer_loses_no_datagram() {
    let client = connecting();
    let (mut buffer, mut to, mut written) = ([0; 100], sized::<SwAddress>(), 0);
    let result = c!(sw_client_poll_transmit(
        client,
        0,
        buffer.as_mut_ptr(),
        buffer.len(),
        &raw mut to,
        &raw mut written
    ));
    assert_eq!((result, written), (SwResult::ShortBuffer, SW_DATAGRAM_MAX));
    assert!(poll(client, 0).is_some(), "the request waited");
    c!(sw_client_destroy(client));
}

#[test]
fn a_world_handle_is_no_client_handle() {
    let client = connecting();
    assert_eq!(c!(shieldwall::world::sw_world_destroy(client)), SwResult::BadHandle);
    assert_eq!(c!(sw_client_disconnect(client)), SwResult::Ok);
    assert_eq!(status(client).end_reason, SW_END_LEFT);
    assert_eq!(c!(sw_client_destroy(client)), SwResult::Ok);
    assert_eq!(c!(sw_client_disconnect(client)), SwResult::StaleHandle);
}
