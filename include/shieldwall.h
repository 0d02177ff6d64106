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
 * Version of the ABI that this header describes: major in the upper 16 bits, minor in the lower.
 * Compare it with what `sw_abi_version()` answers at run time: the majors must be equal, and the library's minor at
 * least the header's.
 */
#define SW_ABI_VERSION 65536

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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SHIELDWALL_H */
