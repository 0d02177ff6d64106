extends Camera3D
## Looks over the shoulder of its target; the mouse turns it.

@export var target: Node3D
@export_range(2.0, 20.0, 0.1, "suffix:m") var distance := 5.5
@export_range(0.0005, 0.01, 0.0001, "suffix:rad/px") var sensitivity := 0.0025

## Direction in radians, as the character looks.
var turn := 0.0
## Up is positive.
var tilt := -0.12


func _unhandled_input(event: InputEvent) -> void:
	if event is InputEventMouseButton and event.pressed:
		Input.mouse_mode = Input.MOUSE_MODE_CAPTURED
	elif event.is_action_pressed("ui_cancel"):
		Input.mouse_mode = Input.MOUSE_MODE_VISIBLE
	elif event is InputEventMouseMotion and Input.mouse_mode == Input.MOUSE_MODE_CAPTURED:
		turn = wrapf(turn - event.relative.x * sensitivity, -PI, PI)
		tilt = clampf(tilt - event.relative.y * sensitivity, -1.2, 0.9)


func _process(_delta: float) -> void:
	if target == null or not target.visible:
		return
	var looks := Basis.from_euler(Vector3(tilt, turn, 0.0))
	var pivot := target.global_position + Vector3.UP * 1.9 + looks.x * 0.5
	global_transform = Transform3D(looks, pivot + looks.z * distance)
