//! Who makes which packets of a tick, and how they leave.
//!
//! The sessions that are due are dealt out to the desks, a few at a time in the order of their indices, and each desk serves
//! its share one after another: what a desk remembers (lines of sight) follows from who is due and is the same on any number
//! of threads. Desks do not wait for each other, so that a thread that is held up holds up no more than the desk it works at.
//! Each desk hands its packets to a lane of its own as it makes them; [`InOrder`] is for those who want all of them in one
//! order.
//!
//! What is not here: what is in a packet ([`super::snapshot`]), whose turn it is ([`super::zone`]).

use super::overload::Pace;
use super::parallel;
use super::session::Session;
use super::snapshot::{Desk, Workshop};
use crate::secure::ClientIndex;
use crate::time::Micros;
use crate::wire::PAYLOAD_BYTES;
use shieldwall_core::{Tick, World};

/// Lanes on which packets leave: as many can be made at the same time.
pub const PACKET_LANES: usize = 16;

/// Sessions that a desk serves before the next ones are dealt to another: long enough that threads have something to do, and
/// short enough that time does not run out in the midst.
const SERVED_IN_A_ROW: usize = 8;

/// Times that a desk is dealt sessions before all desks wait for each other.
const DEALS: usize = 8;

/// The sessions that are always served, however late it is.
pub(super) const ALWAYS_SERVED: usize = PACKET_LANES * SERVED_IN_A_ROW;

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

/// What became of the sessions that were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Served {
    /// How many were served.
    pub(super) count: usize,
    /// The place of the first that was not, else the number of all.
    pub(super) in_a_row: usize,
}

/// The desks.
#[derive(Debug)]
pub(super) struct Rounds {
    desks: Box<[Desk]>,
}

/// A few sessions next to each other.
#[derive(Default)]
struct Task<'a> {
    /// Those whose indices count from `first` on; others may be between them.
    sessions: &'a mut [Option<Box<Session>>],
    first: u32,
    due: &'a [u32],
    /// Place of the first of them among all that are due.
    place: usize,
}

/// What a desk is dealt, and the lane that its packets leave on.
struct Share<'a, 'b, O> {
    tasks: [Task<'a>; DEALS],
    /// How many there are, and how many of them were done.
    count: usize,
    done: usize,
    lane: &'b mut O,
}

impl Rounds {
    /// With desks made by `desk`.
    pub(super) fn new(desk: impl Fn() -> Desk) -> Self {
        Self { desks: (0..PACKET_LANES).map(|_| desk()).collect() }
    }

