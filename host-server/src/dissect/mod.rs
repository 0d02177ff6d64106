//! `shieldwall dissect`: explains a capture, packet by packet; with a key log also what is sealed.
//!
//! In here: which session a datagram is of, which keys open it, what is printed and counted. Reading the file is
//! [`crate::capture::packet_reader`], taking payloads apart is [`shieldwall_net::dissect`], words are `describe.rs`.

mod describe;
mod flows;
mod sides;

use std::io::Write;

use serde_json::{Map, Value, json};
use shieldwall_net::secure::{Direction, Inside, Outside, outside};

use crate::capture::key_log;
use crate::capture::packet_reader::{CaptureReader, CapturedDatagram};
use crate::cli::DissectFlags;
use crate::error::HostError;
use crate::terrain;
use flows::{Flows, Unopened};

/// What a capture held.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Datagrams between clients and the server.
    pub datagrams: u64,
    /// Other packets of the capture.
    pub others: u64,
    /// Packets that the capture left out.
    pub left_out: u64,
    /// Datagrams that are no packets of the protocol.
    pub malformed: u64,
    /// Sealed packets.
    pub sealed: u64,
    /// Of these, opened with a key of the log.
    pub opened: u64,
    /// Of these, not opened although the log has keys of their session: changed on the way.
    pub not_authentic: u64,
    /// Payloads opened.
    pub payloads: u64,
    /// Of these, read to their end.
    pub payloads_read: u64,
    /// Frames and messages, by kind.
    pub kinds: std::collections::BTreeMap<&'static str, u64>,
    /// Times that a session was seen to go on with new keys.
    pub rekeys: u64,
}

/// Explains a capture to `out`.
///
/// # Errors
/// [`HostError::Capture`] for a file that is damaged or no capture, [`HostError::File`] for one that cannot be read or
/// written. What was explained before stands.
pub fn run(flags: &DissectFlags, out: &mut impl Write) -> Result<Summary, HostError> {
    let keys = flags.keys.as_deref().map(key_log::read).transpose()?.unwrap_or_default();
    let scenery = terrain::scenery(Some(&flags.scenery))?;
    let servers = sides::servers(&flags.file, flags.server)?;
    let mut reader = CaptureReader::open(&flags.file)?;
    let mut flows = Flows::new(keys, scenery.capture_points.len());
    let mut summary = Summary::default();
    let mut first_us = None;
    let failed = |source| HostError::File { path: "standard output".into(), source };
    while let Some(datagram) = reader.next_datagram()? {
        summary.left_out += datagram.left_out;
        let Some(direction) = sides::direction(&servers, &datagram) else {
            summary.others += 1;
            continue;
        };
        summary.datagrams += 1;
        let first_us = *first_us.get_or_insert(datagram.unix_us);
        let explained = explain(&mut flows, &mut summary, &datagram, direction);
        if flags.client.is_some_and(|wanted| explained.get("client") != Some(&json!(wanted))) {
            continue;
        }
        let mut line = Map::new();
        let seconds = datagram.unix_us.saturating_sub(first_us) as f64 / 1e6;
        line.insert("time_s".into(), json!(seconds));
        line.extend(explained);
        let text = if flags.json {
            Value::Object(line).to_string() + "\n"
        } else {
            describe::text(&line, flags.entities)
        };
        out.write_all(text.as_bytes()).map_err(failed)?;
    }
    summary.others += reader.others;
    if !flags.json {
        out.write_all(describe::summary(&summary).as_bytes()).map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    Ok(summary)
}

/// Everything that can be said about a datagram.
fn explain(
    flows: &mut Flows,
    summary: &mut Summary,
    datagram: &CapturedDatagram,
    direction: Direction,
) -> Map<String, Value> {
    let mut line = Map::new();
    let client = if direction == Direction::Up { datagram.from } else { datagram.to };
    let way = if direction == Direction::Up { "up" } else { "down" };
    line.insert("way".into(), json!(way));
    line.insert("peer".into(), json!(client.to_string()));
    if datagram.line > 0 {
        line.insert("websocket".into(), json!(datagram.line));
    }
    line.insert("bytes".into(), json!(datagram.bytes.len()));
    match outside(&datagram.bytes, direction) {
        Err(reason) => {
            summary.malformed += 1;
            line.insert("malformed".into(), json!(reason.name()));
        }
        Ok(Outside::Request { protocol_id, expires }) => {
            line.insert("kind".into(), json!("request"));
            line.insert("protocol_id".into(), json!(format!("{protocol_id:016x}")));
            line.insert("token_expires_unix_s".into(), json!(expires.0));
        }
        Ok(Outside::Sealed { kind, sequence, is_odd_epoch, body_bytes }) => {
            summary.sealed += 1;
            line.insert("kind".into(), json!(kind));
            line.insert("sequence".into(), json!(sequence));
            line.insert("epoch_is_odd".into(), json!(is_odd_epoch));
            line.insert("body_bytes".into(), json!(body_bytes));
            let server = if direction == Direction::Up { datagram.to } else { datagram.from };
            let mut bytes = datagram.bytes.clone();
            let flow = flows.of(client, server, datagram.line);
            match flow.open(&mut bytes, direction, is_odd_epoch) {
                Ok(opened) => explain_inside(&mut line, summary, opened, direction),
                Err(Unopened::NoKeys) => _ = line.insert("sealed".into(), json!("no keys")),
                Err(Unopened::NotAuthentic) => {
                    summary.not_authentic += 1;
                    line.insert(
                        "sealed".into(),
                        json!("not authentic: changed on the way, or by other keys"),
                    );
                }
            }
        }
    }
    line
}

fn explain_inside(
    line: &mut Map<String, Value>,
    summary: &mut Summary,
    opened: flows::Opened<'_>,
    direction: Direction,
) {
    summary.opened += 1;
    summary.rekeys += u64::from(opened.is_new_epoch);
    line.insert("client".into(), json!(opened.client_id));
    line.insert("epoch".into(), json!(opened.epoch));
    match opened.inside {
        Inside::Denied | Inside::Disconnect => {}
        Inside::Challenge { sequence } | Inside::Response { sequence } => {
            line.insert("challenge".into(), json!(sequence));
        }
        Inside::KeepAlive { client_index, max_clients } => {
            line.insert("client_index".into(), json!(client_index));
            line.insert("max_clients".into(), json!(max_clients));
        }
        Inside::Offer { epoch, ciphers } => {
            line.insert("offer".into(), json!({ "epoch": epoch, "ciphers": format!("{ciphers:?}") }));
        }
        Inside::Answer { epoch, suite } => {
            line.insert("answer".into(), json!({ "epoch": epoch, "cipher": suite.name() }));
        }
        Inside::Wish { epoch } => _ = line.insert("wish".into(), json!({ "epoch": epoch })),
        Inside::Payload(payload) => {
            summary.payloads += 1;
            match opened.dissector.payload(payload, direction) {
                Err(error) => _ = line.insert("fault".into(), json!(error.to_string())),
                Ok(dissection) => {
                    summary.payloads_read += u64::from(dissection.fault.is_none());
                    describe::payload(line, summary, &dissection);
                }
            }
        }
    }
}
