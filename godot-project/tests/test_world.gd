extends "res://tests/suite.gd"
## ShieldwallWorld by topics: rules, scenery, characters, those whom nobody plays, sections, places. What is hostile is
## answered and never breaks anything.

const YARD := """
ground = "flat"
box = [
	{ centre_m = [0, 1, -6], size_m = [8, 4, 1], structure = "gate" },
	{ centre_m = [20, 1, 0], size_m = [1, 2, 4], structure = "barricade" },
	{ centre_m = [-20, 1, 0], size_m = [1, 2, 4] },
]
capture_point = [
	{ at_m = [0, 8], radius_m = 4, kind = "bridge" },
	{ at_m = [30, 8], radius_m = 2, kind = "flag", team = 1 },
]
"""

const MELEE := ShieldwallClient.BUTTON_MELEE
const ABILITY_2 := ShieldwallClient.BUTTON_ABILITY_2


func _yard(rules := "") -> ShieldwallWorld:
	var world := ShieldwallWorld.new()
	world.seed = 7
	world.half_extent = 64.0
	world.character_capacity = 256
	if not rules.is_empty():
		check_equal(world.set_rules_text(rules), OK, "set_rules_text()")
	check_equal(world.set_scenery_text(YARD), OK, "set_scenery_text()")
	check_equal(world.create(), OK, "create()")
	return world


func _spawned(world: ShieldwallWorld) -> int:
	for event in world.get_events():
		if event.kind == "spawned":
			return event.id
	return 0


func test_rules_of_a_text_hold() -> void:
	var plain := ShieldwallWorld.new()
	var world := ShieldwallWorld.new()
	check_equal(world.set_rules_text("[life]\nhealth_max = 321\n"), OK, "set_rules_text()")
	check(world.get_rules_hash() != plain.get_rules_hash(), "the hash of other rules: %s" % world.get_rules_hash())
	check_equal(world.create(), OK, "create()")
	world.queue_spawn(0, 0)
	world.step()
	var character := world.get_character(_spawned(world))
	check_equal(character.health_max, 321, "health_max")
	var again := ShieldwallWorld.new()
	check_equal(again.set_rules_text(world.get_rules_text()), OK, "the rules as text")
	check_equal(again.get_rules_hash(), world.get_rules_hash(), "the hash of the same rules")


func test_a_world_that_runs_goes_on_by_other_rules() -> void:
	allowed_errors = 2
	var world := ShieldwallWorld.new()
	check_equal(world.adopt_rules(), ERR_UNCONFIGURED, "adopt_rules() before create()")
	check_equal(world.create(), OK, "create()")
	world.queue_spawn(0, 0)
	world.step()
	var id := _spawned(world)
	var before := world.get_fingerprint()
	check_equal(world.set_rules_text("[life]\nhealth_max = 321\n"), OK, "set_rules_text()")
	check_equal(world.adopt_rules(), OK, "adopt_rules()")
	check_equal(world.get_character(id).health_max, 321, "health_max")
	check(world.get_fingerprint() != before, "another world by its fingerprint")
	check_equal(world.set_rules_text("[lag]\nrewind_max_ms = 100\n"), OK, "set_rules_text()")
	check_equal(world.adopt_rules(), ERR_INVALID_PARAMETER, "what a running world does not adopt")
	check_equal(world.get_character(id).health_max, 321, "health_max after the refusal")


func test_rules_and_sceneries_of_files_are_found_or_told() -> void:
	allowed_errors = 10
	var world := ShieldwallWorld.new()
	var before := world.get_rules_hash()
	check_equal(world.load_rules("res://tests/nothing.toml"), ERR_FILE_NOT_FOUND, "rules that are not there")
	check_equal(world.load_rules("res://tests/outpost.toml"), ERR_PARSE_ERROR, "a scenery as rules")
	check_equal(world.set_rules_text("[life]\nhealth_max = -4\n"), ERR_PARSE_ERROR, "a value out of range")
	check_equal(world.set_rules_text("= ="), ERR_PARSE_ERROR, "no TOML")
	check_equal(world.get_rules_hash(), before, "the rules after refusals")
	check_equal(world.load_scenery("res://tests/outpost.toml"), OK, "a list")
	check_equal(world.load_scenery("fort"), OK, "a built-in one")
	check_equal(world.load_scenery("res://tests/nothing.swsc"), ERR_FILE_NOT_FOUND, "a file that is not there")
	check_equal(world.load_scenery("res://tests/run.gd"), ERR_PARSE_ERROR, "a script as a scenery")
	check_equal(world.set_scenery_text("[[box]]\ncentre_m = [0, 0, 0]\n"), ERR_PARSE_ERROR, "a box without a size")
	check_equal(world.set_scenery_text("[[model]]\nfile = \"a.obj\"\nat = []\n"), ERR_PARSE_ERROR, "a file beside a text")
	check_equal(world.set_scenery_data("SWSC?".to_utf8_buffer()), ERR_INVALID_DATA, "bytes that are none")
	check_equal(world.create_from_config("?".to_utf8_buffer()), ERR_INVALID_DATA, "a configuration that is none")
	check_equal(world.create(), OK, "create() after refusals")
	check(world.get_section_count() > 20, "the fort has %d sections" % world.get_section_count())


