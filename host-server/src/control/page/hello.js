// Hello and stats: JSON messages in, checked plain values out. What is optional and wrong is left out; what is needed and
// wrong makes the message null. Not here: the connection (feed.js), frames (frames.js).

const TEAMS_MAX = 16;
const NAME_MAX = 24;
const TERRAIN_SIDE_MAX = 1025;
const ARMS_MAX = 64;
const CLASSES_MAX = 8;
const SECTIONS_MAX = 65536;
const SOLIDS_MAX = 4096;
const POINTS_MAX = 256;
const CORNERS_MAX = 256;
const PLACE_MAX_M = 70_000;
const ARM_KINDS = ["none", "melee", "hitscan", "projectile", "area"];

// A number inside [low, high], or null.
function number(value, low, high) {
  return typeof value === "number" && Number.isFinite(value) && value >= low && value <= high ? value : null;
}

// Text fit for a label: one line, bounded, without control characters or direction overrides.
function label(value, otherwise) {
  if (typeof value !== "string") return otherwise;
  const clean = value.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim().slice(0, NAME_MAX);
  return clean || otherwise;
}

// A list of at most `most` entries, each by `decode`; null when it is too long or one of them cannot be read.
function list(value, most, decode) {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > most) return null;
  const out = value.map(decode);
  return out.includes(null) ? null : out;
}

function decodeTeams(teams) {
  if (!Array.isArray(teams) || teams.length < 1 || teams.length > TEAMS_MAX) return null;
  return teams.map((team, index) => ({
    name: label(team?.name, `Team ${index + 1}`),
    color: typeof team?.color === "string" && /^#[0-9a-f]{6}$/i.test(team.color) ? team.color : null,
  }));
}

function decodeTerrain(terrain) {
  const columns = number(terrain?.columns, 2, TERRAIN_SIDE_MAX);
  const rows = number(terrain?.rows, 2, TERRAIN_SIDE_MAX);
  const spacing = number(terrain?.spacing_m, 0.05, 1000);
  const heights = terrain?.heights_cm;
  if (!Number.isInteger(columns) || !Number.isInteger(rows) || spacing === null) return null;
  if (!Array.isArray(heights) || heights.length !== columns * rows) return null;
  const metres = new Float32Array(heights.length);
  for (let i = 0; i < heights.length; i += 1) {
    const height = number(heights[i], -1e6, 1e6);
    if (height === null) return null;
    metres[i] = height / 100;
  }
  return { columns, rows, spacing, heights: metres };
}

// What a shape covers: {circle: [x, z, radius]} or {polygon: [[x, z], ...]} in metres.
function decodeOutline(outline) {
  const place = (value) => number(value, -PLACE_MAX_M, PLACE_MAX_M);
  if (Array.isArray(outline?.circle) && outline.circle.length === 3) {
    const [x, z, radius] = outline.circle;
    const circle = [place(x), place(z), number(radius, 0, PLACE_MAX_M)];
    return circle.includes(null) ? null : { circle };
  }
  if (!Array.isArray(outline?.polygon) || outline.polygon.length > CORNERS_MAX) return null;
  const polygon = outline.polygon.map((corner) => (Array.isArray(corner) && corner.length === 2 ? corner.map(place) : null));
  return polygon.some((corner) => corner === null || corner.includes(null)) ? null : { polygon };
}

function decodeArm(arm) {
  const blast = number(arm?.blast_m, 0, 1000);
  if (blast === null) return null;
  const kind = ARM_KINDS.includes(arm.kind) ? arm.kind : "none";
  return { name: label(arm.name, "weapon").replaceAll("_", " "), key: label(arm.name, ""), kind, blast };
}

function decodeClass(one) {
  const radius = number(one?.radius_m, 0.05, 100);
  return radius === null ? null : { name: label(one.name, "character"), radius };
}

function decodeSection(section) {
  const outline = decodeOutline(section?.outline);
  return outline === null ? null : { kind: label(section.kind, "wall").replaceAll("_", " "), outline };
}

