// Frames: one binary message in, typed columns out. The layout is told in the host's live_feed/mod.rs.
// Everything is checked: kind, version, the length that the counts claim, teams, weapons, numbers of sections.
// Not here: the connection (feed.js), what is told once (hello.js).

const VERSION = 3;
const HEADER_BYTES = 24;
const BYTES = { character: 10, projectile: 9, mark: 6, hit: 12, death: 12, burst: 6, section: 3, point: 10, prop: 6 };

export const FLAG_ALIVE = 1;
export const FLAG_ATTACKING = 2;
export const FLAG_AIRBORNE = 4;
export const BODY_BLOCKING = 8;
export const BODY_STUNNED = 16;
export const BODY_SLOWED = 32;
export const BODY_CASTING = 64;
export const MARK_RESPAWN = 3;
export const MARK_SHOT = 4;
export const FLAG_CARRIED = 1;
export const FLAG_DROPPED = 2;
export const NOBODY = 255;
export const NO_SLOT = 65535;

// Reads `count` rows of `size` bytes; `read(at, i)` fills row i from byte `at`.
function rows(at, count, size, read) {
  for (let i = 0; i < count; i += 1) read(at + i * size, i);
  return at + count * size;
}

// A team's number, or NOBODY for whoever has none.
function teamOf(value, teams) {
  return value < teams ? value : NOBODY;
}

class Reader {
  constructor(view, hello) {
    this.view = view;
    this.teams = hello.teams.length;
    this.arms = hello.arms.length;
    this.unit = hello.halfExtent / 32767;
    this.at = HEADER_BYTES;
  }

  place(out, i, at) {
    out.x[i] = this.view.getInt16(at, true) * this.unit;
    out.z[i] = this.view.getInt16(at + 2, true) * this.unit;
  }

  // Weapons count from 1; what is not known is 0, nothing.
  arm(at) {
    const arm = this.view.getUint8(at);
    return arm <= this.arms ? arm : 0;
  }

  characters(count) {
    const { view, teams } = this;
    const bytes = () => new Uint8Array(count);
    const out = {
      slot: new Uint16Array(count), x: new Float32Array(count), z: new Float32Array(count), yaw: bytes(), flags: bytes(),
      team: bytes(), health: bytes(), body: bytes(), kind: bytes(),
    };
    this.at = rows(this.at, count, BYTES.character, (at, i) => {
      const [flags, body] = [view.getUint8(at + 7), view.getUint8(at + 9)];
      out.slot[i] = view.getUint16(at, true);
      this.place(out, i, at + 2);
      out.yaw[i] = view.getUint8(at + 6);
      out.flags[i] = flags & 15;
      out.team[i] = (flags >> 4) % teams;
      out.health[i] = view.getUint8(at + 8);
      out.body[i] = body & 120;
      out.kind[i] = body & 7;
    });
    return out;
  }

  projectiles(count) {
    const out = {
      slot: new Uint16Array(count), x: new Float32Array(count), z: new Float32Array(count), yaw: new Uint8Array(count),
      team: new Uint8Array(count), arm: new Uint8Array(count),
    };
    this.at = rows(this.at, count, BYTES.projectile, (at, i) => {
      out.slot[i] = this.view.getUint16(at, true);
      this.place(out, i, at + 2);
      out.yaw[i] = this.view.getUint8(at + 6);
      out.team[i] = this.view.getUint8(at + 7) % this.teams;
      out.arm[i] = this.arm(at + 8);
    });
    return out;
  }

  // Marks and bursts: a byte of kind or weapon, a team, a place.
  spots(count, size, first) {
    const out = { team: new Uint8Array(count), x: new Float32Array(count), z: new Float32Array(count) };
    out[first] = new Uint8Array(count);
    this.at = rows(this.at, count, size, (at, i) => {
      out[first][i] = first === "arm" ? this.arm(at) : this.view.getUint8(at);
      out.team[i] = teamOf(this.view.getUint8(at + 1), this.teams);
      this.place(out, i, at + 2);
    });
    return out;
  }