func test_commands_that_cannot_be_are_refused() -> void:
	var world := _yard()
	var before := world.get_hash()
	var nan := NAN
	var answers: Array[Error] = [
		world.queue_spawn(-1, 0), world.queue_spawn(1 << 40, 0), world.queue_spawn(0, 300), world.queue_spawn(0, -1),
		world.queue_spawn(0, 0, "dragon"), world.queue_spawn(0, 0, ""), world.queue_spawn_at(0, 0, nan, 0, 0),
		world.queue_spawn_at(0, 0, INF, 0, 0), world.queue_spawn_npc(0, 0, "cow"), world.queue_spawn_npc_at(0, 0, "wolf", 0, nan, 0),
		world.queue_set_home(5, nan, 0), world.queue_set_class(5, "boat"), world.queue_impulse(5, Vector3(0, INF, 0)),
		world.queue_deform(0, 0, nan, 1), world.queue_view(5, -1.0), world.queue_view(5, nan), world.queue_view(5, 1e9),
		world.queue_strike_section(-1, 5), world.queue_strike_section(0, -5), world.queue_build_section(1 << 33, 5),
		world.queue_inputs(PackedInt64Array([1, 2]), PackedInt32Array([1]), PackedVector2Array(), PackedVector2Array()),
	]
	allowed_errors = answers.size()
	for i in answers.size():
		check_equal(answers[i], ERR_INVALID_PARAMETER, "answer %d" % i)
	check_equal(world.get_queued_count(), 0, "commands in the queue")
	check_equal(world.get_hash(), before, "the hash")


## Numbers that a command can hold are judged by the world: counted, no error, no change.
func test_commands_for_nobody_are_counted() -> void:
	var world := _yard()
	for id: int in [0, -1, 1, 1 << 62, -(1 << 63)]:
		world.queue_despawn(id)
		world.queue_input(id, 1 << 40, 1000, -1000, -70000, 1 << 50)
		world.queue_set_class(id, "knight")
		world.queue_impulse(id, Vector3.ONE)
		world.queue_set_home(id, 1e30, -1e30)
	world.queue_strike_section(99, 5)
	world.queue_build_section(4000000000, 5)
	world.queue_deform(1e30, 0, 4, 1)
	var report := world.step()
	check_equal(report.commands_refused, 28, "commands refused")
	check_equal(report.characters, 0, "characters")
	world.queue_spawn(0, 7)
	world.queue_spawn_npc(1, 9, "guard")
	var refused: Array[String] = []
	world.spawn_refused.connect(func(tag: int, reason: String) -> void: refused.append("%d %s" % [tag, reason]))
	world.step()
	check_equal(refused, ["0 the world has no such team", "1 the world has no such team"] as Array[String], "refused spawns")


