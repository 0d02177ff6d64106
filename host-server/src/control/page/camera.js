// The camera: which piece of the battlefield fills the canvas. Metres in, pixels out, and back.
// It glides to where it should be; with reduced motion it is there at once. Not here: who moves it (controls.js).

const SCALE_MAX = 64;
const BATTLE_SPAN_MIN_M = 46;
const FOLLOW_RADIUS_M = 40;
const FRAME_AGAIN_MS = 300;

// The 2nd and 98th percentile of the first `count` values of a scratch array.
function spread(values, count) {
  const part = values.subarray(0, count).sort();
  return [part[Math.floor(count * 0.02)], part[Math.ceil((count - 1) * 0.98)]];
}

export class Camera {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.halfExtent = 128;
    this.x = 0;
    this.z = 0;
    this.scale = 0; // pixels a metre; 0: never placed
    this.goal = { x: 0, z: 0, scale: 4 };
    this.mode = "battle"; // battle, field, free, follow
    this.reduced = false;
    this.framedAt = -1e9;
    this.scratch = new Float32Array(65536);
  }

  resize(width, height) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
    this.framedAt = -1e9;
    if (this.mode === "field") this.showField();
  }

  fieldScale() {
    return Math.min(this.width, this.height) / (this.halfExtent * 2 * 1.06);
  }

  clampScale(scale) {
    return Math.min(Math.max(scale, this.fieldScale() * 0.6), SCALE_MAX);
  }

  toScreenX(x) { return (x - this.x) * this.scale + this.width / 2; }
  toScreenY(z) { return (z - this.z) * this.scale + this.height / 2; }
  toWorldX(px) { return (px - this.width / 2) / this.scale + this.x; }
  toWorldZ(py) { return (py - this.height / 2) / this.scale + this.z; }

  showField() {
    this.mode = "field";
    this.goal = { x: 0, z: 0, scale: this.fieldScale() };
  }

  showBattle() {
    this.mode = "battle";
    this.framedAt = -1e9;
  }

  // Follows somebody, with the nearest tier of its area of interest in view; who has zoomed by hand keeps that.
  showFollowed(nearestTierM) {
    const fitting = Math.min(this.width, this.height) / ((nearestTierM ?? FOLLOW_RADIUS_M) * 2.15);
    const chosen = this.mode === "follow" || (this.mode === "free" && this.scale > fitting);
    this.mode = "follow";
    if (!chosen) this.goal.scale = this.clampScale(fitting);
  }

  panBy(dx, dy) {
    this.mode = "free";
    this.goal.x = Math.min(Math.max(this.goal.x - dx / this.scale, -this.halfExtent), this.halfExtent);
    this.goal.z = Math.min(Math.max(this.goal.z - dy / this.scale, -this.halfExtent), this.halfExtent);
  }

  // A dragged point stays under the finger: no gliding behind it.
  dragBy(dx, dy) {
    this.panBy(dx, dy);
    this.x = this.goal.x;
    this.z = this.goal.z;
  }

  // Zooms by a factor around a point of the canvas; while following, around the followed character.
  zoomAt(factor, px, py) {
    const scale = this.clampScale(this.goal.scale * factor);
    if (this.mode !== "follow") {
      const worldX = this.goal.x + (px - this.width / 2) / this.goal.scale;
      const worldZ = this.goal.z + (py - this.height / 2) / this.goal.scale;
      this.mode = "free";
      this.goal.x = worldX - (px - this.width / 2) / scale;
      this.goal.z = worldZ - (py - this.height / 2) / scale;
    }
    this.goal.scale = scale;
  }

  // Where the fighting is: the box around nearly everybody who stands, with air around it.
  frameBattle(motion, nowMs) {
    if (nowMs - this.framedAt < FRAME_AGAIN_MS || motion.frame === null) return;
    const { flags } = motion.frame.characters;
    const bounds = [];
    for (const axis of [motion.x, motion.z]) {
      let standing = 0;
      for (let i = 0; i < flags.length; i += 1) if (flags[i] & 1) this.scratch[standing++] = axis[i];
      if (standing === 0) return;
      bounds.push(spread(this.scratch, standing));
    }
    const [[west, east], [north, south]] = bounds;
    const spanX = Math.max((east - west) * 1.28, BATTLE_SPAN_MIN_M);
    const spanZ = Math.max((south - north) * 1.34, BATTLE_SPAN_MIN_M);
    const scale = this.clampScale(Math.min(this.width / spanX, this.height / spanZ));
    const x = (west + east) / 2;
    const z = (north + south) / 2;
    const moved = Math.hypot(x - this.goal.x, z - this.goal.z) * scale;
    const first = this.framedAt < 0;
    this.framedAt = nowMs;
    // Calm: small changes do not move the picture.
    if (!first && moved < 24 && Math.abs(scale / this.goal.scale - 1) < 0.05) return;
    this.goal = { x, z, scale };
  }

  update(nowMs, elapsedMs, motion, followedRow) {
    if (this.mode === "battle") this.frameBattle(motion, nowMs);
    if (this.mode === "follow" && followedRow >= 0) {
      this.goal.x = motion.x[followedRow];
      this.goal.z = motion.z[followedRow];
    }
    if (this.scale === 0) {
      if (motion.frame === null) this.goal.scale = this.fieldScale();
      Object.assign(this, this.goal);
      return;
    }
    const timeConstant = this.mode === "follow" ? 160 : this.mode === "free" ? 70 : 650;
    const part = this.reduced ? 1 : 1 - Math.exp(-elapsedMs / timeConstant);
    const away = Math.hypot(this.goal.x - this.x, this.goal.z - this.z) * this.scale;
    if (away < 0.2 && Math.abs(this.goal.scale / this.scale - 1) < 2e-4) {
      Object.assign(this, this.goal); // at rest: the ground need not be drawn again
      return;
    }
    this.x += (this.goal.x - this.x) * part;
    this.z += (this.goal.z - this.z) * part;
    this.scale *= (this.goal.scale / this.scale) ** part;
  }
}
