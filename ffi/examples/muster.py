#!/usr/bin/env python3
"""The scene "muster" from Python, by ctypes alone: prints `muster <32 hex digits>`, the same as C, Rust and Godot.

    python3 ffi/examples/muster.py target/release/libshieldwall.so
"""
import ctypes as c
import sys

CHARACTERS, TICKS, METRE = 64, 600, 65536
SPAWN, INPUT, PLACEMENT_AT, SPAWNED = 1, 3, 1, 1


def fields(text):
    kinds = {"u8": c.c_uint8, "i8": c.c_int8, "u16": c.c_uint16, "i16": c.c_int16, "u32": c.c_uint32,
             "i32": c.c_int32, "u64": c.c_uint64, "size": c.c_size_t, "pointer": c.c_void_p}
    return [(name, kinds[kind]) for kind, name in (pair.split(":") for pair in text.split())]


class WorldConfig(c.Structure):
    _fields_ = fields("u32:struct_size u16:tick_hz u8:teams u8:lanes u64:seed i32:half_extent i32:terrain_spacing "
                      "u32:character_capacity u32:projectile_capacity u32:event_capacity u32:parallel_min_rows "
                      "u64:reserved")


class Input(c.Structure):
    _fields_ = fields("u16:buttons i8:move_right i8:move_forward u16:yaw i16:pitch")


class Command(c.Structure):
    _fields_ = fields("u32:kind u32:tag u64:id i32:x i32:z u16:yaw u8:team u8:placement") + [
        ("input", Input), ("reserved", c.c_uint32)]


class EventsView(c.Structure):
    _fields_ = fields("u32:struct_size u32:event_size size:count pointer:events u64:reserved")


class Event(c.Structure):
    _fields_ = fields("u32:kind u32:tag u64:id u64:other i32:x i32:y i32:z u16:amount u8:weapon u8:reason "
                      "u32:projectile_slot u32:reserved")


def mix(i, t):
    h = (i * 2654435761 + (t // 15) * 2246822519 + 7) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 2246822507) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 3266489909) & 0xFFFFFFFF
    return h ^ (h >> 16)


def signed_byte(bits):
    byte = bits & 255
    return max(byte - 256 if byte > 127 else byte, -127)


def main():
    library = c.CDLL(sys.argv[1])
    library.sw_result_name.restype = c.c_char_p

    def call(name, *arguments):
        result = getattr(library, name)(*arguments)
        if result:
            sys.exit(f"{name}: {library.sw_result_name(result).decode()}")

    config = WorldConfig(struct_size=c.sizeof(WorldConfig))
    call("sw_world_config_default", c.byref(config))
    config.seed, config.character_capacity = 7, 256
    world = c.c_uint64()
    call("sw_world_create", c.byref(config), c.byref(world))

    def step(commands):
        array = (Command * len(commands))(*commands)
        call("sw_world_step", world, array, c.c_size_t(len(commands)), c.c_size_t(c.sizeof(Command)), None)

    step([Command(kind=SPAWN, tag=i, team=i % 2, placement=PLACEMENT_AT, yaw=i * 1024,
                  x=(i % 8 * 2 - 8) * METRE, z=(i // 8 * 2 - 8) * METRE) for i in range(CHARACTERS)])
    view = EventsView(struct_size=c.sizeof(EventsView))
    call("sw_world_events", world, c.byref(view))
    events = [Event.from_address(view.events + i * view.event_size) for i in range(view.count)]
    ids = {event.tag: event.id for event in events if event.kind == SPAWNED}
    for t in range(1, TICKS + 1):
        step([Command(kind=INPUT, id=ids[i], input=Input(
            buttons=h & 15, move_right=signed_byte(h >> 8), move_forward=signed_byte(h >> 16),
            yaw=(h >> 4) & 65535)) for i, h in ((i, mix(i, t)) for i in range(CHARACTERS))])
    digest = (c.c_uint8 * 16)()
    call("sw_world_hash", world, digest)
    print("muster", bytes(digest).hex())
    call("sw_world_destroy", world)


main()
