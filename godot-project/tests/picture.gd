extends SceneTree
## Takes a picture of the demo in the thick of the battle:
##   godot4 --path . --script res://tests/picture.gd -- --port 7777 --out /tmp/picture.png
## Needs a screen (or Xvfb). Exit code 1 when no battle came into sight.

const WAIT_S := 40.0
const CROWD_MIN := 60

var _demo: Node3D


func _initialize() -> void:
	_demo = load("res://demo/demo.tscn").instantiate()
	root.add_child(_demo)
	_take.call_deferred()


func _take() -> void:
	var arguments := OS.get_cmdline_user_args()
	var out := arguments[arguments.find("--out") + 1]
	var client: ShieldwallClient = _demo.get_node("ShieldwallClient")
	var crowd: ShieldwallCrowd3D = _demo.get_node("Crowd")
	var ready := func() -> bool: return crowd.get_count() >= CROWD_MIN
	if not await _until(ready, WAIT_S):
		printerr("no battle in sight: %d characters" % crowd.get_count())
		quit(1)
		return
	_demo.player_controls = false
	_demo.hud.shows_network = false
	# Walk towards the middle of the field, until the fight is near.
	await _until(func() -> bool: return _walk_to_the_fight(client), 25.0)
	_demo.camera.distance = 9.0
	_demo.camera.tilt = -0.30
	await _until(func() -> bool: return _look_at_the_fight(client), 1.5)
	await RenderingServer.frame_post_draw
	var image := root.get_texture().get_image()
	var error := image.save_png(out)
	print("picture of %d characters: %s" % [crowd.get_count(), out])
	client.disconnect_from_server()
	quit(0 if error == OK else 1)


func _centre(client: ShieldwallClient) -> Vector3:
	var sum := Vector3.ZERO
	var places := client.get_crowd_positions()
	for place in places:
		sum += place
	return sum / maxf(places.size(), 1.0)


func _walk_to_the_fight(client: ShieldwallClient) -> bool:
	var to := _centre(client) - client.get_own_transform().origin
	var yaw := atan2(-to.x, -to.z)
	var near := Vector2(to.x, to.z).length() < 20.0 or not client.is_own_alive()
	client.set_input(Vector2.ZERO if near else Vector2(0, 1), yaw, 0.0, ShieldwallClient.BUTTON_SPRINT)
	_demo.camera.turn = yaw
	return near


func _look_at_the_fight(client: ShieldwallClient) -> bool:
	_walk_to_the_fight(client)
	return false


func _until(condition: Callable, seconds: float) -> bool:
	var end := Time.get_ticks_msec() + int(seconds * 1000.0)
	while Time.get_ticks_msec() < end:
		await process_frame
		if condition.call():
			return true
	return false
