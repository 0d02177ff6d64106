extends SceneTree
## Runs the tests of this project in the engine:
##   godot4 --headless --fixed-fps 60 --path . --script res://tests/run.gd [-- part_of_a_name]
## Every method test_* of every tests/test_*.gd runs by itself and is awaited. Whatever the engine, a script or the
## extension reports as an error fails the test that caused it, unless the test announced it (allow_errors).
## Exit code 0: all passed. 1: a failure, or nothing ran.

class ErrorTrap extends Logger:
	var _lock := Mutex.new()
	var _caught: PackedStringArray = []

	func _log_error(function: String, file: String, line: int, code: String, rationale: String,
			_editor_notify: bool, error_type: int, _backtraces: Array[ScriptBacktrace]) -> void:
		if error_type == ERROR_TYPE_WARNING:
			return
		_lock.lock()
		_caught.append("%s:%d in %s: %s" % [file, line, function, code if rationale.is_empty() else rationale])
		_lock.unlock()

	func take() -> PackedStringArray:
		_lock.lock()
		var caught := _caught
		_caught = []
		_lock.unlock()
		return caught

var _trap := ErrorTrap.new()
var _ran := 0
var _failed := 0


func _initialize() -> void:
	OS.add_logger(_trap)
	_run_all.call_deferred()


func _run_all() -> void:
	var wanted := "" if OS.get_cmdline_user_args().is_empty() else OS.get_cmdline_user_args()[0]
	for file in DirAccess.get_files_at("res://tests"):
		if not (file.begins_with("test_") and file.ends_with(".gd")):
			continue
		var script: GDScript = load("res://tests/" + file)
		if script == null or not script.can_instantiate():
			_verdict(file, ["the script does not compile"], 0.0)
			continue
		var missing: String = script.new().missing()
		if not missing.is_empty():
			print("SKIPPED %s: %s" % [file.get_basename(), missing])
			continue
		for method in script.get_script_method_list():
			if method.name.begins_with("test_") and (wanted.is_empty() or (file + method.name).contains(wanted)):
				await _run_one(file, script, method.name)
	print("%d tests, %d failed" % [_ran, _failed])
	OS.remove_logger(_trap)
	quit(0 if _failed == 0 and _ran > 0 else 1)


func _run_one(file: String, script: GDScript, method: String) -> void:
	var suite: RefCounted = script.new()
	suite.tree = self
	_trap.take()
	var started := Time.get_ticks_usec()
	await suite.call(method)
	var problems: Array = Array(suite.failures)
	var caught := _trap.take()
	if caught.size() != suite.allowed_errors:
		problems.append("%d errors were reported, %d are expected:" % [caught.size(), suite.allowed_errors])
		problems.append_array(Array(caught))
	if suite.checks == 0:
		problems.append("the test checked nothing (a script error ends a test early)")
	_verdict("%s %s" % [file.get_basename(), method], problems, (Time.get_ticks_usec() - started) / 1000.0)


func _verdict(what: String, problems: Array, milliseconds: float) -> void:
	_ran += 1
	print("%s %s (%.1f ms)" % ["ok  " if problems.is_empty() else "FAIL", what, milliseconds])
	if not problems.is_empty():
		_failed += 1
		for problem in problems:
			print("     ", problem)
