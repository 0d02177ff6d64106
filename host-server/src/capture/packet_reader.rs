//! Reads captures: our own, and those of tcpdump and Wireshark, pcapng alone.
//!
//! A capture comes from anybody. Every fault of the file is an error with the number of the packet; packets that are no UDP
//! are left out and counted.

use std::fs::File;
use std::io::BufReader;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgReader;
use pcap_file::pcapng::blocks::block_common::Block;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::opt_common::CommonOption;

use super::packet_file::LINE_COMMENT;
use crate::error::HostError;

/// A datagram of a capture.
#[derive(Clone, Debug)]
pub struct CapturedDatagram {
    /// When, in microseconds since 1970.
    pub unix_us: u64,
    /// Whence.
    pub from: SocketAddr,
    /// Whither.
    pub to: SocketAddr,
    /// Number of the WebSocket connection that carried it; 0 for UDP, or where the capture does not say.
    pub line: u32,
    /// Packets that the capture left out before this one.
    pub left_out: u64,
    /// The datagram; cut where the capture cut it.
    pub bytes: Vec<u8>,
}

/// A capture file being read.
pub struct CaptureReader {
    reader: PcapNgReader<BufReader<File>>,
    path: std::path::PathBuf,
    blocks: u64,
    /// Packets that were no UDP datagrams.
    pub others: u64,
}

impl CaptureReader {
    /// Opens a file.
    ///
    /// # Errors
    /// [`HostError::File`] when it cannot be read, [`HostError::Capture`] when it is no pcapng.
    pub fn open(path: &Path) -> Result<Self, HostError> {
        let file = File::open(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
        let reader = PcapNgReader::new(BufReader::new(file))
            .map_err(|error| HostError::Capture(format!("{}: no pcapng file: {error}", path.display())))?;
        Ok(Self { reader, path: path.to_path_buf(), blocks: 0, others: 0 })
    }

    /// The next datagram; none at the end of the file.
    ///
    /// # Errors
    /// [`HostError::Capture`]; nothing after it can be read.
    pub fn next_datagram(&mut self) -> Result<Option<CapturedDatagram>, HostError> {
        loop {
            self.blocks += 1;
            let Some(next) = self.reader.next_block() else { return Ok(None) };
            let (block, state) = next.map_err(|error| {
                HostError::Capture(format!("{}: block {}: {error}", self.path.display(), self.blocks))
            })?;
            let Block::EnhancedPacket(packet) = block else { continue };
            let link =
                state.interfaces().get(packet.interface_id as usize).map(|interface| interface.linktype);
            let Some((from, to, bytes)) = link.and_then(|link| udp_of(link, &packet.data)) else {
                self.others += 1;
                continue;
            };
            let (mut line, mut left_out) = (0, 0);
            for option in &packet.options {
                match option {
                    EnhancedPacketOption::DropCount(count) => left_out = *count,
                    EnhancedPacketOption::Common(CommonOption::Comment(text)) => {
                        let number = text.strip_prefix(LINE_COMMENT).and_then(|number| number.parse().ok());
                        line = number.unwrap_or(line);
                    }
                    _ => {}
                }
            }
            let unix_us = u64::try_from(packet.timestamp.as_micros()).unwrap_or(u64::MAX);
            let bytes = bytes.to_vec();
            return Ok(Some(CapturedDatagram { unix_us, from, to, line, left_out, bytes }));
        }
    }
}

/// Sender, receiver and bytes of a UDP datagram.
fn udp_of(link: DataLink, frame: &[u8]) -> Option<(SocketAddr, SocketAddr, &[u8])> {
    let sliced = match link {
        DataLink::RAW | DataLink::IPV4 | DataLink::IPV6 => SlicedPacket::from_ip(frame),
        DataLink::ETHERNET => SlicedPacket::from_ethernet(frame),
        DataLink::LINUX_SLL => SlicedPacket::from_linux_sll(frame),
        _ => return None,
    }
    .ok()?;
    let (from, to): (IpAddr, IpAddr) = match &sliced.net {
        Some(NetSlice::Ipv4(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        Some(NetSlice::Ipv6(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        _ => return None,
    };
    let Some(TransportSlice::Udp(udp)) = sliced.transport else { return None };
    let (from, to) = (SocketAddr::new(from, udp.source_port()), SocketAddr::new(to, udp.destination_port()));
    Some((from, to, udp.payload()))
}
