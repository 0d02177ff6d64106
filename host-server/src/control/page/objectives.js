// What is fought over: rings in the colour of whoever has the place, an arc for how far another team has come, and flags,
// on their places, on the ground or with who carries them.

import { FLAG_CARRIED, FLAG_DROPPED, NOBODY, NO_SLOT } from "./frames.js";

const TURN = Math.PI * 2;
const NAMED_FROM_PX = 26; // radius from which a ring has its name

export class Objectives {
  constructor() {
    this.points = [];
  }

  setHello(hello) {
    this.points = hello.points;
  }

  // Under the characters.
  drawRings(context, camera, now, colors, theme) {
    this.points.forEach((point, i) => {
      if (point.flag) return this.drawHome(context, camera, point, colors[now.owner[i]] ?? theme.neutral);
      const [px, py, radius] = [camera.toScreenX(point.x), camera.toScreenY(point.z), point.radius * camera.scale];
      const color = colors[now.owner[i]] ?? theme.neutral;
      context.beginPath();
      context.arc(px, py, radius, 0, TURN);
      context.globalAlpha = 0.13;
      context.fillStyle = color;
      context.fill();
      context.globalAlpha = 0.85;
      context.strokeStyle = color;
      context.lineWidth = 2;
      context.setLineDash(now.owner[i] === NOBODY ? [6, 6] : []);
      context.stroke();
      context.setLineDash([]);
      if (now.contender[i] !== NOBODY && now.progress[i] > 0) {
        this.drawProgress(context, px, py, radius, now.progress[i] / 255, colors[now.contender[i]], theme);
      }
      context.globalAlpha = 1;
      if (radius >= NAMED_FROM_PX) this.drawName(context, px, py - radius, point.kind, color, theme);
    });
    context.globalAlpha = 1;
  }

  drawProgress(context, px, py, radius, part, color, theme) {
    context.globalAlpha = 1;
    for (const [width, style] of [[7, theme.chip], [4.5, color]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.beginPath();
      context.arc(px, py, Math.max(radius - 6, 3), -Math.PI / 2, -Math.PI / 2 + part * TURN);
      context.stroke();
    }
  }

  drawHome(context, camera, point, color) {
    context.globalAlpha = 0.7;
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.setLineDash([2, 4]);
    context.beginPath();
    context.arc(camera.toScreenX(point.x), camera.toScreenY(point.z), Math.max(point.radius * camera.scale, 4), 0, TURN);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  drawName(context, px, py, kind, color, theme) {
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const width = context.measureText(kind).width + 14;
    context.fillStyle = theme.chip;
    context.beginPath();
    context.roundRect(px - width / 2, py - 9, width, 18, 9);
    context.fill();
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.stroke();
    context.fillStyle = theme.text;
    context.fillText(kind, px, py + 0.5);
  }

  // Over the characters.
  drawFlags(context, camera, now, motion, colors, theme) {
    this.points.forEach((point, i) => {
      if (!point.flag) return;
      let [x, z] = [now.x[i], now.z[i]];
      const row = now.flag[i] & FLAG_CARRIED && now.carrier[i] !== NO_SLOT ? motion.rowOfSlot[now.carrier[i]] : -1;
      if (row >= 0) [x, z] = [motion.x[row], motion.z[row]];
      const [px, py] = [camera.toScreenX(x), camera.toScreenY(z)];
      const size = Math.min(Math.max(camera.scale * 1.3, 13), 30);
      const color = colors[now.owner[i]] ?? theme.neutral;
      this.drawFlag(context, px, py, size, color, theme, (now.flag[i] & FLAG_DROPPED) !== 0);
    });
  }

  drawFlag(context, px, py, size, color, theme, lies) {
    context.save();
    context.translate(px, py);
    if (lies) context.rotate(1.1);
    context.lineCap = "round";
    context.strokeStyle = theme.outline;
    context.lineWidth = 4;
    for (const style of [theme.outline, theme.text]) {
      context.strokeStyle = style;
      context.beginPath();
      context.moveTo(0, 0);
      context.lineTo(0, -size);
      context.stroke();
      context.lineWidth = 1.8;
    }
    context.beginPath();
    context.moveTo(0.5, -size);
    context.lineTo(size * 0.82, -size * 0.76);
    context.lineTo(0.5, -size * 0.5);
    context.closePath();
    context.fillStyle = color;
    context.fill();
    context.strokeStyle = theme.outline;
    context.lineWidth = 1.2;
    context.stroke();
    context.restore();
  }
}