function decodePoint(point) {
  const [x, z] = [number(point?.x, -PLACE_MAX_M, PLACE_MAX_M), number(point?.z, -PLACE_MAX_M, PLACE_MAX_M)];
  const radius = number(point?.radius_m, 0.1, 1000);
  if (x === null || z === null || radius === null) return null;
  return { x, z, radius, kind: label(point.kind, "place"), flag: point.flag === true };
}

export function decodeHello(message) {
  const tickHz = number(message.tick_hz, 1, 1000);
  const halfExtent = number(message.half_extent_m, 1, 32768);
  const teams = decodeTeams(message.teams);
  const arms = list(message.arms, ARMS_MAX, decodeArm);
  const classes = list(message.classes, CLASSES_MAX, decodeClass);
  const sections = list(message.sections, SECTIONS_MAX, decodeSection);
  const solids = list(message.solids, SOLIDS_MAX, decodeOutline);
  const points = list(message.capture_points, POINTS_MAX, decodePoint);
  const props = list(message.props, CLASSES_MAX, decodeClass);
  if ([tickHz, halfExtent, teams, arms, classes, sections, solids, points, props].includes(null)) return null;
  const tiers = Array.isArray(message.tiers_m) ? message.tiers_m.slice(0, 8) : [];
  return {
    tickHz, halfExtent, teams, arms, classes, sections, solids, points, props,
    tiers: tiers.filter((radius) => number(radius, 0.5, 100_000) !== null).sort((a, b) => a - b),
    terrain: decodeTerrain(message.terrain),
    version: label(message.version, ""),
  };
}

function decodeFollow(follow, teamCount) {
  if (follow === null || typeof follow !== "object") return null;
  const slot = number(follow.slot, 0, 65535);
  if (slot === null) return null;
  const visible = Array.isArray(follow.visible) ? follow.visible.slice(0, 65536) : [];
  const effects = Array.isArray(follow.effects) ? follow.effects.slice(0, 8) : [];
  return {
    slot,
    name: label(follow.name, `Character ${slot}`),
    team: number(follow.team, 0, teamCount - 1),
    health: number(follow.health, 0, 65535),
    kills: number(follow.kills, 0, 1e9),
    deaths: number(follow.deaths, 0, 1e9),
    rttMs: number(follow.rtt_ms, 0, 1e6),
    downBytes: number(follow.down_bytes_s, 0, 1e12),
    upBytes: number(follow.up_bytes_s, 0, 1e12),
    visible: visible.filter((other) => Number.isInteger(other) && other >= 0 && other < 65536),
    effects: effects.map((name) => label(name, "").replaceAll("_", " ")).filter((name) => name !== ""),
  };
}

export function decodeStats(message, hello) {
  const figure = (value, high = 1e15) => number(value, 0, high);
  const byTeam = (value) => (Array.isArray(value) ? value.slice(0, TEAMS_MAX).map((one) => number(one, -1e12, 1e12) ?? 0) : []);
  return {
    tick: figure(message.tick), uptimeS: figure(message.uptime_s),
    tickP50: figure(message.tick_ms?.p50), tickP99: figure(message.tick_ms?.p99), tickMax: figure(message.tick_ms?.max),
    budgetMs: figure(message.tick_budget_ms), ticksLate: figure(message.ticks_late),
    skippedShare: figure(message.packets_skipped_share, 1),
    clients: figure(message.clients), downBytes: figure(message.bytes_down_per_client_s),
    upBytes: figure(message.bytes_up_per_client_s), snapshotAgeMs: figure(message.snapshot_age_ms),
    corrections: figure(message.corrections_per_client_s), visibleMean: figure(message.entities_visible_mean),
    kills: figure(message.kills), projectiles: figure(message.projectiles), cpuUs: figure(message.cpu_us_per_client_s),
    blocks: figure(message.fight?.blocks), sectionsFallen: figure(message.fight?.sections_fallen),
    captures: figure(message.fight?.captures),
    score: byTeam(message.score), points: byTeam(message.points),
    follow: decodeFollow(message.follow ?? null, hello.teams.length),
  };
}
