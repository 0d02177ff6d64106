// Motion: binary frames in, smooth positions out.
// Frames come some twenty times a second and not evenly. The page shows the battle a little late (a frame's interval
// plus the jitter it measures), so that there are nearly always two frames to interpolate between.
// Not here: decoding (feed.js), drawing (field.js).

import { FLAG_ALIVE, FLAG_ATTACKING } from "./frames.js";

const SLOTS = 65536;
const FRAMES_KEPT = 48;
const ARRIVALS_KEPT = 60;
const DELAY_MIN_MS = 40;
const DELAY_MAX_MS = 500;
const SNAP_MS = 400;
const SWING_AGAIN_MS = 500;
const CHARACTER_JUMP_M = 3;
const PROJECTILE_JUMP_M = 9;
const TURN = Math.PI * 2;
const NEVER = -1e9;

// Which row of `to` holds each row of `from`, by slot; -1 where it is gone.
function pairRows(from, to, lookup, out) {
  lookup.fill(-1);
  for (let j = 0; j < to.slot.length; j += 1) lookup[to.slot[j]] = j;
  for (let i = 0; i < from.slot.length; i += 1) out[i] = lookup[from.slot[i]];
}

export class Motion {
  constructor() {
    this.lookup = new Int32Array(SLOTS);
    this.pairs = new Int32Array(SLOTS);
    this.projectilePairs = new Int32Array(SLOTS);
    this.rowOfSlot = new Int32Array(SLOTS);
    // Shown now, by row of `frame.characters` and `frame.projectiles`.
    this.x = new Float32Array(SLOTS);
    this.z = new Float32Array(SLOTS);
    this.yaw = new Float32Array(SLOTS);
    this.projectileX = new Float32Array(SLOTS);
    this.projectileZ = new Float32Array(SLOTS);
    // When something last happened to a slot, in milliseconds of the battle.
    this.struckAt = new Float64Array(SLOTS);
    this.swungAt = new Float64Array(SLOTS);
    this.diedAt = new Float64Array(SLOTS);
    this.lastHealth = new Int16Array(SLOTS);
    this.lastFlags = new Uint8Array(SLOTS);
    this.reset();
  }

  reset() {
    this.queue = [];
    this.frame = null;
    this.next = null;
    this.playheadMs = 0;
    this.sampledAt = 0;
    this.delayMs = 100;
    this.arrivals = [];
    this.spacings = [];
    this.received = 0;
    this.lastFlags.fill(0);
    this.lastHealth.fill(-1);
    this.rowOfSlot.fill(-1);
    for (const times of [this.struckAt, this.swungAt, this.diedAt]) times.fill(NEVER);
  }

  push(frame, nowMs) {
    const last = this.queue.at(-1) ?? this.frame;
    if (last !== null && last !== undefined) {
      const spacing = frame.timeMs - last.timeMs;
      // The battle went back in time or leapt: a new host, or a long sleep of this page.
      if (spacing < 0 || spacing > 5000) this.reset();
      else if (spacing === 0) return;
      else this.spacings.push(spacing);
    }
    if (this.spacings.length > ARRIVALS_KEPT) this.spacings.shift();
    this.arrivals.push(nowMs - frame.timeMs);
    if (this.arrivals.length > ARRIVALS_KEPT) this.arrivals.shift();
    this.queue.push(frame);
    this.received += 1;
    if (this.queue.length > FRAMES_KEPT) this.queue.shift();
  }

  // The battle's time that should be on the screen now.
  targetMs(nowMs) {
    const sorted = [...this.arrivals].sort((a, b) => a - b);
    const earliest = sorted[0];
    const late = sorted[Math.floor((sorted.length - 1) * 0.95)] - earliest;
    const spacings = [...this.spacings].sort((a, b) => a - b);
    const spacing = spacings.length ? spacings[spacings.length >> 1] : 50;
    const wanted = Math.min(Math.max(spacing * 1.1 + late, DELAY_MIN_MS), DELAY_MAX_MS);
    this.delayMs += (wanted - this.delayMs) * 0.03;
    // A battle that runs slowed down falls behind the clock: never aim past what has arrived.
    const newest = (this.queue.at(-1) ?? this.frame).timeMs;
    return Math.min(nowMs - earliest - this.delayMs, newest - spacing * 0.25);
  }

