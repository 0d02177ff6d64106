//! The world's changes that stay, numbered: a list of the newest ones for everybody, and an image of all where the list
//! does not reach back.
//!
//! What is not here: how far each client has come (`ground_feed`).

use super::prop_log::PropLog;
use crate::wire::ground_image::{GroundCheck, encode, ground_hash};
use crate::wire::world_changes::{ChangeCodec, WorldChange};
use shieldwall_core::spatial::Deformation;
use shieldwall_core::{World, WorldConfig};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

/// Changes kept at most: about 200 KiB.
pub(super) const CHANGES_KEPT: usize = 8_192;
/// An image that is this many changes old is made anew before it is sent to somebody else.
const IMAGE_AGE_MAX: u32 = 512;
/// Seconds from one check of the clients' ground to the next, while it changes.
const CHECK_EVERY_S: u32 = 10;

/// The ground at one moment, ready to be sent.
#[derive(Debug)]
pub(super) struct GroundImage {
    /// The number of the first change that is not in it.
    pub(super) number: u32,
    pub(super) bytes: Vec<u8>,
}

/// The log. Numbers count from 0 on; a world with a day of a thousand craters a second has some left.
#[derive(Debug)]
pub(super) struct ChangeLog {
    pub(super) codec: ChangeCodec,
    changes: VecDeque<WorldChange>,
    /// Number of the oldest change kept. Whoever has come less far needs an image.
    start: u32,
    /// Number of the next change.
    next: u32,
    /// Sections that are down.
    fallen: BTreeSet<u16>,
    /// What clients were told of each prop.
    props: PropLog,
    /// Of late, once somebody needed one.
    image: OnceLock<Arc<GroundImage>>,
    check: Option<GroundCheck>,
    ticks_to_check: u32,
    check_every: u32,
    /// A tick of the world was seen.
    begun: bool,
}

impl ChangeLog {
    pub(super) fn new(config: &WorldConfig) -> Self {
        let check_every = CHECK_EVERY_S * u32::from(config.tick_hz);
        Self {
            codec: ChangeCodec::new(config),
            changes: VecDeque::with_capacity(CHANGES_KEPT),
            start: 0,
            next: 0,
            fallen: BTreeSet::new(),
            props: PropLog::new(config),
            image: OnceLock::new(),
            check: None,
            ticks_to_check: check_every,
            check_every,
            begun: false,
        }
    }

    /// Other rules will hold: from now on nothing is written that they read otherwise, also of what was noted before.
    pub(super) fn expect_rules(&mut self, config: &WorldConfig) {
        let both = self.codec.agreeing_with(&ChangeCodec::new(config));
        for change in &mut self.changes {
            if let Some(deformation) = self.codec.deformation_of(change) {
                *change = both.change_of(&deformation);
            }
        }
        self.codec = both;
    }

    /// Other rules hold.
    pub(super) fn adopt_rules(&mut self, config: &WorldConfig) {
        self.codec = ChangeCodec::new(config);
    }

    /// Takes note of what the world's last step did to the ground and to what stands on it.
    pub(super) fn learn(&mut self, world: &World) {
        if !self.begun {
            self.begun = true;
            // A world that comes with craters: the list does not begin with bare ground.
            if world.tick().0 > 1 && !world.terrain_deltas().is_empty() {
                self.replaced();
            }
        }
        for deformation in world.deformations() {
            let change = self.change_of(deformation);
            self.push(change);
        }
        self.learn_sections(world);
        self.learn_props(world);
        self.ticks_to_check = self.ticks_to_check.saturating_sub(1);
        if self.ticks_to_check == 0 {
            self.ticks_to_check = self.check_every;
            if self.check.is_none_or(|check| check.number != self.next) && self.next > 0 {
                let hash = ground_hash(Some(world.terrain_deltas()), &self.fallen);
                self.check = Some(GroundCheck { number: self.next, hash });
            }
        }
    }

