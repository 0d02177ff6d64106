//! Moving a body for a tick: up to what is in the way, then along it.
//!
//! **How.** Around its place the body sees the planes between it and every shape within reach. It advances until the first
//! of them, looks again (planes between curved things turn while one moves: conservative advancement, B. Mirtich,
//! "Impulse-based dynamic simulation of rigid body systems", 1996), and when it truly touches, the rest of its way is bent
//! along the planes touched. For convex shapes a plane between two separates them for any way, so nothing is passed
//! through at any speed, however thin it is.
//!
//! **Corners.** A way bent along one thing after the other can come to lead back to where it came from; then it ends
//! instead, as does the velocity. So who presses into an acute corner stands, and does not swing between its walls.
//!
//! **Rest.** Touching is a band of [`super::TOUCH`] raw units, and ways of at most [`DEAD`] raw units left over by planes
//! are dropped: a body pushed into a corner has the same place tick after tick, to the bit.

use super::beside::{Among, Heights};
use super::body::{Body, Contact, Measures};
use super::math::{ONE_Q30, V3};
use super::planes::{Planes, TOLERANCE, cut, part_of, rise_over, share, upright};
use super::{Contacts, Look, Nearby, Normal, Obstacles, SKIN, SLACK, Support, TOUCH};
use crate::numeric::{Fx, Metres, MetresPerSecond, Position, Tick, Velocity};

/// How a body moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlideRules {
    /// Whether it walks: it keeps its pace on slopes it can walk, meets steeper ones like walls, and steps onto ledges.
    /// Otherwise it flies or falls and slides along everything.
    pub walking: bool,
    /// Ledges up to this high are stepped onto; taken as 0 to 4 m.
    pub step_up: Metres,
    /// Cosine of the steepest slope that is walked, as the upward part of the surface's direction; 0 to 1.
    pub walkable: Fx,
    /// [`Slide::clear`] is about everything this near to the way; taken as 0 to 4 m.
    pub probe: Metres,
}

/// Where a body got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slide {
    /// Its feet.
    pub position: Position,
    planes: [Normal; Slide::PLANES_MOST],
    plane_count: usize,
    /// What carried it last, if it touched something that can be stood on.
    pub support: Option<Support>,
    /// It stepped onto a ledge.
    pub stepped: bool,
    /// Surely nothing was within [`SlideRules::probe`] of its way: no need to look for ground. Not every way that could is said
    /// to be.
    pub clear: bool,
    /// It began inside of something and could not be freed.
    pub stuck: bool,
    /// Heights of feet at its place that have nothing but walls beside them, and those apart from the body.
    pub(super) heights: Option<Heights>,
}

impl Slide {
    /// Most planes that are reported.
    pub const PLANES_MOST: usize = 4;

    pub(super) fn at(position: Position) -> Slide {
        Slide {
            position,
            planes: [Normal::UP; Slide::PLANES_MOST],
            plane_count: 0,
            support: None,
            stepped: false,
            clear: true,
            stuck: false,
            heights: None,
        }
    }

    /// The surfaces that bent its way, in the order they were met, each once.
    #[must_use]
    pub fn planes(&self) -> &[Normal] {
        &self.planes[..self.plane_count]
    }

    /// A velocity without what the surfaces took: along each in turn, and none where two of them fight over it or turn it
    /// back.
    #[must_use]
    pub fn clip(&self, velocity: Velocity) -> Velocity {
        let mut clipped = velocity;
        let product =
            |now: MetresPerSecond, before: MetresPerSecond| i64::from(now.0 >> 1) * i64::from(before.0 >> 1);
        for (at, plane) in self.planes().iter().enumerate() {
            clipped = plane.clip(clipped);
            let wide = V3::new(clipped.x.0.into(), clipped.y.0.into(), clipped.z.0.into());
            let against = |earlier: &Normal| {
                (wide.x >> 1) * i64::from(earlier.x)
                    + (wide.y >> 1) * i64::from(earlier.y)
                    + (wide.z >> 1) * i64::from(earlier.z)
                    < -(64 << 30)
            };
            let level = self.planes[..=at].iter().all(|plane| plane.y == 0);
            let along = product(clipped.x, velocity.x) + product(clipped.z, velocity.z);
            let turned_back = at > 0 && along + if level { 0 } else { product(clipped.y, velocity.y) } < 0;
            if turned_back || self.planes[..at].iter().any(against) {
                // Only upward or downward is left of two walls that meet in a corner.
                clipped = if level { Velocity { y: clipped.y, ..Velocity::ZERO } } else { Velocity::ZERO };
            }
        }
        clipped
    }

