//! Our sessions against `renetcode`, an independent implementation without sockets: their client with our server,
//! our client with their server. Three known differences: their token has the client's number before the standard's
//! bytes; they allow payloads up to 1300 bytes; and they write the sequence number 0 in no bytes, where the standard
//! wants one to eight, so that our client refuses their server's first challenge and first keep-alive, and connects
//! with the second ones.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::time::Duration;

use renetcode::{
    ClientAuthentication, NetcodeClient, NetcodeServer, ServerAuthentication, ServerConfig, ServerResult,
};
use shieldwall_net::secure::{
    ClientEvent, ClientRekey, ClientState, ConnectToken, DATAGRAM_MAX, DisconnectReason, DropReason,
    PeerAddress, SecureClient, SecureServer, SecureServerConfig, ServerEvent, ServerOutput, TokenParams,
};
use shieldwall_net::time::{Micros, UnixSeconds};

const PROTOCOL: u64 = 77;
const KEY: [u8; 32] = [0x17; 32];
const CLIENT_ID: u64 = 4711;
const UNIX: u64 = 1_800_000_000;
const PAYLOADS: usize = 1_000;
const STEP: Duration = Duration::from_millis(10);

fn server_address() -> SocketAddr {
    "10.1.1.1:5000".parse().unwrap()
}

fn client_address() -> SocketAddr {
    "[fd00::7]:6000".parse().unwrap()
}

fn user_data() -> [u8; 256] {
    core::array::from_fn(|i| 255 - i as u8)
}

fn fill(bytes: &mut [u8], seed: &mut u64) {
    for byte in bytes {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *byte = (*seed >> 56) as u8;
    }
}

fn our_token() -> ConnectToken {
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id: CLIENT_ID,
        created: UnixSeconds(UNIX),
        lifetime_seconds: 30,
        timeout_seconds: 5,
        server_addresses: &[server_address()],
        internal_addresses: &[server_address()],
        user_data: &user_data(),
        private_key: &KEY,
    };
    let mut seed = 9;
    ConnectToken::generate(&params, &mut |bytes| fill(bytes, &mut seed)).unwrap()
}

fn their_token() -> renetcode::ConnectToken {
    let now = Duration::from_secs(UNIX);
    let servers = vec![server_address()];
    renetcode::ConnectToken::generate(now, PROTOCOL, 30, CLIENT_ID, 5, servers, Some(&user_data()), &KEY)
        .unwrap()
}

/// Our token in their form.
fn to_theirs(token: &ConnectToken) -> renetcode::ConnectToken {
    let bytes = [&CLIENT_ID.to_le_bytes()[..], &token.write()].concat();
    renetcode::ConnectToken::read(&mut &bytes[..]).unwrap()
}

/// Their token in ours: without the number, and padded.
fn to_ours(token: &renetcode::ConnectToken) -> ConnectToken {
    let mut bytes = Vec::new();
    token.write(&mut bytes).unwrap();
    bytes.drain(..8);
    bytes.resize(2048, 0);
    ConnectToken::read(&bytes).unwrap()
}

fn payload(n: usize) -> Vec<u8> {
    (0..1 + n * 37 % 1200).map(|i| (i * 3 + n) as u8).collect()
}

#[test]
fn tokens_are_read_by_the_other_byte_for_byte() {
    let ours = our_token();
    let mut again = Vec::new();
    to_theirs(&ours).write(&mut again).unwrap();
    again.resize(8 + 2048, 0);
    assert!(again[8..] == ours.write(), "ours, read and written by them");
    let mut theirs = Vec::new();
    their_token().write(&mut theirs).unwrap();
    theirs.drain(..8);
    theirs.resize(2048, 0);
    assert!(ConnectToken::read(&theirs).unwrap().write() == theirs[..], "theirs, read and written by us");
}

