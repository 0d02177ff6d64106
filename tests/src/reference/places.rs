//! Places that teams fight over, flags and scores, and where the dead return: everybody is asked where it is.

use super::Reference;
use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::random_u32x4;
use shieldwall_core::spatial::obstacles::{RespawnOwner, RespawnPoint};
use shieldwall_core::{Brads, CapturePoint, CharacterId, Event, FlagMove, Metres, NO_TEAM};

/// A capture point and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// As the scenery has it.
    pub point: CapturePoint,
    /// The team that has it.
    pub owner: u8,
    /// The team that progress is of.
    pub contender: u8,
    /// What it has gained.
    pub progress: u32,
    /// The teams in the ring, by bits.
    pub present: u16,
    /// Where its flag is, or its middle.
    pub at: (i32, i32, i32),
    /// Who carries the flag.
    pub carrier: Option<CharacterId>,
    /// Ticks that a dropped flag still lies.
    pub lies: Option<u32>,
}

impl Place {
    pub(super) fn new(point: CapturePoint, ground: i32) -> Self {
        Self {
            point,
            owner: point.owner,
            contender: NO_TEAM,
            progress: 0,
            present: 0,
            at: (point.x.0, ground, point.z.0),
            carrier: None,
            lies: None,
        }
    }
}

fn is_within(radius: Metres, (x, z): (i32, i32), (other_x, other_z): (i32, i32)) -> bool {
    let (x, z) = (i64::from(x) - i64::from(other_x), i64::from(z) - i64::from(other_z));
    x * x + z * z <= i64::from(radius.0) * i64::from(radius.0)
}

impl Reference {
    /// Who lives within a circle, by slot.
    fn living_within(&self, radius: Metres, at: (i32, i32)) -> Vec<usize> {
        let here = |row: &usize| (self.characters[*row].position_x, self.characters[*row].position_z);
        self.living().filter(|row| is_within(radius, here(row), at)).collect()
    }

    /// Rings, flags, and what both give.
    pub(super) fn contest(&mut self) {
        for number in 0..self.places.len() {
            let rules = *self.config.rules.objective_kind(self.places[number].point.kind);
            if rules.carried == 0 {
                self.contest_ring(number);
            } else {
                self.carry_flag(number);
            }
            let whole = |ticks: u64| ticks * u64::from(rules.score_per_s) / u64::from(self.config.tick_hz);
            let gained = whole(u64::from(self.tick.0) + 1) - whole(u64::from(self.tick.0));
            if let Some(score) = self.scores.get_mut(usize::from(self.places[number].owner)) {
                *score = score.saturating_add(gained as u32);
            }
        }
    }

    fn contest_ring(&mut self, number: usize) {
        let point = self.places[number].point;
        let rules = *self.config.rules.objective_kind(point.kind);
        let inside = self.living_within(point.radius, (point.x.0, point.z.0));
        let mut teams: Vec<u8> = inside.iter().map(|row| self.characters[*row].team).collect();
        teams.sort_unstable();
        teams.dedup();
        let place = &mut self.places[number];
        place.present = teams.iter().fold(0, |bits, team| bits | 1 << team);
        let speed = 256 * inside.len().min(usize::from(rules.fighters_max)) as u32;
        match teams[..] {
            [] => place.progress = place.progress.saturating_sub(rules.decay_per_256.into()),
            [team] if team != place.owner && (place.contender == team || place.contender == NO_TEAM) => {
                place.contender = team;
                place.progress = place.progress.saturating_add(speed);
            }
            [_] => place.progress = place.progress.saturating_sub(speed),
            _ => {}
        }
        let ticks = (u64::from(rules.capture_ms) * u64::from(self.config.tick_hz)).div_ceil(1_000);
        if u64::from(place.progress) >= 256 * ticks {
            let (team, before) = (place.contender, place.owner);
            (place.owner, place.progress) = (team, 0);
            self.events.push(Event::PointCaptured { point: number as u32, team, before });
        }
        if self.places[number].progress == 0 {
            self.places[number].contender = NO_TEAM;
        }
    }

