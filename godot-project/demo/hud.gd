extends Label
## What a player wants to know, in plain words.

var client: ShieldwallClient
var crowd: ShieldwallCrowd3D
var note := "Connecting …"
## Off for pictures: frames drawn by software say nothing about a network.
var shows_network := true


func _ready() -> void:
	add_theme_font_size_override("font_size", 18)
	add_theme_color_override("font_outline_color", Color(0, 0, 0, 0.7))
	add_theme_constant_override("outline_size", 5)


func _process(_delta: float) -> void:
	if client == null or client.get_state() != ShieldwallClient.STATE_CONNECTED:
		text = note
		return
	text = "Health %d %%    Stamina %d %%    In sight %d" % [
		roundi(client.get_own_health() * 100.0), roundi(client.get_own_stamina() * 100.0), crowd.get_count()]
	if shows_network:
		var stats := client.get_stats()
		text += "    Round trip %.0f ms    Others drawn %.0f ms in the past" % [
			stats.round_trip_ms, stats.interpolation_delay_ms]
	text += "\n" + _abilities() + "\n" + note


func _abilities() -> String:
	var parts := PackedStringArray()
	for button: int in [ShieldwallClient.BUTTON_ABILITY_1, ShieldwallClient.BUTTON_ABILITY_2]:
		var weapon := client.get_own_weapon(button)
		if weapon == "none":
			continue
		var wait := client.get_own_cooldown(button)
		parts.append("%s %s" % [weapon.replace("_", " "), "%.1f s" % wait if wait > 0.0 else "ready"])
	for effect in client.get_own_effects():
		parts.append("%s %.1f s" % [effect.effect, effect.seconds])
	return "    ".join(parts)
