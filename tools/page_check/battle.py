"""A made-up battle and the feed that a host would send of it. Nothing in it follows the kernel's rules."""

import math
import random
import struct
import time

from page_check.fort import ARMS, CLASSES, Fort

TICK_HZ = 60
FRAME_HZ = 20
HALF_EXTENT_M = 128
HEALTH_FULL = 1000
SWORD, BOW, CROSSBOW, AXE, GRENADE, ROCKET, FROST = 1, 2, 5, 4, 7, 8, 11
SPEED = {BOW: 45, CROSSBOW: 80, AXE: 22, GRENADE: 17, ROCKET: 50}
PROPS = [{"name": "crate", "radius_m": 0.5}, {"name": "barrel", "radius_m": 0.35}]
# Kind, yaw in 1/256 turn, x, z. The last one's kind is not known.
LOOSE = [(index % 2, index * 37 % 256, -20 + 5 * index, 14) for index in range(9)] + [(200, 0, 4, -18)]


class Battle:
    """Two crowds that walk to the middle, strike, shoot, throw, break walls, fall and come back."""

    def __init__(self, characters, seed=7):
        self.random = random.Random(seed)
        self.tick = 0
        self.people = [self.person(i) for i in range(characters)]
        self.arrows = {}
        self.fort = Fort(self.random)
        self.forget()
        self.score = [0, 0]
        self.kills = 0
        self.blocks = 0

    def forget(self):
        """Begins a new frame."""
        self.marks, self.hits, self.deaths, self.bursts = [], [], [], []

    def person(self, slot):
        team = slot % 2
        person = {"slot": slot, "team": team, "kills": 0, "deaths": 0, "attack": 0.0, "air": 0.0, "yaw": 0.0}
        person.update({"class": (0, 0, 1, 0, 2, 0, 3, 0)[slot // 2 % 8], "body": 0, "body_left": 0.0})
        if slot in (12, 13):
            person["class"] = 4
        self.place(person)
        return person

    def place(self, person):
        side = -1 if person["team"] == 0 else 1
        person.update(x=side * 45 + self.random.uniform(-8, 8), z=self.random.uniform(-16, 16), health=HEALTH_FULL, dead=0.0)

    def nearest_enemy(self, person):
        best, found = 1e9, None
        for other in self.random.sample(self.people, min(40, len(self.people))):
            if other["team"] != person["team"] and other["health"] > 0:
                distance = math.hypot(other["x"] - person["x"], other["z"] - person["z"])
                if distance < best:
                    best, found = distance, other
        return found, best

    def hurt(self, attacker, victim, amount, arm):
        victim["health"] -= amount
        self.hits.append((attacker["slot"], victim["slot"], amount, arm, victim["team"], victim["x"], victim["z"]))
        if victim["health"] <= 0:
            victim["health"], victim["dead"] = 0, 3.0
            victim["deaths"] += 1
            attacker["kills"] += 1
            self.kills += 1
            self.score[attacker["team"]] += 1
            self.deaths.append((victim["slot"], attacker["slot"], arm, victim["team"], attacker["team"], victim["x"], victim["z"]))

    def step(self, seconds):
        """One frame of the feed, three ticks of the battle."""
        self.tick += TICK_HZ // FRAME_HZ
        self.forget()
        for person in self.people:
            self.act(person, seconds)
        for slot, arrow in list(self.arrows.items()):
            speed = SPEED[arrow["arm"]]
            arrow["x"] -= math.sin(arrow["yaw"]) * speed * seconds
            arrow["z"] -= math.cos(arrow["yaw"]) * speed * seconds
            arrow["left"] -= seconds
            if arrow["left"] <= 0:
                del self.arrows[slot]
                self.arrive(arrow)
        self.fort.step(seconds, self.people)

    def arrive(self, arrow):
        """What flew is there."""
        target, arm = arrow["target"], arrow["arm"]
        if ARMS[arm - 1]["blast_m"] > 0:
            self.burst(arm, arrow)
            self.fort.shake(arrow["x"], arrow["z"], ARMS[arm - 1]["blast_m"])
        if target["health"] > 0 and self.random.random() < 0.5:
            self.hurt(arrow["owner"], target, 250, arm)

    def burst(self, arm, at):
        self.bursts.append((arm, at["team"], at["x"], at["z"]))

    def shoot(self, person, target, distance, wanted):
        free = next((slot for slot in range(64) if slot not in self.arrows), None)
        if free is None:
            return
        arm = self.random.choice((BOW, BOW, BOW, CROSSBOW, AXE, GRENADE, ROCKET))
        self.arrows[free] = {
            "x": person["x"], "z": person["z"], "yaw": wanted, "team": person["team"], "left": distance / SPEED[arm],
            "owner": person, "target": target, "arm": arm,
        }
        self.marks.append((4, person["team"], person["x"], person["z"]))

    def show(self, person, seconds):
        """A shield, a stun, a slow or a preparation, now and then."""
        person["body_left"] -= seconds
        if person["body_left"] <= 0:
            person["body"] = self.random.choice((8, 16, 32, 64)) if self.random.random() < 0.01 else 0
            person["body_left"] = 0.8 if person["body"] else 0.0
            self.blocks += person["body"] == 8

    def act(self, person, seconds):
        if person["dead"] > 0:
            person["dead"] -= seconds
            if person["dead"] <= 0:
                self.place(person)
                self.marks.append((3, person["team"], person["x"], person["z"]))
            return
        person["attack"] = max(0.0, person["attack"] - seconds)
        person["air"] = max(0.0, person["air"] - seconds)
        self.show(person, seconds)
        target, distance = self.nearest_enemy(person)
        if target is None:
            return
        wanted = math.atan2(-(target["x"] - person["x"]), -(target["z"] - person["z"]))
        turn = (wanted - person["yaw"] + math.pi) % math.tau - math.pi
        person["yaw"] += max(-6 * seconds, min(6 * seconds, turn))
        if distance > 2:
            speed = 4 + 2 * (person["slot"] % 3 == 0)
            person["x"] -= math.sin(person["yaw"]) * speed * seconds
            person["z"] -= math.cos(person["yaw"]) * speed * seconds
        if distance < 2.5 and person["attack"] == 0:
            person["attack"] = 0.5
            self.hurt(person, target, 180, SWORD)
            if self.random.random() < 0.02:
                self.burst(FROST, person)
        elif 8 < distance < 50 and self.random.random() < 0.01:
            self.shoot(person, target, distance, wanted)
        if self.random.random() < 0.004:
            person["air"] = 0.5
        for other in self.random.sample(self.people, min(12, len(self.people))):
            dx, dz = person["x"] - other["x"], person["z"] - other["z"]
            gap = math.hypot(dx, dz)
            if 0 < gap < 0.9:
                person["x"] += dx / gap * 0.2
                person["z"] += dz / gap * 0.2

    def frame(self):
        unit = 32767 / HALF_EXTENT_M
        sections, points = self.fort.hurt_sections(), self.fort.points
        head = [len(rows) for rows in (self.people, self.arrows, self.marks)]
        more = [len(rows) for rows in (self.hits, self.deaths, self.bursts, sections, points)]
        out = bytearray(struct.pack("<BBHHHIHHHHHH", 1, 3, *head, self.tick & 0xFFFFFFFF, *more, len(LOOSE)))
        byte_angle = lambda yaw: int(yaw / math.tau * 256) & 255
        place = lambda *values: [max(-32767, min(32767, int(value * unit))) for value in values]
        for p in self.people:
            flags = (p["health"] > 0) | (p["attack"] > 0) << 1 | (p["air"] > 0) << 2 | p["team"] << 4
            health = math.ceil(p["health"] * 255 / HEALTH_FULL)
            at = place(p["x"], p["z"])
            out += struct.pack("<HhhBBBB", p["slot"], *at, byte_angle(p["yaw"]), flags, health, p["class"] | p["body"])
        for slot, a in self.arrows.items():
            out += struct.pack("<HhhBBB", slot, *place(a["x"], a["z"]), byte_angle(a["yaw"]), a["team"], a["arm"])
        for kind, team, x, z in self.marks:
            out += struct.pack("<BBhh", kind, team, *place(x, z))
        for attacker, target, amount, arm, team, x, z in self.hits:
            out += struct.pack("<HHHBBhh", attacker, target, amount, arm, team, *place(x, z))
        for victim, killer, arm, team, killer_team, x, z in self.deaths:
            out += struct.pack("<HHBBBBhh", victim, killer, arm, team, killer_team, 0, *place(x, z))
        for arm, team, x, z in self.bursts:
            out += struct.pack("<BBhh", arm, team, *place(x, z))
        for number, health in sections:
            out += struct.pack("<HB", number, health)
        for p in points:
            progress = int(p["progress"] * 255)
            out += struct.pack("<BBBBHhh", p["owner"], p["contender"], progress, p["flag_is"], p["carrier"], *place(*p["at"]))
        for kind, yaw, x, z in LOOSE:
            out += struct.pack("<BBhh", kind, yaw, *place(x, z))
        return bytes(out)

    def hello(self):
        side = 129
        heights = []
        for row in range(side):
            for column in range(side):
                x, z = column * 2 - 128, row * 2 - 128
                hill = 4 * math.sin(x / 31) * math.cos(z / 27) + 2 * math.sin(x / 13 + z / 17) + 6 * math.sin(z / 60 + 1)
                heights.append(int(hill * 100))
        return {
            "type": "hello", "tick_hz": TICK_HZ, "half_extent_m": HALF_EXTENT_M, "version": "0.1.0",
            "teams": [{"name": "West", "color": "#4aa8ff"}, {"name": "East", "color": "#ff9f3a"}],
            "tiers_m": [50, 150, 400], "arms": ARMS, "classes": CLASSES, "props": PROPS, **self.fort.hello(),
            "terrain": {"columns": side, "rows": side, "spacing_m": 2.0, "heights_cm": heights},
        }

    def stats(self, follow, started):
        wobble = lambda base, part: round(base * self.random.uniform(1 - part, 1 + part), 3)
        uptime = time.monotonic() - started
        return {
            "type": "stats", "tick": self.tick, "uptime_s": uptime, "ticks_late": 0,
            "packets_skipped_share": 0.004, "clients": len(self.people),
            "tick_ms": {"p50": wobble(0.8, 0.1), "p99": wobble(1.9, 0.2), "max": wobble(3, 0.4)}, "tick_budget_ms": 16.67,
            "bytes_down_per_client_s": wobble(8200, 0.06), "bytes_up_per_client_s": wobble(1650, 0.03),
            "snapshot_age_ms": wobble(31, 0.1), "corrections_per_client_s": wobble(0.05, 0.5),
            "entities_visible_mean": wobble(170, 0.02), "kills": self.kills, "score": self.score, "points": [round(points) for points in self.fort.score],
            "fight": {"blocks": self.blocks, "sections_fallen": self.fort.fallen(), "captures": self.fort.captures},
            "projectiles": len(self.arrows), "cpu_us_per_client_s": wobble(220, 0.05), "follow": self.followed(follow),
        }

    def followed(self, slot):
        person = next((p for p in self.people if p["slot"] == slot), None)
        if person is None:
            return None
        near = lambda p: math.hypot(p["x"] - person["x"], p["z"] - person["z"]) < 40
        return {
            "slot": slot, "name": f"Bot {slot}", "team": person["team"], "health": person["health"],
            "kills": person["kills"], "deaths": person["deaths"], "rtt_ms": 4.2, "down_bytes_s": 8300, "up_bytes_s": 1640,
            "effects": ["stunned", "inspired"],
            "visible": [p["slot"] for p in self.people if p is not person and near(p)],
        }
