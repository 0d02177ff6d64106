// The colours of the battlefield.

// Colours come from the style sheet, so that light and dark are decided in one place.
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    outside: value("field-outside"), edge: value("field-edge"), grid: value("field-grid"), text: value("text"),
    outline: value("marker-outline"), hollow: value("marker-hollow"), flash: value("marker-flash"),
    spark: value("spark"), markUnder: value("mark-under"), tier: value("tier"), shadow: value("marker-shadow"),
    chip: value("field-chip"), veil: value("field-veil"), healthTrack: value("health-track"), neutral: value("neutral"),
    stone: value("stone"), stoneEdge: value("stone-edge"), wood: value("wood"), woodEdge: value("wood-edge"),
    crack: value("crack"), rubble: value("rubble"), blast: value("blast"), grenade: value("grenade"),
    shield: value("shield"), stun: value("stun"), slow: value("slow"),
    terrain: {
      stops: value("terrain-stops").split(/\s+/), contour: value("terrain-contour"),
      minor: Number(value("terrain-minor")), major: Number(value("terrain-major")),
      bright: Number(value("terrain-bright")), dark: Number(value("terrain-dark")), grain: Number(value("terrain-grain")),
    },
  };
}