    /// Whether a body there is certainly inside of nothing, and above no ground within [`SlideRules::probe`]: what
    /// [`Obstacles::blocked`] and [`Obstacles::ground_below`] would say. Of the place where it got to, at other heights.
    #[must_use]
    #[inline]
    pub fn is_open_at(&self, position: Position) -> bool {
        let y = i64::from(position.y.0);
        let within = self.heights.is_some_and(|heights| (heights.low..=heights.high).contains(&y));
        within && position.x == self.position.x && position.z == self.position.z
    }

    pub(super) fn hit(&mut self, normal: V3) {
        let normal = Normal::of(normal);
        if self.plane_count < Slide::PLANES_MOST && !self.planes().contains(&normal) {
            self.planes[self.plane_count] = normal;
            self.plane_count += 1;
        }
    }
}

/// Ways of at most so many raw units that planes leave over are dropped.
pub(super) const DEAD: i64 = 4;

/// Longest way between two looks around, raw: 1 m.
pub(super) const PART: i64 = 1 << 16;

/// Looks around in one slide beyond one for each [`PART`] of the way.
pub(super) const LOOKS: i64 = 24;

/// Longest way in one component, raw: 128 m.
const WAY_MAX: i32 = 128 << 16;

/// Least upward part of the direction towards a rim for it to carry: a quarter.
pub(super) const STABLE: i64 = ONE_Q30 / 4;

impl Obstacles {
    /// Moves a body from `from` by `displacement` (components beyond ±128 m are cut) among the obstacles of `tick`.
    ///
    /// A body that begins more than [`SLACK`] inside of something is pushed out first, the smallest way
    /// ([`Obstacles::depenetrate`]). Afterwards it is at most [`SLACK`] inside of anything, unless [`Slide::stuck`] says so.
    /// Terrain and the world's bounds are the caller's.
    #[must_use]
    pub fn slide(
        &self,
        body: Body,
        from: Position,
        displacement: [Metres; 3],
        tick: Tick,
        rules: &SlideRules,
    ) -> Slide {
        self.slide_nearby(body, from, displacement, tick, rules, &Nearby::Anything)
    }

    /// [`Obstacles::slide`] of a body that can touch at most what is nearby: [`Obstacles::nearby`] of its radius, the length of
    /// its way on the plane and [`BESIDE`].
    pub(crate) fn slide_nearby(
        &self,
        body: Body,
        from: Position,
        displacement: [Metres; 3],
        tick: Tick,
        rules: &SlideRules,
        nearby: &Nearby,
    ) -> Slide {
        let [x, y, z] = displacement.map(|part| i64::from(part.0.clamp(-WAY_MAX, WAY_MAX)));
        let (feet, way) = (V3::of(from), V3::new(x, y, z));
        let measures = Measures::of(body);
        let probe = i64::from(rules.probe.0).clamp(0, 4 << 16);
        let limits = Limits::of(rules);
        let among = Among { obstacles: self, measures: &measures, rules: &limits, probe };
        if let Nearby::Solids { .. } = nearby
            && let Some(slide) = among.slide(feet, way, nearby)
        {
            return slide;
        }
        let mut slide = Slide::at(feet.plus(way).position());
        // Most of those who walk in the open are through with one load.
        let reach = measures.radius() + way.bound() + probe.max(SKIN + TOUCH);
        if self.is_empty() || !self.beside(feet.x, feet.z, reach) {
            return slide;
        }
        if let Nearby::Anything = nearby
            && let Some(slide) = among.slide(feet, way, nearby)
        {
            return slide;
        }
        slide.clear = false;
        self.slide_in_space(Look { obstacles: self, measures, tick }, limits, feet, way, slide)
    }

