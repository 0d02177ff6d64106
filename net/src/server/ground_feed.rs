//! How far a client has come with the world's changes, and what it is told next.
//!
//! All of it goes through the reliable stream, so it arrives once and in order. A few messages at a time are under way:
//! the stream has other things to carry, and every packet keeps room for a snapshot.

use super::change_log::{ChangeLog, GroundImage};
use super::session::Session;
use crate::channel::reliable::OVERHEAD_BITS;
use crate::wire::ground_image::GroundPiece;
use crate::wire::world_changes::CHANGES_BYTES_MAX;
use shieldwall_core::{Tick, World};
use std::sync::Arc;

/// Fragments that may be unacknowledged for more of this to be sent.
const IN_FLIGHT_MAX: u16 = 12;
/// A client is sent the whole ground again no more often than in this many ticks.
const IMAGE_EVERY_TICKS: u32 = 300;

/// One client's place in the list of changes.
#[derive(Clone, Debug, Default)]
pub(super) struct GroundFeed {
    /// Number of the next change to be told.
    cursor: u32,
    /// Number of the last check that was told.
    checked: u32,
    /// The image being told, and where its next piece begins.
    image: Option<(Arc<GroundImage>, usize)>,
    /// The client asked for an image.
    wanted: bool,
    /// When an image was begun last.
    image_at: Option<Tick>,
}

impl GroundFeed {
    /// The client says that its ground is wrong. False when it says so too often: then it has to wait.
    pub(super) fn ask(&mut self, next: Tick) -> bool {
        let soon = self.image_at.is_some_and(|at| (next.signed_distance(at) as u32) < IMAGE_EVERY_TICKS);
        let refused = soon || self.wanted || self.image.is_some();
        self.wanted |= !refused;
        !refused
    }
}

/// Queues what comes next for a client that has its welcome queued; whether that was anything. `tick` is the one the world has just
/// run.
pub(super) fn feed(session: &mut Session, log: &ChangeLog, world: &World, tick: Tick) -> bool {
    if session.character().is_none()
        || !session.is_welcome_queued()
        || session.ends_in.is_some()
        || session.rules.is_due()
        || session.channel.reliable_in_flight() >= IN_FLIGHT_MAX
    {
        return false;
    }
    let Session { channel, ground, traffic, .. } = session;
    if ground.image.is_none() && (ground.wanted || !log.reaches(ground.cursor)) {
        ground.wanted = false;
        ground.image_at = Some(tick);
        ground.image = Some((log.image(world), 0));
        traffic.ground_images += 1;
    }
    let mut tell = |message: &[u8]| {
        let queued = channel.send_reliable(message).is_ok();
        if queued {
            traffic.ground_bytes += (message.len() + OVERHEAD_BITS / 8) as u64;
        }
        queued
    };
    if let Some((image, offset)) = &mut ground.image {
        let piece = GroundPiece::of(image.number, &image.bytes, *offset);
        let told = tell(&piece.encode());
        if told {
            *offset += piece.bytes.len();
        }
        if *offset == image.bytes.len() {
            ground.cursor = image.number;
            ground.image = None;
        }
        return told;
    }
    let pending = log.check().filter(|check| check.number > ground.checked && check.number >= ground.cursor);
    if let Some(check) = pending.filter(|check| check.number == ground.cursor) {
        let told = tell(&check.encode());
        if told {
            ground.checked = check.number;
        }
        return told;
    }
    let end = pending.map_or(log.next(), |check| check.number);
    if ground.cursor == end {
        return false;
    }
    let mut buffer = [0; CHANGES_BYTES_MAX];
    let (length, count) = log.codec.write(ground.cursor, log.range(ground.cursor, end), &mut buffer);
    let told = tell(&buffer[..length]);
    if told {
        ground.cursor = ground.cursor.wrapping_add(count);
        traffic.changes += u64::from(count);
    }
    told
}
