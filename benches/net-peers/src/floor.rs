//! The floor: the system calls and the cipher of the load, and nothing else. No library can cost less on this system.

use crate::load::{DOWN_BYTES, Transport, UP_BYTES, is_turn, receive, socket};
use ring::aead::{AES_128_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use std::io;
use std::net::{SocketAddr, UdpSocket};

const TAG_BYTES: usize = 16;

/// Which cipher, if any.
#[derive(Clone, Copy, Debug)]
pub enum Cipher {
    /// Plain text.
    None,
    /// AES-128-GCM, as ring has it.
    Aes,
    /// ChaCha20-Poly1305, as ring has it.
    ChaCha,
}

/// A socket for the server and one for each client, each client with its key.
pub struct Floor {
    server: UdpSocket,
    server_address: SocketAddr,
    clients: Vec<(UdpSocket, SocketAddr)>,
    keys: Vec<Option<LessSafeKey>>,
    buffer: [u8; 2048],
    nonce: u64,
}

fn key(algorithm: &'static Algorithm, index: usize) -> Option<LessSafeKey> {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&index.to_le_bytes());
    Some(LessSafeKey::new(UnboundKey::new(algorithm, &bytes[..algorithm.key_len()]).expect("of that length")))
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&number.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

impl Floor {
    /// Opens the sockets.
    pub fn new(count: usize, cipher: Cipher) -> io::Result<Self> {
        let server = socket()?;
        let clients: io::Result<Vec<_>> = (0..count)
            .map(|_| socket().and_then(|socket| socket.local_addr().map(|address| (socket, address))))
            .collect();
        let keys = (0..count).map(|index| match cipher {
            Cipher::None => None,
            Cipher::Aes => key(&AES_128_GCM, index),
            Cipher::ChaCha => key(&CHACHA20_POLY1305, index),
        });
        let server_address = server.local_addr()?;
        Ok(Self {
            server,
            server_address,
            clients: clients?,
            keys: keys.collect(),
            buffer: [0; 2048],
            nonce: 0,
        })
    }

    /// `length` bytes, sealed with the key of `client` where there is one: how many bytes they are now.
    fn seal(&mut self, client: usize, length: usize) -> usize {
        let Some(key) = &self.keys[client] else { return length };
        self.nonce += 1;
        let tag =
            key.seal_in_place_separate_tag(nonce(self.nonce), Aad::from([0; 22]), &mut self.buffer[..length]);
        self.buffer[length..length + TAG_BYTES].copy_from_slice(tag.expect("short enough").as_ref());
        length + TAG_BYTES
    }
}

impl Transport for Floor {
    fn clients_send(&mut self, _tick: u32) {
        for client in 0..self.clients.len() {
            // Which client, and the nonce it is sealed with, in front: the server looks up nothing.
            self.buffer[..UP_BYTES].fill(1);
            let length = self.seal(client, UP_BYTES);
            self.buffer.copy_within(..length, 12);
            self.buffer[..4].copy_from_slice(&(client as u32).to_le_bytes());
            self.buffer[4..12].copy_from_slice(&self.nonce.to_le_bytes());
            self.clients[client].0.send_to(&self.buffer[..length + 12], self.server_address).ok();
        }
    }

    fn server_receives(&mut self, _tick: u32) -> u64 {
        let mut count = 0;
        while let Some((length, _)) = receive(&self.server, &mut self.buffer) {
            let (head, body) = self.buffer[..length].split_at_mut(12);
            let client = u32::from_le_bytes(head[..4].try_into().expect("four")) as usize;
            let number = u64::from_le_bytes(head[4..].try_into().expect("eight"));
            let is_good = self.keys[client]
                .as_ref()
                .is_none_or(|key| key.open_in_place(nonce(number), Aad::from([0; 22]), body).is_ok());
            count += u64::from(is_good);
        }
        count
    }

    fn server_sends(&mut self, tick: u32, message: &[u8; DOWN_BYTES]) {
        for client in (0..self.clients.len()).filter(|&client| is_turn(client, tick)) {
            self.buffer[..DOWN_BYTES].copy_from_slice(message);
            let length = self.seal(client, DOWN_BYTES);
            self.server.send_to(&self.buffer[..length], self.clients[client].1).ok();
        }
    }

    fn clients_receive(&mut self, _tick: u32) -> u64 {
        let buffer = &mut self.buffer;
        let drain = |socket: &UdpSocket| std::iter::from_fn(|| receive(socket, buffer)).count() as u64;
        self.clients.iter().map(|(socket, _)| socket).map(drain).sum()
    }
}
