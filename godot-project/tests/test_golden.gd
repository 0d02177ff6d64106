extends "res://tests/suite.gd"
## The kernel inside Godot gives the same bits as in Rust and in C: the scene "muster", 64 characters, 600 ticks.

const CHARACTERS := 64
const TICKS := 600


func _muster() -> ShieldwallWorld:
	var world := ShieldwallWorld.new()
	world.seed = 7
	world.character_capacity = 256
	check_equal(world.create(), OK, "create()")
	for i in CHARACTERS:
		@warning_ignore("integer_division")
		var row := i / 8
		world.queue_spawn_at(i, i % 2, (i % 8) * 2 - 8, row * 2 - 8, i * 1024)
	world.step()
	var ids := {}
	for event in world.get_events():
		if event.kind == "spawned":
			ids[event.tag] = event.id
	check_equal(ids.size(), CHARACTERS, "characters spawned")
	for t in range(1, TICKS + 1):
		for i in CHARACTERS:
			var h := _mix(i, t)
			world.queue_input(ids[i], h & 15, _signed_byte(h >> 8), _signed_byte(h >> 16), (h >> 4) & 65535, 0)
		world.step()
	return world


func test_muster_has_the_golden_hash() -> void:
	var world := _muster()
	print("muster ", world.get_hash())
	var golden := OS.get_environment("GODOT_TEST_MUSTER")
	if not golden.is_empty():
		check_equal(world.get_hash(), golden, "the hash")
	check_equal(world.get_hash().length(), 32, "digits of the hash")
	check_equal(world.get_tick(), TICKS + 1, "the next tick")


func test_a_saved_state_goes_on_alike() -> void:
	var world := _muster()
	var image := world.save_state()
	check(image.size() > 1000, "an image of %d bytes" % image.size())
	world.step()
	var later := world.get_hash()
	check_equal(world.load_state(image), OK, "load_state()")
	check(world.get_hash() != later, "the restored state is the earlier one")
	world.step()
	check_equal(world.get_hash(), later, "the hash after the same step")


func test_a_foreign_image_is_refused() -> void:
	var world := ShieldwallWorld.new()
	world.character_capacity = 256
	check_equal(world.create(), OK, "create()")
	allowed_errors = 2
	var before := world.get_hash()
	check_equal(world.load_state(PackedByteArray()), ERR_INVALID_DATA, "load_state() of nothing")
	check_equal(world.load_state("not an image".to_utf8_buffer()), ERR_INVALID_DATA, "load_state() of a text")
	check_equal(world.get_hash(), before, "the hash after refused images")


func test_a_world_that_was_not_created_refuses_all() -> void:
	var world := ShieldwallWorld.new()
	check_equal(world.step(), {}, "the report")
	check_equal(world.get_hash(), "", "the hash")
	world.teams = 0
	allowed_errors = 1
	check_equal(world.create(), ERR_INVALID_PARAMETER, "create() without teams")
