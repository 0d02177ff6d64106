"""The fort of the made-up battle: walls that crumble by themselves, places that change hands, flags that are carried."""

import math

NOBODY = 255
NO_SLOT = 65535


def arm(name, kind="none", blast_m=0.0):
    """A weapon as the feed names it."""
    return {"name": name, "kind": kind, "blast_m": blast_m}


ARMS = [
    arm("sword", "melee"), arm("bow", "projectile"), arm("spear", "melee"), arm("thrown_axe", "projectile"),
    arm("crossbow", "projectile"), arm("arquebus", "hitscan"), arm("grenade", "projectile", 5.0),
    arm("rocket", "projectile", 6.0), arm("heal", "area", 8.0), arm("shield_bash", "melee"), arm("frost", "area", 4.0),
]
CLASSES = [
    {"name": "soldier", "radius_m": 0.4}, {"name": "scout", "radius_m": 0.35}, {"name": "heavy", "radius_m": 0.5},
    {"name": "knight", "radius_m": 0.9}, {"name": "ogre", "radius_m": 2.0},
]


def box(x, z, half_x, half_z, turn=0.0):
    """The corners of a turned rectangle."""
    c, s = math.cos(turn), math.sin(turn)
    corners = [(-half_x, -half_z), (half_x, -half_z), (half_x, half_z), (-half_x, half_z)]
    return {"polygon": [[round(x + a * c + b * s, 2), round(z + b * c - a * s, 2)] for a, b in corners]}


class Fort:
    """Sections with health from 0 to 1, and points."""

    def __init__(self, random):
        self.random = random
        self.sections = []
        for z, stretches in ((-18, (-14, -7, 7)), (18, (-7, 7, 14))):
            for x in stretches:
                self.add("wall", box(x, z, 3.5, 0.6), x, z)
            self.add("tower", {"circle": [0, z, 3.5]}, 0, z)
        for x in (-18, 18):
            for z in (-14, -7, 7, 14):
                self.add("wall", box(x, z, 0.6, 3.5), x, z)
            self.add("gate", box(x, 0, 0.6, 3.0), x, 0)
        for x, z in ((-27, -7), (-27, 7), (27, -7), (27, 7), (-8, -8), (8, 8)):
            self.add("barricade", box(x, z, 0.5, 2.0, 0.35 if x * z < 0 else -0.35), x, z)
        self.points = [self.point(0, 0, 6, "keep"), self.point(0, -32, 6, "field"), self.point(0, 32, 6, "field")]
        self.points += [self.point(-34, 0, 2, "flag", 0), self.point(34, 0, 2, "flag", 1)]
        self.score = [0.0, 0.0]
        self.captures = 0

    def add(self, kind, outline, x, z):
        self.sections.append({"kind": kind, "outline": outline, "x": x, "z": z, "health": 1.0})

    @staticmethod
    def point(x, z, radius, kind, owner=NOBODY):
        return {
            "x": x, "z": z, "radius_m": radius, "kind": kind, "flag": kind == "flag", "owner": owner, "contender": NOBODY,
            "progress": 0.0, "flag_is": 0, "carrier": NO_SLOT, "at": (x, z),
        }

    def hello(self):
        """What the feed tells once."""
        sections = [{"kind": one["kind"], "health": 1000, "outline": one["outline"]} for one in self.sections]
        points = [{key: one[key] for key in ("x", "z", "radius_m", "kind", "flag")} for one in self.points]
        return {"sections": sections, "solids": [box(-60, -60, 3, 1), {"circle": [60, 60, 2]}], "capture_points": points}

    def hurt_sections(self):
        """Number and health of those that are not whole."""
        return [(i, math.ceil(one["health"] * 254)) for i, one in enumerate(self.sections) if one["health"] < 1]

    def fallen(self):
        return sum(one["health"] == 0 for one in self.sections)

    def shake(self, x, z, radius):
        """A blast."""
        for one in self.sections:
            if math.hypot(one["x"] - x, one["z"] - z) < radius + 3:
                one["health"] = max(0.0, one["health"] - (0.05 if one["kind"] in ("wall", "tower") else 0.2))

    def step(self, seconds, people):
        """Walls crumble here and there; whoever is alone in a ring gains on it."""
        if self.random.random() < 0.25:
            one = self.random.choice(self.sections)
            one["health"] = max(0.0, one["health"] - 0.08)
        living = [person for person in people if person["health"] > 0]
        for point in self.points:
            near = [p for p in living if math.hypot(p["x"] - point["x"], p["z"] - point["z"]) < point["radius_m"]]
            if point["flag"]:
                self.carry(point, near, living)
            else:
                self.capture(point, [sum(p["team"] == team for p in near) for team in (0, 1)], seconds)
        for point in self.points:
            if not point["flag"] and point["owner"] != NOBODY:
                self.score[point["owner"]] += seconds

    def capture(self, point, there, seconds):
        lead = 0 if there[0] >= there[1] else 1
        if there[lead] == 0 or point["owner"] == lead:
            point["progress"] = max(0.0, point["progress"] - 0.1 * seconds)
            return
        if point["contender"] != lead:
            point["contender"], point["progress"] = lead, 0.0
        point["progress"] += 0.15 * seconds
        if point["progress"] >= 1:
            point.update(owner=lead, contender=NOBODY, progress=0.0)
            self.captures += 1

    def carry(self, point, near, living):
        thief = next((p for p in near if p["team"] != point["owner"]), None)
        carrier = next((p for p in living if p["slot"] == point["carrier"]), None)
        if point["carrier"] == NO_SLOT and thief is not None:
            point.update(carrier=thief["slot"], flag_is=1)
        elif carrier is not None:
            point["at"] = (carrier["x"], carrier["z"])
        elif point["flag_is"] == 1:
            point.update(carrier=NO_SLOT, flag_is=2)
        elif point["flag_is"] == 2 and self.random.random() < 0.01:
            point.update(flag_is=0, at=(point["x"], point["z"]))