    fn carry_flag(&mut self, number: usize) {
        let place = self.places[number];
        if let Some(id) = place.carrier {
            let row = self.row_of(id);
            if let Some(row) = row {
                let body = &self.characters[row];
                self.places[number].at = (body.position_x, body.position_y, body.position_z);
            }
            match row.filter(|row| self.characters[*row].is_alive()) {
                Some(row) => self.bring(number, id, self.characters[row].team),
                None => {
                    let rules = self.config.rules.objective_kind(place.point.kind);
                    let hz = u64::from(self.config.tick_hz);
                    let ticks = (u64::from(rules.return_ms) * hz).div_ceil(1_000) as u32;
                    (self.places[number].carrier, self.places[number].lies) = (None, Some(ticks));
                    self.flag_moved(number, id, FlagMove::Dropped);
                }
            }
            return;
        }
        match place.lies {
            Some(0) => return self.send_home(number, CharacterId::NONE, FlagMove::Returned),
            Some(ticks) => self.places[number].lies = Some(ticks - 1),
            None => {}
        }
        let near = self.living_within(place.point.radius, (place.at.0, place.at.2));
        if let Some(row) = near.into_iter().find(|row| self.characters[*row].team != place.owner) {
            let id = self.id(row);
            (self.places[number].carrier, self.places[number].lies) = (Some(id), None);
            self.flag_moved(number, id, FlagMove::Taken);
        }
    }

    /// A carried flag counts at any other place that the carrier's team has.
    fn bring(&mut self, number: usize, id: CharacterId, team: u8) {
        let (x, _, z) = self.places[number].at;
        let arrived = self.places.iter().enumerate().any(|(other, place)| {
            let middle = (place.point.x.0, place.point.z.0);
            other != number && place.owner == team && is_within(place.point.radius, (x, z), middle)
        });
        if arrived {
            let gained = self.config.rules.objective_kind(self.places[number].point.kind).score_brought;
            let score = &mut self.scores[usize::from(team)];
            *score = score.saturating_add(gained.into());
            self.send_home(number, id, FlagMove::Brought);
        }
    }

    fn send_home(&mut self, number: usize, id: CharacterId, what: FlagMove) {
        let point = self.places[number].point;
        let ground = self.ground_at(point.x.0, point.z.0);
        let place = &mut self.places[number];
        (place.carrier, place.lies) = (None, None);
        place.at = (point.x.0, ground, point.z.0);
        self.flag_moved(number, id, what);
    }

    fn flag_moved(&mut self, number: usize, id: CharacterId, what: FlagMove) {
        self.events.push(Event::FlagMoved { point: number as u32, id, what });
    }

    /// Where a dead row returns: the nearest of its team's area and the respawn points that are its team's.
    pub(super) fn place_of_return(&self, row: usize) -> (i32, i32, u16) {
        let character = &self.characters[row];
        let way = |(x, z): (i32, i32)| {
            let x = i64::from(character.position_x) - i64::from(x);
            let z = i64::from(character.position_z) - i64::from(z);
            x * x + z * z
        };
        let theirs = |point: &&RespawnPoint| match point.owner {
            RespawnOwner::Team(team) => team == character.team,
            RespawnOwner::CapturePoint(number) => {
                let place = &self.places[number as usize];
                place.owner == character.team && place.present | 1 << character.team == 1 << character.team
            }
        };
        let points = self.respawns.iter().filter(theirs);
        let nearest = points.min_by_key(|point| way((point.x.0, point.z.0)));
        let area = way(self.middle_of_team(character.team));
        let Some(point) = nearest.filter(|point| way((point.x.0, point.z.0)) < area) else {
            return self.place_of_team(row);
        };
        let words = random_u32x4(self.config.seed, self.tick, row as u32, Purpose::SpawnPlacement);
        let half = (i64::from(point.radius.0) * 181) >> 8;
        let edge = self.edge(character.class);
        let aside = |word: u32| (((i64::from(word) * (2 * half + 1)) >> 32) - half) as i32;
        let x = (point.x.0 + aside(words[0])).clamp(-edge, edge);
        let z = (point.z.0 + aside(words[1])).clamp(-edge, edge);
        (x, z, Brads::yaw_of(Metres(-x), Metres(-z)).0)
    }
}
