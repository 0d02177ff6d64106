#ifndef SHIELDWALL_H
#define SHIELDWALL_H

/* Generated from the package shieldwall-ffi by `cargo xtask header`. Do not edit. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * The rules of this interface, in short (docs/C_ABI.md has them whole):
 *  - Every function answers SW_RESULT_OK or the number of what was wrong; sw_last_error has the sentence.
 *  - Objects are handles. Zero is never a handle, a destroyed one is refused. One object, one thread at a time.
 *  - Set struct_size = sizeof(the struct) before every call that reads or fills a struct.
 *  - Positions and lengths are Q16.16 metres (65536 = 1 m), velocities Q16.16 metres per second,
 *    angles binary angles (65536 = a full turn). x is east, y up, z south; yaw 0 looks to -z, and grows to the left.
 *  - The library opens no socket, reads no clock, starts no thread of its own accord.
 */

/**
 * `SwClientEvent::kind`: a place or its flag is not as it was: `slot` is the number of the capture point.
 */
#define SW_CLIENT_EVENT_OBJECTIVE 13

/**
 * `SwClientEvent::kind`: a team's score was told: `slot` is the team.
 */
#define SW_CLIENT_EVENT_SCORE 14

/**
 * `SwObjective::flag`: it is a ring and has no flag.
 */
#define SW_OBJECTIVE_FLAG_NONE 0

/**
 * `SwObjective::flag`: at its place.
 */
#define SW_OBJECTIVE_FLAG_HOME 1

/**
 * `SwObjective::flag`: somebody carries it.
 */
#define SW_OBJECTIVE_FLAG_CARRIED 2

/**
 * `SwObjective::flag`: it lies where it was dropped.
 */
#define SW_OBJECTIVE_FLAG_DROPPED 3

/**
 * Room that `sw_client_poll_transmit` needs: no datagram of the protocol is longer.
 */
#define SW_DATAGRAM_MAX 1300

/**
 * `SwClientStatus::state`: asking a server for a session.
 */
#define SW_CLIENT_CONNECTING 1

/**
 * `SwClientStatus::state`: connected; the server has yet to say which world this is.
 */
#define SW_CLIENT_WAITING_FOR_WELCOME 2

/**
 * `SwClientStatus::state`: the world is known; the own character has yet to appear.
 */
#define SW_CLIENT_WAITING_FOR_CHARACTER 3

/**
 * `SwClientStatus::state`: in the battle.
 */
#define SW_CLIENT_PLAYING 4

/**
 * `SwClientStatus::state`: over; a new try needs a new token and a new client.
 */
#define SW_CLIENT_ENDED 5

/**
 * `SwClientStatus::end_reason`: it has not ended.
 */
#define SW_END_NONE 0

/**
 * `SwClientStatus::end_reason`: `sw_client_disconnect` was called.
 */
#define SW_END_LEFT 1

/**
 * `SwClientStatus::end_reason`: the server ended the session without a word.
 */
#define SW_END_DISCONNECTED 2

/**
 * `SwClientStatus::end_reason`: the server is full.
 */
#define SW_END_DENIED 3

/**
 * `SwClientStatus::end_reason`: no server answered.
 */
#define SW_END_NO_ANSWER 4

/**
 * `SwClientStatus::end_reason`: the server fell silent.
 */
#define SW_END_TIMED_OUT 5

/**
 * `SwClientStatus::end_reason`: the token makes no sense.
 */
#define SW_END_INVALID_TOKEN 6

/**
 * `SwClientStatus::end_reason`: the token expired.
 */
#define SW_END_TOKEN_EXPIRED 7

/**
 * `SwClientStatus::end_reason`: what the server sent broke the protocol.
 */
#define SW_END_PROTOCOL 8

/**
 * `SwClientStatus::end_reason`: the server's world has a scenery or height file that this client has not.
 */
#define SW_END_OTHER_WORLD 9

/**
 * `SwClientStatus::end_reason`: the server said goodbye; its reason (1 the server stops, 2 the world is full, 3 this
 * client broke the protocol, 4 it was sent away for its conduct, 5 another login of the player took its place, 6 they have no
 * version of the protocol in common) is added to this number.
 */
#define SW_END_GOODBYE 100

/**
 * Most status effects that a client is told of its own character.
 */
#define SW_OWN_EFFECTS_MAX 8

/**
 * `SwEntity::status`: held on the spot or slowed down by a status effect.
 */
#define SW_STATUS_HINDERED 1

/**
 * `SwEntity::status`: has a status effect that harms.
 */
#define SW_STATUS_AFFLICTED 2

/**
 * `SwEntity::status`: is in a dodge.
 */
#define SW_STATUS_DODGING 4

/**
 * `SwClientEvent::kind`: the secure session stands. `slot` is the client's place on the server.
 */
#define SW_CLIENT_EVENT_CONNECTED 1

/**
 * `SwClientEvent::kind`: the world is known. `tick`, `slot` (the own character).
 */
#define SW_CLIENT_EVENT_WELCOMED 2

/**
 * `SwClientEvent::kind`: the own character appeared. `tick`.
 */
#define SW_CLIENT_EVENT_PLAYING 3

/**
 * `SwClientEvent::kind`: the session is over; `end_reason` of the status says why.
 */
#define SW_CLIENT_EVENT_ENDED 4

/**
 * `SwClientEvent::kind`: `other` hurt `slot`. `tick`, `amount`, `weapon`.
 */
#define SW_CLIENT_EVENT_HIT 5

/**
 * `SwClientEvent::kind`: `other` killed `slot`. `tick`, `weapon`.
 */
#define SW_CLIENT_EVENT_DIED 6

/**
 * `SwClientEvent::kind`: `slot` lives again. `tick`.
 */
#define SW_CLIENT_EVENT_RESPAWNED 7

/**
 * `SwClientEvent::kind`: something of `slot` began to fly. `tick`, `weapon`, `yaw`, `pitch`.
 */
#define SW_CLIENT_EVENT_SHOT 8

/**
 * `SwClientEvent::kind`: `other` gave health back to `slot`. `tick`, `amount`, `weapon`.
 */
#define SW_CLIENT_EVENT_HEALED 9

/**
 * `SwClientEvent::kind`: something of `slot` burst. `tick`, `weapon`, `x`, `y`, `z`.
 */
#define SW_CLIENT_EVENT_BURST 10

/**
 * `SwClientEvent::kind`: a status effect of `other` came over `slot`, who did not have it. `tick`, `effect`.
 */
#define SW_CLIENT_EVENT_AFFLICTED 11

/**
 * `SwClientEvent::kind`: `other` helped to kill `slot`. `tick`.
 */
#define SW_CLIENT_EVENT_ASSISTED 12

/**
 * `SwClientEvent::kind`: the server plays by other rules from `tick` on, and the client predicts by them.
 */
#define SW_CLIENT_EVENT_RULES 13

/**
 * `SwCommand::kind`: a new character. Uses `tag`, `team`, `movement_class`, `placement`, and for `SW_PLACEMENT_AT` also `x`, `z`, `yaw`.
 */
#define SW_COMMAND_SPAWN 1

/**
 * `SwCommand::kind`: takes a character out of the world. Uses `id`.
 */
#define SW_COMMAND_DESPAWN 2

/**
 * `SwCommand::kind`: sets a character's input; it holds until the next one. Uses `id`, `input`.
 */
#define SW_COMMAND_INPUT 3

/**
 * `SwCommand::kind`: gives a character another movement class (mounts or dismounts it). Uses `id`, `movement_class`.
 */
#define SW_COMMAND_SET_CLASS 4

/**
 * `SwCommand::kind`: adds a velocity to a character's own. Uses `id`, `velocity_x`, `velocity_y`, `velocity_z`.
 */
#define SW_COMMAND_IMPULSE 5

/**
 * `SwCommand::kind`: deforms the ground. Uses `x`, `z`, `radius`, `depth`.
 */
#define SW_COMMAND_DEFORM 6

/**
 * `SwCommand::kind`: says what a character's player saw of the others when it gave the input of this tick: its attacks
 * that begin in this tick are judged by where they were then. Uses `id`, `view_age`.
 */
#define SW_COMMAND_VIEW 7

/**
 * `SwCommand::kind`: takes health from a section of a structure, whatever its kind. Uses `section`, `health`.
 */
