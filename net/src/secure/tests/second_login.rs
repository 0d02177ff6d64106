//! A client that logs in while it has a session: refused, or the old session gives way.

use super::simulation::World;
use super::*;

fn world(policy: SecondLogin, max_clients: u32) -> World {
    let mut world = World::new(21, 0, 0, Micros::from_millis(10));
    world.add_server_with(server_address(), max_clients, |config| config.second_login = policy);
    world
}

#[test]
fn the_old_session_gives_way_and_has_a_second_to_be_told() {
    let mut world = world(SecondLogin::Replace, 4);
    let old = world.add_client(7, client_address(0), &[server_address()], |_| ());
    world.run(Micros::from_millis(300));
    let old_slot = world.servers[&server_address()].client_with_id(7).unwrap();
    let new = world.add_client(7, client_address(1), &[server_address()], |_| ());
    world.run(Micros::from_millis(300));
    let server = &world.servers[&server_address()];
    let new_slot = server.client_with_id(7).unwrap();
    assert_ne!(old_slot, new_slot);
    assert_eq!((server.connected_count(), server.stats().replaced), (2, 1));
    // Both still carry payloads: the last word to the old one.
    world.server_sends(server_address(), old_slot, b"another login");
    world.server_sends(server_address(), new_slot, b"welcome");
    world.run(Micros::from_millis(100));
    world.to_client.sort();
    assert_eq!(world.to_client, [(old, b"another login".to_vec()), (new, b"welcome".to_vec())]);
    world.run(Micros::from_secs(1));
    assert_eq!((world.state(old), world.state(new)), (ClientState::Disconnected, ClientState::Connected));
    assert_eq!(world.ended, [(7, DisconnectReason::Replaced)]);
    assert_eq!(world.servers[&server_address()].client_with_id(7), Some(new_slot));
    // The new one is found, and ended, as any other.
    world.clients[new].2.disconnect();
    world.run(Micros::from_millis(100));
    assert_eq!(world.servers[&server_address()].client_with_id(7), None);
}

#[test]
fn on_a_full_server_the_place_itself_changes_hands() {
    let mut world = world(SecondLogin::Replace, 1);
    let old = world.add_client(7, client_address(0), &[server_address()], |_| ());
    world.run(Micros::from_millis(300));
    let stranger = world.add_client(8, client_address(2), &[server_address()], |_| ());
    let new = world.add_client(7, client_address(1), &[server_address()], |_| ());
    world.run(Micros::from_millis(500));
    assert_eq!((world.state(stranger), world.state(new)), (ClientState::Denied, ClientState::Connected));
    let server = &world.servers[&server_address()];
    assert_eq!(
        (server.connected_count(), server.client_address(ClientIndex(0))),
        (1, Some(client_address(1).into()))
    );
    world.run(Micros::from_secs(6));
    assert_eq!(world.state(old), ClientState::ConnectionTimedOut);
}

#[test]
fn a_request_alone_replaces_nobody() {
    let mut rng = Rng(1);
    let mut server = server_with(4, |config| config.second_login = SecondLogin::Replace);
    connect(&mut server, token(1, &mut rng), client_address(0), Micros(0));
    // Somebody shows a token from an address at which nobody answers the challenge.
    let request = sent_by(&mut SecureClient::new(token(1, &mut rng), Micros(0)), Micros(0));
    answer(&mut server, client_address(5), &request, Micros(0)).unwrap();
    assert_eq!(server.client_with_id(1), Some(ClientIndex(0)));
    assert_eq!(server.stats().replaced, 0);
}

#[test]
fn the_default_refuses() {
    let mut world = world(SecondLogin::default(), 4);
    let old = world.add_client(7, client_address(0), &[server_address()], |_| ());
    world.run(Micros::from_millis(300));
    let new = world.add_client(7, client_address(1), &[server_address()], |_| ());
    world.run(Micros::from_secs(6));
    assert_eq!((world.state(old), world.state(new)), (ClientState::Connected, ClientState::RequestTimedOut));
}
