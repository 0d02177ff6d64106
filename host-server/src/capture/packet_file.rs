//! Datagrams as a pcapng file, which Wireshark and tcpdump read: each as the IP packet that carried it, or would have.
//!
//! Link type RAW: there is no Ethernet in what a socket shows. Sessions over WebSocket are written as if they came by UDP
//! from the connection's address, with a comment that names the connection: what is of interest is the protocol inside.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etherparse::PacketBuilder;
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::block_common::PcapNgBlock;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;

use super::create_private;
use crate::error::HostError;

/// Bytes that a packet takes in the file beside its own, at most: block, options, IPv6 and UDP heads, padding.
const PACKET_OVERHEAD: u64 = 160;

/// What the comment of a packet that came over WebSocket begins with.
pub(super) const LINE_COMMENT: &str = "websocket connection ";

/// A datagram, as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'b> {
    /// When, in microseconds since 1970.
    pub unix_us: u64,
    /// Whence.
    pub from: SocketAddr,
    /// Whither.
    pub to: SocketAddr,
    /// Number of the WebSocket connection; 0 for UDP.
    pub line: u32,
    /// Packets that were left out before this one.
    pub left_out: u64,
    /// The datagram.
    pub bytes: &'b [u8],
}

/// The file, and the one before it.
pub struct PacketFile {
    path: PathBuf,
    bytes_max: u64,
    written: u64,
    writer: PcapNgWriter<BufWriter<File>>,
    packet: Vec<u8>,
}

fn failed(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> HostError {
    HostError::File { path: path.to_path_buf(), source: std::io::Error::other(error) }
}

fn open(path: &Path) -> Result<PcapNgWriter<BufWriter<File>>, HostError> {
    let file = create_private(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    let mut writer = PcapNgWriter::new(BufWriter::new(file)).map_err(|error| failed(path, error))?;
    let interface = InterfaceDescriptionBlock {
        linktype: DataLink::RAW,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName(Cow::Borrowed("shieldwall")),
            InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::MICRO),
        ],
    };
    writer.write_block(&interface.into_block()).map_err(|error| failed(path, error))?;
    Ok(writer)
}

impl PacketFile {
    /// A new file of at most `bytes_max` bytes. When it is full it is renamed (`.1` at the end), and another one begins; so
    /// there are never more than twice as many bytes.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn create(path: &Path, bytes_max: u64) -> Result<Self, HostError> {
        let writer = open(path)?;
        Ok(Self { path: path.to_path_buf(), bytes_max, written: 0, writer, packet: Vec::new() })
    }

    /// Writes a packet.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn write(&mut self, packet: &Packet<'_>) -> Result<(), HostError> {
        let bytes = packet.bytes.len() as u64 + PACKET_OVERHEAD;
        if self.written > 0 && self.written + bytes > self.bytes_max {
            self.turn_over()?;
        }
        self.written += bytes;
        self.packet.clear();
        write_ip(packet, &mut self.packet)
            .map_err(|source| HostError::File { path: self.path.clone(), source })?;
        let mut options = Vec::new();
        if packet.left_out > 0 {
            options.push(EnhancedPacketOption::DropCount(packet.left_out));
        }
        if packet.line > 0 {
            let comment = Cow::Owned(format!("{LINE_COMMENT}{}", packet.line));
            options.push(EnhancedPacketOption::Common(CommonOption::Comment(comment)));
        }
        let block = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::from_micros(packet.unix_us),
            original_len: self.packet.len() as u32,
            data: Cow::Borrowed(&self.packet),
            options,
        };
        self.writer.write_pcapng_block(block).map(drop).map_err(|error| failed(&self.path, error))
    }

    fn turn_over(&mut self) -> Result<(), HostError> {
        self.flush()?;
        let mut before = self.path.clone().into_os_string();
        before.push(".1");
        std::fs::rename(&self.path, &before)
            .map_err(|source| HostError::File { path: self.path.clone(), source })?;
        self.writer = open(&self.path)?;
        self.written = 0;
        Ok(())
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn flush(&mut self) -> Result<(), HostError> {
        let flushed = self.writer.get_mut().flush();
        flushed.map_err(|source| HostError::File { path: self.path.clone(), source })
    }
}

/// The datagram with the heads of UDP and IP. Of two families both become IPv6.
fn write_ip(packet: &Packet<'_>, out: &mut Vec<u8>) -> std::io::Result<()> {
    const HOPS: u8 = 64;
    let v6 = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    };
    let (from, to) = (packet.from.ip().to_canonical(), packet.to.ip().to_canonical());
    let builder = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), HOPS),
        (from, to) => PacketBuilder::ipv6(v6(from), v6(to), HOPS),
    };
    let builder = builder.udp(packet.from.port(), packet.to.port());
    builder.write_to_vec(out, packet.bytes).map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::packet_reader::CaptureReader;

    fn temporary(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("shieldwall-{}-{name}", std::process::id()))
    }

    #[test]
    fn packets_come_back_as_they_were_written() {
        let path = temporary("packets.pcapng");
        let mut file = PacketFile::create(&path, 1 << 20).unwrap();
        let address = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let ends = [
            (address("127.0.0.1:7777"), address("127.0.0.1:40000"), 0),
            (address("[::1]:7777"), address("[2001:db8::7]:1"), 3),
        ];
        for (from, to, line) in ends {
            let left_out = u64::from(line) * 5;
            let packet =
                Packet { unix_us: 1_700_000_000_123_456, from, to, line, left_out, bytes: &[7; 333] };
            file.write(&packet).unwrap();
        }
        file.flush().unwrap();
        let mut reader = CaptureReader::open(&path).unwrap();
        for (from, to, line) in ends {
            let datagram = reader.next_datagram().unwrap().unwrap();
            assert_eq!((datagram.from, datagram.to, datagram.line), (from, to, line));
            assert_eq!((datagram.unix_us, datagram.left_out), (1_700_000_000_123_456, u64::from(line) * 5));
            assert_eq!(datagram.bytes, [7; 333]);
        }
        assert!(reader.next_datagram().unwrap().is_none());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_full_file_makes_room_and_two_are_kept() {
        let (path, before) = (temporary("turned.pcapng"), temporary("turned.pcapng.1"));
        let mut file = PacketFile::create(&path, 20_000).unwrap();
        let (from, to) = (SocketAddr::from(([127, 0, 0, 1], 1)), SocketAddr::from(([127, 0, 0, 1], 2)));
        for number in 0..200_u64 {
            let packet = Packet { unix_us: number, from, to, line: 0, left_out: 0, bytes: &[1; 1_000] };
            file.write(&packet).unwrap();
        }
        file.flush().unwrap();
        for path in [&path, &before] {
            assert!(std::fs::metadata(path).unwrap().len() <= 20_000);
        }
        let mut reader = CaptureReader::open(&path).unwrap();
        let mut newest = None;
        while let Some(datagram) = reader.next_datagram().unwrap() {
            newest = Some(datagram.unix_us);
        }
        assert_eq!(newest, Some(199));
        for path in [path, before] {
            std::fs::remove_file(path).unwrap();
        }
    }
}