    /// Compares which sections stand: events may be dropped, and a load has none. A look at each, once any has fallen.
    fn learn_sections(&mut self, world: &World) {
        let obstacles = world.obstacles();
        if !obstacles.any_fallen() && self.fallen.is_empty() {
            return;
        }
        for section in 0..obstacles.sections().len() as u32 {
            // Sections are no more than shapes, of which there are 65,536 at most.
            let (stands, number) = (obstacles.section_stands(section), section as u16);
            if stands == self.fallen.contains(&number) {
                self.push(match stands {
                    true => WorldChange::SectionBuilt { section: number },
                    false => WorldChange::SectionFell { section: number },
                });
            }
        }
    }

    /// Compares which props are where: events may be dropped, and a load has none. A look at each.
    fn learn_props(&mut self, world: &World) {
        let mut props = std::mem::take(&mut self.props);
        props.learn(world, |change| self.push(change));
        self.props = props;
    }

    fn change_of(&self, deformation: &Deformation) -> WorldChange {
        self.codec.change_of(deformation)
    }

    /// Adds a change.
    pub(super) fn push(&mut self, change: WorldChange) {
        match change {
            WorldChange::SectionFell { section } => _ = self.fallen.insert(section),
            WorldChange::SectionBuilt { section } => _ = self.fallen.remove(&section),
            _ => {}
        }
        if self.changes.len() == CHANGES_KEPT {
            self.changes.pop_front();
            self.start = self.start.wrapping_add(1);
        }
        self.changes.push_back(change);
        self.next = self.next.wrapping_add(1);
        let is_old = |image: &Arc<GroundImage>| self.next.wrapping_sub(image.number) > IMAGE_AGE_MAX;
        if self.image.get().is_some_and(is_old) {
            self.image = OnceLock::new();
        }
    }

    /// The ground is another one, and no list leads to it: everybody needs an image.
    pub(super) fn replaced(&mut self) {
        self.changes.clear();
        self.next = self.next.wrapping_add(1);
        (self.start, self.image, self.check) = (self.next, OnceLock::new(), None);
    }

    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Whether the list reaches back to a change.
    pub(super) fn reaches(&self, number: u32) -> bool {
        number.wrapping_sub(self.start) <= self.next.wrapping_sub(self.start)
    }

    /// The changes from `number` on, which the list must reach, up to `end`.
    pub(super) fn range(&self, number: u32, end: u32) -> impl Iterator<Item = &WorldChange> {
        let first = number.wrapping_sub(self.start) as usize;
        self.changes.iter().skip(first).take(end.wrapping_sub(number) as usize)
    }

    /// The newest check that is due.
    pub(super) fn check(&self) -> Option<GroundCheck> {
        self.check
    }

    /// An image from which the list goes on; the world must be the one of the last [`ChangeLog::learn`].
    pub(super) fn image(&self, world: &World) -> Arc<GroundImage> {
        let image = self.image.get_or_init(|| {
            let bytes = encode(world.terrain_deltas(), &self.fallen, self.props.told());
            Arc::new(GroundImage { number: self.next, bytes })
        });
        Arc::clone(image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_bounded_and_says_how_far_it_reaches() {
        let config = WorldConfig { character_capacity: 4, ..WorldConfig::default() };
        let mut world = World::new(&config).unwrap();
        let mut log = ChangeLog::new(&config);
        world.step(&[]);
        log.learn(&world);
        let image = log.image(&world);
        assert_eq!((image.number, log.reaches(0)), (0, true));
        for section in 0..CHANGES_KEPT as u32 + 10 {
            log.push(WorldChange::SectionFell { section: section as u16 });
        }
        assert_eq!(log.changes.capacity(), VecDeque::<WorldChange>::with_capacity(CHANGES_KEPT).capacity());
        assert!(
            !log.reaches(9) && log.reaches(10) && log.reaches(log.next()) && !log.reaches(log.next() + 1)
        );
        assert_eq!(log.range(12, 14).count(), 2);
        assert_eq!(log.range(12, 14).next(), Some(&WorldChange::SectionFell { section: 12 }));
        let newer = log.image(&world);
        assert_eq!(newer.number, log.next());
        assert!(Arc::ptr_eq(&newer, &log.image(&world)));
        log.replaced();
        assert!(!log.reaches(newer.number) && log.reaches(log.next()));
    }
}