fn their_client_with_our_server(token: renetcode::ConnectToken) {
    let config = SecureServerConfig::new(PROTOCOL, KEY, 8, vec![server_address()]);
    let mut seed = 3;
    let mut ours = SecureServer::new(config, &mut |bytes| fill(bytes, &mut seed)).unwrap();
    let mut theirs =
        NetcodeClient::new(Duration::ZERO, ClientAuthentication::Secure { connect_token: token.clone() })
            .unwrap();
    let (mut now, mut out, mut client) = (Micros(0), [0; DATAGRAM_MAX], None);
    let (mut sent, mut up, mut down) = (0, Vec::new(), Vec::new());
    let mut first_request = None;
    while up.len() < PAYLOADS || down.len() < PAYLOADS {
        now = now + Micros(STEP.as_micros() as u64);
        assert!(now < Micros::from_secs(25), "{} up, {} down", up.len(), down.len());
        let mut to_server: Vec<Vec<u8>> =
            theirs.update(STEP).map(|(bytes, _)| bytes.to_vec()).into_iter().collect();
        let mut to_client: Vec<Vec<u8>> = Vec::new();
        if theirs.is_connected() && sent < PAYLOADS {
            to_server.push(theirs.generate_payload_packet(&payload(sent)).unwrap().1.to_vec());
            let mut sink = |_: PeerAddress, bytes: &[u8]| to_client.push(bytes.to_vec());
            ours.send_payload(client.unwrap(), &payload(sent), now, &mut sink).unwrap();
            sent += 1;
        }
        for mut bytes in to_server {
            first_request.get_or_insert_with(|| bytes.clone());
            let event = ours.handle_datagram(client_address(), &mut bytes, now, UnixSeconds(UNIX), &mut out);
            let event = event.unwrap_or_else(|reason| panic!("their datagram was dropped: {reason}"));
            let reply = event.reply_len();
            match event {
                ServerEvent::Payload { bytes, .. } => up.push(bytes.to_vec()),
                ServerEvent::Connected { client: slot, client_id, user_data: data, .. } => {
                    assert_eq!((client_id, *data), (CLIENT_ID, user_data()));
                    client = Some(slot);
                }
                _ => {}
            }
            if reply > 0 {
                to_client.push(out[..reply].to_vec());
            }
        }
        ours.update(now, &mut |output| {
            if let ServerOutput::Datagram { bytes, .. } = output {
                to_client.push(bytes.to_vec());
            }
        });
        for mut bytes in to_client {
            down.extend(theirs.process_packet(&mut bytes).map(<[u8]>::to_vec));
        }
    }
    let expected: Vec<Vec<u8>> = (0..PAYLOADS).map(payload).collect();
    assert!(up == expected && down == expected);
    // The request they made is the one we make from the same token.
    let mut twin = SecureClient::new(to_ours(&token), Micros(0));
    let (_, len) = twin.poll_transmit(Micros(0), &mut out).unwrap();
    assert!(first_request.unwrap() == out[..len]);
    // Longer than the standard allows: refused, and the session goes on.
    let mut long = theirs.generate_payload_packet(&[1; 1201]).unwrap().1.to_vec();
    let refused = ours.handle_datagram(client_address(), &mut long, now, UnixSeconds(UNIX), &mut out);
    assert_eq!(refused, Err(DropReason::WrongSize));
    let mut farewell = theirs.disconnect().unwrap().1.to_vec();
    let event = ours.handle_datagram(client_address(), &mut farewell, now, UnixSeconds(UNIX), &mut out);
    assert!(matches!(event, Ok(ServerEvent::Disconnected { reason: DisconnectReason::ByClient, .. })));
    assert_eq!(ours.connected_count(), 0);
}

#[test]
fn their_client_our_server_their_token() {
    their_client_with_our_server(their_token());
}

#[test]
fn their_client_our_server_our_token() {
    their_client_with_our_server(to_theirs(&our_token()));
}

