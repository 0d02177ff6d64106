//! Who makes which packets of a tick, and where they wait until they are handed out.
//!
//! The packets that are due are made in rounds: each desk gets the next few sessions, one after another in the order of their
//! indices, and when all are done their packets are handed out in that order. Which desk serves whom follows from who is due
//! and from nothing else, so that what a desk remembers (lines of sight) is the same on any number of threads.
//!
//! What is not here: what is in a packet ([`super::snapshot`]), whose turn it is ([`super::zone`]).

use super::parallel;
use super::session::Session;
use super::snapshot::{Desk, Workshop};
use crate::secure::ClientIndex;
use crate::time::Micros;
use crate::wire::PAYLOAD_BYTES;
use shieldwall_core::{Tick, World};

/// Desks: packets that can be made at the same time.
const DESKS: usize = 16;

/// Sessions that a desk serves in a round: long enough that threads have something to do, and short enough that the packets
/// of a round are still near when they are handed out, and that time does not run out in the midst of one.
const SERVED_IN_A_ROUND: usize = 8;

/// Packets of a round.
pub(super) const PACKETS_IN_A_ROUND: usize = DESKS * SERVED_IN_A_ROUND;

/// How many packets ahead the memory of a session is asked for.
const FETCHED_AHEAD: usize = 2;

/// The moment that the packets of a tick tell of.
pub(super) struct Moment<'a> {
    pub(super) workshop: &'a Workshop,
    /// After the tick.
    pub(super) world: &'a World,
    /// The tick the world has just run.
    pub(super) tick: Tick,
    pub(super) now: Micros,
}

/// The desks, and the packets that lie on them.
#[derive(Debug)]
pub(super) struct Rounds {
    desks: Box<[(Desk, Tray)]>,
}

/// Packets that are made and not yet handed out.
#[derive(Debug)]
struct Tray {
    packets: Box<[[u8; PAYLOAD_BYTES]; SERVED_IN_A_ROUND]>,
    /// Whose they are, and how long.
    lengths: [(u32, usize); SERVED_IN_A_ROUND],
    count: usize,
}

/// The sessions that a desk is to serve.
#[derive(Default)]
struct Task<'a> {
    /// Those whose indices count from `first` on; others may be between them.
    sessions: &'a mut [Option<Box<Session>>],
    first: u32,
    due: &'a [u32],
}

impl Rounds {
    /// With desks made by `desk`.
    pub(super) fn new(desk: impl Fn() -> Desk) -> Self {
        Self { desks: (0..DESKS).map(|_| (desk(), Tray::new())).collect() }
    }

    /// Makes the packets of the sessions that are due, ascending, and hands each to `sink`, as long as `goes_on` says so, which is
    /// told before each round how many were served. Returns that.
    pub(super) fn serve(
        &mut self,
        moment: &Moment<'_>,
        mut sessions: &mut [Option<Box<Session>>],
        due: &[u32],
        goes_on: &mut impl FnMut(usize) -> bool,
        sink: &mut impl FnMut(ClientIndex, &[u8]),
    ) -> usize {
        let (mut first, mut served) = (0, 0);
        let threads = parallel::threads();
        for round in due.chunks(PACKETS_IN_A_ROUND) {
            if !goes_on(served) {
                break;
            }
            let mut tasks: [Task<'_>; DESKS] = Default::default();
            let mut count = 0;
            for due in round.chunks(SERVED_IN_A_ROUND) {
                let end = due.last().map_or(first, |last| last + 1);
                let (now, later) = core::mem::take(&mut sessions).split_at_mut((end - first) as usize);
                tasks[count] = Task { sessions: now, first, due };
                (sessions, first, count) = (later, end, count + 1);
            }
            let (desks, tasks) = (&mut self.desks[..count], &mut tasks[..count]);
            if threads > 1 && count > 1 {
                parallel::for_each(desks, tasks, |(desk, tray), task| task.serve(moment, desk, tray));
            } else {
                desks.iter_mut().zip(tasks).for_each(|((desk, tray), task)| task.serve(moment, desk, tray));
            }
            desks.iter_mut().for_each(|(_, tray)| tray.hand_out(sink));
            served += round.len();
        }
        served
    }
}

impl Task<'_> {
    fn serve(&mut self, moment: &Moment<'_>, desk: &mut Desk, tray: &mut Tray) {
        let Moment { workshop, world, tick, now } = *moment;
        for at in 0..self.due.len() {
            self.fetch_ahead(at);
            let index = self.due[at];
            let Some(session) = &mut self.sessions[(index - self.first) as usize] else { continue };
            let packet = &mut tray.packets[tray.count];
            if let Some(length) = workshop.make_packet(desk, session, world, tick, now, packet) {
                tray.lengths[tray.count] = (index, length);
                tray.count += 1;
            }
        }
    }

    /// What a session knows lies far away when there are many. What a later one needs is asked for while the ones before it are
    /// served: first the session, then what it points to.
    fn fetch_ahead(&self, at: usize) {
        let session = |at: usize| self.sessions.get((*self.due.get(at)? - self.first) as usize)?.as_deref();
        if let Some(far) = session(at + FETCHED_AHEAD) {
            far.prefetch_far();
        }
        if let Some(later) = session(at + 2 * FETCHED_AHEAD) {
            later.prefetch();
        }
    }
}

impl Tray {
    fn new() -> Self {
        let packets = Box::new([[0; PAYLOAD_BYTES]; SERVED_IN_A_ROUND]);
        Self { packets, lengths: [(0, 0); SERVED_IN_A_ROUND], count: 0 }
    }

    fn hand_out(&mut self, sink: &mut impl FnMut(ClientIndex, &[u8])) {
        let count = core::mem::take(&mut self.count);
        for (packet, &(index, length)) in self.packets.iter().zip(&self.lengths[..count]) {
            sink(ClientIndex(index), &packet[..length]);
        }
    }
}
