// The battlefield: the order of its layers and how each is drawn on the canvas.
// Not here: where things are (motion.js), the view (camera.js), the markers' looks (sprites.js), passing marks (marks.js).

import { Blasts } from "./blasts.js";
import { FLAG_AIRBORNE, FLAG_ALIVE } from "./frames.js";
import { Marks } from "./marks.js";
import { Objectives } from "./objectives.js";
import { Projectiles } from "./projectiles.js";
import { STRUCK, Sprites } from "./sprites.js";
import { drawStatus } from "./status.js";
import { drawProps } from "./props.js";
import { Structures } from "./structures.js";
import { paintTerrain } from "./terrain.js";
import { readTheme } from "./theme.js";

const TURN = Math.PI * 2;
const MARKER_M = 0.5;
const MARKER_MIN_PX = [2.8, 4.2]; // far away, and as soon as a metre is some pixels
const MARKER_MIN_M = 0.9;
const MARKER_MAX_PX = 24;
const BARS_FROM_PX = 9; // radius from which health bars are drawn
const SWING_MS = 240;
const SWING_REACH_M = 2.5;
const SWING_HALF_ANGLE = Math.PI / 6;
const FALL_MS = 500;
const FLASH_MS = 100;
const TERRAIN_SLICE_MS = 7;
const TEAM_COLORS = ["#4aa8ff", "#ff9f3a", "#3ecfa0", "#e78bd0", "#e8dd5a", "#9d8cff"];

export function teamColor(team, index) {
  return team.color ?? TEAM_COLORS[index % TEAM_COLORS.length];
}

