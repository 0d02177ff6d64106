// Blasts: a ring that grows to the radius in which it hurt, around a flash; for abilities around a point a softer one in the
// team's colour. With reduced motion a still ring that fades. Bounded: the oldest makes room.

const KEPT = 128;
const LIFE_MS = 650;
const LEAST_M = 1;
const TURN = Math.PI * 2;

export class Blasts {
  constructor() {
    this.clear();
  }

  clear() {
    this.list = [];
    this.at = 0;
  }

  enter({ bursts, timeMs }, arms) {
    for (let i = 0; i < bursts.arm.length; i += 1) {
      const arm = arms[bursts.arm[i] - 1];
      if (arm === undefined) continue;
      this.list[this.at] = {
        x: bursts.x[i], z: bursts.z[i], team: bursts.team[i], fire: arm.kind === "projectile",
        radius: Math.max(arm.blast, LEAST_M), born: timeMs,
      };
      this.at = (this.at + 1) % KEPT;
    }
  }

  draw(context, camera, timeMs, colors, theme, reduced) {
    for (const blast of this.list) {
      const age = (timeMs - blast.born) / LIFE_MS;
      if (age < 0 || age >= 1) continue;
      const full = blast.radius * camera.scale;
      const [px, py] = [camera.toScreenX(blast.x), camera.toScreenY(blast.z)];
      if (px < -full || py < -full || px > camera.width + full || py > camera.height + full) continue;
      const grown = reduced ? 1 : 1 - (1 - age) ** 3;
      const color = blast.fire ? theme.blast : colors[blast.team] ?? theme.text;
      this.drawOne(context, px, py, full * grown, 1 - age, color, blast.fire);
    }
    context.globalAlpha = 1;
  }

  drawOne(context, px, py, radius, left, color, fire) {
    context.beginPath();
    context.arc(px, py, radius, 0, TURN);
    context.globalAlpha = left * (fire ? 0.34 : 0.16);
    context.fillStyle = color;
    context.fill();
    context.globalAlpha = left;
    context.strokeStyle = color;
    context.lineWidth = fire ? 1 + 3 * left : 1.6;
    context.stroke();
    if (!fire) return;
    context.globalAlpha = left * left;
    context.fillStyle = "#fff3c4";
    context.beginPath();
    context.arc(px, py, radius * 0.42 * left, 0, TURN);
    context.fill();
  }
}
