//! Shieldwall's sessions and channels, as its host uses them: netcode 1.02, acks of every packet, replay window.

use crate::load::{DOWN_BYTES, Transport, UP_BYTES, is_turn, receive, socket, time_of};
use shieldwall_net::channel::Channel;
use shieldwall_net::secure::{
    ClientEvent, ClientIndex, ClientState, ConnectToken, DATAGRAM_MAX, SecureClient, SecureServer,
    SecureServerConfig, ServerEvent, ServerOutput, TokenParams,
};
use shieldwall_net::time::{Micros, UnixSeconds};
use shieldwall_net::wire::PAYLOAD_BYTES;
use std::io;
use std::net::{SocketAddr, UdpSocket};

const KEY: [u8; 32] = [7; 32];
const PROTOCOL: u64 = 1;
const BEGIN: UnixSeconds = UnixSeconds(1_800_000_000);
/// Bytes of a channel's header: the messages are so much shorter, so that the payloads are of the load's size.
const HEADER: usize = 8;

struct Client {
    socket: UdpSocket,
    secure: SecureClient,
    channel: Channel<()>,
}

/// The server and its clients.
pub struct Ours {
    socket: UdpSocket,
    server: SecureServer,
    channels: Vec<Channel<()>>,
    clients: Vec<Client>,
    /// Which of `clients` plays in a slot of the server.
    client_of_slot: Vec<usize>,
    datagram: [u8; DATAGRAM_MAX],
}

/// Fixed bytes serve where a benchmark needs "random" ones.
fn fill(bytes: &mut [u8]) {
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = index as u8;
    }
}

fn now(tick: u32) -> Micros {
    Micros(time_of(tick).as_micros() as u64)
}

fn client(id: u64, server: SocketAddr) -> io::Result<Client> {
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id: id,
        created: BEGIN,
        lifetime_seconds: 300,
        timeout_seconds: 60,
        server_addresses: &[server],
        internal_addresses: &[server],
        user_data: &[0; 256],
        private_key: &KEY,
    };
    let token = ConnectToken::generate(&params, &mut fill).map_err(io::Error::other)?;
    Ok(Client { socket: socket()?, secure: SecureClient::new(token, Micros(0)), channel: Channel::default() })
}

impl Ours {
    /// Connects everybody.
    pub fn new(count: usize) -> io::Result<Self> {
        let socket = socket()?;
        let address = socket.local_addr()?;
        let config = SecureServerConfig::new(PROTOCOL, KEY, count as u32, vec![address]);
        let server = SecureServer::new(config, &mut fill).map_err(io::Error::other)?;
        let clients: io::Result<Vec<Client>> = (0..count as u64).map(|id| client(id, address)).collect();
        let channels = (0..count).map(|_| Channel::default()).collect();
        let mut all = Self {
            socket,
            server,
            channels,
            clients: clients?,
            client_of_slot: vec![0; count],
            datagram: [0; DATAGRAM_MAX],
        };
        for round in 0..600 {
            all.shake_hands(Micros::from_millis(20 * round));
            if all.clients.iter().all(|client| client.secure.state() == ClientState::Connected) {
                for (index, client) in all.clients.iter().enumerate() {
                    let slot = client.secure.slot().map_or(0, |(slot, _)| slot);
                    all.client_of_slot[slot as usize] = index;
                }
                return Ok(all);
            }
        }
        Err(io::Error::other("not everybody connected"))
    }

    fn shake_hands(&mut self, now: Micros) {
        let mut reply = [0; DATAGRAM_MAX];
        for client in &mut self.clients {
            if let Some((to, length)) = client.secure.poll_transmit(now, &mut self.datagram) {
                client.socket.send_to(&self.datagram[..length], to).ok();
            }
        }
        while let Some((length, from)) = receive(&self.socket, &mut self.datagram) {
            let event =
                self.server.handle_datagram(from, &mut self.datagram[..length], now, BEGIN, &mut reply);
            let length = event.map_or(0, |event| event.reply_len());
            if length > 0 {
                self.socket.send_to(&reply[..length], from).ok();
            }
        }
        for client in &mut self.clients {
            while let Some((length, from)) = receive(&client.socket, &mut self.datagram) {
                client.secure.handle_datagram(from, &mut self.datagram[..length], now).ok();
            }
        }
    }
}

impl Transport for Ours {
    fn clients_send(&mut self, tick: u32) {
        let mut payload = [0; PAYLOAD_BYTES];
        for client in &mut self.clients {
            let mut writer = client.channel.begin(&mut payload);
            writer.put_bytes(&[1; UP_BYTES - HEADER]);
            let length = client.channel.finish(writer, (), now(tick), |()| {});
            let sealed = client.secure.seal_payload(&payload[..length], now(tick), &mut self.datagram);
            let (to, length) = sealed.expect("connected");
            client.socket.send_to(&self.datagram[..length], to).ok();
        }
    }

    fn server_receives(&mut self, tick: u32) -> u64 {
        let (mut count, mut reply) = (0, [0; DATAGRAM_MAX]);
        while let Some((length, from)) = receive(&self.socket, &mut self.datagram) {
            let datagram = &mut self.datagram[..length];
            let event = self.server.handle_datagram(from, datagram, now(tick), BEGIN, &mut reply);
            if let Ok(ServerEvent::Payload { client, bytes: payload }) = event {
                let channel = &mut self.channels[client.0 as usize];
                if let Ok(packet) = channel.receive(payload, now(tick), |(), _| {}) {
                    channel.confirm(packet.sequence);
                    count += 1;
                }
            }
        }
        count
    }

    fn server_sends(&mut self, tick: u32, message: &[u8; DOWN_BYTES]) {
        let mut payload = [0; PAYLOAD_BYTES];
        for slot in (0..self.channels.len()).filter(|&slot| is_turn(slot, tick)) {
            let channel = &mut self.channels[slot];
            let mut writer = channel.begin(&mut payload);
            writer.put_bytes(&message[HEADER..]);
            let length = channel.finish(writer, (), now(tick), |()| {});
            let client = ClientIndex(slot as u32);
            let sealed = self.server.seal_payload(client, &payload[..length], now(tick), &mut self.datagram);
            let (to, length) = sealed.expect("connected");
            self.socket.send_to(&self.datagram[..length], to.socket).ok();
        }
        let socket = &self.socket;
        self.server.update(now(tick), &mut |output| {
            if let ServerOutput::Datagram { to, bytes } = output {
                socket.send_to(bytes, to.socket).ok();
            }
        });
    }

    fn clients_receive(&mut self, tick: u32) -> u64 {
        let mut count = 0;
        for client in &mut self.clients {
            while let Some((length, from)) = receive(&client.socket, &mut self.datagram) {
                let event = client.secure.handle_datagram(from, &mut self.datagram[..length], now(tick));
                if let Ok(ClientEvent::Payload(payload)) = event
                    && let Ok(packet) = client.channel.receive(payload, now(tick), |(), _| {})
                {
                    client.channel.confirm(packet.sequence);
                    count += 1;
                }
            }
        }
        count
    }
}