export class Field {
  constructor(canvas, camera, motion) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.camera = camera;
    this.motion = motion;
    this.sprites = new Sprites();
    this.marks = new Marks();
    this.blasts = new Blasts();
    this.structures = new Structures();
    this.objectives = new Objectives();
    this.projectiles = new Projectiles();
    this.sizes = [];
    this.visible = new Uint8Array(65536);
    this.hello = null;
    this.terrain = null;
    this.terrainHalf = null;
    this.painting = null;
    this.ground = document.createElement("canvas");
    this.groundIs = "";
    this.pixelRatio = 1;
    this.following = -1;
    this.hovered = -1;
    this.reduced = false;
    this.drawMs = 0;
    this.readTheme();
  }

  readTheme() {
    this.theme = readTheme();
    this.groundIs = "";
    if (this.hello !== null) this.setHello(this.hello);
  }

  setHello(hello) {
    this.hello = hello;
    const soldier = hello.classes[0]?.radius ?? 1;
    this.sizes = hello.classes.map((one) => Math.min(one.radius / soldier, 14));
    this.colors = hello.teams.map(teamColor);
    const { outline, hollow, flash } = this.theme;
    this.sprites.setLooks(this.colors.map((color, shape) => ({ color, shape, outline, hollow, flash })));
    this.painting = hello.terrain === null ? null : paintTerrain(hello.terrain, this.theme.terrain, 1);
    if (this.painting === null) this.terrain = null;
    else if (this.terrain === null) {
      // A coarse picture at once, the sharp one as time allows.
      for (const picture of paintTerrain(hello.terrain, this.theme.terrain, 0.25)) if (picture) this.setTerrain(picture);
    }
  }

  // Keeps a picture of the ground, and one of half its size: seen from far away, thin lines would break up otherwise.
  setTerrain(picture) {
    this.terrain = picture;
    this.terrainHalf = document.createElement("canvas");
    this.terrainHalf.width = Math.max(picture.width >> 1, 1);
    this.terrainHalf.height = Math.max(picture.height >> 1, 1);
    const context = this.terrainHalf.getContext("2d");
    context.imageSmoothingQuality = "medium";
    context.drawImage(picture, 0, 0, this.terrainHalf.width, this.terrainHalf.height);
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    this.pixelRatio = Math.min(window.devicePixelRatio || 1, this.drawMs > 14 ? 1 : 2);
    this.canvas.width = Math.max(Math.round(box.width * this.pixelRatio), 1);
    this.canvas.height = Math.max(Math.round(box.height * this.pixelRatio), 1);
    this.camera.resize(box.width, box.height);
  }

  // A new battle: what stands in it, and nothing that has happened yet.
  begin(hello) {
    this.setHello(hello);
    this.structures.setHello(hello);
    this.objectives.setHello(hello);
    this.projectiles.setHello(hello);
    this.marks.clear();
    this.blasts.clear();
    this.groundIs = "";
  }

  // A frame that the playhead has just passed.
  enter(frame) {
    this.marks.enter(frame);
    this.blasts.enter(frame, this.hello.arms);
    this.structures.enter(frame.sections);
  }

  setVisible(slots) {
    this.visible.fill(0);
    for (const slot of slots) this.visible[slot] = 1;
  }

  continueTerrain() {
    const until = performance.now() + TERRAIN_SLICE_MS;
    while (this.painting !== null && performance.now() < until) {
      const { value, done } = this.painting.next();
      if (value) this.setTerrain(value);
      if (done) this.painting = null;
    }
  }

  draw(timeMs) {
    const started = performance.now();
    if (this.painting !== null) this.continueTerrain();
    const { context, camera } = this;
    if (this.hello === null || camera.scale === 0) {
      context.fillStyle = this.theme.outside;
      context.fillRect(0, 0, this.canvas.width, this.canvas.height);
      return;
    }
    this.showGround();
    if (this.motion.frame !== null) this.drawBattle(timeMs);
    this.drawScaleBar();
    this.drawMs += (performance.now() - started - this.drawMs) * 0.05;
  }

  // The ground is drawn anew only when the view has moved: while it rests, copying it is much cheaper than scaling it.
  showGround() {
    const { camera, canvas, context, ground, pixelRatio } = this;
    const is = [camera.x, camera.z, camera.scale, canvas.width, canvas.height, this.terrain?.width, this.painting === null, this.structures.version].join(" ");
    if (is !== this.groundIs) {
      this.groundIs = is;
      if (ground.width !== canvas.width) ground.width = canvas.width;
      if (ground.height !== canvas.height) ground.height = canvas.height;
      const under = ground.getContext("2d", { alpha: false });
      under.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
      this.drawGround(under);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(ground, 0, 0);
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  }

  drawGround(context) {
    const { camera, theme } = this;
    context.fillStyle = theme.outside;
    context.fillRect(0, 0, camera.width, camera.height);
    const half = this.hello.halfExtent;
    const [left, top] = [camera.toScreenX(-half), camera.toScreenY(-half)];
    const side = half * 2 * camera.scale;
    if (this.terrain !== null) {
      const { columns, rows, spacing } = this.hello.terrain;
      const [width, height] = [(columns - 1) * spacing * camera.scale, (rows - 1) * spacing * camera.scale];
      this.drawPicture(context, this.terrain.width > width * 1.3 ? this.terrainHalf : this.terrain, left, top, width, height);
    }
    const gap = camera.scale > 14 ? 10 : camera.scale > 3 ? 25 : 50;
    context.strokeStyle = theme.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (let line = Math.ceil(-half / gap) * gap; line < half; line += gap) {
      const [px, py] = [Math.round(camera.toScreenX(line)) + 0.5, Math.round(camera.toScreenY(line)) + 0.5];
      context.moveTo(px, top);
      context.lineTo(px, top + side);
      context.moveTo(left, py);
      context.lineTo(left + side, py);
    }
    context.stroke();
    context.strokeStyle = theme.edge;
    context.lineWidth = 2;
    context.strokeRect(left, top, side, side);
    this.structures.draw(context, camera, theme);
  }

  // Only the part of a picture that shows: scaling the rest costs time where no graphics processor helps.
  drawPicture(context, picture, left, top, width, height) {
    const [perX, perY] = [picture.width / width, picture.height / height];
    const [x0, y0] = [Math.max(Math.floor(-left * perX), 0), Math.max(Math.floor(-top * perY), 0)];
    const x1 = Math.min(Math.ceil((this.camera.width - left) * perX), picture.width);
    const y1 = Math.min(Math.ceil((this.camera.height - top) * perY), picture.height);
    if (x1 <= x0 || y1 <= y0) return;
    const [w, h] = [x1 - x0, y1 - y0];
    context.imageSmoothingQuality = "low";
    context.drawImage(picture, x0, y0, w, h, left + x0 / perX, top + y0 / perY, w / perX, h / perY);
  }

  drawBattle(timeMs) {
    const { context, camera, motion, theme } = this;
    const least = Math.min(Math.max(camera.scale * MARKER_MIN_M, MARKER_MIN_PX[0]), MARKER_MIN_PX[1]);
    const radius = Math.min(Math.max(camera.scale * MARKER_M, least), MARKER_MAX_PX);
    const followedRow = this.following >= 0 ? motion.rowOfSlot[this.following] : -1;
    this.sprites.prepare(radius * this.pixelRatio);
    if (followedRow >= 0) this.drawTiers(followedRow);
    this.objectives.drawRings(context, camera, motion.frame.points, this.colors, theme);
    drawProps(context, camera, motion.frame.props, this.hello.props, theme);
    this.marks.drawGround(context, camera, timeMs, this.colors, theme);
    this.drawSwings(timeMs);
    this.drawCharacters(timeMs, radius, followedRow);
    drawStatus(context, camera, motion, radius, this.sizes, this.colors, theme);
    this.objectives.drawFlags(context, camera, motion.frame.points, motion, this.colors, theme);
    this.projectiles.draw(context, camera, motion, this.colors, theme, this.reduced ? 0 : timeMs);
    this.blasts.draw(context, camera, timeMs, this.colors, theme, this.reduced);
    this.marks.drawFlares(context, camera, timeMs, this.colors, theme, this.reduced);
    if (radius >= BARS_FROM_PX) this.drawBars(radius, followedRow);
    if (followedRow >= 0) this.drawRing(followedRow, radius, theme.text, 2);
    const hoveredRow = this.hovered >= 0 ? motion.rowOfSlot[this.hovered] : -1;
    if (hoveredRow >= 0 && hoveredRow !== followedRow) this.drawRing(hoveredRow, radius, theme.text, 1.2);
  }

  // The rings of the followed character's area of interest: the nearer, the more often it is told what happens.
  drawTiers(row) {
    const { context, camera, motion, theme } = this;
    const [px, py] = [camera.toScreenX(motion.x[row]), camera.toScreenY(motion.z[row])];
    const tiers = this.hello.tiers;
    if (tiers.length === 0) return;
    context.fillStyle = theme.veil;
    context.beginPath();
    context.rect(0, 0, camera.width, camera.height);
    context.arc(px, py, tiers.at(-1) * camera.scale, 0, TURN, true);
    context.fill();
    context.strokeStyle = theme.tier;
    context.lineWidth = 1.4;
    context.setLineDash([7, 6]);
    for (const tier of tiers) {
      context.beginPath();
      context.arc(px, py, tier * camera.scale, 0, TURN);
      context.stroke();
    }
    context.setLineDash([]);
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const tier of tiers) this.drawChip(px, py - tier * camera.scale, `${tier} m`);
  }

  drawChip(px, py, text) {
    const { context, theme } = this;
    const width = context.measureText(text).width + 14;
    context.fillStyle = theme.chip;
    context.beginPath();
    context.roundRect(px - width / 2, py - 10, width, 20, 10);
    context.fill();
    context.fillStyle = theme.text;
    context.fillText(text, px, py + 0.5);
  }

  onCanvas(px, py, margin) {
    return px > -margin && py > -margin && px < this.camera.width + margin && py < this.camera.height + margin;
  }

  // While somebody is followed, what its client does not know of steps back.
  strength(slot, followedRow) {
    return followedRow < 0 || this.visible[slot] === 1 || slot === this.following ? 1 : 0.28;
  }

  // How much larger than a soldier a row's character is.
  size(row) {
    return this.sizes[this.motion.frame.characters.kind[row]] ?? 1;
  }

  drawSwings(timeMs) {
    if (this.reduced) return;
    const { context, camera, motion } = this;
    const { slot, flags, team } = motion.frame.characters;
    const reach = Math.max(SWING_REACH_M * camera.scale, 11);
    for (let i = 0; i < slot.length; i += 1) {
      const age = (timeMs - motion.swungAt[slot[i]]) / SWING_MS;
      if (age < 0 || age >= 1 || !(flags[i] & FLAG_ALIVE)) continue;
      const [px, py] = [camera.toScreenX(motion.x[i]), camera.toScreenY(motion.z[i])];
      if (!this.onCanvas(px, py, reach)) continue;
      const ahead = -Math.PI / 2 - motion.yaw[i];
      const to = ahead - SWING_HALF_ANGLE + Math.min(age * 1.6, 1) * 2 * SWING_HALF_ANGLE;
      context.globalAlpha = (1 - age) * 0.5;
      context.fillStyle = this.colors[team[i]];
      context.beginPath();
      context.moveTo(px, py);
      context.arc(px, py, reach, ahead - SWING_HALF_ANGLE, to);
      context.closePath();
      context.fill();
    }
    context.globalAlpha = 1;
  }

  drawCharacters(timeMs, radius, followedRow) {
    const { context, camera, motion, sprites, theme } = this;
    const { slot, flags, team, health } = motion.frame.characters;
    context.fillStyle = theme.shadow;
    context.beginPath();
    for (let i = 0; i < slot.length; i += 1) {
      if (!(flags[i] & FLAG_ALIVE)) continue;
      const drop = radius * (flags[i] & FLAG_AIRBORNE ? 1.1 : 0.3);
      const [px, py] = [camera.toScreenX(motion.x[i]) + drop, camera.toScreenY(motion.z[i]) + drop];
      if (!this.onCanvas(px, py, 30)) continue;
      const size = radius * this.size(i);
      context.moveTo(px + size, py);
      context.arc(px, py, size, 0, TURN);
    }
    context.fill();
    for (let i = 0; i < slot.length; i += 1) {
      const [px, py] = [camera.toScreenX(motion.x[i]), camera.toScreenY(motion.z[i])];
      if (!this.onCanvas(px, py, 40)) continue;
      const strength = this.strength(slot[i], followedRow);
      const size = this.size(i);
      let grow = ((flags[i] & FLAG_AIRBORNE ? 1.22 : 1) * size) / this.pixelRatio;
      let alpha = strength;
      if (!(flags[i] & FLAG_ALIVE)) {
        const fallen = (timeMs - motion.diedAt[slot[i]]) / FALL_MS;
        if (fallen >= 1 || fallen < 0) continue;
        alpha *= 1 - fallen;
        grow *= 1 - fallen * 0.4;
      }
      const struck = timeMs - motion.struckAt[slot[i]] < FLASH_MS && !this.reduced;
      context.globalAlpha = alpha;
      sprites.draw(context, px, py, motion.yaw[i], team[i], struck ? STRUCK : sprites.level(health[i]), grow, size > 1.4);
    }
    context.globalAlpha = 1;
  }

  drawBars(radius, followedRow) {
    const { context, camera, motion, theme } = this;
    const { slot, flags, health } = motion.frame.characters;
    const [width, thick] = [Math.round(radius * 2.6), radius > 12 ? 4 : 3];
    for (let i = 0; i < slot.length; i += 1) {
      if (!(flags[i] & FLAG_ALIVE) || health[i] === 255) continue;
      const [px, py] = [camera.toScreenX(motion.x[i]) - width / 2, camera.toScreenY(motion.z[i]) - radius * this.size(i) * 2.1 - thick];
      if (!this.onCanvas(px, py, 40)) continue;
      const part = health[i] / 255;
      context.globalAlpha = this.strength(slot[i], followedRow);
      context.fillStyle = theme.healthTrack;
      context.fillRect(px - 1, py - 1, width + 2, thick + 2);
      context.fillStyle = part > 0.6 ? "#e8eef2" : part > 0.3 ? "#f2cf63" : "#ff7a5c";
      context.fillRect(px, py, width * part, thick);
    }
    context.globalAlpha = 1;
  }

  drawRing(row, radius, color, width) {
    const { context, camera, motion } = this;
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(camera.toScreenX(motion.x[row]), camera.toScreenY(motion.z[row]), radius * this.size(row) * 2 + 3, 0, TURN);
    context.stroke();
  }

  drawScaleBar() {
    const { context, camera, theme } = this;
    const metres = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000].find((m) => m * camera.scale >= 70) ?? 10_000;
    const [right, bottom, length] = [camera.width - 20, camera.height - 20, metres * camera.scale];
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    for (const [color, width] of [[theme.chip, 4], [theme.text, 1.5]]) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(right - length, bottom - 5);
      context.lineTo(right - length, bottom);
      context.lineTo(right, bottom);
      context.lineTo(right, bottom - 5);
      context.stroke();
    }
    context.lineJoin = "round";
    context.strokeStyle = theme.chip;
    context.lineWidth = 3;
    context.strokeText(`${metres} m`, right - length / 2, bottom - 7);
    context.fillStyle = theme.text;
    context.fillText(`${metres} m`, right - length / 2, bottom - 7);
  }
}
