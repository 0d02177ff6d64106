"""What no host sends: messages that the page has to drop or to tame."""

import json
import struct


def hostile_messages(battle):
    """What no host sends. Text as str, binary as bytes; the page has to drop or tame each."""
    good = battle.frame()
    head = lambda *counts: struct.pack("<BBHHHIHHHHHH", 1, 3, 0, 0, 0, battle.tick, *counts, 0)
    points = struct.pack("<BBBBHhh", 200, 7, 255, 255, 9, 32767, -32768) * len(battle.fort.points)
    claims = struct.pack("<BBHHHIHHHHHH", 1, 3, 65535, 65535, 65535, battle.tick, 65535, 65535, 65535, 65535, 65535, 9)
    unknown_section = head(0, 0, 0, 1, len(battle.fort.points)) + struct.pack("<HB", 60000, 9) + points
    odd = head(1, 1, 1, 0, len(battle.fort.points))  # taken: weapons and teams that there are not become nobody's
    odd += struct.pack("<HHHBBhh", 65535, 65535, 65535, 250, 250, 1, 1) + struct.pack("<HHBBBBhh", 1, 2, 250, 250, 250, 9, 1, 1)
    odd += struct.pack("<BBhh", 250, 250, 1, 1) + points
    fewer_points = head(0, 0, 0, 0, 0)
    script = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
    stats = battle.stats(3, 0)
    return [
        b"", b"\x01", good[:-1], good + b"\0", claims, b"\x07" + good[1:], good[:1] + b"\x01" + good[2:],
        good[:12], unknown_section, fewer_points, odd,
        "", "null", "[]", "{", "7", '"x"', '{"type":"hello"}', '{"type":"stats"}', '{"type":7}',
        json.dumps({"type": "hello", "tick_hz": 0, "half_extent_m": -1, "teams": []}),
        json.dumps({**battle.hello(), "terrain": {"columns": 1e9, "rows": 1e9, "spacing_m": 1, "heights_cm": []}, "tick_hz": "x"}),
        json.dumps({**battle.hello(), "sections": [{"kind": "wall", "outline": {"polygon": [[0, "x"], [1e99, 0]]}}]}),
        json.dumps({**battle.hello(), "sections": "all", "capture_points": {}}),
        json.dumps({**battle.hello(), "capture_points": [{"x": 0, "z": 0, "radius_m": -1}]}),
        json.dumps({**battle.hello(), "arms": [{"name": "sword", "blast_m": "wide"}], "classes": [None]}),
        json.dumps({**stats, "points": {"0": 1}, "fight": [1, 2], "follow": {"slot": 3, "effects": [script, 7, None] * 9}}),
        json.dumps({**stats, "score": ["a", None, {}], "tick_ms": None, "clients": "many", "kills": -1, "follow": 12}),
        json.dumps({**stats, "follow": {"slot": 1e9, "name": script, "visible": "all"}}),
        json.dumps({**stats, "follow": {"slot": 3, "name": script, "team": 99, "health": [], "visible": [-1, 1e9, "x", 2.5, 4]}}),
        json.dumps({**stats, "uptime_s": 1e308, "bytes_down_per_client_s": 1e300}),
    ]
