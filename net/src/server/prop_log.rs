//! What clients were told of each prop, and what they are to be told next.
//!
//! A prop is told when it comes to rest, exactly where; that it moves, and how, when it begins to and once a second as long as it
//! does; and that it is gone. Of moving ones at most so many are told in a second, whoever they are: what was left out is told
//! with its rest. A prop that sleeps is told once.

use crate::wire::ground_image::Props;
use crate::wire::world_changes::WorldChange;
use shieldwall_core::state::props::PropPlace;
use shieldwall_core::{Brads, World, WorldConfig};

/// Moving props told in a second at most, to all clients: about two kilobytes.
const MOVES_PER_S: u32 = 120;

/// What was told of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// Nothing is there.
    Nothing,
    /// It rests: of this generation.
    Rests(u32),
    /// It moves: of this generation, told in this tick.
    Moves(u32, u32),
}

/// See the module head.
#[derive(Debug, Default)]
pub(super) struct PropLog {
    slots: Vec<Told>,
    told: Props,
    tick_hz: u32,
    /// Moves that may be told, times the tick rate.
    credit: u32,
}

impl PropLog {
    pub(super) fn new(config: &WorldConfig) -> Self {
        Self {
            slots: vec![Told::Nothing; config.prop_capacity as usize],
            told: Props::new(),
            tick_hz: config.tick_hz.into(),
            credit: 0,
        }
    }

    /// Where clients think that props are.
    pub(super) fn told(&self) -> &Props {
        &self.told
    }

    /// Compares what was told with the world, and tells what changed.
    pub(super) fn learn(&mut self, world: &World, mut tell: impl FnMut(WorldChange)) {
        if world.prop_count() == 0 && self.told.is_empty() {
            return;
        }
        let (props, tick) = (world.props(), world.tick().0);
        let most = MOVES_PER_S.max(self.tick_hz);
        self.credit = (self.credit + MOVES_PER_S).min(most);
        for (slot, told) in (0_u32..).zip(&mut self.slots) {
            let Some(id) = props.id_at(slot) else {
                if *told != Told::Nothing {
                    *told = Told::Nothing;
                    self.told.remove(&(slot as u16));
                    tell(WorldChange::PropGone { slot: slot as u16 });
                }
                continue;
            };
            let row = slot as usize;
            let place = PropPlace {
                kind: props.kind[row],
                position: props.position(slot),
                yaw: Brads(props.yaw[row]),
            };
            let change = if !props.is_awake(slot) {
                let moved = || self.told.get(&(slot as u16)).is_none_or(|at| at.position != place.position);
                if *told == Told::Rests(id.generation) && !moved() {
                    continue;
                }
                *told = Told::Rests(id.generation);
                WorldChange::of_resting(slot as u16, &place)
            } else {
                let due = match *told {
                    Told::Moves(generation, at) if generation == id.generation => {
                        tick.wrapping_sub(at) >= self.tick_hz
                    }
                    _ => true,
                };
                if !due || self.credit < self.tick_hz {
                    continue;
                }
                self.credit -= self.tick_hz;
                *told = Told::Moves(id.generation, tick);
                WorldChange::of_moving(slot as u16, &place, props.velocity(slot))
            };
            if let WorldChange::PropRests { place, .. } | WorldChange::PropMoves { place, .. } = change {
                self.told.insert(slot as u16, place);
            }
            tell(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::{Command, Metres, Position};

    #[test]
    fn a_prop_is_told_moving_then_at_rest_then_gone() {
        let config = WorldConfig { character_capacity: 4, prop_capacity: 4, ..WorldConfig::default() };
        let mut world = World::new(&config).unwrap();
        let mut log = PropLog::new(&config);
        let position = Position::new(Metres::ZERO, Metres::from_m(9), Metres::ZERO);
        world.step(&[Command::SpawnProp { tag: 0, kind: 1, position, yaw: Brads(5) }]);
        let mut told = Vec::new();
        for _ in 0..600 {
            log.learn(&world, |change| told.push(change));
            world.step(&[]);
        }
        let rests = WorldChange::of_resting(
            0,
            &PropPlace { kind: 1, position: world.props().position(0), yaw: Brads(5) },
        );
        assert!(matches!(told[0], WorldChange::PropMoves { slot: 0, .. }));
        assert_eq!(told.last(), Some(&rests));
        assert!(told.len() < 8, "once a second: {told:?}");
        assert_eq!(log.told().len(), 1);
        told.clear();
        world.step(&[Command::RemoveProp { id: world.props().id_at(0).unwrap() }]);
        log.learn(&world, |change| told.push(change));
        assert_eq!(told, [WorldChange::PropGone { slot: 0 }]);
        assert!(log.told().is_empty());
    }
}
