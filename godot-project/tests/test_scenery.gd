extends "res://tests/suite.gd"
## What stands in a world, drawn: falls, risings, craters, other states, other worlds.

const FLOATS := 16


func _fort() -> ShieldwallWorld:
	var world := ShieldwallWorld.new()
	world.seed = 7
	check_equal(world.load_scenery("fort"), OK, "load_scenery()")
	check_equal(world.create(), OK, "create()")
	return world


func _draw(world: ShieldwallWorld) -> ShieldwallScenery3D:
	var scenery := ShieldwallScenery3D.new()
	scenery.world = world
	tree.root.add_child(scenery)
	scenery.set_process(false)
	scenery.refresh()
	return scenery


## The MultiMesh of the boxes.
func _boxes(scenery: ShieldwallScenery3D) -> MultiMesh:
	for child in scenery.get_children():
		if child is MultiMeshInstance3D and child.multimesh.mesh is BoxMesh:
			return child.multimesh
	return null


## Height of a box: the length of its basis along y.
func _height(boxes: MultiMesh, instance: int) -> float:
	var buffer := boxes.buffer
	var at := instance * FLOATS
	return Vector3(buffer[at + 1], buffer[at + 5], buffer[at + 9]).length()


func test_everything_that_stands_is_drawn() -> void:
	var world := _fort()
	var scenery := _draw(world)
	check_equal(scenery.get_shape_count(), world.get_section_count(), "shapes")
	check_equal(scenery.get_fallen_count(), 0, "fallen")
	check_equal(_boxes(scenery).instance_count, 22, "boxes: 14 walls, 2 gates, 6 barricades")
	check_equal(_height(_boxes(scenery), 0), 10.0, "height of the first wall")
	var chunks := world.get_terrain_chunks_per_side()
	check_equal(scenery.get_child_count(), 2 + chunks * chunks, "nodes")
	scenery.queue_free()
	await tree.process_frame


func test_a_section_falls_and_rises() -> void:
	var world := _fort()
	var scenery := _draw(world)
	var whole := _height(_boxes(scenery), 0)
	# Drawn while the world tells it.
	var draw := func(_section: int, _by: int) -> void: scenery.refresh(0.0)
	world.section_fell.connect(draw, CONNECT_ONE_SHOT)
	world.queue_strike_section(0, world.get_section_health_max(0))
	world.step()
	check_equal(scenery.get_fallen_count(), 1, "fallen")
	check_equal(_height(_boxes(scenery), 0), whole, "at the first moment")
	scenery.refresh(scenery.fall_seconds * 0.7)
	var half := _height(_boxes(scenery), 0)
	check(half < whole - 0.5, "on the way down: %f of %f" % [half, whole])
	scenery.refresh(scenery.fall_seconds)
	var heap := _height(_boxes(scenery), 0)
	check(heap < half, "a heap: %f" % heap)
	check_equal(_height(_boxes(scenery), 1), whole, "its neighbour")
	world.queue_build_section(0, 100)
	world.step()
	scenery.refresh(scenery.fall_seconds * 2.0)
	check_equal(scenery.get_fallen_count(), 0, "fallen after the repair")
	check_equal(_height(_boxes(scenery), 0), whole, "after the repair")
	scenery.queue_free()
	await tree.process_frame


func test_craters_change_their_chunk_alone() -> void:
	var world := _fort()
	var scenery := _draw(world)
	var made := scenery.get_ground_meshes_made()
	world.queue_deform(60.0, 60.0, 4.0, 2.0)
	var before := world.get_terrain_height(60.0, 60.0)
	var chunks: Array[Vector2i] = []
	world.ground_changed.connect(func(chunk: Vector2i) -> void: chunks.append(chunk))
	world.step()
	scenery.refresh()
	check_equal(chunks, [Vector2i(1, 1)] as Array[Vector2i], "the chunk")
	check(absf(world.get_terrain_height(60.0, 60.0) - before + 2.0) < 0.05, "the crater")
	check_equal(scenery.get_ground_meshes_made(), made + 1, "meshes made")
	scenery.refresh()
	check_equal(scenery.get_ground_meshes_made(), made + 1, "meshes made when nothing changed")
	var mesh := world.create_terrain_chunk_mesh(Vector2i(1, 1))
	check_equal(mesh.get_surface_count(), 1, "surfaces")
	check(mesh.get_aabb().position.is_equal_approx(Vector3(0, mesh.get_aabb().position.y, 0)), "where: %s" % mesh.get_aabb())
	scenery.queue_free()
	await tree.process_frame


func test_other_states_and_other_worlds_are_drawn() -> void:
	var world := _fort()
	world.keep_state(0)
	world.queue_strike_section(3, 1 << 24)
	world.queue_deform(60.0, 60.0, 4.0, 2.0)
	world.step()
	var image := world.save_state()
	var scenery := _draw(world)
	check_equal(scenery.get_fallen_count(), 1, "fallen for who comes late")
	check(_height(_boxes(scenery), _boxes(scenery).instance_count - 1) > 1.0, "the last stands")
	var made := scenery.get_ground_meshes_made()
	check_equal(world.return_to_state(0), OK, "return_to_state()")
	scenery.refresh(10.0)
	check_equal(scenery.get_fallen_count(), 0, "fallen after going back")
	check_equal(scenery.get_ground_meshes_made(), made + 1, "meshes made by going back")
	check_equal(world.load_state(image), OK, "load_state()")
	scenery.refresh(10.0)
	check_equal(scenery.get_fallen_count(), 1, "fallen after going on")
	world.load_scenery("")
	check_equal(world.create(), OK, "create()")
	scenery.refresh()
	check_equal(scenery.get_shape_count(), 0, "shapes of an open field")
	scenery.world = null
	scenery.refresh()
	scenery.queue_free()
	await tree.process_frame


func test_warnings_of_a_scenery() -> void:
	var scenery := ShieldwallScenery3D.new()
	check_equal(scenery.list_warnings().size(), 1, "without a client")
	var client := ShieldwallClient.new()
	scenery.client = client
	check_equal(scenery.list_warnings().size(), 0, "with a client")
	scenery.refresh()
	client.free()
	scenery.refresh()
	check_equal(scenery.client, null, "a client that was freed")
	scenery.free()


func test_a_client_is_told_what_cannot_be_its_scenery() -> void:
	allowed_errors = 2
	var client := ShieldwallClient.new()
	client.scenery_file = "res://tests/nothing.swsc"
	check_equal(client.connect_to_server("127.0.0.1", 9), ERR_FILE_NOT_FOUND, "a file that is not there")
	check_equal(client.set_scenery_data("?".to_utf8_buffer()), ERR_INVALID_DATA, "bytes that are none")
	check_equal(client.get_section_count(), 0, "sections")
	check_equal(client.is_section_standing(-1), false, "no section stands")
	check_equal(client.get_fallen_sections().size(), 0, "fallen sections")
	check_equal(client.create_terrain_chunk_mesh(Vector2i(-1, 7)), null, "no chunk")
	client.free()