    /// Makes the packets of the sessions that are due, ascending, and hands each to the lane of the desk that made it, as far as
    /// there is time. `always` are served in any case.
    pub(super) fn serve<O: FnMut(ClientIndex, &[u8]) + Send>(
        &mut self,
        moment: &Moment<'_>,
        mut sessions: &mut [Option<Box<Session>>],
        (due, always): (&[u32], usize),
        spent_permille: &(impl Fn() -> u32 + Sync),
        lanes: &mut [O; PACKET_LANES],
    ) -> Served {
        let (mut first, mut place) = (0, 0);
        let mut served = Served { count: 0, in_a_row: due.len() };
        let threads = parallel::threads();
        for together in due.chunks(DEALS * ALWAYS_SERVED) {
            let mut shares =
                lanes.each_mut().map(|lane| Share { tasks: Default::default(), count: 0, done: 0, lane });
            let mut used = 0;
            for (number, due) in together.chunks(SERVED_IN_A_ROW).enumerate() {
                let end = due.last().map_or(first, |last| last + 1);
                let (now, later) = core::mem::take(&mut sessions).split_at_mut((end - first) as usize);
                let share = &mut shares[number % PACKET_LANES];
                share.tasks[share.count] = Task { sessions: now, first, due, place };
                share.count += 1;
                used = used.max(number % PACKET_LANES + 1);
                (sessions, first, place) = (later, end, place + due.len());
            }
            let (desks, shares) = (&mut self.desks[..used], &mut shares[..used]);
            let work = |desk: &mut Desk, share: &mut Share<'_, '_, O>| {
                share.serve(moment, desk, always, spent_permille);
            };
            if threads > 1 && used > 1 {
                parallel::for_each(desks, shares, work);
            } else {
                desks.iter_mut().zip(&mut *shares).for_each(|(desk, share)| work(desk, share));
            }
            for share in shares {
                let (done, left_out) = share.tasks[..share.count].split_at(share.done);
                served.count += done.iter().map(|task| task.due.len()).sum::<usize>();
                served.in_a_row = left_out.iter().fold(served.in_a_row, |least, task| least.min(task.place));
            }
            if served.count < place {
                break;
            }
        }
        served
    }
}

impl<O: FnMut(ClientIndex, &[u8])> Share<'_, '_, O> {
    fn serve(
        &mut self,
        moment: &Moment<'_>,
        desk: &mut Desk,
        always: usize,
        spent_permille: &impl Fn() -> u32,
    ) {
        let mut pace = Pace::default();
        for task in &mut self.tasks[..self.count] {
            if !pace.has_time(task.place < always, spent_permille()) {
                return;
            }
            task.serve(moment, desk, self.lane);
            self.done += 1;
        }
    }
}

impl Task<'_> {
    fn serve(&mut self, moment: &Moment<'_>, desk: &mut Desk, lane: &mut impl FnMut(ClientIndex, &[u8])) {
        let Moment { workshop, world, tick, now } = *moment;
        let mut packet = [0; PAYLOAD_BYTES];
        for at in 0..self.due.len() {
            self.fetch_ahead(at);
            let index = self.due[at];
            let Some(session) = &mut self.sessions[(index - self.first) as usize] else { continue };
            if let Some(length) = workshop.make_packet(desk, session, world, tick, now, &mut packet) {
                lane(ClientIndex(index), &packet[..length]);
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

/// Lanes that keep their packets, to be handed out in the order of the clients. Takes memory until it has held the most packets
/// of a tick.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    lanes: [Kept; PACKET_LANES],
    /// For each packet its client, and where it is kept.
    order: Vec<(u32, usize, core::ops::Range<usize>)>,
}

/// The packets of one lane.
#[derive(Debug, Default)]
struct Kept {
    clients: Vec<(u32, usize)>,
    bytes: Vec<u8>,
}

impl InOrder {
    /// Room for the packets of so many clients.
    pub(super) fn reserve(&mut self, clients: usize) {
        let each = clients.div_ceil(ALWAYS_SERVED) * SERVED_IN_A_ROW;
        for lane in &mut self.lanes {
            lane.clients.reserve(each);
            lane.bytes.reserve(each * PAYLOAD_BYTES);
        }
        self.order.reserve(clients);
    }

    /// The lanes to fill.
    pub(super) fn lanes(&mut self) -> [impl FnMut(ClientIndex, &[u8]) + Send; PACKET_LANES] {
        self.lanes.each_mut().map(|kept| {
            |client: ClientIndex, packet: &[u8]| {
                kept.bytes.extend_from_slice(packet);
                kept.clients.push((client.0, kept.bytes.len()));
            }
        })
    }

    /// Hands all packets to `sink`, by ascending client, and forgets them.
    pub(super) fn hand_out(&mut self, sink: &mut impl FnMut(ClientIndex, &[u8])) {
        for (lane, kept) in self.lanes.iter().enumerate() {
            let mut start = 0;
            for &(client, end) in &kept.clients {
                self.order.push((client, lane, start..end));
                start = end;
            }
        }
        self.order.sort_unstable_by_key(|packet| packet.0);
        for (client, lane, bytes) in self.order.drain(..) {
            sink(ClientIndex(client), &self.lanes[lane].bytes[bytes]);
        }
        for kept in &mut self.lanes {
            kept.clients.clear();
            kept.bytes.clear();
        }
    }
}