#define SW_COMMAND_STRIKE_STRUCTURE 8

/**
 * `SwCommand::kind`: gives a section health, at most what its kind has; one that had fallen stands again, and who is in it
 * is pushed out. Uses `section`, `health`.
 */
#define SW_COMMAND_BUILD_STRUCTURE 9

/**
 * `SwCommand::kind`: a new character that nobody plays; where it is put is its home. Uses `tag`, `team`, `npc_kind`,
 * `placement`, and for `SW_PLACEMENT_AT` also `x`, `z`, `yaw`.
 */
#define SW_COMMAND_SPAWN_NPC 10

/**
 * `SwCommand::kind`: another home for a character that nobody plays. Uses `id`, `x`, `z`.
 */
#define SW_COMMAND_SET_HOME 11

/**
 * `SwCommand::kind`: a new prop; the oldest debris makes room where the table is full. Uses `tag`, `prop_kind`, `x`, `y`, `z`,
 * `yaw`.
 */
#define SW_COMMAND_SPAWN_PROP 12

/**
 * `SwCommand::kind`: takes a prop out of the world. Uses `id` (of the prop).
 */
#define SW_COMMAND_REMOVE_PROP 13

/**
 * `SwCommand::kind`: adds a velocity to a prop's own; it wakes. Uses `id` (of the prop), `velocity_x`, `velocity_y`,
 * `velocity_z`.
 */
#define SW_COMMAND_PUSH_PROP 14

/**
 * Movement classes: `SwCommand::movement_class` is below this.
 */
#define SW_MOVEMENT_CLASSES 8

/**
 * Kinds of characters that nobody plays: `SwCommand::npc_kind` is below this.
 */
#define SW_NPC_KINDS 8

/**
 * Kinds of props: `SwCommand::prop_kind` is below this.
 */
#define SW_PROP_KINDS 8

/**
 * `SwCommand::placement`: somewhere in the spawn area of the team.
 */
#define SW_PLACEMENT_TEAM_SPAWN 0

/**
 * `SwCommand::placement`: at `x`, `z`, looking to `yaw`; the height is the terrain's.
 */
#define SW_PLACEMENT_AT 1

/**
 * `SwInput::buttons`: run faster.
 */
#define SW_BUTTON_SPRINT 1

/**
 * `SwInput::buttons`: jump.
 */
#define SW_BUTTON_JUMP 2

/**
 * `SwInput::buttons`: use the first weapon of the kit: of most the blade.
 */
#define SW_BUTTON_MELEE 4

/**
 * `SwInput::buttons`: use the second weapon of the kit: of most the bow.
 */
#define SW_BUTTON_SHOOT 8

/**
 * `SwInput::buttons`: keep low.
 */
#define SW_BUTTON_CROUCH 16

/**
 * `SwInput::buttons`: dodge in the direction of the move.
 */
#define SW_BUTTON_DODGE 32

/**
 * `SwInput::buttons`: use the first ability of the kit.
 */
#define SW_BUTTON_ABILITY_1 64

/**
 * `SwInput::buttons`: use the second ability of the kit.
 */
#define SW_BUTTON_ABILITY_2 128

/**
 * `SwInput::buttons`: hold up the shield.
 */
#define SW_BUTTON_BLOCK 256

/**
 * Version of the ABI that this header describes: major in the upper 16 bits, minor in the lower.
 * Compare it with what `sw_abi_version()` answers at run time: the majors must be equal, and the library's minor at
 * least the header's.
 */
#define SW_ABI_VERSION 65537

/**
 * `flags` of a prop: the slot holds a prop.
 */
#define SW_PROP_IN_USE 1

/**
 * `flags` of a prop: it moves, or may.
 */
#define SW_PROP_AWAKE 2

/**
 * `flags` of a prop: it is gone at its end tick.
 */
#define SW_PROP_FLEETING 4

/**
 * The best lanes that the processor has.
 */
#define SW_LANES_AUTO 0

/**
 * Plain code without vector instructions: the same bits, slower. For tests.
 */
#define SW_LANES_SCALAR 1

/**
 * The vector instructions that every processor of this kind has.
 */
#define SW_LANES_PORTABLE 2

/**
 * Eight lanes in AVX2 registers; where the processor has none, the next lower choice.
 */
#define SW_LANES_AVX2 3

/**
 * Sixteen lanes in AVX-512 registers; where the processor has none, the next lower choice.
 */
#define SW_LANES_AVX512 4

/**
 * `SwEvent::kind`: a character exists now. `tag`, `id`.
 */
#define SW_EVENT_SPAWNED 1

/**
 * `SwEvent::kind`: a spawn was refused. `tag`, `reason`.
 */
#define SW_EVENT_SPAWN_REFUSED 2

/**
 * `SwEvent::kind`: a character is gone. `id`.
 */
#define SW_EVENT_DESPAWNED 3

/**
 * `SwEvent::kind`: `other` hurt `id`. `amount`, `weapon`.
 */
#define SW_EVENT_HIT 4

/**
 * `SwEvent::kind`: `other` killed `id`. `weapon`.
 */
#define SW_EVENT_DIED 5

/**
 * `SwEvent::kind`: a dead character lives again. `id`.
 */
#define SW_EVENT_RESPAWNED 6

/**
 * `SwEvent::kind`: `other` shot. `projectile_slot`.
 */
#define SW_EVENT_PROJECTILE_LAUNCHED 7

/**
 * `SwEvent::kind`: a projectile is gone. `projectile_slot`, `x`, `y`, `z`.
 */
#define SW_EVENT_PROJECTILE_ENDED 8

/**
 * `SwEvent::kind`: the ground of a chunk changed. `chunk_x`, `chunk_z`.
 */
#define SW_EVENT_TERRAIN_CHANGED 9

/**
 * `SwEvent::kind`: `other` gave health back to `id`. `amount`, `weapon`.
 */
#define SW_EVENT_HEALED 10

/**
 * `SwEvent::kind`: something of `other` burst: a projectile, or an ability that works around a point. `x`, `y`, `z`,
 * `weapon`.
 */
#define SW_EVENT_BURST 11

/**
 * `SwEvent::kind`: a status effect of `other` came over `id`, who did not have it. `effect`.
 */
#define SW_EVENT_AFFLICTED 12

/**
 * `SwEvent::kind`: `other` helped to kill `id`.
 */
#define SW_EVENT_ASSISTED 13

/**
 * `SwEvent::kind`: a prop exists now. `tag`, `id` (of the prop).
 */
#define SW_EVENT_PROP_SPAWNED 25

/**
 * `SwEvent::kind`: `other` struck a prop. `id` (of the prop), `amount`, `weapon`.
 */
#define SW_EVENT_PROP_DAMAGED 26

/**
 * `SwEvent::kind`: `other` broke a prop. `id` (of the prop).
 */
#define SW_EVENT_PROP_BROKEN 27

/**
 * `SwEvent::kind`: a prop is gone without being broken. `id` (of the prop).
 */
#define SW_EVENT_PROP_GONE 28

/**
 * Weapons and abilities: the number is the place in the rules' tables `arms`, counted from 1. What they are, the rules
 * of the world say; the names are those of the shipped rules. This is nothing.
 */
#define SW_WEAPON_NONE 0

/**
 * The sword.
 */
#define SW_WEAPON_MELEE 1

/**
 * The bow and its arrow.
 */
#define SW_WEAPON_ARROW 2

/**
 * The spear.
 */
#define SW_WEAPON_SPEAR 3

/**
 * The thrown axe.
 */
#define SW_WEAPON_THROWN_AXE 4

/**
 * The crossbow and its bolt.
 */
#define SW_WEAPON_CROSSBOW 5

/**
 * The arquebus.
 */
#define SW_WEAPON_ARQUEBUS 6

/**
 * The grenade.
 */
#define SW_WEAPON_GRENADE 7

/**
 * The rocket.
 */
#define SW_WEAPON_ROCKET 8

/**
 * The ability that heals.
 */
#define SW_WEAPON_HEAL 9

/**
 * The shield bash.
 */
#define SW_WEAPON_SHIELD_BASH 10

/**
 * The patch of frost.
 */
#define SW_WEAPON_FROST 11

/**
 * The dart that poisons.
 */
#define SW_WEAPON_VENOM 12