func test_questions_about_nothing_have_empty_answers() -> void:
	allowed_errors = 6
	var none := ShieldwallWorld.new()
	check_equal(none.queue_spawn(0, 0), ERR_UNCONFIGURED, "a command before create()")
	check_equal(none.keep_state(0), ERR_UNCONFIGURED, "keep_state() before create()")
	check_equal(none.load_state(PackedByteArray()), ERR_UNCONFIGURED, "load_state() before create()")
	check_equal(none.get_character_columns(), {}, "columns before create()")
	check_equal(none.get_section_columns(), {}, "sections before create()")
	check_equal(none.create_terrain_mesh(), null, "the terrain before create()")
	var world := _yard()
	for id: int in [0, -1, 1 << 62]:
		check_equal(world.get_character(id), {}, "nobody")
		check_equal(world.get_npc(id), {}, "nobody's mind")
		check_equal(world.get_weapon(id, MELEE), "", "nobody's weapon")
		check_equal(world.get_cooldown(id, 12345), 0.0, "nobody's cooldown")
		check_equal(world.get_character_effects(id).size(), 0, "nobody's effects")
	for number: int in [-1, 3, 1 << 40]:
		check_equal(world.get_section_health(number), -1, "health of no section")
		check_equal(world.get_section_kind(number), "", "kind of no section")
		check_equal(world.is_section_standing(number), false, "no section stands")
		check_equal(world.get_objective(number), {}, "no place")
		check_equal(world.get_score(number), 0, "score of no team")
	for chunk: Vector2i in [Vector2i(-1, 0), Vector2i(0, 1), Vector2i(70000, 0), Vector2i(-2147483648, 2147483647)]:
		check_equal(world.create_terrain_chunk_mesh(chunk), null, "no chunk")
	check_equal(world.find_in_radius(NAN, 0, INF).size(), 0, "nobody around nothing")
	check_equal(world.find_nearest(0, 0, -5, 10).size(), 0, "nobody of none")
	check_equal(world.get_character_columns(["health", "wealth"]).keys(), ["health"], "columns")
	check_equal(world.keep_state(256), ERR_PARAMETER_RANGE_ERROR, "a place too high")
	check_equal(world.return_to_state(9), ERR_DOES_NOT_EXIST, "a place where nothing is")


func test_a_character_is_told_in_full() -> void:
	var world := _yard()
	var told := {}
	world.character_spawned.connect(func(tag: int, id: int) -> void: told[tag] = id)
	world.queue_spawn_at(5, 0, 10.0, 10.0, 16384, "knight")
	world.queue_spawn_at(6, 1, 10.0, 8.0, 0)
	world.step()
	check_equal(told.size(), 2, "spawns told")
	var id: int = told[5]
	var knight := world.get_character(id)
	check_equal(knight.movement_class, "knight", "the class")
	check_equal(knight.team, 0, "the team")
	check(knight.alive and knight.health == knight.health_max, "whole: %s" % knight)
	check(is_equal_approx(knight.position.x, 10.0), "where: %s" % knight.position)
	check(is_equal_approx(knight.yaw, PI / 2), "looks to %f" % knight.yaw)
	check(world.has_character(id) and not world.has_character(id + (1 << 32)), "who is here")
	check(world.get_weapon(id, MELEE) not in ["", "none"], "its weapon: " + world.get_weapon(id, MELEE))
	check_equal(world.get_weapon(id, 12345), "none", "a button that is none")
	world.queue_input(told[6], MELEE, 0, 0, 0, 0)
	world.step()
	world.step()
	check(world.get_cooldown(told[6], MELEE) > 0.1, "the cooldown: %f" % world.get_cooldown(told[6], MELEE))
	check_equal(world.get_cooldown(told[6], ABILITY_2), 0.0, "of what was not used")
	check_equal(world.find_nearest(10.0, 8.0, 1, 50.0), PackedInt64Array([told[6]]), "the nearest")
	check_equal(world.find_in_radius(10.0, 9.0, 5.0).size(), 2, "around")
	check_equal(world.get_character_count(), 2, "the count")


func test_columns_are_packed_and_in_one_order() -> void:
	var world := _yard()
	for i in 50:
		world.queue_spawn_at(i, i % 2, i - 25, 20, 0)
	world.step()
	var columns := world.get_character_columns()
	check_equal(columns.id, world.get_ids(), "the ids")
	check_equal(columns.position, world.get_positions(), "the places")
	for name: String in columns:
		check_equal(columns[name].size(), 50, "rows of " + name)
		check(typeof(columns[name]) >= TYPE_PACKED_BYTE_ARRAY, "%s is packed" % name)
	check_equal(columns.team.count(1), 25, "of the second team")
	var buttons := PackedInt32Array()
	var moves := PackedVector2Array()
	var looks := PackedVector2Array()
	buttons.resize(50)
	moves.resize(50)
	moves.fill(Vector2(0, 1))
	looks.resize(50)
	check_equal(world.queue_inputs(columns.id, buttons, moves, looks), OK, "queue_inputs()")
	for i in 60:
		world.step()
	var later: PackedVector3Array = world.get_character_columns(["position"]).position
	var north := 0
	for i in 50:
		north += int(later[i].z < columns.position[i].z - 2.0)
	check(north > 40, "%d walked north" % north)
	check_equal(world.get_character_columns(["input_move"]).input_move[0], Vector2(0, 1), "the input")
	# Numbers that are none stand for nothing.
	moves.fill(Vector2(NAN, INF))
	looks.fill(Vector2(-INF, NAN))
	check_equal(world.queue_inputs(columns.id, buttons, moves, looks), OK, "queue_inputs() of no numbers")
	check_equal(world.step().commands_refused, 0, "refused")


