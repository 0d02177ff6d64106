//! `rusty_enet`: ENet in Rust. No encryption.

use crate::load::{DOWN_BYTES, Transport, UP_BYTES, is_turn, socket, time_of};
use rusty_enet::{Event, Host, HostSettings, Packet, PacketKind, PeerID};
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const UNRELIABLE: PacketKind = PacketKind::Unreliable { sequenced: true };

/// A host for the server and one for each client.
pub struct Enet {
    server: Host<UdpSocket>,
    clients: Vec<Host<UdpSocket>>,
    clock: Arc<AtomicU32>,
}

fn host(peers: usize, clock: &Arc<AtomicU32>) -> io::Result<Host<UdpSocket>> {
    let clock = clock.clone();
    let settings = HostSettings {
        peer_limit: peers,
        channel_limit: 1,
        time: Box::new(move || time_of(clock.load(Ordering::Relaxed))),
        seed: Some(5),
        ..HostSettings::default()
    };
    Host::new(socket()?, settings).map_err(|error| io::Error::other(format!("{error:?}")))
}

/// Messages a host received, all events taken.
fn drain(host: &mut Host<UdpSocket>) -> u64 {
    let mut count = 0;
    while let Ok(Some(event)) = host.service() {
        count += u64::from(matches!(event, Event::Receive { .. }));
    }
    count
}

impl Enet {
    /// Connects everybody.
    pub fn new(count: usize) -> io::Result<Self> {
        let clock = Arc::new(AtomicU32::new(60));
        let mut server = host(count, &clock)?;
        let address = server.socket().local_addr()?;
        let mut clients = Vec::with_capacity(count);
        for _ in 0..count {
            let mut client = host(1, &clock)?;
            client.connect(address, 1, 0).map_err(|error| io::Error::other(format!("{error:?}")))?;
            clients.push(client);
        }
        while server.connected_peers().count() < count
            || clients.iter_mut().any(|c| c.connected_peers().count() == 0)
        {
            clock.fetch_add(1, Ordering::Relaxed);
            for host in clients.iter_mut().chain([&mut server]) {
                drain(host);
            }
            if clock.load(Ordering::Relaxed) > 6_000 {
                return Err(io::Error::other("not everybody connected"));
            }
        }
        Ok(Self { server, clients, clock })
    }
}

impl Transport for Enet {
    fn clients_send(&mut self, _tick: u32) {
        self.clock.fetch_add(1, Ordering::Relaxed);
        for client in &mut self.clients {
            client.peer_mut(PeerID(0)).send(0, &Packet::new(&[1; UP_BYTES][..], UNRELIABLE)).ok();
            client.flush();
        }
    }

    fn server_receives(&mut self, _tick: u32) -> u64 {
        drain(&mut self.server)
    }

    fn server_sends(&mut self, tick: u32, message: &[u8; DOWN_BYTES]) {
        for client in (0..self.clients.len()).filter(|&client| is_turn(client, tick)) {
            self.server.peer_mut(PeerID(client)).send(0, &Packet::new(&message[..], UNRELIABLE)).ok();
        }
        self.server.flush();
    }

    fn clients_receive(&mut self, _tick: u32) -> u64 {
        self.clients.iter_mut().map(drain).sum()
    }
}
