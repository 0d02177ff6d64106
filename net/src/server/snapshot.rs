//! One client's packet: what is reliable, what was seen to happen, and as much of the world as fits.

use super::baselines::Baselines;
use super::change_log::ChangeLog;
use super::config::ReplicationConfig;
use super::delta_cache::DeltaCache;
use super::gathering::Wish;
use super::ground_feed::feed;
use super::history::StateHistory;
use super::interest::InterestTable;
use super::made::{Fulls, Made, Source, head_bits, write_update};
use super::objective_log::{self, ObjectiveLog};
use super::priority::{Fit, Priorities, turns};
use super::session::Session;
use super::state_check;
use super::track_block::LANES;
use super::tracking::SearchSpace;
use super::update_copy::{Progress, Section, copy_updates};
use super::visibility::Visibility;
use super::visibility::lines::Lines;
use super::zone_events::{SeenAt, ZoneEvents};
use super::{MIN_PACKET_BYTES, PACKET_OVERHEAD_BYTES};
use crate::channel::reliable::FRAGMENTS_PER_PACKET;
use crate::channel::sequence::HEADER_BYTES;
use crate::time::Micros;
use crate::wire::bits::BitWriter;
use crate::wire::effect_lists::EffectLists;
use crate::wire::events::{EVENTS_HEAD_BITS, GameEvent};
use crate::wire::ground_image::PIECE_BYTES;
use crate::wire::prefix_codes::{GAP_BITS_MAX, width, write_gap};
use crate::wire::snapshot::{
    HEADER_BITS_MAX, OWN_KEPT, OwnState, SECTION_BITS_MAX, SectionHead, SnapshotHeader, UPDATES_MAX,
};
use crate::wire::{FRAME_KIND_BITS, FrameKind, PAYLOAD_BYTES, events};
use shieldwall_core::{CharacterId, Metres, Tick, World, WorldConfig};

/// What the packets of one tick are made from: the same for all desks.
#[derive(Debug)]
pub(super) struct Workshop {
    pub(super) history: StateHistory,
    pub(super) cache: DeltaCache,
    /// Who has which status effects, after the last tick.
    pub(super) effects: EffectLists,
    pub(super) table: InterestTable,
    /// Whom of those that are near enough clients may be told of.
    pub(super) visibility: Visibility,
    pub(super) events: ZoneEvents,
    /// The world's changes that stay.
    pub(super) changes: ChangeLog,
    /// What teams fight over.
    pub(super) objectives: ObjectiveLog,
    pub(super) tick_hz: u16,
    pub(super) interval_ticks: u32,
    /// The snapshot rate in force, to the nearest whole number.
    pub(super) snapshot_hz: u16,
    pub(super) searches_every: u32,
    /// Snapshots between two state checks of a client; 0: there are none.
    pub(super) checks_every: u32,
}

/// What one packet is made with, used again for the next. Packets that are made at the same time are made at different desks.
#[derive(Debug)]
pub(super) struct Desk {
    priorities: Priorities,
    search_space: SearchSpace,
    /// What the baselines of one packet stand for.
    baselines: Baselines,
    /// Updates on their way into the packet.
    made: Made,
    /// Events chosen for one packet.
    chosen_events: Vec<GameEvent>,
    /// Lines of sight, where ground and walls hide anybody.
    lines: Option<Lines>,
}

impl Desk {
    /// For a zone of this configuration, whose clients search every so many ticks.
    pub(super) fn new(
        config: &ReplicationConfig,
        world: &WorldConfig,
        snapshot_hz: u16,
        search_ticks: u32,
    ) -> Self {
        let (capacity, tick_hz) = (world.character_capacity, world.tick_hz);
        Self {
            priorities: Priorities::new(capacity, snapshot_hz),
            search_space: SearchSpace::new(capacity),
            baselines: Baselines::new(),
            made: Made::new(),
            chosen_events: Vec::with_capacity(events::EVENTS_MAX),
            lines: config.occlusion.map(|occlusion| Lines::new(&occlusion, tick_hz, search_ticks, capacity)),
        }
    }
}

/// With so many in sight somebody searches half as often: who walks stays within the margin for so long.
const CROWD: u32 = 1_000;
/// Room a snapshot must find: the own character and a section without anybody.
const SNAPSHOT_BITS_LEAST: usize = FRAME_KIND_BITS as usize + HEADER_BITS_MAX + SECTION_BITS_MAX;
/// What a full state is expected to cost, slot and age included.
const FULL_BITS: usize = 96;
/// Share of a packet that may go to events seen.
const EVENTS_SHARE: usize = 6;
/// Snapshots, the present one excluded, of which the client still holds the own state: one less than it keeps.
const OWN_KEPT_MASK: u64 = (1 << OWN_KEPT) - 2;
/// Bits at the end that the estimate leaves free, so that a dear update seldom has to wait.
const MARGIN_BITS: usize = 64;

