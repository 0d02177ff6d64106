//! Hashes of what a client must hold, told now and then, so that it finds out when it does not.
//!
//! What it must hold for certain are the states in a snapshot that it acknowledged, of characters still in its sight, as long as
//! not so many newer ones were sent that it may have dropped them: exactly what differences are taken to. Each check goes on
//! where the one before ended, so that all slots have their turn. It takes room that a snapshot leaves; a check that finds none
//! waits for the next packet.

use super::history::StateHistory;
use super::session::Session;
use crate::wire::bits::BitWriter;
use crate::wire::state_check::{self, CHECK_HEAD_BITS, CHECK_STATE_BITS_MAX, CHECKED_MAX};
use crate::wire::{FRAME_KIND_BITS, FrameKind};
use shieldwall_core::Tick;

/// The version of the protocol that knows checks.
pub(super) const CHECKS_SINCE: u16 = 6;
/// Share of a packet that a check may take.
const CHECK_SHARE: usize = 4;

/// Writes a check, if one is due, it has something to say and fits into `room` bits. `every` is the number of snapshots
/// between two of them, `tick` that of the snapshot that follows.
pub(super) fn write(
    session: &mut Session,
    writer: &mut BitWriter<'_>,
    history: &StateHistory,
    (every, room): (u32, usize),
    tick: Tick,
) {
    session.check_in = session.check_in.saturating_sub(1);
    if every == 0 || session.check_in > 0 || !session.speaks(CHECKS_SINCE) {
        return;
    }
    let room = room.min(writer.remaining() / CHECK_SHARE);
    let head = FRAME_KIND_BITS as usize + CHECK_HEAD_BITS;
    let most = (room.saturating_sub(head) / CHECK_STATE_BITS_MAX).min(CHECKED_MAX);
    let Some(behind) = session.log.newest_acked(u64::MAX).filter(|_| most > 0) else { return };
    // The snapshot that follows has not begun: the newest in the log is the last one that was sent.
    let Some(age) = session.log.age(behind, tick.0) else { return };
    let (mut slots, mut count) = ([0; CHECKED_MAX], 0);
    for slot in session.tracks.held_of(behind, &session.log, session.check_from).take(most) {
        slots[count] = slot;
        count += 1;
    }
    session.check_from = if count == most { slots[count - 1].wrapping_add(1) } else { 0 };
    if count == 0 {
        return;
    }
    session.check_in = every;
    let then = Tick(tick.0.wrapping_sub(age.into()));
    let states = slots[..count].iter().map(|&slot| (slot, history.at(then.0, slot.into())));
    FrameKind::StateCheck.write(writer);
    state_check::write(writer, then, states);
    session.traffic.state_checks += 1;
}