    /// The slide among things of all kinds.
    #[inline(never)]
    pub(super) fn slide_in_space(
        &self,
        look: Look<'_>,
        rules: Limits,
        feet: V3,
        way: V3,
        mut slide: Slide,
    ) -> Slide {
        let mut walk = Walk { look, rules, way, slide: &mut slide };
        let feet = walk.run(feet, way);
        slide.position = feet.position();
        slide
    }
}

/// The rules in the numbers of this module.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub walking: bool,
    pub step_up: i64,
    pub walkable: i64,
}

impl Limits {
    pub fn of(rules: &SlideRules) -> Limits {
        Limits {
            walking: rules.walking,
            step_up: i64::from(rules.step_up.0).clamp(0, 4 << 16),
            walkable: (i64::from(rules.walkable.0) << 14).clamp(0, ONE_Q30),
        }
    }

    /// Whether a contact carries somebody: a face that can be walked, met from above.
    pub fn carries(&self, contact: &Contact) -> bool {
        contact.face_up >= self.walkable && contact.normal.y >= STABLE.min(self.walkable)
    }

    /// Whether a walker goes up over it at full pace: a slope, or a rim that the round foot rolls over.
    fn climbs(&self, contact: &Contact, ball: i64) -> bool {
        let up = contact.normal.y;
        let rolls = up >= ONE_Q30 / 2 && part_of(ball, ONE_Q30 - up) <= self.step_up;
        contact.face_up >= self.walkable && up > 0 && (up >= self.walkable || rolls)
    }
}

/// One slide on its way.
struct Walk<'a> {
    look: Look<'a>,
    rules: Limits,
    /// The way asked for.
    way: V3,
    slide: &'a mut Slide,
}

/// What touching things make of a way.
enum Bent {
    /// The way that is left.
    Way(V3),
    /// A ledge was stepped onto: where the feet are now, and what is left of the way.
    Stepped(V3, V3),
}

