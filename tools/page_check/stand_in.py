"""A stand-in for the host: serves the page's files and a feed with a made-up battle, over plain sockets.

It exists so that the page can be checked without the host, and against a feed no host would send: in hostile mode,
malformed messages are mixed between the good ones. Python's standard library only; it listens on loopback only.
"""

import base64
import hashlib
import json
import math
import pathlib
import random
import socket
import struct
import threading
import time

PAGE = pathlib.Path(__file__).resolve().parents[2] / "host-server/src/control/page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TICK_HZ = 60
FRAME_HZ = 20
HALF_EXTENT_M = 128
HEALTH_FULL = 1000


class Battle:
    """Two crowds that walk to the middle, strike, shoot, fall and come back."""

    def __init__(self, characters, seed=7):
        self.random = random.Random(seed)
        self.tick = 0
        self.people = [self.person(i) for i in range(characters)]
        self.arrows = {}
        self.events = []
        self.score = [0, 0]
        self.kills = 0

    def person(self, slot):
        team = slot % 2
        person = {"slot": slot, "team": team, "kills": 0, "deaths": 0, "attack": 0.0, "air": 0.0, "yaw": 0.0}
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

    def hurt(self, attacker, victim, amount):
        victim["health"] -= amount
        self.events.append((1, victim["team"], victim["x"], victim["z"]))
        if victim["health"] <= 0:
            victim["health"], victim["dead"] = 0, 3.0
            victim["deaths"] += 1
            attacker["kills"] += 1
            self.kills += 1
            self.score[attacker["team"]] += 1
            self.events.append((2, victim["team"], victim["x"], victim["z"]))

    def step(self, seconds):
        """One frame of the feed, three ticks of the battle."""
        self.tick += TICK_HZ // FRAME_HZ
        self.events = []
        for person in self.people:
            self.act(person, seconds)
        for slot, arrow in list(self.arrows.items()):
            arrow["x"] -= math.sin(arrow["yaw"]) * 45 * seconds
            arrow["z"] -= math.cos(arrow["yaw"]) * 45 * seconds
            arrow["left"] -= seconds
            if arrow["left"] <= 0:
                del self.arrows[slot]
                target = arrow["target"]
                if target["health"] > 0 and self.random.random() < 0.5:
                    self.hurt(arrow["owner"], target, 250)

    def act(self, person, seconds):
        if person["dead"] > 0:
            person["dead"] -= seconds
            if person["dead"] <= 0:
                self.place(person)
                self.events.append((3, person["team"], person["x"], person["z"]))
            return
        person["attack"] = max(0.0, person["attack"] - seconds)
        person["air"] = max(0.0, person["air"] - seconds)
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
            self.hurt(person, target, 180)
        elif 8 < distance < 50 and self.random.random() < 0.01:
            free = next((slot for slot in range(64) if slot not in self.arrows), None)
            if free is not None:
                self.arrows[free] = {
                    "x": person["x"], "z": person["z"], "yaw": wanted, "team": person["team"], "left": distance / 45,
                    "owner": person, "target": target,
                }
                self.events.append((4, person["team"], person["x"], person["z"]))
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
        out = bytearray(
            struct.pack("<BBHHHI", 1, 1, len(self.people), len(self.arrows), len(self.events), self.tick & 0xFFFFFFFF)
        )
        byte_angle = lambda yaw: int(yaw / math.tau * 256) & 255
        place = lambda value: max(-32767, min(32767, int(value * unit)))
        for p in self.people:
            flags = (p["health"] > 0) | (p["attack"] > 0) << 1 | (p["air"] > 0) << 2 | p["team"] << 4
            health = math.ceil(p["health"] * 255 / HEALTH_FULL)
            out += struct.pack("<HhhBBBB", p["slot"], place(p["x"]), place(p["z"]), byte_angle(p["yaw"]), flags, health, 0)
        for slot, a in self.arrows.items():
            out += struct.pack("<HhhBB", slot, place(a["x"]), place(a["z"]), byte_angle(a["yaw"]), a["team"])
        for kind, team, x, z in self.events:
            out += struct.pack("<BBhh", kind, team, place(x), place(z))
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
            "tiers_m": [50, 150, 400],
            "terrain": {"columns": side, "rows": side, "spacing_m": 2.0, "heights_cm": heights},
        }

    def stats(self, follow, started):
        wobble = lambda base, part: round(base * self.random.uniform(1 - part, 1 + part), 3)
        uptime = time.monotonic() - started
        return {
            "type": "stats", "tick": self.tick, "uptime_s": uptime, "ticks_late": 0, "clients": len(self.people),
            "tick_ms": {"p50": wobble(0.8, 0.1), "p99": wobble(1.9, 0.2), "max": wobble(3, 0.4)}, "tick_budget_ms": 16.67,
            "bytes_down_per_client_s": wobble(8200, 0.06), "bytes_up_per_client_s": wobble(1650, 0.03),
            "snapshot_age_ms": wobble(31, 0.1), "corrections_per_client_s": wobble(0.05, 0.5),
            "entities_visible_mean": wobble(170, 0.02), "kills": self.kills, "score": self.score,
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
            "visible": [p["slot"] for p in self.people if p is not person and near(p)],
        }


