//! What happened between two frames, as the page draws it: marks, hits, deaths, bursts. Bounded: more are left out.

use shieldwall_core::state::handle::CharacterId;
use shieldwall_core::{Event, World};

use super::{Scale, put_i16, put_u16};

/// Most of each kind in a frame.
const MARKS_MAX: usize = 1_024;
const HITS_MAX: usize = 1_024;
const DEATHS_MAX: usize = 256;
const BURSTS_MAX: usize = 256;

/// Bytes of all of them.
pub(super) const BYTES_MAX: usize = 6 * MARKS_MAX + 12 * HITS_MAX + 12 * DEATHS_MAX + 6 * BURSTS_MAX;

/// Nobody's team.
const NOBODY: u8 = u8::MAX;

/// Kinds of marks.
const RESPAWN: u8 = 3;
const SHOT: u8 = 4;

/// A place of the frame: team, x, z.
type Place = (u8, i16, i16);

#[derive(Clone, Copy, Debug)]
struct Struck {
    by: u16,
    whom: u16,
    amount: u16,
    arm: u8,
    by_team: u8,
    at: Place,
}

/// The events gathered since the last frame.
#[derive(Debug)]
pub(super) struct Gathered {
    marks: Vec<(u8, Place)>,
    hits: Vec<Struck>,
    deaths: Vec<Struck>,
    bursts: Vec<(u8, Place)>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            marks: Vec::with_capacity(MARKS_MAX),
            hits: Vec::with_capacity(HITS_MAX),
            deaths: Vec::with_capacity(DEATHS_MAX),
            bursts: Vec::with_capacity(BURSTS_MAX),
        }
    }
}

impl Gathered {
    /// Takes the events of the last step.
    pub(super) fn gather(&mut self, world: &World, scale: Scale) {
        let of = |id| place_of(world, scale, id);
        let team = |id| of(id).map_or(NOBODY, |(team, ..)| team);
        for event in world.events() {
            match *event {
                Event::Hit { attacker, target, amount, arm } => {
                    let Some(at) = of(target) else { continue };
                    let (by, whom) = (attacker.slot as u16, target.slot as u16);
                    let hit = Struck { by, whom, amount, arm: arm.0, by_team: team(attacker), at };
                    keep(&mut self.hits, HITS_MAX, hit);
                }
                Event::Died { victim, killer, arm } => {
                    let Some(at) = of(victim) else { continue };
                    let (by, whom) = (killer.slot as u16, victim.slot as u16);
                    let death = Struck { by, whom, amount: 0, arm: arm.0, by_team: team(killer), at };
                    keep(&mut self.deaths, DEATHS_MAX, death);
                }
                Event::Respawned { id } => {
                    let Some(at) = of(id) else { continue };
                    keep(&mut self.marks, MARKS_MAX, (RESPAWN, at));
                }
                Event::ProjectileLaunched { owner, .. } => {
                    let Some(at) = of(owner) else { continue };
                    keep(&mut self.marks, MARKS_MAX, (SHOT, at));
                }
                Event::Burst { owner, at, arm } => {
                    let at = (team(owner), scale.of(at.x.0), scale.of(at.z.0));
                    keep(&mut self.bursts, BURSTS_MAX, (arm.0, at));
                }
                _ => {}
            }
        }
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.marks.clear();
        self.hits.clear();
        self.deaths.clear();
        self.bursts.clear();
    }

    /// Appends them, forgets them, and says how many marks, hits, deaths and bursts there were.
    pub(super) fn put(&mut self, out: &mut Vec<u8>) -> [u16; 4] {
        let counts = [self.marks.len(), self.hits.len(), self.deaths.len(), self.bursts.len()];
        for (kind, (team, x, z)) in self.marks.drain(..) {
            out.extend_from_slice(&[kind, team]);
            put_place(out, x, z);
        }
        for hit in self.hits.drain(..) {
            put_u16(out, hit.by);
            put_u16(out, hit.whom);
            put_u16(out, hit.amount);
            out.extend_from_slice(&[hit.arm, hit.at.0]);
            put_place(out, hit.at.1, hit.at.2);
        }
        for death in self.deaths.drain(..) {
            put_u16(out, death.whom);
            put_u16(out, death.by);
            out.extend_from_slice(&[death.arm, death.at.0, death.by_team, 0]);
            put_place(out, death.at.1, death.at.2);
        }
        for (arm, (team, x, z)) in self.bursts.drain(..) {
            out.extend_from_slice(&[arm, team]);
            put_place(out, x, z);
        }
        counts.map(|count| count as u16)
    }
}

/// Keeps one more while there is room.
fn keep<T>(list: &mut Vec<T>, most: usize, one: T) {
    if list.len() < most {
        list.push(one);
    }
}

fn put_place(out: &mut Vec<u8>, x: i16, z: i16) {
    put_i16(out, x);
    put_i16(out, z);
}

/// Team and place of a character; `None` when it is gone.
fn place_of(world: &World, scale: Scale, id: CharacterId) -> Option<Place> {
    let (view, row) = (world.characters(), id.slot as usize);
    if view.generation.get(row) != Some(&id.generation) {
        return None;
    }
    Some((view.team[row], scale.of(view.position_x[row]), scale.of(view.position_z[row])))
}
