//! `renet` over its own netcode transport: ChaCha20-Poly1305, three channels, of which the unreliable one is used.

use crate::load::{DOWN_BYTES, TICK_HZ, Transport, UP_BYTES, is_turn, socket};
use renet::{ConnectionConfig, DefaultChannel, RenetClient, RenetServer};
use renet_netcode::{
    ClientAuthentication, ConnectToken, NetcodeClientTransport, NetcodeServerTransport, ServerAuthentication,
    ServerConfig,
};
use std::io;
use std::time::Duration;

const KEY: [u8; 32] = [7; 32];
const PROTOCOL: u64 = 1;
/// Seconds since the epoch at which the game begins.
const BEGIN: Duration = Duration::from_secs(1_800_000_000);
const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICK_HZ as u64);

/// The server and its clients.
pub struct Renet {
    server: RenetServer,
    transport: NetcodeServerTransport,
    clients: Vec<(RenetClient, NetcodeClientTransport)>,
}

/// Most clients of its server.
pub const CLIENTS_MAX: usize = 1024;

impl Renet {
    /// Connects everybody.
    pub fn new(count: usize) -> io::Result<Self> {
        let listening = socket()?;
        let address = listening.local_addr()?;
        let config = ServerConfig {
            current_time: BEGIN,
            max_clients: count,
            protocol_id: PROTOCOL,
            public_addresses: vec![address],
            authentication: ServerAuthentication::Secure { private_key: KEY },
        };
        let transport = NetcodeServerTransport::new(config, listening)?;
        let server = RenetServer::new(ConnectionConfig::default());
        let mut clients = Vec::with_capacity(count);
        for id in 0..count as u64 {
            let token = ConnectToken::generate(BEGIN, PROTOCOL, 300, id, 30, vec![address], None, &KEY)
                .map_err(io::Error::other)?;
            let authentication = ClientAuthentication::Secure { connect_token: token };
            let own =
                NetcodeClientTransport::new(BEGIN, authentication, socket()?).map_err(io::Error::other)?;
            clients.push((RenetClient::new(ConnectionConfig::default()), own));
        }
        let mut all = Self { server, transport, clients };
        for _ in 0..600 {
            all.clients_tick();
            all.transport.update(TICK, &mut all.server).map_err(io::Error::other)?;
            all.transport.send_packets(&mut all.server);
            while all.server.get_event().is_some() {}
            if all.clients.iter().all(|(client, _)| client.is_connected()) {
                return Ok(all);
            }
        }
        Err(io::Error::other("not everybody connected"))
    }

    fn clients_tick(&mut self) {
        for (client, transport) in &mut self.clients {
            client.update(TICK);
            transport.update(TICK, client).ok();
            transport.send_packets(client).ok();
        }
    }
}

impl Transport for Renet {
    fn clients_send(&mut self, _tick: u32) {
        for (client, transport) in &mut self.clients {
            client.send_message(DefaultChannel::Unreliable, vec![1; UP_BYTES]);
            transport.send_packets(client).ok();
        }
    }

    fn server_receives(&mut self, _tick: u32) -> u64 {
        self.server.update(TICK);
        self.transport.update(TICK, &mut self.server).ok();
        let mut count = 0;
        for id in 0..self.clients.len() as u64 {
            while self.server.receive_message(id, DefaultChannel::Unreliable).is_some() {
                count += 1;
            }
        }
        count
    }

    fn server_sends(&mut self, tick: u32, message: &[u8; DOWN_BYTES]) {
        for client in (0..self.clients.len()).filter(|&client| is_turn(client, tick)) {
            self.server.send_message(client as u64, DefaultChannel::Unreliable, message.to_vec());
        }
        self.transport.send_packets(&mut self.server);
    }

    fn clients_receive(&mut self, _tick: u32) -> u64 {
        let mut count = 0;
        for (client, transport) in &mut self.clients {
            client.update(TICK);
            transport.update(TICK, client).ok();
            while client.receive_message(DefaultChannel::Unreliable).is_some() {
                count += 1;
            }
        }
        count
    }
}