/**
 * The banner.
 */
#define SW_WEAPON_BANNER 13

/**
 * The battering ram.
 */
#define SW_WEAPON_BATTERING_RAM 14

/**
 * The claw.
 */
#define SW_WEAPON_CLAW 15

/**
 * The stomp.
 */
#define SW_WEAPON_STOMP 16

/**
 * The first of those that are free for rules of one's own; they go up to `SW_WEAPONS`.
 */
#define SW_WEAPON_SPARE_1 17

/**
 * How many weapons and abilities there are.
 */
#define SW_WEAPONS 32

/**
 * Status effects: the number is the place in the rules' tables `effects`, counted from 1. This is none.
 */
#define SW_EFFECT_NONE 0

/**
 * Without control.
 */
#define SW_EFFECT_STUNNED 1

/**
 * Held on the spot.
 */
#define SW_EFFECT_ROOTED 2

/**
 * Slowed down.
 */
#define SW_EFFECT_SLOWED 3

/**
 * Poisoned.
 */
#define SW_EFFECT_POISONED 4

/**
 * Bleeding.
 */
#define SW_EFFECT_BLEEDING 5

/**
 * Carries a banner.
 */
#define SW_EFFECT_BANNERED 6

/**
 * Near a banner of its team.
 */
#define SW_EFFECT_INSPIRED 7

/**
 * On fire.
 */
#define SW_EFFECT_BURNING 8

/**
 * Gets health back for a while.
 */
#define SW_EFFECT_MENDING 9

/**
 * Takes less damage.
 */
#define SW_EFFECT_SHIELDED 10

/**
 * The first of those that are free for rules of one's own; they go up to `SW_EFFECTS`.
 */
#define SW_EFFECT_SPARE_1 11

/**
 * How many status effects there are.
 */
#define SW_EFFECTS 64

/**
 * `flags` of a character: stands on the ground.
 */
#define SW_FLAG_GROUNDED 1

/**
 * `flags` of a character: has health.
 */
#define SW_FLAG_ALIVE 2

/**
 * `flags` of a character: the slot holds a character, alive or dead.
 */
#define SW_FLAG_IN_USE 4

/**
 * `flags` of a character: runs at sprint speed.
 */
#define SW_FLAG_SPRINTING 8

/**
 * `flags` of a character: has the lower height of a crouch.
 */
#define SW_FLAG_CROUCHED 16

/**
 * `flags` of a character: a jump was asked for and will happen as soon as one is possible.
 */
#define SW_FLAG_JUMP_QUEUED 32

/**
 * `flags` of a character: a status effect takes all control.
 */
#define SW_FLAG_STUNNED 64

/**
 * `flags` of a character: a status effect holds it on the spot.
 */
#define SW_FLAG_ROOTED 128

/**
 * `flags` of a character: a status effect slows it down.
 */
#define SW_FLAG_SLOWED 256

/**
 * `flags` of a character: has too little stamina to dodge and sprint.
 */
#define SW_FLAG_EXHAUSTED 512

/**
 * `flags` of a character: holds up the shield.
 */
#define SW_FLAG_BLOCKING 1024

/**
 * `motion` of a character: stands, walks, sprints or crouches.
 */
#define SW_MOTION_GROUND 0

/**
 * `motion` of a character: in the air after a jump.
 */
#define SW_MOTION_JUMP 1

/**
 * `motion` of a character: in the air for any other reason.
 */
#define SW_MOTION_FALL 2

/**
 * `motion` of a character: on ground too steep to stand on.
 */
#define SW_MOTION_SLIDE 3

/**
 * `motion` of a character: in water too deep to stand in.
 */
#define SW_MOTION_SWIM 4

/**
 * `motion` of a character: in a dodge.
 */
#define SW_MOTION_DODGE 5

/**
 * `motion` of a character: thrown by an impulse.
 */
#define SW_MOTION_KNOCKED 6

/**
 * `action` of a character: nothing yet since it came.
 */
#define SW_ACTION_NONE 0

/**
 * `action` of a character: used the first weapon of its kit.
 */
#define SW_ACTION_MELEE 1

/**
 * `action` of a character: used the second weapon of its kit.
 */
#define SW_ACTION_SHOOT 2

/**
 * `action` of a character: died.
 */
#define SW_ACTION_DIED 3

/**
 * `action` of a character: used its first ability.
 */
#define SW_ACTION_ABILITY_1 4

/**
 * `action` of a character: used its second ability.
 */
#define SW_ACTION_ABILITY_2 5

/**
 * `action` of a character: prepares the first weapon; with 1, 2 and 3 more the second one and the two abilities.
 */
#define SW_ACTION_CAST 6

/**
 * `action` of a character: was broken off in preparing something.
 */
#define SW_ACTION_INTERRUPTED 10

/**
 * Places for kept states that a world has.
 */
#define SW_SAVED_STATES_MAX 256

/**
 * What a call answers. Zero is success; every other number says what was wrong, and
 * `sw_last_error` has a sentence about the same failure.
 */
enum SwResult
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The call did what it says.
     */
    SW_RESULT_OK = 0,
    /**
     * A pointer that must not be null was null.
     */
    SW_RESULT_NULL_POINTER = 1,
    /**
     * `struct_size` (or an element size) is smaller than the first version of that struct, larger than any
     * version can be, or the struct sets a field that this library does not know.
     */
    SW_RESULT_BAD_STRUCT_SIZE = 2,
    /**
     * The handle was never given out, or belongs to another kind of object.
     */
    SW_RESULT_BAD_HANDLE = 3,
    /**
     * The handle's object was destroyed.
     */
    SW_RESULT_STALE_HANDLE = 4,
    /**
     * The caller's buffer is too small; the size that is needed was written where the function says.
     */
    SW_RESULT_SHORT_BUFFER = 5,
    /**
     * An argument is outside its documented range.
     */
    SW_RESULT_BAD_ARGUMENT = 6,
    /**
     * A count of elements is larger than the address space or than the documented limit.
     */
    SW_RESULT_TOO_LARGE = 7,
    /**
     * Another thread is inside a call on the same handle. One object, one thread at a time.
     */
    SW_RESULT_BUSY = 8,
    /**
     * The library met a bug of its own and stopped at the boundary. Report it; destroy the object.
     */
    SW_RESULT_PANICKED = 9,
    /**
     * An earlier call on this object panicked: its state is not to be trusted. Only destroy works.
     */
    SW_RESULT_POISONED = 10,
    /**
     * All handles of this kind are in use.
     */
    SW_RESULT_OUT_OF_HANDLES = 11,
    /**
     * The world configuration breaks a rule; `sw_last_error` says which.
     */
    SW_RESULT_BAD_CONFIG = 20,
    /**
     * The bytes are no snapshot of this world: foreign, truncated, of another configuration or layout.
     */
    SW_RESULT_BAD_SNAPSHOT = 21,
    /**
     * A command has an unknown kind or a field out of range. No command of the call was executed.
     */
    SW_RESULT_BAD_COMMAND = 22,
    /**
     * No character has this id now.
     */
    SW_RESULT_NO_SUCH_CHARACTER = 23,
    /**
     * The connect token cannot be read, or is expired.
     */
    SW_RESULT_BAD_TOKEN = 40,
    /**
     * The text is no IP address with a port, or an address that this call does not allow.
     */
    SW_RESULT_BAD_ADDRESS = 41,
    /**
     * The datagram was dropped (foreign, forged, replayed, malformed): nothing changed, a counter moved.
     */
    SW_RESULT_DATAGRAM_DROPPED = 42,
    /**
     * The session has not reached the state that this call needs, or has left it.
     */
    SW_RESULT_NOT_CONNECTED = 43,
    /**
     * The operating system gave no random numbers.
     */
    SW_RESULT_NO_RANDOMNESS = 44,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SwResult SwResult;
#else
typedef int32_t SwResult;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a client behaves. Zero in a field means the default that its comment names.
 */
typedef struct SwClientConfig {
    /**
     * sizeof(SwClientConfig), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Packets with inputs in a second, 10 to 60 (default 30); two thirds of them while the path loses next to nothing.
     */
    uint32_t input_packets_per_s;
    /**
     * Bytes a second upwards, all-in (default 2400).
     */
    uint32_t up_budget_bytes_per_s;
    /**
     * Events kept until they are taken, at most 65536 (default 256).
     */
    uint32_t event_capacity;
} SwClientConfig;

