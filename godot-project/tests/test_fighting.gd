extends "res://tests/suite.gd"
## Weapons, abilities and status effects as scripts see them, in a world stepped by hand.


## Two soldiers of different teams, a metre and a half apart, long enough in the world to be hurt.
func _duel() -> ShieldwallWorld:
	var world := ShieldwallWorld.new()
	world.seed = 7
	check_equal(world.create(), OK, "create()")
	world.queue_spawn_at(0, 0, 0.0, 0.0, 0)
	world.queue_spawn_at(1, 1, 0.0, -1.5, 0)
	world.step()
	for i in 60:
		world.step()
	return world


func _first(events: Array[Dictionary], kind: String) -> Dictionary:
	for event in events:
		if event.kind == kind:
			return event
	return {}


func test_a_shield_bash_is_told_by_name() -> void:
	var world := _duel()
	var ids := world.get_ids()
	check_equal(ids.size(), 2, "characters")
	world.queue_input(ids[0], ShieldwallClient.BUTTON_ABILITY_1, 0, 0, 0, 0)
	var hit := {}
	var afflicted := {}
	var report := {}
	for i in 30:
		report = world.step()
		hit = _first(world.get_events(), "hit")
		afflicted = _first(world.get_events(), "afflicted")
		if not hit.is_empty():
			break
	check_equal(hit.get("weapon"), "shield_bash", "the weapon")
	check_equal(hit.get("id"), ids[1], "whom it hit")
	check_equal(afflicted.get("effect"), "stunned", "the effect")
	check_equal(report.get("hits"), 1, "hits in the report")
	check(report.get("health_taken", 0) > 0, "health taken: %s" % report)
	var effects := world.get_effects()
	check_equal(effects.size(), 1, "effects at work")
	check_equal(effects[0].effect, "stunned", "what lasts")
	check_equal(effects[0].id, ids[1], "on whom")
	check(effects[0].end_tick > world.get_tick(), "it lasts")


func test_a_shield_holds_off_a_blade() -> void:
	var world := _duel()
	var ids := world.get_ids()
	# The other one turns round: 32768 is half a turn.
	world.queue_input(ids[1], ShieldwallClient.BUTTON_BLOCK, 0, 0, 32768, 0)
	world.step()
	world.queue_input(ids[0], ShieldwallClient.BUTTON_MELEE, 0, 0, 0, 0)
	var blocks := 0
	for i in 30:
		blocks += world.step().blocks
	check(blocks > 0, "blocks: %d" % blocks)


func test_buttons_have_bits_of_their_own() -> void:
	var bits := [ShieldwallClient.BUTTON_SPRINT, ShieldwallClient.BUTTON_JUMP, ShieldwallClient.BUTTON_MELEE,
		ShieldwallClient.BUTTON_SHOOT, ShieldwallClient.BUTTON_CROUCH, ShieldwallClient.BUTTON_DODGE,
		ShieldwallClient.BUTTON_ABILITY_1, ShieldwallClient.BUTTON_ABILITY_2, ShieldwallClient.BUTTON_BLOCK]
	var all := 0
	for bit: int in bits:
		check_equal(all & bit, 0, "bits of %d that another button has" % bit)
		all |= bit
	check_equal(all, 511, "all buttons")


func test_a_client_without_a_battle_knows_of_no_fight() -> void:
	var client := ShieldwallClient.new()
	check_equal(client.get_own_stamina(), 0.0, "stamina")
	check_equal(client.get_own_weapon(ShieldwallClient.BUTTON_MELEE), "", "the weapon")
	check_equal(client.get_own_cooldown(ShieldwallClient.BUTTON_SHOOT), 0.0, "the cooldown")
	check_equal(client.get_own_effects().size(), 0, "effects")
	check(not client.is_own_stunned() and not client.is_own_blocking(), "nothing holds")
	client.free()
