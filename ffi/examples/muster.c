/*
 * The scene "muster" from C: 64 characters, 600 ticks of random inputs. Prints `muster <32 hex digits>`, which is the
 * same in every language and on every machine.
 *
 *     gcc -std=c11 -I include ffi/examples/muster.c -L target/release -lshieldwall -o muster
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shieldwall.h"

enum { CHARACTERS = 64, TICKS = 600, METRE = 65536 };

/* Ends the program with the sentence of the library when a call fails. */
static void must(SwResult result, const char *what) {
    char sentence[256] = "";
    if (result == SW_RESULT_OK) {
        return;
    }
    sw_last_error(sentence, sizeof sentence, NULL);
    fprintf(stderr, "%s: %s: %s\n", what, sw_result_name(result), sentence);
    exit(1);
}

/* One 32-bit mixing of (character, tick). */
static uint32_t mix(uint32_t i, uint32_t t) {
    uint32_t h = i * 2654435761u + (t / 15u) * 2246822519u + 7u;
    h ^= h >> 15;
    h *= 2246822507u;
    h ^= h >> 13;
    h *= 3266489909u;
    h ^= h >> 16;
    return h;
}

static int8_t signed_byte(uint32_t bits) {
    int value = (int)(bits & 255u);
    value = value > 127 ? value - 256 : value;
    return (int8_t)(value < -127 ? -127 : value);
}

static SwInput input_of(uint32_t i, uint32_t t) {
    uint32_t h = mix(i, t);
    SwInput input = {0};
    input.buttons = (uint16_t)(h & 15u);
    input.move_right = signed_byte(h >> 8);
    input.move_forward = signed_byte(h >> 16);
    input.yaw = (uint16_t)(h >> 4);
    return input;
}

/* Runs tick 0, which brings the characters, and notes their ids by tag. */
static void spawn_all(SwWorld world, uint64_t ids[CHARACTERS]) {
    SwCommand commands[CHARACTERS];
    SwEventsView events = {.struct_size = sizeof events};
    memset(commands, 0, sizeof commands);
    for (uint32_t i = 0; i < CHARACTERS; i++) {
        commands[i].kind = SW_COMMAND_SPAWN;
        commands[i].tag = i;
        commands[i].team = (uint8_t)(i % 2u);
        commands[i].placement = SW_PLACEMENT_AT;
        commands[i].x = ((int32_t)(i % 8u) * 2 - 8) * METRE;
        commands[i].z = ((int32_t)(i / 8u) * 2 - 8) * METRE;
        commands[i].yaw = (uint16_t)(i * 1024u);
    }
    must(sw_world_step(world, commands, CHARACTERS, sizeof commands[0], NULL), "the first step");
    must(sw_world_events(world, &events), "events");
    for (size_t i = 0; i < events.count; i++) {
        const SwEvent *event = (const SwEvent *)((const char *)events.events + i * events.event_size);
        if (event->kind == SW_EVENT_SPAWNED && event->tag < CHARACTERS) {
            ids[event->tag] = event->id;
        }
    }
}

static void run_ticks(SwWorld world, const uint64_t ids[CHARACTERS]) {
    SwCommand commands[CHARACTERS];
    memset(commands, 0, sizeof commands);
    for (uint32_t t = 1; t <= TICKS; t++) {
        SwStepReport report = {.struct_size = sizeof report};
        for (uint32_t i = 0; i < CHARACTERS; i++) {
            commands[i].kind = SW_COMMAND_INPUT;
            commands[i].id = ids[i];
            commands[i].input = input_of(i, t);
        }
        must(sw_world_step(world, commands, CHARACTERS, sizeof commands[0], &report), "a step");
        if (report.tick != t || report.commands_refused != 0) {
            fprintf(stderr, "tick %" PRIu32 " refused %" PRIu32 " commands\n", report.tick, report.commands_refused);
            exit(1);
        }
    }
}

int main(void) {
    SwWorldConfig config = {.struct_size = sizeof config};
    SwWorld world = 0;
    uint64_t ids[CHARACTERS] = {0};
    uint8_t hash[16];
    char text[33];

    if (sw_abi_version() >> 16 != SW_ABI_VERSION >> 16 || sw_abi_version() < SW_ABI_VERSION) {
        fprintf(stderr, "this program needs another libshieldwall\n");
        return 1;
    }
    must(sw_world_config_default(&config), "the default configuration");
    config.seed = 7;
    config.character_capacity = 256;
    must(sw_world_create(&config, &world), "create");
    spawn_all(world, ids);
    run_ticks(world, ids);
    must(sw_world_hash(world, hash), "hash");
    must(sw_hash_to_hex(hash, text, sizeof text), "hash to text");
    printf("muster %s\n", text);
    must(sw_world_destroy(world), "destroy");
    return 0;
}
