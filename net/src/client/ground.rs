//! The client's part of the world's changes: how far it has come, the image on its way, what is down, what is new to draw.
//!
//! What is not here: the ground itself ([`super::world`]).

use super::shared_worlds::SharedWorlds;
use super::world::ClientWorld;
use crate::wire::DecodeError;
use crate::wire::ground_image::{self, GroundCheck, GroundPiece, image_bytes_max};
use crate::wire::world_changes::{ChangeCodec, WorldChange};
use shieldwall_core::numeric::Velocity;
use shieldwall_core::state::props::PropPlace;
use shieldwall_core::state::terrain_deltas::{TerrainChunk, TerrainDeltas};
use shieldwall_core::systems::PropField;
use shieldwall_core::world::WorldConfig;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What following the changes has come to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroundStats {
    /// Changes carried out.
    pub(crate) changes: u64,
    /// Checks that came out wrong, and changes that could not be carried out.
    pub(crate) mismatches: u64,
    /// Images of the whole ground taken over.
    pub(crate) images: u64,
}

/// See the module head.
#[derive(Debug)]
pub(crate) struct Ground {
    codec: ChangeCodec,
    delta_chunks: u32,
    /// With whom the ground is made.
    shared: Option<Arc<SharedWorlds>>,
    /// Number of the next change.
    next: u32,
    /// The image that is on its way: number, bytes in all, those that came.
    incoming: Option<(u32, u32, Vec<u8>)>,
    /// Sections that are down.
    fallen: BTreeSet<u16>,
    /// What lies about.
    pub(crate) props: PropField,
    /// What changed since somebody asked.
    chunks: BTreeSet<TerrainChunk>,
    sections: BTreeSet<u16>,
    /// The whole ground must be asked for.
    wanted: bool,
    /// It was asked for, and has not come.
    asked: bool,
    pub(crate) stats: GroundStats,
}

impl Ground {
    pub(crate) fn new(config: &WorldConfig, shared: Option<Arc<SharedWorlds>>) -> Self {
        Self {
            codec: ChangeCodec::new(config),
            delta_chunks: config.terrain_delta_chunks,
            shared,
            next: 0,
            incoming: None,
            fallen: BTreeSet::new(),
            props: PropField::default(),
            chunks: BTreeSet::new(),
            sections: BTreeSet::new(),
            wanted: false,
            asked: false,
            stats: GroundStats::default(),
        }
    }

    /// Changes that come from now on are written by other rules.
    pub(crate) fn change_rules(&mut self, config: &WorldConfig) {
        self.codec = ChangeCodec::new(config);
    }

    /// Carries out a message of changes. A world that is shared with others becomes one of its own.
    ///
    /// # Errors
    /// [`DecodeError`]; what stood before the fault has been carried out.
    pub(crate) fn apply(&mut self, message: &[u8], world: &mut Arc<ClientWorld>) -> Result<(), DecodeError> {
        let mut changes = Vec::new();
        let read = self.codec.read(message, self.next, |change| changes.push(change));
        for change in &changes {
            self.carry_out(change, world);
        }
        read
    }

    fn carry_out(&mut self, change: &WorldChange, world: &mut Arc<ClientWorld>) {
        self.next = self.next.wrapping_add(1);
        self.stats.changes += 1;
        match *change {
            WorldChange::PropRests { slot, place } => self.set_prop(slot, &place, None, world),
            WorldChange::PropMoves { slot, place, velocity } => {
                self.set_prop(slot, &place, Some(velocity), world);
            }
            WorldChange::PropGone { slot } => _ = self.props.remove(slot),
            WorldChange::SectionFell { section } => self.set_section(section, false, world),
            WorldChange::SectionBuilt { section } => self.set_section(section, true, world),
            WorldChange::Crater { .. } | WorldChange::Deformed(_) => {
                let (chunks, shared) = (&mut self.chunks, self.shared.as_deref());
                let done = self.codec.deformation_of(change).is_some_and(|deformation| {
                    Arc::make_mut(world).deform(&deformation, shared, |chunk| _ = chunks.insert(chunk))
                });
                if !done {
                    self.mismatch();
                }
            }
        }
    }