  // Moves the playhead to now; calls enter(frame) for each frame it passes, then interpolates.
  advance(nowMs, enter) {
    if (this.queue.length === 0 && this.frame === null) return;
    const target = this.targetMs(nowMs);
    const elapsed = Math.max(nowMs - this.sampledAt, 0);
    this.sampledAt = nowMs;
    const error = target - this.playheadMs - elapsed;
    if (Math.abs(error) > SNAP_MS) this.playheadMs = target;
    else this.playheadMs += elapsed * Math.min(Math.max(1 + error * 0.003, 0.2), 2);
    while (this.queue.length > 0 && this.queue[0].timeMs <= this.playheadMs) {
      this.enterFrame(this.queue.shift());
      enter(this.frame);
    }
    const next = this.queue[0] ?? null;
    if (this.frame !== null && next !== this.next) {
      this.next = next;
      if (next !== null) {
        pairRows(this.frame.characters, next.characters, this.lookup, this.pairs);
        pairRows(this.frame.projectiles, next.projectiles, this.lookup, this.projectilePairs);
      }
    }
    if (this.frame !== null) this.interpolate();
  }

  enterFrame(frame) {
    if (this.frame !== null) for (const slot of this.frame.characters.slot) this.rowOfSlot[slot] = -1;
    const { slot, flags, health } = frame.characters;
    const at = frame.timeMs;
    for (let i = 0; i < slot.length; i += 1) {
      const s = slot[i];
      const was = this.lastFlags[s];
      this.rowOfSlot[s] = i;
      if (this.lastHealth[s] > health[i] && flags[i] & FLAG_ALIVE) this.struckAt[s] = at;
      if (flags[i] & FLAG_ATTACKING && (!(was & FLAG_ATTACKING) || at - this.swungAt[s] >= SWING_AGAIN_MS)) this.swungAt[s] = at;
      if (was & FLAG_ALIVE && !(flags[i] & FLAG_ALIVE)) this.diedAt[s] = at;
      this.lastFlags[s] = flags[i];
      this.lastHealth[s] = health[i];
    }
    this.frame = frame;
    this.next = null;
  }

  interpolate() {
    const { frame, next } = this;
    const part = next === null ? 0 : Math.min((this.playheadMs - frame.timeMs) / (next.timeMs - frame.timeMs), 1);
    const a = frame.characters;
    for (let i = 0; i < a.slot.length; i += 1) {
      const j = next === null ? -1 : this.pairs[i];
      this.x[i] = a.x[i];
      this.z[i] = a.z[i];
      let turn = 0;
      if (j >= 0) {
        const dx = next.characters.x[j] - a.x[i];
        const dz = next.characters.z[j] - a.z[i];
        if (dx * dx + dz * dz < CHARACTER_JUMP_M * CHARACTER_JUMP_M) {
          this.x[i] += dx * part;
          this.z[i] += dz * part;
        }
        turn = (((next.characters.yaw[j] - a.yaw[i]) << 24) >> 24) * part;
      }
      this.yaw[i] = ((a.yaw[i] + turn) * TURN) / 256;
    }
    this.interpolateProjectiles(part);
  }

  interpolateProjectiles(part) {
    const { frame, next } = this;
    const a = frame.projectiles;
    for (let i = 0; i < a.slot.length; i += 1) {
      const j = next === null ? -1 : this.projectilePairs[i];
      this.projectileX[i] = a.x[i];
      this.projectileZ[i] = a.z[i];
      if (j < 0) continue;
      const dx = next.projectiles.x[j] - a.x[i];
      const dz = next.projectiles.z[j] - a.z[i];
      if (dx * dx + dz * dz > PROJECTILE_JUMP_M * PROJECTILE_JUMP_M) continue;
      this.projectileX[i] += dx * part;
      this.projectileZ[i] += dz * part;
    }
  }
}
