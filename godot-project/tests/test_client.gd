extends "res://tests/suite.gd"
## The client node against a host with bots: GODOT_TEST_PORT says where, GODOT_TEST_BOTS how many.

const FLOATS := 20
const WAIT_S := 20.0
## Within this time bots bring something down.
const FALL_S := 60.0


func missing() -> String:
	return "GODOT_TEST_PORT is not set" if OS.get_environment("GODOT_TEST_PORT").is_empty() else ""


func _join() -> ShieldwallClient:
	var client := ShieldwallClient.new()
	client.scenery_file = OS.get_environment("GODOT_TEST_SCENERY")
	tree.root.add_child(client)
	var port := int(OS.get_environment("GODOT_TEST_PORT"))
	check_equal(client.connect_to_server("127.0.0.1", port), OK, "connect_to_server()")
	var synced := func() -> bool: return client.get_state() == ShieldwallClient.STATE_CONNECTED
	check(await until(synced, WAIT_S), "in the battle within %d s" % WAIT_S)
	return client


func _leave(client: ShieldwallClient) -> void:
	client.disconnect_from_server()
	client.queue_free()
	await tree.process_frame


func _wait(seconds: float) -> void:
	await until(func() -> bool: return false, seconds)


func test_signals_tell_the_way_into_the_battle_and_out() -> void:
	var client := ShieldwallClient.new()
	client.scenery_file = OS.get_environment("GODOT_TEST_SCENERY")
	tree.root.add_child(client)
	var told: Array[String] = []
	client.connected.connect(func() -> void: told.append("connected"))
	client.synced.connect(func() -> void: told.append("synced"))
	client.disconnected.connect(func(reason: String) -> void: told.append("disconnected: " + reason))
	client.connection_failed.connect(func(reason: String) -> void: told.append("failed: " + reason))
	client.connect_to_server("127.0.0.1", int(OS.get_environment("GODOT_TEST_PORT")))
	check(await until(func() -> bool: return told.has("synced"), WAIT_S), "synced")
	check(client.get_own_slot() >= 0, "own slot")
	check(client.get_own_team() in [0, 1], "own team")
	client.disconnect_from_server()
	check_equal(told, ["connected", "synced", "disconnected: left"] as Array[String], "the signals")
	client.queue_free()


## Far from others nothing but its own input moves a character: what the client predicts is what the server computes,
## bit for bit. In a crowd the contacts may differ, and the view is smoothed.
func test_the_own_character_walks_as_predicted() -> void:
	var client := await _join()
	var place := client.get_own_transform().origin
	var outwards := atan2(-place.x, -place.z)
	client.set_input(Vector2(0, 1), outwards, 0.0, ShieldwallClient.BUTTON_SPRINT)
	await _wait(3.0)
	var errors: Array[float] = []
	client.mispredicted.connect(func(_tick: int, error: float) -> void: errors.append(error))
	var missed_before: int = client.get_stats().inputs_missed
	var before := client.get_own_transform().origin
	client.set_input(Vector2(0, 1), outwards, 0.0, 0)
	await _wait(1.5)
	client.set_input(Vector2.ZERO, outwards, 0.0, 0)
	var moved := client.get_own_transform().origin - before
	var forward := Vector3(-sin(outwards), 0, -cos(outwards))
	var stats := client.get_stats()
	var missed: int = stats.inputs_missed - missed_before
	print("     walked %.2f m, corrections %s, inputs missed %d, round trip %.1f ms, largest correction in the crowd %d mm" % [
		moved.length(), errors, missed, stats.round_trip_ms, stats.correction_max_mm])
	check(client.is_own_alive(), "the character lives")
	check(moved.dot(forward) > 3.0, "walked %s, forward is %s" % [moved, forward])
	check(moved.dot(forward) < 9.0, "walked no faster than it can: %s" % moved)
	check(errors.is_empty() or missed > 0, "corrections without contact: %s" % [errors])
	check(stats.correction_max_mm < 1000, "largest correction: %d mm" % stats.correction_max_mm)
	check(missed < 10, "inputs missed: %d" % missed)
	var kinds: Dictionary = stats.bytes_by_kind
	check_equal(kinds.snapshots + kinds.events + kinds.messages_received + kinds.overhead_received,
		stats.bytes_received, "the bytes received, by kind")
	check_equal(kinds.inputs + kinds.messages_sent + kinds.overhead_sent, stats.bytes_sent, "the bytes sent, by kind")
	await _leave(client)


func test_feet_stand_on_the_terrain() -> void:
	var client := await _join()
	await _wait(0.5)
	var place := client.get_own_transform().origin
	var ground := client.get_terrain_height(place.x, place.z)
	check(absf(place.y - ground) < 0.3, "feet at %.2f, ground at %.2f" % [place.y, ground])
	var mesh := client.create_terrain_mesh()
	check_equal(mesh.get_surface_count(), 1, "surfaces of the terrain")
	var extent := client.get_half_extent()
	check(is_equal_approx(mesh.get_aabb().size.x, extent * 2.0), "the terrain is %s" % mesh.get_aabb())
	check(mesh.get_aabb().grow(0.01).has_point(Vector3(place.x, ground, place.z)), "the ground is in the mesh")
	await _leave(client)