/**
 * A client session. Zero is none.
 */
typedef uint64_t SwClient;

/**
 * An IP address with a port.
 */
typedef struct SwAddress {
    /**
     * sizeof(SwAddress), set by the caller.
     */
    uint32_t struct_size;
    /**
     * 4 or 6.
     */
    uint16_t family;
    /**
     * In the machine's own byte order.
     */
    uint16_t port;
    /**
     * In network byte order: 4 bytes used for family 4, 16 for family 6.
     */
    uint8_t ip[16];
} SwAddress;

/**
 * What one character wants in a tick.
 */
typedef struct SwInput {
    /**
     * Bits `SW_BUTTON_…`; unknown bits are ignored.
     */
    uint16_t buttons;
    /**
     * -127 (left) to 127 (right).
     */
    int8_t move_right;
    /**
     * -127 (back) to 127 (forward).
     */
    int8_t move_forward;
    /**
     * Where the character looks: 65536 = a full turn, 0 = -z, growing to the left.
     */
    uint16_t yaw;
    /**
     * Up is positive, in the same unit as `yaw`.
     */
    int16_t pitch;
} SwInput;

/**
 * What one `sw_client_advance` did.
 */
typedef struct SwAdvanceReport {
    /**
     * sizeof(SwAdvanceReport), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Ticks predicted, 0 to 8.
     */
    uint32_t ticks;
    /**
     * The last tick that was predicted; 0 before the first.
     */
    uint32_t newest_tick;
    /**
     * Zero.
     */
    uint32_t reserved;
} SwAdvanceReport;

/**
 * Where a client is on its way into the battle.
 */
typedef struct SwClientStatus {
    /**
     * sizeof(SwClientStatus), set by the caller.
     */
    uint32_t struct_size;
    /**
     * `SW_CLIENT_…`.
     */
    uint32_t state;
    /**
     * `SW_END_…`.
     */
    uint32_t end_reason;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * The own character's id on the server; 0 before the welcome.
     */
    uint64_t character;
} SwClientStatus;

/**
 * A status effect on the own character.
 */
typedef struct SwOwnEffect {
    /**
     * Tick at which it ends.
     */
    uint32_t end_tick;
    /**
     * Which: `SW_EFFECT_…`.
     */
    uint8_t kind;
    /**
     * How often it has piled up, from 1 on.
     */
    uint8_t stacks;
    /**
     * Zero.
     */
    uint16_t reserved;
} SwOwnEffect;

/**
 * The own character as predicted: without any delay.
 */
typedef struct SwOwn {
    /**
     * sizeof(SwOwn), set by the caller.
     */
    uint32_t struct_size;
    /**
     * The last tick that was predicted.
     */
    uint32_t tick;
    /**
     * Id on the server.
     */
    uint64_t id;
    /**
     * Where to draw it (smoothed), Q16.16 metres.
     */
    int32_t x;
    /**
     * Where to draw it (smoothed), Q16.16 metres.
     */
    int32_t y;
    /**
     * Where to draw it (smoothed), Q16.16 metres.
     */
    int32_t z;
    /**
     * Where it is after the last predicted tick, Q16.16 metres.
     */
    int32_t predicted_x;
    /**
     * Where it is after the last predicted tick, Q16.16 metres.
     */
    int32_t predicted_y;
    /**
     * Where it is after the last predicted tick, Q16.16 metres.
     */
    int32_t predicted_z;
    /**
     * Predicted, Q16.16 metres per second.
     */
    int32_t velocity_x;
    /**
     * Predicted, Q16.16 metres per second.
     */
    int32_t velocity_y;
    /**
     * Predicted, Q16.16 metres per second.
     */
    int32_t velocity_z;
    /**
     * 65536 = a full turn.
     */
    uint16_t yaw;
    /**
     * Up is positive, in the same unit.
     */
    int16_t pitch;
    /**
     * Health by the newest snapshot.
     */
    uint16_t health;
    /**
     * Predicted bits `SW_FLAG_…`, with `SW_FLAG_ALIVE` by the newest snapshot.
     */
    uint16_t flags;
    /**
     * Team.
     */
    uint32_t team;
    /**
     * First tick at which what is on each button is ready: first weapon, second weapon, first ability, second ability.
     */
    uint32_t ready_tick[4];
    /**
     * Stamina by the newest snapshot.
     */
    uint16_t stamina;
    /**
     * What it last began, by the newest snapshot: `SW_ACTION_…`.
     */
    uint8_t action;
    /**
     * Movement class.
     */
    uint8_t movement_class;
    /**
     * How many of `effects` there are.
     */
    uint32_t effect_count;
    /**
     * The status effects on it by the newest snapshot, ascending by kind.
     */
    struct SwOwnEffect effects[SW_OWN_EFFECTS_MAX];
} SwOwn;

/**
 * Another character, interpolated.
 */
typedef struct SwEntity {
    /**
     * Slot on the server.
     */
    uint32_t slot;
    /**
     * East, Q16.16 metres.
     */
    int32_t x;
    /**
     * Up (the feet), Q16.16 metres.
     */
    int32_t y;
    /**
     * South, Q16.16 metres.
     */
    int32_t z;
    /**
     * Over the ground, Q16.16 metres per second.
     */
    int32_t velocity_x;
    /**
     * Over the ground, Q16.16 metres per second.
     */
    int32_t velocity_z;
    /**
     * 65536 = a full turn.
     */
    uint16_t yaw;
    /**
     * `SW_FLAG_GROUNDED`, `SW_FLAG_ALIVE`, `SW_FLAG_CROUCHED`, `SW_FLAG_STUNNED`, `SW_FLAG_BLOCKING`.
     */
    uint16_t flags;
    /**
     * Team.
     */
    uint8_t team;
    /**
     * 255 is full; 0 only for the dead.
     */
    uint8_t health;
    /**
     * What it began a moment ago, or prepares: `SW_ACTION_…`.
     */
    uint8_t action;
    /**
     * Zero.
     */
    uint8_t reserved;
    /**
     * The status effect to be drawn, of several a harmful one: `SW_EFFECT_…`.
     */
    uint8_t effect;
    /**
     * Bits `SW_STATUS_…`.
     */
    uint8_t status;
    /**
     * Movement class.
     */
    uint8_t movement_class;
    /**
     * Zero.
     */
    uint8_t reserved_2;
} SwEntity;

/**
 * News of a client. Characters are named by slot.
 */
typedef struct SwClientEvent {
    /**
     * `SW_CLIENT_EVENT_…`. Skip kinds you do not know.
     */
    uint32_t kind;
    /**
     * Server tick it happened in.
     */
    uint32_t tick;
    /**
     * The character it happened to.
     */
    uint32_t slot;
    /**
     * The character that did it.
     */
    uint32_t other;
    /**
     * Health lost, or given back.
     */
    uint16_t amount;
    /**
     * `SW_WEAPON_…`.
     */
    uint16_t weapon;
    /**
     * 65536 = a full turn.
     */
    uint16_t yaw;
    /**
     * Up is positive, in the same unit.
     */
    int16_t pitch;
    /**
     * Place, Q16.16 metres.
     */
    int32_t x;
    /**
     * Place, Q16.16 metres.
     */
    int32_t y;
    /**
     * Place, Q16.16 metres.
     */
    int32_t z;
    /**
     * `SW_EFFECT_…`.
     */
    uint32_t effect;
} SwClientEvent;

/**
 * Figures of a client since it began; what is not a count is of this moment.
 */