func test_sections_fall_are_built_and_tell_so() -> void:
	var world := _yard()
	check_equal(world.get_section_count(), 2, "sections")
	check_equal(world.get_section_kind(0), "gate", "the first")
	check_equal(world.get_section_kind(1), "barricade", "the second")
	var whole := world.get_section_health_max(0)
	check_equal(world.get_section_health(0), whole, "its health")
	var told: Array[String] = []
	world.section_fell.connect(func(section: int, by: int) -> void: told.append("fell %d by %d" % [section, by]))
	# A handler may call whatever it likes. Once only: while connected, the world and its handler keep each other alive.
	var repair := func(section: int, _by: int) -> void: world.queue_build_section(section, 10)
	world.section_fell.connect(repair, CONNECT_ONE_SHOT)
	world.section_built.connect(func(section: int) -> void: told.append("built %d" % section))
	world.queue_strike_section(0, 100)
	world.step()
	check_equal(world.get_section_health(0), whole - 100, "after a blow")
	check_equal(world.get_events()[0].kind, "structure_damaged", "the event")
	world.queue_strike_section(0, whole)
	world.step()
	check(not world.is_section_standing(0) and world.is_section_standing(1), "the first is down")
	var columns := world.get_section_columns()
	check_equal(columns.standing, PackedByteArray([0, 1]), "the column")
	check_equal(columns.health[0], 0, "its health")
	world.step()
	check(world.is_section_standing(0), "it was built by the handler")
	check_equal(told, ["fell 0 by 0", "built 0"] as Array[String], "what was told")


func test_a_weapon_takes_health_of_a_section() -> void:
	var world := _yard()
	world.queue_spawn_at(0, 0, 18.6, 0.0, 49152)
	world.step()
	world.queue_input(_spawned(world), MELEE, 0, 127, 49152, 0)
	var struck := {}
	for i in 240:
		world.step()
		for event in world.get_events():
			if event.kind == "structure_damaged":
				struck = event
	check_equal(struck.get("section"), 1, "which section")
	check_equal(struck.get("weapon"), "sword", "by what")
	check(world.get_section_health(1) < world.get_section_health_max(1), "less health")


func test_places_are_captured_and_score() -> void:
	var world := _yard("[objective.bridge]\ncapture_ms = 500\n")
	check_equal(world.get_objective_count(), 2, "places")
	var bridge := world.get_objective(0)
	check_equal([bridge.kind, bridge.owner, bridge.radius], ["bridge", -1, 4.0], "the bridge")
	var captured: Array[String] = []
	var flags: Array[String] = []
	world.point_captured.connect(func(point: int, team: int, before: int) -> void:
		captured.append("%d %d %d" % [point, team, before]))
	world.flag_moved.connect(func(point: int, _id: int, what: String) -> void: flags.append("%d %s" % [point, what]))
	world.queue_spawn_at(0, 0, 0.0, 8.0, 0)
	world.queue_spawn_at(1, 0, 30.0, 8.0, 0)
	world.step()
	var thief := 0
	for event in world.get_events():
		if event.kind == "spawned" and event.tag == 1:
			thief = event.id
	for i in 15:
		world.step()
	check(world.get_objective(0).progress > 0.2, "progress: %s" % world.get_objective(0))
	check_equal(world.get_objective(0).contender, 0, "the contender")
	for i in 120:
		world.step()
	check_equal(captured, ["0 0 -1"] as Array[String], "what was captured")
	check_equal(flags, ["1 taken"] as Array[String], "the flag")
	check_equal(world.get_objective(1).carrier, thief, "who carries it")
	check_equal(world.get_objective_columns().owner, PackedInt32Array([0, 1]), "the owners")
	check(world.get_score(0) > 0 and world.get_scores() == PackedInt64Array([world.get_score(0), 0]), "the score")


