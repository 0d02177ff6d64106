extends Node3D
## The demo: joins the host of this machine, walks with the keyboard, draws the battle.
##   W A S D move, shift sprints, space jumps, left mouse button strikes, right shoots, Q and E use the abilities, F blocks,
##   C dodges, escape frees the mouse.
## On the command line: -- --host 127.0.0.1 --port 7777 --scenery fort
## The scenery must be the host's: `shieldwall demo` has the fort, `shieldwall serve` an open field ("none").

const SoldierMesh := preload("res://demo/soldier_mesh.gd")
const SOLDIER := preload("res://demo/soldier.gdshader")
const GROUND := preload("res://demo/ground.gdshader")
const MASONRY := preload("res://demo/masonry.gdshader")

@onready var client: ShieldwallClient = $ShieldwallClient
@onready var crowd: ShieldwallCrowd3D = $Crowd
@onready var scenery: ShieldwallScenery3D = $Scenery
@onready var own: MeshInstance3D = $Own
@onready var camera: Camera3D = $Camera
@onready var hud: Label = $Hud

## Off while a script moves the character and the camera.
var player_controls := true


func _ready() -> void:
	_light()
	_dress()
	client.synced.connect(_on_synced)
	client.connection_failed.connect(func(reason: String) -> void: hud.note = "No battle: " + reason)
	client.disconnected.connect(func(reason: String) -> void: hud.note = "The battle is over: " + reason)
	client.entity_hit.connect(_on_hit)
	client.entity_healed.connect(_on_healed)
	client.entity_afflicted.connect(_on_afflicted)
	client.assisted.connect(func(_victim: int) -> void: hud.note = "You helped to bring one down")
	client.local_player_died.connect(func(_killer: int) -> void: hud.note = "You fell. Wait for the drums.")
	client.section_fell.connect(_on_section_fell)
	hud.client = client
	hud.crowd = crowd
	var arguments := OS.get_cmdline_user_args()
	var host := _argument(arguments, "--host", client.host)
	var port := int(_argument(arguments, "--port", str(client.port)))
	client.scenery_file = _argument(arguments, "--scenery", client.scenery_file)
	if client.connect_to_server(host, port) != OK:
		hud.note = "Cannot connect to %s:%d" % [host, port]


func _argument(arguments: PackedStringArray, name_of: String, otherwise: String) -> String:
	var at := arguments.find(name_of)
	return arguments[at + 1] if at >= 0 and at + 1 < arguments.size() else otherwise


func _on_synced() -> void:
	scenery.ground_material.set_shader_parameter("half_extent", client.get_half_extent())
	own.set_instance_shader_parameter("team_color", crowd.team_colors[client.get_own_team()])
	own.show()
	camera.turn = client.get_own_transform().basis.get_euler().y
	hud.note = ""


func _on_hit(attacker: int, entity: int, amount: int, weapon: String) -> void:
	if entity == client.get_own_slot():
		hud.note = "Hit for %d by a %s" % [amount, weapon.replace("_", " ")]
	elif attacker == client.get_own_slot():
		hud.note = "You hit for %d" % amount


func _on_healed(_healer: int, entity: int, amount: int, _weapon: String) -> void:
	if entity == client.get_own_slot():
		hud.note = "Healed for %d" % amount


func _on_afflicted(_source: int, entity: int, effect: String) -> void:
	if entity == client.get_own_slot():
		hud.note = "You are %s" % effect


func _on_section_fell(section: int) -> void:
	hud.note = "A %s is down" % client.get_section_kind(section).replace("_", " ")


func _process(_delta: float) -> void:
	if client.get_state() != ShieldwallClient.STATE_CONNECTED:
		return
	if player_controls:
		client.set_input(_movement(), camera.turn, camera.tilt, _buttons())
	own.global_transform = client.get_own_transform()
	if not client.is_own_alive():
		own.rotate_object_local(Vector3.RIGHT, PI / 2)


func _movement() -> Vector2:
	var right := int(Input.is_physical_key_pressed(KEY_D)) - int(Input.is_physical_key_pressed(KEY_A))
	var forward := int(Input.is_physical_key_pressed(KEY_W)) - int(Input.is_physical_key_pressed(KEY_S))
	return Vector2(right, forward)


func _buttons() -> int:
	var buttons := 0
	if Input.is_physical_key_pressed(KEY_SHIFT):
		buttons |= ShieldwallClient.BUTTON_SPRINT
	if Input.is_physical_key_pressed(KEY_SPACE):
		buttons |= ShieldwallClient.BUTTON_JUMP
	if Input.is_mouse_button_pressed(MOUSE_BUTTON_LEFT):
		buttons |= ShieldwallClient.BUTTON_MELEE
	if Input.is_mouse_button_pressed(MOUSE_BUTTON_RIGHT):
		buttons |= ShieldwallClient.BUTTON_SHOOT
	if Input.is_physical_key_pressed(KEY_Q):
		buttons |= ShieldwallClient.BUTTON_ABILITY_1
	if Input.is_physical_key_pressed(KEY_E):
		buttons |= ShieldwallClient.BUTTON_ABILITY_2
	if Input.is_physical_key_pressed(KEY_F):
		buttons |= ShieldwallClient.BUTTON_BLOCK
	if Input.is_physical_key_pressed(KEY_C):
		buttons |= ShieldwallClient.BUTTON_DODGE
	return buttons


func _dress() -> void:
	var mesh := SoldierMesh.build()
	var soldier := ShaderMaterial.new()
	soldier.shader = SOLDIER
	mesh.surface_set_material(0, soldier)
	crowd.mesh = mesh
	var ground := ShaderMaterial.new()
	ground.shader = GROUND
	scenery.ground_material = ground
	var masonry := ShaderMaterial.new()
	masonry.shader = MASONRY
	scenery.structure_material = masonry
	# The own character is no part of the crowd: the same body with its colour as a parameter.
	own.mesh = SoldierMesh.build()
	var own_material := ShaderMaterial.new()
	own_material.shader = preload("res://demo/own_soldier.gdshader")
	own.mesh.surface_set_material(0, own_material)
	own.hide()


func _light() -> void:
	var sun := DirectionalLight3D.new()
	sun.rotation_degrees = Vector3(-48, -35, 0)
	sun.light_color = Color(1.0, 0.95, 0.86)
	sun.light_energy = 1.15
	add_child(sun)
	var sky := ProceduralSkyMaterial.new()
	sky.sky_top_color = Color(0.24, 0.42, 0.68)
	sky.sky_horizon_color = Color(0.74, 0.80, 0.86)
	sky.ground_horizon_color = Color(0.74, 0.80, 0.86)
	sky.ground_bottom_color = Color(0.35, 0.36, 0.33)
	var environment := Environment.new()
	environment.background_mode = Environment.BG_SKY
	environment.sky = Sky.new()
	environment.sky.sky_material = sky
	environment.ambient_light_source = Environment.AMBIENT_SOURCE_SKY
	environment.ambient_light_energy = 0.75
	environment.fog_enabled = true
	environment.fog_light_color = Color(0.74, 0.80, 0.86)
	environment.fog_density = 0.0022
	environment.fog_sky_affect = 0.0
	environment.tonemap_mode = Environment.TONE_MAPPER_FILMIC
	var world := WorldEnvironment.new()
	world.environment = environment
	add_child(world)