typedef struct SwClientStats {
    /**
     * sizeof(SwClientStats), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Round trip, microseconds.
     */
    uint32_t rtt_us;
    /**
     * Mean deviation of the round trip.
     */
    uint32_t jitter_us;
    /**
     * Packets lost upwards, parts per million.
     */
    uint32_t loss_up_ppm;
    /**
     * Packets lost downwards, parts per million.
     */
    uint32_t loss_down_ppm;
    /**
     * How far the client's clock is ahead of the fastest snapshots.
     */
    uint32_t lead_us;
    /**
     * How far in the past others are drawn.
     */
    uint32_t interpolation_delay_us;
    /**
     * Age of the newest snapshot.
     */
    uint32_t snapshot_age_us;
    /**
     * Ticks that the server ran without this client's input.
     */
    uint32_t input_misses;
    /**
     * Largest distance corrected, millimetres.
     */
    uint32_t correction_max_mm;
    /**
     * Others in sight.
     */
    uint32_t entities_visible;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Snapshots used.
     */
    uint64_t snapshots;
    /**
     * Snapshots whose own character differed from the prediction.
     */
    uint64_t corrections;
    /**
     * All-in, with 28 bytes of headers a datagram.
     */
    uint64_t bytes_sent;
    /**
     * All-in, with 28 bytes of headers a datagram.
     */
    uint64_t bytes_received;
    /**
     * Datagrams refused by the secure layer.
     */
    uint64_t refused_datagrams;
    /**
     * Payloads refused because of their content.
     */
    uint64_t refused_payloads;
    /**
     * Events dropped because nobody took them.
     */
    uint64_t events_dropped;
    /**
     * Of the bytes received: the own character and the others.
     */
    uint64_t bytes_snapshots;
    /**
     * Of the bytes received: what happened nearby.
     */
    uint64_t bytes_events;
    /**
     * Of the bytes received: reliable messages, repeated ones included.
     */
    uint64_t bytes_messages_received;
    /**
     * Of the bytes received: headers, seals, the handshake, whatever was refused. These four are `bytes_received`.
     */
    uint64_t bytes_overhead_received;
    /**
     * Of the bytes sent: inputs, repeated ones included.
     */
    uint64_t bytes_inputs;
    /**
     * Of the bytes sent: reliable messages, repeated ones included.
     */
    uint64_t bytes_messages_sent;
    /**
     * Of the bytes sent: headers, seals, the handshake. These three are `bytes_sent`.
     */
    uint64_t bytes_overhead_sent;
} SwClientStats;

/**
 * A place that teams fight over, as it stands at the newest snapshot.
 */
typedef struct SwObjective {
    /**
     * Number of the capture point in the scenery.
     */
    uint32_t point;
    /**
     * The server's tick for which this is reckoned.
     */
    uint32_t tick;
    /**
     * The server's tick of which it said so last.
     */
    uint32_t told_tick;
    /**
     * How far the contender has come, of 65536.
     */
    uint32_t progress;
    /**
     * Where its flag is, or the middle of its ring: east, Q16.16 metres.
     */
    int32_t x;
    /**
     * Height, Q16.16 metres.
     */
    int32_t y;
    /**
     * South, Q16.16 metres.
     */
    int32_t z;
    /**
     * Of its ring, Q16.16 metres.
     */
    int32_t radius;
    /**
     * Slot of who carries the flag, where somebody does.
     */
    uint32_t carrier_slot;
    /**
     * Ticks until a dropped flag goes back.
     */
    uint32_t return_ticks;
    /**
     * Teams of which somebody lives in the ring, one bit each. More than one: it is contested.
     */
    uint16_t present;
    /**
     * Which kind of the rules' tables `objective`.
     */
    uint8_t kind;
    /**
     * Team that has it; 255 for nobody.
     */
    uint8_t owner;
    /**
     * Team that `progress` is of; 255 for nobody.
     */
    uint8_t contender;
    /**
     * `SW_OBJECTIVE_FLAG_…`.
     */
    uint8_t flag;
    /**
     * Zero.
     */
    uint16_t reserved;
} SwObjective;

/**
 * What a world is made of. Fill it with `sw_world_config_default`, then change what you need.
 * The rules of movement and combat are those of the demo battle; `sw_world_create_encoded` takes any rules.
 */
typedef struct SwWorldConfig {
    /**
     * sizeof(SwWorldConfig), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Ticks in a second, 10 to 120.
     */
    uint16_t tick_hz;
    /**
     * Number of teams.
     */
    uint8_t teams;
    /**
     * A `SW_LANES_...`. Never changes a result.
     */
    uint8_t lanes;
    /**
     * Seed of terrain and of every random number.
     */
    uint64_t seed;
    /**
     * Half the side of the square field, Q16.16 metres.
     */
    int32_t half_extent;
    /**
     * Distance of the terrain's vertices, Q16.16 metres.
     */
    int32_t terrain_spacing;
    /**
     * Most characters at a time.
     */
    uint32_t character_capacity;
    /**
     * Most projectiles at a time.
     */
    uint32_t projectile_capacity;
    /**
     * Most events in one tick; more are counted as dropped.
     */
    uint32_t event_capacity;
    /**
     * Ticks with at least this many characters are shared out over threads. Never changes a result.
     */
    uint32_t parallel_min_rows;
    /**
     * Zero.
     */
    uint64_t reserved;
} SwWorldConfig;

/**
 * A world. Zero is none.
 */
typedef uint64_t SwWorld;

/**
 * One change to a world from outside. Set everything else to zero.
 */
typedef struct SwCommand {
    /**
     * `SW_COMMAND_…`.
     */
    uint32_t kind;
    /**
     * Spawns: any number; the event that answers has it.
     */
    uint32_t tag;
    /**
     * Despawn, input, set class, impulse, view, set home: the character's id.
     */
    uint64_t id;
    /**
     * Spawn, deform, set home: place, Q16.16 metres.
     */
    int32_t x;
    /**
     * Spawn, deform, set home: place, Q16.16 metres.
     */
    int32_t z;
    /**
     * Spawns: direction, 65536 = a full turn.
     */
    uint16_t yaw;
    /**
     * Spawns: team, from 0.
     */
    uint8_t team;
    /**
     * Spawns: `SW_PLACEMENT_…`.
     */
    uint8_t placement;
    /**
     * Input.
     */
    struct SwInput input;
    /**
     * Spawn, set class: movement class, from 0 (the foot soldier).
     */
    uint32_t movement_class;
    /**
     * Impulse: Q16.16 metres per second.
     */
    int32_t velocity_x;
    /**
     * Impulse: Q16.16 metres per second.
     */
    int32_t velocity_y;
    /**
     * Impulse: Q16.16 metres per second.
     */
    int32_t velocity_z;
    /**
     * Deform: Q16.16 metres, from one `terrain_spacing` to 32 m.
     */
    int32_t radius;
    /**
     * Deform: Q16.16 metres in the middle, within 32 m; negative heaps a mound.
     */
    int32_t depth;
    /**
     * View: how long ago, in sixteenths of a tick, up to 65535.
     */
    uint32_t view_age;
    /**
     * Strike, build: number of the section.
     */
    uint32_t section;
    /**
     * Strike, build: how much.
     */
    uint32_t health;
    /**
     * Spawn of a character that nobody plays: which kind, from 0 (the wolf).
     */
    uint32_t npc_kind;
    /**
     * Spawn of a prop: which kind, from 0 (the crate).
     */
    uint32_t prop_kind;
    /**
     * Spawn of a prop: its foot, Q16.16 metres; lifted onto the ground.
     */
    int32_t y;
    /**
     * Zero.
     */
    uint32_t reserved;
} SwCommand;

/**
 * What a step did.
 */
typedef struct SwStepReport {
    /**
     * sizeof(SwStepReport), set by the caller.
     */
    uint32_t struct_size;
    /**
     * The tick that was run.
     */
    uint32_t tick;
    /**
     * Events it reported.
     */
    uint32_t events;
    /**
     * Events that found no room in the world's `event_capacity`.
     */
    uint32_t events_dropped;
    /**
     * Commands for characters that do not exist, and spawns without room.
     */
    uint32_t commands_refused;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Damage of all hits: health taken and overkill.
     */
    uint64_t damage;
    /**
     * Health taken.
     */
    uint64_t health_taken;
    /**
     * Damage beyond the health that was left.
     */
    uint64_t overkill;
    /**
     * Health given back by abilities and effects.
     */
    uint64_t health_given;
    /**
     * Weapons and effects that reached somebody.
     */
    uint32_t hits;
    /**
     * Weapons that reached somebody whom nothing hurts: in a dodge, or just come to life.
     */
    uint32_t hits_avoided;
    /**
     * Hits that a shield held off.
     */
    uint32_t blocks;
    /**
     * Projectiles that burst, and abilities that worked around a point.
     */
    uint32_t bursts;
    /**
     * Preparations that were broken off.
     */
    uint32_t casts_broken;
    /**
     * Status effects that came over somebody who did not have them.
     */
    uint32_t afflictions;
    /**
     * Status effects that did not, because the table was full.
     */
    uint32_t effects_refused;
    /**
     * Helpers of those who killed.
     */
    uint32_t assists;
    /**
     * Deaths.
     */
    uint32_t deaths;
    /**
     * Returns from death.
     */
    uint32_t respawns;
    /**
     * Projectiles that began.
     */
    uint32_t shots;
    /**
     * Projectiles that did not, because the table was full.
     */
    uint32_t shots_refused;
    /**
     * Views that were older than attacks may be judged.
     */
    uint32_t views_capped;
    /**
     * Characters in the world after the tick, alive or dead.
     */
    uint32_t characters;
    /**
     * Projectiles in flight after the tick.
     */
    uint32_t projectiles;
    /**
     * Props in the world after the tick.
     */
    uint32_t props;
} SwStepReport;