/// What one message about the ground takes of a packet at most.
const GROUND_MESSAGE_BYTES: usize = PIECE_BYTES + 24;

/// How many messages about the ground may go into a packet of so many bytes, so that the snapshot has room beside them.
/// Where that leaves none, one in every other packet.
fn messages_beside_a_snapshot(limit: usize, packet: u32) -> usize {
    let rest = limit.saturating_sub(HEADER_BYTES + SNAPSHOT_BITS_LEAST.div_ceil(8));
    match rest / GROUND_MESSAGE_BYTES {
        0 => packet as usize % 2,
        most => most.min(FRAGMENTS_PER_PACKET),
    }
}

impl Workshop {
    /// Makes the packet of a session at `tick`, the tick the world has just run, in `buffer` and returns its length;
    /// none while the client's bandwidth allows not even the least packet.
    pub(super) fn make_packet(
        &self,
        desk: &mut Desk,
        session: &mut Session,
        world: &World,
        tick: Tick,
        now: Micros,
        buffer: &mut [u8; PAYLOAD_BYTES],
    ) -> Option<usize> {
        let playing = session.character().filter(|_| session.is_welcomed() && session.knows_rules_of(tick));
        let Some(allowed) = session.budget.open_packet(self.interval_ticks, self.tick_hz, MIN_PACKET_BYTES)
        else {
            self.choose_events(desk, session, world, playing, tick, 0);
            session.traffic.packets_withheld += 1;
            return None;
        };
        let limit = (allowed - PACKET_OVERHEAD_BYTES).min(PAYLOAD_BYTES);
        let mut messages = messages_beside_a_snapshot(limit, tick.0 / self.interval_ticks);
        if messages > 0 && objective_log::feed(session, &self.objectives, world, tick) {
            messages -= 1;
        }
        while messages > 0 && feed(session, &self.changes, world, tick) {
            messages -= 1;
        }
        let mut writer = session.channel.begin(&mut buffer[..limit]);
        session.channel.write_reliable(&mut writer, now);
        let mut record = None;
        if let Some(id) = playing
            && writer.remaining() >= SNAPSHOT_BITS_LEAST
        {
            let spare = writer.remaining().saturating_sub(SNAPSHOT_BITS_LEAST);
            state_check::write(session, &mut writer, &self.history, (self.checks_every, spare), tick);
            self.write_events(desk, session, &mut writer, world, id, tick);
            record = Some(self.write_snapshot(desk, session, &mut writer, world, id, tick));
        } else {
            self.choose_events(desk, session, world, playing, tick, 0);
        }
        let budget = &mut session.budget;
        let length = session.channel.finish(writer, record, now, |_| budget.resolve(true));
        session.count_sent(length);
        Some(length)
    }

    /// Tells what happened to others nearby since the last packet, as far as there is room beside the snapshot.
    fn write_events(
        &self,
        desk: &mut Desk,
        session: &mut Session,
        writer: &mut BitWriter<'_>,
        world: &World,
        id: CharacterId,
        tick: Tick,
    ) {
        let head = FRAME_KIND_BITS as usize + EVENTS_HEAD_BITS;
        let share = writer.remaining() / EVENTS_SHARE;
        let room = writer.remaining().saturating_sub(SNAPSHOT_BITS_LEAST).min(share);
        self.choose_events(desk, session, world, Some(id), tick, room.saturating_sub(head));
        if !desk.chosen_events.is_empty() {
            FrameKind::Events.write(writer);
            events::write(writer, tick, &desk.chosen_events);
        }
    }

