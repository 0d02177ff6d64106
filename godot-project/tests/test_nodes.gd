extends "res://tests/suite.gd"
## The nodes without a host: warnings in the editor, refusals, the crowd's buffer.

const FLOATS := 20


func _crowd(count: int) -> ShieldwallCrowd3D:
	var crowd := ShieldwallCrowd3D.new()
	crowd.mesh = BoxMesh.new()
	crowd.max_instances = 4096
	crowd.preview_count = count
	tree.root.add_child(crowd)
	return crowd


func test_warnings_name_what_is_missing() -> void:
	var crowd := ShieldwallCrowd3D.new()
	check_equal(crowd.list_warnings().size(), 2, "warnings of an empty crowd")
	crowd.mesh = BoxMesh.new()
	var client := ShieldwallClient.new()
	crowd.client = client
	check_equal(crowd.list_warnings().size(), 0, "warnings of a complete crowd")
	check_equal(client.list_warnings().size(), 0, "warnings of an untouched client")
	client.host = "somewhere"
	check_equal(client.list_warnings().size(), 1, "warnings for a host that is no address")
	client.host = "10.0.0.1"
	client.auto_connect = true
	check_equal(client.list_warnings().size(), 1, "warnings for connecting far away by itself")
	crowd.free()
	client.free()


func test_connecting_nowhere_is_refused() -> void:
	var client := ShieldwallClient.new()
	tree.root.add_child(client)
	check_equal(client.connect_to_server("example.org", 7777), ERR_INVALID_PARAMETER, "a name")
	check_equal(client.connect_to_server("127.0.0.1", 70000), ERR_INVALID_PARAMETER, "a port too high")
	check_equal(client.connect_to_server("192.168.1.1", 7777), ERR_UNAUTHORIZED, "another machine")
	check_equal(client.connect_with_token(PackedByteArray()), ERR_INVALID_DATA, "an empty token")
	check_equal(client.get_state(), ShieldwallClient.STATE_DISCONNECTED, "the state")
	check_equal(client.get_stats(), {}, "the figures")
	check_equal(client.get_own_slot(), -1, "the own slot")
	check_equal(client.create_terrain_mesh(), null, "the terrain")
	client.queue_free()


func test_a_host_that_is_not_there_is_reported() -> void:
	var client := ShieldwallClient.new()
	tree.root.add_child(client)
	var reasons: Array[String] = []
	client.connection_failed.connect(func(reason: String) -> void: reasons.append(reason))
	check_equal(client.connect_to_server("127.0.0.1", 9), OK, "the beginning")
	check_equal(client.connect_to_server("127.0.0.1", 9), ERR_ALREADY_IN_USE, "a second beginning")
	await tree.process_frame
	check_equal(client.get_state(), ShieldwallClient.STATE_CONNECTING, "the state")
	client.disconnect_from_server()
	check_equal(reasons, ["left"] as Array[String], "what was reported")
	check_equal(client.get_state(), ShieldwallClient.STATE_DISCONNECTED, "the state afterwards")
	client.queue_free()


func test_the_preview_fills_the_buffer() -> void:
	var crowd := _crowd(500)
	await tree.process_frame
	check_equal(crowd.get_count(), 500, "the count")
	var buffer := crowd.multimesh.buffer
	check_equal(buffer.size(), 4096 * FLOATS, "floats in the buffer")
	var places := {}
	for i in 500:
		places[Vector2(buffer[i * FLOATS + 3], buffer[i * FLOATS + 11])] = true
		check(is_equal_approx(buffer[i * FLOATS + 15], 1.0), "colour of %d is opaque" % i)
	check_equal(places.size(), 500, "different places")
	check(crowd.multimesh.custom_aabb.size.x > 10.0, "a box around them: %s" % crowd.multimesh.custom_aabb)
	crowd.queue_free()


func test_more_than_fit_are_left_out() -> void:
	var crowd := _crowd(5000)
	crowd.refresh()
	check_equal(crowd.get_count(), 4096, "the count")
	crowd.queue_free()


func test_a_frame_of_two_thousand_is_cheap() -> void:
	var crowd := _crowd(2000)
	crowd.max_instances = 2048
	crowd.set_process(false)
	crowd.refresh()
	var times: Array[int] = []
	for i in 100:
		await tree.process_frame
		var started := Time.get_ticks_usec()
		crowd.refresh()
		times.append(Time.get_ticks_usec() - started)
	times.sort()
	print("     crowd of 2000: median %d us, worst %d us on the main thread" % [times[50], times[99]])
	check(times[50] < 3000, "a frame takes %d us" % times[50])
	crowd.queue_free()
