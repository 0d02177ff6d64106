//! A WebSocket client written out by hand: it shares no line with the server's library, and can do what no library does.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// A connection.
pub struct RawWebSocket {
    stream: TcpStream,
    /// What has come and is not a whole frame yet.
    read: Vec<u8>,
}

/// A frame of the server.
#[derive(Debug, Eq, PartialEq)]
pub enum Frame {
    /// A datagram.
    Binary(Vec<u8>),
    /// The end, with its code.
    Close(u16),
    /// A pong.
    Pong,
    /// TCP is closed.
    Gone,
}

/// The address in a `ws://` URL.
pub fn address_of(url: &str) -> SocketAddr {
    url.split_once("://").unwrap().1.parse().unwrap()
}

impl RawWebSocket {
    /// TCP alone. `receive_bytes` is the size of the receive buffer, 0 for the usual one.
    pub fn tcp(address: SocketAddr, receive_bytes: usize) -> TcpStream {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        if receive_bytes > 0 {
            socket.set_recv_buffer_size(receive_bytes).unwrap();
        }
        socket.connect(&address.into()).unwrap();
        socket.set_tcp_nodelay(true).unwrap();
        socket.into()
    }

    /// Connects, with the opening handshake.
    pub fn connect(address: SocketAddr, receive_bytes: usize) -> Self {
        let mut stream = Self::tcp(address, receive_bytes);
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // The answer to this very key (RFC 6455, section 1.3).
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        stream.set_nonblocking(true).unwrap();
        Self { stream, read: Vec::new() }
    }

    /// Sends a frame: `head` is its first byte, the mask is as given.
    pub fn send_frame(&mut self, head: u8, body: &[u8], mask: Option<[u8; 4]>) {
        let mut frame = vec![head];
        let bit = if mask.is_some() { 0x80 } else { 0 };
        match body.len() {
            short @ 0..126 => frame.push(bit | short as u8),
            long => {
                frame.push(bit | 126);
                frame.extend((long as u16).to_be_bytes());
            }
        }
        let mask = mask.inspect(|mask| frame.extend(mask)).unwrap_or_default();
        frame.extend(body.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(_) => return, // it shows when reading
            }
        }
    }

    /// Sends a datagram.
    pub fn send(&mut self, datagram: &[u8]) {
        self.send_frame(0x82, datagram, Some([0xa5, 0x5a, 0x11, 0xee]));
    }

    /// The next frame, if one is there.
    pub fn next(&mut self) -> Option<Frame> {
        let mut more = [0; 4_096];
        loop {
            if let Some((head, body)) = self.take_frame() {
                return Some(match head {
                    0x82 => Frame::Binary(body),
                    0x88 => Frame::Close(u16::from_be_bytes([body[0], body[1]])),
                    0x8a => Frame::Pong,
                    other => panic!("unexpected frame {other:#x}"),
                });
            }
            match self.stream.read(&mut more) {
                Ok(0) => return Some(Frame::Gone),
                Ok(length) => self.read.extend(&more[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(_) => return Some(Frame::Gone),
            }
        }
    }

    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (&head, &length) = (self.read.first()?, self.read.get(1)?);
        assert!(length < 127, "a server masks nothing and sends no frame of 64 KiB");
        let (at, length) = match length {
            126 => (4, usize::from(u16::from_be_bytes([*self.read.get(2)?, *self.read.get(3)?]))),
            short => (2, usize::from(short)),
        };
        let body = self.read.get(at..at + length)?.to_vec();
        self.read.drain(..at + length);
        Some((head, body))
    }
}
