//! Frames and messages in words and numbers: first as JSON, and text from that.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use shieldwall_net::dissect::{Dissection, EntityUpdate, Frame, Message, Snapshot};
use shieldwall_net::wire::snapshot::OwnState;

use super::Summary;

/// Adds what a payload says to the line of its packet.
pub(super) fn payload(line: &mut Map<String, Value>, summary: &mut Summary, dissection: &Dissection) {
    let header = &dissection.header;
    line.insert("packet".into(), json!(header.sequence.0));
    if header.ack_bits != 0 {
        let acked = (0..32_u16).filter(|bit| header.ack_bits >> bit & 1 != 0);
        let acked: Vec<u16> = acked.map(|bit| header.ack.0.wrapping_sub(bit)).collect();
        line.insert("acks".into(), json!(acked));
    }
    let frames: Vec<Value> = dissection.frames.iter().map(frame).collect();
    let messages: Vec<Value> = dissection.messages.iter().map(message).collect();
    for kind in dissection.frames.iter().map(frame_name).chain(dissection.messages.iter().map(message_name)) {
        *summary.kinds.entry(kind).or_default() += 1;
    }
    line.insert("frames".into(), Value::Array(frames));
    if !messages.is_empty() {
        line.insert("messages".into(), Value::Array(messages));
    }
    if let Some(fault) = dissection.fault {
        line.insert("fault".into(), json!(fault.to_string()));
    }
}

fn frame_name(frame: &Frame) -> &'static str {
    match frame {
        Frame::Inputs(_) => "inputs",
        Frame::Snapshot(_) => "snapshot",
        Frame::Fragment { .. } => "fragment",
        Frame::Events(_) => "events",
        Frame::StateCheck(..) => "state_check",
    }
}

fn frame(frame: &Frame) -> Value {
    let name = frame_name(frame);
    match frame {
        Frame::Inputs(inputs) => {
            let list: Vec<Value> = inputs
                .iter()
                .map(|(tick, player)| {
                    let input = player.input;
                    json!({
                        "tick": tick.0, "buttons": input.buttons, "yaw": input.yaw.0, "pitch": input.pitch,
                        "move": [input.move_right, input.move_forward], "view_sixteenths": player.view.0,
                    })
                })
                .collect();
            json!({ "frame": name, "count": list.len(), "inputs": list })
        }
        Frame::Snapshot(snapshot) => snapshot_value(name, snapshot),
        Frame::Fragment { number, is_last, bytes } => {
            json!({ "frame": name, "number": number, "last": is_last, "bytes": bytes })
        }
        Frame::Events(events) => {
            let list: Vec<String> =
                events.iter().map(|(tick, event)| format!("{}: {event:?}", tick.0)).collect();
            json!({ "frame": name, "events": list })
        }
        Frame::StateCheck(head, states) => {
            let slots: Vec<u16> = states.iter().map(|(slot, _)| *slot).collect();
            json!({ "frame": name, "tick": head.tick.0, "slots": slots })
        }
    }
}

fn metres(raw: i32) -> f64 {
    f64::from(raw) / 65_536.0
}

fn snapshot_value(name: &str, snapshot: &Snapshot) -> Value {
    let header = &snapshot.header;
    let mut value = json!({
        "frame": name,
        "tick": header.tick.0,
        "newest_input": header.inputs.newest_received.map(|tick| tick.0),
        "input_margin_ticks": header.inputs.margin_ticks,
        "inputs_missed": header.inputs.missed,
        "updates": snapshot.updates.len(),
        "full": snapshot.updates.iter().filter(|update| update.age_ticks.is_none()).count(),
        "leaves": snapshot.leaves,
    });
    if let Some(map) = value.as_object_mut() {
        if let Some(own) = &header.own {
            map.insert("own".into(), own_value(own));
        }
        map.insert("entities".into(), snapshot.updates.iter().map(entity).collect());
    }
    value
}

fn own_value(own: &OwnState) -> Value {
    let at = own.state.position;
    json!({
        "x_m": metres(at.x.0), "y_m": metres(at.y.0), "z_m": metres(at.z.0),
        "health": own.health, "action": own.action, "team": own.team, "stamina": own.stamina,
        "effects": own.effects.as_slice().len(),
    })
}

fn entity(update: &EntityUpdate) -> Value {
    let state = &update.state;
    json!({
        "slot": update.slot, "age_ticks": update.age_ticks, "bits": update.bits,
        "x_m": f64::from(state.x) / 64.0, "z_m": f64::from(state.z) / 64.0,
        "height_m": f64::from(state.height) / 64.0,
        "velocity_m_per_s": [f64::from(state.velocity_x) / 16.0, f64::from(state.velocity_z) / 16.0],
        "yaw": state.yaw, "health": state.health, "status": state.status, "action": state.action,
        "class": state.class, "team": state.team, "effect": state.effect, "generation": state.generation,
    })
}

