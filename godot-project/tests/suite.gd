extends RefCounted
## What every suite of tests extends: checks that note a failure and go on.

const U32 := 0xFFFFFFFF

var tree: SceneTree
var failures: PackedStringArray = []
var checks := 0
## Number of errors that the test provokes on purpose.
var allowed_errors := 0


## What this suite needs and does not have; empty: it can run.
func missing() -> String:
	return ""


func check(holds: bool, what: String) -> void:
	checks += 1
	if not holds:
		failures.append(what)


func check_equal(is_value: Variant, should_be: Variant, what: String) -> void:
	check(is_value == should_be, "%s is %s, should be %s" % [what, is_value, should_be])


## Waits frame by frame until the condition holds; false if it never did within the seconds of real time.
func until(condition: Callable, seconds: float) -> bool:
	var end := Time.get_ticks_msec() + int(seconds * 1000.0)
	while Time.get_ticks_msec() < end:
		if condition.call():
			return true
		await tree.process_frame
	return condition.call()


## One 32-bit mixing of (character, tick), the same in every language of the test.
func _mix(i: int, t: int) -> int:
	@warning_ignore("integer_division")
	var h := (i * 2654435761 + (t / 15) * 2246822519 + 7) & U32
	h ^= h >> 15
	h = (h * 2246822507) & U32
	h ^= h >> 13
	h = (h * 3266489909) & U32
	return h ^ (h >> 16)


func _signed_byte(value: int) -> int:
	var byte := value & 255
	return maxi(byte - 256 if byte > 127 else byte, -127)