func test_the_crowd_is_seen_and_moves() -> void:
	var client := await _join()
	var crowd := ShieldwallCrowd3D.new()
	crowd.client = client
	crowd.mesh = BoxMesh.new()
	tree.root.add_child(crowd)
	var bots := int(OS.get_environment("GODOT_TEST_BOTS"))
	var enough := func() -> bool: return crowd.get_count() >= bots * 9 / 10.0
	check(await until(enough, WAIT_S), "%d of %d bots are seen" % [crowd.get_count(), bots])
	var first := _places(crowd)
	await _wait(1.0)
	var second := _places(crowd)
	var moved := 0
	for i in mini(first.size(), second.size()):
		moved += int(first[i].distance_to(second[i]) > 0.2)
	check(moved > bots / 4.0, "%d of %d instances moved" % [moved, first.size()])
	var extent := client.get_half_extent() + 1.0
	var box := AABB(Vector3(-extent, -100, -extent), Vector3(extent * 2, 200, extent * 2))
	for place in second:
		check(box.has_point(place), "an instance at %s is in the field" % place)
	check(box.intersects(crowd.multimesh.custom_aabb), "the box of the crowd: %s" % crowd.multimesh.custom_aabb)
	crowd.queue_free()
	await _leave(client)


func _places(crowd: ShieldwallCrowd3D) -> PackedVector3Array:
	var buffer := crowd.multimesh.buffer
	var places := PackedVector3Array()
	for i in crowd.get_count():
		var at := i * FLOATS
		places.append(Vector3(buffer[at + 3], buffer[at + 7], buffer[at + 11]))
	return places


func test_two_clients_live_in_one_process() -> void:
	var first := await _join()
	var second := await _join()
	check(first.get_own_slot() != second.get_own_slot(), "two characters")
	await _leave(first)
	await _wait(0.3)
	check_equal(second.get_state(), ShieldwallClient.STATE_CONNECTED, "the second goes on")
	await _leave(second)


## What stands on the host stands here, is drawn, and what falls there falls here: told, and seen by who comes later.
func test_what_stands_and_falls_is_the_hosts() -> void:
	if OS.get_environment("GODOT_TEST_SCENERY") != "fort":
		check(true, "the host has no fort")
		return
	var client := ShieldwallClient.new()
	client.scenery_file = "fort"
	tree.root.add_child(client)
	var balance := [0]
	client.section_fell.connect(func(_section: int) -> void: balance[0] += 1)
	client.section_built.connect(func(_section: int) -> void: balance[0] -= 1)
	check_equal(client.connect_to_server("127.0.0.1", int(OS.get_environment("GODOT_TEST_PORT"))), OK, "connect_to_server()")
	var synced := func() -> bool: return client.get_state() == ShieldwallClient.STATE_CONNECTED
	check(await until(synced, WAIT_S), "in the battle within %d s" % WAIT_S)
	var scenery := ShieldwallScenery3D.new()
	scenery.client = client
	tree.root.add_child(scenery)
	await until(func() -> bool: return client.get_fallen_sections().size() > 0, FALL_S)
	await tree.process_frame
	await tree.process_frame
	var fallen := client.get_fallen_sections()
	print("     sections of the fort that fell: %s" % [fallen])
	check_equal(client.get_section_count(), 24, "sections")
	check_equal(client.get_section_kind(0), "wall", "the first")
	check_equal(scenery.get_shape_count(), 24, "shapes drawn")
	check(fallen.size() > 0, "something fell within %d s" % FALL_S)
	check_equal(balance[0], fallen.size(), "what was told")
	check_equal(scenery.get_fallen_count(), fallen.size(), "fallen, as drawn")
	for section in fallen:
		check(not client.is_section_standing(section), "section %d is down" % section)
	scenery.queue_free()
	await _leave(client)


func test_another_scenery_is_refused_with_a_reason() -> void:
	var client := ShieldwallClient.new()
	client.scenery_file = "" if OS.get_environment("GODOT_TEST_SCENERY") == "fort" else "fort"
	tree.root.add_child(client)
	var reasons: Array[String] = []
	client.connection_failed.connect(func(reason: String) -> void: reasons.append(reason))
	client.connect_to_server("127.0.0.1", int(OS.get_environment("GODOT_TEST_PORT")))
	check(await until(func() -> bool: return not reasons.is_empty(), WAIT_S), "refused within %d s" % WAIT_S)
	print("     refused: %s" % [reasons])
	check_equal(client.get_state(), ShieldwallClient.STATE_DISCONNECTED, "the state")
	client.queue_free()


## Every place and flag of the host is known, wherever it is; without a scenery there are none, and asking is no error.
func test_what_is_fought_over_is_known() -> void:
	var client := await _join()
	var fort := OS.get_environment("GODOT_TEST_SCENERY") == "fort"
	check_equal(client.get_objective_count(), 5 if fort else 0, "objectives")
	if fort:
		var keep := client.get_objective(0)
		check_equal(keep.kind, "keep", "the first: %s" % keep)
		check(keep.owner in [-1, 0, 1] and keep.flag == "none" and keep.radius > 5.0, "the keep: %s" % keep)
		check(client.get_objective(3).flag in ["home", "carried", "dropped"], "a flag")
	check(client.get_objective(9).is_empty(), "no such objective")
	check(client.get_score(0) >= 0 and client.get_score(9) == 0, "scores")
	check(client.has_signal("objective_changed") and client.has_signal("score_changed"), "the signals")
	await _leave(client)