    /// A prop of a slot that there is; others are left out.
    fn set_prop(
        &mut self,
        slot: u16,
        place: &PropPlace,
        velocity: Option<Velocity>,
        world: &Arc<ClientWorld>,
    ) {
        let half = world.config().half_extent;
        let inside = place.position.x.abs() <= half && place.position.z.abs() <= half;
        if inside && u32::from(slot) < world.config().prop_capacity {
            self.props.set(slot, place, velocity);
        }
    }

    fn set_section(&mut self, section: u16, stands: bool, world: &mut Arc<ClientWorld>) {
        let changed = if stands { self.fallen.remove(&section) } else { self.fallen.insert(section) };
        if changed {
            self.sections.insert(section);
            Arc::make_mut(world).set_section(section, stands);
        }
    }

    fn mismatch(&mut self) {
        self.stats.mismatches += 1;
        self.wanted |= !self.asked;
    }

    /// Compares the ground with the server's.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for a check that is not of this moment.
    pub(crate) fn check(&mut self, check: GroundCheck, world: &ClientWorld) -> Result<(), DecodeError> {
        if check.number != self.next {
            return Err(DecodeError::Value("number of a change"));
        }
        if check.hash != ground_image::ground_hash(world.terrain_deltas(), &self.fallen) {
            self.mismatch();
        }
        Ok(())
    }

    /// Takes a piece of the whole ground, and with the last one all of it.
    ///
    /// # Errors
    /// [`DecodeError`]: pieces out of order, an image that is too long or none, or ground that cannot be.
    pub(crate) fn take_piece(
        &mut self,
        piece: &GroundPiece<'_>,
        world: &mut Arc<ClientWorld>,
    ) -> Result<(), DecodeError> {
        if piece.total as usize > image_bytes_max(self.delta_chunks) {
            return Err(DecodeError::Value("length of the ground"));
        }
        if piece.offset == 0 {
            self.incoming = Some((piece.number, piece.total, Vec::new()));
        }
        let (number, total, bytes) =
            self.incoming.as_mut().ok_or(DecodeError::Value("piece of the ground"))?;
        if (piece.number, piece.total, piece.offset as usize) != (*number, *total, bytes.len()) {
            return Err(DecodeError::Value("piece of the ground"));
        }
        bytes.extend_from_slice(piece.bytes);
        if bytes.len() < *total as usize {
            return Ok(());
        }
        let Some((number, _, bytes)) = self.incoming.take() else { return Ok(()) };
        let (deltas, fallen, props) = ground_image::decode(&bytes, self.delta_chunks)?;
        self.replace(number, deltas, fallen, world)?;
        self.props.clear();
        for (slot, place) in &props {
            self.set_prop(*slot, place, None, world);
        }
        Ok(())
    }

    fn replace(
        &mut self,
        number: u32,
        deltas: TerrainDeltas,
        fallen: BTreeSet<u16>,
        world: &mut Arc<ClientWorld>,
    ) -> Result<(), DecodeError> {
        if world.terrain().first_impossible(&deltas).is_some() {
            return Err(DecodeError::Value("chunk of the ground"));
        }
        let before =
            world.terrain_deltas().into_iter().flat_map(|deltas| deltas.iter().map(|(chunk, _)| chunk));
        self.chunks.extend(before.chain(deltas.iter().map(|(chunk, _)| chunk)));
        let own = Arc::make_mut(world);
        for section in fallen.symmetric_difference(&self.fallen) {
            self.sections.insert(*section);
            own.set_section(*section, !fallen.contains(section));
        }
        own.replace_ground(deltas, self.shared.as_deref());
        (self.fallen, self.next, self.asked, self.wanted) = (fallen, number, false, false);
        self.stats.images += 1;
        Ok(())
    }

    /// Whether the server is to be asked for the whole ground now; true once.
    pub(crate) fn take_wish(&mut self) -> bool {
        let wish = core::mem::take(&mut self.wanted);
        self.asked |= wish;
        wish
    }

    pub(crate) fn is_down(&self, section: u16) -> bool {
        self.fallen.contains(&section)
    }

    /// Appends what changed since the last call, each once.
    pub(crate) fn take_news(&mut self, chunks: &mut Vec<TerrainChunk>, sections: &mut Vec<u16>) {
        chunks.extend(core::mem::take(&mut self.chunks));
        sections.extend(core::mem::take(&mut self.sections));
    }
}