    /// Chooses at most `room` bits of the events nearby since the last packet and counts the others. What the own
    /// character took part in is not among them: of that it is told for certain.
    fn choose_events(
        &self,
        desk: &mut Desk,
        session: &mut Session,
        world: &World,
        own: Option<CharacterId>,
        tick: Tick,
        mut room: usize,
    ) {
        desk.chosen_events.clear();
        let Some(own) = own.map(|id| id.slot) else { return };
        let centre = world.characters().position(own);
        let (tracks, traffic) = (&session.tracks, &mut session.traffic);
        for seen in self.events.since(session.events_from, |slot| tracks.is_close(slot)) {
            let near = match seen.place {
                SeenAt::Character(_) => true,
                SeenAt::Place(x, z) => {
                    let way = |to: Metres, from: Metres| i64::from(to.0) - i64::from(from.0);
                    self.table.is_close(way(x, centre.x), way(z, centre.z))
                }
            };
            if !near || seen.event.involves(own as u16) {
                continue;
            }
            let bits = seen.event.run().len();
            if bits <= room && desk.chosen_events.len() < events::EVENTS_MAX {
                room -= bits;
                desk.chosen_events.push(seen.event);
            } else {
                room = 0;
                traffic.seen_events_cut += 1;
            }
        }
        session.events_from = tick.0.wrapping_add(1);
    }

    /// Writes the snapshot frame and returns the snapshot's number.
    fn write_snapshot(
        &self,
        desk: &mut Desk,
        session: &mut Session,
        writer: &mut BitWriter<'_>,
        world: &World,
        id: CharacterId,
        tick: Tick,
    ) -> u32 {
        let number = session.log.begin(tick.0);
        FrameKind::Snapshot.write(writer);
        write_header(session, writer, world, &self.effects, id, tick, number);
        self.look_around(desk, session, world, id, tick, number);
        let spare = writer.remaining().saturating_sub(SECTION_BITS_MAX + MARGIN_BITS);
        let delta_bits = (session.delta_bits_16 / 16).max(4) as usize;
        let wish = Wish {
            count: spare / delta_bits + 1,
            least_owed: self.snapshot_hz,
            guess: session.due,
            left_out: session.left_out,
            turns: turns(spare),
            turn_from: session.turn_from,
        };
        let gathered = session.tracks.gather(&session.log, wish, self.snapshot_hz, &mut desk.priorities);
        (session.due, session.turn_from) = (gathered.due, gathered.turn_from);
        // One more than is expected to fit, as was wished for.
        let rest = spare - desk.priorities.reserved() + delta_bits;
        let blocks = session.tracks.blocks();
        desk.priorities.keep_most_urgent(blocks, rest, [delta_bits, FULL_BITS], number);
        let head = self.section_head(desk, session, tick);
        let counts = head.write(writer);
        let leaves = write_leaves(session, writer, &head, &desk.priorities.leaves);
        let updates = self.write_updates(desk, session, writer, &head, tick);
        SectionHead::patch_counts(writer, counts, leaves, updates);
        session.traffic.snapshots += 1;
        session.traffic.visible_sum += u64::from(session.tracks.visible());
        number
    }

    /// Searches the surroundings when it is time, and drops those that left the world since the last snapshot.
    fn look_around(
        &self,
        desk: &mut Desk,
        session: &mut Session,
        world: &World,
        id: CharacterId,
        tick: Tick,
        number: u32,
    ) {
        let history = &self.history;
        session.tracks.drop_departed(history.present(), history.departures(), number);
        if session.search_in == 0 {
            let (own, hz, space) = (id.slot as usize, self.snapshot_hz, &mut desk.search_space);
            space.find(world, &self.table, own);
            let (lines, found) = (desk.lines.as_mut(), (&self.table, space.found()));
            self.visibility.narrow(lines, session, found, world, id.slot, tick);
            session.tracks.take_found(world, &self.table, own, number, hz, space);
            // In a crowd a search finds nearly whom the last one found, and costs as much as a packet.
            let in_crowd = session.tracks.visible() >= CROWD;
            session.search_in = self.searches_every * (1 + u32::from(in_crowd));
        }
        session.search_in -= 1;
    }

    /// Chooses the widths and ages that make this section short, and finds the rows of its ages.
    fn section_head(&self, desk: &mut Desk, session: &Session, tick: Tick) -> SectionHead {
        let (blocks, counts) = (session.tracks.blocks(), desk.priorities.baselines());
        let ages = counts.common_ages(&session.log, tick);
        let common = ages.split(|&age| age == 0).next().unwrap_or(&[]);
        let count = desk.priorities.len() as u32;
        let span = desk.priorities.last_slot(blocks).map_or(0, |last| u32::from(last) + 1);
        let empty_between = (span - count) / count.max(1);
        let head = SectionHead::new(width(empty_between).saturating_sub(1).min(15), common);
        let (history, cache) = (&self.history, &self.cache);
        desk.baselines.resolve(counts, &head, &session.log, tick, |age| cache.row(age));
        if desk.baselines.rows().any(|row| cache.is_sparse(row, history.present_count())) {
            for candidate in desk.priorities.candidates(blocks) {
                let row = desk.baselines.get(candidate.behind).row();
                cache.prefetch(history, tick.0, row, candidate.slot.into());
            }
        }
        head
    }

