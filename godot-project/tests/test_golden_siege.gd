extends "res://tests/suite.gd"
## The scene "outpost": characters that nobody plays, structures, places and every command. The same bits as in Rust.

const SOLDIERS := 24
const DEFENDERS := 16
const SECTIONS := 12
const TICKS := 480

## Ids by slot, as the events tell them.
var _ids := {}
var _scenery := FileAccess.get_file_as_string("res://tests/outpost.toml")


func _outpost() -> ShieldwallWorld:
	var world := ShieldwallWorld.new()
	world.seed = 21
	world.half_extent = 64.0
	world.character_capacity = 128
	world.npc_capacity = 32
	check_equal(world.load_scenery("res://tests/outpost.toml"), OK, "load_scenery()")
	check_equal(world.create(), OK, "create()")
	check_equal(world.get_section_count(), SECTIONS, "sections")
	_ids = {}
	return world


func _spawn(world: ShieldwallWorld) -> void:
	var classes := ShieldwallWorld.get_movement_classes()
	var kinds := ShieldwallWorld.get_npc_kinds()
	for i in SOLDIERS:
		@warning_ignore("integer_division")
		world.queue_spawn_at(i, 0, (i % 8) * 2 - 8, 14 + (i / 8) * 2, 0, classes[i % 4])
	for i in DEFENDERS:
		@warning_ignore("integer_division")
		world.queue_spawn_npc_at(100 + i, 1, kinds[i % 8], (i % 4) * 4 - 6, -8 - (i / 4) * 4, 32768)


func _queue_inputs(world: ShieldwallWorld, t: int) -> void:
	for slot in SOLDIERS:
		if not _ids.has(slot):
			continue
		var h := _mix(slot, t)
		world.queue_input(_ids[slot], h & 511, _signed_byte(h >> 8), 127, ((h >> 16) & 8191) - 4096, 0)
		if t % 20 == 0 and slot % 3 == 1:
			world.queue_view(_ids[slot], 2.0)


@warning_ignore("integer_division")
func _queue(world: ShieldwallWorld, t: int) -> void:
	_queue_inputs(world, t)
	if t % 30 == 29:
		world.queue_strike_section(t / 30 % SECTIONS, 900)
	if t % 90 == 89:
		world.queue_build_section(t / 90 % SECTIONS, 300)
	if t % 60 == 59:
		world.queue_deform(t / 60 * 3 - 9, 6, 3, 0.5)
	match t:
		100: world.queue_set_home(_ids[24], 0, -20)
		150: world.queue_set_class(_ids[3], "knight")
		170: world.queue_impulse(_ids[4], Vector3(0, 6, -4))
		300: world.queue_despawn(_ids[5])
		310: world.queue_spawn(200, 0, "scout")


func _step(world: ShieldwallWorld) -> void:
	var t := world.get_tick()
	if t == 0:
		_spawn(world)
	else:
		_queue(world, t)
	world.step()
	for event in world.get_events():
		if event.kind == "spawned":
			_ids[event.id & U32] = event.id
		elif event.kind == "despawned":
			_ids.erase(event.id & U32)


func test_outpost_has_the_golden_hash() -> void:
	var world := _outpost()
	var fallen: Array[int] = []
	var refused: Array[int] = [0]
	world.section_fell.connect(func(section: int, _by: int) -> void: fallen.append(section))
	world.spawn_refused.connect(func(_tag: int, _reason: String) -> void: refused[0] += 1)
	while world.get_tick() < TICKS:
		_step(world)
	print("outpost ", world.get_hash())
	var golden := OS.get_environment("GODOT_TEST_OUTPOST")
	if not golden.is_empty():
		check_equal(world.get_hash(), golden, "the hash")
	check_equal(world.get_hash().length(), 32, "digits of the hash")
	check(not fallen.is_empty(), "sections fell: %s" % [fallen])
	check_equal(refused[0], 0, "refused spawns")
	check_equal(world.get_npc_count(), DEFENDERS, "characters that nobody plays")


func test_outpost_goes_on_alike_from_a_state() -> void:
	var world := _outpost()
	while world.get_tick() < 200:
		_step(world)
	var ids := _ids.duplicate()
	var image := world.save_state()
	check_equal(world.keep_state(3), OK, "keep_state()")
	while world.get_tick() < 320:
		_step(world)
	var later := world.get_hash()
	var columns := world.get_column_hashes()
	check(columns.size() > 100 and columns.has("Structures.health"), "columns: %d" % columns.size())
	for way: String in ["bytes", "memory"]:
		_ids = ids.duplicate()
		check_equal(world.load_state(image) if way == "bytes" else world.return_to_state(3), OK, "back by " + way)
		check_equal(world.get_tick(), 200, "the tick, back by " + way)
		while world.get_tick() < 320:
			_step(world)
		check_equal(world.get_hash(), later, "the hash, back by " + way)
	check_equal(world.get_column_hashes(), columns, "the hashes of the columns")


## The configuration as bytes makes the same world, and the scenery as bytes stands in it.
func test_a_world_travels_as_bytes() -> void:
	var world := _outpost()
	var other := ShieldwallWorld.new()
	check_equal(other.set_scenery_data(world.get_scenery_data()), OK, "set_scenery_data()")
	check_equal(other.create_from_config(world.get_config_data()), OK, "create_from_config()")
	check_equal(other.get_fingerprint(), world.get_fingerprint(), "the fingerprint")
	check_equal(other.get_fingerprint().length(), 16, "digits of the fingerprint")
	while world.get_tick() < 60:
		_step(world)
	check_equal(other.load_state(world.save_state()), OK, "load_state() of the other's")
	check_equal(other.get_hash(), world.get_hash(), "the hash")
	check_equal(other.set_scenery_text(_scenery), OK, "set_scenery_text()")
	check_equal(other.get_scenery_data(), world.get_scenery_data(), "the scenery of the text")
