//! Which end of a datagram is the server.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

use shieldwall_net::secure::{Direction, Outside, outside};

use crate::capture::packet_reader::{CaptureReader, CapturedDatagram};
use crate::error::HostError;

/// The servers in a capture: the one that is named, else whoever was sent a connection request, else the end that most
/// others talk to.
pub(super) fn servers(file: &Path, named: Option<SocketAddr>) -> Result<BTreeSet<SocketAddr>, HostError> {
    if let Some(named) = named {
        return Ok(BTreeSet::from([named]));
    }
    let mut reader = CaptureReader::open(file)?;
    let mut asked = BTreeSet::new();
    let mut peers: BTreeMap<SocketAddr, BTreeSet<SocketAddr>> = BTreeMap::new();
    // A damaged end is reported when the file is explained.
    while let Ok(Some(datagram)) = reader.next_datagram() {
        let CapturedDatagram { from, to, bytes, .. } = &datagram;
        if matches!(outside(bytes, Direction::Up), Ok(Outside::Request { .. })) {
            asked.insert(*to);
        }
        peers.entry(*from).or_default().insert(*to);
        peers.entry(*to).or_default().insert(*from);
    }
    if asked.is_empty() {
        let busiest = peers.iter().max_by_key(|(address, others)| {
            // Of two the one with the lower port: clients have any.
            (others.len(), std::cmp::Reverse(address.port()))
        });
        asked.extend(busiest.map(|(address, _)| *address));
    }
    Ok(asked)
}

/// Which way a datagram goes; none where no server has a part in it.
pub(super) fn direction(servers: &BTreeSet<SocketAddr>, datagram: &CapturedDatagram) -> Option<Direction> {
    if servers.contains(&datagram.to) {
        return Some(Direction::Up);
    }
    servers.contains(&datagram.from).then_some(Direction::Down)
}