/**
 * Something that happened in a tick. Fields that a kind does not name are zero.
 */
typedef struct SwEvent {
    /**
     * `SW_EVENT_…`. Skip kinds you do not know: later versions add some.
     */
    uint32_t kind;
    /**
     * The tag of the spawn command.
     */
    uint32_t tag;
    /**
     * The character it happened to.
     */
    uint64_t id;
    /**
     * The character that did it. For what flies and for status effects this may be somebody who is gone by now.
     */
    uint64_t other;
    /**
     * Place, Q16.16 metres.
     */
    int32_t x;
    /**
     * Place, Q16.16 metres.
     */
    int32_t y;
    /**
     * Place, Q16.16 metres.
     */
    int32_t z;
    /**
     * Health lost, or given back.
     */
    uint16_t amount;
    /**
     * `SW_WEAPON_…`.
     */
    uint8_t weapon;
    /**
     * Why a spawn was refused: 1 the world is full, 2 there is no such team, 3 there is no such movement
     * class, 10 no such kind of character that nobody plays, 11 no room for one, 12 no such kind of prop, 13 no room for props.
     */
    uint8_t reason;
    /**
     * Slot of the projectile.
     */
    uint32_t projectile_slot;
    /**
     * Chunk of the terrain along x.
     */
    uint16_t chunk_x;
    /**
     * Chunk of the terrain along z.
     */
    uint16_t chunk_z;
    /**
     * `SW_EFFECT_…`.
     */
    uint32_t effect;
    /**
     * Zero.
     */
    uint32_t reserved;
} SwEvent;

/**
 * The events of the last step, in their canonical order. `event_size` is this library's sizeof(SwEvent): go from one
 * event to the next by it, so that an older caller reads a newer library's events.
 */
typedef struct SwEventsView {
    /**
     * sizeof(SwEventsView), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Bytes from one event to the next.
     */
    uint32_t event_size;
    /**
     * Number of events.
     */
    size_t count;
    /**
     * The first event; do not read when `count` is 0.
     */
    const struct SwEvent *events;
    /**
     * Zero.
     */
    uint64_t reserved;
} SwEventsView;

/**
 * The columns of the characters, each `count` elements long, by slot. Slots without `SW_FLAG_IN_USE` hold nothing.
 * The id of the character in slot `i` is `((uint64_t)generation[i] << 32) | i`.
 */
typedef struct SwCharactersView {
    /**
     * sizeof(SwCharactersView), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Number of slots: the world's capacity.
     */
    size_t count;
    /**
     * East, Q16.16 metres.
     */
    const int32_t *position_x;
    /**
     * Up (the feet), Q16.16 metres.
     */
    const int32_t *position_y;
    /**
     * South, Q16.16 metres.
     */
    const int32_t *position_z;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_x;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_y;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_z;
    /**
     * Where it looks, 65536 = a full turn.
     */
    const uint16_t *yaw;
    /**
     * Up is positive, in the same unit.
     */
    const int16_t *pitch;
    /**
     * Bits `SW_FLAG_…`.
     */
    const uint16_t *flags;
    /**
     * On the ground: ticks until the next jump is possible. In the air: ticks for which a jump is remembered.
     */
    const uint16_t *timer;
    /**
     * The input that holds: bits `SW_BUTTON_…`.
     */
    const uint16_t *input_buttons;
    /**
     * The input that holds.
     */
    const int8_t *input_right;
    /**
     * The input that holds.
     */
    const int8_t *input_forward;
    /**
     * The input that holds.
     */
    const uint16_t *input_yaw;
    /**
     * Health; 0 is dead.
     */
    const uint16_t *health;
    /**
     * Team, from 0.
     */
    const uint8_t *team;
    /**
     * What it last began: `SW_ACTION_…`.
     */
    const uint8_t *action;
    /**
     * Tick of the last action.
     */
    const uint32_t *action_tick;
    /**
     * Tick of the last hit given or taken.
     */
    const uint32_t *combat_tick;
    /**
     * Enemies killed.
     */
    const uint16_t *kills;
    /**
     * Own deaths.
     */
    const uint16_t *deaths;
    /**
     * Upper half of the id.
     */
    const uint32_t *generation;
    /**
     * Movement class, below `SW_MOVEMENT_CLASSES`.
     */
    const uint8_t *movement_class;
    /**
     * `SW_MOTION_…`.
     */
    const uint8_t *motion;
    /**
     * Ticks since the motion began, in a jump, fall, dodge or knock-back.
     */
    const uint16_t *motion_ticks;
    /**
     * What it stands on: 0 the terrain or nothing, else the number of an obstacle or platform, from 1.
     */
    const uint16_t *support;
    /**
     * In a dodge its direction, else ticks until the next one is possible.
     */
    const uint16_t *dodge_ticks;
    /**
     * First tick at which the first weapon is ready.
     */
    const uint32_t *primary_ready_tick;
    /**
     * First tick at which the second weapon is ready.
     */
    const uint32_t *secondary_ready_tick;
    /**
     * First tick at which the first ability is ready.
     */
    const uint32_t *ability_1_ready_tick;
    /**
     * First tick at which the second ability is ready.
     */
    const uint32_t *ability_2_ready_tick;
    /**
     * Stamina.
     */
    const uint16_t *stamina;
    /**
     * How far the combo of the last weapon has counted.
     */
    const uint8_t *combo;
    /**
     * Enemies that others killed with its help.
     */
    const uint16_t *assists;
    /**
     * Who hurt it last: slot. Nobody where the generation is 0.
     */
    const uint32_t *foe_slot;
    /**
     * Who hurt it last: generation.
     */
    const uint32_t *foe_generation;
    /**
     * The last other one who hurt it: slot. Nobody where the generation is 0.
     */
    const uint32_t *helper_slot;
    /**
     * The last other one who hurt it: generation.
     */
    const uint32_t *helper_generation;
} SwCharactersView;

/**
 * The columns of the projectiles, each `count` elements long, by slot. Slots that are not alive hold nothing.
 */
typedef struct SwProjectilesView {
    /**
     * sizeof(SwProjectilesView), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Number of slots: the world's capacity.
     */
    size_t count;
    /**
     * East, Q16.16 metres.
     */
    const int32_t *position_x;
    /**
     * Up, Q16.16 metres.
     */
    const int32_t *position_y;
    /**
     * South, Q16.16 metres.
     */
    const int32_t *position_z;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_x;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_y;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_z;
    /**
     * Team of the shooter.
     */
    const uint8_t *team;
    /**
     * 1 in flight, 0 free.
     */
    const uint8_t *alive;
    /**
     * What it is: `SW_WEAPON_…`.
     */
    const uint8_t *weapon;
    /**
     * Who shot: slot.
     */
    const uint32_t *owner_slot;
    /**
     * Who shot: generation.
     */
    const uint32_t *owner_generation;
    /**
     * Tick at which it ends by itself.
     */
    const uint32_t *end_tick;
    /**
     * Use of the slot: tells what flies there from what flew there before.
     */
    const uint32_t *generation;
    /**
     * Bodies that it went through.
     */
    const uint8_t *pierced;
} SwProjectilesView;

/**
 * The columns of the status effects at work, each `count` elements long, by slot. Slots whose `kind` is 0 hold nothing.
 * An id is `((uint64_t)generation << 32) | slot`.
 */
