extends RefCounted
## Builds the demo's soldier out of primitive meshes: one low-poly surface for a MultiMesh.
## The part of a body that a triangle belongs to is in UV.x; demo/soldier.gdshader has a colour for each.

const CLOTH := 0.0
const SKIN := 1.0
const STEEL := 2.0
const WOOD := 3.0
const DARK := 4.0


static func build() -> ArrayMesh:
	var tool := SurfaceTool.new()
	tool.begin(Mesh.PRIMITIVE_TRIANGLES)
	for side in [-1.0, 1.0]:
		_add(tool, _box(0.2, 0.8, 0.24), DARK, Vector3(side * 0.13, 0.4, 0.0))
	_add(tool, _barrel(0.3, 0.24, 0.75), CLOTH, Vector3(0.0, 1.12, 0.0))
	_add(tool, _box(0.62, 0.14, 0.3), STEEL, Vector3(0.0, 1.42, 0.0))
	_add(tool, _ball(0.15), SKIN, Vector3(0.0, 1.62, 0.0))
	_add(tool, _barrel(0.19, 0.06, 0.2), STEEL, Vector3(0.0, 1.74, 0.0))
	# Shield on the left arm, turned a little outwards; sword in the right hand.
	_add(tool, _barrel(0.36, 0.36, 0.07), CLOTH, Vector3(-0.34, 1.05, -0.3), Vector3(PI / 2, 0.25, 0.0))
	_add(tool, _barrel(0.1, 0.1, 0.12), STEEL, Vector3(-0.34, 1.05, -0.33), Vector3(PI / 2, 0.25, 0.0))
	_add(tool, _box(0.14, 0.14, 0.5), CLOTH, Vector3(0.36, 1.15, -0.2))
	_add(tool, _box(0.05, 0.9, 0.1), STEEL, Vector3(0.36, 1.55, -0.45), Vector3(-0.35, 0.0, 0.0))
	_add(tool, _box(0.06, 0.07, 0.28), WOOD, Vector3(0.36, 1.14, -0.42))
	return tool.commit()


static func _add(tool: SurfaceTool, mesh: PrimitiveMesh, part: float, at: Vector3, turn := Vector3.ZERO) -> void:
	var place := Transform3D(Basis.from_euler(turn), at)
	var arrays := mesh.get_mesh_arrays()
	var points: PackedVector3Array = arrays[Mesh.ARRAY_VERTEX]
	var normals: PackedVector3Array = arrays[Mesh.ARRAY_NORMAL]
	for index: int in arrays[Mesh.ARRAY_INDEX]:
		tool.set_uv(Vector2(part, 0.0))
		tool.set_normal(place.basis * normals[index])
		tool.add_vertex(place * points[index])


static func _box(x: float, y: float, z: float) -> BoxMesh:
	var mesh := BoxMesh.new()
	mesh.size = Vector3(x, y, z)
	return mesh


static func _barrel(bottom: float, top: float, height: float) -> CylinderMesh:
	var mesh := CylinderMesh.new()
	mesh.bottom_radius = bottom
	mesh.top_radius = top
	mesh.height = height
	mesh.radial_segments = 8
	mesh.rings = 0
	return mesh


static func _ball(radius: float) -> SphereMesh:
	var mesh := SphereMesh.new()
	mesh.radius = radius
	mesh.height = radius * 2.0
	mesh.radial_segments = 8
	mesh.rings = 4
	return mesh