  hits(count) {
    const short = () => new Uint16Array(count);
    const out = {
      attacker: short(), target: short(), amount: short(), arm: new Uint8Array(count), team: new Uint8Array(count),
      x: new Float32Array(count), z: new Float32Array(count),
    };
    this.at = rows(this.at, count, BYTES.hit, (at, i) => {
      out.attacker[i] = this.view.getUint16(at, true);
      out.target[i] = this.view.getUint16(at + 2, true);
      out.amount[i] = this.view.getUint16(at + 4, true);
      out.arm[i] = this.arm(at + 6);
      out.team[i] = teamOf(this.view.getUint8(at + 7), this.teams);
      this.place(out, i, at + 8);
    });
    return out;
  }

  deaths(count) {
    const out = {
      victim: new Uint16Array(count), killer: new Uint16Array(count), arm: new Uint8Array(count),
      team: new Uint8Array(count), killerTeam: new Uint8Array(count), x: new Float32Array(count), z: new Float32Array(count),
    };
    this.at = rows(this.at, count, BYTES.death, (at, i) => {
      out.victim[i] = this.view.getUint16(at, true);
      out.killer[i] = this.view.getUint16(at + 2, true);
      out.arm[i] = this.arm(at + 4);
      out.team[i] = teamOf(this.view.getUint8(at + 5), this.teams);
      out.killerTeam[i] = teamOf(this.view.getUint8(at + 6), this.teams);
      this.place(out, i, at + 8);
    });
    return out;
  }

  // Health of every section: 255 where the frame names none. Null when one is named that there is not.
  sections(count, known) {
    const health = new Uint8Array(known).fill(255);
    let unknown = false;
    this.at = rows(this.at, count, BYTES.section, (at) => {
      const number = this.view.getUint16(at, true);
      if (number >= known) unknown = true;
      else health[number] = this.view.getUint8(at + 2);
    });
    return unknown ? null : health;
  }

  points(count) {
    const out = {
      owner: new Uint8Array(count), contender: new Uint8Array(count), progress: new Uint8Array(count),
      flag: new Uint8Array(count), carrier: new Uint16Array(count), x: new Float32Array(count), z: new Float32Array(count),
    };
    this.at = rows(this.at, count, BYTES.point, (at, i) => {
      out.owner[i] = teamOf(this.view.getUint8(at), this.teams);
      out.contender[i] = teamOf(this.view.getUint8(at + 1), this.teams);
      out.progress[i] = this.view.getUint8(at + 2);
      out.flag[i] = this.view.getUint8(at + 3) & 3;
      out.carrier[i] = this.view.getUint16(at + 4, true);
      this.place(out, i, at + 6);
    });
    return out;
  }

  // What lies about; kinds that are not known are shown as the first.
  props(count, known) {
    const out = { kind: new Uint8Array(count), yaw: new Uint8Array(count), x: new Float32Array(count), z: new Float32Array(count) };
    this.at = rows(this.at, count, BYTES.prop, (at, i) => {
      const kind = this.view.getUint8(at);
      out.kind[i] = kind < known ? kind : 0;
      out.yaw[i] = this.view.getUint8(at + 1);
      this.place(out, i, at + 2);
    });
    return out;
  }
}

// One binary frame, or null when it is not what it claims.
export function decodeFrame(buffer, hello) {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== VERSION) return null;
  const count = (at) => view.getUint16(at, true);
  const counts = {
    character: count(2), projectile: count(4), mark: count(6), hit: count(12), death: count(14), burst: count(16),
    section: count(18), point: count(20), prop: count(22),
  };
  const length = Object.entries(counts).reduce((sum, [kind, number]) => sum + number * BYTES[kind], HEADER_BYTES);
  if (buffer.byteLength !== length || counts.point !== hello.points.length) return null;
  const reader = new Reader(view, hello);
  const tick = view.getUint32(8, true);
  const frame = {
    tick,
    timeMs: (tick * 1000) / hello.tickHz,
    characters: reader.characters(counts.character),
    projectiles: reader.projectiles(counts.projectile),
    marks: reader.spots(counts.mark, BYTES.mark, "kind"),
    hits: reader.hits(counts.hit),
    deaths: reader.deaths(counts.death),
    bursts: reader.spots(counts.burst, BYTES.burst, "arm"),
    sections: reader.sections(counts.section, hello.sections.length),
    points: reader.points(counts.point),
    props: reader.props(counts.prop, hello.props.length),
  };
  return frame.sections === null ? null : frame;
}