typedef struct SwEffectsView {
    /**
     * sizeof(SwEffectsView), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Number of slots.
     */
    size_t count;
    /**
     * Which: `SW_EFFECT_…`; 0 where there is none.
     */
    const uint8_t *kind;
    /**
     * How often it has piled up, from 1 on.
     */
    const uint8_t *stacks;
    /**
     * The weapon or ability that left it: `SW_WEAPON_…`.
     */
    const uint8_t *weapon;
    /**
     * On whom: slot.
     */
    const uint32_t *target_slot;
    /**
     * On whom: generation.
     */
    const uint32_t *target_generation;
    /**
     * By whom: slot. This may be somebody who is gone by now.
     */
    const uint32_t *source_slot;
    /**
     * By whom: generation.
     */
    const uint32_t *source_generation;
    /**
     * Tick at which it ends.
     */
    const uint32_t *end_tick;
    /**
     * Tick of the next pulse, for those that have pulses.
     */
    const uint32_t *pulse_tick;
    /**
     * Use of the slot: tells what is there from what was there before.
     */
    const uint32_t *generation;
} SwEffectsView;

/**
 * The columns of the sections of structures, each `count` elements long, by number of the section.
 */
typedef struct SwStructuresView {
    /**
     * sizeof(SwStructuresView), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Number of sections of the scenery.
     */
    size_t count;
    /**
     * Number of the shape in the scenery.
     */
    const uint32_t *shape;
    /**
     * Which kind of the rules' tables `structure`.
     */
    const uint8_t *kind;
    /**
     * Health that is left; 0 for what has fallen.
     */
    const uint32_t *health;
} SwStructuresView;

/**
 * The columns of the props, each `count` elements long, by slot. Slots without `SW_PROP_IN_USE` hold nothing. The id of the prop
 * in slot `i` is `((uint64_t)generation[i] << 32) | i`.
 */
typedef struct SwPropsView {
    /**
     * sizeof(SwPropsView), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Number of slots: the world's capacity.
     */
    size_t count;
    /**
     * Foot, east, Q16.16 metres.
     */
    const int32_t *position_x;
    /**
     * Foot, height, Q16.16 metres.
     */
    const int32_t *position_y;
    /**
     * Foot, south, Q16.16 metres.
     */
    const int32_t *position_z;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_x;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_y;
    /**
     * Q16.16 metres per second.
     */
    const int32_t *velocity_z;
    /**
     * How it is turned, 65536 = a full turn.
     */
    const uint16_t *yaw;
    /**
     * Health that is left.
     */
    const uint16_t *health;
    /**
     * Which kind of the rules' tables `prop`.
     */
    const uint8_t *kind;
    /**
     * Bits `SW_PROP_…`.
     */
    const uint8_t *flags;
    /**
     * Which use of the slot it is.
     */
    const uint32_t *generation;
} SwPropsView;

/**
 * The columns of the capture points, each `count` elements long, by number of the point.
 */
