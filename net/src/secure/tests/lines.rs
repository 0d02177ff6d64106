//! Peers that have lines of their own: what one connection may do to another, and what is left when one closes.

use super::*;

fn answer_on(
    server: &mut SecureServer,
    from: PeerAddress,
    datagram: &[u8],
    now: Micros,
) -> Result<Vec<u8>, DropReason> {
    let mut out = [0; DATAGRAM_MAX];
    let length = server.handle_datagram(from, &mut datagram.to_vec(), now, UNIX, &mut out)?.reply_len();
    Ok(out[..length].to_vec())
}

fn connect_on(server: &mut SecureServer, token: ConnectToken, from: PeerAddress) -> SecureClient {
    let mut client = SecureClient::new(token, Micros(0));
    for _ in 0..2 {
        let request = sent_by(&mut client, Micros(0));
        let mut reply = answer_on(server, from, &request, Micros(0)).unwrap();
        client.handle_datagram(server_address(), &mut reply, Micros(0)).unwrap();
    }
    assert_eq!(client.state(), ClientState::Connected);
    client
}

#[test]
fn one_socket_address_carries_several_lines_that_do_not_meet() {
    let (mut rng, mut server) = (Rng(1), server(4));
    let lines = [0, 1, 2].map(|line| PeerAddress::on_line(client_address(0), line));
    let tokens = [1, 2, 3].map(|id| token(id, &mut rng));
    let mut clients: Vec<_> =
        lines.iter().zip(tokens).map(|(&line, token)| connect_on(&mut server, token, line)).collect();
    assert_eq!(server.connected_count(), 3);
    let mut out = [0; DATAGRAM_MAX];
    for (sender, client) in clients.iter_mut().enumerate() {
        let (_, length) = client.seal_payload(&[7; 9], Micros(1), &mut out).unwrap();
        for (other, &line) in lines.iter().enumerate().filter(|(other, _)| *other != sender) {
            let refused = answer_on(&mut server, line, &out[..length], Micros(1));
            let foreign = matches!(refused, Err(DropReason::NotAuthentic | DropReason::Replayed));
            assert!(foreign, "{sender} on line {other}: {refused:?}");
        }
        assert_eq!(answer_on(&mut server, lines[sender], &out[..length], Micros(1)), Ok(vec![]));
    }
    // What is sent to a client names its line.
    for (index, &line) in (0..).zip(&lines) {
        let (to, _) = server.seal_payload(ClientIndex(index), &[1], Micros(1), &mut out).unwrap();
        assert_eq!(to, line);
    }
}

#[test]
fn a_token_shown_on_one_line_is_refused_on_another() {
    let (mut rng, mut server) = (Rng(2), server(4));
    let mut client = SecureClient::new(token(1, &mut rng), Micros(0));
    let request = sent_by(&mut client, Micros(0));
    let on = |line| PeerAddress::on_line(client_address(0), line);
    answer_on(&mut server, on(1), &request, Micros(0)).unwrap();
    let refused = answer_on(&mut server, on(2), &request, Micros(0));
    assert_eq!(refused, Err(DropReason::TokenUsedElsewhere));
    assert_eq!(answer_on(&mut server, on(0), &request, Micros(0)), Err(DropReason::TokenUsedElsewhere));
}

#[test]
fn a_closed_line_ends_its_session_or_handshake_and_nothing_else() {
    let (mut rng, mut server) = (Rng(3), server(4));
    let on = |line| PeerAddress::on_line(client_address(0), line);
    connect_on(&mut server, token(1, &mut rng), on(1));
    connect_on(&mut server, token(2, &mut rng), on(2));
    let mut half = SecureClient::new(token(3, &mut rng), Micros(0));
    let request = sent_by(&mut half, Micros(0));
    answer_on(&mut server, on(3), &request, Micros(0)).unwrap();
    assert_eq!(server.pending_count(), 1);
    let mut ended = Vec::new();
    for line in [3, 9, 1, 1] {
        server.line_closed(on(line), &mut |output| match output {
            ServerOutput::Disconnected { client_id, reason, .. } => ended.push((client_id, reason)),
            ServerOutput::Datagram { .. } => panic!("nobody hears it"),
        });
    }
    assert_eq!(ended, [(1, DisconnectReason::LineClosed)]);
    assert_eq!((server.pending_count(), server.connected_count()), (0, 1));
    assert_eq!(server.stats().lines_closed, 1);
    // The player can come back at once, over a new line.
    connect_on(&mut server, token(1, &mut rng), on(4));
}

#[test]
fn a_key_log_opens_what_both_ends_say_and_nothing_that_was_changed() {
    let (mut rng, mut server) = (Rng(4), server(4));
    let rekey = ClientRekey::new([9; 32]);
    let client = SecureClient::with_rekey(token(5, &mut rng), &rekey, Micros(0));
    let mut client = connect_client(&mut server, client, client_address(0), Micros(0));
    let before = server.session_keys(ClientIndex(0)).unwrap();
    assert_eq!((before.epoch, before.client_id), (0, 5));
    let (mut out, mut up, mut now) = ([0; DATAGRAM_MAX], Vec::new(), Micros(0));
    while server.client_keys(ClientIndex(0)) != Some((1, client.keys().1)) {
        now = now + Micros::from_millis(10);
        while let Some((_, length)) = client.poll_transmit(now, &mut out) {
            up.push(out[..length].to_vec());
            let mut reply = answer(&mut server, client_address(0), &out[..length], now).unwrap();
            if !reply.is_empty() {
                client.handle_datagram(server_address(), &mut reply, now).unwrap();
            }
        }
    }
    let after = server.session_keys(ClientIndex(0)).unwrap();
    let seen = client.session_keys();
    assert_eq!((after.epoch, after.client_to_server), (1, seen.client_to_server));
    assert_eq!(after.server_to_client, seen.server_to_client);
    assert_ne!(after.client_to_server, before.client_to_server);
    let openers = [before, after].map(|keys| SessionOpener::new(&keys));
    let (mut offers, mut odd) = (0, 0);
    for datagram in &up {
        let Ok(Outside::Sealed { is_odd_epoch, .. }) = outside(datagram, Direction::Up) else {
            panic!("{datagram:?}")
        };
        odd += u32::from(is_odd_epoch);
        let opener = &openers[usize::from(is_odd_epoch)];
        let mut copy = datagram.clone();
        let other = openers[usize::from(!is_odd_epoch)].open(&mut copy, Direction::Up);
        assert_eq!(other, Err(DropReason::EpochOver));
        for at in 1..datagram.len() {
            let mut changed = datagram.clone();
            changed[at] ^= 1;
            assert_eq!(opener.open(&mut changed, Direction::Up), Err(DropReason::NotAuthentic), "byte {at}");
        }
        let mut datagram = datagram.clone();
        offers += u32::from(matches!(
            opener.open(&mut datagram, Direction::Up),
            Ok(Inside::Offer { epoch: 1, .. })
        ));
    }
    assert!(offers > 0 && odd > 0, "{offers} offers, {odd} packets of the new epoch");
    let mut down = [0; DATAGRAM_MAX];
    let (_, length) = server.seal_payload(ClientIndex(0), b"words", now, &mut down).unwrap();
    assert!(is_payload(&down[..length]) && !is_payload(&up[0]) && !is_payload(&[]));
    assert_eq!(openers[1].open(&mut down[..length], Direction::Down), Ok(Inside::Payload(b"words")));
}