fn message_name(message: &Message) -> &'static str {
    match message {
        Message::Client(_) => "of_client",
        Message::Welcome(_) => "welcome",
        Message::Event(..) => "event",
        Message::Goodbye(_) => "goodbye",
        Message::Changes(_) => "changes",
        Message::Ground { .. } => "ground",
        Message::GroundCheck(_) => "ground_check",
        Message::Rules(_) => "rules",
        Message::Objectives(_) => "objectives",
    }
}

fn message(message: &Message) -> Value {
    let name = message_name(message);
    match message {
        Message::Client(said) => json!({ "message": name, "said": format!("{said:?}") }),
        Message::Welcome(welcome) => json!({
            "message": name, "tick": welcome.tick.0,
            "character": [welcome.character.slot, welcome.character.generation],
            "snapshot_interval_ticks": welcome.snapshot_interval_ticks,
            "world_fingerprint": format!("{:016x}", welcome.world_fingerprint),
            "tick_hz": welcome.config.tick_hz, "seed": welcome.config.seed,
            "rules": welcome.config.rules.hash().to_string(),
        }),
        Message::Event(tick, event) => {
            json!({ "message": name, "tick": tick.0, "event": format!("{event:?}") })
        }
        Message::Goodbye(reason) => json!({ "message": name, "reason": format!("{reason:?}") }),
        Message::Changes(changes) => {
            let list: Vec<String> = changes.iter().map(|change| format!("{change:?}")).collect();
            json!({ "message": name, "changes": list })
        }
        Message::Ground { number, total, offset, bytes } => {
            json!({ "message": name, "number": number, "total": total, "offset": offset, "bytes": bytes })
        }
        Message::GroundCheck(check) => {
            json!({ "message": name, "number": check.number, "hash": format!("{:016x}", check.hash) })
        }
        Message::Rules(change) => {
            let rules = change.config.rules.hash().to_string();
            json!({ "message": name, "from_tick": change.from.0, "rules": rules })
        }
        Message::Objectives(entries) => {
            let list: Vec<String> =
                entries.iter().map(|(tick, entry)| format!("{}: {entry:?}", tick.0)).collect();
            json!({ "message": name, "entries": list })
        }
    }
}

/// A packet as lines of text. Entities of snapshots, one by one, only where they are asked for.
pub(super) fn text(line: &Map<String, Value>, with_entities: bool) -> String {
    let get = |name: &str| line.get(name).cloned().unwrap_or(Value::Null);
    let mut text = format!(
        "{:>12.6} {:<4} {}",
        get("time_s").as_f64().unwrap_or(0.0),
        plain(&get("way")),
        plain(&get("peer"))
    );
    let nested = ["frames", "messages"];
    let said = ["time_s", "way", "peer", "kind"];
    if let Some(kind) = line.get("kind") {
        let _ = write!(text, " {}", plain(kind));
    }
    for (name, value) in
        line.iter().filter(|(name, _)| !nested.contains(&name.as_str()) && !said.contains(&name.as_str()))
    {
        if name != "epoch_is_odd" || !line.contains_key("epoch") {
            let _ = write!(text, " {name}={}", plain(value));
        }
    }
    text.push('\n');
    for part in nested.iter().filter_map(|name| line.get(*name)).filter_map(Value::as_array).flatten() {
        let Some(part) = part.as_object() else { continue };
        text.push_str("                ");
        for name in ["frame", "message"] {
            if let Some(value) = part.get(name) {
                let _ = write!(text, " {name} {}", plain(value));
            }
        }
        let unsaid = |name: &str| !["frame", "message", "entities"].contains(&name);
        for (name, value) in part.iter().filter(|(name, _)| unsaid(name)) {
            let _ = write!(text, " {name}={}", plain(value));
        }
        text.push('\n');
        let entities = part.get("entities").and_then(Value::as_array).filter(|_| with_entities);
        for entity in entities.into_iter().flatten() {
            let _ = writeln!(text, "                   {}", plain(entity));
        }
    }
    text
}

/// A value without the quotes and braces of JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            map.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join(" ")
        }
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// What the whole capture held.
pub(super) fn summary(summary: &Summary) -> String {
    let kinds: Vec<String> = summary.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    format!(
        "{} datagrams, {} sealed, {} opened, {} not authentic, {} malformed; {} payloads, {} read to the end; {} rekeys; {}; \
         {} other packets, {} left out\n",
        summary.datagrams,
        summary.sealed,
        summary.opened,
        summary.not_authentic,
        summary.malformed,
        summary.payloads,
        summary.payloads_read,
        summary.rekeys,
        if kinds.is_empty() { "no frames".to_owned() } else { kinds.join(", ") },
        summary.others,
        summary.left_out,
    )
}