    /// Copies the chosen updates into the packet, in the order of slots, until one does not fit beside those for which room is
    /// kept.
    fn write_updates(
        &self,
        desk: &mut Desk,
        session: &mut Session,
        writer: &mut BitWriter<'_>,
        head: &SectionHead,
        tick: Tick,
    ) -> u32 {
        let start = writer.position();
        let mut fulls = Fulls::default();
        let mut reserve = desk.priorities.reserve();
        let (chosen, blocks) = (desk.priorities.chosen(), session.tracks.blocks_mut());
        let mut progress = Progress::new(chosen);
        session.left_out = desk.priorities.cut();
        loop {
            let section = Section {
                head,
                number: session.log.number(),
                snapshot_hz: self.snapshot_hz,
                kept_bits: reserve.bits(),
                updates_max: UPDATES_MAX,
            };
            let source = Source { cache: &self.cache, history: &self.history, tick: tick.0 };
            let common = (&desk.baselines, source, &mut desk.made);
            copy_updates(writer, blocks, chosen, common, &section, (&mut progress, &mut fulls));
            let Some(candidate) = progress.candidate(blocks, chosen) else { break };
            let (slot, baseline) = (u32::from(candidate.slot), desk.baselines.get(candidate.behind));
            let update = self.cache.get(&self.history, tick.0, baseline.row(), slot as usize);
            let gap = slot - progress.next;
            // To the bit: what fits must not depend on which way an update takes, which follows from who asked for it before.
            let bits = head_bits(gap, &update, baseline, head) + update.len();
            match reserve.fit(&candidate, bits, writer.remaining()) {
                Fit::Write if progress.count < UPDATES_MAX => {
                    fulls.note(write_update(writer, update, gap, baseline, head));
                    let (block, lane) = (candidate.track / LANES, candidate.track % LANES);
                    blocks[block].mark_sent(lane, section.number, section.snapshot_hz);
                    (progress.next, progress.count) = (slot + 1, progress.count + 1);
                }
                Fit::Skip => session.left_out = true,
                _ => {
                    session.left_out = true;
                    break;
                }
            }
            progress.skip(chosen);
        }
        note_updates(session, progress.count, writer.position() - start, fulls);
        progress.count
    }
}

/// Counts `count` updates of together so many bits, and learns what a difference costs.
fn note_updates(session: &mut Session, count: u32, bits: usize, fulls: Fulls) {
    session.traffic.updates += u64::from(count);
    session.traffic.full_updates += u64::from(fulls.count);
    session.traffic.update_bits += bits as u64;
    if count > fulls.count {
        let mean_16 = ((bits - fulls.bits) * 16 / (count - fulls.count) as usize) as u32;
        session.delta_bits_16 = (7 * session.delta_bits_16 + mean_16).div_ceil(8);
    }
}

/// Tick, inputs, and the own character to the last bit.
fn write_header(
    session: &mut Session,
    writer: &mut BitWriter<'_>,
    world: &World,
    effects: &EffectLists,
    id: CharacterId,
    tick: Tick,
    number: u32,
) {
    let inputs = session.inputs.report();
    session.input_margin = inputs.margin_ticks;
    // Nobody refers to what stood in its place before.
    let place = number as usize % OWN_KEPT;
    session.own[place] = OwnState::of(world, id, effects);
    let base = session.log.newest_acked(OWN_KEPT_MASK).and_then(|behind| {
        let age = session.log.age(behind, tick.0)?;
        let state = session.own[number.wrapping_sub(behind) as usize % OWN_KEPT].as_ref()?;
        Some((age, state))
    });
    SnapshotHeader::write_parts(writer, tick, inputs, session.own[place].as_ref(), base);
}

/// Names the slots that left sight; those that do not fit wait for the next snapshot.
fn write_leaves(
    session: &mut Session,
    writer: &mut BitWriter<'_>,
    head: &SectionHead,
    leaves: &[u16],
) -> u32 {
    let (mut next, mut count) = (0, 0);
    for &slot in leaves {
        if writer.remaining() < GAP_BITS_MAX {
            break;
        }
        write_gap(writer, u32::from(slot) - next, head.gap_low_bits);
        next = u32::from(slot) + 1;
        count += 1;
    }
    session.tracks.mark_leaves(count as usize, session.log.number());
    count
}