def hostile_messages(battle):
    """What no host sends. Text as str, binary as bytes; the page has to drop or tame each."""
    good = battle.frame()
    claims = struct.pack("<BBHHHI", 1, 1, 65535, 65535, 65535, battle.tick)
    script = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
    stats = battle.stats(3, 0)
    return [
        b"", b"\x01", good[:-1], good + b"\0", claims, b"\x07" + good[1:], good[:1] + b"\x09" + good[2:],
        "", "null", "[]", "{", "7", '"x"', '{"type":"hello"}', '{"type":"stats"}', '{"type":7}',
        json.dumps({"type": "hello", "tick_hz": 0, "half_extent_m": -1, "teams": []}),
        json.dumps({**battle.hello(), "terrain": {"columns": 1e9, "rows": 1e9, "spacing_m": 1, "heights_cm": []}, "tick_hz": "x"}),
        json.dumps({**stats, "score": ["a", None, {}], "tick_ms": None, "clients": "many", "kills": -1, "follow": 12}),
        json.dumps({**stats, "follow": {"slot": 1e9, "name": script, "visible": "all"}}),
        json.dumps({**stats, "follow": {"slot": 3, "name": script, "team": 99, "health": [], "visible": [-1, 1e9, "x", 2.5, 4]}}),
        json.dumps({**stats, "uptime_s": 1e308, "bytes_down_per_client_s": 1e300}),
    ]


class StandIn:
    """The server. One thread for each connection; close() ends them all."""

    def __init__(self, port=0, characters=300, hostile=False):
        self.battle = Battle(characters)
        self.lock = threading.Lock()
        self.hostile = hostile
        self.open = True
        self.started = time.monotonic()
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.run_battle, daemon=True).start()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.open = False
        for connection in [self.listener, *self.connections]:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def run_battle(self):
        due = time.monotonic()
        while self.open:
            with self.lock:
                self.battle.step(1 / FRAME_HZ)
                self.frame_bytes = self.battle.frame()
            due += 1 / FRAME_HZ
            time.sleep(max(0, due - time.monotonic()))

    def accept(self):
        while self.open:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            request = b""
            while b"\r\n\r\n" not in request and len(request) < 65536:
                more = connection.recv(4096)
                if not more:
                    return
                request += more
            path = request.split(b" ", 2)[1].decode()
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in request.decode("latin-1").split("\r\n")[1:])
            }
            if path == "/live":
                self.serve_feed(connection, headers["sec-websocket-key"])
            else:
                self.serve_file(connection, path)
        except OSError:
            pass
        finally:
            self.connections.discard(connection)
            connection.close()

    @staticmethod
    def serve_file(connection, path):
        file = PAGE / ("index.html" if path == "/" else path.lstrip("/"))
        known = file.parent == PAGE and file.suffix in TYPES and file.is_file()
        body = file.read_bytes() if known else b"not found"
        status, kind = ("200 OK", TYPES[file.suffix]) if known else ("404 Not Found", "text/plain")
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Content-Security-Policy: {POLICY}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + body)

    def serve_feed(self, connection, key):
        accept = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        connection.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        asked = {"follow": None}
        threading.Thread(target=self.listen, args=(connection, asked), daemon=True).start()
        with self.lock:
            send(connection, json.dumps(self.battle.hello()))
        count = 0
        due = time.monotonic()
        while self.open:
            with self.lock:
                send(connection, self.frame_bytes)
                if count % 5 == 0:
                    send(connection, json.dumps(self.battle.stats(asked["follow"], self.started)))
                if self.hostile and count % 20 == 10:
                    for message in hostile_messages(self.battle):
                        send(connection, message)
            count += 1
            due += 1 / FRAME_HZ
            time.sleep(max(0, due - time.monotonic()))

    @staticmethod
    def listen(connection, asked):
        """Reads the page's small masked frames."""
        try:
            reader = connection.makefile("rb")
            while head := reader.read(2):
                length = head[1] & 127
                if length > 125:
                    return
                mask, data = reader.read(4), reader.read(length)
                text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
                if head[0] & 15 == 1:
                    asked["follow"] = json.loads(text).get("follow")
        except (OSError, ValueError, IndexError):
            pass


def send(connection, message):
    """One unmasked WebSocket message."""
    opcode, data = (0x81, message.encode()) if isinstance(message, str) else (0x82, message)
    if len(data) < 126:
        head = struct.pack("!BB", opcode, len(data))
    elif len(data) < 65536:
        head = struct.pack("!BBH", opcode, 126, len(data))
    else:
        head = struct.pack("!BBQ", opcode, 127, len(data))
    connection.sendall(head + data)


if __name__ == "__main__":
    import sys

    server = StandIn(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0, characters=int(sys.argv[2]) if len(sys.argv) > 2 else 300)
    print(server.url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.close()