impl Walk<'_> {
    fn run(&mut self, from: V3, way: V3) -> V3 {
        let (mut feet, mut left) = (from, way);
        let mut looks = LOOKS + way.reach() / PART;
        let mut freed = false;
        let mut contacts = Contacts::none();
        while looks > 0 {
            looks -= 1;
            let reach = first_part(left, PART).bound();
            self.look.contacts_into(feet, reach + SKIN + TOUCH, &mut contacts);
            if !freed && contacts.as_slice().iter().any(|contact| contact.separation < -SLACK) {
                (feet, self.slide.stuck) = self.look.free(feet);
                freed = true;
                continue;
            }
            freed = true;
            match self.bend(feet, left, &contacts) {
                Bent::Way(bent) => left = bent,
                Bent::Stepped(stepped, rest) => {
                    (feet, left) = (stepped, rest);
                    continue;
                }
            }
            if left == V3::ZERO {
                break;
            }
            let part = first_part(left, reach);
            let advance = cut(part, free_share(part, &contacts));
            feet = feet.plus(advance);
            left = left.minus(advance);
            if left == V3::ZERO {
                break;
            }
        }
        feet
    }

    /// Bends what is left of a way along everything that is touched.
    fn bend(&mut self, feet: V3, left: V3, contacts: &Contacts) -> Bent {
        let mut planes = Planes::none();
        let mut way = left;
        for contact in contacts.as_slice().iter().filter(|contact| touches(contact)) {
            if self.rules.carries(contact) {
                self.slide.support = Some(contact.support);
            }
            let into = left.along(contact.normal) < -TOLERANCE;
            planes.push(contact.normal);
            if self.rules.walking && self.rules.climbs(contact, self.look.measures.ball) {
                way.y = way.y.max(left.y + rise_over(left, contact.normal));
                continue;
            }
            let wall = if self.rules.walking { upright(contact.normal) } else { None };
            if let Some(wall) = wall {
                planes.push(wall);
            }
            if into || wall.is_some_and(|wall| left.along(wall) < -TOLERANCE) {
                if let Some(stepped) = self.step_onto(feet, left, contact) {
                    return stepped;
                }
                self.slide.hit(wall.unwrap_or(contact.normal));
            }
        }
        let bent = self.onward(planes.clip(way), &planes);
        // What planes leave over by rounding alone is rest.
        Bent::Way(if bent != left && bent.reach() <= DEAD { V3::ZERO } else { bent })
    }

    /// A bent way, or what is left of it where it leads back against the way asked for: up and down at most.
    fn onward(&self, bent: V3, planes: &Planes) -> V3 {
        let level = V3::new(bent.x, 0, bent.z);
        let among_walls = self.rules.walking || planes.as_slice().iter().all(|normal| normal.y == 0);
        if self.way.dot(if among_walls { level } else { bent }) >= 0 {
            return bent;
        }
        let upright = V3::new(0, bent.y, 0);
        if among_walls && planes.allow(upright) { upright } else { V3::ZERO }
    }

    /// Steps onto what is in the way, if it is low enough, once in a slide: up, forward, down again.
    fn step_onto(&mut self, feet: V3, left: V3, contact: &Contact) -> Option<Bent> {
        let rise = contact.top - feet.y;
        if !self.rules.walking || self.slide.stepped || rise <= 0 || rise > self.rules.step_up {
            return None;
        }
        let level = V3::new(left.x, 0, left.z);
        let radius = self.look.measures.radius();
        // Far enough forward to stand on the rim with more than its edge.
        let least = radius / 8;
        let ahead = match level.length() {
            0 => return None,
            length if length < least => level.direction()?.times(least),
            _ => first_part(level, PART),
        };
        let lift = V3::new(0, self.rules.step_up + 2 * SKIN + TOUCH, 0);
        let (risen, _) = self.look.sweep(feet, lift, &|_| true);
        let (forward, _) = self.look.sweep(risen, ahead, &|_| true);
        let gone = forward.minus(risen);
        if gone.length() * 2 < least {
            return None;
        }
        let down = V3::new(0, feet.y - risen.y, 0);
        let (landed, ground) = self.look.sweep(forward, down, &|_| true);
        let ground = ground.filter(|ground| self.rules.carries(ground))?;
        let gain = landed.y - feet.y;
        if gain <= DEAD || gain > self.rules.step_up + SKIN + TOUCH {
            return None;
        }
        self.slide.stepped = true;
        self.slide.support = Some(ground.support);
        let rest = level.minus(gone);
        let onward = if rest.x * level.x + rest.z * level.z > 0 { rest } else { V3::ZERO };
        Some(Bent::Stepped(landed, onward))
    }
}

/// Whether a contact is so near that the body does not come nearer.
pub(super) fn touches(contact: &Contact) -> bool {
    contact.separation < SKIN + TOUCH
}

/// The beginning of a way, at most `most` long.
pub(super) fn first_part(way: V3, most: i64) -> V3 {
    cut(way, share(most, way.bound()))
}

/// The share of a way that no contact forbids, Q30.
pub(super) fn free_share(way: V3, contacts: &Contacts) -> i64 {
    let mut free = ONE_Q30;
    for contact in contacts.as_slice() {
        let approach = -way.along(contact.normal);
        if approach > TOLERANCE {
            let room = if touches(contact) { 0 } else { contact.separation - SKIN };
            free = free.min(share(room, approach));
        }
    }
    free
}