#[test]
fn our_server_ends_the_session_of_their_client() {
    let config = SecureServerConfig::new(PROTOCOL, KEY, 8, vec![server_address()]);
    let mut seed = 3;
    let mut ours = SecureServer::new(config, &mut |bytes| fill(bytes, &mut seed)).unwrap();
    let mut theirs =
        NetcodeClient::new(Duration::ZERO, ClientAuthentication::Secure { connect_token: their_token() })
            .unwrap();
    let mut out = [0; DATAGRAM_MAX];
    while !theirs.is_connected() {
        let Some((bytes, _)) = theirs.update(STEP) else { continue };
        let mut bytes = bytes.to_vec();
        let now = Micros(0);
        let len = ours
            .handle_datagram(client_address(), &mut bytes, now, UnixSeconds(UNIX), &mut out)
            .unwrap()
            .reply_len();
        theirs.process_packet(&mut out[..len]);
    }
    ours.disconnect_all(Micros(1), &mut |output| {
        if let ServerOutput::Datagram { bytes, .. } = output {
            theirs.process_packet(&mut bytes.to_vec());
        }
    });
    assert_eq!(theirs.disconnect_reason(), Some(renetcode::DisconnectReason::DisconnectedByServer));
}

/// Offers new keys to whoever listens, and plays on where nobody does.
fn offering() -> ClientRekey {
    ClientRekey { require: false, ..ClientRekey::new([5; 32]) }
}

#[test]
fn our_client_their_server() {
    let mut theirs = NetcodeServer::new(ServerConfig {
        current_time: Duration::from_secs(UNIX),
        max_clients: 8,
        protocol_id: PROTOCOL,
        public_addresses: vec![server_address()],
        authentication: ServerAuthentication::Secure { private_key: KEY },
    });
    let mut ours = SecureClient::with_rekey(to_ours(&their_token()), &offering(), Micros(0));
    let (mut now, mut out) = (Micros(0), [0; DATAGRAM_MAX]);
    let (mut sent, mut up, mut down) = (0, Vec::new(), Vec::new());
    let mut to_client: Vec<Vec<u8>> = Vec::new();
    while up.len() < PAYLOADS || down.len() < PAYLOADS {
        now = now + Micros(STEP.as_micros() as u64);
        assert!(now < Micros::from_secs(25), "{:?} {} up, {} down", ours.state(), up.len(), down.len());
        for mut bytes in to_client.drain(..) {
            let width = bytes[0] >> 4;
            match ours.handle_datagram(server_address(), &mut bytes, now) {
                Ok(ClientEvent::Payload(bytes)) => down.push(bytes.to_vec()),
                Ok(ClientEvent::Connected { max_clients, .. }) => assert_eq!(max_clients, 8),
                Ok(_) => {}
                Err(reason) => assert!(width == 0 && reason == DropReason::SequenceBytes, "{width} {reason}"),
            }
        }
        let mut to_server = Vec::new();
        while let Some((_, len)) = ours.poll_transmit(now, &mut out) {
            to_server.push(out[..len].to_vec());
        }
        if ours.state() == ClientState::Connected && sent < PAYLOADS {
            let (_, len) = ours.seal_payload(&payload(sent), now, &mut out).unwrap();
            to_server.push(out[..len].to_vec());
            to_client.push(theirs.generate_payload_packet(CLIENT_ID, &payload(sent)).unwrap().1.to_vec());
            sent += 1;
        }
        theirs.update(STEP);
        for mut bytes in to_server {
            match theirs.process_packet(client_address(), &mut bytes) {
                ServerResult::PacketToSend { payload, .. } => to_client.push(payload.to_vec()),
                ServerResult::Payload { payload, .. } => up.push(payload.to_vec()),
                ServerResult::ClientConnected { client_id, user_data: data, payload, .. } => {
                    assert_eq!((client_id, *data), (CLIENT_ID, user_data()));
                    to_client.push(payload.to_vec());
                }
                _ => {}
            }
        }
        if let ServerResult::PacketToSend { payload, .. } = theirs.update_client(CLIENT_ID) {
            to_client.push(payload.to_vec());
        }
    }
    let expected: Vec<Vec<u8>> = (0..PAYLOADS).map(payload).collect();
    assert!(up == expected && down == expected);
    assert_eq!((ours.stats().dropped_total(), ours.keys().0), (2, 0));
    ours.disconnect();
    let (_, len) = ours.poll_transmit(now, &mut out).unwrap();
    let ended = theirs.process_packet(client_address(), &mut out[..len]);
    assert!(matches!(ended, ServerResult::ClientDisconnected { client_id: CLIENT_ID, .. }));
}
