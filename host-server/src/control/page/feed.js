// The feed: one WebSocket to /live, opened again whenever it closes.
// Everything that arrives is checked before anybody sees it: kinds, versions, lengths, ranges. What fails a check is
// dropped and counted. Not here: what the page does with it (motion.js, panel.js).

const HEADER_BYTES = 12;
const CHARACTER_BYTES = 10;
const PROJECTILE_BYTES = 8;
const EVENT_BYTES = 6;
const TEXT_MAX = 4_000_000;
const TEAMS_MAX = 16;
const NAME_MAX = 24;
const TERRAIN_SIDE_MAX = 1025;
const SILENCE_MS = 2500;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 5000;

export const FLAG_ALIVE = 1;
export const FLAG_ATTACKING = 2;
export const FLAG_AIRBORNE = 4;
export const EVENT_HIT = 1;
export const EVENT_DEATH = 2;
export const EVENT_RESPAWN = 3;
export const EVENT_SHOT = 4;

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

function decodeTeams(list) {
  if (!Array.isArray(list) || list.length < 1 || list.length > TEAMS_MAX) return null;
  return list.map((team, index) => ({
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

export function decodeHello(message) {
  const tickHz = number(message.tick_hz, 1, 1000);
  const halfExtent = number(message.half_extent_m, 1, 32768);
  const teams = decodeTeams(message.teams);
  if (tickHz === null || halfExtent === null || teams === null) return null;
  const tiers = Array.isArray(message.tiers_m) ? message.tiers_m.slice(0, 8) : [];
  return {
    tickHz, halfExtent, teams,
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
  };
}

export function decodeStats(message, hello) {
  const figure = (value, high = 1e15) => number(value, 0, high);
  const score = Array.isArray(message.score) ? message.score.slice(0, TEAMS_MAX) : [];
  return {
    tick: figure(message.tick), uptimeS: figure(message.uptime_s),
    tickP50: figure(message.tick_ms?.p50), tickP99: figure(message.tick_ms?.p99), tickMax: figure(message.tick_ms?.max),
    budgetMs: figure(message.tick_budget_ms), ticksLate: figure(message.ticks_late),
    clients: figure(message.clients), downBytes: figure(message.bytes_down_per_client_s),
    upBytes: figure(message.bytes_up_per_client_s), snapshotAgeMs: figure(message.snapshot_age_ms),
    corrections: figure(message.corrections_per_client_s), visibleMean: figure(message.entities_visible_mean),
    kills: figure(message.kills), projectiles: figure(message.projectiles), cpuUs: figure(message.cpu_us_per_client_s),
    score: score.map((points) => number(points, -1e12, 1e12) ?? 0),
    follow: decodeFollow(message.follow ?? null, hello.teams.length),
  };
}

function decodeCharacters(view, offset, count, metresPerUnit, teamCount) {
  const out = {
    slot: new Uint16Array(count), x: new Float32Array(count), z: new Float32Array(count), yaw: new Uint8Array(count),
    flags: new Uint8Array(count), team: new Uint8Array(count), health: new Uint8Array(count),
  };
  for (let i = 0, at = offset; i < count; i += 1, at += CHARACTER_BYTES) {
    const flags = view.getUint8(at + 7);
    out.slot[i] = view.getUint16(at, true);
    out.x[i] = view.getInt16(at + 2, true) * metresPerUnit;
    out.z[i] = view.getInt16(at + 4, true) * metresPerUnit;
    out.yaw[i] = view.getUint8(at + 6);
    out.flags[i] = flags & 15;
    out.team[i] = (flags >> 4) % teamCount;
    out.health[i] = view.getUint8(at + 8);
  }
  return out;
}

function decodeProjectiles(view, offset, count, metresPerUnit, teamCount) {
  const out = {
    slot: new Uint16Array(count), x: new Float32Array(count), z: new Float32Array(count), yaw: new Uint8Array(count),
    team: new Uint8Array(count),
  };
  for (let i = 0, at = offset; i < count; i += 1, at += PROJECTILE_BYTES) {
    out.slot[i] = view.getUint16(at, true);
    out.x[i] = view.getInt16(at + 2, true) * metresPerUnit;
    out.z[i] = view.getInt16(at + 4, true) * metresPerUnit;
    out.yaw[i] = view.getUint8(at + 6);
    out.team[i] = view.getUint8(at + 7) % teamCount;
  }
  return out;
}

function decodeEvents(view, offset, count, metresPerUnit, teamCount) {
  const out = {
    kind: new Uint8Array(count), team: new Uint8Array(count), x: new Float32Array(count), z: new Float32Array(count),
  };
  for (let i = 0, at = offset; i < count; i += 1, at += EVENT_BYTES) {
    out.kind[i] = view.getUint8(at);
    out.team[i] = view.getUint8(at + 1) % teamCount;
    out.x[i] = view.getInt16(at + 2, true) * metresPerUnit;
    out.z[i] = view.getInt16(at + 4, true) * metresPerUnit;
  }
  return out;
}

// One binary frame, or null when its kind, version or length is not what it claims.
export function decodeFrame(buffer, hello) {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== 1) return null;
  const characters = view.getUint16(2, true);
  const projectiles = view.getUint16(4, true);
  const events = view.getUint16(6, true);
  const projectilesAt = HEADER_BYTES + characters * CHARACTER_BYTES;
  const eventsAt = projectilesAt + projectiles * PROJECTILE_BYTES;
  if (buffer.byteLength !== eventsAt + events * EVENT_BYTES) return null;
  const metresPerUnit = hello.halfExtent / 32767;
  const teamCount = hello.teams.length;
  const tick = view.getUint32(8, true);
  return {
    tick,
    timeMs: (tick * 1000) / hello.tickHz,
    characters: decodeCharacters(view, HEADER_BYTES, characters, metresPerUnit, teamCount),
    projectiles: decodeProjectiles(view, projectilesAt, projectiles, metresPerUnit, teamCount),
    events: decodeEvents(view, eventsAt, events, metresPerUnit, teamCount),
  };
}

// Keeps one connection. `on` holds hello(hello), frame(frame, nowMs), stats(stats) and state(name), where name is
// "connecting", "live", "silent" (open, but nothing comes) or "away" (closed; tried again by itself).
export class Feed {
  constructor(on) {
    this.on = on;
    this.refused = 0;
    this.bytes = 0;
    this.hello = null;
    this.follow = null;
    this.retryMs = RETRY_FIRST_MS;
    this.heardAt = 0;
    this.state = "";
    setInterval(() => this.watch(), 500);
    this.open();
  }

  setState(name) {
    if (name === this.state) return;
    this.state = name;
    this.on.state(name);
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.hello = null;
    this.setState(this.state === "away" ? "away" : "connecting");
    socket.onopen = () => { this.heardAt = performance.now(); };
    socket.onmessage = (message) => this.receive(message.data);
    socket.onclose = () => {
      this.setState("away");
      setTimeout(() => this.open(), this.retryMs);
      this.retryMs = Math.min(this.retryMs * 1.7, RETRY_MAX_MS);
    };
  }

  watch() {
    if (this.state === "live" && performance.now() - this.heardAt > SILENCE_MS) this.setState("silent");
  }

  receive(data) {
    const now = performance.now();
    const accepted = typeof data === "string" ? this.receiveText(data) : this.receiveBinary(data, now);
    if (!accepted) this.refused += 1;
  }

  receiveText(text) {
    this.bytes += text.length;
    if (text.length > TEXT_MAX) return false;
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return false;
    }
    if (message === null || typeof message !== "object") return false;
    if (message.type === "hello") {
      const hello = decodeHello(message);
      if (hello === null) return false;
      this.hello = hello;
      this.retryMs = RETRY_FIRST_MS;
      this.on.hello(hello);
      if (this.follow !== null) this.sendFollow();
      return true;
    }
    if (message.type !== "stats" || this.hello === null) return false;
    this.on.stats(decodeStats(message, this.hello));
    return true;
  }

  receiveBinary(buffer, now) {
    this.bytes += buffer.byteLength;
    if (this.hello === null) return false;
    const frame = decodeFrame(buffer, this.hello);
    if (frame === null) return false;
    this.heardAt = now;
    this.setState("live");
    this.on.frame(frame, now);
    return true;
  }

  // Asks for the figures of one character; null ends it. Kept across reconnections.
  setFollow(slot) {
    this.follow = slot;
    this.sendFollow();
  }

  sendFollow() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ follow: this.follow }));
  }
}