func test_minds_hunt() -> void:
	var world := _yard()
	world.queue_spawn_npc_at(0, 1, "wolf", 0.0, 30.0, 0)
	world.queue_spawn_npc_at(1, 1, "guard", -40.0, 40.0, 0)
	world.queue_spawn_at(2, 0, 8.0, 30.0, 0)
	world.step()
	var ids := {}
	for event in world.get_events():
		ids[event.tag] = event.id
	var bitten := 0
	for i in 300:
		bitten += world.step().hits
	var wolf := world.get_npc(ids[0])
	check_equal(wolf.kind, "wolf", "the kind")
	check_equal(world.get_character(ids[0]).movement_class, "hound", "its body")
	check(wolf.mood in ["chase", "attack", "return", "wander"], "its mood: %s" % wolf)
	check_equal(wolf.home, Vector2(0, 30), "its home")
	check(bitten > 0, "bites: %d" % bitten)
	check_equal(world.get_npc(ids[2]), {}, "the soldier has no mind")
	var columns := world.get_npc_columns()
	check_equal(columns.id.size(), 2, "minds")
	check_equal(ShieldwallWorld.get_npc_kinds()[columns.kind[1]], "guard", "the second kind")
	world.queue_set_home(ids[0], 5.0, -5.0)
	world.step()
	check_equal(world.get_npc(ids[0]).home, Vector2(5, -5), "its new home")


func test_a_grenade_flies_bursts_and_leaves_a_crater() -> void:
	var world := _yard()
	world.queue_spawn_at(0, 0, -30.0, 30.0, 0)
	world.step()
	var id := _spawned(world)
	check_equal(world.get_weapon(id, ABILITY_2), "grenade", "the second ability")
	var bursts: Array[Vector3] = []
	var chunks: Array[Vector2i] = []
	world.burst.connect(func(_by: int, position: Vector3, _weapon: String) -> void: bursts.append(position))
	world.ground_changed.connect(func(chunk: Vector2i) -> void: chunks.append(chunk))
	world.queue_input(id, ABILITY_2, 0, 0, 0, 3000)
	var seen := 0
	for i in 400:
		world.step()
		var flying := world.get_projectile_columns()
		seen += flying.position.size()
		if seen == 1:
			check_equal(flying.owner[0], id, "whose it is")
			check_equal(ShieldwallWorld.get_weapon_names()[flying.weapon[0]], "grenade", "what it is")
	check(seen > 10, "seen flying: %d" % seen)
	check(bursts.size() >= 1, "bursts: %s" % [bursts])
	check(chunks.size() >= 1, "chunks that changed: %s" % [chunks])
	check(world.get_terrain_height(bursts[0].x, bursts[0].z) < 0.0, "a crater")


func test_names_and_numbers_agree() -> void:
	check_equal(ShieldwallWorld.get_movement_classes()[0], "soldier", "the first class")
	check_equal(ShieldwallWorld.get_npc_kinds().size(), 8, "kinds of minds")
	check_equal(ShieldwallWorld.get_structure_kinds()[1], "gate", "the second kind of structures")
	check_equal(ShieldwallWorld.get_objective_kinds()[3], "flag", "the last kind of places")
	check_equal(ShieldwallWorld.get_weapon_names()[1], "sword", "the first weapon")
	check_equal(ShieldwallWorld.get_effect_names()[1], "stunned", "the first effect")
	check_equal(ShieldwallWorld.get_motion_names()[5], "dodge", "a motion")
	check_equal(ShieldwallWorld.get_action_names()[3], "died", "an action")
	check_equal(ShieldwallWorld.get_mood_names()[2], "chase", "a mood")
	check_equal(ShieldwallWorld.yaw_from_radians(PI), 32768, "half a turn")


func test_columns_of_two_thousand_are_cheap() -> void:
	var world := ShieldwallWorld.new()
	world.seed = 7
	check_equal(world.create(), OK, "create()")
	for i in 2000:
		@warning_ignore("integer_division")
		world.queue_spawn_at(i, i % 2, (i % 50) * 4 - 100, (i / 50) * 4 - 80, 0)
	world.step()
	var times: Array[int] = []
	for i in 50:
		var started := Time.get_ticks_usec()
		world.get_character_columns(["id", "position", "yaw", "health", "team", "action"])
		times.append(Time.get_ticks_usec() - started)
	times.sort()
	print("     six columns of 2000 characters: median %d us, worst %d us" % [times[25], times[49]])
	check(times[25] < 3000, "six columns take %d us" % times[25])