typedef struct SwObjectivesView {
    /**
     * sizeof(SwObjectivesView), set by the caller.
     */
    uint32_t struct_size;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Number of capture points of the scenery.
     */
    size_t count;
    /**
     * Where its flag is, or the middle of its ring: east, Q16.16 metres.
     */
    const int32_t *position_x;
    /**
     * Height, Q16.16 metres.
     */
    const int32_t *position_y;
    /**
     * South, Q16.16 metres.
     */
    const int32_t *position_z;
    /**
     * How far the contender has come: 1/256 of what one fighter gains in a tick.
     */
    const uint32_t *progress;
    /**
     * Ticks until a dropped flag goes back.
     */
    const uint32_t *timer;
    /**
     * Who carries the flag: slot. Nobody where the generation is 0.
     */
    const uint32_t *carrier_slot;
    /**
     * Who carries the flag: generation.
     */
    const uint32_t *carrier_generation;
    /**
     * Which kind of the rules' tables `objective`.
     */
    const uint8_t *kind;
    /**
     * Team that has it; 255 for nobody.
     */
    const uint8_t *owner;
    /**
     * Team that `progress` is of; 255 for nobody.
     */
    const uint8_t *contender;
    /**
     * 2: somebody carries its flag. 4: the flag lies where it was dropped.
     */
    const uint8_t *flags;
    /**
     * Teams of which somebody lives in the ring, one bit each.
     */
    const uint16_t *present;
} SwObjectivesView;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Starts a session with a connect token (2048 bytes, from the game's backend). One token makes one session.
 *
 * `config` may be null. `now_us` is the caller's monotonic clock in microseconds, here and in all calls.
 *
 * Once connected, the session takes new keys of its own (forward secrecy); their secrets are the system's random numbers,
 * without which the answer is `SW_RESULT_NO_RANDOMNESS`.
 */
SwResult sw_client_create(const uint8_t *token,
                          size_t token_len,
                          const struct SwClientConfig *config,
                          uint64_t now_us,
                          SwClient *client);

/**
 * Starts a session with a host on this machine that runs with the development key. No backend is needed.
 *
 * `server` is a text such as "127.0.0.1:7777"; other machines are refused with `SW_RESULT_BAD_ADDRESS`. `client_id` is
 * any number (one session at a time for each), `name` what the host shows. `unix_s` is the time in seconds since 1970.
 */
SwResult sw_client_create_for_development(const char *server,
                                          uint64_t client_id,
                                          const char *name,
                                          uint64_t unix_s,
                                          const struct SwClientConfig *config,
                                          uint64_t now_us,
                                          SwClient *client);

/**
 * Ends and forgets a session at once; the server notices by its timeout. To leave politely call `sw_client_disconnect`
 * and send what `sw_client_poll_transmit` answers before. A null handle is accepted and does nothing.
 */
SwResult sw_client_destroy(SwClient client);

/**
 * Takes in one datagram from the socket. `SW_RESULT_DATAGRAM_DROPPED` is harmless: foreign, forged or late.
 */
SwResult sw_client_handle_datagram(SwClient client,
                                   const struct SwAddress *from,
                                   const uint8_t *datagram,
                                   size_t datagram_len,
                                   uint64_t now_us);

/**
 * What is to be sent now: one datagram to `buffer`, its length to `written` (0: nothing more now), its target to `to`.
 * Call until `written` is 0, each frame and at least 30 times a second: timeouts are noticed here.
 * `capacity` must be at least `SW_DATAGRAM_MAX`.
 */
SwResult sw_client_poll_transmit(SwClient client,
                                 uint64_t now_us,
                                 uint8_t *buffer,
                                 size_t capacity,
                                 struct SwAddress *to,
                                 size_t *written);

/**
 * Moves the client's clock to `now_us` and predicts the ticks that are due with `input`, of `input_size`
 * (sizeof(SwInput)) bytes. `report` may be null.
 * Before the battle begins it does nothing.
 */
SwResult sw_client_advance(SwClient client,
                           uint64_t now_us,
                           const struct SwInput *input,
                           size_t input_size,
                           struct SwAdvanceReport *report);

/**
 * Where the client is on its way into the battle.
 */
SwResult sw_client_status(SwClient client, struct SwClientStatus *status);

/**
 * The own character; `SW_RESULT_NOT_CONNECTED` outside the battle.
 */
SwResult sw_client_own(SwClient client, struct SwOwn *own);

/**
 * All others in sight as they are drawn at `now_us`, to `entities`: up to `capacity`, `entity_size` (sizeof(SwEntity))
 * bytes apart. `count` is their number in sight, which may be larger than `capacity`.
 */
SwResult sw_client_sample_crowd(SwClient client,
                                uint64_t now_us,
                                struct SwEntity *entities,
                                size_t capacity,
                                size_t entity_size,
                                size_t *count);

/**
 * Takes the oldest news: up to `capacity` events, `event_size` (sizeof(SwClientEvent)) bytes apart; `count` is how many
 * were written. Call until `count` is less than `capacity`.
 */
SwResult sw_client_take_events(SwClient client,
                               struct SwClientEvent *events,
                               size_t capacity,
                               size_t event_size,
                               size_t *count);

/**
 * The client's figures.
 */
SwResult sw_client_stats(SwClient client, struct SwClientStats *stats);

/**
 * The bytes of the server's world configuration, for `sw_world_create_encoded`: its terrain is the server's.
 * `SW_RESULT_NOT_CONNECTED` before the welcome. `written` is their number, also when the buffer is too short.
 */
SwResult sw_client_encode_world_config(SwClient client, uint8_t *buffer, size_t capacity, size_t *written);

/**
 * Leaves: the next answers of `sw_client_poll_transmit` tell the server.
 */
SwResult sw_client_disconnect(SwClient client);

/**
 * What stands in the server's world and what is fought over there: a scenery file as it is on disk, which servers do not
 * send. To be given before the welcome; later it changes nothing. Without it a client of a server that has a scenery ends
 * with `SW_END_OTHER_WORLD`.
 */
SwResult sw_client_set_scenery(SwClient client,
                               const uint8_t *scenery,
                               size_t scenery_len);

/**
 * All places that teams fight over, wherever they are: to `objectives`, up to `capacity`, `objective_size`
 * (sizeof(SwObjective)) bytes apart. `count` is their number, which may be larger than `capacity`; 0 before the welcome.
 */
SwResult sw_client_objectives(SwClient client,
                              struct SwObjective *objectives,
                              size_t capacity,
                              size_t objective_size,
                              size_t *count);

/**
 * What a team has gained by places and flags, at the newest snapshot; 0 before the welcome, and where there is no such
 * team.
 */
SwResult sw_client_team_score(SwClient client,
                              uint8_t team,
                              uint32_t *score);

/**
 * The version of the ABI that this library has.
 */
uint32_t sw_abi_version(void);

/**
 * The name of a result code, such as `SW_RESULT_STALE_HANDLE`, or `SW_RESULT_UNKNOWN`.
 * The text lives as long as the library; never null.
 */
const char *sw_result_name(int32_t result);

/**
 * One sentence about the last failed call of this thread, in English, for logs and people.
 *
 * Writes at most `capacity` bytes with the zero at the end (a longer sentence is cut at a character), and to `length`
 * (may be null) the bytes of the whole sentence without the zero. `buffer` may be null with `capacity` 0, to ask for
 * the length. A call that succeeds does not erase the sentence.
 */
SwResult sw_last_error(char *buffer,
                       size_t capacity,
                       size_t *length);

/**
 * Writes a state hash as 32 lower-case hexadecimal digits and a zero: 33 bytes to `text`.
 *
 * `hash` are the 16 bytes of `sw_world_hash`.
 */
SwResult sw_hash_to_hex(const uint8_t *hash, char *text, size_t capacity);

/**
 * The configuration of the demo battle.
 */
SwResult sw_world_config_default(struct SwWorldConfig *config);

/**
 * Makes a world; tick 0 is the next to run. `SW_RESULT_BAD_CONFIG` when a field breaks a rule.
 */
SwResult sw_world_create(const struct SwWorldConfig *config, SwWorld *world);

/**
 * Makes a world from the bytes of a configuration, as `sw_world_encode_config`, a server's welcome and a replay have
 * them: rules included.
 */
SwResult sw_world_create_encoded(const uint8_t *config,
                                 size_t config_len,
                                 SwWorld *world);

/**
 * Makes a world from the bytes of a configuration, and those of a scenery file: walls and gates, capture points, the
 * terrain. `SW_RESULT_BAD_CONFIG` when either breaks a rule.
 */
SwResult sw_world_create_with_scenery(const uint8_t *config,
                                      size_t config_len,
                                      const uint8_t *scenery,
                                      size_t scenery_len,
                                      SwWorld *world);

/**
 * Writes the bytes of a world's configuration; `written` is their number, also when the buffer is too short.
 */
SwResult sw_world_encode_config(SwWorld world, uint8_t *buffer, size_t capacity, size_t *written);

/**
 * Goes on by other rules from the next tick on: those in the bytes of a configuration that is the world's in everything else.
 * `SW_RESULT_BAD_CONFIG` when it is not, when it breaks a rule, or when its rules are not such that a running world adopts
 * them (docs/RULES.md); `sw_last_error` says what, and nothing has changed. Views of the world end here. Snapshots and states
 * that were kept before are of the world by its rules before, and are refused.
 */
SwResult sw_world_adopt_rules(SwWorld world,
                              const uint8_t *config,
                              size_t config_len);

/**
 * Destroys a world; its views die with it. A null handle is accepted and does nothing.
 */
SwResult sw_world_destroy(SwWorld world);

/**
 * Runs one tick with `count` commands, in their order. `command_size` is sizeof(SwCommand); `report` may be null.
 *
 * All commands are checked before any is executed. A command for a character that does not exist is no error: the
 * report counts it. Views of the world end here. Allocates nothing after the first steps.
 */
SwResult sw_world_step(SwWorld world,
                       const struct SwCommand *commands,
                       size_t count,
                       size_t command_size,
                       struct SwStepReport *report);

/**
 * The tick that the next step will run.
 */
SwResult sw_world_tick(SwWorld world, uint32_t *tick);

/**
 * The events of the last step. Valid until the next step, restore or destroy.
 */
SwResult sw_world_events(SwWorld world, struct SwEventsView *view);

/**
 * The characters' columns, without a copy. Valid until the next step, restore or destroy.
 */
SwResult sw_world_characters(SwWorld world, struct SwCharactersView *view);

/**
 * The projectiles' columns, without a copy. Valid until the next step, restore or destroy.
 */
SwResult sw_world_projectiles(SwWorld world, struct SwProjectilesView *view);

/**
 * The columns of the status effects at work, without a copy. Valid until the next step, restore or destroy.
 */
SwResult sw_world_effects(SwWorld world, struct SwEffectsView *view);

/**
 * The columns of the sections of structures, without a copy. Valid until the next step, restore or destroy.
 */
SwResult sw_world_structures(SwWorld world, struct SwStructuresView *view);

/**
 * The columns of the props, without a copy. Valid until the next step, restore or destroy.
 */
SwResult sw_world_props(SwWorld world, struct SwPropsView *view);

/**
 * The columns of the capture points, without a copy. Valid until the next step, restore or destroy.
 */
SwResult sw_world_objectives(SwWorld world, struct SwObjectivesView *view);

/**
 * Points that a team has gained by capture points and flags; 0 for teams that there are none of.
 */
SwResult sw_world_team_score(SwWorld world, uint8_t team, uint32_t *score);

/**
 * The slot of a character in the columns, or `SW_RESULT_NO_SUCH_CHARACTER` when the id names none (any more).
 */
SwResult sw_world_character_slot(SwWorld world, uint64_t id, uint32_t *slot);

/**
 * Height of the terrain at a place; all Q16.16 metres. Outside the field it is the height of the nearest border.
 */
SwResult sw_world_height_at(SwWorld world,
                            int32_t x,
                            int32_t z,
                            int32_t *height);

/**
 * The number of bytes that `sw_world_snapshot_write` would write now.
 */
SwResult sw_world_snapshot_size(SwWorld world, size_t *size);

/**
 * Writes the whole state: little-endian, the same bytes on every machine. `written` is their number, also when the
 * buffer is too short.
 */
SwResult sw_world_snapshot_write(SwWorld world,
                                 uint8_t *buffer,
                                 size_t capacity,
                                 size_t *written);

/**
 * Puts the state of a snapshot in place of the world's. The snapshot must be of a world with the same configuration.
 * Refused bytes change nothing. Views of the world end here; there are no events until the next step.
 */
SwResult sw_world_restore(SwWorld world,
                          const uint8_t *image,
                          size_t image_len);

/**
 * Keeps the state in the world's own memory, at a place below `SW_SAVED_STATES_MAX`, instead of what was there: what a
 * rollback goes back to, many times faster than a snapshot. `hash`, which may be null, gets the 16 bytes of
 * `sw_world_hash`. Views stay valid. Takes memory when a place is used for the first time.
 */
SwResult sw_world_save(SwWorld world,
                       uint32_t place,
                       uint8_t *hash);

/**
 * Goes back to the state that `sw_world_save` kept at a place of this world; it stays there. `SW_RESULT_BAD_SNAPSHOT`
 * when nothing was. Views of the world end here; there are no events until the next step. Allocates nothing.
 */
SwResult sw_world_load(SwWorld world,
                       uint32_t place);

/**
 * The hash of the whole state: 16 bytes, most significant first (`sw_hash_to_hex` writes them in this order).
 * Equal states have equal hashes on every machine and in every language.
 */
SwResult sw_world_hash(SwWorld world, uint8_t *hash);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SHIELDWALL_H */
