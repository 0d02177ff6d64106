// What flies, each kind in its own way: arrows and bolts as streaks, axes that turn, grenades as balls, rockets with a flame.

const TURN = Math.PI * 2;
const MARGIN_PX = 60;

// Strokes of a streak: [share of the length, opacity, width]; the last is the bright head.
const STREAKS = {
  arrow: { metres: 3.4, parts: [[1, 0.22, 1.2], [0.55, 0.45, 1.6], [0.2, 1, 2.1]] },
  bolt: { metres: 6, parts: [[1, 0.3, 1], [0.6, 0.6, 1.4], [0.35, 1, 2.6]] },
  rocket: { metres: 5.5, parts: [[1, 0.25, 6], [0.6, 0.6, 4.5], [0.25, 1, 3.4]] },
  dart: { metres: 2, parts: [[1, 0.5, 1.4], [0.4, 1, 2]] },
};
const LOOKS = { crossbow: "bolt", rocket: "rocket", venom: "dart", thrown_axe: "axe", grenade: "ball" };

export class Projectiles {
  constructor() {
    this.looks = [];
  }

  setHello(hello) {
    this.looks = hello.arms.map((arm) => LOOKS[arm.key] ?? "arrow");
  }

  draw(context, camera, motion, colors, theme, timeMs) {
    const { slot, yaw, team, arm } = motion.frame.projectiles;
    const groups = new Map();
    for (let i = 0; i < slot.length; i += 1) {
      const [px, py] = [camera.toScreenX(motion.projectileX[i]), camera.toScreenY(motion.projectileZ[i])];
      if (px < -MARGIN_PX || py < -MARGIN_PX || px > camera.width + MARGIN_PX || py > camera.height + MARGIN_PX) continue;
      const look = this.looks[arm[i] - 1] ?? "arrow";
      const key = look + team[i];
      if (!groups.has(key)) groups.set(key, { look, team: team[i], list: [] });
      groups.get(key).list.push({ px, py, angle: (yaw[i] * TURN) / 256, slot: slot[i] });
    }
    context.lineCap = "round";
    for (const { look, team: side, list } of groups.values()) {
      if (look === "axe") this.drawAxes(context, camera, list, colors[side], theme, timeMs);
      else if (look === "ball") this.drawBalls(context, camera, list, colors[side], theme);
      else this.drawStreaks(context, camera, list, STREAKS[look], look === "rocket" ? theme.blast : colors[side], theme);
    }
    context.globalAlpha = 1;
    context.lineCap = "butt";
  }

  // A bright head and a tail that thins out: one path for all of a kind.
  drawStreaks(context, camera, list, { metres, parts }, color, theme) {
    const length = Math.max(metres * camera.scale, 12);
    parts.forEach(([part, alpha, width], at) => {
      context.beginPath();
      for (const { px, py, angle } of list) {
        context.moveTo(px, py);
        context.lineTo(px + Math.sin(angle) * length * part, py + Math.cos(angle) * length * part);
      }
      context.globalAlpha = alpha;
      context.strokeStyle = at === parts.length - 1 ? theme.spark : color;
      context.lineWidth = width;
      context.stroke();
    });
  }

  drawAxes(context, camera, list, color, theme, timeMs) {
    const size = Math.min(Math.max(camera.scale * 0.45, 4), 12);
    context.globalAlpha = 1;
    for (const { px, py, slot } of list) {
      context.save();
      context.translate(px, py);
      context.rotate(timeMs * 0.02 + slot);
      context.strokeStyle = theme.spark;
      context.lineWidth = 1.8;
      context.beginPath();
      context.moveTo(0, size);
      context.lineTo(0, -size);
      context.stroke();
      context.fillStyle = color;
      context.strokeStyle = theme.outline;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(0, -size);
      context.quadraticCurveTo(size * 1.1, -size * 0.9, size * 0.9, size * 0.05);
      context.quadraticCurveTo(size * 0.4, -size * 0.3, 0, -size * 0.3);
      context.closePath();
      context.fill();
      context.stroke();
      context.restore();
    }
  }

  drawBalls(context, camera, list, color, theme) {
    const radius = Math.min(Math.max(camera.scale * 0.28, 3), 7);
    context.globalAlpha = 1;
    for (const { px, py } of list) {
      context.beginPath();
      context.arc(px, py, radius, 0, TURN);
      context.fillStyle = theme.grenade;
      context.fill();
      context.strokeStyle = color;
      context.lineWidth = 1.8;
      context.stroke();
      context.fillStyle = theme.blast;
      context.beginPath();
      context.arc(px + radius * 0.5, py - radius * 0.6, Math.max(radius * 0.4, 1.2), 0, TURN);
      context.fill();
    }
  }
}
