//! As many clients as the design promises for one server.

use super::*;

const CROWD: u32 = 16_384;

#[test]
fn sixteen_thousand_clients() {
    let mut rng = Rng(1);
    let mut server = server_with(CROWD, |config| config.token_openings_per_second = u32::MAX);
    let mut clients: Vec<SecureClient> = (0..CROWD)
        .map(|n| connect(&mut server, token(u64::from(n), &mut rng), client_address(n), Micros(0)))
        .collect();
    assert_eq!(server.connected_count(), CROWD);
    let extra = sent_by(&mut SecureClient::new(token(99_999, &mut rng), Micros(0)), Micros(0));
    assert_eq!(answer(&mut server, client_address(CROWD), &extra, Micros(0)).unwrap().len(), 25);

    let (mut out, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
    let now = Micros(1);
    for (n, client) in clients.iter_mut().enumerate() {
        let (_, len) = client.seal_payload(&(n as u32).to_le_bytes(), now, &mut out).unwrap();
        let from = client_address(n as u32);
        match server.handle_datagram(from, &mut out[..len], now, UNIX, &mut reply) {
            Ok(ServerEvent::Payload { client: slot, bytes }) => {
                assert_eq!(bytes, (n as u32).to_le_bytes());
                assert_eq!(client.slot(), Some((slot.0, CROWD)));
            }
            other => panic!("{other:?}"),
        }
    }

    // A keep-alive for each, to the right one.
    let mut woken = vec![0; CROWD as usize];
    server.update(Micros::from_millis(101), &mut |output| {
        let ServerOutput::Datagram { to, bytes } = output else { panic!("nobody leaves") };
        let n = (0..4).find_map(|port| {
            let SocketAddr::V4(v4) = to.socket else { return None };
            let n = (u32::from(*v4.ip()) - 0x0b00_0000) * 4 + port;
            (to == client_address(n)).then_some(n)
        });
        let n = n.unwrap() as usize;
        clients[n].handle_datagram(server_address(), &mut bytes.to_vec(), now).unwrap();
        woken[n] += 1;
    });
    assert!(woken.iter().all(|count| *count == 1));

    // Every other one leaves, and comes back with a new token from elsewhere.
    for n in (0..CROWD).step_by(2) {
        let client = &mut clients[n as usize];
        client.disconnect();
        let farewell = sent_by(client, now);
        answer(&mut server, client_address(n), &farewell, now).unwrap();
    }
    assert_eq!(server.connected_count(), CROWD / 2);
    for n in (0..CROWD).step_by(2) {
        connect(&mut server, token(u64::from(n), &mut rng), client_address(CROWD + n), now);
    }
    assert_eq!(server.connected_count(), CROWD);
    assert_eq!(server.stats().dropped_total(), 0);
    // And all the others fall silent.
    let mut timed_out = 0;
    for n in (0..CROWD).step_by(2) {
        let slot = server.client_with_id(u64::from(n)).unwrap();
        assert_eq!(server.client_address(slot), Some(client_address(CROWD + n).into()));
    }
    server.update(Micros::from_secs(6), &mut |output| {
        timed_out += u32::from(matches!(
            output,
            ServerOutput::Disconnected { reason: DisconnectReason::TimedOut, .. }
        ));
    });
    assert_eq!((timed_out, server.connected_count()), (CROWD, 0));
}
